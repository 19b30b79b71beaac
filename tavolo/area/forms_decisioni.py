"""What is written when the Tavolo decides, answers in writing, or the Comitato speaks."""

import uuid

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portale.lib.forms import PortaleFormHelper
from portale.lib.scelte import UltimeField
from proposte.forms_partecipazione import CampoTesto
from proposte.models import Proposta

from ..models import Decisione, Dissenso, Esito, ParereComitato, RispostaScritta, Seggio

SPIEGAZIONI = {
    Esito.ACCOLTA: gettext_lazy("Così com'è."),
    Esito.ACCOLTA_CON_MODIFICHE: gettext_lazy("Con il testo concordato, scritto qui sotto."),
    Esito.NON_ACCOLTA: gettext_lazy("Con la motivazione, che chi ha proposto riceve subito."),
    Esito.RINVIATA: gettext_lazy("Resta in valutazione: se ne parla in un'altra seduta."),
    Esito.DA_INTEGRARE: gettext_lazy(
        "Resta in valutazione: scrivete che cosa manca, lo riceve chi ha proposto."
    ),
}
SPIEGAZIONI_RISPOSTA = {
    RispostaScritta.Scelta.CONSENSO: gettext_lazy("Il testo va bene al vostro seggio."),
    RispostaScritta.Scelta.ASTENSIONE: gettext_lazy("Decidano gli altri: vale come risposta."),
    RispostaScritta.Scelta.OBIEZIONE: gettext_lazy(
        "Ferma subito la procedura: se ne discute in seduta. Non si può ritirare."
    ),
}


def _lunghezza(modello, campo):
    return modello._meta.get_field(campo).max_length


def _con_spiegazioni(campo, spiegazioni):
    """Each radio button with what it means: (button, words)."""
    return [(bottone, spiegazioni[bottone.data["value"]]) for bottone in campo.subwidgets]


class DecisioneForm(forms.Form):
    """``presenti`` are the seats in the room; ``annulla`` the decision that this one replaces."""

    SUBITO, CON_IL_VERBALE = "subito", "verbale"

    esito = forms.ChoiceField(
        label=gettext_lazy("Che cosa ha deciso il Tavolo?"),
        choices=Esito.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Scegli un esito.")},
    )
    motivazione = CampoTesto(
        label=gettext_lazy("Perché"),
        help_text=gettext_lazy("Serve sempre, tranne che per «accolta». Si pubblica così com'è."),
        required=False,
        max_length=_lunghezza(Decisione, "motivazione"),
        widget=forms.Textarea({"rows": 5}),
    )
    testo_concordato = CampoTesto(
        label=gettext_lazy("Testo concordato"),
        help_text=gettext_lazy(
            "Solo per «accolta con modifiche»: qui c'è il testo della proposta, cambialo. Il "
            "testo di prima resta leggibile."
        ),
        required=False,
        max_length=_lunghezza(Decisione, "testo_concordato"),
        widget=forms.Textarea({"rows": 8}),
    )
    proposta_da = forms.ModelChoiceField(
        Seggio.objects.none(),
        label=gettext_lazy("Chi ha proposto il testo"),
        required=False,
        empty_label=gettext_lazy("L'ufficio"),
    )
    quando = forms.ChoiceField(
        label=gettext_lazy("Quando si pubblica?"),
        choices=[
            (SUBITO, gettext_lazy("Subito")),
            (CON_IL_VERBALE, gettext_lazy("Con il verbale, quando è approvato")),
        ],
        widget=forms.RadioSelect,
        initial=SUBITO,
    )
    perche_annulla = CampoTesto(
        label=gettext_lazy("Perché si torna a decidere"),
        error_messages={"required": gettext_lazy("Scrivi perché si torna a decidere.")},
        max_length=3000,
        widget=forms.Textarea({"rows": 3}),
    )
    annulla = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data=None, *, proposta, presenti, annulla=None):
        iniziali = {
            "testo_concordato": proposta.che_cosa,
            "quando": self.SUBITO,
            "annulla": annulla and annulla.pk,
        }
        super().__init__(data, initial=iniziali)
        if annulla is None:
            # Sent with one all the same, the service tells that it is gone.
            del self.fields["perche_annulla"]
        chiavi = [seggio.pk for seggio in presenti]
        self.fields["proposta_da"].queryset = Seggio.objects.filter(pk__in=chiavi).for_elenco()
        self.seggi = {f"dissenso_{seggio.pk}": seggio for seggio in presenti}
        for nome, seggio in self.seggi.items():
            self.fields[nome] = CampoTesto(
                label=str(seggio),
                required=False,
                max_length=_lunghezza(Dissenso, "testo"),
                widget=forms.Textarea({"rows": 2}),
            )

    @property
    def esiti(self):
        return _con_spiegazioni(self["esito"], SPIEGAZIONI)

    @property
    def dissensi(self):
        """The fields of who does not agree."""
        return [self[nome] for nome in self.seggi]

    @property
    def dissensi_scritti(self) -> bool:
        return any(campo.value() or campo.errors for campo in self.dissensi)

    def decisione(self) -> dict:
        """What the service is called with."""
        dati = self.cleaned_data
        return {
            "esito": dati["esito"],
            "motivazione": dati["motivazione"],
            "testo_concordato": dati["testo_concordato"],
            "proposta_da": dati["proposta_da"],
            "dissensi": {seggio: dati[nome] for nome, seggio in self.seggi.items()},
            "con_il_verbale": dati["quando"] == self.CON_IL_VERBALE,
            "perche_annulla": dati.get("perche_annulla", ""),
        }


class RispostaForm(forms.Form):
    """What a seat answers to a written procedure."""

    scelta = forms.ChoiceField(
        label=gettext_lazy("Che cosa risponde il vostro seggio?"),
        choices=RispostaScritta.Scelta.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Scegli una risposta.")},
    )
    motivo = CampoTesto(
        label=gettext_lazy("Perché"),
        help_text=gettext_lazy("Serve per un'obiezione: la leggono tutti i componenti."),
        required=False,
        max_length=_lunghezza(RispostaScritta, "motivo"),
        widget=forms.Textarea({"rows": 4}),
    )
    versione = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data=None, *, risposta=None):
        iniziali = {"versione": risposta.versione if risposta else 0}
        if risposta:
            iniziali |= {"scelta": risposta.scelta, "motivo": risposta.motivo}
        super().__init__(data, initial=iniziali)

    @property
    def scelte(self):
        return _con_spiegazioni(self["scelta"], SPIEGAZIONI_RISPOSTA)

    def clean(self):
        dati = super().clean()
        obietta = dati.get("scelta") == RispostaScritta.Scelta.OBIEZIONE
        if obietta and not dati.get("motivo"):
            self.add_error("motivo", _("Scrivi il motivo: il Tavolo ne discuterà in seduta."))
        return dati

    def riparti_da(self, versione: int) -> None:
        """The other person of the seat answered meanwhile, which the page shows: sent again,
        this answer takes the place of hers."""
        self.data = self.data.copy()
        self.data["versione"] = str(versione)


class ParereForm(forms.Form):
    """An opinion of the Comitato, on the process or on one proposal."""

    titolo = CampoTesto(
        label=gettext_lazy("Titolo"),
        max_length=_lunghezza(ParereComitato, "titolo"),
        widget=forms.TextInput,
    )
    proposta = UltimeField(
        Proposta.objects.none(),
        label=gettext_lazy("Sulla proposta"),
        required=False,
        empty_label=gettext_lazy("Nessuna: sul percorso"),
        help_text=gettext_lazy("Quelle in valutazione o con un esito."),
    )
    testo = CampoTesto(
        label=gettext_lazy("Testo"), max_length=20_000, widget=forms.Textarea({"rows": 14})
    )
    chiave = forms.CharField(max_length=36, widget=forms.HiddenInput)
    versione = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data=None, *, percorso, parere=None, proposta=""):
        iniziali = {"chiave": str(uuid.uuid4()), "versione": 0, "proposta": proposta}
        if parere:
            iniziali = {
                campo: getattr(parere, campo)
                for campo in ("titolo", "proposta", "testo", "chiave", "versione")
            }
        super().__init__(data, initial=iniziali)
        stati = (Proposta.Stato.IN_VALUTAZIONE, *Proposta.ESITI)
        self.fields["proposta"].queryset = percorso.proposte.filter(stato__in=stati).order_by(
            "titolo", "pk"
        )
        self.helper = PortaleFormHelper(self, submit=_("Salva la bozza"))

    def riparti_da(self, versione: int) -> None:
        """Somebody of the Comitato saved meanwhile: sent again, this text takes its place."""
        self.data = self.data.copy()
        self.data["versione"] = str(versione)
