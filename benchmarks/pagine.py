"""How much pages cost, as ratios to three bare Django views measured in the same run.

    .venv/bin/python benchmarks/pagine.py [--seconds 3]

Everything happens in one process and one thread, through Django's WSGI handler: what is compared
is the work of a request, not a server. The database is SQLite in a temporary folder, with seven
labs and sixty meetings. The bare views run without any middleware:

* ``bytes``: a constant answer;
* ``template``: an ordinary template of 40 rows, 19 KB, each with a ``{% url %}`` and a ``date``;
* ``query``: the same, its rows read with one query.

"first" is a page made with nothing remembered; "made" one that nobody has asked for (each request
has a query of its own) on a portal that others are reading, as most uncached pages are; "kept" one
that somebody has asked for; "304" is a visitor who has it already. Compressing is included.
"""

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5

ROW = """<li class="card card-bg card-big border-bottom-card rounded shadow-sm mb-4 px-3 py-2">
  <article class="card-body" aria-labelledby="title-{{ riga.pk }}">
    <h2 class="card-title h5" id="title-{{ riga.pk }}">
      <a class="text-dark" href="{% url 'bare_row' riga.pk %}">{{ riga.titolo }}</a></h2>
    <p class="card-text category-top mb-1" data-element="event-date">
      {{ riga.inizio|date:"l j F Y, H:i" }}</p>
    <p class="card-text font-serif">{{ riga.posti_occupati }} su {{ riga.posti }} posti</p>
  </article>
</li>
"""
PAGE = f"""<!doctype html><html lang="it"><head><title>Righe</title></head><body><main>
<ul>{{% for riga in righe %}}{ROW}{{% endfor %}}</ul></main></body></html>"""


def prepare(folder, database_url=""):
    """Set Django up on an empty database (SQLite in ``folder`` unless told), and fill it."""
    os.environ.update(
        DEMO="on",
        DEBUG="off",
        VAR_DIR=str(folder),
        DATABASE_URL=database_url or f"sqlite:///{folder}/benchmark.sqlite3",
        REDIS_URL="",
        BASE_URL="http://localhost",
        LOG_LEVEL="ERROR",
        DJANGO_SETTINGS_MODULE="portale.settings",
    )
    (folder / "static").mkdir()
    sys.path.insert(0, str(ROOT))
    import django
    from django.conf import settings

    settings.ROOT_URLCONF = __name__
    # The names of static files do not depend on whether the front end has been built.
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill()


def fill():
    """A city in the middle of its process: 40 meetings to come, 20 behind."""
    from django.db import transaction
    from django.utils import timezone

    from eventi.models import Incontro, Resoconto, Sede, Servizio
    from laboratori.models import Laboratorio, Quartiere
    from percorso.models import Fase, Percorso

    adesso = timezone.now().replace(minute=30, second=0, microsecond=0)
    oggi = timezone.localdate()
    with transaction.atomic():
        percorso = Percorso.objects.create(
            titolo="I laboratori nei quartieri",
            slug="laboratori",
            sintesi="Sette laboratori per ascoltare i quartieri.",
            stato=Percorso.Stato.ATTIVO,
            inizio=oggi - timedelta(days=90),
            esempio=True,
        )
        for i, titolo in enumerate(("Si apre", "Gli incontri", "Il modello"), -1):
            Fase.objects.create(
                percorso=percorso,
                ordine=i + 2,
                titolo=titolo,
                inizio=oggi + timedelta(days=60 * i - 30),
                fine=oggi + timedelta(days=60 * i + 29),
                apre_iscrizioni=i == 0,
            )
        laboratori = [
            Laboratorio.objects.create(
                numero=n, nome=f"Laboratorio della zona {n}", slug=f"zona-{n}"
            )
            for n in range(1, 8)
        ]
        for laboratorio in laboratori:
            for n in range(4):
                Quartiere.objects.create(laboratorio=laboratorio, nome=f"Quartiere {n}", ordine=n)
        sedi = [
            Sede.objects.create(
                nome=f"Sala civica {n}", indirizzo=f"via {n}", senza_gradini=n % 2 == 0
            )
            for n in range(1, 6)
        ]
        for n in range(60):
            inizio = adesso + timedelta(days=n - 20, hours=3)
            incontro = Incontro.objects.create(
                percorso=percorso,
                laboratorio=laboratori[n % 8] if n % 8 < 7 else None,
                titolo=f"Che cosa serve al quartiere, parte {n}",
                slug=f"incontro-{n}",
                descrizione="Si lavora a tavoli, con chi facilita.\n\nPoi ci si racconta.",
                inizio=inizio,
                fine=inizio + timedelta(hours=2),
                sede=sedi[n % 5],
                posti=None if n % 6 == 0 else 30,
                posti_occupati=0 if n % 6 == 0 else n % 31,
                stato=Incontro.Stato.SVOLTO if n < 20 else Incontro.Stato.PUBBLICATO,
            )
            if n % 3 == 0:
                Servizio.objects.create(incontro=incontro, genere=Servizio.Genere.BAMBINI)
            if n < 15:
                Resoconto.objects.create(
                    incontro=incontro, testo="Tre tavoli.", pubblicato_at=adesso
                )


# --- The bare views -------------------------------------------------------------------------


class _Lazy:
    """Django's modules can be imported only once the settings are ready."""

    def __getattr__(self, name):
        from django.template import engines

        from eventi.models import Incontro

        self.template = engines["django"].from_string(PAGE)
        self.rows = list(Incontro.objects.order_by("pk")[:40])
        self.Incontro = Incontro
        return self.__dict__[name]


rows = _Lazy()


def bare_bytes(request):
    from django.http import HttpResponse

    return HttpResponse(b"ciao")


def bare_template(request):
    from django.http import HttpResponse

    return HttpResponse(rows.template.render({"righe": rows.rows}, request))


def bare_query(request, pk=None):
    from django.http import HttpResponse

    righe = rows.Incontro.objects.order_by("pk")[:40]
    return HttpResponse(rows.template.render({"righe": righe}, request))


def __getattr__(name):
    """This module is the URLconf of the run: the portal's pages and the bare views."""
    from django.urls import path

    from portale import urls

    if name == "urlpatterns":
        return [
            path("bare/bytes/", bare_bytes),
            path("bare/template/", bare_template),
            path("bare/query/", bare_query),
            path("bare/<int:pk>/", bare_query, name="bare_row"),
            *urls.urlpatterns,
        ]
    if name in ("handler404", "handler500"):
        return getattr(urls, name)
    raise AttributeError(name)


# --- Measuring ------------------------------------------------------------------------------


def ask(application, path, **headers):
    """One GET as a server would make it; the status and the body."""
    answer = []
    body = application(
        {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **headers,
        },
        lambda status, headers, exc_info=None: answer.append((status, dict(headers))),
    )
    try:
        content = b"".join(body)
    finally:
        body.close()
    status, headers = answer[0]
    return status, headers, content


def run(call, seconds):
    """Requests per second, and milliseconds of CPU for each."""
    end = time.perf_counter() + seconds
    cpu, start, count = time.process_time(), time.perf_counter(), 0
    while time.perf_counter() < end:
        call()
        count += 1
    elapsed = time.perf_counter() - start
    return count / elapsed, (time.process_time() - cpu) / count * 1000


def handlers():
    """Django without middleware, the portal that remembers nothing, and the portal as it runs."""
    from django.conf import settings
    from django.core.cache import caches
    from django.core.cache.backends.dummy import DummyCache
    from django.core.handlers.wsgi import WSGIHandler

    portal = WSGIHandler()
    kept, nothing = caches["pagine"], DummyCache("nothing", {})
    middleware, settings.MIDDLEWARE = settings.MIDDLEWARE, []
    plain = WSGIHandler()
    settings.MIDDLEWARE = middleware

    def with_pages(pages):
        def application(environ, start_response):
            caches["pagine"] = pages
            return portal(environ, start_response)

        return application

    return plain, with_pages(nothing), with_pages(kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="for each kind of page")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="pagine-") as folder:
        prepare(Path(folder))
        plain, first, kept = handlers()
        from django.utils import timezone

        pages = {
            "home": "/",
            "list": "/incontri/",
            "detail": "/incontri/incontro-25/",
            "month": f"/incontri/mese/{timezone.localdate():%Y/%-m}/",
            "past": "/incontri/passati/",
        }
        bare = ("bytes", "template", "query")
        kinds = {f"bare {name}": lambda name=name: ask(plain, f"/bare/{name}/") for name in bare}
        turn = itertools.count()
        for name, path in pages.items():
            kinds[f"{name}, first"] = lambda path=path: ask(first, path)
            kinds[f"{name}, made"] = lambda path=path: ask(
                kept, path, QUERY_STRING=f"n={next(turn)}"
            )
        for name in ("home", "list", "detail"):
            kinds[f"{name}, kept"] = lambda path=pages[name]: ask(kept, path)
        etag = ask(kept, pages["list"])[1]["ETag"]
        kinds["list, 304"] = lambda: ask(kept, pages["list"], HTTP_IF_NONE_MATCH=etag)

        sizes, results = {}, {name: [] for name in kinds}
        for name, call in kinds.items():
            status, _, content = call()
            if not status.startswith("304" if name.endswith("304") else "200"):
                sys.exit(f"{name} answered {status}")
            sizes[name] = len(content)
        # Turn by turn, so that a machine that slows down slows them all.
        for _ in range(ROUNDS):
            for name, call in kinds.items():
                results[name].append(run(call, seconds / ROUNDS))
        report(results, sizes)


def report(results, sizes):
    speed = {name: statistics.median(r[0] for r in rounds) for name, rounds in results.items()}
    cpu = {name: statistics.median(r[1] for r in rounds) for name, rounds in results.items()}
    references = [name for name in results if name.startswith("bare ")]
    print(f"{'':28}{'req/s':>8}{'CPU ms':>8}{'bytes':>8}", end="")
    print("".join(f"{'/ ' + name.removeprefix('bare '):>12}" for name in references))
    for name in results:
        ratios = "".join(f"{speed[name] / speed[other]:12.2f}" for other in references)
        print(f"{name:28}{speed[name]:8.0f}{cpu[name]:8.2f}{sizes[name]:8}{ratios}")


if __name__ == "__main__":
    main()
