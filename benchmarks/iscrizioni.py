"""What a whole registration costs, as a ratio to a bare one, in the same run.

    .venv/bin/python benchmarks/iscrizioni.py [--seconds 10]

A guest's registration is four requests: the form, the form sent, "look at your mail", the link
in the mail. The bare one is the same four as one would first write them in Django, behind the
middleware of a new project and without forms, templates, mails or traces: lock the meeting's
row, count, insert; lock again, mark. Both use Django's test client in one process: the work is
compared, not a server.

It runs on SQLite in a temporary folder, or on the (empty) database of DATABASE_URL.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent))

import pagine

ROUNDS = 5
# What `django-admin startproject` writes.
STARTPROJECT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
FORM = "application/x-www-form-urlencoded"  # as browsers send it


def bare_form(request, slug):
    from django.http import HttpResponse

    return HttpResponse('<form method="post"><input name="nome"><input name="email"></form>')


def bare_send(request, slug):
    from django.db import transaction
    from django.http import HttpResponseRedirect

    from eventi.models import Incontro, Iscrizione

    with transaction.atomic():
        incontro = Incontro.objects.select_for_update().get(slug=slug)
        tenuti = incontro.iscrizioni.filter(posti__gt=0).count()
        iscrizione = Iscrizione.objects.create(
            incontro=incontro,
            nome=request.POST["nome"],
            email=request.POST["email"],
            stato="da_verificare" if tenuti < 1_000_000 else "lista_attesa",
            posti=1,
        )
    return HttpResponseRedirect(f"/bare/{slug}/inviata/?{iscrizione.pk}", status=303)


def bare_sent(request, slug):
    from django.http import HttpResponse

    return HttpResponse("Controlla la posta.")


def bare_confirm(request, slug, pk):
    from django.db import transaction
    from django.http import HttpResponse

    from eventi.models import Incontro

    with transaction.atomic():
        incontro = Incontro.objects.select_for_update().get(slug=slug)
        incontro.iscrizioni.filter(pk=pk).update(stato="confermata")
    return HttpResponse("Ti aspettiamo.")


def __getattr__(name):
    """This module is the URLconf of the run: the portal's pages and the bare views."""
    from django.urls import path

    from portale import urls

    if name == "urlpatterns":
        return [
            path("bare/<slug:slug>/", bare_form),
            path("bare/<slug:slug>/invia/", bare_send),
            path("bare/<slug:slug>/inviata/", bare_sent),
            path("bare/<slug:slug>/<int:pk>/", bare_confirm),
            *urls.urlpatterns,
        ]
    if name in ("handler404", "handler500"):
        return getattr(urls, name)
    raise AttributeError(name)


class Registrations:
    """One guest after the other, each with a client of her own."""

    def __init__(self, slug):
        from django.conf import settings
        from django.test import Client

        self.slug = slug
        self.number = 0
        self.requests = 0
        self.new_client = lambda: Client(enforce_csrf_checks=True)
        middleware, settings.MIDDLEWARE = settings.MIDDLEWARE, STARTPROJECT
        self.plain = Client()
        self.plain.handler.load_middleware()
        settings.MIDDLEWARE = middleware

    def _expect(self, response, status):
        self.requests += 1
        if response.status_code != status:
            sys.exit(f"{response.request['PATH_INFO']} answered {response.status_code}")
        return response

    def bare(self):
        self.number += 1
        person = {"nome": "Anna", "email": f"bare{self.number}@example.org"}
        base = f"/bare/{self.slug}/"
        self._expect(self.plain.get(base), 200)
        sent = self._expect(self.plain.post(f"{base}invia/", urlencode(person), FORM), 303)
        self._expect(self.plain.get(sent["Location"]), 200)
        pk = sent["Location"].rpartition("?")[2]
        self._expect(self.plain.get(f"{base}{pk}/"), 200)

    def whole(self):
        from eventi.models import Iscrizione

        self.number += 1
        email = f"whole{self.number}@example.org"
        client = self.new_client()
        url = f"/incontri/{self.slug}/iscrizione/"
        html = self._expect(client.get(url), 200).content.decode()
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
        received = re.search(r'name="ricevuto"[^>]*value="([^"]*)"', html).group(1)
        person = {
            **fields,
            "ricevuto": received,
            "nome": "Anna",
            "email": email,
            "posti_richiesti": "1",
            "informativa": "on",
        }
        sent = self._expect(client.post(url, urlencode(person), FORM), 303)
        self._expect(client.get(sent["Location"]), 200)
        link = Iscrizione.objects.get(email=email).get_absolute_url()
        self._expect(client.get(f"{link}conferma/"), 200)
        return email


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="for each of the two")
    seconds = parser.parse_args().seconds
    os.environ["RATE_LIMITS"] = "off"
    with tempfile.TemporaryDirectory(prefix="iscrizioni-") as folder:
        chosen = os.environ.get("DATABASE_URL", "")
        pagine.prepare(Path(folder), database_url=chosen)
        from django.conf import settings
        from django.core.management import call_command

        settings.ROOT_URLCONF = __name__
        settings.ALLOWED_HOSTS = ["testserver"]
        call_command("createcachetable")
        slug = "incontro-25"
        from eventi.models import Incontro, Iscrizione

        Incontro.objects.filter(slug=slug).update(posti=None, posti_occupati=0)
        people = Registrations(slug)
        last = people.whole()
        each = people.requests
        people.bare()
        if Iscrizione.objects.get(email=last).stato != "confermata":
            sys.exit("The registration was not confirmed")
        times = {"bare": [], "whole": []}
        for _ in range(ROUNDS):
            for kind, spent in times.items():
                end = time.perf_counter() + seconds / ROUNDS
                count, start, cpu = 0, time.perf_counter(), time.process_time()
                while time.perf_counter() < end:
                    getattr(people, kind)()
                    count += 1
                elapsed = time.perf_counter() - start
                spent.append((elapsed / count, (time.process_time() - cpu) / count))
        ratios = [
            (whole[0] / bare[0], whole[1] / bare[1])
            for whole, bare in zip(times["whole"], times["bare"], strict=True)
        ]
        print(f"database: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}")
        print(f"requests for a whole registration: {each}")
        for kind, spent in times.items():
            best = min(spent)
            print(f"{kind:6} {best[0] * 1000:8.1f} ms {best[1] * 1000:8.1f} ms of CPU")
        middle = sorted(ratios)[len(ratios) // 2]
        print(f"whole / bare: {middle[0]:.1f} of the time, {middle[1]:.1f} of the CPU")


if __name__ == "__main__":
    main()
