"""The link of a call: "I cannot come", with one button and no login."""

from functools import wraps

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portale.lib.dates import a_roma
from portale.lib.rifiuti import Rifiuto
from tavolo.models import Componente, Seduta
from tavolo.services import assenze


def _privata(view):
    """Nothing keeps a copy of the page, and no other site learns its address. No CSRF token, as
    for the links of registrations: whoever does not know the address cannot forge a request to
    it, and whoever knows it needs no forgery."""

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def protetta(request, token):
        risposta = view(request, token)
        risposta["Cache-Control"] = "no-store"
        risposta["Referrer-Policy"] = "no-referrer"
        risposta["X-Robots-Tag"] = "noindex, nofollow"
        return risposta

    return protetta


@_privata
def assenza(request, token):
    """What the button will do, on GET: programs open links to look at them. A mandate that is
    over opens nothing."""
    adesso = timezone.now()
    seduta, componente = _chi(token, adesso)
    if seduta is None or componente is None:
        return render(request, "tavolo/area/assenza_scaduta.html", status=404)
    rifiuto = assenze.perche_no(seduta, adesso)
    if request.method == "POST" and not rifiuto:
        verbo = (
            assenze.ritira_giustificazione
            if request.POST.get("azione") == "ritira"
            else assenze.giustifica
        )
        try:
            verbo(seduta, componente, adesso=adesso)
        except Rifiuto as no:
            rifiuto = str(no)
        else:
            return HttpResponseRedirect(request.path, status=303)
    return render(
        request,
        "tavolo/area/assenza.html",
        {
            "seduta": seduta,
            "incontro": seduta.incontro,
            "componente": componente,
            "assente": seduta.giustificazioni.valide().filter(componente=componente).exists(),
            "rifiuto": rifiuto,
        },
        status=409 if request.method == "POST" else 200,
    )


def _chi(token, adesso):
    letto = assenze.da_link(token)
    if letto is None:
        return None, None
    pk, codice = letto
    componente = (
        Componente.objects.in_carica(a_roma(adesso).date())
        .filter(codice=codice)
        .exclude(persona__is_active=False)
        .for_seggio()
        .first()
    )
    if componente is None:
        return None, None
    seduta = (
        Seduta.objects.pubbliche()
        .for_elenco()
        .filter(pk=pk, incontro__percorso=componente.seggio.percorso_id)
        .first()
    )
    return seduta, componente
