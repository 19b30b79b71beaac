"""The portal as a whole: the web server, the scheduler and, with Redis, the mail worker."""

import http.client
import os
import socket
import sys

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from portale.demo.scenario import PASSWORD, leggi_scenario
from portale.supervisore import Supervisore


class Command(BaseCommand):
    help = (
        "Serves the portal until Ctrl-C: production web server, scheduler and (with REDIS_URL) "
        "mail worker, each restarted if it dies. With --solo, one of them alone."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--indirizzo", default="127.0.0.1", help="address to listen at")
        parser.add_argument("--porta", type=int, default=8000, help="port to listen at")
        parser.add_argument(
            "--solo",
            choices=["web", "scheduler", "worker"],
            help="run this process alone, in place of this command (containers, systemd)",
        )

    def handle(self, *, indirizzo, porta, solo, **options):
        if settings.DEBUG and not settings.DEMO:
            raise CommandError(
                "DEBUG is on: this command serves the public, and DEBUG shows the portal's "
                "insides to anyone. Unset DEBUG, or use `manage.py runserver` to develop."
            )
        if solo in (None, "web"):
            self._porta_libera(indirizzo, porta)
        self._controlla()
        comandi = comandi_dei_processi(indirizzo, porta)
        connections.close_all()
        for connessione in connections.all(initialized_only=True):
            if hasattr(connessione, "close_pool"):
                connessione.close_pool()
        if solo:
            if solo not in comandi:
                raise CommandError("Without REDIS_URL there is no worker: the scheduler sends.")
            self.stdout.flush()
            os.execv(comandi[solo][0], comandi[solo])  # noqa: S606 - no shell is wanted
        attesa = Annuncio(indirizzo, porta, self._scrivi)
        Supervisore(comandi, self._scrivi).esegui(attesa.guarda)
        self._scrivi("Everything has ended.")

    def _scrivi(self, riga):
        self.stdout.write(riga)
        self.stdout.flush()

    def _porta_libera(self, indirizzo, porta):
        """Looked at here because the server shares ports: two would answer in turn."""
        famiglia = socket.AF_INET6 if ":" in indirizzo else socket.AF_INET
        with socket.socket(famiglia, socket.SOCK_STREAM) as prova:
            prova.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                prova.bind((indirizzo, porta))
            except (OSError, OverflowError) as errore:
                raise CommandError(
                    f"Cannot listen at {indirizzo}:{porta} ({errore}). If something else is "
                    f"already there, choose another port: make run PORT={porta % 60000 + 1}"
                ) from errore

    def _controlla(self):
        if settings.PRODUZIONE:
            call_command("check", deploy=True, databases=["default"])
        executor = MigrationExecutor(connections["default"])
        if piano := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                f"The database is {len(piano)} migrations behind this code. "
                "Back it up, then run `manage.py prepara`."
            )
        if not (settings.STATIC_ROOT / "staticfiles.json").is_file():
            raise CommandError("The static files are not collected: run `manage.py prepara`.")


def comandi_dei_processi(indirizzo, porta):
    """Name → command line of each long-running process, the same everywhere."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "portale", "--quiet"]
    comandi = {
        "web": [
            *python,
            "granian",
            *("--interface", "wsgi", "--http", "1", "--no-ws"),
            *("--host", indirizzo, "--port", str(porta)),
            *("--workers", str(settings.WEB_WORKERS)),
            *("--blocking-threads", str(settings.WEB_THREADS)),
            # Without this one killed worker would end the whole server.
            *("--respawn-failed-workers", "--respawn-interval", "0.2"),
            *("--workers-kill-timeout", "5", "--log-level", "error"),
            "portale.wsgi:application",
        ],
        "scheduler": [*celery, "beat", "--loglevel", "WARNING"],
    }
    if settings.REDIS_URL:
        comandi["worker"] = [*celery, "worker", "--pool", "solo", "--loglevel", "WARNING"]
    return comandi


class Annuncio:
    """Says where the portal is, once, as soon as it answers there."""

    def __init__(self, indirizzo, porta, scrivi):
        self.indirizzo = indirizzo
        self.porta = porta
        self.scrivi = scrivi
        self.detto = False

    def guarda(self):
        if not self.detto and self._risponde():
            self.detto = True
            self._annuncia()

    def _risponde(self):
        qui = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.indirizzo, self.indirizzo)  # noqa: S104
        connessione = http.client.HTTPConnection(qui, self.porta, timeout=1)
        try:
            # Any answer will do: a refused Host is an answer too.
            connessione.request("GET", "/salute/viva/")
            connessione.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connessione.close()
        return True

    def _annuncia(self):
        self.scrivi(f"\nThe portal is at {settings.BASE_URL}/")
        if settings.DEMO:
            self.scrivi(f"Its mails can be read at {settings.BASE_URL}/posta-demo/")
            self.scrivi(f"\nDemo accounts, password {PASSWORD}:")
            for conto in leggi_scenario()["conti"]:
                self.scrivi(f"  {conto['email']:<24}{conto['nome']}")
        self.scrivi("\nCtrl-C ends everything.")
