from portale.lib.codici import nuovo_codice  # noqa: F401  (the first migration names it here)

from .attori import Attore, ModificaAttore
from .disponibilita import Disponibilita, PassaggioDisponibilita
from .laboratori import Laboratorio, Quartiere, Referente

__all__ = [
    "Attore",
    "Disponibilita",
    "Laboratorio",
    "ModificaAttore",
    "PassaggioDisponibilita",
    "Quartiere",
    "Referente",
]
