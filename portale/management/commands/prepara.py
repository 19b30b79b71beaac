"""Everything that must be ready before the portal is served."""

import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Brings the database up to date, makes the cache table and collects the static files; "
        "in the demo also loads the 2023 percorso and the example cycle. Safe to repeat."
    )
    requires_system_checks = []

    def handle(self, **options):
        self.stdout.write("Database: migrations and cache table")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        self._collect_static()
        if settings.DEMO:
            self.stdout.write("Data: the 2023 percorso")
            call_command("carica_percorso", verbosity=0)
            self.stdout.write("Data: the example cycle, with dates around today")
            call_command("carica_demo", verbosity=0)

    def _collect_static(self):
        """Collect and compress only when a file came, went or changed: it takes seconds."""
        impronta = hashlib.sha256()
        trovati = [trovato for finder in get_finders() for trovato in finder.list(None)]
        for path, storage in sorted(trovati, key=lambda trovato: trovato[0]):
            stat = (storage.size(path), storage.get_modified_time(path))
            impronta.update(f"{path} {stat}\n".encode())
        segno = settings.STATIC_ROOT / ".impronta"
        if segno.is_file() and segno.read_text() == impronta.hexdigest():
            return
        self.stdout.write("Static files: collecting and compressing")
        for path, _ in trovati:
            # Or a changed file that bears an older date would be left out. Copies named by their
            # content stay: pages that somebody has open ask for them.
            (settings.STATIC_ROOT / path).unlink(missing_ok=True)
        call_command("collectstatic", verbosity=0, interactive=False)
        segno.write_text(impronta.hexdigest())
