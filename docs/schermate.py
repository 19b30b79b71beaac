"""Takes the pictures of the README and of the office's manual from a running demo.

make run &
.venv/bin/python docs/schermate.py [http://127.0.0.1:8000]
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
TELEFONO = {"width": 390, "height": 844}
SCRIVANIA = {"width": 1280, "height": 800}
UFFICIO = "ufficio@example.org"
# Name, page, who looks, window. A page may be led to by a link of the one that is named: its words
# follow, each clicked in turn.
SCHERMATE = [
    ("schermate/home-telefono", "/", None, TELEFONO, []),
    ("schermate/incontri", "/incontri/", None, SCRIVANIA, []),
    ("schermate/incontro-telefono", "/incontri/esempio-zona-1-secondo/", None, TELEFONO, []),
    ("schermate/ufficio", "/admin/", UFFICIO, SCRIVANIA, []),
    ("manuale/indice", "/admin/", UFFICIO, SCRIVANIA, []),
    ("manuale/sportello", "/admin/eventi/incontro/sportello/", UFFICIO, SCRIVANIA, ["zona 1"]),
    ("manuale/fogli", "/admin/", UFFICIO, SCRIVANIA, ["Fogli e locandina"]),
    (
        "manuale/comunicazione",
        "/admin/",
        UFFICIO,
        SCRIVANIA,
        ["Le idee della zona 1", "Scrivi a chi è iscritto"],
    ),
    ("manuale/coda", "/admin/proposte/proposta/coda/", UFFICIO, SCRIVANIA, []),
    ("manuale/esame", "/admin/tavolo/esame/apri/", UFFICIO, SCRIVANIA, []),
    ("manuale/cerca", "/admin/cerca/?q=esempio", UFFICIO, SCRIVANIA, []),
    ("manuale/importa", "/admin/importazioni/importazione/add/", UFFICIO, SCRIVANIA, ["Sedi"]),
]


def main(radice="http://127.0.0.1:8000"):
    for cartella in ("schermate", "manuale"):
        (DOCS / cartella).mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--lang=it-IT"],
        )
        for nome, pagina, chi, finestra, passi in SCHERMATE:
            context = browser.new_context(
                viewport=finestra, locale="it-IT", reduced_motion="reduce"
            )
            page = context.new_page()
            if chi:
                page.goto(f"{radice}/accounts/login/")
                page.fill("input[name=login]", chi)
                page.fill("input[name=password]", "laboratori-demo")
                page.locator("main form [type=submit]").first.click()
                page.wait_for_load_state()
            page.goto(radice + pagina)
            for parole in passi:
                page.locator("#content a, #content-main a").filter(has_text=parole).first.click()
                page.wait_for_load_state()
            page.screenshot(path=DOCS / f"{nome}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
