"""The files of approved minutes, as they are sent."""

from django.http import HttpResponse

from .models import Verbale


def nome_file(verbale: Verbale, *, interno: bool = False) -> str:
    """ "verbale-seduta-4-2026-05-03.pdf"."""
    giorno = verbale.seduta.giorno
    parti = ["verbale-seduta", str(verbale.seduta.numero)]
    parti += [giorno.isoformat()] if giorno else []
    parti += ["componenti"] if interno else []
    return f"{'-'.join(parti)}.pdf"


def risposta_pdf(contenuto: bytes, nome: str) -> HttpResponse:
    """A file that we made, to be opened beside the page."""
    response = HttpResponse(contenuto, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{nome}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    return response
