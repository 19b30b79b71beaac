"""Who is late with a report is told: on the morning after the deadline, and then every week.

For each (meeting, deadline, step) exactly one mail, whatever happens to clocks and workers: the
outbox's key holds all three. A meeting moved meanwhile has another deadline and begins anew.
"""

from datetime import date, datetime, time, timedelta

from django.conf import settings

from portale.lib import dates
from posta.models import Messaggio
from posta.services import accoda_molti

from .models import Incontro

ALLE = time(9)
OGNI = timedelta(days=7)
# After two months a mail more changes nothing; the office's first page goes on saying it.
VOLTE = 9


def passo_dovuto(incontro: Incontro, adesso: datetime) -> int | None:
    """Which mail about its late report is due by now, from 0; None before the first, and after
    the last has had its week."""
    entro: date | None = incontro.resoconto_entro
    if entro is None:
        return None
    # By days of Rome's calendar, which begin at nine: an hour of daylight is no week.
    a_roma = dates.a_roma(adesso)
    oggi = a_roma.date() - timedelta(days=0 if a_roma.time() >= ALLE else 1)
    volta = ((oggi - entro).days - 1) // OGNI.days
    return volta if 0 <= volta < VOLTE else None


def accoda_solleciti(adesso: datetime) -> int:
    """Queue the mails that have fallen due, only the latest of each meeting; says how many."""
    giorni = settings.RESOCONTO_GIORNI
    limite = adesso - timedelta(days=giorni + 1) - VOLTE * OGNI
    in_ritardo = (
        Incontro.objects.resoconto_in_ritardo(adesso, giorni)
        .filter(percorso__esempio=False, inizio__gt=limite - timedelta(days=1))
        .order_by("pk")
    )
    messaggi = []
    for incontro in in_ritardo:
        volta = passo_dovuto(incontro, adesso)
        if volta is None:
            continue
        messaggi.append(
            Messaggio(
                genere="resoconto_tardi",
                destinatario=settings.ENTE["email"],
                lingua="it",
                chiave=f"resoconto_tardi:{incontro.pk}:{incontro.resoconto_entro}:{volta}",
                parametri={"incontro": incontro.pk, "entro": str(incontro.resoconto_entro)},
                dovuto_at=adesso,
            )
        )
    return accoda_molti(messaggi, adesso=adesso)
