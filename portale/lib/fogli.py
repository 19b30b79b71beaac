"""Sheets that people exchange: reading the CSV and XLSX files of any office, and writing cells
that no spreadsheet takes for a formula.

Reading promises text and only text: no formula is worked out, no type is guessed, nothing is
loaded from outside. It never opens more than it was told to.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice

from django.utils.translation import gettext as _

from .dates import a_roma

# What makes a spreadsheet read a cell as a formula (OWASP, CSV Injection).
_FORMULE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# What no database keeps: NUL, halves of a character.
_ILLEGGIBILI = re.compile("[\0\ud800-\udfff]")
# What no XML holds.
_CONTROLLI = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# Italian vowels with their accent, as Windows and as old Macs write them, after a letter.
_VOCALI_WINDOWS = re.compile(rb"[a-zA-Z][\xe0\xe8\xe9\xec\xf2\xf9]")
_VOCALI_MAC = re.compile(rb"[a-zA-Z][\x88\x8f\x8e\x93\x98\x9d]")

MEGA = 1024 * 1024
# Of an XLSX once expanded, and of its parts.
XLSX_ESPANSO = 60 * MEGA
XLSX_PARTI = 500
COLONNE_MASSIME = 60
# Cells joined together that are looked at: a list by hand has some hundreds.
UNITE_MASSIME = 5_000


class Illeggibile(Exception):
    """The file is not a sheet that can be read; the message says what to do about it."""


@dataclass(frozen=True)
class Riga:
    """A row with something in it. ``numero`` is the one that the spreadsheet shows beside it;
    ``formule`` are the columns, counted from 0, whose text is a formula and not its result."""

    numero: int
    celle: list[str]
    formule: frozenset[int] = field(default_factory=frozenset)
    # It does not show, because of a filter perhaps.
    nascosta: bool = False
    # Cells joined side by side, by their range: the sheet keeps a value in the first one alone.
    unite: tuple[str, ...] = ()
    # The workbook counts its days as old Macs did.
    dal_1904: bool = False


def neutra(valore: object) -> str:
    """The text of a cell that no spreadsheet will take for a formula."""
    testo = "" if valore is None else str(valore)
    # Also what looks as if it had its mark already gets one: ``ripristina`` takes one away.
    return f"'{testo}" if testo.lstrip("'").lstrip(" ").startswith(_FORMULE) else testo


def ripristina(testo: str) -> str:
    """The text that ``neutra`` was given, where it added its mark."""
    segnato = testo.startswith("'") and testo.lstrip("'").lstrip(" ").startswith(_FORMULE)
    return testo[1:] if segnato else testo


def a_testo(valore: object) -> str:
    """A value as a sheet in Italian holds it: decimal comma, day before month, Rome's clock."""
    if valore is None:
        return ""
    if isinstance(valore, bool):
        return _("sì") if valore else _("no")
    if isinstance(valore, float):
        return repr(valore).replace(".", ",").removesuffix(",0")
    if isinstance(valore, datetime):
        return f"{_di_muro(valore):%d/%m/%Y %H:%M}"
    if isinstance(valore, date):
        return f"{valore:%d/%m/%Y}"
    return str(valore)


def _di_muro(momento):
    return momento if momento.tzinfo is None else a_roma(momento).replace(tzinfo=None)


class _Eco:
    """A file that gives each written line back."""

    def write(self, riga):
        return riga


def righe_csv(righe) -> Iterator[str]:
    """The lines of a file that Excel in Italian opens right: semicolons, byte-order mark."""
    scrivi = csv.writer(_Eco(), delimiter=";", quoting=csv.QUOTE_MINIMAL).writerow
    for numero, riga in enumerate(righe):
        yield ("" if numero else "\ufeff") + scrivi([neutra(valore) for valore in riga])


def xlsx(tavole: dict[str, list[list[object]]]) -> bytes:
    """A workbook with a sheet for each name; its first row is the names of the columns. All of it
    is text, also what looks like a formula."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    libro = Workbook()
    libro.remove(libro.active)
    for nome, righe in tavole.items():
        foglio = libro.create_sheet(nome)
        foglio.freeze_panes = "A2"
        for numero, valori in enumerate(righe, start=1):
            for colonna, valore in enumerate(valori, start=1):
                cella = foglio.cell(numero, colonna, "" if valore is None else str(valore))
                # Also what begins as a formula does.
                cella.data_type = "s"
                cella.number_format = "@"
                if numero == 1:
                    cella.font = Font(bold=True)
        for colonna in foglio.columns:
            larghezza = max(len(str(cella.value or "")) for cella in colonna)
            foglio.column_dimensions[colonna[0].column_letter].width = min(60, larghezza + 3)
    contenuto = io.BytesIO()
    libro.save(contenuto)
    return contenuto.getvalue()


def scrivi_xlsx(file, nome: str, colonne, righe) -> None:
    """Write a workbook of one sheet row by row, in memory that does not grow with them.

    ``colonne`` are pairs of a name and a width in characters. Days and instants become real
    dates, numbers numbers, and all text is text: leading zeros stay, formulas do not run.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    libro = Workbook(write_only=True)
    foglio = libro.create_sheet(nome)
    foglio.freeze_panes = "A2"
    for numero, (_nome, larghezza) in enumerate(colonne, start=1):
        foglio.column_dimensions[get_column_letter(numero)].width = larghezza
    grassetto = Font(bold=True)

    def cella(valore):
        if isinstance(valore, datetime):
            fatta = WriteOnlyCell(foglio, _di_muro(valore))
            fatta.number_format = "dd/mm/yyyy hh:mm"
        elif isinstance(valore, date):
            fatta = WriteOnlyCell(foglio, valore)
            fatta.number_format = "dd/mm/yyyy"
        elif isinstance(valore, int | float) and not isinstance(valore, bool):
            return valore
        elif valore is None or valore == "":
            return None
        else:
            testo = _CONTROLLI.sub("", a_testo(valore))
            # What ``ripristina`` would shorten keeps a mark; the rest needs none here.
            fatta = WriteOnlyCell(foglio, testo if ripristina(testo) == testo else neutra(testo))
            fatta.data_type = "s"
            fatta.number_format = "@"
        return fatta

    intestazione = [cella(nome) for nome, _larghezza in colonne]
    for nome_della_colonna in intestazione:
        nome_della_colonna.font = grassetto
    foglio.append(intestazione)
    for riga in righe:
        foglio.append([cella(valore) for valore in riga])
    libro.save(file)


def leggi(
    contenuto: bytes, *, riconosce: Callable[[list[str]], int]
) -> Iterator[tuple[str, Iterator[Riga]]]:
    """The sheets of a file, each with its name (empty for a CSV) and its rows that are not empty.

    What it is, its first bytes say. ``riconosce(celle)`` says how many names of columns a row
    holds: it chooses between the separators of a CSV. Raises Illeggibile, also half-way.
    """
    if contenuto.startswith(b"PK\x03\x04"):
        yield from _leggi_xlsx(contenuto)
    elif contenuto.startswith(b"\xd0\xcf\x11\xe0"):
        raise Illeggibile(
            _("È un vecchio file di Excel (.xls) o ha una password: salvalo come .xlsx o .csv.")
        )
    elif not contenuto.strip():
        raise Illeggibile(_("Il file è vuoto."))
    else:
        yield "", _righe_csv(_testo(contenuto), riconosce)


# --- CSV ------------------------------------------------------------------------------------


def _testo(contenuto):
    """What Excel writes in Italian: UTF-8 with a mark, UTF-16 ("Unicode text"), Windows-1252; and
    what it writes on a Mac."""
    if contenuto.startswith((b"\xff\xfe", b"\xfe\xff")):
        codifiche = ["utf-16"]
    elif (zeri := contenuto.count(b"\0")) > len(contenuto) / 3:
        # Every other byte of plain text in UTF-16.
        codifiche = ["utf-16-le" if contenuto[1::2].count(b"\0") > zeri / 2 else "utf-16-be"]
    elif zeri:
        raise Illeggibile(_("Non è un foglio: carica un file CSV o XLSX."))
    else:
        windows, mac = (len(v.findall(contenuto)) for v in (_VOCALI_WINDOWS, _VOCALI_MAC))
        codifiche = ["utf-8-sig", "mac-roman" if mac > windows else "cp1252"]
    for codifica in codifiche:
        with suppress(UnicodeDecodeError):
            return contenuto.decode(codifica)
    raise Illeggibile(
        _("Le lettere accentate non si leggono: salva di nuovo come «CSV UTF-8» o come XLSX.")
    )


def _righe_csv(testo, riconosce):
    prima, _a_capo, resto = testo.partition("\n")
    if prima.strip().strip('"').lower().startswith("sep=") and prima.strip().strip('"')[4:5]:
        # Excel's own note of the separator. It keeps its number among the rows.
        separatore, testo, saltate = prima.strip().strip('"')[4], resto, 1
    else:
        separatore, saltate = _separatore(testo, riconosce), 0
    lettore = csv.reader(io.StringIO(testo, newline=""), delimiter=separatore)
    numero = saltate
    try:
        for celle in lettore:
            numero += 1
            lette = [_cella(cella) for cella in celle[:COLONNE_MASSIME]]
            if any(lette):
                yield Riga(numero, [ripristina(cella) for cella in lette], _formule(lette))
    except csv.Error:
        raise Illeggibile(
            _(
                "La riga %(n)d non si legge: forse un testo comincia con le virgolette e non "
                "le chiude."
            )
            % {"n": numero + 1}
        ) from None


def _separatore(testo, riconosce):
    """The separator that makes the most known names of columns."""

    def nomi(separatore):
        lettore = csv.reader(io.StringIO(testo, newline=""), delimiter=separatore)
        try:
            return max((riconosce(celle) for celle in islice(lettore, 20)), default=0)
        except csv.Error:
            return 0

    return max(";\t,|", key=nomi)


def _formule(celle):
    return frozenset(
        colonna for colonna, cella in enumerate(celle) if cella.startswith("=") and len(cella) > 1
    )


# --- XLSX -----------------------------------------------------------------------------------


def _leggi_xlsx(contenuto):
    from openpyxl import load_workbook

    rotto = _(
        "Il file XLSX è rovinato, o non è davvero un foglio: aprilo in Excel e salvalo di nuovo."
    )
    _controlla_zip(contenuto, rotto)
    try:
        libro = load_workbook(io.BytesIO(contenuto), read_only=True, data_only=False)
    # What a damaged workbook makes openpyxl stumble upon has no common name.
    except Exception as guasto:
        raise Illeggibile(rotto) from guasto
    dal_1904 = libro.epoch.year == 1904
    for foglio in libro.worksheets:
        if foglio.sheet_state == "visible":
            yield foglio.title, _righe_xlsx(foglio, dal_1904, rotto)
    libro.close()


def _controlla_zip(contenuto, rotto):
    """Refuse what would expand without end, before anything of it is opened: neither the sizes
    that it declares nor what its parts ask to be replaced with."""
    try:
        with zipfile.ZipFile(io.BytesIO(contenuto)) as archivio:
            parti = archivio.infolist()
            if len(parti) > XLSX_PARTI or sum(parte.file_size for parte in parti) > XLSX_ESPANSO:
                raise Illeggibile(
                    _("Il file XLSX, aperto, è enorme: copia solo le righe in un foglio nuovo.")
                )
            nomi = archivio.namelist()
            if "xl/workbook.xml" not in nomi:
                raise Illeggibile(_("Non è un foglio di Excel: carica un file CSV o XLSX."))
            if any(nome.endswith("vbaProject.bin") for nome in nomi):
                raise Illeggibile(
                    _("Il file contiene delle macro: salvalo come «Cartella di lavoro (.xlsx)».")
                )
            for parte in parti:
                # A part holds no more than it declares: zipfile stops there.
                dati = archivio.read(parte)
                if any("<!DOCTYPE".encode(c) in dati for c in ("ascii", "utf-16-le", "utf-16-be")):
                    raise Illeggibile(rotto)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Illeggibile(rotto) from None


def _righe_xlsx(foglio, dal_1904, rotto):
    # The size that the file declares may be anything.
    foglio.reset_dimensions()
    try:
        unite, affiancate, nascoste = _disposizione(foglio)
        condivisi = {}
        for numero, lette in enumerate(foglio.iter_rows(max_col=COLONNE_MASSIME), start=1):
            celle = ["" if c.value is None else _cella(c.value) for c in lette]
            if not any(celle):
                continue
            for colonna, origine in unite.get(numero, ()):
                if numero == origine:
                    condivisi[colonna, origine] = celle[colonna]
                else:
                    celle[colonna] = celle[colonna] or condivisi.get((colonna, origine), "")
            while not celle[-1]:
                celle.pop()
            # An "=" in a cell of text is text.
            formule = (n for n, cella in enumerate(lette[: len(celle)]) if cella.data_type == "f")
            yield Riga(
                numero,
                [ripristina(cella) for cella in celle],
                frozenset(formule),
                nascosta=numero in nascoste,
                unite=tuple(affiancate.get(numero, ())),
                dal_1904=dal_1904,
            )
    except Illeggibile:
        raise
    except Exception as guasto:
        raise Illeggibile(rotto) from guasto


def _disposizione(foglio):
    """What the rows alone do not say: the columns whose cell is joined to others above or below
    (row → column and first row: a spreadsheet writes their value there alone), the ranges of
    cells joined side by side (row → names), and the rows that do not show."""
    from defusedxml.ElementTree import iterparse
    from openpyxl.utils import range_boundaries

    unite, affiancate, nascoste = {}, {}, set()
    with foglio._get_source() as sorgente:
        contenuto = sorgente.read()
    if b"mergeCell" not in contenuto and b"hidden=" not in contenuto:
        return unite, affiancate, nascoste
    quante = 0
    for _evento, elemento in iterparse(io.BytesIO(contenuto), events=("end",)):
        if elemento.tag.endswith("}row"):
            if elemento.get("hidden") in ("1", "true") and elemento.get("r", "").isdecimal():
                nascoste.add(int(elemento.get("r")))
            elemento.clear()
        elif elemento.tag.endswith("}mergeCell"):
            quante += 1
            sinistra, alto, destra, basso = range_boundaries(elemento.get("ref"))
            if quante > UNITE_MASSIME or basso - alto > UNITE_MASSIME:
                raise Illeggibile(_("Nel foglio ci sono troppe celle unite: separale e riprova."))
            for riga in range(alto, basso + 1):
                if alto < basso and sinistra <= COLONNE_MASSIME:
                    unite.setdefault(riga, []).append((sinistra - 1, alto))
                if sinistra < destra:
                    affiancate.setdefault(riga, []).append(elemento.get("ref"))
    return unite, affiancate, nascoste


def _cella(valore):
    """The text of a cell. What no text may hold becomes the mark of what cannot be read."""
    if isinstance(valore, str):
        testo = valore
    elif isinstance(valore, bool):
        testo = _("sì") if valore else _("no")
    elif isinstance(valore, float) and valore.is_integer() and abs(valore) < 1e15:
        testo = str(int(valore))
    elif isinstance(valore, datetime):
        testo = valore.date().isoformat() if valore.time() == time() else valore.isoformat(" ")
    elif isinstance(valore, date):
        testo = valore.isoformat()
    else:
        # An array formula has its text beside.
        testo = str(getattr(valore, "text", None) or valore)
    return _ILLEGGIBILI.sub("�", testo).strip()
