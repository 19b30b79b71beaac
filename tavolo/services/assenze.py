""" "I cannot come": said by one person, for the day on which the sitting now is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.signing import BadSignature
from django.db import transaction
from django.utils.translation import gettext as _

from eventi.models import Incontro
from portale.lib.codici import firma
from portale.lib.rifiuti import Rifiuto

from ..models import Componente, Giustificazione, Seduta
from . import sedute_avvisi as avvisi

_FIRMA = firma("tavolo.assenza")


def link(seduta: Seduta, componente: Componente) -> str:
    """What the link of her mails carries: this person, this sitting."""
    return _FIRMA.sign(f"{seduta.pk}:{componente.codice}")


def da_link(token: str) -> tuple[int, str] | None:
    """The sitting's number and her code; None for a link that was altered."""
    try:
        pk, _due_punti, codice = _FIRMA.unsign(token).partition(":")
    except BadSignature:
        return None
    return (int(pk), codice) if pk.isdecimal() else None


def perche_no(seduta: Seduta, adesso: datetime) -> str:
    """Why one cannot say it, or take it back, now; empty when one can."""
    incontro = seduta.incontro
    if seduta.stato != Seduta.Stato.CONVOCATA:
        return _("La seduta è %(stato)s.") % {"stato": seduta.get_stato_display()}
    if incontro.stato != Incontro.Stato.PUBBLICATO:
        return _("L'incontro è %(stato)s.") % {"stato": incontro.get_stato_display()}
    if incontro.inizio <= adesso:
        return _("La seduta è già cominciata.")
    return ""


def giustifica(seduta: Seduta, componente: Componente, *, adesso: datetime) -> None:
    """She cannot come; the others of her seat, who have not said the same, are asked once whether
    they can. Saying it again changes nothing. Raises Rifiuto when it is too late."""
    with _bloccata(seduta, adesso) as seduta:
        _riga, nuova = Giustificazione.objects.get_or_create(
            seduta=seduta,
            componente=componente,
            inizio=seduta.incontro.inizio,
            defaults={"created_at": adesso},
        )
        if nuova:
            avvisi.cercasi_sostituta(seduta, componente, adesso)


def ritira_giustificazione(seduta: Seduta, componente: Componente, *, adesso: datetime) -> None:
    """She comes after all. Raises Rifiuto when it is too late."""
    with _bloccata(seduta, adesso) as seduta:
        seduta.giustificazioni.valide().filter(componente=componente).delete()


def giustificate(seduta: Seduta) -> set[int]:
    """Who has said that she cannot come to the sitting as it is now: numbers of Componente."""
    return set(seduta.giustificazioni.valide().values_list("componente", flat=True))


def seggi_giustificati(seduta: Seduta) -> set[int]:
    """The seats all of whose people of that day have said so: numbers of Seggio."""
    giorno = seduta.giorno
    if giorno is None:
        return set()
    assenti = giustificate(seduta)
    if not assenti:
        return set()
    persone: dict[int, set[int]] = {}
    righe = Componente.objects.filter(seggio__percorso=seduta.incontro.percorso)
    for pk, seggio in righe.in_carica(giorno).values_list("pk", "seggio"):
        persone.setdefault(seggio, set()).add(pk)
    return {seggio for seggio, chi in persone.items() if chi <= assenti}


@contextmanager
def _bloccata(seduta: Seduta, adesso: datetime) -> Iterator[Seduta]:
    """The sitting under its lock, after looking again whether it is still time."""
    with transaction.atomic():
        seduta = (
            Seduta.objects.select_for_update(of=("self",), no_key=True)
            .select_related("incontro__percorso")
            .get(pk=seduta.pk)
        )
        if perche := perche_no(seduta, adesso):
            raise Rifiuto(perche)
        yield seduta
