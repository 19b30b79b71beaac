"""The front-end build: when it runs, what it leaves, and how much a first visit weighs."""

import importlib.util
import json
import re
from pathlib import Path

import brotli
import pytest
from django.conf import settings

FRONTEND = settings.BASE_DIR / "frontend"
COSTRUITO = FRONTEND / "build" / "bi"

con_la_build = pytest.mark.skipif(
    not COSTRUITO.is_dir(), reason="no front-end build here: run frontend/costruisci.py"
)


@pytest.fixture
def costruisci(tmp_path, monkeypatch):
    """The build command in a small repository of its own, with npm and Node replaced by a note
    of what was asked of them."""
    spec = importlib.util.spec_from_file_location("costruisci", FRONTEND / "costruisci.py")
    modulo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(modulo)
    qui = tmp_path / "frontend"
    for nome, testo in {
        "frontend/package.json": "{}",
        "frontend/package-lock.json": "{}",
        "frontend/build.mjs": "",
        "frontend/costruisci.py": "",
        "frontend/sorgenti.json": '{"contenuto": ["templates/**/*.html"], "tranne": ["emails"]}',
        "static/css/portale.css": "",
        "templates/base.html": "<p>",
        "templates/emails/una.html": "<p>",
    }.items():
        (tmp_path / nome).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / nome).write_text(testo)
    for nome, valore in {
        "ROOT": tmp_path,
        "FRONTEND": qui,
        "BUILD": qui / "build",
        "STAMP": qui / "build" / ".impronta",
        "INSTALLED": qui / "node_modules" / ".impronta",
    }.items():
        monkeypatch.setattr(modulo, nome, valore)
    modulo.chiesto = []

    def run(comando, *argomenti):
        modulo.chiesto.append(comando)
        if comando == "npm":
            (qui / "node_modules").mkdir(exist_ok=True)
        else:
            Path(argomenti[-1]).mkdir()
            (Path(argomenti[-1]) / "portale.css").write_text(f"volta {len(modulo.chiesto)}")

    monkeypatch.setattr(modulo, "run", run)
    return modulo


def test_the_first_build_installs_and_the_second_finds_nothing_to_do(costruisci):
    costruisci.main()
    costruisci.main()

    assert costruisci.chiesto == ["npm", "node"]


@pytest.mark.parametrize(
    ("file", "chiesto"),
    [
        ("templates/base.html", ["node"]),
        ("static/css/portale.css", ["node"]),
        ("frontend/package-lock.json", ["npm", "node"]),
        ("templates/emails/una.html", []),
    ],
)
def test_only_what_changed_is_done_again(costruisci, file, chiesto):
    costruisci.main()
    costruisci.chiesto.clear()
    (costruisci.ROOT / file).write_text('{"cambiato": true}')
    costruisci.main()

    assert costruisci.chiesto == chiesto


def test_a_build_that_fails_leaves_the_last_good_one_in_place(costruisci, monkeypatch):
    costruisci.main()
    (costruisci.ROOT / "templates/base.html").write_text("rotto")

    def fallisce(*comando):
        raise RuntimeError("no such icon")

    monkeypatch.setattr(costruisci, "run", fallisce)
    with pytest.raises(RuntimeError):
        costruisci.main()

    assert (costruisci.BUILD / "portale.css").read_text() == "volta 2"
    assert costruisci.STAMP.exists()


@con_la_build
def test_a_first_visit_leaves_most_of_its_150_kb_to_the_page():
    peso = {
        file.name: len(brotli.compress(file.read_bytes()))
        for file in COSTRUITO.rglob("*")
        if file.is_file()
    }

    # Only who opens the camera at the door of a meeting asks for it, and not on every phone.
    assert peso.pop("qr.js") < 36_000
    # A page of ours is 5 to 15 KB compressed.
    assert sum(peso.values()) < 100_000
    assert peso["portale.js"] < 36_000
    assert len([nome for nome in peso if nome.endswith(".woff2")]) == 3


@con_la_build
def test_the_style_asks_for_nothing_that_the_policy_or_the_storage_refuse():
    stile = (COSTRUITO / "portale.css").read_text()
    chiesti = re.findall(r"url\([\"']?([^\"')]+)", stile)

    assert "sourceMappingURL" not in stile
    assert {url.split(",")[0][:15] for url in chiesti if url.startswith("data:")} <= {
        "data:image/svg+"
    }
    for url in chiesti:
        if not url.startswith("data:"):
            assert (COSTRUITO / url).is_file(), url


@con_la_build
def test_every_icon_that_a_template_shows_is_in_the_sprite():
    presenti = set(re.findall(r'<symbol id="([^"]+)"', (COSTRUITO / "icone.svg").read_text()))
    mostrate = set()
    for file in (settings.BASE_DIR / "templates").rglob("*.html"):
        mostrate |= set(re.findall(r"""\{% icona ["']([^"']+)""", file.read_text()))

    assert mostrate - presenti == set()


def test_the_lock_file_names_no_registry():
    pacchetti = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]

    assert [nome for nome, pacchetto in pacchetti.items() if "resolved" in pacchetto] == []
    assert [n for n, p in pacchetti.items() if n and "integrity" not in p] == []
