"""Two at the same instant: one seat for a person, one person for a link, one answer to a request.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import time

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

PREPARA = """
from django.utils import timezone
from accounts.models import User
from percorso.models import Percorso
from tavolo.models import Componente, ImpostazioniTavolo, Organizzazione, RichiestaAdesione, Seggio
adesso, oggi = timezone.now(), timezone.localdate()
percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=oggi)
ImpostazioniTavolo.objects.create(percorso=percorso)
for nome in ("ada", "bea", "cleo"):
    User.objects.create_user(f"{nome}@example.org", "x")
for n in range(3):
    org = Organizzazione.objects.create(nome=f"O{n}", slug=f"o{n}", genere="altro")
    seggio = Seggio.objects.create(percorso=percorso, organizzazione=org, dal=oggi)
    Componente.objects.create(
        seggio=seggio, nome="x", email=f"{n}@example.org", dal=oggi, invitato_at=adesso)
RichiestaAdesione.objects.create(
    percorso=percorso, nome="Orti", genere="altro", attivita="x", contatto="x",
    email="orti@example.org", created_at=adesso)
"""

# Each line of ``verbi`` is a thread; all begin at the same instant.
INSIEME = """
import json, sys, threading, time
from django.db import connection
from django.utils import timezone
from accounts.models import User
from percorso.models import Percorso
from tavolo.models import Componente, RichiestaAdesione
from tavolo.services import adesioni, soggetti
from portale.lib.rifiuti import Rifiuto
adesso, oggi = timezone.now(), timezone.localdate()
def persona(nome): return User.objects.get(email=f"{nome}@example.org")
def invito(n): return Componente.objects.get(email=f"{n}@example.org")
verbi = {
    "entra": lambda n, nome: soggetti.entra(invito(n), persona(nome), adesso=adesso),
    "garante": lambda nome: soggetti.nomina_garante(
        Percorso.objects.get(), persona(nome), dal=oggi),
    "accogli": lambda: adesioni.accogli_adesione(
        RichiestaAdesione.objects.get(), dal=oggi, autore=None, adesso=adesso),
    "respingi": lambda: adesioni.respingi_adesione(
        RichiestaAdesione.objects.get(), "No.", autore=None, adesso=adesso),
}
quando, esiti = float(sys.argv[1]), []
def uno(verbo, *args):
    try:
        connection.ensure_connection()
        time.sleep(max(0, quando - time.time()))
        verbi[verbo](*args)
        esiti.append("fatto")
    except Rifiuto:
        esiti.append("rifiutato")
    except Exception as errore:
        esiti.append(f"{type(errore).__name__}: {errore}")
    finally:
        connection.close()
fili = [threading.Thread(target=uno, args=azione.split(":")) for azione in sys.argv[2:]]
for filo in fili: filo.start()
for filo in fili: filo.join()
print(json.dumps(esiti))
"""

CONTI = """
import json
from posta.models import Messaggio
from tavolo.models import Componente, Garante, RichiestaAdesione, Seggio
print(json.dumps({
    "entrati": sorted(
        Componente.objects.entrati().values_list("email", "persona__email"), key=str),
    "garanti": Garante.objects.count(),
    "seggi": Seggio.objects.count(),
    "richiesta": RichiestaAdesione.objects.get().stato,
    "risposte": Messaggio.objects.filter(genere__startswith="adesione_").count(),
}))
"""


def test_of_two_at_once_one_wins_and_the_other_is_told(tmp_path):
    with portale_vero(tmp_path) as portale:
        portale.python(PREPARA)
        quando = str(time.time() + 4)
        azioni = [
            # One account by two links; two accounts by one link.
            ("entra:0:ada", "entra:1:ada"),
            ("entra:2:bea", "entra:2:cleo"),
            # A double click, and the two answers of two officers.
            ("accogli", "respingi", "accogli"),
        ]
        processi = [portale.avvia_python(INSIEME, quando, *coppia) for coppia in azioni]
        esiti = [sorted(attendi(processo)) for processo in processi]
        conti = portale.python(CONTI)
        # Whoever sat first is not put on the Comitato, and the other way round.
        assert portale.python(INSIEME, "0", "garante:ada") == ["rifiutato"]

    assert esiti == [
        ["fatto", "rifiutato"],
        ["fatto", "rifiutato"],
        ["fatto", "rifiutato", "rifiutato"],
    ]
    assert [persona for _link, persona in conti["entrati"] if persona == "ada@example.org"] == [
        "ada@example.org"
    ]
    assert len(conti["entrati"]) == 2
    assert conti["garanti"] == 0
    assert (conti["seggi"], conti["richiesta"]) in [(4, "accolta"), (3, "respinta")]
    assert conti["risposte"] == 1
