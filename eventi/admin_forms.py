"""What the office writes at the doors of a meeting and of a registration."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib.admin import GiornoOraInput
from portale.lib.file_sicuri import ACCETTATI
from portale.lib.scelte import UltimeField
from portale.lib.testo import normalizza_email

from .doppioni import forse_gia_iscritte
from .models import Incontro, Iscrizione, Resoconto, Sede
from .models.iscrizioni import POSTI_MASSIMI

RIGA = {"class": "vTextField"}


def campo_posti(**kwargs):
    """The seats that one registration asks for."""
    return forms.IntegerField(
        label=_("Posti"),
        validators=[MinValueValidator(1), MaxValueValidator(POSTI_MASSIMI)],
        widget=forms.NumberInput(attrs={"min": 1, "max": POSTI_MASSIMI, "class": "vSmallField"}),
        help_text=_("Lei compresa, da 1 a 5."),
        **kwargs,
    )


class ConfermaForm(forms.Form):
    """A verb that needs nothing but a yes."""


def incontro_a_parole(incontro: Incontro) -> str:
    """A meeting with its day: two workshops may have one title."""
    return f"{incontro.titolo} – {incontro.quando}"


class IncontroField(UltimeField):
    label_from_instance = staticmethod(incontro_a_parole)


class MotivoForm(forms.Form):
    motivo = forms.CharField(
        label=_("Motivo"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Lo leggono le persone iscritte: una frase semplice e completa."),
        error_messages={"required": _("Scrivi il motivo: chi è iscritto lo leggerà.")},
    )


class SpostaForm(MotivoForm):
    inizio = forms.DateTimeField(label=_("Nuovo inizio"), widget=GiornoOraInput)
    fine = forms.DateTimeField(label=_("Nuova fine"), widget=GiornoOraInput)
    sede = UltimeField(
        Sede.objects.all(),
        label=_("Sede"),
        required=False,
        empty_label=_("da comunicare"),
        help_text=_("Manca? Aggiungila prima tra le sedi."),
    )
    field_order = ["inizio", "fine", "sede", "motivo"]

    def clean(self):
        dati = super().clean()
        if dati.get("inizio") and dati.get("fine") and dati["fine"] <= dati["inizio"]:
            self.add_error("fine", gettext("La fine viene prima dell'inizio."))
        return dati


class CollegamentoForm(forms.Form):
    modalita = forms.ChoiceField(label=_("Modalità"), choices=Incontro.Modalita.choices)
    link_online = forms.URLField(
        label=_("Collegamento online"),
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=_("Lo riceve solo chi ha l'iscrizione confermata. Vuoto: da comunicare."),
    )
    motivo = forms.CharField(
        label=_("Motivo"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Facoltativo: se c'è, lo leggono le persone iscritte."),
    )


class PostiForm(forms.Form):
    posti = forms.IntegerField(
        label=_("Posti"),
        required=False,
        min_value=1,
        help_text=_("Vuoto: senza limite. I posti in più vanno subito a chi è in lista d'attesa."),
    )
    posti_riservati = forms.IntegerField(
        label=_("Posti riservati"),
        min_value=0,
        initial=0,
        help_text=_("Tenuti da parte dall'ufficio: i cittadini non li vedono liberi."),
    )


class PostiIscrizioneForm(forms.Form):
    posti_richiesti = campo_posti()


class FoglioForm(forms.Form):
    class Foglio(models.TextChoices):
        PRESENZE = "presenze", _("Foglio delle presenze, da firmare")
        ETICHETTE = "etichette", _("Etichette con il nome di battesimo")
        ETICHETTE_INTERE = "etichette-intere", _("Etichette con nome e cognome")
        LOCANDINA_A4 = "locandina-a4", _("Locandina A4 con il codice QR")
        LOCANDINA_A3 = "locandina-a3", _("Locandina A3 con il codice QR")

    foglio = forms.ChoiceField(choices=Foglio)


class FileMoltiField(forms.FileField):
    """Any number of files, as a list."""

    class Widget(forms.ClearableFileInput):
        allow_multiple_selected = True
        template_name = "django/forms/widgets/file.html"

    widget = Widget

    def clean(self, data, initial=None):
        pulisci = super().clean
        return [pulisci(file, initial) for file in data or []]


class ChiudiForm(forms.ModelForm):
    """The whole report on one page."""

    class Meta:
        model = Resoconto
        fields = (
            "partecipanti",
            "partecipanti_note",
            "testo",
            "metodo",
            "organizzazioni",
            "bisogni",
            "idee",
        )
        widgets = {
            "partecipanti_note": forms.TextInput(attrs={"class": "vLargeTextField"}),
            **{
                nome: forms.Textarea(attrs={"rows": righe, "class": "vLargeTextField"})
                for nome, righe in (
                    ("testo", 8),
                    ("metodo", 2),
                    ("organizzazioni", 3),
                    ("bisogni", 4),
                    ("idee", 4),
                )
            },
        }
        help_texts = {
            "testo": _(
                "Lo leggerà anche chi non c'era: che cosa si è fatto, che cosa si è deciso, che "
                "cosa succede adesso. Nessun nome di cittadini."
            ),
            "partecipanti_note": _("Se il numero non è quello contato alla porta, perché."),
        }

    file = FileMoltiField(
        label=_("Foto e documenti"),
        required=False,
        help_text=_(
            "JPEG, PNG, WebP o PDF, fino a 10 MB l'uno. Dalle foto togliamo luogo e ora dello "
            "scatto. Nelle foto solo chi ha detto di sì."
        ),
    )
    titoli = forms.CharField(
        label=_("Che cosa sono"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Una riga per ogni file, nell'ordine: di una foto, che cosa si vede."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ACCETTATI

    def clean(self):
        dati = super().clean()
        titoli = [riga for riga in dati.get("titoli", "").splitlines() if riga.strip()]
        if len(titoli) != len(dati.get("file", [])):
            self.add_error("titoli", gettext("Scrivi una riga per ogni file che hai scelto."))
        dati["titoli"] = titoli
        return dati


class IscrizioneUfficioForm(forms.Form):
    """A person who called or came to the desk, in one screen.

    What may be a mistake but may also be right (the same telephone, a name like hers, no way to
    call back) is an ``avviso``: it stops the form once, and ``comunque`` lets it pass.
    """

    nome = forms.CharField(
        label=_("Nome e cognome"),
        max_length=120,
        widget=forms.TextInput(attrs={**RIGA, "autocomplete": "off"}),
    )
    telefono = forms.CharField(
        label=_("Telefono"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={**RIGA, "type": "tel", "autocomplete": "off"}),
        help_text=_("Per richiamarla se l'incontro cambia e non ha una e-mail."),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={**RIGA, "autocomplete": "off"}),
        help_text=_("Se c'è, riceve subito la conferma e poi i promemoria."),
    )
    minore = forms.BooleanField(
        label=_("Ha meno di 14 anni"),
        required=False,
        help_text=_("Il nome e i recapiti qui sopra sono del genitore, o di chi ne fa le veci."),
    )
    nome_minore = forms.CharField(
        label=_("Nome di chi ha meno di 14 anni"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={**RIGA, "autocomplete": "off"}),
        help_text=_("Facoltativo, e senza cognome."),
    )
    posti_richiesti = campo_posti(initial=1)
    canale = forms.ChoiceField(
        label=_("Come è arrivata"),
        choices=[scelta for scelta in Iscrizione.Canale.choices if scelta[0] != "online"],
        initial=Iscrizione.Canale.TELEFONO,
    )
    lingua = forms.ChoiceField(
        label=_("Lingua dei messaggi"), choices=[("it", _("Italiano")), ("en", _("English"))]
    )
    servizi = forms.ModelMultipleChoiceField(
        None,
        label=_("Servizi che chiede"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    necessita = forms.CharField(
        label=_("Che cosa le serve per partecipare"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text=_(
            "Per esempio un posto per la carrozzina. Scrivi che cosa serve, mai perché: la "
            "salute di una persona non ci riguarda."
        ),
    )
    foto = forms.BooleanField(
        label=_("Accetta di comparire in foto e riprese"),
        required=False,
        help_text=_("Solo se te lo dice lei, dopo che glielo hai chiesto."),
    )
    oltre_il_limite = forms.BooleanField(
        label=_("Iscrivila anche oltre i posti"),
        required=False,
        help_text=_(
            "Passa davanti a chi è in lista d'attesa: serve un motivo, che resta scritto."
        ),
    )
    motivo = forms.CharField(
        label=_("Motivo"), required=False, widget=forms.TextInput(attrs=RIGA), max_length=300
    )
    comunque = forms.BooleanField(label=_("Registra comunque"), required=False)

    def __init__(self, *args, incontro, vede_necessita, adesso, **kwargs):
        super().__init__(*args, **kwargs)
        self.incontro = incontro
        self.avvisi = []
        servizi = incontro.servizi.all()
        richiedibili = [servizio.pk for servizio in servizi if servizio.richiedibile(adesso)]
        if richiedibili:
            self.fields["servizi"].queryset = servizi.filter(pk__in=richiedibili)
        else:
            del self.fields["servizi"]
        if not vede_necessita:
            del self.fields["necessita"]
        if incontro.posti is None:
            del self.fields["oltre_il_limite"], self.fields["motivo"]

    def clean_nome(self):
        return " ".join(self.cleaned_data["nome"].split())

    def clean_email(self):
        email = normalizza_email(self.cleaned_data["email"])
        iscritta = self.incontro.iscrizioni.vive().filter(email=email or None).first()
        if email and iscritta and iscritta.verificata_at:
            raise forms.ValidationError(
                _("Questo indirizzo è già iscritto: %(nome)s, %(stato)s, posti %(posti)d."),
                params={
                    "nome": iscritta.nome,
                    "stato": iscritta.get_stato_display(),
                    "posti": iscritta.posti_richiesti,
                },
            )
        return email

    def clean(self):
        dati = super().clean()
        if dati.get("oltre_il_limite") and not dati.get("motivo", "").strip():
            self.add_error("motivo", gettext("Per andare oltre i posti serve un motivo."))
        if "nome" in dati and not self.errors:
            self._raccogli_avvisi(dati)
        if self.avvisi and not dati.get("comunque"):
            self.add_error(None, self.avvisi)
        return dati

    def _raccogli_avvisi(self, dati):
        telefono, email = dati.get("telefono", ""), dati.get("email")
        if not telefono and not email:
            self.avvisi.append(
                gettext(
                    "Senza telefono né e-mail non potremo avvisarla se l'incontro cambia. "
                    "Chiedile un recapito."
                )
            )
        altre = forse_gia_iscritte(
            self.incontro, nome=dati["nome"], telefono=telefono, email=email
        )
        self.avvisi += [self._gia_registrata(altra) for altra in altre]

    def _gia_registrata(self, omonima):
        return gettext(
            "Forse è già registrata: %(nome)s, %(recapito)s, %(stato)s, posti %(posti)d."
        ) % {
            "nome": omonima.nome,
            "recapito": omonima.telefono or omonima.email or gettext("senza recapiti"),
            "stato": omonima.get_stato_display(),
            "posti": omonima.posti_richiesti,
        }
