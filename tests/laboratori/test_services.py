from datetime import UTC, datetime, timedelta

import pytest

from laboratori import services
from laboratori.models import Disponibilita, PassaggioDisponibilita
from posta.models import Messaggio
from tests.factories import DisponibilitaFactory, LaboratorioFactory, UserFactory

ADESSO = datetime(2026, 3, 3, 18, 30, tzinfo=UTC)
Stato = Disponibilita.Stato

pytestmark = pytest.mark.django_db


def offri(**altro):
    dati = {"nome": "Anna", "email": "anna@example.org", "aiuti": ["tempo"], "adesso": ADESSO}
    return services.offri(**(dati | altro))


def mail():
    return list(Messaggio.objects.order_by("pk").values_list("genere", "destinatario"))


def passaggi(disponibilita):
    return list(disponibilita.passaggi.values_list("da", "a", "autore_id"))


def test_an_offer_waits_for_its_author_and_the_office_hears_nothing():
    disponibilita = offri(laboratorio=LaboratorioFactory(), lingua="en")
    assert disponibilita.stato == Stato.DA_VERIFICARE
    assert mail() == [("disponibilita_conferma", "anna@example.org")]
    assert Messaggio.objects.get().lingua == "en"
    assert passaggi(disponibilita) == [("", "da_verificare", None)]
    assert list(Disponibilita.objects.da_gestire()) == []


def test_one_form_sent_twice_is_one_offer_with_one_mail():
    primo, secondo = offri(modulo="123:abc"), offri(modulo="123:abc")
    assert primo == secondo
    assert Disponibilita.objects.count() == 1
    assert len(mail()) == 1


@pytest.mark.parametrize(
    "altro", [{"modulo": "124:abc"}, {"messaggio": "E una sala"}, {"email": "x@example.org"}]
)
def test_another_form_or_other_words_are_another_offer(altro):
    offri(modulo="123:abc")
    offri(**({"modulo": "123:abc"} | altro))
    assert Disponibilita.objects.count() == 2


def test_the_link_brings_the_offer_to_the_office_once(settings):
    disponibilita = offri()
    copia = Disponibilita.objects.get()
    dopo = ADESSO + timedelta(hours=1)
    services.conferma(disponibilita, ADESSO)
    services.conferma(disponibilita, dopo)
    services.conferma(copia, dopo)
    assert (copia.stato, copia.verificata_at) == (Stato.NUOVA, ADESSO)
    assert mail() == [
        ("disponibilita_conferma", "anna@example.org"),
        ("disponibilita_ricevuta", "anna@example.org"),
        ("disponibilita_ufficio", settings.ENTE["email"]),
    ]
    assert passaggi(copia) == [
        ("", "da_verificare", None),
        ("da_verificare", "nuova", None),
    ]


def test_the_office_assigns_and_reassigns():
    disponibilita = DisponibilitaFactory(stato=Stato.NUOVA)
    capo, uno, due = UserFactory(ufficio=True), UserFactory(), UserFactory()
    services.assegna(disponibilita, uno, capo, ADESSO)
    services.assegna(disponibilita, uno, capo, ADESSO)
    services.assegna(disponibilita, due, capo, ADESSO)
    assert (disponibilita.stato, disponibilita.assegnata_a) == (Stato.ASSEGNATA, due)
    assert list(disponibilita.passaggi.values_list("da", "a", "autore", "assegnata_a")) == [
        ("nuova", "assegnata", capo.pk, uno.pk),
        ("assegnata", "assegnata", capo.pk, due.pk),
    ]
    assert mail() == []


def test_closing_sends_the_answer_once():
    disponibilita = DisponibilitaFactory(stato=Stato.ASSEGNATA, email="anna@example.org")
    copia = Disponibilita.objects.get()
    capo = UserFactory(ufficio=True)
    services.chiudi(disponibilita, "  Ti aspettiamo sabato. ", capo, ADESSO)
    with pytest.raises(services.Rifiuto, match="già chiusa"):
        services.chiudi(copia, "Un'altra risposta", capo, ADESSO)
    copia.refresh_from_db()
    assert (copia.stato, copia.risposta, copia.chiusa_at) == (
        Stato.CHIUSA,
        "Ti aspettiamo sabato.",
        ADESSO,
    )
    assert mail() == [("disponibilita_risposta", "anna@example.org")]


def test_an_offer_is_not_closed_without_words():
    disponibilita = DisponibilitaFactory(stato=Stato.NUOVA)
    with pytest.raises(services.Rifiuto, match="Scrivi la risposta"):
        services.chiudi(disponibilita, " \n", UserFactory(), ADESSO)
    assert Disponibilita.objects.get().stato == Stato.NUOVA


@pytest.mark.parametrize("stato", [Stato.DA_VERIFICARE, Stato.CHIUSA])
def test_what_is_not_confirmed_or_is_closed_cannot_be_handled(stato):
    disponibilita = DisponibilitaFactory(stato=stato)
    capo = UserFactory(ufficio=True)
    with pytest.raises(services.Rifiuto):
        services.assegna(disponibilita, capo, capo, ADESSO)
    with pytest.raises(services.Rifiuto):
        services.chiudi(disponibilita, "Grazie", capo, ADESSO)
    assert Disponibilita.objects.get().stato == stato
    assert PassaggioDisponibilita.objects.count() == 0
    assert mail() == []


@pytest.mark.parametrize("stato", [Stato.NUOVA, Stato.ASSEGNATA, Stato.CHIUSA])
def test_an_old_link_takes_nothing_back(stato):
    disponibilita = DisponibilitaFactory(stato=stato)
    services.conferma(disponibilita, ADESSO)
    assert disponibilita.stato == stato
    assert mail() == []
