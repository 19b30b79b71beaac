"""Render the mails kept under templates/emails/<name>/."""

import re

from django.conf import settings
from django.template import Context
from django.template.loader import get_template


def componi(nome: str, contesto: dict) -> tuple[str, str, str]:
    """Subject, text and HTML of templates/emails/<nome>/, in the active language."""
    return rendi(
        f"emails/{nome}/subject.txt",
        f"emails/{nome}/body.txt",
        f"emails/{nome}/body.html",
        contesto,
    )


def rendi(oggetto: str, testo: str, html: str, contesto: dict) -> tuple[str, str, str]:
    """The same from three templates by name."""
    contesto = {"ente": settings.ENTE, "base_url": settings.BASE_URL, **contesto}
    oggetto, testo, html = (
        # Only HTML is escaped: a subject says "L'incontro", not "L&#x27;incontro".
        get_template(modello).template.render(
            Context(contesto, autoescape=modello.endswith(".html"))
        )
        for modello in (oggetto, testo, html)
    )
    return " ".join(oggetto.split()), riordina(testo), html.strip()


def riordina(testo: str) -> str:
    """A plain text as a person would lay it out: at most one empty line in a row, no blanks
    at the end of a line except in the signature's mark."""
    righe = [riga if riga == "-- " else riga.rstrip() for riga in testo.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(righe)).strip() + "\n"


def lasciabile(url: str) -> dict[str, str]:
    """The headers that let a mail be left with one click in the mail program itself (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def assoluto(percorso: str) -> str:
    """The full address of a path of the portal, for mails and feeds."""
    return f"{settings.BASE_URL}{percorso}"
