import threading
import time
from datetime import UTC, datetime

import pytest
from celery import current_app

from posta import sveglia as modulo
from posta.services import accoda

ADESSO = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def bell(monkeypatch, settings):
    """A bell of this test alone, and the wake-ups that it gave."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    campanello = modulo._Campanello()
    monkeypatch.setattr(modulo, "_campanello", campanello)
    return campanello


@pytest.fixture
def wake_ups(monkeypatch):
    chiamate = []
    suonato = threading.Event()

    def send_task(*args, **kwargs):
        chiamate.append((args, kwargs))
        suonato.set()

    monkeypatch.setattr(current_app, "send_task", send_task)
    return chiamate, suonato


@pytest.mark.django_db
@pytest.mark.usefixtures("genere", "bell")
def test_the_worker_is_woken_after_the_commit(wake_ups, django_capture_on_commit_callbacks):
    chiamate, suonato = wake_ups
    with django_capture_on_commit_callbacks(execute=True):
        accoda("prova", "a@example.org", chiave="a", lingua="it", adesso=ADESSO)
        assert chiamate == []
    assert suonato.wait(5)
    assert chiamate[0] == (("posta.tasks.spedisci",), {"expires": 60})


@pytest.mark.django_db
@pytest.mark.usefixtures("genere")
def test_nothing_is_woken_for_later_for_twice_or_without_redis(
    bell, monkeypatch, settings, django_capture_on_commit_callbacks
):
    suoni = []
    monkeypatch.setattr(bell, "suona", lambda: suoni.append(1))
    domani = ADESSO.replace(day=11)
    with django_capture_on_commit_callbacks(execute=True):
        accoda("prova", "a@example.org", chiave="a", lingua="it", dovuto_at=domani, adesso=ADESSO)
        accoda("prova", "a@example.org", chiave="a", lingua="it", adesso=ADESSO)
        settings.REDIS_URL = ""
    with django_capture_on_commit_callbacks(execute=True):
        accoda("prova", "a@example.org", chiave="b", lingua="it", adesso=ADESSO)
    assert suoni == []


def test_a_broker_that_fails_is_not_asked_again_for_half_a_minute(bell, monkeypatch):
    chiamate = []
    fallito = threading.Event()

    def send_task(*args, **kwargs):
        chiamate.append(1)
        fallito.set()
        raise OSError("nobody there")

    monkeypatch.setattr(current_app, "send_task", send_task)
    modulo.sveglia()
    assert fallito.wait(5)
    scadenza = time.monotonic() + 5
    while not bell.broker.aperto() and time.monotonic() < scadenza:
        time.sleep(0.01)
    modulo.sveglia()
    assert chiamate == [1]
    assert 25 < bell.broker._fino_a - time.monotonic() <= 30


def test_a_broker_that_hangs_keeps_nobody_waiting(settings, bell, monkeypatch):
    appeso = threading.Event()
    monkeypatch.setattr(current_app, "send_task", lambda *a, **k: appeso.wait(10))
    inizio = time.perf_counter()
    for _ in range(50):
        modulo.sveglia()
    assert time.perf_counter() - inizio < 0.5
    appeso.set()


def test_many_rings_make_few_wake_ups(bell, wake_ups):
    chiamate, suonato = wake_ups
    for _ in range(100):
        modulo.sveglia()
    assert suonato.wait(5)
    assert len(chiamate) < 100
