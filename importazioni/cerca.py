"""What the office finds of the sheets that it loaded."""

from django.utils.translation import gettext_lazy as _

from portale.lib.cercato import Cercato, Sezione, dettagli
from portale.lib.dates import giorno_e_ora

from .models import Importazione

IMPORTAZIONE = Cercato(Importazione, "nome_file")

SEZIONI = [
    Sezione(
        Importazione,
        _("File importati"),
        lambda i: (i.nome_file, dettagli(giorno_e_ora(i.created_at), i.get_stato_display())),
    )
]
