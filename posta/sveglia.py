"""Wake the worker after a commit: a favour, never a duty.

The row is in the database and the scheduler looks there anyway; with Redis a wake-up saves the
few seconds until it does. So this may fail, but not raise, and not keep a person waiting: the
broker is asked from a thread of its own, and a broker that does not answer is left alone for
half a minute.
"""

import logging
import os
import threading

from celery import current_app
from django.conf import settings

from portale.lib.interruttore import Interruttore

logger = logging.getLogger(__name__)

COMPITO = "posta.tasks.spedisci"
# A wake-up that nobody heard in time is worth nothing: the next look has come.
SCADENZA = 60


class _Campanello:
    """Many rings in a row make one wake-up."""

    def __init__(self):
        self.broker = Interruttore(30)
        self._da_suonare = threading.Event()
        self._chiuso = threading.Lock()
        self._filo = None
        self._pid = None

    def suona(self) -> None:
        if self.broker.aperto():
            return
        self._da_suonare.set()
        # A forked child has the object but not the thread.
        if self._filo is None or self._pid != os.getpid() or not self._filo.is_alive():
            with self._chiuso:
                self._pid = os.getpid()
                self._filo = threading.Thread(target=self._ciclo, name="sveglia", daemon=True)
                self._filo.start()

    def _ciclo(self) -> None:
        while self._da_suonare.wait():
            self._da_suonare.clear()
            try:
                current_app.send_task(COMPITO, expires=SCADENZA)
            except Exception as errore:  # noqa: BLE001 (the scheduler looks anyway)
                self.broker.guasto()
                logger.warning("The broker can not be asked to wake the worker: %s", errore)


_campanello = _Campanello()


def sveglia() -> None:
    """Ask the worker to look at the queue now. Returns at once and never raises."""
    if settings.REDIS_URL:
        _campanello.suona()
