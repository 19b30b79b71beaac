import pytest
from django.core.cache import caches


@pytest.fixture(autouse=True)
def fresh_page_cache():
    """Whole pages live in the process: no test sees another's."""
    caches["pagine"].clear()
    yield
    caches["pagine"].clear()
