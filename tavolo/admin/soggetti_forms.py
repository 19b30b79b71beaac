"""What the office writes about who sits at the Tavolo."""

from django import forms
from django.contrib.auth import get_user_model
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from percorso.models import Percorso
from portale.lib.admin import GiornoInput
from portale.lib.scelte import UltimeField
from portale.lib.testo import normalizza_email, righe
from proposte.admin_forms import campo_testo

from ..models import Componente, Criterio, ImpostazioniTavolo, Organizzazione, Seggio

RUOLI = [(valore, capfirst(nome)) for valore, nome in Seggio.Ruolo.choices]
CRITERI_MASSIMI = 12
RIGA = {"class": "vTextField"}
NELLA_STORIA = _("Resta nella storia; lo legge solo l'ufficio.")


def giorno(etichetta, aiuto=""):
    return forms.DateField(label=etichetta, widget=GiornoInput, help_text=aiuto)


class ConfermaForm(forms.Form):
    pass


class GaranteForm(forms.Form):
    """A person of the Comitato, by the address of her account."""

    percorso = forms.ModelChoiceField(
        Percorso.objects.dal_piu_attuale(), label=_("Percorso"), empty_label=None
    )
    email = forms.EmailField(
        label=_("E-mail dell'account"),
        widget=forms.EmailInput(attrs=RIGA),
        help_text=_("Deve già avere un account sul portale."),
    )
    dal = giorno(_("Dal"))

    def clean_email(self):
        email = normalizza_email(self.cleaned_data["email"])
        self.persona = get_user_model().objects.filter(email=email, is_active=True).first()
        if self.persona is None:
            raise forms.ValidationError(
                _("Nessun account ha questo indirizzo: la persona ne crei uno, poi torna qui.")
            )
        return email


class SeggioForm(forms.Form):
    percorso = forms.ModelChoiceField(
        Percorso.objects.dal_piu_attuale(), label=_("Percorso"), empty_label=None
    )
    ruolo = forms.ChoiceField(
        label=_("Ruolo"),
        choices=RUOLI,
        help_text=_(
            "Componente e coordinamento decidono e contano per il numero legale; il coordinamento "
            "conduce la seduta; la segreteria la scrive; l'osservatore legge soltanto."
        ),
    )
    dal = giorno(_("Dal"))


class NuovoSeggioForm(SeggioForm):
    organizzazione = UltimeField(
        Organizzazione.objects.all(),
        label=_("Organizzazione"),
        help_text=_("Se non c'è, aggiungila prima fra le organizzazioni."),
    )
    field_order = ("organizzazione", "percorso", "ruolo", "dal")


class RuoloForm(forms.Form):
    ruolo = forms.ChoiceField(label=_("Ruolo"), choices=RUOLI)


class UltimoGiornoForm(forms.Form):
    al = giorno(
        _("Ultimo giorno"), _("Il giorno dopo non apre più niente e non riceve più posta.")
    )


class FineForm(UltimoGiornoForm):
    motivo = campo_testo(
        _("Perché"), righe=2, aiuto=_("Resta nella storia; lo legge solo l'ufficio.")
    )


class PersonaForm(forms.Form):
    """``nome`` and ``email`` of who fills a seat."""

    nome = forms.CharField(
        label=_("Nome e cognome"), max_length=120, widget=forms.TextInput(attrs=RIGA)
    )
    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs=RIGA),
        help_text=_("Qui arrivano l'invito, le convocazioni e i promemoria."),
    )
    dal = giorno(_("Dal"))
    invita = forms.BooleanField(label=_("Manda subito l'invito"), required=False, initial=True)

    def clean_email(self):
        return normalizza_email(self.cleaned_data["email"])


class NominaForm(PersonaForm):
    ruolo = forms.ChoiceField(
        label=_("In quanto"),
        choices=[(valore, capfirst(nome)) for valore, nome in Componente.Ruolo.choices],
    )
    field_order = ("ruolo", "nome", "email", "dal", "invita")


class SostituisciForm(PersonaForm):
    motivo = campo_testo(
        _("Perché"), righe=2, aiuto=_("Resta nella storia; lo legge solo l'ufficio.")
    )
    field_order = ("nome", "email", "dal", "motivo", "invita")


class EmailForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs=RIGA))


class ReinvitaForm(forms.Form):
    """``visto``: the invitation that this page knew of."""

    visto = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class AccogliForm(forms.Form):
    organizzazione = UltimeField(
        Organizzazione.objects.all(),
        label=_("Organizzazione"),
        required=False,
        empty_label=_("una nuova, con i dati della richiesta"),
        help_text=_("Se la conosci già, scegli quella: ha lo stesso seggio con un altro nome."),
    )
    ruolo = forms.ChoiceField(label=_("Ruolo"), choices=RUOLI)
    dal = giorno(_("Dal"))
    invita_contatto = forms.BooleanField(
        label=_("La persona di contatto è titolare: mandale subito l'invito"),
        required=False,
        initial=True,
    )
    risposta = campo_testo(
        _("Vuoi aggiungere qualcosa?"), aiuto=_("Si legge nell'e-mail che dice che è accolta.")
    )


class RespingiForm(forms.Form):
    risposta = campo_testo(
        _("Motivo"),
        _("Scrivi il motivo: lo riceve chi ha chiesto di aderire."),
        righe=6,
        aiuto=_("Le arriva per e-mail così come lo scrivi."),
    )


class EsportaForm(forms.Form):
    formato = forms.ChoiceField(
        label=_("Formato"), choices=[("csv", "CSV"), ("xlsx", "Excel (XLSX)")]
    )
    contatti = forms.BooleanField(
        label=_("Anche i contatti"),
        required=False,
        help_text=_("Persona di contatto, e-mail e telefono: dati personali, solo per l'ufficio."),
    )


# --- Forms of models ------------------------------------------------------------------------


class ImpostazioniForm(forms.ModelForm):
    criteri = forms.CharField(
        label=_("Domande guida"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text=_(
            "Una per riga: aiutano chi legge una proposta, e non sono un voto. Gli esami già "
            "aperti conservano le loro."
        ),
    )
    promemoria_giorni = forms.CharField(
        label=_("Promemoria prima della scadenza di un esame (giorni)"),
        required=False,
        widget=forms.TextInput(attrs=RIGA),
        help_text=_("Per esempio «3, 1». Li riceve solo chi non ha ancora risposto."),
    )

    class Meta:
        model = ImpostazioniTavolo
        fields = (
            "percorso",
            "presentazione",
            "porta_aperta",
            "numero_legale_percento",
            "preavviso_giorni",
            "correzioni_giorni",
            "approvazione",
            "promemoria_giorni",
            "fonti",
        )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        giorni = self.instance.promemoria_giorni if self.instance.pk else [3, 1]
        self.initial["promemoria_giorni"] = ", ".join(str(giorno) for giorno in giorni)
        if self.instance.pk:
            domande = self.instance.percorso.criteri_tavolo.values_list("domanda", flat=True)
            self.initial["criteri"] = "\n".join(domande)

    def clean_promemoria_giorni(self):
        parti = self.cleaned_data["promemoria_giorni"].replace(";", ",").split(",")
        giorni = {parte.strip() for parte in parti} - {""}
        if not all(parte.isascii() and parte.isdecimal() and len(parte) < 3 for parte in giorni):
            raise forms.ValidationError(
                _("Scrivi i giorni come numeri separati da virgole, per esempio «3, 1».")
            )
        return sorted({int(parte) for parte in giorni}, reverse=True)

    def clean_criteri(self):
        domande = righe(self.cleaned_data["criteri"])
        massimo = Criterio._meta.get_field("domanda").max_length
        if len(domande) > CRITERI_MASSIMI or any(len(domanda) > massimo for domanda in domande):
            raise forms.ValidationError(
                _("Al massimo %(quante)d domande, ciascuna di %(massimo)d caratteri."),
                params={"quante": CRITERI_MASSIMI, "massimo": massimo},
            )
        return domande
