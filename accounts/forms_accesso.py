"""The forms of the second factor, in our words."""

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

NOME_MASSIMO = 60


def _codice(form, etichetta, aiuto=""):
    campo = form.fields["code"]
    campo.label, campo.help_text = etichetta, aiuto
    campo.error_messages["required"] = _("Scrivi il codice.")
    campo.widget.attrs.pop("placeholder", None)
    # Recovery codes have other lengths, but digits too.
    campo.widget.attrs.update({"inputmode": "numeric", "maxlength": 20})


class CodiceForm(AuthenticateForm):
    """On logging in: the app's code, or one of the recovery codes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _codice(
            self,
            _("Codice"),
            _("Le sei cifre che vedi ora nell’app, o uno dei tuoi codici di riserva."),
        )


class RiconfermaForm(ReauthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _codice(
            self,
            _("Codice"),
            _("Le sei cifre che vedi ora nell’app, o uno dei tuoi codici di riserva."),
        )


class AttivaAppForm(ActivateTOTPForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _codice(self, _("Codice di sei cifre"), _("Quello che l’app mostra ora per il portale."))


def _nome(campo):
    campo.label = _("Nome della chiave")
    campo.help_text = _("Per riconoscerla nell’elenco: per esempio «telefono» o «ufficio».")


class NuovaChiaveForm(AddWebAuthnForm):
    name = forms.CharField(required=False, max_length=NOME_MASSIMO)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _nome(self.fields["name"])
        senza = self.fields["passwordless"]
        senza.label = _("Entra con questa chiave anche senza password")
        senza.help_text = _(
            "Ti chiede l’impronta, il viso o il PIN del dispositivo. Così la chiave basta da sola."
        )
        senza.initial = True


class NomeChiaveForm(EditWebAuthnForm):
    name = forms.CharField(max_length=NOME_MASSIMO)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _nome(self.fields["name"])
        self.fields["name"].error_messages["required"] = _("Dai un nome alla chiave.")


class ChiudiSessioneForm(forms.Form):
    """Which of her sessions ends; all but the present one when none is named."""

    sessione = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
