import logging

from celery import shared_task
from django.utils import timezone

from .services import (
    esami,
    esami_avvisi,
    procedure,
    sedute,
    sedute_avvisi,
    sedute_programma,
    verbali,
    verbali_avvisi,
)

logger = logging.getLogger(__name__)


@shared_task
def passo():
    """What time alone brings about at the Tavolo: reminders that fall due, windows that close.

    The scheduler runs it every minute; running it twice, or twice at once, is harmless.
    """
    adesso = timezone.now()
    for parte in PARTI:
        try:
            parte(adesso)
        except Exception:
            # Minutes that cannot be set must not keep back the reminders: the others go on, and
            # this one is tried again at the next turn.
            logger.exception("%s failed", parte.__qualname__)


# Each a function of the moment, in the order in which they run.
PARTI = (
    esami.chiudi_orfani,
    esami_avvisi.accoda_promemoria,
    procedure.chiudi_scadute,
    procedure.ricorda,
    sedute_programma.convoca_programmate,
    sedute.segna_svolte,
    sedute_avvisi.accoda_promemoria,
    verbali.approva_per_silenzio,
    verbali_avvisi.accoda_impegni,
    verbali.pulisci_orfani,
)
