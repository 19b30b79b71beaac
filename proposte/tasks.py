from celery import shared_task
from django.utils import timezone

from . import conteggi


@shared_task
def conta():
    """Count again the proposals that were supported or commented since the last time."""
    conteggi.riconta(timezone.now())


@shared_task
def avvisi():
    """Queue what falls due by the clock: the digests of the week, the moderators' one."""
