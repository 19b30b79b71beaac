"""A real database and real processes, for what no single test process can show.

The database is of the kind that the suite runs on (a file for SQLite, a new one on the server
for PostgreSQL), so that the same promises are tried on both.
"""

import atexit
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path

import psycopg
from django.conf import settings

RADICE = Path(__file__).parent.parent


class Portale:
    """The portal with a database of its own; runs management commands and Python in it."""

    def __init__(self, cartella: Path, database_url: str):
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portale.settings",
            "DEMO": "on",
            "DEBUG": "off",
            "RATE_LIMITS": "off",
            "VAR_DIR": str(cartella),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "of-a-test-" + "x" * 50,
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(RADICE),
        }

    def manage(self, *args: str) -> str:
        """Run a command to its end and give what it printed; its errors are ours."""
        fatto = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=RADICE,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert fatto.returncode == 0, fatto.stderr
        return fatto.stdout

    def avvia_python(self, codice: str, *args: str) -> subprocess.Popen:
        """Start a process that runs this code inside Django."""
        return subprocess.Popen(
            [sys.executable, "-c", "import django; django.setup()\n" + codice, *args],
            cwd=RADICE,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def python(self, codice: str, *args: str):
        """Run this code inside Django; gives the JSON that it printed, if any."""
        return attendi(self.avvia_python(codice, *args))


def attendi(processo: subprocess.Popen, secondi: float = 300):
    """What it printed, as JSON. Raises TimeoutExpired when it goes on for longer."""
    uscita, errori = processo.communicate(timeout=secondi)
    assert processo.returncode == 0, errori
    return json.loads(uscita) if uscita.strip() else None


@contextlib.contextmanager
def portale_vero(cartella: Path):
    """A migrated portal of its own, gone afterwards. The first of a test process is migrated, the
    others are copies of that one: migrating takes longer than most tests."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        copia = cartella / "prova.sqlite3"
        shutil.copy(_stampo_sqlite(), copia)
        yield Portale(cartella, f"sqlite:///{copia}")
        return

    nome = f"prova_{secrets.token_hex(6)}"
    with _server() as server:
        server.execute(f'CREATE DATABASE "{nome}" TEMPLATE "{_stampo_postgresql()}"')
        try:
            yield Portale(cartella, _url_postgresql(nome))
        finally:
            server.execute(f'DROP DATABASE "{nome}" WITH (FORCE)')


@cache
def _stampo_sqlite() -> Path:
    """A migrated file that nobody has open."""
    cartella = Path(tempfile.mkdtemp(prefix="stampo-"))
    atexit.register(shutil.rmtree, cartella, ignore_errors=True)
    _prepara(Portale(cartella, f"sqlite:///{cartella / 'stampo.sqlite3'}"))
    return cartella / "stampo.sqlite3"


@cache
def _stampo_postgresql() -> str:
    """The name of a migrated database that nobody is connected to."""
    nome = f"prova_stampo_{secrets.token_hex(6)}"
    with _server() as server:
        server.execute(f'CREATE DATABASE "{nome}"')
    atexit.register(_butta, nome)
    with tempfile.TemporaryDirectory() as cartella:
        _prepara(Portale(Path(cartella), _url_postgresql(nome)))
    return nome


def _butta(nome: str) -> None:
    with _server() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{nome}" WITH (FORCE)')


def _server() -> psycopg.Connection:
    scelto = settings.DATABASES["default"]
    dove = {
        chiave: scelto[chiave.upper()] or None for chiave in ("host", "port", "user", "password")
    }
    return psycopg.connect(dbname="postgres", autocommit=True, **dove)


def _url_postgresql(nome: str) -> str:
    base, _, _ = settings.DATABASE_URL.rpartition("/")
    return f"{base}/{nome}"


def _prepara(portale: Portale) -> None:
    portale.manage("migrate", "-v0")
    portale.manage("createcachetable")


@contextlib.contextmanager
def sito_servito(portale: Portale, cartella: Path):
    """The portal served as in production, by several processes; gives its address. Its log is
    ``server.log`` in the folder."""
    with socket.socket() as libera:
        libera.bind(("127.0.0.1", 0))
        porta = libera.getsockname()[1]
    portale.manage("collectstatic", "--noinput", "-v0")
    with (cartella / "server.log").open("w") as registro:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "avvia", "--solo", "web", "--porta", str(porta)],
            cwd=RADICE,
            env=portale.env,
            stdout=registro,
            stderr=registro,
            start_new_session=True,
        )
        base = f"http://127.0.0.1:{porta}"
        try:
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"{base}/salute/viva/", timeout=2)
                    break
                except (urllib.error.URLError, TimeoutError, ConnectionError):
                    assert server.poll() is None, "the server did not start"
                    time.sleep(0.25)
            yield base
        finally:
            server.terminate()
            server.wait(timeout=20)
