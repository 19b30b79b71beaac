"""The office's screens for labs, offers of help and the map of actors."""

from .attori import AttoreAdmin
from .disponibilita import DisponibilitaAdmin
from .laboratori import LaboratorioAdmin

__all__ = ["AttoreAdmin", "DisponibilitaAdmin", "LaboratorioAdmin"]
