from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portale.demo.carica import DemoRifiutata, carica_demo
from portale.demo.scenario import PASSWORD


class Command(BaseCommand):
    help = (
        "Loads the example cycle, with dates around today, and the demo accounts. Where it is "
        "loaded already it changes nothing. Production refuses it."
    )

    def handle(self, *, verbosity, **options):
        if settings.PRODUZIONE:
            raise CommandError(
                "This is production: the demo's accounts have a password that everybody knows. "
                "Set DEMO=on where you want to try the portal, with a database of its own."
            )
        try:
            esito = carica_demo(adesso=timezone.now())
        except DemoRifiutata as errore:
            raise CommandError(str(errore)) from errore
        if esito.finita:
            # Said in any case: who runs the demo wonders why it is empty.
            self.stdout.write(
                "The example cycle is there, but all its meetings are over. To renew it: "
                "`manage.py rimuovi_demo`, then `manage.py carica_demo`."
            )
        elif verbosity and esito.caricata:
            incontri = esito.percorso.incontri
            iscrizioni = sum(incontro.iscrizioni.count() for incontro in incontri.all())
            self.stdout.write(
                f"{esito.percorso}: {incontri.count()} meetings, {iscrizioni} registrations. "
                f"The accounts' password is {PASSWORD}."
            )
        elif verbosity:
            self.stdout.write(f"{esito.percorso}: already there, nothing was changed.")
