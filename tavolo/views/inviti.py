"""The link of an invitation: opening it changes nothing, one button takes the seat."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portale.lib.dates import a_roma, giorno_esteso
from portale.lib.rifiuti import Rifiuto

from ..models import Componente
from ..services import soggetti


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invito(request, token):
    adesso = timezone.now()
    componente = Componente.objects.from_token(token).for_seggio().first()
    if componente is None:
        # Altered, or followed by another one.
        return _chiuso(request, _("Il link è stato copiato a metà, o dopo ne è partito un altro."))
    chi = request.user
    if chi.is_authenticated and componente.persona_id == chi.pk:
        return _vai(componente, adesso)
    perche = soggetti.perche_chiuso(componente, adesso)
    if perche:
        return _chiuso(request, perche)
    if request.method != "POST":
        return _pagina(request, componente, adesso)
    if not chi.is_authenticated:
        return redirect_to_login(request.path)
    try:
        mio = soggetti.entra(componente, chi, adesso=adesso)
    except Rifiuto as no:
        return _pagina(request, componente, adesso, rifiuto=str(no))
    messages.success(request, _("Fatto: sei nel Tavolo."))
    return _vai(mio, adesso)


def _vai(componente, adesso):
    """To the members' area, once the mandate has begun and while it lasts."""
    in_carica = componente.in_carica(a_roma(adesso).date())
    url = reverse("area:home" if in_carica else "tavolo:tavolo")
    return HttpResponseRedirect(url, status=303)


def _pagina(request, componente, adesso, *, rifiuto=""):
    comincia = componente.dal > a_roma(adesso).date()
    return _privata(
        render(
            request,
            "tavolo/invito_detail.html",
            {
                "componente": componente,
                "dal": giorno_esteso(componente.dal),
                "comincia": comincia,
                "prossima": urlencode({"next": request.path}),
                "rifiuto": rifiuto,
            },
            status=409 if rifiuto else 200,
        )
    )


def _chiuso(request, perche):
    contesto = {"perche": perche}
    return _privata(render(request, "tavolo/invito_chiuso.html", contesto, status=410))


def _privata(response):
    # The address is a key. No other site learns it by the referrer, which is "same-origin" on
    # every page; with "no-referrer" the button would fail, because browsers then say no origin.
    response["X-Robots-Tag"] = "noindex"
    return response
