"""Lists of proposals: looked at row by row first, then written once."""

import io
from datetime import date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import Partecipante
from importazioni import services as fogli
from importazioni.generi import registro
from importazioni.models import Importazione
from importazioni.risorse import Rifiuto
from portale.lib.celle import piana
from portale.lib.dates import ROMA
from posta.models import Messaggio
from proposte import services
from proposte.fogli import PropostaRisorsa
from proposte.models import Proposta
from proposte.tasks import pulisci
from proposte.temi import annota
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
ARRIVO = reverse("admin:importazioni_importazione_add") + "?genere=proposte"
GENERE = registro["proposte"]


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


def carica(contenuto, percorso, *, nome="elenco.csv", autore=None, **opzioni):
    """The sheet as it is once it was looked at."""
    importazione = fogli.carica(
        SimpleUploadedFile(nome, contenuto),
        genere=GENERE,
        opzioni={"percorso": percorso.slug, "canale": "cartaceo", **opzioni},
        autore=autore or UserFactory(ufficio=True),
        adesso=ADESSO,
    )
    fogli.lavora(timezone.now())
    importazione.refresh_from_db()
    return importazione


def esegui(importazione, *, autore=None, **come):
    """Its good rows, written."""
    fogli.chiedi(
        importazione,
        solo_buone=True,
        autore=autore or UserFactory(ufficio=True),
        adesso=ADESSO,
        **come,
    )
    fogli.lavora(timezone.now())
    importazione.refresh_from_db()
    return importazione


def righe_di(importazione):
    return list(importazione.righe.order_by("numero"))


def errori(contenuto, percorso):
    """Row, column and words of all that is wrong."""
    importazione = carica(contenuto, percorso)
    assert importazione.stato == "pronta", importazione.problema
    return [
        (riga.numero, colonna, testo)
        for riga in righe_di(importazione)
        for colonna, testo in riga.errori
    ]


BUONA = ("Più alberi", "3", "Dieci tigli in via Esempio.")


# --- Reading --------------------------------------------------------------------------------


def test_looking_at_a_list_writes_not_one_proposal(percorso, lab):
    importazione = carica(csv(BUONA, ("Senza zona", "", "x")), percorso)

    assert Proposta.objects.count() == 0
    assert (importazione.totale, importazione.nuove, importazione.errate) == (2, 1, 1)
    assert (importazione.doppie, importazione.da_avvisare) == (0, 0)


def test_what_is_wrong_is_said_with_row_column_and_what_to_do(percorso, lab):
    TemaFactory(nome="Verde", slug="verde")
    nomi = [*NOMI, "lat", "lon", "temi", "canale", "e-mail", "data", "tavolo", "bisogno"]
    righe = (
        (*BUONA, *[""] * 8),
        ("", "9", "", "45,05", "", "Verde, Sport", "fax", "anna@", "31/2/2026", "uno", "Boh"),
        ("x" * 121, "tutta la città", "y" * 6001, "91", "abc", "", "", "", "1/1/2027", "100", ""),
        ("Con NUL", "Ovest 2", "a", "", "", "", "", "", "ieri", "", ""),
        ("Mezza", "3", "a", "45,05", "", "", "", "", "", "", ""),
    )

    trovati = errori(csv(*righe, nomi=nomi), percorso)

    assert trovati == [
        (
            3,
            "titolo",
            "Manca: scrivi che cosa si propone, in una frase di al massimo 120 caratteri.",
        ),
        (
            3,
            "laboratorio",
            "«9» non è un laboratorio: scrivi il numero della zona, il nome, oppure «tutta la "
            "città».",
        ),
        (3, "che cosa", "Manca: scrivi la descrizione: al massimo 6.000 caratteri."),
        (3, "temi", "«Sport» non è un tema del portale. I temi sono: Verde."),
        (
            3,
            "bisogni",
            "«Boh» non è un bisogno pubblicato di questo percorso: copia il titolo esatto dalla "
            "sua pagina, o lascia vuoto.",
        ),
        (
            3,
            "canale",
            "«fax» non va bene. Scrivi una di queste parole: online, in un incontro, su carta.",
        ),
        (3, "tavolo", "Scrivi un numero intero, come 30, oppure lascia vuoto."),
        (
            3,
            "e-mail",
            "Controlla l'e-mail: deve essere come nome@esempio.it. Se non la conosci lascia "
            "vuoto.",
        ),
        (3, "data", "Questo giorno non esiste: controlla la data."),
        (
            4,
            "titolo",
            "È troppo lungo: al massimo 120 caratteri, ne hai scritti 121.",
        ),
        (4, "che cosa", "È troppo lungo: al massimo 6000 caratteri, ne hai scritti 6001."),
        (4, "latitudine", "Scrivi un numero di gradi, come 45,0526, oppure lascia vuoto."),
        (4, "longitudine", "Scrivi un numero, come 45,0526, oppure lascia vuoto."),
        (4, "tavolo", "Scrivi un numero tra 1 e 99."),
        (4, "data", "La data è nel futuro: controlla l'anno."),
        (
            5,
            "laboratorio",
            "«Ovest 2» non è un laboratorio: scrivi il numero della zona, il nome, oppure «tutta "
            "la città».",
        ),
        (5, "data", "Scrivi la data come 3/5/2023."),
        (6, "longitudine", "C'è solo metà del punto: completalo, o togli l'altra metà."),
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
    assert fogli.tabella(GENERE, None).campo(intestazione) == campo


def test_no_two_columns_share_a_name():
    nomi = [
        nome
        for c in PropostaRisorsa.da_leggere()
        for nome in {piana(n) for n in (c.nome, c.campo, *c.sinonimi)}
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
    assert importazione.ignorate == [["Protocollo", ""]]
    assert [(r.numero, r.errori) for r in righe_di(importazione)] == [(4, []), (5, [])]
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

    righe = righe_di(importazione)
    assert [riga.celle["titolo"] for riga in righe] == ["=CONCATENATE(A1)", "@Uno"]
    assert [[c for c, _testo in riga.avvisi] for riga in righe] == [["titolo"], []]
    assert (importazione.errate, importazione.avvertite) == (0, 1)


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
    ],
    ids=["empty", "words", "no text", "no title", "no rows", "twice", "zip", "many"],
)
def test_what_is_no_list_is_refused_with_what_to_do(percorso, contenuto, parola):
    importazione = carica(contenuto, percorso)
    assert importazione.stato == "illeggibile"
    assert parola in importazione.problema


def test_the_sheet_with_the_columns_is_found_among_others(percorso, lab):
    libro = Workbook()
    libro.active.append(["Istruzioni"])
    foglio = libro.create_sheet("Dati")
    for riga in (NOMI, BUONA):
        foglio.append(riga)
    contenuto = io.BytesIO()
    libro.save(contenuto)

    assert carica(contenuto.getvalue(), percorso).totale == 1


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

    assert [riga.avvisi for riga in righe_di(importazione)] == [
        [["titolo", f"Nel portale c'è già: proposta numero {gia.pk}. È un doppione?"]],
        [],
        [["titolo", "Stesso titolo e stesso laboratorio della riga 3: è un doppione?"]],
        [],
    ]
    assert (importazione.nuove, importazione.doppie) == (2, 2)
    esegui(importazione)
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

    esegui(importazione, con_doppie=True)

    assert (importazione.nuove, Proposta.objects.count()) == (2, 2)


def test_the_same_file_loaded_again_brings_nothing_new(percorso, lab):
    prima = esegui(carica(csv(BUONA), percorso))
    seconda = carica(csv(BUONA), percorso)

    assert fogli.gia_importata(seconda) == prima
    with pytest.raises(Rifiuto, match="Nessuna riga da importare"):
        esegui(seconda)
    seconda.refresh_from_db()
    assert (seconda.stato, seconda.righe.count()) == ("pronta", 1)
    assert Proposta.objects.count() == 1


# --- Writing --------------------------------------------------------------------------------


def test_the_good_rows_are_written_and_the_others_left_out(percorso, lab):
    importazione = esegui(
        carica(csv(BUONA, ("", "3", "senza titolo"), ("Fontana", "3", "In piazza.")), percorso)
    )

    assert (importazione.nuove, importazione.scritta_at) == (2, ADESSO)
    assert list(Proposta.objects.order_by("pk").values_list("titolo", flat=True)) == [
        "Più alberi",
        "Fontana",
    ]
    # Of what people wrote nothing stays behind but what is to be corrected.
    assert [riga.numero for riga in righe_di(importazione)] == [3]


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
    io_ = UserFactory(ufficio=True)

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
        (
            "incontro",
            "chi ha partecipato a «Assemblea di marzo»",
            "incontro",
            incontro,
            4,
            None,
        ),
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
    # What searches look into says them too.
    assert uno.indice_temi == f"{verde.pk} {sport.pk}"
    assert annota([uno.pk, due.pk]) == []


def test_who_left_her_address_on_the_sheet_is_told_once_for_each_proposal(percorso, lab):
    nomi = [*NOMI, "nome", "e-mail"]
    righe = (
        ("Uno", "3", "x", "Anna R.", "Anna@Example.org"),
        ("Due", "3", "x", "Anna R.", "anna@example.org "),
        ("Tre", "3", "x", "Bruno", ""),
    )
    importazione = carica(csv(*righe, nomi=nomi), percorso)
    assert importazione.da_avvisare == 1

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

    assert (di_nuovo.nuove, Proposta.objects.count()) == (1, 1)


def test_rows_are_looked_at_again_before_they_are_written(percorso, lab):
    """Between the preview and the confirmation the portal goes on."""
    importazione = carica(csv(BUONA, ("Fontana", "tutta la città", "x")), percorso)
    lab.attivo = False
    lab.save()

    esegui(importazione)

    assert (importazione.stato, Proposta.objects.count()) == ("pronta", 0)
    assert "Riga 2: «3» non è un laboratorio" in importazione.problema


@pytest.mark.parametrize("quando", ["before", "after"])
def test_what_somebody_sends_meanwhile_is_not_sent_twice(percorso, lab, monkeypatch, quando):
    """Before or after the rows were made ready to be written."""
    importazione = carica(csv(("Fontana", "3", "x"), BUONA), percorso)

    def manda():
        PropostaFactory(percorso=percorso, laboratorio=lab, titolo="PIÙ ALBERI")

    scrivi_tutte = fogli._scrivi_tutte

    def intanto(*args):
        monkeypatch.setattr(fogli, "_scrivi_tutte", scrivi_tutte)
        manda()
        return scrivi_tutte(*args)

    if quando == "before":
        manda()
    else:
        monkeypatch.setattr(fogli, "_scrivi_tutte", intanto)
    esegui(importazione)

    assert (importazione.stato, Proposta.objects.count()) == ("pronta", 1)
    assert "Riga 3: Nel portale c'è già: proposta numero" in importazione.problema


def test_the_number_of_queries_does_not_grow_with_each_row(
    percorso, lab, django_assert_max_num_queries
):
    righe = [(f"Proposta {n}", "3", "Un testo.", f"p{n}@example.org") for n in range(500)]
    importazione = carica(csv(*righe, nomi=[*NOMI, "e-mail"]), percorso)

    with django_assert_max_num_queries(80):
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
    risposta = client.post(
        ARRIVO,
        {
            "percorso": percorso.slug,
            "canale": "cartaceo",
            "file": SimpleUploadedFile(nome, contenuto),
            **altro,
        },
    )
    fogli.lavora(timezone.now())
    return risposta


def indirizzo(importazione, nome="change", *args):
    return reverse(f"admin:importazioni_importazione_{nome}", args=[importazione.pk, *args])


def pagina(client, url):
    risposta = client.get(url)
    assert risposta.status_code == 200
    return risposta.content.decode()


def test_an_officer_loads_looks_and_imports(client, ufficio, percorso, lab):
    assert f'href="{ARRIVO}"' in pagina(client, reverse("admin:proposte_proposta_changelist"))
    pagina(client, ARRIVO)

    risposta = manda(client, percorso, csv(BUONA, ("", "3", "<b>x</b>"), BUONA))

    importazione = Importazione.objects.get()
    url = indirizzo(importazione)
    assert (risposta.status_code, risposta["Location"]) == (302, url)
    vista = pagina(client, url)
    assert "Non è stato ancora scritto niente." in vista
    assert "Manca: scrivi che cosa si propone" in vista
    assert "&lt;b&gt;x&lt;/b&gt;" in vista
    assert "<b>x</b>" not in vista
    assert f"<dd>{percorso.titolo}</dd>" in vista
    assert "Importa anche i possibili doppioni" in vista
    assert "Stesso titolo e stesso laboratorio della riga 2" in pagina(
        client, f"{url}?mostra=doppia"
    )
    assert "Stesso titolo e stesso laboratorio della riga 2" in pagina(
        client, f"{url}?mostra=da-guardare"
    )
    assert Proposta.objects.count() == 0

    risposte = [client.post(url, {"solo_buone": "True"}), client.post(url)]
    fogli.lavora(timezone.now())

    assert [(r.status_code, r["Location"]) for r in risposte] == [(302, url)] * 2
    assert Proposta.objects.get().registrato_da == ufficio
    assert "Importate. Righe nuove: 1" in pagina(client, url)
    assert list(LogEntry.objects.order_by("pk").values_list("user", "change_message")) == [
        (ufficio.pk, "Caricato il file"),
        (ufficio.pk, "Chiesta l'importazione"),
        (ufficio.pk, "Chiesta l'importazione"),
        (ufficio.pk, "Importazione del file «elenco.csv»."),
        (ufficio.pk, "Importazione del file «elenco.csv»."),
    ]


def test_doubles_alone_can_be_imported_by_who_wants_them(client, ufficio, percorso, lab):
    PropostaFactory(percorso=percorso, laboratorio=lab, titolo="Più alberi")
    manda(client, percorso, csv(BUONA))
    url = indirizzo(Importazione.objects.get())
    assert "Importa i doppioni" in pagina(client, url)

    client.post(url, {"solo_buone": "False"})
    fogli.lavora(timezone.now())
    assert Proposta.objects.count() == 1
    client.post(url, {"solo_buone": "False", "con_doppie": "on"})
    fogli.lavora(timezone.now())

    assert Proposta.objects.count() == 2
    assert "Righe nuove: 1" in pagina(client, url)


def test_what_is_to_be_corrected_can_be_taken_away_corrected_and_loaded(
    client, ufficio, percorso, lab
):
    manda(client, percorso, csv(BUONA, ("", "3", "=1+1"), ("Tre", "boh", "x")))
    importazione = Importazione.objects.get()

    risposta = client.get(indirizzo(importazione, "da_correggere", "csv"))

    testo = b"".join(risposta.streaming_content).decode()
    righe = testo.splitlines()
    assert (len(righe), righe[0]) == (3, "\ufefftitolo;laboratorio;che cosa;errore;riga del file")
    assert righe[1].startswith(";3;'=1+1;titolo: Manca: scrivi che cosa si propone")
    corretto = testo.replace(";3;'=1+1", "Due;3;'=1+1").replace("Tre;boh", "Tre;3")
    ancora = carica(corretto.encode(), percorso)
    assert [riga.errori for riga in righe_di(ancora)] == [[], []]
    assert righe_di(ancora)[0].celle["che_cosa"] == "=1+1"


def test_the_model_file_is_read_by_the_import_itself(client, ufficio, percorso, lab):
    TemaFactory(nome="Verde")
    colonne = PropostaRisorsa.da_leggere(ufficio)
    rotta = "admin:importazioni_importazione_modello"
    libro = load_workbook(
        io.BytesIO(client.get(reverse(rotta, args=["proposte", "xlsx"])).content)
    )
    libro["proposte"].append([colonna.esempio for colonna in colonne])
    riempito = io.BytesIO()
    libro.save(riempito)

    importazione = carica(riempito.getvalue(), percorso)

    assert importazione.colonne == [colonna.campo for colonna in colonne]
    assert importazione.ignorate == []
    assert [riga.errori for riga in righe_di(importazione)] == [[]]


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_who_may_type_proposals_in_may_import(client, percorso, lab, ruolo):
    importazione = carica(csv(BUONA), percorso)
    entra(client, ruolo)
    ammessa = ruolo in ("ufficio", "amministratrice")
    atteso = 200 if ammessa else 302 if ruolo == "anonima" else 404
    rotta = "admin:importazioni_importazione_modello"

    for url in (
        ARRIVO,
        indirizzo(importazione),
        indirizzo(importazione, "stato"),
        indirizzo(importazione, "da_correggere", "csv"),
        reverse(rotta, args=["proposte", "csv"]),
        reverse(rotta, args=["proposte", "xlsx"]),
    ):
        risposta = client.get(url)
        assert (url, risposta.status_code) == (url, atteso)
    client.post(indirizzo(importazione))
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

    assert "pubblica" not in Importazione.objects.get().opzioni
