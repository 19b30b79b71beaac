from celery import shared_task
from django.utils import timezone

from . import services


@shared_task
def lavora():
    """Read and write the sheets that wait. Running it twice, or twice at once, is harmless."""
    services.lavora(timezone.now())
