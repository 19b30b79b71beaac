"""Where somebody is signed in: what she is shown of it, and how it ends.

A row of allauth's ``UserSession`` (address, browser, last visit) lives as long as its session and
no longer. Sessions of the office end when nobody has used them for a while.
"""

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from portale.lib.dates import giorno_e_ora
from portale.lib.limiti import indirizzo_cliente

from .models import Sessione

# When this session was last seen, and after how many seconds without a visit it ends.
_VISTA = "accesso_visto"
_RIPOSO = "accesso_riposo"
# How often "last seen" is written down, in seconds: it is read in minutes.
OGNI = 300


def entrata(sender, request, user, **kwargs):
    """Receiver of allauth's login. A session of the office ends by itself when it rests."""
    request.session[_VISTA] = int(time.time())
    if user.is_staff:
        request.session[_RIPOSO] = settings.SESSIONE_UFFICIO_MINUTI * 60


class UltimaVisita:
    """Write down, every few minutes, that a session is used; with that an office's session lives
    on. Never asks for a session that the page did not ask for."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        session = request.session
        if session.accessed and (vista := session.get(_VISTA)):
            # After the page: the login form has its own idea of how long a session lasts.
            riposo = session.get(_RIPOSO)
            if riposo and session.get("_session_expiry") != riposo:
                session.set_expiry(riposo)
            if time.time() - vista >= OGNI:
                self._segna(request)
        return response

    def _segna(self, request):
        request.session[_VISTA] = int(time.time())
        UserSession.objects.filter(session_key=request.session.session_key).update(
            last_seen_at=timezone.now(),
            ip=indirizzo_cliente(request),
            user_agent=request.headers.get("user-agent", "")[:_LUNGHEZZA],
        )


_LUNGHEZZA = UserSession._meta.get_field("user_agent").max_length


@dataclass(frozen=True)
class Aperta:
    """One place where she is signed in."""

    pk: int
    dispositivo: str
    ip: str
    entrata: str
    vista: str
    questa: bool


def aperte(request) -> list[Aperta]:
    """Where she is signed in now: this visit first, then those seen last. Two queries."""
    righe = {
        riga.session_key: riga
        for riga in UserSession.objects.filter(user=request.user).order_by("-last_seen_at", "-pk")
    }
    vive = set()
    for sessione in Sessione.objects.filter(pk__in=righe, expire_date__gt=timezone.now()):
        # Those that a new password has closed still have a row of their own.
        impronta = sessione.get_decoded().get(HASH_SESSION_KEY, "")
        if constant_time_compare(impronta, request.user.get_session_auth_hash()):
            vive.add(sessione.pk)
    trovate = [
        Aperta(
            riga.pk,
            dispositivo(riga.user_agent),
            riga.ip,
            giorno_e_ora(riga.created_at),
            giorno_e_ora(riga.last_seen_at),
            chiave == request.session.session_key,
        )
        for chiave, riga in righe.items()
        if chiave in vive
    ]
    return sorted(trovate, key=lambda aperta: not aperta.questa)


def chiudi(user, *, pk: int | None = None, tranne: str = "") -> int:
    """End her session with this number, or all of them; never the one whose key is ``tranne``.
    Says how many rows went."""
    sue = UserSession.objects.filter(user=user).exclude(session_key=tranne)
    if pk is not None:
        sue = sue.filter(pk=pk)
    with transaction.atomic():
        Sessione.objects.filter(pk__in=list(sue.values_list("session_key", flat=True))).delete()
        quante, _dettaglio = sue.delete()
    return quante


def pulisci(adesso: datetime) -> int:
    """Delete the sessions that are over, and what was kept of them; says of how many."""
    Sessione.objects.filter(expire_date__lt=adesso).delete()
    finite = UserSession.objects.filter(last_seen_at__lt=adesso - timedelta(hours=1)).exclude(
        session_key__in=Sessione.objects.values("pk")
    )
    quante, _dettaglio = finite.delete()
    return quante


# --- Devices --------------------------------------------------------------------------------

# The first that is found: some browsers say the name of another one too.
_BROWSER = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SISTEMI = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"CrOS", "Chromebook"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "Mac"),
    (r"Linux", "Linux"),
)


def dispositivo(user_agent: str) -> str:
    """ "Firefox su Windows": what a browser says of itself, in words. It may say anything."""
    browser, sistema = (
        next((nome for segno, nome in segni if re.search(segno, user_agent)), "")
        for segni in (_BROWSER, _SISTEMI)
    )
    if browser and sistema:
        return _("%(browser)s su %(sistema)s") % {"browser": browser, "sistema": sistema}
    return browser or sistema or _("Un dispositivo che non riconosciamo")
