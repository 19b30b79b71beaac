"""The office's screens for needs, proposals and what people say of them."""

from .bisogni import BisognoAdmin
from .note import NotaAdmin, TemaAdmin
from .partecipazione import CommentoAdmin, SegnalazioneAdmin
from .proposte import PropostaAdmin
from .risposte import AvanzamentoAdmin, RispostaAdmin, VerificaTecnicaAdmin
from .verbalizzanti import VerbalizzanteAdmin

__all__ = [
    "AvanzamentoAdmin",
    "BisognoAdmin",
    "CommentoAdmin",
    "NotaAdmin",
    "PropostaAdmin",
    "RispostaAdmin",
    "SegnalazioneAdmin",
    "TemaAdmin",
    "VerbalizzanteAdmin",
    "VerificaTecnicaAdmin",
]
