"""The mails of accounts: queued, in the reader's language, with links that work."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import caches
from django.utils import timezone

from posta.consegna import spedisci_dovuti
from posta.models import Messaggio
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_counts_of_other_tests():
    caches["default"].clear()


def the_mail():
    """What leaves, after a look at what is kept of it."""
    assert mail.outbox == []
    messaggio = Messaggio.objects.get(genere="account")
    assert spedisci_dovuti().inviati == 1
    messaggio.refresh_from_db()
    assert messaggio.parametri == {}
    (email,) = mail.outbox
    return email


def test_a_login_code_is_queued_and_then_leaves(client):
    UserFactory(email="anna@example.org")
    client.post("/accounts/login/code/", {"email": "anna@example.org"})
    codice = Messaggio.objects.get().parametri["testo"]
    email = the_mail()
    assert email.subject == "Il tuo codice per entrare"
    assert email.to == ["anna@example.org"]
    assert email.body == codice
    assert re.search(r"^    [A-Z0-9]{4}-[A-Z0-9]{4}$", email.body, re.M)


def test_a_code_that_has_run_out_does_not_leave(client):
    UserFactory(email="anna@example.org")
    client.post("/accounts/login/code/", {"email": "anna@example.org"})
    tardi = timezone.now() + timedelta(minutes=16)
    assert spedisci_dovuti(lambda: tardi).scaduti == 1
    assert mail.outbox == []
    messaggio = Messaggio.objects.get()
    assert (messaggio.stato, messaggio.parametri) == (Messaggio.Stato.SCADUTO, {})


def test_a_new_password_is_asked_for_by_a_link_of_the_portals_own_address(client, settings):
    settings.BASE_URL = "https://laboratori.example.org"
    UserFactory(email="anna@example.org")
    client.post(
        "/accounts/password/reset/", {"email": "anna@example.org"}, headers={"host": "localhost"}
    )
    email = the_mail()
    assert email.subject == "Scegli una nuova password"
    (link,) = set(re.findall(r"https?://\S+/accounts/password/\S+", email.body))
    assert link.startswith("https://laboratori.example.org/accounts/password/reset/key/")
    assert "localhost" not in email.body
    html = email.alternatives[0].content
    assert f'href="{link}"' in html
    # The link opens the page where the password is chosen.
    risposta = client.get(link.removeprefix("https://laboratori.example.org"), follow=True)
    assert risposta.status_code == 200
    assert b"password1" in risposta.content


def test_an_address_without_an_account_gets_the_same_page_and_another_mail(client):
    UserFactory(email="anna@example.org")
    nota = client.post("/accounts/password/reset/", {"email": "anna@example.org"})
    ignota = client.post("/accounts/password/reset/", {"email": "nessuno@example.org"})
    assert (nota.status_code, nota.url) == (ignota.status_code, ignota.url)
    messaggio = Messaggio.objects.get(destinatario="nessuno@example.org")
    assert messaggio.parametri["oggetto"] == "Non abbiamo un profilo con questo indirizzo"


def test_signing_up_asks_to_confirm_the_address(client):
    client.post(
        "/accounts/signup/",
        {
            "email": "anna@example.org",
            "password1": "una-password-lunga",
            "nome": "Anna Bianchi",
            "da_14": "on",
            "informativa": "on",
        },
    )
    email = the_mail()
    assert email.subject == "Conferma il tuo indirizzo"
    (link,) = set(re.findall(r"http://testserver/accounts/confirm-email/\S+", email.body))
    assert client.get(link.removeprefix("http://testserver")).status_code == 200


@pytest.mark.parametrize(
    ("vai", "poi"),
    [
        ("/tavolo/invito/x/", "/accounts/login/?next=%2Ftavolo%2Finvito%2Fx%2F"),
        ("https://altrove.example.org/", "/accounts/login/"),
        ("", "/accounts/login/"),
    ],
)
def test_who_makes_an_account_on_her_way_somewhere_gets_there_once_confirmed(client, vai, poi):
    client.post(
        "/accounts/signup/",
        {
            "email": "anna@example.org",
            "password1": "una-password-lunga",
            "nome": "Anna Bianchi",
            "da_14": "on",
            "informativa": "on",
            "next": vai,
        },
    )
    (link,) = set(re.findall(r"http://testserver(/accounts/confirm-email/\S+)", the_mail().body))

    confermata = client.post(link)

    assert (confermata.status_code, confermata.url) == (302, poi)


def test_signing_up_twice_says_so_only_by_mail(client):
    UserFactory(email="anna@example.org")
    client.post(
        "/accounts/signup/",
        {
            "email": "anna@example.org",
            "password1": "una-password-lunga",
            "nome": "Anna Bianchi",
            "da_14": "on",
            "informativa": "on",
        },
    )
    assert the_mail().subject == "Hai già un profilo"


def test_a_mail_asked_for_in_english_is_queued_in_english(client):
    UserFactory(email="anna@example.org")
    client.post("/en/accounts/password/reset/", {"email": "anna@example.org"})
    messaggio = Messaggio.objects.get()
    assert messaggio.lingua == "en"
    assert "/en/accounts/password/reset/key/" in messaggio.parametri["testo"]


@pytest.mark.parametrize("prefisso", ["/en", ""])
def test_who_is_told_of_a_change_reads_it_in_her_language_whatever_the_page(client, prefisso):
    persona = UserFactory(lingua="en" if not prefisso else "it", password="una-password-lunga")
    client.force_login(persona)
    client.post(
        f"{prefisso}/accounts/password/change/",
        {
            "oldpassword": "una-password-lunga",
            "password1": "tre-gatti-nel-cortile",
            "password2": "tre-gatti-nel-cortile",
        },
    )

    messaggio = Messaggio.objects.get()
    assert (messaggio.lingua, messaggio.destinatario) == (persona.lingua, persona.email)


@pytest.mark.parametrize(
    ("nome", "contesto"),
    [
        ("mfa/email/totp_activated", {}),
        ("mfa/email/totp_deactivated", {}),
        ("mfa/email/webauthn_added", {}),
        ("mfa/email/webauthn_removed", {}),
        ("mfa/email/recovery_codes_generated", {}),
        ("email_changed", {"from_email": "a@example.org", "to_email": "b@example.org"}),
        ("email_confirm", {}),
        ("email_deleted", {"deleted_email": "a@example.org"}),
        ("password_changed", {}),
        ("password_reset", {}),
        ("password_set", {}),
        ("password_reset_code", {"code": "ABC-123"}),
        ("spid_code", {"code": "ABC-123"}),
        ("email_confirmation", {"activate_url": "http://testserver/accounts/confirm-email/x/"}),
    ],
)
def test_every_mail_that_allauth_knows_is_ours(rf, nome, contesto):
    from allauth.account.adapter import get_adapter
    from allauth.core import context

    with context.request_context(rf.get("/")):
        get_adapter().send_mail(
            nome if "/" in nome else f"account/email/{nome}",
            "anna@example.org",
            {**contesto, "ip": "192.0.2.1", "user_agent": "Un browser <b>"},
        )
    email = the_mail()
    assert email.subject
    assert "partecipazione@comune.piacenza.it" in email.body
    assert all(valore in email.body for valore in contesto.values())
    assert "<b>" not in email.alternatives[0].content
