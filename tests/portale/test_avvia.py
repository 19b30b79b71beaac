"""What `prepara` does and what `avvia` refuses; how processes live and end is in
test_supervisore.py, and the whole of it in .ci/run."""

import io
import socket
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.executor import MigrationExecutor

from portale.management.commands import avvia


@pytest.fixture
def pronto(settings, tmp_path, db, monkeypatch):
    """Static files are there, and nothing is really started."""
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").write_text("{}")
    partiti = []

    def diventa(programma, comando):
        partiti.append(comando)
        raise SystemExit

    monkeypatch.setattr(avvia.connections, "close_all", lambda: None)
    monkeypatch.setattr(avvia.os, "execv", diventa)
    monkeypatch.setattr(
        avvia.Supervisore, "esegui", lambda self, ogni_giro: partiti.append(self.figli)
    )
    return partiti


@pytest.fixture
def porta():
    with socket.socket() as libera:
        libera.bind(("127.0.0.1", 0))
        return libera.getsockname()[1]


def test_without_redis_web_and_scheduler_run_and_the_scheduler_sends(pronto, porta, settings):
    settings.REDIS_URL = ""

    call_command("avvia", porta=porta, stdout=io.StringIO())

    assert [figlio.nome for figlio in pronto[0]] == ["web", "scheduler"]
    with pytest.raises(CommandError, match="Without REDIS_URL there is no worker"):
        call_command("avvia", solo="worker")


def test_with_redis_a_worker_runs_too(pronto, porta, settings):
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"

    call_command("avvia", porta=porta, stdout=io.StringIO())

    assert [figlio.nome for figlio in pronto[0]] == ["web", "scheduler", "worker"]


@pytest.mark.parametrize("solo", ["web", "scheduler", "worker"])
def test_one_process_alone_takes_the_place_of_the_command(pronto, porta, settings, solo):
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"

    with pytest.raises(SystemExit):
        call_command("avvia", solo=solo, porta=porta)

    assert pronto == [avvia.comandi_dei_processi("127.0.0.1", porta)[solo]]
    assert pronto[0][0] == sys.executable


def test_a_port_that_is_taken_is_said_with_what_to_do(db):
    with socket.socket() as altro:
        altro.bind(("127.0.0.1", 0))
        altro.listen()
        occupata = altro.getsockname()[1]

        with pytest.raises(CommandError, match=rf"127\.0\.0\.1:{occupata}.*make run PORT="):
            call_command("avvia", porta=occupata)


def test_a_port_that_does_not_exist_is_said_too(db):
    with pytest.raises(CommandError, match="Cannot listen at"):
        call_command("avvia", porta=123456)


def test_debug_is_refused_outside_the_demo(settings, porta):
    settings.DEBUG, settings.DEMO = True, False

    with pytest.raises(CommandError, match="DEBUG is on"):
        call_command("avvia", porta=porta)


def test_a_database_behind_the_code_is_refused(pronto, porta, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *args: [1, 2])

    with pytest.raises(CommandError, match="2 migrations behind"):
        call_command("avvia", porta=porta)
    assert pronto == []


def test_missing_static_files_are_refused(pronto, porta, settings):
    (settings.STATIC_ROOT / "staticfiles.json").unlink()

    with pytest.raises(CommandError, match="static files are not collected"):
        call_command("avvia", porta=porta)
    assert pronto == []


def test_it_says_where_it_is_once_and_only_when_it_answers(settings, porta):
    settings.BASE_URL = "https://laboratori.example.org"
    settings.DEMO = False
    dette = []
    annuncio = avvia.Annuncio("127.0.0.1", porta, dette.append)

    annuncio.guarda()
    assert dette == []

    annuncio._risponde = lambda: True
    annuncio.guarda()
    annuncio.guarda()
    assert [riga for riga in dette if "example.org" in riga] == [
        "\nThe portal is at https://laboratori.example.org/"
    ]


def test_preparing_collects_static_files_once_and_again_when_one_changes(settings, tmp_path, db):
    settings.STATIC_ROOT = tmp_path / "raccolti"
    settings.STATICFILES_DIRS = [tmp_path / "nostri"]
    settings.DEMO = False
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    (tmp_path / "nostri").mkdir()
    (tmp_path / "nostri" / "uno.css").write_text("a {}")

    def prepara():
        detto = io.StringIO()
        call_command("prepara", stdout=detto)
        return "collecting" in detto.getvalue()

    assert (prepara(), prepara()) == (True, False)

    (tmp_path / "nostri" / "uno.css").write_text("a { color: red }")
    assert (prepara(), prepara()) == (True, False)
    assert (settings.STATIC_ROOT / "uno.css").read_text() == "a { color: red }"
