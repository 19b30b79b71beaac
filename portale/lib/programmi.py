"""Programs of ours that work on what strangers send, apart from the portal.

Each is a file of this folder that limits its own memory and processor time before it opens
anything. Here is what bounds it from outside: how many at once, how long, and that it knows
nothing of the portal's settings and secrets.
"""

import subprocess
import sys
import threading
from pathlib import Path


class Occupato(Exception):
    """As many as may run are running, and none ended while this one waited."""


class TroppoLento(Exception):
    """It did not end in its time, and was stopped."""


class Programma:
    """One of them.

    ``turni`` run at once in one process of the web server; the next one waits ``attesa`` seconds
    for its turn. ``durata`` is how many seconds one may take: the program allows itself less
    processor time than that. ``ambiente`` is all that it finds in its environment.
    """

    def __init__(
        self,
        percorso: Path,
        *,
        turni: int = 2,
        attesa: float = 20,
        durata: float = 40,
        ambiente: dict[str, str] | None = None,
    ):
        self.percorso = percorso
        self.attesa = attesa
        self.durata = durata
        self.ambiente = ambiente or {}
        self.turni = threading.BoundedSemaphore(turni)

    def esegui(
        self, *argomenti: str, richiesta: bytes = b"", cartella: Path | None = None
    ) -> subprocess.CompletedProcess:
        """Run it, with ``richiesta`` to read, in ``cartella``; gives how it ended and what it
        wrote. Raises Occupato and TroppoLento. Never call it while a lock is held by you."""
        if not self.turni.acquire(timeout=self.attesa):
            raise Occupato
        try:
            return subprocess.run(  # noqa: S603 - our own program, with names of ours alone
                [sys.executable, "-I", str(self.percorso), *argomenti],
                cwd=cartella,
                env=self.ambiente,
                input=richiesta,
                capture_output=True,
                timeout=self.durata,
                check=False,
            )
        except subprocess.TimeoutExpired as fine:
            raise TroppoLento from fine
        finally:
            self.turni.release()
