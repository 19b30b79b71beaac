"""What people write in a cell of a sheet: days, hours, numbers, yes and no, as Italians and
spreadsheets write them.

Each function takes text and raises ValueError with what to write instead; none guesses.
"""

import re
import unicodedata
from datetime import date, time, timedelta

from django.utils.translation import gettext as _

# What a formula shows when it can not be worked out, in Italian and in English.
ERRORI = {
    "#N/D", "#N/A", "#RIF!", "#REF!", "#VALORE!", "#VALUE!", "#DIV/0!", "#NOME?", "#NAME?",
    "#NUM!", "#NULLO!", "#NULL!", "#ESPANSIONE!", "#SPILL!", "#CALC!",
}  # fmt: skip

_SI = {"si", "s", "x", "vero", "true", "1", "yes", "y", "v", "ok", "presente", "c e"}
_NO = {"no", "n", "falso", "false", "0", "assente", "non c e", "manca"}
_NON_SI_SA = {"", "non so", "sconosciuto", "da verificare", "da comunicare", "non noto"}

_MESI = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip
_SETTIMANA = ("lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "domenica")

# Day 0 of a spreadsheet, and how much later that of old Macs was.
_EPOCA = date(1899, 12, 30)
_EPOCA_1904 = 1462
# As a number of days only what is surely no year: from 1954 to 2119.
_SERIALI = range(20_000, 80_000)

_ORARIO = re.compile(r"(\d{1,2})(?:[:.,h](\d{2})(?:[:.]\d{2}(?:\.\d+)?)?)?")
_PRIMA_DELL_ORA = re.compile(r"^(?:t|,|-)?\s*(?:(?:alle|dalle|ore|h)\.?\s+)*(?:ore|h)?\s*")


def piana(testo: str) -> str:
    """A name as people may write it: without capitals, accents, signs and needless spaces."""
    senza = unicodedata.normalize("NFKD", testo.lower()).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", senza))


def giorno(testo: str, *, dal_1904: bool = False) -> date:
    """The day of a cell: "3/5/2023", "mercoledì 3 maggio 2023", "03.05.23", or the number that a
    spreadsheet keeps for it."""
    quale, quando = momento(testo, dal_1904=dal_1904)
    if quando not in (None, time()):
        raise ValueError(_("Scrivi la data come 3/5/2023."))
    return quale


def momento(testo: str, *, dal_1904: bool = False) -> tuple[date, time | None]:
    """A day and, when it is written, the hour: "03.05.2023 18:30", "mercoledì 3 maggio 2023, ore
    18"."""
    piatto = " ".join(_senza_accenti(testo).split())
    if seriale := re.fullmatch(r"(\d{5})(?:[.,](\d+))?", piatto):
        return _da_seriale(seriale, dal_1904)
    detto, piatto = _giorno_della_settimana(piatto)
    if parti := re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})(?=$|[t ,])", piatto):
        anno, mese, numero = int(parti[1]), int(parti[2]), int(parti[3])
    elif parti := re.match(r"(\d{1,2})([/.\- ])(\d{1,2})[/.\- ](\d{4}|\d{2})(?=$|[ ,])", piatto):
        numero, mese, anno = int(parti[1]), int(parti[3]), int(parti[4])
    elif parti := re.match(
        r"(\d{1,2}|primo)[o°]?[ -]([a-z]{3,9})\.?[ -](\d{4}|\d{2})(?=$|[ ,])", piatto
    ):
        mesi = [n for n, nome in enumerate(_MESI, start=1) if nome.startswith(parti[2])]
        numero = 1 if parti[1] == "primo" else int(parti[1])
        mese, anno = (mesi[0] if len(mesi) == 1 else 0), int(parti[3])
    else:
        raise ValueError(_("Scrivi la data come 3/5/2023."))
    try:
        quale = date(anno + 2000 if anno < 100 else anno, mese, numero)
    except ValueError:
        raise ValueError(_("Questo giorno non esiste: controlla la data.")) from None
    if detto is not None and quale.weekday() != detto:
        raise ValueError(
            _("Il %(data)s non è il giorno della settimana che c'è scritto: controlla la data.")
            % {"data": f"{quale.day}/{quale.month}/{quale.year}"}
        )
    resto = piatto[parti.end() :].strip(" ,")
    return quale, (orario(resto) if resto else None)


def orario(testo: str) -> time:
    """The hour of a cell: "18.30", "18:30", "ore 18", "18h30", or a part of a day."""
    piatto = " ".join(_senza_accenti(testo).split())
    if frazione := re.fullmatch(r"0?[.,](\d{3,})", piatto):
        return _parte_di_giorno(frazione[1])
    senza = _PRIMA_DELL_ORA.sub("", piatto, count=1).strip()
    parti = _ORARIO.fullmatch(senza.removeprefix("e ").replace(" ", ""))
    if not parti or int(parti[1]) > 23 or int(parti[2] or 0) > 59:
        raise ValueError(_("Scrivi l'ora come 18:30."))
    return time(int(parti[1]), int(parti[2] or 0))


def si_no(testo: str) -> bool | None:
    """Yes, no, or None for what nobody knows."""
    if testo.strip() in ("✓", "✔", "☑"):
        return True
    piatto = piana(testo)
    if piatto in _SI:
        return True
    if piatto in _NO:
        return False
    if piatto in _NON_SI_SA:
        return None
    raise ValueError(_("Scrivi «sì», «no», oppure lascia vuoto se non si sa."))


def numero(testo: str) -> float | None:
    """A number with a comma or a point; None for an empty cell."""
    piatto = testo.strip().removesuffix("°").strip()
    if not piatto:
        return None
    if not re.fullmatch(r"[+-]?\d{1,9}([.,]\d{1,20})?", piatto, re.ASCII):
        raise ValueError(_("Scrivi un numero, come 45,0526, oppure lascia vuoto."))
    return float(piatto.replace(",", "."))


def intero(testo: str) -> int | None:
    """A whole number, also as "1.200" or "12,0"; None for an empty cell."""
    piatto = testo.strip()
    if re.fullmatch(r"\d{1,3}(\.\d{3})+", piatto):
        piatto = piatto.replace(".", "")
    if not piatto:
        return None
    if not re.fullmatch(r"\d{1,9}([.,]0{1,20})?", piatto, re.ASCII):
        raise ValueError(_("Scrivi un numero intero, come 30, oppure lascia vuoto."))
    return int(float(piatto.replace(",", ".")))


def _senza_accenti(testo):
    scomposto = unicodedata.normalize("NFD", testo.lower().replace("º", "°").replace("’", "'"))
    return "".join(c for c in scomposto if not unicodedata.combining(c))


def _giorno_della_settimana(piatto):
    """The day of the week that a date begins with, from 0, and what follows it."""
    prima, _spazio, resto = piatto.partition(" ")
    parola = prima.strip(",.'`")
    if len(parola) >= 3 and parola.isalpha():
        trovati = [n for n, nome in enumerate(_SETTIMANA) if nome.startswith(parola)]
        if len(trovati) == 1 and resto:
            return trovati[0], resto.strip(" ,")
    return None, piatto


def _da_seriale(parti, dal_1904):
    giorni = int(parti[1]) + (_EPOCA_1904 if dal_1904 else 0)
    if giorni not in _SERIALI:
        raise ValueError(_("Scrivi la data come 3/5/2023."))
    quale = _EPOCA + timedelta(days=giorni)
    if not parti[2] or not int(parti[2]):
        return quale, None
    return quale, _parte_di_giorno(parti[2])


def _parte_di_giorno(decimali):
    """To the minute: a spreadsheet keeps 18:30 as 0.7708333."""
    minuti = min(round(float(f"0.{decimali}") * 24 * 60), 24 * 60 - 1)
    return time(minuti // 60, minuti % 60)
