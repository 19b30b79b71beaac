"""The answer of who made a proposal to a question of the Tavolo."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portale.lib.forms import PortaleFormHelper
from proposte.forms_partecipazione import CampoTesto

from .models import DomandaProponente


class RispostaForm(forms.Form):
    testo = CampoTesto(
        label=_("La risposta"),
        max_length=DomandaProponente._meta.get_field("risposta").max_length,
        widget=forms.Textarea({"rows": 8}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Invia la risposta"))
