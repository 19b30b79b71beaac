"""To whom a Comunicazione goes: the rows behind each public, and whether one is still owed it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts import consensi
from accounts.models import Partecipante
from eventi.models import Iscrizione
from portale.lib.dates import a_roma
from portale.lib.testo import normalizza_email
from proposte.models import Seguito
from tavolo.models import Componente

from .models import Comunicazione, Destinatario

Pubblico, Iscritti = Comunicazione.Pubblico, Comunicazione.Iscritti
Stato = Iscrizione.Stato

_ISCRITTI = {
    Iscritti.TUTTI: Q(stato__in=Iscrizione.VIVE),
    Iscritti.CONFERMATI: Q(stato=Stato.CONFERMATA),
    Iscritti.IN_LISTA: Q(stato__in=(Stato.LISTA_ATTESA, Stato.POSTO_OFFERTO)),
    Iscritti.PRESENTI: Q(presente=True),
}
# The field of Destinatario that keeps a row of each public.
_FONTI = {
    Pubblico.ISCRITTI: "iscrizione",
    Pubblico.LABORATORIO: "partecipante",
    Pubblico.TAVOLO: "componente",
    Pubblico.NOTIZIE: "consenso",
}

_CON_EMAIL = ~Q(email=None) & ~Q(email="")
# To whom of a public a mail may go: whose address was confirmed; who follows and, in her profile,
# did not switch off what she follows.
_BENVENUTA = {
    Pubblico.ISCRITTI: Q(verificata_at__isnull=False),
    Pubblico.LABORATORIO: Q(persona=None) | Q(persona__avvisi_seguiti=True),
    Pubblico.TAVOLO: Q(email__isnull=False),
    Pubblico.NOTIZIE: Q(valido_at__isnull=False),
}


def _tutti(comunicazione: Comunicazione, adesso: datetime) -> QuerySet:
    """The rows of its public, also those to whom nobody can write. Each has an ``email``."""
    if comunicazione.pubblico == Pubblico.ISCRITTI:
        scelti = _ISCRITTI[comunicazione.iscritti]
        return Iscrizione.objects.filter(scelti, incontro=comunicazione.incontro_id)
    if comunicazione.pubblico == Pubblico.LABORATORIO:
        seguiti = Seguito.objects.filter(laboratorio=comunicazione.laboratorio_id)
        return Partecipante.objects.filter(pk__in=seguiti.values("partecipante"))
    if comunicazione.pubblico == Pubblico.NOTIZIE:
        return consensi.iscritti_newsletter() | consensi.newsletter_da_confermare()
    oggi = a_roma(adesso).date()
    return Componente.objects.in_carica(oggi).filter(seggio__percorso=comunicazione.percorso_id)


def _scrivibili(comunicazione: Comunicazione, adesso: datetime) -> QuerySet:
    """Those with an address that is known to be theirs, who have not refused such mails."""
    return _tutti(comunicazione, adesso).filter(_CON_EMAIL, _BENVENUTA[comunicazione.pubblico])


def parte(
    comunicazione: Comunicazione, *, quanti: int, adesso: datetime
) -> tuple[int, list[Destinatario]]:
    """The next part of its public after ``cursore``, as rows to be written, with the number of
    the last one; an empty list at the end. An address may come more than once."""
    campi = ["pk", "email"]
    con_lingua = comunicazione.pubblico != Pubblico.TAVOLO
    righe = list(
        _scrivibili(comunicazione, adesso)
        .filter(pk__gt=comunicazione.cursore)
        .order_by("pk")
        .values_list(*campi, *(["lingua"] if con_lingua else []))[:quanti]
    )
    fonte = _FONTI[comunicazione.pubblico]
    destinatari = [
        Destinatario(
            comunicazione=comunicazione,
            email=normalizza_email(email),
            # The members of the Tavolo work in Italian.
            lingua=lingua[0] if lingua else "it",
            **{f"{fonte}_id": pk},
        )
        for pk, email, *lingua in righe
    ]
    return (righe[-1][0] if righe else comunicazione.cursore), destinatari


def ancora_dovuta(destinatario: Destinatario, adesso: datetime) -> bool:
    """Whether she is still of the public, under the address at which she is written to."""
    comunicazione = destinatario.comunicazione
    fonte = getattr(destinatario, f"{_FONTI[comunicazione.pubblico]}_id")
    if fonte is None:
        return False
    sua = _scrivibili(comunicazione, adesso).filter(pk=fonte)
    if not destinatario.correzioni:
        sua = sua.filter(email__iexact=destinatario.email)
    return sua.exists()


@dataclass(frozen=True)
class Conto:
    """How many a Comunicazione would be written to now, and how many not, and why."""

    indirizzi: int
    senza_email: int
    da_verificare: int
    contrari: int


def conta(comunicazione: Comunicazione, adesso: datetime) -> Conto:
    """Counted now: until it leaves, people come and go. Asks the database once."""
    benvenuta = _BENVENUTA[comunicazione.pubblico]
    numeri = (
        _tutti(comunicazione, adesso)
        .order_by()
        .aggregate(
            indirizzi=Count("email", distinct=True, filter=_CON_EMAIL & benvenuta),
            senza_email=Count("pk", filter=~_CON_EMAIL),
            esclusi=Count("email", distinct=True, filter=_CON_EMAIL & ~benvenuta),
        )
    )
    esclusi = numeri.pop("esclusi")
    contrari = esclusi if comunicazione.pubblico == Pubblico.LABORATORIO else 0
    return Conto(**numeri, da_verificare=esclusi - contrari, contrari=contrari)
