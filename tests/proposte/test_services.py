"""The doors of a proposal's life."""

import pytest
from django.utils import timezone

from proposte import services
from proposte.conteggi import riconta
from proposte.models import Proposta, Sostegno
from tests.factories import (
    FaseFactory,
    PartecipanteFactory,
    PropostaFactory,
    SostegnoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato


def ora():
    return timezone.now()


def test_a_draft_that_is_sent_waits_for_the_moderators():
    bozza = PropostaFactory(bozza=True, titolo="Più alberi in via Roma")
    FaseFactory(percorso=bozza.percorso, apre_proposte=True)

    inviata = services.invia(bozza, adesso=ora())

    inviata.refresh_from_db()
    assert inviata.stato == Stato.INVIATA
    assert inviata.slug == f"piu-alberi-in-via-roma-{inviata.pk}"
    passo = inviata.passaggi.get()
    assert (passo.da, passo.a, passo.autore) == (Stato.BOZZA, Stato.INVIATA, None)


def test_where_the_stage_moderates_afterwards_everybody_reads_it_at_once():
    bozza = PropostaFactory(bozza=True)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True, moderazione="dopo")

    services.invia(bozza, adesso=ora())

    bozza.refresh_from_db()
    assert bozza.stato == Stato.PUBBLICATA
    assert [passo.a for passo in bozza.passaggi.all()] == [Stato.INVIATA, Stato.PUBBLICATA]


def test_merging_moves_supports_without_counting_anybody_twice_and_can_be_undone():
    a, b = PropostaFactory(), PropostaFactory()
    b.percorso = a.percorso
    doppia, sola = PartecipanteFactory(), PartecipanteFactory()
    for proposta, chi in ((a, doppia), (b, doppia), (a, sola)):
        SostegnoFactory(proposta=proposta, partecipante=chi)
    autrice = UserFactory()

    services.integra(a, b, autrice, "Chiedono la stessa cosa.", adesso=ora())
    riconta(ora())
    a.refresh_from_db()
    b.refresh_from_db()
    assert (a.stato, a.integrata_in, b.n_sostegni, a.n_sostegni) == (Stato.INTEGRATA, b, 2, 2)

    services.separa(a, autrice, "Erano due cose.", adesso=ora())
    riconta(ora())
    a.refresh_from_db()
    b.refresh_from_db()
    assert (a.stato, a.integrata_in, b.n_sostegni) == (Stato.PUBBLICATA, None, 1)
    assert list(Sostegno.objects.filter(proposta=b).values_list("partecipante", flat=True)) == [
        doppia.pk
    ]
