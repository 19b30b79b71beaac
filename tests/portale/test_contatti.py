from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portale.lib.antispam import timbro
from posta.generi import registro
from posta.models import Messaggio
from tests.factories import LaboratorioFactory, MessaggioFactory, UserFactory

ADESSO = datetime(2026, 3, 3, 18, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dati():
    return {
        "oggetto": "Una  domanda",
        "laboratorio": "",
        "messaggio": "Quando vi trovate?",
        "nome": "Anna Bianchi",
        "email": " Anna@Example.org ",
        "informativa": "on",
        "sito_web": "",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=20)),
    }


def test_a_message_goes_to_the_office_and_a_copy_to_the_person(client, dati, settings):
    laboratorio = LaboratorioFactory()
    response = client.post("/en/contatti/", dati | {"laboratorio": laboratorio.pk})
    assert (response.status_code, response["Location"]) == (302, "/en/contatti/inviato/")
    messaggi = Messaggio.objects.order_by("pk")
    assert [(m.genere, m.destinatario, m.lingua) for m in messaggi] == [
        ("contatto", settings.ENTE["email"], "it"),
        ("contatto_ricevuto", "anna@example.org", "en"),
    ]
    assert messaggi[0].parametri == {
        "nome": "Anna Bianchi",
        "email": "anna@example.org",
        "oggetto": "Una domanda",
        "laboratorio": laboratorio.nome,
        "messaggio": "Quando vi trovate?",
    }
    assert client.get(response["Location"]).status_code == 200


def test_a_double_click_sends_one_message(client, dati):
    for _volta in range(2):
        assert client.post("/contatti/", dati).status_code == 302
    assert Messaggio.objects.count() == 2
    client.post("/contatti/", dati | {"messaggio": "Un'altra cosa"})
    assert Messaggio.objects.count() == 4


@pytest.mark.parametrize(
    ("guasto", "campi"),
    [
        ({"oggetto": ""}, ["oggetto"]),
        ({"oggetto": "x" * 121}, ["oggetto"]),
        ({"messaggio": "  "}, ["messaggio"]),
        ({"messaggio": "x" * 4001}, ["messaggio"]),
        ({"nome": ""}, ["nome"]),
        ({"nome": "www.truffa.example"}, ["nome"]),
        ({"email": "anna@"}, ["email"]),
        ({"email": "anna@example.org\nBcc: altri@example.org"}, ["email"]),
        ({"laboratorio": "uno"}, ["laboratorio"]),
        ({"informativa": ""}, ["informativa"]),
        ({"sito_web": "x"}, ["__all__"]),
        ({"ricevuto": ""}, ["__all__"]),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, dati, guasto, campi):
    response = client.post("/contatti/", dati | guasto)
    assert response.status_code == 200
    form = response.context["form"]
    assert list(form.errors) == campi
    assert form["messaggio"].value() == (dati | guasto)["messaggio"]
    assert Messaggio.objects.count() == 0


def test_a_line_break_cannot_leave_the_subject(client, dati):
    client.post("/contatti/", dati | {"oggetto": "Ciao\r\nBcc: altri@example.org"})
    messaggio = Messaggio.objects.get(genere="contatto")
    composto = registro["contatto"].componi(messaggio, ADESSO)
    assert composto.oggetto == "Dal portale: Ciao Bcc: altri@example.org (Anna Bianchi)"


def test_the_office_s_addresses_can_be_read_without_the_form(client, settings):
    html = client.get("/contatti/").content.decode()
    for voce in ("email", "telefono", "indirizzo", "ufficio"):
        assert settings.ENTE[voce] in html


def test_the_form_knows_who_has_signed_in_and_which_lab_she_comes_from(client):
    laboratorio, persona = LaboratorioFactory(), UserFactory()
    client.force_login(persona)
    iniziali = client.get(f"/contatti/?laboratorio={laboratorio.slug}").context["form"].initial
    assert (iniziali["nome"], iniziali["email"]) == (persona.nome, persona.email)
    assert iniziali["laboratorio"] == laboratorio


def test_too_many_messages_are_asked_to_wait(client, dati):
    esiti = [
        client.post("/contatti/", dati | {"email": f"a{n}@example.org"}).status_code
        for n in range(11)
    ]
    assert esiti == [302] * 10 + [429]


def test_too_many_copies_to_one_address_are_asked_to_wait(client, dati):
    esiti = [
        client.post(
            "/contatti/", dati | {"messaggio": str(n)}, REMOTE_ADDR=f"10.0.0.{n}"
        ).status_code
        for n in range(6)
    ]
    assert esiti == [302] * 5 + [429]


# --- The mails ---


def componi(genere, **altro):
    parametri = {
        "nome": "Anna",
        "email": "anna@example.org",
        "oggetto": "Una domanda",
        "laboratorio": "",
        "messaggio": "Quando <b>vi</b> trovate?",
    } | altro
    messaggio = MessaggioFactory(genere=genere, parametri=parametri)
    return registro[genere].componi(messaggio, ADESSO)


def test_the_office_answers_by_replying():
    composto = componi("contatto", laboratorio="Zona 3")
    assert composto.rispondi_a == "anna@example.org"
    assert composto.oggetto == "Dal portale: Una domanda (Anna)"
    assert "Laboratorio: Zona 3" in composto.testo
    assert "Quando <b>vi</b> trovate?" in composto.testo
    assert "Quando &lt;b&gt;vi&lt;/b&gt; trovate?" in composto.html


def test_the_copy_repeats_what_was_written():
    composto = componi("contatto_ricevuto")
    assert "Quando <b>vi</b> trovate?" in composto.testo
    assert "Quando &lt;b&gt;vi&lt;/b&gt; trovate?" in composto.html


@pytest.mark.parametrize(
    "altro",
    [{"messaggio": "Vinci su https://truffa.example"}, {"oggetto": "www.truffa.example"}],
)
def test_the_copy_delivers_no_stranger_s_link(altro):
    composto = componi("contatto_ricevuto", **altro)
    assert "truffa" not in composto.oggetto + composto.testo + composto.html
    assert "truffa" in componi("contatto", **altro).testo


def test_what_people_write_is_kept_only_until_it_has_left():
    assert registro["contatto"].riservato
    assert registro["contatto_ricevuto"].riservato


@pytest.mark.parametrize("rotta", ["contatti", "laboratori:disponibilita_crea"])
def test_an_address_with_a_nul_names_no_lab_and_breaks_nothing(client, rotta):
    laboratorio = LaboratorioFactory()

    response = client.get(reverse(rotta), {"laboratorio": f"{laboratorio.slug}\0"})

    assert response.status_code == 200
