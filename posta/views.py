"""/posta-demo/: the mails that the demo kept instead of sending. It exists only in the demo."""

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from functools import wraps
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from portale.lib.dates import giorno_e_ora

PER_PAGINA = 25
_NOME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}\.eml")
INTESTAZIONI = (
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    "Content-Language", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
# What a mail may do inside its frame: open its links, in this window or a new one. No scripts,
# no forms, nothing from elsewhere.
PERMESSI = (
    "allow-popups",
    "allow-popups-to-escape-sandbox",
    "allow-top-navigation-by-user-activation",
)


def _pagina_demo(view):
    """Nobody but who tries the demo needs to find or keep these pages."""

    @wraps(view)
    def avvolta(*args, **kwargs):
        response = view(*args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return require_safe(never_cache(avvolta))


@_pagina_demo
def posta_demo(request):
    """All the kept mails, the newest first."""
    nomi = sorted(f.name for f in _cartella().glob("*.eml") if _NOME.fullmatch(f.name))
    pagina = Paginator(nomi[::-1], PER_PAGINA).get_page(request.GET.get("page"))
    lettore = BytesHeaderParser(policy=policy.default)
    righe = []
    for nome in pagina:
        with (_cartella() / nome).open("rb") as file:
            intestazioni = lettore.parse(file)
        righe.append(
            {
                "url": reverse("posta:posta_demo_messaggio", args=[nome]),
                "oggetto": intestazioni["Subject"],
                "a": intestazioni["To"],
                "quando": _quando(intestazioni),
            }
        )
    # In the demo, but with a real mail server configured, nothing is kept here.
    conservate = settings.EMAIL_BACKEND == "posta.backends.EmailBackend"
    contesto = {"righe": righe, "page_obj": pagina, "conservate": conservate}
    return render(request, "posta/posta_demo.html", contesto)


@_pagina_demo
@csp_update({"frame-src": [SELF]})
def posta_demo_messaggio(request, nome):
    """One mail as its reader sees it, its text, what is attached, its headers."""
    messaggio = _leggi(nome)
    testo = messaggio.get_body(("plain",))
    contesto = {
        "nome": nome,
        "oggetto": messaggio["Subject"],
        "mittente": messaggio["From"],
        "a": messaggio["To"],
        "quando": _quando(messaggio),
        "ha_html": messaggio.get_body(("html",)) is not None,
        "permessi": " ".join(PERMESSI),
        "testo": testo.get_content() if testo is not None else "",
        "allegati": [
            {
                "nome": allegato.get_filename() or _("allegato"),
                "tipo": allegato.get_content_type(),
                "url": reverse("posta:posta_demo_allegato", args=[nome, numero]),
            }
            for numero, allegato in enumerate(messaggio.iter_attachments())
        ],
        "intestazioni": [(i, messaggio[i]) for i in INTESTAZIONI if messaggio[i]],
        "briciole": [
            (_("Posta della demo"), reverse("posta:posta_demo")),
            (messaggio["Subject"], ""),
        ],
    }
    return render(request, "posta/posta_demo_messaggio.html", contesto)


@_pagina_demo
@xframe_options_sameorigin
@csp(
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": ["data:"],
        "base-uri": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": list(PERMESSI),
    }
)
def posta_demo_html(request, nome):
    """The HTML of one mail, alone, for the frame: the only page that may have inline styles,
    and it has nothing else."""
    corpo = _leggi(nome).get_body(("html",))
    if corpo is None:
        raise Http404
    html = corpo.get_content()
    # Its links leave the frame.
    return HttpResponse(re.sub(r"<head>", '<head><base target="_top">', html, count=1))


@_pagina_demo
def posta_demo_originale(request, nome):
    """The file as it would have gone over the wire."""
    return _scarica(_percorso(nome).read_bytes(), "message/rfc822", nome)


@_pagina_demo
def posta_demo_allegato(request, nome, numero):
    allegati = list(_leggi(nome).iter_attachments())
    if numero >= len(allegati):
        raise Http404
    allegato = allegati[numero]
    contenuto = allegato.get_payload(decode=True)
    return _scarica(contenuto, allegato["Content-Type"], allegato.get_filename() or "allegato")


def _scarica(contenuto, tipo, nome):
    response = HttpResponse(contenuto, content_type=str(tipo))
    response.headers["Content-Disposition"] = content_disposition_header(True, nome)
    return response


def _cartella() -> Path:
    return Path(settings.POSTA_DEMO_DIR)


def _percorso(nome) -> Path:
    # The name is matched whole, so it can not lead out of the folder.
    if not _NOME.fullmatch(nome) or not (_cartella() / nome).is_file():
        raise Http404
    return _cartella() / nome


def _leggi(nome) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(_percorso(nome).read_bytes())


def _quando(messaggio) -> str:
    data = messaggio["Date"]
    return giorno_e_ora(data.datetime) if data and data.datetime else ""
