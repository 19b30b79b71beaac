from datetime import UTC, datetime, timedelta

import pytest
from django import forms

from portale.lib.antispam import FormProtetto, timbro

ADESSO = datetime(2026, 3, 3, 18, 30, tzinfo=UTC)
MOSTRATO = timbro(ADESSO - timedelta(seconds=30))


class ProvaForm(FormProtetto):
    nome = forms.CharField()


def form(adesso=ADESSO, **dati):
    return ProvaForm({"nome": "Anna", **dati}, adesso=adesso)


def test_a_form_filled_by_hand_passes():
    assert form(ricevuto=MOSTRATO).errors == {}


@pytest.mark.parametrize(
    "dati",
    [
        {"ricevuto": MOSTRATO, "sito_web": "https://spam.example"},
        {"ricevuto": timbro(ADESSO - timedelta(seconds=1))},
        {"ricevuto": timbro(ADESSO - timedelta(days=2))},
        {"ricevuto": "1:falso"},
        {"ricevuto": ""},
        {},
    ],
    ids=["trap filled", "too fast", "too old", "forged", "empty note", "no note"],
)
def test_a_suspect_form_is_refused_once_and_passes_when_sent_again(dati):
    primo = form(**dati)
    assert list(primo.errors) == ["__all__"]
    assert (primo["nome"].value(), primo["sito_web"].value()) == ("Anna", "")
    ancora = {nome: primo[nome].value() for nome in primo.fields}
    assert form(adesso=ADESSO + timedelta(seconds=5), **ancora).errors == {}


def test_with_the_limits_off_only_the_trap_counts(settings):
    settings.RATE_LIMITS = False
    assert form().errors == {}
    assert list(form(sito_web="x").errors) == ["__all__"]


def test_the_note_can_not_be_made_up_from_its_number():
    vero = timbro(ADESSO - timedelta(seconds=30))
    assert list(form(ricevuto=vero.split(":")[0]).errors) == ["__all__"]
