"""The office's search of everything: what it finds, for whom, and at what cost."""

import logging

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from eventi.models import Iscrizione
from eventi.presenze import codice_ingresso
from importazioni.models import Importazione
from portale.cerca import SEZIONI
from portale.lib import cercato
from portale.lib.registri import RigaSenzaPersone
from proposte.ricerca import indici
from tavolo.models import ParereComitato, VoceVerbale
from tests import factories as f
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

URL = "/admin/cerca/"


def cerca(client, testo):
    """Section → names found."""
    risposta = client.get(URL, {"q": testo})
    assert risposta.status_code == 200
    return {
        gruppo.titolo: [trovata.testo for trovata in gruppo.trovate]
        for gruppo in risposta.context["gruppi"]
    }


def proposta(**campi):
    riga = f.PropostaFactory(**campi)
    type(riga).objects.filter(pk=riga.pk).update(**indici(riga))
    return riga


def bisogno(**campi):
    riga = f.BisognoFactory(**campi)
    type(riga).objects.filter(pk=riga.pk).update(**indici(riga))
    return riga


def parere(titolo):
    adesso = timezone.now()
    return ParereComitato.objects.create(
        percorso=f.PercorsoFactory(), titolo=titolo, created_at=adesso, pubblicato_at=adesso
    )


def importazione(nome):
    return Importazione.objects.create(
        genere="sedi", nome_file=nome, autore=f.UserFactory(), created_at=timezone.now()
    )


# Each section with a row that has the word where one would look for it.
PAROLA = "Zibaldino"
RIGHE = {
    "Iscrizione": lambda: f.IscrizioneFactory(nome=f"Ada {PAROLA}"),
    "Incontro": lambda: f.IncontroFactory(titolo=f"Festa {PAROLA}"),
    "Sede": lambda: f.SedeFactory(nome=f"Sala {PAROLA}"),
    "Resoconto": lambda: f.ResocontoFactory(testo=f"Si è detto {PAROLA}."),
    "Accoglienza": lambda: f.AccoglienzaFactory(nome=f"Ada {PAROLA}"),
    "Proposta": lambda: proposta(titolo=f"Orto {PAROLA}"),
    "Bisogno": lambda: bisogno(titolo=f"Luce {PAROLA}"),
    "Commento": lambda: f.CommentoFactory(testo=f"Bello {PAROLA}"),
    "Nota": lambda: f.NotaFactory(testo=f"Manca {PAROLA}"),
    "Verbalizzante": lambda: f.VerbalizzanteFactory(nome=f"Ada {PAROLA}"),
    "Tema": lambda: f.TemaFactory(nome=PAROLA),
    "Laboratorio": lambda: f.QuartiereFactory(nome=PAROLA),
    "Disponibilita": lambda: f.DisponibilitaFactory(nome=f"Ada {PAROLA}"),
    "Attore": lambda: f.AttoreFactory(nome=f"Circolo {PAROLA}"),
    "Seduta": lambda: f.PuntoFactory(titolo=f"Esame di {PAROLA}"),
    "Verbale": lambda: VoceVerbale.objects.create(
        verbale=(verbale := f.VerbaleFactory()),
        punto=f.PuntoFactory(seduta=verbale.seduta),
        testo=f"Si parla di {PAROLA}",
    ),
    "Decisione": lambda: f.DecisioneFactory(motivazione=f"Perché {PAROLA}"),
    "DocumentoTavolo": lambda: f.DocumentoTavoloFactory(titolo=f"Piano {PAROLA}"),
    "ParereComitato": lambda: parere(f"Parere {PAROLA}"),
    "Organizzazione": lambda: f.OrganizzazioneFactory(nome=f"Associazione {PAROLA}"),
    "Seggio": lambda: f.SeggioFactory(organizzazione__nome=f"Circolo {PAROLA}"),
    "Componente": lambda: f.ComponenteFactory(nome=f"Ada {PAROLA}"),
    "RichiestaAdesione": lambda: f.RichiestaAdesioneFactory(nome=f"Gruppo {PAROLA}"),
    "Comunicazione": lambda: f.ComunicazioneFactory(oggetto=f"Notizie {PAROLA}"),
    "User": lambda: f.UserFactory(nome=f"Ada {PAROLA}"),
    "Importazione": lambda: importazione(f"{PAROLA}.csv"),
    "Percorso": lambda: f.PercorsoFactory(titolo=f"Percorso {PAROLA}"),
}
# Found by the whole address of a person, and by nothing else.
PER_INDIRIZZO = {
    "Partecipante": lambda: f.PartecipanteFactory(email="ada@example.org"),
    "Messaggio": lambda: f.MessaggioFactory(destinatario="ada@example.org"),
}


def test_every_section_is_tried_here():
    assert {sezione.modello.__name__ for sezione in SEZIONI} == {*RIGHE, *PER_INDIRIZZO}


@pytest.mark.parametrize("nome", RIGHE)
def test_each_section_finds_its_rows_by_a_part_of_a_word_in_any_case(client, nome):
    entra(client, "amministratrice")
    RIGHE[nome]()
    sezione = next(s for s in SEZIONI if s.modello.__name__ == nome)

    # Proposals and needs are found as citizens find them: by words.
    parte = PAROLA if nome in ("Proposta", "Bisogno") else PAROLA[2:8]
    assert len(cerca(client, parte.upper())[str(sezione.titolo)]) == 1
    assert str(sezione.titolo) not in cerca(client, "Zibaldone")


# Of an address there is one Partecipante: never more than five.
@pytest.mark.parametrize("nome", [n for n in [*RIGHE, *PER_INDIRIZZO] if n != "Partecipante"])
def test_more_than_five_lead_to_the_list_which_finds_them_all(client, nome):
    entra(client, "amministratrice")
    sezione = next(s for s in SEZIONI if s.modello.__name__ == nome)
    testo = PAROLA
    for n in range(6):
        if nome == "Messaggio":
            f.MessaggioFactory(destinatario="ada@example.org")
            testo = "ada@example.org"
        elif nome == "Organizzazione":
            f.OrganizzazioneFactory(nome=f"Associazione {PAROLA} {n}")
        elif nome == "Seggio":
            f.SeggioFactory(organizzazione__nome=f"Associazione {PAROLA} {n}")
        elif nome == "Tema":
            f.TemaFactory(nome=f"{PAROLA} {n}")
        else:
            RIGHE[nome]()

    risposta = client.get(URL, {"q": testo})
    gruppo = next(g for g in risposta.context["gruppi"] if g.titolo == str(sezione.titolo))

    assert len(gruppo.trovate) == 5
    elenco = client.get(gruppo.altre)
    assert elenco.status_code == 200
    assert elenco.context["cl"].result_count == 6


def test_each_result_leads_to_its_page(client):
    entra(client, "amministratrice")
    for riga in RIGHE.values():
        riga()

    gruppi = client.get(URL, {"q": PAROLA}).context["gruppi"]

    indirizzi = [trovata.url for gruppo in gruppi for trovata in gruppo.trovate]
    assert len(gruppi) == len(RIGHE)
    assert {client.get(url).status_code for url in indirizzi} == {200}


# --- What it costs --------------------------------------------------------------------------

# Session, person, second factor, the cards of the side bar and one for each section; of proposals
# and needs also what their own index gives.
DOMANDE = 32


@pytest.mark.parametrize("quante", [1, 3])
def test_a_search_asks_the_same_of_the_database_whatever_it_finds(client, quante):
    entra(client, "amministratrice")
    for n in range(quante):
        for nome, riga in RIGHE.items():
            if n == 0 or nome not in ("Organizzazione", "Seggio", "Tema"):
                riga()
    client.get(URL, {"q": PAROLA})

    with CaptureQueriesContext(connection) as domande:
        client.get(URL, {"q": PAROLA})

    assert len(domande) == DOMANDE


def test_what_says_too_little_asks_nothing_of_any_section(client):
    entra(client, "amministratrice")
    client.get(URL)

    with CaptureQueriesContext(connection) as domande:
        client.get(URL, {"q": "ad"})

    assert [d["sql"] for d in domande if "eventi_" in d["sql"]] == []


# --- Who ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", ["anonima", "cittadina"])
def test_whoever_is_not_of_the_office_finds_no_search(client, ruolo):
    entra(client, ruolo)

    risposta = client.get(URL, {"q": "ada"})

    assert risposta.status_code == (302 if ruolo == "anonima" else 404)


def test_a_moderator_finds_what_people_write_and_nobody_who_is_registered(client):
    entra(client, "moderatore")
    for riga in (*RIGHE.values(), *PER_INDIRIZZO.values()):
        riga()

    sezioni = cerca(client, PAROLA)

    assert set(sezioni) == {
        "Incontri", "Sedi", "Resoconti", "Proposte", "Bisogni", "Commenti", "Temi", "Laboratori",
        "Percorsi",
    }  # fmt: skip
    assert cerca(client, "ada@example.org") == {}
    assert cerca(client, Iscrizione.objects.get(nome=f"Ada {PAROLA}").codice) == {}


@pytest.mark.parametrize(("ruolo", "trova"), [("moderatore", False), ("ufficio", True)])
def test_a_lab_is_found_by_its_referents_only_for_who_may_read_them(client, ruolo, trova):
    entra(client, ruolo)
    laboratorio = f.LaboratorioFactory()
    laboratorio.referenti.create(
        nome="Rita Riservata", email="rita@example.org", telefono="0523 1"
    )

    for testo in ("rita@example.org", "Riservata"):
        assert cerca(client, testo) == ({"Laboratori": [laboratorio.nome]} if trova else {})


def test_a_facilitator_finds_the_meetings_that_she_leads_alone(client):
    suo = f.IncontroFactory(titolo=f"Suo {PAROLA}")
    entra(client, "facilitatore")
    f.IncontroFactory(titolo=f"Altrui {PAROLA}")
    f.VerbalizzanteFactory(nome=f"Ada {PAROLA}", incontro=suo)

    sezioni = cerca(client, PAROLA)

    assert sezioni == {"Incontri": [f"Suo {PAROLA}"], "Verbalizzanti": [f"Ada {PAROLA}"]}


def test_the_office_finds_people_but_not_the_accounts(client):
    entra(client, "ufficio")
    for riga in RIGHE.values():
        riga()

    assert set(cerca(client, PAROLA)) == {
        str(s.titolo) for s in SEZIONI if s.modello.__name__ in RIGHE
    } - {"Account"}


# --- Who calls ------------------------------------------------------------------------------


@pytest.fixture
def ada(client):
    """A person who came in by every door."""
    entra(client, "ufficio")
    f.IscrizioneFactory(nome="Berta Estranea", email="berta@example.org", telefono="0523 999888")
    f.PartecipanteFactory(nome="Berta Estranea", email="berta@example.org")
    f.DisponibilitaFactory(nome="Ada Rossi", email="ada@example.org", telefono="+39 333-123.4567")
    f.PartecipanteFactory(nome="Ada Rossi", email="ada@example.org")
    return f.IscrizioneFactory(
        nome="Ada Rossi", email="ada@example.org", telefono="333 123 4567", stato="confermata",
        posti=1,
    )  # fmt: skip


TUTTA = {
    "Iscrizioni": ["Ada Rossi"],
    "Offerte di aiuto": ["Ada Rossi"],
    "Partecipanti": ["Ada Rossi"],
}


@pytest.mark.parametrize(
    "scritto",
    [
        "ada@example.org",
        " ADA@Example.org ",
        "3331234567",
        "+39 333 12 34 567",
        "0039-333/1234567",
    ],
)
def test_an_address_or_a_telephone_finds_all_that_is_hers(client, ada, scritto):
    assert cerca(client, scritto) == TUTTA


def test_the_code_the_link_and_the_code_of_the_door_find_her_registration(client, ada):
    suo = {nome: TUTTA[nome] for nome in ("Iscrizioni", "Partecipanti")}
    porta = codice_ingresso(ada)

    for scritto in (
        ada.codice,
        f"https://laboratori.example.org{ada.get_absolute_url()}",
        porta,
        porta.lower(),
        f"PRESENZA {ada.incontro_id} {porta.replace('-', '')}",
    ):
        assert cerca(client, scritto) == suo


def test_a_name_does_not_leaf_through_who_takes_part(client, ada):
    f.PartecipanteFactory(nome="Ada Verdi", email="verdi@example.org")

    assert cerca(client, "Ada") == {
        "Iscrizioni": ["Ada Rossi"],
        "Offerte di aiuto": ["Ada Rossi"],
    }


def test_a_number_finds_the_proposal_of_that_number_and_not_every_text_with_it(client):
    entra(client, "ufficio")
    # From three figures on it may be a part of a telephone or of an address too.
    proposta(titolo="Panchine", pk=12)
    f.IscrizioneFactory(nome="Ada", email="ada12@example.org")

    assert cerca(client, "12") == {"Proposte": ["Panchine"]}
    assert cerca(client, "n. 12") == {"Proposte": ["Panchine"]}


def test_accents_endings_and_the_order_of_words_do_not_matter(client):
    entra(client, "ufficio")
    f.IscrizioneFactory(nome="Niccolò D’Alò")
    f.IncontroFactory(titolo="La pista ciclabile della Lupa")

    assert cerca(client, "d'alo NICCOLO") == {"Iscrizioni": ["Niccolò D’Alò"]}
    assert cerca(client, "piste ciclabili")["Incontri"] == ["La pista ciclabile della Lupa"]
    assert cerca(client, "100%") == cerca(client, "ni__ol") == {}


def test_the_meetings_of_a_venue_are_found_by_its_name(client):
    entra(client, "ufficio")
    f.IncontroFactory(titolo="Che verde vogliamo", sede__nome="Biblioteca Passerini")

    assert cerca(client, "passerini") == {
        "Incontri": ["Che verde vogliamo"],
        "Sedi": ["Biblioteca Passerini"],
    }


# --- Whatever is typed ----------------------------------------------------------------------


@pytest.mark.parametrize("testo", ["", " ", "a", "ad", "🙂", "...", "a b", "@", "%%%", "___"])
def test_what_says_too_little_is_told(client, testo):
    entra(client, "ufficio")

    risposta = client.get(URL, {"q": testo})

    assert risposta.context["gruppi"] == []
    attesa = "Scrivi in alto" if not testo.strip() else "È troppo poco"
    assert attesa in risposta.text


@pytest.mark.parametrize(
    "testo",
    [
        "x" * 1_000_000,
        "per\0ché",
        "ada\ud800".encode(errors="surrogatepass").decode(errors="replace"),
        "🙂🙂🙂 festa",
        "'; DROP TABLE eventi_iscrizione; --",
        "<script>alert(1)</script>",
        "٣٣٣١٢٣٤٥٦٧",
        "999999999999999999999999",
        "²²²²²²",
        "PRESENZA 1 AAAAAAAA",
        "\\",
        "ab\\%c",
        "Ǆungla ﬁnestra",
    ],
)
def test_nothing_that_is_pasted_breaks_it(client, testo):
    entra(client, "ufficio")

    assert cerca(client, testo) == {}
    assert b"<script>alert" not in client.get(URL, {"q": testo}).content


@pytest.mark.parametrize("query", ["q=%ff%fe%fd", "q=%ed%a0%80abc", "q=%00%00%00", "q=a&q=bcd"])
def test_no_sequence_of_bytes_breaks_it(client, query):
    entra(client, "ufficio")

    assert client.get(f"{URL}?{query}").status_code == 200


# --- Nobody else reads it -------------------------------------------------------------------


def test_nobody_on_the_way_keeps_what_was_found(client, ada):
    assert "no-store" in client.get(URL, {"q": "ada"}).headers["Cache-Control"]


def test_what_was_looked_for_is_not_written_in_the_log():
    riga = logging.LogRecord(
        "django.server", logging.INFO, "", 0, f'"GET {URL}?q=Ada+Rossi HTTP/1.1" 200', (), None
    )

    assert "Ada" not in RigaSenzaPersone().format(riga)


def test_every_page_of_the_office_has_the_box_and_no_page_of_citizens(client):
    entra(client, "ufficio")
    casella = '<form class="cerca-tutto"'

    assert casella in client.get(reverse("admin:index")).text
    assert casella in client.get(reverse("admin:eventi_iscrizione_changelist")).text
    assert casella in client.get(reverse("admin:eventi_incontro_sportello")).text
    assert casella not in client.get(reverse("admin:eventi_sede_add") + "?_popup=1").text
    assert casella not in client.get("/").text


# --- The indexes ----------------------------------------------------------------------------


def con_indice():
    """The sections that are looked into by texts of their own, but those of which a city has a
    handful, or whose index is another (proposte.ricerca)."""
    poche = {"Laboratorio", "Percorso", "Tema"}
    return [
        sezione
        for sezione in SEZIONI
        if (suo := admin.site.get_model_admin(sezione.modello).cercato) is not None
        and suo.campi
        and sezione.modello.__name__ not in poche
    ]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's indexes")
@pytest.mark.parametrize("sezione", con_indice(), ids=lambda s: s.modello.__name__)
def test_postgresql_has_an_index_for_what_is_looked_into(sezione):
    ricerca = admin.site.get_model_admin(sezione.modello).cercato
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    righe = sezione.modello._base_manager.order_by()
    righe = ricerca._con_parole(ricerca._testi(righe), "zibaldino")

    assert "Bitmap Index Scan" in righe.explain()
    assert "_cercat" in righe.explain()


def test_the_words_of_a_text_are_those_that_tell_something():
    assert cercato.parole("La Festa di via Émile, 12") == ("festa", "via", "emile", "12")
    assert cercato.parole("+39 0523 49.21.70") == ("0523492170",)
    assert cercato.parole("di") == ("di",)
    assert [cercato.numero(t) for t in ("12", "n. 12", "#12", "12a", "1" * 10)] == [
        12,
        12,
        12,
        None,
        None,
    ]
