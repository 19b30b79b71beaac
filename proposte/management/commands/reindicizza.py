from django.core.management.base import BaseCommand

from proposte.models import Bisogno, Proposta
from proposte.ricerca import reindicizza


class Command(BaseCommand):
    help = (
        "Works out again the stems that searches look into, where they are not those of the "
        "texts: after a change of the rule for Italian words (portale/lib/ricerca.py). It can "
        "run while the portal does, and again."
    )

    def handle(self, **options):
        for modello in (Proposta, Bisogno):
            corrette = reindicizza(modello)
            self.stdout.write(f"{modello._meta.verbose_name_plural}: {corrette}")
