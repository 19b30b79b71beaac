import secrets
from datetime import timedelta

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from eventi import services
from eventi.models import Incontro
from eventi.promemoria import REGOLE_PREDEFINITE, imposta_promemoria
from percorso.models import Fase, Percorso
from portale.lib.dates import a_roma


class Command(BaseCommand):
    help = (
        "Makes a published meeting that is open for registration, to try or to measure the "
        "portal, and prints its address (slug) only."
    )

    def add_arguments(self, parser):
        parser.add_argument("--posti", type=int, default=30, help="seats (default: 30)")
        parser.add_argument(
            "--tra-ore", type=int, default=48, help="hours from now to the start (default: 48)"
        )

    def handle(self, *, posti, tra_ore, **options):
        if posti < 1 or tra_ore < 1:
            raise CommandError("--posti and --tra-ore must be at least 1.")
        adesso = timezone.now()
        inizio = adesso.replace(second=0, microsecond=0) + timedelta(hours=tra_ore)
        with transaction.atomic():
            percorso = percorso_aperto(adesso)
            incontro = Incontro.objects.create(
                percorso=percorso,
                genere=Incontro.Genere.ALTRO,
                titolo="Incontro di prova",
                slug=f"prova-{a_roma(adesso):%Y%m%d}-{secrets.token_hex(4)}",
                descrizione="Serve solo a provare il portale: questo incontro non si tiene.",
                inizio=inizio,
                fine=inizio + timedelta(hours=2),
                posti=posti,
            )
            imposta_promemoria(incontro, REGOLE_PREDEFINITE)
            services.pubblica(incontro, autore=None, adesso=adesso)
        self.stdout.write(incontro.slug)


def percorso_aperto(adesso) -> Percorso:
    """A percorso whose stages let people register now: an example if there is one, so that real
    pages stay clean. Outside production one is made when there is none."""
    oggi = a_roma(adesso).date()
    for percorso in Percorso.objects.attivi().with_fasi().order_by("-esempio", "-inizio", "-pk"):
        if percorso.apre("iscrizioni", oggi):
            return percorso
    if settings.PRODUZIONE:
        raise CommandError(
            "No percorso is open for registration today: open one in the admin (a stage that "
            "opens registrations, with dates around today)."
        )
    percorso = Percorso.objects.create(
        titolo="Esempio: prova del portale",
        slug=f"prova-{secrets.token_hex(4)}",
        sintesi="Serve solo a provare il portale.",
        stato=Percorso.Stato.ATTIVO,
        inizio=oggi,
        esempio=True,
    )
    Fase.objects.create(
        percorso=percorso, ordine=1, titolo="Prova", inizio=oggi, apre_iscrizioni=True
    )
    return percorso
