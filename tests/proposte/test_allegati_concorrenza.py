"""The same file, or more than fit, from several processes at one instant.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import time
from pathlib import Path

import pytest

from tests.processi import attendi, portale_vero

pytestmark = pytest.mark.concurrency

PROCESSI = 4


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        yield portale


PREPARA = """
from django.utils import timezone
from percorso.models import Percorso
from proposte.models import Proposta
percorso = Percorso.objects.create(
    titolo="P", slug="p", stato="attivo", inizio=timezone.localdate())
Proposta.objects.create(percorso=percorso, titolo="Bozza", slug="bozza")
"""

INSIEME = """
import io, json, sys, time
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from PIL import Image
from proposte import allegati
from proposte.models import Allegato, Proposta
from proposte.services import Rifiuto
quando, chi = float(sys.argv[1]), int(sys.argv[2])
connection.ensure_connection()
def immagine(colore):
    contenuto = io.BytesIO()
    Image.new("RGB", (300, 200), (colore, 0, 0)).save(contenuto, "PNG")
    return ContentFile(contenuto.getvalue(), "x.png")
time.sleep(max(0, quando - time.time()))
"""

UGUALE = (
    INSIEME
    + """
bozza = Proposta.objects.get(slug="bozza")
pk = allegati.allega(bozza, immagine(7), "La piazza", adesso=timezone.now()).pk
print(json.dumps(pk))
"""
)

DIVERSI = (
    INSIEME
    + """
bozza, esiti = Proposta.objects.get(slug="bozza"), []
for n in range(3):
    try:
        allegati.allega(bozza, immagine(chi * 10 + n), "La piazza", adesso=timezone.now())
        esiti.append("si")
    except Rifiuto:
        esiti.append("no")
print(json.dumps(esiti))
"""
)

CONTA = """
import json
from proposte.models import Allegato
print(json.dumps(Allegato.objects.count()))
"""


def insieme(portale, codice):
    quando = str(time.time() + 3)
    processi = [portale.avvia_python(codice, quando, str(n)) for n in range(PROCESSI)]
    return [attendi(processo) for processo in processi]


def file_di(portale):
    media = Path(portale.env["VAR_DIR"]) / "media"
    return [nome for nome in media.rglob("*") if nome.is_file()]


def test_the_same_file_from_everywhere_at_once_is_one(portale):
    portale.python(PREPARA)

    numeri = insieme(portale, UGUALE)

    assert len(set(numeri)) == 1
    assert portale.python(CONTA) == 1
    # The image and its small one: nothing of the others is left.
    assert len(file_di(portale)) == 2


def test_of_twelve_files_at_once_five_are_taken(portale):
    portale.python(PREPARA)

    esiti = [esito for suoi in insieme(portale, DIVERSI) for esito in suoi]

    assert sorted(esiti) == ["no"] * 7 + ["si"] * 5
    assert portale.python(CONTA) == 5
    assert len(file_di(portale)) == 10
