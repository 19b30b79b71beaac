"""What the Comitato di garanzia locale thinks, for everybody. Nobody in it is named."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from percorso.models import Percorso
from portale.lib.dates import a_roma, giorno_mese_anno

from ..models import ParereComitato
from ..schede_decisioni import titolo_leggibile

PER_PAGINA = 20


def _pubblicati():
    return ParereComitato.objects.filter(pubblicato_at__isnull=False).select_related(
        "percorso", "proposta"
    )


def _quando(parere):
    return giorno_mese_anno(a_roma(parere.pubblicato_at).date())


@require_safe
def parere_list(request):
    """The published opinions, the last ones first; ``?percorso=`` those on one process."""
    pareri = _pubblicati().order_by("-pubblicato_at", "-pk")
    percorso = None
    if slug := request.GET.get("percorso"):
        percorso = get_object_or_404(Percorso.objects.exclude(stato="bozza"), slug=slug)
        pareri = pareri.filter(percorso=percorso)
    pagina = Paginator(pareri, PER_PAGINA).get_page(request.GET.get("page"))
    return render(
        request,
        "tavolo/parere_list.html",
        {
            "percorso": percorso,
            "pareri": [
                (p.get_absolute_url(), p.titolo, f"{_quando(p)} · {p.percorso}") for p in pagina
            ],
            "pagina_di": pagina,
            "briciole": [
                (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
                (_("Pareri"), ""),
            ],
        },
    )


@require_safe
def parere_detail(request, pk):
    parere = get_object_or_404(_pubblicati(), pk=pk)
    proposta = parere.proposta
    return render(
        request,
        "tavolo/parere_detail.html",
        {
            "parere": parere,
            "quando": _quando(parere),
            "iso": a_roma(parere.pubblicato_at).date().isoformat(),
            "proposta": proposta and titolo_leggibile(proposta),
            "proposta_url": proposta.get_absolute_url() if proposta and proposta.pubblica else "",
            "briciole": [
                (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
                (_("Pareri"), reverse("tavolo:parere_list")),
                (_("Parere"), ""),
            ],
        },
    )
