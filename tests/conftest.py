import factory
import pytest
from django.conf import settings
from django.core.cache import caches
from django.utils import translation

from tests import factories

# What factories count from: no number that a test would look for.
PRIMO = 5000


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


def count_afresh():
    for uno in vars(factories).values():
        if isinstance(uno, type) and issubclass(uno, factory.Factory) and not uno._meta.abstract:
            uno.reset_sequence(PRIMO, force=True)


@pytest.fixture(scope="session", autouse=True)
def sequences_of_whole_modules():
    count_afresh()


@pytest.fixture(autouse=True)
def fresh_sequences(request):
    """The numbers in names and titles do not depend on which tests ran before: a page that must
    not say "47" would else fail where a proposal happens to be the 1347th. In a browser's tests
    the rows of one module stay, so there they go on."""
    if "e2e" not in request.keywords:
        count_afresh()
