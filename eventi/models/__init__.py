from .incontri import Incontro, PassaggioIncontro, Promemoria, Sede, Servizio
from .iscrizioni import Iscrizione, Necessita, PassaggioIscrizione, RichiestaServizio
from .numeri import NumeriIncontro
from .presenze import Accoglienza, Ingresso, SegnoPresenza
from .resoconti import AllegatoResoconto, Resoconto
from .serie import SerieIncontri
from .telefonate import Telefonata

__all__ = [
    "Accoglienza",
    "AllegatoResoconto",
    "Incontro",
    "Ingresso",
    "Iscrizione",
    "Necessita",
    "NumeriIncontro",
    "PassaggioIncontro",
    "PassaggioIscrizione",
    "Promemoria",
    "Resoconto",
    "RichiestaServizio",
    "Sede",
    "SegnoPresenza",
    "SerieIncontri",
    "Servizio",
    "Telefonata",
]
