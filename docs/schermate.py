"""Takes the pictures of the README from a running demo.

make run &
.venv/bin/python docs/schermate.py [http://127.0.0.1:8000]
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

DOVE = Path(__file__).parent / "schermate"
TELEFONO = {"width": 390, "height": 844}
SCRIVANIA = {"width": 1280, "height": 800}
# Name, page, who looks, window.
SCHERMATE = [
    ("home-telefono", "/", None, TELEFONO),
    ("incontri", "/incontri/", None, SCRIVANIA),
    ("incontro-telefono", "/incontri/esempio-zona-1-secondo/", None, TELEFONO),
    ("ufficio", "/admin/", "ufficio@example.org", SCRIVANIA),
]


def main(radice="http://127.0.0.1:8000"):
    DOVE.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--lang=it-IT"],
        )
        for nome, pagina, chi, finestra in SCHERMATE:
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
            page.screenshot(path=DOVE / f"{nome}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
