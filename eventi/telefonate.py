"""Whom the office must call: people without an e-mail, for each thing that the others read in one.

Rows are written in the transaction of the event itself, by the key that its mail would have, so
that an event told twice makes one call. Something newer closes what is not true any more.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F

from .models import Incontro, Iscrizione, Telefonata

Genere, Esito = Telefonata.Genere, Telefonata.Esito

# An event without a date of its own is told within a day.
SUBITO = timedelta(days=1)


def accoda(genere: str, iscrizione: Iscrizione, chiave: str, adesso: datetime) -> None:
    """Somebody in particular has to be told: by when her offer lasts, or within a day."""
    incontro = iscrizione.incontro
    entro = adesso + SUBITO
    utile_fino = incontro.inizio
    if genere == Genere.POSTO_OFFERTO:
        entro = utile_fino = iscrizione.scade_at
    elif incontro.inizio and incontro.inizio > adesso:
        entro = min(entro, incontro.inizio)
    _scrivi(genere, {iscrizione.pk: chiave}, entro, utile_fino, adesso)


def incontro_cambiato(genere: str, incontro: Incontro, adesso: datetime) -> None:
    """Everybody without an e-mail is told that the meeting moved, is put off or cancelled, or is
    attended in another way; what was still to be said of it before is not."""
    Telefonata.objects.aperte().filter(
        iscrizione__incontro=incontro,
        genere__in=[*Telefonata.CAMBI, Genere.PROMEMORIA],
    ).update(esito=Esito.SUPERATA, chiusa_at=adesso)
    senza = incontro.iscrizioni.vive().filter(email=None)
    date = [data for data in (incontro.inizio, incontro.inizio_precedente) if data]
    entro = min((data for data in date if data > adesso), default=adesso + SUBITO)
    # Who was not told that it is put off may go in vain, and should hear it afterwards too.
    utile_fino = None if genere == Genere.RINVIATO else incontro.inizio
    chiavi = {
        pk: f"{genere}:{pk}:{incontro.sequenza}" for pk in senza.values_list("pk", flat=True)
    }
    _scrivi(genere, chiavi, entro, utile_fino, adesso)


def promemoria(incontro: Incontro, chiavi: dict[int, str], adesso: datetime) -> None:
    """The reminder of one rule, by registration; an older one that nobody made is dropped."""
    Telefonata.objects.aperte().filter(iscrizione__in=chiavi, genere=Genere.PROMEMORIA).exclude(
        chiave__in=chiavi.values()
    ).update(esito=Esito.SUPERATA, chiusa_at=adesso)
    _scrivi(Genere.PROMEMORIA, chiavi, incontro.inizio, incontro.inizio, adesso)


def segna(telefonata: Telefonata, esito: str, *, autore, adesso: datetime) -> bool:
    """How a call went; False when somebody has closed it already. Only ``raggiunta`` closes it."""
    chiusa_at = adesso if esito == Esito.RAGGIUNTA else None
    return bool(
        Telefonata.objects.aperte()
        .filter(pk=telefonata.pk)
        .update(
            esito=esito,
            tentativi=F("tentativi") + 1,
            segnata_da=autore,
            segnata_at=adesso,
            chiusa_at=chiusa_at,
        )
    )


def riapri(telefonata: Telefonata, *, autore, adesso: datetime) -> bool:
    """It was ticked by mistake: back in the list; False when it was not ticked as reached."""
    return bool(
        Telefonata.objects.filter(pk=telefonata.pk, esito=Esito.RAGGIUNTA).update(
            esito="", chiusa_at=None, segnata_da=autore, segnata_at=adesso
        )
    )


def _scrivi(genere, chiavi: dict[int, str], entro, utile_fino, adesso) -> None:
    righe: Iterable[Telefonata] = (
        Telefonata(
            iscrizione_id=pk,
            genere=genere,
            chiave=chiave,
            entro_at=entro,
            utile_fino=utile_fino,
            created_at=adesso,
        )
        for pk, chiave in chiavi.items()
    )
    Telefonata.objects.bulk_create(righe, batch_size=500, ignore_conflicts=True)
