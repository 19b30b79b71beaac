from django.core.management.base import BaseCommand
from django.utils import timezone

from portale.demo.rimuovi import rimuovi_demo


class Command(BaseCommand):
    help = (
        "Takes away the example cycle, its accounts and every registration to its meetings, and "
        "nothing else. Works in production too, to clean a database that must not have them."
    )

    def handle(self, *, verbosity, **options):
        tolte = rimuovi_demo(adesso=timezone.now())
        if not verbosity:
            return
        if not tolte:
            self.stdout.write("There was no demo to take away.")
        for model, quante in sorted(tolte.items()):
            self.stdout.write(f"{quante:>5}  {model}")
