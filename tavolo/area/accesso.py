"""The door of the members' area: each of its views goes through here."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache

from percorso.models import Percorso

from ..permissions import Accesso, accessi


def area(view):
    """A view of the members' area: ``view(request, adesso, …)`` with ``request.accessi`` (by
    percorso, what she is there). Who has not signed in is asked to; who is nothing at any Tavolo
    today finds no page at all. Nothing of it is kept by browsers or proxies."""

    @wraps(view)
    @never_cache
    @login_required
    def protetta(request, *args, **kwargs):
        adesso = timezone.now()
        request.accessi = accessi(request.user, adesso)
        if not request.accessi:
            raise Http404
        return view(request, adesso, *args, **kwargs)

    return protetta


def scegli_percorso(request) -> tuple[Percorso, Accesso]:
    """The percorso that a list of the area is about (``?percorso=<slug>``, else the most present
    one that she may read), and what she is there. 404 for one that is not hers."""
    percorsi = Percorso.objects.filter(pk__in=request.accessi).dal_piu_attuale()
    if slug := request.GET.get("percorso"):
        percorso = get_object_or_404(percorsi, slug=slug)
    else:
        percorso = percorsi.first()
        if percorso is None:
            raise Http404
    return percorso, request.accessi[percorso.pk]


def percorsi_da_scegliere(request, scelto: Percorso) -> list[Percorso]:
    """The other percorsi of her area, for the switch; none for nearly everybody."""
    if len(request.accessi) == 1:
        return []
    return list(Percorso.objects.filter(pk__in=request.accessi).exclude(pk=scelto.pk))
