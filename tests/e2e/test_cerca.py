"""Looking for anything, and looking at the site as a citizen, in a real browser."""

import pytest
from django.urls import reverse

from eventi.models import Incontro, Iscrizione

from .conftest import LARGHEZZE
from .pagine import aperto

pytestmark = pytest.mark.aspetto

BARRA = ".vista-cittadino"


@pytest.mark.parametrize("testo", ["esempio", "non esiste da nessuna parte", "ab", ""])
def test_axe_finds_nothing_in_the_search_at_any_width(ufficio, sito, larghezze, testo):
    ufficio.set_viewport_size({"width": LARGHEZZE[0], "height": 900})
    ufficio.goto(f"{sito.url}{reverse('admin:cerca')}?q={testo}")
    lamentele = list(ufficio.visto.lamentele)

    assert larghezze(ufficio) == {}
    assert (ufficio.visto.estranee, lamentele) == ([], [])


def test_an_officer_finds_who_calls_with_the_keyboard_alone(ufficio, sito):
    iscrizione = Iscrizione.objects.exclude(email=None).order_by("pk").first()
    ufficio.goto(sito.url + reverse("admin:index"))
    # After the link that skips the header, and the name of the portal.
    for _passo in range(3):
        ufficio.keyboard.press("Tab")
    assert ufficio.evaluate("document.activeElement.id") == "cerca-tutto"
    ufficio.keyboard.type(iscrizione.email)
    with ufficio.expect_navigation():
        ufficio.keyboard.press("Enter")

    assert ufficio.locator("h2#eventi-iscrizione").inner_text() == "Iscrizioni"
    trovata = ufficio.locator("section[aria-labelledby=eventi-iscrizione] a").first
    for _passo in range(200):
        ufficio.keyboard.press("Tab")
        if trovata.evaluate("nodo => nodo === document.activeElement"):
            break
    with ufficio.expect_navigation():
        ufficio.keyboard.press("Enter")

    assert ufficio.input_value("[name=nome]") == iscrizione.nome


def test_an_officer_looks_at_a_meeting_as_a_citizen_and_comes_back(ufficio, sito, larghezze):
    bozza = Incontro.objects.filter(percorso__esempio=True, stato="bozza").first()
    qui = sito.url + reverse("admin:eventi_incontro_change", args=[bozza.pk])
    ufficio.goto(qui)
    with ufficio.expect_navigation():
        ufficio.locator(".object-tools").get_by_role("button").click()

    # A draft is not there for a citizen.
    assert ufficio.locator(".vista-assente").is_visible()
    assert "Amministrazione" not in ufficio.locator("header").inner_text()
    lamentele = list(ufficio.visto.lamentele)
    assert larghezze(ufficio) == {}

    # Nothing is sent.
    ufficio.goto(sito.url + reverse("eventi:iscrizione_crea", args=aperto(posti__isnull=True)()))
    assert ufficio.locator(BARRA).is_visible()
    modulo = ufficio.locator("main form[method=post]")
    modulo.evaluate("modulo => { modulo.noValidate = true; }")
    with ufficio.expect_navigation():
        modulo.locator("[type=submit]").first.click()
    assert ufficio.get_by_role("heading", level=1).inner_text() == (
        "La vista da cittadino si ferma qui"
    )
    assert larghezze(ufficio) == {}

    # After the two links that skip the header, the keyboard leads back.
    ufficio.goto(sito.url + reverse("eventi:incontro_list"))
    assert larghezze(ufficio) == {}
    ufficio.evaluate("document.activeElement.blur()")
    for _passo in range(3):
        ufficio.keyboard.press("Tab")
    with ufficio.expect_navigation():
        ufficio.keyboard.press("Enter")
    assert ufficio.url == qui
    ufficio.goto(sito.url + reverse("eventi:incontro_list"))
    assert ufficio.locator(BARRA).count() == 0
    # The refusal and the draft are told to the console by the browser itself.
    assert [riga for riga in lamentele if "404" not in riga] == []
