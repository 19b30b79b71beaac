"""What a telephone at the door sends, looked at before anything is kept."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Ingresso
from .presenze import ETA_MASSIMA, INGRESSO_MASSIMO, PRESENTI_MASSIMI, Entrata, Segno


class ToccoForm(forms.Form):
    """One tap, whether a form was filled in or a script sent it. Its data may be JSON's."""

    chiave = forms.UUIDField(error_messages={"invalid": _("Il tocco non ha una chiave valida.")})
    # How long ago it was made, in milliseconds: telephones' clocks are wrong, their seconds not.
    fatto_da = forms.IntegerField(required=False)

    def clean_fatto_da(self):
        """Not in the future, and no older than a link holds."""
        fatto_da = timedelta(milliseconds=min(self.cleaned_data["fatto_da"] or 0, 10**12))
        return min(max(fatto_da, timedelta(0)), ETA_MASSIMA)


class SegnoForm(ToccoForm):
    persona = forms.IntegerField(min_value=1, max_value=2**62)
    presenti = forms.IntegerField(min_value=0, max_value=PRESENTI_MASSIMI, required=False)

    def tocco(self) -> Segno:
        """The tap, once it is valid."""
        scritto = self.cleaned_data
        return Segno(
            scritto["chiave"], scritto["persona"], scritto["presenti"], scritto["fatto_da"]
        )


class EntrataForm(ToccoForm):
    quanti = forms.IntegerField(min_value=-INGRESSO_MASSIMO, max_value=INGRESSO_MASSIMO)
    genere = forms.ChoiceField(
        label=_("Genere"), choices=Ingresso.Genere, required=False, widget=forms.RadioSelect
    )
    eta = forms.ChoiceField(
        label=_("Età"), choices=Ingresso.Eta, required=False, widget=forms.RadioSelect
    )
    volta = forms.ChoiceField(
        label=_("È la prima volta?"),
        choices=Ingresso.Volta,
        required=False,
        widget=forms.RadioSelect,
    )

    def clean_quanti(self):
        if not (quanti := self.cleaned_data["quanti"]):
            raise forms.ValidationError(_("Scrivi quante persone."))
        return quanti

    def tocco(self) -> Entrata:
        """The tap, once it is valid."""
        return Entrata(**self.cleaned_data)


class CodiceForm(forms.Form):
    codice = forms.CharField(
        label=_("Codice d'ingresso"),
        max_length=60,
        error_messages={"required": _("Scrivi il codice: otto fra lettere e cifre.")},
    )


def tocco_form(riga):
    """The form for a tap sent by a script."""
    riga = riga if isinstance(riga, dict) else {}
    return (EntrataForm if "quanti" in riga else SegnoForm)(riga)
