"""The frame of the pages in a real browser: menu, skip links, failed forms."""

import pytest

VOCI = [
    "Il percorso",
    "Laboratori",
    "Incontri",
    "Proposte",
    "Tavolo",
    "Dai una mano",
    "Domande frequenti",
    "Contatti",
]
TELEFONO = {"width": 360, "height": 740}


@pytest.fixture
def telefono(page):
    page.set_viewport_size(TELEFONO)
    return page


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard_and_gives_the_focus_back(
    telefono, live_server
):
    telefono.goto(f"{live_server.url}/privacy/")
    bottone = telefono.get_by_role("button", name="Menu", exact=True)
    voce = telefono.get_by_role("link", name="Incontri", exact=True)
    assert not voce.is_visible()

    bottone.press("Enter")
    voce.wait_for(state="visible")
    assert bottone.get_attribute("aria-expanded") == "true"
    telefono.wait_for_timeout(400)  # the menu slides in, and ignores keys until it stands
    telefono.keyboard.press("Escape")
    voce.wait_for(state="hidden")

    assert bottone.get_attribute("aria-expanded") == "false"
    assert bottone.evaluate("e => e === document.activeElement")


def test_without_script_a_phone_shows_the_whole_menu(browser, browser_context_args, live_server):
    contesto = browser.new_context(
        **{**browser_context_args, "viewport": TELEFONO, "java_script_enabled": False}
    )
    page = contesto.new_page()
    page.goto(f"{live_server.url}/privacy/")
    menu = page.get_by_role("navigation", name="Principale")

    assert [voce.strip() for voce in menu.get_by_role("link").all_inner_texts()] == VOCI
    assert all(voce.is_visible() for voce in menu.get_by_role("link").all())
    menu.get_by_role("link", name="Domande frequenti").click()
    assert page.url == f"{live_server.url}/domande-frequenti/"
    contesto.close()


def test_a_failed_form_takes_the_focus_to_its_summary_and_from_there_to_the_field(
    telefono, live_server
):
    telefono.goto(f"{live_server.url}/accounts/signup/")
    telefono.locator("main form button[type=submit]").click()
    riassunto = telefono.locator("[data-riassunto-errori]")

    assert riassunto.evaluate("e => e === document.activeElement")
    riassunto.get_by_role("link").first.click()
    assert telefono.evaluate("document.activeElement.id") == "id_nome"


def test_a_second_tap_on_the_button_sends_the_form_once(telefono, live_server):
    inviati = []
    telefono.on("request", lambda r: inviati.append(r.url) if r.method == "POST" else None)
    telefono.goto(f"{live_server.url}/accounts/signup/")
    telefono.evaluate(
        "() => { const b = document.querySelector('main form button'); b.click(); b.click() }"
    )
    telefono.locator("[data-riassunto-errori]").wait_for()

    assert inviati == [f"{live_server.url}/accounts/signup/"]


def test_the_first_press_of_tab_offers_to_skip_the_header(telefono, live_server):
    telefono.goto(f"{live_server.url}/privacy/")
    telefono.keyboard.press("Tab")
    assert telefono.evaluate("document.activeElement.innerText") == "Vai al contenuto"
    telefono.keyboard.press("Enter")
    assert telefono.evaluate("document.activeElement.id") == "contenuto"
