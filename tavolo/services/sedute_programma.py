"""The call that leaves by itself, on the day that the notice agreed by the Tavolo asks for.

The day is worked out each time it is asked, from the sitting's date and from the rules as they
are: a sitting that is moved is called on the day that its new date asks for.
"""

import logging
from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _

from portale.lib import dates
from portale.lib.rifiuti import Rifiuto

from ..models import ImpostazioniTavolo, Seduta
from ..numero_legale import impostazioni
from . import sedute

logger = logging.getLogger(__name__)

Stato = Seduta.Stato
ORA = time(9)


def termine(seduta: Seduta) -> datetime | None:
    """The last moment that respects the notice: nine in the morning in Rome, as many days before
    the sitting as the rules say. None while it has no date."""
    if seduta.giorno is None:
        return None
    return _termine(seduta, impostazioni(seduta.incontro.percorso).preavviso_giorni)


def _termine(seduta, preavviso):
    return dates.ora_di_muro(seduta.giorno - timedelta(days=preavviso), ORA)


def programma(seduta: Seduta, *, autore, adesso: datetime) -> Seduta:
    """The call will leave by itself at its :func:`termine`, in the name of ``autore``. Asking
    again changes nothing. Raises Rifiuto where there is nothing to wait for: it was called, it
    has no date, or that moment is past."""
    with sedute.seduta_bloccata(seduta.pk) as seduta:
        if seduta.stato != Stato.BOZZA:
            raise Rifiuto(_("La seduta è già convocata."))
        quando = termine(seduta)
        if quando is None:
            raise Rifiuto(_("Serve una data: la seduta è rinviata a data da stabilire."))
        if quando <= adesso:
            raise Rifiuto(
                _("Il giorno della convocazione è già passato: convocala adesso, con il motivo.")
            )
        if seduta.programmata_at is None:
            _segna(seduta, autore, adesso)
    return seduta


def non_programmare(seduta: Seduta) -> Seduta:
    """The call waits for the office again. Doing it again, or after the call, changes nothing."""
    with sedute.seduta_bloccata(seduta.pk) as seduta:
        if seduta.stato == Stato.BOZZA and seduta.programmata_at is not None:
            _segna(seduta, None, None)
    return seduta


def _segna(seduta, autore, adesso):
    seduta.programmata_at, seduta.programmata_da = adesso, autore
    seduta.save(update_fields=["programmata_at", "programmata_da", "updated_at"])


def convoca_programmate(adesso: datetime) -> int:
    """Call those whose day has come; returns how many. Part of the clock.

    One that cannot be called (nothing on its agenda, moved so that the notice is short) stays as
    it is, on the office's first page, and is tried again at the next turn.
    """
    chiamate = 0
    in_attesa = Seduta.objects.da_convocare(adesso).exclude(programmata_at=None)
    for seduta in con_termine(in_attesa):
        if seduta.termine > adesso:
            continue
        try:
            chiamate += _convoca(seduta, adesso)
        except Rifiuto as no:
            logger.info("Sitting %d is not called by itself: %s", seduta.pk, no)
    return chiamate


def _convoca(seduta, adesso):
    with sedute.seduta_bloccata(seduta.pk, con_incontro=True) as mia:
        # Between the reading and the lock the office may have called it, or thought otherwise.
        if mia.stato != Stato.BOZZA or mia.programmata_at is None:
            return False
        sedute.convoca(mia, autore=mia.programmata_da, adesso=adesso)
    return True


def con_termine(righe) -> list[Seduta]:
    """Those sittings, each with its ``termine``. Two queries, for the few that are to be
    called."""
    trovate = list(righe.select_related("incontro__percorso"))
    regole = dict(
        ImpostazioniTavolo.objects.filter(
            percorso__in={seduta.incontro.percorso_id for seduta in trovate}
        ).values_list("percorso", "preavviso_giorni")
    )
    predefinito = ImpostazioniTavolo._meta.get_field("preavviso_giorni").default
    for seduta in trovate:
        seduta.termine = _termine(seduta, regole.get(seduta.incontro.percorso_id, predefinito))
    return trovate
