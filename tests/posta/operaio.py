"""One delivering process of the concurrency test, made to be killed.

Environment: DATABASE_NAME (the test's own database), SMTP (host:port), LEASE (seconds).
"""

import os
import sys
import time
from datetime import timedelta

import django
from django.conf import settings


def main():
    settings.DATABASES["default"]["NAME"] = os.environ["DATABASE_NAME"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, _due_punti, porta = os.environ["SMTP"].partition(":")
    settings.EMAIL_PORT = int(porta)
    django.setup()

    from posta import consegna
    from posta.generi import Composto, genere

    @genere("prova")
    def prova(messaggio, adesso):
        return Composto(f"Prova {messaggio.pk}", "Testo", "<p>Testo</p>")

    # Five minutes would be a long test: what a killed process held is free again in a moment.
    consegna.DURATA_LEASE = timedelta(seconds=float(os.environ["LEASE"]))
    while True:
        consegna.spedisci_dovuti()
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
