from .bisogni import Bisogno, PassaggioBisogno, Tema
from .importazioni import Importazione
from .note import Nota, Verbalizzante
from .partecipazione import Commento, Riconteggio, Segnalazione, Seguito, Sostegno
from .proposte import (
    Canale,
    Moderazione,
    Passaggio,
    Proposta,
    VersioneProposta,
)
from .risposte import Allegato, Avanzamento, EsitoPreparato, Risposta, VerificaTecnica

__all__ = [
    "Allegato",
    "Avanzamento",
    "Bisogno",
    "Canale",
    "Commento",
    "EsitoPreparato",
    "Importazione",
    "Moderazione",
    "Nota",
    "Passaggio",
    "PassaggioBisogno",
    "Proposta",
    "Riconteggio",
    "Risposta",
    "Segnalazione",
    "Seguito",
    "Sostegno",
    "Tema",
    "Verbalizzante",
    "VerificaTecnica",
    "VersioneProposta",
]
