"""Five thousand people, and processes that are killed while they are written to."""

import logging
from email import message_from_bytes

import pytest

from tests.posta.smtp import ServerDiProva
from tests.processi import attendi, portale_vero

# Every piece of work runs in a forked child, which may kill itself with SIGKILL at its n-th
# statement: any line of the work is between two of them. The parent never has a connection.
COMUNE = """
import json, os, random, signal, sys, time
from datetime import timedelta
from django.db import connection
from django.utils import timezone

seme = random.randrange(10**6)
random.seed(seme)

def muori_alla(quale):
    contate = 0
    def conta(esegui, *resto):
        nonlocal contate
        contate += 1
        if contate >= quale:
            os.kill(os.getpid(), signal.SIGKILL)
        return esegui(*resto)
    connection.execute_wrappers.append(conta)

def figlio(lavoro, muore_alla=None):
    pid = os.fork()
    if pid:
        return pid
    try:
        if muore_alla:
            muori_alla(muore_alla)
        lavoro()
        sys.stdout.flush()
        connection.close()
        os._exit(0)
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)

def esito(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def semina(quanti):
    from accounts.models import User
    from comunicazioni import services
    from comunicazioni.models import Comunicazione
    from eventi.models import Incontro, Iscrizione
    from percorso.models import Percorso

    adesso = timezone.now()
    percorso = Percorso.objects.create(titolo="Percorso", slug="percorso", stato="attivo",
        inizio=adesso.date())
    incontro = Incontro.objects.create(
        percorso=percorso, titolo="Incontro", slug="incontro", stato="pubblicato",
        inizio=adesso + timedelta(days=9),
    )
    Iscrizione.objects.bulk_create(
        [
            Iscrizione(
                incontro=incontro, nome=f"Persona {n}", email=f"persona{n}@example.org",
                stato="confermata", posti=1, verificata_at=adesso, confermata_at=adesso,
            )
            for n in range(quanti)
        ],
        batch_size=1000,
    )
    comunicazione = Comunicazione.objects.create(
        pubblico="iscritti", incontro=incontro, oggetto="Avviso", testo="Testo.",
        urgente=True, motivo_urgenza="Di notte i test girano lo stesso",
    )
    services.avvia(
        comunicazione, confermata=services.impronta(comunicazione), autore=None, adesso=adesso
    )

def prepara():
    from comunicazioni import services
    from comunicazioni.models import Comunicazione
    while Comunicazione.objects.filter(stato="in_preparazione").exists():
        services.prepara()
        time.sleep(0.02)
"""

TUTTO = (
    COMUNE
    + """
from posta import consegna
consegna.DURATA_LEASE = timedelta(seconds=3)

def spedisci():
    from posta.models import Messaggio
    while Messaggio.objects.filter(stato="in_coda").exists():
        consegna.spedisci_dovuti()
        time.sleep(0.05)

def racconta():
    from comunicazioni import services
    from comunicazioni.models import Comunicazione, Destinatario
    from posta.models import Messaggio
    services.concludi(timezone.now())
    comunicazione = Comunicazione.objects.get()
    print(json.dumps({
        "seme": seme, "uccisi": uccisi, "finiti": finiti, "stato": comunicazione.stato,
        "preparati": comunicazione.preparati,
        "righe": Destinatario.objects.count(),
        "indirizzi": Destinatario.objects.values("email").distinct().count(),
        "mail": Messaggio.objects.filter(genere="comunicazione").count(),
        "senza_mail": Destinatario.objects.filter(messaggio=None).count(),
        "inviati": services.numeri(comunicazione)["inviati"],
    }))

assert esito(figlio(lambda: semina(QUANTI))) == 0
# Three times before the work would be done by itself, which takes some seventy statements.
uccisi = [esito(figlio(prepara, random.randrange(3, 18))) for _ in range(3)]
# The last two at once.
finiti = [esito(pid) for pid in [figlio(prepara), figlio(prepara)]]
# Three times more while they leave, at five or six statements for each mail.
uccisi += [esito(figlio(spedisci, random.randrange(100, QUANTI))) for _ in range(3)]
finiti += [esito(pid) for pid in [figlio(spedisci), figlio(spedisci)]]
assert esito(figlio(racconta)) == 0
"""
)
QUANTI = 5000


class SoloINomi(ServerDiProva):
    """Of five thousand mails it keeps to whom each went, and under which name."""

    def __init__(self):
        super().__init__()
        self.nomi = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd's name)
        testa = envelope.content.split(b"\r\n\r\n", 1)[0]
        nome = message_from_bytes(testa)["Message-ID"]
        self.nomi.append((envelope.rcpt_tos[0], nome))
        return "250 OK"


@pytest.mark.concurrency
def test_five_thousand_get_one_mail_each_though_its_processes_are_killed_six_times(
    tmp_path, caplog
):
    """Killed three times while they are written down, and three while their mails leave. One
    Message-ID for each; a process killed between the server's yes and the mark may have handed
    over that one mail twice, under the same name: SMTP has no way to do better (docs/adr/0002).
    """
    # The server would write twenty lines for each mail.
    caplog.set_level(logging.ERROR, "mail.log")
    with portale_vero(tmp_path) as portale, SoloINomi() as smtp:
        portale.env["EMAIL_URL"] = "smtp://{}:{}".format(*smtp.indirizzo)
        # A minute where nothing else runs; many where much does.
        lavoro = portale.avvia_python(f"QUANTI = {QUANTI}\n{TUTTO}")
        fatto = attendi(lavoro, secondi=1200)

    seme = fatto.pop("seme")
    assert fatto == {
        "uccisi": [-9] * 6,
        "finiti": [0] * 4,
        "stato": "inviata",
        "preparati": QUANTI,
        "righe": QUANTI,
        "indirizzi": QUANTI,
        "mail": QUANTI,
        "senza_mail": 0,
        "inviati": QUANTI,
    }, seme
    # None lost, and one name for each.
    una_sola = set(smtp.nomi)
    assert {a for a, _nome in una_sola} == {f"persona{n}@example.org" for n in range(QUANTI)}, seme
    assert len(una_sola) == len({nome for _a, nome in una_sola}) == QUANTI, seme
    assert len(smtp.nomi) - QUANTI <= 3, seme
