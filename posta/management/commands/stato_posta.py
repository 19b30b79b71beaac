import json

from django.core.management.base import BaseCommand
from django.utils import timezone

from posta.services import conteggi, situazione


class Command(BaseCommand):
    help = "Print the state of the outbox as JSON: counts, the oldest due mail, heartbeats."

    def handle(self, *args, **options):
        adesso = timezone.now()
        stato = situazione(adesso)
        piu_vecchio = stato["piu_vecchio"]
        self.stdout.write(
            json.dumps(
                {
                    **conteggi(),
                    "piu_vecchio_dovuto": piu_vecchio and piu_vecchio.isoformat(),
                    "piu_vecchio_secondi": stato["eta_coda"],
                    "in_ritardo": stato["in_ritardo"],
                    "battiti": stato["battiti"],
                    "ok": stato["ok"],
                },
                indent=2,
            )
        )
