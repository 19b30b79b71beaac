"""Where somebody is signed in, and how it ends."""

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts import sessioni
from accounts.models import Sessione
from accounts.tasks import pulisci
from tests.factories import UserFactory
from tests.fattori import codice, con_app, entra_con_password

pytestmark = pytest.mark.django_db

PAGINA = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def anna():
    return UserFactory(email="anna@example.org")


def dentro(persona, user_agent=FIREFOX, ip="192.0.2.1"):
    """A browser in which she has logged in."""
    browser = Client(headers={"user-agent": user_agent}, REMOTE_ADDR=ip)
    assert entra_con_password(browser, persona).status_code == 302
    return browser


def mostrate(browser):
    return [
        (aperta.dispositivo, aperta.ip, aperta.questa)
        for aperta in browser.get(PAGINA).context["aperte"]
    ]


def e_dentro(browser):
    return browser.get("/profilo/").status_code == 200


def test_she_sees_where_she_is_signed_in_this_device_first_and_nobody_elses(anna):
    ufficio = dentro(anna)
    dentro(anna, IPHONE, "192.0.2.9")
    dentro(UserFactory(), ip="203.0.113.7")

    assert mostrate(ufficio) == [
        ("Firefox su Windows", "192.0.2.1", True),
        ("Safari su iPhone", "192.0.2.9", False),
    ]
    assert "203.0.113.7" not in ufficio.get(PAGINA).text


def test_she_closes_one(anna):
    ufficio, telefono, casa = dentro(anna), dentro(anna, IPHONE), dentro(anna)
    pk = UserSession.objects.get(user_agent=IPHONE).pk

    risposta = ufficio.post(PAGINA, {"sessione": pk}, follow=True)

    assert "Fatto: lì serve di nuovo l’accesso." in risposta.text
    assert [e_dentro(b) for b in (ufficio, telefono, casa)] == [True, False, True]


def test_she_closes_all_the_others(anna):
    ufficio, telefono, casa = dentro(anna), dentro(anna, IPHONE), dentro(anna)

    ufficio.post(PAGINA, {})

    assert [e_dentro(b) for b in (ufficio, telefono, casa)] == [True, False, False]
    assert mostrate(ufficio) == [("Firefox su Windows", "192.0.2.1", True)]


def test_she_closes_nobody_elses(anna):
    ufficio, altrui = dentro(anna), dentro(UserFactory(), IPHONE)
    pk = UserSession.objects.get(user_agent=IPHONE).pk

    ufficio.post(PAGINA, {"sessione": pk})
    ufficio.post(PAGINA, {})

    assert e_dentro(altrui)


def test_this_one_ends_only_by_leaving(anna):
    ufficio = dentro(anna)

    ufficio.post(PAGINA, {"sessione": UserSession.objects.get().pk})

    assert e_dentro(ufficio)


@pytest.mark.parametrize("sessione", ["x", "-1", "0"])
def test_nonsense_closes_nothing(anna, sessione):
    ufficio, telefono = dentro(anna), dentro(anna)

    assert ufficio.post(PAGINA, {"sessione": sessione}).status_code == 200

    assert e_dentro(telefono)


@pytest.mark.parametrize("n", [1, 3])
def test_the_list_asks_the_same_queries_for_one_or_three(anna, n, django_assert_num_queries):
    *_altre, ultima = [dentro(anna) for _ in range(n)]

    with django_assert_num_queries(4):
        assert len(ultima.get(PAGINA).context["aperte"]) == n


def test_a_new_password_closes_the_other_sessions(anna):
    ufficio, telefono = dentro(anna), dentro(anna, IPHONE)
    nuova = "un-altra-password-lunga"

    ufficio.post(
        "/accounts/password/change/",
        {"oldpassword": "una-password-lunga", "password1": nuova, "password2": nuova},
    )

    assert [e_dentro(b) for b in (ufficio, telefono)] == [True, False]
    assert mostrate(ufficio) == [("Firefox su Windows", "192.0.2.1", True)]


def test_leaving_takes_it_off_the_list(anna):
    ufficio, telefono = dentro(anna), dentro(anna, IPHONE)
    telefono.post("/accounts/logout/")

    assert mostrate(ufficio) == [("Firefox su Windows", "192.0.2.1", True)]


# --- Last seen, and rest --------------------------------------------------------------------


def passano(browser, secondi):
    """Make the last visit that was written down this much older."""
    session = browser.session
    session["accesso_visto"] -= secondi
    session.save()


def test_a_visit_is_written_down_only_every_few_minutes(anna, django_assert_num_queries):
    browser = dentro(anna)
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(hours=3), ip="192.0.2.99")
    browser.get("/profilo/")
    assert UserSession.objects.get().ip == "192.0.2.99"

    passano(browser, sessioni.OGNI)
    browser.get("/profilo/", REMOTE_ADDR="192.0.2.2")

    riga = UserSession.objects.get()
    assert riga.ip == "192.0.2.2"
    assert timezone.now() - riga.last_seen_at < timedelta(minutes=1)
    assert time.time() - browser.session["accesso_visto"] < 60


@pytest.mark.parametrize("ricorda", ["", "on"])
@pytest.mark.parametrize("fattore", [False, True])
def test_a_session_of_the_office_ends_when_it_rests(settings, client, ricorda, fattore):
    settings.SESSIONE_UFFICIO_MINUTI = 90
    persona = UserFactory(ufficio=True)
    segreto = con_app(persona) if fattore else ""
    client.post(
        "/accounts/login/",
        {"login": persona.email, "password": "una-password-lunga", "remember": ricorda},
    )
    if fattore:
        client.post("/accounts/2fa/authenticate/", {"code": codice(segreto)})

    def resta():
        scade = Sessione.objects.get(pk=client.session.session_key).expire_date
        return round((scade - timezone.now()) / timedelta(minutes=1))

    assert resta() == 90

    # Used, it lives on.
    Sessione.objects.update(expire_date=timezone.now() + timedelta(minutes=5))
    client.get("/admin/")
    assert resta() == 5
    session = client.session
    session["accesso_visto"] -= sessioni.OGNI
    session.save()
    client.get("/admin/")
    assert resta() == 90

    # At rest, it ends.
    Sessione.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get("/admin/").status_code == 302


def test_a_citizens_session_lasts_as_she_chose(client, anna):
    client.post(
        "/accounts/login/",
        {"login": anna.email, "password": "una-password-lunga", "remember": "on"},
    )

    scade = Sessione.objects.get().expire_date
    assert round((scade - timezone.now()) / timedelta(days=1)) == 14


def test_a_page_that_asks_for_no_session_is_not_made_personal(client):
    assert "Cookie" not in client.get("/salute/viva/").headers.get("Vary", "")


# --- What is kept ---------------------------------------------------------------------------


def test_what_is_kept_of_a_session_goes_with_it(anna):
    dentro(anna)
    dentro(anna, IPHONE)
    dentro(anna, IPHONE)
    viva, scaduta, chiusa = UserSession.objects.order_by("pk")
    Sessione.objects.filter(pk=scaduta.session_key).update(
        expire_date=timezone.now() - timedelta(minutes=1)
    )
    Sessione.objects.filter(pk=chiusa.session_key).delete()
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(hours=2))

    pulisci()
    pulisci()

    assert list(UserSession.objects.all()) == [viva]
    assert [sessione.pk for sessione in Sessione.objects.all()] == [viva.session_key]


def test_one_that_has_just_begun_is_left_alone(anna):
    """Its row may be written a moment before it can be seen from elsewhere."""
    dentro(anna)
    Sessione.objects.all().delete()

    assert sessioni.pulisci(timezone.now()) == 0


@pytest.mark.parametrize(
    ("user_agent", "parole"),
    [
        (FIREFOX, "Firefox su Windows"),
        (IPHONE, "Safari su iPhone"),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/139.0.0.0 Mobile Safari/537.36",
            "Chrome su Android",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0",
            "Edge su Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/18.5 Safari/605.1.15",
            "Safari su Mac",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
            "Firefox su Linux",
        ),
        ("curl/8.0", "Un dispositivo che non riconosciamo"),
        ("", "Un dispositivo che non riconosciamo"),
    ],
)
def test_a_device_is_said_in_words(user_agent, parole):
    assert sessioni.dispositivo(user_agent) == parole
