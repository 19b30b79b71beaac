"""The seats of one meeting: the lock, the count, and the waiting list's turn.

Everything here runs inside :func:`incontro_bloccato`. On PostgreSQL that is a row lock on the
meeting; on SQLite the transaction holds the database's write lock from its first statement. So
whoever is inside reads what no other process can be changing.

The invariant, at every commit: the sum of ``Iscrizione.posti`` equals ``posti_occupati``, which
is at most ``capienza`` plus what the office granted (``posti_oltre``). Named constraints refuse
the commit otherwise.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta

from django.db import connection, transaction

from . import avvisi
from .models import Incontro, Iscrizione, PassaggioIscrizione

Stato = Iscrizione.Stato
Attore = PassaggioIscrizione.Attore

ATTESA_VERIFICA = timedelta(minutes=30)
# In the waiting list an unconfirmed address holds no seat, so it may take its time.
ATTESA_VERIFICA_IN_LISTA = timedelta(hours=24)
OFFERTA_MASSIMA = timedelta(hours=24)


_fila = threading.Lock()


def _in_fila() -> AbstractContextManager:
    """Where the threads of one process wait for SQLite's only writer.

    SQLite makes those who wait try again at intervals, which is neither fair nor quick: of
    hundreds at once some tried in vain for 20 seconds. Inside somebody's transaction the writer
    is already ours, and waiting here for a thread that waits for it would never end.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        return _fila
    return nullcontext()


@contextmanager
def incontro_bloccato(pk: int, adesso: datetime) -> Iterator[Incontro]:
    """Hold the meeting's lock; on leaving, give freed seats to the waiting list and store the
    count. An exception undoes everything."""
    with _in_fila(), transaction.atomic():
        incontro = Incontro.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
        # Set where seats come free or somebody is put in line: else nothing is to be offered,
        # because whoever was here before has offered it.
        incontro.rivedi_coda = False
        prima = (incontro.posti_occupati, incontro.posti_oltre)
        yield incontro
        if incontro.rivedi_coda:
            offri_posti_liberi(incontro, adesso)
        if incontro.posti is None:
            incontro.posti_oltre = 0
        else:
            # Only the office raises it; here it shrinks back as seats are given up. A count
            # above it is a mistake that the constraint must refuse, so it is never raised.
            oltre = max(incontro.posti_occupati - incontro.capienza, 0)
            incontro.posti_oltre = min(incontro.posti_oltre, oltre)
        if (incontro.posti_occupati, incontro.posti_oltre) != prima:
            # Not updated_at: calendars and feeds say nothing of seats, and need not change.
            incontro.save(update_fields=["posti_occupati", "posti_oltre"])


def lascia_i_posti(incontro: Incontro, iscrizione: Iscrizione) -> None:
    """Count what she holds as free: she is about to be given seats, or a place, anew."""
    incontro.rivedi_coda = incontro.rivedi_coda or iscrizione.posti > 0
    incontro.posti_occupati -= iscrizione.posti
    iscrizione.posti = 0


def rileggi(incontro: Incontro, pk: int) -> Iscrizione:
    """The registration as it is now that nobody else can change it."""
    iscrizione = incontro.iscrizioni.get(pk=pk)
    iscrizione.incontro = incontro
    return iscrizione


def passa(
    incontro: Incontro,
    iscrizione: Iscrizione,
    stato: str,
    *,
    adesso: datetime,
    attore: str,
    posti: int = 0,
    scade_at: datetime | None = None,
    autore=None,
    motivo: str = "",
) -> PassaggioIscrizione:
    """Move a registration (new or not) to a state, holding ``posti`` seats until ``scade_at``.

    The caller has decided that it may; this keeps the count and leaves the trace.
    """
    passaggio = muovi(
        incontro,
        iscrizione,
        stato,
        adesso=adesso,
        attore=attore,
        posti=posti,
        scade_at=scade_at,
        autore=autore,
        motivo=motivo,
    )
    iscrizione.save()
    passaggio.save()
    return passaggio


def muovi(
    incontro: Incontro,
    iscrizione: Iscrizione,
    stato: str,
    *,
    adesso: datetime,
    attore: str,
    posti: int = 0,
    scade_at: datetime | None = None,
    autore=None,
    motivo: str = "",
) -> PassaggioIscrizione:
    """The same, for who saves many together: neither she nor the trace is saved yet."""
    da = "" if iscrizione._state.adding else iscrizione.stato
    if posti < iscrizione.posti or stato == Stato.LISTA_ATTESA:
        incontro.rivedi_coda = True
    incontro.posti_occupati += posti - iscrizione.posti
    iscrizione.stato = stato
    iscrizione.posti = posti
    iscrizione.scade_at = scade_at
    if stato == Stato.CONFERMATA:
        iscrizione.confermata_at = adesso
        iscrizione.solo_al_completo = False
    return PassaggioIscrizione(
        iscrizione=iscrizione,
        da=da,
        a=stato,
        posti=posti,
        attore=attore,
        autore=autore,
        motivo=motivo,
        created_at=adesso,
    )


def ce_posto(incontro: Incontro, posti: int, *, coda: bool | None = None) -> bool:
    """Whether a newcomer may take ``posti`` seats: they are free and nobody waits for them
    (``coda``, where the caller knows whether somebody does)."""
    if incontro.posti is None:
        return True
    if incontro.posti_liberi < posti:
        return False
    return not (incontro.iscrizioni.in_attesa().exists() if coda is None else coda)


def fai_posto(incontro: Incontro, posti: int, adesso: datetime) -> bool:
    """The same under the lock, releasing first the holds whose time is over where their seats
    are wanted now."""
    if incontro.posti is not None and incontro.posti_liberi < posti:
        fai_scadere(incontro, adesso)
    return ce_posto(incontro, posti)


def scadenza_offerta(incontro: Incontro, adesso: datetime) -> datetime:
    """An offer lives 24 hours, or a third of the time left if that is less."""
    return adesso + min(OFFERTA_MASSIMA, (incontro.inizio - adesso) / 3)


def offri_posti_liberi(incontro: Incontro, adesso: datetime) -> None:
    """Give every free seat to the waiting list, in its order.

    A group may be offered fewer seats than it asked for: it accepts them, leaves, or stays in
    its place waiting for all of them, and only then do smaller requests pass before it.
    """
    if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.inizio <= adesso:
        return
    while incontro.posti is None or incontro.posti_liberi > 0:
        coda = incontro.iscrizioni.in_attesa()
        if incontro.posti is not None:
            coda = coda.exclude(solo_al_completo=True, posti_richiesti__gt=incontro.posti_liberi)
        testa = coda.first()
        if testa is None:
            return
        testa.incontro = incontro
        liberi = testa.posti_richiesti if incontro.posti is None else incontro.posti_liberi
        passa(
            incontro,
            testa,
            Stato.POSTO_OFFERTO,
            adesso=adesso,
            attore=Attore.SISTEMA,
            posti=min(testa.posti_richiesti, liberi),
            scade_at=scadenza_offerta(incontro, adesso),
        )
        avvisi.posto_offerto(testa, adesso)


def fai_scadere(incontro: Incontro, adesso: datetime) -> int:
    """End the holds and offers of this meeting whose time is over; says how many."""
    scadute = list(incontro.iscrizioni.scadute(adesso).order_by("scade_at", "pk"))
    for iscrizione in scadute:
        iscrizione.incontro = incontro
        offerta = iscrizione.stato == Stato.POSTO_OFFERTO
        passa(incontro, iscrizione, Stato.SCADUTA, adesso=adesso, attore=Attore.SISTEMA)
        if offerta:
            avvisi.posto_scaduto(iscrizione, adesso)
    return len(scadute)
