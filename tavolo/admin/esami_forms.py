"""What the office writes to run the reviews."""

from django import forms
from django.utils.translation import gettext_lazy as _

from laboratori.models import Laboratorio
from percorso.models import Percorso
from portale.lib.admin import GiornoInput
from proposte.forms_partecipazione import CampoTesto
from proposte.models import Proposta

from ..models import DomandaProponente

_AREA = {"rows": 4, "cols": 70}


class ProntiForm(forms.Form):
    """Which proposals to choose among."""

    percorso = forms.ModelChoiceField(
        Percorso.objects.dal_piu_attuale(), label=_("Percorso"), required=False, empty_label=None
    )
    laboratorio = forms.ModelChoiceField(
        Laboratorio.objects.order_by("numero"),
        label=_("Laboratorio"),
        required=False,
        empty_label=_("Tutti"),
    )


class ApriForm(forms.Form):
    proposte = forms.ModelMultipleChoiceField(
        Proposta.objects.none(),
        label=_("Proposte"),
        error_messages={"required": _("Segna almeno una proposta.")},
    )
    giorno = forms.DateField(
        label=_("Si risponde fino al"),
        help_text=_("Compreso: l'esame finisce a mezzanotte."),
        widget=GiornoInput,
    )
    nota = CampoTesto(
        label=_("Nota per i componenti"),
        help_text=_("Si legge nella mail e sopra ogni proposta."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(_AREA),
    )

    def __init__(self, *args, pronte, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["proposte"].queryset = pronte


class ProrogaForm(forms.Form):
    giorno = forms.DateField(
        label=_("Si risponde fino al"),
        help_text=_("Compreso: l'esame finisce a mezzanotte."),
        widget=GiornoInput,
    )
    testo = CampoTesto(
        label=_("Perché"), required=False, max_length=1000, widget=forms.Textarea(_AREA)
    )


class ChiudiForm(forms.Form):
    testo = CampoTesto(label=_("Perché"), max_length=1000, widget=forms.Textarea(_AREA))


class VuotoForm(forms.Form):
    """Nothing to write: only to confirm."""


class RispostaUfficioForm(forms.Form):
    testo = CampoTesto(
        label=_("Risposta"),
        max_length=DomandaProponente._meta.get_field("risposta").max_length,
        widget=forms.Textarea({"rows": 8, "cols": 70}),
    )
