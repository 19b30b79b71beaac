"""Two at the same instant: one approval, one text, and no correction that arrives too late.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import time

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

PREPARA = """
from datetime import timedelta
from django.utils import timezone
from eventi.models import Incontro
from percorso.models import Percorso
from tavolo.models import (
    Componente, ImpostazioniTavolo, Organizzazione, Presenza, PuntoOrdineDelGiorno, Seduta, Seggio)
from tavolo.services import verbali
adesso, oggi = timezone.now(), timezone.localdate()
percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=oggi)
ImpostazioniTavolo.objects.create(percorso=percorso, approvazione="silenzio")
org = Organizzazione.objects.create(nome="O", slug="o", genere="altro")
seggio = Seggio.objects.create(percorso=percorso, organizzazione=org, dal=oggi - timedelta(90))
Componente.objects.create(seggio=seggio, nome="x", email="x@example.org", dal=oggi)
for n, giorni in enumerate((30, 1), start=1):
    inizio = adesso - timedelta(days=giorni)
    incontro = Incontro.objects.create(
        percorso=percorso, titolo=f"S{n}", slug=f"s{n}", genere="seduta", stato="svolto",
        inizio=inizio, fine=inizio + timedelta(hours=2), con_iscrizione=False)
    seduta = Seduta.objects.create(
        incontro=incontro, numero=n, stato="chiusa", seggi_con_voce=1, numero_legale=1)
    Presenza.objects.create(seduta=seduta, seggio=seggio, modo="sala")
prima = Seduta.objects.get(numero=1)
PuntoOrdineDelGiorno.objects.create(seduta=prima, ordine=1, titolo="Uno")
allora = adesso - timedelta(days=20)
verbale = verbali.inizia(prima, None, adesso=allora)
verbali.salva_voce(verbale.voci.get(), "Detto.", versione=1, autore=None, adesso=allora)
verbali.apri_correzioni(verbale, None, adesso=allora)
"""

# Each line of ``verbi`` is a thread; all begin at the same instant.
INSIEME = """
import json, sys, threading, time
from django.db import connection
from django.utils import timezone
from tavolo.models import Componente, Seduta, Verbale
from tavolo.services import verbali
from portale.lib.rifiuti import Rifiuto
adesso = timezone.now()
def verbale(): return Verbale.objects.get()
def scrivi(testo):
    verbali.salva_voce(
        verbale().voci.get(), testo, versione=2, autore=None, adesso=adesso)
def chiedi():
    chi = Componente.objects.get()
    verbali.chiedi_correzione(
        verbale(), chi.seggio, chi, punto=None, testo="x", chiave="x", adesso=adesso)
verbi = {
    "scrivi": scrivi,
    "chiedi": chiedi,
    "seduta": lambda: verbali.approva_in_seduta(
        verbale(), Seduta.objects.get(numero=2), None, adesso=adesso),
    "silenzio": lambda: verbali.approva_per_silenzio(adesso),
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
from django.core.files.storage import default_storage
from tavolo.models import Verbale
from tavolo.services import verbali
verbale = Verbale.objects.get()
print(json.dumps({
    "stato": verbale.stato,
    "voce": [verbale.voci.get().testo, verbale.voci.get().versione],
    "approvazioni": verbale.passaggi.filter(a="approvato").count(),
    "correzioni": verbale.correzioni.count(),
    "file": len(default_storage.listdir(verbali.CARTELLA)[1]),
    "integri": all(verbali.file_approvato(verbale, interno=i) for i in (False, True)),
}))
"""


def test_of_two_at_once_one_wins_and_what_was_frozen_is_what_was_read(tmp_path):
    with portale_vero(tmp_path) as portale:
        portale.python(PREPARA)
        quando = str(time.time() + 4)
        scritti = portale.avvia_python(INSIEME, quando, "scrivi:Di Anna", "scrivi:Di Bruna")
        assert sorted(attendi(scritti)) == ["fatto", "rifiutato"]
        quando = str(time.time() + 4)
        processi = [
            portale.avvia_python(INSIEME, quando, "seduta", "seduta", "chiedi"),
            portale.avvia_python(INSIEME, quando, "silenzio"),
        ]
        esiti = [esito for processo in processi for esito in attendi(processo)]
        conti = portale.python(CONTI)

    assert set(esiti) <= {"fatto", "rifiutato"}
    assert conti.pop("voce") in (["Di Anna", 3], ["Di Bruna", 3])
    assert conti == {
        "stato": "approvato",
        "approvazioni": 1,
        "correzioni": 0,
        "file": 2,
        "integri": True,
    }
