from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models import Comunicazione

RIGA = {"class": "vTextField"}
# What each public needs to be known by.
DI_CHI = {
    Comunicazione.Pubblico.ISCRITTI: "incontro",
    Comunicazione.Pubblico.LABORATORIO: "laboratorio",
    Comunicazione.Pubblico.TAVOLO: "percorso",
}


class ComunicazioneForm(forms.ModelForm):
    class Meta:
        model = Comunicazione
        fields = [
            "pubblico",
            "incontro",
            "iscritti",
            "laboratorio",
            "percorso",
            "oggetto",
            "testo",
            "oggetto_en",
            "testo_en",
            "non_prima_di",
            "urgente",
            "motivo_urgenza",
        ]
        help_texts = {
            "incontro": _("Solo se scrivi a chi è iscritto."),
            "iscritti": _("Solo se scrivi a chi è iscritto."),
            "laboratorio": _("Solo se scrivi a chi segue un laboratorio."),
            "percorso": _("Solo se scrivi ai componenti del Tavolo."),
            "oggetto": _(
                "La prima cosa che si legge, anche su un telefono: dica di che si tratta."
            ),
            "testo": _(
                "In parole semplici; una riga vuota separa i paragrafi. Gli indirizzi web "
                "diventano link. Data, luogo e «lascia il posto» si aggiungono da soli."
            ),
            "testo_en": _("Chi ha scelto l'inglese riceve questo; se è vuoto, l'italiano."),
            "non_prima_di": _("Vuoto: appena la confermi. Di notte, tra le 21 e le 8, non parte."),
            "urgente": _("Solo per ciò che non può aspettare le 8, come un cambio di sede."),
        }

    def clean(self):
        dati = super().clean()
        pubblico = dati.get("pubblico")
        suo = DI_CHI.get(pubblico)
        for campo in {*DI_CHI.values()} & {*self.fields}:
            if campo != suo:
                dati[campo] = None
            elif not dati.get(campo) and campo not in self.errors:
                self.add_error(campo, gettext("Scegli di quale si tratta."))
        if not dati.get("iscritti"):
            if pubblico == Comunicazione.Pubblico.ISCRITTI:
                self.add_error("iscritti", gettext("Scegli a quali iscritti scrivi."))
            else:
                dati["iscritti"] = Comunicazione.Iscritti.TUTTI
        for pieno, vuoto in (("oggetto_en", "testo_en"), ("testo_en", "oggetto_en")):
            if dati.get(pieno) and not dati.get(vuoto):
                self.add_error(vuoto, gettext("In inglese servono tutti e due, o nessuno."))
        if dati.get("urgente"):
            if pubblico in Comunicazione.FACOLTATIVI:
                self.add_error(
                    "urgente",
                    gettext("Chi ha chiesto queste e-mail non si sveglia di notte: aspetta le 8."),
                )
            elif not dati.get("motivo_urgenza"):
                self.add_error("motivo_urgenza", gettext("Scrivi perché è urgente."))
        else:
            dati["motivo_urgenza"] = ""
        return dati


class InviaForm(forms.Form):
    """The yes of who has read it: it names what she read."""

    letta = forms.BooleanField(
        label=_("Ho letto l'anteprima e so a quante persone scrivo"),
        error_messages={"required": _("Leggi l'anteprima e metti il segno: poi parte davvero.")},
    )
    confermata = forms.CharField(widget=forms.HiddenInput)


class FermaForm(forms.Form):
    motivo = forms.CharField(
        label=_("Motivo"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Resta scritto nella storia: lo leggono i colleghi."),
    )


class RispedisciForm(forms.Form):
    email = forms.EmailField(
        label=_("Indirizzo giusto"),
        required=False,
        widget=forms.EmailInput(attrs=RIGA),
        help_text=_(
            "Vuoto: si riprova allo stesso. Un indirizzo scritto qui vale per questa e-mail sola."
        ),
    )
