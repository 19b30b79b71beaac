import pytest
from django.conf import settings
from django.core.cache import caches
from django.utils import translation


@pytest.fixture(autouse=True)
def fresh_page_cache():
    """Whole pages live in the process: no test sees another's."""
    caches["pagine"].clear()
    yield
    caches["pagine"].clear()


@pytest.fixture(autouse=True)
def fresh_limits():
    """Counts in the database go with the test's transaction; those in Redis would stay."""
    if settings.REDIS_URL:
        caches["default"].clear()


@pytest.fixture(autouse=True)
def italian():
    """A request for an English page leaves its language to whatever runs next in the thread."""
    translation.activate("it")
    yield
    translation.activate("it")
