"""The scheduler: it gives its ticks to the worker, and does the work itself when it can not.

With Redis, a tick is a task for the worker. Without Redis, or while Redis does not answer, or
while no worker has been heard of, the tick runs here, inside the scheduler: mails leave anyway,
because what is due lives in the database.
"""

import logging
import time
from datetime import timedelta

import redis
from celery.beat import Scheduler
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from portale.lib.connessioni import rinnova_connessioni
from portale.lib.interruttore import Interruttore

from .models import Battito

logger = logging.getLogger(__name__)

# A worker that has been silent for this long (longer than its longest tick) is taken for dead.
SILENZIO_DEL_LAVORATORE = timedelta(seconds=75)


class Pianificatore(Scheduler):
    """Beat's scheduler with its schedule in memory and no duty to reach the broker."""

    # Not built by beat: making it would wait for the broker, for ever if need be.
    producer = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.broker = Interruttore(5, massimo=15)
        self.partito = time.monotonic()
        self._redis = None

    def tick(self, *args, **kwargs):
        adesso = timezone.now()
        self._nel_database(lambda: Battito.objects.batti("pianificatore", adesso))
        return super().tick(*args, **kwargs)

    def apply_entry(self, entry, producer=None):
        task = self.app.tasks[entry.task]
        if not self._affida(task, entry):
            try:
                task.apply(entry.args, entry.kwargs, throw=True)
            except Exception:
                # The next tick comes anyway; nobody else would tell.
                logger.exception("The tick %s failed", entry.name)

    def _affida(self, task, entry) -> bool:
        """Give the tick to the worker, if there is a broker and a worker."""
        if self.app.conf.task_always_eager or self.broker.aperto():
            return False
        try:
            # Asked first with a short timeout of our own: publishing would try for longer.
            self._ping()
            task.apply_async(entry.args, entry.kwargs, **entry.options)
        except Exception as errore:  # noqa: BLE001 (whatever the broker does, we go on)
            self.broker.guasto()
            logger.warning("The broker does not answer, the scheduler does the work: %s", errore)
            return False
        self.broker.riuscito()
        return self._lavoratore_vivo()

    def _ping(self) -> None:
        if self._redis is None:
            self._redis = redis.Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=0.3,
                socket_connect_timeout=0.3,
                retry=Retry(NoBackoff(), 0),
            )
        self._redis.ping()

    def _lavoratore_vivo(self) -> bool:
        adesso = timezone.now()
        visto = self._nel_database(
            lambda: Battito.objects.filter(
                nome="lavoratore", visto_at__gt=adesso - SILENZIO_DEL_LAVORATORE
            ).exists()
        )
        # Just started: it may be starting too.
        giovane = time.monotonic() - self.partito < SILENZIO_DEL_LAVORATORE.total_seconds()
        return visto or giovane

    def _nel_database(self, fai):
        rinnova_connessioni()
        try:
            return fai()
        except DatabaseError:
            logger.exception("The scheduler can not reach the database")
            return None
        finally:
            rinnova_connessioni()
