from .consensi import Consenso
from .conservazione import Pulizia
from .identita import IdentitaVerificata, RispostaUsata
from .partecipanti import Conferma, Partecipante
from .persone import User, UserManager
from .privacy import Canale, Cancellazione, Scarico
from .sessioni import RiferimentoSessione, Sessione

__all__ = [
    "Canale",
    "Cancellazione",
    "Conferma",
    "Consenso",
    "IdentitaVerificata",
    "Partecipante",
    "Pulizia",
    "RiferimentoSessione",
    "RispostaUsata",
    "Scarico",
    "Sessione",
    "User",
    "UserManager",
]
