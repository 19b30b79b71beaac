"""What this process remembers of what everybody may read, until something of it changes.

Whole pages are kept by ``portale.pagine``, which also reads, once a second, the version of the
contents; here are the pieces of which a page that nobody has asked for is made. Both live in the
"pagine" cache, inside the process, under that version. With no version at hand (somebody signed
in, a command, a test) nothing is remembered and everything is worked out again.

Only what is the same for everybody belongs here.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.core.cache import caches

T = TypeVar("T")
K = TypeVar("K", int, str)

VERSIONE = "versione"
# Seconds. Time alone changes what is kept (registering closes), and a page may be made of a
# piece that is about to expire: the two together are the longest that anything lasts.
DURATA_PAGINE = 40
DURATA_PEZZI = 20


def ricorda(nome: str, calcola: Callable[[], T]) -> T:
    """What ``calcola()`` gave the last time, or gives now."""
    return ricorda_molti(nome, [""], lambda _chiavi: {"": calcola()})[0]


def ricorda_molti(
    nome: str, chiavi: Iterable[K], calcola: Callable[[list[K]], dict[K, T]]
) -> list[T]:
    """One value for each of ``chiavi``, in their order; ``calcola`` gives those not remembered,
    all together. A key that it does not give is left out."""
    chiavi = list(chiavi)
    pagine = caches["pagine"]
    versione = pagine.get(VERSIONE)
    if versione is None:
        trovati = calcola(chiavi) if chiavi else {}
    else:
        nomi = {chiave: f"{nome}:{versione}:{chiave}" for chiave in chiavi}
        noti = pagine.get_many(nomi.values())
        trovati = {chiave: noti[nomi[chiave]] for chiave in chiavi if nomi[chiave] in noti}
        mancanti = [chiave for chiave in chiavi if chiave not in trovati]
        if mancanti:
            nuovi = calcola(mancanti)
            for chiave, valore in nuovi.items():
                pagine.set(nomi[chiave], valore, DURATA_PEZZI)
            trovati |= nuovi
    return [trovati[chiave] for chiave in chiavi if chiave in trovati]
