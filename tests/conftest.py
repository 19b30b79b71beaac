import pytest
from django.core.cache import caches
from django.utils import translation


@pytest.fixture(autouse=True)
def fresh_page_cache():
    """Whole pages live in the process: no test sees another's."""
    caches["pagine"].clear()
    yield
    caches["pagine"].clear()


@pytest.fixture(autouse=True)
def italian():
    """A request for an English page leaves its language to whatever runs next in the thread."""
    translation.activate("it")
    yield
    translation.activate("it")


@pytest.fixture(autouse=True)
def italian_first():
    """A page read in English leaves its language active in the thread: no test inherits it."""
    with translation.override("it"):
        yield
