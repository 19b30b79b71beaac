import pytest
from django.core.cache import cache, caches
from django.test import RequestFactory

from portale.lib import limiti
from portale.lib.cache import CacheDatabase
from portale.lib.limiti import consenti, indirizzo_cliente, limite_superato

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_counts():
    caches["default"].clear()


@pytest.fixture
def request_from(rf):
    def build(address, **headers):
        return rf.post("/", REMOTE_ADDR=address, headers=headers)

    return build


def test_an_address_may_try_as_often_as_the_limit_says(request_from):
    risposte = [consenti(request_from("192.0.2.1"), "prova", limite="3/m") for _ in range(5)]
    assert risposte == [True, True, True, False, False]


def test_addresses_actions_and_keys_are_counted_apart(request_from):
    assert consenti(request_from("192.0.2.1"), "prova", limite="1/m")
    assert consenti(request_from("192.0.2.2"), "prova", limite="1/m")
    assert consenti(request_from("192.0.2.1"), "altro", limite="1/m")
    assert consenti(request_from("192.0.2.1"), "prova", chiave="a@example.org", limite="1/m")
    assert not consenti(request_from("192.0.2.9"), "prova", chiave="a@example.org", limite="1/m")


def test_the_window_ends_with_its_time_and_refused_tries_do_not_stretch_it(
    request_from, time_machine, monkeypatch
):
    # The clock of a Redis can not be moved; the promise is the same.
    monkeypatch.setattr(limiti, "cache", CacheDatabase("portale_cache", {}))
    time_machine.move_to("2026-03-10T09:00:00Z", tick=False)
    assert consenti(request_from("192.0.2.1"), "prova", limite="1/2m")
    time_machine.move_to("2026-03-10T09:01:50Z", tick=False)
    assert not consenti(request_from("192.0.2.1"), "prova", limite="1/2m")
    time_machine.move_to("2026-03-10T09:02:01Z", tick=False)
    assert consenti(request_from("192.0.2.1"), "prova", limite="1/2m")


def test_no_address_of_anybody_is_in_the_cache(request_from, monkeypatch):
    nomi = []
    monkeypatch.setattr(cache, "add", lambda nome, *args: nomi.append(nome) or True)
    consenti(request_from("192.0.2.77"), "prova", chiave="anna@example.org")
    consenti(request_from("192.0.2.77"), "prova")
    assert len(nomi) == 2
    assert not any("anna" in nome or "192.0.2.77" in nome for nome in nomi)


def test_limits_can_be_off_for_a_load_test(request_from, settings):
    settings.RATE_LIMITS = False
    assert all(consenti(request_from("192.0.2.1"), "prova", limite="1/m") for _ in range(3))


def test_a_limit_that_cannot_be_read_is_a_mistake_of_ours(request_from):
    with pytest.raises(ValueError, match="10 al minuto"):
        consenti(request_from("192.0.2.1"), "prova", limite="10 al minuto")


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "expected"),
    [
        (0, "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (1, "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (1, "10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        (2, "10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "10.0.0.1", "198.51.100.7", "10.0.0.1"),
        (1, "10.0.0.1", "198.51.100.7:4321", "198.51.100.7"),
        (1, "10.0.0.1", "[2001:db8:1:2:3:4:5:6]:4321", "2001:db8:1:2::"),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        (0, "::ffff:192.0.2.1", "", "192.0.2.1"),
        (0, "", "", "0.0.0.0"),
        (1, "10.0.0.1", "<script>", "0.0.0.0"),
    ],
)
def test_the_client_address_is_believed_only_as_far_as_our_proxies_wrote_it(
    settings, proxies, remote, forwarded, expected
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers)
    assert indirizzo_cliente(request) == expected


def test_the_answer_is_429_and_says_when_to_come_back(request_from, settings):
    settings.TEMPLATES = [
        {
            **settings.TEMPLATES[0],
            "DIRS": [],
            "APP_DIRS": False,
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"429.html": "Riprova tra {{ minuti }} minuti"},
                    )
                ]
            },
        }
    ]
    request = request_from("192.0.2.1")
    consenti(request, "prova", limite="1/5m")
    assert not consenti(request, "prova", limite="1/5m")
    response = limite_superato(request)
    assert response.status_code == 429
    assert response["Retry-After"] == "300"
    assert response["Cache-Control"] == "no-store"
    assert response.content.decode() == "Riprova tra 5 minuti"
