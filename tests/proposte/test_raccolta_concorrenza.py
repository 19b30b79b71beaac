"""Six tables that type at once on bad phones: no note lost, none doubled, the order kept.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import http.client
import json
import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.processi import attendi, portale_vero, sito_servito

pytestmark = pytest.mark.concurrency

NOTE = 40


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        yield portale


TAVOLI = """
import json
from django.utils import timezone
from eventi.models import Incontro
from percorso.models import Percorso
from proposte.models import Verbalizzante
percorso = Percorso.objects.create(
    titolo="Prova", slug="prova", stato="attivo", inizio=timezone.localdate())
incontro = Incontro.objects.create(
    percorso=percorso, titolo="Prova", slug="prova", inizio=timezone.now(), stato="pubblicato")
# Two people write for the first table.
print(json.dumps([
    Verbalizzante.objects.create(incontro=incontro, nome=f"V{n}", tavolo=tavolo).token
    for n, tavolo in enumerate((1, 1, 2, 3, 4, 5, 6))]))
"""

SCRITTE = """
import json, sys
from proposte.models import Nota, Verbalizzante
print(json.dumps([
    [[str(chiave), testo, versione, eliminata is not None]
     for chiave, testo, versione, eliminata in
     Verbalizzante.objects.from_token(token).get().note.order_by("ordine", "pk")
     .values_list("chiave", "testo", "versione", "eliminata_at")]
    for token in sys.argv[1:]]))
"""


class Telefono:
    """A note-taker's phone with two tabs and a network that drops: what is not acknowledged is
    sent again, what is acknowledged now and then too."""

    def __init__(self, sito, token, seme):
        self.dove = urlsplit(sito)
        self.url = f"/raccolta/{token}/note/"
        self.token = token
        self.caso = random.Random(seme)
        self.note = []
        self.superate = []
        self.avute = {}
        self.risposte = set()
        self.chiavistello = threading.Lock()

    def scrive(self, n):
        with self.chiavistello:
            self.note.append(
                {
                    "chiave": str(uuid.UUID(int=self.caso.getrandbits(128), version=4)),
                    "versione": 1,
                    "ordine": n,
                    "tavolo": 1,
                    "genere": "",
                    "testo": f"nota {n}",
                    "eliminata": False,
                }
            )
            if self.caso.random() < 0.3:
                vecchia = self.caso.choice(self.note)
                self.superate.append(dict(vecchia))
                vecchia["versione"] += 1
                vecchia["testo"] += "!"
                vecchia["eliminata"] = self.caso.random() < 0.3

    def da_inviare(self):
        with self.chiavistello:
            manca = [n for n in self.note if self.avute.get(n["chiave"], 0) < n["versione"]]
            # What the portal had, what the other tab is sending, what was stuck on the way while
            # a newer text went past it.
            ripetute = self.caso.sample(self.note, min(3, len(self.note)))
            tarde = self.caso.sample(self.superate, min(2, len(self.superate)))
            lotto = {n["chiave"]: n for n in [*tarde, *ripetute, *manca[:20]]}
            return [dict(n) for n in lotto.values()]

    def invia(self):
        lotto = self.da_inviare()
        filo = http.client.HTTPConnection(self.dove.netloc, timeout=60)
        try:
            corpo = json.dumps({"note": lotto})
            filo.request("POST", self.url, corpo, {"Content-Type": "application/json"})
            if self.caso.random() < 0.25:
                return  # the answer is lost on the way
            risposta = filo.getresponse()
            self.risposte.add(risposta.status)
            esiti = json.load(risposta)["note"]
        finally:
            filo.close()
        assert [esito["chiave"] for esito in esiti] == [nota["chiave"] for nota in lotto]
        with self.chiavistello:
            for nota, esito in zip(lotto, esiti, strict=True):
                # The other tab may have carried a newer text there meanwhile.
                assert esito["nota"]["versione"] >= nota["versione"]
                avuta = self.avute.get(nota["chiave"], 0)
                self.avute[nota["chiave"]] = max(avuta, esito["nota"]["versione"])

    def scheda(self, scrive):
        for n in range(1, NOTE + 1):
            if scrive:
                self.scrive(n)
            if self.note:
                self.invia()
        while any(self.avute.get(n["chiave"], 0) < n["versione"] for n in self.note):
            self.invia()


def test_six_tables_of_forty_notes_at_once_lose_none_and_double_none(portale, tmp_path):
    token = portale.python(TAVOLI)
    with sito_servito(portale, tmp_path) as sito:
        telefoni = [Telefono(sito, t, seme) for seme, t in enumerate(token)]
        with ThreadPoolExecutor(2 * len(telefoni)) as insieme:
            prima = [insieme.submit(telefono.scheda, True) for telefono in telefoni]
            # The tabs that do not type begin when there is something to send.
            altra = [insieme.submit(telefono.scheda, False) for telefono in telefoni]
            for futuro in prima + altra:
                futuro.result(timeout=300)

    registro = (tmp_path / "server.log").read_text()
    assert {stato for telefono in telefoni for stato in telefono.risposte} == {200}, registro[
        -3000:
    ]
    attese = [
        [[n["chiave"], n["testo"], n["versione"], n["eliminata"]] for n in telefono.note]
        for telefono in telefoni
    ]
    assert portale.python(SCRITTE, *token) == attese
    assert [len(note) for note in attese] == [NOTE] * 7


STESSA = """
import sys, uuid
from django.utils import timezone
from proposte import raccolta
from proposte.models import Verbalizzante
mia = Verbalizzante.objects.from_token(sys.argv[1]).get()
for n in range(40):
    foglietto = raccolta.Foglietto(
        chiave=uuid.UUID(int=n, version=4), testo=f"di {sys.argv[2]}", ordine=n)
    raccolta.registra(mia, [foglietto], timezone.now())
"""


def test_two_note_takers_that_made_the_same_key_have_one_note_and_one_refusal(portale):
    token = portale.python(TAVOLI)[:2]

    processi = [portale.avvia_python(STESSA, t, str(n)) for n, t in enumerate(token)]
    for processo in processi:
        attendi(processo)

    prima, seconda = portale.python(SCRITTE, *token)
    assert len(prima) + len(seconda) == 40
    assert {testo for _, testo, *_ in prima} <= {"di 0"}
    assert {testo for _, testo, *_ in seconda} <= {"di 1"}


# Two threads, each with its connection, at the same instant: the note and its first correction.
INSIEME = """
import json, sys, threading, uuid
from django.db import connection
from django.utils import timezone
from proposte import raccolta
from proposte.models import Nota, Verbalizzante
mia = Verbalizzante.objects.from_token(sys.argv[1]).get()
pronti, esiti = threading.Barrier(2), []
def manda(versione):
    for n in range(100):
        foglietto = raccolta.Foglietto(
            chiave=uuid.UUID(int=n), testo=f"v{versione}", versione=versione, ordine=n)
        pronti.wait()
        [risultato] = raccolta.registra(mia, [foglietto], timezone.now())
        if versione == 2:
            esiti.append(risultato.esito)
    connection.close()
fili = [threading.Thread(target=manda, args=[versione]) for versione in (1, 2)]
for filo in fili: filo.start()
for filo in fili: filo.join()
print(json.dumps([sorted(set(esiti)), len(esiti), Nota.objects.filter(testo="v2").count()]))
"""


def test_a_note_and_its_correction_at_one_instant_leave_the_correction(portale):
    [token, *_] = portale.python(TAVOLI)
    assert portale.python(INSIEME, token) == [["salvata"], 100, 100]
