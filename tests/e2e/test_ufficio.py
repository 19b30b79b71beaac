"""The office's screens in a real browser: for everyone, inside the policy, by keyboard alone."""

import pytest
from django.urls import reverse
from django.utils import timezone

from eventi.models import Incontro, Iscrizione, Resoconto
from laboratori.models import Disponibilita
from percorso.models import Percorso

from .conftest import LARGHEZZE

UFFICIO = "ufficio@example.org"


def _incontro(**filtri):
    return Incontro.objects.filter(percorso__esempio=True, **filtri).order_by("inizio").first().pk


def _futuro(**filtri):
    return _incontro(inizio__gt=timezone.now(), **filtri)


def _con_attesa():
    return Iscrizione.objects.filter(stato="lista_attesa").first().incontro_id


SCHERMATE = {
    "che cosa c'è da fare": lambda: ("admin:index", []),
    "incontri": lambda: ("admin:eventi_incontro_changelist", []),
    "incontro nuovo": lambda: ("admin:eventi_incontro_add", []),
    "bozza": lambda: ("admin:eventi_incontro_change", [_incontro(stato="bozza")]),
    "pubblicato": lambda: ("admin:eventi_incontro_change", [_futuro(stato="pubblicato")]),
    "iscrivi": lambda: ("admin:eventi_incontro_iscrivi", [_con_attesa()]),
    "pubblica": lambda: ("admin:eventi_incontro_pubblica", [_incontro(stato="bozza")]),
    "sposta": lambda: ("admin:eventi_incontro_sposta", [_futuro(stato="pubblicato")]),
    "annulla": lambda: ("admin:eventi_incontro_annulla", [_futuro(stato="pubblicato")]),
    "posti": lambda: ("admin:eventi_incontro_posti", [_con_attesa()]),
    "serie": lambda: ("admin:eventi_incontro_serie_nuova", []),
    "sportello": lambda: ("admin:eventi_incontro_sportello", []),
    "da chiamare": lambda: ("admin:eventi_telefonata_changelist", []),
    "presenze": lambda: ("admin:eventi_incontro_presenze", [_con_attesa()]),
    "esporta": lambda: ("admin:eventi_incontro_esporta", [_con_attesa()]),
    "chiudi": lambda: (
        "admin:eventi_incontro_chiudi",
        [Incontro.objects.filter(accoglienze__isnull=False).first().pk],
    ),
    "iscrizioni": lambda: ("admin:eventi_iscrizione_changelist", []),
    "iscrizione": lambda: ("admin:eventi_iscrizione_change", [Iscrizione.objects.first().pk]),
    "resoconto": lambda: ("admin:eventi_resoconto_change", [Resoconto.objects.last().pk]),
    "disponibilità": lambda: ("admin:laboratori_disponibilita_changelist", []),
    "rispondi": lambda: (
        "admin:laboratori_disponibilita_chiudi",
        [Disponibilita.objects.filter(stato="nuova").first().pk],
    ),
    "percorso": lambda: ("admin:percorso_percorso_change", [Percorso.objects.last().pk]),
}


# Those that Django draws are held to the law's rules; our own to all that axe knows.
NOSTRE = {
    "che cosa c'è da fare",
    "iscrivi",
    "serie",
    "sportello",
    "da chiamare",
    "pubblica",
    "sposta",
    "annulla",
    "posti",
    "presenze",
    "esporta",
    "chiudi",
    "rispondi",
}


@pytest.mark.aspetto
@pytest.mark.parametrize("nome", SCHERMATE)
def test_axe_finds_nothing_in_the_offices_screens_at_any_width(ufficio, sito, nome, larghezze):
    rotta, argomenti = SCHERMATE[nome]()
    ufficio.set_viewport_size({"width": LARGHEZZE[0], "height": 900})
    assert ufficio.goto(sito.url + reverse(rotta, args=argomenti)).status == 200
    # Before axe looks: its own reading of Django's style sheets meets the policy too.
    lamentele = list(ufficio.visto.lamentele)

    assert larghezze(ufficio, legge=nome not in NOSTRE) == {}
    assert (ufficio.visto.estranee, lamentele) == ([], [])


@pytest.mark.aspetto
@pytest.mark.parametrize("nome", ["iscrivi", "sposta", "annulla", "rispondi"])
def test_axe_finds_nothing_when_a_door_comes_back_with_errors(ufficio, sito, nome, axe):
    rotta, argomenti = SCHERMATE[nome]()
    ufficio.goto(sito.url + reverse(rotta, args=argomenti))
    for campo in ufficio.locator("#content form [name=inizio], #content form [name=fine]").all():
        campo.fill("")

    ufficio.locator("#content form [type=submit]").click()
    ufficio.wait_for_load_state()

    ufficio.locator(".riassunto li").first.wait_for()
    # Before axe looks, here too.
    assert ufficio.visto.lamentele == []
    assert axe(ufficio) == []


def test_an_officer_on_the_telephone_registers_one_after_the_other_without_a_mouse(
    browser, browser_context_args, demo, live_server, entra
):
    contesto = browser.new_context(**browser_context_args)
    entra(contesto, live_server.url, UFFICIO)
    page = contesto.new_page()
    pk = _futuro(stato="pubblicato", posti__isnull=True, con_iscrizione=True)
    page.goto(live_server.url + reverse("admin:eventi_incontro_sportello"))
    incontro = Incontro.objects.get(pk=pk)
    page.keyboard.type(f"{incontro.titolo} {incontro.quando}")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "nome"

    for nome, telefono in (("Zaira Nuova", "0523 111111"), ("Zeno Nuovo", "0523 222222")):
        page.keyboard.type(nome)
        page.keyboard.press("Tab")
        page.keyboard.type(telefono)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert (
            page.locator(".messagelist li.success").inner_text().startswith(f"{nome} è iscritta")
        )
        assert page.evaluate("document.activeElement.name") == "nome"
        assert page.input_value("[name=nome]") == ""
        assert page.locator(".avviso-ufficio strong").first.inner_text() == nome
    page.keyboard.type("Zara Nuova")
    page.get_by_text("Forse è già registrata:").wait_for()
    contesto.close()

    iscritti = Iscrizione.objects.filter(incontro=pk, telefono__startswith="0523")
    assert sorted(iscritti.values_list("nome", "stato")) == [
        ("Zaira Nuova", "confermata"),
        ("Zeno Nuovo", "confermata"),
    ]
