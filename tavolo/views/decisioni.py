"""What the Tavolo decided, for everybody: list, page, open data. Organisations, never people."""

from itertools import islice
from urllib.parse import urlencode

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portale.lib.dates import a_roma
from portale.lib.limiti import consenti, limite_superato
from proposte import esportazione
from proposte.scorrimento import sfoglia

from .. import decisioni_aperte
from ..filtri_decisioni import FiltroDecisioni
from ..models import Decisione
from ..schede_decisioni import con_sostituta, contesto, voci


@require_safe
def decisione_list(request):
    """The published decisions, the last ones first."""
    filtro = FiltroDecisioni(request.GET)
    decisioni = filtro.filtra(Decisione.objects.pubblicate())
    totale = decisioni.count()
    pagina = sfoglia(
        con_sostituta(decisioni.for_elenco()).order_by("-presa_at", "-pk"), request.GET, totale
    )

    def indirizzo(nome, argomenti=()):
        query = {**filtro.scelte, **dict(argomenti)}
        return f"{reverse(nome)}?{urlencode(query)}" if query else reverse(nome)

    return render(
        request,
        "tavolo/decisione_list.html",
        {
            "filtro": filtro,
            "opzioni": filtro.opzioni(),
            "decisioni": voci(pagina.chiavi),
            "totale": totale,
            "pagina_di": pagina,
            "pagine": {
                parte: None
                if getattr(pagina, parte) is None
                else indirizzo("tavolo:decisione_list", getattr(pagina, parte))
                for parte in ("prima", "precedente", "successiva", "ultima")
            },
            "csv": indirizzo("tavolo:decisione_csv"),
            "json": indirizzo("tavolo:decisione_json"),
        },
    )


@require_safe
def decisione_detail(request, pk):
    """One decision, as it was taken."""
    decisioni = con_sostituta(Decisione.objects.pubblicate().for_elenco())
    decisione = get_object_or_404(
        decisioni.select_related("seduta__incontro__percorso", "proposta_da__organizzazione"),
        pk=pk,
    )
    return render(
        request,
        "tavolo/decisione_detail.html",
        {
            **contesto(decisione),
            "briciole": [
                (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
                (_("Decisioni"), reverse("tavolo:decisione_list")),
                (_("Decisione"), ""),
            ],
        },
    )


# --- Open data ------------------------------------------------------------------------------


@require_safe
def decisione_colonne(request):
    """What the files hold, column by column."""
    titoli = {"decisioni": _("Le decisioni"), "seggi": _("Chi c’era e chi non era d’accordo")}
    tavole = [
        {
            "titolo": titoli[nome],
            "nome": tavola.nome,
            "colonne": tavola.colonne,
            "csv": reverse(f"tavolo:{rotta}_csv"),
            "json": reverse(f"tavolo:{rotta}_json"),
        }
        for (nome, tavola), rotta in zip(
            decisioni_aperte.TAVOLE.items(), ("decisione", "decisione_seggi"), strict=True
        )
    ]
    briciole = [
        (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
        (_("Decisioni"), reverse("tavolo:decisione_list")),
        (_("I dati"), ""),
    ]
    return render(
        request, "tavolo/decisione_colonne.html", {"tavole": tavole, "briciole": briciole}
    )


@require_safe
def decisione_file(request, tavola, formato):
    """The file, written while it is read; it takes the filters of the list."""
    if not consenti(request, "esportazione", limite="120/h"):
        return limite_superato(request)
    tavola = decisioni_aperte.TAVOLE[tavola]
    decisioni = FiltroDecisioni(request.GET).filtra(Decisione.objects.pubblicate())
    scrivi, tipo = {
        "csv": (esportazione.come_csv, "text/csv; charset=utf-8"),
        "json": (esportazione.come_json, "application/json"),
    }[formato]
    righe = scrivi(tavola, decisioni, a_roma(timezone.now()).date())
    response = StreamingHttpResponse(_a_pezzi(righe), content_type=tipo)
    response["Content-Disposition"] = f'attachment; filename="{tavola.nome}.{formato}"'
    response["Cache-Control"] = "max-age=0, must-revalidate"
    return response


def _a_pezzi(righe):
    while pezzo := "".join(islice(righe, 200)):
        yield pezzo
