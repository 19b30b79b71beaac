"""What a citizen writes to tell of a need, and what facilitators do with a meeting's notes."""

import re

from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.timezone import is_aware
from django.utils.translation import gettext_lazy as _

from laboratori.models import Laboratorio
from portale.lib.antispam import CampoEmail, FormProtetto, campi_antispam
from portale.lib.forms import PortaleFormHelper

from .forms import CITTA, CampoFirma, CampoTesto
from .models import Bisogno, Proposta, Tema
from .ordinamento import Vista

TEMI_MASSIMI = 3
# More dots than people in a hall: a key that stuck.
PUNTI_MASSIMI = 9999
INFORMATIVA = '{% include "bisogni/_bisogno_informativa.html" with ente=ente only %}'


def _lunghezza(modello, campo):
    return modello._meta.get_field(campo).max_length


# --- Citizens -------------------------------------------------------------------------------


class BisognoForm(FormProtetto):
    """``partecipante``: who writes, where she is known; then no address is asked for."""

    titolo = CampoTesto(
        label=_("Che cosa serve?"),
        required=True,
        max_length=_lunghezza(Bisogno, "titolo"),
        help_text=_("Una frase. Per esempio: «Un attraversamento sicuro davanti alla scuola»."),
        error_messages={"required": _("Scrivi che cosa serve, anche in poche parole.")},
    )
    testo = CampoTesto(
        label=_("Vuoi spiegare meglio?"),
        max_length=_lunghezza(Bisogno, "testo"),
        righe=6,
        help_text=_(
            "Che cosa succede oggi, a chi, dove di preciso. Niente nomi di altre persone."
        ),
    )
    laboratorio = forms.ChoiceField(
        label=_("Dove?"),
        error_messages={
            "required": _("Scegli un laboratorio, oppure tutta la città."),
            "invalid_choice": _("Scegli una voce dell'elenco."),
        },
    )
    temi = forms.ModelMultipleChoiceField(
        Tema.objects.attivi(),
        label=_("Di che cosa parla?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Al massimo tre voci: aiutano chi cerca."),
        error_messages={
            "invalid_choice": _("Scegli fra i temi dell'elenco."),
            "invalid_pk_value": _("Scegli fra i temi dell'elenco."),
        },
    )
    nome_mostrato = CampoFirma(
        label=_("Come vuoi firmare?"),
        max_length=_lunghezza(Bisogno, "nome_mostrato"),
        help_text=_(
            "Lo leggono tutti: nome e cognome, solo il nome, un soprannome. Se lo lasci vuoto "
            "scriviamo «una persona»."
        ),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    email = CampoEmail(
        help_text=_(
            "Ti mandiamo un link: aprilo, e il bisogno arriva all'ufficio. L'indirizzo non si "
            "vede."
        )
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per inviare conferma di avere letto l'informativa qui sopra.")
        },
    )

    def __init__(self, *args, partecipante=None, **kwargs):
        super().__init__(*args, **kwargs)
        laboratori = Laboratorio.objects.pubblici()
        self.laboratori = {str(laboratorio.pk): laboratorio for laboratorio in laboratori}
        self.fields["laboratorio"].choices = [
            ("", _("Scegli…")),
            *(
                (pk, f"{laboratorio.nome} ({_('zona')} {laboratorio.numero})")
                for pk, laboratorio in self.laboratori.items()
            ),
            (CITTA, _("Tutta la città")),
        ]
        chi = ["nome_mostrato"]
        if partecipante is None:
            chi.append("email")
        else:
            del self.fields["email"]
        self.helper = PortaleFormHelper(self, submit=_("Invia il bisogno"))
        self.helper.layout = Layout(
            Fieldset(_("Il bisogno"), "titolo", "testo", "laboratorio", "temi"),
            Fieldset(_("Chi lo scrive"), *chi),
            Fieldset(_("I tuoi dati"), HTML(INFORMATIVA), "informativa"),
            campi_antispam(),
        )

    def clean_temi(self):
        temi = self.cleaned_data["temi"]
        if len(temi) > TEMI_MASSIMI:
            raise forms.ValidationError(_("Scegli al massimo tre voci."))
        return temi

    def valori(self) -> dict:
        """The columns of the need, once the form is valid; its process is not asked for."""
        scritto = self.cleaned_data
        return {
            "titolo": scritto["titolo"],
            "testo": scritto["testo"],
            "laboratorio": self.laboratori.get(scritto["laboratorio"]),
            "nome_mostrato": scritto["nome_mostrato"],
        }


# --- Facilitators ---------------------------------------------------------------------------

NUOVO_BISOGNO, NUOVA_IDEA = "nuovo-bisogno", "nuova-idea"
_NOTA = re.compile(r"(\d{1,18}):([-x]|[bi]\d{1,18})")


class CampoViste(forms.Field):
    """The chosen notes, each with the place where the page showed it ("12:b3")."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value):
        trovate = [_NOTA.fullmatch(voce) for voce in value or ()]
        if not all(trovate):
            raise forms.ValidationError(_("Ricarica la pagina e scegli di nuovo le note."))
        return [Vista(int(nota), dove) for nota, dove in (voce.groups() for voce in trovate)]


class RaggruppaForm(forms.Form):
    """Where the chosen notes go. ``qui`` is the button of a group itself, ``dove`` the choice of
    the bar; a title alone means a new need."""

    nota = CampoViste(error_messages={"required": _("Scegli almeno una nota.")})
    qui = forms.CharField(required=False)
    dove = forms.CharField(required=False)
    titolo = CampoTesto(max_length=_lunghezza(Bisogno, "titolo"))

    def __init__(self, *args, luoghi, **kwargs):
        """``luoghi`` are the places that there are, by their sign."""
        super().__init__(*args, **kwargs)
        self.luoghi = luoghi

    def clean(self):
        scritto = super().clean()
        dove = scritto.get("qui") or scritto.get("dove") or ""
        if not dove and scritto.get("titolo"):
            dove = NUOVO_BISOGNO
        if not dove:
            raise forms.ValidationError(_("Scegli dove mettere le note."))
        if dove not in self.luoghi:
            raise forms.ValidationError(
                _("Quel gruppo non c'è più: qualcuno lo ha eliminato o nascosto.")
            )
        scritto["dove"] = dove
        return scritto


class PuntiForm(forms.Form):
    """The dots counted for each need, beside those that the page showed."""

    def __init__(self, *args, bisogni, **kwargs):
        super().__init__(*args, **kwargs)
        self.bisogni = bisogni
        for bisogno in bisogni:
            for nome in (f"punti-{bisogno.pk}", f"visti-{bisogno.pk}"):
                self.fields[nome] = forms.IntegerField(
                    label=bisogno.titolo, required=False, min_value=0, max_value=PUNTI_MASSIMI
                )

    def punti(self) -> dict:
        """For each need on the page: what it showed, what was counted."""
        return {
            bisogno.pk: (
                self.cleaned_data[f"visti-{bisogno.pk}"],
                self.cleaned_data[f"punti-{bisogno.pk}"],
            )
            for bisogno in self.bisogni
            # A need that somebody made meanwhile was not on this page.
            if f"punti-{bisogno.pk}" in self.data
        }

    def errore(self) -> str:
        """The first mistake, with the need that it is about."""
        nome, errori = next(iter(self.errors.items()))
        return f"«{self.fields[nome].label}»: {errori[0]}"


class CampoVisto(forms.CharField):
    """When what is being rewritten was last written, as the page knew it."""

    widget = forms.HiddenInput

    def to_python(self, value):
        try:
            momento = parse_datetime(super().to_python(value))
        except ValueError:
            momento = None
        if momento is None or not is_aware(momento):
            raise forms.ValidationError(_("Ricarica la pagina."))
        return momento


class _DiGruppoForm(forms.Form):
    """What a need and an idea of a meeting have in common."""

    temi = forms.ModelMultipleChoiceField(
        Tema.objects.attivi(),
        label=_("Temi"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Salva"))
        # A page reloaded shows what is there now, and not the version that it began from.
        self.helper.attrs["autocomplete"] = "off"


class GruppoForm(_DiGruppoForm):
    """Rewriting a need that came out of a meeting."""

    titolo = CampoTesto(
        label=_("Il bisogno in una frase"),
        required=True,
        max_length=_lunghezza(Bisogno, "titolo"),
        error_messages={"required": _("Scrivi il bisogno in poche parole: è il suo titolo.")},
    )
    testo = CampoTesto(
        label=_("Che cosa serve e perché"),
        max_length=_lunghezza(Bisogno, "testo"),
        righe=5,
        help_text=_("Con le parole dei tavoli, senza nomi di persone."),
    )
    priorita = forms.TypedChoiceField(
        label=_("Priorità"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_(
            "Di solito la danno i bollini: alta da due terzi di quelli del più votato in su, "
            "media da un terzo. Scegline un'altra solo se il gruppo ha deciso così."
        ),
    )
    visto = CampoVisto()

    field_order = ("titolo", "testo", "priorita", "temi", "visto")

    def __init__(self, *args, dai_punti, **kwargs):
        """``dai_punti``: the priority that the dots give, None without dots."""
        super().__init__(*args, **kwargs)
        come = dict(Bisogno.Priorita.choices).get(dai_punti, _("non ancora contati"))
        self.fields["priorita"].choices = [
            ("", _("Come dicono i bollini (%(quale)s)") % {"quale": come}),
            *((valore, capfirst(nome)) for valore, nome in Bisogno.Priorita.choices),
        ]
        self.dai_punti = dai_punti

    def valori(self) -> dict:
        scritto = self.cleaned_data
        return {
            "titolo": scritto["titolo"],
            "testo": scritto["testo"],
            "priorita": scritto["priorita"] or self.dai_punti,
        }


class IdeaForm(_DiGruppoForm):
    """Rewriting a draft idea of a meeting, and saying which needs it answers."""

    titolo = CampoTesto(
        label=_("L'idea in una frase"),
        required=True,
        max_length=_lunghezza(Proposta, "titolo"),
        error_messages={"required": _("Scrivi l'idea in poche parole: è il suo titolo.")},
    )
    che_cosa = CampoTesto(
        label=_("Che cosa si propone"),
        required=True,
        max_length=_lunghezza(Proposta, "che_cosa"),
        righe=6,
        help_text=_("Con le parole dei tavoli, senza nomi di persone."),
        error_messages={"required": _("Scrivi che cosa si propone.")},
    )
    luogo = CampoTesto(
        label=_("Dove"),
        max_length=_lunghezza(Proposta, "luogo"),
        help_text=_("Una via, una piazza, un luogo che si riconosce."),
    )
    bisogni = forms.ModelMultipleChoiceField(
        None,
        label=_("A quali bisogni risponde"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("Uno di questi bisogni non c'è più: ricarica la pagina.")
        },
    )
    versione = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    field_order = ("titolo", "che_cosa", "luogo", "bisogni", "temi", "versione")

    def __init__(self, *args, bisogni, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["bisogni"].queryset = bisogni

    def valori(self) -> dict:
        return {nome: self.cleaned_data[nome] for nome in ("titolo", "che_cosa", "luogo")}
