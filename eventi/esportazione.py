"""The registrations of a meeting as a file for the office's spreadsheet.

Semicolons and a byte-order mark, because that is what Excel in Italian opens right; times are
Rome's. The columns are listed below with their meaning, which the export page shows.
"""

import csv
from collections.abc import Iterator

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.fogli import neutra

from .models import Incontro

COLONNE = (
    ("nome", _("nome e cognome")),
    ("email", _("indirizzo; vuoto per chi è da chiamare")),
    ("telefono", _("numero lasciato dalla persona")),
    ("eta", _("età dichiarata; con meno di 14 anni i recapiti sono del genitore")),
    ("nome_minore", _("nome di chi ha meno di 14 anni, se scritto")),
    ("foto", _("sì se accetta di comparire in foto e riprese")),
    ("stato", _("confermata, in lista d'attesa, posto offerto, …")),
    ("posti", _("posti che tiene adesso")),
    ("posti_richiesti", _("posti che ha chiesto")),
    ("canale", _("online, telefono, sportello o modulo cartaceo")),
    ("lingua", _("lingua dei messaggi")),
    ("iscritta_il", _("quando è stata registrata")),
    ("confermata_il", _("quando l'iscrizione è stata confermata")),
    ("in_lista_dal", _("da quando è in lista d'attesa")),
    ("presente", _("sì, no, o vuoto se non rilevato")),
)
COLONNE_RISERVATE = (
    ("servizi", _("servizi che ha chiesto")),
    ("necessita", _("che cosa le serve per partecipare")),
)


class _Eco:
    """A file that gives each written line back."""

    def write(self, riga):
        return riga


def csv_iscrizioni(incontro: Incontro, *, riservate: bool) -> Iterator[str]:
    """The lines of the file, one registration each. ``riservate`` adds what people need in
    order to take part: only for who may read it."""
    scrivi = csv.writer(_Eco(), delimiter=";", quoting=csv.QUOTE_MINIMAL).writerow
    colonne = COLONNE + (COLONNE_RISERVATE if riservate else ())
    yield "\ufeff" + scrivi([nome for nome, _spiegazione in colonne])
    iscrizioni = incontro.iscrizioni.select_related("foto").order_by("created_at", "pk")
    if riservate:
        iscrizioni = iscrizioni.select_related("necessita").prefetch_related("richieste__servizio")
    for iscrizione in iscrizioni.iterator(chunk_size=500):
        yield scrivi([neutra(valore) for valore in _riga(iscrizione, riservate)])


def _riga(iscrizione, riservate):
    riga = [
        iscrizione.nome,
        iscrizione.email,
        iscrizione.telefono,
        iscrizione.get_eta_display(),
        iscrizione.nome_minore,
        gettext("sì") if iscrizione.foto is not None and iscrizione.foto.vivo else gettext("no"),
        iscrizione.get_stato_display(),
        iscrizione.posti,
        iscrizione.posti_richiesti,
        iscrizione.get_canale_display(),
        iscrizione.lingua,
        _momento(iscrizione.created_at),
        _momento(iscrizione.confermata_at),
        _momento(iscrizione.in_lista_dal),
        {True: gettext("sì"), False: gettext("no"), None: ""}[iscrizione.presente],
    ]
    if riservate:
        necessita = getattr(iscrizione, "necessita", None)
        riga.append(", ".join(str(richiesta) for richiesta in iscrizione.richieste.all()))
        riga.append(necessita.testo if necessita else "")
    return riga


def _momento(momento):
    return "" if momento is None else f"{dates.a_roma(momento):%d/%m/%Y %H:%M}"
