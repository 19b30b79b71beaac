import pytest

from laboratori.models import Disponibilita, Laboratorio, Referente
from tests.factories import DisponibilitaFactory, LaboratorioFactory

pytestmark = pytest.mark.django_db


def test_a_token_names_its_offer_and_no_other():
    disponibilita, altra = DisponibilitaFactory(), DisponibilitaFactory()
    firma = altra.token.split(".")[1]
    assert list(Disponibilita.objects.from_token(disponibilita.token)) == [disponibilita]
    for falso in ("", disponibilita.codice, f"{disponibilita.codice}.{firma}"):
        assert list(Disponibilita.objects.from_token(falso)) == []


def test_the_office_handles_what_is_new_or_assigned():
    righe = {stato: DisponibilitaFactory(stato=stato) for stato in Disponibilita.Stato.values}
    assert set(Disponibilita.objects.da_gestire()) == {righe["nuova"], righe["assegnata"]}


def test_only_public_contacts_come_with_a_lab():
    laboratorio = LaboratorioFactory()
    Referente.objects.create(laboratorio=laboratorio, nome="Interna")
    pubblica = Referente.objects.create(laboratorio=laboratorio, nome="Pubblica", pubblico=True)
    letto = Laboratorio.objects.with_referenti_pubblici().get()
    assert letto.referenti_pubblici == [pubblica]


def test_help_is_named_in_words():
    assert DisponibilitaFactory(aiuti=["tempo", "spazio"]).aiuti_a_parole == "tempo, uno spazio"
