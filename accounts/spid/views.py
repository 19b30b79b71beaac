"""The pages of SPID and CIE: out to the gateway, back, and what is asked the first time."""

from functools import wraps

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.internal.flows.login import complete_login
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portale.lib.limiti import consenti, limite_superato

from .. import identita
from . import ingresso
from .forms import CodiceForm, CompletaForm
from .porte import OIDC, SAML, aperte

_BISCOTTO = "spid"
_VITA = 300  # seconds between the gateway's answer and the next page
_TENTATIVI = 5


def _se_aperta(*fonti):
    """A portal without (these) gateways has no such page."""

    def decora(view):
        @wraps(view)
        def guardia(request, *args, **kwargs):
            if not any(porta.fonte in fonti for porta in aperte()):
                raise Http404
            return view(request, *args, **kwargs)

        return never_cache(guardia)

    return decora


# --- Out ------------------------------------------------------------------------------------


@require_safe
@_se_aperta(OIDC, SAML)
def entra(request, porta):
    """To the gateway. A link and not a form: a form's answer may not lead to another site
    (form-action), and gateways lead on to others."""
    if request.user.is_authenticated:
        return redirect(get_next_redirect_url(request) or "profilo")
    return _parti(request, porta, AuthProcess.LOGIN, next_url=get_next_redirect_url(request))


@require_safe
@_se_aperta(OIDC, SAML)
@login_required
def collega(request, porta):
    """To the gateway, to join the identity to the account that she is in."""
    if not did_recently_reauthenticate(request):
        raise ReauthenticationRequired
    return _parti(request, porta, AuthProcess.CONNECT, persona=request.user.pk)


def _parti(request, chiave, processo, **altro):
    fonte = next((porta.fonte for porta in aperte() if porta.chiave == chiave), None)
    if fonte is None:
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    if not consenti(request, "spid_entra", limite="30/m"):
        return limite_superato(request)
    provider = get_social_adapter().get_provider(request, fonte)
    if fonte == SAML:
        return provider.redirect(request, processo, lingua=get_language(), **altro)
    from .oidc import Irraggiungibile

    try:
        return provider.redirect(request, processo, lingua=get_language(), **altro)
    except Irraggiungibile as errore:
        return _muta(request, errore)


def _muta(request, errore):
    causa = type(errore.__cause__ or errore).__name__
    return ingresso.rifiuta(request, ingresso.IRRAGGIUNGIBILE, OIDC, causa)


# --- Back -----------------------------------------------------------------------------------


@require_safe
@_se_aperta(OIDC)
def oidc_ritorno(request):
    from . import oidc

    if request.method == "HEAD":
        return HttpResponse()
    try:
        return oidc.ritorno(request)
    except oidc.Irraggiungibile as errore:
        return _muta(request, errore)


@csrf_exempt
@require_POST
@_se_aperta(SAML)
def saml_acs(request):
    """The gateway makes the browser post its answer here, without our session's cookie (it is
    SameSite=Lax). What is left of the answer, without the fiscal code, waits in a signed cookie
    for the page that does see the session."""
    from . import saml

    # Anybody may post here, and looking at a signature takes its time.
    if not consenti(request, "spid_acs", limite="60/m"):
        return limite_superato(request)
    try:
        ritorno, richiesta = saml.leggi_risposta(request.POST)
    except saml.Annullata:
        return ingresso.rifiuta(request, ingresso.ANNULLATO, SAML, "Annullata")
    except identita.CodiceNonValido:
        return ingresso.rifiuta(request, ingresso.SENZA_CODICE, SAML, "CodiceNonValido")
    except saml.Rifiutata as errore:
        return ingresso.rifiuta(request, ingresso.RIFIUTATO, SAML, str(errore))
    poi = reverse("spid_saml_ritorno")
    response = HttpResponseRedirect(poi, status=303)
    response.set_cookie(
        _BISCOTTO,
        saml.sigilla(ritorno, richiesta, request.POST.get("RelayState", "")),
        max_age=_VITA,
        path=poi,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_safe
@_se_aperta(SAML)
def saml_ritorno(request):
    from . import saml

    if request.method == "HEAD":
        return HttpResponse()
    response = _saml_ritorno(request, saml)
    response.delete_cookie(_BISCOTTO, path=request.path, samesite="Lax")
    return response


def _saml_ritorno(request, saml):
    try:
        ritorno, richiesta, relay = saml.apri(request.COOKIES.get(_BISCOTTO, ""), _VITA)
    except BadSignature:
        return ingresso.rifiuta(request, ingresso.RIFIUTATO, SAML, "no answer")
    provider = get_social_adapter().get_provider(request, SAML)
    try:
        state = provider.unstash_redirect_state(request, richiesta)
    except PermissionDenied:
        return ingresso.rifiuta(request, ingresso.RIFIUTATO, SAML, "not asked for here")
    translation.activate(state["lingua"])
    if relay != state["relay"]:
        return ingresso.rifiuta(request, ingresso.RIFIUTATO, SAML, "RelayState")
    login = provider.sociallogin_from_response(request, ritorno)
    login.state = state
    return complete_login(request, login)


@require_safe
@_se_aperta(SAML)
def saml_metadata(request):
    from . import saml

    return HttpResponse(saml.metadata(), content_type="application/samlmetadata+xml")


# --- The first time -------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@_se_aperta(OIDC, SAML)
def completa(request):
    """Name and address of who has no account yet, or has not joined it to her identity."""
    attesa = ingresso.in_attesa(request)
    if attesa is None:
        return redirect("account_login")
    ritorno = ingresso.ritorno_di(attesa)
    form = CompletaForm(
        request.POST or None, initial={"nome": ritorno.nome, "email": ritorno.email}
    )
    if request.method == "POST" and form.is_valid():
        nome, email = form.cleaned_data["nome"], form.cleaned_data["email"]
        ingresso.aggiorna_attesa(request, nome=nome, indirizzo=email)
        if _gia_verificata(ritorno, email):
            return _accogli(request, ritorno, email, nome)
        return _manda_codice(request, email)
    contesto = {"form": form, "conosciuta": bool(ritorno.email)}
    return render(request, "accounts/spid_completa.html", contesto)


def _gia_verificata(ritorno, email):
    """Whether the gateway's word is enough: only if the settings say so, for the very address
    that it told, and for nobody who is here already."""
    return (
        settings.SPID_EMAIL_VERIFICATA
        and email == ritorno.email
        and identita.con_indirizzo(email) is None
    )


def _manda_codice(request, email):
    if not (
        consenti(request, "spid_codice", limite="10/h")
        and consenti(request, "spid_codice", chiave=email, limite="5/h")
    ):
        return limite_superato(request)
    adapter = get_adapter(request)
    codice = adapter.generate_login_code()
    scade = timezone.now().timestamp() + app_settings.LOGIN_BY_CODE_TIMEOUT
    ingresso.aggiorna_attesa(request, codice=codice, scade=scade, tentativi=0)
    # The same page and the same mail whether the address has an account or not.
    adapter.send_mail("account/email/spid_code", email, {"code": codice})
    return HttpResponseRedirect(reverse("spid:codice"), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
@_se_aperta(OIDC, SAML)
def codice(request):
    """The code that shows that the address is hers: asked in this browser, so that whoever reads
    the mail of somebody else's attempt has nothing to click."""
    attesa = ingresso.in_attesa(request)
    if attesa is None:
        return redirect("account_login")
    if "codice" not in attesa:
        return redirect("spid:completa")
    form = CodiceForm(request.POST or None, atteso=attesa["codice"])
    if request.method == "POST":
        scaduto = attesa["scade"] < timezone.now().timestamp()
        if scaduto or attesa["tentativi"] >= _TENTATIVI:
            messages.warning(request, _("Questo codice non vale più: chiedine un altro."))
            return HttpResponseRedirect(reverse("spid:completa"), status=303)
        if form.is_valid():
            ritorno = ingresso.ritorno_di(attesa)
            return _accogli(request, ritorno, attesa["indirizzo"], attesa["nome"])
        ingresso.aggiorna_attesa(request, tentativi=attesa["tentativi"] + 1)
    contesto = {"form": form, "email": attesa["indirizzo"]}
    return render(request, "accounts/spid_codice.html", contesto)


def _accogli(request, ritorno, email, nome):
    attesa = ingresso.in_attesa(request)
    try:
        persona = identita.accogli(
            ritorno, email, nome=nome, lingua=get_language()[:2], adesso=timezone.now()
        )
    except identita.EntraPrima:
        messages.warning(
            request,
            _(
                "Questo indirizzo è di un account che chiede più di una e-mail: entra come fai "
                "di solito, poi collega SPID o CIE dalla tua area."
            ),
        )
        return HttpResponseRedirect(reverse("account_login"), status=303)
    except identita.NonCollegabile:
        messages.warning(
            request,
            _(
                "Questo indirizzo è di un account collegato a un’altra identità. Usa un altro "
                "indirizzo, oppure entra con quell’identità."
            ),
        )
        return HttpResponseRedirect(reverse("spid:completa"), status=303)
    # She has just said so, whether the account is new or was made before anybody asked.
    type(persona).objects.filter(pk=persona.pk, da_14_at=None).update(da_14_at=timezone.now())
    return ingresso.entra(request, persona, ritorno, attesa["next"])


# --- Leaving --------------------------------------------------------------------------------


@require_POST
@_se_aperta(OIDC, SAML)
@login_required
def scollega(request):
    """Forget her identity."""
    if not did_recently_reauthenticate(request):
        raise ReauthenticationRequired
    try:
        identita.scollega(request.user, timezone.now())
    except identita.SenzaAltroAccesso:
        messages.error(
            request,
            _("Prima scegli una password o conferma la tua e-mail: altrimenti non entri più."),
        )
    else:
        messages.success(request, _("Fatto: il tuo account non è più collegato a SPID o CIE."))
    return HttpResponseRedirect(reverse("profilo"), status=303)
