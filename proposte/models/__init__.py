from .bisogni import Bisogno, PassaggioBisogno, Tema
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
