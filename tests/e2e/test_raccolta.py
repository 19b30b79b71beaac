"""A noisy table, a phone and a bad network: every note arrives once, in the order typed."""

import contextlib
import json
import re
import socket
import threading

import pytest
from django.utils import timezone
from playwright.sync_api import Error, expect

from eventi.models import Incontro
from proposte.models import Nota, Verbalizzante
from proposte.views import raccolta as views
from tests.factories import IncontroFactory, NotaFactory, VerbalizzanteFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.aspetto]

TELEFONO = {"width": 390, "height": 780}
SALVATO = re.compile("^Tutto salvato")


class Rete:
    """The network between the phone and the portal, which a test can take away.

    ``com_e``: "c'è"; "manca" (nobody answers at all, open connections die); "perde" (what the
    phone sends arrives, the answers are lost on the way back).
    """

    def __init__(self, porta):
        self._portale = porta
        self._ingresso = socket.create_server(("127.0.0.1", 0))
        self._vivi = set()
        self._chiusa = False
        self.com_e = "c'è"
        self.url = f"http://localhost:{self._ingresso.getsockname()[1]}"
        threading.Thread(target=self._accetta, daemon=True).start()

    def diventa(self, com_e):
        self.com_e = com_e
        for filo in list(self._vivi):
            self._tronca(filo)

    def chiudi(self):
        self._chiusa = True
        self.diventa("manca")
        self._ingresso.close()

    def _accetta(self):
        while not self._chiusa:
            try:
                telefono, _ = self._ingresso.accept()
            except OSError:
                return
            if self.com_e == "manca":
                telefono.close()
                continue
            portale = socket.create_connection(("localhost", self._portale))
            self._vivi |= {telefono, portale}
            for da, a, ritorno in ((telefono, portale, False), (portale, telefono, True)):
                threading.Thread(target=self._passa, args=(da, a, ritorno), daemon=True).start()

    def _passa(self, da, a, ritorno):
        try:
            while pezzo := da.recv(65536):
                # Also on a connection that was being made while the network went away.
                if self.com_e == "manca" or (ritorno and self.com_e == "perde"):
                    break
                a.sendall(pezzo)
        except OSError:
            pass
        finally:
            self._tronca(da)
            self._tronca(a)

    def _tronca(self, filo):
        self._vivi.discard(filo)
        with contextlib.suppress(OSError):
            filo.shutdown(socket.SHUT_RDWR)
        filo.close()


@pytest.fixture(autouse=True, scope="module")
def patience():
    """A queue that tries again takes its time, and a busy machine takes more."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def rete(live_server):
    rete = Rete(int(live_server.url.rsplit(":", 1)[1]))
    yield rete
    rete.chiudi()


@pytest.fixture
def verbalizzante():
    incontro = IncontroFactory(inizio=timezone.now(), titolo="Il verde alla Besurica")
    return VerbalizzanteFactory(incontro=incontro, nome="Anna", tavolo=3)


@pytest.fixture
def telefono(browser, browser_context_args):
    context = browser.new_context(**browser_context_args, viewport=TELEFONO)
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def pagina(telefono, rete, verbalizzante):
    """The note-taker's page, ready to be opened again without a network."""
    page = telefono.new_page()
    page.goto(f"{rete.url}/raccolta/{verbalizzante.token}/")
    expect(page.get_by_text("Questa pagina si apre anche senza rete")).to_be_visible()
    return page


def scrivi(page, *testi):
    for testo in testi:
        page.keyboard.type(testo)
        page.keyboard.press("Enter")


def stato(page):
    return page.locator("[data-raccolta=stato]")


def note(page):
    """The texts in the list, in the order typed."""
    return [testo.strip() for testo in page.locator(".nota-testo").all_inner_texts()][::-1]


def nel_portale():
    presenti = Nota.objects.presenti().order_by("ordine", "pk")
    return list(presenti.values_list("testo", flat=True))


def bottone(page, testo, nome):
    """The button ``nome`` of the note that holds ``testo``."""
    return page.locator(".nota", has_text=testo).get_by_role("button", name=nome)


def test_notes_typed_before_while_and_after_the_network_is_dead_arrive_once_in_order(
    pagina, rete, verbalizzante
):
    scrivi(pagina, "panchine rotte", "buio in via Radini")
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.")

    rete.diventa("manca")
    scrivi(pagina, "autobus ogni ora", "campo da basket", "orti")
    expect(stato(pagina)).to_contain_text("Senza rete: continua a scrivere. 3 note da inviare.")

    pagina.reload()
    expect(pagina.locator(".nota")).to_have_count(5)
    expect(stato(pagina)).to_contain_text("3 note da inviare.")
    scrivi(pagina, "una fontanella")
    expect(stato(pagina)).to_contain_text("4 note da inviare.")
    assert nel_portale() == ["panchine rotte", "buio in via Radini"]

    rete.diventa("c'è")
    expect(stato(pagina)).to_have_text("Tutto salvato: 6 note.", timeout=60_000)
    scrivi(pagina, "ultima")
    expect(stato(pagina)).to_have_text("Tutto salvato: 7 note.")
    tutte = [
        "panchine rotte",
        "buio in via Radini",
        "autobus ogni ora",
        "campo da basket",
        "orti",
        "una fontanella",
        "ultima",
    ]
    assert nel_portale() == tutte == note(pagina)
    assert set(Nota.objects.values_list("tavolo", "verbalizzante")) == {(3, verbalizzante.pk)}


def test_the_page_opens_when_the_browser_itself_is_offline(pagina, telefono):
    telefono.set_offline(True)
    scrivi(pagina, "senza linea")
    pagina.reload()
    expect(pagina.locator(".nota-testo")).to_have_text("senza linea")
    expect(stato(pagina)).to_contain_text("Senza rete: continua a scrivere. 1 nota da inviare.")

    telefono.set_offline(False)
    expect(stato(pagina)).to_have_text("Tutto salvato: 1 nota.", timeout=60_000)
    assert nel_portale() == ["senza linea"]


def test_a_note_whose_answers_are_lost_on_the_way_is_not_doubled(pagina, rete):
    rete.diventa("perde")
    scrivi(pagina, "una", "due")
    expect(stato(pagina)).to_contain_text("Senza rete")
    expect(stato(pagina)).to_contain_text("2 note da inviare.")
    pagina.wait_for_timeout(3000)
    assert "una" in nel_portale()

    rete.diventa("c'è")
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.", timeout=60_000)
    assert nel_portale() == ["una", "due"]
    assert Nota.objects.count() == 2


def test_correcting_deleting_and_undoing_without_a_network(pagina, rete):
    scrivi(pagina, "sbagliata", "da togliere", "da tenere")
    expect(stato(pagina)).to_have_text("Tutto salvato: 3 note.")
    rete.diventa("manca")

    bottone(pagina, "sbagliata", "Modifica").click()
    expect(pagina.get_by_label("Correggi la nota")).to_be_focused()
    pagina.get_by_label("Correggi la nota").fill("giusta")
    pagina.locator(".nota").get_by_label("Tavolo").fill("5")
    pagina.get_by_label("Che cos'è").select_option("idea")
    pagina.get_by_role("button", name="Salva").click()
    for testo in ("da togliere", "da tenere"):
        bottone(pagina, testo, "Cancella").click()
        cancellata = pagina.locator(".nota-cancellata", has_text=testo)
        expect(cancellata.get_by_role("button", name="Annulla")).to_be_focused()
        if testo == "da tenere":
            pagina.keyboard.press("Enter")
    scrivi_in_campo(pagina, "nuova e subito cancellata")
    bottone(pagina, "nuova", "Cancella").click()
    expect(pagina.locator(".nota-cancellata")).to_have_count(2)
    pagina.reload()
    # Undone after the reload too, for ten minutes.
    expect(pagina.locator(".nota-cancellata")).to_have_count(2)

    rete.diventa("c'è")
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.", timeout=60_000)
    assert list(
        Nota.objects.order_by("ordine").values_list("testo", "tavolo", "genere", "versione")
    ) == [
        ("giusta", 5, "idea", 2),
        ("da togliere", 3, "", 2),
        ("da tenere", 3, "", 3),
        ("nuova e subito cancellata", 3, "", 2),
    ]
    assert nel_portale() == ["giusta", "da tenere"]


def scrivi_in_campo(page, testo):
    page.get_by_label("Che cosa c'è scritto sul foglietto?").click()
    scrivi(page, testo)


def test_two_tabs_of_one_phone_share_one_queue(pagina, telefono, rete, verbalizzante):
    altra = telefono.new_page()
    altra.goto(pagina.url)
    rete.diventa("manca")
    for n in range(1, 6):
        scrivi_in_campo(pagina, f"prima {n}")
        scrivi_in_campo(altra, f"seconda {n}")
    attese = [f"{scheda} {n}" for n in range(1, 6) for scheda in ("prima", "seconda")]
    expect(pagina.locator(".nota")).to_have_count(10)
    assert note(pagina) == note(altra) == attese

    # The same note corrected in both: the second is told, and loses nothing of what she wrote.
    for scheda in (pagina, altra):
        bottone(scheda, "prima 1", "Modifica").click()
    pagina.get_by_label("Correggi la nota").fill("prima uno")
    pagina.get_by_role("button", name="Salva").click()
    altra.get_by_label("Correggi la nota").fill("prima 1!")
    altra.get_by_role("button", name="Salva").click()
    expect(altra.locator(".nota-correzione")).to_contain_text("adesso dice «prima uno»")
    altra.get_by_role("button", name="Lascia com'è").click()

    rete.diventa("c'è")
    for scheda in (pagina, altra):
        expect(stato(scheda)).to_have_text("Tutto salvato: 10 note.", timeout=60_000)
    assert nel_portale() == ["prima uno", *attese[1:]]
    assert Nota.objects.count() == 10


def test_another_phone_goes_on_and_a_clash_keeps_both_texts(
    pagina, browser, browser_context_args, rete
):
    scrivi(pagina, "da correggere", "altra")
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.")
    secondo = browser.new_context(**browser_context_args, viewport=TELEFONO)
    altra = secondo.new_page()
    altra.goto(pagina.url)
    expect(altra.locator(".nota")).to_have_count(2)
    expect(altra.get_by_text("Questa pagina si apre anche senza rete")).to_be_visible()

    rete.diventa("manca")
    for scheda, testo in ((pagina, "corretta qui"), (altra, "corretta là")):
        bottone(scheda, "da correg", "Modifica").click()
        scheda.get_by_label("Correggi la nota").fill(testo)
        scheda.keyboard.press("Enter")
        expect(stato(scheda)).to_contain_text("1 nota da inviare")
    rete.diventa("c'è")
    for scheda in (pagina, altra):
        expect(stato(scheda)).to_have_text(SALVATO, timeout=60_000)

    assert sorted(nel_portale()) == ["altra", "corretta là", "corretta qui"]
    doppie = altra.locator(".nota", has_text="due telefoni").count()
    assert doppie + pagina.locator(".nota", has_text="due telefoni").count() == 1
    secondo.close()


def test_the_state_is_told_to_screen_readers_once_it_has_settled(pagina, rete):
    annuncio = pagina.get_by_role("status")
    scrivi(pagina, "una", "due", "tre")
    expect(annuncio).to_have_text("Tutto salvato: 3 note.")
    rete.diventa("manca")
    scrivi(pagina, "quattro")
    expect(annuncio).to_have_text("Senza rete: continua a scrivere. 1 nota da inviare.")


def test_a_link_taken_back_keeps_what_had_not_left_in_sight(pagina, rete, verbalizzante):
    scrivi(pagina, "arrivata")
    expect(stato(pagina)).to_have_text("Tutto salvato: 1 nota.")
    rete.diventa("manca")
    scrivi(pagina, "rimasta")
    Verbalizzante.objects.update(attivo=False)
    rete.diventa("c'è")
    expect(stato(pagina)).to_contain_text("L'ufficio ha ritirato questo link.", timeout=60_000)
    expect(stato(pagina)).to_contain_text("1 nota da inviare.")

    pagina.reload()
    expect(pagina.get_by_role("heading", level=1)).to_contain_text(
        "Ora non si possono prendere appunti"
    )
    expect(pagina.locator("[data-raccolta=rimaste-elenco] li")).to_have_text("rimasta (Tavolo 3)")

    Verbalizzante.objects.update(attivo=True)
    pagina.reload()
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.", timeout=60_000)
    assert nel_portale() == ["arrivata", "rimasta"]


CATTIVI = {
    "script": "<script>document.title='preso'</script><img src=x onerror=document.title='preso'>",
    "emoji": "👩🏽‍🌾 orti 🌱",
    "rtl": "نريد حديقة ‮ 123 (abc)",
    "long word": "a" * 590,
    "quotes": 'l\'"angolo" \\ & {{ 7*7 }} %s {n}',
}


@pytest.mark.parametrize("caso", CATTIVI)
def test_whatever_is_typed_is_shown_as_it_is_and_moves_nothing(pagina, caso):
    testo = CATTIVI[caso]
    pagina.get_by_label("Che cosa c'è scritto sul foglietto?").fill(testo)
    pagina.keyboard.press("Enter")
    expect(stato(pagina)).to_have_text("Tutto salvato: 1 nota.")
    assert nel_portale() == [testo]
    for larghezza in (320, 390):
        pagina.set_viewport_size({"width": larghezza, "height": 640})
        largo = pagina.evaluate("document.documentElement.scrollWidth")
        assert largo == larghezza
    pagina.reload()
    expect(pagina.locator(".nota-testo")).to_have_text(testo)
    assert "preso" not in pagina.title()
    assert pagina.locator(".nota-testo script, .nota-testo img").count() == 0


def test_a_text_that_is_too_long_stays_in_the_field(pagina):
    campo = pagina.get_by_label("Che cosa c'è scritto sul foglietto?")
    campo.fill("b" * 601)
    pagina.keyboard.press("Enter")
    expect(pagina.locator("#id_testo-errore")).to_have_text(
        "Sono 601 caratteri: al massimo 600. Dividila in due."
    )
    expect(campo).to_have_value("b" * 601)
    campo.fill("")
    pagina.keyboard.press("Enter")
    expect(pagina.locator("#id_testo-errore")).to_have_text("Scrivi che cosa c'è sul foglietto.")
    pagina.get_by_label("Tavolo").fill("0")
    campo.fill("buona")
    pagina.keyboard.press("Enter")
    expect(pagina.locator("#id_tavolo-errore")).to_have_text("Il numero del tavolo va da 1 a 99.")
    expect(pagina.get_by_label("Tavolo")).to_be_focused()
    expect(campo).to_have_value("buona")
    assert Nota.objects.count() == 0


def test_half_a_note_survives_a_reload(pagina):
    pagina.get_by_label("Che cosa c'è scritto sul foglietto?").press_sequentially("metà di u")
    pagina.get_by_label("Tavolo").fill("6")
    pagina.reload()
    expect(pagina.get_by_label("Che cosa c'è scritto sul foglietto?")).to_have_value("metà di u")
    expect(pagina.get_by_label("Tavolo")).to_have_value("6")


def test_a_keyboard_alone_does_everything(pagina):
    expect(pagina.get_by_label("Che cosa c'è scritto sul foglietto?")).to_be_focused()
    pagina.keyboard.type("prima")
    pagina.keyboard.press("Tab")
    expect(pagina.get_by_role("button", name="Aggiungi", exact=True)).to_be_focused()
    pagina.keyboard.press("Tab")
    expect(pagina.get_by_role("button", name="Aggiungi come Bisogno")).to_be_focused()
    pagina.keyboard.press("Enter")
    expect(pagina.get_by_label("Che cosa c'è scritto sul foglietto?")).to_be_focused()
    scrivi(pagina, "seconda")
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.")
    for _ in range(4):
        pagina.keyboard.press("Tab")
    pagina.keyboard.press("Enter")
    expect(pagina.get_by_label("Correggi la nota")).to_be_focused()
    pagina.keyboard.type(" ancora")
    pagina.keyboard.press("Escape")
    expect(pagina.locator(".nota").first.get_by_role("button", name="Modifica")).to_be_focused()
    pagina.keyboard.press("Enter")
    pagina.keyboard.press("End")
    pagina.keyboard.type(" volta")
    pagina.keyboard.press("Enter")
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.")
    expect(pagina.locator(".nota-testo").first).to_have_text("seconda volta")
    pagina.keyboard.press("Tab")
    pagina.keyboard.press("Enter")
    expect(pagina.get_by_role("button", name="Annulla")).to_be_focused()
    pagina.keyboard.press("Enter")
    expect(pagina.locator(".nota")).to_have_count(2)
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.")
    assert list(Nota.objects.order_by("ordine").values_list("testo", "genere")) == [
        ("prima", "bisogno"),
        ("seconda volta", ""),
    ]


@pytest.mark.parametrize("larghezza", [320, 768, 1280])
def test_axe_finds_nothing_whatever_the_page_shows(pagina, rete, axe, larghezza):
    pagina.set_viewport_size({"width": larghezza, "height": 700})
    trovato = axe(pagina)
    scrivi(pagina, "salvata", "cancellata", "in correzione")
    expect(stato(pagina)).to_have_text("Tutto salvato: 3 note.")
    rete.diventa("manca")
    scrivi(pagina, "in attesa", "")
    bottone(pagina, "cancellata", "Cancella").click()
    bottone(pagina, "in correzione", "Modifica").click()
    expect(stato(pagina)).to_contain_text("2 note da inviare")
    trovato += axe(pagina)
    assert trovato == []
    assert pagina.evaluate("document.documentElement.scrollWidth") == larghezza
    piccoli = pagina.evaluate(
        """[...document.querySelectorAll("main :is(button, a, input, textarea, select)")]
        .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 44)
        .map((e) => e.outerHTML)"""
    )
    assert piccoli == []


def test_the_worker_keeps_that_page_without_notes_and_leaves_all_others_alone(
    pagina, rete, verbalizzante
):
    NotaFactory(incontro=verbalizzante.incontro, verbalizzante=verbalizzante, testo="segreta")
    pagina.reload()
    expect(pagina.locator(".nota-testo")).to_have_text("segreta")
    expect(pagina.get_by_text("Questa pagina si apre anche senza rete")).to_be_visible()
    pagina.goto(f"{rete.url}/raccolta/ordina/{verbalizzante.incontro.slug}/")
    pagina.goto(f"{rete.url}/raccolta/alterato.link/")
    pagina.goto(f"{rete.url}/")

    tenuti = pagina.evaluate(
        """async () => {
          const tenuti = {};
          for (const nome of await caches.keys()) {
            for (const richiesta of await (await caches.open(nome)).keys()) {
              const { pathname } = new URL(richiesta.url);
              tenuti[pathname] = await (await caches.match(richiesta)).text();
            }
          }
          return tenuti;
        }"""
    )
    pagine = {indirizzo for indirizzo in tenuti if not indirizzo.startswith("/static/")}
    assert pagine == {f"/raccolta/{verbalizzante.token}/"}
    assert [indirizzo for indirizzo, testo in tenuti.items() if "segreta" in testo] == []
    rete.diventa("manca")
    with pytest.raises(Error, match="net::ERR"):
        pagina.goto(f"{rete.url}/raccolta/ordina/{verbalizzante.incontro.slug}/")


def test_the_page_breaks_no_policy_and_asks_nobody_else(telefono, rete, verbalizzante, sorveglia):
    visto = sorveglia(telefono, rete.url)
    page = telefono.new_page()
    page.goto(f"{rete.url}/raccolta/{verbalizzante.token}/")
    expect(page.get_by_text("Questa pagina si apre anche senza rete")).to_be_visible()
    scrivi(page, "una")
    expect(stato(page)).to_have_text("Tutto salvato: 1 nota.")
    page.reload()
    expect(stato(page)).to_have_text("Tutto salvato: 1 nota.")
    assert (visto.estranee, visto.lamentele) == ([], [])


def test_without_scripts_it_is_a_form_that_comes_back(
    browser, browser_context_args, rete, verbalizzante
):
    context = browser.new_context(
        **browser_context_args, viewport={"width": 320, "height": 640}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{rete.url}/raccolta/{verbalizzante.token}/")
    for testo, quale in (("una", "Aggiungi"), ("due", "Aggiungi come Idea")):
        page.get_by_label("Tavolo").fill("4")
        page.get_by_label("Che cosa c'è scritto sul foglietto?").fill(testo)
        page.get_by_role("button", name=quale, exact=True).click()
        expect(page.get_by_label("Tavolo")).to_have_value("4")
        expect(page.get_by_label("Che cosa c'è scritto sul foglietto?")).to_have_value("")
    page.locator(".nota", has_text="una").get_by_role("link", name="Modifica").click()
    page.get_by_label("Che cosa c'è scritto sul foglietto?").fill("una sola")
    page.get_by_role("button", name="Salva").click()
    bottone(page, "due", "Cancella").click()
    expect(page.locator(".nota-testo")).to_have_text("una sola")
    page.get_by_role("button", name="Annulla la cancellazione").click()
    assert note(page) == ["una sola", "due"]
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert list(
        Nota.objects.order_by("ordine").values_list("testo", "tavolo", "genere", "versione")
    ) == [("una sola", 4, "", 2), ("due", 4, "idea", 3)]
    context.close()


def test_the_worker_sends_what_was_left_when_the_page_is_closed(pagina, telefono, rete):
    rete.diventa("manca")
    scrivi(pagina, "prima di chiudere")
    expect(stato(pagina)).to_contain_text("1 nota da inviare.")
    pagina.wait_for_function(
        "async () => (await (await navigator.serviceWorker.ready).sync.getTags()).length === 1"
    )
    altrove = telefono.new_page()
    pagina.close()
    rete.diventa("c'è")
    assert nel_portale() == []

    # What the browser does when it sees the network again.
    altrove.goto(rete.url)
    cdp = telefono.new_cdp_session(altrove)
    registrazioni = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda evento: registrazioni.extend(evento["registrations"]),
    )
    cdp.send("ServiceWorker.enable")
    altrove.wait_for_timeout(300)
    cdp.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": rete.url,
            "registrationId": registrazioni[0]["registrationId"],
            "tag": "raccolta",
            "lastChance": False,
        },
    )
    for _ in range(50):
        if nel_portale():
            break
        altrove.wait_for_timeout(100)
    assert nel_portale() == ["prima di chiudere"]


def test_too_many_notes_in_a_minute_wait_for_the_next_and_none_is_lost(pagina, monkeypatch):
    monkeypatch.setattr(views, "LIMITE", "2/3s")
    testi = [f"nota {n}" for n in range(8)]
    for testo in testi:
        scrivi(pagina, testo)
        pagina.wait_for_timeout(100)
    expect(stato(pagina)).to_have_text(re.compile(r"^\d note da inviare.$"))
    expect(stato(pagina)).to_have_text("Tutto salvato: 8 note.", timeout=30_000)
    assert nel_portale() == testi


def test_forty_notes_typed_without_a_pause_on_a_network_that_comes_and_goes(pagina, rete):
    testi = [f"nota {n}" for n in range(40)]
    for n, testo in enumerate(testi):
        rete.diventa(("c'è", "manca", "perde", "c'è")[n // 4 % 4])
        scrivi(pagina, testo)
    rete.diventa("c'è")
    expect(stato(pagina)).to_have_text("Tutto salvato: 40 note.", timeout=60_000)
    assert nel_portale() == testi == note(pagina)
    assert Nota.objects.count() == 40


def test_two_note_takers_with_one_phone_do_not_see_each_other(pagina, telefono, rete):
    altra = VerbalizzanteFactory(incontro=Verbalizzante.objects.get().incontro, tavolo=4)
    rete.diventa("manca")
    scrivi(pagina, "di Anna")
    rete.diventa("c'è")
    expect(stato(pagina)).to_have_text(SALVATO, timeout=60_000)
    seconda = telefono.new_page()
    seconda.goto(f"{rete.url}/raccolta/{altra.token}/")
    expect(seconda.get_by_text("Questa pagina si apre anche senza rete")).to_be_visible()
    expect(seconda.get_by_label("Tavolo")).to_have_value("4")
    scrivi(seconda, "di Bruna")
    expect(stato(seconda)).to_have_text("Tutto salvato: 1 nota.")
    assert (note(pagina), note(seconda)) == (["di Anna"], ["di Bruna"])
    rete.diventa("manca")
    for scheda, testo in ((pagina, "di Anna"), (seconda, "di Bruna")):
        scheda.reload()
        expect(scheda.locator(".nota-testo")).to_have_text(testo)


DEPOSITI = """async () => {
  const depositi = {};
  for (const nome of await caches.keys()) {
    const voci = await (await caches.open(nome)).keys();
    depositi[nome] = voci.some(({ url }) => new URL(url).pathname === location.pathname);
  }
  return depositi;
}"""


def test_new_files_of_the_portal_replace_the_old_ones_together_with_the_page(
    pagina, rete, monkeypatch
):
    vecchia, file = views.GUSCIO.da_conservare()
    assert pagina.evaluate(DEPOSITI) == {f"raccolta /raccolta/ {vecchia}": True}
    rete.diventa("manca")
    scrivi(pagina, "scritta con la vecchia")
    monkeypatch.setattr(views.GUSCIO, "da_conservare", lambda: ("nuova", file))
    rete.diventa("c'è")
    pagina.reload()
    nuova = {"raccolta /raccolta/ nuova": True}
    pagina.wait_for_function(
        f"async () => JSON.stringify(await ({DEPOSITI})()) === '{json.dumps(nuova)}'"
        ".replaceAll(': ', ':')"
    )

    rete.diventa("manca")
    pagina.reload()
    scrivi_in_campo(pagina, "scritta con la nuova")
    expect(stato(pagina)).to_contain_text("Senza rete")
    rete.diventa("c'è")
    expect(stato(pagina)).to_have_text("Tutto salvato: 2 note.", timeout=60_000)
    assert nel_portale() == ["scritta con la vecchia", "scritta con la nuova"]


def test_a_page_whose_new_files_did_not_all_arrive_still_opens(pagina, rete, monkeypatch):
    vecchia, file = views.GUSCIO.da_conservare()
    monkeypatch.setattr(
        views.GUSCIO, "da_conservare", lambda: ("rotta", [*file, "/static/js/non-c-e.js"])
    )
    pagina.reload()
    pagina.wait_for_timeout(1500)
    assert pagina.evaluate(DEPOSITI)[f"raccolta /raccolta/ {vecchia}"] is True
    rete.diventa("manca")
    pagina.reload()
    scrivi_in_campo(pagina, "scritta lo stesso")
    expect(stato(pagina)).to_contain_text("1 nota da inviare.")


@pytest.mark.parametrize("larghezza", [320, 768, 1280])
def test_axe_finds_nothing_in_the_pages_without_scripts_closed_or_not_found(
    browser, browser_context_args, rete, verbalizzante, axe, larghezza
):
    nota = NotaFactory(incontro=verbalizzante.incontro, verbalizzante=verbalizzante)
    pagina = f"{rete.url}/raccolta/{verbalizzante.token}/"
    context = browser.new_context(
        **browser_context_args,
        viewport={"width": larghezza, "height": 700},
        service_workers="block",
    )
    # The page as it is before its scripts: axe itself needs them.
    context.route("**/js/raccolta*.js", lambda rotta: rotta.abort())
    page = context.new_page()
    page.goto(pagina)
    trovato = axe(page)
    page.get_by_role("button", name="Aggiungi", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("La nota è vuota")
    trovato += axe(page)
    page.goto(f"{pagina}?modifica={nota.chiave}")
    trovato += axe(page)
    page.goto(f"{rete.url}/raccolta/altro.link/")
    trovato += axe(page)
    Verbalizzante.objects.update(attivo=False)
    page.goto(pagina)
    trovato += axe(page)
    assert trovato == []
    assert page.evaluate("document.documentElement.scrollWidth") == larghezza
    context.close()


@pytest.mark.parametrize("larghezza", [320, 1280])
def test_the_offices_screens_of_note_takers_are_for_everyone(
    browser, browser_context_args, demo, live_server, entra, sorveglia, axe, larghezza
):
    incontro = Incontro.objects.exclude(inizio=None).latest("inizio")
    mia = VerbalizzanteFactory(incontro=incontro, email="anna@example.org")
    contesto = browser.new_context(
        **browser_context_args, viewport={"width": larghezza, "height": 900}
    )
    entra(contesto, live_server.url, "ufficio@example.org")
    page = contesto.new_page()
    visto = sorveglia(contesto, live_server.url)
    trovato = {}
    for schermata in ("tavoli/", f"{mia.pk}/ritira/", f"{mia.pk}/foglio/", f"{mia.pk}/change/"):
        page.goto(f"{live_server.url}/admin/proposte/verbalizzante/{schermata}")
        trovato[schermata] = axe(page) if "change" not in schermata else []
        largo = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        trovato[schermata] += [f"{largo} px too wide"] if largo > 0 else []
    trovato["images"] = page.evaluate(
        "[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)"
    )
    assert trovato == {schermata: [] for schermata in trovato}
    assert visto.estranee == []
    contesto.close()
