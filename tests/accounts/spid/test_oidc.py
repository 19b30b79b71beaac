"""What is believed of an OpenID Connect provider."""

from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from accounts.models import IdentitaVerificata, User

from .idp import CODICE, L2

pytestmark = pytest.mark.django_db
SEMPRE = 4_000_000_000  # 2096


def parti(client):
    return client.get(reverse("spid:entra", args=["oidc"])).url


def rifiutata(client, response):
    return (
        response.status_code == 403
        and "Per sicurezza l’abbiamo scartata" in response.text
        and not User.objects.exists()
        and not IdentitaVerificata.objects.exists()
        and "spid_in_attesa" not in client.session
    )


def test_the_request_asks_for_the_level_with_a_nonce_and_pkce_and_nothing_that_she_adds(
    client, oidc, settings
):
    settings.SPID_OIDC = {**settings.SPID_OIDC, "scope": ["openid", "fiscal_number"]}
    url = reverse("spid:entra", args=["oidc"])

    response = client.get(url, {"scope": "phone", "auth_params": "acr_values=low", "process": "x"})

    chiesto = {n: v[0] for n, v in parse_qs(urlsplit(response.url).query).items()}
    variabili = [chiesto.pop(nome) for nome in ("state", "nonce", "code_challenge", "scope")]
    assert chiesto == {
        "client_id": "portale",
        "redirect_uri": "http://testserver/spid/oidc/ritorno/",
        "response_type": "code",
        "acr_values": L2,
        "code_challenge_method": "S256",
    }
    assert all(len(valore) >= 16 for valore in variabili)
    assert set(variabili[-1].split()) == {"openid", "fiscal_number"}


def test_tokens_as_the_provider_makes_them_are_believed_after_the_tests_sign_them_again(
    client, oidc
):
    oidc.server.altera = lambda detti: detti

    assert oidc.torna(client, parti(client)).url == reverse("spid:completa")


@pytest.mark.parametrize(
    "altera",
    [
        lambda detti: {**detti, "iss": "https://altro.example.org"},
        lambda detti: {**detti, "aud": "un-altro-servizio"},
        lambda detti: {**detti, "azp": "un-altro-servizio"},
        lambda detti: {**detti, "exp": 1_600_000_000, "iat": 1_599_999_000},
        lambda detti: {**detti, "iat": SEMPRE, "exp": SEMPRE + 60},
        lambda detti: {**detti, "nonce": "di-un-altra-visita"},
        lambda detti: {n: v for n, v in detti.items() if n != "nonce"},
        lambda detti: {n: v for n, v in detti.items() if n != "exp"},
        lambda detti: {**detti, "sub": "un-altra-persona"},
    ],
    ids=["issuer", "audience", "azp", "expired", "future", "nonce", "none", "endless", "subject"],
)
def test_a_token_that_is_not_for_us_here_and_now_is_refused(client, oidc, altera):
    oidc.server.altera = altera

    assert rifiutata(client, oidc.torna(client, parti(client)))


def test_a_signature_by_another_key_is_refused(client, oidc, caplog):
    oidc.server.chiave = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert rifiutata(client, oidc.torna(client, parti(client)))
    assert CODICE not in caplog.text
    assert "spid_oidc: rifiutato (OAuth2Error)" in caplog.text


def test_nobody_comes_back_who_has_not_gone(client, oidc):
    ritorno = reverse("spid_oidc_ritorno")

    for dati in ({}, {"code": "x"}, {"code": "x", "state": "inventato"}, {"error": "strano"}):
        assert rifiutata(client, client.get(ritorno, dati))


def test_a_code_that_the_provider_does_not_know_is_refused(client, oidc):
    state = parse_qs(urlsplit(parti(client)).query)["state"][0]

    response = client.get(reverse("spid_oidc_ritorno"), {"code": "inventato", "state": state})

    assert rifiutata(client, response)


@pytest.mark.parametrize("indirizzo", ["http://127.0.0.1:9", "{server}/non-esiste"])
def test_a_provider_that_does_not_answer_is_said_plainly(client, oidc, settings, indirizzo):
    indirizzo = indirizzo.format(server=oidc.server.indirizzo)
    ritorno = oidc.risposta(parti(client))
    settings.SPID_OIDC = {**settings.SPID_OIDC, "server_url": indirizzo}

    for response in (
        client.get(reverse("spid:entra", args=["oidc"])),
        client.get(ritorno),
    ):
        assert response.status_code == 503
        assert "non risponde" in response.text


def test_looking_at_the_links_begins_nothing(oidc):
    client = Client()

    for url in (reverse("spid:entra", args=["oidc"]), reverse("spid_oidc_ritorno")):
        response = client.head(url)
        assert response.status_code == 200
        assert response.cookies.output() == ""
