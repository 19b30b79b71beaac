from celery import shared_task
from django.utils import timezone

from .promemoria import accoda_promemoria
from .services import libera_scaduti
from .solleciti import accoda_solleciti


@shared_task
def passo():
    """What time alone brings about: expired holds and offers, reminders that fall due, reports
    that are late.

    The scheduler runs it often; running it twice, or twice at once, is harmless.
    """
    adesso = timezone.now()
    libera_scaduti(adesso)
    accoda_promemoria(adesso)
    accoda_solleciti(adesso)
