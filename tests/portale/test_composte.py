import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from eventi.models import Incontro, Resoconto
from laboratori.models import Referente
from percorso.models import Atto, Percorso
from proposte.models import Bisogno, Proposta
from tests.factories import (
    BisognoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    PercorsoFactory,
    PropostaFactory,
    QuartiereFactory,
    ResocontoFactory,
    ServizioFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def pagina(client, url):
    response = client.get(url)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def parole_di(html):
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def titoli(response, chiave):
    return [scheda.titolo for scheda in response.context[chiave]]


@pytest.fixture
def percorso():
    return PercorsoFactory(titolo="Laboratori 2026", slug="laboratori-2026")


# --- Home -----------------------------------------------------------------------------------


def popola(quanti):
    """``quanti`` of everything that the public pages show, of different processes too."""
    for n in range(quanti):
        percorso = PercorsoFactory()
        laboratorio = LaboratorioFactory()
        QuartiereFactory(laboratorio=laboratorio)
        FaseFactory(percorso=percorso, titolo=f"Fase di {percorso}")
        incontro = IncontroFactory(percorso=percorso, laboratorio=laboratorio)
        ServizioFactory(incontro=incontro)
        ResocontoFactory(
            incontro__percorso=percorso, incontro__laboratorio=laboratorio, bisogni=f"Verde {n}"
        )
        PropostaFactory(percorso=percorso, laboratorio=laboratorio, incontro=incontro)


@pytest.mark.parametrize("quanti", [1, 3])
@pytest.mark.parametrize(
    ("url", "anonima", "entrata"),
    [("/", 8, 9), ("/percorso/", 3, 4), ("/laboratori/", 6, 7)],
)
def test_lists_cost_the_same_with_one_row_and_with_three(
    client, django_assert_num_queries, quanti, url, anonima, entrata
):
    popola(quanti)
    with django_assert_num_queries(anonima):
        client.get(url)
    client.force_login(UserFactory())
    with django_assert_num_queries(entrata):
        client.get(url)


@pytest.mark.parametrize("quanti", [1, 3])
def test_pages_of_one_row_cost_the_same_with_one_meeting_and_with_three(
    client, django_assert_num_queries, quanti
):
    percorso, laboratorio = PercorsoFactory(), LaboratorioFactory()
    for _n in range(quanti):
        FaseFactory(percorso=percorso)
        QuartiereFactory(laboratorio=laboratorio)
        Atto.objects.create(percorso=percorso, genere="altro", titolo="Atto")
        Referente.objects.create(laboratorio=laboratorio, nome="Una", pubblico=True)
        ServizioFactory(incontro=IncontroFactory(percorso=percorso, laboratorio=laboratorio))
        ResocontoFactory(
            incontro__percorso=percorso, incontro__laboratorio=laboratorio, bisogni="Verde"
        )
        BisognoFactory(percorso=percorso, laboratorio=laboratorio)
        PropostaFactory(percorso=percorso, laboratorio=laboratorio)
    with django_assert_num_queries(7):
        client.get(percorso.get_absolute_url())
    with django_assert_num_queries(3):
        client.get(f"{percorso.get_absolute_url()}esiti/")
    with django_assert_num_queries(12):
        client.get(laboratorio.get_absolute_url())


def test_an_empty_portal_says_so_and_breaks_nowhere(client):
    assert "Presto qui troverai" in pagina(client, "/")
    assert "Ora nessun percorso è in corso" in pagina(client, "/percorso/")
    assert "I laboratori sono da comunicare" in pagina(client, "/laboratori/")


def test_home_shows_the_stage_that_is_on(client, percorso):
    FaseFactory(
        percorso=percorso,
        ordine=1,
        titolo="Si apre",
        inizio=date(2020, 1, 1),
        fine=date(2020, 2, 1),
    )
    FaseFactory(
        percorso=percorso, ordine=2, titolo="Si lavora", obiettivo="Capire che cosa serve."
    )
    FaseFactory(
        percorso=percorso, ordine=3, titolo="Si chiude", inizio=date(2090, 1, 1), fine=None
    )
    html = pagina(client, "/")
    parole = parole_di(html)
    assert "Fase in corso: Si lavora" in parole
    assert "Capire che cosa serve." in parole
    assert "Si apre Conclusa" in parole
    assert "Si lavora In corso: siamo qui" in parole
    assert "Si chiude Da iniziare" in parole
    assert html.count('aria-current="step"') == 1


def test_home_shows_the_newest_proposals_that_stand_on_their_own(client, percorso):
    assert "Le ultime proposte" not in pagina(client, "/")
    ora = timezone.now()
    for n in range(5):
        PropostaFactory(titolo=f"N{n}", pubblicata_at=ora - timedelta(days=n))
    entrata = {"stato": Proposta.Stato.INTEGRATA, "integrata_in": Proposta.objects.first()}
    PropostaFactory(titolo="Entrata in un'altra", **entrata)
    PropostaFactory(titolo="Inviata", inviata=True)
    PropostaFactory(titolo="Nascosta", stato=Proposta.Stato.NASCOSTA)
    response = client.get("/")
    assert titoli(response, "proposte") == ["N0", "N1", "N2", "N3"]
    assert 'href="/proposte/"' in response.content.decode()


@pytest.mark.parametrize(
    ("aperta", "stato"), [(True, "attivo"), (False, "attivo"), (True, "concluso")]
)
def test_home_says_how_to_propose_while_a_stage_is_open(client, percorso, aperta, stato):
    FaseFactory(percorso=percorso, apre_proposte=aperta)
    Percorso.objects.filter(pk=percorso.pk).update(stato=stato)
    invita = aperta and stato == "attivo"
    assert ('href="/proposte/nuova/"' in pagina(client, "/")) == invita


def test_between_two_stages_home_names_the_next(client, percorso):
    FaseFactory(percorso=percorso, titolo="Si chiude", inizio=date(2090, 1, 1), fine=None)
    assert "Prossima fase: Si chiude" in parole_di(pagina(client, "/"))


def test_home_shows_the_closed_process_when_none_is_active(client):
    PercorsoFactory(titolo="Bozza", stato=Percorso.Stato.BOZZA)
    concluso = PercorsoFactory(
        titolo="Quello del 2023", stato=Percorso.Stato.CONCLUSO, slug="piacenza-2023"
    )
    FaseFactory(percorso=concluso)
    parole = parole_di(pagina(client, "/"))
    assert "Quello del 2023" in parole
    assert "Il percorso è concluso." in parole
    assert "In corso: siamo qui" not in parole
    assert "Bozza" not in parole


def test_the_newest_active_process_comes_before_a_newer_closed_one(client):
    PercorsoFactory(titolo="Attivo", inizio=date(2025, 1, 1))
    PercorsoFactory(titolo="Chiuso", inizio=date(2026, 1, 1), stato=Percorso.Stato.CONCLUSO)
    assert client.get("/").context["percorso"].titolo == "Attivo"


def test_from_home_registering_is_two_taps_away(client):
    incontro = IncontroFactory()
    html = pagina(client, "/")
    modulo = f"/incontri/{incontro.slug}/iscrizione/"
    assert f'href="{modulo}"' in html
    assert client.get(modulo).status_code == 200


def test_home_offers_no_form_that_is_closed(client):
    IncontroFactory(con_iscrizione=False)
    IncontroFactory(iscrizioni_dal=timezone.now() + timedelta(days=1))
    chiuse = PercorsoFactory()
    FaseFactory(percorso=chiuse, inizio=date(2090, 1, 1), fine=None)
    IncontroFactory(percorso=chiuse)
    html = pagina(client, "/")
    assert "/iscrizione/" not in html
    assert "Oggi puoi iscriverti" not in html


def test_home_shows_the_next_four_meetings_that_take_place(client):
    adesso = timezone.now()
    for giorni in (5, 1, 3, 2, 4):
        IncontroFactory(titolo=f"Fra {giorni}", inizio=adesso + timedelta(days=giorni))
    for stato in (Incontro.Stato.BOZZA, Incontro.Stato.ANNULLATO, Incontro.Stato.RINVIATO):
        IncontroFactory(titolo=stato, stato=stato, inizio=adesso + timedelta(hours=5))
    IncontroFactory(titolo="di bozza", percorso__stato=Percorso.Stato.BOZZA)
    IncontroFactory(titolo="passato", passato=True)
    assert titoli(client.get("/"), "incontri") == ["Fra 1", "Fra 2", "Fra 3", "Fra 4"]


def test_home_without_meetings_says_where_to_go(client, percorso):
    html = pagina(client, "/")
    assert "Ora non ci sono incontri in calendario" in html
    assert 'href="/incontri/passati/"' in html


def test_home_says_where_the_process_comes_from(client, percorso):
    parole = parole_di(pagina(client, "/"))
    assert "Chi decide da comunicare Chi lo finanzia da comunicare" in parole
    Percorso.objects.update(finanziamento="Legge regionale 15/2018", ente_decisore="La Giunta")
    client.cookies["sessionid"] = "altra"
    parole = parole_di(pagina(client, "/"))
    assert "Chi decide La Giunta Chi lo finanzia Legge regionale 15/2018" in parole


def test_home_has_each_lab_on_the_map_and_in_the_list(client):
    laboratori = [LaboratorioFactory() for _n in range(3)]
    chiuso = LaboratorioFactory(attivo=False)
    html = pagina(client, "/")
    for laboratorio in laboratori:
        assert html.count(f'href="{laboratorio.get_absolute_url()}"') == 2
    assert chiuso.get_absolute_url() not in html
    assert "Mappa schematica, non in scala" in html


def test_home_tells_machines_who_answers_for_the_portal(client, settings):
    settings.ENTE = settings.ENTE | {"nome": "Comune di </script><b>"}
    html = pagina(client, "/")
    (blocco,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert json.loads(blocco)["name"] == "Comune di </script><b>"


def test_the_example_is_labelled_wherever_it_shows(client):
    esempio = PercorsoFactory(esempio=True)
    laboratorio = LaboratorioFactory()
    IncontroFactory(percorso=esempio, laboratorio=laboratorio)
    ResocontoFactory(
        incontro__percorso=esempio, incontro__laboratorio=laboratorio, bisogni="Ombra"
    )
    Referente.objects.create(laboratorio=laboratorio, nome="Una", pubblico=True, esempio=True)
    attesi = {
        "/": 2,
        "/percorso/": 1,
        esempio.get_absolute_url(): 3,
        f"{esempio.get_absolute_url()}esiti/": 1,
        "/laboratori/": 1,
        laboratorio.get_absolute_url(): 4,
    }
    for url, quante in attesi.items():
        assert pagina(client, url).count("etichetta-esempio") == quante, url


def test_public_pages_leave_no_cookie_and_carry_no_token(client, percorso):
    laboratorio = LaboratorioFactory()
    for url in (
        "/",
        "/en/",
        "/percorso/",
        percorso.get_absolute_url(),
        f"{percorso.get_absolute_url()}esiti/",
        "/laboratori/",
        laboratorio.get_absolute_url(),
    ):
        response = client.get(url)
        assert list(response.cookies) == []
        assert b"csrfmiddlewaretoken" not in response.content


@pytest.mark.parametrize("url", ["/", "/percorso/", "/laboratori/"])
def test_reading_pages_take_no_posts(client, url):
    assert client.post(url).status_code == 405


# --- Percorso -------------------------------------------------------------------------------


def test_a_draft_process_is_nowhere(client):
    bozza = PercorsoFactory(titolo="Segreto", stato=Percorso.Stato.BOZZA)
    assert client.get(bozza.get_absolute_url()).status_code == 404
    assert client.get(f"{bozza.get_absolute_url()}esiti/").status_code == 404
    assert "Segreto" not in pagina(client, "/percorso/")
    assert "Segreto" not in pagina(client, "/")


def test_processes_are_listed_by_what_they_are(client):
    for titolo, stato in (("Uno", "attivo"), ("Due", "concluso"), ("Tre", "attivo")):
        FaseFactory(percorso=PercorsoFactory(titolo=titolo, stato=stato), titolo="Si lavora")
    contesto = client.get("/percorso/").context
    assert [(voce.titolo, voce.fasi) for voce in contesto["attivi"]] == [
        ("Tre", ["Si lavora"]),
        ("Uno", ["Si lavora"]),
    ]
    assert [(voce.titolo, voce.fasi) for voce in contesto["conclusi"]] == [("Due", [])]


def test_a_stage_says_its_goal_its_output_its_level_and_what_it_opens(client, percorso):
    FaseFactory(
        percorso=percorso,
        periodo="in primavera",
        obiettivo="Capire.",
        risultato_atteso="Le esigenze.",
        livello="consultazione",
        apre_commenti=True,
    )
    FaseFactory(percorso=percorso, inizio=date(2090, 1, 1), fine=None, apre_iscrizioni=False)
    parole = parole_di(pagina(client, percorso.get_absolute_url()))
    assert "in primavera Capire." in parole
    assert (
        "Che cosa ne esce Le esigenze. Livello di partecipazione consultazione "
        "Che cosa si può fare iscriversi agli incontri, commentare le proposte"
    ) in parole
    assert (
        "1º gennaio 2090 – data di fine da comunicare "
        "Che cosa ne esce da comunicare Livello di partecipazione da comunicare"
    ) in parole


def test_money_and_numbers_are_told_as_the_source_has_them(client, percorso):
    Percorso.objects.update(
        contributo_euro=15000, costo_euro="31232.50", partecipanti="circa 300 persone"
    )
    IncontroFactory(percorso=percorso, passato=True)
    IncontroFactory(percorso=percorso, cittadino=True)
    IncontroFactory(percorso=percorso, stato=Incontro.Stato.ANNULLATO)
    parole = parole_di(pagina(client, percorso.get_absolute_url()))
    assert "Contributo 15.000 euro Costo totale 31.232,50 euro" in parole
    assert "Incontri 2 Laboratori coinvolti" in parole
    assert "Partecipanti circa 300 persone" in parole
    assert "Chi facilita gli incontri da comunicare" in parole
    assert "15,000 euro" in parole_di(pagina(client, f"/en{percorso.get_absolute_url()}"))


def test_a_report_is_linked_only_once_it_is_published(client, percorso):
    pubblico = ResocontoFactory(incontro__percorso=percorso).incontro
    bozza = ResocontoFactory(incontro__percorso=percorso, pubblicato_at=None).incontro
    html = pagina(client, percorso.get_absolute_url())
    assert f"/incontri/{pubblico.slug}/resoconto/" in html
    assert f"/incontri/{bozza.slug}/" in html
    assert f"/incontri/{bozza.slug}/resoconto/" not in html


def test_a_process_shows_its_own_meetings_only(client, percorso):
    IncontroFactory(percorso=percorso, titolo="Suo")
    IncontroFactory(percorso=percorso, titolo="In bozza", stato=Incontro.Stato.BOZZA)
    IncontroFactory(percorso=percorso, titolo="Stato", passato=True)
    IncontroFactory(titolo="D'altri")
    response = client.get(percorso.get_absolute_url())
    assert titoli(response, "futuri") == ["Suo"]
    assert titoli(response, "passati") == ["Stato"]


def test_sources_are_links_only_when_a_browser_may_open_them(client, percorso):
    Percorso.objects.update(fonti=["https://www.example.org/a", "javascript:alert(1)", 3, None])
    html = pagina(client, percorso.get_absolute_url())
    assert 'href="https://www.example.org/a">example.org<' in html
    assert "javascript:" not in html


def test_outcomes_come_in_order_and_what_is_missing_says_so(client):
    percorso = PercorsoFactory(stato=Percorso.Stato.CONCLUSO, esito="È andata <b>bene</b>.")
    for genere, titolo in (
        ("relazione", "La relazione"),
        ("docpp", "Il documento"),
        ("finanziamento", "Il contributo"),
    ):
        Atto.objects.create(
            percorso=percorso, genere=genere, titolo=titolo, giorno=date(2023, 9, 27)
        )
    response = client.get(f"{percorso.get_absolute_url()}esiti/")
    catena = [
        (str(passo.nome), [atto.titolo for atto in passo.atti])
        for passo in response.context["catena"]
    ]
    assert catena == [
        ("Documento di Proposta Partecipata", ["Il documento"]),
        ("validazione del Tecnico di garanzia", []),
        ("provvedimento dell'ente decisore", []),
        ("relazione finale", ["La relazione"]),
        ("monitoraggio", []),
    ]
    html = response.content.decode()
    assert html.count("Da comunicare") == 3
    assert "Il contributo" in html
    assert "27 settembre 2023" in html
    assert "&lt;b&gt;bene&lt;/b&gt;" in html


def test_a_process_that_is_on_has_no_outcome_yet(client, percorso):
    html = pagina(client, f"{percorso.get_absolute_url()}esiti/")
    assert "Il percorso è in corso: l’esito si saprà alla fine." in html
    assert html.count("Non ancora: il percorso è in corso") == 5


# --- Laboratori -----------------------------------------------------------------------------


def test_each_lab_is_listed_with_its_neighbourhoods_and_its_next_meeting(client):
    laboratorio = LaboratorioFactory()
    QuartiereFactory(laboratorio=laboratorio, nome="Roncaglia", ordine=1)
    QuartiereFactory(laboratorio=laboratorio, nome="Capitolo", ordine=2, aggiunto_nel=2024)
    IncontroFactory(laboratorio=laboratorio, titolo="Il secondo")
    IncontroFactory(
        laboratorio=laboratorio, titolo="Il primo", inizio=timezone.now() + timedelta(days=1)
    )
    altro = LaboratorioFactory()
    IncontroFactory(laboratorio=altro, stato=Incontro.Stato.ANNULLATO)
    zone = client.get("/laboratori/").context["zone"]
    assert [(zona.quartieri, zona.prossimo and zona.prossimo.titolo) for zona in zone] == [
        ("Roncaglia, Capitolo (dal 2024)", "Il primo"),
        ("", None),
    ]


def test_a_lab_that_is_not_active_is_not_there(client):
    assert client.get(LaboratorioFactory(attivo=False).get_absolute_url()).status_code == 404


def test_staff_contacts_never_show(client):
    laboratorio = LaboratorioFactory()
    comuni = {"laboratorio": laboratorio, "email": "interna@example.org", "telefono": "555 111"}
    Referente.objects.create(nome="Persona interna", pubblico=False, **comuni)
    html = pagina(client, laboratorio.get_absolute_url())
    assert "I referenti sono da comunicare." in html
    for parola in ("Persona interna", "interna@example.org", "555 111"):
        assert parola not in html
    Referente.objects.create(
        laboratorio=laboratorio,
        nome="Persona pubblica",
        email="pubblica@example.org",
        pubblico=True,
    )
    client.force_login(UserFactory(ufficio=True))
    html = pagina(client, laboratorio.get_absolute_url())
    assert "mailto:pubblica@example.org" in html
    assert "Persona interna" not in html


def test_a_lab_shows_what_came_out_of_its_published_reports(client):
    laboratorio = LaboratorioFactory()
    ResocontoFactory(
        incontro__laboratorio=laboratorio,
        incontro__titolo="Il workshop",
        bisogni="Più verde\n\n<script>x</script>\n",
        idee="Un orto",
    )
    ResocontoFactory(
        incontro__laboratorio=laboratorio, bisogni="Non ancora detto", pubblicato_at=None
    )
    ResocontoFactory(
        incontro__laboratorio=laboratorio,
        incontro__percorso__stato=Percorso.Stato.BOZZA,
        bisogni="Di una bozza",
    )
    ResocontoFactory(bisogni="Di un'altra zona")
    ResocontoFactory(incontro__laboratorio=laboratorio, bisogni="", idee="")
    response = client.get(laboratorio.get_absolute_url())
    (emerso,) = response.context["emersi"]
    assert (emerso.incontro, emerso.bisogni, emerso.idee) == (
        "Il workshop",
        ["Più verde", "<script>x</script>"],
        ["Un orto"],
    )
    html = response.content.decode()
    assert "<script>x" not in html
    for parola in ("Non ancora detto", "Di una bozza", "Di un&#x27;altra zona"):
        assert parola not in html
    assert Resoconto.objects.count() == 5


def test_a_report_s_need_that_has_a_page_of_its_own_is_named_once(client):
    laboratorio = LaboratorioFactory()
    incontro = ResocontoFactory(
        incontro__laboratorio=laboratorio,
        bisogni="Più verde\nMeno auto\nPiù luce",
        idee="Un orto",
    ).incontro
    BisognoFactory(titolo="Più verde", incontro=incontro, laboratorio=laboratorio)
    # Whoever reads the report may read this one only there.
    BisognoFactory(
        titolo="Meno auto",
        incontro=incontro,
        laboratorio=laboratorio,
        stato=Bisogno.Stato.NASCOSTO,
    )
    BisognoFactory(titolo="Più luce", laboratorio=laboratorio)
    PropostaFactory(titolo="Un orto", incontro=incontro, laboratorio=laboratorio)
    response = client.get(laboratorio.get_absolute_url())
    (emerso,) = response.context["emersi"]
    assert (emerso.bisogni, emerso.idee) == (["Meno auto", "Più luce"], [])


def test_a_lab_shows_its_needs_by_priority_and_what_became_of_its_proposals(client):
    laboratorio = LaboratorioFactory()
    ora = timezone.now()
    for titolo, priorita, giorni in (("Nuovo", None, 0), ("Basso", 3, 5), ("Alto", 1, 9)):
        BisognoFactory(
            titolo=titolo,
            laboratorio=laboratorio,
            priorita=priorita,
            pubblicato_at=ora - timedelta(days=giorni),
        )
    BisognoFactory(titolo="Di un'altra zona")
    BisognoFactory(titolo="Tolto", laboratorio=laboratorio, stato=Bisogno.Stato.NASCOSTO)
    vecchia = PropostaFactory(
        titolo="Vecchia",
        laboratorio=laboratorio,
        stato=Proposta.Stato.ACCOLTA,
        pubblicata_at=ora - timedelta(days=9),
    )
    PropostaFactory(titolo="Nuova", laboratorio=laboratorio)
    PropostaFactory(titolo="Di tutta la città", citta=True)
    PropostaFactory(titolo="Inviata", laboratorio=laboratorio, inviata=True)
    PropostaFactory(
        titolo="Entrata in un'altra",
        laboratorio=laboratorio,
        stato=Proposta.Stato.INTEGRATA,
        integrata_in=vecchia,
    )
    response = client.get(laboratorio.get_absolute_url())
    assert titoli(response, "bisogni") == ["Alto", "Basso", "Nuovo"]
    assert [(riga.titolo, riga.stato) for riga in response.context["proposte"]] == [
        ("Nuova", "Pubblicata"),
        ("Vecchia", "Accolta"),
    ]
    assert f'href="{vecchia.get_absolute_url()}percorso/"' in response.content.decode()


def test_a_lab_s_page_names_six_proposals_and_leads_to_the_others(client):
    laboratorio = LaboratorioFactory(numero=4)
    PropostaFactory.create_batch(7, laboratorio=laboratorio)
    BisognoFactory.create_batch(7, laboratorio=laboratorio)
    response = client.get(laboratorio.get_absolute_url())
    assert (len(response.context["proposte"]), len(response.context["bisogni"])) == (6, 6)
    html = response.content.decode()
    assert 'href="/proposte/?zona=4"' in html
    assert 'href="/bisogni/?zona=4"' in html


def test_a_report_leads_to_what_became_of_its_needs_and_ideas(client):
    incontro = ResocontoFactory().incontro
    url = f"{incontro.get_absolute_url()}resoconto/"
    assert "Che fine hanno fatto" not in pagina(client, url)
    bisogno = BisognoFactory(titolo="Più verde", incontro=incontro)
    idea = PropostaFactory(
        titolo="Un <b>orto", incontro=incontro, stato=Proposta.Stato.NON_ACCOLTA
    )
    BisognoFactory(titolo="Ancora una bozza", incontro=incontro, stato=Bisogno.Stato.BOZZA)
    PropostaFactory(titolo="Nascosta poi", incontro=incontro, stato=Proposta.Stato.NASCOSTA)
    PropostaFactory(titolo="Di un altro incontro")
    html = pagina(client, url)
    assert f'href="{bisogno.get_absolute_url()}percorso/"' in html
    assert f'href="{idea.get_absolute_url()}percorso/"' in html
    assert "Un &lt;b&gt;orto" in html
    assert "Non accolta" in parole_di(html)
    for parola in ("Ancora una bozza", "Nascosta poi", "Di un altro incontro"):
        assert parola not in html


# --- Following and helping ------------------------------------------------------------------


def test_a_lab_can_be_followed_and_helped(client, settings):
    settings.BASE_URL = "https://laboratori.example.org"
    laboratorio = LaboratorioFactory()
    calendario = f"/incontri/laboratorio/{laboratorio.slug}/calendario.ics"
    html = pagina(client, laboratorio.get_absolute_url())
    assert f'href="webcal://laboratori.example.org{calendario}"' in html
    assert f'href="{calendario}"' in html
    assert f'href="/seguiti/laboratorio/{laboratorio.slug}/"' in html
    assert f'href="/proposte/nuova/?laboratorio={laboratorio.slug}"' in html
    assert f'href="/laboratori/disponibilita/?laboratorio={laboratorio.slug}"' in html
    assert f'href="/contatti/?laboratorio={laboratorio.slug}"' in html


def test_cancelled_and_moved_meetings_say_so(client):
    laboratorio = LaboratorioFactory()
    IncontroFactory(laboratorio=laboratorio, stato=Incontro.Stato.ANNULLATO)
    IncontroFactory(laboratorio=laboratorio, inizio_precedente=timezone.now())
    html = pagina(client, laboratorio.get_absolute_url())
    assert "Annullato: non si terrà." in html
    assert "Spostato: prima era" in html


@time_machine.travel(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), tick=False)
def test_the_day_begins_at_midnight_in_rome(client, percorso):
    FaseFactory(percorso=percorso, titolo="Di aprile", inizio=date(2026, 4, 1), fine=None)
    assert "Fase in corso: Di aprile" in parole_di(pagina(client, "/"))
