"""Many people at once: no seat given twice, none left idle, nobody jumping the line.

Real processes on a real database of the configured kind (see ``tests.processi``).
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.processi import attendi, portale_vero, sito_servito

pytestmark = pytest.mark.concurrency


@pytest.fixture
def portale(tmp_path):
    with portale_vero(tmp_path) as portale:
        yield portale


# What each process does to the meeting: the whole state machine, at random.
OPERAZIONI = """
import random, sys
from django.utils import timezone
from accounts.models import User
from eventi import services
from eventi.models import Incontro, Iscrizione
incontro = Incontro.objects.get(slug=sys.argv[1])
caso = random.Random(int(sys.argv[2]))
persone = list(User.objects.order_by("pk"))
for giro in range(int(sys.argv[3])):
    persona, adesso = caso.choice(persone), timezone.now()
    sua = incontro.iscrizioni.filter(email=persona.email).first()
    try:
        scelta = caso.random()
        if sua is None or not sua.viva or scelta < 0.4:
            services.iscrivi_persona(
                incontro, persona, posti_richiesti=caso.randint(1, 3), adesso=adesso)
        elif scelta < 0.6:
            services.rinuncia(sua, adesso=adesso)
        elif scelta < 0.75:
            services.accetta_posto(sua, adesso=adesso)
        elif scelta < 0.85:
            services.cambia_posti(sua, caso.randint(1, 5), adesso=adesso)
        elif scelta < 0.92:
            services.aspetta_tutti(sua, adesso=adesso)
        else:
            services.richiedi_iscrizione(
                incontro, nome="Ospite", email=f"ospite{caso.randint(0, 20)}@example.org",
                adesso=adesso)
    except services.Rifiuto:
        pass
"""

PERSONE = """
import sys
from accounts.models import User
User.objects.bulk_create(
    User(email=f"persona{n}@example.org", password="!") for n in range(int(sys.argv[1])))
"""

# Whatever happened, this must be so.
CONTI = """
import json, sys
from django.db.models import Sum
from eventi.models import Incontro, Iscrizione
incontro = Incontro.objects.get(slug=sys.argv[1])
iscrizioni = incontro.iscrizioni
servibili = iscrizioni.in_attesa().exclude(
    solo_al_completo=True, posti_richiesti__gt=incontro.posti_liberi)
print(json.dumps({
    "contati": iscrizioni.che_tengono_posti().aggregate(n=Sum("posti"))["n"] or 0,
    "scritti": incontro.posti_occupati,
    "posti": incontro.posti,
    "oltre": incontro.posti_oltre,
    "aspettano_con_posti_liberi": servibili.count() if incontro.posti_liberi else 0,
    "passaggi": sum(i.passaggi.count() > 0 for i in iscrizioni.all()),
    "iscrizioni": iscrizioni.count(),
}))
"""


def test_mixed_operations_of_several_processes_keep_the_seats_right(portale):
    slug = portale.manage("prova_incontro", "--posti", "12").strip()
    portale.python(PERSONE, "40")

    for processo in [
        portale.avvia_python(OPERAZIONI, slug, str(seme), "120") for seme in range(4)
    ]:
        attendi(processo)

    conti = portale.python(CONTI, slug)
    assert conti["contati"] == conti["scritti"] <= conti["posti"] == 12
    assert conti["oltre"] == 0
    assert conti["aspettano_con_posti_liberi"] == 0
    assert conti["passaggi"] == conti["iscrizioni"] > 12


FILA = """
import sys
from django.utils import timezone
from accounts.models import User
from eventi import services
from eventi.models import Incontro
incontro = Incontro.objects.get(slug=sys.argv[1])
for persona in User.objects.order_by("pk"):
    services.iscrivi_persona(incontro, persona, adesso=timezone.now())
"""
RINUNCE = """
import sys
from django.utils import timezone
from eventi import services
from eventi.models import Incontro
incontro = Incontro.objects.get(slug=sys.argv[1])
for iscrizione in incontro.iscrizioni.confermate():
    services.rinuncia(iscrizione, adesso=timezone.now())
"""
NUOVI = """
import sys
from django.utils import timezone
from eventi import services
from eventi.models import Incontro
incontro = Incontro.objects.get(slug=sys.argv[1])
for n in range(60):
    services.richiedi_iscrizione(
        incontro, nome="Nuova", email=f"nuova{sys.argv[2]}-{n}@example.org", adesso=timezone.now())
"""
ESITO = """
import json, sys
from eventi.models import Incontro
incontro = Incontro.objects.get(slug=sys.argv[1])
print(json.dumps({
    "offerti": list(incontro.iscrizioni.filter(stato="posto_offerto")
        .order_by("pk").values_list("email", flat=True)),
    "nuovi": sorted(set(incontro.iscrizioni.filter(email__startswith="nuova")
        .values_list("stato", flat=True))),
}))
"""


def test_freed_seats_go_to_the_head_of_the_line_while_newcomers_race_for_them(portale):
    slug = portale.manage("prova_incontro", "--posti", "10").strip()
    portale.python(PERSONE, "25")
    portale.python(FILA, slug)

    corsa = [portale.avvia_python(NUOVI, slug, str(n)) for n in range(2)]
    corsa.append(portale.avvia_python(RINUNCE, slug))
    for processo in corsa:
        attendi(processo)

    esito = portale.python(ESITO, slug)
    assert esito["offerti"] == [f"persona{n}@example.org" for n in range(10, 20)]
    assert esito["nuovi"] == ["lista_attesa"]


@pytest.fixture
def sito(portale, tmp_path):
    with sito_servito(portale, tmp_path) as base:
        yield base


class SenzaRinvii(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def test_500_people_at_once_for_30_seats(portale, sito, tmp_path):
    slug = portale.manage("prova_incontro", "--posti", "30").strip()
    url = f"{sito}/incontri/{slug}/iscrizione/"
    apri = urllib.request.build_opener(SenzaRinvii).open
    with apri(url, timeout=30) as pagina:
        html = pagina.read().decode()
        [biscotto] = re.findall(r"csrftoken=([^;]+)", pagina.headers["Set-Cookie"])
    campi = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    ricevuto = re.search(r'name="ricevuto"[^>]*value="([^"]*)"', html).group(1)

    def iscrivi(n):
        dati = {
            **campi,
            "ricevuto": ricevuto,
            "nome": f"Persona {n}",
            "email": f"persona{n}@example.org",
            "posti_richiesti": "1",
            "informativa": "on",
        }
        richiesta = urllib.request.Request(
            url,
            data=urllib.parse.urlencode(dati).encode(),
            headers={"Cookie": f"csrftoken={biscotto}", "Referer": url},
        )
        try:
            with apri(richiesta, timeout=120) as risposta:
                return risposta.status
        except urllib.error.HTTPError as errore:
            return errore.code

    with ThreadPoolExecutor(64) as insieme:
        esiti = list(insieme.map(iscrivi, range(500)))

    assert set(esiti) == {303}, (tmp_path / "server.log").read_text()[-3000:]
    stato = json.loads(portale.manage("stato_iscrizioni", slug))
    assert stato["posti_occupati"] == 30
    assert stato["doppie"] == 0
    conti = portale.python(CONTI, slug)
    assert (conti["contati"], conti["iscrizioni"]) == (30, 500)
