"""Sheets in a real browser: loaded, waited for, read, corrected, written."""

from django.urls import reverse
from django.utils import timezone

from importazioni import services

SBAGLIATO = "nome;indirizzo;senza gradini\nSala Alfa;via A;sì\n;via B;no\nSala Gamma;via C;boh\n"
CORRETTO = (
    "nome;indirizzo;senza gradini\nSala Alfa;via A;sì\nSala Beta;via B;no\nSala Gamma;via C;\n"
)


def carica(page, testo):
    foglio = {"name": "sedi.csv", "mimeType": "text/csv", "buffer": testo.encode()}
    page.locator("input[name=file]").set_input_files(foglio)
    page.get_by_role("button", name="Guarda che cosa c’è nel file").click()
    page.locator("progress").wait_for()
    services.lavora(timezone.now())
    # The page itself finds out that it is done.
    page.get_by_text("Non è stato ancora scritto niente.").wait_for()


def test_an_officer_loads_venues_reads_two_errors_corrects_them_and_sees_the_venues(
    browser, browser_context_args, demo, live_server, riconosci, axe
):
    contesto = browser.new_context(**browser_context_args)
    riconosci(contesto, live_server.url, "ufficio@example.org")
    page = contesto.new_page()
    page.goto(live_server.url + reverse("admin:eventi_sede_changelist"))
    page.get_by_role("link", name="Importa da un file").click()

    carica(page, SBAGLIATO)

    assert page.locator("#content li.errore").all_inner_texts() == [
        "nome: Manca: scrivi il nome della sede.",
        "senza gradini: Scrivi «sì», «no», oppure lascia vuoto se non si sa.",
    ]
    assert page.locator("table.righe-lette tbody th").all_inner_texts() == ["3", "4"]
    assert axe(page) == []

    page.get_by_role("link", name="Carica un altro file").click()
    carica(page, CORRETTO)
    page.get_by_role("button", name="Importa 3 righe").click()
    page.locator("progress").wait_for()
    services.lavora(timezone.now())
    page.get_by_text("Importate. Righe nuove: 3; righe aggiornate: 0.").wait_for()
    page.get_by_role("link", name="Vai all'elenco").click()

    page.locator("#result_list .field-nome").first.wait_for()
    nomi = page.locator("#result_list .field-nome").all_inner_texts()
    assert {"Sala Alfa", "Sala Beta", "Sala Gamma"} <= set(nomi)
    contesto.close()
