"""What the repository itself must be: its locks, its metadata, what is in it and what is not."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from portale.management.commands.avvia import Command as Avvia

ROOT = Path(__file__).resolve().parent.parent
LOCK = ("requirements.lock", "requirements-dev.lock")
LOCK_NPM = ("frontend/package-lock.json", "tests/e2e/package-lock.json")


def versionati():
    """The committed files."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("no git or not a clone here: nobody can say what is committed")
    elenco = subprocess.run(
        [git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return elenco.stdout.splitlines()


def pacchetti(nome):
    """Name → exact version of a Python lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / nome).read_text(), re.MULTILINE))


# --- Locks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nome", [*LOCK, *LOCK_NPM])
def test_a_lock_names_no_registry(nome):
    testo = (ROOT / nome).read_text()

    assert re.findall(r"^--?(?:index-url|extra-index-url|find-links).*", testo, re.MULTILINE) == []
    assert re.findall(r'"resolved": *"https?:[^"]*"', testo) == []
    assert re.findall(r"@ https?:\S+", testo) == []


@pytest.mark.parametrize("nome", LOCK)
def test_every_package_is_pinned_by_its_content(nome):
    blocchi = re.split(r"^(?=[a-z0-9])", (ROOT / nome).read_text(), flags=re.MULTILINE)[1:]

    assert [b.split()[0] for b in blocchi if "--hash=sha256:" not in b] == []


def test_the_development_lock_holds_the_other_pin_by_pin():
    """So that what is tested is what runs, and one installation serves both."""
    sviluppo = pacchetti("requirements-dev.lock")

    assert {n: sviluppo.get(n) for n in pacchetti("requirements.lock")} == pacchetti(
        "requirements.lock"
    )


def test_every_declared_dependency_is_locked():
    progetto = tomllib.loads((ROOT / "pyproject.toml").read_text())
    bloccati = set(pacchetti("requirements-dev.lock"))
    richiesti = progetto["project"]["dependencies"] + progetto["dependency-groups"]["dev"]

    assert {
        re.match(r"[A-Za-z0-9._-]+", r)[0].lower().replace("_", "-") for r in richiesti
    } <= bloccati


# --- What is committed ----------------------------------------------------------------------


def test_no_third_party_file_is_committed():
    """They come from their packages at set-up."""
    estranei = re.compile(
        r"(^|/)(node_modules|vendor|dist)/|\.min\.(js|css)$|\.(woff2?|ttf|otf|map)$|\.whl$|\.jar$"
    )

    assert [nome for nome in versionati() if estranei.search(nome)] == []


def test_nothing_that_is_made_is_committed():
    fatti = re.compile(r"\.(mo|pyc|sqlite3|log)$|(^|/)(\.venv|var|build|__pycache__)/|(^|/)\.env$")

    assert [nome for nome in versionati() if fatti.search(nome)] == []


def test_no_committed_text_names_a_path_of_somebodys_machine():
    casa = re.compile(rb"/(home|Users)/[A-Za-z]|/roo[t]/")

    assert [nome for nome in versionati() if casa.search((ROOT / nome).read_bytes())] == []


@pytest.mark.parametrize("nome", [".ci/run", "manage.py"])
def test_what_is_run_is_a_script(nome):
    assert (ROOT / nome).read_text().startswith("#!/usr/bin/env ")


def test_ci_can_be_executed():
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


# --- Containers -----------------------------------------------------------------------------


def test_the_processes_of_the_compose_file_are_those_of_make_run():
    servizi = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    comandi = {nome: s["command"] for nome, s in servizi.items() if s["image"].startswith("lab")}

    assert comandi == {
        "prepara": ["prepara"],
        "web": ["avvia", "--solo", "web", "--indirizzo", "0.0.0.0"],
        "worker": ["avvia", "--solo", "worker"],
        "scheduler": ["avvia", "--solo", "scheduler"],
    }
    parser = Avvia().create_parser("manage.py", "avvia")
    assert [parser.parse_args(c[1:]).solo for c in comandi.values() if c[0] == "avvia"] == [
        "web",
        "worker",
        "scheduler",
    ]


def test_the_image_does_not_run_as_root():
    assert re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE) == [
        "portale"
    ]


# --- publiccode.yml -------------------------------------------------------------------------

INDIRIZZO = {"type": "string", "pattern": "^https?://[^ ]+$"}
LINGUA = {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$"}
DIPENDENZE = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "versionMin": {"type": "string"},
            "versionMax": {"type": "string"},
            "version": {"type": "string"},
            "optional": {"type": "boolean"},
        },
    },
}
# The parts of the standard, version 0.7, that this file uses; anything else is refused.
STANDARD = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "publiccodeYmlVersion",
        "name",
        "url",
        "platforms",
        "developmentStatus",
        "softwareType",
        "description",
        "legal",
        "maintenance",
        "localisation",
    ],
    "properties": {
        "publiccodeYmlVersion": {"enum": ["0.7", "0.7.0"]},
        "name": {"type": "string", "minLength": 1},
        "url": INDIRIZZO,
        "landingURL": INDIRIZZO,
        "softwareVersion": {"type": "string"},
        "releaseDate": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        "logo": {"type": "string", "pattern": r"\.(svg|png)$"},
        "organisation": {
            "type": "object",
            "required": ["uri"],
            "additionalProperties": False,
            "properties": {"uri": {"type": "string", "minLength": 1}, "name": {"type": "string"}},
        },
        "platforms": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "categories": {"type": "array", "items": {"type": "string"}},
        "developmentStatus": {"enum": ["concept", "development", "beta", "stable", "obsolete"]},
        "softwareType": {
            "enum": [
                *(f"standalone/{di}" for di in ("mobile", "iot", "desktop", "web", "backend")),
                "standalone/other",
                "addon",
                "library",
                "configurationFiles",
            ]
        },
        "intendedAudience": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "scope": {"type": "array", "items": {"type": "string"}},
                "countries": {"type": "array", "items": {"pattern": "^([a-z]{2}|[A-Z]{2})$"}},
            },
        },
        "supports": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "additionalProperties": False,
                "properties": {"id": {"type": "string", "pattern": "^(alias:.+|https?://.+)$"}},
            },
        },
        "description": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": LINGUA,
            "additionalProperties": {
                "type": "object",
                "required": ["shortDescription", "longDescription", "features"],
                "additionalProperties": False,
                "properties": {
                    "localisedName": {"type": "string"},
                    "shortDescription": {"type": "string", "minLength": 1, "maxLength": 150},
                    "longDescription": {"type": "string", "minLength": 150, "maxLength": 10000},
                    "features": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                    "documentation": INDIRIZZO,
                    "screenshots": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "legal": {
            "type": "object",
            "required": ["license"],
            "additionalProperties": False,
            "properties": {
                "license": {"const": "EUPL-1.2"},
                "mainCopyrightOwner": {"type": "string"},
                "repoOwner": {"type": "string"},
            },
        },
        "maintenance": {
            "type": "object",
            "required": ["type", "contacts"],
            "additionalProperties": False,
            "properties": {
                "type": {"enum": ["internal", "community"]},
                "contacts": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "additionalProperties": False,
                        "properties": {
                            nome: {"type": "string"}
                            for nome in ("name", "email", "affiliation", "phone")
                        },
                    },
                },
            },
        },
        "localisation": {
            "type": "object",
            "required": ["localisationReady", "availableLanguages"],
            "additionalProperties": False,
            "properties": {
                "localisationReady": {"type": "boolean"},
                "availableLanguages": {"type": "array", "minItems": 1, "items": LINGUA},
            },
        },
        "dependsOn": {
            "type": "object",
            "additionalProperties": False,
            "properties": dict.fromkeys(("open", "proprietary", "hardware"), DIPENDENZE),
        },
    },
}


@pytest.fixture
def publiccode():
    # The standard's dates are strings: YAML's own reading of them is put aside.
    return yaml.load((ROOT / "publiccode.yml").read_text(), yaml.BaseLoader)


def vero_o_falso(dato):
    """YAML's BaseLoader leaves booleans as words."""
    if isinstance(dato, dict):
        return {chiave: vero_o_falso(valore) for chiave, valore in dato.items()}
    if isinstance(dato, list):
        return [vero_o_falso(valore) for valore in dato]
    return {"true": True, "false": False}.get(dato, dato)


def test_publiccode_follows_the_standard(publiccode):
    errori = Draft202012Validator(STANDARD).iter_errors(vero_o_falso(publiccode))

    assert [f"{errore.json_path}: {errore.message}" for errore in errori] == []


def test_publiccode_says_the_version_and_the_languages_of_the_portal(publiccode, settings):
    progetto = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert publiccode["softwareVersion"] == progetto["version"]
    assert publiccode["legal"]["license"] == progetto["license"]
    assert publiccode["localisation"]["availableLanguages"] == [
        codice for codice, _ in settings.LANGUAGES
    ]


def test_the_licence_is_the_eupl_as_published():
    testo = (ROOT / "LICENSE").read_text()

    assert testo.startswith(
        "EUROPEAN UNION PUBLIC LICENCE v. 1.2\nEUPL © the European Union 2007, 2016\n"
    )
    assert re.findall(r"^(\d+)\.[A-Z]", testo, re.MULTILINE) == [str(n) for n in range(1, 16)]
    assert "\n".join(testo.splitlines()[-1:]).endswith("new EUPL version.")


# --- Documentation --------------------------------------------------------------------------


def test_every_setting_of_the_environment_is_in_the_table_of_the_readme():
    codice = (ROOT / "portale/settings.py").read_text()
    letti = set(re.findall(r'(?:env\.\w+|_required)\(\s*"([A-Z_]+)"', codice))
    scritti = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "README.md").read_text(), re.MULTILINE))

    assert scritti == letti


DOCUMENTI = sorted(
    str(file.relative_to(ROOT)) for file in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)


@pytest.mark.parametrize("nome", DOCUMENTI)
def test_links_between_documents_lead_somewhere(nome):
    file = ROOT / nome
    legami = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", file.read_text())

    assert [legame for legame in legami if not (file.parent / legame).exists()] == []


def test_decision_records_that_the_code_points_at_are_there():
    """By the number alone, or by the name of the file."""
    detti = {
        (nome, detto)
        for nome in versionati()
        if nome.endswith((".py", ".html", ".js", ".css", ".md"))
        for detto in re.findall(r"docs/adr/([0-9]{4}[a-z0-9-]*)", (ROOT / nome).read_text())
    }
    scritti = [uno.stem for uno in (ROOT / "docs/adr").glob("*.md")]

    assert len(detti) > 20
    assert [
        uno
        for uno in sorted(detti)
        if uno[1] not in scritti and uno[1] not in {s[:4] for s in scritti}
    ] == []
