from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from posta import services as posta
from tests.factories import MessaggioFactory


@pytest.fixture
def in_salute(db):
    """Every part of the machinery has just been seen, and nothing is owed."""
    call_command("createcachetable")
    for nome in posta.SILENZIO:
        posta.batti(nome, timezone.now())


def test_the_process_lives_and_says_so_with_the_database_out_of_reach(client):
    risposta = client.get("/salute/viva/")

    assert (risposta.status_code, risposta.content) == (200, b"viva\n")


def test_the_life_check_answers_whatever_name_it_is_called_by(client):
    """A container or a load balancer asks by address."""
    assert client.get("/salute/viva/", headers={"host": "127.0.0.1:8000"}).status_code == 200


def test_a_portal_in_health_answers_200_and_says_how_it_is(client, in_salute):
    risposta = client.get("/salute/")

    assert risposta.status_code == 200
    assert risposta.json() == {
        "stato": "ok",
        "database": "ok",
        "cache": "ok",
        "posta": "ok",
        "battiti": {nome: {"stato": "ok", "eta": 0} for nome in posta.SILENZIO},
        "coda_eta": None,
        "falliti": 0,
    }


def test_a_mail_that_waits_too_long_is_a_fault(client, in_salute):
    MessaggioFactory(dovuto_at=timezone.now() - posta.RITARDO - timedelta(minutes=1))

    risposta = client.get("/salute/")

    assert (risposta.status_code, risposta.json()["stato"]) == (503, "guasto")
    assert (risposta.json()["posta"], risposta.json()["database"]) == ("in ritardo", "ok")


@pytest.mark.parametrize("nome", posta.SILENZIO)
def test_a_part_that_is_silent_is_a_fault(client, in_salute, nome):
    posta.Battito.objects.filter(nome=nome).update(
        visto_at=timezone.now() - posta.SILENZIO[nome] - timedelta(minutes=1)
    )

    risposta = client.get("/salute/")

    assert risposta.status_code == 503
    assert {n: b["stato"] for n, b in risposta.json()["battiti"].items()} == {
        n: "fermo" if n == nome else "ok" for n in posta.SILENZIO
    }


def test_a_part_that_was_never_seen_is_a_fault(client, db):
    call_command("createcachetable")

    risposta = client.get("/salute/")

    assert risposta.status_code == 503
    assert risposta.json()["battiti"] == {
        nome: {"stato": "fermo", "eta": None} for nome in posta.SILENZIO
    }


def test_a_database_that_does_not_answer_is_a_fault_and_not_an_error_page(client, monkeypatch):
    def assente(adesso):
        raise OperationalError("connection refused")

    monkeypatch.setattr(posta, "situazione", assente)

    risposta = client.get("/salute/")

    assert risposta.status_code == 503
    assert (risposta.json()["database"], risposta.json()["posta"]) == ("non risponde", "non si sa")


def test_a_cache_that_raises_is_a_fault_and_not_an_error_page(client, in_salute, monkeypatch):
    def rotta(*args, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("portale.views.salute.cache.set", rotta)

    risposta = client.get("/salute/")

    assert (risposta.status_code, risposta.json()["cache"]) == (503, "non risponde")


@pytest.mark.parametrize("path", ["/salute/", "/salute/viva/"])
def test_nobody_keeps_a_copy_of_the_answer_and_nothing_can_be_sent(client, in_salute, path):
    assert "no-store" in client.get(path).headers["Cache-Control"]
    assert client.post(path).status_code == 405
