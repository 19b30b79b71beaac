"""The portal's log: one line for each event, with nobody in it.

Whoever reads the log looks for what broke. Addresses, telephones' addresses, the links that open
somebody's page and what stands behind the question mark of one are taken out of the finished
line, wherever they came from: a message, an exception that quotes a row, a library.
"""

import logging
import re
import secrets
from contextvars import ContextVar

_richiesta: ContextVar[str] = ContextVar("richiesta", default="-")

# In this order: a database quotes whole rows, which hold names too.
_SOSTITUZIONI = (
    (re.compile(r"(Failing row contains )\(.*?\)(?=\.?\s*$|\.?\s*\n)", re.S | re.M), r"\1(…)"),
    (re.compile(r"(Key \([^)]*\)=)\([^)]*\)"), r"\1(…)"),
    (re.compile(r"(?i)(/reset/key/|/confirm-email/)[^/\s'\"]+"), r"\1…"),
    # A signed link: what it names, and the signature.
    (re.compile(r"(?:[A-Za-z0-9_=-]+[.:])+[A-Za-z0-9_=-]{40,}"), "…"),
    (re.compile(r"[^\s<>\"'(),;:=/\[\]{}]+@[^\s<>\"'(),;:/\[\]{}]+"), "…@…"),
    (re.compile(r"(?<=[\w/…])\?[^\s'\"]*=[^\s'\"]*"), "?…"),
    (re.compile(r"\b(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}\b"), r"\1.…"),
    (re.compile(r"\b(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]*"), "…"),
)


def senza_persone(testo: str) -> str:
    """The same text without addresses, signed links, query strings and network addresses."""
    for cosa, con in _SOSTITUZIONI:
        testo = cosa.sub(con, testo)
    return testo


class RigaSenzaPersone(logging.Formatter):
    """ "2027-03-01 03:30:00,000 WARNING posta.consegna [4f2a9c01] …", tracebacks included."""

    def __init__(self, **kwargs):
        super().__init__(
            "{asctime} {levelname} {name} [{richiesta}] {message}", style="{", **kwargs
        )

    def format(self, record):
        record.richiesta = _richiesta.get()
        return " | ".join(senza_persone(super().format(record)).splitlines())


class NumeroRichiesta:
    """Middleware: the lines that one request writes carry one number, which is nobody's."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # Kept until the thread's next request: Django writes of a failed one when all is over.
        _richiesta.set(secrets.token_hex(4))
        return self.get_response(request)
