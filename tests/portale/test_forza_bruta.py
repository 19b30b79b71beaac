"""Guessing is stopped by account and by address, and stops nobody else."""

import socket

import pytest
from django.core.cache import caches
from django.test import Client

from portale.lib import cache as modulo
from posta.models import Messaggio
from tests.factories import UserFactory
from tests.fattori import codice, con_app, entra_con_password

pytestmark = pytest.mark.django_db

BASTA = "Troppi tentativi di accesso. Riprova più tardi."
# In five minutes for one account, and in one minute from one address.
PER_ACCOUNT, PER_INDIRIZZO = 5, 10


@pytest.fixture(autouse=True)
def no_counts_of_other_tests():
    caches["default"].clear()


@pytest.fixture
def dead_redis(settings):
    """The counts' Redis is away: nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        porta = server.getsockname()[1]
    modulo._interruttori.clear()
    settings.CACHES = {
        **settings.CACHES,
        "default": {
            "BACKEND": "portale.lib.cache.RedisCacheWithFallback",
            "LOCATION": f"redis://127.0.0.1:{porta}/0",
            "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
        },
        "ripiego": {
            "BACKEND": "portale.lib.cache.CacheDatabase",
            "LOCATION": "portale_cache",
        },
    }
    yield
    modulo._interruttori.clear()


def prova(email, password="sbagliata", ip="192.0.2.1", client=None, **extra):
    """One try; where it led, or what the form says."""
    risposta = (client or Client()).post(
        "/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=ip, **extra
    )
    if risposta.status_code == 302:
        return risposta.url
    assert risposta.status_code == 200
    return risposta.context["form"].non_field_errors()[0]


GIUSTA = "una-password-lunga"


def _un_account_da_molti_indirizzi():
    for n in range(PER_ACCOUNT):
        assert prova("anna@example.org", ip=f"198.51.100.{n}") != BASTA
    # Now not even the right one, wherever it comes from.
    assert prova("anna@example.org", GIUSTA, ip="203.0.113.1") == BASTA
    assert prova("ANNA@example.org ", GIUSTA, ip="203.0.113.2") == BASTA
    # Another account is not held up, also from one of those addresses.
    assert prova("eva@example.org", GIUSTA, ip="198.51.100.1") == "/profilo/"


def test_one_account_from_many_addresses():
    UserFactory(email="anna@example.org")
    UserFactory(email="eva@example.org")

    _un_account_da_molti_indirizzi()


def test_the_same_when_redis_is_dead(dead_redis):
    UserFactory(email="anna@example.org")
    UserFactory(email="eva@example.org")

    _un_account_da_molti_indirizzi()


def test_an_account_that_does_not_exist_is_counted_alike():
    for n in range(PER_ACCOUNT):
        assert prova("nessuno@example.org", ip=f"198.51.100.{n}") != BASTA
    assert prova("nessuno@example.org", ip="203.0.113.1") == BASTA


def test_many_accounts_from_one_address():
    UserFactory(email="anna@example.org")
    for n in range(PER_INDIRIZZO):
        assert prova(f"persona{n}@example.org") != BASTA
    assert prova("anna@example.org", GIUSTA) == BASTA
    assert prova("anna@example.org", GIUSTA, ip="203.0.113.1") == "/profilo/"


@pytest.mark.parametrize(("fidati", "atteso"), [(0, BASTA), (1, "/profilo/")])
def test_behind_our_proxy_the_client_is_counted_and_not_the_proxy(settings, fidati, atteso):
    """What a client writes itself into the header counts for nothing."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = fidati
    UserFactory(email="anna@example.org")
    for n in range(PER_INDIRIZZO):
        inoltrata = f"10.9.8.{n}, 198.51.100.7"
        prova(f"persona{n}@example.org", headers={"x-forwarded-for": inoltrata})

    da_altrove = {"headers": {"x-forwarded-for": "203.0.113.1"}}
    assert prova("anna@example.org", GIUSTA, **da_altrove) == atteso
    if fidati:
        stessa = {"headers": {"x-forwarded-for": "1.1.1.1, 198.51.100.7"}}
        assert prova("anna@example.org", GIUSTA, **stessa) == BASTA


def test_logging_in_does_not_use_the_tries_up():
    UserFactory(email="anna@example.org")
    for _ in range(PER_INDIRIZZO + 2):
        assert prova("anna@example.org", GIUSTA) == "/profilo/"


def test_too_many_requests_to_log_in_get_a_page_that_says_when_to_try_again():
    UserFactory(email="anna@example.org")
    for _ in range(30):
        prova("anna@example.org", GIUSTA)

    risposta = Client().post(
        "/accounts/login/", {"login": "x@example.org"}, REMOTE_ADDR="192.0.2.1"
    )

    assert (risposta.status_code, risposta.headers["Retry-After"]) == (429, "60")
    assert "Troppe richieste in poco tempo" in risposta.text


def test_codes_of_the_second_factor():
    anna, eva = UserFactory(), UserFactory()
    segreti = {persona: con_app(persona) for persona in (anna, eva)}

    def seconda(persona, scritto, ip):
        client = Client(REMOTE_ADDR=ip)
        assert entra_con_password(client, persona).url == "/accounts/2fa/authenticate/"
        return client.post("/accounts/2fa/authenticate/", {"code": scritto})

    for n in range(PER_ACCOUNT):
        risposta = seconda(anna, "abcdef", f"198.51.100.{n}")
        assert risposta.context["form"].errors["code"] != [BASTA]

    fermata = seconda(anna, codice(segreti[anna]), "203.0.113.1")

    assert fermata.context["form"].errors == {"code": [BASTA]}
    assert seconda(eva, codice(segreti[eva]), "203.0.113.1").url == "/profilo/"


def test_codes_by_mail():
    UserFactory(email="anna@example.org")
    client = Client()
    client.post("/accounts/login/code/", {"email": "anna@example.org"})

    prove = [
        client.post("/accounts/login/code/confirm/", {"code": "AAAA-AAAA"}).status_code
        for _ in range(4)
    ]

    # After the third she has to ask for another.
    assert prove == [200, 200, 302, 302]


def test_asking_for_codes_of_one_account_from_many_addresses():
    UserFactory(email="anna@example.org")

    def chiedi(n):
        return Client(REMOTE_ADDR=f"198.51.100.{n}").post(
            "/accounts/login/code/", {"email": "anna@example.org"}
        )

    assert [chiedi(n).status_code for n in range(4)] == [302, 302, 302, 200]
    assert Messaggio.objects.count() == 3
