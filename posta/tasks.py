from celery import shared_task
from celery.signals import worker_shutting_down
from django.utils import timezone

from .consegna import fermata, spedisci_dovuti
from .models import Battito


@shared_task(bind=True)
def spedisci(self):
    """Deliver what is due, for at most 50 seconds: the next tick goes on."""
    if not self.request.is_eager:
        Battito.objects.batti("lavoratore", timezone.now())
    spedisci_dovuti(secondi=50)


@worker_shutting_down.connect
def smetti(**kwargs):
    """A worker that is told to stop ends after the mail in hand, not after the queue."""
    fermata.set()
