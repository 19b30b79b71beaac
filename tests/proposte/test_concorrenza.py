"""Many people at once: each support counted once, none lost in a merge, one comment for a click.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import time

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

PROCESSI = 8


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        yield portale


# A process with two open proposals and as many people as asked.
PREPARA = """
import json, sys
from datetime import timedelta
from django.utils import timezone
from accounts.models import Partecipante, User
from percorso.models import Fase, Percorso
from proposte.models import Proposta
adesso = timezone.now()
oggi = timezone.localdate()
percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=oggi)
Fase.objects.create(
    percorso=percorso, ordine=1, titolo="F", inizio=oggi, apre_sostegni=True, apre_commenti=True)
Partecipante.objects.bulk_create(
    Partecipante(email=f"persona{n}@example.org") for n in range(int(sys.argv[1])))
User.objects.create_user("ufficio@example.org", "x", is_staff=True)
for n in range(2):
    Proposta.objects.create(
        percorso=percorso, per_la_citta=True, titolo=f"Proposta {n}", slug=f"proposta-{n}",
        che_cosa="x", stato="pubblicata", pubblicata_at=adesso)
"""

# All begin at the same instant: whoever is ready waits for the clock.
INSIEME = """
import sys, time
from django.db import connection
from django.utils import timezone
from accounts.models import Partecipante, User
from percorso.models import Percorso
from proposte import partecipazione, services
from proposte.conteggi import riconta
from proposte.models import Proposta, Sostegno
connection.ensure_connection()
def insieme(quando):
    time.sleep(max(0, quando - time.time()))
"""

SOSTIENI = (
    INSIEME
    + """
import threading
quando, quale, quanti = float(sys.argv[1]), sys.argv[2], int(sys.argv[3])
primo, processi = int(sys.argv[4]), int(sys.argv[5])
persone = list(Partecipante.objects.order_by("pk"))[primo::processi][:quanti]
errori = []
def una(persona):
    try:
        proposta = Proposta.objects.get(slug=quale)
        insieme(quando)
        # A double click.
        for _volta in range(2):
            partecipazione.sostieni(proposta, persona, adesso=timezone.now())
    except Exception as errore:
        errori.append(f"{type(errore).__name__}: {errore}")
    finally:
        connection.close()
fili = [threading.Thread(target=una, args=[persona]) for persona in persone]
for filo in fili: filo.start()
for filo in fili: filo.join()
import json
print(json.dumps(errori))
"""
)

CONTI = """
import json
from django.utils import timezone
from proposte.conteggi import riconta
from proposte.models import Proposta, Riconteggio, Sostegno
riconta(timezone.now())
print(json.dumps({
    p.slug: {
        "stato": p.stato,
        "righe": p.sostegni.count(),
        "persone": p.sostegni.values("partecipante").distinct().count(),
        "scritti": p.n_sostegni,
    } for p in Proposta.objects.all()
} | {"da_ricontare": Riconteggio.objects.count()}))
"""


# Counts at the same time, in two processes, as long as the others support.
RICONTA = (
    INSIEME
    + """
fine = float(sys.argv[1])
while time.time() < fine:
    riconta(timezone.now())
"""
)


def fra(secondi):
    """An instant at which processes that start now are ready."""
    return time.time() + secondi


def test_two_hundred_people_at_once_are_each_counted_once(portale):
    portale.python(PREPARA, "200")
    quando = fra(6)

    contatori = [portale.avvia_python(RICONTA, str(quando + 8)) for _ in range(2)]
    sostenitori = [
        portale.avvia_python(SOSTIENI, str(quando), "proposta-0", "25", str(n), str(PROCESSI))
        for n in range(PROCESSI)
    ]
    errori = [errore for processo in sostenitori for errore in attendi(processo)]
    for processo in contatori:
        attendi(processo)

    assert errori == []
    conti = portale.python(CONTI)
    assert conti["proposta-0"] == {
        "stato": "pubblicata",
        "righe": 200,
        "persone": 200,
        "scritti": 200,
    }
    assert (conti["proposta-1"]["righe"], conti["da_ricontare"]) == (0, 0)


INTEGRA = (
    INSIEME
    + """
quando = float(sys.argv[1])
da, a = (Proposta.objects.get(slug=slug) for slug in ("proposta-0", "proposta-1"))
autore = User.objects.get()
insieme(quando)
for giro in range(int(sys.argv[2])):
    time.sleep(0.02)
    services.integra(da, a, autore, "Sono la stessa.", adesso=timezone.now())
    if giro < int(sys.argv[2]) - 1:
        time.sleep(0.02)
        services.separa(da, autore, "Erano due.", adesso=timezone.now())
"""
)


def test_nobody_is_lost_or_counted_twice_by_a_merge_at_the_same_instant(portale):
    portale.python(PREPARA, "200")
    quando = fra(6)

    # They support the one that goes into the other, and back, and in again.
    ufficio = portale.avvia_python(INTEGRA, str(quando), "5")
    sostenitori = [
        portale.avvia_python(SOSTIENI, str(quando), "proposta-0", "25", str(n), str(PROCESSI))
        for n in range(PROCESSI)
    ]
    errori = [errore for processo in sostenitori for errore in attendi(processo)]
    attendi(ufficio)

    assert errori == []
    conti = portale.python(CONTI)
    assert conti["proposta-0"]["stato"] == "integrata"
    assert conti["proposta-1"] == {
        "stato": "pubblicata",
        "righe": 200,
        "persone": 200,
        "scritti": 200,
    }


COMMENTA = (
    INSIEME
    + """
import json
from proposte import commenti
from proposte.models import Commento
quando = float(sys.argv[1])
io = Partecipante.objects.order_by("pk").first()
proposta = Proposta.objects.get(slug="proposta-0")
insieme(quando)
fatti = [
    commenti.scrivi(proposta, io, testo=f"Commento {n}", scopo="dubbio", modulo="uno",
                    adesso=timezone.now()).pk
    for n in range(10)
]
print(json.dumps(fatti))
"""
)


def test_the_same_clicks_in_several_processes_are_one_comment_each(portale):
    portale.python(PREPARA, "1")
    quando = fra(4)

    fatti = [
        attendi(processo)
        for processo in [portale.avvia_python(COMMENTA, str(quando)) for _ in range(4)]
    ]

    assert fatti[0] == fatti[1] == fatti[2] == fatti[3]
    assert len(set(fatti[0])) == 10
    conti = portale.python(
        "import json\nfrom proposte.models import Commento\n"
        "print(json.dumps(Commento.objects.count()))"
    )
    assert conti == 10


RIEPILOGHI = """
import sys, time
from datetime import datetime
from proposte.riepiloghi import accoda_riepiloghi
time.sleep(max(0, float(sys.argv[1]) - time.time()))
accoda_riepiloghi(datetime.fromisoformat(sys.argv[2]))
"""

SEGUACI = """
from datetime import datetime, timedelta
from django.utils import timezone
from accounts.models import Partecipante
from laboratori.models import Laboratorio
from proposte.models import Proposta, Seguito
lunedi = datetime.fromisoformat("2026-11-23T07:00:00+00:00")
laboratorio = Laboratorio.objects.create(numero=1, nome="Uno", slug="uno")
Proposta.objects.filter(slug="proposta-0").update(
    laboratorio=laboratorio, per_la_citta=False, pubblicata_at=lunedi - timedelta(days=3))
Seguito.objects.bulk_create(
    Seguito(partecipante=chi, laboratorio=laboratorio, created_at=lunedi - timedelta(days=9))
    for chi in Partecipante.objects.all())
"""


def test_the_digests_are_queued_once_whoever_queues_them_and_whoever_is_killed(portale):
    portale.python(PREPARA, "3000")
    portale.python(SEGUACI)
    quando, lunedi = fra(4), "2026-11-23T07:05:00+00:00"

    primi = [portale.avvia_python(RIEPILOGHI, str(quando), lunedi) for _ in range(3)]
    time.sleep(max(0, quando + 0.3 - time.time()))
    primi[0].kill()
    primi[0].communicate()
    for processo in primi[1:]:
        attendi(processo)
    portale.python(RIEPILOGHI, "0", "2026-11-25T10:00:00+00:00")

    conti = portale.python(
        "import json\nfrom posta.models import Messaggio\n"
        "righe = Messaggio.objects.filter(genere='riepilogo')\n"
        "print(json.dumps([righe.count(), righe.values('destinatario').distinct().count()]))"
    )
    assert conti == [3000, 3000]
