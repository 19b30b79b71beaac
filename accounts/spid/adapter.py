"""Where allauth's journeys end in our own hands."""

from allauth.account.internal.emailkit import valid_email_or_none
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthError
from django.utils.module_loading import import_string

from portale.lib.testo import normalizza_email

from ..identita import CodiceNonValido, Ritorno
from . import ingresso
from .porte import OIDC, SAML, aperte

# Imported when somebody comes in: a portal without gateways does not pay for their libraries.
_PROTOCOLLI = {OIDC: "accounts.spid.oidc.PortaOIDC", SAML: "accounts.spid.saml.PortaSAML"}


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """allauth's providers, from our settings only, and without its tables: the one record of an
    identity is IdentitaVerificata."""

    def get_app(self, request, provider, client_id=None):
        if provider not in {porta.fonte for porta in aperte()}:
            raise SocialApp.DoesNotExist
        return import_string(_PROTOCOLLI[provider]).app()

    def get_provider(self, request, provider, client_id=None):
        app = self.get_app(request, provider)
        return import_string(_PROTOCOLLI[provider])(request, app=app)

    def populate_user(self, request, sociallogin, data):
        sociallogin.user.nome = data["name"]
        sociallogin.user.email = normalizza_email(valid_email_or_none(data.get("email")) or "")
        return sociallogin.user

    def pre_social_login(self, request, sociallogin):
        ritorno = Ritorno(
            impronta=sociallogin.account.uid,
            fonte=sociallogin.account.provider,
            livello=sociallogin.account.extra_data["livello"],
            nome=sociallogin.user.nome,
            email=sociallogin.user.email,
        )
        raise ImmediateHttpResponse(ingresso.concludi(request, ritorno, sociallogin.state))

    def on_authentication_error(
        self, request, provider, error=None, exception=None, extra_context=None
    ):
        if error == AuthError.CANCELLED:
            motivo = ingresso.ANNULLATO
        elif isinstance(exception.__cause__ if exception else None, CodiceNonValido):
            motivo = ingresso.SENZA_CODICE
        else:
            motivo = ingresso.RIFIUTATO
        raise ImmediateHttpResponse(
            ingresso.rifiuta(request, motivo, provider.sub_id, type(exception).__name__)
        )


class PortaSPID:
    """What both protocols' providers have in common: they are given a Ritorno, in which there is
    no fiscal code any more."""

    def extract_uid(self, data):
        return data.impronta

    def extract_extra_data(self, data):
        return {"livello": data.livello}

    def extract_common_fields(self, data):
        return {"name": data.nome, "email": data.email}

    def extract_email_addresses(self, data):
        return []
