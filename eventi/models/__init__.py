from .incontri import Incontro, PassaggioIncontro, Promemoria, Sede, Servizio
from .iscrizioni import Iscrizione, Necessita, PassaggioIscrizione, RichiestaServizio
from .resoconti import AllegatoResoconto, Resoconto

__all__ = [
    "AllegatoResoconto",
    "Incontro",
    "Iscrizione",
    "Necessita",
    "PassaggioIncontro",
    "PassaggioIscrizione",
    "Promemoria",
    "Resoconto",
    "RichiestaServizio",
    "Sede",
    "Servizio",
]
