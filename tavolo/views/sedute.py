"""The sittings of the Tavolo, for everybody: organisations, never people."""

from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from eventi.calendario import ics_incontro
from eventi.models import Incontro
from eventi.schede import avviso
from eventi.views.incontri import accesso_alla_sede, mappa
from percorso.models import Percorso
from portale.lib.dates import a_roma
from proposte.models import Proposta
from tavolo.models import Decisione, DocumentoTavolo, Presenza, Seduta, Seggio, Verbale

PER_PAGINA = 20


def _pubbliche():
    return (
        Seduta.objects.pubbliche()
        .filter(incontro__percorso__in=Percorso.objects.pubblici())
        .for_elenco()
        .select_related("verbale")
    )


@require_safe
def seduta_list(request):
    """The sittings to come, soonest first, then those that are over."""
    adesso = timezone.now()
    righe = _pubbliche()
    futura = Q(incontro__in=Incontro.objects.futuri(adesso).order_by())
    passate = righe.exclude(futura).order_by("-incontro__inizio", "-pk")
    return render(
        request,
        "tavolo/seduta_list.html",
        {
            "briciole": [
                (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
                (_("Sedute e verbali"), ""),
            ],
            "prossime": righe.filter(futura).order_by("incontro__inizio", "pk"),
            "page_obj": Paginator(passate, PER_PAGINA).get_page(request.GET.get("page")),
            "APPROVATO": Verbale.Stato.APPROVATO,
        },
    )


@require_safe
def seduta_detail(request, slug):
    """One sitting: when, where, what about, which organisations came, and what came of it."""
    adesso = timezone.now()
    seduta = get_object_or_404(_pubbliche(), incontro__slug=slug)
    incontro = seduta.incontro
    chiusa = seduta.stato == Seduta.Stato.CHIUSA
    verbale = getattr(seduta, "verbale", None)
    presenti = list(_presenti(seduta)) if chiusa else []
    return render(
        request,
        "tavolo/seduta_detail.html",
        {
            "briciole": [
                (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
                (_("Sedute e verbali"), reverse("tavolo:seduta_list")),
                (incontro.titolo, ""),
            ],
            "seduta": seduta,
            "incontro": incontro,
            "finita": chiusa or incontro.finito(adesso),
            "chiusa": chiusa,
            "avviso": avviso(incontro),
            "punti": _punti(seduta),
            "accesso": accesso_alla_sede(incontro.sede),
            "mappa": mappa(incontro.sede),
            "documenti": DocumentoTavolo.objects.pubblici(a_roma(adesso).date())
            .filter(seduta=seduta)
            .order_by("created_at", "pk"),
            "decisioni": Decisione.objects.pubblicate()
            .filter(seduta=seduta)
            .select_related("proposta"),
            "presenti": presenti,
            "con_voce": sum(seggio.ha_voce for seggio in presenti),
            "verbale": verbale
            if verbale is not None and verbale.stato == Verbale.Stato.APPROVATO
            else None,
        },
    )


def _punti(seduta):
    """The agenda: (number, item, its proposals that everybody may read)."""
    pubbliche = Prefetch("proposte", Proposta.objects.pubbliche(), to_attr="pubbliche")
    punti = seduta.punti.select_related("relatore__organizzazione").prefetch_related(pubbliche)
    return [(numero, punto, punto.pubbliche) for numero, punto in enumerate(punti, start=1)]


def _presenti(seduta):
    """The organisations that were there, at least for a while."""
    return (
        Seggio.objects.filter(presenze__seduta=seduta, presenze__modo__in=Presenza.PRESENTI)
        .select_related("organizzazione")
        .order_by("organizzazione__nome")
    )


@require_safe
def seduta_ics(request, slug):
    """The same calendar entry that the meeting's own page gives."""
    incontro = get_object_or_404(
        _pubbliche().exclude(incontro__inizio=None), incontro__slug=slug
    ).incontro
    contenuto = ics_incontro(incontro, adesso=incontro.updated_at)
    risposta = HttpResponse(contenuto, content_type="text/calendar; charset=utf-8")
    risposta["Content-Disposition"] = f'inline; filename="{slug}.ics"'
    risposta["Cache-Control"] = "max-age=0, must-revalidate"
    return risposta
