"""The members' home: what to read, by when, and what else waits for them."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from .accesso import area, percorsi_da_scegliere, scegli_percorso
from .da_fare import lavoro


@area
@require_safe
def home(request, adesso):
    """What this person has to do here today; to read alone for the Comitato and the office."""
    percorso, accesso = scegli_percorso(request)
    return render(
        request,
        "tavolo/area/home.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "home",
            **lavoro(percorso, accesso, adesso),
        },
    )
