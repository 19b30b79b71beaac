"""What the office writes at the doors of a proposal."""

import copy
import re
from decimal import Decimal

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi.models import Incontro
from percorso.models import Percorso
from portale.lib.admin import GiornoInput
from portale.lib.file_sicuri import ACCETTATI
from portale.lib.scelte import UltimeField, UltimeMolteField
from portale.lib.testo import normalizza_email

from .models import Bisogno, Canale, Moderazione, Proposta, Tema, VerificaTecnica
from .models.risposte import ESITI

RIGA = {"class": "vTextField"}
PARTI_MASSIME = 10


def testo_lungo(righe, **attrs):
    return forms.Textarea(attrs={"rows": righe, "class": "vLargeTextField", **attrs})


def campo_testo(etichetta, manca="", *, righe=4, aiuto="", **kwargs):
    """Words that people will read. ``manca`` is what the officer is told when there are none;
    without it they may be left out."""
    if manca:
        kwargs["error_messages"] = {"required": manca}
    return forms.CharField(
        label=etichetta,
        required=bool(manca),
        max_length=4000,
        widget=testo_lungo(righe),
        help_text=aiuto,
        **kwargs,
    )


class EuroField(forms.DecimalField):
    """Euro as they are written in Italy: "12.000", "1.250,50"; "1250.50" as machines do, too."""

    widget = forms.TextInput
    MIGLIAIA = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+")

    def to_python(self, value):
        if isinstance(value, str):
            value = value.replace("€", "").replace(" ", "").replace("\xa0", "")
            if "," in value or self.MIGLIAIA.fullmatch(value):
                value = value.replace(".", "").replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value):
        if not isinstance(value, Decimal):
            return value
        decimali = 0 if value == value.to_integral_value() else 2
        return number_format(value, decimal_pos=decimali, force_grouping=True)


def campo_euro():
    return EuroField(
        label=_("Costo stimato (euro)"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "vTextField"}),
        help_text=_("Per esempio 12.000 oppure 1.250,50."),
    )


class ConfermaForm(forms.Form):
    """A verb that needs nothing but a yes."""


class NotaForm(forms.Form):
    """A verb that may be explained."""

    testo = campo_testo(
        _("Nota"), aiuto=_("Facoltativa: si legge nella storia della proposta."), righe=3
    )


class PercheForm(forms.Form):
    """A verb that must be explained."""

    testo = campo_testo(
        _("Perché"),
        _("Scrivi il perché: lo leggono chi ha proposto e chi segue la proposta."),
        aiuto=_("Una frase semplice e completa: la leggono chi ha proposto e chi segue."),
    )


class NascondiForm(forms.Form):
    motivo = forms.ChoiceField(
        label=_("Motivo"),
        choices=[("", _("Scegli…")), *Moderazione.choices],
        error_messages={"required": _("Scegli il motivo dall'elenco.")},
    )
    testo = campo_testo(
        _("Spiegazione"),
        _("Spiega il motivo: lo legge chi ha scritto."),
        aiuto=_("La riceve chi ha scritto, che può rispondere e chiedere un riesame."),
    )


class RifiutoSegnalazioneForm(forms.Form):
    """Rejecting a report needs no words; what was reported stays as it is."""


class AccogliSegnalazioneForm(forms.Form):
    testo = campo_testo(
        _("Spiegazione per chi ha scritto"),
        aiuto=_("Serve per nascondere: la riceve chi ha scritto ciò che è stato segnalato."),
        righe=3,
    )


# --- Outcomes and answers -------------------------------------------------------------------


class EsitoForm(forms.Form):
    esito = forms.ChoiceField(
        label=_("Esito"), choices=[("", _("Scegli…")), *ESITI], widget=forms.Select
    )
    motivazione = campo_testo(
        _("Motivazione"),
        aiuto=_("Obbligatoria se non è accolta, o accolta con modifiche: la leggono tutti."),
        righe=6,
    )

    def clean(self):
        dati = super().clean()
        esito, motivazione = dati.get("esito"), dati.get("motivazione", "")
        if esito and esito != Proposta.Stato.ACCOLTA and not motivazione.strip():
            self.add_error(
                "motivazione",
                gettext("Scrivi la motivazione: chi ha proposto ha diritto di conoscerla."),
            )
        return dati


class PreparaEsitoForm(EsitoForm):
    # The prepared outcome that the writer saw: a colleague may be preparing another.
    letto = forms.CharField(required=False, widget=forms.HiddenInput)


class RispostaForm(forms.Form):
    versione = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    correzione = forms.CharField(
        label=_("Che cosa si corregge"),
        max_length=300,
        widget=forms.TextInput(attrs=RIGA),
        help_text=_("Chi segue la proposta riceve un avviso con queste parole."),
        error_messages={"required": _("Scrivi che cosa si corregge rispetto a prima.")},
    )
    esito = EsitoForm.base_fields["esito"]
    testo = campo_testo(
        _("Risposta e motivazione"),
        aiuto=_("Obbligatoria se non è accolta, o accolta con modifiche."),
        righe=8,
    )
    ufficio = forms.CharField(
        label=_("Ufficio che risponde"),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs=RIGA),
    )
    costo_euro = campo_euro()
    tempi = forms.CharField(
        label=_("Tempi"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=RIGA),
        help_text=_("Per esempio «entro l'estate 2027»."),
    )

    def __init__(self, *args, prima, **kwargs):
        super().__init__(*args, **kwargs)
        if prima:
            del self.fields["correzione"]


# --- Texts ----------------------------------------------------------------------------------


class TestiForm(forms.ModelForm):
    """The texts and the place of a proposal. It is never saved: the service is handed its
    ``valori``."""

    class Meta:
        model = Proposta
        fields = (
            "titolo",
            "che_cosa",
            "perche",
            "per_chi",
            "laboratorio",
            "per_la_citta",
            "luogo",
            "latitudine",
            "longitudine",
            "genere_proponente",
            "nome_mostrato",
            "organizzazione",
            "temi",
        )
        widgets = {
            "titolo": forms.TextInput(attrs=RIGA),
            "che_cosa": testo_lungo(8),
            "perche": testo_lungo(5),
            "per_chi": forms.TextInput(attrs=RIGA),
            "luogo": forms.TextInput(attrs=RIGA),
            "nome_mostrato": forms.TextInput(attrs={**RIGA, "autocomplete": "off"}),
            "organizzazione": forms.TextInput(attrs={**RIGA, "autocomplete": "off"}),
            "temi": forms.CheckboxSelectMultiple,
        }
        help_texts = {
            "laboratorio": _("Oppure, qui sotto, per tutta la città."),
            "latitudine": _("In gradi decimali, per esempio 45.0526. Facoltativa."),
            "longitudine": _("In gradi decimali, per esempio 9.6930. Facoltativa."),
            "nome_mostrato": _("Come vuole farsi chiamare in pubblico. Vuoto: «una persona»."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.prima = {nome: getattr(self.instance, nome) for nome in Proposta.TESTI}
        for nome in ("titolo", "che_cosa"):
            self.fields[nome].required = True
        scelti = self.instance.temi.all() if self.instance.pk else Tema.objects.none()
        self.fields["temi"].queryset = (Tema.objects.attivi() | scelti).distinct()
        for nome in ("latitudine", "longitudine"):
            self.fields[nome].widget = forms.NumberInput(attrs={"step": "any"})

    def clean(self):
        dati = super().clean()
        if dati.get("laboratorio") and dati.get("per_la_citta"):
            self.add_error(
                "per_la_citta", gettext("O un laboratorio, o tutta la città: scegline uno.")
            )
        elif not dati.get("laboratorio") and not dati.get("per_la_citta"):
            self.add_error("laboratorio", gettext("Scegli un laboratorio, oppure tutta la città."))
        if (dati.get("latitudine") is None) != (dati.get("longitudine") is None):
            self.add_error("longitudine", gettext("Servono tutte e due le coordinate, o nessuna."))
        for nome in Proposta.TESTI:
            if nome in dati:
                dati[nome] = self._come_prima(nome, dati[nome])
        return dati

    def _come_prima(self, nome, testo):
        """A browser ends lines in its own way: that alone changes nothing."""
        uguale = testo.replace("\r\n", "\n") == self.prima[nome].replace("\r\n", "\n")
        return self.prima[nome] if uguale else testo.replace("\r\n", "\n")

    @property
    def valori(self):
        """What the service is handed, by field: without what is linked, or only asked here."""
        return {
            nome: self.cleaned_data[nome]
            for nome in TestiForm.Meta.fields
            if nome != "temi" and nome in self.cleaned_data
        }


class ModificaForm(TestiForm):
    versione = forms.IntegerField(widget=forms.HiddenInput)
    nota = forms.CharField(
        label=_("Che cosa cambia"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs=RIGA),
        help_text=_("Si legge accanto alla nuova versione, con le differenze."),
    )


class RegistraForm(TestiForm):
    """A proposal written on paper, or said at a meeting, in one screen."""

    percorso = forms.ModelChoiceField(None, label=_("Percorso"))
    canale = forms.ChoiceField(
        label=_("Come è arrivata"),
        choices=[scelta for scelta in Canale.choices if scelta[0] != Canale.ONLINE],
        initial=Canale.CARTACEO,
    )
    incontro = UltimeField(
        None, label=_("Incontro"), required=False, help_text=_("Se è nata in un incontro.")
    )
    tavolo = forms.IntegerField(
        label=_("Numero del tavolo"), required=False, min_value=1, max_value=99
    )
    email = forms.EmailField(
        label=_("E-mail di chi propone"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={**RIGA, "autocomplete": "off"}),
        help_text=_(
            "Solo se l'ha scritta sul modulo firmato: riceve la conferma e le risposte, e può "
            "ritirare la proposta. Non si vede sul sito."
        ),
    )
    bisogni = UltimeMolteField(None, label=_("Bisogni a cui risponde"), required=False)
    pubblica = forms.BooleanField(
        label=_("L'ho letta: pubblicala subito"),
        required=False,
        help_text=_("Altrimenti aspetta chi modera, come quelle arrivate online."),
    )
    field_order = [
        "canale",
        "percorso",
        "incontro",
        "tavolo",
        "titolo",
        "che_cosa",
        "perche",
        "per_chi",
        "laboratorio",
        "per_la_citta",
        "luogo",
        "latitudine",
        "longitudine",
        "genere_proponente",
        "nome_mostrato",
        "organizzazione",
        "email",
        "temi",
        "bisogni",
        "pubblica",
    ]

    def __init__(self, *args, modera, oggi, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["percorso"].queryset = Percorso.objects.attivi()
        self.fields["incontro"].queryset = (
            Incontro.objects.filter(percorso__stato="attivo", inizio__date__lte=oggi)
            .exclude(stato="bozza")
            .order_by("-inizio", "-pk")
        )
        self.fields["bisogni"].queryset = (
            Bisogno.objects.pubblici()
            .filter(percorso__stato="attivo")
            .select_related("laboratorio")
            .order_by("laboratorio__numero", "titolo", "pk")
        )
        self.fields["bisogni"].label_from_instance = bisogno_a_parole
        if not modera:
            del self.fields["pubblica"]

    def clean_email(self):
        return normalizza_email(self.cleaned_data["email"])

    def clean(self):
        dati = super().clean()
        incontro = dati.get("incontro")
        nato_in_incontro = dati.get("genere_proponente") == Proposta.Proponente.INCONTRO
        if (dati.get("canale") == Canale.INCONTRO or nato_in_incontro) and not incontro:
            self.add_error("incontro", gettext("Scegli l'incontro in cui è nata."))
        if incontro and dati.get("percorso") and incontro.percorso_id != dati["percorso"].pk:
            self.add_error("incontro", gettext("Questo incontro è di un altro percorso."))
        for bisogno in dati.get("bisogni") or ():
            if dati.get("percorso") and bisogno.percorso_id != dati["percorso"].pk:
                self.add_error("bisogni", gettext("Questi bisogni sono di un altro percorso."))
                break
        if (
            dati.get("genere_proponente") == Proposta.Proponente.ORGANIZZAZIONE
            and not dati.get("organizzazione", "").strip()
        ):
            self.add_error("organizzazione", gettext("Scrivi il nome dell'organizzazione."))
        return dati

    @property
    def valori(self):
        altri = ("percorso", "canale", "incontro", "tavolo")
        return {**super().valori, **{nome: self.cleaned_data[nome] for nome in altri}}


def bisogno_a_parole(bisogno):
    return f"{bisogno.laboratorio or gettext('Tutta la città')}: {bisogno.titolo}"


# --- Relations ------------------------------------------------------------------------------


class BisogniForm(forms.Form):
    versione = forms.IntegerField(widget=forms.HiddenInput)
    bisogni = forms.ModelMultipleChoiceField(
        None,
        label=_("Bisogni a cui risponde"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, scelte, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["bisogni"].queryset = scelte
        self.fields["bisogni"].label_from_instance = bisogno_a_parole


class DividiForm(forms.Form):
    """The parts, each with its own title and text; empty ones are left out."""

    testo = campo_testo(_("Perché si divide"), _("Scrivi perché la proposta si divide."), righe=3)

    def __init__(self, *args, quante=2, **kwargs):
        super().__init__(*args, **kwargs)
        self.quante = quante
        for n in range(1, quante + 1):
            self.fields[f"titolo_{n}"] = forms.CharField(
                label=gettext("Parte %(n)d: titolo") % {"n": n},
                required=False,
                max_length=120,
                widget=forms.TextInput(attrs=RIGA),
            )
            self.fields[f"che_cosa_{n}"] = forms.CharField(
                label=gettext("Parte %(n)d: che cosa propone") % {"n": n},
                required=False,
                max_length=6000,
                widget=testo_lungo(4),
            )
            self.fields[f"perche_{n}"] = forms.CharField(
                label=gettext("Parte %(n)d: perché") % {"n": n},
                required=False,
                max_length=4000,
                widget=testo_lungo(2),
            )

    def clean(self):
        dati = super().clean()
        self.parti = []
        titoli = set()
        for n in range(1, self.quante + 1):
            titolo, che_cosa, perche = (
                dati.get(f"{nome}_{n}", "").strip() for nome in ("titolo", "che_cosa", "perche")
            )
            if not (titolo or che_cosa or perche):
                continue
            if not titolo:
                self.add_error(f"titolo_{n}", gettext("Manca il titolo di questa parte."))
            if not che_cosa:
                self.add_error(f"che_cosa_{n}", gettext("Scrivi che cosa propone questa parte."))
            if titolo in titoli:
                self.add_error(f"titolo_{n}", gettext("Due parti hanno lo stesso titolo."))
            titoli.add(titolo)
            self.parti.append((titolo, che_cosa, perche))
        if not self.parti and not self.errors:
            self.add_error("titolo_1", gettext("Scrivi almeno una parte."))
        return dati


# --- Follow-up ------------------------------------------------------------------------------


# Files that one milestone may bring along when it is written; more are added afterwards.
FILE_INSIEME = 3


class FileForm(forms.Form):
    """One file of a milestone, and what it shows."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ACCETTATI}),
        help_text=_("Una foto (JPEG, PNG, WebP) o un PDF, fino a 10 MB."),
    )
    titolo_file = forms.CharField(
        label=_("Titolo del file"),
        max_length=160,
        widget=forms.TextInput(attrs=RIGA),
        help_text=_("Di un'immagine: che cosa si vede."),
    )


class AvanzamentoForm(forms.Form):
    giorno = forms.DateField(label=_("Data"), widget=GiornoInput)
    titolo = forms.CharField(
        label=_("Che cosa è successo"), max_length=160, widget=forms.TextInput(attrs=RIGA)
    )
    testo = campo_testo(_("Racconto"), righe=5)
    percentuale = forms.IntegerField(
        label=_("Avanzamento (%)"),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        widget=forms.NumberInput(attrs={"min": 0, "max": 100, "class": "vSmallField"}),
        help_text=_("100: la proposta è realizzata."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for n in range(1, FILE_INSIEME + 1):
            for nome, campo in FileForm.base_fields.items():
                campo = copy.copy(campo)
                campo.required = False
                campo.label = f"{campo.label} {n}"
                self.fields[f"{nome}_{n}"] = campo

    def clean(self):
        dati = super().clean()
        self.file = []
        for n in range(1, FILE_INSIEME + 1):
            file = dati.pop(f"file_{n}", None)
            titolo = dati.pop(f"titolo_file_{n}", "").strip()
            if file and not titolo:
                self.add_error(
                    f"titolo_file_{n}", gettext("Scrivi un titolo: che cosa si vede, o che cos'è.")
                )
            elif titolo and not file:
                self.add_error(f"file_{n}", gettext("Scegli il file, o togli il titolo."))
            elif file:
                self.file.append((file, titolo))
        return dati


class VerificaForm(forms.ModelForm):
    """Never saved: ``proposte.verifiche`` is handed its data."""

    letta = forms.CharField(required=False, widget=forms.HiddenInput)
    costo_euro = campo_euro()
    conclusa = forms.BooleanField(
        label=_("La verifica è conclusa"),
        required=False,
        help_text=_("Finché non lo è, dopo la scadenza compare tra le cose da fare."),
    )

    class Meta:
        model = VerificaTecnica
        fields = (
            "competenza",
            "ammissibile",
            "fattibile",
            "costo_euro",
            "note",
            "assegnata_a",
            "scadenza",
        )
        widgets = {
            "competenza": forms.TextInput(attrs=RIGA),
            "note": testo_lungo(5),
            "scadenza": GiornoInput,
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        persone = get_user_model().objects.filter(is_staff=True, is_active=True)
        if self.instance.assegnata_a_id:
            persone |= get_user_model().objects.filter(pk=self.instance.assegnata_a_id)
        self.fields["assegnata_a"].queryset = persone.order_by("nome", "email")

    @property
    def valori(self):
        dati = {nome: self.cleaned_data[nome] for nome in self.Meta.fields}
        return {**dati, "note": dati["note"].replace("\r\n", "\n")}
