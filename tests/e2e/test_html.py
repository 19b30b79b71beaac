"""The HTML of every page is valid, by html-validate (an npm package, see package.json)."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from accounts.models import User

from .pagine import PAGINE

pytestmark = pytest.mark.aspetto

QUI = Path(__file__).parent
VALIDATORE = QUI / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"


@pytest.fixture(scope="module")
def node():
    """Node, from the Python environment's own package, with the validator."""
    trovato = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
    if trovato and VALIDATORE.exists():
        return trovato
    motivo = "no HTML validator here: `make test` installs it in tests/e2e/node_modules"
    if os.environ.get("CI") == "true":
        pytest.fail(motivo)
    pytest.skip(motivo)


def valida(node, cartella):
    """What is wrong in each HTML file of a folder, as "rule (line): message"."""
    comando = [node, VALIDATORE, "--config", QUI / ".htmlvalidate.json", "--formatter", "json"]
    # To a file: through a pipe it ends before everything is written.
    with (cartella.parent / f"{cartella.name}.json").open("w+") as risposta:
        subprocess.run([*comando, cartella], stdout=risposta, check=False)
        risposta.seek(0)
        file_visti = json.load(risposta)
    return {
        Path(file["filePath"]).stem: [
            f"{errore['ruleId']} ({errore['line']}): {errore['message']}"
            for errore in file["messages"]
        ]
        for file in file_visti
    }


def test_every_page_is_valid_html(node, tmp_path, demo_da_leggere):
    for pagina in PAGINE:
        client = Client()
        if pagina.conto:
            client.force_login(User.objects.get(email=pagina.conto))
        for lingua in ("it", "en"):
            risposta = client.get(pagina.url(lingua), follow=True)
            assert risposta.status_code == pagina.stato
            (tmp_path / f"{pagina.nome} {lingua}.html").write_bytes(risposta.content)

    assert {nome: errori for nome, errori in valida(node, tmp_path).items() if errori} == {}


@pytest.mark.parametrize("codice", ["403", "404", "429", "500"])
def test_the_error_pages_are_valid_html(node, tmp_path, codice):
    request = RequestFactory().get("/")
    (tmp_path / f"{codice}.html").write_text(render_to_string(f"{codice}.html", {}, request))

    assert {nome: e for nome, e in valida(node, tmp_path).items() if e} == {}


def test_the_validator_does_find_mistakes(node, tmp_path):
    (tmp_path / "rotta.html").write_text("<!DOCTYPE html><p>aperta <div></p>")

    assert valida(node, tmp_path)["rotta"] != []
