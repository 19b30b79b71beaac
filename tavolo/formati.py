"""What a document of the Tavolo may be, told by its content and not by its name."""

import zipfile

from django.core.files import File
from django.utils.translation import gettext as _

from portale.lib.rifiuti import Rifiuto

MEGA = 1024 * 1024
PESO_MASSIMO = 20 * MEGA
# Of an office file once expanded, and of its parts.
ESPANSO_MASSIMO = 300 * MEGA
PARTI_MASSIME = 5_000

# How a file begins, its extensions and what it is served as.
SEMPLICI = {
    b"%PDF-": {"pdf": "application/pdf"},
    b"\x89PNG\r\n\x1a\n": {"png": "image/png"},
    b"\xff\xd8\xff": {"jpg": "image/jpeg", "jpeg": "image/jpeg"},
}
_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
# An office file is an archive: the part that it must have, or what its ``mimetype`` must say.
OFFICE = {
    "docx": ("word/document.xml", f"{_OOXML}.wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", f"{_OOXML}.spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", f"{_OOXML}.presentationml.presentation"),
    "odt": ("mimetype", f"{_ODF}.text"),
    "ods": ("mimetype", f"{_ODF}.spreadsheet"),
    "odp": ("mimetype", f"{_ODF}.presentation"),
}
TIPI = {estensione: tipo for estensione, (_parte, tipo) in OFFICE.items()} | {
    estensione: tipo for tipi in SEMPLICI.values() for estensione, tipo in tipi.items()
}
ACCETTATI = ",".join(f".{estensione}" for estensione in sorted(TIPI))
# Where programs hide in an office file: macros, embedded objects that run.
_PROGRAMMI = ("vbaproject.bin", "basic/", "scripts/", "activex/")


def riconosci(file: File) -> str:
    """The extension under which the file may be kept. Raises Rifiuto, fit to be shown: it is
    something else than it says, too large, or carries programs."""
    if not file.size:
        raise Rifiuto(_("Il file è vuoto: sceglilo di nuovo."))
    if file.size > PESO_MASSIMO:
        raise Rifiuto(_("Il file pesa più di 20 MB: riducilo, o caricane una parte."))
    estensione = file.name.rpartition(".")[2].lower()
    file.seek(0)
    inizio = file.read(16)
    file.seek(0)
    for firma, tipi in SEMPLICI.items():
        if inizio.startswith(firma) and estensione in tipi:
            return estensione
    if estensione in OFFICE and inizio.startswith(b"PK\x03\x04"):
        _controlla_office(file, *OFFICE[estensione])
        file.seek(0)
        return estensione
    raise Rifiuto(
        _(
            "Si possono caricare PDF, immagini PNG e JPEG, documenti di Word, Excel, PowerPoint "
            "(docx, xlsx, pptx) e di LibreOffice (odt, ods, odp), e questo file non lo è davvero."
        )
    )


def _controlla_office(file, parte, tipo) -> None:
    rotto = Rifiuto(_("Il file è rovinato: aprilo, salvalo di nuovo e riprova."))
    try:
        with zipfile.ZipFile(file) as archivio:
            parti = archivio.infolist()
            peso = sum(voce.file_size for voce in parti)
            if len(parti) > PARTI_MASSIME or peso > ESPANSO_MASSIMO:
                raise Rifiuto(_("Il file, aperto, è enorme: salvalo come PDF e carica quello."))
            nomi = {voce.filename for voce in parti}
            if parte not in nomi:
                raise rotto
            if parte == "mimetype" and archivio.read(parte)[:100] != tipo.encode():
                raise rotto
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise rotto from None
    if any(programma in nome.lower() for nome in nomi for programma in _PROGRAMMI):
        raise Rifiuto(_("Il file contiene delle macro: salvalo senza, o come PDF, e riprova."))
