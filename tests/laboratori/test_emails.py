from datetime import UTC, datetime

import pytest
from django.utils import translation

from laboratori.models import Disponibilita
from posta.generi import NonDovuto, registro
from tests.factories import DisponibilitaFactory, MessaggioFactory

ADESSO = datetime(2026, 3, 3, 18, 30, tzinfo=UTC)
Stato = Disponibilita.Stato
GENERI = {
    "disponibilita_conferma": {Stato.DA_VERIFICARE},
    "disponibilita_ricevuta": {Stato.NUOVA, Stato.ASSEGNATA},
    "disponibilita_ufficio": {Stato.NUOVA, Stato.ASSEGNATA},
    "disponibilita_risposta": {Stato.CHIUSA},
}

pytestmark = pytest.mark.django_db


def componi(genere, disponibilita):
    messaggio = MessaggioFactory(
        genere=genere, parametri={"disponibilita": disponibilita and disponibilita.pk}
    )
    return registro[genere].componi(messaggio, ADESSO)


@pytest.mark.parametrize("stato", Stato.values)
@pytest.mark.parametrize("genere", GENERI)
def test_a_mail_leaves_only_while_it_is_true(genere, stato):
    disponibilita = DisponibilitaFactory(stato=stato, verificata_at=ADESSO)
    if stato in GENERI[genere]:
        assert componi(genere, disponibilita).oggetto
    else:
        with pytest.raises(NonDovuto):
            componi(genere, disponibilita)


@pytest.mark.parametrize("genere", GENERI)
def test_an_offer_that_is_gone_needs_no_mail(genere):
    with pytest.raises(NonDovuto):
        componi(genere, None)


def test_the_link_to_confirm_is_in_text_and_html(settings):
    disponibilita = DisponibilitaFactory()
    composto = componi("disponibilita_conferma", disponibilita)
    link = f"{settings.BASE_URL}/laboratori/disponibilita/{disponibilita.token}/conferma/"
    assert link in composto.testo
    assert link in composto.html


def test_the_link_is_in_the_language_of_the_mail(settings):
    disponibilita = DisponibilitaFactory()
    with translation.override("en"):
        composto = componi("disponibilita_conferma", disponibilita)
    assert f"{settings.BASE_URL}/en/laboratori/disponibilita/" in composto.testo


def test_words_of_a_stranger_do_not_leave_before_the_address_is_confirmed():
    disponibilita = DisponibilitaFactory(messaggio="Vinci su https://truffa.example")
    prima = componi("disponibilita_conferma", disponibilita)
    assert "truffa" not in prima.testo + prima.html
    Disponibilita.objects.update(stato=Stato.NUOVA, verificata_at=ADESSO)
    assert "truffa" in componi("disponibilita_ricevuta", disponibilita).testo


def test_the_office_reads_the_whole_offer_and_replies_to_the_person():
    disponibilita = DisponibilitaFactory(
        stato=Stato.NUOVA,
        verificata_at=ADESSO,
        nome="<b>Anna</b>",
        telefono="333 1234567",
        messaggio="Ho <script>una sala</script>",
    )
    composto = componi("disponibilita_ufficio", disponibilita)
    assert composto.rispondi_a == disponibilita.email
    for parola in (disponibilita.email, "333 1234567", "tempo", disponibilita.laboratorio.nome):
        assert parola in composto.testo
        assert parola in composto.html
    assert "Ho <script>una sala</script>" in composto.testo
    assert "<script>" not in composto.html
    assert composto.oggetto == "Nuova disponibilità: <b>Anna</b>"


def test_the_answer_carries_the_office_s_words_and_its_address(settings):
    disponibilita = DisponibilitaFactory(
        stato=Stato.CHIUSA, verificata_at=ADESSO, risposta="Ti aspettiamo <sabato>."
    )
    composto = componi("disponibilita_risposta", disponibilita)
    assert "Ti aspettiamo <sabato>." in composto.testo
    assert "Ti aspettiamo &lt;sabato&gt;." in composto.html
    assert composto.rispondi_a == settings.ENTE["email"]
