"""The main journey in a real browser: register, confirm, change, cancel."""

import re

import pytest
from playwright.sync_api import expect

from eventi.models import Iscrizione
from posta.services import spedisci_dovuti
from tests.factories import IncontroFactory, IscrizioneFactory, ServizioFactory

pytestmark = pytest.mark.django_db(transaction=True)

INDIRIZZO = "anna@example.org"


@pytest.fixture(params=["with scripts", "without scripts"])
def telefono(request, browser):
    """A small phone, 320 px wide."""
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        java_script_enabled=request.param == "with scripts",
        locale="it-IT",
    )
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def patience_is_not_asked_for(settings):
    """A test types faster than people do."""
    settings.RATE_LIMITS = False


@pytest.fixture
def link(mailoutbox, live_server):
    """The address in the last mail to Anna that ends with a word."""

    def link(parola):
        spedisci_dovuti()
        ultima = [mail for mail in mailoutbox if mail.to == [INDIRIZZO]][-1]
        [percorso] = set(re.findall(rf"https?://[^/\s]+(/\S*/{parola}/)", ultima.body))
        return live_server.url + percorso

    return link


def spunta(page, etichetta):
    """Tick a box as people do, by its words: the design system draws the box upon the label."""
    page.locator("label", has_text=etichetta).click()
    expect(page.get_by_label(etichetta)).to_be_checked()


def nessuno_scorrimento(page):
    larga = page.locator("main").evaluate("e => e.ownerDocument.documentElement.scrollWidth")
    assert larga <= 320


def test_a_resident_registers_confirms_changes_and_cancels_on_a_phone(telefono, live_server, link):
    incontro = IncontroFactory(posti=3, titolo="Il parco che vorremmo")
    ServizioFactory(incontro=incontro)
    prossima = IscrizioneFactory(incontro=incontro)
    page = telefono

    page.goto(f"{live_server.url}/incontri/{incontro.slug}/")
    page.get_by_role("link", name=re.compile("^Iscriviti")).first.click()
    page.get_by_label("Nome e cognome").fill("Anna Bianchi")
    page.get_by_role("textbox", name="E-mail").fill(INDIRIZZO)
    page.get_by_label("Quante persone siete?").select_option("2")
    spunta(page, "Cura dei bambini")
    page.get_by_role("button", name="Iscriviti").click()
    # The notice was not ticked: nothing of what she wrote is lost.
    expect(page.get_by_label("Nome e cognome")).to_have_value("Anna Bianchi")
    expect(page.get_by_label("Cura dei bambini")).to_be_checked()
    spunta(page, "Ho letto l'informativa")
    page.get_by_role("button", name="Iscriviti").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Controlla la posta")

    page.goto(link("conferma"))
    expect(page.get_by_role("heading", level=1)).to_have_text("La tua iscrizione è confermata")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("La tua iscrizione è confermata")

    page.get_by_role("link", name="Cambia persone, servizi o necessità").click()
    page.get_by_label("In quante persone venite?").select_option("4")
    page.get_by_role("button", name="Salva le modifiche").click()
    expect(page.locator("main")).to_contain_text("Non ci sono abbastanza posti liberi")
    page.get_by_label("In quante persone venite?").select_option("1")
    page.get_by_role("button", name="Salva le modifiche").click()
    expect(page.locator("main")).to_contain_text("Il tuo posto è confermato.")

    page.goto(link("rinuncia"))
    page.get_by_role("button", name="Lascia il posto").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hai lasciato il posto")
    # The way back shows how things stand now, not a button that was already pressed.
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hai lasciato il posto")

    assert list(incontro.iscrizioni.order_by("pk").values_list("stato", "posti")) == [
        (Iscrizione.Stato.CONFERMATA, prossima.posti),
        (Iscrizione.Stato.RINUNCIATA, 0),
    ]


def test_who_waits_takes_the_seat_that_is_given_up(telefono, live_server, link):
    incontro = IncontroFactory(posti=1)
    chi_lascia = IscrizioneFactory(incontro=incontro)
    page = telefono

    page.goto(f"{live_server.url}/incontri/{incontro.slug}/iscrizione/")
    page.get_by_label("Nome e cognome").fill("Anna Bianchi")
    page.get_by_role("textbox", name="E-mail").fill(INDIRIZZO)
    spunta(page, "Ho letto l'informativa")
    page.get_by_role("button", name="Mettiti in lista d'attesa").click()
    page.goto(link("conferma"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sei in lista d'attesa")

    page.goto(f"{live_server.url}{chi_lascia.get_absolute_url()}rinuncia/")
    page.get_by_role("button", name="Lascia il posto").click()
    page.goto(link("accetta"))
    page.get_by_role("button", name="Accetta il posto").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("La tua iscrizione è confermata")


def test_private_pages_and_errors_are_accessible_and_fit_a_small_phone(browser, live_server, axe):
    incontro = IncontroFactory(posti=1)
    ServizioFactory(incontro=incontro)
    confermata = IscrizioneFactory(incontro=incontro, posti_richiesti=1)
    in_lista = IscrizioneFactory(incontro=incontro, in_attesa=True)
    altrove = IscrizioneFactory(posti_richiesti=2)
    context = browser.new_context(viewport={"width": 320, "height": 640}, locale="it-IT")
    page = context.new_page()

    for indirizzo in (
        f"/incontri/{incontro.slug}/iscrizione/",
        f"/incontri/{incontro.slug}/iscrizione/inviata/",
        confermata.get_absolute_url(),
        in_lista.get_absolute_url(),
        f"{in_lista.get_absolute_url()}rinuncia/",
        f"{altrove.get_absolute_url()}rinuncia/",
        f"{altrove.get_absolute_url()}modifica/",
        f"{altrove.get_absolute_url()}promemoria/",
        "/iscrizioni/non.vale/",
    ):
        page.goto(live_server.url + indirizzo)
        assert axe(page) == [], indirizzo
        nessuno_scorrimento(page)

    page.goto(f"{live_server.url}/incontri/{incontro.slug}/iscrizione/")
    page.get_by_role("button", name="Mettiti in lista d'attesa").click()
    expect(page.locator("main")).to_contain_text("Scrivi la tua e-mail")
    assert axe(page) == []
    nessuno_scorrimento(page)
    context.close()
