"""What an organisation writes to ask for a seat."""

from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from laboratori.models import Laboratorio
from portale.lib.antispam import CampoEmail, CampoNome, FormProtetto, campi_antispam
from portale.lib.forms import PortaleFormHelper
from proposte.forms import CampoTesto

from .models import Organizzazione, RichiestaAdesione

INFORMATIVA = '{% include "tavolo/_adesione_informativa.html" with ente=ente only %}'


def _lunghezza(campo):
    return RichiestaAdesione._meta.get_field(campo).max_length


def _scelte(choices, vuoto):
    return [("", vuoto), *((valore, capfirst(nome)) for valore, nome in choices)]


class AdesioneForm(FormProtetto):
    nome = CampoTesto(
        label=_("Nome dell'organizzazione"),
        required=True,
        max_length=_lunghezza("nome"),
        widget=forms.TextInput({"autocomplete": "organization"}),
        error_messages={"required": _("Scrivi il nome dell'organizzazione o del gruppo.")},
    )
    genere = forms.ChoiceField(
        label=_("Che cos'è?"),
        error_messages={
            "required": _("Scegli una voce: se nessuna va bene, scegli «altro»."),
            "invalid_choice": _("Scegli una voce dell'elenco."),
        },
    )
    costituzione = forms.ChoiceField(
        label=_("Ha uno statuto?"),
        required=False,
        help_text=_("Possono entrare anche i gruppi informali."),
        error_messages={"invalid_choice": _("Scegli una voce dell'elenco.")},
    )
    attivita = CampoTesto(
        label=_("Di che cosa si occupa?"),
        required=True,
        max_length=_lunghezza("attivita"),
        righe=4,
        help_text=_("Se la richiesta è accolta si legge sulla pagina del Tavolo."),
        error_messages={"required": _("Scrivi in poche parole di che cosa si occupa.")},
    )
    laboratori = forms.ModelMultipleChoiceField(
        Laboratorio.objects.pubblici(),
        label=_("In quali zone è attiva?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Se non scegli niente, vale per tutta la città."),
        error_messages={
            "invalid_choice": _("Scegli fra i laboratori dell'elenco."),
            "invalid_pk_value": _("Scegli fra i laboratori dell'elenco."),
        },
    )
    sito = forms.URLField(
        label=_("Sito o pagina social"),
        required=False,
        assume_scheme="https",
        max_length=_lunghezza("sito"),
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "url"}),
        error_messages={
            "invalid": _("Controlla l'indirizzo: deve essere come https://www.esempio.it.")
        },
    )
    motivo = CampoTesto(
        label=_("Perché vuole partecipare?"), max_length=_lunghezza("motivo"), righe=4
    )
    contatto = CampoNome(
        label=_("Nome e cognome di chi possiamo contattare"), max_length=_lunghezza("contatto")
    )
    email = CampoEmail(
        help_text=_("Ti mandiamo un link: aprilo, e l'ufficio riceve la richiesta.")
    )
    telefono = forms.CharField(
        label=_("Telefono"),
        required=False,
        max_length=_lunghezza("telefono"),
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per inviare conferma di avere letto l'informativa qui sopra.")
        },
    )

    # The columns of the request, in the order of the page.
    COLONNE = (
        "nome", "genere", "costituzione", "attivita", "sito", "motivo", "contatto", "email",
        "telefono",
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["genere"].choices = _scelte(Organizzazione.Genere.choices, _("Scegli…"))
        self.fields["costituzione"].choices = _scelte(
            Organizzazione.Costituzione.choices, _("Non lo so")
        )
        self.helper = PortaleFormHelper(self, submit=_("Chiedi di entrare"))
        self.helper.layout = Layout(
            Fieldset(
                _("L'organizzazione"),
                "nome",
                "genere",
                "costituzione",
                "attivita",
                "laboratori",
                "sito",
                "motivo",
            ),
            Fieldset(_("Chi la rappresenta"), "contatto", "email", "telefono"),
            Fieldset(_("I tuoi dati"), HTML(INFORMATIVA), "informativa"),
            campi_antispam(),
        )

    def dati(self) -> dict:
        """The columns of the request, once the form is valid."""
        return {nome: self.cleaned_data[nome] for nome in self.COLONNE}
