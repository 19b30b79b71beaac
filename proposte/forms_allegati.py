"""What a person sends along with her proposal."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portale.lib.file_sicuri import ACCETTATI, troppo_grande
from portale.lib.forms import PortaleFormHelper

from .forms import CampoTesto
from .models import Allegato


class AllegatoForm(forms.Form):
    """One file and what it shows. What the file really is, ``proposte.allegati`` finds out."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ACCETTATI}),
        help_text=_("Una foto o un'immagine (JPEG, PNG, WebP) o un PDF, fino a 10 MB."),
        error_messages={
            "required": _("Scegli un file."),
            "missing": _("Scegli un file."),
            "invalid": _("Il file non è arrivato: sceglilo di nuovo."),
        },
    )
    titolo = CampoTesto(
        label=_("Titolo"),
        required=True,
        max_length=Allegato._meta.get_field("titolo").max_length,
        help_text=_("Di un'immagine: che cosa si vede. Lo legge anche chi non può vederla."),
        error_messages={"required": _("Scrivi un titolo: per un'immagine, che cosa si vede.")},
    )

    def __init__(self, *args, troppo: bool = False, **kwargs):
        """``troppo``: a file came, and was too large to be even kept."""
        super().__init__(*args, **kwargs)
        if troppo:
            self.fields["file"].error_messages["required"] = troppo_grande()
        self.helper = PortaleFormHelper(self, submit=_("Allega"))
        self.helper.form_id = "allega"
