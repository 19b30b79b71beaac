"""Dates as people in Piacenza say them, and the wall clock they live by.

Formatting here is plain string work: the ``date`` template filter costs ten times as much,
and a list page formats sixty dates.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

ROMA = ZoneInfo("Europe/Rome")

_GIORNI = {
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MESI = {
    "it": (
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
        "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


def _lingua() -> str:
    return "en" if (get_language() or "it").startswith("en") else "it"


def a_roma(momento: datetime) -> datetime:
    """The same instant on Rome's wall clock."""
    return momento.astimezone(ROMA)


def giorni_della_settimana() -> tuple[str, ...]:
    """ "lunedì" … "domenica", in the language of the page."""
    return _GIORNI[_lingua()]


def giorno_esteso(giorno: date) -> str:
    """ "mercoledì 3 maggio 2023", in the language of the page."""
    lingua = _lingua()
    primo = "1º" if lingua == "it" and giorno.day == 1 else str(giorno.day)
    settimana, mese = _GIORNI[lingua][giorno.weekday()], _MESI[lingua][giorno.month - 1]
    return f"{settimana} {primo} {mese} {giorno.year}"


def giorno_mese_anno(giorno: date) -> str:
    """ "3 maggio 2023", in the language of the page."""
    lingua = _lingua()
    primo = "1º" if lingua == "it" and giorno.day == 1 else str(giorno.day)
    return f"{primo} {_MESI[lingua][giorno.month - 1]} {giorno.year}"


def mese_anno(giorno: date) -> str:
    """ "maggio 2023", in the language of the page."""
    return f"{_MESI[_lingua()][giorno.month - 1]} {giorno.year}"


def mese_breve(giorno: date) -> str:
    """ "mag", for the small calendar leaf of a card."""
    return _MESI[_lingua()][giorno.month - 1][:3]


def ora(momento: datetime) -> str:
    """ "18:30" on Rome's wall clock."""
    return f"{a_roma(momento):%H:%M}"


def giorno_e_ora(momento: datetime) -> str:
    """ "mercoledì 3 maggio 2023, 18:30"."""
    locale = a_roma(momento)
    return f"{giorno_esteso(locale.date())}, {locale:%H:%M}"


def ora_di_muro(giorno: date, orario: time) -> datetime:
    """The instant at which Rome's clocks show ``orario`` on ``giorno``.

    A time that the spring change skips means one hour later; one that the autumn change
    repeats means its first occurrence (PEP 495, fold=0).
    """
    return datetime.combine(giorno, orario, tzinfo=ROMA).astimezone(ZoneInfo("UTC"))


def anticipa(momento: datetime, *, giorni: int = 0, ore: int = 0) -> datetime:
    """``giorni`` days and ``ore`` hours before ``momento``, in wall time: 24 hours before an
    18:30 meeting is 18:30 of the day before, also across a change of clocks."""
    locale = a_roma(momento).replace(tzinfo=None) - timedelta(days=giorni, hours=ore)
    return ora_di_muro(locale.date(), locale.time())
