"""Words as people look for them: one rule for Italian, the same on every database."""

import re
import unicodedata

_PAROLE = re.compile(r"[a-z0-9]+")
VUOTE = frozenset()


def radici(testo: str) -> list[str]:
    """The stems of the words of a text, in order, without accents, endings and empty words."""
    piano = unicodedata.normalize("NFKD", testo.lower())
    return _PAROLE.findall(piano.encode("ascii", "ignore").decode())


def indice(*testi: str) -> str:
    """What is stored beside the texts for searches to look into."""
    return " ".join(radice for testo in testi for radice in radici(testo))
