"""The house rules that can be read off the source."""

import ast
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
# Each package knows only those before it; what is left of portale knows them all.
CATENA = [
    "portale.lib",
    "posta",
    "accounts",
    "importazioni",
    "percorso",
    "laboratori",
    "eventi",
    "proposte",
    "tavolo",
    "comunicazioni",
    "portale",
]
# The modules that may set a state: services, models, the seats' half of eventi.services, and the
# door of needs.
PORTE = {"services", "models", "posti", "bisogni"}
NOMI_VAGHI = {"utils", "helpers", "mixins", "managers", "constants", "common", "misc"}


def sorgenti(pacchetto):
    return sorted((ROOT / pacchetto.replace(".", "/")).rglob("*.py"))


def modulo(path):
    parti = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parti[:-1] if parti[-1] == "__init__" else parti)


def importati(path):
    """Every module that a file imports, wherever in it, with relative ones spelt out."""
    for nodo in ast.walk(ast.parse(path.read_text())):
        if isinstance(nodo, ast.Import):
            for alias in nodo.names:
                yield nodo.lineno, alias.name
        elif isinstance(nodo, ast.ImportFrom):
            base = nodo.module or ""
            if nodo.level:
                pacchetto = modulo(path).split(".")
                if path.name != "__init__.py":
                    pacchetto = pacchetto[:-1]
                pacchetto = pacchetto[: len(pacchetto) - nodo.level + 1]
                base = ".".join([*pacchetto, *([nodo.module] if nodo.module else [])])
            # "from portale import lib" names a module too.
            for alias in nodo.names:
                yield nodo.lineno, f"{base}.{alias.name}"


def anello(nome):
    """The place of a module in the chain, or None when it is not ours."""
    for pacchetto in CATENA:
        if nome == pacchetto or nome.startswith(f"{pacchetto}."):
            return CATENA.index(pacchetto)
    return None


def salite(pacchetto):
    """What in a package imports something that stands above it."""
    for path in sorgenti(pacchetto):
        qui = anello(modulo(path))
        for riga, nome in importati(path):
            la = anello(nome)
            if la is not None and la > qui:
                yield f"{path.relative_to(ROOT)}:{riga} imports {nome}"


@pytest.mark.parametrize("pacchetto", CATENA[:-1])
def test_imports_only_point_down_the_chain(pacchetto):
    assert list(salite(pacchetto)) == []


@pytest.mark.parametrize(
    ("file", "riga", "nome"),
    [
        ("posta/prova.py", "from eventi.models import Incontro", "eventi.models.Incontro"),
        ("posta/prova.py", "from . import models", "posta.models"),
        ("eventi/models/prova.py", "from ..services import x", "eventi.services.x"),
        ("eventi/models/__init__.py", "from .incontri import x", "eventi.models.incontri.x"),
        ("posta/prova.py", "def f():\n    import eventi.services", "eventi.services"),
        ("portale/lib/prova.py", "from ..urls import x", "portale.urls.x"),
    ],
)
def test_the_reading_of_imports_sees_through_their_forms(tmp_path, monkeypatch, file, riga, nome):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(riga)

    assert [trovato for _, trovato in importati(path)] == [nome]


@pytest.mark.parametrize("app", CATENA[1:-1])
def test_foreign_keys_only_point_down_the_chain(app):
    noti = {*CATENA[: CATENA.index(app) + 1], "auth", "contenttypes"}
    sbagliate = [
        f"{campo} points at {campo.related_model._meta.label}"
        for model in apps.get_app_config(app).get_models()
        for campo in model._meta.get_fields()
        if campo.is_relation and campo.concrete and campo.related_model._meta.app_label not in noti
    ]
    assert sbagliate == []


def test_every_relation_names_its_other_side():
    senza = [
        str(campo)
        for app in CATENA[1:]
        for model in apps.get_app_config(app).get_models()
        for campo in model._meta.get_fields()
        if campo.is_relation
        and campo.concrete
        and not campo.remote_field.related_name
        # What Django's own permissions mixin declares is not ours to name.
        and campo.name not in {"groups", "user_permissions"}
    ]
    assert senza == []


def test_no_module_has_a_name_that_says_nothing():
    vaghi = [
        str(path.relative_to(ROOT))
        for pacchetto in CATENA
        for path in sorgenti(pacchetto)
        if NOMI_VAGHI & set(path.relative_to(ROOT).with_suffix("").parts)
    ]
    assert vaghi == []


def test_state_is_set_only_behind_its_door():
    altrove = [
        f"{path.relative_to(ROOT)}:{nodo.lineno}"
        for pacchetto in CATENA
        for path in sorgenti(pacchetto)
        if "migrations" not in path.parts and not PORTE & moduli(path)
        for nodo in ast.walk(ast.parse(path.read_text()))
        if isinstance(nodo, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for bersaglio in (nodo.targets if isinstance(nodo, ast.Assign) else [nodo.target])
        if isinstance(bersaglio, ast.Attribute) and bersaglio.attr == "stato"
    ]
    assert altrove == []


def moduli(path):
    return {path.stem, *path.relative_to(ROOT).parts[:-1]}


def test_every_migration_has_a_name_of_its_own():
    automatiche = [str(path.relative_to(ROOT)) for path in ROOT.glob("*/migrations/*_auto_*.py")]
    assert automatiche == []
