"""The routes of the site, as committed: none appears or disappears without being noticed.

To write the list anew after a change that is meant::

    python -m tests.test_rotte
"""

from pathlib import Path

from django.contrib import admin
from django.urls import get_resolver

FILE = Path(__file__).parent / "rotte.txt"


def rotte(resolver, percorso="", spazio=""):
    """Each route as "path name"; the admin's, which follow from its models, as one each."""
    for modello in resolver.url_patterns:
        qui = percorso + str(modello.pattern)
        if not hasattr(modello, "url_patterns"):
            yield f"/{qui} {spazio}{modello.name}"
        elif modello.namespace == "admin":
            yield from (
                f"/{qui}{model._meta.app_label}/{model._meta.model_name}/ admin"
                for model in admin.site._registry
            )
        else:
            dentro = f"{spazio}{modello.namespace}:" if modello.namespace else spazio
            yield from rotte(modello, qui, dentro)


def elenco():
    return sorted(set(rotte(get_resolver())))


def test_the_routes_are_those_of_the_committed_list():
    assert elenco() == FILE.read_text().splitlines()


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    FILE.write_text("\n".join(elenco()) + "\n")
