"""Two people deciding at once, a seat answering twice at once, the clock of two workers: one wins,
the other is told.

Threads of a real process on a real database of the configured kind (see ``tests.processi``).
"""

import pytest

from tests.processi import portale_vero

pytestmark = pytest.mark.concurrency

INSIEME = """
import json, threading
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from accounts.models import User
from eventi.models import Incontro
from percorso.models import Percorso
from proposte.models import Passaggio, Proposta
from tavolo.models import (Componente, Decisione, Organizzazione, Presenza, ProceduraScritta,
    PuntoOrdineDelGiorno, RispostaScritta, Seduta, Seggio, VersioneRisposta)
from tavolo.services import decisioni, procedure
from posta.models import Messaggio
adesso = timezone.now()
oggi = timezone.localdate()
percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=oggi)
autore = User.objects.create_user("ufficio@example.org", "x", is_staff=True)
incontro = Incontro.objects.create(
    percorso=percorso, titolo="Seduta", slug="seduta", genere="seduta", stato="pubblicato",
    inizio=adesso, fine=adesso + timedelta(hours=2), con_iscrizione=False)
seduta = Seduta.objects.create(
    incontro=incontro, numero=1, stato="aperta", seggi_con_voce=2, numero_legale=2)
seggi = []
for n in range(2):
    organizzazione = Organizzazione.objects.create(nome=f"O{n}", slug=f"o{n}", genere="altro")
    seggi.append(Seggio.objects.create(
        percorso=percorso, organizzazione=organizzazione, dal=oggi))
    Presenza.objects.create(seduta=seduta, seggio=seggi[n], modo="sala")
    for ruolo in ("titolare", "supplente"):
        Componente.objects.create(
            seggio=seggi[n], ruolo=ruolo, nome=f"{ruolo} {n}", email=f"{ruolo}{n}@example.org",
            dal=oggi, invitato_at=adesso)
punto = PuntoOrdineDelGiorno.objects.create(seduta=seduta, ordine=1, titolo="P")

def proposta(n):
    nuova = Proposta.objects.create(
        percorso=percorso, per_la_citta=True, titolo=f"Proposta {n}", slug=f"proposta-{n}",
        che_cosa="x", stato="in_valutazione", pubblicata_at=adesso)
    punto.proposte.add(nuova)
    return nuova

def insieme(*cose):
    \"\"\"Do them at one instant; how many succeeded, and the kinds of what refused.\"\"\"
    via, esiti = threading.Barrier(len(cose)), []
    def una(cosa):
        try:
            connection.ensure_connection()
            via.wait(20)
            cosa()
            esiti.append("fatto")
        except Exception as errore:
            esiti.append(type(errore).__name__)
        finally:
            connection.close()
    fili = [threading.Thread(target=una, args=[cosa]) for cosa in cose]
    for filo in fili: filo.start()
    for filo in fili: filo.join()
    return sorted(esiti)

def decidi(quale, esito):
    return lambda: decisioni.decidi_in_seduta(
        seduta, punto, quale, esito=esito, motivazione="Perché.", autore=autore,
        adesso=timezone.now())

def chiedi(quale, da):
    return lambda: procedure.apri(
        quale, esito="accolta", testo="Sì.", apre_at=da, chiude_at=da + timedelta(days=2),
        autore=autore, adesso=da)
"""

PROVA = (
    INSIEME
    + """
risposte = {}
una, due, tre = proposta(1), proposta(2), proposta(3)

risposte["decidono"] = insieme(*(
    decidi(una, esito) for esito in ("accolta", "non_accolta", "rinviata", "accolta")))
risposte["decisioni"] = Decisione.objects.filter(proposta=una).count()

risposte["decide_o_chiede"] = insieme(decidi(due, "accolta"), chiedi(due, adesso))
risposte["una_delle_due"] = (
    Decisione.objects.filter(proposta=due).count()
    + ProceduraScritta.objects.filter(proposta=due).count())

aperta = chiedi(tre, adesso)()
titolare, supplente = Componente.objects.filter(seggio=seggi[0]).order_by("pk")
risposte["rispondono"] = insieme(*(
    lambda chi=chi, scelta=scelta: procedure.rispondi(
        aperta, chi, scelta, "Perché.", adesso=timezone.now())
    for chi, scelta in ((titolare, "consenso"), (supplente, "astensione"))))
risposte["versioni"] = VersioneRisposta.objects.count()
altra = Componente.objects.filter(seggio=seggi[1]).first()
procedure.rispondi(aperta, altra, "consenso", adesso=timezone.now())

fine = aperta.chiude_at
risposte["orologi"] = insieme(*(lambda: procedure.chiudi_scadute(fine) for _ in range(4)))
risposte["decisa"] = Decisione.objects.filter(procedura=aperta).count()
risposte["passi"] = Passaggio.objects.filter(proposta=tre, a="accolta").count()
risposte["mail"] = Messaggio.objects.filter(
    genere="procedura_chiusa", parametri__procedura=aperta.pk).count()
print(json.dumps(risposte))
"""
)


def test_of_several_at_one_instant_one_wins_and_the_others_are_told(tmp_path):
    with portale_vero(tmp_path) as portale:
        trovate = portale.python(PROVA)

    assert trovate == {
        "decidono": ["Rifiuto", "Rifiuto", "Rifiuto", "fatto"],
        "decisioni": 1,
        "decide_o_chiede": ["Rifiuto", "fatto"],
        "una_delle_due": 1,
        "rispondono": ["Superata", "fatto"],
        "versioni": 1,
        "orologi": ["fatto"] * 4,
        "decisa": 1,
        "passi": 1,
        "mail": 4,
    }
