"""Whom a mail of the Tavolo is for, asked again at the moment in which it leaves."""

from datetime import datetime

from eventi.promemoria import fine_del_silenzio, nel_silenzio
from portale.lib import dates
from posta.generi import NonDovuto, Rinviato

from ..models import Componente
from ..services.verbali_avvisi import in_carica


def non_di_notte(adesso: datetime) -> None:
    """Raises Rinviato in the quiet hours: nothing here is so urgent as to wake anybody."""
    if nel_silenzio(adesso):
        raise Rinviato(fine_del_silenzio(adesso))


def destinataria(messaggio, adesso: datetime) -> Componente:
    """With her seat. Raises NonDovuto once her mandate is over, or she has another address, and
    Rinviato in the quiet hours."""
    non_di_notte(adesso)
    componente = (
        in_carica(dates.a_roma(adesso).date())
        .filter(pk=messaggio.parametri["componente"], email=messaggio.destinatario)
        .for_seggio()
        .first()
    )
    if componente is None:
        raise NonDovuto
    return componente
