"""What is asked of who enters with SPID or CIE for the first time."""

from allauth.core.internal.cryptokit import compare_user_code
from django import forms
from django.utils.translation import gettext_lazy as _

from portale.lib.testo import normalizza_email

from ..forms import SignupExtraForm


class CompletaForm(SignupExtraForm):
    """The address that we write to; the name comes from the gateway, and may be corrected."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={"required": _("Scrivi il tuo indirizzo e-mail.")},
    )
    field_order = ("nome", "email", "da_14", "informativa")

    def clean_email(self):
        return normalizza_email(self.cleaned_data["email"])


class CodiceForm(forms.Form):
    """The code that came by mail."""

    codice = forms.CharField(
        label=_("Codice"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code"}),
        error_messages={"required": _("Scrivi il codice che ti è arrivato per e-mail.")},
    )

    def __init__(self, *args, atteso, **kwargs):
        super().__init__(*args, **kwargs)
        self.atteso = atteso

    def clean_codice(self):
        if not compare_user_code(actual=self.cleaned_data["codice"], expected=self.atteso):
            raise forms.ValidationError(
                _("Il codice non è giusto: ricopialo dall’ultima e-mail che ti abbiamo mandato.")
            )
        return self.cleaned_data["codice"]
