import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from posta.models import Messaggio
from tests.factories import MessaggioFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("genere")]
Stato = Messaggio.Stato
ELENCO = "/admin/posta/messaggio/"


def officer():
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="ufficio")[0])
    return user


@pytest.fixture
def office(client):
    client.force_login(officer())
    return client


def moderator():
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="moderatori")[0])
    return user


@pytest.mark.parametrize(
    ("who", "status"), [(officer, 200), (moderator, 404), (UserFactory, 404), (None, 302)]
)
def test_only_the_office_reads_the_outbox(client, who, status):
    if who:
        client.force_login(who())
    messaggio = MessaggioFactory(genere="prova", stato=Stato.FALLITO)
    for url in (
        ELENCO,
        f"{ELENCO}{messaggio.pk}/change/",
        f"{ELENCO}{messaggio.pk}/rispedisci/",
    ):
        assert client.get(url).status_code == status


def test_the_list_has_constant_queries(office, django_assert_num_queries):
    def count(n):
        MessaggioFactory.create_batch(n, genere="prova")
        with django_assert_num_queries(7):
            assert office.get(ELENCO).status_code == 200

    # The first request also learns who is asking and what she may do.
    office.get(ELENCO)
    count(1)
    count(2)


def test_failed_mails_are_found_with_their_error_and_no_secret(office):
    MessaggioFactory(genere="prova", destinatario="altra@example.org")
    fallito = MessaggioFactory(
        genere="prova",
        stato=Stato.FALLITO,
        destinatario="anna@example.org",
        ultimo_errore="550 5.1.1 no such user",
        parametri={"codice": "SEGRETO"},
    )
    elenco = office.get(ELENCO, {"stato__exact": "fallito"}).content.decode()
    assert "anna@example.org" in elenco
    assert "altra@example.org" not in elenco
    assert "altra@example.org" in office.get(ELENCO, {"q": "altra"}).content.decode()
    pagina = office.get(f"{ELENCO}{fallito.pk}/change/").content.decode()
    assert "550 5.1.1 no such user" in pagina
    assert "SEGRETO" not in pagina
    assert reverse("admin:posta_messaggio_rispedisci", args=[fallito.pk]) in pagina


@pytest.mark.parametrize("verbo", ["add", "delete", "change"])
def test_nobody_writes_mails_by_hand(office, verbo):
    messaggio = MessaggioFactory(genere="prova")
    if verbo == "add":
        assert office.get(f"{ELENCO}add/").status_code == 404
    elif verbo == "delete":
        assert office.post(f"{ELENCO}{messaggio.pk}/delete/", {"post": "yes"}).status_code == 404
    else:
        office.post(f"{ELENCO}{messaggio.pk}/change/", {"destinatario": "altra@example.org"})
    messaggio.refresh_from_db()
    assert messaggio.destinatario != "altra@example.org"


def test_failed_mails_are_sent_again_from_the_list(office, genere):
    genere("codice", riservato=True, etichetta="Codice")
    due = MessaggioFactory.create_batch(2, genere="prova", stato=Stato.FALLITO)
    segreto = MessaggioFactory(genere="codice", stato=Stato.FALLITO)
    in_coda = MessaggioFactory(genere="prova")
    response = office.post(
        ELENCO,
        {
            "action": "rispedisci",
            "_selected_action": [m.pk for m in (*due, segreto, in_coda)],
        },
        follow=True,
    )
    testo = response.content.decode()
    assert "2 messaggi tornano in coda" in testo
    assert "Codice» non si può rispedire" in testo
    stati = dict(Messaggio.objects.values_list("pk", "stato"))
    assert stati == {
        due[0].pk: Stato.IN_CODA,
        due[1].pk: Stato.IN_CODA,
        segreto.pk: Stato.FALLITO,
        in_coda.pk: Stato.IN_CODA,
    }


def test_one_that_came_back_is_sent_to_the_right_address_from_its_page(office, genere):
    genere("risposta", correggibile=True)
    messaggio = MessaggioFactory(
        genere="risposta", stato=Stato.RIMBALZATO, inviato_at=timezone.now(), lingua="it"
    )
    url = f"{ELENCO}{messaggio.pk}/rispedisci/"
    assert url in office.get(f"{ELENCO}{messaggio.pk}/change/").content.decode()
    assert "email" in office.get(url).context["form"].fields

    sbagliato = office.post(url, {"email": "anna"})
    giusto = office.post(url, {"email": "giusta@example.org"})

    messaggio.refresh_from_db()
    assert list(sbagliato.context["form"].errors) == ["email"]
    assert giusto.status_code == 302
    assert (messaggio.stato, messaggio.destinatario) == (Stato.IN_CODA, "giusta@example.org")
    assert office.post(url, {"email": "altra@example.org"}).status_code == 404


def test_where_the_address_is_the_persons_own_the_page_asks_for_none(office):
    messaggio = MessaggioFactory(genere="prova", stato=Stato.RIMBALZATO)
    url = f"{ELENCO}{messaggio.pk}/rispedisci/"
    assert not office.get(url).context["form"].fields
    office.post(url, {"email": "altra@example.org"})
    dopo = Messaggio.objects.get()
    assert (dopo.stato, dopo.destinatario) == (Stato.IN_CODA, messaggio.destinatario)


def test_one_failed_mail_is_sent_again_from_its_page(office):
    messaggio = MessaggioFactory(genere="prova", stato=Stato.FALLITO, tentativi=7)
    url = f"{ELENCO}{messaggio.pk}/rispedisci/"
    assert messaggio.destinatario in office.get(url).content.decode()
    assert office.post(url).status_code == 302
    messaggio.refresh_from_db()
    assert (messaggio.stato, messaggio.tentativi) == (Stato.IN_CODA, 0)
    # A second press (double click, back button) finds nothing left to do.
    assert office.post(url).status_code == 404
