from celery import shared_task
from django.utils import timezone

from . import allegati, conteggi


@shared_task
def conta():
    """Count again the proposals that were supported or commented since the last time."""
    conteggi.riconta(timezone.now())


@shared_task
def avvisi():
    """Queue what falls due by the clock: the digests of the week, the moderators' one."""


@shared_task
def pulisci():
    """Delete the files that no row names (any more)."""
    allegati.pulisci_orfani(timezone.now())
