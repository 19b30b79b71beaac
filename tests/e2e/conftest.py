"""A real browser before a real server.

The browser is Debian's Chromium (or what CHROMIUM names). Where there is none these tests are
skipped and say so; with CI=true in the environment that is a failure.
"""

import os
import re
import shutil
from pathlib import Path

# Playwright keeps an event loop running in this thread, which is not what Django fears it is.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from pytest_django.live_server_helper import LiveServer

from accounts.models import User

from .pagine import PAGINE

LARGHEZZE = (320, 768, 1280)
PASSWORD = "laboratori-demo"
ARGOMENTI = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --lang=it-IT"
)


def pytest_collection_modifyitems(items):
    qui = Path(__file__).parent
    for item in items:
        if qui in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def chromium():
    nomi = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, nomi)), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    percorso = chromium()
    if not percorso:
        motivo = "no Chromium here: apt install chromium, or name one in CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(motivo)
        pytest.skip(motivo)
    return {
        **browser_type_launch_args,
        "executable_path": percorso,
        "args": ARGOMENTI.split(),
    }


@pytest.fixture(scope="session")
def base_url():
    """In place of a plugin's own, which pytest 9 warns about: our tests say whole addresses."""
    return ""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "locale": "it-IT", "timezone_id": "Europe/Rome"}


@pytest.fixture(autouse=True)
def fresh_limits(request):
    """No test spends another's tries."""
    if {"live_server", "sito"} & set(request.fixturenames):
        request.getfixturevalue("sito" if "sito" in request.fixturenames else "live_server")
        cache.clear()


def carica_demo():
    call_command("carica_percorso", verbosity=0)
    call_command("carica_demo", verbosity=0)


@pytest.fixture
def demo(transactional_db):
    """The 2023 percorso and the example cycle, for one test that may change them."""
    carica_demo()


@pytest.fixture(scope="session")
def banca_di_prova(request, django_db_setup, django_db_blocker):
    """The test database, also where no test of the session asks for ``db`` by name.

    pytest-django makes none then, and what we load and flush would be somebody's own data.
    """
    if any(
        item.get_closest_marker("django_db")
        or {"db", "transactional_db", "live_server"} & set(item.fixturenames)
        for item in request.session.items
    ):
        yield
        return
    with django_db_blocker.unblock():
        vecchie = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    yield
    with django_db_blocker.unblock():
        teardown_databases(vecchie, verbosity=0)


@pytest.fixture(scope="module")
def demo_da_leggere(banca_di_prova, django_db_blocker):
    """The same, loaded once for a module whose tests change nothing."""
    with django_db_blocker.unblock():
        carica_demo()
        yield
        call_command("flush", interactive=False, verbosity=0)
        # While Playwright's loop runs this thread has a second connection (asgiref keeps one for
        # each side of a loop), which nobody else would close before the database goes.
        connections.close_all()


@pytest.fixture(scope="module")
def sito(demo_da_leggere):
    """A server before that demo."""
    server = LiveServer("localhost")
    yield server
    server.stop()


# What a page of the list may be meant to answer, which is no complaint.
ATTESI = re.compile(r"status of (403|404|410) ")


class Sorveglianza:
    """What a browser context asked of others, and what it complained about."""

    def __init__(self, context, radice):
        self.dimentica()
        context.on("request", lambda richiesta: self._richiesta(richiesta.url, radice))
        context.on("console", self._console)
        context.on("weberror", lambda errore: self.lamentele.append(str(errore.error)))

    def dimentica(self):
        """Begin anew, for another page of the same context."""
        self.estranee = []
        self.lamentele = []

    def _richiesta(self, url, radice):
        if not url.startswith((radice, "data:", "blob:")):
            self.estranee.append(url)

    def _console(self, messaggio):
        if messaggio.type in {"error", "warning"} and not ATTESI.search(messaggio.text):
            self.lamentele.append(messaggio.text)


@pytest.fixture(scope="session")
def sorveglia():
    """``sorveglia(context, url)``: watch what the pages of a context ask for and complain of."""
    return Sorveglianza


# What axe found, and no more of it: the rest of its answer is a megabyte for each page.
VIOLAZIONI = """
opzioni => axe.run({resultTypes: ["violations"], ...opzioni}).then(e => e.violations.flatMap(
    violazione => violazione.nodes.map(nodo => `${violazione.id}: ${nodo.html.slice(0, 160)}`)
))
"""
# Screens that Django draws are held to the law's rules, ours to all that axe knows.
LEGGE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


@pytest.fixture(scope="session")
def axe():
    """``axe(page)``: what axe-core finds in it, each as "rule: element"; with ``legge``, only
    what the law's rules say."""
    programma = Axe().axe_script

    def esamina(page, *, legge=False):
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(programma)
        return page.evaluate(VIOLAZIONI, LEGGE if legge else {})

    return esamina


@pytest.fixture
def larghezze(axe):
    """``larghezze(page)``: the same of the page as it stands, at each width, and whether it is
    wider than the screen. The narrowest first, as on a phone that is then turned."""

    def esamina(page, **opzioni):
        trovato = {}
        for larghezza in LARGHEZZE:
            page.set_viewport_size({"width": larghezza, "height": 900})
            trovato[larghezza] = axe(page, **opzioni)
            largo = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if largo > 0:
                trovato[larghezza].append(f"wider than the screen by {largo} px")
        return {larghezza: righe for larghezza, righe in trovato.items() if righe}

    return esamina


@pytest.fixture
def entra():
    """``entra(context, radice, email)``: log a demo account in through the login page."""

    def accedi(context, radice, email):
        page = context.new_page()
        page.goto(f"{radice}/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", PASSWORD)
        page.locator("main form button[type=submit], main form input[type=submit]").first.click()
        page.wait_for_load_state()
        assert "/accounts/login/" not in page.url, page.locator("main").inner_text()
        page.close()

    return accedi


@pytest.fixture(scope="session")
def riconosci():
    """``riconosci(context, radice, email)``: the same without the login page, which has journeys
    of its own: where hundreds of pages are looked at, logging in is half of the time."""

    def accedi(context, radice, email):
        client = Client()
        client.force_login(User.objects.get(email=email))
        nome = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": nome, "value": client.cookies[nome].value, "url": radice}])

    return accedi


@pytest.fixture(scope="module")
def _scrivania(browser, browser_context_args, sito, riconosci, sorveglia):
    contesto = browser.new_context(**browser_context_args)
    riconosci(contesto, sito.url, "ufficio@example.org")
    yield contesto, sorveglia(contesto, sito.url)
    contesto.close()


@pytest.fixture
def ufficio(_scrivania):
    """A tab of somebody of the office, before the demo that is only read, and (``visto``) what
    its browser complains of."""
    contesto, visto = _scrivania
    visto.dimentica()
    page = contesto.new_page()
    page.visto = visto
    yield page
    page.close()


@pytest.fixture(params=PAGINE, ids=str)
def pagina(request):
    return request.param
