"""A door, a phone and a bad network: every tap arrives once, and a code is read by the camera."""

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from eventi import presenze
from eventi.models import Iscrizione, SegnoPresenza
from tests.factories import AccoglienzaFactory, IncontroFactory, IscrizioneFactory

pytestmark = pytest.mark.django_db(transaction=True)

TELEFONO = {"width": 390, "height": 780}


@pytest.fixture
def porta():
    incontro = IncontroFactory(inizio=timezone.now(), titolo="Il verde alla Besurica")
    return AccoglienzaFactory(incontro=incontro, nome="Anna")


@pytest.fixture
def iscritte(porta):
    return [
        IscrizioneFactory(incontro=porta.incontro, nome=nome, posti_richiesti=posti)
        for nome, posti in (("Anita Rossi", 1), ("Bice Neri", 3), ("Clara Verdi", 1))
    ]


def vale(iscrizione):
    riga = Iscrizione.objects.get(pk=iscrizione.pk)
    return riga.presente, riga.presenti


def voce(page, nome):
    return page.locator("[data-presenze=elenco] .persona", has_text=nome)


def stato(page):
    return page.locator("[data-presenze=stato]")


def test_taps_without_a_network_survive_a_reload_and_arrive_once(
    browser, browser_context_args, live_server, porta, iscritte
):
    _anita, bice, clara = iscritte
    context = browser.new_context(**browser_context_args, viewport=TELEFONO)
    page = context.new_page()
    page.goto(f"{live_server.url.replace('127.0.0.1', 'localhost')}/presenze/{porta.token}/")
    expect(page.get_by_text("Questa pagina si apre anche senza rete")).to_be_visible()
    # It said so before the tap too.
    with page.expect_response(lambda risposta: risposta.request.method == "POST"):
        voce(page, "Anita").get_by_role("button", name="Presente").click()
    expect(stato(page)).to_have_text("Tutto salvato.")

    context.set_offline(True)
    voce(page, "Bice").get_by_role("button", name="Presenti in 2").click()
    voce(page, "Clara").get_by_role("button", name="Presente").click()
    voce(page, "Clara").get_by_role("button", name="Annulla").click()
    voce(page, "Clara").get_by_role("button", name="Assente").click()
    page.get_by_role("button", name="+1 Entra una persona").click()
    expect(stato(page)).to_contain_text("5 tocchi da inviare.")
    page.reload()
    expect(page.locator("[data-presenze=conti]")).to_have_text(
        "4 dentro: 3 iscritti e 1 senza iscrizione. Da segnare: 0. Assenti: 1."
    )
    # A code is known without a network too.
    page.get_by_label("Codice scritto").fill(presenze.codice_ingresso(bice))
    page.get_by_role("button", name="Cerca il codice").click()
    expect(page.locator("[data-presenze=avviso]")).to_have_text("Bice Neri è già fra i presenti.")
    assert [vale(chi) for chi in iscritte] == [(True, 1), (None, None), (None, None)]

    context.set_offline(False)
    expect(stato(page)).to_have_text("Tutto salvato.", timeout=20_000)
    assert [vale(chi) for chi in iscritte] == [(True, 1), (True, 2), (False, None)]
    assert list(clara.segni.values_list("da", "a")) == [(None, 1), (1, None), (None, 0)]
    assert SegnoPresenza.objects.count() == 5
    assert presenze.conta(porta.incontro).senza_iscrizione == 1
    context.close()


def test_a_link_that_is_closed_takes_the_names_off_the_phone(
    browser, browser_context_args, live_server, porta, iscritte
):
    context = browser.new_context(**browser_context_args, viewport=TELEFONO)
    page = context.new_page()
    page.goto(f"{live_server.url}/presenze/{porta.token}/")
    expect(stato(page)).to_have_text("Tutto salvato.")
    nomi = """async () => new Promise((resolve) => {
        const apri = indexedDB.open("presenze");
        apri.onsuccess = () => {
          const chiedi = apri.result.transaction("elenchi").objectStore("elenchi").count();
          chiedi.onsuccess = () => resolve(chiedi.result);
        };
      })"""
    expect(voce(page, "Anita")).to_be_visible()
    # They are shown first, and kept right after.
    page.wait_for_function(f"async () => await ({nomi})() === 1")
    presenze.RUOLO.ritira(porta)
    page.reload()
    expect(page.get_by_text("L'ufficio ha ritirato questo link.")).to_be_visible()
    page.wait_for_function(f"async () => await ({nomi})() === 0")
    context.close()


def film(png, dove):
    """A second of a QR code held before the camera, as Chromium's false camera wants it (Y4M)."""
    codice = Image.open(png).convert("L").resize((360, 360), Image.NEAREST)
    quadro = Image.new("L", (640, 480), 200)
    quadro.paste(codice, (140, 60))
    colore = bytes([128]) * (320 * 240)
    with dove.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for _quadro in range(10):
            file.write(b"FRAME\n" + quadro.tobytes() + colore * 2)


@pytest.fixture
def con_camera(playwright, browser_type_launch_args, tmp_path, iscritte):
    """A browser whose camera sees the code of Bice's confirmation."""
    png, y4m = tmp_path / "codice.png", tmp_path / "codice.y4m"
    png.write_bytes(presenze.qr(iscritte[1]))
    film(png, y4m)
    args = [
        *browser_type_launch_args.get("args", []),
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={y4m}",
    ]
    browser = playwright.chromium.launch(**browser_type_launch_args | {"args": args})
    yield browser
    browser.close()


def test_the_camera_reads_the_code_of_a_confirmation_with_our_own_reader(
    con_camera, live_server, porta, iscritte
):
    context = con_camera.new_context(viewport=TELEFONO, permissions=["camera"])
    # As in the browsers that read no QR code by themselves.
    context.add_init_script("delete self.BarcodeDetector")
    page = context.new_page()
    rifiuti = []
    page.on("console", lambda m: rifiuti.append(m.text) if m.type == "error" else None)
    page.goto(f"{live_server.url.replace('127.0.0.1', 'localhost')}/presenze/{porta.token}/")
    expect(voce(page, "Bice")).to_be_visible()
    with page.expect_response(lambda risposta: risposta.request.method == "POST"):
        page.get_by_role("button", name="Inquadra un codice QR").click()
        expect(page.locator("[data-presenze=avviso]")).to_have_text(
            "Bice Neri: presenti in 3.", timeout=20_000
        )
    expect(stato(page)).to_have_text("Tutto salvato.")
    assert vale(iscritte[1]) == (True, 3)
    assert page.evaluate("[typeof self.BarcodeDetector, typeof self.leggiQR]") == [
        "undefined",
        "function",
    ]
    page.get_by_role("button", name="Chiudi la fotocamera").click()
    expect(page.get_by_role("button", name="Inquadra un codice QR")).to_be_visible()
    assert rifiuti == []
    context.close()
