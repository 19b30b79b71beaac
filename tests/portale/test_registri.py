"""The log names nobody, whatever is written into it."""

import io
import logging
import smtplib

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from portale.lib.registri import RigaSenzaPersone, senza_persone
from posta import consegna
from tests.factories import IscrizioneFactory, MessaggioFactory, PartecipanteFactory
from tests.processi import portale_vero

INDIRIZZO = "ottavia.sparita@example.org"


@pytest.fixture
def registro():
    """What the console's handler would print while the test runs."""
    uscita = io.StringIO()
    handler = logging.StreamHandler(uscita)
    handler.setFormatter(RigaSenzaPersone())
    radice = logging.getLogger()
    radice.addHandler(handler)
    livello = radice.level
    radice.setLevel(logging.DEBUG)
    yield uscita
    radice.setLevel(livello)
    radice.removeHandler(handler)


def test_the_console_writes_with_this_format():
    assert settings.LOGGING["formatters"]["riga"]["()"] == "portale.lib.registri.RigaSenzaPersone"
    assert settings.LOGGING["root"]["handlers"] == ["console"]
    assert settings.MIDDLEWARE[0] == "portale.lib.registri.NumeroRichiesta"


@pytest.mark.parametrize(
    ("scritto", "letto"),
    [
        (f"550 <{INDIRIZZO}>: no such user", "550 <…@…>: no such user"),
        ("Not Found: /contatti/?email=a%40b.it&x=1", "Not Found: /contatti/?…"),
        ("from 203.0.113.7 again", "from 203.0.… again"),
        ("from 2001:db8:1:2::7 again", "from … again"),
        ("/accounts/password/reset/key/2-cx1-abc/", "/accounts/password/reset/key/…/"),
        (
            "duplicate key\nDETAIL:  Key (email)=(x) already exists.",
            "duplicate key\nDETAIL:  Key (email)=(…) already exists.",
        ),
        (
            "DETAIL:  Failing row contains (1, Ottavia Sparita, 0523).",
            "DETAIL:  Failing row contains (…).",
        ),
        ("posta.consegna: 3 mails, 12:30:00, /incontri/verde-in-zona-3/", None),
    ],
)
def test_what_tells_of_somebody_is_taken_out_and_the_rest_stays(scritto, letto):
    assert senza_persone(scritto) == (scritto if letto is None else letto)


@pytest.mark.django_db
def test_no_link_that_opens_a_page_is_readable():
    iscrizione, partecipante = IscrizioneFactory(), PartecipanteFactory()
    for token in (iscrizione.token, partecipante.token):
        assert senza_persone(f"Not Found: /x/{token}/conferma/") == "Not Found: /x/…/conferma/"


@pytest.mark.django_db
def test_a_request_that_is_refused_leaves_neither_token_nor_query(client, registro):
    token = IscrizioneFactory().token
    url = reverse("iscrizioni:iscrizione_detail", args=[token + "x"])

    assert client.get(f"{url}?nome=Ottavia&email={INDIRIZZO}").status_code == 404

    righe = registro.getvalue()
    assert "Not Found: /iscrizioni/…/" in righe
    assert [cosa for cosa in (token, "Ottavia", INDIRIZZO) if cosa in righe] == []


@pytest.mark.django_db
def test_the_lines_of_one_request_carry_its_number(client, registro):
    client.get("/nessuna-pagina/")
    client.get("/nessuna-pagina/")

    numeri = [
        riga.partition("[")[2].partition("]")[0]
        for riga in registro.getvalue().splitlines()
        if "Not Found" in riga
    ]
    assert len(set(numeri)) == 2
    assert "-" not in numeri


@pytest.mark.django_db
def test_a_page_that_fails_leaves_one_line_without_what_the_exception_quotes(
    client, registro, monkeypatch
):
    def cade(*args, **kwargs):
        raise RuntimeError(f"no row for {INDIRIZZO}")

    monkeypatch.setattr("portale.views.contatti._iniziali", cade)
    client.raise_request_exception = False

    assert client.get("/contatti/").status_code == 500

    righe = [riga for riga in registro.getvalue().splitlines() if "RuntimeError" in riga]
    assert len(righe) == 1
    assert "no row for …@…" in righe[0]
    assert INDIRIZZO not in registro.getvalue()


@pytest.mark.django_db
def test_a_constraint_that_is_broken_does_not_quote_the_row(registro):
    User.objects.create(email=INDIRIZZO, nome="Ottavia Sparita")
    try:
        with transaction.atomic():
            User.objects.create(email=INDIRIZZO, nome="Ottavia Sparita")
    except IntegrityError:
        logging.getLogger("prova").exception("twice")

    righe = [riga for riga in registro.getvalue().splitlines() if " prova " in riga]
    assert len(righe) == 1
    assert "IntegrityError" in righe[0]
    assert INDIRIZZO not in righe[0]


@pytest.mark.django_db
def test_a_mail_that_is_refused_names_nobody_in_the_log_nor_in_its_row(registro, monkeypatch):
    class Rifiuta:
        def open(self):
            return True

        def close(self):
            pass

        def send_messages(self, messaggi):
            raise smtplib.SMTPRecipientsRefused(
                {INDIRIZZO: (550, f"<{INDIRIZZO}> unknown".encode())}
            )

    monkeypatch.setattr("posta.linea.get_connection", lambda *a, **k: Rifiuta(), raising=False)
    messaggio = MessaggioFactory(
        genere="contatto_ricevuto",
        destinatario=INDIRIZZO,
        parametri={
            "nome": "Ottavia",
            "email": INDIRIZZO,
            "oggetto": "x",
            "laboratorio": "",
            "messaggio": "x",
        },
    )

    consegna.spedisci_dovuti(ignora_pausa=True)

    messaggio.refresh_from_db()
    assert messaggio.stato in ("fallito", "in_coda")
    assert INDIRIZZO not in messaggio.ultimo_errore
    assert INDIRIZZO not in registro.getvalue()


LAVORATORE = """
import logging
from celery.utils.log import get_task_logger
from celery.worker import state
from portale.celery import app

# The real worker, on a broker that lives in this process.
app.conf.update(broker_url="memory://", task_always_eager=False)
INDIRIZZO = "ottavia.sparita@example.org"

@app.task
def cade():
    logging.getLogger("posta.consegna").warning("not delivered to %s", INDIRIZZO)
    get_task_logger("accounts.tasks").warning("from 93.44.12.7, %s", INDIRIZZO)
    raise ValueError(f"Key (email)=({INDIRIZZO}) already exists")

@app.task
def basta():
    state.should_stop = 0

cade.delay()
basta.delay()
app.worker_main(
    ["worker", "--pool", "solo", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
)
"""


@pytest.mark.concurrency
def test_a_real_worker_writes_nobodys_address(tmp_path):
    with portale_vero(tmp_path) as portale:
        portale.env["LOG_LEVEL"] = "INFO"
        processo = portale.avvia_python(LAVORATORE)
        uscita, errori = processo.communicate(timeout=120)

    scritto = [riga for riga in errori.splitlines() if "…" in riga]
    assert any("posta.consegna" in riga and "not delivered to …@…" in riga for riga in scritto)
    assert any("accounts.tasks" in riga and "from 93.44.…, …@…" in riga for riga in scritto)
    assert any("Traceback" in riga and "Key (email)=(…)" in riga for riga in scritto), errori
    assert "sparita" not in uscita + errori
