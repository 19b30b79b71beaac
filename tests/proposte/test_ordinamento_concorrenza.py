"""Two facilitators who order the same notes at once: each note ends in one place, and whoever
came second was told.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

NOTE, BISOGNI = 60, 4


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        yield portale


PREPARA = """
import sys
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from eventi.models import Incontro, Resoconto
from percorso.models import Percorso
from proposte.models import Bisogno, Nota
percorso = Percorso.objects.create(
    titolo="Prova", slug="prova", stato="attivo", inizio=timezone.localdate())
incontro = Incontro.objects.create(
    percorso=percorso, titolo="Prova", slug="prova", stato="pubblicato",
    inizio=timezone.now() - timedelta(hours=3), fine=timezone.now() - timedelta(hours=1))
Resoconto.objects.create(incontro=incontro, testo="Fatto.")
Nota.objects.bulk_create(
    Nota(incontro=incontro, testo=f"Nota {n}", ordine=n) for n in range(int(sys.argv[1])))
for n in range(int(sys.argv[2])):
    Bisogno.objects.create(percorso=percorso, incontro=incontro, titolo=f"Bisogno {n}")
for n in range(4):
    User.objects.create_user(f"f{n}@example.org")
"""

# Every facilitator wants each note in a need of her own, as the page showed it at the start: only
# one of them gets it.
ORDINA = """
import json, random, sys
from django.utils import timezone
from accounts.models import User
from eventi.models import Incontro
from proposte import ordinamento
from proposte.models import Bisogno
from proposte.ordinamento import LIBERA, Vista
io = int(sys.argv[1])
autore = User.objects.get(email=f"f{io}@example.org")
incontro = Incontro.objects.get(slug="prova")
mio = Bisogno.objects.get(titolo=f"Bisogno {io}")
note = list(incontro.note.values_list("pk", flat=True))
random.Random(io).shuffle(note)
presi, persi = [], []
for pk in note:
    adesso = timezone.now()
    try:
        ordinamento.raggruppa(
            incontro, [Vista(pk, LIBERA)], bisogno=mio, autore=autore, adesso=adesso)
        presi.append(pk)
    except ordinamento.Superata:
        persi.append(pk)
print(json.dumps({"presi": presi, "persi": len(persi)}))
"""

DOVE = """
import json
from proposte.models import Bisogno, Nota
print(json.dumps({
    bisogno.titolo: sorted(bisogno.note.values_list("pk", flat=True))
    for bisogno in Bisogno.objects.all()}))
"""


def test_each_note_goes_to_one_of_four_facilitators_and_the_others_are_told(portale):
    portale.python(PREPARA, str(NOTE), str(BISOGNI))

    processi = [portale.avvia_python(ORDINA, str(io)) for io in range(BISOGNI)]
    esiti = [attendi(processo) for processo in processi]

    dove = portale.python(DOVE)
    assert [dove[f"Bisogno {io}"] for io in range(BISOGNI)] == [
        sorted(esito["presi"]) for esito in esiti
    ]
    assert sum(len(esito["presi"]) for esito in esiti) == NOTE
    assert sum(esito["persi"] for esito in esiti) == NOTE * (BISOGNI - 1)


# The same press of "new need", and the same press of "publish", from four places at once.
PREME = """
import json, sys
from django.utils import timezone
from accounts.models import User
from eventi.models import Incontro
from proposte import ordinamento
from proposte.ordinamento import LIBERA, Vista
autore = User.objects.get(email=f"f{sys.argv[1]}@example.org")
incontro = Incontro.objects.get(slug="prova")
viste = [Vista(pk, LIBERA) for pk in incontro.note.order_by("pk").values_list("pk", flat=True)[:5]]
nato = ordinamento.raggruppa(
    incontro, viste, titolo="Nuovo", autore=autore, adesso=timezone.now())
fatto = ordinamento.pubblica_tutto(incontro, autore=autore, adesso=timezone.now())
print(json.dumps({"nato": nato.pk, "pubblicati": len(fatto.bisogni)}))
"""

FINE = """
import json
from eventi.models import Resoconto
from proposte.models import Bisogno, PassaggioBisogno
print(json.dumps({
    "nuovi": Bisogno.objects.filter(titolo="Nuovo").count(),
    "stati": sorted(set(Bisogno.objects.values_list("stato", flat=True))),
    "pubblicazioni": PassaggioBisogno.objects.filter(a="pubblicato").count(),
    "righe": Resoconto.objects.get().bisogni.count("\\n") + 1,
}))
"""


def test_four_presses_at_once_make_one_need_and_publish_each_once(portale):
    portale.python(PREPARA, "5", "3")

    processi = [portale.avvia_python(PREME, str(io)) for io in range(4)]
    esiti = [attendi(processo) for processo in processi]

    assert len({esito["nato"] for esito in esiti}) == 1
    assert sorted(esito["pubblicati"] for esito in esiti) == [0, 0, 0, 4]
    assert portale.python(FINE) == {
        "nuovi": 1,
        "stati": ["pubblicato"],
        "pubblicazioni": 4,
        "righe": 4,
    }


# One citizen presses twice, from two tabs.
CITTADINA = """
import json
from django.utils import timezone
from accounts import partecipanti
from percorso.models import Fase, Percorso
from proposte import bisogni
percorso = Percorso.objects.with_fasi().get()
chi = partecipanti.per_indirizzo("anna@example.org")
valori = {"percorso": percorso, "laboratorio": None, "titolo": "Ombra", "testo": "",
          "nome_mostrato": ""}
print(json.dumps([bisogni.proponi(chi, valori, adesso=timezone.now()).pk for _n in range(5)]))
"""
APRE = """
from django.utils import timezone
from percorso.models import Fase, Percorso
Fase.objects.create(percorso=Percorso.objects.get(), ordine=1, titolo="F",
                    inizio=timezone.localdate(), apre_proposte=True)
"""


def test_one_persons_words_sent_many_times_at_once_are_one_need(portale):
    portale.python(PREPARA, "0", "0")
    portale.python(APRE)

    processi = [portale.avvia_python(CITTADINA) for _io in range(4)]
    numeri = {pk for processo in processi for pk in attendi(processo)}

    assert len(numeri) == 1
