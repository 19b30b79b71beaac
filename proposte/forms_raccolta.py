"""What a note-taker's browser sends, looked at before anything is kept."""

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.text import format_lazy
from django.utils.timezone import is_aware
from django.utils.translation import gettext_lazy as _

from .models import Nota
from .raccolta import TAVOLO_MASSIMO, TESTO_MASSIMO, Foglietto, pulisci

# A larger version or place is no browser of ours.
NUMERO_MASSIMO = 1_000_000


class TestoField(forms.CharField):
    """A note's text, cleaned before it is measured."""

    def to_python(self, value):
        if not isinstance(value, str):
            value = ""
        return pulisci(value)


class NotaForm(forms.Form):
    """One note, whether a form was filled in or a script sent it. Its data may be JSON's."""

    chiave = forms.UUIDField(error_messages={"invalid": _("La nota non ha una chiave valida.")})
    versione = forms.IntegerField(min_value=1, max_value=NUMERO_MASSIMO)
    ordine = forms.IntegerField(min_value=0, max_value=NUMERO_MASSIMO, required=False)
    tavolo = forms.IntegerField(
        label=_("Tavolo"),
        min_value=1,
        max_value=TAVOLO_MASSIMO,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            format_lazy(_("Il numero del tavolo va da 1 a {massimo}."), massimo=TAVOLO_MASSIMO),
        ),
    )
    genere = forms.ChoiceField(choices=Nota.Genere, required=False)
    testo = TestoField(
        label=_("Che cosa c'è scritto sul foglietto?"),
        max_length=TESTO_MASSIMO,
        error_messages={
            "required": _("La nota è vuota: scrivi che cosa c'è sul foglietto."),
            "max_length": _(
                "La nota è troppo lunga (%(show_value)d caratteri): al massimo "
                "%(limit_value)d. Dividila in due."
            ),
        },
    )
    eliminata = forms.BooleanField(required=False)
    # The browser's own clock, which may say anything.
    digitata = forms.CharField(required=False)

    def clean_digitata(self):
        try:
            momento = parse_datetime(self.cleaned_data["digitata"])
        except ValueError:
            return None
        # Near the ends of the calendar no database can hold it in another time zone.
        return momento if momento and is_aware(momento) and 2000 < momento.year < 9000 else None

    def foglietto(self, chiave=None) -> Foglietto:
        """The note, once it is valid; under another key if one is given."""
        scritto = self.cleaned_data
        return Foglietto(
            chiave=chiave or scritto["chiave"],
            testo=scritto["testo"],
            versione=scritto["versione"],
            tavolo=scritto["tavolo"],
            ordine=scritto["ordine"],
            genere=scritto["genere"],
            eliminata=scritto["eliminata"],
            digitata_at=scritto["digitata"],
        )
