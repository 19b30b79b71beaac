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
from .proposte import (
    AvanzamentoFactory,
    BisognoFactory,
    CommentoFactory,
    NotaFactory,
    PartecipanteFactory,
    PropostaFactory,
    RispostaFactory,
    SeguitoFactory,
    SostegnoFactory,
    TemaFactory,
    VerbalizzanteFactory,
    VerificaTecnicaFactory,
)

__all__ = [
    "AvanzamentoFactory",
    "BisognoFactory",
    "CommentoFactory",
    "DisponibilitaFactory",
    "FaseFactory",
    "IncontroFactory",
    "IscrizioneFactory",
    "LaboratorioFactory",
    "MessaggioFactory",
    "NotaFactory",
    "PartecipanteFactory",
    "PercorsoFactory",
    "PromemoriaFactory",
    "PropostaFactory",
    "QuartiereFactory",
    "ResocontoFactory",
    "RispostaFactory",
    "SedeFactory",
    "SeguitoFactory",
    "ServizioFactory",
    "SostegnoFactory",
    "TemaFactory",
    "UserFactory",
    "VerbalizzanteFactory",
    "VerificaTecnicaFactory",
]
