"""Writing a proposal in a real browser: with scripts, without, without a network, by keyboard."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from posta.services import spedisci_dovuti
from proposte import services
from proposte.models import Proposta
from tests.factories import (
    BisognoFactory,
    FaseFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PropostaFactory,
    TemaFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.aspetto]

Stato = Proposta.Stato
INDIRIZZO = "anna@example.org"
LIBERO = """() => {
  const e = document.activeElement
  const barra = document.querySelector('.scrittura-barra')
  if (!barra || barra.contains(e)) return true
  return e.getBoundingClientRect().top < barra.getBoundingClientRect().top
}"""
SALVATO = re.compile(r"Salvato alle \d\d:\d\d")


@pytest.fixture(autouse=True)
def patience_is_not_asked_for(settings):
    """A test types faster than people do."""
    settings.RATE_LIMITS = False


@pytest.fixture(autouse=True)
def citta():
    """A stage that takes proposals, and everybody reads them at once; two labs on a map."""
    nord = LaboratorioFactory(numero=1, nome="Zona del fiume", latitudine=45.05, longitudine=9.64)
    LaboratorioFactory(numero=2, nome="Zona delle mura", latitudine=45.01, longitudine=9.70)
    TemaFactory(nome="Verde")
    FaseFactory(apre_proposte=True, apre_sostegni=True, moderazione="dopo")
    return nord


@pytest.fixture
def browser_nuovo(browser):
    """Another device: nothing of the first is known there."""
    aperti = []

    def apri(**opzioni):
        opzioni = {"viewport": {"width": 390, "height": 800}, "locale": "it-IT", **opzioni}
        aperti.append(browser.new_context(**opzioni))
        return aperti[-1].new_page()

    yield apri
    for context in aperti:
        context.close()


@pytest.fixture
def link(mailoutbox, live_server):
    """The link of the last mail to Anna."""

    def link():
        spedisci_dovuti()
        ultima = [mail for mail in mailoutbox if mail.to == [INDIRIZZO]][-1]
        [percorso] = set(re.findall(r"https?://[^/\s]+(/partecipo/conferma/\S+/)", ultima.body))
        return live_server.url + percorso

    return link


@pytest.fixture
def conosciuta(live_server):
    """Open the portal in this page as somebody whose address is confirmed."""

    def entra(page, partecipante):
        from accounts import partecipanti

        page.goto(live_server.url + partecipanti.link(partecipante, "/proposte/mie/"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Le mie proposte")

    return entra


def titolo_e(page, testo):
    expect(page.get_by_role("heading", level=1)).to_have_text(testo)


def spunta(page, etichetta):
    """Tick a box as people do, by its words: the design system draws the box upon the label."""
    page.locator("label", has_text=etichetta).click()
    expect(page.get_by_label(etichetta)).to_be_checked()


def comincia(page, live_server, query=""):
    page.goto(f"{live_server.url}/proposte/nuova/{query}")
    page.get_by_role("button", name="Comincia a scrivere").click()
    titolo_e(page, "Scrivi la tua proposta")


def stato(page):
    return page.locator("[data-stato]")


def una():
    return Proposta.objects.get()


# --- From the first word to everybody --------------------------------------------------------


@pytest.mark.parametrize("con_script", [True, False], ids=["with scripts", "without scripts"])
def test_a_stranger_writes_sends_and_everybody_reads(
    browser_nuovo, live_server, link, citta, con_script
):
    simile = PropostaFactory(titolo="Alberi in via Roma")
    bisogno = BisognoFactory(titolo="Ombra d'estate", percorso=simile.percorso)
    Proposta.objects.exclude(pk=simile.pk).delete()
    page = browser_nuovo(java_script_enabled=con_script)

    comincia(page, live_server, f"?laboratorio={citta.slug}")
    page.get_by_label("Titolo").fill("Più alberi in via Roma")
    if con_script:
        expect(page.get_by_role("link", name="Alberi in via Roma", exact=True)).to_be_visible()
    page.get_by_label("Cerca fra i bisogni").fill("ombra")
    if not con_script:
        page.get_by_role("button", name="Cerca", exact=True).click()
    spunta(page, bisogno.titolo)
    spunta(page, "Verde")
    page.get_by_label("Dove?").fill("via Roma")
    page.get_by_role("button", name="Rileggi e invia").click()

    # Something is missing: the link leads to its field, and nothing of the rest is lost.
    titolo_e(page, "Rileggi e invia")
    expect(page.get_by_role("link", name=re.compile("^Sostieni questa"))).to_be_visible()
    page.get_by_role("link", name="Scrivi che cosa proponi.").click()
    expect(page.get_by_label("Titolo")).to_have_value("Più alberi in via Roma")
    expect(page.get_by_label(bisogno.titolo)).to_be_checked()
    page.get_by_label("Che cosa proponi?").fill("Dieci alberi.\n\nCon chi abita lì.")
    page.get_by_role("button", name="Rileggi e invia").click()

    expect(page.locator("article")).to_contain_text("Con chi abita lì.")
    page.get_by_label("E-mail").fill("anna@")
    page.get_by_role("button", name="Invia la proposta").click()
    expect(page.locator("main")).to_contain_text("Controlla l'e-mail: manca qualcosa.")
    page.get_by_label("E-mail").fill(INDIRIZZO)
    spunta(page, "Ho letto l'informativa")
    page.get_by_role("button", name="Invia la proposta").click()
    titolo_e(page, "Controlla la posta")
    page.goto(link())

    titolo_e(page, "Grazie, la tua proposta è pubblica")
    sua = Proposta.objects.exclude(pk=simile.pk).get()
    assert (sua.stato, sua.titolo, sua.che_cosa) == (
        Stato.PUBBLICATA,
        "Più alberi in via Roma",
        "Dieci alberi.\n\nCon chi abita lì.",
    )
    assert (sua.laboratorio, list(sua.bisogni.all()), sua.temi.get().nome, sua.luogo) == (
        citta,
        [bisogno],
        "Verde",
        "via Roma",
    )
    assert (sua.proponente.email, sua.passaggi.count()) == (INDIRIZZO, 2)
    # And she looks after it from the same device, which knows her now.
    page.goto(f"{live_server.url}/proposte/mie/")
    page.get_by_role("link", name=re.compile("^Modifica")).click()
    page.get_by_label("Che cosa proponi?").fill("Venti alberi.")
    page.get_by_label("Che cosa è cambiato?").fill("Di più")
    page.get_by_role("button", name="Salva la modifica").click()
    page.wait_for_url(f"**{sua.get_absolute_url()}")
    assert list(sua.versioni.values_list("che_cosa", "nota")) == [
        ("Dieci alberi.\n\nCon chi abita lì.", ""),
        ("Venti alberi.", "Di più"),
    ]


def test_a_draft_saves_itself_and_goes_on_on_another_device(browser_nuovo, live_server, link):
    computer = browser_nuovo()
    comincia(computer, live_server)
    computer.get_by_label("Titolo").press_sequentially("Una fontanella")
    expect(stato(computer)).to_have_text(SALVATO)
    expect(computer.locator("[data-detto]")).to_have_text(SALVATO)
    assert una().titolo == "Una fontanella"

    computer.get_by_role("link", name="Continua su un altro dispositivo").click()
    computer.get_by_label("E-mail").fill(INDIRIZZO)
    computer.get_by_role("button", name="Mandami il link").click()
    titolo_e(computer, "Controlla la posta")

    telefono = browser_nuovo()
    telefono.goto(link())
    expect(telefono.get_by_label("Titolo")).to_have_value("Una fontanella")
    telefono.get_by_label("Che cosa proponi?").fill("Acqua per tutti.")
    expect(stato(telefono)).to_have_text(SALVATO)
    assert (una().che_cosa, una().proponente.email) == ("Acqua per tutti.", INDIRIZZO)

    # The same link opens it on the first device too.
    computer.goto(link())
    expect(computer.get_by_label("Che cosa proponi?")).to_have_value("Acqua per tutti.")


# --- When something goes wrong --------------------------------------------------------------


def test_without_a_network_it_says_so_keeps_trying_and_loses_nothing(browser_nuovo, live_server):
    page = browser_nuovo()
    comincia(page, live_server)
    page.get_by_label("Titolo").fill("Una fontanella")
    expect(stato(page)).to_have_text(SALVATO)

    page.context.set_offline(True)
    page.get_by_label("Che cosa proponi?").fill("Scritto in galleria.")
    expect(stato(page)).to_contain_text("La rete non risponde")
    # A button pressed now does not take the page away.
    page.get_by_role("button", name="Salva la bozza").click()
    expect(page.get_by_label("Che cosa proponi?")).to_have_value("Scritto in galleria.")
    page.get_by_label("Perché serve?").fill("Anche questo.")
    assert una().che_cosa == ""

    page.context.set_offline(False)
    expect(stato(page)).to_have_text(SALVATO, timeout=20_000)
    page.wait_for_function("!document.querySelector('[data-stato]').textContent.includes('Da')")
    assert (una().che_cosa, una().perche) == ("Scritto in galleria.", "Anche questo.")


def test_an_answer_that_is_lost_makes_no_conflict(browser_nuovo, live_server):
    page = browser_nuovo()
    comincia(page, live_server)
    persa = []

    def perdi(route):
        # The server has it; the browser never hears.
        route.fetch()
        persa.append(1)
        route.abort()

    page.route("**/salva/", perdi, times=1)
    page.get_by_label("Titolo").fill("Una fontanella")
    expect(stato(page)).to_contain_text("La rete non risponde")
    page.get_by_label("Perché serve?").fill("D'estate.")

    expect(stato(page)).to_have_text(SALVATO, timeout=20_000)
    assert persa == [1]
    assert (una().titolo, una().perche) == ("Una fontanella", "D'estate.")


def test_what_another_device_saved_is_not_overwritten_and_both_texts_are_shown(
    browser_nuovo, live_server, conosciuta
):
    anna = PartecipanteFactory(email=INDIRIZZO)
    computer, telefono = browser_nuovo(), browser_nuovo()
    conosciuta(computer, anna)
    conosciuta(telefono, anna)
    comincia(computer, live_server)
    telefono.goto(computer.url)
    computer.get_by_label("Perché serve?").fill("Dal computer.")
    expect(stato(computer)).to_have_text(SALVATO)

    telefono.get_by_label("Perché serve?").fill("Dal telefono.")
    expect(stato(telefono)).to_contain_text("anche altrove")
    expect(telefono.get_by_role("link", name="Apri la versione più nuova")).to_be_visible()
    telefono.get_by_role("button", name="Confrontale qui").click()

    expect(telefono.get_by_label("Perché serve?")).to_have_value("Dal telefono.")
    expect(telefono.get_by_role("alert")).to_contain_text("Dal computer.")
    assert una().perche == "Dal computer."
    telefono.get_by_role("button", name="Salva la bozza").click()
    expect(telefono.locator(".messaggi")).to_contain_text("Salvata alle")
    assert una().perche == "Dal telefono."


def test_a_draft_thrown_away_elsewhere_leaves_the_text_to_be_copied(browser_nuovo, live_server):
    page = browser_nuovo()
    comincia(page, live_server)
    Proposta.objects.all().delete()
    page.get_by_label("Titolo").fill("Una fontanella")
    expect(stato(page)).to_contain_text("non si può più salvare da qui")
    expect(page.get_by_label("Titolo")).to_have_value("Una fontanella")


def test_a_wrong_field_is_told_at_once_and_the_others_are_saved(browser_nuovo, live_server, axe):
    page = browser_nuovo()
    comincia(page, live_server)
    page.get_by_label("Titolo").fill("x" * 125)
    page.get_by_label("Perché serve?").fill("D'estate.")
    expect(page.locator("#div_id_titolo .campo-errore")).to_contain_text("È troppo lungo")
    expect(page.locator("#id_titolo_conto")).to_have_text("5 caratteri di troppo")
    expect(stato(page)).to_have_text("Salvato, tranne i campi con un errore.")
    assert (una().titolo, una().perche) == ("", "D'estate.")
    assert axe(page) == []

    page.get_by_label("Titolo").fill("Una fontanella")
    expect(stato(page)).to_have_text(SALVATO)
    expect(page.locator(".campo-errore, .is-invalid, [aria-invalid]")).to_have_count(0)
    assert una().titolo == "Una fontanella"


# --- By keyboard, on the map ----------------------------------------------------------------


def test_the_keyboard_alone_does_everything(browser_nuovo, live_server, conosciuta, citta):
    anna = PartecipanteFactory(email=INDIRIZZO)
    BisognoFactory(titolo="Acqua nei parchi", laboratorio=citta)
    page = browser_nuovo(viewport={"width": 1280, "height": 800})
    conosciuta(page, anna)
    page.goto(f"{live_server.url}/proposte/nuova/")

    def fino_a(locator):
        for _passo in range(80):
            if locator.evaluate("e => e === document.activeElement"):
                # What has the focus does not stay under the bar at the bottom.
                page.wait_for_function(LIBERO, timeout=3000)
                return
            page.keyboard.press("Tab")
        pytest.fail(f"no way to {locator}")

    fino_a(page.get_by_role("button", name="Comincia a scrivere"))
    page.keyboard.press("Enter")
    titolo_e(page, "Scrivi la tua proposta")
    fino_a(page.get_by_label("Titolo"))
    page.keyboard.type("Una fontanella")
    fino_a(page.get_by_label("Che cosa proponi?"))
    page.keyboard.type("Acqua.")
    fino_a(page.get_by_label("Per quale zona?"))
    page.keyboard.type("Zona 1")
    fino_a(page.get_by_role("application"))
    for tasto in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(tasto)
    expect(page.locator(".scrittura-mappa-stato")).to_contain_text("Il punto è vicino a:")
    fino_a(page.get_by_label("Cerca fra i bisogni"))
    page.keyboard.type("acqua")
    page.keyboard.press("Enter")
    expect(page.locator("#bisogni [role=status]")).to_have_text("Un bisogno trovato.")
    fino_a(page.get_by_label("Acqua nei parchi"))
    page.keyboard.press("Space")
    # It has moved among the chosen ones, and the focus with it.
    expect(page.locator("[data-scelti]").get_by_label("Acqua nei parchi")).to_be_focused()
    fino_a(page.get_by_role("button", name="Rileggi e invia"))
    page.keyboard.press("Enter")
    titolo_e(page, "Rileggi e invia")
    fino_a(page.get_by_role("button", name="Invia la proposta"))
    page.keyboard.press("Enter")

    titolo_e(page, "Grazie, la tua proposta è pubblica")
    sua = una()
    assert (sua.laboratorio, sua.bisogni.get().titolo) == (citta, "Acqua nei parchi")
    assert 45.01 < sua.latitudine < 45.03
    assert 9.67 < sua.longitudine < 9.68


def test_a_point_is_set_by_touching_the_map_and_taken_away(browser_nuovo, live_server):
    page = browser_nuovo()
    comincia(page, live_server)
    mappa = page.get_by_role("application")
    riquadro = mappa.bounding_box()
    # The badge of the first lab stands on its own point.
    cerchio = page.locator(".scrittura-mappa-zona circle").first.bounding_box()
    mappa.click(
        position={
            "x": cerchio["x"] + cerchio["width"] / 2 - riquadro["x"],
            "y": cerchio["y"] + cerchio["height"] / 2 - riquadro["y"],
        }
    )
    expect(page.locator(".scrittura-mappa-stato")).to_have_text(
        "Il punto è vicino a: Zona del fiume."
    )
    expect(stato(page)).to_have_text(SALVATO)
    assert una().latitudine == pytest.approx(45.05, abs=0.002)
    assert una().longitudine == pytest.approx(9.64, abs=0.002)

    page.reload()
    expect(page.locator("[data-punto]")).to_be_visible()
    page.get_by_role("button", name="Togli il punto").click()
    expect(page.locator("[data-punto]")).to_be_hidden()
    expect(stato(page)).to_have_text(SALVATO)
    page.wait_for_timeout(2500)
    assert (una().latitudine, una().longitudine) == (None, None)


# --- For everybody --------------------------------------------------------------------------


@pytest.mark.parametrize("larga", [320, 390, 1280])
def test_the_pages_are_accessible_and_fit(
    browser_nuovo, live_server, axe, conosciuta, citta, larga
):
    anna = PartecipanteFactory(email=INDIRIZZO)
    lunghissima = {
        "titolo": "Precipitevolissimevolmente" * 4,
        "che_cosa": "x" * 900 + " مرحبا بالعالم 👩‍👩‍👧‍👦",
        "luogo": "w" * 190,
        "nome_mostrato": "Q" * 110,
    }
    PropostaFactory(titolo="Precipitevolissimevolmente alberi", laboratorio=citta)
    bozza = PropostaFactory(bozza=True, proponente=anna, **lunghissima)
    bozza.bisogni.add(BisognoFactory(titolo="B" * 160))
    mia = PropostaFactory(proponente=anna, **lunghissima)
    nascosta = PropostaFactory(proponente=anna, **lunghissima)
    services.nascondi(nascosta, UserFactory(), "altro", "y" * 500, adesso=timezone.now())
    page = browser_nuovo(viewport={"width": larga, "height": 800})

    def buona(dove):
        assert axe(page) == [], dove
        assert page.evaluate("document.documentElement.scrollWidth") <= larga, dove

    page.goto(f"{live_server.url}/proposte/mie/")
    buona("mie, a stranger")
    page.get_by_role("button", name="Mandami il link").click()
    expect(page.locator("[data-riassunto-errori]")).to_be_focused()
    buona("mie, wrong")
    comincia(page, live_server)
    buona("a new draft")
    page.get_by_label("Titolo").fill("Alberi")
    page.get_by_label("Che cosa proponi?").fill("Alberi")
    page.get_by_label("Per quale zona?").select_option("citta")
    page.get_by_role("button", name="Rileggi e invia").click()
    titolo_e(page, "Rileggi e invia")
    buona("sending, a stranger")
    page.get_by_role("button", name="Invia la proposta").click()
    expect(page.locator("[data-riassunto-errori]")).to_be_focused()
    buona("sending, wrong")

    conosciuta(page, anna)
    b, m, n = (
        f"/proposte/{x}" for x in (f"bozza/{bozza.slug}/", f"{mia.slug}/", f"{nascosta.slug}/")
    )
    for url in (
        "/proposte/nuova/", "/proposte/mie/", f"/proposte/inviata/?p={mia.pk}", b, f"{b}rileggi/",
        f"{b}riprendi/", f"{b}elimina/", f"{m}modifica/", f"{m}ritira/", f"{n}riesame/",
    ):  # fmt: skip
        page.goto(live_server.url + url)
        buona(url)
    page.get_by_role("button", name="Chiedi il riesame").click()
    buona("another look, wrong")
    page.goto(f"{live_server.url}{b}")
    expect(page.locator(".scrittura-simili-trovate")).to_be_visible()
    buona("similar ones")
    page.goto(f"{live_server.url}{m}modifica/")
    page.get_by_label("Titolo").fill("")
    page.get_by_role("button", name="Salva la modifica").click()
    expect(page.locator("[data-riassunto-errori]")).to_be_focused()
    buona("an edit, wrong")
