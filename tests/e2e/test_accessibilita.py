"""Every page, as it stands and with the errors of its forms, at three widths."""

import pytest

from .conftest import LARGHEZZE
from .pagine import ALTROVE, PAGINE, nomi_delle_rotte

pytestmark = pytest.mark.aspetto


def test_every_route_is_a_page_of_the_list_or_has_a_reason_not_to_be():
    assert {pagina.rotta for pagina in PAGINE} | set(ALTROVE) == set(nomi_delle_rotte())


@pytest.fixture(scope="module")
def finestre(browser, browser_context_args, sito):
    """One browser context for each account, with JavaScript and without: making one for each of
    hundreds of pages would take longer than looking at them."""
    aperte = {}
    yield aperte
    for contesto, _visto in aperte.values():
        contesto.close()


@pytest.fixture
def aperta(browser, browser_context_args, finestre, sito, riconosci, sorveglia):
    """``aperta(pagina)``: a new tab for a page of the list, as its account, and what is seen
    while it is used."""
    schede = []

    def apri(pagina, **opzioni):
        chiave = (pagina.conto, *sorted(opzioni.items()))
        if chiave not in finestre:
            contesto = browser.new_context(**{**browser_context_args, **opzioni})
            if pagina.conto:
                riconosci(contesto, sito.url, pagina.conto)
            finestre[chiave] = contesto, sorveglia(contesto, sito.url)
        contesto, visto = finestre[chiave]
        visto.dimentica()
        schede.append(contesto.new_page())
        return schede[-1], visto

    yield apri
    for page in schede:
        page.close()


def test_axe_finds_nothing_at_any_width_and_nothing_is_asked_of_others(
    aperta, sito, pagina, larghezze
):
    page, visto = aperta(pagina)
    page.set_viewport_size({"width": LARGHEZZE[0], "height": 900})
    risposta = page.goto(sito.url + pagina.url())
    assert risposta.status == pagina.stato

    assert larghezze(page) == {}
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
def test_axe_finds_nothing_when_a_form_comes_back_with_errors(aperta, sito, pagina, larghezze):
    page, visto = aperta(pagina)
    page.set_viewport_size({"width": LARGHEZZE[0], "height": 900})
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
    page.locator(".is-invalid, [aria-invalid=true]").first.wait_for(state="attached")

    assert larghezze(page) == {}
    assert (visto.estranee, visto.lamentele) == ([], [])


def test_without_javascript_every_page_has_its_title_and_its_content(aperta, sito, pagina):
    page, _visto = aperta(pagina, java_script_enabled=False)

    page.goto(sito.url + pagina.url())

    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    assert page.locator("h1").inner_text().strip() != ""
