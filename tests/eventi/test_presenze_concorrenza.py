"""Four phones at one door, each sending some of its taps twice: nothing is lost or doubled.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

PREPARA = """
import json
from django.utils import timezone
from eventi.models import Accoglienza, Incontro, Iscrizione
from percorso.models import Percorso
percorso = Percorso.objects.create(
    titolo="Prova", slug="prova", stato="attivo", inizio=timezone.localdate())
incontro = Incontro.objects.create(
    percorso=percorso, titolo="Prova", slug="prova", inizio=timezone.now(), stato="pubblicato")
for n in range(10):
    Iscrizione.objects.create(
        incontro=incontro, nome=f"N{n}", stato="confermata", posti=1,
        confermata_at=timezone.now())
print(json.dumps(
    [Accoglienza.objects.create(incontro=incontro, nome=f"A{n}").pk for n in range(4)]))
"""

TELEFONO = """
import random, sys, uuid
from django.utils import timezone
from eventi.models import Accoglienza
from eventi.presenze import Entrata, Segno, registra
mia = Accoglienza.objects.get(pk=sys.argv[1])
caso, telefono = random.Random(int(sys.argv[1])), uuid.uuid4()
nomi = list(mia.incontro.iscrizioni.values_list("pk", flat=True))
for giro in range(25):
    lotto = [
        Segno(uuid.uuid4(), caso.choice(nomi), caso.choice([None, 0, 1])),
        Entrata(uuid.UUID(int=giro + 1)),  # every phone sends these very taps
        Entrata(uuid.uuid4()),
    ]
    for _volta in range(2):
        registra(mia, lotto, telefono=telefono, adesso=timezone.now())
"""

CONTI = """
import json
from eventi.models import Incontro, SegnoPresenza
from eventi.presenze import conta, segnati
incontro = Incontro.objects.get(slug="prova")
print(json.dumps({
    "entrati": conta(incontro).senza_iscrizione,
    "segni": SegnoPresenza.objects.count(),
    "stati": [segnati(i) for i in incontro.iscrizioni.order_by("pk")],
    "ultimi": [i.segni.order_by("toccato_at", "pk").last().a
               for i in incontro.iscrizioni.order_by("pk")],
}))
"""


def test_four_phones_at_one_door_lose_and_double_nothing(tmp_path):
    with portale_vero(tmp_path) as portale:
        porte = portale.python(PREPARA)
        for processo in [portale.avvia_python(TELEFONO, str(pk)) for pk in porte]:
            attendi(processo)
        conti = portale.python(CONTI)
    assert conti["entrati"] == 25 + 4 * 25
    assert conti["segni"] == 4 * 25
    assert conti["stati"] == conti["ultimi"]
