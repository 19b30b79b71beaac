"""Pages that a browser opens without a network, and the worker that keeps them.

A page of this kind has a script ``js/<name>.js`` and a queue ``js/<name>-coda.js``, which its
worker reads too. Asked for as a shell (``chiesto``) it holds nothing of people's: what it shows
comes from the browser's own store. See docs/adr/0013-raccolta-senza-rete.md.
"""

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.templatetags.static import static

# What every page of this kind needs in order to open.
COMUNI = (
    "bi/portale.css",
    "bi/portale.js",
    "bi/icone.svg",
    "bi/fonts/titillium-web-v10-latin-ext_latin-regular.woff2",
    "bi/fonts/titillium-web-v10-latin-ext_latin-600.woff2",
    "bi/fonts/titillium-web-v10-latin-ext_latin-700.woff2",
    "img/favicon.svg",
    "js/senza-rete.js",
)


class Guscio:
    """The pages called ``nome``: which files the worker keeps, and under which name."""

    def __init__(self, nome: str, *altri: str):
        self.nome = nome
        coda = f"js/{nome}-coda.js"
        self.file = (*COMUNI, coda, f"js/{nome}.js", *altri)
        # The worker's own, which the browser keeps for itself.
        self.file_servizio = ("js/senza-rete.js", coda, "js/senza-rete-servizio.js")
        self._calcolato: tuple[str, list[str]] | None = None

    def chiesto(self, request) -> bool:
        """The worker asks for the page in order to keep it."""
        return request.headers.get("X-Guscio") == "si"

    def firma(self, response: HttpResponse) -> HttpResponse:
        """Say to which set of files this page belongs."""
        response["X-Guscio-Versione"] = self.da_conservare()[0]
        return response

    def da_conservare(self) -> tuple[str, list[str]]:
        """A name for the present contents of the files, and their addresses."""
        # Files do not change under a running server; while developing they do.
        if settings.DEBUG or self._calcolato is None:
            self._calcolato = self.calcola()
        return self._calcolato

    def calcola(self) -> tuple[str, list[str]]:
        """In production the addresses say the contents; elsewhere they are plain, so the
        contents are read too."""
        impronta = hashlib.sha256()
        for nome in (*self.file, *self.file_servizio):
            impronta.update(f"{static(nome)}\n".encode())
            if trovato := finders.find(nome):
                impronta.update(Path(trovato).read_bytes())
        return impronta.hexdigest()[:16], [static(nome) for nome in self.file]

    def servizio(self) -> HttpResponse:
        """The worker's script. What it may keep is written into it, so that a change of any of
        those files makes a new worker."""
        versione, file = self.da_conservare()
        dati = json.dumps({"nome": self.nome, "versione": versione, "file": file})
        script = ", ".join(json.dumps(static(nome)) for nome in self.file_servizio)
        return HttpResponse(
            f"self.GUSCIO = {dati};\nimportScripts({script});\n",
            content_type="text/javascript; charset=utf-8",
            headers={"Cache-Control": "no-cache"},
        )
