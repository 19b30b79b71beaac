"""Gateways to come in through: a SAML identity provider made with pysaml2, and an OpenID Connect
provider that really listens. Keys are made anew each time; people are invented."""

import base64
import datetime
import json
import logging
import secrets
import sys
import warnings
from contextlib import contextmanager
from http.cookies import SimpleCookie
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import flask
import jwt
import requests
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

with warnings.catch_warnings(record=True):
    # Both import what others are about to drop: oidc-provider-mock a module of Authlib, pysaml2
    # a mode of cryptography.
    warnings.simplefilter("always")
    import oidc_provider_mock
    from oidc_provider_mock import _app as oidc_interno
    from oidc_provider_mock import _server as oidc_server
    from saml2 import BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.metadata import entity_descriptor
    from saml2.saml import NAMEID_FORMAT_TRANSIENT, NameID
    from saml2.server import Server
    from saml2.sigver import CryptoBackend

# Invented: issued to nobody that we know.
CODICE, ALTRO = "RSSMRA80A01H501U", "VRDLCU75T50F205F"
L1, L2 = "https://www.spid.gov.it/SpidL1", "https://www.spid.gov.it/SpidL2"
ENTITA = "https://idp.example.org/metadata"
SSO = "https://idp.example.org/sso"


def chiave_e_certificato(cartella, nome):
    """Paths of a new key and of its certificate."""
    chiave = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    chi = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, nome)])
    adesso = datetime.datetime.now(datetime.UTC)
    certificato = (
        x509.CertificateBuilder()
        .subject_name(chi)
        .issuer_name(chi)
        .public_key(chiave.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(adesso - datetime.timedelta(days=1))
        .not_valid_after(adesso + datetime.timedelta(days=365))
        .sign(chiave, hashes.SHA256())
    )
    file_chiave, file_certificato = cartella / f"{nome}.key", cartella / f"{nome}.pem"
    file_chiave.write_bytes(
        chiave.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    file_certificato.write_bytes(certificato.public_bytes(serialization.Encoding.PEM))
    return str(file_chiave), str(file_certificato)


# --- SAML -----------------------------------------------------------------------------------


class FirmaXml(CryptoBackend):
    """pysaml2 runs a program, xmlsec1, that a bare system does not have: the library signs."""

    def sign_statement(self, statement, node_name, key_file, node_id):
        testo = statement if isinstance(statement, bytes) else str(statement).encode()
        radice = etree.fromstring(testo)
        xmlsec.tree.add_ids(radice, ["ID"])
        [nodo] = [n for n in radice.iter() if n.get("ID") == node_id]
        firma = xmlsec.SignatureContext()
        firma.key = xmlsec.Key.from_file(key_file, xmlsec.KeyFormat.PEM)
        firma.sign(nodo.find("{http://www.w3.org/2000/09/xmldsig#}Signature"))
        return etree.tostring(radice).decode()


class IdentityProvider:
    """A SAML gateway that knows us by our metadata."""

    def __init__(self, chiave, certificato, metadata_sp):
        config = IdPConfig().load(
            {
                "entityid": ENTITA,
                "xmlsec_binary": sys.executable,  # any file: never run, see FirmaXml
                "key_file": chiave,
                "cert_file": certificato,
                "metadata": {"inline": [metadata_sp]},
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [(SSO, BINDING_HTTP_REDIRECT)],
                        },
                        "policy": {
                            "default": {
                                "lifetime": {"minutes": 5},
                                "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
                            }
                        },
                        "want_authn_requests_signed": True,
                    }
                },
            }
        )
        self.server = Server(config=config)
        self.server.sec.crypto = FirmaXml()

    def metadata(self):
        # It would ask xmlsec1 what it can do.
        with patch("saml2.metadata.algorithm_support_in_metadata", return_value=[]):
            return str(entity_descriptor(self.server.config))

    def leggi(self, url):
        """The request in the address of a redirect, its signature checked, and the RelayState."""
        assert url.startswith(f"{SSO}?")
        dati = {nome: valori[0] for nome, valori in parse_qs(urlsplit(url).query).items()}
        richiesta = self.server.parse_authn_request(
            dati["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=dati["RelayState"],
            sigalg=dati["SigAlg"],
            signature=dati["Signature"],
        )
        return richiesta.message, dati["RelayState"]

    def rispondi(self, richiesta, attributi, *, livello=L2, firma=True, **altro):
        """What the browser is made to post: an answer to ``richiesta``."""
        dove = richiesta.assertion_consumer_service_url
        risposta = self.server.create_authn_response(
            attributi,
            altro.pop("in_response_to", richiesta.id),
            altro.pop("destination", dove),
            altro.pop("sp_entity_id", richiesta.issuer.text),
            name_id=NameID(format=NAMEID_FORMAT_TRANSIENT, text=secrets.token_hex(8)),
            authn={"class_ref": livello},
            sign_assertion=firma,
            sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
            **altro,
        )
        return base64.b64encode(str(risposta).encode()).decode()

    def annulla(self, richiesta):
        """The answer when she gives up (SPID's error 25)."""
        risposta = self.server.create_error_response(
            richiesta.id,
            richiesta.assertion_consumer_service_url,
            ("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed", "ErrorCode nr25"),
        )
        return base64.b64encode(str(risposta).encode()).decode()


# --- OpenID Connect -------------------------------------------------------------------------


class ProviderOIDC:
    """An OpenID Connect provider that listens. ``altera`` changes what its tokens claim before
    they are signed again, ``chiave`` is another key to sign them with."""

    altera = chiave = None

    def __init__(self, app):
        app.after_request(self._manometti)
        self.indirizzo = ""

    def persona(self, sub, **detti):
        risposta = requests.put(f"{self.indirizzo}/users/{sub}", json=detti, timeout=10)
        risposta.raise_for_status()

    def autorizza(self, url, sub, *, nega=False):
        """What the browser does at the provider: the address that it is sent back to."""
        assert url.startswith(f"{self.indirizzo}/oauth2/authorize?")
        dati = {"action": "deny"} if nega else {"sub": sub}
        risposta = requests.post(url, data=dati, allow_redirects=False, timeout=10)
        assert risposta.status_code == 302, risposta.text
        return risposta.headers["Location"]

    def _manometti(self, risposta):
        if flask.request.path != "/oauth2/token" or not (self.altera or self.chiave):
            return risposta
        corpo = risposta.get_json()
        intestazione = jwt.get_unverified_header(corpo["id_token"])
        detti = jwt.decode(corpo["id_token"], options={"verify_signature": False})
        sua = jwt.PyJWK(oidc_interno.storage.jwk.as_dict(is_private=True), algorithm="RS256").key
        corpo["id_token"] = jwt.encode(
            self.altera(detti) if self.altera else detti,
            self.chiave or sua,
            algorithm="RS256",
            headers=intestazione,
        )
        risposta.set_data(json.dumps(corpo))
        return risposta


@contextmanager
def provider_oidc():
    with warnings.catch_warnings(record=True):
        app = oidc_provider_mock.app()
    provider = ProviderOIDC(app)
    servi = app.wsgi_app

    def servi_in_pace(environ, start_response):
        # It calls what Authlib is about to drop; whoever asked waits for the answer meanwhile.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # At once: the work would begin when the answer is read.
            return list(servi(environ, start_response))

    app.wsgi_app = servi_in_pace
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with oidc_server._threaded_server(app) as server:
        provider.indirizzo = f"http://localhost:{server.server_port}"
        yield provider


# --- Journeys, the same for both ------------------------------------------------------------


class ViaggioOIDC:
    fonte, chiave = "spid_oidc", "oidc"

    def __init__(self, server):
        self.server = server

    def torna(self, client, url, codice=CODICE, email="maria@example.org", livello=L2):
        """Our answer when she comes back from the gateway to which ``url`` leads."""
        return client.get(self.risposta(url, codice, email, livello))

    def risposta(self, url, codice=CODICE, email="maria@example.org", livello=L2):
        sub = secrets.token_hex(8)
        detti = {
            "given_name": "Maria",
            "family_name": "Rossi",
            "email": email,
            "fiscal_number": codice and f"TINIT-{codice}",
            "acr": livello,
        }
        self.server.persona(sub, **{nome: valore for nome, valore in detti.items() if valore})
        return self.server.autorizza(url, sub)

    def consegna(self, client, risposta):
        return client.get(risposta)

    def annulla(self, client, url):
        return client.get(self.server.autorizza(url, "", nega=True))


class ViaggioSAML:
    fonte, chiave = "spid_saml", "saml"

    def __init__(self, idp):
        self.idp = idp

    def torna(self, client, url, codice=CODICE, email="maria@example.org", livello=L2):
        return self.consegna(client, self.risposta(url, codice, email, livello))

    def risposta(
        self, url, codice=CODICE, email="maria@example.org", livello=L2, idp=None, **altro
    ):
        """What the browser is made to post."""
        detti = {
            "name": "MARIA",
            "familyName": "ROSSI",
            "email": email,
            "fiscalNumber": codice and f"TINIT-{codice}",
        }
        richiesta, relay = self.idp.leggi(url)
        attributi = {nome: [valore] for nome, valore in detti.items() if valore}
        risposta = (idp or self.idp).rispondi(richiesta, attributi, livello=livello, **altro)
        return {"SAMLResponse": risposta, "RelayState": relay}

    def consegna(self, client, risposta):
        """As browsers do: what another site makes them post carries no session of ours."""
        biscotti, client.cookies = client.cookies, SimpleCookie()
        ricevuta = client.post("/spid/saml/acs/", risposta)
        biscotti.update(client.cookies)
        client.cookies = biscotti
        return client.get(ricevuta.url) if ricevuta.status_code == 303 else ricevuta

    def annulla(self, client, url):
        richiesta, relay = self.idp.leggi(url)
        return self.consegna(
            client, {"SAMLResponse": self.idp.annulla(richiesta), "RelayState": relay}
        )
