"""What every form that anybody may fill has against programs that fill them all.

No puzzle and no third party: a field that people do not see, and a signed note of when the
form was shown. Neither ever loses what a person wrote.
"""

from datetime import datetime, timedelta

from crispy_forms.layout import Div
from django import forms
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from .testo import normalizza_email

TEMPO_MINIMO = timedelta(seconds=2)
TEMPO_MASSIMO = timedelta(days=1)


def _firma():
    return Signer(salt="portale.antispam")


def timbro(adesso: datetime) -> str:
    """The signed note that a form was shown at ``adesso``."""
    return _firma().sign(str(int(adesso.timestamp())))


def _eta(ricevuto: str, adesso: datetime) -> timedelta | None:
    """How long ago the form of this note was shown; None for a note that is not ours."""
    try:
        mostrato = int(_firma().unsign(ricevuto))
    except (BadSignature, ValueError):
        return None
    return timedelta(seconds=int(adesso.timestamp()) - mostrato)


def contiene_indirizzi(testo: str) -> bool:
    """Whether a text carries a web or e-mail address. Our mails repeat what a stranger typed
    only when it does not: the recipient may be somebody else."""
    return any(segno in testo.lower() for segno in ("://", "www.", "@"))


class CampoNome(forms.CharField):
    """A person's name on one line, which our mails can greet her with."""

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Nome e cognome"))
        kwargs.setdefault("max_length", 120)
        super().__init__(
            widget=forms.TextInput({"autocomplete": "name"}),
            error_messages={"required": _("Scrivi il tuo nome e cognome.")},
            **kwargs,
        )

    def clean(self, value):
        nome = " ".join(super().clean(value).split())
        if contiene_indirizzi(nome):
            raise forms.ValidationError(
                _("Scrivi solo il nome e il cognome, senza indirizzi."), code="indirizzo"
            )
        return nome


class CampoEmail(forms.EmailField):
    """An address, in the one form in which the portal keeps it."""

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("E-mail"))
        super().__init__(
            widget=forms.EmailInput({"autocomplete": "email", "inputmode": "email"}),
            error_messages={
                "required": _("Scrivi la tua e-mail: ti rispondiamo lì."),
                "invalid": _(
                    "Controlla l'e-mail: manca qualcosa. Deve essere come nome@esempio.it."
                ),
            },
            **kwargs,
        )

    def clean(self, value):
        return normalizza_email(super().clean(value))


def campi_antispam() -> Div:
    """The protected fields, to be put last in the layout of a FormProtetto."""
    return Div("sito_web", "ricevuto", css_class="visually-hidden", aria_hidden="true")


class FormProtetto(forms.Form):
    """A form with a honeypot and a minimum fill time. ``adesso`` is a required keyword.

    Works as first base beside ModelForm too. A suspect form is refused with a general error
    that says how to go on, keeps all that was typed, and passes when sent again by hand. With
    RATE_LIMITS off (load tests) only the honeypot counts.
    """

    sito_web = forms.CharField(
        label=_("Lascia vuoto questo campo"),
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "tabindex": "-1"}),
    )
    ricevuto = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, adesso: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self._sospetto = ""
        nuovo = timbro(adesso)
        self.initial["ricevuto"] = nuovo
        if not self.is_bound:
            return
        trappola, ricevuto = self.add_prefix("sito_web"), self.add_prefix("ricevuto")
        eta = _eta(self.data.get(ricevuto, ""), adesso)
        if self.data.get(trappola):
            self._sospetto = _("Il modulo non è partito. Premi di nuovo il pulsante.")
        elif settings.RATE_LIMITS:
            if eta is None or eta > TEMPO_MASSIMO:
                self._sospetto = _(
                    "La pagina è rimasta aperta a lungo. I tuoi dati sono ancora qui: "
                    "controllali e premi di nuovo il pulsante."
                )
            elif eta < TEMPO_MINIMO:
                self._sospetto = _(
                    "Il modulo è arrivato in un attimo, come se lo avesse compilato un "
                    "programma. Premi di nuovo il pulsante."
                )
        # What is shown again: the trap empty, and a note that a second try will pass with.
        self.data = self.data.copy()
        self.data[trappola] = ""
        if eta is None or eta > TEMPO_MASSIMO:
            self.data[ricevuto] = nuovo

    def clean(self):
        cleaned_data = super().clean()
        if self._sospetto:
            raise forms.ValidationError(self._sospetto, code="antispam")
        return cleaned_data
