"""What every answer says to the browser, whoever asks and however it went."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from tests.factories import IncontroFactory, IscrizioneFactory, UserFactory

INTESTAZIONI = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CSP = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
PAGINE = [
    "/",
    "/en/",
    "/incontri/",
    "/contatti/",
    "/accounts/login/",
    "/admin/login/",
    "/salute/viva/",
    "/robots.txt",
    "/pagina-che-non-esiste/",
]


def politica(risposta):
    return {parte.strip() for parte in risposta["Content-Security-Policy"].split(";")}


@pytest.mark.parametrize("path", PAGINE)
def test_every_answer_carries_the_security_headers_and_a_strict_policy(client, db, path):
    risposta = client.get(path, follow=True)

    assert {nome: risposta.headers.get(nome) for nome in INTESTAZIONI} == INTESTAZIONI
    assert politica(risposta) == CSP


@pytest.mark.parametrize("nome", ["account_signup", "contatti", "laboratori:disponibilita_crea"])
def test_a_form_that_comes_back_with_errors_is_as_strict(client, db, nome):
    risposta = client.post(reverse(nome), {"email": "<script>alert(1)</script>"})

    assert politica(risposta) == CSP
    assert b"<script>alert" not in risposta.content


@pytest.mark.parametrize("path", ["/", "/incontri/", "/contatti/", "/accounts/login/"])
def test_pages_hold_no_code_nor_style_of_their_own(client, db, path):
    """The policy would refuse them, and the page would not work."""
    pagina = client.get(path).content.decode()

    assert "<style" not in pagina
    assert " style=" not in pagina
    assert "javascript:" not in pagina
    assert [f for f in (" onclick=", " onload=", " onsubmit=", " onchange=") if f in pagina] == []


def test_the_office_works_under_the_same_policy(client, db):
    client.force_login(UserFactory(ufficio=True))

    assert politica(client.get("/admin/")) == CSP


def test_a_private_page_is_kept_by_nobody_and_found_by_no_search_engine(client, db):
    iscrizione = IscrizioneFactory()

    risposta = client.get(iscrizione.get_absolute_url())

    assert "no-store" in risposta["Cache-Control"] or "private" in risposta["Cache-Control"]
    assert "noindex" in risposta.content.decode() or "noindex" in risposta.get("X-Robots-Tag", "")


def test_a_page_for_one_person_is_never_kept_for_all(client, db):
    client.force_login(UserFactory())

    assert "public" not in client.get(reverse("profilo")).headers.get("Cache-Control", "")


def test_a_form_without_its_token_is_refused_in_the_looks_of_the_site(db):
    incontro = IncontroFactory()
    client = Client(enforce_csrf_checks=True)

    risposta = client.post(reverse("account_login"), {"login": "a@example.org", "password": "x"})
    iscrizione = client.post(reverse("eventi:iscrizione_crea", args=[incontro.slug]), {})

    assert (risposta.status_code, "<main" in risposta.content.decode()) == (403, True)
    assert incontro.iscrizioni.count() == 0
    assert iscrizione.status_code in {200, 403}


def test_passwords_are_stored_with_argon2_outside_the_tests():
    from portale import settings as veri

    assert veri.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"


@pytest.fixture
def in_produzione(tmp_path):
    """``in_produzione(code)``: what that Python code prints with production's settings."""

    def esegui(codice, **ambiente):
        fatto = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", f"import django; django.setup()\n{codice}"],
            cwd=settings.BASE_DIR,
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "portale.settings",
                "VAR_DIR": str(tmp_path),
                "SECRET_KEY": "of-a-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJK",
                "ALLOWED_HOSTS": "laboratori.example.org",
                "BASE_URL": "https://laboratori.example.org",
                "EMAIL_URL": "smtp://127.0.0.1:25",
                **ambiente,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert fatto.returncode == 0, fatto.stderr
        return fatto.stdout.strip()

    return esegui


CHIEDI = """
from django.test import Client
risposta = Client(headers={"host": "laboratori.example.org"}).get(%r, secure=%r)
print(risposta.status_code, risposta.headers.get("Location"),
      risposta.headers.get("Strict-Transport-Security"))
"""


def test_in_production_everything_goes_over_https_for_a_year(in_produzione):
    assert in_produzione(CHIEDI % ("/robots.txt", False)) == (
        "301 https://laboratori.example.org/robots.txt None"
    )
    assert in_produzione(CHIEDI % ("/salute/viva/", True)) == (
        "200 None max-age=31536000; includeSubDomains; preload"
    )


def test_in_production_the_life_check_answers_without_https_too(in_produzione):
    """It is asked from the next room, behind the proxy."""
    assert in_produzione(CHIEDI % ("/salute/viva/", False)) == "200 None None"


def test_in_production_cookies_travel_only_over_https_and_no_script_reads_them(in_produzione):
    assert (
        in_produzione("""
from django.conf import settings as s
print(s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE,
      s.CSRF_COOKIE_SECURE, s.CSRF_COOKIE_HTTPONLY)
""")
        == "True True Lax True True"
    )


def test_in_production_there_is_no_demo_mailbox(in_produzione):
    assert (
        in_produzione("""
from django.urls import Resolver404, resolve
try:
    print(resolve("/posta-demo/"))
except Resolver404:
    print("no such page")
""")
        == "no such page"
    )


@pytest.mark.parametrize("fidati", ["0", "1"])
def test_the_word_of_a_proxy_counts_only_where_there_is_one(in_produzione, fidati):
    detto = in_produzione(
        """
from django.test import Client
print(Client(headers={"host": "laboratori.example.org", "x-forwarded-proto": "https"}).get(
    "/robots.txt").status_code)
""",
        TRUSTED_PROXIES=fidati,
    )
    assert detto == {"0": "301", "1": "200"}[fidati]


def test_accounts_are_ours_and_their_name_is_the_address():
    assert get_user_model().USERNAME_FIELD == "email"
