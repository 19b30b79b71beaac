"""Whole pages for people who have not signed in, kept compressed inside each process.

The outermost middleware answers them before any other code of Django runs. See
docs/adr/0006-pagine-in-cache.md.
"""

import gzip
from hashlib import blake2b

import brotli
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError
from django.http import HttpResponse

from .lib.memoria import DURATA_PAGINE, VERSIONE
from .models import VersionePagine

# The views that show everybody the same thing. One that is not named here is never kept.
PUBBLICHE = frozenset(
    {
        "home",
        "percorso_list",
        "percorso_detail",
        "percorso_esiti",
        "laboratorio_list",
        "laboratorio_detail",
        "eventi:incontro_list",
        "eventi:incontro_archivio",
        "eventi:incontro_mese",
        "eventi:incontro_detail",
        "eventi:incontro_ics",
        "eventi:iscrizione_inviata",
        "eventi:incontro_atom",
        "eventi:calendario_ics",
        "eventi:laboratorio_ics",
        "eventi:resoconto_detail",
        "proposte:proposta_list",
        "proposte:proposta_mappa",
        "proposte:proposta_atom",
        "proposte:proposta_colonne",
        "bisogni:bisogno_list",
        "proposte:proposta_detail",
        "proposte:proposta_percorso",
        "proposte:proposta_versioni",
        "proposte:proposta_scheda",
        "proposte:proposta_qr",
        "bisogni:bisogno_detail",
        "bisogni:bisogno_percorso",
        "tavolo:tavolo",
        "tavolo:adesione_inviata",
        "tavolo:seduta_list",
        "tavolo:seduta_detail",
        "tavolo:seduta_ics",
        "tavolo:verbale_detail",
        "tavolo:decisione_list",
        "tavolo:decisione_detail",
        "tavolo:decisione_colonne",
        "tavolo:parere_list",
        "tavolo:parere_detail",
        "privacy",
        "accessibilita",
        "note_legali",
        "domande_frequenti",
        "robots",
        "sitemap",
    }
)
# Never looked up: files, the office, and the health page, which must not need the database.
ALTROVE = (settings.STATIC_URL, "/admin/", "/salute/")

RILETTURA_VERSIONE = 1  # seconds
# A longer query is no link of ours: answered, not kept.
RICHIESTA_MASSIMA = 300
CACHE_CONTROL = "max-age=0, must-revalidate"
VARY = "Accept-Encoding, Cookie"


class PagineInCache:
    """Serve and keep the PUBBLICHE pages of whoever carries no session and no message."""

    def __init__(self, get_response):
        if settings.DEBUG:
            raise MiddlewareNotUsed  # who edits a template wants to see it
        self.get_response = get_response
        self.personali = (f"{settings.SESSION_COOKIE_NAME}=", "messages=")

    def __call__(self, request):
        meta = request.META
        cookie = meta.get("HTTP_COOKIE", "")
        if (
            request.method != "GET"
            or request.path_info.startswith(ALTROVE)
            or any(nome in cookie for nome in self.personali)
        ):
            return _personale(self.get_response(request))

        pagine = caches["pagine"]
        versione = _versione(pagine)
        codifica = _codifica(meta.get("HTTP_ACCEPT_ENCODING", ""))
        # The address says the language (/en/), the host and scheme decide redirects and refusals.
        chiave = "\n".join(
            (
                str(versione),
                codifica,
                request.scheme,
                meta.get("HTTP_HOST", ""),
                request.path,
                meta.get("QUERY_STRING", ""),
            )
        )
        breve = len(chiave) <= RICHIESTA_MASSIMA
        chiave = blake2b(chiave.encode(errors="replace"), digest_size=20).hexdigest()
        pagina = pagine.get(chiave) if breve else None
        if pagina is None:
            response = self.get_response(request)
            if not _uguale_per_tutti(request, response):
                return _personale(response)
            pagina = _pagina(response, codifica)
            # A page rendered while somebody was publishing is kept under the version read
            # before, which nobody asks for any more.
            if breve and versione is not None:
                pagine.set(chiave, pagina, DURATA_PAGINE)
        return _risposta(pagina, meta)


def _versione(pagine):
    """The number in VersionePagine, at most a second old; None if the database never answered."""
    versione = pagine.get(VERSIONE)
    if versione is None:
        try:
            versione = VersionePagine.objects.attuale()
            pagine.set("ultima-versione", versione, DURATA_PAGINE)
        except DatabaseError:
            # The pages kept so far go on until they expire.
            versione = pagine.get("ultima-versione")
        pagine.set(VERSIONE, versione, RILETTURA_VERSIONE)
    return versione


def _codifica(accettate):
    """The best encoding that the client takes: "br", "gzip" or "" for none."""
    nomi = {
        nome.strip()
        for nome, _, peso in (voce.partition(";") for voce in accettate.lower().split(","))
        if peso.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    }
    return "br" if "br" in nomi else "gzip" if "gzip" in nomi else ""


def _uguale_per_tutti(request, response):
    """True for a good answer of a public view that carries nothing of one person's visit."""
    return (
        response.status_code == 200
        and not response.streaming
        and request.resolver_match is not None
        and request.resolver_match.view_name in PUBBLICHE
        and not response.cookies
        and not getattr(getattr(request, "_messages", None), "added_new", False)
        and b"csrfmiddlewaretoken" not in response.content
        and not getattr(request, "csp_nonce", False)  # true only once somebody has read it
        and "no-store" not in response.headers.get("Cache-Control", "")
    )


def _personale(response):
    """Nobody between us and her keeps what was made for one person, unless the view says so."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _pagina(response, codifica):
    """What is kept: the body, compressed, and all its headers."""
    corpo = response.content
    if codifica == "br":
        # Half the effort of the default takes a sixth of the time and loses a few bytes.
        corpo = brotli.compress(corpo, quality=5)
    elif codifica == "gzip":
        corpo = gzip.compress(corpo, compresslevel=6, mtime=0)
    intestazioni = dict(response.headers)
    if codifica:
        intestazioni["Content-Encoding"] = codifica
    intestazioni["Content-Length"] = str(len(corpo))
    intestazioni["ETag"] = f'"{blake2b(corpo, digest_size=12).hexdigest()}"'
    intestazioni["Cache-Control"] = CACHE_CONTROL
    intestazioni["Vary"] = VARY
    return corpo, intestazioni


def _risposta(pagina, meta):
    """The page, or 304 to whoever has it already."""
    corpo, intestazioni = pagina
    etag = intestazioni["ETag"]
    noti = meta.get("HTTP_IF_NONE_MATCH", "")
    # Weak comparison (RFC 9110, 13.1.2): a proxy may have weakened our tag.
    if etag not in (noto.strip().removeprefix("W/") for noto in noti.split(",")):
        return HttpResponse(corpo, headers=intestazioni)
    response = HttpResponse(status=304, headers={"ETag": etag, "Vary": VARY})
    response.headers["Cache-Control"] = CACHE_CONTROL
    del response.headers["Content-Type"]
    return response
