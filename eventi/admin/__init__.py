"""The office's screens for venues, meetings, registrations and reports."""

from .incontri import IncontroAdmin, SedeAdmin
from .iscrizioni import IscrizioneAdmin
from .resoconti import ResocontoAdmin

__all__ = ["IncontroAdmin", "IscrizioneAdmin", "ResocontoAdmin", "SedeAdmin"]
