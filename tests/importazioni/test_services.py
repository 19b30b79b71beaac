"""Sheets: read in the background, looked at row by row, written once and as a whole."""

import io
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from openpyxl import Workbook

from eventi.models import Incontro, Promemoria, Sede
from eventi.promemoria import REGOLE_PREDEFINITE, imposta_promemoria_molti
from importazioni import services
from importazioni.models import Importazione, RigaImportata
from importazioni.risorse import Rifiuto, Superate
from laboratori.models import Attore, ModificaAttore
from portale.lib.dates import ROMA
from tests.factories import (
    AttoreFactory,
    IncontroFactory,
    LaboratorioFactory,
    PercorsoFactory,
    SedeFactory,
    UserFactory,
)

from .conftest import ADESSO, righe

pytestmark = pytest.mark.django_db

Stato = Importazione.Stato


def test_a_sheet_waits_until_the_background_reads_it_and_writes_nothing(carica):
    importazione = carica("sedi", "nome;indirizzo\nSala Uno;via A 1\nSala Due;\n")
    assert importazione.stato == Stato.PRONTA
    assert (importazione.totale, importazione.fatte, importazione.nuove) == (2, 2, 2)
    assert importazione.contenuto is None
    assert righe(importazione) == {2: ("nuova", [], []), 3: ("nuova", [], [])}
    assert Sede.objects.count() == 0


def test_what_was_asked_for_is_written_once_whoever_asks_again(carica, scrivi, officer):
    importazione = scrivi(carica("sedi", "nome;senza gradini\nSala Uno;sì\nSala Due;no\n"))
    assert (importazione.stato, importazione.scritta_da) == (Stato.SCRITTA, officer)
    assert importazione.scritta_at == ADESSO
    services.chiedi(importazione, autore=UserFactory(), adesso=ADESSO)
    services.lavora(ADESSO)
    assert list(Sede.objects.values_list("nome", "senza_gradini")) == [
        ("Sala Due", False),
        ("Sala Uno", True),
    ]
    assert RigaImportata.objects.count() == 0
    # Who brought them stands in the history of each, and of the sheet.
    voci = LogEntry.objects.filter(user=officer).values_list("object_repr", "change_message")
    assert sorted(voci) == [
        ("Sala Due", "Importazione del file «elenco.csv»."),
        ("Sala Uno", "Importazione del file «elenco.csv»."),
        ("elenco.csv", "Importazione del file «elenco.csv»."),
    ]


def test_with_wrong_rows_somebody_says_that_they_stay_out(carica, scrivi):
    importazione = carica("sedi", "nome;posti a sedere;bagno\nSala Uno;3;sì\n;4;no\nTre;;forse\n")
    assert importazione.errate == 2
    assert importazione.ignorate == [["posti a sedere", ""]]
    assert righe(importazione)[3] == (
        "errata",
        [["nome", "Manca: scrivi il nome della sede."]],
        [],
    )
    assert righe(importazione)[4][1] == [
        ["bagno accessibile", "Scrivi «sì», «no», oppure lascia vuoto se non si sa."]
    ]
    with pytest.raises(Rifiuto, match="Ci sono righe da correggere"):
        scrivi(importazione)
    assert Sede.objects.count() == 0
    scrivi(importazione, solo_buone=True)
    assert [sede.nome for sede in Sede.objects.all()] == ["Sala Uno"]
    # What was left out can still be downloaded, as it was written.
    assert list(services.da_correggere(importazione)) == [
        ["nome", "bagno accessibile", "errore", "riga del file"],
        ["", "no", "nome: Manca: scrivi il nome della sede.", 3],
        [
            "Tre",
            "forse",
            "bagno accessibile: Scrivi «sì», «no», oppure lascia vuoto se non si sa.",
            4,
        ],
    ]


def test_a_row_that_turns_bad_meanwhile_leaves_nothing_written(carica, scrivi):
    sede = SedeFactory(nome="Vecchia")
    importazione = carica("sedi", f"codice;nome\n;Nuova\n{sede.pk};Rinominata\n")
    assert [esito for esito, _e, _a in righe(importazione).values()] == ["nuova", "cambiata"]
    sede.delete()
    scrivi(importazione)
    assert importazione.stato == Stato.PRONTA
    assert "Riga 3: Nel portale non c'è" in importazione.problema
    assert importazione.scritta_da is None
    assert Sede.objects.count() == 0


def test_a_breakdown_in_the_middle_leaves_nothing_and_can_be_asked_for_again(
    carica, scrivi, monkeypatch, caplog
):
    importazione = carica("sedi", "nome\nUno\nDue\nTre\n".replace("nome", "nome;indirizzo"))
    annota = services._annota

    def rotta(*args):
        # Everything is written by now, and not kept.
        assert Sede.objects.count() == 3
        raise OSError("disk full")

    monkeypatch.setattr(services, "_annota", rotta)
    scrivi(importazione)
    assert (importazione.stato, Sede.objects.count()) == (Stato.PRONTA, 0)
    assert importazione.problema.startswith("Non è stato importato niente")
    assert "disk full" in caplog.text
    monkeypatch.setattr(services, "_annota", annota)
    scrivi(importazione)
    assert (importazione.stato, importazione.problema) == (Stato.SCRITTA, "")
    assert Sede.objects.count() == 3


def test_who_died_while_reading_is_replaced_and_the_reading_begins_again(carica):
    importazione = carica("sedi", "nome;indirizzo\nUno;\nDue;\n")
    Importazione.objects.filter(pk=importazione.pk).update(
        stato=Stato.DA_LEGGERE,
        contenuto=b"nome;indirizzo\nUno;\nDue;\nTre;\n",
        presa_da="morta",
        presa_at=timezone.now(),
    )
    assert services.lavora(timezone.now()) == 0
    assert services.lavora(timezone.now() + services.SILENZIO + timedelta(seconds=1)) == 1
    assert list(righe(importazione)) == [2, 3, 4]


def test_who_lost_the_sheet_to_another_writes_nothing_more(carica, monkeypatch, officer):
    importazione = carica("sedi", "nome;indirizzo\nUno;\n")
    Importazione.objects.filter(pk=importazione.pk).update(
        stato=Stato.DA_LEGGERE, contenuto=b"nome;indirizzo\nUno;\n"
    )
    vera = services._guarda_il_foglio

    def rubata(*args):
        Importazione.objects.filter(pk=importazione.pk).update(presa_da="altra")
        vera(*args)

    monkeypatch.setattr(services, "_guarda_il_foglio", rubata)
    assert services.lavora(timezone.now()) == 0
    importazione.refresh_from_db()
    assert (importazione.stato, importazione.righe.count()) == (Stato.DA_LEGGERE, 0)


@pytest.mark.parametrize(
    ("contenuto", "detto"),
    [
        (b"", "Il file è vuoto."),
        (b"\xd0\xcf\x11\xe0 vecchio", "È un vecchio file di Excel (.xls) o ha una password"),
        (b"a;b\n1;2\n", "Non trovo i nomi delle colonne."),
        ("indirizzo;città\nvia A;Piacenza\n".encode(), "Manca la colonna «nome»"),
        (b"nme;indirizzo;bagno\na;b;\n", "Forse è quella che nel file si chiama «nme»."),
        (b"nome;sede;bagno\na;b;\n", "Due colonne si chiamano «nome» o in modo simile"),
        (b"nome;indirizzo\n", "Sotto i nomi delle colonne non c'è nessuna riga."),
        (b"nome;indirizzo\n" + b"a;b\n" * 10_001, "Le righe sono più di 10.000"),
    ],
)
def test_what_is_no_such_sheet_is_told_with_what_to_do(carica, contenuto, detto):
    importazione = carica("sedi", contenuto)
    assert importazione.stato == Stato.ILLEGGIBILE
    assert detto in importazione.problema
    assert importazione.contenuto is None


def test_our_own_breakdown_is_not_blamed_on_the_file(carica, monkeypatch, caplog):
    def rotta(*args, **kwargs):
        raise KeyError("bug")

    monkeypatch.setattr(services, "_esamina_tutte", rotta)
    importazione = carica("sedi", "nome;indirizzo\nUno;\n")
    assert importazione.stato == Stato.ILLEGGIBILE
    assert "il guasto è nostro" in importazione.problema
    assert "could not be read" in caplog.text


def test_formulas_errors_and_joined_cells_are_told_beside_their_row(carica):
    libro = Workbook()
    foglio = libro.active
    for riga in (
        ["Sedi del 2026"],
        ["nome", "indirizzo", "latitudine", "longitudine"],
        ["Uno", "=A1", 45.05, 9.69],
        ["Due", "via B", "#N/D", 9.69],
        ["Tre", "via C", "45,05", None],
        ["Quattro", None, None, None],
        ["Cinque", "via E", None, None],
    ):
        foglio.append(riga)
    foglio.merge_cells("A6:B6")
    foglio.row_dimensions[7].hidden = True
    file = io.BytesIO()
    libro.save(file)
    assert righe(carica("sedi", file.getvalue(), "sedi.xlsx")) == {
        3: ("errata", [["indirizzo", "È una formula: incolla al suo posto il risultato."]], []),
        4: (
            "errata",
            [["latitudine", "La cella mostra l'errore «#N/D»: scrivi il valore."]],
            [],
        ),
        5: (
            "errata",
            [["latitudine", "C'è solo metà del punto: completalo, o togli l'altra metà."]],
            [],
        ),
        6: (
            "errata",
            [["", "Le celle A6:B6 sono unite: separale e scrivi un valore in ciascuna."]],
            [],
        ),
        7: (
            "nuova",
            [],
            [["", "Nel foglio questa riga è nascosta, forse da un filtro: la vuoi davvero?"]],
        ),
    }


def test_a_column_that_is_not_ours_is_told_with_the_one_that_was_perhaps_meant(carica):
    importazione = carica("sedi", "nome;indirizzo;parchegio;xyz\nUno;;;\n")
    assert importazione.ignorate == [["parchegio", "parcheggio"], ["xyz", ""]]


def test_who_lost_the_permission_meanwhile_writes_nothing(carica, officer):
    importazione = carica("sedi", "nome;indirizzo\nUno;\n")
    services.chiedi(importazione, autore=officer, adesso=ADESSO)
    officer.groups.clear()
    services.lavora(ADESSO)
    importazione.refresh_from_db()
    assert (importazione.stato, Sede.objects.count()) == (Stato.PRONTA, 0)
    assert "non ha più il permesso" in importazione.problema


def test_sheets_that_were_never_written_go_after_a_week_with_the_names_in_them(carica, scrivi):
    mai = carica("sedi", "nome;indirizzo\nUno;\n")
    scritta = scrivi(carica("sedi", "nome;bagno\nDue;sì\nTre;boh\n"), solo_buone=True)
    assert services.pulisci(ADESSO + services.CONSERVATA) == 0
    assert services.pulisci(ADESSO + services.CONSERVATA + timedelta(seconds=1)) == 1
    assert list(Importazione.objects.all()) == [scritta]
    assert RigaImportata.objects.count() == 0
    assert not Importazione.objects.filter(pk=mai.pk).exists()


@pytest.mark.parametrize("quante", [1, 3])
def test_looking_at_rows_asks_the_database_once_for_all(
    quante, officer, django_assert_num_queries
):
    sedi = SedeFactory.create_batch(quante)
    testo = "codice;nome;indirizzo\n" + "".join(f"{s.pk};{s.nome} bis;via B\n" for s in sedi)
    from importazioni.generi import registro

    risorsa = registro["sedi"].risorsa(campi=["codice", "nome", "indirizzo"], adesso=ADESSO)
    letta = services.tabella(registro["sedi"], officer).leggi(testo.encode())
    with django_assert_num_queries(2):
        presenti = risorsa.presenti(riga.celle["codice"] for riga in letta.righe)
        esami = [risorsa.esamina(riga.numero, riga.celle, presenti) for riga in letta.righe]
    assert [esame.esito for esame in esami] == ["cambiata"] * quante


@pytest.fixture
def intanto(monkeypatch):
    """``intanto(fai)``: done once, when the rows are ready and before they are written."""

    def prepara(fai):
        vera = services._scrivi_tutte

        def dopo(*args):
            monkeypatch.setattr(services, "_scrivi_tutte", vera)
            fai()
            return vera(*args)

        monkeypatch.setattr(services, "_scrivi_tutte", dopo)

    return prepara


def test_what_others_wrote_while_the_rows_were_made_ready_is_not_overwritten(
    carica, scrivi, intanto
):
    una = SedeFactory(nome="Una", parcheggio="", note="")
    importazione = carica("sedi", f"codice;nome;parcheggio\n{una.pk};Una;in piazza\n;Due;\n")
    intanto(lambda: Sede.objects.filter(pk=una.pk).update(note="Dal cortile"))
    scrivi(importazione)
    una.refresh_from_db()
    assert (importazione.stato, importazione.nuove, importazione.cambiate) == ("scritta", 1, 1)
    assert (una.parcheggio, una.note) == ("in piazza", "Dal cortile")
    assert Sede.objects.count() == 2


def test_what_others_added_while_the_rows_were_made_ready_is_not_added_twice(
    carica, scrivi, intanto
):
    importazione = carica("sedi", "nome;indirizzo\nUno;via A\nDue;via B\n")
    intanto(lambda: SedeFactory(nome="DUE", indirizzo="Via B"))
    scrivi(importazione)
    assert importazione.stato == Stato.PRONTA
    assert "Riga 3: C'è già una sede con questo nome" in importazione.problema
    assert [sede.nome for sede in Sede.objects.all()] == ["DUE"]


def test_who_had_herself_forgotten_while_the_rows_were_made_ready_is_not_written(
    carica, scrivi, intanto
):
    importazione = carica("sedi", "nome;indirizzo\nUno;via A\nDue;via B\n")
    intanto(lambda: importazione.righe.filter(numero=3).delete())
    scrivi(importazione)
    assert (importazione.stato, importazione.nuove) == ("scritta", 1)
    assert [sede.nome for sede in Sede.objects.all()] == ["Uno"]


def test_others_that_never_stop_changing_the_same_things_are_given_way(
    carica, scrivi, monkeypatch, caplog
):
    importazione = carica("sedi", "nome;indirizzo\nUno;via A\n")

    def sempre(*args):
        raise Superate

    monkeypatch.setattr(services, "_scrivi_tutte", sempre)
    scrivi(importazione)
    assert (importazione.stato, Sede.objects.count()) == (Stato.PRONTA, 0)
    assert importazione.problema.startswith("Non è stato importato niente")
    assert "could not be written" in caplog.text


def test_who_died_while_writing_is_replaced_sooner(carica, officer):
    importazione = carica("sedi", "nome;indirizzo\nUno;via A\n")
    services.chiedi(importazione, autore=officer, adesso=ADESSO)
    Importazione.objects.filter(pk=importazione.pk).update(presa_da="morta", presa_at=ADESSO)
    assert services.lavora(ADESSO + services.SILENZIO_SCRITTURA) == 0
    assert services.lavora(ADESSO + services.SILENZIO_SCRITTURA + timedelta(seconds=1)) == 1
    assert Sede.objects.count() == 1


def test_who_lost_the_sheet_while_making_it_ready_writes_nothing(carica, officer, intanto):
    importazione = carica("sedi", "nome;indirizzo\nUno;via A\n")
    services.chiedi(importazione, autore=officer, adesso=ADESSO)
    intanto(lambda: Importazione.objects.update(presa_da="altra"))
    assert services.lavora(ADESSO) == 0
    importazione.refresh_from_db()
    assert (importazione.stato, Sede.objects.count()) == (Stato.DA_SCRIVERE, 0)


def test_the_bar_moves_while_the_rows_are_made_ready(carica, officer, monkeypatch):
    importazione = carica("sedi", "nome;indirizzo\n" + "".join(f"Sala {n};\n" for n in range(5)))
    services.chiedi(importazione, autore=officer, adesso=ADESSO)
    monkeypatch.setattr(services, "BLOCCO", 2)
    visti = []
    cambia = services._cambia

    def guarda(*args, **valori):
        cambia(*args, **valori)
        importazione.refresh_from_db()
        visti.append(services.avanzamento(importazione)[:2])

    monkeypatch.setattr(services, "_cambia", guarda)
    services.lavora(ADESSO)
    # The last: all at once, nobody can say how far.
    assert visti[:4] == [(0, 5), (2, 5), (4, 5), (0, 0)]


# The names of the columns, and a row.
TANTE = 600
FOGLI_GRANDI = {
    "sedi": ("nome;indirizzo\n", "Sala {n};via {n}\n"),
    "attori": ("zona;nome;genere\n", "3;Circolo {n};associazione\n"),
    "incontri": ("titolo;inizio;fine\n", "Incontro {n};6/5/2030 18:30;20\n"),
    "iscrizioni": ("nome;e-mail;che cosa le serve\n", "Anna {n};a{n}@example.org;una rampa\n"),
}


@pytest.mark.parametrize("genere", FOGLI_GRANDI)
def test_writing_asks_for_hundreds_of_rows_at_once(
    genere, carica, officer, django_assert_max_num_queries
):
    LaboratorioFactory(numero=3)
    PercorsoFactory(slug="percorso", stato="attivo")
    IncontroFactory(slug="verde", posti=TANTE // 2)
    intestazione, riga = FOGLI_GRANDI[genere]
    importazione = carica(
        genere,
        intestazione + "".join(riga.format(n=n) for n in range(TANTE)),
        percorso="percorso",
        incontro="verde",
        oltre="lista",
        avvisa=True,
    )
    services.chiedi(importazione, autore=officer, adesso=ADESSO)
    with django_assert_max_num_queries(80):
        services.lavora(ADESSO)
    importazione.refresh_from_db()
    assert (importazione.stato, importazione.nuove) == (Stato.SCRITTA, TANTE)


@pytest.mark.parametrize("genere", ["sedi", "attori", "incontri"])
def test_changing_asks_for_hundreds_of_rows_at_once(
    genere, carica, officer, django_assert_max_num_queries
):
    """A list goes out, a word and a date of each row are changed, and it comes back."""
    lab = LaboratorioFactory(numero=3)
    PercorsoFactory(slug="percorso", stato="attivo")
    if genere == "sedi":
        SedeFactory.create_batch(TANTE, parcheggio="")
        testo = "codice;nome;parcheggio\n" + "".join(
            f"{s.pk};{s.nome};in piazza\n" for s in Sede.objects.all()
        )
    elif genere == "attori":
        testo = "codice;zona;nome;genere;luogo\n" + "".join(
            f"{a.pk};3;{a.nome};altro;via B\n"
            for a in AttoreFactory.create_batch(TANTE, laboratorio=lab)
        )
    else:
        incontri = IncontroFactory.create_batch(TANTE, stato="bozza")
        imposta_promemoria_molti(incontri, REGOLE_PREDEFINITE)
        testo = "codice;titolo;inizio;fine\n" + "".join(
            f"{i.slug};{i.titolo};6/5/2030 18:30;20\n" for i in incontri
        )
    importazione = carica(genere, testo, percorso="percorso")
    services.chiedi(importazione, autore=officer, adesso=ADESSO)
    with django_assert_max_num_queries(80):
        services.lavora(ADESSO)
    importazione.refresh_from_db()
    assert (importazione.stato, importazione.cambiate) == (Stato.SCRITTA, TANTE)
    if genere == "sedi":
        assert Sede.objects.filter(parcheggio="in piazza").count() == TANTE
    elif genere == "attori":
        assert Attore.objects.filter(luogo="via B", versione=2).count() == TANTE
        assert ModificaAttore.objects.filter(verbo="corretto", numero=1).count() == TANTE
    else:
        inizio = datetime(2030, 5, 6, 18, 30, tzinfo=ROMA)
        assert Incontro.objects.filter(inizio=inizio, updated_at=ADESSO).count() == TANTE
        dovuti = Promemoria.objects.values_list("dovuto_at", flat=True).distinct()
        assert set(dovuti) == {inizio - timedelta(days=7), inizio - timedelta(days=1)}
