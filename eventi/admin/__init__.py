"""The office's screens for venues, meetings, registrations and reports."""

from .accoglienze import AccoglienzaAdmin
from .incontri import IncontroAdmin, SedeAdmin
from .iscrizioni import IscrizioneAdmin
from .resoconti import ResocontoAdmin
from .telefonate import TelefonataAdmin

__all__ = [
    "AccoglienzaAdmin",
    "IncontroAdmin",
    "IscrizioneAdmin",
    "ResocontoAdmin",
    "SedeAdmin",
    "TelefonataAdmin",
]
