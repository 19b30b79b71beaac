"""What the page that checks minutes is given."""

import re

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from portale.lib.forms import PortaleFormHelper

MEGA = 1024 * 1024
PESO_MASSIMO = 10 * MEGA


class VerificaForm(forms.Form):
    """A file, or the hash of one as somebody copied it."""

    file = forms.FileField(
        label=_("Il file PDF"),
        required=False,
        allow_empty_file=True,
        help_text=_(
            "Lo leggiamo per calcolarne l'impronta e non lo conserviamo. Al massimo 10 MB."
        ),
        widget=forms.ClearableFileInput({"accept": "application/pdf"}),
    )
    impronta = forms.CharField(
        label=_("Oppure la sua impronta (SHA-256)"),
        required=False,
        max_length=200,
        help_text=_("Sono 64 caratteri, cifre e lettere dalla a alla f."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args, troppo=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.troppo = troppo
        self.helper = PortaleFormHelper(self, submit=_("Controlla"))

    def clean_file(self):
        file = self.cleaned_data["file"]
        if self.troppo or (file and file.size > PESO_MASSIMO):
            raise forms.ValidationError(
                _("Il file pesa più di %(peso)s: i verbali sono molto più piccoli."),
                params={"peso": filesizeformat(PESO_MASSIMO)},
            )
        return file

    def clean_impronta(self):
        scritta = re.sub(r"[\s:-]", "", self.cleaned_data["impronta"]).lower()
        if scritta and not re.fullmatch("[0-9a-f]{64}", scritta):
            raise forms.ValidationError(
                _("Un'impronta è fatta di 64 caratteri, cifre e lettere dalla a alla f.")
            )
        return scritta

    def clean(self):
        dati = super().clean()
        if not self.errors and not dati.get("file") and not dati.get("impronta"):
            raise forms.ValidationError(_("Scegli un file, o scrivi la sua impronta."))
        return dati
