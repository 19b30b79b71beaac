"""What becomes of an accepted proposal: its milestones, up to "realizzata"."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portale.lib.dates import a_roma

from . import avvisi
from .models import Avanzamento, Proposta
from .services import Rifiuto

ACCOLTE = (Proposta.Stato.ACCOLTA, Proposta.Stato.ACCOLTA_CON_MODIFICHE)


def aggiungi(
    proposta: Proposta,
    *,
    giorno: date,
    titolo: str,
    testo: str = "",
    percentuale: int,
    autore,
    adesso: datetime,
) -> Avanzamento:
    """A step forward that everybody reads; proponent and followers are told. The same again is
    the one that is there. Raises Rifiuto for a proposal that was not accepted, for a day to come,
    and where that day has another one with this title."""
    if giorno > a_roma(adesso).date():
        raise Rifiuto(_("La data è nel futuro: racconta ciò che è già successo."))
    with transaction.atomic():
        bloccata = Proposta.objects.select_for_update(of=["self"], no_key=True).get(pk=proposta.pk)
        if bloccata.stato not in ACCOLTE:
            raise Rifiuto(_("Gli avanzamenti si scrivono per le proposte accolte."))
        if gia := bloccata.avanzamenti.filter(giorno=giorno, titolo=titolo).first():
            if (gia.testo, gia.percentuale, gia.autore_id) == (testo, percentuale, autore.pk):
                return gia
            raise Rifiuto(_("C'è già un avanzamento con questa data e questo titolo."))
        avanzamento = Avanzamento.objects.create(
            proposta=bloccata,
            giorno=giorno,
            titolo=titolo,
            testo=testo,
            percentuale=percentuale,
            autore=autore,
        )
        avvisi.avanzamento(bloccata, avanzamento, adesso)
    return avanzamento
