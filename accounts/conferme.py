"""What a visitor may ask for here, before her address is known."""

from django.urls import reverse
from django.utils.translation import gettext as _

from .diritti import token_dati
from .partecipanti import Esito, azione


@azione(
    "dati",
    descrivi=lambda parametri: _(
        "vedere, scaricare o cancellare i dati che il portale conserva con questo indirizzo, se "
        "ce ne sono"
    ),
)
def dati(partecipante, parametri, adesso):
    """Her page is open for an hour from now; the mail's link, opened later, leads to a page that
    says so."""
    url = reverse("dati_ospite", args=[token_dati(partecipante)])
    return Esito(url, _("Ecco i dati che conserviamo con questo indirizzo."))
