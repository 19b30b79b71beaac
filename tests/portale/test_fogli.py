"""Reading the sheets of any office."""

import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from portale.lib import fogli
from portale.lib.fogli import Illeggibile, Riga, neutra, righe_csv, ripristina

NOMI = {"titolo", "zona", "testo"}


def riconosce(celle):
    return len(NOMI & set(celle))


def leggi(contenuto):
    """The rows of the first sheet."""
    return next(list(righe) for _nome, righe in fogli.leggi(contenuto, riconosce=riconosce))


def celle(contenuto):
    return [riga.celle for riga in leggi(contenuto)]


def xlsx(righe, *, unite=(), prepara=None):
    libro = Workbook()
    for riga in righe:
        libro.active.append(riga)
    for zona in unite:
        libro.active.merge_cells(zona)
    if prepara:
        prepara(libro)
    contenuto = io.BytesIO()
    libro.save(contenuto)
    return contenuto.getvalue()


def ritocca(contenuto, parte, cambia):
    """The same workbook with one of its parts changed, or added."""
    nuovo = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(contenuto)) as da,
        zipfile.ZipFile(nuovo, "w", zipfile.ZIP_DEFLATED) as a,
    ):
        for nome in da.namelist():
            a.writestr(nome, cambia(da.read(nome)) if nome == parte else da.read(nome))
        if parte not in da.namelist():
            a.writestr(parte, cambia(b""))
    return nuovo.getvalue()


# --- CSV ------------------------------------------------------------------------------------

TABELLA = [["titolo", "zona", "testo"], ["Più alberi", "3", "Perché sì, è così"]]


@pytest.mark.parametrize("codifica", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separatore", [";", "\t", "|"])
def test_a_csv_is_read_in_every_way_in_which_excel_writes_it(codifica, separatore):
    testo = "\r\n".join(separatore.join(riga) for riga in TABELLA)

    assert celle(testo.encode(codifica)) == TABELLA


def test_commas_separate_where_they_make_the_names_of_columns():
    assert celle(b"titolo,zona\nUno;due,3") == [["titolo", "zona"], ["Uno;due", "3"]]


def test_many_commas_in_the_texts_do_not_mislead():
    contenuto = b"titolo;zona;testo\nUno;1;a, b, c, d, e, f, g, h"

    assert celle(contenuto)[1] == ["Uno", "1", "a, b, c, d, e, f, g, h"]


def test_excels_note_of_the_separator_is_no_row_but_has_a_number():
    assert leggi(b"sep=,\r\ntitolo,zona\r\nUno,1") == [
        Riga(2, ["titolo", "zona"]),
        Riga(3, ["Uno", "1"]),
    ]


def test_rows_have_the_numbers_that_the_spreadsheet_shows():
    """Empty ones count, and one that is written on several lines is one."""
    contenuto = b'titolo;zona\r\n;;\r\n\r\n"Uno\r\nsu due righe";1\r\nDue;2\r\n'

    assert [(riga.numero, riga.celle[0]) for riga in leggi(contenuto)] == [
        (1, "titolo"),
        (4, "Uno\r\nsu due righe"),
        (5, "Due"),
    ]


def test_a_formula_is_text_and_says_so():
    righe = leggi(b'titolo;zona\n=1+1;"=HYPERLINK(""http://x"")"\n=;\'=1+1')

    assert righe[1:] == [
        Riga(2, ["=1+1", '=HYPERLINK("http://x")'], frozenset({0, 1})),
        Riga(3, ["=", "=1+1"]),
    ]


@pytest.mark.parametrize(
    ("contenuto", "parola"),
    [
        (b"", "vuoto"),
        (b"  \n", "vuoto"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
        (b"%PDF-1.7\0\0", "Non è un foglio"),
        (b"titolo;zona\n\x81\xff\x8d", "accentate"),
        (b"\xff\xfeabc", "accentate"),
        ("titolo;zona\n\ud83d;1".encode("utf-16", "surrogatepass"), "accentate"),
        (b'titolo;zona\n"' + b"a" * 200_000, "La riga 2"),
    ],
)
def test_what_is_no_sheet_is_refused_with_what_to_do(contenuto, parola):
    with pytest.raises(Illeggibile, match=parola):
        celle(contenuto)


def test_what_no_database_keeps_becomes_the_mark_of_what_cannot_be_read():
    assert celle("titolo;zona\n\0;1".encode("utf-16")) == [
        ["titolo", "zona"],
        ["�", "1"],
    ]


# --- XLSX -----------------------------------------------------------------------------------


def test_the_cells_of_a_workbook_are_read_as_text():
    righe = xlsx(
        [
            ["titolo", "zona", "testo"],
            ["Uno", 3, 45.0526],
            # A workbook knows no zones.
            [date(2023, 5, 3), datetime(2023, 5, 3, 18, 30), True],  # noqa: DTZ001
            [3.0, None, "  spazi  "],
        ]
    )

    assert celle(righe)[1:] == [
        ["Uno", "3", "45.0526"],
        ["2023-05-03", "2023-05-03 18:30:00", "sì"],
        ["3", "", "spazi"],
    ]


def test_a_formula_of_a_workbook_is_not_worked_out():
    assert leggi(xlsx([["titolo", "zona"], ["=1+1", "=WEBSERVICE(A1)"]]))[1] == Riga(
        2, ["=1+1", "=WEBSERVICE(A1)"], frozenset({0, 1})
    )


def test_cells_joined_downwards_share_their_value():
    """And those joined sideways are a heading: they would make a row of the same words."""
    contenuto = xlsx(
        [
            ["titolo", "zona", "testo"],
            ["Uno", 3, "a"],
            ["Due", None, "b"],
            [None, None, None],
            ["Tre", 4, "c"],
            ["Zona 5", None, None],
        ],
        unite=["B2:B4", "A6:C6"],
    )

    assert leggi(contenuto)[1:] == [
        Riga(2, ["Uno", "3", "a"]),
        Riga(3, ["Due", "3", "b"]),
        Riga(5, ["Tre", "4", "c"]),
        Riga(6, ["Zona 5"], unite=("A6:C6",)),
    ]


def test_hidden_sheets_are_left_out_and_the_others_come_in_their_order():
    def prepara(libro):
        libro.active.title = "Prima"
        libro.create_sheet("Nascosta").sheet_state = "hidden"
        libro.create_sheet("Seconda").append(["titolo"])

    contenuto = xlsx([["zona"]], prepara=prepara)

    assert [
        (nome, [riga.celle for riga in righe])
        for nome, righe in fogli.leggi(contenuto, riconosce=riconosce)
    ] == [("Prima", [["zona"]]), ("Seconda", [["titolo"]])]


FOGLIO = "xl/worksheets/sheet1.xml"


def test_a_workbook_that_would_expand_without_end_is_not_opened(monkeypatch):
    bomba = ritocca(xlsx(TABELLA), "xl/media/grande.bin", lambda _prima: bytes(61 * 1024 * 1024))
    assert len(bomba) < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "read", None)

    with pytest.raises(Illeggibile, match="enorme"):
        celle(bomba)


def test_a_workbook_of_a_thousand_parts_is_not_opened():
    contenuto = io.BytesIO()
    with zipfile.ZipFile(contenuto, "w") as archivio:
        for numero in range(1000):
            archivio.writestr(f"xl/{numero}.xml", b"")

    with pytest.raises(Illeggibile, match="enorme"):
        celle(contenuto.getvalue())


RISATE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ah"><!ENTITY b "&a;&a;&a;&a;">'
    b'<!ENTITY f SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize("parte", [FOGLIO, "xl/sharedStrings.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("codifica", ["utf-8", "utf-16"])
def test_a_workbook_whose_parts_define_entities_is_refused(parte, codifica):
    def con_entita(prima):
        corpo = RISATE + prima.partition(b"?>")[2]
        return corpo.decode().encode(codifica)

    with pytest.raises(Illeggibile, match="rovinato"):
        celle(ritocca(xlsx(TABELLA), parte, con_entita))


@pytest.mark.parametrize(
    "contenuto",
    [
        xlsx(TABELLA)[:500],
        ritocca(xlsx(TABELLA), FOGLIO, lambda prima: prima[:300]),
        ritocca(xlsx(TABELLA), "xl/workbook.xml", lambda prima: prima[:99]),
        b"PK\x03\x04" + bytes(100),
    ],
    ids=["cut", "sheet cut", "list cut", "zeros"],
)
def test_a_damaged_workbook_is_refused(contenuto):
    with pytest.raises(Illeggibile, match="rovinato"):
        celle(contenuto)


def test_another_zip_is_no_workbook():
    contenuto = io.BytesIO()
    with zipfile.ZipFile(contenuto, "w") as archivio:
        archivio.writestr("word/document.xml", b"<x/>")

    with pytest.raises(Illeggibile, match="Non è un foglio di Excel"):
        celle(contenuto.getvalue())


def test_the_size_that_a_sheet_declares_is_not_believed():
    contenuto = ritocca(
        xlsx(TABELLA),
        FOGLIO,
        lambda prima: prima.replace(b'ref="A1:C2"', b'ref="A1:XFD1048576"'),
    )
    assert contenuto != xlsx(TABELLA)

    assert celle(contenuto) == TABELLA


def test_a_cell_far_away_makes_no_wide_row():
    contenuto = xlsx(TABELLA, prepara=lambda libro: libro.active.cell(2, 16_000, "lontana"))

    assert [len(riga) for riga in celle(contenuto)] == [3, 3]


def test_joined_cells_without_end_are_refused():
    contenuto = ritocca(
        xlsx(TABELLA, unite=["B2:B3"]),
        FOGLIO,
        lambda prima: prima.replace(b"B2:B3", b"B2:B1048576"),
    )

    with pytest.raises(Illeggibile, match="troppe celle unite"):
        celle(contenuto)


# --- Writing --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "testo", ["=1+1", "+39", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1+1", "＝1"]
)
def test_no_cell_that_we_write_is_a_formula(testo):
    assert neutra(testo) == f"'{testo}"
    assert ripristina(neutra(testo)) == testo


@pytest.mark.parametrize("testo", ["ciao", "", "'virgolette'", "l'albero", "1-2", "a=b"])
def test_what_is_no_formula_is_written_as_it_is(testo):
    assert neutra(testo) == testo
    assert ripristina(testo) == testo


def test_a_csv_that_we_write_opens_right_in_italian_and_comes_back_the_same():
    tabella = [["titolo", "zona"], ["=1+1; è così", 'con "virgolette"\ne a capo']]

    scritto = "".join(righe_csv(tabella))

    assert scritto.startswith("\ufefftitolo;zona\r\n")
    assert celle(scritto.encode()) == tabella


def test_a_workbook_that_we_write_is_all_text():
    contenuto = fogli.xlsx({"Uno": [["titolo", "zona"], ["=1+1", 3]], "Due": [["x"]]})

    libro = load_workbook(io.BytesIO(contenuto))
    assert libro.sheetnames == ["Uno", "Due"]
    assert [(c.value, c.data_type) for c in libro["Uno"][2]] == [("=1+1", "s"), ("3", "s")]
