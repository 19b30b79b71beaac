import mailbox
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from posta.rimbalzi import leggi, rimbalzato


class Command(BaseCommand):
    help = (
        "Read the mailbox of the portal's sender (mbox file or Maildir) and mark the mails that "
        "came back. Safe to run often; --togli removes from the mailbox the reports it understood."
    )

    def add_arguments(self, parser):
        parser.add_argument("casella", type=Path)
        parser.add_argument("--togli", action="store_true")

    def handle(self, casella, togli, **options):
        if not casella.exists():
            raise CommandError(f"{casella} is not there.")
        tipo = mailbox.Maildir if casella.is_dir() else mailbox.mbox
        cassetta = tipo(casella, create=False)
        # Held while it is read: the mail server does not write into it meanwhile.
        cassetta.lock()
        try:
            chiavi = list(cassetta.keys())
            letti = leggi(cassetta.get_bytes(chiave) for chiave in chiavi)
            if togli:
                for chiave in chiavi:
                    if rimbalzato(cassetta.get_bytes(chiave)):
                        cassetta.remove(chiave)
                cassetta.flush()
        finally:
            cassetta.close()
        self.stdout.write(
            f"rimbalzati: {letti.segnati}, già segnati: {letti.gia_segnati}, altro: {letti.altro}"
        )
