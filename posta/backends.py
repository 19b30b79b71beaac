"""Mail that goes nowhere: the demo's."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class EmailBackend(BaseEmailBackend):
    """Keep each mail as a file of its own, whole or not at all; the names sort by time."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cartella = Path(settings.EMAIL_FILE_PATH)

    def open(self):
        self.cartella.mkdir(parents=True, exist_ok=True)
        return True

    def send_messages(self, email_messages):
        self.open()
        for email in email_messages:
            testo = email.message().as_bytes(linesep="\r\n")
            nome = f"{timezone.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"
            provvisorio = self.cartella / f".{nome}"
            provvisorio.write_bytes(testo)
            os.replace(provvisorio, self.cartella / nome)
        return len(email_messages)
