"""Who is told what of a proposal's life. The mails themselves are composed in ``emails.py``."""

from datetime import datetime


def ricevuta(proposta, adesso: datetime) -> None:
    """To the proponent: it arrived, who reads it and when."""


def pubblicata(proposta, adesso: datetime) -> None:
    """To the proponent: everybody can read it."""


def nascosta(proposta, adesso: datetime) -> None:
    """To the proponent: it is out of sight, why, and how to ask for another look."""


def confermata_nascosta(proposta, passaggio, adesso: datetime) -> None:
    """To the proponent: somebody looked again, and it stays out of sight."""


def riesame(proposta, passaggio, adesso: datetime) -> None:
    """To the office: the proponent asks to have it seen again."""


def ritirata(proposta, adesso: datetime) -> None:
    """To the followers: it was taken back."""


def cambiata(proposta, adesso: datetime) -> None:
    """To proponent and followers: its new state, with the reason."""


def integrata(proposta, adesso: datetime) -> None:
    """To its proponent and followers: it went into another one, where they are counted too."""


def risposta(proposta, risposta, adesso: datetime) -> None:
    """To proponent and followers: the municipality's answer, or its correction."""


def avanzamento(proposta, avanzamento, adesso: datetime) -> None:
    """To proponent and followers: a milestone."""


def commento_nascosto(commento, adesso: datetime) -> None:
    """To its writer: it is out of sight, why, and how to ask for another look."""


def commento_riammesso(commento, nascosto_at: datetime | None, adesso: datetime) -> None:
    """To its writer: everybody reads it again. ``nascosto_at`` says which hiding is undone."""


def segnalazioni_chiuse(segnalazioni: list[int], adesso: datetime) -> None:
    """To those who reported, where they are known: what was decided."""
