"""The map of actors as a file: what members read, and the office's own with whom to call."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from portale.lib import dates

from .models import Attore

COLONNE = (
    ("numero", _("numero dell'attore, che non cambia mai")),
    ("zona", _("numero della zona")),
    ("nome", _("nome")),
    ("genere", _("associazione, gruppo, scuola…")),
    ("che_cosa_fa", _("che cosa fa")),
    ("per_chi", _("a chi si rivolge")),
    ("luogo", _("via, piazza o luogo, a parole")),
    ("latitudine", _("gradi decimali, WGS84; vuoto se non c'è un punto")),
    ("longitudine", _("gradi decimali, WGS84; vuoto se non c'è un punto")),
    ("sito", _("sito")),
    ("a_che_punto", _("da raggiungere, contattato o raggiunto")),
    ("dal", _("da quando")),
    ("segnalato_da", _("organizzazione che lo ha messo sulla mappa, o l'ufficio")),
    ("aggiornato_il", _("ultimo cambiamento")),
    ("esempio", _("sì se è un attore dimostrativo, che non esiste")),
)
COLONNE_RISERVATE = (
    ("contatto", _("persona di contatto")),
    ("email", _("e-mail")),
    ("telefono", _("telefono")),
    ("note", _("note dell'ufficio")),
)


def tavola(attori, *, riservate: bool) -> Iterator[list]:
    """The rows of the file, the names of the columns first. ``riservate`` adds whom to call: for
    the office alone."""
    yield [nome for nome, _spiegazione in COLONNE + (COLONNE_RISERVATE if riservate else ())]
    if not riservate:
        attori = attori.senza_recapiti()
    attori = attori.select_related("laboratorio").order_by("laboratorio__numero", "nome", "pk")
    for attore in attori.iterator(chunk_size=500):
        yield _riga(attore) + ([getattr(attore, n) for n in Attore.RISERVATI] if riservate else [])


def _riga(attore):
    return [
        attore.pk,
        attore.laboratorio.numero,
        attore.nome,
        attore.get_genere_display(),
        attore.attivita,
        attore.pubblici_a_parole,
        attore.luogo,
        attore.latitudine,
        attore.longitudine,
        attore.sito,
        attore.get_stato_display(),
        f"{attore.stato_dal:%d/%m/%Y}",
        attore.origine,
        f"{dates.a_roma(attore.updated_at):%d/%m/%Y %H:%M}",
        str(_("sì")) if attore.esempio else "",
    ]
