"""The call that leaves by itself, on the day that the notice asks for."""

from datetime import UTC, datetime, timedelta

import pytest

from eventi import services as eventi
from eventi.models import Incontro
from portale.lib.dates import ROMA
from portale.lib.rifiuti import Rifiuto
from posta.models import Messaggio
from tavolo.da_fare import Conto, sedute_da_convocare
from tavolo.models import ImpostazioniTavolo
from tavolo.services import sedute
from tavolo.services import sedute_programma as programma
from tavolo.tasks import passo
from tests.factories import (
    ComponenteFactory,
    PuntoFactory,
    SedutaFactory,
    SeggioFactory,
    UserFactory,
)


def roma(*momento):
    return datetime(*momento, tzinfo=ROMA).astimezone(UTC)


# On a Monday, the day after the clocks went forward; the rules ask for ten days of notice.
INIZIO = roma(2026, 3, 30, 18, 0)
TERMINE = roma(2026, 3, 20, 9, 0)
ADESSO = roma(2026, 3, 1, 12, 0)
MINUTO = timedelta(minutes=1)
GIORNO = timedelta(days=1)


@pytest.fixture
def ufficio(db):
    return UserFactory(ufficio=True)


@pytest.fixture
def bozza(percorso):
    ImpostazioniTavolo.objects.create(percorso=percorso, preavviso_giorni=10)
    ComponenteFactory(
        seggio=SeggioFactory(percorso=percorso, dal=ADESSO.date()),
        dal=ADESSO.date(),
        email="ada@example.org",
    )
    seduta = SedutaFactory(
        in_preparazione=True,
        incontro__percorso=percorso,
        incontro__inizio=INIZIO,
        incontro__fine=INIZIO + timedelta(hours=2),
        incontro__stato=Incontro.Stato.BOZZA,
    )
    PuntoFactory(seduta=seduta, titolo="Il verde in zona 3")
    return seduta


def chiamati():
    return list(Messaggio.objects.values_list("genere", "destinatario"))


CHIAMATA = [("seduta_convocata", "ada@example.org")]


def test_the_last_moment_for_the_call_is_a_morning_in_rome_whatever_the_clocks_did(bozza):
    assert programma.termine(bozza) == TERMINE
    bozza.incontro.inizio = None
    assert programma.termine(bozza) is None


def test_the_call_leaves_by_itself_once_in_the_name_of_who_wanted_it(bozza, ufficio):
    for _ in range(2):
        programma.programma(bozza, autore=ufficio, adesso=ADESSO)

    assert programma.convoca_programmate(TERMINE - MINUTO) == 0
    assert chiamati() == []
    assert [programma.convoca_programmate(TERMINE + n * MINUTO) for n in range(3)] == [1, 0, 0]

    bozza.refresh_from_db()
    assert (bozza.stato, bozza.convocazione) == ("convocata", 1)
    assert bozza.passaggi.get().autore == ufficio
    assert chiamati() == CHIAMATA


def test_the_clock_of_the_tavolo_calls(bozza, ufficio, time_machine):
    programma.programma(bozza, autore=ufficio, adesso=ADESSO)
    time_machine.move_to(TERMINE + MINUTO)
    passo()
    assert chiamati() == CHIAMATA


def test_a_sitting_that_nobody_programmed_waits_for_the_office(bozza):
    assert programma.convoca_programmate(TERMINE + MINUTO) == 0
    assert chiamati() == []


def test_who_thinks_otherwise_takes_it_back(bozza, ufficio):
    programma.programma(bozza, autore=ufficio, adesso=ADESSO)
    for _ in range(2):
        programma.non_programmare(bozza)

    assert programma.convoca_programmate(TERMINE + MINUTO) == 0
    bozza.refresh_from_db()
    assert (bozza.programmata_at, bozza.programmata_da) == (None, None)


def test_what_was_taken_back_after_the_clock_looked_is_not_called(bozza, ufficio, monkeypatch):
    programma.programma(bozza, autore=ufficio, adesso=ADESSO)
    leggi = programma.con_termine

    def poi_ci_ripensa(righe):
        trovate = leggi(righe)
        programma.non_programmare(bozza)
        return trovate

    monkeypatch.setattr(programma, "con_termine", poi_ci_ripensa)
    assert programma.convoca_programmate(TERMINE + MINUTO) == 0
    assert chiamati() == []


@pytest.mark.parametrize(("giorni", "attesi"), [(7, 0), (-7, 1)])
def test_the_call_moves_with_the_sitting(bozza, ufficio, giorni, attesi):
    programma.programma(bozza, autore=ufficio, adesso=ADESSO)
    Incontro.objects.update(
        inizio=INIZIO + giorni * GIORNO, fine=INIZIO + giorni * GIORNO + timedelta(hours=2)
    )
    momento = TERMINE + MINUTO + min(giorni, 0) * GIORNO
    assert programma.convoca_programmate(momento) == attesi


def test_without_an_agenda_it_does_not_leave_and_the_office_is_told(bozza, ufficio):
    programma.programma(bozza, autore=ufficio, adesso=ADESSO)
    bozza.punti.all().delete()
    assert sedute_da_convocare(TERMINE - GIORNO).quanti == 0

    assert programma.convoca_programmate(TERMINE + MINUTO) == 0
    assert chiamati() == []
    assert sedute_da_convocare(TERMINE + MINUTO) == Conto(1, TERMINE, in_ritardo=True)

    PuntoFactory(seduta=bozza, titolo="Il verde in zona 3")
    assert programma.convoca_programmate(TERMINE + 2 * MINUTO) == 1


def test_one_moved_so_near_that_the_notice_is_short_is_left_to_the_office(bozza, ufficio):
    programma.programma(bozza, autore=ufficio, adesso=ADESSO)
    domani = TERMINE + GIORNO
    Incontro.objects.update(inizio=domani, fine=domani + timedelta(hours=2))
    assert programma.convoca_programmate(TERMINE) == 0
    assert sedute_da_convocare(TERMINE).in_ritardo


def test_what_cannot_be_waited_for_is_refused(bozza, ufficio):
    with pytest.raises(Rifiuto, match="già passato"):
        programma.programma(bozza, autore=ufficio, adesso=TERMINE)
    sedute.convoca(bozza, autore=ufficio, adesso=ADESSO)
    with pytest.raises(Rifiuto, match="già convocata"):
        programma.programma(bozza, autore=ufficio, adesso=ADESSO)
    assert programma.non_programmare(bozza).stato == "convocata"


def test_without_a_date_there_is_no_day_for_its_call(bozza, ufficio):
    eventi.pubblica(bozza.incontro, autore=ufficio, adesso=ADESSO)
    eventi.rinvia(bozza.incontro, motivo="Sala chiusa", autore=ufficio, adesso=ADESSO)
    with pytest.raises(Rifiuto, match="Serve una data"):
        programma.programma(bozza, autore=ufficio, adesso=ADESSO)


def test_the_office_is_told_some_days_before_the_last_one(bozza):
    assert sedute_da_convocare(TERMINE - 4 * GIORNO).quanti == 0
    assert sedute_da_convocare(TERMINE - 2 * GIORNO) == Conto(1, TERMINE, in_ritardo=False)
    assert sedute_da_convocare(TERMINE) == Conto(1, TERMINE, in_ritardo=True)
    assert sedute_da_convocare(INIZIO).quanti == 0


def test_the_clock_asks_the_same_few_questions_whatever_their_number(
    bozza, percorso, django_assert_num_queries
):
    for _ in range(2):
        with django_assert_num_queries(2):
            sedute_da_convocare(TERMINE)
        SedutaFactory(
            in_preparazione=True,
            incontro__percorso=percorso,
            incontro__inizio=INIZIO,
            incontro__stato=Incontro.Stato.BOZZA,
        )
