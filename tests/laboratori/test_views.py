from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from laboratori.models import Disponibilita
from portale.lib.antispam import timbro
from posta.models import Messaggio
from tests.factories import DisponibilitaFactory, LaboratorioFactory, UserFactory

Stato = Disponibilita.Stato
CREA = "/laboratori/disponibilita/"
INVIATA = "/laboratori/disponibilita/inviata/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def dati():
    return {
        "nome": "Anna Bianchi",
        "email": " Anna@Example.org ",
        "telefono": "",
        "laboratorio": "",
        "aiuti": ["tempo", "spazio"],
        "messaggio": "",
        "informativa": "on",
        "sito_web": "",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=20)),
    }


def conferma(disponibilita):
    return reverse("laboratori:disponibilita_conferma", args=[disponibilita.token])


def test_a_neighbour_offers_her_help(client, dati):
    laboratorio = LaboratorioFactory()
    response = client.post(CREA, dati | {"laboratorio": laboratorio.pk})
    assert (response.status_code, response["Location"]) == (302, INVIATA)
    disponibilita = Disponibilita.objects.get()
    assert (disponibilita.email, disponibilita.laboratorio, disponibilita.aiuti) == (
        "anna@example.org",
        laboratorio,
        ["tempo", "spazio"],
    )
    assert disponibilita.stato == Stato.DA_VERIFICARE
    assert client.get(INVIATA).status_code == 200


def test_a_double_click_leaves_one_offer(client, dati):
    for _volta in range(2):
        assert client.post(CREA, dati)["Location"] == INVIATA
    assert Disponibilita.objects.count() == 1
    assert Messaggio.objects.count() == 1


def test_in_english_it_stays_in_english(client, dati):
    response = client.post(f"/en{CREA}", dati)
    assert response["Location"] == f"/en{INVIATA}"
    assert Disponibilita.objects.get().lingua == "en"


@pytest.mark.parametrize(
    ("guasto", "campi"),
    [
        ({"nome": " "}, ["nome"]),
        ({"nome": "Vinci su https://truffa.example"}, ["nome"]),
        ({"nome": "x" * 121}, ["nome"]),
        ({"email": "anna"}, ["email"]),
        ({"email": ""}, ["email"]),
        ({"aiuti": []}, ["aiuti"]),
        ({"aiuti": ["denaro"]}, ["aiuti"]),
        ({"laboratorio": "999"}, ["laboratorio"]),
        ({"messaggio": "x" * 2001}, ["messaggio"]),
        ({"telefono": "3" * 31}, ["telefono"]),
        ({"informativa": ""}, ["informativa"]),
        ({"sito_web": "https://spam.example"}, ["__all__"]),
        ({"ricevuto": "1:falso"}, ["__all__"]),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, dati, guasto, campi):
    dati |= {"messaggio": "Ho una sala"} | guasto
    response = client.post(CREA, dati)
    assert response.status_code == 200
    form = response.context["form"]
    assert list(form.errors) == campi
    assert form["messaggio"].value() == dati["messaggio"]
    assert Disponibilita.objects.count() == 0
    assert Messaggio.objects.count() == 0
    assert response.content.count(b"data-riassunto-errori") == 1


def test_a_closed_lab_cannot_be_chosen(client, dati):
    chiuso = LaboratorioFactory(attivo=False)
    response = client.post(CREA, dati | {"laboratorio": chiuso.pk})
    assert list(response.context["form"].errors) == ["laboratorio"]
    assert chiuso.nome not in client.get(CREA).content.decode()


def test_what_people_type_is_shown_as_text(client, dati):
    response = client.post(CREA, dati | {"messaggio": "<script>x</script>", "nome": ""})
    assert b"<script>x" not in response.content
    assert b"&lt;script&gt;x" in response.content


def test_the_link_of_a_lab_chooses_it(client):
    laboratorio = LaboratorioFactory()
    form = client.get(f"{CREA}?laboratorio={laboratorio.slug}").context["form"]
    assert form.initial["laboratorio"] == laboratorio
    assert client.get(f"{CREA}?laboratorio=nessuno").context["form"].initial["laboratorio"] is None


def test_who_has_signed_in_does_not_type_her_name_again(client):
    persona = UserFactory()
    client.force_login(persona)
    form = client.get(CREA).context["form"]
    assert (form.initial["nome"], form.initial["email"]) == (persona.nome, persona.email)


def test_too_many_offers_from_one_place_are_asked_to_wait(client, dati):
    esiti = [
        client.post(CREA, dati | {"email": f"a{n}@example.org"}).status_code for n in range(11)
    ]
    assert esiti == [302] * 10 + [429]


def test_too_many_offers_for_one_address_are_asked_to_wait(client, dati):
    esiti = [
        client.post(CREA, dati | {"messaggio": str(n)}, REMOTE_ADDR=f"10.0.0.{n}").status_code
        for n in range(6)
    ]
    assert esiti == [302] * 5 + [429]


# --- The link of the mail ---


def test_opening_the_link_confirms_and_opening_it_again_shows_the_same(client):
    disponibilita = DisponibilitaFactory()
    prima, seconda = client.get(conferma(disponibilita)), client.get(conferma(disponibilita))
    assert (prima.status_code, seconda.status_code) == (200, 200)
    assert prima.content == seconda.content
    disponibilita.refresh_from_db()
    assert disponibilita.stato == Stato.NUOVA
    assert Messaggio.objects.count() == 2


def test_looking_at_the_link_s_headers_confirms_nothing(client):
    disponibilita = DisponibilitaFactory()
    assert client.head(conferma(disponibilita)).status_code == 200
    disponibilita.refresh_from_db()
    assert disponibilita.stato == Stato.DA_VERIFICARE
    assert Messaggio.objects.count() == 0


def test_the_link_cannot_be_posted_to(client):
    assert client.post(conferma(DisponibilitaFactory())).status_code == 405


def test_an_altered_link_opens_nothing(client):
    disponibilita = DisponibilitaFactory()
    assert client.get(conferma(disponibilita)[:-12] + "x/conferma/").status_code == 404
    assert (
        client.get(f"/laboratori/disponibilita/{disponibilita.codice}/conferma/").status_code
        == 404
    )
    disponibilita.refresh_from_db()
    assert disponibilita.stato == Stato.DA_VERIFICARE


def test_the_private_page_is_kept_by_nobody(client):
    response = client.get(conferma(DisponibilitaFactory()))
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"


def test_a_closed_offer_says_that_the_answer_was_sent(client):
    disponibilita = DisponibilitaFactory(stato=Stato.CHIUSA, risposta="Una risposta privata")
    pagina = client.get(conferma(disponibilita)).content.decode()
    assert "abbiamo già risposto" in pagina
    assert "Una risposta privata" not in pagina
