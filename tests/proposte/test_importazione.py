"""Lists of proposals: looked at row by row first, then written once."""

import io
from datetime import date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from accounts.models import Partecipante
from portale.lib.dates import ROMA
from posta.models import Messaggio
from proposte import importazione as importa
from proposte import services
from proposte.models import Importazione, Passaggio, Proposta
from proposte.services import Rifiuto
from proposte.tasks import pulisci
from tests.factories import (
    BisognoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    PercorsoFactory,
    PropostaFactory,
    QuartiereFactory,
    TemaFactory,
    UserFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)
NOMI = ["titolo", "laboratorio", "che cosa"]
ARRIVO = reverse("admin:proposte_importazione_add")


@pytest.fixture(autouse=True)
def _orologio(time_machine):
    time_machine.move_to(ADESSO, tick=False)


@pytest.fixture
def percorso():
    percorso = PercorsoFactory(stato="attivo", inizio=date(2026, 1, 1))
    FaseFactory(percorso=percorso, apre_proposte=True)
    return percorso


@pytest.fixture
def lab():
    return LaboratorioFactory(numero=3, nome="Laboratorio Ovest", slug="ovest")


def csv(*righe, nomi=NOMI, codifica="cp1252"):
    return "\r\n".join(";".join(riga) for riga in [nomi, *righe]).encode(codifica)


def xlsx(*righe, nomi=NOMI, unite=()):
    libro = Workbook()
    for riga in [nomi, *righe]:
        libro.active.append(riga)
    for zona in unite:
        libro.active.merge_cells(zona)
    contenuto = io.BytesIO()
    libro.save(contenuto)
    return contenuto.getvalue()


def carica(contenuto, percorso, *, nome="elenco.csv", autore=None, **altro):
    importazione = importa.carica(
        ContentFile(contenuto, nome),
        percorso=percorso,
        autore=autore or UserFactory(),
        adesso=ADESSO,
        **altro,
    )
    importazione.refresh_from_db()
    return importazione


def esegui(importazione, **altro):
    return importa.esegui(
        importazione, autore=altro.pop("autore", None) or UserFactory(), adesso=ADESSO, **altro
    )


def errori(contenuto, percorso):
    """Row, column and words of all that is wrong."""
    return [
        (riga["n"], colonna, testo)
        for riga in carica(contenuto, percorso).righe
        for colonna, testo in riga["errori"]
    ]


BUONA = ("Più alberi", "3", "Dieci tigli in via Esempio.")


# --- Reading --------------------------------------------------------------------------------


def test_looking_at_a_list_writes_not_one_proposal(percorso, lab):
    importazione = carica(csv(BUONA, ("Senza zona", "", "x")), percorso)

    assert Proposta.objects.count() == 0
    assert importa.conta(importazione) == {
        "lette": 2, "buone": 1, "errate": 1, "doppie": 0, "nuove": 1, "persone": 0,
    }  # fmt: skip


def test_what_is_wrong_is_said_with_row_column_and_what_to_do(percorso, lab):
    TemaFactory(nome="Verde", slug="verde")
    nomi = [*NOMI, "lat", "lon", "temi", "canale", "e-mail", "data", "tavolo", "bisogno"]
    righe = (
        (*BUONA, *[""] * 8),
        ("", "9", "", "45,05", "", "Verde, Sport", "fax", "anna@", "31/2/2026", "uno", "Boh"),
        ("x" * 121, "tutta la città", "y" * 6001, "91", "abc", "", "", "", "1/1/2027", "100", ""),
        ("Con NUL", "Ovest 2", "a", "", "", "", "", "", "ieri", "", ""),
    )

    trovati = errori(csv(*righe, nomi=nomi), percorso)

    assert trovati == [
        (3, "titolo", "Manca il titolo: scrivi che cosa si propone."),
        (
            3,
            "laboratorio",
            "«9» non è un laboratorio: scrivi il numero della zona, il nome, oppure «tutta la "
            "città».",
        ),
        (3, "che cosa", "Manca la descrizione: scrivi in che consiste."),
        (3, "temi", "«Sport» non è un tema del portale. I temi sono: Verde."),
        (
            3,
            "bisogni",
            "«Boh» non è un bisogno pubblicato di questo percorso: copia il titolo esatto dalla "
            "sua pagina, o lascia vuoto.",
        ),
        (3, "canale", "«fax» non è un canale: scrivi carta, incontro oppure online."),
        (3, "tavolo", "Scrivi solo il numero del tavolo."),
        (
            3,
            "e-mail",
            "Controlla l'e-mail: deve essere come nome@esempio.it. Se non la conosci lascia "
            "vuoto.",
        ),
        (3, "data", "Questo giorno non esiste: controlla la data."),
        (3, "longitudine", "C'è solo metà del punto: completalo, o togli l'altra metà."),
        (
            4,
            "titolo",
            "È troppo lungo: al massimo 120 caratteri, ne hai scritti 121.",
        ),
        (4, "che cosa", "È troppo lungo: al massimo 6000 caratteri, ne hai scritti 6001."),
        (4, "latitudine", "Scrivi un numero di gradi, come 45,0526, oppure lascia vuoto."),
        (4, "longitudine", "Scrivi un numero di gradi, come 9,6929, oppure lascia vuoto."),
        (4, "tavolo", "Scrivi solo il numero del tavolo."),
        (4, "data", "La data è nel futuro: controlla l'anno."),
        (
            5,
            "laboratorio",
            "«Ovest 2» non è un laboratorio: scrivi il numero della zona, il nome, oppure «tutta "
            "la città».",
        ),
        (5, "data", "Scrivi la data come 3/5/2023."),
    ]


@pytest.mark.parametrize(
    ("intestazione", "campo"),
    [
        ("TITOLO *", "titolo"),
        ("Titolo della proposta", "titolo"),
        ("Descrizione (obbligatoria)", "che_cosa"),
        ("Perche'", "perche"),
        ("PERCHÉ", "perche"),
        ("Zona", "laboratorio"),
        ("N. zona", "laboratorio"),
        ("Quartiere / Frazione", "laboratorio"),
        ("E-Mail", "email"),
        ("e mail", "email"),
        ("Associazione", "organizzazione"),
        ("Nome e Cognome", "nome_mostrato"),
        ("Lat.", "latitudine"),
        ("che_cosa", "che_cosa"),
        ("Protocollo", None),
    ],
)
def test_columns_are_known_by_what_people_call_them(intestazione, campo):
    assert importa._campo(intestazione) == campo


def test_no_two_columns_share_a_name():
    nomi = [
        importa.piana(nome)
        for colonna in importa.COLONNE
        for nome in {importa.piana(n) for n in (colonna.nome, colonna.campo, *colonna.sinonimi)}
    ]
    assert sorted(nomi) == sorted(set(nomi))


@pytest.mark.parametrize(
    "scritto",
    ["3", "zona 3", "Z3", "Laboratorio 3", "laboratorio OVEST", "ovest", "Zona 3 – Laboratorio "
     "Ovest", "Borgo Vecchio", "borgo vecchio", "https://example.org/laboratori/ovest/"],
)  # fmt: skip
def test_a_lab_is_known_by_number_name_neighbourhood_or_address(percorso, lab, scritto):
    QuartiereFactory(laboratorio=lab, nome="Borgo Vecchio")

    esegui(carica(csv(("Alberi", scritto, "x")), percorso))

    proposta = Proposta.objects.get()
    assert (proposta.laboratorio, proposta.per_la_citta) == (lab, False)


@pytest.mark.parametrize("scritto", ["tutta la città", "TUTTA LA CITTA'", "città", "Comune"])
def test_the_whole_city_is_a_place_too(percorso, lab, scritto):
    esegui(carica(csv(("Alberi", scritto, "x")), percorso))

    proposta = Proposta.objects.get()
    assert (proposta.laboratorio, proposta.per_la_citta) == (None, True)


def test_a_name_that_two_labs_share_is_the_name_of_neither(percorso, lab):
    altro = LaboratorioFactory(numero=4, nome="Laboratorio Est")
    for laboratorio in (lab, altro):
        QuartiereFactory(laboratorio=laboratorio, nome="Centro")

    assert [(n, c) for n, c, _t in errori(csv(("Alberi", "Centro", "x")), percorso)] == [
        (2, "laboratorio")
    ]


@pytest.mark.parametrize(
    "scritta",
    ["3/5/2025", "03.05.25", "3-5-2025", "2025-05-03", "2025-05-03 18:30:00", "3 maggio 2025",
     "sabato 3 maggio 2025", "3 mag. 2025", "3º maggio 2025"],
)  # fmt: skip
def test_a_day_is_read_as_italians_and_spreadsheets_write_it(percorso, lab, scritta):
    esegui(carica(csv((*BUONA, scritta), nomi=[*NOMI, "data"]), percorso))

    assert Proposta.objects.get().inviata_at == datetime(2025, 5, 3, 12, 0, tzinfo=ROMA)


@pytest.mark.parametrize("scritta", ["", "10/3/2026"])
def test_what_arrived_today_arrived_now(percorso, lab, scritta):
    esegui(carica(csv((*BUONA, scritta), nomi=[*NOMI, "data"]), percorso))

    assert Proposta.objects.get().inviata_at == ADESSO


def test_numbers_may_have_a_comma_or_a_point(percorso, lab):
    nomi = [*NOMI, "latitudine", "longitudine"]
    esegui(carica(csv((*BUONA, "45,0526", "9.6929"), nomi=nomi), percorso))

    proposta = Proposta.objects.get()
    assert (proposta.latitudine, proposta.longitudine) == (45.0526, 9.6929)


def test_a_list_of_an_office_is_read_as_it_is(percorso, lab):
    """A title above, an empty row, joined cells, real numbers and days, a column of their own."""
    contenuto = xlsx(
        [None],
        ["Zona", "Protocollo", "Oggetto", "Descrizione", "Del", "Lat", "Long"],
        [3, "A/1", "Più alberi", "Dieci tigli.", datetime(2025, 5, 3), 45.05, 9.69],  # noqa: DTZ001
        [None, "A/2", "Una fontana", "In piazza.", None, None, None],
        [None, None, None, None, None, None, None],
        nomi=["Proposte raccolte nel 2025"],
        unite=["A1:G1", "A4:A6"],
    )

    importazione = carica(contenuto, percorso, nome="C:\\doc\\elenco \u202e2025.xlsx")

    assert importazione.nome_file == "elenco 2025.xlsx"
    assert importazione.ignorate == ["Protocollo"]
    assert [(riga["n"], riga["errori"]) for riga in importazione.righe] == [(4, []), (5, [])]
    esegui(importazione)
    assert list(
        Proposta.objects.order_by("pk").values_list(
            "titolo", "laboratorio", "che_cosa", "latitudine", "inviata_at"
        )
    ) == [
        ("Più alberi", lab.pk, "Dieci tigli.", 45.05, datetime(2025, 5, 3, 12, tzinfo=ROMA)),
        ("Una fontana", lab.pk, "In piazza.", None, ADESSO),
    ]


def test_a_formula_is_shown_as_text_with_a_word_of_warning(percorso, lab):
    importazione = carica(
        xlsx(["=CONCATENATE(A1)", 3, "x"], ["@Uno", 3, "y"]), percorso, nome="a.xlsx"
    )

    assert [riga["celle"]["titolo"] for riga in importazione.righe] == ["=CONCATENATE(A1)", "@Uno"]
    assert [[c for c, _testo in riga["avvisi"]] for riga in importazione.righe] == [["titolo"], []]


@pytest.mark.parametrize(
    ("contenuto", "parola"),
    [
        (b"", "vuoto"),
        (b"solo;parole\na;b", "Non trovo i nomi delle colonne"),
        (csv(nomi=["titolo", "zona"]), "Manca la colonna «che cosa»"),
        (csv(nomi=["zona", "bisogno"]), "Manca la colonna «titolo», «che cosa»"),
        (csv(nomi=NOMI), "nessuna riga"),
        (csv(BUONA, nomi=["titolo", "zona", "laboratorio"]), "Due colonne si chiamano"),
        (b"PK\x03\x04" + bytes(50), "rovinato"),
        (csv(*[BUONA] * 10_001), "più di 10.000"),
        (bytes(16 * 1024 * 1024 + 1), "16 MB"),
    ],
    ids=["empty", "words", "no text", "no title", "no rows", "twice", "zip", "many", "heavy"],
)
def test_what_is_no_list_is_refused_with_what_to_do(percorso, contenuto, parola):
    with pytest.raises(Rifiuto, match=parola):
        carica(contenuto, percorso)
    assert Importazione.objects.count() == 0


def test_the_sheet_with_the_columns_is_found_among_others(percorso, lab):
    libro = Workbook()
    libro.active.append(["Istruzioni"])
    foglio = libro.create_sheet("Dati")
    for riga in (NOMI, BUONA):
        foglio.append(riga)
    contenuto = io.BytesIO()
    libro.save(contenuto)

    assert carica(contenuto.getvalue(), percorso).lette == 1


# --- Duplicates -----------------------------------------------------------------------------


def test_what_seems_to_be_there_already_is_said_and_left_out(percorso, lab):
    gia = PropostaFactory(percorso=percorso, laboratorio=lab, titolo="Più alberi")
    PropostaFactory(percorso=percorso, laboratorio=lab, titolo="Una fontana", bozza=True)
    PropostaFactory(laboratorio=lab, titolo="Una fontana")
    righe = (
        ("PIU' ALBERI!", "3", "x"),
        ("Una fontana", "3", "x"),
        ("una  fontana.", "zona 3", "y"),
        ("Una fontana", "tutta la città", "x"),
    )

    importazione = carica(csv(*righe), percorso)

    assert [riga["avvisi"] for riga in importazione.righe] == [
        [["titolo", f"Nel portale c'è già: proposta numero {gia.pk}. È un doppione?"]],
        [],
        [["titolo", "Stesso titolo e stesso laboratorio della riga 3: è un doppione?"]],
        [],
    ]
    assert esegui(importazione).importate == 2
    assert (
        list(
            Proposta.objects.filter(stato=Stato.INVIATA)
            .order_by("pk")
            .values_list("che_cosa", "titolo")
        )
        == [("x", "Una fontana")] * 2
    )


def test_who_wants_the_doubles_has_them(percorso, lab):
    importazione = carica(csv(BUONA, BUONA), percorso)

    assert esegui(importazione, doppioni=True).importate == 2


def test_the_same_file_loaded_again_brings_nothing_new(percorso, lab):
    prima = esegui(carica(csv(BUONA), percorso))
    seconda = carica(csv(BUONA), percorso)

    assert importa.gia_importata(seconda) == prima
    with pytest.raises(Rifiuto, match="Nessuna riga da importare"):
        esegui(seconda)
    seconda.refresh_from_db()
    assert (seconda.eseguita_at, len(seconda.righe)) == (None, 1)
    assert Proposta.objects.count() == 1


# --- Writing --------------------------------------------------------------------------------


def test_the_good_rows_are_written_and_the_others_left_out(percorso, lab):
    importazione = esegui(
        carica(csv(BUONA, ("", "3", "senza titolo"), ("Fontana", "3", "In piazza.")), percorso)
    )

    assert (importazione.importate, importazione.eseguita_at) == (2, ADESSO)
    assert list(Proposta.objects.order_by("pk").values_list("titolo", flat=True)) == [
        "Più alberi",
        "Fontana",
    ]
    # Nothing of what people wrote stays behind.
    assert importazione.righe == []


def test_an_import_leaves_what_sending_each_by_hand_would(percorso, lab):
    """The bulk door and the single one are one door: same fields, same steps, same mails."""
    autore = UserFactory()
    valori = {
        "titolo": "Più alberi",
        "che_cosa": "Dieci tigli in via Esempio.",
        "perche": "Fa caldo.",
        "laboratorio": lab,
    }
    a_mano = Proposta.objects.create(percorso=percorso, registrato_da=autore, **valori)
    services.invia(a_mano, autore=autore, adesso=ADESSO)
    insieme = Proposta(percorso=percorso, registrato_da=autore, **valori)
    services.invia_molte([insieme], autore=autore, adesso=ADESSO)

    def tutto(proposta):
        riga = Proposta.objects.filter(pk=proposta.pk).values().get()
        assert riga.pop("slug") == f"piu-alberi-{riga.pop('id')}"
        riga.pop("sorte")
        passi = proposta.passaggi.values_list("evento", "da", "a", "autore", "testo", "created_at")
        return riga, list(passi)

    assert tutto(insieme) == tutto(a_mano)
    assert insieme.slug == f"piu-alberi-{insieme.pk}"
    assert insieme.indice


@pytest.mark.parametrize(
    ("moderazione", "pubblica", "stato", "autori"),
    [
        ("prima", False, Stato.INVIATA, ["io"]),
        ("prima", True, Stato.PUBBLICATA, ["io", "io"]),
        ("dopo", False, Stato.PUBBLICATA, ["io", None]),
    ],
)
def test_they_wait_for_the_moderators_unless_the_stage_or_the_officer_says_otherwise(
    percorso, lab, moderazione, pubblica, stato, autori
):
    percorso.fasi.update(moderazione=moderazione)
    io_ = UserFactory()

    esegui(carica(csv(BUONA), percorso, pubblica=pubblica), autore=io_)

    proposta = Proposta.objects.get()
    assert (proposta.stato, proposta.pubblicata_at) == (
        stato,
        ADESSO if stato == Stato.PUBBLICATA else None,
    )
    assert [passo.autore for passo in proposta.passaggi.all()] == [
        io_ if chi == "io" else None for chi in autori
    ]


def test_who_proposes_is_a_person_an_organisation_or_the_meeting(percorso, lab):
    incontro = IncontroFactory(percorso=percorso, titolo="Assemblea di marzo")
    nomi = [*NOMI, "nome", "associazione", "incontro", "tavolo", "canale"]
    righe = (
        ("Uno", "3", "x", "Anna R.", "", "", "", ""),
        ("Due", "3", "x", "", "Gli amici del parco", "", "", "online"),
        ("Tre", "3", "x", "", "", "assemblea di Marzo", "4", ""),
        ("Quattro", "3", "x", "", "", "", "", "In un incontro"),
    )

    esegui(carica(csv(*righe, nomi=nomi), percorso))

    assert [
        (p.genere_proponente, p.firma, p.canale, p.incontro, p.tavolo, p.proponente)
        for p in Proposta.objects.order_by("pk")
    ] == [
        ("persona", "Anna R.", "cartaceo", None, None, None),
        ("organizzazione", "Gli amici del parco", "online", None, None, None),
        ("incontro", "Assemblea di marzo", "incontro", incontro, 4, None),
        ("persona", "una persona", "incontro", None, None, None),
    ]


def test_themes_and_needs_come_along(percorso, lab):
    verde, sport = TemaFactory(nome="Verde, ambiente"), TemaFactory(nome="Sport")
    bisogno = BisognoFactory(percorso=percorso, titolo="Più ombra, d'estate")
    BisognoFactory(percorso=percorso, titolo="Nascosto", stato="nascosto")
    nomi = [*NOMI, "temi", "bisogni"]
    righe = (
        (*BUONA, "sport; Verde ambiente", "Più ombra, d'estate"),
        ("Due", "3", "x", "Verde, ambiente", f"https://example.org/bisogni/{bisogno.slug}/"),
    )
    assert errori(csv((*BUONA, "", "Nascosto"), nomi=nomi), percorso) != []

    esegui(carica(xlsx(*righe, nomi=nomi), percorso))

    uno, due = Proposta.objects.order_by("pk")
    assert (set(uno.temi.all()), list(uno.bisogni.all())) == ({verde, sport}, [bisogno])
    assert (set(due.temi.all()), list(due.bisogni.all())) == ({verde}, [bisogno])


def test_who_left_her_address_on_the_sheet_is_told_once_for_each_proposal(percorso, lab):
    nomi = [*NOMI, "nome", "e-mail"]
    righe = (
        ("Uno", "3", "x", "Anna R.", "Anna@Example.org"),
        ("Due", "3", "x", "Anna R.", "anna@example.org "),
        ("Tre", "3", "x", "Bruno", ""),
    )
    importazione = carica(csv(*righe, nomi=nomi), percorso)
    assert importa.conta(importazione)["persone"] == 1

    esegui(importazione)

    anna = Partecipante.objects.get(email="anna@example.org")
    assert list(Proposta.objects.order_by("pk").values_list("titolo", "proponente")) == [
        ("Uno", anna.pk),
        ("Due", anna.pk),
        ("Tre", None),
    ]
    assert (
        list(Messaggio.objects.values_list("genere", "destinatario"))
        == [("proposta_ricevuta", "anna@example.org")] * 2
    )


def test_asked_for_twice_it_is_written_once(percorso, lab):
    importazione = carica(csv(BUONA), percorso)
    vecchia = Importazione.objects.get(pk=importazione.pk)

    esegui(importazione)
    di_nuovo = esegui(vecchia)

    assert (di_nuovo.importate, Proposta.objects.count()) == (1, 1)


def test_of_two_clicks_at_one_instant_one_writes(percorso, lab, monkeypatch):
    """The second has looked at the rows before the first began to write."""
    importazione = carica(csv(BUONA), percorso)
    seconda = Importazione.objects.get(pk=importazione.pk)
    guarda = importa.esamina

    def intanto(*args, **kwargs):
        monkeypatch.setattr(importa, "esamina", guarda)
        esami = guarda(*args, **kwargs)
        esegui(importazione)
        return esami

    monkeypatch.setattr(importa, "esamina", intanto)

    assert esegui(seconda).importate == 1
    assert Proposta.objects.count() == 1


def test_all_or_none_is_written(percorso, lab, monkeypatch):
    importazione = carica(csv(BUONA, ("Fontana", "3", "x")), percorso)

    def guasto(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(Passaggio.objects, "bulk_create", guasto)
    with pytest.raises(DatabaseError):
        esegui(importazione)

    importazione.refresh_from_db()
    assert (importazione.eseguita_at, len(importazione.righe)) == (None, 2)
    assert Proposta.objects.count() == 0


def test_rows_are_looked_at_again_before_they_are_written(percorso, lab):
    """Between the preview and the confirmation the portal goes on."""
    importazione = carica(csv(BUONA, ("Fontana", "tutta la città", "x")), percorso)
    lab.attivo = False
    lab.save()

    assert esegui(importazione).importate == 1
    assert Proposta.objects.get().titolo == "Fontana"


def test_the_number_of_queries_does_not_grow_with_each_row(
    percorso, lab, django_assert_max_num_queries
):
    importazione = carica(
        csv(*[(f"Proposta {n}", "3", "Un testo.") for n in range(500)]), percorso
    )

    with django_assert_max_num_queries(50):
        esegui(importazione)

    assert Proposta.objects.count() == 500


def test_what_nobody_imported_is_thrown_away_with_the_names_in_it(percorso, lab, time_machine):
    carica(csv(BUONA), percorso)
    fatta = esegui(carica(csv(("Fontana", "3", "x")), percorso))

    time_machine.move_to(ADESSO + timedelta(days=6))
    pulisci()
    assert Importazione.objects.count() == 2
    time_machine.move_to(ADESSO + timedelta(days=8))
    pulisci()

    assert list(Importazione.objects.all()) == [fatta]


# --- The office's pages ---------------------------------------------------------------------


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


def manda(client, percorso, contenuto, nome="elenco.csv", **altro):
    return client.post(
        ARRIVO,
        {
            "percorso": percorso.pk,
            "canale": "cartaceo",
            "file": SimpleUploadedFile(nome, contenuto),
            **altro,
        },
    )


def pagina(client, url):
    risposta = client.get(url)
    assert risposta.status_code == 200
    return risposta.content.decode()


def test_an_officer_loads_looks_and_imports(client, ufficio, percorso, lab):
    assert f'href="{ARRIVO}"' in pagina(client, reverse("admin:proposte_proposta_changelist"))
    pagina(client, ARRIVO)

    risposta = manda(client, percorso, csv(BUONA, ("", "3", "<b>x</b>"), BUONA))

    importazione = Importazione.objects.get()
    url = reverse("admin:proposte_importazione_change", args=[importazione.pk])
    assert (risposta.status_code, risposta["Location"]) == (302, url)
    vista = pagina(client, url)
    assert "Non è stato ancora scritto niente." in vista
    assert "Manca il titolo: scrivi che cosa si propone." in vista
    assert "&lt;b&gt;x&lt;/b&gt;" in vista
    assert "<b>x</b>" not in vista
    assert "Stesso titolo e stesso laboratorio della riga 2" in pagina(
        client, f"{url}?mostra=doppioni"
    )
    assert Proposta.objects.count() == 0

    risposte = [client.post(url), client.post(url)]

    assert [(r.status_code, r["Location"]) for r in risposte] == [(302, url)] * 2
    assert Proposta.objects.get().registrato_da == ufficio
    assert "Importata 1 proposta." in pagina(client, url)
    assert list(LogEntry.objects.values_list("user", "change_message")) == [
        (ufficio.pk, "Importate le proposte.")
    ]


def test_a_file_that_cannot_be_read_is_refused_beside_its_field(client, ufficio, percorso):
    risposta = manda(client, percorso, b"\xd0\xcf\x11\xe0")

    assert risposta.status_code == 200
    assert "salvalo come .xlsx o .csv" in risposta.content.decode()
    assert Importazione.objects.count() == 0


def test_a_file_heavier_than_any_request_is_refused_in_words(client, ufficio, percorso, settings):
    settings.CARICAMENTI_MASSIMI = 100

    assert "Il file pesa più di 16 MB" in manda(client, percorso, csv(BUONA) * 9).content.decode()


def test_what_is_to_be_corrected_can_be_taken_away_corrected_and_loaded(
    client, ufficio, percorso, lab
):
    manda(client, percorso, csv(BUONA, ("", "3", "=1+1"), ("Tre", "boh", "x")))
    pk = Importazione.objects.get().pk

    risposta = client.get(reverse("admin:proposte_importazione_da_correggere", args=[pk]))

    testo = b"".join(risposta.streaming_content).decode()
    righe = testo.splitlines()
    assert (len(righe), righe[0]) == (3, "\ufeffriga;da correggere;titolo;laboratorio;che cosa")
    assert righe[1] == "3;titolo: Manca il titolo: scrivi che cosa si propone.;;3;'=1+1"
    corretto = testo.replace(";;3;'=1+1", ";Due;3;'=1+1").replace("Tre;boh", "Tre;3")
    ancora = carica(corretto.encode(), percorso)
    assert [riga["errori"] for riga in ancora.righe] == [[], []]
    assert ancora.righe[0]["celle"]["che_cosa"] == "=1+1"


def test_the_model_file_is_read_by_the_import_itself(client, ufficio, percorso, lab):
    for nome in ("modello_csv", "modello_xlsx"):
        risposta = client.get(reverse(f"admin:proposte_importazione_{nome}"))
        assert risposta["Content-Disposition"].startswith("attachment; filename=")

        # Empty: an example left in it would become a proposal.
        with pytest.raises(Rifiuto, match="nessuna riga"):
            carica(risposta.content, percorso, nome=nome)

    libro = load_workbook(io.BytesIO(risposta.content))
    libro["Proposte"].append([colonna.esempio for colonna in importa.COLONNE])
    riempito = io.BytesIO()
    libro.save(riempito)
    importazione = carica(riempito.getvalue(), percorso)
    assert importazione.colonne == [colonna.campo for colonna in importa.COLONNE]
    assert importazione.ignorate == []
    assert [riga["errori"] for riga in importazione.righe] == [[]]
    assert libro.sheetnames == ["Proposte", "Spiegazione"]
    assert libro["Spiegazione"].max_row == len(importa.COLONNE) + 1


def test_many_rows_come_in_pages_and_cost_the_same(
    client, ufficio, percorso, lab, django_assert_num_queries
):
    def quante(n):
        Importazione.objects.all().delete()
        manda(client, percorso, csv(*[("", "3", f"x{i}") for i in range(n)]))
        return reverse("admin:proposte_importazione_change", args=[Importazione.objects.get().pk])

    for n, righe in ((1, 1), (3, 3), (250, 100)):
        url = quante(n)
        client.get(url)
        with django_assert_num_queries(6):
            vista = pagina(client, url)
        assert vista.count('<th scope="row">') == righe
    assert pagina(client, f"{url}?pagina=3").count('<th scope="row">') == 50
    assert "Righe da 201 a 250 di 250" in pagina(client, f"{url}?pagina=999")


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_who_may_type_proposals_in_may_import(client, percorso, lab, ruolo):
    importazione = carica(csv(BUONA), percorso)
    entra(client, ruolo)
    ammessa = ruolo in ("ufficio", "amministratrice")
    atteso = 200 if ammessa else 302 if ruolo == "anonima" else 404
    url = reverse("admin:proposte_importazione_change", args=[importazione.pk])

    for indirizzo in (
        ARRIVO,
        url,
        reverse("admin:proposte_importazione_changelist"),
        reverse("admin:proposte_importazione_modello_csv"),
        reverse("admin:proposte_importazione_modello_xlsx"),
        reverse("admin:proposte_importazione_da_correggere", args=[importazione.pk]),
    ):
        risposta = client.get(indirizzo)
        assert (indirizzo, risposta.status_code) == (indirizzo, atteso)
    client.post(url)
    manda(client, percorso, csv(BUONA))
    assert Proposta.objects.count() == ammessa
    assert Importazione.objects.count() == 1 + ammessa


def test_who_does_not_moderate_cannot_publish_by_importing(client, percorso, lab):
    """An officer with the permission to type in, and not the one to moderate."""
    from django.contrib.auth.models import Permission

    persona = UserFactory(is_staff=True)
    persona.user_permissions.add(
        Permission.objects.get(content_type__app_label="proposte", codename="add_proposta")
    )
    client.force_login(persona)
    assert "pubblicale subito" not in pagina(client, ARRIVO)

    manda(client, percorso, csv(BUONA), pubblica="on")

    assert Importazione.objects.get().pubblica is False


def test_a_list_that_was_only_looked_at_can_be_thrown_away(client, ufficio, percorso, lab):
    guardata = carica(csv(BUONA), percorso)
    fatta = esegui(carica(csv(("Fontana", "3", "x")), percorso))

    stati = [
        client.post(
            reverse("admin:proposte_importazione_delete", args=[importazione.pk]), {"post": "yes"}
        ).status_code
        for importazione in (guardata, fatta)
    ]

    assert stati == [302, 404]
    assert list(Importazione.objects.all()) == [fatta]


@pytest.mark.parametrize("pk", ["0", "abc", "9" * 30, "1 or 1"])
def test_an_import_that_is_not_there_is_404(client, ufficio, pk):
    assert client.get(f"/admin/proposte/importazione/{pk}/change/").status_code == 404
