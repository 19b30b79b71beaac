"""Several officers at one instant: one wins, the others are told, nothing is written twice.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import time
from collections import Counter

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

PROCESSI = 8

PREPARA = """
from django.contrib.auth.models import Group
from django.utils import timezone
from datetime import timedelta
from accounts.models import User
from percorso.models import Percorso
from proposte.models import Proposta, VerificaTecnica
adesso = timezone.now()
percorso = Percorso.objects.create(
    titolo="P", slug="p", stato="attivo", inizio=timezone.localdate())
for n in range(8):
    persona = User.objects.create_user(f"ufficio{n}@example.org", "x", is_staff=True)
    persona.groups.add(Group.objects.get(name="ufficio"))
# The third waits for all the while, so that there is something to tell at any hour.
for n, stato in enumerate(["inviata", "in_valutazione", "inviata"]):
    Proposta.objects.create(
        percorso=percorso, per_la_citta=True, titolo=f"Proposta {n}", slug=f"proposta-{n}",
        che_cosa="x", stato=stato, inviata_at=adesso - timedelta(days=2),
        pubblicata_at=adesso if stato == "in_valutazione" else None)
VerificaTecnica.objects.create(proposta=Proposta.objects.get(slug="proposta-1"))
"""

# Each does all, and tells how it went: a refusal is an answer, anything else an error.
INSIEME = """
import json, sys, time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from django.db import connection
from django.utils import timezone
from accounts.models import User
from percorso.models import Percorso
from proposte.admin_views import solo_da
from proposte import coda, registrazione, services, verifiche
from proposte.models import Proposta, VerificaTecnica
io, cartella = int(sys.argv[1]), Path(sys.argv[2])
autore = User.objects.get(email=f"ufficio{io}@example.org")
una, due = Proposta.objects.get(slug="proposta-0"), Proposta.objects.get(slug="proposta-1")
letta = verifiche.impronta(VerificaTecnica.objects.get())
percorso, adesso = Percorso.objects.get(), timezone.now()
mattina = datetime.combine(
    timezone.localdate(), datetime.min.time(), tzinfo=ZoneInfo("Europe/Rome")).replace(hour=9)
stessa = User.objects.get(email="ufficio0@example.org")
def prova(verbo):
    try:
        return str(verbo())
    except services.Superata:
        return "superata"
    except services.Rifiuto:
        return "rifiuto"
def modera():
    with solo_da(una, "inviata"):
        if io % 2:
            services.pubblica(una, autore, adesso=adesso)
        else:
            services.nascondi(una, autore, "altro", "No.", adesso=adesso)
    return "pubblicata" if io % 2 else "nascosta"
def verifica():
    verifiche.salva(due, {"note": f"di {io}"}, conclusa=False, letta=letta, adesso=adesso)
    return f"di {io}"
def foglio():
    valori = {"percorso": percorso, "titolo": "Una panchina", "che_cosa": "Qui.",
              "per_la_citta": True}
    return registrazione.registra(valori, autore=stessa, adesso=adesso)[1]
connection.ensure_connection()
(cartella / f"pronto-{io}").touch()
while not (cartella / "via").exists():
    time.sleep(0.002)
print(json.dumps([prova(modera), prova(verifica), prova(foglio),
                  prova(lambda: coda.accoda_riepilogo(mattina))]))
"""

CONTA = """
import json
from posta.models import Messaggio
from proposte.models import Passaggio, Proposta, VerificaTecnica
print(json.dumps([
    list(Passaggio.objects.filter(proposta__slug="proposta-0").values_list("a", flat=True)),
    VerificaTecnica.objects.get().note,
    Proposta.objects.filter(titolo="Una panchina").count(),
    Messaggio.objects.filter(genere="moderazione_riepilogo").count(),
    Messaggio.objects.filter(genere="moderazione_riepilogo").values("destinatario").distinct()
    .count(),
]))
"""


def test_of_officers_who_act_at_one_instant_one_wins_and_the_others_are_told(tmp_path):
    with portale_vero(tmp_path) as portale:
        portale.python(PREPARA)
        processi = [portale.avvia_python(INSIEME, str(n), str(tmp_path)) for n in range(PROCESSI)]
        # All of them have read before one writes, however busy the machine is.
        while len(list(tmp_path.glob("pronto-*"))) < PROCESSI:
            assert [processo.poll() for processo in processi] == [None] * PROCESSI
            time.sleep(0.05)
        (tmp_path / "via").touch()
        esiti = [attendi(processo) for processo in processi]
        passi, nota, fogli, riepiloghi, destinatari = portale.python(CONTA)

    moderato, verificato, registrato, avvisato = zip(*esiti, strict=True)
    assert [esito for esito in moderato if esito != "rifiuto"] == passi
    assert len(passi) == 1
    assert [esito for esito in verificato if esito != "superata"] == [nota]
    assert Counter(registrato) == {"True": 1, "False": PROCESSI - 1}
    assert fogli == 1
    assert riepiloghi == destinatari == PROCESSI
    assert all(esito.isdigit() for esito in avvisato)
