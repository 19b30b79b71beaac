"""A late report: one mail for each week, whatever the clock and the workers do."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from eventi import emails
from eventi.models import Incontro, Resoconto
from eventi.solleciti import accoda_solleciti, passo_dovuto
from portale.lib.dates import ROMA
from posta.generi import NonDovuto
from posta.models import Messaggio
from tests.factories import IncontroFactory

pytestmark = pytest.mark.django_db


def roma(*momento):
    return datetime(*momento, tzinfo=ROMA).astimezone(UTC)


@pytest.fixture
def incontro():
    """Its report is due by 15 May."""
    return IncontroFactory(inizio=roma(2026, 4, 30, 18, 30), stato=Incontro.Stato.SVOLTO)


@pytest.mark.parametrize(
    ("quando", "passo"),
    [
        ((2026, 5, 15, 23, 59), None),
        ((2026, 5, 16, 8, 59), None),
        ((2026, 5, 16, 9, 0), 0),
        ((2026, 5, 23, 8, 59), 0),
        ((2026, 5, 23, 9, 0), 1),
        ((2026, 7, 11, 9, 0), 8),
        ((2026, 7, 18, 9, 0), None),
    ],
)
def test_the_first_is_due_the_morning_after_and_then_every_week(incontro, quando, passo):
    assert passo_dovuto(incontro, roma(*quando)) == passo


def test_a_week_is_seven_mornings_also_when_the_clocks_change():
    # Due by 23 October; on the 25th the hour goes back.
    incontro = IncontroFactory(inizio=roma(2026, 10, 8, 18, 30))
    assert passo_dovuto(incontro, roma(2026, 10, 31, 8, 59)) == 0
    assert passo_dovuto(incontro, roma(2026, 10, 31, 9, 0)) == 1


def test_each_step_is_one_mail_however_often_the_clock_ticks(incontro, settings):
    quando = roma(2026, 5, 16, 9, 0)
    assert [accoda_solleciti(quando) for _volta in range(3)] == [1, 0, 0]
    # Nobody looked for two weeks: what was missed is not sent together.
    assert accoda_solleciti(roma(2026, 5, 30, 10, 0)) == 1
    righe = Messaggio.objects.order_by("pk").values_list("genere", "destinatario", "chiave")
    assert list(righe) == [
        (
            "resoconto_tardi",
            settings.ENTE["email"],
            f"resoconto_tardi:{incontro.pk}:2026-05-15:{n}",
        )
        for n in (0, 2)
    ]


@pytest.mark.parametrize(
    "cambi",
    [
        {"stato": Incontro.Stato.ANNULLATO},
        {"genere": Incontro.Genere.SEDUTA},
        {"percorso__esempio": True},
        {"percorso__stato": "concluso"},
    ],
)
def test_nobody_is_asked_for_a_report_that_nobody_waits_for(cambi):
    IncontroFactory(
        inizio=roma(2026, 4, 30, 18, 30), **{"stato": Incontro.Stato.PUBBLICATO} | cambi
    )
    assert accoda_solleciti(roma(2026, 5, 16, 9, 0)) == 0


def test_the_mail_asks_again_whether_it_is_still_due(incontro):
    quando = roma(2026, 5, 18, 9, 0)
    accoda_solleciti(quando)
    messaggio = Messaggio.objects.get()
    composto = emails.resoconto_tardi(messaggio, quando)
    for corpo in (composto.testo, composto.html):
        assert "in ritardo di 3 giorni" in corpo
        assert f"/admin/eventi/incontro/{incontro.pk}/chiudi/" in corpo

    resoconto = Resoconto.objects.create(incontro=incontro, testo="Bozza")
    assert "È già cominciato" in emails.resoconto_tardi(messaggio, quando).testo
    Resoconto.objects.filter(pk=resoconto.pk).update(pubblicato_at=timezone.now())
    with pytest.raises(NonDovuto):
        emails.resoconto_tardi(messaggio, quando)


def test_a_meeting_that_was_moved_is_late_by_its_new_day(incontro):
    quando = roma(2026, 5, 18, 9, 0)
    accoda_solleciti(quando)
    Incontro.objects.filter(pk=incontro.pk).update(
        inizio=incontro.inizio + timedelta(days=1), fine=incontro.fine + timedelta(days=1)
    )
    with pytest.raises(NonDovuto):
        emails.resoconto_tardi(Messaggio.objects.get(), quando)
    assert accoda_solleciti(quando) == 1
