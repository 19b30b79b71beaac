"""How often one address may do one thing.

Counts live in the default cache under keys that say nothing about anybody. The window begins
with the first try and is not made longer by the refused ones.
"""

import ipaddress
import re
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache
from django.shortcuts import render
from django.utils.crypto import salted_hmac

_UNITA = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def consenti(request, azione: str, *, chiave: str = "", limite: str = "10/m") -> bool:
    """Count one try at ``azione`` and say whether it may go on.

    ``limite`` reads "10/m", "5/h", "3/10m" (s, m, h, d). Tries are counted for each ``chiave``
    (an e-mail address, a meeting), or for each client address where none is given. When the
    answer is no, answer with :func:`limite_superato`.
    """
    if not settings.RATE_LIMITS:
        return True
    massimo, secondi = _leggi(limite)
    if _conta(_nome(azione, limite, chiave or indirizzo_cliente(request)), secondi) <= massimo:
        return True
    request.riprova_tra = secondi
    return False


def limite_superato(request):
    """The 429 page: says that it was too often, and when to try again."""
    secondi = getattr(request, "riprova_tra", 60)
    response = render(request, "429.html", {"minuti": -(-secondi // 60)}, status=429)
    response["Retry-After"] = str(secondi)
    response["Cache-Control"] = "no-store"
    return response


def indirizzo_cliente(request) -> str:
    """The address that the request comes from, as far as it can be believed.

    Each of our own proxies adds the address that it saw at the end of X-Forwarded-For; what
    stands before was written by the client. A whole IPv6 /64 counts as one: it is one home.
    """
    indirizzo = request.META.get("REMOTE_ADDR", "")
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        visti = [v.strip() for v in request.headers.get("x-forwarded-for", "").split(",")]
        if len(visti) >= settings.ALLAUTH_TRUSTED_PROXY_COUNT:
            indirizzo = visti[-settings.ALLAUTH_TRUSTED_PROXY_COUNT]
    # "1.2.3.4:5678" and "[::1]:5678", as some proxies write them.
    if trovato := re.fullmatch(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+", indirizzo):
        indirizzo = trovato[1] or trovato[2]
    try:
        ip = ipaddress.ip_address(indirizzo)
    except ValueError:
        # A local socket has no address: all who come through it count together.
        return "0.0.0.0"  # noqa: S104 (not a place to listen at)
    if ip.version == 6:
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)


def _conta(nome: str, secondi: int) -> int:
    """One more; how many in this window."""
    for _tentativo in range(3):
        try:
            return cache.incr(nome)
        except ValueError:
            # The first of its window, or a window that has just ended.
            if cache.add(nome, 1, secondi):
                return 1
    # Only when the cache takes nothing: rather let people in than shut all out.
    return 1


def _nome(azione: str, limite: str, di_chi: str) -> str:
    impronta = salted_hmac("portale.limiti", di_chi, algorithm="sha256").hexdigest()[:32]
    return f"limite:{azione}:{limite}:{impronta}"


@lru_cache
def _leggi(limite: str) -> tuple[int, int]:
    trovato = re.fullmatch(r"(\d+)/(\d*)([smhd])", limite)
    if not trovato:
        raise ValueError(f"Not a limit: {limite!r} (write it like 10/m)")
    return int(trovato[1]), int(trovato[2] or 1) * _UNITA[trovato[3]]
