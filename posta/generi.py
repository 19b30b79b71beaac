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
    # Shown by the HTML where it says ``cid:<cid>``; empty for what is only attached.
    cid: str = ""


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
    # Not even whom it went to is kept once it has left, or was given up.
    senza_traccia: bool = False
    # It goes to very many at once: everything else that is due overtakes it.
    di_massa: bool = False
    # The office may send it again at another address, which opens nothing to whoever reads it.
    correggibile: bool = False
    # It says that what people organised themselves by has changed: late, it is worth nothing.
    di_cambio: bool = False


registro: dict[str, Genere] = {}


def genere(
    nome: str,
    *,
    etichetta: str = "",
    riservato: bool = False,
    rispedibile: bool | None = None,
    urgente: bool = False,
    senza_traccia: bool = False,
    di_massa: bool = False,
    correggibile: bool = False,
    di_cambio: bool = False,
):
    """Register the composer of a kind of mail; two composers of one name are a mistake.

    ``riservato``: the row's parameters are emptied when the mail has left or is given up;
    with ``rispedibile=True`` they stay in a failed one, so that the office can send it again.
    ``urgente``: it overtakes the others in the queue; ``di_massa``: the others overtake it.
    ``senza_traccia``: not even the recipient stays in the row, which can not be sent again.
    ``correggibile``: when it did not arrive the office may put the address right. Only for a mail
    whose links are nobody's key, or whose composer looks at the address.
    ``di_cambio``: the office is told at once when it is late or lost.
    """
    if rispedibile is None:
        rispedibile = not (riservato or senza_traccia)

    def registra(componi: Compositore) -> Compositore:
        if nome in registro and registro[nome].componi.__module__ != componi.__module__:
            raise ValueError(f"Two composers for the kind of mail {nome!r}")
        registro[nome] = Genere(
            nome,
            etichetta or nome,
            componi,
            riservato,
            rispedibile,
            urgente,
            senza_traccia,
            di_massa,
            correggibile,
            di_cambio,
        )
        return componi

    return registra
