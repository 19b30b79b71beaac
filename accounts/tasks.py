from celery import shared_task
from django.utils import timezone

from . import conservazione, sessioni

# A tick without a worker runs inside the scheduler, and the mails wait for it.
SECONDI = 20


@shared_task
def conserva():
    """The nightly purge, a piece at each tick until it is done. Running it twice, or twice at
    once, is harmless."""
    adesso = timezone.now()
    if conservazione.dovuta(adesso):
        conservazione.pulisci(adesso, secondi=SECONDI)


@shared_task
def pulisci():
    """Forget the sessions that are over. Running it twice, or twice at once, is harmless."""
    sessioni.pulisci(timezone.now())
