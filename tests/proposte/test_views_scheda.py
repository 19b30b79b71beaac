import re
import xml.etree.ElementTree as ET
from datetime import date, datetime, timedelta
from html import unescape

import pytest
import segno
import time_machine
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts import partecipanti
from portale.lib.dates import ROMA
from portale.pagine import PUBBLICHE
from proposte import catena, services
from proposte.models import Allegato, Bisogno, Proposta
from tests.factories import (
    AvanzamentoFactory,
    BisognoFactory,
    CommentoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    NotaFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    ResocontoFactory,
    RispostaFactory,
    SostegnoFactory,
    TemaFactory,
    UserFactory,
    VerificaTecnicaFactory,
)
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
# A Tuesday.
ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)


@pytest.fixture(autouse=True)
def _orologio():
    with time_machine.travel(ADESSO, tick=False):
        yield


PAGINE = ("", "percorso/", "versioni/", "scheda/", "qr.svg")
RUOLI = (
    "anonima",
    "un'altra",
    "proponente",
    "cittadina",
    "facilitatore",
    "moderatore",
    "ufficio",
    "amministratrice",
)


def riconosciuta(client, partecipante):
    """This browser is hers, as after the link of a mail."""
    assert client.get(partecipanti.link(partecipante, "/privacy/")).status_code == 303
    return client


def come(client, ruolo, proposta):
    """This client is of somebody with the role."""
    if ruolo == "proponente":
        riconosciuta(client, proposta.proponente)
    elif ruolo == "un'altra":
        riconosciuta(client, PartecipanteFactory())
    else:
        entra(client, ruolo)
    return client


def in_stato(stato, **campi):
    """A proposal that is in ``stato``, as its doors would leave it."""
    pubblica = stato in (*Proposta.PUBBLICI, Stato.NASCOSTA, Stato.RITIRATA)
    altra = PropostaFactory(titolo="Quella grande") if stato == Stato.INTEGRATA else None
    campi = {"pubblicata_at": ADESSO if pubblica else None, "integrata_in": altra} | campi
    return PropostaFactory(stato=stato, **campi)


def pagina(client, riga, parte=""):
    response = client.get(f"{riga.get_absolute_url()}{parte}")
    assert response.status_code == 200
    return response.content.decode()


def parole_di(html):
    """What is read, without tags and needless spaces."""
    testo = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    return unescape(testo).replace(" ,", ",").replace(" .", ".")


def contenuto(html):
    """The page's own part, without the frame."""
    return html.split("<main", 1)[1].split("</main>", 1)[0]


@pytest.fixture
def percorso():
    percorso = PercorsoFactory()
    FaseFactory(
        percorso=percorso,
        inizio=date(2026, 3, 1),
        fine=date(2026, 4, 30),
        apre_proposte=True,
        apre_sostegni=True,
        apre_commenti=True,
    )
    return percorso


# --- Who may open what ----------------------------------------------------------------------

TUTTE = (200, 200, 200, 200, 200)
# Sheet and QR are for the public board: there is none of what is not public.
RISERVATE = (200, 200, 200, 404, 404)
NIENTE = (404, 404, 404, 404, 404)
RITIRATA = (410, 410, 404, 404, 404)
VEDONO = {
    # Which roles see what is in a state that is not public.
    Stato.BOZZA: {"proponente"},
    Stato.INVIATA: {"proponente", "moderatore", "ufficio", "amministratrice"},
    Stato.NASCOSTA: {"proponente", "moderatore", "ufficio", "amministratrice"},
    Stato.RITIRATA: {"proponente", "moderatore", "ufficio", "amministratrice"},
}


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.parametrize("stato", Stato.values)
def test_who_may_open_which_page_in_which_state(client, ruolo, stato):
    proposta = in_stato(stato, titolo="Titolo da non dire")
    come(client, ruolo, proposta)

    risposte = [client.get(f"{proposta.get_absolute_url()}{parte}") for parte in PAGINE]

    if stato in Proposta.PUBBLICI:
        attese = TUTTE
    elif ruolo in VEDONO[stato]:
        attese = RISERVATE
    else:
        attese = RITIRATA if stato == Stato.RITIRATA else NIENTE
    assert tuple(risposta.status_code for risposta in risposte) == attese
    for risposta in risposte:
        if risposta.status_code != 200:
            assert "Titolo da non dire" not in risposta.content.decode()


def test_only_reading_is_possible(client):
    for riga, parti in ((PropostaFactory(), PAGINE), (BisognoFactory(), ("", "percorso/"))):
        for parte in parti:
            assert client.post(f"{riga.get_absolute_url()}{parte}").status_code == 405


@pytest.mark.parametrize("parte", PAGINE)
def test_a_proposal_that_is_not_there_is_404(client, parte):
    assert client.get(f"/proposte/mai-esistita-7/{parte}").status_code == 404


def test_the_office_s_own_draft_is_there_for_who_moderates_and_for_nobody_else(client):
    bozza = PropostaFactory(
        bozza=True, registrato_da=UserFactory(), proponente=None, nome_mostrato=""
    )
    assert client.get(bozza.get_absolute_url()).status_code == 404
    riconosciuta(client, PartecipanteFactory())
    assert client.get(bozza.get_absolute_url()).status_code == 404
    client.logout()
    entra(client, "moderatore")
    assert client.get(bozza.get_absolute_url()).status_code == 200


def test_a_draft_of_nobody_yet_is_not_of_whoever_comes(client):
    bozza = PropostaFactory(bozza=True, proponente=None, nome_mostrato="")
    assert client.get(bozza.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.parametrize("stato", Bisogno.Stato.values)
def test_who_may_open_a_need_in_which_state(client, ruolo, stato):
    bisogno = BisognoFactory(
        stato=stato, titolo="Titolo da non dire", proponente=PartecipanteFactory()
    )
    come(client, ruolo, bisogno)

    risposte = [client.get(f"{bisogno.get_absolute_url()}{parte}") for parte in ("", "percorso/")]

    vede = stato == Bisogno.Stato.PUBBLICATO or ruolo in VEDONO[Stato.INVIATA]
    assert [risposta.status_code for risposta in risposte] == [200 if vede else 404] * 2
    if not vede:
        assert all("Titolo da non dire" not in r.content.decode() for r in risposte)


# --- The same for all strangers -------------------------------------------------------------


@pytest.mark.parametrize(
    ("modello", "parte"),
    [
        *(("proposta", parte) for parte in PAGINE),
        ("bisogno", ""),
        ("bisogno", "percorso/"),
    ],
)
def test_a_stranger_s_page_carries_nothing_of_her_visit_and_is_kept(client, modello, parte):
    riga = PropostaFactory() if modello == "proposta" else BisognoFactory()

    response = client.get(f"{riga.get_absolute_url()}{parte}")

    assert response.status_code == 200
    assert b"csrfmiddlewaretoken" not in response.content
    assert not response.cookies
    assert response.resolver_match.view_name in PUBBLICHE
    # What the middleware says of what it has kept.
    assert response["Cache-Control"] == "max-age=0, must-revalidate"


@pytest.mark.parametrize("stato", [Stato.INVIATA, Stato.NASCOSTA, Stato.RITIRATA])
def test_what_only_she_sees_is_kept_nowhere_and_named_to_no_search_engine(client, stato):
    proposta = in_stato(stato)
    riconosciuta(client, proposta.proponente)
    for parte in ("", "percorso/", "versioni/"):
        response = client.get(f"{proposta.get_absolute_url()}{parte}")
        assert response["Cache-Control"] == "private, no-cache"
        assert '<meta name="robots" content="noindex">' in response.content.decode()


def test_whom_the_portal_knows_acts_at_once_and_a_stranger_by_links(client, percorso):
    proposta = PropostaFactory(percorso=percorso)
    url = proposta.get_absolute_url()
    html = contenuto(pagina(client, proposta))
    assert "<form" not in html
    for azione in ("sostieni/", "segui/", "commenta/", "segnala/"):
        assert f'href="{url}{azione}"' in html

    html = contenuto(pagina(riconosciuta(client, PartecipanteFactory()), proposta))
    assert f'action="{url}sostieni/"' in html
    assert "csrfmiddlewaretoken" in html


# --- What it costs --------------------------------------------------------------------------


def di_tutto(percorso, quanti):
    """A proposal and a need with ``quanti`` of everything that their pages show."""
    laboratorio = LaboratorioFactory(latitudine=45.05, longitudine=9.69)
    LaboratorioFactory(latitudine=45.0, longitudine=9.6)
    incontro = ResocontoFactory(incontro__percorso=percorso).incontro
    proposta = PropostaFactory(
        percorso=percorso,
        laboratorio=laboratorio,
        incontro=incontro,
        latitudine=45.03,
        longitudine=9.65,
    )
    ufficio = UserFactory()
    for n in range(quanti):
        bisogno = BisognoFactory(percorso=percorso, incontro=IncontroFactory(percorso=percorso))
        proposta.bisogni.add(bisogno)
        proposta.temi.add(TemaFactory())
        bisogno.temi.add(TemaFactory())
        NotaFactory(incontro=bisogno.incontro, bisogno=bisogno)
        SostegnoFactory(proposta=proposta)
        CommentoFactory(proposta=proposta)
        services.modifica(
            Proposta.objects.get(pk=proposta.pk),
            {"che_cosa": f"Testo {n}"},
            versione=n + 1,
            adesso=ADESSO,
        )
        services.integra(
            PropostaFactory(percorso=percorso), proposta, ufficio, "Uguali.", adesso=ADESSO
        )
        services.dividi(
            proposta, [services.Parte(f"Parte {n}", "Testo")], ufficio, "Due.", adesso=ADESSO
        )
        RispostaFactory(proposta=proposta, numero=n + 1)
        tappa = AvanzamentoFactory(proposta=proposta, percentuale=n)
        for di in (None, tappa):
            Allegato.objects.create(
                proposta=proposta,
                avanzamento=di,
                genere="pdf",
                titolo="Un documento",
                file="x.pdf",
                impronta=f"{n}{di}",
            )
    return Proposta.objects.get(pk=proposta.pk), bisogno


@pytest.mark.parametrize("quanti", [1, 3])
@pytest.mark.parametrize(
    ("modello", "parte", "estranea", "nota"),
    [
        ("proposta", "", 19, 22),
        ("proposta", "percorso/", 11, 12),
        ("proposta", "versioni/", 3, 4),
        ("proposta", "scheda/", 2, 2),
        ("proposta", "qr.svg", 2, 1),
        ("bisogno", "", 7, 8),
        ("bisogno", "percorso/", 8, 9),
    ],
)
def test_pages_cost_the_same_with_one_of_everything_and_with_three(
    client, percorso, django_assert_num_queries, quanti, modello, parte, estranea, nota
):
    proposta, bisogno = di_tutto(percorso, quanti)
    riga = proposta if modello == "proposta" else bisogno
    url = f"{riga.get_absolute_url()}{parte}"
    with django_assert_num_queries(estranea):
        client.get(url)
    riconosciuta(client, PartecipanteFactory())
    with django_assert_num_queries(nota):
        client.get(url)


# --- What the page says ---------------------------------------------------------------------


def test_the_page_says_what_who_where_and_why(client, percorso):
    laboratorio = LaboratorioFactory(nome="Laboratorio della zona 2")
    incontro = IncontroFactory(percorso=percorso, titolo="Il workshop")
    proposta = PropostaFactory(
        percorso=percorso,
        laboratorio=laboratorio,
        titolo="Panchine",
        che_cosa="Sei panchine.\n\nE due alberi.",
        perche="Fa caldo.",
        per_chi="Chi aspetta",
        luogo="via Roma",
        nome_mostrato="Anna R.",
        incontro=incontro,
        tavolo=3,
        esempio=True,
    )
    tema = TemaFactory(nome="Verde")
    bisogno = BisognoFactory(titolo="Ombra")
    proposta.temi.add(tema)
    proposta.bisogni.add(bisogno, BisognoFactory(titolo="Nascosto", stato=Bisogno.Stato.NASCOSTO))

    html = contenuto(pagina(client, proposta))
    parole = parole_di(html)

    for frase in (
        "Pubblicata esempio Panchine Proposta da Anna R. Laboratorio della zona 2",
        "Che cosa si propone Sei panchine. E due alberi. Perché Fa caldo. Per chi Chi aspetta",
        "Dove via Roma",
        "A quali bisogni risponde Ombra È nata nell’incontro: Il workshop (",
        "tavolo 3",
    ):
        assert frase in parole
    assert "<p>Sei panchine.</p>" in html
    assert f'href="/proposte/?tema={tema.slug}"' in html
    assert f'href="{bisogno.get_absolute_url()}"' in html
    assert f'href="{incontro.get_absolute_url()}"' in html
    assert f'href="{laboratorio.get_absolute_url()}"' in html
    assert "Nascosto" not in parole


def test_a_proposal_for_the_whole_city_says_so(client):
    parole = parole_di(pagina(client, PropostaFactory(citta=True)))
    assert "Tutta la città · riguarda tutti i quartieri" in parole


@pytest.mark.parametrize(
    ("genere", "campi", "firma"),
    [
        ("persona", {"nome_mostrato": "Anna R."}, "Anna R."),
        ("persona", {"nome_mostrato": ""}, "una persona"),
        ("organizzazione", {"organizzazione": "Gli Orti ODV"}, "Gli Orti ODV"),
    ],
)
def test_who_proposes_is_named_as_she_chose(client, genere, campi, firma):
    proponente = PartecipanteFactory(nome="Nome Vero", email="vera@example.org")
    proposta = PropostaFactory(genere_proponente=genere, proponente=proponente, **campi)
    for parte in PAGINE[:-1]:
        html = pagina(client, proposta, parte)
        assert "Nome Vero" not in html
        assert "vera@example.org" not in html
    assert f"Proposta da {firma}" in parole_di(pagina(client, proposta))


CATTIVO = "<script>alert(1)</script>\"'{{ 7 }}"


def test_whatever_people_write_is_text_on_every_page(client, percorso):
    ufficio = UserFactory()
    proposta = PropostaFactory(
        percorso=percorso,
        titolo=CATTIVO,
        che_cosa=CATTIVO,
        perche=CATTIVO,
        per_chi=CATTIVO,
        luogo=CATTIVO,
        nome_mostrato=CATTIVO,
        organizzazione=CATTIVO,
    )
    bisogno = BisognoFactory(titolo=CATTIVO, testo=CATTIVO, nome_mostrato=CATTIVO)
    proposta.bisogni.add(bisogno)
    services.modifica(
        proposta, {"che_cosa": f"{CATTIVO} 2"}, versione=1, nota=CATTIVO, adesso=ADESSO
    )
    services.metti_in_valutazione(proposta, ufficio, testo=CATTIVO, adesso=ADESSO)
    services.decidi(proposta, Stato.NON_ACCOLTA, CATTIVO, ufficio, adesso=ADESSO)
    for n in (1, 2):
        RispostaFactory(
            proposta=proposta, numero=n, testo=CATTIVO, ufficio=CATTIVO, correzione=CATTIVO
        )
    AvanzamentoFactory(proposta=proposta, titolo=CATTIVO, testo=CATTIVO)
    for riga, parti in ((proposta, PAGINE), (bisogno, ("", "percorso/"))):
        for parte in parti:
            html = pagina(client, riga, parte)
            assert "<script>alert" not in html
            assert "{{ 7 }}" in html or parte == "qr.svg"


def test_a_point_is_drawn_among_the_labs_and_opened_on_a_street_map(client):
    LaboratorioFactory(latitudine=45.0, longitudine=9.6)
    laboratorio = LaboratorioFactory(latitudine=45.1, longitudine=9.7)
    proposta = PropostaFactory(laboratorio=laboratorio, latitudine=45.05, longitudine=9.65)
    html = pagina(client, proposta)
    assert re.search(r'transform="translate\([\d.]+ [\d.]+\)"', html)
    assert 'href="https://www.openstreetmap.org/?mlat=45.05000&amp;mlon=9.65000' in html


@pytest.mark.parametrize("lab", [{}, {"latitudine": 45.0, "longitudine": 9.6}])
def test_a_point_that_the_drawing_does_not_reach_is_only_opened(client, lab):
    LaboratorioFactory(**lab)
    proposta = PropostaFactory(latitudine=46.0, longitudine=10.0)
    html = pagina(client, proposta)
    assert "mappa-spillo" not in html
    assert "openstreetmap.org/?mlat=46.00000" in html


def test_supports_are_counted_unless_the_stage_keeps_them(client, percorso):
    proposta = PropostaFactory(percorso=percorso)
    SostegnoFactory.create_batch(47, proposta=proposta)
    assert "47 persone sostengono" in parole_di(pagina(client, proposta))
    percorso.fasi.update(nasconde_sostegni=True)
    parole = parole_di(contenuto(pagina(client, proposta)))
    assert "47 persone" not in parole
    assert "Quanti sono i sostegni si saprà alla fine di questa fase." in parole


@pytest.mark.parametrize("stato", [*Proposta.ESITI, Stato.INTEGRATA])
def test_a_decision_shows_its_reason_and_its_day(client, percorso, stato):
    ufficio = UserFactory()
    proposta = PropostaFactory(percorso=percorso, stato=Stato.IN_VALUTAZIONE)
    altra = PropostaFactory(percorso=percorso, titolo="Quella grande")
    quando = ADESSO - timedelta(days=2)
    if stato == Stato.INTEGRATA:
        services.integra(proposta, altra, ufficio, "La ragione.", adesso=quando)
    else:
        services.decidi(proposta, stato, "La ragione.", ufficio, adesso=quando)

    parole = parole_di(pagina(client, proposta))

    assert "(8 marzo 2026)" in parole
    assert "Motivazione La ragione." in parole
    assert ("Ora fa parte di: Quella grande" in parole) == (stato == Stato.INTEGRATA)


def test_what_was_merged_and_split_is_linked_both_ways_while_it_is_public(client, percorso):
    ufficio = UserFactory()
    grande = PropostaFactory(percorso=percorso, titolo="Grande")
    piccola = PropostaFactory(percorso=percorso, titolo="Piccola")
    services.integra(piccola, grande, ufficio, "Uguali.", adesso=ADESSO)
    (parte, nascosta) = services.dividi(
        grande,
        [services.Parte("Una parte", "x"), services.Parte("Poi nascosta", "x")],
        ufficio,
        "Due.",
        adesso=ADESSO,
    )
    services.nascondi(nascosta, ufficio, "altro", "Perché.", adesso=ADESSO)

    parole = parole_di(pagina(client, grande))
    assert "Comprende anche Piccola Da questa sono nate Una parte" in parole
    assert "Poi nascosta" not in parole
    assert "Ora fa parte di: Grande" in parole_di(pagina(client, piccola))
    assert "È nata da una parte di: Grande" in parole_di(pagina(client, parte))

    services.nascondi(Proposta.objects.get(pk=grande.pk), ufficio, "altro", "x", adesso=ADESSO)
    for riga in (piccola, parte):
        for pezzo in ("", "percorso/"):
            html = pagina(client, riga, pezzo)
            assert "Grande" not in html
            assert grande.get_absolute_url() not in html


def test_the_answer_is_read_first_and_the_ones_before_it_stay(client):
    proposta = PropostaFactory(stato=Stato.ACCOLTA)
    RispostaFactory(
        proposta=proposta,
        testo="La prima.",
        costo_euro="18000.50",
        tempi="",
        pubblicata_at=ADESSO - timedelta(days=9),
    )
    RispostaFactory(
        proposta=proposta,
        numero=2,
        testo="La seconda.",
        correzione="Il costo.",
        costo_euro=21500,
        tempi="nel 2027",
        ufficio="Settore Verde",
    )
    html = pagina(client, proposta)
    parole = parole_di(html)
    assert (
        "La risposta del Comune Accolta 10 marzo 2026 Che cosa si corregge: Il costo. "
        "La seconda. Chi risponde Settore Verde Costo stimato 21.500 euro Tempi nel 2027 "
        "Le risposte di prima Risposta del 1º marzo 2026 Accolta La prima."
    ) in parole
    assert "Costo stimato 18.000,50 euro Tempi da comunicare" in parole
    assert html.count("<details") == html.count("</details>") == 1


def test_milestones_are_a_bar_words_and_a_table(client):
    proposta = PropostaFactory(stato=Stato.ACCOLTA)
    AvanzamentoFactory(proposta=proposta, giorno=date(2026, 3, 1), percentuale=30)
    AvanzamentoFactory(
        proposta=proposta,
        giorno=date(2026, 3, 5),
        titolo="Piantati gli alberi",
        testo="Sono quattro.",
        percentuale=55,
    )
    html = pagina(client, proposta)
    assert re.search(r'<progress [^>]*max="100" value="55"[^>]*>55%</progress>', html)
    parole = parole_di(html)
    assert "I lavori sono al 55 per cento" in parole
    assert "5 marzo 2026 Piantati gli alberi Sono quattro. 55%" in parole

    AvanzamentoFactory(proposta=proposta, giorno=date(2026, 3, 6), percentuale=100)
    assert "Realizzata: 100 per cento" in parole_di(pagina(client, proposta))


def test_the_next_step_is_on_the_page(client, percorso):
    proposta = PropostaFactory(percorso=percorso, stato=Stato.IN_VALUTAZIONE)
    VerificaTecnicaFactory(proposta=proposta, scadenza=date(2026, 3, 20), note="Segreto d'ufficio")
    html = pagina(client, proposta)
    assert (
        "Prossimo passo Verifica tecnica: si può fare, e a quale costo? Entro il 20 marzo 2026"
    ) in parole_di(html)
    assert "Segreto" not in html


def test_the_page_tells_who_shares_it_what_it_is(client):
    html = pagina(client, PropostaFactory(titolo="Panchine", che_cosa="Sei panchine."))
    assert '<meta property="og:title" content="Panchine">' in html
    assert '<meta property="og:description" content="Sei panchine.">' in html


# --- Hers, and the office's -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("stato", "azioni"),
    [
        (Stato.BOZZA, []),
        (Stato.INVIATA, ["modifica/", "ritira/"]),
        (Stato.PUBBLICATA, ["modifica/", "ritira/"]),
        (Stato.IN_VALUTAZIONE, ["ritira/"]),
        (Stato.ACCOLTA, []),
        (Stato.NON_ACCOLTA, []),
        (Stato.INTEGRATA, []),
        (Stato.NASCOSTA, []),
        (Stato.RITIRATA, []),
    ],
)
def test_its_proponent_finds_what_she_may_still_do(client, stato, azioni):
    proposta = in_stato(stato)
    riconosciuta(client, proposta.proponente)
    response = client.get(proposta.get_absolute_url())
    base = proposta.get_absolute_url()
    assert [url for url, _parole in response.context["azioni"]] == [base + a for a in azioni]


def test_an_account_with_her_address_finds_the_same(client):
    persona = UserFactory(email="anna@example.org")
    EmailAddress.objects.filter(user=persona).update(verified=True)
    proposta = in_stato(Stato.INVIATA, proponente=PartecipanteFactory(email="anna@example.org"))
    client.force_login(persona)
    assert "Per ora la vedete solo tu e chi modera." in parole_di(pagina(client, proposta))


@pytest.mark.parametrize("ruolo", ["facilitatore", "moderatore", "ufficio", "amministratrice"])
def test_the_office_opens_it_in_the_admin(client, ruolo):
    proposta = PropostaFactory()
    entra(client, ruolo)
    url = reverse("admin:proposte_proposta_change", args=[proposta.pk])
    assert f'href="{url}"' in pagina(client, proposta)
    assert client.get(url).status_code == 200


def test_nobody_else_is_led_to_the_admin(client):
    proposta = PropostaFactory()
    entra(client, "cittadina")
    assert "/admin/" not in pagina(client, proposta)


def test_her_draft_leads_back_to_writing(client):
    bozza = PropostaFactory(bozza=True, titolo="")
    riconosciuta(client, bozza.proponente)
    html = pagina(client, bozza)
    assert "È una bozza: la vedi solo tu." in html
    assert f'href="/proposte/bozza/{bozza.slug}/"' in html
    assert "senza titolo" in html
    # Nobody can take part in what nobody sees.
    assert "Sostieni e segui" not in html
    assert "Commenti" not in html


def test_why_it_is_hidden_is_told_to_its_proponent_with_the_way_to_appeal(client, percorso):
    proposta = PropostaFactory(percorso=percorso)
    services.nascondi(
        proposta,
        UserFactory(nome="Ada Segretari"),
        "dati_personali",
        "C'è un nome.",
        adesso=ADESSO,
    )
    riconosciuta(client, proposta.proponente)
    html = pagina(client, proposta)
    assert "Motivo: contiene dati personali di qualcuno. C'è un nome. Chiedi un riesame" in (
        parole_di(html)
    )
    assert f'href="{proposta.get_absolute_url()}riesame/"' in html
    assert "Segretari" not in html
    services.chiedi_riesame(proposta, "È il mio.", adesso=ADESSO + timedelta(hours=1))
    services.conferma_nascosta(
        proposta, UserFactory(), "offensivo", "E un insulto.", adesso=ADESSO + timedelta(hours=2)
    )
    parole = parole_di(pagina(client, proposta))
    assert "offende o discrimina qualcuno. E un insulto." in parole


def test_what_was_taken_back_says_so_without_its_words(client, percorso):
    laboratorio = LaboratorioFactory(nome="Laboratorio della zona 2")
    proposta = PropostaFactory(
        percorso=percorso, laboratorio=laboratorio, titolo="Titolo ripreso", che_cosa="Testo"
    )
    services.ritira(proposta, motivo="Perché sì", adesso=ADESSO)
    response = client.get(proposta.get_absolute_url())
    html = response.content.decode()
    assert response.status_code == 410
    assert "Chi l’aveva fatta l’ha ripresa il 10 marzo 2026." in html
    assert "Laboratorio della zona 2" in html
    for segreto in ("Titolo ripreso", "Perché sì", proposta.firma):
        assert segreto not in html


def test_what_was_taken_back_before_anybody_read_it_never_was(client, percorso):
    proposta = PropostaFactory(percorso=percorso, inviata=True)
    services.ritira(proposta, adesso=ADESSO)
    assert client.get(proposta.get_absolute_url()).status_code == 404


# --- Che fine ha fatto? ---------------------------------------------------------------------


def test_the_story_is_told_with_days_whose_and_why(client, percorso):
    ufficio = UserFactory(nome="Ada Segretari")
    proposta = PropostaFactory(
        percorso=percorso,
        nome_mostrato="Anna R.",
        inviata_at=ADESSO - timedelta(days=9),
        pubblicata_at=ADESSO - timedelta(days=8),
    )
    services.metti_in_valutazione(proposta, ufficio, adesso=ADESSO - timedelta(days=5))
    services.accogli(proposta, ufficio, "È utile.", adesso=ADESSO - timedelta(days=2))
    html = pagina(client, proposta, "percorso/")
    parole = parole_di(contenuto(html))
    assert (
        "Che cosa è successo finora Proposta inviata 1º marzo 2026 · Anna R. "
        "Proposta pubblicata 2 marzo 2026 "
        "Comincia la valutazione 5 marzo 2026 · Ufficio Partecipazione "
        "Esito: accolta 8 marzo 2026 · Ufficio Partecipazione È utile. "
        "E adesso? Risposta del Comune da comunicare · Comune di Piacenza "
        "Realizzazione da comunicare · Comune di Piacenza"
    ) in parole
    assert '<time datetime="2026-03-08">' in html
    assert "Segretari" not in html


def test_what_was_said_to_the_moderators_is_in_her_story_alone(client, percorso):
    proposta = PropostaFactory(percorso=percorso, pubblicata_at=ADESSO - timedelta(days=8))
    services.nascondi(proposta, UserFactory(), "altro", "Un cognome.", adesso=ADESSO)
    services.pubblica(proposta, UserFactory(), adesso=ADESSO)
    assert "Un cognome." not in pagina(client, proposta, "percorso/")
    riconosciuta(client, proposta.proponente)
    assert "Un cognome." in pagina(client, proposta, "percorso/")


# --- Versions -------------------------------------------------------------------------------


@pytest.fixture
def cambiata(percorso):
    """Published, then edited twice: three versions."""
    proposta = PropostaFactory(
        percorso=percorso,
        che_cosa="Sei panchine al sole.",
        nome_mostrato="Anna R.",
        pubblicata_at=ADESSO - timedelta(days=8),
    )
    services.modifica(
        proposta,
        {"che_cosa": "Otto panchine al sole."},
        versione=1,
        nota="Due in più",
        adesso=ADESSO - timedelta(days=5),
    )
    services.modifica(
        Proposta.objects.get(pk=proposta.pk),
        {"che_cosa": "Otto panchine all'ombra."},
        versione=2,
        autore=UserFactory(nome="Ada Segretari"),
        adesso=ADESSO - timedelta(days=3),
    )
    return proposta


def confronto_di(html):
    """The comparison of the first field that changed."""
    return re.search(r'<div class="confronto"[^>]*>(.*?)</div>', html, re.S)[1]


def test_the_last_change_is_shown_first(client, cambiata):
    html = pagina(client, cambiata, "versioni/")
    assert "Dalla versione 2 alla 3" in parole_di(html)
    differenza = confronto_di(html)
    assert re.findall(r"<(ins|del)>", differenza) == ["del", "ins"]
    assert "al sole" in differenza
    assert "all&#x27;ombra" in differenza
    parole = parole_di(html)
    assert "3. " not in parole
    assert "7 marzo 2026 · Ufficio Partecipazione" in parole
    assert "5 marzo 2026 · Anna R. Due in più" in parole
    assert "2 marzo 2026 · Anna R. Il testo com’era alla pubblicazione." in parole
    assert "Segretari" not in html


def test_any_two_versions_can_be_compared_also_backwards(client, cambiata):
    html = pagina(client, cambiata, "versioni/?da=1&a=3")
    assert "Dalla versione 1 alla 3" in parole_di(html)
    assert "Sei" in confronto_di(html)
    indietro = confronto_di(pagina(client, cambiata, "versioni/?da=3&a=1"))
    assert re.search(r"<ins>[^/]*Sei", indietro.replace("</span>", ""))


@pytest.mark.parametrize("query", ["da=99&a=x", "da=&a=", "da=-1&a=²", "a=" + "9" * 50])
def test_versions_that_are_not_there_give_the_last_change(client, cambiata, query):
    assert "Dalla versione 2 alla 3" in parole_di(pagina(client, cambiata, f"versioni/?{query}"))


def test_a_version_compared_with_itself_has_no_change(client, cambiata):
    html = pagina(client, cambiata, "versioni/?da=2&a=2")
    assert "Uguale nelle due versioni." in html
    assert 'class="confronto"' not in html


def test_a_text_that_never_changed_says_so(client):
    proposta = PropostaFactory()
    assert "il testo non è mai cambiato" in pagina(client, proposta, "versioni/")
    assert "versioni/" not in pagina(client, proposta)


def test_a_text_that_changed_is_linked_from_the_page(client, cambiata):
    assert f'href="{cambiata.get_absolute_url()}versioni/"' in pagina(client, cambiata)


# --- The sheet and its code -----------------------------------------------------------------


def test_the_sheet_has_what_a_passer_by_needs(client, settings):
    settings.BASE_URL = "https://laboratori.example.org"
    proposta = PropostaFactory(titolo="Panchine", che_cosa="Sei. " * 400)
    html = pagina(client, proposta, "scheda/")
    assert "https://laboratori.example.org" + proposta.get_absolute_url() in parole_di(html)
    assert f'src="{proposta.get_absolute_url()}qr.svg"' in html
    # It stays on one sheet however long the text is.
    assert "Sei. " * 130 not in html
    assert "…" in html


def test_the_code_is_the_absolute_address_of_the_page(client, settings, monkeypatch):
    settings.BASE_URL = "https://laboratori.example.org"
    proposta = PropostaFactory(titolo="Panchine & alberi")
    letti = []
    vero = segno.make

    def make(testo, **opzioni):
        letti.append(testo)
        return vero(testo, **opzioni)

    monkeypatch.setattr(segno, "make", make)
    response = client.get(f"{proposta.get_absolute_url()}qr.svg")

    assert letti == [f"https://laboratori.example.org{proposta.get_absolute_url()}"]
    assert response["Content-Type"] == "image/svg+xml"
    radice = ET.fromstring(response.content)
    assert radice.tag == "{http://www.w3.org/2000/svg}svg"
    assert radice.find("{http://www.w3.org/2000/svg}title").text == "Panchine & alberi"
    assert not re.search(rb"style=|<script", response.content)


# --- Needs ----------------------------------------------------------------------------------


def test_a_need_says_where_it_was_said_and_what_answers_it(client, percorso):
    incontro = IncontroFactory(percorso=percorso, titolo="Il workshop", inizio=ADESSO)
    bisogno = BisognoFactory(
        percorso=percorso,
        incontro=incontro,
        tavolo=2,
        titolo="Ombra",
        testo="Fa caldo.\n\nMolto.",
        priorita=1,
        punti=14,
    )
    accolta = PropostaFactory(titolo="Panchine", nome_mostrato="Anna R.", stato=Stato.ACCOLTA)
    bisogno.proposte.add(accolta, PropostaFactory(titolo="Nascosta", stato=Stato.NASCOSTA))

    html = pagina(client, bisogno)
    parole = parole_di(contenuto(html))

    assert "Da dove viene Il workshop martedì 10 marzo 2026" in parole
    assert "tavolo 2 Priorità data dall’incontro alta Bollini 14" in parole
    assert "<p>Fa caldo.</p>" in html
    assert "Panchine Accolta Anna R." in parole
    assert "Nascosta" not in parole
    assert f'href="{accolta.get_absolute_url()}"' in html
    assert f'href="/proposte/nuova/?bisogno={bisogno.slug}"' in html


def test_a_need_of_a_meeting_that_is_not_public_does_not_name_it(client):
    bozza = IncontroFactory(titolo="Da non dire", stato="bozza")
    bisogno = BisognoFactory(incontro=bozza, nome_mostrato="")
    for parte in ("", "percorso/"):
        assert "Da non dire" not in pagina(client, bisogno, parte)
    assert "Da dove viene una persona" in parole_di(pagina(client, bisogno))


def test_nobody_is_invited_to_answer_a_need_while_the_stage_is_closed(client, percorso):
    bisogno = BisognoFactory(percorso=percorso)
    percorso.fasi.update(apre_proposte=False)
    assert "proposte/nuova/?bisogno" not in pagina(client, bisogno)


def test_a_need_s_story_leads_to_its_proposals_stories(client):
    bisogno = BisognoFactory()
    proposta = PropostaFactory()
    bisogno.proposte.add(proposta)
    html = pagina(client, bisogno, "percorso/")
    assert f'href="{proposta.get_absolute_url()}percorso/"' in html


def test_of_a_need_that_hundreds_answer_the_list_has_the_others(client, monkeypatch):
    monkeypatch.setattr(catena, "PROPOSTE_PER_BISOGNO", 2)
    bisogno = BisognoFactory(slug="ombra-1")
    bisogno.proposte.add(*PropostaFactory.create_batch(2))
    for parte in ("", "percorso/"):
        assert "?bisogno=ombra-1" not in contenuto(pagina(client, bisogno, parte)).replace(
            "nuova/?bisogno", ""
        )
    bisogno.proposte.add(PropostaFactory())
    for parte in ("", "percorso/"):
        assert 'href="/proposte/?bisogno=ombra-1"' in pagina(client, bisogno, parte)
