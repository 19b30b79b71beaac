"""The one look of every form on the portal."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django.utils.translation import gettext_lazy as _


class PortaleFormHelper(FormHelper):
    """A form as citizens meet it: what went wrong first, then the fields, then one button.

    ``submit`` is the verb on the button; ``None`` leaves the button to the template. The
    browser's own validation is off: its bubbles vanish, are not ours to word, and stop the
    summary that names every field at once.

    Templates render such a form with ``{% crispy form %}``; the markup is in
    ``templates/bootstrap5/``.
    """

    form_error_title = _("Controlla questi punti, poi invia di nuovo")

    def __init__(self, form, *, submit):
        super().__init__(form)
        self.attrs["novalidate"] = ""
        if submit is not None:
            # Two forms may share a page, and an id is one element's.
            nome = type(form).__name__.removesuffix("Form").lower()
            self.add_input(Submit("invia", submit, css_id=f"invia-{nome}"))
