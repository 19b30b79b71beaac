"""Render the mails kept under templates/emails/<name>/."""

from django.conf import settings
from django.template.loader import render_to_string


def componi(nome: str, contesto: dict) -> tuple[str, str, str]:
    """Subject, text and HTML of templates/emails/<nome>/, in the active language."""
    contesto = {"ente": settings.ENTE, "base_url": settings.BASE_URL, **contesto}
    oggetto, testo, html = (
        render_to_string(f"emails/{nome}/{parte}", contesto)
        for parte in ("subject.txt", "body.txt", "body.html")
    )
    return " ".join(oggetto.split()), testo, html


def assoluto(percorso: str) -> str:
    """The full address of a path of the portal, for mails and feeds."""
    return f"{settings.BASE_URL}{percorso}"
