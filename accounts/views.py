"""Taking part without an account: the links of the mails. With one: where she is signed in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portale.lib.pagine_private import pagina_da_link

from . import consensi, partecipanti
from . import sessioni as aperte
from .forms_accesso import ChiudiSessioneForm
from .models import Conferma, Consenso


@require_safe
def conferma_inviata(request):
    """The same page whatever was asked and whoever owns the address."""
    return render(request, "accounts/conferma_inviata.html")


@never_cache
@require_safe
def conferma(request, token):
    """The link of the mail. Opening it does what was asked, once; asking for its headers alone,
    as some programs do with every link they meet, changes nothing (docs/adr/0007)."""
    richiesta = get_object_or_404(Conferma.objects.from_token(token))
    if request.method == "HEAD":
        return HttpResponse()
    try:
        partecipante, esito = partecipanti.conferma(richiesta, timezone.now())
    except partecipanti.Scaduta:
        return _privata(render(request, "accounts/conferma_scaduta.html", status=410))
    _riconosci(request, partecipante)
    if esito:
        livello = messages.SUCCESS if esito.riuscito else messages.WARNING
        messages.add_message(request, livello, esito.testo)
        url = esito.url
    else:
        url = partecipanti.destinazione(richiesta.esito_url)
    return _privata(HttpResponseRedirect(url, status=303))


@never_cache
@require_safe
def entra(request, token):
    """A link of a mail to somebody who takes part already: it only recognises her."""
    partecipante = partecipanti.dal_link(token)
    if partecipante is None:
        return _privata(render(request, "accounts/conferma_scaduta.html", status=410))
    if request.method == "HEAD":
        return HttpResponse()
    _riconosci(request, partecipante)
    vai = partecipanti.destinazione(request.GET.get("vai", ""))
    return _privata(HttpResponseRedirect(vai, status=303))


def _riconosci(request, partecipante):
    # Who has signed in stays who she is, whatever link she opens.
    if not request.user.is_authenticated:
        partecipanti.riconosci(request, partecipante)


@require_POST
def dimentica(request):
    """ "It is not me": on a shared device the next person starts anew."""
    if not request.user.is_authenticated:
        partecipanti.dimentica(request)
    messages.success(request, _("Fatto: questo dispositivo non ti riconosce più."))
    return redirect("home")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessioni(request):
    """Where she is signed in; she ends one of the others, or all of them."""
    form = ChiudiSessioneForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        aperte.chiudi(
            request.user,
            pk=form.cleaned_data["sessione"],
            tranne=request.session.session_key,
        )
        messages.success(request, _("Fatto: lì serve di nuovo l’accesso."))
        return redirect("usersessions_list")
    return render(
        request, "usersessions/usersession_list.html", {"aperte": aperte.aperte(request)}
    )


@pagina_da_link(Consenso.objects.all, "accounts/conferma_scaduta.html")("GET", "HEAD", "POST")
def consenso_lascia(request, consenso):
    """The link to leave of the mails that go out because of a yes: one button, and what mail
    programs do by themselves (RFC 8058), so the answer is no redirect."""
    if request.method == "POST":
        consensi.ritira(Consenso.objects.filter(pk=consenso.pk), timezone.now())
        consenso.refresh_from_db()
    return render(request, "accounts/consenso_lascia.html", {"consenso": consenso})


def _privata(response):
    # The address is a key: no other site learns it, no search engine keeps it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
