import socket
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from celery.beat import Service
from celery.schedules import schedule

from portale.celery import app as portale_app
from posta.models import Battito, Messaggio
from posta.pianificatore import SILENZIO_DEL_LAVORATORE, Pianificatore
from posta.services import batti
from posta.tasks import smetti
from tests.factories import MessaggioFactory

pytestmark = pytest.mark.django_db


class Compito:
    """A task that remembers where it ran."""

    def __init__(self, fallisce=None):
        self.dove = []
        self.fallisce = fallisce

    def apply(self, args, kwargs, throw):
        self.dove.append("qui")
        if self.fallisce:
            raise self.fallisce

    def apply_async(self, args, kwargs, **opzioni):
        self.dove.append("affidato")


@pytest.fixture
def scheduler(settings):
    """A scheduler with one task, of a portal that has Redis."""
    app = Celery("prova", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = False
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    pianificatore = Pianificatore(app=app, lazy=True)
    pianificatore._ping = lambda: None
    return pianificatore


def tick(pianificatore, compito):
    nome = "prova"
    pianificatore.app = _App({nome: compito}, pianificatore.app.conf)
    voce = pianificatore.Entry(
        name=nome, task=nome, schedule=schedule(10), app=portale_app, options={"expires": 60}
    )
    pianificatore.apply_entry(voce)
    return compito.dove


class _App:
    def __init__(self, tasks, conf):
        self.tasks = tasks
        self.conf = conf


def test_beat_uses_it_and_finds_every_task_of_the_schedule():
    portale_app.loader.import_default_modules()
    servizio = Service(portale_app, scheduler_cls=portale_app.conf.beat_scheduler)
    assert isinstance(servizio.scheduler, Pianificatore)
    voci = servizio.scheduler.schedule
    attese = "allegati avvisi comunicazioni conserva conta importazioni passo sessioni spedisci"
    assert " ".join(sorted(voci)) == f"{attese} tavolo"
    assert all(voce.task in portale_app.tasks for voce in voci.values())


@pytest.fixture
def eager():
    """As without Redis, wherever the suite runs."""
    prima = portale_app.conf.task_always_eager
    portale_app.conf.task_always_eager = True
    yield
    portale_app.conf.task_always_eager = prima


@pytest.mark.usefixtures("eager")
def test_without_redis_a_tick_delivers_inside_the_scheduler(genere):
    portale_app.loader.import_default_modules()
    MessaggioFactory(genere="prova")
    pianificatore = Pianificatore(app=portale_app)
    pianificatore.tick()
    assert Battito.objects.filter(nome="pianificatore").exists()
    pianificatore.apply_entry(pianificatore.schedule["spedisci"])
    assert Messaggio.objects.get().stato == Messaggio.Stato.INVIATO
    assert not Battito.objects.filter(nome="lavoratore").exists()


def test_with_redis_and_a_worker_the_tick_is_the_workers(scheduler):
    assert tick(scheduler, Compito()) == ["affidato"]


def test_a_broker_that_is_down_makes_the_scheduler_work(scheduler):
    def ping():
        raise ConnectionRefusedError

    scheduler._ping = ping
    assert tick(scheduler, Compito()) == ["qui"]
    # For a few seconds it is not even asked.
    scheduler._ping = lambda: None
    assert tick(scheduler, Compito()) == ["qui"]
    scheduler.broker.riuscito()
    assert tick(scheduler, Compito()) == ["affidato"]


def test_a_broker_that_hangs_is_noticed_in_a_moment(scheduler, settings):
    del scheduler._ping
    with socket.create_server(("127.0.0.1", 0)) as muto:
        settings.REDIS_URL = f"redis://127.0.0.1:{muto.getsockname()[1]}/0"
        assert tick(scheduler, Compito()) == ["qui"]
    scheduler._redis.close()


def test_a_worker_that_has_been_silent_is_taken_for_dead(scheduler, time_machine):
    adesso = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    time_machine.move_to(adesso, tick=False)
    batti("lavoratore", adesso)
    scheduler.partito -= SILENZIO_DEL_LAVORATORE.total_seconds() + 1
    assert tick(scheduler, Compito()) == ["affidato"]
    time_machine.move_to(adesso + SILENZIO_DEL_LAVORATORE + timedelta(seconds=1), tick=False)
    # The wake-up is left for it all the same, in case it comes back.
    assert tick(scheduler, Compito()) == ["affidato", "qui"]


def test_a_tick_that_fails_is_told_and_ends_nothing(scheduler, caplog):
    def ping():
        raise ConnectionRefusedError

    scheduler._ping = ping
    assert tick(scheduler, Compito(fallisce=ValueError("broken"))) == ["qui"]
    assert "The tick prova failed" in caplog.text
    assert "ValueError: broken" in caplog.text


def test_a_worker_told_to_stop_tells_the_delivery():
    from posta.consegna import fermata

    smetti()
    assert fermata.is_set()
