"""Keeps the portal's long-running processes alive, and ends them all together.

Each child leads a process session of its own, so that whatever it has started in turn (the
server's workers) can be ended with it: nothing is left behind, however a child dies.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

PAUSA_MASSIMA = 30.0
# A child that lived this long was well: its next restart is immediate again.
VITA_SANA = 60.0
# Long enough for the requests in flight. A mail batch that takes longer is cut: what it had
# not marked as sent is taken over when its lease ends.
TEMPO_PER_FINIRE = 8.0
_FINE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


def _end_with_parent():
    """In the child: be told to end if the supervisor is killed outright (Linux only)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Figlio:
    """One command that should always be running."""

    def __init__(self, nome: str, comando: Sequence[str]):
        self.nome = nome
        self.comando = comando
        self.processo: subprocess.Popen | None = None
        self.partito = 0.0
        self.riparte = 0.0
        self.pausa = 0.5

    def avvia(self) -> None:
        self.partito = time.monotonic()
        self.processo = subprocess.Popen(  # noqa: S603 - our own commands
            self.comando,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=_end_with_parent if os.uname().sysname == "Linux" else None,
        )

    def finito(self) -> bool:
        """Whether it has ended. Not reaped yet, so that its group's number stays its own."""
        return bool(
            self.processo
            and os.waitid(os.P_PID, self.processo.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        )

    def segnala(self, segnale: int) -> None:
        """To the whole group."""
        if self.processo:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.processo.pid, segnale)

    def seppellisci(self) -> int:
        """End what is left of its group, reap it, and answer with its exit code."""
        self.segnala(signal.SIGKILL)
        codice = self.processo.wait()
        self.processo = None
        if time.monotonic() - self.partito > VITA_SANA:
            self.pausa = 0.5
        self.riparte = time.monotonic() + self.pausa
        self.pausa = min(self.pausa * 2, PAUSA_MASSIMA)
        return codice


class Supervisore:
    """Runs ``comandi`` (name → command line) until Ctrl-C, SIGTERM or SIGHUP."""

    def __init__(self, comandi: Mapping[str, Sequence[str]], scrivi: Callable[[str], None]):
        self.figli = [Figlio(nome, comando) for nome, comando in comandi.items()]
        self.scrivi = scrivi
        self.da_fermare = False

    def _ferma(self, *args) -> None:
        self.da_fermare = True

    def esegui(self, ogni_giro: Callable[[], None] = lambda: None, giro: float = 0.2) -> None:
        """Start everything, restart what dies, return when all has ended.

        ``ogni_giro`` is called at each turn (the caller looks there whether the web answers).
        """
        precedenti = {segnale: signal.signal(segnale, self._ferma) for segnale in _FINE}
        try:
            while not self.da_fermare:
                self._un_giro()
                ogni_giro()
                time.sleep(giro)
        finally:
            self._finisci(giro)
            for segnale, gestore in precedenti.items():
                signal.signal(segnale, gestore)

    def _un_giro(self) -> None:
        for figlio in self.figli:
            if figlio.finito():
                codice = figlio.seppellisci()
                attesa = max(0.0, figlio.riparte - time.monotonic())
                self.scrivi(f"{figlio.nome} ended ({codice}): starting again in {attesa:.1f} s")
            if figlio.processo is None and time.monotonic() >= figlio.riparte:
                figlio.avvia()

    def _finisci(self, giro: float) -> None:
        # The leader alone gets the gentle signal: it knows how to end its own workers.
        vivi = [figlio for figlio in self.figli if figlio.processo]
        for figlio in vivi:
            # One that has just died is not reaped yet: its number is still its own.
            os.kill(figlio.processo.pid, signal.SIGTERM)
        scadenza = time.monotonic() + TEMPO_PER_FINIRE
        while time.monotonic() < scadenza and not all(figlio.finito() for figlio in vivi):
            time.sleep(min(giro, 0.1))
        for figlio in vivi:
            figlio.seppellisci()
