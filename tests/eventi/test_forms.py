from datetime import timedelta

import pytest
from django.utils import timezone

from eventi.forms import CampoServizi, IscrizioneForm, IscrizioneOspiteForm, ModificaForm
from eventi.models import Servizio
from portale.lib.antispam import timbro


def servizi():
    return [
        Servizio(pk=1, genere=Servizio.Genere.BAMBINI, descrizione="dai 3 anni"),
        Servizio(pk=2, genere=Servizio.Genere.LIS),
    ]


def ospite(adesso=None, **campi):
    adesso = adesso or timezone.now()
    dati = {
        "nome": "Anna Bianchi",
        "email": "anna@example.org",
        "posti_richiesti": "2",
        "informativa": "on",
        "ricevuto": timbro(adesso - timedelta(minutes=1)),
        **campi,
    }
    return IscrizioneOspiteForm(dati, servizi=servizi(), adesso=adesso)


def test_fields_come_in_the_order_in_which_they_are_read():
    visibili = [nome for nome in ospite().fields if nome not in ("sito_web", "ricevuto")]

    assert visibili == [
        "nome",
        "email",
        "telefono",
        "minore",
        "nome_minore",
        "posti_richiesti",
        "servizi",
        "necessita",
        "foto",
        "newsletter",
        "informativa",
    ]


def test_a_guest_form_gives_clean_data():
    form = ospite(nome="  Anna \n Bianchi", email=" ANNA@Example.org", servizi=["2"])

    assert form.errors == {}
    assert {nome: form.cleaned_data[nome] for nome in ("nome", "email", "posti_richiesti")} == {
        "nome": "Anna Bianchi",
        "email": "anna@example.org",
        "posti_richiesti": 2,
    }
    assert [servizio.genere for servizio in form.cleaned_data["servizi"]] == ["lis"]


@pytest.mark.parametrize(
    "nome", ["https://esempio.it", "Vai su www.esempio.it", "anna@example.org", "x" * 121]
)
def test_a_name_carries_no_message_to_somebody_elses_mailbox(nome):
    assert list(ospite(nome=nome).errors) == ["nome"]


@pytest.mark.parametrize("nome", ["D'Amico Zoë", "李小龍", "María-José O’Neill", "Bo"])
def test_names_of_all_the_world_are_names(nome):
    assert ospite(nome=nome).errors == {}


def test_services_are_named_with_what_the_office_says_of_them():
    campo = CampoServizi(servizi())

    assert list(campo.choices) == [("1", "Cura dei bambini: dai 3 anni"), ("2", "Interprete LIS")]


def test_without_services_there_is_no_empty_question():
    form = IscrizioneForm(servizi=[])

    assert list(form.fields) == [
        "nome",
        "minore",
        "nome_minore",
        "posti_richiesti",
        "necessita",
        "foto",
        "newsletter",
    ]


def test_somebody_whose_name_is_known_is_not_asked_for_it():
    form = IscrizioneForm({"posti_richiesti": "1"}, chiedi_nome=False)

    assert form.errors == {}
    assert form.cleaned_data == {
        "minore": False,
        "nome_minore": "",
        "posti_richiesti": 1,
        "necessita": "",
        "foto": False,
        "newsletter": False,
    }


def test_nothing_is_ticked_for_her():
    form = ospite()

    assert [form.fields[nome].initial for nome in ("minore", "foto", "newsletter")] == [None] * 3


@pytest.mark.parametrize(
    ("posti", "valido"), [("0", False), ("1", True), ("5", True), ("6", False)]
)
def test_seats_go_from_one_to_five(posti, valido):
    assert ModificaForm({"posti_richiesti": posti}).is_valid() == valido


def test_needs_too_long_to_be_stored_are_refused_here():
    assert list(ospite(necessita="x" * 1001).errors) == ["necessita"]
