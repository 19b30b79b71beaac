"""OpenID Connect: the gateway's answer is believed after its signature has been looked at."""

import secrets
from datetime import UTC, datetime

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from requests import RequestException

from portale.lib.emails import assoluto

from ..identita import CodiceNonValido, Ritorno, usa_risposta
from . import ingresso
from .adapter import PortaSPID
from .porte import OIDC, leggi

# Signatures with the gateway's own key: with a shared secret whoever holds ours could sign.
_FIRME = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SCARTO = 60  # seconds
_PORTE = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}


class Irraggiungibile(Exception):
    """The gateway does not answer, or not as a provider of OpenID Connect does."""


class AdattatoreOIDC(OpenIDConnectOAuth2Adapter):
    """allauth's, with the checks of OpenID Connect Core 3.1.3.7 that it leaves out when the token
    came straight from the gateway: signature, nonce, one use; and 5.3.2, the same subject."""

    nonce = None

    def __init__(self, request):
        super().__init__(request, OIDC)

    def carica(self):
        """Ask the gateway where its doors are. Raises Irraggiungibile."""
        try:
            mancano = _PORTE - self.openid_config.keys()
        except (RequestException, AttributeError, TypeError, ValueError) as errore:
            raise Irraggiungibile from errore
        if mancano:
            raise Irraggiungibile

    def get_callback_url(self, request, app):
        return assoluto(reverse("spid_oidc_ritorno"))

    def parse_token(self, data):
        return SocialToken(token=data["access_token"])

    def complete_login(self, request, app, token, response, **kwargs):
        try:
            detti = self._verifica(response["id_token"], app)
            if "userinfo_endpoint" in self.openid_config:
                altri = self._fetch_user_info(token.token)
                if altri["sub"] != detti["sub"]:
                    raise OAuth2Error("userinfo is about somebody else")
                detti = {**altri, **detti}
            impronta, nome, email = leggi(detti)
        except CodiceNonValido as errore:
            raise ProviderException from errore
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            # What the error says may repeat what the gateway told: it goes no further.
            raise OAuth2Error("not a valid answer") from None
        livello = detti.get("acr") if isinstance(detti.get("acr"), str) else ""
        return self.get_provider().sociallogin_from_response(
            request, Ritorno(impronta, OIDC, livello, nome, email)
        )

    def _verifica(self, id_token, app):
        with get_adapter().get_requests_session() as sess:
            risposta = sess.get(self.openid_config["jwks_uri"])
            risposta.raise_for_status()
            chiavi = jwt.PyJWKSet.from_dict(risposta.json()).keys
        kid = jwt.get_unverified_header(id_token).get("kid")
        chiave = next(c for c in [*chiavi, None] if c is None or kid in (None, c.key_id))
        if chiave is None:
            raise jwt.InvalidKeyError
        detti = jwt.decode(
            id_token,
            key=chiave,
            algorithms=_FIRME,
            audience=app.client_id,
            issuer=self.openid_config["issuer"],
            leeway=_SCARTO,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
        )
        # With the nonce of one browser's one attempt, an answer is of no use anywhere else.
        if not self.nonce or not secrets.compare_digest(str(detti["nonce"]), self.nonce):
            raise jwt.InvalidTokenError
        if detti.get("azp", app.client_id) != app.client_id:
            raise jwt.InvalidAudienceError
        adesso = timezone.now()
        scade_at = datetime.fromtimestamp(detti["exp"], UTC)
        if not usa_risposta(f"{detti['iss']} {detti['nonce']}", scade_at, adesso):
            raise jwt.InvalidTokenError
        return detti


class PortaOIDC(PortaSPID, OpenIDConnectProvider):
    """The gateway of the settings SPID_OIDC_…."""

    id = OIDC
    pkce_enabled_default = True

    @staticmethod
    def app():
        oidc = settings.SPID_OIDC
        return SocialApp(
            provider=OIDC,
            name=oidc["nome"],
            client_id=oidc["client_id"],
            secret=oidc["client_secret"],
            settings={"server_url": oidc["server_url"], "scope": oidc["scope"]},
        )

    def get_oauth2_adapter(self, request):
        # One for each journey: it asks the gateway where its doors are once.
        if not hasattr(self, "_adattatore"):
            self._adattatore = AdattatoreOIDC(request)
        return self._adattatore

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        """To the gateway. Raises Irraggiungibile."""
        self.get_oauth2_adapter(request).carica()
        nonce = secrets.token_urlsafe(16)
        parametri = {"nonce": nonce, "acr_values": settings.SPID_LIVELLO}
        return super().redirect(
            request, process, next_url, data, auth_params=parametri, nonce=nonce, **kwargs
        )


class RitornoOIDC(OAuth2CallbackView):
    def _get_state(self, request, provider):
        state, response = super()._get_state(request, provider)
        if state:
            self.adapter.nonce = state.get("nonce")
            translation.activate(state["lingua"])
        return state, response

    def dispatch(self, request, *args, **kwargs):
        if request.GET.get("error") == self.adapter.login_cancelled_error:
            # Nothing happens, so it does not matter whether the state has come back: not all
            # send it.
            if "state" in request.GET:
                self._get_state(request, self.adapter.get_provider())
            return ingresso.rifiuta(request, ingresso.ANNULLATO, OIDC, "access_denied")
        self.adapter.carica()
        return super().dispatch(request, *args, **kwargs)


ritorno = RitornoOIDC.adapter_view(AdattatoreOIDC)
