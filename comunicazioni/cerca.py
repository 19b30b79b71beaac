"""What the office finds of what it wrote to many."""

from django.utils.translation import gettext_lazy as _

from eventi.cerca import TITOLO
from portale.lib.cercato import Attraverso, Cercato, Sezione, dettagli

from .models import Comunicazione

COMUNICAZIONE = Cercato(
    Comunicazione,
    "oggetto",
    "testo",
    radici=True,
    attraverso=[Attraverso("incontro", TITOLO)],
)

SEZIONI = [
    Sezione(
        Comunicazione,
        _("Comunicazioni"),
        lambda c: (c.oggetto, dettagli(c.a_chi, c.get_stato_display())),
        con=["incontro", "laboratorio", "percorso"],
    )
]
