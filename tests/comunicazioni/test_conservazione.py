from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.conservazione import regole
from comunicazioni import services
from comunicazioni.models import Comunicazione, Destinatario
from posta.models import Messaggio
from tests.factories import ComunicazioneFactory, IscrizioneFactory

pytestmark = pytest.mark.django_db


def scritta(stato):
    """To two people, one of whom it did not reach."""
    comunicazione = ComunicazioneFactory()
    for _ in range(2):
        IscrizioneFactory(incontro=comunicazione.incontro)
    adesso = timezone.now()
    services.avvia(
        comunicazione,
        confermata=services.impronta(comunicazione),
        autore=None,
        adesso=adesso,
    )
    services.prepara()
    uno, altro = comunicazione.destinatari.values_list("messaggio", flat=True)
    Messaggio.objects.filter(pk=uno).update(stato="inviato", inviato_at=adesso)
    Messaggio.objects.filter(pk=altro).update(stato="fallito")
    Comunicazione.objects.filter(pk=comunicazione.pk).update(stato=stato)
    comunicazione.refresh_from_db()
    return comunicazione


def test_a_year_after_it_was_sent_the_addresses_go_and_the_numbers_stay():
    finita, in_corso = scritta("inviata"), scritta("in_invio")
    numeri = services.numeri(finita)
    [regola] = regole("comunicazioni")
    un_anno = timedelta(days=settings.CONSERVAZIONE["comunicazioni"])

    presto = regola.lotto(finita.updated_at + un_anno)
    tolti = regola.lotto(finita.updated_at + un_anno + timedelta(minutes=1))
    ancora = regola.lotto(finita.updated_at + un_anno + timedelta(minutes=2))

    finita.refresh_from_db()
    assert (presto, tolti, ancora) == (None, {"comunicazioni": 2}, None)
    assert set(Destinatario.objects.values_list("comunicazione", flat=True)) == {in_corso.pk}
    assert services.numeri(finita) == numeri
    assert (numeri["inviati"], numeri["falliti"], numeri["dimenticati"]) == (1, 1, 0)
