"""Who sits at the Tavolo as a sheet: one row for each seat, organisations and never people.

The office's own variant adds whom to call at the organisation; it is no open data.
"""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portale.lib.fogli import righe_csv, xlsx

COLONNE = (
    ("organizzazione", _("nome dell'organizzazione")),
    ("genere", _("associazione, comitato, ente, scuola, …")),
    ("costituzione", _("con uno statuto o gruppo informale; vuoto se non si sa")),
    ("attivita", _("di che cosa si occupa")),
    ("temi", _("temi, separati da virgole")),
    ("zone", _("numeri delle zone, separati da virgole; vuoto per tutta la città")),
    ("sito", _("sito dell'organizzazione")),
    ("percorso", _("percorso partecipativo, come nell'indirizzo della sua pagina")),
    ("ruolo", _("componente, coordinamento, segreteria o osservatore")),
    ("dal", _("primo giorno al Tavolo")),
    ("al", _("ultimo giorno; vuoto finché dura")),
    ("esempio", _("vero se è un'organizzazione dimostrativa, che non esiste")),
)
COLONNE_CONTATTI = (
    ("contatto", _("persona di contatto")),
    ("email", _("indirizzo della persona di contatto")),
    ("telefono", _("telefono della persona di contatto")),
)


def colonne(*, contatti: bool):
    return COLONNE + (COLONNE_CONTATTI if contatti else ())


def csv_organizzazioni(seggi: QuerySet, *, contatti: bool = False) -> Iterator[str]:
    """The lines of a CSV that Excel in Italian opens right. ``contatti``: for the office alone."""
    return righe_csv(_righe(seggi, contatti))


def xlsx_organizzazioni(seggi: QuerySet, *, contatti: bool = False) -> bytes:
    return xlsx({"organizzazioni": list(_righe(seggi, contatti))})


def _righe(seggi, contatti):
    yield [nome for nome, _spiegazione in colonne(contatti=contatti)]
    seggi = seggi.for_elenco().prefetch_related(
        "organizzazione__temi", "organizzazione__laboratori"
    )
    for seggio in seggi.order_by("organizzazione__nome", "dal", "pk"):
        yield _riga(seggio, contatti)


def _riga(seggio, contatti):
    chi = seggio.organizzazione
    riga = [
        chi.nome,
        chi.genere,
        chi.costituzione,
        chi.attivita,
        ", ".join(tema.nome for tema in chi.temi.all()),
        ", ".join(str(lab.numero) for lab in chi.laboratori.all()),
        chi.sito,
        seggio.percorso.slug,
        seggio.ruolo,
        seggio.dal.isoformat(),
        seggio.al.isoformat() if seggio.al else "",
        "vero" if chi.esempio else "falso",
    ]
    return [*riga, chi.contatto, chi.email, chi.telefono] if contatti else riga
