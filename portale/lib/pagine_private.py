"""Pages that a signed link opens, and nothing else does."""

from collections.abc import Callable
from functools import wraps

from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from .codici import ConCodice


def pagina_da_link(righe: Callable[[], ConCodice], sbagliato: str):
    """``@pagina("GET", "POST")`` for views of one row of ``righe()``, which the link names; any
    other link gets the template ``sbagliato``, with 404.

    The link is the permission: no login, and no CSRF token either, since whoever does not know
    the address cannot forge a request to it, and whoever knows it needs no forgery. (A token
    would also fail here: with ``no-referrer`` browsers send ``Origin: null``, and a page may be
    opened from the browser's own store, days later.) Nothing on the way keeps a copy of these
    pages and no other site learns their address.
    """

    def pagina(*metodi):
        def decora(view):
            @csrf_exempt
            @require_http_methods(metodi)
            @wraps(view)
            def wrapper(request, token):
                riga = righe().from_token(token).first()
                if riga is None:
                    response = render(request, sbagliato, status=404)
                else:
                    response = view(request, riga)
                response["Cache-Control"] = "no-store"
                response["Referrer-Policy"] = "no-referrer"
                response["X-Robots-Tag"] = "noindex, nofollow"
                return response

            return wrapper

        return decora

    return pagina
