"""Several clicks at one instant, and somebody who writes meanwhile: erased once, and wholly.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import time

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        yield portale


PREPARA = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import Partecipante, User
from allauth.account.models import EmailAddress
from eventi.models import Incontro, Iscrizione
from percorso.models import Percorso
from proposte.models import Proposta
adesso = timezone.now()
percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=adesso.date())
lei = User.objects.create_user("lei@example.org", "x", nome="Lei Davvero")
EmailAddress.objects.create(user=lei, email=lei.email, verified=True, primary=True)
Partecipante.objects.create(email=lei.email, nome=lei.nome, persona=lei)
for n in range(5):
    incontro = Incontro.objects.create(
        percorso=percorso, titolo=f"I {n}", slug=f"i-{n}", genere="assemblea", stato="pubblicato",
        inizio=adesso + timedelta(days=9), fine=adesso + timedelta(days=9, hours=2), posti=1,
        posti_occupati=1)
    for email, nome, stato, posti in (
        ("lei@example.org", "Lei Davvero", "confermata", 1),
        ("dopo@example.org", "Dopo", "lista_attesa", 0),
    ):
        Iscrizione.objects.create(
            incontro=incontro, nome=nome, email=email, stato=stato, posti=posti,
            verificata_at=adesso, confermata_at=adesso if posti else None, in_lista_dal=adesso)
"""

CANCELLA = """
import json, sys, time
from django.utils import timezone
from accounts import diritti
from accounts.interessato import della_persona, dell_indirizzo
from accounts.models import User
lei = della_persona(User.objects.get(email="lei@example.org"))
if sys.argv[2] == "ospite":
    lei = dell_indirizzo("lei@example.org")
time.sleep(max(0, float(sys.argv[1]) - time.time()))
fatta = diritti.cancella_tutto(lei, canale=sys.argv[2], adesso=timezone.now())
print(json.dumps(fatta is not None))
"""

RINUNCIA = """
import json, sys, time
from django.utils import timezone
from eventi import services
from eventi.models import Iscrizione
mie = list(Iscrizione.objects.filter(email="lei@example.org").order_by("-pk"))
time.sleep(max(0, float(sys.argv[1]) - time.time()))
for iscrizione in mie:
    services.rinuncia(iscrizione, adesso=timezone.now())
print(json.dumps(True))
"""

ESITO = """
import json
from accounts.models import Cancellazione, Partecipante, User
from eventi.models import Incontro, Iscrizione
print(json.dumps({
    "registro": Cancellazione.objects.count(),
    "persone": User.objects.count() + Partecipante.objects.count(),
    "suoi": Iscrizione.objects.filter(email="lei@example.org").count(),
    "stati": sorted(set(Iscrizione.objects.values_list("nome", "stato"))),
    "occupati": sorted(set(Incontro.objects.values_list("posti_occupati", flat=True))),
}))
"""


def test_several_clicks_at_one_instant_erase_once_and_every_seat_is_offered_once(portale):
    portale.python(PREPARA)
    quando = str(time.time() + 8)

    processi = [
        portale.avvia_python(CANCELLA, quando, canale)
        for canale in ("persona", "persona", "ospite")
    ]
    rinuncia = portale.avvia_python(RINUNCIA, quando)
    fatte = [attendi(processo) for processo in processi]
    attendi(rinuncia)

    assert sorted(fatte) == [False, False, True]
    assert portale.python(ESITO) == {
        "registro": 1,
        "persone": 0,
        "suoi": 0,
        "stati": [
            ["Dopo", "posto_offerto"],
            ["persona che ha cancellato i suoi dati", "rinunciata"],
        ],
        "occupati": [1],
    }
