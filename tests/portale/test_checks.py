"""What production refuses, looked at from outside as whoever installs the portal does."""

import os
import sqlite3
import subprocess
import sys

import pytest
from django.conf import settings as impostazioni
from django.core.checks import run_checks
from django.db import DatabaseError, connections

from tests.factories import (
    DisponibilitaFactory,
    PercorsoFactory,
    SedeFactory,
    UserFactory,
)

PRODUZIONE = {
    "SECRET_KEY": "K3y-of-a-test-0nly_" + "abcdefghijklmnopqrstuvwxyz0123456789-_",
    "ALLOWED_HOSTS": "laboratori.example.org",
    "BASE_URL": "https://laboratori.example.org",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
}
DA_TOGLIERE = (
    *("DEMO", "DEBUG", "RATE_LIMITS", "DATABASE_URL", "REDIS_URL", "TRUSTED_PROXIES"),
    "DJANGO_ALLOW_ASYNC_UNSAFE",  # which the browser tests need, and a check refuses
)


@pytest.fixture
def manage(tmp_path):
    """Runs manage.py in an environment of its own; answers with its exit code and its words."""

    def esegui(*args, **ambiente):
        base = {nome: v for nome, v in os.environ.items() if nome not in DA_TOGLIERE}
        env = base | PRODUZIONE | {"VAR_DIR": str(tmp_path)} | ambiente
        env["DJANGO_SETTINGS_MODULE"] = "portale.settings"
        fatto = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=impostazioni.BASE_DIR,
            env={nome: valore for nome, valore in env.items() if valore is not None},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return fatto.returncode, fatto.stdout + fatto.stderr

    return esegui


def check_di_produzione(settings):
    """The portal's own errors about the data, as production sees them."""
    settings.PRODUZIONE = True
    return {
        errore.id: errore.msg
        for errore in run_checks(tags=["database"], databases=["default"])
        if errore.id.startswith("portale.")
    }


# --- The environment ------------------------------------------------------------------------


def test_a_sane_production_is_clean_down_to_the_last_advice(manage):
    assert manage("check", "--deploy", "--database", "default", "--fail-level", "INFO") == (
        0,
        "System check identified no issues (0 silenced).\n",
    )


@pytest.mark.parametrize("nome", ["SECRET_KEY", "ALLOWED_HOSTS", "BASE_URL", "EMAIL_URL"])
def test_each_missing_variable_is_named_with_an_example(manage, nome):
    codice, parole = manage("check", **{nome: None})

    assert codice != 0
    assert f"{nome} is missing. In production set it in the environment" in parole
    assert f"{nome}=" in parole


@pytest.mark.parametrize(
    ("ambiente", "frase"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50 characters"),
        ({"SECRET_KEY": "changeme" * 8}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": "django-insecure-" + "a1b2c3d4e5f6g7h8" * 4}, "SECRET_KEY can be guessed"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS=* believes any Host"),
        ({"BASE_URL": "http://laboratori.example.org"}, "BASE_URL must start with https://"),
        ({"RATE_LIMITS": "off"}, "RATE_LIMITS=off is for load tests only"),
        ({"DEBUG": "on"}, "DEBUG is on at a public address"),
        ({"DEBUG": "on", "DEMO": "on"}, "DEBUG is on at a public address"),
    ],
)
def test_what_is_unsafe_stops_the_start_with_a_sentence(manage, ambiente, frase):
    codice, parole = manage("check", **ambiente)

    assert codice != 0
    assert frase in parole


def test_demo_data_stop_the_check_until_they_are_taken_away(manage, tmp_path):
    assert manage("migrate", "--verbosity", "0") == (0, "")
    with sqlite3.connect(tmp_path / "portale.sqlite3") as database:
        database.execute(
            "INSERT INTO eventi_sede (nome, indirizzo, citta, parcheggio, mezzi_pubblici, note, "
            "fonti, esempio) VALUES ('Sala di esempio', '', '', '', '', '', '[]', 1)"
        )
    database.close()

    codice, parole = manage("check", "--database", "default")

    assert codice != 0
    assert "(portale.E001) This database holds demo data (sedi)" in parole
    assert manage("rimuovi_demo") == (0, "    1  eventi.Sede\n")


def test_production_refuses_to_load_the_demo(manage):
    codice, parole = manage("carica_demo")

    assert codice != 0
    assert "CommandError: This is production" in parole


# --- The data -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fabbrica", "valori", "chi"),
    [
        (PercorsoFactory, {"esempio": True}, "percorsi"),
        (SedeFactory, {"esempio": True}, "sedi"),
        (DisponibilitaFactory, {"esempio": True}, "disponibilità"),
        (UserFactory, {"esempio": True}, "persone"),
        (UserFactory, {"email": "admin@example.org"}, "persone"),
    ],
)
def test_one_row_of_the_demo_is_enough(settings, fabbrica, valori, chi):
    fabbrica(**valori)

    assert check_di_produzione(settings) == {
        "portale.E001": f"This database holds demo data ({chi}): its accounts have a password "
        "that everybody knows."
    }


@pytest.mark.django_db
def test_real_data_are_no_demo(settings):
    PercorsoFactory()
    SedeFactory()
    DisponibilitaFactory()
    UserFactory()

    assert check_di_produzione(settings) == {}


@pytest.mark.django_db
def test_outside_production_the_demo_is_welcome(settings):
    PercorsoFactory(esempio=True)

    settings.PRODUZIONE = False

    assert run_checks(tags=["database"], databases=["default"]) == []


def test_a_database_that_does_not_answer_is_not_taken_for_a_clean_one(settings, monkeypatch):
    def muto():
        raise DatabaseError("connection refused\nIs the server running?")

    monkeypatch.setattr(connections["default"].introspection, "table_names", muto)

    assert check_di_produzione(settings) == {
        "portale.E004": "The database does not answer: connection refused"
    }


# --- The database's ways --------------------------------------------------------------------


def errori(codice):
    return [errore.msg for errore in run_checks(tags=["compatibility"]) if errore.id == codice]


@pytest.mark.skipif(
    connections["default"].vendor != "sqlite", reason="PostgreSQL has no such transaction mode"
)
def test_sqlite_must_begin_its_transactions_with_the_write_lock(monkeypatch):
    assert errori("portale.E002") == []

    monkeypatch.setitem(
        connections["default"].settings_dict["OPTIONS"], "transaction_mode", "DEFERRED"
    )

    assert errori("portale.E002") == [
        'The SQLite database "default" must open its transactions as IMMEDIATE.'
    ]


def test_no_transaction_is_opened_around_each_request(monkeypatch):
    assert errori("portale.E003") == []

    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)

    assert errori("portale.E003") == [
        'The database "default" has ATOMIC_REQUESTS on: each page would take the write lock.'
    ]
