"""What people write of a proposal, from the first word of a draft to an edit after publication."""

import re
import unicodedata

from crispy_forms.layout import HTML, Div, Fieldset, Layout
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from laboratori.models import Laboratorio
from portale.lib.antispam import CampoEmail, FormProtetto, campi_antispam, contiene_indirizzi
from portale.lib.forms import PortaleFormHelper

from .models import Bisogno, Proposta, Tema

CITTA = "citta"
# Halves of a character.
_MEZZI = re.compile("[\ud800-\udfff]")
# Control characters, but for tab, end of line and NUL; and the marks that turn the direction of
# all that follows, not only of their own word.
_INVISIBILI = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
BISOGNI_MASSIMI = 20


class CampoTesto(forms.CharField):
    """Text that people write, as it is kept: one form of accents, plain ends of lines, without
    the control characters that programs leave behind. What cannot be read (bytes that were no
    text, halves of a character) and what is too long is refused, never cut in silence.

    ``righe``: how many lines to show; 0 for a single line, whose blanks are made one.
    """

    def __init__(self, *, righe: int = 0, **kwargs):
        self.righe = righe
        kwargs.setdefault("required", False)
        kwargs.setdefault(
            "widget", forms.Textarea({"rows": righe}) if righe else forms.TextInput()
        )
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("dir", "auto")
        self.error_messages.setdefault(
            "illeggibile", _("C'è un carattere che non si legge (�): riscrivi quella parola.")
        )
        if self.max_length:
            self.widget.attrs["data-massimo"] = str(self.max_length)
            self.error_messages["max_length"] = ngettext_lazy(
                "È troppo lungo: al massimo %(limit_value)d carattere, ne hai scritti "
                "%(show_value)d.",
                "È troppo lungo: al massimo %(limit_value)d caratteri, ne hai scritti "
                "%(show_value)d.",
                "limit_value",
            )
            for validator in self.validators:
                if getattr(validator, "code", "") == "max_length":
                    validator.message = self.error_messages["max_length"]

    def widget_attrs(self, widget):
        # A browser would cut what is pasted without a word: the server says it instead.
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    def to_python(self, value):
        testo = super().to_python(value)
        if "�" in testo or _MEZZI.search(testo):
            raise forms.ValidationError(self.error_messages["illeggibile"], code="illeggibile")
        return pulisci(testo) if self.righe else " ".join(pulisci(testo).split())


def pulisci(testo: str) -> str:
    """See CampoTesto. NUL stays: the field's own validator refuses it."""
    testo = testo.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return _INVISIBILI.sub("", unicodedata.normalize("NFC", testo)).strip()


class _PerInviare:
    """Of a field without which a proposal cannot be sent: a draft is saved all the same, unless
    it is asked for ``subito``."""

    subito = False

    def validate(self, value):
        if self.subito or value not in self.empty_values:
            super().validate(value)


class TestoPerInviare(_PerInviare, CampoTesto):
    def __init__(self, **kwargs):
        super().__init__(required=True, **kwargs)


class SceltaPerInviare(_PerInviare, forms.ChoiceField):
    pass


class CampoFirma(CampoTesto):
    """How somebody wants to be called in public; our mails may repeat it."""

    def clean(self, value):
        nome = super().clean(value)
        if contiene_indirizzi(nome):
            raise forms.ValidationError(
                _("Scrivi solo il nome, senza indirizzi."), code="indirizzo"
            )
        return nome


class CampoBisogni(forms.Field):
    """Published needs; one that is not published (any more) is left out without a word, as the
    page leaves it out too."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)

    def to_python(self, value):
        numeri = [int(pk) for pk in value or () if str(pk).isdecimal() and len(str(pk)) < 18]
        # More than anybody answers: what a program sends.
        return list(
            Bisogno.objects.pubblici().filter(pk__in=numeri[:200]).order_by("pk")[:BISOGNI_MASSIMI]
        )


def _lunghezza(campo):
    return Proposta._meta.get_field(campo).max_length


def _luoghi():
    laboratori = [
        (str(laboratorio.pk), f"{_('Zona')} {laboratorio.numero} – {laboratorio.nome}")
        for laboratorio in Laboratorio.objects.pubblici()
    ]
    return [("", _("Scegli…")), *laboratori, (CITTA, _("Tutta la città"))]


# The parts of the page that are no fields.
SIMILI = '{% include "proposte/_scrittura_simili.html" with tranne=form.proposta.pk only %}'
MAPPA = (
    '{% include "proposte/_scrittura_mappa.html" with punto=mappa presente=punto_presente only %}'
)
BISOGNI = (
    '{% include "proposte/_scrittura_bisogni.html" with scelti=bisogni_scelti '
    "trovati=bisogni_trovati q=q percorso=form.proposta.percorso_id only %}"
)


class BozzaForm(forms.Form):
    """A draft as far as it has been written: nothing is mandatory, and what is wrong in one field
    does not keep the others from being saved (``valori``)."""

    # The page says itself what is missing, and when.
    use_required_attribute = False

    titolo = TestoPerInviare(
        label=_("Titolo"),
        max_length=_lunghezza("titolo"),
        help_text=_("Una frase che dica che cosa proponi. Per esempio: «Panchine all'ombra…»."),
    )
    laboratorio = SceltaPerInviare(
        label=_("Per quale zona?"),
        choices=_luoghi,
        error_messages={"invalid_choice": _("Scegli una zona dell'elenco.")},
    )
    bisogni = CampoBisogni()
    temi = forms.ModelMultipleChoiceField(
        Tema.objects.attivi(),
        label=_("Di che cosa parla?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("Scegli fra i temi dell'elenco."),
            "invalid_pk_value": _("Scegli fra i temi dell'elenco."),
        },
    )
    che_cosa = TestoPerInviare(
        label=_("Che cosa proponi?"),
        max_length=_lunghezza("che_cosa"),
        righe=8,
        help_text=_("Che cosa si fa, come, con chi. Bastano parole semplici."),
    )
    perche = CampoTesto(
        label=_("Perché serve?"),
        max_length=_lunghezza("perche"),
        righe=5,
        help_text=_("Che cosa non va oggi, e che cosa cambierebbe."),
    )
    luogo = CampoTesto(
        label=_("Dove?"),
        max_length=_lunghezza("luogo"),
        help_text=_("Una via, una piazza, un luogo che si riconosce."),
    )
    latitudine = forms.FloatField(
        required=False,
        widget=forms.HiddenInput,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitudine = forms.FloatField(
        required=False,
        widget=forms.HiddenInput,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    per_chi = CampoTesto(
        label=_("Per chi?"),
        max_length=_lunghezza("per_chi"),
        help_text=_("Chi ne avrebbe un vantaggio: per esempio bambini, anziani, chi va in bici."),
    )
    genere_proponente = SceltaPerInviare(
        label=_("Chi propone?"),
        choices=lambda: [
            (Proposta.Proponente.PERSONA, capfirst(_("io, come persona"))),
            (Proposta.Proponente.ORGANIZZAZIONE, capfirst(_("un'organizzazione, per cui scrivo"))),
        ],
        initial=Proposta.Proponente.PERSONA,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Scegli una delle due voci.")},
    )
    nome_mostrato = CampoFirma(
        label=_("Il tuo nome, come lo leggono tutti"),
        max_length=_lunghezza("nome_mostrato"),
        help_text=_(
            "Lo scegli tu: nome e cognome, solo il nome, un soprannome. Se lo lasci vuoto "
            "scriviamo «una persona»."
        ),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    organizzazione = CampoFirma(
        label=_("Nome dell'organizzazione"),
        max_length=_lunghezza("organizzazione"),
        help_text=_("Solo se scrivi per un'associazione, un comitato, una scuola, un gruppo."),
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    versione = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    # Fields that are columns of the same name.
    SEMPLICI = (
        "titolo", "che_cosa", "perche", "luogo", "per_chi", "genere_proponente",
        "nome_mostrato", "organizzazione",
    )  # fmt: skip

    def __init__(self, *args, proposta: Proposta, **kwargs):
        self.proposta = proposta
        kwargs.setdefault("initial", self.iniziali(proposta))
        super().__init__(*args, **kwargs)
        if (suo := proposta.laboratorio) is not None and not suo.attivo:
            # Closed since: it can be kept, and is offered to nobody else.
            self.fields["laboratorio"].choices = [*_luoghi(), (str(suo.pk), suo.nome)]
        self.helper = PortaleFormHelper(self, submit=None)
        # The page has more in the same form: the files, and several buttons.
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*self.parti())

    @staticmethod
    def iniziali(proposta):
        iniziali = {campo: getattr(proposta, campo) for campo in BozzaForm.SEMPLICI}
        return iniziali | {
            "laboratorio": CITTA if proposta.per_la_citta else str(proposta.laboratorio_id or ""),
            "latitudine": proposta.latitudine,
            "longitudine": proposta.longitudine,
            "temi": [tema.pk for tema in proposta.temi.all()],
            "bisogni": [bisogno.pk for bisogno in proposta.bisogni.all()],
            "versione": proposta.versione,
        }

    def parti(self):
        return [
            Fieldset(
                _("La tua idea"),
                "titolo",
                HTML(SIMILI),
                "che_cosa",
                "perche",
                "per_chi",
            ),
            Fieldset(
                _("Dove"),
                "laboratorio",
                "luogo",
                HTML(MAPPA),
                "latitudine",
                "longitudine",
            ),
            Fieldset(
                _("A che cosa risponde"),
                HTML(BISOGNI),
                "temi",
            ),
            Fieldset(
                _("Chi la firma"),
                "genere_proponente",
                Div("organizzazione", data_organizzazione=""),
                "nome_mostrato",
            ),
            "versione",
        ]

    def clean(self):
        scritto = super().clean()
        if (scritto.get("latitudine") is None) != (scritto.get("longitudine") is None):
            scritto["latitudine"] = scritto["longitudine"] = None
        return scritto

    def valori(self) -> dict:
        """The columns that can be saved: those of the fields where nothing is wrong."""
        scritto = self.cleaned_data
        valori = {campo: scritto[campo] for campo in self.SEMPLICI if campo in scritto}
        if "genere_proponente" in valori:
            valori["genere_proponente"] = (
                valori["genere_proponente"] or Proposta.Proponente.PERSONA
            )
        if "laboratorio" in scritto:
            scelta = scritto["laboratorio"]
            valori["per_la_citta"] = scelta == CITTA
            valori["laboratorio_id"] = int(scelta) if scelta.isdecimal() else None
        if "latitudine" in scritto and "longitudine" in scritto:
            valori["latitudine"] = scritto["latitudine"]
            valori["longitudine"] = scritto["longitudine"]
        return valori

    def insiemi(self) -> dict:
        """Themes and needs, where nothing is wrong with them; those that the page does not show
        (any more) stay where they are."""
        mostrati = {
            "temi": lambda tema: tema.attivo,
            "bisogni": lambda bisogno: bisogno.stato == Bisogno.Stato.PUBBLICATO,
        }
        return {
            nome: [
                *self.cleaned_data[nome],
                *(r for r in getattr(self.proposta, nome).all() if not mostrato(r)),
            ]
            for nome, mostrato in mostrati.items()
            if nome in self.cleaned_data
        }

    def gia_salvato(self) -> bool:
        """Whether the row says already all that can be saved of this form: the same form sent
        twice, or nothing written since."""
        return all(
            getattr(self.proposta, campo) == valore for campo, valore in self.valori().items()
        ) and all(
            {riga.pk for riga in getattr(self.proposta, nome).all()} == {riga.pk for riga in righe}
            for nome, righe in self.insiemi().items()
        )

    def partita_da(self) -> int:
        """The version of the row that the writer started from; 0 when the form does not say."""
        return self.cleaned_data.get("versione") or 0

    def riparti_da(self, versione: int) -> None:
        """The form, shown again, starts from this version."""
        self.data = self.data.copy()
        self.data["versione"] = str(versione)


class ModificaForm(BozzaForm):
    """Changing what was sent: now what a proposal cannot do without is mandatory."""

    nota = CampoTesto(
        label=_("Che cosa è cambiato?"),
        max_length=300,
        help_text=_("Una riga, che tutti leggono accanto alla nuova versione."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        obbligatori = {
            "titolo": _("Manca il titolo."),
            "che_cosa": _("Scrivi che cosa proponi."),
            "laboratorio": _("Scegli un laboratorio, oppure tutta la città."),
        }
        for campo, messaggio in obbligatori.items():
            self.fields[campo].subito = True
            self.fields[campo].error_messages["required"] = messaggio

    def parti(self):
        return [*super().parti(), Fieldset(_("La modifica"), "nota")]

    def clean(self):
        scritto = super().clean()
        if (
            scritto.get("genere_proponente") == Proposta.Proponente.ORGANIZZAZIONE
            and "organizzazione" in scritto
            and not scritto["organizzazione"]
        ):
            self.add_error("organizzazione", _("Scrivi il nome dell'organizzazione."))
        return scritto


INFORMATIVA = '{% include "proposte/_scrittura_informativa.html" with ente=ente only %}'


class InviaForm(FormProtetto):
    """What is asked of somebody who is not known yet, when she sends her proposal."""

    email = CampoEmail(
        help_text=_(
            "Ti mandiamo un link: aprilo, e la proposta è inviata. Poi ti scriviamo a ogni passo. "
            "L'indirizzo non si vede."
        )
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per inviare conferma di avere letto l'informativa qui sopra.")
        },
    )
    versione = forms.IntegerField(required=False, widget=forms.HiddenInput)

    field_order = ("email", "informativa")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Invia la proposta"))
        self.helper.layout = Layout(
            "email", HTML(INFORMATIVA), "informativa", "versione", campi_antispam()
        )


class IndirizzoForm(FormProtetto):
    """Her address, for a link that leads her to what is hers."""

    email = CampoEmail()

    def __init__(self, *args, submit, aiuto="", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = aiuto
        self.helper = PortaleFormHelper(self, submit=submit)
        self.helper.layout = Layout("email", campi_antispam())


class RitiraForm(forms.Form):
    motivo = CampoTesto(
        label=_("Perché la ritiri?"),
        max_length=300,
        righe=3,
        help_text=_("Lo legge chi la seguiva."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Ritira la proposta"))


class RiesameForm(forms.Form):
    testo = CampoTesto(
        label=_("Perché secondo te si può pubblicare?"),
        max_length=2000,
        righe=6,
        required=True,
        help_text=_("Lo leggono le persone che moderano."),
        error_messages={"required": _("Scrivi perché secondo te si può pubblicare.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Chiedi il riesame"))
