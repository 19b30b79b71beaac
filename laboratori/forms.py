"""What a person writes to offer her help."""

from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portale.lib.antispam import CampoEmail, CampoNome, FormProtetto, campi_antispam
from portale.lib.forms import PortaleFormHelper

from .models import Disponibilita, Laboratorio

INFORMATIVA = '{% include "laboratori/_disponibilita_informativa.html" with ente=ente only %}'


def _aiuti():
    return [(valore, capfirst(nome)) for valore, nome in Disponibilita.Aiuto.choices]


class DisponibilitaForm(FormProtetto):
    nome = CampoNome()
    email = CampoEmail(
        help_text=_("Ti mandiamo un link: aprilo, e l'ufficio riceve la tua offerta.")
    )
    telefono = forms.CharField(
        label=_("Telefono"),
        required=False,
        max_length=Disponibilita._meta.get_field("telefono").max_length,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    laboratorio = forms.ModelChoiceField(
        Laboratorio.objects.pubblici(),
        label=_("Per quale laboratorio?"),
        required=False,
        empty_label=_("Uno qualsiasi"),
        error_messages={"invalid_choice": _("Scegli un laboratorio dell'elenco.")},
    )
    aiuti = forms.MultipleChoiceField(
        label=_("Che cosa puoi offrire?"),
        choices=_aiuti,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Scegli almeno una voce: se nessuna va bene, scegli «altro»."),
            "invalid_choice": _("Scegli fra le voci dell'elenco."),
        },
    )
    messaggio = forms.CharField(
        label=_("Vuoi aggiungere qualcosa?"),
        required=False,
        max_length=Disponibilita._meta.get_field("messaggio").max_length,
        widget=forms.Textarea({"rows": 4}),
        help_text=_(
            "Per esempio: quando sei libera o libero, che cosa sai fare, quale spazio hai."
        ),
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per inviare conferma di avere letto l'informativa qui sopra.")
        },
    )

    field_order = (
        "aiuti", "laboratorio", "messaggio", "nome", "email", "telefono", "informativa",
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Offri il tuo aiuto"))
        self.helper.layout = Layout(
            Fieldset(_("Il tuo aiuto"), "aiuti", "laboratorio", "messaggio"),
            Fieldset(_("Chi sei"), "nome", "email", "telefono"),
            Fieldset(_("I tuoi dati"), HTML(INFORMATIVA), "informativa"),
            campi_antispam(),
        )
