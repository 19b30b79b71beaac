"""What people write to support, follow, comment and report."""

import secrets
import unicodedata
from datetime import datetime

from crispy_forms.layout import HTML, Layout
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portale.lib.antispam import (
    CampoEmail,
    FormProtetto,
    campi_antispam,
    contiene_indirizzi,
)
from portale.lib.forms import PortaleFormHelper

from .models import Commento, Moderazione, Segnalazione

INFORMATIVA = (
    '{% include "proposte/_partecipazione_informativa.html" with cosa=form.cosa ente=ente only %}'
)
# Direction overrides and isolates: one left open turns around what follows it on the page.
GIRATESTO = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class CampoTesto(forms.CharField):
    """What a person writes, without the characters that nobody can see and that would turn the
    text of others around. What is too long is refused, never cut in silence."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", forms.Textarea({"rows": 5}))
        super().__init__(**kwargs)

    def widget_attrs(self, widget):
        attrs = super().widget_attrs(widget)
        # A browser would cut what is pasted at this length, and say nothing.
        attrs.pop("maxlength", None)
        return attrs

    def to_python(self, value):
        return super().to_python("".join(filter(_si_vede, value)) if value else value)


def _si_vede(carattere):
    # NUL stays, for Django to refuse.
    return carattere in "\n\r\t\0" or (
        unicodedata.category(carattere) not in ("Cc", "Cs") and carattere not in GIRATESTO
    )


class CampoNomeMostrato(CampoTesto):
    """How a person signs what everybody reads."""

    def __init__(self, **kwargs):
        super().__init__(
            label=_("Come vuoi firmare?"),
            required=False,
            max_length=Commento._meta.get_field("nome_mostrato").max_length,
            widget=forms.TextInput({"autocomplete": "nickname"}),
            help_text=_("Lo leggono tutti. Se lo lasci vuoto firmiamo «una persona»."),
            **kwargs,
        )

    def clean(self, value):
        nome = " ".join(super().clean(value).split())
        if contiene_indirizzi(nome):
            raise forms.ValidationError(
                _("Scrivi solo un nome, senza indirizzi."), code="indirizzo"
            )
        return nome


class _Ospite(FormProtetto):
    """A form of somebody whom the portal does not know yet. ``cosa`` completes the notice."""

    cosa = ""
    email = CampoEmail(
        label=_("La tua e-mail"),
        help_text=_(
            "Non si pubblica. Ti mandiamo un link: aprilo, ed è fatto. Poi questo dispositivo "
            "ti riconosce."
        ),
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per continuare conferma di avere letto l'informativa qui sopra.")
        },
    )


class OspiteForm(_Ospite):
    """Only her address: for what is done with one click by those whom the portal knows."""

    def __init__(self, *args, submit, cosa, **kwargs):
        super().__init__(*args, **kwargs)
        self.cosa = cosa
        self.helper = PortaleFormHelper(self, submit=submit)
        self.helper.layout = Layout(
            "email",
            *(["segui"] if "segui" in self.fields else []),
            HTML(INFORMATIVA),
            "informativa",
            campi_antispam(),
        )


class SostegnoOspiteForm(OspiteForm):
    segui = forms.BooleanField(
        label=_("Scrivimi quando c'è una risposta, una decisione o una novità"), required=False
    )


# --- Comments -------------------------------------------------------------------------------


class _Modulo(forms.Form):
    """A form that says which one it is, so that a double click sends it once."""

    modulo = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["modulo"] = secrets.token_hex(16)


class CommentoForm(_Modulo):
    """A comment of somebody known; an answer when ``risposta``."""

    scopo = forms.ChoiceField(
        label=_("Che cosa vuoi scrivere?"),
        choices=lambda: [(valore, capfirst(nome)) for valore, nome in Commento.Scopo.choices],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Scegli se è un dubbio, un'aggiunta o un'obiezione."),
            "invalid_choice": _("Scegli fra le voci dell'elenco."),
        },
    )
    testo = CampoTesto(
        label=_("Il tuo commento"),
        max_length=Commento._meta.get_field("testo").max_length,
        error_messages={"required": _("Scrivi il commento.")},
    )
    nome_mostrato = CampoNomeMostrato()

    def __init__(self, *args, risposta=False, azione="", **kwargs):
        super().__init__(*args, **kwargs)
        if risposta:
            del self.fields["scopo"]
            self.fields["testo"].label = _("La tua risposta")
            self.fields["testo"].error_messages["required"] = _("Scrivi la risposta.")
        self.helper = PortaleFormHelper(
            self, submit=_("Pubblica la risposta") if risposta else _("Pubblica il commento")
        )
        self.helper.form_action = azione
        self.helper.layout = Layout(*self.parti())

    def parti(self):
        campi = ("scopo", "testo", "nome_mostrato", "modulo")
        return [campo for campo in campi if campo in self.fields]


class CommentoOspiteForm(_Ospite, CommentoForm):
    """The same of a stranger: it is published when she confirms her address."""

    cosa = "commento"

    def parti(self):
        return [*super().parti(), "email", HTML(INFORMATIVA), "informativa", campi_antispam()]


class CommentoModificaForm(forms.Form):
    """Its author's second thoughts."""

    testo = CampoTesto(
        label=_("Il tuo commento"),
        max_length=Commento._meta.get_field("testo").max_length,
        error_messages={"required": _("Scrivi il commento.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Salva il commento"))


# --- Reports --------------------------------------------------------------------------------


class SegnalazioneForm(FormProtetto, _Modulo):
    """What is wrong with something: anybody may say it, without saying who she is."""

    motivo = forms.ChoiceField(
        label=_("Che cosa non va?"),
        choices=lambda: [(valore, capfirst(nome)) for valore, nome in Moderazione.choices],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Scegli il motivo."),
            "invalid_choice": _("Scegli fra le voci dell'elenco."),
        },
    )
    testo = CampoTesto(
        label=_("Vuoi spiegare meglio?"),
        required=False,
        max_length=Segnalazione._meta.get_field("testo").max_length,
        help_text=_("Lo legge solo chi modera. Non scrivere dati personali tuoi o di altri."),
    )

    def __init__(self, *args, adesso: datetime, **kwargs):
        super().__init__(*args, adesso=adesso, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Invia la segnalazione"))
        self.helper.layout = Layout("motivo", "testo", "modulo", campi_antispam())

    def clean(self):
        scritto = super().clean()
        if scritto.get("motivo") == Moderazione.ALTRO and not scritto.get("testo", "").strip():
            self.add_error("testo", _("Spiega il motivo con le tue parole."))
        return scritto
