"""Logging in by a code, with the demo's mailbox to read it in."""

import re

import pytest
from playwright.sync_api import expect

from posta.services import spedisci_dovuti

from .conftest import LARGHEZZE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cassetta(settings, tmp_path):
    """Mails are kept as the demo keeps them."""
    settings.EMAIL_BACKEND = "posta.backends.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.POSTA_DEMO_DIR = tmp_path


def senza_difetti(page, axe):
    for larghezza in LARGHEZZE:
        page.set_viewport_size({"width": larghezza, "height": 900})
        assert axe(page) == []


def test_a_resident_logs_in_with_the_code_that_she_reads_in_her_mail(
    live_server, demo, cassetta, page, axe, sorveglia
):
    visto = sorveglia(page.context, live_server.url)
    page.goto(f"{live_server.url}/accounts/login/code/")
    page.fill("input[name=email]", "cittadina@example.org")
    page.locator("main form [type=submit]").first.click()
    expect(page).to_have_url(re.compile("/accounts/login/code/confirm/$"))
    senza_difetti(page, axe)
    spedisci_dovuti()

    page.goto(f"{live_server.url}/posta-demo/")
    senza_difetti(page, axe)
    page.locator("main tbody a").first.click()
    page.wait_for_load_state()
    senza_difetti(page, axe)
    mail = page.locator("main").inner_text()
    [codice] = re.findall(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", mail, re.MULTILINE)

    page.goto(f"{live_server.url}/accounts/login/code/confirm/")
    page.fill("input[name=code]", codice)
    page.locator("main form [type=submit]").first.click()

    expect(page).to_have_url(re.compile("/profilo/$"))
    assert (visto.estranee, visto.lamentele) == ([], [])
