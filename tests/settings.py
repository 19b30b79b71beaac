"""The portal's own settings, with what a test run needs."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ["DEMO"] = "on"
os.environ["DEBUG"] = "off"
os.environ.setdefault("BASE_URL", "http://testserver")

from portale.settings import *  # noqa: F403

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Pages are made anew for each request, so that what a test changes it sees; the tests of the
# page cache bring back the real one.
CACHES = {
    **CACHES,  # noqa: F405
    "pagine": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Tests of the first page say how full the disk is.
DISCO_LIBERO_PERCENTO = 0
# Nothing is collected: static files come from where they are.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, as in use, and not memory: the server of the browser tests answers from several
    # threads, each with a connection of its own.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}  # noqa: F405
if REDIS_URL:  # noqa: F405
    # A Redis database for each test process, so that one may empty its own.
    _WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    CACHES["default"]["LOCATION"] = f"{REDIS_URL.rpartition('/')[0]}/{int(_WORKER) + 2}"  # noqa: F405
