"""Reminders: for each (registration, rule, start of the meeting) exactly one.

A rule falls due at a wall time of Rome. When it does, one row of the outbox is written for each
registration that was confirmed before that moment, all in one transaction under the meeting's
lock; the key of a row holds the start, so a meeting moved away and back tells nobody twice.
Who is confirmed later is told everything by the confirmation itself.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.db import transaction

from portale.lib import dates
from posta import services as posta
from posta.models import Messaggio

from .models import Incontro, Promemoria

REGOLE_PREDEFINITE = ((7, 0), (1, 0))
# Nobody's telephone rings for us between 21 and 8.
SILENZIO_DA = time(21)
SILENZIO_A = time(8)
ULTIMA_ORA = time(20, 30)


def nel_silenzio(momento: datetime) -> bool:
    orario = dates.a_roma(momento).time()
    return orario >= SILENZIO_DA or orario < SILENZIO_A


def fine_del_silenzio(momento: datetime) -> datetime:
    """The next eight in the morning after a moment of the quiet hours."""
    locale = dates.a_roma(momento)
    giorno = locale.date() + timedelta(days=1 if locale.time() >= SILENZIO_DA else 0)
    return dates.ora_di_muro(giorno, SILENZIO_A)


def scadenza(inizio: datetime, *, giorni: int, ore: int) -> datetime:
    """When a rule falls due: the same wall time ``giorni`` days and ``ore`` hours before the
    start, brought inside 8-20:30, and always before the start."""
    momento = dates.anticipa(inizio, giorni=giorni, ore=ore)
    locale = dates.a_roma(momento)
    if locale.time() >= SILENZIO_DA:
        momento = dates.ora_di_muro(locale.date(), ULTIMA_ORA)
    elif locale.time() < SILENZIO_A:
        momento = dates.ora_di_muro(locale.date(), SILENZIO_A)
        if momento >= inizio:
            momento = dates.ora_di_muro(locale.date() - timedelta(days=1), ULTIMA_ORA)
    return momento


def imposta_promemoria(incontro: Incontro, regole: Iterable[tuple[int, int]]) -> None:
    """Give a meeting exactly these (days, hours) rules."""
    with transaction.atomic():
        regole = set(regole)
        for regola in incontro.promemoria.all():
            if (regola.giorni, regola.ore) not in regole:
                regola.delete()
        Promemoria.objects.bulk_create(
            (Promemoria(incontro=incontro, giorni=giorni, ore=ore) for giorni, ore in regole),
            ignore_conflicts=True,
        )
        programma_promemoria(incontro)


def programma_promemoria(incontro: Incontro) -> None:
    """Work out when each rule of the meeting falls due for its present start."""
    for regola in incontro.promemoria.all():
        dovuto_at = incontro.inizio and scadenza(
            incontro.inizio, giorni=regola.giorni, ore=regola.ore
        )
        if regola.dovuto_at != dovuto_at:
            regola.dovuto_at = dovuto_at
            regola.accodato_at = None
            regola.save(update_fields=["dovuto_at", "accodato_at"])


def accoda_promemoria(adesso: datetime) -> int:
    """Queue the reminders that have fallen due; says how many mails."""
    quanti = 0
    dovuti = Promemoria.objects.da_accodare(adesso).values_list("pk", "incontro_id")
    for pk, incontro_pk in list(dovuti):
        with transaction.atomic():
            # Whoever is moving or cancelling the meeting holds this lock: look again after.
            Incontro.objects.select_for_update(no_key=True).get(pk=incontro_pk)
            regola = (
                Promemoria.objects.da_accodare(adesso)
                .filter(pk=pk)
                .select_related("incontro")
                .first()
            )
            if regola is not None:
                quanti += _accoda_regola(regola, adesso)
    return quanti


def _accoda_regola(regola: Promemoria, adesso: datetime) -> int:
    incontro = regola.incontro
    inizio = incontro.inizio.isoformat()
    destinatari = (
        incontro.iscrizioni.confermate()
        .filter(email__isnull=False, promemoria_graditi=True, confermata_at__lt=regola.dovuto_at)
        .values_list("pk", "email", "lingua")
    )
    quanti = posta.accoda_molti(
        (
            Messaggio(
                genere="promemoria",
                destinatario=email,
                lingua=lingua,
                chiave=f"promemoria:{pk}:{regola.giorni}g{regola.ore}h:{inizio}",
                parametri={"iscrizione": pk, "inizio": inizio},
                dovuto_at=adesso,
            )
            for pk, email, lingua in destinatari
        ),
        adesso=adesso,
    )
    regola.accodato_at = adesso
    regola.save(update_fields=["accodato_at"])
    return quanti
