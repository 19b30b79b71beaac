"""The themes that stand beside a proposal's words, whoever changes them."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from proposte.models import Proposta
from proposte.temi import annota
from tests.factories.proposte import PropostaFactory, TemaFactory

pytestmark = pytest.mark.django_db


def scritti(*proposte):
    temi = dict(Proposta.objects.values_list("pk", "indice_temi"))
    return [temi[proposta.pk] for proposta in proposte]


@pytest.fixture
def temi():
    """Two themes, the second of which was made first."""
    altro, tema = TemaFactory(pk=12), TemaFactory(pk=3)
    return tema, altro


def test_they_follow_the_links(temi, django_assert_num_queries):
    tema, altro = temi
    proposta, altra = PropostaFactory(), PropostaFactory()

    proposta.temi.add(altro)
    assert scritti(proposta, altra) == ["12", ""]
    # Of the instance at hand too: whoever saves it writes what is true.
    proposta.temi.set([tema, altro])
    assert scritti(proposta, altra) == [proposta.indice_temi, ""] == ["3 12", ""]
    proposta.temi.remove(altro)
    assert scritti(proposta, altra) == ["3", ""]
    with django_assert_num_queries(1):
        proposta.temi.set([tema])
    proposta.temi.clear()
    assert scritti(proposta, altra) == ["", ""]


def test_they_follow_the_links_from_the_theme_too(temi):
    tema, altro = temi
    proposta, altra, terza = PropostaFactory.create_batch(3)
    terza.temi.add(altro)

    tema.proposte.add(proposta, altra)
    assert scritti(proposta, altra, terza) == ["3", "3", "12"]
    altro.proposte.set([proposta])
    assert scritti(proposta, altra, terza) == ["3 12", "3", ""]
    tema.proposte.remove(proposta)
    assert scritti(proposta, altra, terza) == ["12", "3", ""]
    tema.proposte.clear()
    assert scritti(proposta, altra, terza) == ["12", "", ""]


def test_a_theme_that_is_deleted_goes_from_everywhere(temi):
    tema, altro = temi
    proposta, altra = PropostaFactory(), PropostaFactory()
    proposta.temi.set([tema, altro])
    altra.temi.set([altro])

    tema.delete()

    assert scritti(proposta, altra) == ["12", "12"]


def test_what_is_wrong_is_written_again(temi, django_assert_num_queries):
    tema, altro = temi
    giusta, sbagliata, vuota = PropostaFactory.create_batch(3)
    giusta.temi.add(tema)
    sbagliata.temi.add(altro)
    Proposta.objects.filter(pk=sbagliata.pk).update(indice_temi="3")
    Proposta.objects.filter(pk=vuota.pk).update(indice_temi="3")

    with django_assert_num_queries(2 + 2):
        assert annota([giusta.pk, sbagliata.pk, vuota.pk]) == [sbagliata.pk, vuota.pk]

    assert scritti(giusta, sbagliata, vuota) == ["3", "12", ""]
    assert annota([giusta.pk, sbagliata.pk, vuota.pk]) == []


def test_what_a_door_writes_meanwhile_stays(temi, django_assert_num_queries):
    """It is written after the themes were read, and before they are written."""
    tema, altro = temi
    proposta = PropostaFactory()
    proposta.temi.add(tema)
    Proposta.objects.filter(pk=proposta.pk).update(indice_temi="")

    def porta(esegui, sql, parametri, molti, contesto):
        if sql.startswith("UPDATE") and not fatto:
            fatto.append(sql)
            Proposta.objects.get(pk=proposta.pk).temi.set([altro])
        return esegui(sql, parametri, molti, contesto)

    fatto = []
    with connection.execute_wrapper(porta):
        assert annota([proposta.pk]) == []

    assert len(fatto) == 1
    assert scritti(proposta) == ["12"]


def test_the_migration_writes_them_for_what_is_there(temi):
    tema, altro = temi
    una, altra, nessuno = PropostaFactory.create_batch(3)
    una.temi.set([tema, altro])
    altra.temi.set([altro])
    Proposta.objects.update(indice_temi="")
    migrazione = import_module("proposte.migrations.0006_ricerca_a_lotti")

    migrazione.annota_temi(apps, SimpleNamespace(connection=connection))

    assert scritti(una, altra, nessuno) == ["3 12", "12", ""]
