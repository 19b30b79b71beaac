"""Several real processes deliver from one database, and are killed while they do."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from posta.models import Messaggio
from posta.services import accoda_molti

from .smtp import ServerDiProva

MAIL = 600
PROCESSI = 3
UCCISIONI = 5
LEASE = 4


class Operai:
    """Delivering processes; leaving ends them all."""

    def __init__(self, smtp):
        self.ambiente = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "DATABASE_NAME": str(connection.settings_dict["NAME"]),
            "SMTP": "{}:{}".format(*smtp.indirizzo),
            "LEASE": str(LEASE),
        }
        self.vivi = []

    def assumi(self):
        self.vivi.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.posta.operaio"],
                env=self.ambiente,
                cwd=settings.BASE_DIR,
                stderr=subprocess.DEVNULL,
            )
        )

    def uccidi(self):
        vittima = self.vivi.pop(random.randrange(len(self.vivi)))
        assert vittima.poll() is None, "a process ended by itself"
        vittima.send_signal(signal.SIGKILL)
        vittima.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        while self.vivi:
            self.uccidi()


def wait_until(condition, seconds):
    fine = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < fine, "it took too long"
        time.sleep(0.01)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("genere")
def test_killed_processes_lose_no_mail_and_repeat_at_most_one_each():
    adesso = timezone.now() - timedelta(minutes=1)
    righe = [
        Messaggio(
            genere="prova", destinatario=f"persona{n}@example.org", chiave=f"gara:{n}",
            lingua="it", dovuto_at=adesso,
        )
        for n in range(MAIL)
    ]  # fmt: skip
    assert accoda_molti(righe, adesso=adesso) == MAIL
    with ServerDiProva() as smtp, Operai(smtp) as operai:
        # Slow enough that a process is killed at work, not before or after.
        smtp.ritardo = 0.005
        for _ in range(PROCESSI):
            operai.assumi()
        for uccisione in range(1, UCCISIONI + 1):
            soglia = uccisione * MAIL // (UCCISIONI + 2)
            wait_until(lambda soglia=soglia: len(smtp.arrivati) >= soglia, 20)
            time.sleep(random.uniform(0, 0.05))
            operai.uccidi()
            operai.assumi()
        wait_until(lambda: not Messaggio.objects.in_coda().exists(), 20)
    assert set(smtp.destinatari) == {riga.destinatario for riga in righe}
    assert smtp.ripetuti() <= UCCISIONI
    assert Messaggio.objects.filter(stato=Messaggio.Stato.INVIATO).count() == MAIL
    assert not Messaggio.objects.exclude(lease_token="").exists()
