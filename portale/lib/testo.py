"""Small promises about text that comes from people."""

import unicodedata
from decimal import Decimal
from urllib.parse import urlsplit

from django.utils.formats import number_format


def normalizza_email(indirizzo: str) -> str:
    """The one form in which an address is stored and compared: trimmed, NFKC, lower case.

    The local part is lowered too: no provider in use tells ``Anna@`` from ``anna@``, and a
    person who types both must be one.
    """
    return unicodedata.normalize("NFKC", indirizzo).strip().lower()


def righe(testo: str) -> list[str]:
    """The lines of a "one for each line" field, without the empty ones."""
    return [riga.strip() for riga in testo.splitlines() if riga.strip()]


def euro(importo: Decimal | None) -> str:
    """ "15.000 euro" (cents only when there are any), in the active language; empty for None."""
    if importo is None:
        return ""
    decimali = 0 if importo == importo.to_integral_value() else 2
    return f"{number_format(importo, decimal_pos=decimali, force_grouping=True)} euro"


def fonti(indirizzi: object) -> list[tuple[str, str]]:
    """The sources of a fact as (address, the site's name), only those that a browser may open:
    the field is free JSON."""
    if not isinstance(indirizzi, list):
        return []
    trovate = []
    for indirizzo in indirizzi:
        parti = urlsplit(indirizzo) if isinstance(indirizzo, str) else None
        if parti and parti.scheme in ("http", "https") and parti.hostname:
            trovate.append((indirizzo, parti.hostname.removeprefix("www.")))
    return trovate
