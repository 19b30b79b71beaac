"""Every setting of the portal, read from the environment.

Three ways to run, one file:

* **demo** (``DEMO=on``, what ``make run`` does): SQLite, mails kept as files, a local key;
* **development** (``DEBUG=on``): the same, with Django's error pages;
* **production** (neither): every secret and address must be given, and a missing or unsafe
  one stops the start with a sentence that says which.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- How we run -----------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
PRODUZIONE = not (DEBUG or DEMO)

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
# It holds people's data: nobody else on the machine looks into it.
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _required(name, example):
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is missing. In production set it in the environment, for example "
            f"{name}={example}. To try the portal on your own machine use `make run`."
        )
    return value


def _local_secret_key():
    """The key of a demo or development copy: random, made once, kept beside its database."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        bozza = VAR_DIR / f"secret_key.{os.getpid()}"
        with os.fdopen(os.open(bozza, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            # Of several processes that start together one gives its name to a whole file.
            os.link(bozza, path)
        except FileExistsError:
            pass
        finally:
            bozza.unlink()
    return path.read_text()


if PRODUZIONE:
    SECRET_KEY = _required("SECRET_KEY", "<50 random characters>")
    ALLOWED_HOSTS = [
        host.strip()
        for host in _required("ALLOWED_HOSTS", "laboratori.example.org").split(",")
        if host.strip()
    ]
    BASE_URL = _required("BASE_URL", "https://laboratori.example.org").rstrip("/")
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY is shorter than 50 characters: make a longer one.")
    if len(set(SECRET_KEY)) < 12 or SECRET_KEY.startswith(("django-insecure-", "only-for-tests-")):
        raise ImproperlyConfigured("SECRET_KEY can be guessed: make a random one.")
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS=* believes any Host: name the portal's own.")
    if not BASE_URL.startswith("https://"):
        raise ImproperlyConfigured("BASE_URL must start with https:// in production.")
else:
    SECRET_KEY = env.str("SECRET_KEY", default="") or _local_secret_key()
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
    BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")

if DEBUG and BASE_URL.startswith("https://"):
    raise ImproperlyConfigured(
        "DEBUG is on at a public address (BASE_URL is https): it shows the portal's insides to "
        "anyone. Unset DEBUG."
    )

SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# The web server's processes, and the requests that each serves at once.
WEB_WORKERS = env.int("WEB_WORKERS", default=max(2, os.cpu_count() or 1))
WEB_THREADS = env.int("WEB_THREADS", default=16)

RATE_LIMITS = env.str("RATE_LIMITS", default="on") != "off"
if PRODUZIONE and not RATE_LIMITS:
    raise ImproperlyConfigured("RATE_LIMITS=off is for load tests only: production refuses it.")

# --- The municipality: another city changes these, not the code -----------------------------

ENTE = {
    "nome": env.str("ENTE_NOME", default="Comune di Piacenza"),
    "citta": env.str("ENTE_CITTA", default="Piacenza"),
    "sito": env.str("ENTE_SITO", default="https://www.comune.piacenza.it/"),
    "regione_nome": env.str("ENTE_REGIONE_NOME", default="Regione Emilia-Romagna"),
    "regione_sito": env.str("ENTE_REGIONE_SITO", default="https://www.regione.emilia-romagna.it/"),
    "indirizzo": env.str("ENTE_INDIRIZZO", default="Piazza Cavalli, 2, 29121 Piacenza"),
    "ufficio": env.str("ENTE_UFFICIO", default="Ufficio Partecipazione"),
    # Last seen in public pages of 2018: the office confirms or changes them here.
    "email": env.str("ENTE_EMAIL", default="partecipazione@comune.piacenza.it"),
    "telefono": env.str("ENTE_TELEFONO", default="0523 492170"),
    "finanziamento": env.str(
        "ENTE_FINANZIAMENTO",
        default="Bando Partecipazione 2022, Legge regionale Emilia-Romagna 15/2018",
    ),
    "portale": env.str("PORTALE_NOME", default="Laboratori di quartiere"),
    # The address that AgID's form gives when the declaration is filed; empty until then.
    "accessibilita_url": env.str("ENTE_ACCESSIBILITA_URL", default=""),
    "dpo_email": env.str("ENTE_DPO_EMAIL", default=""),
    # Where people report that something does not work; the contact page when empty.
    "segnalazioni_url": env.str("ENTE_SEGNALAZIONI_URL", default=""),
    "sorgente_url": env.str("ENTE_SORGENTE_URL", default=""),
}

# Within how many days the office publishes what happened at a meeting; later ones show on its
# first page.
RESOCONTO_GIORNI = env.int("RESOCONTO_GIORNI", default=15)
# How long what people send may wait for a moderator before the office is told that it is late.
MODERAZIONE_ORE = env.int("MODERAZIONE_ORE", default=48)
# How long after an outcome the municipality has to answer in full.
RISPOSTA_GIORNI = env.int("RISPOSTA_GIORNI", default=30)
# Below this share of free room on the disk, and with a backup older than a day and a half (by the
# file that it touches when it ends), the office's first page says so.
DISCO_LIBERO_PERCENTO = env.int("DISCO_LIBERO_PERCENTO", default=10)
BACKUP_STAMP = env.str("BACKUP_STAMP", default="")

# For how many days what is held for a purpose is kept (accounts.finalita says from when); what is
# not here is kept until somebody ends it. CONSERVAZIONE_ISCRIZIONI=400 changes one.
CONSERVAZIONE = {
    codice: env.int(f"CONSERVAZIONE_{codice.upper()}", default=giorni)
    for codice, giorni in {
        "iscrizioni": 365,
        "necessita": 30,
        "presenze": 365,
        "disponibilita": 365,
        "verbalizzanti": 365,
        "accoglienza": 365,
        "proposte": 180,
        "segnalazioni": 365,
        "fogli": 7,
        "adesioni": 365,
        "partecipanti": 180,
        "posta": 365,
        "contatti": 365,
        "comunicazioni": 365,
        "newsletter": 365,
        "foto": 365,
        "diritti": 365,
        # Inside one purpose, what goes before the rest (manage.py conserva --prova lists all).
        "iscrizioni_non_confermate": 30,
        "conferme_scadute": 30,
        "consensi_mai_confermati": 30,
        "account_mai_confermati": 30,
        "inviti": 30,
        "bozze_posizioni": 30,
        "giustificazioni": 365,
        "accessi": 1095,
        "registro_ufficio": 1095,
    }.items()
}

# --- Applications ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "portale",
    "comunicazioni",
    "tavolo",
    "proposte",
    "eventi",
    "laboratori",
    "percorso",
    "importazioni",
    "accounts",
    "posta",
    "portale.apps.AmministrazioneConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
]

MIDDLEWARE = [
    "portale.lib.registri.NumeroRichiesta",
    "portale.pagine.PagineInCache",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.sessioni.UltimaVisita",
    "portale.cittadino.ComeCittadino",
    "portale.accesso.SecondoFattore",
]

ROOT_URLCONF = "portale.urls"
WSGI_APPLICATION = "portale.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portale.context.portale",
            ],
        },
    },
]

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# --- Data -----------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'portale.sqlite3'}"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
# A local socket is written %2Fvar%2Frun%2Fpostgresql in an address.
DATABASES["default"]["HOST"] = unquote(DATABASES["default"]["HOST"] or "")
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Opening the file and setting it up takes longer than the queries of a page.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        # A transaction takes the write lock when it begins, so that two of them queue
        # instead of failing half-way with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-16000; PRAGMA mmap_size=134217728;"
        ),
    }
else:
    # Threads of one process share its pool; "max" is below the server's blocking threads on
    # purpose: more connections would only wait for each other inside PostgreSQL.
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=8), "timeout": 10},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
_DATABASE_CACHE = {
    "BACKEND": "portale.lib.cache.CacheDatabase",
    "LOCATION": "portale_cache",
    "OPTIONS": {"MAX_ENTRIES": 50_000},
}
_REDIS_TIMEOUTS = {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}
if REDIS_URL:
    CACHES = {
        # Shared limits and small values. When Redis does not answer within its short
        # timeouts the same calls go to the table beside.
        "default": {
            "BACKEND": "portale.lib.cache.RedisCacheWithFallback",
            "LOCATION": REDIS_URL,
            "OPTIONS": _REDIS_TIMEOUTS,
        },
        "ripiego": _DATABASE_CACHE,
    }
else:
    CACHES = {"default": _DATABASE_CACHE}
# Whole pages, kept inside each process: nothing on the network is faster than not asking.
CACHES["pagine"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "pagine",
    "OPTIONS": {"MAX_ENTRIES": 2_000},
}

SESSION_ENGINE = "accounts.deposito_sessioni"

# --- Background work ------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://"
# Without Redis there is no worker: the scheduler's tick does the work inside itself.
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Europe/Rome"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **_REDIS_TIMEOUTS,
    "visibility_timeout": 3600,
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
# A worker waits for a broker that restarts for as long as it takes.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Kept in memory: what is due lives in the database, so there is nothing to remember.
CELERY_BEAT_SCHEDULER = "posta.pianificatore:Pianificatore"
CELERY_BEAT_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULE = {
    # With Redis whoever queues a mail wakes the worker: this is for what falls due later, and
    # for wake-ups that were lost. A tick that waited longer than its successor is dropped.
    "spedisci": {
        "task": "posta.tasks.spedisci",
        "schedule": 10.0 if REDIS_URL else 2.0,
        "options": {"expires": 60},
    },
    "passo": {"task": "eventi.tasks.passo", "schedule": 15.0, "options": {"expires": 60}},
    # Supports and comments are counted for many at once, and shown a few seconds later.
    "conta": {"task": "proposte.tasks.conta", "schedule": 5.0, "options": {"expires": 60}},
    "avvisi": {"task": "proposte.tasks.avvisi", "schedule": 300.0, "options": {"expires": 600}},
    "tavolo": {"task": "tavolo.tasks.passo", "schedule": 60.0, "options": {"expires": 120}},
    "sessioni": {
        "task": "accounts.tasks.pulisci",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "comunicazioni": {
        "task": "comunicazioni.tasks.passo",
        "schedule": 10.0,
        "options": {"expires": 60},
    },
    # Sheets to read or to write: somebody waits for them at the screen.
    "importazioni": {
        "task": "importazioni.tasks.lavora",
        "schedule": 3.0,
        "options": {"expires": 60},
    },
    # Once a night: at the other ticks it only sees that it is done.
    "conserva": {
        "task": "accounts.tasks.conserva",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "allegati": {
        "task": "proposte.tasks.pulisci",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
}

# --- Mail -----------------------------------------------------------------------------------

POSTA_DEMO_DIR = VAR_DIR / "posta-demo"
if PRODUZIONE:
    EMAIL_URL = _required("EMAIL_URL", "smtp+tls://user:password@mail.example.org:587")
else:
    EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "posta.backends.EmailBackend"
    EMAIL_FILE_PATH = POSTA_DEMO_DIR
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=15)
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL",
    default=f"{ENTE['portale']} <laboratori@{BASE_URL.split('//')[1].split(':')[0]}>",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_SUBJECT_PREFIX = ""

# --- Language and time ----------------------------------------------------------------------

LANGUAGE_CODE = "it"
LANGUAGES = [("it", _("Italiano")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Rome"
ROMA = ZoneInfo(TIME_ZONE)
FORMAT_MODULE_PATH = None

# --- People ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "profilo"
LOGOUT_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupExtraForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = False
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
# Long enough for a mail server that makes strangers wait.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_DEFAULT_HTTP_PROTOCOL = BASE_URL.split("://")[0]
# Whoever's password, address or second factor changes is told by mail.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# For each client address ("ip"), account ("key": what was typed, whether it exists or not) or
# person who is in ("user"). Those of allauth, written here to be read; slow guessing is counted
# by the hour and by the day too. Codes of the second factor count as "login_failed" of theirs.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,100/h/ip,5/5m/key,30/d/key",
    "request_login_code": "20/m/ip,3/m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "signup": "20/m/ip",
    "confirm_email": "1/180s/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
MFA_RATE_LIMITS = {"webauthn_login": "10/m/ip"}
if not RATE_LIMITS:
    ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False

# Who works for the office or sits at the Tavolo enters its pages with a second factor. The demo's
# accounts are entered with their password alone, unless one wants to try it.
MFA_RICHIESTA = PRODUZIONE or env.bool("MFA_RICHIESTA", default=False)
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = ENTE["portale"]
MFA_FORMS = {
    "authenticate": "accounts.forms_accesso.CodiceForm",
    "reauthenticate": "accounts.forms_accesso.RiconfermaForm",
    "activate_totp": "accounts.forms_accesso.AttivaAppForm",
    "add_webauthn": "accounts.forms_accesso.NuovaChiaveForm",
    "edit_webauthn": "accounts.forms_accesso.NomeChiaveForm",
}
# A browser gives keys to a local page without https too.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUZIONE
# How long a session of the office lasts while nobody uses it.
SESSIONE_UFFICIO_MINUTI = env.int("SESSIONE_UFFICIO_MINUTI", default=120)
# How many proxies of ours stand before the server: 0 believes no X-Forwarded-For at all.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)

# --- SPID and CIE, through a gateway: docs/esercizio.md -------------------------------------

# Each is off until it has all that it needs; the checks name what is missing (accounts.spid).
SPID_OIDC = {
    "nome": env.str("SPID_OIDC_NOME", default="SPID o CIE"),
    "server_url": env.str("SPID_OIDC_SERVER_URL", default=""),
    "client_id": env.str("SPID_OIDC_CLIENT_ID", default=""),
    "client_secret": env.str("SPID_OIDC_CLIENT_SECRET", default=""),
    "scope": env.str("SPID_OIDC_SCOPE", default="openid profile email").split(),
}
SPID_SAML = {
    "nome": env.str("SPID_SAML_NOME", default="SPID o CIE"),
    # The gateway: a file of metadata, or its three facts. Nothing is fetched.
    "metadata": env.str("SPID_SAML_METADATA", default=""),
    "entity_id": env.str("SPID_SAML_ENTITY_ID", default=""),
    "sso_url": env.str("SPID_SAML_SSO_URL", default=""),
    "certificato": env.str("SPID_SAML_CERTIFICATO", default=""),
    # Us: the address of our own metadata stands for us where no name is given.
    "sp_entity_id": env.str("SPID_SAML_SP_ENTITY_ID", default=""),
    "sp_chiave": env.str("SPID_SAML_SP_CHIAVE", default=""),
    "sp_certificato": env.str("SPID_SAML_SP_CERTIFICATO", default=""),
}
SPID_LIVELLO = env.str("SPID_LIVELLO", default="https://www.spid.gov.it/SpidL2")
SPID_CONFRONTO = env.str("SPID_CONFRONTO", default="minimum")
# What a gateway calls each fact, tried in this order.
SPID_ATTRIBUTI = {
    "codice_fiscale": env.list(
        "SPID_ATTRIBUTO_CODICE_FISCALE",
        default=[
            "fiscalNumber",
            "fiscal_number",
            "codiceFiscale",
            "CodiceFiscale",
            "https://attributes.eid.gov.it/fiscal_number",
        ],
    ),
    "nome": env.list("SPID_ATTRIBUTO_NOME", default=["given_name", "name", "nome"]),
    "cognome": env.list(
        "SPID_ATTRIBUTO_COGNOME", default=["familyName", "family_name", "cognome"]
    ),
    "email": env.list(
        "SPID_ATTRIBUTO_EMAIL", default=["email", "emailAddress", "emailAddressPersonale"]
    ),
}
# SPID's address is what the person once told her provider: see docs/adr/0020.
SPID_EMAIL_VERIFICATA = env.bool("SPID_EMAIL_VERIFICATA", default=False)
# What fiscal codes are hashed with; SECRET_KEY where it is not given. Another key forgets whose
# identity is whose.
CHIAVE_IDENTITA = env.str("CHIAVE_IDENTITA", default="")
SOCIALACCOUNT_ADAPTER = "accounts.spid.adapter.SocialAccountAdapter"

# --- Files ----------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# What the front-end build brings from its packages; missing until `make` has built it.
if (FRONTEND_BUILD := BASE_DIR / "frontend" / "build").is_dir():
    STATICFILES_DIRS.append(FRONTEND_BUILD)
MEDIA_ROOT = Path(env.str("MEDIA_DIR", default=str(VAR_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600

# --- Security -------------------------------------------------------------------------------

_HTTPS = BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = _HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^salute/"]
if env.int("TRUSTED_PROXIES", default=0):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portale.views.errori.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# The files of a larger request are not even written to the disk; one is at most 10 MB, and the
# office's reports may send some together. What a proxy in front allows: docs/esercizio.md.
CARICAMENTI_MASSIMI = 40 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = [
    "portale.lib.caricamenti.LimiteCaricamenti",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # The page that is written on without a network (templates/raccolta/).
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
SILENCED_SYSTEM_CHECKS = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Nobody's name, address or link is written: portale.lib.registri.
    "formatters": {"riga": {"()": "portale.lib.registri.RigaSenzaPersone"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "riga"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # It would write whose key entered when.
        "fido2": {"level": "WARNING"},
        # At every tick it says that it ticks.
        "celery": {"level": "WARNING"},
    },
}
