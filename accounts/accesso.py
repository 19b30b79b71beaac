"""How strongly somebody has shown who she is, in this visit.

A session is *strong* when a second factor was used in it, or set up in it, or when the identity
provider that she came from vouches for as much (SPID and CIE of level 2: :func:`segna_forte`).
Whose pages ask for it is decided above (``portale.accesso``).
"""

import secrets
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portale.lib.rifiuti import Rifiuto
from posta.services import accoda

from . import sessioni

_FORTE = "accesso_forte"
# Where she was going when she was asked for her second factor.
_POI = "accesso_poi"
FATTORI = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def segna_forte(request, user) -> None:
    """From now on this session has two proofs that it is ``user``'s."""
    request.session[_FORTE] = user.pk
    request._forte_ora = user.pk


def appena_forte(request, user) -> bool:
    """Whether both proofs were shown in this very request. What a session remembers of one that
    did not end in a login is no proof for the next."""
    return user is not None and getattr(request, "_forte_ora", None) == user.pk


def mfa_soddisfatta(request) -> bool:
    """Whether who has signed in showed a second proof in this session. Asks no database."""
    user = request.user
    return user.is_authenticated and request.session.get(_FORTE) == user.pk


def ha_un_fattore(user) -> bool:
    """Whether she can be asked for one: an app or a key. Recovery codes alone are none."""
    return Authenticator.objects.filter(user=user, type__in=FATTORI).exists()


def senza_fattore(persone: QuerySet) -> QuerySet:
    """Those of these people that cannot be asked for one."""
    suoi = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FATTORI)
    return persone.filter(~Exists(suoi))


def ricorda_dove(request, url: str) -> None:
    """Keep a path of ours, to lead her back there (``poi`` in the pages of the second factor)."""
    request.session[_POI] = url


def arrivata(request) -> None:
    """She got there: the pages of the second factor lead nowhere in particular again."""
    request.session.pop(_POI, None)


def togli_fattori(user, *, adesso: datetime) -> None:
    """Take away all that she enters with besides her password, end her sessions and tell her.
    Of two administrators at one instant one does it. Raises Rifiuto when there is none."""
    with transaction.atomic():
        if not Authenticator.objects.filter(user=user).delete()[0]:
            raise Rifiuto(_("Non ha nessun secondo passaggio: non c’è niente da togliere."))
        sessioni.chiudi(user)
        accoda(
            "fattori_tolti",
            user.email,
            chiave=f"fattori_tolti:{secrets.token_hex(16)}",
            lingua=user.lingua,
            parametri={"persona": user.pk},
            adesso=adesso,
        )


# --- What allauth tells ---------------------------------------------------------------------


def fattore_usato(sender, request, user, **kwargs):
    """Receiver: a factor was used, or set up by proving that one holds it."""
    if request is not None:
        segna_forte(request, user)


def fattore_tolto(sender, request, user, **kwargs):
    """Receiver: without any factor left the session is like any other again."""
    if request is not None and not ha_un_fattore(user):
        request.session.pop(_FORTE, None)
