"""What the seats said, as a sheet: a row for each proposal and seat. Organisations, no people."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from portale.lib import dates, fogli

from . import risultati
from .models import Esame

COLONNE = (
    "proposta",
    "titolo",
    "laboratorio",
    "esame_fino_al",
    "organizzazione",
    "posizione",
    "motivazione",
    "espressa_il",
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def righe(esami: Iterable[Esame], adesso: datetime) -> Iterator[list]:
    """The names of the columns, then the rows: what was stated, and who has said nothing."""
    esami = list(esami)
    yield list(COLONNE)
    for r in risultati.di_esami(esami, adesso).values():
        esame, proposta = r.esame, r.esame.proposta
        inizio = [
            proposta.pk,
            str(proposta),
            str(proposta.laboratorio or ""),
            esame.ultimo_giorno.isoformat(),
        ]
        for fascia in r.fasce:
            for posizione in fascia.posizioni:
                yield [
                    *inizio,
                    str(posizione.seggio),
                    fascia.grado,
                    posizione.motivazione,
                    dates.a_roma(posizione.resa_at).isoformat("T", "seconds"),
                ]
        for seggio in r.silenti:
            yield [*inizio, str(seggio), "", "", ""]


def nome(formato: str) -> str:
    """What it is called in the register of accesses."""
    return _("Posizioni dei seggi (%(formato)s)") % {"formato": formato.upper()}


def risposta(tavola: Iterator[list], formato: str) -> HttpResponse | StreamingHttpResponse:
    """The file, ``formato`` "csv" or "xlsx"; 404 for any other."""
    if formato == "csv":
        pagina = StreamingHttpResponse(fogli.righe_csv(tavola), content_type="text/csv")
    elif formato == "xlsx":
        pagina = HttpResponse(fogli.xlsx({"posizioni": list(tavola)}), content_type=XLSX)
    else:
        raise Http404
    pagina["Content-Disposition"] = f'attachment; filename="posizioni.{formato}"'
    return pagina
