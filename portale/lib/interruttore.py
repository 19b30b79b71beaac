"""A circuit breaker: who did not answer a moment ago is not asked again for a while."""

import time


class Interruttore:
    """Open for ``pausa`` seconds after a failure; each further failure in a row doubles the
    pause, up to ``massimo``. One success closes it.

    It belongs to one process, and its threads share it without a lock: the worst that a race
    can do is one more attempt.
    """

    def __init__(self, pausa: float, massimo: float | None = None):
        self.pausa = pausa
        self.massimo = massimo or pausa
        self.riuscito()

    def aperto(self) -> bool:
        """Whether to leave it alone for now."""
        return time.monotonic() < self._fino_a

    def guasto(self) -> None:
        """It did not answer."""
        self._fino_a = time.monotonic() + self._prossima
        self._prossima = min(self._prossima * 2, self.massimo)

    def riuscito(self) -> None:
        """It answered."""
        self._fino_a = 0.0
        self._prossima = self.pausa
