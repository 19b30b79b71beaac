"""The kinds of mail: who composes each, and what may happen instead of sending it.

An app writes its composers in its ``emails.py``::

    @genere("promemoria", etichetta="Promemoria")
    def promemoria(messaggio, adesso):
        ...
        return Composto(oggetto, testo, html)

A composer is called when the mail is about to leave, with the recipient's language active, and
answers with what is true then. It may raise :class:`NonDovuto`, :class:`Scaduto` or
:class:`Rinviato` instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .models import Messaggio


class NonDovuto(Exception):
    """The reason for this mail is gone (cancelled, changed): the row becomes ``annullato``."""


class Scaduto(Exception):
    """It is too late for this mail to be of use: the row becomes ``scaduto``."""


class Rinviato(Exception):
    """Not now: the row stays in the queue until ``fino_a``."""

    def __init__(self, fino_a: datetime):
        super().__init__(fino_a)
        self.fino_a = fino_a


@dataclass(frozen=True)
class Allegato:
    nome: str
    contenuto: bytes
    mimetype: str


@dataclass(frozen=True)
class Composto:
    oggetto: str
    testo: str
    html: str
    allegati: tuple[Allegato, ...] = ()
    intestazioni: dict[str, str] = field(default_factory=dict)
    rispondi_a: str = ""


Compositore = Callable[[Messaggio, datetime], Composto]


@dataclass(frozen=True)
class Genere:
    nome: str
    etichetta: str
    componi: Compositore
    # Its parameters are kept only until it has left (they hold a login code, say).
    riservato: bool
    # Failed, it can be tried again: a login code can not, what a citizen wrote to us must.
    rispedibile: bool
    # Somebody waits for it at the screen: it overtakes a queue of reminders.
    urgente: bool


registro: dict[str, Genere] = {}


def genere(
    nome: str,
    *,
    etichetta: str = "",
    riservato: bool = False,
    rispedibile: bool | None = None,
    urgente: bool = False,
):
    """Register the composer of a kind of mail; two composers of one name are a mistake.

    ``riservato``: the row's parameters are emptied when the mail has left or is given up;
    with ``rispedibile=True`` they stay in a failed one, so that the office can send it again.
    ``urgente``: it overtakes the others in the queue.
    """
    if rispedibile is None:
        rispedibile = not riservato

    def registra(componi: Compositore) -> Compositore:
        if nome in registro and registro[nome].componi.__module__ != componi.__module__:
            raise ValueError(f"Two composers for the kind of mail {nome!r}")
        registro[nome] = Genere(nome, etichetta or nome, componi, riservato, rispedibile, urgente)
        return componi

    return registra
