"""A facilitator puts the notes of a workshop in order: by mouse, by keyboard, without scripts."""

import pytest
from playwright.sync_api import expect

from proposte.models import Bisogno, Nota, Proposta
from tests.factories import (
    BisognoFactory,
    IncontroFactory,
    NotaFactory,
    ResocontoFactory,
    TemaFactory,
)
from tests.ruoli import entra

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.aspetto]

# High enough that a drag needs no scrolling, which a hand does and a test does not.
LARGO = {"width": 1280, "height": 1500}
STRETTO = {"width": 320, "height": 640}


@pytest.fixture
def incontro():
    incontro = IncontroFactory(passato=True, slug="zona-1", titolo="Il verde in zona 1")
    for n, testo in enumerate(("Panchine al sole", "Alberi tagliati", "Orto dietro la palestra")):
        NotaFactory(incontro=incontro, testo=testo, tavolo=1 + n // 2, ordine=n)
    ResocontoFactory(incontro=incontro, pubblicato_at=None)
    return incontro


@pytest.fixture
def apri(browser, browser_context_args, live_server, client, incontro, sorveglia):
    """``apri(viewport, js)``: the ordering page before a facilitator."""
    entra(client, "facilitatore")
    contesti = []

    def apri(viewport=LARGO, *, js=True):
        argomenti = {**browser_context_args, "viewport": viewport, "java_script_enabled": js}
        context = browser.new_context(**argomenti)
        contesti.append(context)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        context.add_cookies([{**cookie, "url": live_server.url}])
        page = context.new_page()
        page.visto = sorveglia(context, live_server.url)
        page.goto(f"{live_server.url}/raccolta/ordina/zona-1/")
        return page

    yield apri
    for context in contesti:
        context.close()


def nota(page, testo):
    return page.locator("[data-nota]", has_text=testo)


def di_tabellone(page):
    return page.locator("[data-voce]")


def tutto_bene(page):
    assert (page.visto.estranee, page.visto.lamentele) == ([], [])


def test_by_mouse_notes_are_dragged_into_needs_and_ideas(apri, axe):
    page = apri()

    nota(page, "Panchine").drag_to(page.locator('[data-luogo="nuovo-bisogno"]'))
    expect(di_tabellone(page)).to_have_text("1 nota in «Panchine al sole».")
    bisogno = Bisogno.objects.get()
    scheda = page.locator(f'[data-luogo="b{bisogno.pk}"]')
    nota(page, "Alberi").drag_to(scheda)
    expect(scheda.locator("[data-nota]")).to_have_count(2)
    nota(page, "Orto").drag_to(page.locator('[data-luogo="nuova-idea"]'))
    expect(page.locator(".ordina-conto")).to_contain_text("Tutte le note sono in ordine")

    assert bisogno.note.count() == 2
    assert Proposta.objects.get().titolo == "Orto dietro la palestra"
    assert axe(page) == []
    # And back where it was.
    nota(page, "Orto").drag_to(page.locator(".ordina-libere"))
    expect(page.locator(".ordina-libere [data-nota]")).to_have_count(1)
    tutto_bene(page)


def test_chosen_notes_are_dragged_together(apri):
    page = apri()
    for testo in ("Panchine", "Alberi"):
        nota(page, testo).locator("label").click()
    expect(page.locator("[data-scelte]")).to_have_text("(2 note scelte)")

    nota(page, "Alberi").drag_to(page.locator('[data-luogo="nuovo-bisogno"]'))

    expect(di_tabellone(page)).to_contain_text("2 note in")
    assert Bisogno.objects.get().note.count() == 2


def test_by_keyboard_alone_from_notes_to_published_needs(apri):
    page = apri()
    tasti = page.keyboard
    for _volta in range(60):
        tasti.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-nota] input')"):
            break
    tasti.press("Space")
    tasti.press("ArrowDown")
    tasti.press("Space")
    tasti.press("Enter")
    expect(page.locator("#dove")).to_be_focused()
    tasti.type("Bisogno nuovo")
    tasti.press("Tab")
    expect(page.locator("#titolo")).to_be_focused()
    tasti.type("Più ombra")
    tasti.press("Enter")
    expect(di_tabellone(page)).to_have_text("2 note in «Più ombra».")
    # The keyboard goes on from the note that is left.
    expect(page.locator(".ordina-libere [data-nota] input")).to_be_focused()

    bisogno = Bisogno.objects.get()
    page.locator(f"#punti-{bisogno.pk}").focus()
    tasti.type("14")
    tasti.press("Enter")
    expect(di_tabellone(page)).to_have_text("Bollini salvati: le priorità ora li seguono.")
    page.get_by_role("link", name="Rileggi e pubblica").focus()
    tasti.press("Enter")
    expect(page.locator("h1")).to_have_text("Rileggi e pubblica")
    page.get_by_role("button", name="Pubblica").focus()
    tasti.press("Enter")
    expect(page.locator(".messaggi")).to_contain_text("Pubblicati: 1 bisogno")
    bisogno.refresh_from_db()
    assert (bisogno.stato, bisogno.punti, bisogno.priorita) == ("pubblicato", 14, 1)
    tutto_bene(page)


def test_without_scripts_on_a_small_phone(apri):
    TemaFactory(nome="Verde")
    page = apri(STRETTO, js=False)
    for testo in ("Panchine", "Alberi"):
        nota(page, testo).locator("label").click()
    page.get_by_label("Dove", exact=True).select_option("nuovo-bisogno")
    page.locator("#titolo").fill("Più ombra")
    page.get_by_role("button", name="Raggruppa").click()
    expect(page.locator(".messaggi")).to_contain_text("2 note in «Più ombra».")

    bisogno = Bisogno.objects.get()
    nota(page, "Orto").locator("label").click()
    page.locator(f"#b{bisogno.pk}").get_by_role("button", name="Metti qui").click()
    expect(page.locator(f"#b{bisogno.pk} [data-nota]")).to_have_count(3)
    page.locator(f"#punti-{bisogno.pk}").fill("9")
    page.get_by_role("button", name="Salva i bollini").click()
    page.locator(f"#b{bisogno.pk}").get_by_role("link", name="Modifica").click()
    page.locator("label", has_text="Verde").click()
    page.get_by_role("button", name="Salva").click()
    expect(page.locator(f"#b{bisogno.pk}")).to_contain_text("Verde")
    page.get_by_role("link", name="Rileggi e pubblica").click()
    page.get_by_role("button", name="Pubblica").click()
    expect(page.locator(".messaggi")).to_contain_text("Pubblicati: 1 bisogno")

    bisogno.refresh_from_db()
    assert (bisogno.stato, bisogno.punti, bisogno.note.count()) == ("pubblicato", 9, 3)
    tutto_bene(page)


@pytest.mark.parametrize("js", [True, False], ids=["with scripts", "without scripts"])
def test_a_refusal_keeps_the_choice(apri, js):
    page = apri(js=js)
    nota(page, "Panchine").locator("label").click()
    page.get_by_role("button", name="Raggruppa").click()
    parole = di_tabellone(page) if js else page.locator("[data-esito]")
    expect(parole).to_have_text("Scegli dove mettere le note.")
    expect(nota(page, "Panchine").locator("input")).to_be_checked()
    assert Nota.objects.da_ordinare().count() == 3


def test_a_note_that_a_colleague_moved_is_told_and_stays(apri, incontro):
    page = apri()
    altrui = BisognoFactory(incontro=incontro, stato="bozza", pubblicato_at=None)
    Nota.objects.filter(testo="Panchine al sole").update(bisogno=altrui)

    nota(page, "Panchine").drag_to(page.locator('[data-luogo="nuovo-bisogno"]'))

    expect(di_tabellone(page)).to_contain_text("Qualcun altro ha già messo altrove")
    # The page now shows where.
    expect(page.locator(f"#b{altrui.pk} [data-nota]")).to_have_count(1)
    assert Bisogno.objects.count() == 1


def test_dots_typed_and_not_saved_stay_while_notes_move(apri, incontro):
    bisogno = BisognoFactory(incontro=incontro, stato="bozza", pubblicato_at=None)
    page = apri()
    page.locator(f"#punti-{bisogno.pk}").fill("7")
    nota(page, "Panchine").drag_to(page.locator(f'[data-luogo="b{bisogno.pk}"]'))
    expect(page.locator(f"#b{bisogno.pk} [data-nota]")).to_have_count(1)
    expect(page.locator(f"#punti-{bisogno.pk}")).to_have_value("7")


def test_without_a_network_nothing_is_lost_and_she_is_told(apri):
    page = apri()
    nota(page, "Panchine").locator("label").click()
    page.locator("#dove").select_option("nuovo-bisogno")
    page.context.set_offline(True)
    page.get_by_role("button", name="Raggruppa").click()
    expect(di_tabellone(page)).to_contain_text("nulla è cambiato")
    expect(nota(page, "Panchine").locator("input")).to_be_checked()

    page.context.set_offline(False)
    page.get_by_role("button", name="Raggruppa").click()
    expect(di_tabellone(page)).to_contain_text("1 nota in")


@pytest.mark.parametrize("viewport", [STRETTO, LARGO], ids=["320", "1280"])
def test_two_hundred_and_forty_notes_fit_the_page(apri, incontro, viewport, axe):
    gruppi = [
        BisognoFactory(incontro=incontro, stato="bozza", pubblicato_at=None) for _n in range(8)
    ]
    for n in range(240):
        NotaFactory(
            incontro=incontro,
            tavolo=1 + n % 6,
            testo="parola" * 20 if n % 5 == 0 else "Una nota come tante, di due righe o poco meno",
            bisogno=gruppi[n % 8] if n % 3 == 0 else None,
        )
    page = apri(viewport)
    expect(page.locator("[data-nota]")).to_have_count(243)
    larga = page.locator("main").evaluate("e => e.scrollWidth")
    assert larga <= viewport["width"]
    assert axe(page) == []
