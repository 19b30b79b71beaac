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

from . import telefonate
from .models import Incontro, Promemoria

REGOLE_PREDEFINITE = ((7, 0), (1, 0))
# Nobody's telephone rings for us between 21 and 8.
SILENZIO_DA = time(21)
SILENZIO_A = time(8)
ULTIMA_ORA = time(20, 30)


def nel_silenzio(momento: datetime) -> bool:
    orario = dates.a_roma(momento).time()
    return orario >= SILENZIO_DA or orario < SILENZIO_A


def dopo_il_silenzio(momento: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls in."""
    return fine_del_silenzio(momento) if nel_silenzio(momento) else momento


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


def imposta_promemoria_molti(
    incontri: Iterable[Incontro], regole: Iterable[tuple[int, int]]
) -> None:
    """The same for many meetings that were just made and have no rules yet."""
    Promemoria.objects.bulk_create(
        (
            Promemoria(
                incontro=incontro,
                giorni=giorni,
                ore=ore,
                dovuto_at=incontro.inizio and scadenza(incontro.inizio, giorni=giorni, ore=ore),
            )
            for incontro in incontri
            for giorni, ore in regole
        ),
        batch_size=500,
    )


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


def programma_promemoria_molti(incontri: Iterable[Incontro]) -> None:
    """The same for many meetings, in a number of queries that grows with their hundreds."""
    per_pk = {incontro.pk: incontro for incontro in incontri}
    pks = sorted(per_pk)
    for da in range(0, len(pks), 500):
        # Locked, so that none is taken away before it is written.
        regole = Promemoria.objects.select_for_update().filter(incontro__in=pks[da : da + 500])
        cambiate = []
        for regola in regole.order_by("pk"):
            inizio = per_pk[regola.incontro_id].inizio
            dovuto_at = inizio and scadenza(inizio, giorni=regola.giorni, ore=regola.ore)
            if regola.dovuto_at != dovuto_at:
                regola.dovuto_at, regola.accodato_at = dovuto_at, None
                cambiate.append(regola)
        if cambiate:
            Promemoria.objects.bulk_create(
                cambiate,
                update_conflicts=True,
                unique_fields=["pk"],
                update_fields=["dovuto_at", "accodato_at"],
            )


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
    gia_confermate = incontro.iscrizioni.confermate().filter(confermata_at__lt=regola.dovuto_at)
    quale = f"{regola.giorni}g{regola.ore}h:{inizio}"
    da_chiamare = gia_confermate.filter(email=None, promemoria_graditi=True).values_list(
        "pk", flat=True
    )
    telefonate.promemoria(incontro, {pk: f"promemoria:{pk}:{quale}" for pk in da_chiamare}, adesso)
    destinatari = gia_confermate.con_promemoria().values_list("pk", "email", "lingua")
    quanti = posta.accoda_molti(
        (
            Messaggio(
                genere="promemoria",
                destinatario=email,
                lingua=lingua,
                chiave=f"promemoria:{pk}:{quale}",
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
