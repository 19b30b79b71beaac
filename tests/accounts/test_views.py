"""The links of the mails to those who take part without an account."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import partecipanti
from accounts.models import Conferma
from accounts.partecipanti import Esito
from tests.factories import PartecipanteFactory, UserFactory
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

INDIRIZZO = "anna@example.org"
SESSIONE = "partecipante"


@pytest.fixture
def adesso():
    return timezone.now()


@pytest.fixture
def richiesta(monkeypatch, adesso):
    """A request to be confirmed, of an action that only leads to the privacy page."""
    monkeypatch.setattr(partecipanti, "registro", dict(partecipanti.registro))
    partecipanti.azione("prova", descrivi=str)(
        lambda partecipante, parametri, adesso: Esito(
            "/privacy/", "Fatto.", riuscito=parametri["bene"]
        )
    )

    def richiesta(*, bene=True):
        return partecipanti.chiedi_conferma(
            "prova", email=INDIRIZZO, parametri={"bene": bene}, adesso=adesso
        )

    return richiesta


def pagina(richiesta):
    return reverse("partecipo:conferma", args=[richiesta.token])


def e_privata(response):
    return (
        response["Referrer-Policy"] == "no-referrer"
        and "noindex" in response["X-Robots-Tag"]
        and "no-store" in response["Cache-Control"]
    )


def test_opening_the_link_does_it_says_so_and_recognises_her(client, richiesta):
    response = client.get(pagina(richiesta()))

    assert (response.status_code, response.url) == (303, "/privacy/")
    assert e_privata(response)
    assert client.session[SESSIONE] == partecipanti.per_indirizzo(INDIRIZZO).pk
    [messaggio] = client.get(response.url).context["messages"]
    assert (messaggio.level_tag, str(messaggio)) == ("success", "Fatto.")


def test_what_could_not_be_done_is_said_as_a_warning(client, richiesta):
    response = client.get(pagina(richiesta(bene=False)))

    [messaggio] = client.get(response.url).context["messages"]
    assert messaggio.level_tag == "warning"


def test_programs_that_only_look_at_the_link_change_nothing(client, richiesta):
    una = richiesta()

    for metodo, atteso in ((client.head, 200), (client.post, 405), (client.options, 405)):
        assert metodo(pagina(una)).status_code == atteso

    una.refresh_from_db()
    assert una.fatta_at is None
    assert SESSIONE not in client.session


def test_opened_again_it_leads_to_the_same_page_and_says_nothing(client, richiesta):
    una = richiesta()
    client.get(client.get(pagina(una)).url)
    altra_visita = Client()

    response = altra_visita.get(pagina(una))

    assert (response.status_code, response.url) == (303, "/privacy/")
    assert list(altra_visita.get(response.url).context["messages"]) == []
    assert SESSIONE in altra_visita.session


def test_an_altered_link_opens_nothing(client, richiesta):
    una = richiesta()
    altra = partecipanti.chiedi_conferma(
        "prova", email="altra@example.org", parametri={"bene": True}, adesso=timezone.now()
    )
    firma = una.token.rpartition(".")[2]

    for token in (f"{altra.codice}.{firma}", una.codice, f"{una.token}x"):
        assert client.get(reverse("partecipo:conferma", args=[token])).status_code == 404
    assert not Conferma.objects.exclude(fatta_at=None).exists()


def test_opened_too_late_it_says_what_to_do(client, richiesta, adesso):
    una = richiesta()

    with time_machine.travel(adesso + partecipanti.ATTESA + timedelta(seconds=1)):
        response = client.get(pagina(una))

    assert response.status_code == 410
    assert e_privata(response)
    assert "Questo link non funziona più" in response.text
    una.refresh_from_db()
    assert una.fatta_at is None


def test_a_session_planted_before_is_worth_nothing_afterwards(richiesta):
    """Somebody gives her a browser that already has a session, of which she knows the key."""
    estranea = Client()
    estranea.get(partecipanti.link(PartecipanteFactory(), "/privacy/"))
    piantata = estranea.cookies["sessionid"].value
    lei = Client()
    lei.cookies["sessionid"] = piantata

    lei.get(pagina(richiesta()))

    assert lei.cookies["sessionid"].value != piantata
    assert SESSIONE not in estranea.session


def test_the_draft_of_the_visit_is_still_there_afterwards(client, richiesta):
    session = client.session
    session["bozza"] = 7
    session.save()

    client.get(pagina(richiesta()))

    assert client.session["bozza"] == 7


def test_who_has_signed_in_stays_who_she_is_whatever_link_she_opens(client, richiesta):
    persona = UserFactory(email="altra@example.org")
    client.force_login(persona)

    for url in (pagina(richiesta()), partecipanti.link(PartecipanteFactory(), "/privacy/")):
        assert client.get(url).status_code == 303
        assert SESSIONE not in client.session
        assert client.session["_auth_user_id"] == str(persona.pk)
    # What the first link asked for is done all the same, for whom it was.
    assert Conferma.objects.get().fatta_at is not None


# --- Links that only recognise --------------------------------------------------------------


def test_a_mails_link_recognises_her_and_leads_on(client):
    io = PartecipanteFactory()

    response = client.get(partecipanti.link(io, "/proposte/?tema=verde"))

    assert (response.status_code, response.url) == (303, "/proposte/?tema=verde")
    assert e_privata(response)
    assert client.session[SESSIONE] == io.pk


def test_a_mails_link_leads_to_no_other_site(client):
    io = PartecipanteFactory()
    url = partecipanti.link(io, "/").partition("?")[0]

    for vai in ("https://example.com/", "//example.com/", "%2F%2Fexample.com"):
        assert client.get(url, {"vai": vai}).url == "/"


def test_a_mails_link_expires_after_180_days(client):
    io = PartecipanteFactory()
    url = partecipanti.link(io, "/privacy/")

    for giorni, atteso in ((179, 303), (181, 410)):
        with time_machine.travel(timezone.now() + timedelta(days=giorni)):
            assert Client().get(url).status_code == atteso


def test_looking_at_a_mails_link_recognises_nobody(client):
    url = partecipanti.link(PartecipanteFactory(), "/privacy/")

    assert (client.head(url).status_code, client.post(url).status_code) == (200, 405)
    assert SESSIONE not in client.session


# --- Leaving --------------------------------------------------------------------------------


def test_it_is_not_me_empties_the_visit(client):
    client.get(partecipanti.link(PartecipanteFactory(), "/privacy/"))
    esci = reverse("partecipo:dimentica")

    assert client.get(esci).status_code == 405
    response = client.post(esci)

    assert response.url == reverse("home")
    assert SESSIONE not in client.session


def test_leaving_needs_the_token_of_a_page_of_ours(client):
    severa = Client(enforce_csrf_checks=True)
    severa.get(partecipanti.link(PartecipanteFactory(), "/privacy/"))

    assert severa.post(reverse("partecipo:dimentica")).status_code == 403
    assert SESSIONE in severa.session


@pytest.mark.parametrize("ruolo", [ruolo for ruolo in RUOLI if ruolo != "anonima"])
def test_leaving_does_not_sign_anybody_out(client, ruolo):
    persona = entra(client, ruolo)

    client.post(reverse("partecipo:dimentica"))

    assert client.session["_auth_user_id"] == str(persona.pk)


@pytest.mark.parametrize("ruolo", RUOLI)
def test_the_page_to_look_at_ones_mail_is_the_same_for_everybody(client, ruolo):
    entra(client, ruolo)

    response = client.get(reverse("partecipo:conferma_inviata"))

    assert response.status_code == 200
    assert "csrfmiddlewaretoken" not in response.text.split("<main")[1].split("</main")[0]
