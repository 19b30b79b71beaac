import io
import json
import zipfile

import pytest
from django.urls import reverse

from accounts.admin_diritti import _chiave
from accounts.interessato import Recapito
from accounts.models import Cancellazione, Scarico, User
from eventi.models import Iscrizione
from tests.factories import DisponibilitaFactory, IscrizioneFactory, UserFactory
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

CERCA = reverse("admin:accounts_cancellazione_add")


def pagina(recapito, nome="persona"):
    return reverse(f"admin:accounts_cancellazione_{nome}", args=[_chiave(recapito)])


def dentro(risposta):
    return zipfile.ZipFile(io.BytesIO(b"".join(risposta.streaming_content)))


@pytest.mark.parametrize(
    ("ruolo", "esito"),
    [("cittadina", 404), ("facilitatore", 404), ("moderatore", 404), ("ufficio", 200)],
)
def test_only_the_office_searches_downloads_and_erases(client, ruolo, esito):
    entra(client, ruolo)
    lei = Recapito("", "lei@prova.example")
    IscrizioneFactory(email=lei.email)

    assert client.get(CERCA).status_code == esito
    assert client.get(pagina(lei)).status_code == esito
    scaricata = client.post(pagina(lei, "scarica"))
    assert scaricata.status_code == esito
    if scaricata.streaming:
        dentro(scaricata)
    assert client.post(pagina(lei), {}).status_code == esito
    assert Cancellazione.objects.count() == 0


def test_she_is_found_by_a_part_of_her_name_or_by_her_whole_address(client):
    entra(client, "ufficio")
    IscrizioneFactory(nome="Bruna Bianchi", email="bruna@prova.example")
    IscrizioneFactory(nome="Bruna Bianchi", email=None, telefono="0523 1")
    DisponibilitaFactory(nome="Bianca Bruni", email="bianca@prova.example")
    UserFactory(nome="Altra Persona")

    per_nome = client.get(CERCA, {"q": "brun"})
    assert [recapito for recapito, _url in per_nome.context["trovate"]] == [
        Recapito("Bianca Bruni", "bianca@prova.example"),
        Recapito("Bruna Bianchi", "", "0523 1"),
        Recapito("Bruna Bianchi", "bruna@prova.example"),
    ]
    per_email = client.get(CERCA, {"q": " Bruna@Prova.example "})
    assert [recapito.email for recapito, _url in per_email.context["trovate"]] == [
        "bruna@prova.example"
    ]
    assert client.get(CERCA, {"q": "br"}).context["trovate"] == []


def test_the_addresses_of_the_pages_do_not_say_her_name():
    assert "bianchi" not in pagina(Recapito("Bruna Bianchi", "bianchi@prova.example")).lower()


def test_the_office_hands_her_the_data_and_it_is_recorded_who_did(client):
    ufficio = entra(client, "ufficio")
    IscrizioneFactory(nome="Bruna Bianchi", email="bruna@prova.example")
    risposta = client.post(pagina(Recapito("", "bruna@prova.example"), "scarica"))

    assert "Bruna Bianchi" in json.dumps(json.loads(dentro(risposta).read("dati.json")))
    scarico = Scarico.objects.get()
    assert (scarico.canale, scarico.autore, scarico.persona) == ("ufficio", ufficio, None)


def test_erasing_asks_for_a_reason_and_for_who_she_is(client):
    ufficio = entra(client, "ufficio")
    iscrizione = IscrizioneFactory(nome="Bruna Bianchi", email=None, telefono="0523 11111")
    lei = Recapito("Bruna Bianchi", "", "0523 11111")

    senza = client.post(pagina(lei), {"motivo": "telefono"})
    assert "Prima controlla chi è" in senza.content.decode()
    assert Iscrizione.objects.get().nome == "Bruna Bianchi"

    risposta = client.post(pagina(lei), {"motivo": "telefono", "identificata": "on"})
    assert risposta["Location"] == reverse("admin:accounts_cancellazione_changelist")
    iscrizione.refresh_from_db()
    assert iscrizione.telefono == ""
    fatta = Cancellazione.objects.get()
    assert (fatta.canale, fatta.motivo, fatta.autore) == ("ufficio", "telefono", ufficio)

    seconda = client.post(pagina(lei), {"motivo": "telefono", "identificata": "on"}, follow=True)
    assert "Non c’era più niente da cancellare." in seconda.content.decode()
    assert Cancellazione.objects.count() == 1


def test_a_colleague_is_an_administrators_business_and_not_erased_while_she_works(client):
    collega = UserFactory(is_staff=True, email="collega@prova.example")
    lei = Recapito("", collega.email)
    entra(client, "ufficio")
    assert client.get(pagina(lei)).status_code == 404

    entra(client, "amministratrice")
    risposta = client.post(pagina(lei), {"motivo": "scritto", "identificata": "on"})
    assert "Fai parte dell’ufficio" in risposta.content.decode()
    assert User.objects.filter(pk=collega.pk).exists() is True


def test_an_altered_address_opens_nobody(client):
    entra(client, "ufficio")
    url = reverse("admin:accounts_cancellazione_persona", args=["storpia"])

    assert client.get(url).status_code == 404


@pytest.mark.parametrize("quante", [1, 3])
def test_the_registers_ask_as_often_for_one_row_as_for_three(
    client, django_assert_num_queries, quante
):
    from django.utils import timezone

    ufficio = entra(client, "ufficio")
    for _una in range(quante):
        Cancellazione.objects.create(
            canale="ufficio", autore=ufficio, conteggi={"posta": {"email": 2}},
            created_at=timezone.now(),
        )  # fmt: skip
        Scarico.objects.create(canale="ufficio", autore=ufficio, created_at=timezone.now())
    for registro in ("cancellazione", "scarico"):
        client.get(reverse(f"admin:accounts_{registro}_changelist"))
        with django_assert_num_queries(6):
            client.get(reverse(f"admin:accounts_{registro}_changelist"))
