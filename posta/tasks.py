from celery import shared_task
from django.db import close_old_connections

from .consegna import spedisci_dovuti


@shared_task
def spedisci():
    """Deliver what is due, for at most 50 seconds: the next tick goes on."""
    close_old_connections()
    try:
        spedisci_dovuti(secondi=50)
    finally:
        close_old_connections()
