"""The Tavolo's documents that are public."""

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from percorso.models import Percorso
from portale.lib.dates import a_roma
from tavolo.formati import TIPI
from tavolo.models import DocumentoTavolo


def risposta_file(documento, *, cache):
    """The file as a download: nothing of it runs in the reader's browser, whatever it holds."""
    estensione = documento.file.name.rpartition(".")[2].lower()
    try:
        contenuto = documento.file.open("rb")
    except FileNotFoundError as manca:
        raise Http404 from manca
    risposta = FileResponse(
        contenuto,
        as_attachment=True,
        filename=f"{slugify(documento.titolo)[:80] or documento.pk}.{estensione}",
        # Never what the browser would guess from the content.
        content_type=TIPI.get(estensione, "application/octet-stream"),
    )
    risposta["X-Content-Type-Options"] = "nosniff"
    risposta["Content-Security-Policy"] = "sandbox; default-src 'none'"
    risposta["Cross-Origin-Resource-Policy"] = "same-origin"
    risposta["Cache-Control"] = cache
    return risposta


@require_safe
def documento_scarica(request, pk):
    """A file whose day has come. 404 for any other: that it exists is the members' business."""
    oggi = a_roma(timezone.now()).date()
    pubblici = DocumentoTavolo.objects.pubblici(oggi).filter(
        percorso__in=Percorso.objects.pubblici()
    )
    return risposta_file(get_object_or_404(pubblici, pk=pk), cache="public, max-age=300")
