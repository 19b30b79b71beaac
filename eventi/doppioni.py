"""Is she registered already? What makes the office look twice before it registers somebody."""

import unicodedata
from difflib import SequenceMatcher

from portale.lib.testo import cifre

from .models import Incontro, Iscrizione

# "Anna Bianchi" and "Ana Bianchi", not "Anna Bianchi" and "Anna Bianchini Rossi".
SOMIGLIANZA = 0.88


def forse_gia_iscritte(
    incontro: Incontro, *, nome: str, telefono: str = "", email: str | None = None
) -> list[Iscrizione]:
    """The live registrations of this meeting that may be the same person's: the same address,
    the same telephone, or a name like hers that no contact tells apart from her."""
    numero, parole = cifre(telefono), _parole(nome)
    trovate = []
    for altra in incontro.iscrizioni.vive().order_by("nome", "pk"):
        stesso_numero = bool(numero) and cifre(altra.telefono) == numero
        if (email and altra.email == email) or stesso_numero:
            trovate.append(altra)
        elif _simili(parole, _parole(altra.nome)):
            # Two telephones, or two addresses, tell two people apart; with less nobody can.
            distinte = (altra.telefono and numero) or (altra.email and email)
            if not distinte:
                trovate.append(altra)
    return trovate


def _parole(nome: str) -> str:
    """A name without accents and capitals, its words in order: "Bianchi, Anna" is Anna Bianchi."""
    piano = unicodedata.normalize("NFKD", nome.casefold())
    lettere = "".join(c if c.isalnum() else " " for c in piano if not unicodedata.combining(c))
    return " ".join(sorted(lettere.split()))


def _simili(uno: str, altro: str) -> bool:
    if not uno or not altro:
        return False
    if uno == altro:
        return True
    confronto = SequenceMatcher(None, uno, altro, autojunk=False)
    # The first two are quick, and rule out nearly everybody.
    return (
        confronto.real_quick_ratio() >= SOMIGLIANZA
        and confronto.quick_ratio() >= SOMIGLIANZA
        and confronto.ratio() >= SOMIGLIANZA
    )
