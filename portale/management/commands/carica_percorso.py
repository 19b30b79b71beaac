from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portale.caricamento import DatiNonValidi, carica, leggi


class Command(BaseCommand):
    help = (
        "Loads the percorso of 2023 from dati/percorso_2023.json (or another file of its shape). "
        "Its history is restored exactly as the file tells it; labs and venues are the office's: "
        "missing ones are made, empty fields filled in, nothing else is touched. Safe to repeat."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--file",
            type=Path,
            default=settings.BASE_DIR / "dati" / "percorso_2023.json",
            help="the file to load",
        )

    def handle(self, *, file, verbosity, **options):
        try:
            dati = leggi(file)
            conteggi = carica(dati)
        except DatiNonValidi as errore:
            righe = "\n".join(f"  {riga}" for riga in errore.errori)
            raise CommandError(f"{file.name} was not loaded:\n{righe}") from errore
        if verbosity:
            fatto = ", ".join(f"{quante} {esito}" for esito, quante in conteggi.items())
            self.stdout.write(f"{dati['percorso']['titolo']}: {fatto}.")
