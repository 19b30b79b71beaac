"""What the office writes at the doors of a sitting and of a document."""

from django import forms
from django.utils.translation import gettext_lazy as _

from eventi.models import Incontro, Sede
from percorso.models import Percorso
from portale.lib.admin import GiornoInput, GiornoOraInput
from portale.lib.scelte import UltimeField
from proposte.models import Proposta

from ..formati import ACCETTATI
from ..models import Presenza, Seduta, Seggio, Verbale

RIGA = {"class": "vTextField"}
TESTO = {"rows": 4, "class": "vLargeTextField"}


class NuovaSedutaForm(forms.Form):
    """A sitting and its meeting, in one screen."""

    percorso = forms.ModelChoiceField(Percorso.objects.none(), label=_("Percorso"))
    titolo = forms.CharField(
        label=_("Titolo"),
        max_length=160,
        widget=forms.TextInput(RIGA),
        help_text=_("Si legge sul sito: per esempio «Terza seduta del Tavolo»."),
    )
    numero = forms.IntegerField(
        label=_("Numero"),
        required=False,
        min_value=1,
        max_value=999,
        help_text=_("Vuoto: il prossimo."),
    )
    inizio = forms.DateTimeField(label=_("Inizio"), widget=GiornoOraInput)
    fine = forms.DateTimeField(label=_("Fine"), required=False, widget=GiornoOraInput)
    modalita = forms.ChoiceField(label=_("Modalità"), choices=Incontro.Modalita.choices)
    sede = UltimeField(Sede.objects.all(), label=_("Sede"), required=False)
    link_online = forms.URLField(
        label=_("Collegamento online"),
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(RIGA),
        help_text=_("Lo vede solo chi siede al Tavolo."),
    )
    descrizione = forms.CharField(
        label=_("Di che cosa si parla"), required=False, widget=forms.Textarea(TESTO)
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["percorso"].queryset = Percorso.objects.dal_piu_attuale()

    def clean(self):
        dati = super().clean()
        da_casa = dati.get("modalita") != Incontro.Modalita.PRESENZA
        if dati.get("link_online") and not da_casa:
            self.add_error(
                "link_online",
                _("Una seduta solo in presenza non ha un collegamento: cambia la modalità."),
            )
        if dati.get("modalita") == Incontro.Modalita.ONLINE and dati.get("sede"):
            self.add_error("sede", _("Una seduta solo online non ha una sede."))
        return dati


class SceltePronteForm(forms.Form):
    """What is ready, to be ticked."""

    verbali = forms.ModelMultipleChoiceField(
        Verbale.objects.none(),
        label=_("Verbali da approvare"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    proposte = forms.ModelMultipleChoiceField(
        Proposta.objects.none(),
        label=_("Proposte pronte per una decisione"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, verbali, proposte, **kwargs):
        super().__init__(*args, **kwargs)
        for nome, righe in (("verbali", verbali), ("proposte", proposte)):
            if righe.exists():
                self.fields[nome].queryset = righe
            else:
                del self.fields[nome]
        if "proposte" in self.fields:
            self.fields["proposte"].label_from_instance = _perche_pronta


def _perche_pronta(proposta):
    motivi = [
        parola
        for vero, parola in (
            (proposta.esaminata, _("esame finito")),
            (proposta.rinviata, _("rinviata o da integrare")),
            (proposta.fermata, _("fermata da un'obiezione scritta")),
        )
        if vero
    ]
    zona = proposta.laboratorio or _("tutta la città")
    return f"{proposta.titolo} – {zona} ({', '.join(str(parola) for parola in motivi)})"


class TestoForm(forms.Form):
    """Something that everybody called reads, and that stays."""

    motivo = forms.CharField(
        label=_("Motivo"), required=False, max_length=2000, widget=forms.Textarea(TESTO)
    )

    def __init__(self, *args, etichetta, aiuto="", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["motivo"].label = etichetta
        self.fields["motivo"].help_text = aiuto


class CorreggiForm(forms.Form):
    seggio = forms.ModelChoiceField(Seggio.objects.none(), label=_("Organizzazione"))
    modo = forms.ChoiceField(label=_("Presenza"), choices=Presenza.Modo.choices)
    motivo = forms.CharField(label=_("Perché"), max_length=300, widget=forms.TextInput(RIGA))

    def __init__(self, *args, seduta, **kwargs):
        super().__init__(*args, **kwargs)
        seggi = Seggio.objects.filter(percorso=seduta.incontro.percorso_id)
        self.fields["seggio"].queryset = seggi.in_carica(seduta.giorno).for_elenco()


class NuovoDocumentoForm(forms.Form):
    percorso = forms.ModelChoiceField(Percorso.objects.none(), label=_("Percorso"))
    seduta = UltimeField(
        Seduta.objects.none(),
        label=_("Seduta"),
        required=False,
        empty_label=_("nessuna: del Tavolo"),
    )
    titolo = forms.CharField(label=_("Titolo"), max_length=200, widget=forms.TextInput(RIGA))
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ACCETTATI}),
        help_text=_("PDF, immagini, documenti di Word, Excel, LibreOffice, fino a 20 MB."),
    )
    pubblico_dal = forms.DateField(
        label=_("Pubblico dal"),
        required=False,
        widget=GiornoInput,
        help_text=_("Vuoto: lo leggono solo i componenti del Tavolo e il Comitato."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["percorso"].queryset = Percorso.objects.dal_piu_attuale()
        self.fields["seduta"].queryset = Seduta.objects.for_elenco()
