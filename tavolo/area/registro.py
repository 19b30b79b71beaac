"""The register of what was done, for the Comitato and the office."""

from django.core.paginator import Paginator
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from portale.lib.fogli import righe_csv

from ..registro import Atto, FiltroRegistro, atti, in_foglio
from .accesso import area, percorsi_da_scegliere, scegli_percorso

PER_PAGINA = 50


def _cercati(request):
    """(percorso, what she is there, filter, acts); 404 for who may not read them."""
    percorso, accesso = scegli_percorso(request)
    if not (accesso.garante or accesso.ufficio):
        raise Http404
    filtro = FiltroRegistro(request.GET)
    return percorso, accesso, filtro, atti(percorso, **filtro.scelte)


@area
@require_safe
def registro(request, adesso):
    percorso, accesso, filtro, righe = _cercati(request)
    pagina = Paginator(righe, PER_PAGINA).get_page(request.GET.get("page"))
    query = {**filtro.scelte, "percorso": percorso.slug}
    return render(
        request,
        "tavolo/area/registro.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "registro",
            "filtro": filtro,
            "opzioni": filtro.opzioni(),
            "atti": [Atto(*riga) for riga in pagina],
            "pagina_di": pagina,
            "csv": f"{reverse('area:registro_csv')}?{urlencode(query)}",
        },
    )


@area
@require_safe
def registro_csv(request, adesso):
    """The same acts, all of them, as a sheet."""
    percorso, _accesso, _filtro, righe = _cercati(request)
    response = StreamingHttpResponse(
        righe_csv(in_foglio(righe)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="registro-{percorso.slug}.csv"'
    return response
