"""The recipients of a Comunicazione as a file for the office's spreadsheet."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from portale.lib.dates import a_roma
from portale.lib.fogli import righe_csv

from .models import Comunicazione, Destinatario
from .motivi import motivo

COLONNE = ("email", "nome", "lingua", "esito", "inviata_il", "perche")


def csv_destinatari(comunicazione: Comunicazione) -> Iterator[str]:
    """The lines of the file, one recipient each."""
    return righe_csv(_righe(comunicazione))


def _righe(comunicazione):
    yield COLONNE
    for destinatario in comunicazione.destinatari.for_elenco().iterator(chunk_size=500):
        messaggio = destinatario.messaggio
        fallito = messaggio is not None and messaggio.stato in Destinatario.NON_ARRIVATI
        yield (
            destinatario.email,
            destinatario.nome,
            destinatario.lingua,
            messaggio.get_stato_display() if messaggio else _("non più conservato"),
            f"{a_roma(messaggio.inviato_at):%d/%m/%Y %H:%M}"
            if messaggio and messaggio.inviato_at
            else "",
            motivo(messaggio.ultimo_errore) if fallito else "",
        )
