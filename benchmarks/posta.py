"""How fast the outbox delivers, and what it loses when its processes are killed.

    python benchmarks/posta.py [--mail 5000] [--processi 2] [--uccisioni 5]

Against a mail server in this process, on a database of its own (SQLite in a temporary folder, or
the empty PostgreSQL database that DATABASE_URL names), it measures in one run:

* a bare smtplib loop in one process, one connection: the ratio's 1.00;
* the outbox, one process;
* the outbox, several processes, of which some are killed with SIGKILL at random moments.

It fails when a mail is lost, or when more mails are repeated than processes were killed.
"""

import argparse
import email
import os
import random
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller

RADICE = Path(__file__).resolve().parent.parent
LEASE = 5.0


class Ricevente:
    """A mail server that keeps nothing but the mails' names."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as libero:
            self.indirizzo = libero.getsockname()
        self.arrivati = []
        self._controller = Controller(self, hostname=self.indirizzo[0], port=self.indirizzo[1])

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd's name)
        testa = envelope.content.split(b"\r\n\r\n", 1)[0]
        self.arrivati.append(email.message_from_bytes(testa)["Message-ID"])
        return "250 OK"

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *exc):
        self._controller.stop(no_assert=True)

    def aspetta(self, quanti, secondi=600):
        fine = time.monotonic() + secondi
        while len(self.arrivati) < quanti:
            if time.monotonic() > fine:
                sys.exit(f"Only {len(self.arrivati)} of {quanti} mails arrived.")
            time.sleep(0.005)


# --- The measured processes -----------------------------------------------------------------


def ciclo_nudo(quanti, porta):
    """The same mail as the outbox's, built and sent with the standard library alone."""
    testo, html = Path(os.environ["MAIL_TESTO"]).read_text().split("\0")
    with smtplib.SMTP("127.0.0.1", porta, local_hostname="localhost") as server:
        for numero in range(quanti):
            messaggio = EmailMessage()
            messaggio["Subject"] = "Scegli una nuova password"
            messaggio["From"] = "laboratori@example.org"
            messaggio["To"] = f"persona{numero}@example.org"
            messaggio["Message-ID"] = f"<{numero}@example.org>"
            messaggio.set_content(testo)
            messaggio.add_alternative(html, subtype="html")
            server.send_message(messaggio)


def prepara_django(porta=0):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portale.settings")
    sys.path.insert(0, str(RADICE))
    import django

    django.setup()
    from django.conf import settings

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", porta
    settings.EMAIL_TIMEOUT = 15


def operaio(porta):
    """One delivering process: what the scheduler's tick does, again and again."""
    prepara_django(porta)
    from datetime import timedelta

    from posta import consegna

    # Not five minutes: the benchmark must see what killed processes held leave again.
    consegna.DURATA_LEASE = timedelta(seconds=LEASE)
    while True:
        consegna.spedisci_dovuti()
        time.sleep(0.02)


# --- The runs -------------------------------------------------------------------------------


def accoda(quanti, giro):
    from django.utils import timezone

    from accounts.emails import ACCOUNT
    from posta.models import Messaggio
    from posta.services import accoda_molti

    testo, html = Path(os.environ["MAIL_TESTO"]).read_text().split("\0")
    adesso = timezone.now()
    righe = [
        Messaggio(
            genere=ACCOUNT,
            destinatario=f"persona{numero}@example.org",
            chiave=f"benchmark:{giro}:{numero}",
            parametri={"oggetto": "Scegli una nuova password", "testo": testo, "html": html},
            dovuto_at=adesso,
        )
        for numero in range(quanti)
    ]
    assert accoda_molti(righe, adesso=adesso) == quanti


class Processi:
    def __init__(self, *argomenti):
        self.comando = [sys.executable, __file__, *map(str, argomenti)]
        self.vivi = []

    def avvia(self):
        self.vivi.append(subprocess.Popen(self.comando, cwd=RADICE))

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


def misura(ricevente, quanti, avvia, uccisioni=0, rimpiazza=None):
    """Mails per second from the first arrival to the last, starting up left out."""
    ricevente.arrivati.clear()
    avvia()
    ricevente.aspetta(1)
    inizio = time.perf_counter()
    for uccisione in range(1, uccisioni + 1):
        ricevente.aspetta(uccisione * quanti // (uccisioni + 2))
        time.sleep(random.uniform(0, 0.05))
        rimpiazza()
    ricevente.aspetta(quanti)
    return quanti / (time.perf_counter() - inizio)


def finita():
    from posta.models import Messaggio

    fine = time.monotonic() + 60
    while Messaggio.objects.in_coda().exists():
        if time.monotonic() > fine:
            sys.exit(f"{Messaggio.objects.in_coda().count()} mails are still queued.")
        time.sleep(0.05)


def confronta(mail, processi, uccisioni):
    prepara_django()
    from django.core.management import call_command
    from django.db import connection

    from portale.lib.emails import rendi

    call_command("migrate", verbosity=0)
    _oggetto, testo, html = rendi(
        *(f"account/email/password_reset_key_{parte}" for parte in PARTI),
        {"password_reset_url": "https://laboratori.example.org/accounts/password/reset/key/x/"},
    )
    Path(os.environ["MAIL_TESTO"]).write_text(f"{testo}\0{html}")

    with Ricevente() as ricevente:
        porta = ricevente.indirizzo[1]
        with Processi("--ruolo", "nudo", "--mail", mail, "--porta", porta) as nudo:
            base = misura(ricevente, mail, nudo.avvia)
            nudo.vivi.pop().wait()
        righe = [("bare smtplib loop, 1 process", base, "", "")]

        accoda(mail, 1)
        with Processi("--ruolo", "operaio", "--porta", porta) as operai:
            uno = misura(ricevente, mail, operai.avvia)
            finita()
        righe.append(("outbox, 1 process", uno, 0, len(ricevente.arrivati) - mail))

        accoda(mail, 2)
        with Processi("--ruolo", "operaio", "--porta", porta) as operai:

            def avvia():
                for _ in range(processi):
                    operai.avvia()

            def rimpiazza():
                operai.uccidi()
                operai.avvia()

            ucciso = misura(ricevente, mail, avvia, uccisioni, rimpiazza)
            finita()
    conti = Counter(ricevente.arrivati)
    persi, ripetuti = mail - len(conti), sum(conti.values()) - len(conti)
    righe.append((f"outbox, {processi} processes, {uccisioni} SIGKILLs", ucciso, persi, ripetuti))

    print(f"\n{mail} mails of {len(testo) + len(html)} characters, {connection.vendor}")
    print(f"{'':44}{'mails/s':>8}{'ratio':>7}{'lost':>6}{'repeated':>10}")
    for nome, ritmo, persi_, ripetuti_ in righe:
        print(f"{nome:44}{ritmo:8.0f}{ritmo / base:7.2f}{persi_:>6}{ripetuti_:>10}")
    return 1 if persi or ripetuti > uccisioni else 0


PARTI = ("subject.txt", "message.txt", "message.html")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mail", type=int, default=5000)
    parser.add_argument("--processi", type=int, default=2)
    parser.add_argument("--uccisioni", type=int, default=5)
    parser.add_argument("--ruolo", choices=["nudo", "operaio"], help=argparse.SUPPRESS)
    parser.add_argument("--porta", type=int, help=argparse.SUPPRESS)
    scelte = parser.parse_args()
    if scelte.ruolo == "nudo":
        return ciclo_nudo(scelte.mail, scelte.porta)
    if scelte.ruolo == "operaio":
        return operaio(scelte.porta)
    with tempfile.TemporaryDirectory() as cartella:
        os.environ |= {
            "DEMO": "on",
            "DEBUG": "off",
            "LOG_LEVEL": "ERROR",
            "REDIS_URL": "",
            "VAR_DIR": cartella,
            "MAIL_TESTO": f"{cartella}/mail",
        }
        return confronta(scelte.mail, scelte.processi, scelte.uccisioni)


if __name__ == "__main__":
    sys.exit(main())
