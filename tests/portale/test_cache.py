import socket
import threading
import time

import pytest
from django.core.cache import caches
from django.db import connection

from portale.lib import cache as modulo
from portale.lib.cache import RedisCacheWithFallback
from tests.factories import UserFactory

OPZIONI = {"OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}}


@pytest.fixture(autouse=True)
def fresh_breakers():
    modulo._interruttori.clear()
    yield
    modulo._interruttori.clear()


@pytest.fixture
def dead_redis():
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        porta = server.getsockname()[1]
    return f"redis://127.0.0.1:{porta}/0"


@pytest.fixture
def hanging_redis():
    """A server that takes the connection and never says a word."""
    server = socket.create_server(("127.0.0.1", 0))
    presi = []

    def accetta():
        while True:
            try:
                presi.append(server.accept()[0])
            except OSError:
                return

    filo = threading.Thread(target=accetta, daemon=True)
    filo.start()
    yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    filo.join(5)
    for preso in presi:
        preso.close()


@pytest.fixture
def with_redis_at(settings):
    def use(url):
        settings.CACHES = {
            **settings.CACHES,
            "default": {
                "BACKEND": "portale.lib.cache.RedisCacheWithFallback",
                "LOCATION": url,
                **OPZIONI,
            },
            "ripiego": {
                "BACKEND": "portale.lib.cache.CacheDatabase",
                "LOCATION": "portale_cache",
            },
        }

    return use


@pytest.mark.django_db
@pytest.mark.parametrize("server", ["dead_redis", "hanging_redis"])
def test_every_call_is_answered_by_the_database_when_redis_is_not_there(
    request, server, with_redis_at
):
    with_redis_at(request.getfixturevalue(server))
    cache = caches["default"]
    assert cache.add("a", 1, 60) is True
    assert cache.add("a", 2, 60) is False
    assert cache.get("a") == 1
    assert cache.incr("a") == 2
    cache.set("b", [1, 2], 60)
    assert cache.get_many(["a", "b", "c"]) == {"a": 2, "b": [1, 2]}
    assert cache.has_key("b")
    assert cache.touch("b", 30)
    cache.set_many({"c": 3}, 60)
    assert cache.delete("c")
    cache.delete_many(["b"])
    assert cache.get("b") is None
    cache.clear()
    assert cache.get("a") is None


@pytest.mark.django_db
def test_a_redis_that_hangs_costs_one_short_wait_not_one_for_each_call(
    hanging_redis, with_redis_at
):
    with_redis_at(hanging_redis)
    inizio = time.perf_counter()
    for numero in range(20):
        caches["default"].set(f"k{numero}", numero, 60)
    assert time.perf_counter() - inizio < 1


@pytest.mark.django_db
@pytest.mark.parametrize("server", ["dead_redis", "hanging_redis"])
def test_logging_in_works_within_a_second_without_redis(request, client, server, with_redis_at):
    UserFactory(email="anna@example.org")
    client.get("/accounts/login/")
    with_redis_at(request.getfixturevalue(server))
    inizio = time.perf_counter()
    response = client.post(
        "/accounts/login/", {"login": "anna@example.org", "password": "una-password-lunga"}
    )
    assert time.perf_counter() - inizio < 1
    assert response.status_code == 302
    assert "_auth_user_id" in client.session


@pytest.mark.django_db
@pytest.mark.parametrize("server", ["dead_redis", "hanging_redis"])
def test_limits_still_hold_without_redis(request, client, server, with_redis_at):
    UserFactory(email="anna@example.org")
    with_redis_at(request.getfixturevalue(server))
    sbagliata = {"login": "anna@example.org", "password": "non è questa"}
    # Five wrong passwords for one address in five minutes.
    for _ in range(6):
        response = client.post("/accounts/login/", sbagliata)
    assert "_auth_user_id" not in client.session
    giusta = {"login": "anna@example.org", "password": "una-password-lunga"}
    response = client.post("/accounts/login/", giusta)
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_redis_is_asked_again_when_its_pause_is_over(dead_redis, monkeypatch):
    cache = RedisCacheWithFallback(dead_redis, OPZIONI)
    chiesti = []
    monkeypatch.setattr(modulo.RedisCache, "get", lambda *args: chiesti.append(1) or "da Redis")
    modulo._interruttori[dead_redis]._fino_a = time.monotonic() + 0.05
    monkeypatch.setattr(caches._connections, "ripiego", caches["pagine"], raising=False)
    assert cache.get("a") is None
    time.sleep(0.06)
    assert cache.get("a") == "da Redis"
    assert len(chiesti) == 1


@pytest.mark.django_db
def test_the_database_counts_without_losing_the_expiry(time_machine):
    time_machine.move_to("2026-03-10T09:00:00Z", tick=False)
    cache = modulo.CacheDatabase("portale_cache", {})
    cache.add("a", 1, 3600)
    assert cache.incr("a") == 2
    time_machine.move_to("2026-03-10T09:59:00Z", tick=False)
    assert cache.incr("a", 3) == 5
    time_machine.move_to("2026-03-10T10:00:01Z", tick=False)
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_threads_that_count_at_once_lose_nothing():
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("one in-memory database is one connection: nothing to race with")
    modulo.CacheDatabase("portale_cache", {}).add("gara", 0, 3600)

    def conta():
        cache = modulo.CacheDatabase("portale_cache", {})
        for _ in range(25):
            cache.incr("gara")
        connection.close()

    fili = [threading.Thread(target=conta) for _ in range(4)]
    for filo in fili:
        filo.start()
    for filo in fili:
        filo.join()
    assert modulo.CacheDatabase("portale_cache", {}).get("gara") == 100
