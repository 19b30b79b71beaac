"""What happens when somebody comes back: in, or one more question, or no."""

import logging
from dataclasses import asdict

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ..accesso import segna_forte
from ..identita import (
    LIVELLI_FORTI,
    AltraIdentita,
    AltroAccount,
    Ritorno,
    collega,
    persona_di,
)

logger = logging.getLogger(__name__)

# Why it did not work, as the page knows it.
ANNULLATO, RIFIUTATO, SENZA_CODICE, IRRAGGIUNGIBILE = (
    "annullato",
    "rifiutato",
    "senza_codice",
    "irraggiungibile",
)
_STATI = {ANNULLATO: 200, RIFIUTATO: 403, SENZA_CODICE: 403, IRRAGGIUNGIBILE: 503}
_IN_ATTESA = "spid_in_attesa"
# How long what she has shown waits for the rest: then she shows it again.
ATTESA = 3600  # seconds


def concludi(request, ritorno: Ritorno, state: dict):
    """The response to who has come back with ``ritorno`` from the journey begun in ``state``."""
    if state["process"] == AuthProcess.CONNECT:
        return _collega(request, ritorno, state)
    if persona := persona_di(ritorno.impronta):
        return entra(request, persona, ritorno, state.get("next"))
    request.session[_IN_ATTESA] = {
        "ritorno": asdict(ritorno),
        "next": state.get("next"),
        "fino": timezone.now().timestamp() + ATTESA,
    }
    return _vai("spid:completa")


def _collega(request, ritorno, state):
    if not request.user.is_authenticated or request.user.pk != state["persona"]:
        return rifiuta(request, RIFIUTATO, ritorno.fonte, "not who began")
    try:
        collega(request.user, ritorno, timezone.now())
    except AltroAccount:
        messages.error(
            request,
            _(
                "Questa identità è già collegata a un altro account: entra con SPID o CIE per "
                "usarlo."
            ),
        )
    except AltraIdentita:
        messages.error(
            request,
            _("Il tuo account è già collegato a un’altra identità: prima scollega quella."),
        )
    else:
        _registra(request, request.user, ritorno)
        messages.success(request, _("Fatto: ora puoi entrare anche con SPID o CIE."))
    return _vai("profilo")


def entra(request, persona, ritorno: Ritorno, vai=None):
    """She enters, and the session remembers how strongly she has shown who she is."""
    if request.user.is_authenticated and request.user != persona:
        get_adapter(request).logout(request)
    request.session.pop(_IN_ATTESA, None)
    _registra(request, persona, ritorno)
    return perform_login(request, persona, redirect_url=vai)


def _registra(request, persona, ritorno):
    record_authentication(request, persona, "spid", livello=ritorno.livello)
    if ritorno.livello in LIVELLI_FORTI:
        segna_forte(request, persona)


def in_attesa(request) -> dict | None:
    """What somebody without an account has shown, while she says the rest."""
    attesa = request.session.get(_IN_ATTESA)
    if attesa is None or attesa["fino"] < timezone.now().timestamp():
        return None
    return attesa


def aggiorna_attesa(request, **altro):
    request.session[_IN_ATTESA] = {**request.session[_IN_ATTESA], **altro}


def ritorno_di(attesa: dict) -> Ritorno:
    return Ritorno(**attesa["ritorno"])


def rifiuta(request, motivo: str, fonte: str, causa: str):
    """The page that says no. The log says which check did, and nothing about anybody."""
    logger.warning("%s: %s (%s)", fonte, motivo, causa)
    return render(
        request, "accounts/spid_non_riuscito.html", {"motivo": motivo}, status=_STATI[motivo]
    )


def _vai(nome):
    return HttpResponseRedirect(reverse(nome), status=303)
