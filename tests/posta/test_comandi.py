import json
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from posta.models import Messaggio
from posta.services import batti
from tests.factories import MessaggioFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("genere")]


def test_spedisci_posta_delivers_and_counts(capsys):
    MessaggioFactory.create_batch(3, genere="prova")
    call_command("spedisci_posta", "--limite", "2")
    assert capsys.readouterr().out == (
        "inviati=2 rimandati=0 falliti=0 scaduti=0 annullati=0 rinviati=0\n"
    )
    call_command("spedisci_posta")
    assert len(mail.outbox) == 3


def test_spedisci_posta_says_that_the_server_is_down(capsys, settings, dead_port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", dead_port
    MessaggioFactory(genere="prova")
    call_command("spedisci_posta")
    assert "does not take mail now" in capsys.readouterr().err
    assert Messaggio.objects.in_coda().count() == 1


def test_stato_posta_prints_json(capsys, time_machine):
    time_machine.move_to("2026-03-10T09:00:00Z", tick=False)
    adesso = timezone.now()
    batti("pianificatore", adesso)
    MessaggioFactory(genere="prova", dovuto_at=adesso - timedelta(minutes=1))
    MessaggioFactory(genere="prova", stato=Messaggio.Stato.FALLITO)
    call_command("stato_posta")
    assert json.loads(capsys.readouterr().out) == {
        "stati": {
            "in_coda": 1,
            "inviato": 0,
            "fallito": 1,
            "scaduto": 0,
            "annullato": 0,
            "rimbalzato": 0,
        },
        "generi": {"prova": {"in_coda": 1, "fallito": 1}},
        "piu_vecchio_dovuto": "2026-03-10T08:59:00+00:00",
        "piu_vecchio_secondi": 60,
        "in_ritardo": 0,
        "battiti": {"pianificatore": 0, "spedizione": None},
        "ok": False,
    }
