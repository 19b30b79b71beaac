"""The counts of a list: worked out for many at once, right in the end."""

import pytest
from django.utils import timezone

from proposte import commenti, conteggi, tasks
from proposte.models import Riconteggio
from tests.factories import CommentoFactory, PropostaFactory, SostegnoFactory, UserFactory

pytestmark = pytest.mark.django_db


def ora():
    return timezone.now()


def contate(proposta):
    proposta.refresh_from_db()
    return proposta.n_sostegni, proposta.n_commenti


def test_only_what_was_asked_for_is_counted_and_each_once():
    una, altra = PropostaFactory.create_batch(2)
    SostegnoFactory.create_batch(3, proposta=una)
    SostegnoFactory(proposta=altra)
    conteggi.da_ricontare(una.pk, una.pk, una.pk)

    assert conteggi.riconta(ora()) == 1
    assert conteggi.riconta(ora()) == 0

    assert (contate(una), contate(altra)) == ((3, 0), (0, 0))
    assert not Riconteggio.objects.exists()


def test_hidden_comments_are_not_counted():
    proposta = PropostaFactory()
    CommentoFactory.create_batch(2, proposta=proposta)
    nascosto = CommentoFactory(proposta=proposta)
    commenti.nascondi(nascosto, UserFactory(), "offensivo", "Offende.", adesso=ora())

    conteggi.riconta(ora())

    assert contate(proposta) == (0, 2)


def test_a_wrong_count_is_mended_by_the_next_one():
    proposta = PropostaFactory(n_sostegni=99, n_commenti=99)
    SostegnoFactory(proposta=proposta)
    conteggi.da_ricontare(proposta.pk)

    conteggi.riconta(ora())

    assert contate(proposta) == (1, 0)


@pytest.mark.parametrize("quante", [1, 3])
def test_counting_asks_the_same_queries_for_one_or_three(quante, django_assert_num_queries):
    for proposta in PropostaFactory.create_batch(quante):
        SostegnoFactory.create_batch(2, proposta=proposta)
        conteggi.da_ricontare(proposta.pk)

    # Asked for, read, held, counted, struck off between two savepoints; and nothing more to read.
    with django_assert_num_queries(8):
        assert conteggi.riconta(ora()) == quante


def test_many_requests_are_counted_in_parts(monkeypatch):
    monkeypatch.setattr(conteggi, "PARTE", 2)
    proposte = PropostaFactory.create_batch(5)
    for proposta in proposte:
        SostegnoFactory(proposta=proposta)
    conteggi.da_ricontare(*(proposta.pk for proposta in proposte))

    assert conteggi.riconta(ora()) == 5

    assert [contate(proposta) for proposta in proposte] == [(1, 0)] * 5


def test_what_is_asked_while_counting_waits_for_the_next_time(monkeypatch):
    monkeypatch.setattr(conteggi, "PARTE", 1)
    proposta = PropostaFactory()
    conteggi.da_ricontare(proposta.pk, proposta.pk)
    vero = conteggi._quanti

    def quanti(righe):
        # A crowd: each time somebody counts, one more asks.
        conteggi.da_ricontare(proposta.pk)
        return vero(righe)

    monkeypatch.setattr(conteggi, "_quanti", quanti)

    assert conteggi.riconta(ora()) == 2
    assert Riconteggio.objects.count() == 4


def test_the_tasks_count_and_queue():
    proposta = PropostaFactory()
    SostegnoFactory(proposta=proposta)
    conteggi.da_ricontare(proposta.pk)

    tasks.conta()
    tasks.avvisi()

    assert contate(proposta) == (1, 0)
