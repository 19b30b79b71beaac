import pytest
from django.utils import timezone

from portale.lib.ricerca import radici
from proposte.models import Proposta
from proposte.simili import SOGLIA, simili, somiglianza
from tests.factories import LaboratorioFactory, PropostaFactory

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato


def titoli(titolo, **altro):
    return [simile.proposta.titolo for simile in simili(titolo, **altro)]


@pytest.fixture
def citta():
    laboratorio = LaboratorioFactory()
    for titolo in (
        "Panchine all'ombra in via Roma",
        "Più panchine in piazza Cavalli",
        "Una pista ciclabile fino alla stazione",
        "Fontanella al parco Montecucco",
        "Biblioteca di strada in via Roma",
    ):
        PropostaFactory(titolo=titolo, laboratorio=laboratorio)


@pytest.mark.parametrize(
    ("scritto", "trovata"),
    [
        ("Panchine all'ombra in via Roma", "Panchine all'ombra in via Roma"),
        ("PISTE CICLABILI", "Una pista ciclabile fino alla stazione"),
        ("una panchina in via Roma", "Panchine all'ombra in via Roma"),
        ("Piste ciclabili", "Una pista ciclabile fino alla stazione"),
        ("fontanelle nei parchi", "Fontanella al parco Montecucco"),
        ("Bibliotèche di strada", "Biblioteca di strada in via Roma"),
        # As people type on a phone.
        ("panchne in via roma", "Panchine all'ombra in via Roma"),
        ("pista cicabile alla stazione", "Una pista ciclabile fino alla stazione"),
        ("fontanela al parco", "Fontanella al parco Montecucco"),
    ],
)
def test_a_title_finds_the_proposals_that_say_the_same(citta, scritto, trovata):
    assert titoli(scritto)[0] == trovata


@pytest.mark.parametrize(
    "scritto",
    ["", "   ", "pan", "via", "Un asilo di notte", "Murales in via Roma", "🌳🌳🌳🌳", "\x00" * 4],
)
def test_what_is_something_else_finds_nothing(citta, scritto):
    assert titoli(scritto) == []


def test_the_most_alike_come_first_and_only_some(citta):
    assert titoli("Panchine in via Roma", quante=1) == ["Panchine all'ombra in via Roma"]
    assert titoli("Panchine in via Roma") == [
        "Panchine all'ombra in via Roma",
        "Più panchine in piazza Cavalli",
    ]


@pytest.mark.parametrize("stato", Stato)
def test_only_what_stands_in_the_lists_is_shown(stato):
    altre = {"integrata_in": PropostaFactory(titolo="Tutt'altra cosa")}
    PropostaFactory(
        titolo="Panchine in via Roma", stato=stato, **altre if stato == Stato.INTEGRATA else {}
    )

    attesi = ["Panchine in via Roma"] if stato in Proposta.IN_ELENCO else []
    assert titoli("Panchine in via Roma") == attesi


def test_a_proposal_does_not_resemble_itself():
    sua = PropostaFactory(titolo="Panchine in via Roma")

    assert titoli("Panchine in via Roma", tranne=sua.pk) == []


@pytest.mark.parametrize("quante", [1, 3, 70])
def test_one_query_whatever_there_is(quante, django_assert_num_queries):
    for n in range(quante):
        PropostaFactory(titolo=f"Panchine in via Roma {n}", pubblicata_at=timezone.now())

    with django_assert_num_queries(1):
        trovate = simili("Panchine in via Roma")
        assert [simile.proposta.laboratorio.nome for simile in trovate] != []
    assert len(trovate) == min(4, quante)


def test_a_megabyte_of_title_is_cut_short(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert titoli("parole diverse " * 70_000) == []


@pytest.mark.parametrize(
    ("una", "altra", "quanto"),
    [
        ("panchine in via Roma", "panchine in via Roma", 1.0),
        ("panchine", "alberi", 0.0),
        ("", "alberi", 0.0),
    ],
)
def test_likeness_goes_from_nothing_to_one(una, altra, quanto):
    assert somiglianza(radici(una), radici(altra)) == quanto


@pytest.mark.parametrize(
    ("altra", "simile"),
    [
        ("Alberi in piazza Cavalli", False),
        ("Una festa in piazza Cavalli", False),
        ("Fontanelle in via Emilia", True),
        ("Una fontana in piazza Cavalli", True),
    ],
)
def test_the_same_street_alone_makes_no_two_things_alike(altra, simile):
    quanto = somiglianza(radici("Fontanella in piazza Cavalli"), radici(altra))
    assert (quanto >= SOGLIA) is simile
