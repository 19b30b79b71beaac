import pytest
from django.core.cache import caches

from portale.lib.memoria import DURATA_PAGINE, DURATA_PEZZI, VERSIONE, ricorda, ricorda_molti


@pytest.fixture
def pagine(settings):
    """The real cache of pages, at version 1."""
    settings.CACHES = {
        **settings.CACHES,
        "pagine": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "memoria-di-prova",
        },
    }
    caches["pagine"].clear()
    caches["pagine"].set(VERSIONE, 1)
    yield caches["pagine"]
    caches["pagine"].clear()


class Conto:
    """Answers with squares, and notes what it was asked."""

    def __init__(self):
        self.chiesti = []

    def __call__(self, chiavi):
        self.chiesti.append(chiavi)
        return {n: n * n for n in chiavi if n < 10}


@pytest.mark.usefixtures("pagine")
def test_only_what_is_not_remembered_is_asked_for_and_the_order_is_kept():
    quadrati = Conto()

    assert ricorda_molti("q", [3, 1], quadrati) == [9, 1]
    assert ricorda_molti("q", [2, 3, 1], quadrati) == [4, 9, 1]
    assert ricorda_molti("q", [1, 2], quadrati) == [1, 4]

    assert quadrati.chiesti == [[3, 1], [2]]


@pytest.mark.usefixtures("pagine")
def test_a_key_without_a_value_is_left_out_and_nothing_is_asked_for_no_keys():
    quadrati = Conto()

    assert ricorda_molti("q", [2, 11], quadrati) == [4]
    assert ricorda_molti("q", [], quadrati) == []

    assert quadrati.chiesti == [[2, 11]]


def test_a_new_version_forgets_everything(pagine):
    assert ricorda("uno", lambda: "vecchio") == "vecchio"
    assert ricorda("uno", lambda: "nuovo") == "vecchio"

    pagine.set(VERSIONE, 2)

    assert ricorda("uno", lambda: "nuovo") == "nuovo"


def test_without_a_version_nothing_is_remembered(pagine):
    pagine.delete(VERSIONE)

    assert ricorda("uno", lambda: "vecchio") == "vecchio"
    assert ricorda("uno", lambda: "nuovo") == "nuovo"


def test_nothing_lasts_longer_than_a_minute():
    assert DURATA_PAGINE + DURATA_PEZZI <= 60
