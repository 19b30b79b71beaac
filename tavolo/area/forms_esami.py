"""What a seat writes about a proposal under review."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from portale.lib.forms import PortaleFormHelper
from proposte.forms_partecipazione import CampoTesto

from ..models import SENZA_MOTIVO, CommentoEsame, DomandaProponente, Grado, Posizione

# What each grade commits the seat to, in words.
SPIEGAZIONI = {
    Grado.FAVOREVOLE: _("Si può accogliere così com'è."),
    Grado.OSSERVAZIONI: _("Si può accogliere, ma scrivete che cosa tenere presente o cambiare."),
    Grado.INDIFFERENTE: _("Va bene qualunque cosa decidano gli altri."),
    Grado.CONTRARIA: _("Meglio di no, e scrivete perché; se gli altri vogliono, non vi opponete."),
    Grado.OBIEZIONE: _("Così non si può accogliere: scrivete che cosa lo impedisce."),
    Grado.CONFLITTO: _("Non partecipate alla valutazione: scrivete quale legame avete."),
}


class PosizioneForm(forms.Form):
    """``completa``: to state it; otherwise anything may be missing, as in a draft."""

    grado = forms.ChoiceField(
        label=_("Che cosa dice il vostro seggio?"),
        choices=Grado.choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"required": _("Scegli una posizione.")},
    )
    motivazione = CampoTesto(
        label=_("Perché"),
        help_text=_(
            "Serve sempre, tranne che per «favorevole» e «indifferente». La leggono gli altri "
            "seggi dopo avere espresso la loro."
        ),
        required=False,
        max_length=Posizione._meta.get_field("motivazione").max_length,
        widget=forms.Textarea({"rows": 6, "class": "form-control"}),
    )
    versione = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args, posizione=None, completa=False, **kwargs):
        if posizione is not None:
            scritta = bool(posizione.bozza_grado or posizione.bozza_motivazione)
            kwargs["initial"] = {
                "grado": posizione.bozza_grado if scritta else posizione.grado,
                "motivazione": posizione.bozza_motivazione if scritta else posizione.motivazione,
                "versione": posizione.versione,
            }
        else:
            kwargs["initial"] = {"versione": 0}
        super().__init__(*args, **kwargs)
        self.completa = completa
        self.fields["grado"].required = completa

    def clean(self):
        dati = super().clean()
        grado = dati.get("grado")
        if self.completa and grado and grado not in SENZA_MOTIVO and not dati.get("motivazione"):
            self.add_error("motivazione", _("Scrivi il motivo: per questa posizione serve."))
        return dati

    def riparti_da(self, versione: int) -> None:
        """The seat saved something else meanwhile, which the page shows: sent again, this text
        takes its place."""
        self.data = self.data.copy()
        self.data["versione"] = str(versione)

    @property
    def gradi(self):
        """Each radio button with what it means: (button, words)."""
        return [
            (bottone, SPIEGAZIONI[bottone.data["value"]]) for bottone in self["grado"].subwidgets
        ]


class _Scritto(forms.Form):
    """A text sent once, however often its form is."""

    chiave = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, submit, **kwargs):
        kwargs["initial"] = {"chiave": uuid.uuid4()}
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=submit)


class CommentoForm(_Scritto):
    testo = CampoTesto(
        label=_("Scrivi agli altri componenti"),
        help_text=_("Lo leggono solo i componenti del Tavolo, il Comitato e l'ufficio."),
        max_length=CommentoEsame._meta.get_field("testo").max_length,
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, submit=_("Scrivi il commento"), **kwargs)


class DomandaForm(_Scritto):
    testo = CampoTesto(
        label=_("Che cosa vuoi chiedere a chi propone?"),
        help_text=_("Riceve una mail con il nome della tua organizzazione, non con il tuo."),
        max_length=DomandaProponente._meta.get_field("testo").max_length,
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, submit=_("Invia la domanda"), prefix="domanda", **kwargs)
