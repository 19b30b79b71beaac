"""Small promises about text that comes from people."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlsplit

from django.utils.formats import number_format


def normalizza_email(indirizzo: str) -> str:
    """The one form in which an address is stored and compared: trimmed, NFKC, lower case.

    The local part is lowered too: no provider in use tells ``Anna@`` from ``anna@``, and a
    person who types both must be one.
    """
    return unicodedata.normalize("NFKC", indirizzo).strip().lower()


def cifre(telefono: str) -> str:
    """A telephone number as it is dialled, without the prefix of Italy."""
    numero = "".join(c for c in telefono if c.isdigit())
    return numero.removeprefix("0039").removeprefix("39") if len(numero) > 10 else numero


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


# --- Names ----------------------------------------------------------------------------------

# What stands where a name stood.
OMISSIS = "[omissis]"


def cerca_nomi(nomi: Iterable[str], altri: Iterable[str] = ()) -> re.Pattern | None:
    """What finds a name of two or more words, first name first or last, and each of ``altri``
    (an address, a telephone) as it is; None when there is nothing to look for.

    A name of a single word may be a word like any other, and is not looked for.
    """
    forme = {re.escape(unicodedata.normalize("NFC", altro)) for altro in altri if altro}
    for nome in nomi:
        parole = unicodedata.normalize("NFC", nome).split()
        if len(parole) < 2:
            continue
        for ordine in (parole, [*parole[-1:], *parole[:-1]], [*parole[1:], *parole[:1]]):
            forme.add(r"\s+".join(re.escape(parola) for parola in ordine))
    if not forme:
        return None
    # The longer ones first: "Anna Maria Rossi" before "Maria Rossi".
    alternative = "|".join(sorted(forme, key=lambda forma: (-len(forma), forma)))
    return re.compile(rf"(?<!\w)(?:{alternative})(?!\w)", re.IGNORECASE)


def oscura(valore: object, cercati: re.Pattern | None) -> object:
    """A text, or any value of a JSON field, with OMISSIS in the place of what was looked for."""
    if cercati is None:
        return valore
    if isinstance(valore, dict):
        return {chiave: oscura(voce, cercati) for chiave, voce in valore.items()}
    if isinstance(valore, list):
        return [oscura(voce, cercati) for voce in valore]
    if isinstance(valore, str):
        # Untouched texts stay as they are, letter by letter.
        nuovo, quanti = cercati.subn(OMISSIS, unicodedata.normalize("NFC", valore))
        return nuovo if quanti else valore
    return valore
