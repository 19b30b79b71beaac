"""In with SPID or CIE, from the button to the profile, through a provider that runs."""

import re

import pytest
from playwright.sync_api import expect

from tests.accounts.spid.conftest import codice_per
from tests.accounts.spid.idp import CODICE, L2, provider_oidc

from .conftest import LARGHEZZE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gateway(settings, live_server):
    settings.BASE_URL = live_server.url
    with provider_oidc() as server:
        settings.SPID_OIDC = {
            **settings.SPID_OIDC,
            "server_url": server.indirizzo,
            "client_id": "portale",
            "client_secret": "segreto",
        }
        server.persona(
            "maria", given_name="Maria", family_name="Rossi", fiscal_number=CODICE, acr=L2
        )
        yield server


def senza_difetti(page, axe):
    for larghezza in LARGHEZZE:
        page.set_viewport_size({"width": larghezza, "height": 900})
        assert axe(page) == []


def test_a_resident_enters_with_her_identity_and_sees_it_in_her_profile(
    live_server, gateway, page, axe
):
    page.goto(f"{live_server.url}/accounts/login/")
    senza_difetti(page, axe)
    page.get_by_role("link", name="Entra con SPID o CIE").click()

    # She thinks again, reads that nothing happened, and tries once more.
    page.get_by_role("button", name="Deny").click()
    expect(page.locator("h1")).to_have_text("L’accesso è stato interrotto")
    senza_difetti(page, axe)
    page.get_by_role("link", name="Torna all’accesso").click()
    page.get_by_role("link", name="Entra con SPID o CIE").click()
    page.fill("input[name=sub]", "maria")
    page.get_by_role("button", name="Authorize").click()

    expect(page).to_have_url(re.compile("/accounts/spid/completa/$"))
    expect(page.get_by_label("Nome e cognome")).to_have_value("Maria Rossi")
    senza_difetti(page, axe)
    page.get_by_label("E-mail").fill("maria@example.org")
    page.locator("label[for=id_da_14]").click()
    page.locator("label[for=id_informativa]").click()
    page.get_by_role("button", name="Continua").click()

    expect(page).to_have_url(re.compile("/accounts/spid/codice/$"))
    senza_difetti(page, axe)
    page.get_by_label("Codice").fill(codice_per("maria@example.org"))
    page.get_by_role("button", name="Conferma").click()

    expect(page).to_have_url(re.compile("/profilo/$"))
    expect(page.get_by_text("Identità verificata")).to_be_visible()
    senza_difetti(page, axe)
