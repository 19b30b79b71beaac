"""The sittings, for who sits there."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from eventi.calendario import Invitato, ics_incontro
from portale.lib.emails import assoluto
from portale.lib.rifiuti import Rifiuto
from tavolo.models import (
    Decisione,
    DocumentoTavolo,
    Esame,
    Giustificazione,
    Seduta,
)
from tavolo.numero_legale import di_seduta
from tavolo.services import assenze, presenze, sedute

from .accesso import area, percorsi_da_scegliere, scegli_percorso

PER_PAGINA = 20
Stato = Seduta.Stato


def leggibili(accessi):
    """The sittings of her percorsi: those being prepared only for who leads them."""
    conduce = [pk for pk, accesso in accessi.items() if accesso.can_condurre]
    return Seduta.objects.filter(
        Q(incontro__percorso__in=conduce)
        | (Q(incontro__percorso__in=accessi) & ~Q(stato=Stato.BOZZA))
    )


def una_seduta(request, slug):
    """One of them and what she is there; 404 for any other."""
    righe = leggibili(request.accessi).for_elenco().select_related("verbale")
    seduta = get_object_or_404(righe, incontro__slug=slug)
    return seduta, request.accessi[seduta.incontro.percorso_id]


def cornice(request, seduta, accesso):
    """What the frame of the area needs on a sitting's page."""
    return {
        "percorso": seduta.incontro.percorso,
        "accesso": accesso,
        "sezione": "sedute",
        "seduta": seduta,
        "incontro": seduta.incontro,
    }


def vai(nome, seduta):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(reverse(nome, args=[seduta.incontro.slug]), status=303)


@area
@require_safe
def seduta_list(request, adesso):
    """Those to come, soonest first, then those that are over."""
    percorso, accesso = scegli_percorso(request)
    mie = Giustificazione.objects.valide().filter(
        seduta=OuterRef("pk"), componente=accesso.componente
    )
    righe = (
        leggibili({percorso.pk: accesso})
        .for_elenco()
        .select_related("verbale")
        .annotate(assente=Exists(mie))
    )
    # A sitting that is going on is still to be dealt with, whatever its hour.
    viva = Q(stato__in=[Stato.BOZZA, Stato.CONVOCATA, Stato.APERTA]) & (
        Q(stato=Stato.APERTA)
        | Q(incontro__fine__gt=adesso)
        | Q(incontro__fine=None, incontro__inizio__gt=adesso)
        | Q(incontro__stato="rinviato")
    )
    passate = righe.exclude(viva).order_by("-incontro__inizio", "-pk")
    return render(
        request,
        "tavolo/area/seduta_list.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "sedute",
            "prossime": righe.filter(viva).order_by("incontro__inizio", "pk"),
            "page_obj": Paginator(passate, PER_PAGINA).get_page(request.GET.get("page")),
        },
    )


@area
@require_safe
def seduta_detail(request, adesso, slug):
    """What she needs before, during and after a sitting."""
    seduta, accesso = una_seduta(request, slug)
    componente = accesso.componente
    return render(
        request,
        "tavolo/area/seduta_detail.html",
        {
            **cornice(request, seduta, accesso),
            "annullata": seduta.incontro.stato in ("annullato", "rinviato"),
            "punti": punti_per_pagina(seduta, pubblico=False),
            "documenti": seduta.documenti.filter(punto=None).order_by("created_at", "pk"),
            "decisioni": Decisione.objects.filter(seduta=seduta).select_related("proposta"),
            "verbale": getattr(seduta, "verbale", None),
            "registro": presenze.registro(seduta),
            "numero_legale": di_seduta(seduta, seduta.giorno) if seduta.giorno else None,
            "assente": componente is not None
            and seduta.giustificazioni.valide().filter(componente=componente).exists(),
            "si_avvisa": componente is not None and not assenze.perche_no(seduta, adesso),
            "si_segna": accesso.can_condurre and not sedute.perche_non_si_apre(seduta, adesso),
            "differenze": sedute.differenze(seduta)
            if accesso.can_condurre and seduta.stato == Stato.CONVOCATA
            else [],
        },
    )


def punti_per_pagina(seduta, *, pubblico):
    """The agenda's items with what a page shows of them: (number, item). For members each
    proposal leads to its latest review."""
    righe = seduta.punti.select_related("relatore__organizzazione")
    if pubblico:
        righe = righe.prefetch_related("proposte")
    else:
        righe = righe.prefetch_related(
            Prefetch("proposte__esami", Esame.objects.order_by("-aperto_at", "-pk")),
            Prefetch("documenti", DocumentoTavolo.objects.order_by("created_at", "pk")),
        )
    return list(enumerate(righe, start=1))


@area
@require_POST
def giustifica(request, adesso, slug):
    """She says that she cannot come, or takes it back."""
    seduta, accesso = una_seduta(request, slug)
    if accesso.componente is None:
        raise Http404
    try:
        if request.POST.get("azione") == "ritira":
            assenze.ritira_giustificazione(seduta, accesso.componente, adesso=adesso)
            messages.success(request, _("Bene: ti aspettiamo."))
        else:
            assenze.giustifica(seduta, accesso.componente, adesso=adesso)
            messages.success(
                request, _("Grazie di avere avvisato. Lo sa anche chi può andare al posto tuo.")
            )
    except Rifiuto as rifiuto:
        messages.error(request, str(rifiuto))
    return vai("area:seduta_detail", seduta)


@area
@require_safe
def seduta_ics(request, adesso, slug):
    """The sitting for her own calendar, with the online link. 404 while its day is not known."""
    seduta, accesso = una_seduta(request, slug)
    if seduta.incontro.inizio is None:
        raise Http404
    pagina = assoluto(reverse("area:seduta_detail", args=[slug]))
    invitato = Invitato("", None, (pagina,)) if accesso.componente or accesso.ufficio else None
    contenuto = ics_incontro(seduta.incontro, invitato=invitato, adesso=seduta.incontro.updated_at)
    risposta = HttpResponse(contenuto, content_type="text/calendar; charset=utf-8")
    risposta["Content-Disposition"] = f'inline; filename="{slug}.ics"'
    return risposta
