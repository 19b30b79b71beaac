"""Every page, as it stands and with the errors of its forms, at three widths."""

import pytest

from .conftest import LARGHEZZE
from .pagine import ALTROVE, PAGINE, nomi_delle_rotte


def test_every_route_is_a_page_of_the_list_or_has_a_reason_not_to_be():
    assert {pagina.rotta for pagina in PAGINE} | set(ALTROVE) == set(nomi_delle_rotte())


@pytest.fixture
def aperta(browser, browser_context_args, sito, entra):
    """A page of the list, opened in a context of its own."""
    contesti = []

    def apri(pagina, **opzioni):
        contesto = browser.new_context(**{**browser_context_args, **opzioni})
        contesti.append(contesto)
        return contesto

    yield apri
    for contesto in contesti:
        contesto.close()


def test_axe_finds_nothing_at_any_width_and_nothing_is_asked_of_others(
    aperta, sito, pagina, axe, entra, sorveglia
):
    contesto = aperta(pagina)
    if pagina.conto:
        entra(contesto, sito.url, pagina.conto)
    visto = sorveglia(contesto, sito.url)
    page = contesto.new_page()
    trovato = {}
    for larghezza in LARGHEZZE:
        page.set_viewport_size({"width": larghezza, "height": 900})
        risposta = page.goto(sito.url + pagina.url())
        assert risposta.status == pagina.stato
        trovato[larghezza] = axe(page)
        largo = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if largo > 0:
            trovato[larghezza].append(f"wider than the screen by {largo} px")

    assert trovato == {larghezza: [] for larghezza in LARGHEZZE}
    assert (visto.estranee, visto.lamentele) == ([], [])


CON_MODULO = [
    pagina
    for pagina in PAGINE
    if pagina.nome
    in {
        "iscriversi",
        "iscriversi con servizi",
        "contatti",
        "offrire aiuto",
        "accesso",
        "accesso con un codice",
        "nuovo conto",
        "password dimenticata",
        "cambio della password",
        "sostenere",
        "seguire",
        "commentare",
        "segnalare una proposta",
        "segnalare un bisogno",
        "seguiti, chi sei",
        "bisogno dalle note",
    }
]


@pytest.mark.parametrize("pagina", CON_MODULO, ids=str)
def test_axe_finds_nothing_when_a_form_comes_back_with_errors(
    aperta, sito, pagina, axe, entra, sorveglia
):
    contesto = aperta(pagina)
    if pagina.conto:
        entra(contesto, sito.url, pagina.conto)
    visto = sorveglia(contesto, sito.url)
    page = contesto.new_page()
    trovato = {}
    for larghezza in LARGHEZZE:
        page.set_viewport_size({"width": larghezza, "height": 900})
        page.goto(sito.url + pagina.url())
        modulo = page.locator("main form[method=post]").first
        for campo in modulo.locator("input:visible:not([type=submit]), textarea:visible").all():
            if campo.get_attribute("type") in {"checkbox", "radio"}:
                if campo.get_attribute("type") == "checkbox":
                    campo.uncheck(force=True)
            else:
                campo.fill("")
        modulo.locator("[type=submit]").first.click()
        page.wait_for_load_state()
        assert page.locator(".is-invalid, [aria-invalid=true]").count() > 0
        trovato[larghezza] = axe(page)

    assert trovato == {larghezza: [] for larghezza in LARGHEZZE}
    assert (visto.estranee, visto.lamentele) == ([], [])


def test_without_javascript_every_page_has_its_title_and_its_content(aperta, sito, pagina, entra):
    contesto = aperta(pagina, java_script_enabled=False)
    if pagina.conto:
        entra(contesto, sito.url, pagina.conto)
    page = contesto.new_page()

    page.goto(sito.url + pagina.url())

    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    assert page.locator("h1").inner_text().strip() != ""
