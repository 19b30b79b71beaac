"""Which pages ask for a second factor, and of whom."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts import accesso
from tavolo.permissions import accessi

AMMINISTRAZIONE = "/admin/"
TAVOLO = "/tavolo/area-riservata/"
RISERVATE = (AMMINISTRAZIONE, TAVOLO)


class SecondoFattore:
    """Lead who works for the office, or has a place at the Tavolo today, to her second factor
    before any page of theirs opens: to use it, or to set one up; then back to where she was going.

    Strangers are not led anywhere: they get what the page itself answers them. See
    docs/adr/0019-secondo-fattore.md.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.MFA_RICHIESTA and request.path_info.startswith(RISERVATE):
            if accesso.mfa_soddisfatta(request):
                accesso.arrivata(request)
            elif _riguarda(request):
                return _chiedi(request)
        return self.get_response(request)


def _riguarda(request) -> bool:
    user = request.user
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_staff or (
        request.path_info.startswith(TAVOLO) and bool(accessi(user, timezone.now()))
    )


def _chiedi(request):
    if request.method == "GET":
        dove = request.get_full_path()
    else:
        # What was sent is not done now: nor is it later, without her knowing.
        dove = next(area for area in RISERVATE if request.path_info.startswith(area))
    if not accesso.ha_un_fattore(request.user):
        accesso.ricorda_dove(request, dove)
        return HttpResponseRedirect(reverse("mfa_index"))
    # Her password was asked when she came in: now for what she holds.
    metodo = get_adapter().get_reauthentication_methods(request.user)[0]
    return HttpResponseRedirect(f"{metodo['url']}?{urlencode({'next': dove})}")
