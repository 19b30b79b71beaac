"""What a person writes to the office."""

from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from laboratori.models import Laboratorio
from portale.lib.antispam import CampoEmail, CampoNome, FormProtetto, campi_antispam
from portale.lib.forms import PortaleFormHelper

INFORMATIVA = '{% include "portale/_contatti_informativa.html" with ente=ente only %}'


class ContattoForm(FormProtetto):
    nome = CampoNome()
    email = CampoEmail(help_text=_("L'ufficio ti risponde a questo indirizzo."))
    oggetto = forms.CharField(
        label=_("Di che cosa si tratta?"),
        max_length=120,
        error_messages={"required": _("Scrivi in poche parole di che cosa si tratta.")},
    )
    laboratorio = forms.ModelChoiceField(
        Laboratorio.objects.pubblici(),
        label=_("Riguarda un laboratorio?"),
        required=False,
        empty_label=_("Nessuno in particolare"),
        error_messages={"invalid_choice": _("Scegli un laboratorio dell'elenco.")},
    )
    messaggio = forms.CharField(
        label=_("Messaggio"),
        max_length=4000,
        widget=forms.Textarea({"rows": 6}),
        error_messages={"required": _("Scrivi il tuo messaggio.")},
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per inviare conferma di avere letto l'informativa qui sopra.")
        },
    )

    field_order = ("oggetto", "laboratorio", "messaggio", "nome", "email", "informativa")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Invia il messaggio"))
        self.helper.layout = Layout(
            Fieldset(_("Il tuo messaggio"), "oggetto", "laboratorio", "messaggio"),
            Fieldset(_("Chi sei"), "nome", "email"),
            Fieldset(_("I tuoi dati"), HTML(INFORMATIVA), "informativa"),
            campi_antispam(),
        )

    def clean_oggetto(self):
        return " ".join(self.cleaned_data["oggetto"].split())
