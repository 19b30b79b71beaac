from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import close_old_connections
from django.utils import timezone

from .consegna import fermata, spedisci_dovuti
from .models import Battito


@shared_task(bind=True)
def spedisci(self):
    """Deliver what is due, for at most 50 seconds: the next tick goes on."""
    close_old_connections()
    try:
        if not self.request.is_eager:
            Battito.objects.batti("lavoratore", timezone.now())
        spedisci_dovuti(secondi=50)
    finally:
        close_old_connections()


@worker_shutting_down.connect
def smetti(**kwargs):
    """A worker that is told to stop ends after the mail in hand, not after the queue."""
    fermata.set()
