import pytest


@pytest.fixture
def cache_in_memoria(settings):
    """Shared small values without the database: what a test counts is then the same whether they
    live in a table or in Redis."""
    settings.CACHES = {
        **settings.CACHES,
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    }
