"""The office looks at a public page as whoever is nobody to it: "Vedi come cittadino".

Never as somebody: while it lasts, a page is made for a visitor without a name, a session or a
message, and nothing is sent from it. It begins from the office, and ends by going back there or
by itself. See docs/adr/0030-come-cittadino.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from .pagine import PUBBLICHE

# The key by which a session says that it looks so, until when, and where it came from.
SESSIONE = "come_cittadino"
# A cookie that says to ask the session: pages that need no session do not read one for this. By
# itself it shows nothing.
SEGNO = "come_cittadino"
DURATA = timedelta(minutes=30)

# What any visitor may open, beside the pages that are the same for all: files, and the first page
# of each form. A view that is not named is never shown so: it may be somebody's, by her link.
PAGINE = PUBBLICHE | {
    "favicon",
    "account_login",
    "account_signup",
    "bisogni:bisogno_csv",
    "bisogni:bisogno_inviato",
    "bisogni:bisogno_json",
    "bisogni:bisogno_nuovo",
    "contatti",
    "contatti_inviato",
    "dati_cancellati",
    "dati_chiedi",
    "eventi:allegato_scarica",
    "eventi:iscrizione_crea",
    "laboratori:disponibilita_crea",
    "laboratori:disponibilita_inviata",
    "partecipo:conferma_inviata",
    "proposte:allegato_anteprima",
    "proposte:allegato_scarica",
    "proposte:bisogni_trova",
    "proposte:commento_crea",
    "proposte:commento_segnala",
    "proposte:legami_csv",
    "proposte:legami_json",
    "proposte:proposta_csv",
    "proposte:proposta_inviata",
    "proposte:proposta_json",
    "proposte:proposta_nuova",
    "proposte:proposta_segnala",
    "proposte:proposta_simili",
    "proposte:seguito_crea",
    "proposte:sostegno_crea",
    "seguiti:segui_laboratorio",
    "seguiti:segui_tema",
    "tavolo:adesione_crea",
    "tavolo:decisione_csv",
    "tavolo:decisione_json",
    "tavolo:decisione_seggi_csv",
    "tavolo:decisione_seggi_json",
    "tavolo:documento_scarica",
    "tavolo:organizzazione_csv",
    "tavolo:verbale_pdf",
    "tavolo:verbale_verifica",
}
UFFICIO = "/admin/"
# Where somebody of the office works in another window, by her own doors: no page of a citizen
# leads there, and what she sends there must not be lost.
AL_LAVORO = frozenset({"presenze", "raccolta"})
_LETTURA = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Vista:
    """What is shown of it: where the office is."""

    ritorno: str


def pagina_di_tutti(indirizzo: str) -> str:
    """The address, if it is a page of ours that any visitor may ask for; or ""."""
    if not url_has_allowed_host_and_scheme(indirizzo, allowed_hosts=None):
        return ""
    try:
        trovata = resolve(indirizzo.partition("?")[0])
    except Resolver404:
        return ""
    return indirizzo if trovata.view_name in PAGINE else ""


def comincia(request: HttpRequest, adesso: datetime) -> HttpResponse:
    """Look so from now on; leads to the page that was asked for, or to the first."""
    ritorno = request.POST.get("ritorno", "")
    if not (ritorno.startswith(UFFICIO) and url_has_allowed_host_and_scheme(ritorno, None)):
        ritorno = reverse("admin:index")
    fino = (adesso + DURATA).timestamp()
    request.session[SESSIONE] = {"fino": fino, "ritorno": ritorno}
    response = redirect(pagina_di_tutti(request.POST.get("dove", "")) or reverse("home"))
    response.set_cookie(
        SEGNO, "1", httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


class ComeCittadino:
    """Middleware, inside those of session, person and messages: they find again what they gave,
    once the page is made."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.session_store = import_module(settings.SESSION_ENGINE).SessionStore

    def __call__(self, request):
        if SEGNO not in request.COOKIES:
            return self.get_response(request)
        vista = request.session.get(SESSIONE)
        if vista is None:
            return self._come_sempre(request)
        if request.path_info.startswith(UFFICIO):
            # A script that asks from another window does not end it.
            if request.headers.get("Sec-Fetch-Dest", "document") != "document":
                return self.get_response(request)
            del request.session[SESSIONE]
            return self._come_sempre(request)
        if vista["fino"] <= timezone.now().timestamp() or not request.user.is_staff:
            del request.session[SESSIONE]
            messages.info(
                request, gettext("La vista da cittadino è finita: il sito ti riconosce di nuovo.")
            )
            return self._come_sempre(request)
        trovata = _trovata(request)
        if _al_lavoro(request, trovata):
            return self.get_response(request)
        response = self._da_nessuno(request, Vista(vista["ritorno"]), trovata)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _come_sempre(self, request):
        """The answer that she has by herself; this is over."""
        response = self.get_response(request)
        # She may have begun it anew meanwhile: by the page that was just made.
        if SEGNO not in response.cookies:
            response.delete_cookie(SEGNO, samesite="Lax")
        return response

    def _da_nessuno(self, request, vista, trovata):
        """The answer to a visitor of whom nothing is known."""
        suoi = request.session, request.user, request.COOKIES, request._messages
        altrui = {settings.SESSION_COOKIE_NAME, SEGNO, "messages"}
        request.session = self.session_store()
        request.user = AnonymousUser()
        request.COOKIES = {n: v for n, v in request.COOKIES.items() if n not in altrui}
        request._messages = default_storage(request)
        request.come_cittadino = vista
        try:
            if request.method not in _LETTURA:
                return _ferma(request, vista, status=403)
            if trovata is not None and trovata.view_name not in PAGINE:
                return _ferma(request, vista, status=404)
            return self.get_response(request)
        finally:
            request.session, request.user, request.COOKIES, request._messages = suoi


def _trovata(request):
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None


def _al_lavoro(request, trovata):
    """Whether this comes from another window of hers. The Tavolo's area is not even read: its
    link stands on a page of citizens."""
    if trovata is None:
        return False
    if "area" in trovata.namespaces:
        return request.method not in _LETTURA
    return bool(AL_LAVORO.intersection(trovata.namespaces))


def _ferma(request, vista, *, status) -> HttpResponse:
    contesto = {"vista": vista, "invio": status == 403}
    return render(request, "admin/vista_ferma.html", contesto, status=status)
