from .accounts import UserFactory
from .eventi import (
    IncontroFactory,
    IscrizioneFactory,
    PromemoriaFactory,
    ResocontoFactory,
    SedeFactory,
    ServizioFactory,
)
from .laboratori import DisponibilitaFactory, LaboratorioFactory, QuartiereFactory
from .percorso import FaseFactory, PercorsoFactory
from .posta import MessaggioFactory

__all__ = [
    "DisponibilitaFactory",
    "FaseFactory",
    "IncontroFactory",
    "IscrizioneFactory",
    "LaboratorioFactory",
    "MessaggioFactory",
    "PercorsoFactory",
    "PromemoriaFactory",
    "QuartiereFactory",
    "ResocontoFactory",
    "SedeFactory",
    "ServizioFactory",
    "UserFactory",
]
