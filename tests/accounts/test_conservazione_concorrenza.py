"""Two purges at once, in two real processes (see ``tests.processi``)."""

import json

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency
QUANTI = 5000

SEMINA = """
import sys
from datetime import timedelta
from django.utils import timezone
from accounts.models import Consenso

adesso = timezone.now()
Consenso.objects.bulk_create(
    [
        Consenso(scopo="newsletter", email=f"persona{n}@example.org", testo="x",
            dato_at=adesso - timedelta(days=9999), valido_at=adesso - timedelta(days=9999),
            ritirato_at=adesso - timedelta(days=9998))
        for n in range(int(sys.argv[1]))
    ],
    batch_size=1000,
)
"""

# Both are ready before either begins.
PULISCI = """
import json, pathlib, sys, time
from django.utils import timezone
from accounts import conservazione

io, altro = (pathlib.Path(nome) for nome in sys.argv[1:])
io.touch()
while not altro.exists():
    time.sleep(0.005)
esiti = conservazione.pulisci(timezone.now(), finalita="newsletter")
print(json.dumps({
    "tolti": sum(esito.conteggi[esito.regola.codice] for esito in esiti),
    "finita": all(esito.finita for esito in esiti),
}))
"""

RACCONTA = """
import json
from accounts.models import Consenso, Pulizia
print(json.dumps({
    "rimasti": Consenso.objects.count(),
    "registro": [voce.conteggi for voce in Pulizia.objects.filter(regola="newsletter")],
}))
"""


def test_two_purges_at_once_count_each_row_once(tmp_path):
    with portale_vero(tmp_path) as portale:
        portale.python(SEMINA, str(QUANTI))
        uno, altro = str(tmp_path / "uno"), str(tmp_path / "altro")
        processi = [
            portale.avvia_python(PULISCI, uno, altro),
            portale.avvia_python(PULISCI, altro, uno),
        ]
        fatti = [attendi(processo) for processo in processi]
        # The command, afterwards, finds nothing.
        comando = portale.manage("conserva", "--finalita", "newsletter")
        trovato = portale.python(RACCONTA)

    assert all(fatto["finita"] for fatto in fatti), fatti
    assert sum(fatto["tolti"] for fatto in fatti) == QUANTI, fatti
    assert trovato["rimasti"] == 0
    assert trovato["registro"] == [{"newsletter": QUANTI}], json.dumps(trovato)
    assert "Tolte: 0." in comando
