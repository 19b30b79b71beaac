import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Partecipante
from portale.lib.dates import ROMA
from proposte import services
from proposte.models import Bisogno, PassaggioBisogno, Proposta
from tests.factories import (
    AvanzamentoFactory,
    BisognoFactory,
    CommentoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    NotaFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    ResocontoFactory,
    RispostaFactory,
    SostegnoFactory,
    TemaFactory,
    UserFactory,
    VerificaTecnicaFactory,
)
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
# A Tuesday.
ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)


@pytest.fixture(autouse=True)
def _orologio():
    with time_machine.travel(ADESSO, tick=False):
        yield


def test_smoke(client):
    p = PropostaFactory()
    for u in ("", "percorso/", "versioni/", "scheda/", "qr.svg"):
        r = client.get(p.get_absolute_url() + u)
        assert r.status_code == 200, u
    b = BisognoFactory()
    for u in ("", "percorso/"):
        assert client.get(b.get_absolute_url() + u).status_code == 200
