from datetime import date

import pytest

from percorso.models import Atto, Percorso
from tests.factories import FaseFactory, PercorsoFactory

pytestmark = pytest.mark.django_db

OGGI = date(2026, 3, 10)


def fase(percorso, inizio, fine, **altro):
    return FaseFactory(percorso=percorso, inizio=inizio, fine=fine, **altro)


@pytest.fixture
def percorso():
    return PercorsoFactory(inizio=date(2026, 1, 1))


def test_a_stage_is_on_from_its_first_day_to_its_last(percorso):
    sua = fase(percorso, date(2026, 3, 10), date(2026, 3, 12))
    attesi = {9: "prima", 10: "in corso", 12: "in corso", 13: "passata"}
    for giorno, momento in attesi.items():
        oggi = date(2026, 3, giorno)
        assert sua.in_corso(oggi) == (momento == "in corso")
        assert sua.passata(oggi) == (momento == "passata")


def test_stages_may_overlap_and_the_next_is_the_first_to_begin(percorso):
    una = fase(percorso, date(2026, 3, 1), date(2026, 3, 31))
    due = fase(percorso, date(2026, 3, 10), None)
    fase(percorso, date(2026, 6, 1), None)
    quattro = fase(percorso, date(2026, 5, 1), None)
    fase(percorso, date(2026, 1, 1), date(2026, 2, 1))
    assert percorso.fasi_in_corso(OGGI) == [una, due]
    assert percorso.prossima_fase(OGGI) == quattro


def test_a_closed_process_has_no_stage_on_and_none_to_come(percorso):
    fase(percorso, date(2026, 3, 1), None)
    fase(percorso, date(2026, 6, 1), None)
    percorso.stato = Percorso.Stato.CONCLUSO
    assert percorso.fasi_in_corso(OGGI) == []
    assert percorso.prossima_fase(OGGI) is None


@pytest.mark.parametrize(
    ("fine", "altro", "quando"),
    [
        (date(2026, 4, 1), {}, "10 marzo 2026 – 1º aprile 2026"),
        (date(2026, 3, 10), {}, "10 marzo 2026"),
        (None, {}, "10 marzo 2026 – data di fine da comunicare"),
        (date(2026, 4, 1), {"periodo": "in primavera"}, "in primavera"),
    ],
)
def test_a_stage_says_when_as_far_as_it_is_known(percorso, fine, altro, quando):
    assert fase(percorso, date(2026, 3, 10), fine, **altro).quando == quando


def test_a_stage_lists_what_it_opens(percorso):
    campi = ("iscrizioni", "proposte", "sostegni", "commenti", "osservazioni")
    tutto = fase(percorso, OGGI, None, **{f"apre_{campo}": True for campo in campi})
    assert tutto.apre == [
        "iscriversi agli incontri",
        "fare proposte",
        "sostenere le proposte",
        "commentare le proposte",
        "fare osservazioni sul modello",
    ]
    assert fase(percorso, OGGI, None, apre_iscrizioni=False).apre == []


def test_drafts_are_not_public_and_active_processes_come_first():
    PercorsoFactory(stato=Percorso.Stato.BOZZA, inizio=date(2027, 1, 1))
    chiuso = PercorsoFactory(stato=Percorso.Stato.CONCLUSO, inizio=date(2026, 1, 1))
    vecchio = PercorsoFactory(inizio=date(2024, 1, 1))
    nuovo = PercorsoFactory(inizio=date(2025, 1, 1))
    assert list(Percorso.objects.in_evidenza()) == [nuovo, vecchio, chiuso]
    assert list(Percorso.objects.conclusi()) == [chiuso]


def test_a_document_says_its_day_when_it_has_one(percorso):
    atto = Atto(percorso=percorso, genere="docpp", titolo="Documento", giorno=date(2026, 3, 1))
    assert atto.quando == "1º marzo 2026"
    assert Atto(percorso=percorso, genere="docpp", titolo="Documento").quando == ""
