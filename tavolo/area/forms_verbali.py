"""What is written, asked and answered about minutes."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import GiornoInput
from portale.lib.forms import PortaleFormHelper
from proposte.forms_partecipazione import CampoTesto

from ..models import Correzione, Impegno, Seggio, Verbale, VoceVerbale

# Some eight pages on one item.
TESTO_MASSIMO = 20_000


class _Versionato(forms.Form):
    """Texts that two people may be writing at once; ``riga`` is what was saved last."""

    versione = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def riparti_da(self, versione: int) -> None:
        """Somebody saved another text meanwhile, which the page shows: sent again, this one takes
        its place."""
        self.data = self.data.copy()
        self.data["versione"] = str(versione)


class VoceForm(_Versionato):
    testo = CampoTesto(
        label=_("Che cosa si è detto"),
        help_text=_(
            "Nomina le organizzazioni, non le persone. Una riga vuota separa i paragrafi."
        ),
        required=False,
        max_length=TESTO_MASSIMO,
        widget=forms.Textarea({"rows": 12}),
    )

    def __init__(self, *args, voce: VoceVerbale, **kwargs):
        kwargs["initial"] = {"testo": voce.testo, "versione": voce.versione}
        super().__init__(*args, **kwargs)


class CorniceForm(_Versionato):
    premessa = CampoTesto(
        label=_("Premessa"),
        help_text=_("Quello che viene prima dei punti: chi apre la seduta, saluti, assenze."),
        required=False,
        max_length=TESTO_MASSIMO,
        widget=forms.Textarea({"rows": 4}),
    )
    chiusura = CampoTesto(
        label=_("Chiusura"),
        help_text=_("Quello che viene dopo: prossima seduta, varie."),
        required=False,
        max_length=TESTO_MASSIMO,
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, *args, verbale: Verbale, **kwargs):
        kwargs["initial"] = {
            "premessa": verbale.premessa,
            "chiusura": verbale.chiusura,
            "versione": verbale.versione,
        }
        super().__init__(*args, **kwargs)


class ImpegnoForm(forms.Form):
    testo = CampoTesto(
        label=_("Che cosa si farà"),
        max_length=Impegno._meta.get_field("testo").max_length,
        widget=forms.TextInput,
    )
    seggio = forms.ModelChoiceField(
        Seggio.objects.none(), label=_("Chi"), required=False, empty_label=_("l'ufficio")
    )
    entro = forms.DateField(
        label=_("Entro il"),
        required=False,
        widget=GiornoInput,
        help_text=_("Tre giorni prima parte un promemoria, e un altro se il giorno passa."),
    )

    def __init__(self, *args, seduta, **kwargs):
        super().__init__(*args, prefix="impegno", **kwargs)
        seggi = Seggio.objects.filter(percorso=seduta.incontro.percorso_id)
        self.fields["seggio"].queryset = seggi.in_carica(seduta.giorno).for_elenco()


class CorrezioneForm(forms.Form):
    """A correction that is asked for once, however often its form is sent."""

    punto = forms.ModelChoiceField(
        None, label=_("Dove"), required=False, empty_label=_("premessa, presenze o chiusura")
    )
    testo = CampoTesto(
        label=_("Che cosa correggere"),
        help_text=_("Scrivi che cosa c'è scritto e che cosa dovrebbe esserci."),
        max_length=Correzione._meta.get_field("testo").max_length,
        widget=forms.Textarea({"rows": 6}),
    )
    chiave = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, seduta, **kwargs):
        kwargs["initial"] = {"chiave": uuid.uuid4(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["punto"].queryset = seduta.punti.all()
        self.helper = PortaleFormHelper(self, submit=_("Chiedi la correzione"))


class RispostaForm(forms.Form):
    esito = forms.ChoiceField(
        label=_("La correzione è"),
        choices=Correzione.Esito.choices,
        widget=forms.RadioSelect,
    )
    risposta = CampoTesto(
        label=_("Risposta"),
        help_text=_("Serve se non è accolta. Se è accolta, ricordati di cambiare il testo."),
        required=False,
        max_length=3000,
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Rispondi"))

    def clean(self):
        dati = super().clean()
        no = dati.get("esito") == Correzione.Esito.NON_ACCOLTA
        if no and not dati.get("risposta"):
            self.add_error("risposta", _("Scrivi perché la correzione non è accolta."))
        return dati


class SedutaField(forms.ModelChoiceField):
    def label_from_instance(self, obj):
        dati = {"numero": obj.numero, "giorno": dates.giorno_mese_anno(obj.giorno)}
        return _("Seduta n. %(numero)d del %(giorno)s") % dati


class ApprovaForm(forms.Form):
    """``sedute``: those that may approve."""

    seduta = SedutaField(
        None,
        label=_("In quale seduta è stato approvato"),
        error_messages={"required": _("Scegli la seduta.")},
    )

    def __init__(self, *args, sedute, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seduta"].queryset = sedute
        self.helper = PortaleFormHelper(self, submit=_("Registra l'approvazione"))


class RettificaForm(ApprovaForm):
    testo = CampoTesto(
        label=_("Che cosa si rettifica"),
        help_text=_(
            "Si pubblica accanto al verbale, con il suo numero, e non si cambia più. Nomina le "
            "organizzazioni, non le persone."
        ),
        max_length=3000,
        widget=forms.Textarea({"rows": 6}),
    )
    field_order = ["testo", "seduta"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seduta"].label = _("In quale seduta è stata decisa")
        self.helper = PortaleFormHelper(self, submit=_("Pubblica la rettifica"))
