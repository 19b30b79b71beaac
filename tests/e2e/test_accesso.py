"""Entering the office with a second factor: an app's codes, and a key."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.factories import UserFactory
from tests.fattori import codice

from .conftest import LARGHEZZE

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = re.compile("/admin/$")


@pytest.fixture
def ufficio(live_server, settings) -> User:
    """As in production: without a second factor nobody enters."""
    settings.MFA_RICHIESTA = True
    return UserFactory(ufficio=True, email="olga@example.org", nome="Olga")


def senza_difetti(page, axe):
    for larghezza in LARGHEZZE:
        page.set_viewport_size({"width": larghezza, "height": 900})
        assert axe(page) == []


def scrive_la_password(page, radice):
    page.goto(f"{radice}/admin/")
    page.fill("input[name=login]", "olga@example.org")
    page.fill("input[name=password]", "una-password-lunga")
    page.get_by_role("button", name="Accedi", exact=True).click()


def esce(page, radice):
    page.goto(f"{radice}/accounts/logout/")
    page.locator("main").get_by_role("button", name="Esci").click()
    expect(page).not_to_have_url(re.compile("logout"))


def nell_ufficio(page):
    expect(page).to_have_url(ADMIN)
    expect(page.get_by_role("heading", level=1)).to_have_text("Che cosa c'è da fare")


def test_an_officer_sets_an_app_up_and_enters_with_its_codes(
    live_server, ufficio, page, axe, sorveglia
):
    visto = sorveglia(page.context, live_server.url)
    scrive_la_password(page, live_server.url)
    expect(page.get_by_text("Prima di entrare scegli un secondo passaggio")).to_be_visible()
    senza_difetti(page, axe)
    page.get_by_role("link", name="Attiva l’app").click()
    expect(page.get_by_alt_text("Codice QR da inquadrare con l’app")).to_be_visible()
    senza_difetti(page, axe)
    segreto = page.locator("#segreto").inner_text()
    page.fill("input[name=code]", codice(segreto))
    page.get_by_role("button", name="Attiva").click()

    expect(page.locator("#codici li")).to_have_count(10)
    senza_difetti(page, axe)
    page.get_by_role("link", name="Continua dove stavi andando").click()
    nell_ufficio(page)

    esce(page, live_server.url)
    scrive_la_password(page, live_server.url)
    expect(page).to_have_url(re.compile("/accounts/2fa/authenticate/$"))
    senza_difetti(page, axe)
    page.fill("input[name=code]", codice(segreto))
    page.get_by_role("button", name="Entra", exact=True).click()
    nell_ufficio(page)

    page.goto(f"{live_server.url}/accounts/sessions/")
    expect(page.get_by_text("Chrome su Linux")).to_have_count(1)
    senza_difetti(page, axe)
    assert (visto.estranee, visto.lamentele) == ([], [])


def test_an_officer_enters_with_a_key_and_no_password(live_server, ufficio, page, axe, sorveglia):
    visto = sorveglia(page.context, live_server.url)
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    scrive_la_password(page, live_server.url)
    page.get_by_role("link", name="Aggiungi una chiave").click()
    senza_difetti(page, axe)
    page.get_by_role("button", name="Aggiungi la chiave").click()
    expect(page.locator("#codici li")).to_have_count(10)
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Basta da sola, senza password.")).to_be_visible()
    senza_difetti(page, axe)
    esce(page, live_server.url)

    page.goto(f"{live_server.url}/accounts/login/?next=/admin/")
    page.get_by_role("button", name="Entra con una chiave").click()
    nell_ufficio(page)
    esce(page, live_server.url)

    # And after the password, as a second step.
    scrive_la_password(page, live_server.url)
    page.get_by_role("button", name="Usa una chiave").click()
    nell_ufficio(page)
    assert (visto.estranee, visto.lamentele) == ([], [])
