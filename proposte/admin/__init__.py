"""The office's screens for needs, proposals and what people say of them."""

from .partecipazione import CommentoAdmin, SegnalazioneAdmin
from .proposte import PropostaAdmin
from .risposte import AvanzamentoAdmin, RispostaAdmin, VerificaTecnicaAdmin
from .verbalizzanti import VerbalizzanteAdmin

__all__ = [
    "AvanzamentoAdmin",
    "CommentoAdmin",
    "PropostaAdmin",
    "RispostaAdmin",
    "SegnalazioneAdmin",
    "VerbalizzanteAdmin",
    "VerificaTecnicaAdmin",
]
