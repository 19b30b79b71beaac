"""The supervisor, with small real processes: what it starts lives, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portale.supervisore import PAUSA_MASSIMA, Figlio

pytestmark = pytest.mark.concurrency
ROOT = Path(__file__).resolve().parents[2]

# Supervises one child that has a child of its own and writes both numbers down.
FIGLIO = """
import os, pathlib, signal, subprocess, sys, time
nipote = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
if sys.argv[2] == "sordo":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {nipote.pid}\\n")
time.sleep(60)
"""
PADRE = """
import sys
from portale import supervisore
supervisore.TEMPO_PER_FINIRE = 1.0
comando = [sys.executable, "-c", sys.argv[1], sys.argv[2], sys.argv[3]]
supervisore.Supervisore({"figlio": comando}, print).esegui(giro=0.05)
"""


def vivo(pid):
    """Running, not merely a dead entry that nobody has reaped yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def aspetta(condizione, secondi=10):
    scadenza = time.monotonic() + secondi
    while time.monotonic() < scadenza:
        if esito := condizione():
            return esito
        time.sleep(0.05)
    raise AssertionError("It did not happen in time")


class Prova:
    def __init__(self, segni, modo):
        self.segni = segni
        self.padre = subprocess.Popen(
            [sys.executable, "-c", PADRE, FIGLIO, str(segni), modo],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )

    def generazioni(self):
        righe = self.segni.read_text().splitlines() if self.segni.exists() else []
        return [tuple(map(int, riga.split())) for riga in righe]

    def nata(self, numero):
        """The (child, grandchild) of the numbered start, once it is up."""
        return aspetta(lambda: len(self.generazioni()) >= numero and self.generazioni()[-1])


@pytest.fixture
def prova(tmp_path):
    prove = []

    def avvia(modo="docile"):
        prove.append(Prova(tmp_path / "segni", modo))
        return prove[-1]

    yield avvia
    for una in prove:
        una.padre.kill()
        una.padre.wait()
        for generazione in una.generazioni():
            for pid in filter(vivo, generazione):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("segnale", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_child_and_what_the_child_started(prova, segnale):
    una = prova()
    figlio, nipote = una.nata(1)

    una.padre.send_signal(segnale)

    assert una.padre.wait(timeout=5) == 0
    assert (vivo(figlio), vivo(nipote)) == (False, False)


def test_a_child_that_ignores_the_signal_is_ended_all_the_same(prova):
    una = prova("sordo")
    figlio, nipote = una.nata(1)

    una.padre.send_signal(signal.SIGTERM)

    assert una.padre.wait(timeout=5) == 0
    assert (vivo(figlio), vivo(nipote)) == (False, False)


def test_a_killed_child_is_started_again_without_its_orphans(prova):
    una = prova()
    figlio, nipote = una.nata(1)

    os.kill(figlio, signal.SIGKILL)

    nuovo, _ = una.nata(2)
    assert nuovo != figlio
    assert not vivo(nipote)
    assert vivo(nuovo)


def test_when_the_supervisor_itself_is_killed_its_child_ends_too(prova):
    una = prova()
    figlio, _ = una.nata(1)

    una.padre.kill()

    aspetta(lambda: not vivo(figlio))


def test_a_child_that_keeps_dying_is_started_again_less_and_less_often():
    figlio = Figlio("muore", [sys.executable, "-c", "raise SystemExit(3)"])
    pause = []
    for _ in range(3):
        figlio.avvia()
        aspetta(figlio.finito)
        assert figlio.seppellisci() == 3
        pause.append(round(figlio.riparte - time.monotonic(), 1))

    assert pause == [0.5, 1.0, 2.0]
    assert figlio.pausa <= PAUSA_MASSIMA
