"""What the office writes to have the Tavolo decide in writing."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portale.lib.admin import GiornoOraInput
from portale.lib.scelte import UltimeField
from proposte.forms_partecipazione import CampoTesto
from proposte.models import Proposta

from ..models import DEFINITIVI, ProceduraScritta

_AREA = {"rows": 6, "cols": 70}


def _lunghezza(campo):
    return ProceduraScritta._meta.get_field(campo).max_length


class ApriProceduraForm(forms.Form):
    proposta = UltimeField(
        Proposta.objects.filter(stato=Proposta.Stato.IN_VALUTAZIONE).order_by("titolo", "pk"),
        label=_("Proposta"),
        help_text=_("Quelle in valutazione."),
    )
    esito = forms.ChoiceField(
        label=_("Esito proposto"),
        choices=[(esito.value, capfirst(str(esito.label))) for esito in DEFINITIVI],
    )
    testo = CampoTesto(
        label=_("Testo da decidere"),
        help_text=_(
            "Con le ragioni: se la decisione è presa si pubblica così. Poi non si cambia."
        ),
        max_length=_lunghezza("testo"),
        widget=forms.Textarea(_AREA),
    )
    testo_concordato = CampoTesto(
        label=_("Testo concordato"),
        help_text=_(
            "Solo per «accolta con modifiche»: copia «che cosa si propone» dalla proposta e "
            "cambialo."
        ),
        required=False,
        max_length=_lunghezza("testo_concordato"),
        widget=forms.Textarea({**_AREA, "rows": 10}),
    )
    apre_at = forms.DateTimeField(
        label=_("Si apre"), help_text=_("Vuoto: subito."), required=False, widget=GiornoOraInput
    )
    chiude_at = forms.DateTimeField(
        label=_("Si chiude"), help_text=_("Almeno un giorno dopo."), widget=GiornoOraInput
    )


class AnnullaProceduraForm(forms.Form):
    motivo = CampoTesto(
        label=_("Perché"),
        help_text=_("Lo leggono i componenti."),
        max_length=1000,
        widget=forms.Textarea({"rows": 4, "cols": 70}),
    )
