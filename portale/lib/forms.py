"""The one look of every form on the portal."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django.utils.translation import gettext_lazy as _


class PortaleFormHelper(FormHelper):
    """Error summary first, messages in our words, one primary button."""

    form_error_title = _("Controlla i campi segnalati")

    def __init__(self, form, *, submit):
        super().__init__(form)
        self.attrs["novalidate"] = ""
        self.add_input(Submit("invia", submit))
