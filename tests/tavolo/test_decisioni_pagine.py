"""Decisions as pages: who decides and answers, what everybody reads, whose names never show."""

import csv
import io
import json
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portale.lib.dates import ROMA
from proposte import catena
from proposte import services as proposte
from proposte.models import Proposta
from tavolo import decisioni_aperte
from tavolo.catena import del_tavolo
from tavolo.models import (
    Decisione,
    Dissenso,
    DocumentoTavolo,
    Esito,
    ParereComitato,
    RispostaScritta,
    Seduta,
)
from tavolo.permissions import Accesso
from tavolo.registro import Atto, atti
from tavolo.services import procedure
from tavolo.services.documenti import annota_accesso
from tests.factories import (
    ComponenteFactory,
    DecisioneFactory,
    DocumentoTavoloFactory,
    EsameFactory,
    PercorsoFactory,
    PosizioneFactory,
    PresenzaFactory,
    ProceduraScrittaFactory,
    PropostaFactory,
    PuntoFactory,
    SedutaFactory,
    SeggioFactory,
    UserFactory,
    VerbaleFactory,
)
from tests.ruoli import entra

from .conftest import RUOLI

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 5, 10, 18, 30, tzinfo=ROMA)


@pytest.fixture
def seduta(percorso, seggio):
    """Open now, with its quorum: the seat of ``come("titolare")`` and another one are there."""
    seduta = SedutaFactory(
        incontro__percorso=percorso,
        stato=Seduta.Stato.APERTA,
        seggi_con_voce=2,
        numero_legale=2,
    )
    PresenzaFactory(seduta=seduta, seggio=seggio)
    altra = PresenzaFactory(seduta=seduta)
    altra.componente = ComponenteFactory(seggio=altra.seggio)
    altra.save()
    return seduta


@pytest.fixture
def punto(seduta, percorso):
    punto = PuntoFactory(seduta=seduta, genere="decisione")
    punto.proposte.add(
        PropostaFactory(
            percorso=percorso,
            stato="in_valutazione",
            titolo="Un parco",
            che_cosa="Un parco giochi.",
            nome_mostrato="Maria",
            per_la_citta=True,
            laboratorio=None,
            pubblicata_at=ADESSO - timedelta(days=30),
        )
    )
    return punto


@pytest.fixture
def crea(punto):
    proposta = punto.proposte.get()
    return f"{reverse('area:decisione_crea')}?punto={punto.pk}&proposta={proposta.pk}"


DATI = {"esito": "non_accolta", "motivazione": "Costa troppo.", "quando": "subito", "annulla": ""}


# --- Deciding -------------------------------------------------------------------------------

CHI_CONDUCE = {"coordinamento", "segreteria", "ufficio"}


@pytest.mark.parametrize("ruolo", RUOLI)
def test_who_leads_decides_and_nobody_else_finds_the_page(client, come, crea, ruolo):
    come(ruolo)
    leggono, scrivono = (200, 303) if ruolo in CHI_CONDUCE else (404, 404)
    if ruolo == "anonima":
        leggono = scrivono = 302

    assert client.get(crea).status_code == leggono
    assert client.post(crea, DATI).status_code == scrivono
    assert Decisione.objects.count() == (scrivono == 303)


def test_the_form_writes_all_of_it_once(client, come, crea, seduta, punto):
    come("coordinamento")
    contrario = seduta.presenze.last().seggio
    dati = {
        **DATI,
        "esito": "accolta_con_modifiche",
        "testo_concordato": "Un parco giochi\r\nsenza gradini.",
        "proposta_da": contrario.pk,
        f"dissenso_{contrario.pk}": "Mancano gli alberi.",
    }
    prima = client.post(crea, dati)
    # A double click: she is told, and what she wrote is still there.
    seconda = client.post(crea, dati)

    decisione = Decisione.objects.get()
    assert (prima.status_code, prima.url) == (
        303,
        reverse("area:decisione_detail", args=[decisione.pk]),
    )
    assert seconda.status_code == 400
    assert "si è appena deciso" in seconda.text
    assert "Mancano gli alberi." in seconda.text
    assert (decisione.proposta_da, decisione.testo_concordato) == (
        contrario,
        "Un parco giochi\nsenza gradini.",
    )
    assert [(d.seggio, d.testo) for d in decisione.dissensi.all()] == [
        (contrario, "Mancano gli alberi.")
    ]
    assert "Mancano gli alberi." in client.get(prima.url).text


def test_a_decision_is_undone_from_the_same_page(client, come, crea, punto):
    come("ufficio")
    client.post(crea, DATI)
    prima = Decisione.objects.get()
    assert "si è già deciso" in client.get(crea).text
    dati = {**DATI, "esito": "accolta", "annulla": prima.pk}

    assert client.post(crea, dati).status_code == 400
    assert client.post(crea, {**dati, "perche_annulla": "Un errore."}).status_code == 303
    punto.proposte.get().refresh_from_db()
    assert punto.proposte.get().stato == "accolta"


@pytest.mark.parametrize(
    "query", ["", "?punto=x&proposta=1", "?punto=9999999&proposta=1", "?punto=٣&proposta=1"]
)
def test_what_is_on_no_agenda_has_no_page(client, come, seduta, query):
    come("ufficio")
    assert client.get(reverse("area:decisione_crea") + query).status_code == 404


def test_without_the_quorum_the_page_says_so_and_nothing_is_decided(client, come, crea, seduta):
    come("coordinamento")
    seduta.presenze.last().delete()

    assert "Manca il numero legale" in client.get(crea).text
    assert client.post(crea, DATI).status_code == 400
    assert Decisione.objects.count() == 0


def test_beside_the_form_stands_what_the_seats_said_to_whom_may_read_it(
    client, come, crea, punto, seduta
):
    esame = EsameFactory(percorso=seduta.incontro.percorso, proposta=punto.proposte.get())
    PosizioneFactory(
        esame=esame,
        seggio=seduta.presenze.last().seggio,
        grado="obiezione",
        motivazione="Taglia gli alberi.",
    )
    # The coordination has a voice and has not said yet what it thinks.
    come("coordinamento")
    assert "Taglia gli alberi." not in client.get(crea).text
    come("ufficio")
    assert "Taglia gli alberi." in client.get(crea).text


# --- The members' lists ---------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", RUOLI)
def test_what_waits_for_the_minutes_is_read_by_the_members_alone(client, come, percorso, ruolo):
    decisione = DecisioneFactory(
        seduta__incontro__percorso=percorso, pubblicata_at=None, motivazione="Riservatissima"
    )
    procedura = ProceduraScrittaFactory(percorso=percorso)
    come(ruolo)
    fuori = {"cittadina", "altro_percorso", "cessata", "moderatore"}
    stato = 404 if ruolo in fuori else 302 if ruolo == "anonima" else 200

    elenco = f"{reverse('area:decisione_list')}?percorso={percorso.slug}"
    pagina = reverse("area:decisione_detail", args=[decisione.pk])
    scritta = reverse("area:procedura_detail", args=[procedura.pk])
    assert [client.get(url).status_code for url in (elenco, pagina, scritta)] == [stato] * 3
    assert client.get(decisione.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("quanti", [1, 3])
@pytest.mark.parametrize(("ruolo", "domande"), [("titolare", 7), ("coordinamento", 8)])
def test_the_members_list_costs_the_same(
    client, come, percorso, seduta, quanti, ruolo, domande, django_assert_num_queries
):
    for _ in range(quanti):
        DecisioneFactory(seduta__incontro__percorso=percorso)
        ProceduraScrittaFactory(percorso=percorso)
        PuntoFactory(seduta=seduta).proposte.add(PropostaFactory(percorso=percorso))
    come(ruolo)
    url = f"{reverse('area:decisione_list')}?percorso={percorso.slug}"
    # Beside those that find out who she is.
    with django_assert_num_queries(domande + 2):
        assert len(client.get(url).context["decisioni"]) == quanti


# --- Answering in writing -------------------------------------------------------------------


@pytest.fixture
def procedura(percorso, seggio):
    return ProceduraScrittaFactory(percorso=percorso, seggi_con_voce=2, quorum=2)


@pytest.mark.parametrize("ruolo", RUOLI)
def test_seats_with_a_voice_answer(client, come, procedura, ruolo):
    come(ruolo)
    si_puo = ruolo in {"titolare", "supplente", "coordinamento"}
    url = reverse("area:procedura_rispondi", args=[procedura.pk])
    risposta = client.post(url, {"scelta": "consenso", "motivo": "", "versione": "0"})

    assert risposta.status_code == (303 if si_puo else 302 if ruolo == "anonima" else 404)
    assert procedura.risposte.count() == si_puo


def test_what_the_others_answer_is_read_when_it_is_closed(client, come, procedura, percorso):
    altra = ComponenteFactory(seggio__percorso=percorso)
    come("titolare")
    procedure.rispondi(procedura, altra, "astensione", "Segreto finché dura.", adesso=adesso())
    pagina = reverse("area:procedura_detail", args=[procedura.pk])

    durante = client.get(pagina).text
    procedure.annulla(procedura, "Sbagliata.", autore=None, adesso=adesso())
    dopo = client.get(pagina).text

    assert (str(altra.seggio) in durante, "Segreto finché dura." in durante) == (True, False)
    assert "Segreto finché dura." in dopo


def test_the_later_of_two_that_answer_at_once_is_told_and_may_send_again(
    client, come, procedura, seggio
):
    supplente = ComponenteFactory(seggio=seggio, supplente=True)
    come("titolare")
    url = reverse("area:procedura_rispondi", args=[procedura.pk])
    procedure.rispondi(procedura, supplente, "astensione", adesso=adesso())

    dati = {"scelta": "consenso", "motivo": "Ci sta a cuore.", "versione": "0"}
    pagina = client.post(url, dati)
    assert pagina.status_code == 400
    assert "Ci sta a cuore." in pagina.text
    assert RispostaScritta.objects.get().scelta == "astensione"

    dati["versione"] = pagina.context["form"]["versione"].value()
    assert client.post(url, dati).status_code == 303
    assert RispostaScritta.objects.get().scelta == "consenso"


def test_an_objection_asks_for_its_reason_beside_the_field(client, come, procedura):
    come("titolare")
    url = reverse("area:procedura_rispondi", args=[procedura.pk])
    pagina = client.post(url, {"scelta": "obiezione", "motivo": "", "versione": "0"})
    assert (pagina.status_code, list(pagina.context["form"].errors)) == (400, ["motivo"])


# --- What everybody reads -------------------------------------------------------------------


@pytest.fixture
def pubblica(percorso, seduta, punto):
    """A published decision with everything that could name somebody."""
    proposta = punto.proposte.get()
    presidente = UserFactory(nome="Presidente Riservata", is_staff=True)
    membri = [p.seggio for p in seduta.presenze.all()]
    # Sorted by name, they come in another order from one number of digits to the next.
    ComponenteFactory(seggio=next(s for s in membri if not s.componenti.exists()))
    decisione = DecisioneFactory(
        seduta=seduta,
        punto=punto,
        proposta=proposta,
        esito=Esito.ACCOLTA_CON_MODIFICHE,
        motivazione="Serve a tutti.",
        testo_originale="Un parco giochi.",
        testo_concordato="Un parco giochi senza gradini.",
        proposta_da=membri[0],
        registrata_da=presidente,
        presa_at=ADESSO,
        pubblicata_at=ADESSO,
    )
    decisione.presenti.set(membri)
    Dissenso.objects.create(decisione=decisione, seggio=membri[1], testo="=1+1 Mancano alberi.")
    return decisione


def indirizzi(decisione):
    proposta = decisione.proposta.get_absolute_url()
    nomi = ("decisione_list", "decisione_csv", "decisione_json", "decisione_colonne")
    return [
        *(reverse(f"tavolo:{nome}") for nome in nomi),
        reverse("tavolo:decisione_seggi_csv"),
        reverse("tavolo:decisione_seggi_json"),
        decisione.get_absolute_url(),
        proposta,
        f"{proposta}percorso/",
    ]


def test_pages_and_files_name_organisations_and_never_a_person(client, pubblica, procedura):
    for url in indirizzi(pubblica):
        risposta = client.get(url)
        testo = b"".join(risposta).decode() if risposta.streaming else risposta.text
        assert "Riservat" not in testo
    pagina = client.get(pubblica.get_absolute_url()).text
    for seggio in pubblica.presenti.all():
        assert str(seggio) in pagina
    assert "2 seggi presenti su 3, numero legale 2" in pagina
    assert "<ins>" in pagina
    assert "senza gradini" in pagina
    assert "Mancano alberi." in pagina


def test_a_decision_links_the_one_that_took_its_place_once_it_is_published(client, pubblica):
    nuova = DecisioneFactory(
        seduta__incontro__percorso=pubblica.percorso,
        proposta=pubblica.proposta,
        annulla=pubblica,
        perche_annulla="I fondi non ci sono più.",
        pubblicata_at=None,
    )
    assert "I fondi" not in client.get(pubblica.get_absolute_url()).text
    Decisione.objects.filter(pk=nuova.pk).update(pubblicata_at=adesso())

    vecchia = client.get(pubblica.get_absolute_url()).text
    assert "I fondi non ci sono più." in vecchia
    assert nuova.get_absolute_url() in vecchia
    assert pubblica.get_absolute_url() in client.get(nuova.get_absolute_url()).text


def test_of_a_proposal_that_was_taken_back_neither_title_nor_texts_are_read(client, pubblica):
    Proposta.objects.filter(pk=pubblica.proposta_id).update(
        stato="ritirata", titolo="Titolo ritirato", che_cosa="x"
    )
    for url in indirizzi(pubblica)[:-2]:
        risposta = client.get(url)
        testo = b"".join(risposta).decode() if risposta.streaming else risposta.text
        assert "Titolo ritirato" not in testo
        assert "senza gradini" not in testo


@pytest.mark.parametrize("quanti", [1, 3])
def test_list_page_and_files_cost_the_same_with_one_and_with_three(
    client, percorso, quanti, django_assert_num_queries
):
    for numero in range(quanti):
        decisione = DecisioneFactory(seduta__incontro__percorso=percorso, presa_at=ADESSO)
        for _ in range(quanti):
            seggio = SeggioFactory(percorso=percorso)
            decisione.presenti.add(seggio)
            Dissenso.objects.create(decisione=decisione, seggio=seggio, testo=f"{numero}")
    with django_assert_num_queries(5):
        assert len(client.get(reverse("tavolo:decisione_list")).context["decisioni"]) == quanti
    with django_assert_num_queries(4):
        client.get(decisione.get_absolute_url())
    # The last query of a file finds that there is no more.
    pubblicate = Decisione.objects.pubblicate()
    for tavola, righe, domande in (("decisioni", 1, 2), ("seggi", 2 * quanti, 5)):
        with django_assert_num_queries(domande):
            lette = list(decisioni_aperte.TAVOLE[tavola].righe(pubblicate, ADESSO.date()))
        assert len(lette) == righe * quanti


@pytest.mark.parametrize(
    ("query", "trovate"),
    [
        ("", {"in_seduta", "altrove"}),
        ("?esito=accolta", {"altrove"}),
        ("?zona=citta", {"in_seduta"}),
        ("?esito=boh", {"in_seduta", "altrove"}),
        ("?percorso={slug}", {"in_seduta"}),
        ("?percorso={slug}&esito=accolta", set()),
    ],
)
def test_the_list_and_its_file_take_the_same_filters(client, pubblica, query, trovate):
    altrove = DecisioneFactory()
    nomi = {pubblica.pk: "in_seduta", altrove.pk: "altrove"}
    query = query.format(slug=pubblica.percorso.slug)

    pagina = client.get(f"{reverse('tavolo:decisione_list')}{query}")
    righe = json.loads(b"".join(client.get(f"{reverse('tavolo:decisione_json')}{query}")))

    assert pagina.context["totale"] == len(trovate)
    assert {nomi[riga["id"]] for riga in righe} == trovate


def test_a_dissent_that_looks_like_a_formula_is_text_in_the_sheet(client, pubblica):
    testo = b"".join(client.get(reverse("tavolo:decisione_seggi_csv"))).decode("utf-8-sig")
    righe = list(csv.DictReader(io.StringIO(testo), delimiter=";"))
    assert [riga["genere"] for riga in righe] == [
        "dissenso",
        "presente",
        "presente",
        "proponente",
    ]
    assert righe[0]["testo"] == "'=1+1 Mancano alberi."


# --- The chain ------------------------------------------------------------------------------


def adesso():
    return timezone.now()


def racconto(proposta, quando):
    riga = catena.proposte_per_catena(Proposta.objects).get(pk=proposta.pk)
    trovata = catena.di_proposta(riga, quando)
    return [p.titolo for p in trovata.passati], [(p.titolo, p.tappa) for p in trovata.attesi]


def test_the_chain_tells_how_the_tavolo_came_to_its_outcome_without_saying_it_twice(
    pubblica, seduta
):
    proposta = pubblica.proposta
    proposte.decidi(
        proposta, pubblica.esito, "Serve a tutti.", pubblica.registrata_da, adesso=ADESSO
    )
    riga = catena.proposte_per_catena(Proposta.objects).get(pk=proposta.pk)
    passi = {p.titolo: p for p in catena.di_proposta(riga, ADESSO).passati}

    del_tavolo = passi["Decisione del Tavolo: accolta con modifiche"]
    assert (del_tavolo.perche, passi["Esito: accolta con modifiche"].perche) == (
        "",
        "Serve a tutti.",
    )
    assert del_tavolo.nota == "Seggi presenti: 2 su 3 (numero legale 2). 1 dissenso."
    assert [url for url, _parole in del_tavolo.link] == [
        pubblica.get_absolute_url(),
        seduta.get_absolute_url(),
    ]
    assert "Discussa dal Tavolo" not in passi


@pytest.mark.parametrize(
    ("che_cosa", "passati", "attesi"),
    [
        ("convocata", [], [("Se ne discute in una seduta del Tavolo", "esito")]),
        ("in preparazione", [], [("Esito, con la sua motivazione", "esito")]),
        ("chiusa", ["Discussa dal Tavolo"], [("Esito, con la sua motivazione", "esito")]),
        (
            "aspetta il verbale",
            [],
            [("Il Tavolo ha deciso: l’esito si pubblica con il verbale della seduta", "esito")],
        ),
        (
            "in esame",
            [],
            [
                ("Il Tavolo la legge e ogni organizzazione dice che cosa ne pensa", ""),
                ("Esito, con la sua motivazione", "esito"),
            ],
        ),
        ("per iscritto", [], [("Il Tavolo decide per iscritto", "esito")]),
        ("fermata", ["Procedura scritta fermata"], [("Esito, con la sua motivazione", "esito")]),
        ("parere", ["Parere: I tempi"], [("Esito, con la sua motivazione", "esito")]),
        ("bozza di parere", [], [("Esito, con la sua motivazione", "esito")]),
        (
            "rinviata",
            ["Decisione del Tavolo: rinviata"],
            [("Esito, con la sua motivazione", "esito")],
        ),
    ],
)
def test_what_the_tavolo_adds_to_a_proposal_under_evaluation(percorso, che_cosa, passati, attesi):
    proposta = PropostaFactory(percorso=percorso, stato="in_valutazione")
    prima = racconto(proposta, adesso())[0]
    if che_cosa in {"convocata", "in preparazione", "chiusa"}:
        tratti = {
            "convocata": {},
            "in preparazione": {"in_preparazione": True},
            "chiusa": {"chiusa": True},
        }[che_cosa]
        seduta = SedutaFactory(incontro__percorso=percorso, **tratti)
        PuntoFactory(seduta=seduta).proposte.add(proposta)
    elif che_cosa in {"aspetta il verbale", "rinviata"}:
        decisione = DecisioneFactory(
            seduta__incontro__percorso=percorso,
            proposta=proposta,
            esito=Esito.RINVIATA,
            motivazione="Più avanti.",
        )
        PuntoFactory(seduta=decisione.seduta).proposte.add(proposta)
        if che_cosa != "rinviata":
            Decisione.objects.update(pubblicata_at=None)
    elif che_cosa == "in esame":
        EsameFactory(percorso=percorso, proposta=proposta)
    elif che_cosa in {"per iscritto", "fermata"}:
        stato = "aperta" if che_cosa == "per iscritto" else "fermata"
        ProceduraScrittaFactory(percorso=percorso, proposta=proposta, stato=stato)
    else:
        ParereComitato.objects.create(
            percorso=percorso,
            proposta=proposta,
            titolo="I tempi",
            testo="Brevi.",
            pubblicato_at=adesso() if che_cosa == "parere" else None,
        )

    ora_passati, ora_attesi = racconto(proposta, adesso())
    assert sorted(set(ora_passati) - set(prima)) == passati
    assert ora_attesi == attesi


@pytest.mark.parametrize("quanti", [1, 3])
def test_the_tavolos_part_of_the_chain_costs_three_queries(
    percorso, quanti, django_assert_num_queries
):
    proposta = PropostaFactory(percorso=percorso, stato="in_valutazione")
    for _ in range(quanti):
        decisione = DecisioneFactory(seduta__incontro__percorso=percorso, proposta=proposta)
        PuntoFactory(seduta=decisione.seduta).proposte.add(proposta)
        seduta = SedutaFactory(incontro__percorso=percorso)
        PuntoFactory(seduta=seduta).proposte.add(proposta)
        ProceduraScrittaFactory(percorso=percorso, proposta=proposta, stato="fermata")
    with django_assert_num_queries(3):
        assert len(del_tavolo(proposta, adesso())) == 3 * quanti


# --- The register ---------------------------------------------------------------------------


def un_po_di_tutto(percorso, quanti):
    """So many acts of each of some kinds."""
    for _ in range(quanti):
        DecisioneFactory(seduta__incontro__percorso=percorso, presa_at=ADESSO)
        ProceduraScrittaFactory(percorso=percorso, apre_at=ADESSO)
        ParereComitato.objects.create(
            percorso=percorso,
            titolo="Parere",
            testo="T",
            pubblicato_at=ADESSO,
            autore=UserFactory(nome="Garante Riservata"),
        )
        proposta = PropostaFactory(percorso=percorso)
        proposte.metti_in_valutazione(proposta, UserFactory(nome="Ada"), adesso=ADESSO)
    DecisioneFactory()


@pytest.mark.parametrize("ruolo", RUOLI)
def test_the_register_is_for_the_comitato_and_the_office(client, come, percorso, ruolo):
    un_po_di_tutto(percorso, 1)
    come(ruolo)
    stato = 200 if ruolo in {"comitato", "ufficio"} else 302 if ruolo == "anonima" else 404
    for nome in ("registro", "registro_csv"):
        url = f"{reverse(f'area:{nome}')}?percorso={percorso.slug}"
        assert client.get(url).status_code == stato


@pytest.mark.parametrize(
    ("query", "quante"),
    [
        ("", 4),
        ("genere=decisione", 1),
        ("genere=proposta", 1),
        ("genere=parere&dal=2026-05-10&al=2026-05-10", 1),
        ("genere=parere&dal=2026-05-11", 0),
        ("al=09/05/2026", 0),
        ("genere=boh&dal=ieri", 4),
    ],
)
def test_the_register_lists_what_is_asked_for_and_of_its_percorso_alone(
    client, percorso, seggio, query, quante
):
    un_po_di_tutto(seggio.percorso, 1)
    entra(client, "ufficio")
    url = f"?percorso={percorso.slug}&{query}"

    pagina = client.get(reverse("area:registro") + url)
    foglio = b"".join(client.get(reverse("area:registro_csv") + url)).decode()

    assert pagina.context["pagina_di"].paginator.count == quante
    assert len(foglio.splitlines()) == quante + 1
    assert "Garante Riservata" not in pagina.text + foglio


def test_the_register_names_what_was_opened_as_it_was_called(percorso):
    chi = ComponenteFactory(seggio__percorso=percorso, persona__nome="Ada")
    accesso = Accesso(percorso.pk, componente=chi)
    documento = DocumentoTavoloFactory(percorso=percorso, titolo="Le carte")
    verbale = VerbaleFactory(seduta__incontro__percorso=percorso, seduta__numero=7)
    for aperto in (documento, verbale, "Dossier degli esami"):
        annota_accesso(aperto, accesso, chi.persona, adesso=ADESSO)
    annota_accesso(
        "Dossier di altri", Accesso(PercorsoFactory().pk, garante=True), None, adesso=ADESSO
    )
    DocumentoTavolo.objects.update(titolo="Corretto dopo")

    righe = [Atto(*riga) for riga in atti(percorso, genere="documento")]

    assert [(a.soggetto, a.che_cosa, a.chi, a.testo) for a in righe] == [
        ("Dossier degli esami", "aperto", "Ada", "componente"),
        ("Verbale della seduta n. 7, copia per i componenti", "aperto", "Ada", "componente"),
        ("Le carte", "aperto", "Ada", "componente"),
    ]


@pytest.mark.parametrize("quanti", [1, 3])
def test_the_register_is_one_query_whatever_its_kinds(percorso, quanti, django_assert_num_queries):
    un_po_di_tutto(percorso, quanti)
    with django_assert_num_queries(2):
        righe = atti(percorso)
        assert righe.count() == 4 * quanti
        lette = [Atto(*riga) for riga in righe[:50]]
    assert {(a.genere, a.che_cosa, a.chi) for a in lette if a.genere == "proposta"} == {
        ("proposta", "in valutazione", "Ada")
    }
    assert all(atto.quando == ADESSO for atto in lette)
