"""What a member writes on the map of actors."""

from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from laboratori.forms_attori import AttoreForm
from laboratori.models import Attore
from portale.lib.forms import PortaleFormHelper
from proposte.forms import CampoTesto

MAPPA = (
    '{% include "proposte/_scrittura_mappa.html" with punto=mappa presente=punto_presente only %}'
)


def _lungo(campo):
    return Attore._meta.get_field(campo).max_length


class AttoreAreaForm(AttoreForm):
    """The page has the point's map in the same form: it renders the ``<form>`` itself."""

    use_required_attribute = False

    nome = CampoTesto(label=_("Nome"), required=True, max_length=_lungo("nome"))
    attivita = CampoTesto(
        label=_("Che cosa fa"),
        max_length=_lungo("attivita"),
        righe=5,
        help_text=_("Che cosa fa, quando, con chi. Senza nomi di persone."),
    )
    luogo = CampoTesto(
        label=_("Luogo"),
        max_length=_lungo("luogo"),
        help_text=_("Una via, una piazza, un luogo che si riconosce. Mai una casa privata."),
    )

    class Meta(AttoreForm.Meta):
        widgets = {
            "latitudine": forms.HiddenInput,
            "longitudine": forms.HiddenInput,
            "stato": forms.RadioSelect,
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["laboratorio"].empty_label = None
        self.fields["laboratorio"].label_from_instance = etichetta_zona
        self.helper = PortaleFormHelper(self, submit=None)
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Fieldset(_("Chi è"), "nome", "genere", "attivita", "sito", "pubblici"),
            Fieldset(_("Dove"), "laboratorio", "luogo", HTML(MAPPA), "latitudine", "longitudine"),
            "stato",
            "vista",
        )


class TogliForm(forms.Form):
    motivo = CampoTesto(
        label=_("Perché lo togli?"),
        required=True,
        max_length=_lungo("archiviato_motivo"),
        help_text=_("Lo leggono gli altri componenti e l'ufficio. Per esempio: ha chiuso."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Togli dalla mappa"))


def etichetta_zona(laboratorio) -> str:
    """ "Zona 3 – Farnesiana"."""
    return f"{_('Zona')} {laboratorio.numero} – {laboratorio.nome}"
