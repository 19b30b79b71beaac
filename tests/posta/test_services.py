from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from posta.consegna import spedisci_dovuti
from posta.generi import NonDovuto, Rinviato, Scaduto
from posta.models import Messaggio
from posta.services import accoda

ADESSO = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_smoke(genere):
    accoda("prova", "anna@example.org", chiave="a", lingua="it", adesso=ADESSO)
    accoda("prova", "anna@example.org", chiave="a", lingua="it", adesso=ADESSO)
    r = spedisci_dovuti(lambda: ADESSO)
    assert r.inviati == 1
    assert len(mail.outbox) == 1
    print(mail.outbox[0].message())
