from celery import shared_task
from django.utils import timezone

from importazioni import services as fogli

from . import allegati, coda, conteggi, riepiloghi


@shared_task
def conta():
    """Count again the proposals that were supported or commented since the last time."""
    conteggi.riconta(timezone.now())


@shared_task
def avvisi():
    """Queue what falls due by the clock: the moderators' list of the day, the digests of the
    week. Running it twice, or twice at once, is harmless."""
    adesso = timezone.now()
    coda.accoda_riepilogo(adesso)
    riepiloghi.accoda_riepiloghi(adesso)


@shared_task
def pulisci():
    """Delete the files that no row names (any more), and the sheets that nobody imported."""
    adesso = timezone.now()
    allegati.pulisci_orfani(adesso)
    fogli.pulisci(adesso)
