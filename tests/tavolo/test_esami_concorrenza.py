"""Titolare and supplente at one instant: one position for the seat, nobody's words overwritten.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import time

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

PREPARA = """
from datetime import date, timedelta
from django.utils import timezone
from percorso.models import Percorso
from proposte.models import Proposta
from tavolo.models import Componente, Esame, ImpostazioniTavolo, Organizzazione, Seggio
from accounts.models import User
adesso = timezone.now()
oggi = timezone.localdate()
percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=oggi)
# A reminder that has fallen due already, for reviews opened long before.
ImpostazioniTavolo.objects.create(percorso=percorso, promemoria_giorni=[2])
organizzazione = Organizzazione.objects.create(nome="O", slug="o", genere="altro")
seggio = Seggio.objects.create(percorso=percorso, organizzazione=organizzazione, dal=oggi)
for ruolo in ("titolare", "supplente"):
    persona = User.objects.create_user(f"{ruolo}@example.org", "x")
    Componente.objects.create(
        seggio=seggio, ruolo=ruolo, nome=ruolo, email=persona.email, persona=persona, dal=oggi)
for n in range(8):
    proposta = Proposta.objects.create(
        percorso=percorso, per_la_citta=True, titolo=f"Proposta {n}", slug=f"proposta-{n}",
        che_cosa="x", stato="in_valutazione", pubblicata_at=adesso)
    Esame.objects.create(
        proposta=proposta, percorso=percorso, aperto_at=adesso - timedelta(days=9),
        scade_at=adesso + timedelta(days=1))
"""

SCRIVI = """
import json, sys, time
from django.db import connection
from django.utils import timezone
from tavolo.models import Componente, Esame
from tavolo.services import esami, esami_avvisi
from portale.lib.rifiuti import Superata
quando, ruolo = float(sys.argv[1]), sys.argv[2]
io = Componente.objects.select_related("seggio").get(ruolo=ruolo)
righe = list(Esame.objects.order_by("pk"))
connection.ensure_connection()
scritte = []
for n, esame in enumerate(righe):
    time.sleep(max(0, quando + n * 0.1 - time.time()))
    # A double click.
    for _volta in range(2):
        try:
            esami.esprimi(esame, io.seggio, io, grado="contraria", motivazione=f"Di {ruolo}.",
                          versione=0, adesso=timezone.now())
        except Superata:
            pass
        else:
            scritte.append(esame.pk)
print(json.dumps(sorted(set(scritte))))
"""

RICORDA = """
import json, sys, time
from django.db import connection
from django.utils import timezone
from tavolo.services import esami_avvisi
connection.ensure_connection()
time.sleep(max(0, float(sys.argv[1]) - time.time()))
print(json.dumps(esami_avvisi.accoda_promemoria(timezone.now())))
"""

CONTA = """
import json
from posta.models import Messaggio
from tavolo.models import Esame, Posizione, VersionePosizione
print(json.dumps({
    "posizioni": [
        [p.esame_id, p.motivazione, p.versione, p.versioni.count()]
        for p in Posizione.objects.order_by("esame")
    ],
    "mail": Messaggio.objects.filter(genere="esami_promemoria").count(),
}))
"""


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        portale.python(PREPARA)
        yield portale


def fra(secondi):
    """An instant at which processes that start now are ready."""
    return time.time() + secondi


def test_of_two_who_write_at_once_for_a_seat_one_wins_and_the_other_is_told(portale):
    quando = str(fra(5))
    processi = [portale.avvia_python(SCRIVI, quando, chi) for chi in ("titolare", "supplente")]
    titolare, supplente = (attendi(processo) for processo in processi)

    posizioni = portale.python(CONTA)["posizioni"]

    assert len(posizioni) == 8
    assert sorted(titolare + supplente) == [esame for esame, *_resto in posizioni]
    assert posizioni == [
        [esame, "Di titolare." if esame in titolare else "Di supplente.", 1, 1]
        for esame, *_resto in posizioni
    ]


def test_several_schedulers_at_once_remind_each_person_once(portale):
    quando = str(fra(5))
    processi = [portale.avvia_python(RICORDA, quando) for _ in range(3)]

    assert sorted(attendi(processo) for processo in processi) == [0, 0, 2]
    assert portale.python(CONTA)["mail"] == 2
