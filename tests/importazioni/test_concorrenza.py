"""Who writes a sheet is killed, two confirm it at once, others write meanwhile: it is written
once, as a whole.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import signal
import time

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

RIGHE = 600


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        yield portale


# A sheet of each kind, looked at and confirmed.
PREPARA = """
import sys
from datetime import timedelta
from django.core.files.base import ContentFile
from django.utils import timezone
from accounts.models import User
from eventi.models import Incontro
from importazioni import services
from importazioni.generi import registro
from laboratori.models import Laboratorio
from percorso.models import Percorso
genere, righe = sys.argv[1], int(sys.argv[2])
adesso = timezone.now()
user = User.objects.create_superuser(email="u@example.org", password="x")
percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=adesso.date())
Laboratorio.objects.create(numero=3, nome="Lab 3", slug="lab-3")
fra_un_mese = adesso + timedelta(days=30)
Incontro.objects.create(
    percorso=percorso, titolo="Verde", slug="verde", stato="pubblicato", inizio=fra_un_mese,
    fine=fra_un_mese + timedelta(hours=2), posti=righe // 2)
nomi, riga = {
    "sedi": ("nome;indirizzo", "Sala {n};via {n}"),
    "attori": ("zona;nome;genere", "3;Circolo {n};associazione"),
    "incontri": ("titolo;inizio;fine", "Incontro {n};6/5/2030 18:30;20"),
    "iscrizioni": ("nome;e-mail;che cosa le serve", "Anna {n};a{n}@example.org;una rampa"),
    "proposte": ("titolo;zona;testo;e-mail", "Proposta {n};3;Un testo.;a{n}@example.org"),
}[genere]
testo = "\\n".join([nomi, *(riga.format(n=n) for n in range(righe))])
foglio = services.carica(
    ContentFile(testo.encode(), "elenco.csv"), genere=registro[genere],
    opzioni={"percorso": "p", "incontro": "verde", "oltre": "lista", "avvisa": True},
    autore=user, adesso=adesso)
services.lavora(adesso)
"""

CHIEDI = """
import sys, time
from django.utils import timezone
from accounts.models import User
from importazioni import services
from importazioni.models import Importazione
time.sleep(max(0, float(sys.argv[1]) - time.time()))
services.chiedi(Importazione.objects.get(), autore=User.objects.get(), adesso=timezone.now())
"""

# The worker; ``argv[1]`` is where it stops and says so, and waits to be killed. With a step
# beyond those that there are it ends by itself.
LAVORA = """
import sys, time
from django.db import connection
from django.utils import timezone
from importazioni import services
dove, passo = sys.argv[1], 0
def fermati(esegui, sql, parametri, molti, contesto):
    global passo
    esito = esegui(sql, parametri, molti, contesto)
    dentro = connection.in_atomic_block
    if (dove == "prima") != dentro and not sql.startswith(("SELECT", "SAVEPOINT", "RELEASE")):
        passo += 1
        if passo == int(sys.argv[2]):
            print("fermo", flush=True)
            time.sleep(600)
    return esito
with connection.execute_wrapper(fermati):
    services.lavora(timezone.now())
"""

RIPRENDI = """
from datetime import timedelta
from django.utils import timezone
from importazioni import services
services.lavora(timezone.now() + services.SILENZIO_SCRITTURA + timedelta(seconds=1))
"""

CONTA = """
import json
from django.contrib.admin.models import LogEntry
from django.db.models import Sum
from accounts.models import Partecipante
from eventi.models import Incontro, Iscrizione, PassaggioIscrizione, Promemoria, Sede
from importazioni.models import Importazione, RigaImportata
from laboratori.models import Attore, ModificaAttore
from posta.models import Messaggio
from proposte.models import Passaggio, Proposta
foglio, verde = Importazione.objects.get(), Incontro.objects.get(slug="verde")
modelli = (
    Sede, Attore, ModificaAttore, Promemoria, Iscrizione, PassaggioIscrizione, Proposta,
    Passaggio, Partecipante, Messaggio, LogEntry, RigaImportata)
print(json.dumps({
    **{m.__name__: n for m in modelli if (n := m.objects.count())},
    "incontri": Incontro.objects.count() - 1,
    "stato": foglio.stato,
    "posti": [verde.posti_occupati, Iscrizione.objects.aggregate(n=Sum("posti"))["n"] or 0],
}))
"""

NIENTE = {
    "RigaImportata": RIGHE,
    "incontri": 0,
    "stato": "da_scrivere",
    "posti": [0, 0],
}
# What a sheet of each kind leaves.
TUTTO = {
    "sedi": {"Sede": RIGHE, "LogEntry": RIGHE + 1},
    "attori": {"Attore": RIGHE, "ModificaAttore": RIGHE, "LogEntry": RIGHE + 1},
    "incontri": {"incontri": RIGHE, "Promemoria": RIGHE * 2, "LogEntry": RIGHE + 1},
    "iscrizioni": {
        "Iscrizione": RIGHE,
        "PassaggioIscrizione": RIGHE,
        "Messaggio": RIGHE,
        "LogEntry": RIGHE + 1,
        "posti": [RIGHE // 2, RIGHE // 2],
    },
    "proposte": {
        "Proposta": RIGHE,
        "Passaggio": RIGHE,
        "Partecipante": RIGHE,
        "Messaggio": RIGHE,
        "LogEntry": RIGHE + 1,
    },
}


def tutto(genere):
    return {"incontri": 0, "stato": "scritta", "posti": [0, 0], **TUTTO[genere]}


def chiedi(portale):
    attendi(portale.avvia_python(CHIEDI, "0"))


def uccidi(portale, dove, passo):
    """The worker, with SIGKILL, at its ``passo``-th writing."""
    processo = portale.avvia_python(LAVORA, dove, str(passo))
    assert processo.stdout.readline() == "fermo\n", processo.communicate()[1]
    processo.send_signal(signal.SIGKILL)
    processo.wait()
    processo.communicate()


@pytest.mark.parametrize("genere", TUTTO)
def test_killed_while_writing_it_leaves_nothing_and_is_written_once_by_the_next(portale, genere):
    portale.python(PREPARA, genere, str(RIGHE))
    chiedi(portale)

    # While the rows are made ready; as soon as the transaction has begun; well into it.
    for dove, passo in (("prima", 3), ("dentro", 1), ("dentro", 4)):
        uccidi(portale, dove, passo)
        assert portale.python(CONTA) == NIENTE
        # Until its silence is over nobody takes the sheet over.
        portale.python("from importazioni import tasks; tasks.lavora()")
        assert portale.python(CONTA) == NIENTE
        portale.python(
            "from importazioni.models import Importazione as I; I.objects.update(presa_at=None)"
        )
    portale.python(RIPRENDI)

    assert portale.python(CONTA) == tutto(genere)
    portale.python(RIPRENDI)
    assert portale.python(CONTA) == tutto(genere)


def test_two_officers_and_two_workers_at_one_instant_write_it_once(portale):
    portale.python(PREPARA, "iscrizioni", str(RIGHE))
    quando = str(time.time() + 4)
    for processo in [portale.avvia_python(CHIEDI, quando) for _ in range(2)]:
        attendi(processo)

    lavoranti = [
        portale.avvia_python("from importazioni import tasks; tasks.lavora()") for _ in range(3)
    ]
    for processo in lavoranti:
        attendi(processo)

    assert portale.python(CONTA) == tutto("iscrizioni")
