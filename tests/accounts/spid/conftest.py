import re

import pytest
from django.urls import reverse

from posta.models import Messaggio

from .idp import (
    ENTITA,
    SSO,
    IdentityProvider,
    ViaggioOIDC,
    ViaggioSAML,
    chiave_e_certificato,
    provider_oidc,
)


@pytest.fixture(scope="session")
def chiavi(tmp_path_factory):
    """Who signs: paths of (key, certificate)."""
    cartella = tmp_path_factory.mktemp("chiavi")
    return {nome: chiave_e_certificato(cartella, nome) for nome in ("sp", "idp", "estranea")}


@pytest.fixture(scope="session")
def server_oidc():
    with provider_oidc() as server:
        yield server


@pytest.fixture
def oidc(settings, server_oidc):
    server_oidc.altera = server_oidc.chiave = None
    settings.SPID_OIDC = {
        **settings.SPID_OIDC,
        "server_url": server_oidc.indirizzo,
        "client_id": "portale",
        "client_secret": "segreto",
    }
    return ViaggioOIDC(server_oidc)


@pytest.fixture
def saml(settings, chiavi, client):
    chiave, certificato = chiavi["sp"]
    settings.SPID_SAML = {
        **settings.SPID_SAML,
        "entity_id": ENTITA,
        "sso_url": SSO,
        "certificato": chiavi["idp"][1],
        "sp_chiave": chiave,
        "sp_certificato": certificato,
    }
    nostri = client.get(reverse("spid_saml_metadata")).text
    return ViaggioSAML(IdentityProvider(*chiavi["idp"], nostri))


@pytest.fixture(params=["oidc", "saml"])
def porta(request):
    """A gateway of each kind in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def completa(client):
    """``completa(indirizzo)``: what she does the first time, with the code of her mail."""

    def fai(indirizzo, nome="Maria Rossi"):
        dati = {"nome": nome, "email": indirizzo, "da_14": "on", "informativa": "on"}
        chiesto = client.post(reverse("spid:completa"), dati)
        assert (chiesto.status_code, chiesto.url) == (303, reverse("spid:codice"))
        return client.post(reverse("spid:codice"), {"codice": codice_per(indirizzo)})

    return fai


def codice_per(indirizzo):
    """The code in the last mail to an address."""
    mail = Messaggio.objects.filter(destinatario=indirizzo).latest("pk")
    return re.search(r"^    ([A-Z0-9-]+)$", mail.parametri["testo"], re.M)[1]
