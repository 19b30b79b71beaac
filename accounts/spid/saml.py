"""SAML 2.0, as SPID's gateways (FedERa of Lepida among them) speak it."""

import secrets
from dataclasses import astuple
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.conf import settings
from django.core import signing
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Costanti
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from portale.lib.emails import assoluto

from ..identita import Ritorno, usa_risposta
from .adapter import PortaSPID
from .porte import SAML, leggi

_SALE = "accounts.spid.saml"
_SUBJECT = "//saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"


class Rifiutata(Exception):
    """An answer that is not believed. Says why in words of ours, never in its own."""


class Annullata(Exception):
    """She, or her identity provider, did not go through with it."""


class PortaSAML(PortaSPID, SAMLProvider):
    """The gateway of the settings SPID_SAML_…."""

    id = SAML

    @staticmethod
    def app():
        return SocialApp(provider=SAML, name=settings.SPID_SAML["nome"])

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        """To the gateway, with a RelayState that says nothing but must come back: some gateways
        refuse an empty one."""
        auth = OneLogin_Saml2_Auth(_richiesta({}), configurazione())
        relay = secrets.token_urlsafe(16)
        # From level 2 on SPID wants a fresh authentication each time.
        url = auth.login(return_to=relay, force_authn=True)
        self.stash_redirect_state(
            request,
            process,
            next_url,
            data,
            state_id=auth.get_last_request_id(),
            relay=relay,
            **kwargs,
        )
        return HttpResponseRedirect(url)


def metadata() -> str:
    """What the gateway has to know of us, signed."""
    return OneLogin_Saml2_Settings(configurazione(), sp_validation_only=True).get_sp_metadata()


@sensitive_variables()
def leggi_risposta(post) -> tuple[Ritorno, str]:
    """Who comes back, and the request that this answers, out of what the browser was made to
    post here. Raises Rifiutata, Annullata or CodiceNonValido.

    Whether that request is of this browser is for the caller to ask: this post carries no cookie
    of ours.
    """
    auth = OneLogin_Saml2_Auth(_richiesta(post), configurazione())
    try:
        auth.process_response()
    except Exception:  # noqa: BLE001 (anybody may post anything here)
        raise Rifiutata("unreadable") from None
    if auth.get_errors():
        motivo = auth.get_last_error_reason() or ""
        if "AuthnFailed" in motivo or "ErrorCode nr25" in motivo:
            raise Annullata
        raise Rifiutata("not valid")
    xml = auth.get_last_response_xml()
    documento = OneLogin_Saml2_XML.to_etree(xml)
    if not OneLogin_Saml2_XML.query(documento, "//saml:AudienceRestriction/saml:Audience"):
        raise Rifiutata("for nobody")
    # What the signature covers is the assertion: the answer around it may say what it likes.
    richieste = {
        nodo.get("InResponseTo") for nodo in OneLogin_Saml2_XML.query(documento, _SUBJECT)
    }
    if len(richieste) != 1 or not (richiesta := richieste.pop()):
        raise Rifiutata("not asked for")
    scadenza = auth.get_last_assertion_not_on_or_after()
    if not scadenza:
        raise Rifiutata("without an end")
    impronta, nome, email = leggi({**auth.get_friendlyname_attributes(), **auth.get_attributes()})
    nome_risposta = f"{configurazione()['idp']['entityId']} {auth.get_last_assertion_id()}"
    if not usa_risposta(nome_risposta, datetime.fromtimestamp(scadenza, UTC), timezone.now()):
        raise Rifiutata("used already")
    livello = next(iter(auth.get_last_authn_contexts()), "")
    return Ritorno(impronta, SAML, livello, nome, email), richiesta


def sigilla(ritorno: Ritorno, richiesta: str, relay: str) -> str:
    """What waits in her own browser between one page and the next: she can not change it."""
    return signing.dumps([astuple(ritorno), richiesta, relay], salt=_SALE)


def apri(sigillato: str, vita: int) -> tuple[Ritorno, str, str]:
    """Raises BadSignature, also after ``vita`` seconds."""
    ritorno, richiesta, relay = signing.loads(sigillato, salt=_SALE, max_age=vita)
    return Ritorno(*ritorno), richiesta, relay


def _richiesta(post):
    """Our address is the one that we declared, whatever Host the request claims."""
    indirizzo = urlsplit(assoluto(reverse("spid_saml_acs")))
    return {
        "https": "on" if indirizzo.scheme == "https" else "off",
        "http_host": indirizzo.netloc,
        "script_name": indirizzo.path,
        "get_data": {},
        "post_data": post,
    }


def configurazione() -> dict:
    saml = settings.SPID_SAML
    indirizzo = assoluto(reverse("spid_saml_metadata"))
    return {
        "strict": True,
        "idp": _idp(saml),
        "sp": {
            "entityId": saml["sp_entity_id"] or indirizzo,
            "assertionConsumerService": {
                "url": assoluto(reverse("spid_saml_acs")),
                "binding": Costanti.BINDING_HTTP_POST,
            },
            "NameIDFormat": Costanti.NAMEID_TRANSIENT,
            "x509cert": leggi_pem(saml["sp_certificato"]),
            "privateKey": leggi_pem(saml["sp_chiave"]),
        },
        "security": {
            "authnRequestsSigned": True,
            "signMetadata": True,
            # They are given to the gateway once, by hand: they do not expire by themselves.
            "metadataValidUntil": "",
            "metadataCacheDuration": "",
            "signatureAlgorithm": Costanti.RSA_SHA256,
            "digestAlgorithm": Costanti.SHA256,
            "rejectDeprecatedAlgorithm": True,
            "wantAssertionsSigned": True,
            "wantNameId": False,
            "allowRepeatAttributeName": True,
            "requestedAuthnContext": [settings.SPID_LIVELLO],
            "requestedAuthnContextComparison": settings.SPID_CONFRONTO,
            # A try-out has names such as "localhost".
            "allowSingleLabelDomains": not settings.PRODUZIONE,
        },
    }


def _idp(saml):
    if saml["metadata"]:
        percorso = Path(saml["metadata"])
        return _dai_metadata(percorso, percorso.stat().st_mtime_ns)
    return {
        "entityId": saml["entity_id"],
        "singleSignOnService": {"url": saml["sso_url"]},
        "x509cert": leggi_pem(saml["certificato"]),
    }


@lru_cache(maxsize=4)
def _dai_metadata(percorso, _modificato):
    return OneLogin_Saml2_IdPMetadataParser.parse(percorso.read_bytes())["idp"]


def leggi_pem(valore: str) -> str:
    """A certificate or a key: the path of its file, or itself."""
    return valore if "-----BEGIN" in valore else Path(valore).read_text()
