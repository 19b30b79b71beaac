"""The office's screens for proposals in a real browser: for everyone, and by keyboard alone."""

import pytest
from django.urls import reverse

from proposte import coda
from proposte.models import Proposta
from proposte.services import Stato

from .conftest import LARGHEZZE

MODERATRICE = "moderatrice@example.org"


def _una(stato):
    return Proposta.objects.filter(stato=stato, esempio=True).order_by("pk").first().pk


def _porta(nome, stato):
    return f"admin:proposte_proposta_{nome}", [_una(stato)], ""


def _prima_in_coda(genere):
    return "admin:proposte_proposta_coda_voce", list(coda.in_attesa(genere)[0][:2]), ""


def _integra():
    una = _una(Stato.PUBBLICATA)
    altra = Proposta.objects.sostenibili().exclude(pk=una).first().pk
    return "admin:proposte_proposta_integra", [una], f"?in={altra}"


# Ours, held to all that axe knows; the lists and pages that Django draws are held to the law's.
NOSTRE = {
    "coda": lambda: ("admin:proposte_proposta_coda", [], ""),
    "da pubblicare": lambda: _prima_in_coda("proposta"),
    "bisogno": lambda: _prima_in_coda("bisogno"),
    "segnalazione": lambda: _prima_in_coda("segnalazione"),
    "riesame": lambda: _prima_in_coda("riesame"),
    "registra": lambda: ("admin:proposte_proposta_add", [], ""),
    "esiti": lambda: ("admin:proposte_proposta_esiti", [], ""),
    "integra": lambda: _porta("integra", Stato.PUBBLICATA),
    "integra, anteprima": _integra,
    "dividi": lambda: _porta("dividi", Stato.PUBBLICATA),
    "modifica": lambda: _porta("modifica", Stato.PUBBLICATA),
    "bisogni": lambda: _porta("bisogni", Stato.PUBBLICATA),
    "nascondi": lambda: _porta("nascondi", Stato.PUBBLICATA),
    "decidi": lambda: _porta("decidi", Stato.IN_VALUTAZIONE),
    "verifica": lambda: _porta("verifica", Stato.IN_VALUTAZIONE),
    "rispondi": lambda: _porta("rispondi", Stato.ACCOLTA),
    "avanzamento": lambda: _porta("avanzamento", Stato.ACCOLTA),
}
DI_DJANGO = {
    "proposte": lambda: ("admin:proposte_proposta_changelist", [], ""),
    "in valutazione": lambda: _porta("change", Stato.IN_VALUTAZIONE),
    "accolta": lambda: _porta("change", Stato.ACCOLTA),
    "commenti": lambda: ("admin:proposte_commento_changelist", [], ""),
    "segnalazioni": lambda: ("admin:proposte_segnalazione_changelist", [], ""),
    "risposte": lambda: ("admin:proposte_risposta_changelist", [], ""),
    "avanzamenti": lambda: ("admin:proposte_avanzamento_changelist", [], ""),
    "verifiche": lambda: ("admin:proposte_verificatecnica_changelist", [], ""),
    "partecipanti": lambda: ("admin:accounts_partecipante_changelist", [], ""),
}


@pytest.mark.aspetto
@pytest.mark.parametrize("nome", [*NOSTRE, *DI_DJANGO])
def test_axe_finds_nothing_in_the_screens_of_proposals_at_any_width(
    ufficio, sito, nome, larghezze
):
    rotta, argomenti, cerca = {**NOSTRE, **DI_DJANGO}[nome]()
    ufficio.set_viewport_size({"width": LARGHEZZE[0], "height": 900})
    assert ufficio.goto(sito.url + reverse(rotta, args=argomenti) + cerca).status == 200
    # Before axe looks: its own reading of Django's style sheets meets the policy too.
    lamentele = list(ufficio.visto.lamentele)

    assert larghezze(ufficio, legge=nome not in NOSTRE) == {}
    assert (ufficio.visto.estranee, lamentele) == ([], [])


@pytest.mark.aspetto
@pytest.mark.parametrize(
    ("nome", "bottone"),
    [
        ("da pubblicare", "button[value=nascondi]"),
        ("registra", "input[value=Registra]"),
        ("dividi", "input[type=submit]"),
        ("integra, anteprima", "input[type=submit]"),
        ("avanzamento", "input[type=submit]"),
    ],
)
def test_axe_finds_nothing_when_they_come_back_with_errors(ufficio, sito, nome, bottone, axe):
    rotta, argomenti, cerca = NOSTRE[nome]()
    ufficio.goto(sito.url + reverse(rotta, args=argomenti) + cerca)

    ufficio.locator(f"#content form[method=post] {bottone}").click()
    ufficio.wait_for_load_state()

    ufficio.locator(".riassunto li").first.wait_for()
    # Before axe looks, here too.
    assert ufficio.visto.lamentele == []
    assert axe(ufficio) == []


def _fino_a(page, selettore):
    """Press Tab until the element has the focus, as a person does."""
    for _n in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selettore):
            return
    raise AssertionError(f"No key leads to {selettore}")


@pytest.mark.parametrize("con_javascript", [True, False])
def test_a_moderator_empties_the_queue_by_keyboard_alone(
    browser, browser_context_args, demo, live_server, entra, con_javascript
):
    """From the first page to an empty queue, one decision after the other, without a mouse."""
    contesto = browser.new_context(
        **{**browser_context_args, "java_script_enabled": con_javascript}
    )
    entra(contesto, live_server.url, MODERATRICE)
    page = contesto.new_page()
    inviate = set(Proposta.objects.da_moderare().values_list("pk", flat=True))
    nascosta = Proposta.objects.get(stato=Stato.NASCOSTA, esempio=True)

    def premi(selettore):
        # Where scripts are off the page cannot be asked where the focus is.
        with page.expect_navigation():
            if con_javascript:
                _fino_a(page, selettore)
                page.keyboard.press("Enter")
            else:
                page.locator(selettore).press("Enter")

    page.goto(live_server.url + reverse("admin:proposte_proposta_coda"))
    premi("a.porta-principale:not([aria-current])")
    for _n in range(5):
        genere = page.url.rstrip("/").split("/")[-2]
        if genere == "riesame":
            page.locator("[name=motivo]").select_option("pubblicita")
            page.locator("[name=testo]").press_sequentially("È pubblicità.")
            premi("button[value=conferma]")
        else:
            premi(f"button[value={'respingi' if genere == 'segnalazione' else 'pubblica'}]")

    assert "la coda è vuota" in page.locator("#content-main").inner_text()
    contesto.close()
    assert set(Proposta.objects.filter(pk__in=inviate).values_list("stato", flat=True)) == {
        Stato.PUBBLICATA
    }
    nascosta.refresh_from_db()
    assert nascosta.stato == Stato.NASCOSTA
    assert nascosta.passaggi.last().evento == "conferma"
