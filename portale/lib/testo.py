"""Small promises about text that comes from people."""

import unicodedata


def normalizza_email(indirizzo: str) -> str:
    """The one form in which an address is stored and compared: trimmed, NFKC, lower case.

    The local part is lowered too: no provider in use tells ``Anna@`` from ``anna@``, and a
    person who types both must be one.
    """
    return unicodedata.normalize("NFKC", indirizzo).strip().lower()
