"""What is taken away of who came to meetings, when it has been kept long enough."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.conservazione import conserva, registro

from .models import (
    Accoglienza,
    Incontro,
    Iscrizione,
    Necessita,
    PassaggioIscrizione,
    RichiestaServizio,
    SegnoPresenza,
)
from .numeri import scrivi_iscrizioni, scrivi_necessita

Stato = Iscrizione.Stato


def passati(limite: datetime) -> QuerySet:
    """Meetings that were over before ``limite``. One that was put off and never called again
    counts from the day on which it was to be."""
    return Incontro.objects.filter(
        Q(fine__lt=limite)
        | Q(fine=None, inizio__lt=limite)
        | Q(fine=None, inizio=None, inizio_precedente__lt=limite)
    ).order_by()


def _bloccati(pks: QuerySet) -> list[Incontro]:
    # The meeting first and its rows after, as eventi.services does.
    incontri = Incontro.objects.filter(pk__in=list(pks.order_by().distinct())).order_by("pk")
    return list(incontri.select_for_update(no_key=True, of=("self",)))


def _conta_necessita(righe: QuerySet, adesso: datetime) -> None:
    scrivi_necessita(_bloccati(righe.values_list("iscrizione__incontro", flat=True)), adesso)


def _conta_iscrizioni(righe: QuerySet, adesso: datetime) -> None:
    incontri = _bloccati(righe.values_list("incontro", flat=True))
    scrivi_iscrizioni(incontri, adesso)
    rinviati = [i.pk for i in incontri if i.stato == Incontro.Stato.RINVIATO]
    # Called again one day, it begins from empty seats.
    Incontro.objects.filter(pk__in=rinviati).update(posti_occupati=0, posti_oltre=0)


@conserva(
    "necessita",
    finalita="necessita",
    che_cosa=_("necessità di accesso di incontri passati"),
    blocca=_conta_necessita,
)
def necessita(limite, adesso):
    return Necessita.objects.filter(iscrizione__incontro__in=passati(limite))


@conserva(
    "iscrizioni",
    finalita="iscrizioni",
    che_cosa=_("iscrizioni a incontri passati"),
    blocca=_conta_iscrizioni,
    parti={
        "passaggi": lambda righe: PassaggioIscrizione.objects.filter(iscrizione__in=righe),
        "presenze": lambda righe: SegnoPresenza.objects.filter(iscrizione__in=righe),
        "servizi_chiesti": lambda righe: RichiestaServizio.objects.filter(iscrizione__in=righe),
    },
)
def iscrizioni(limite, adesso):
    return Iscrizione.objects.filter(incontro__in=passati(limite))


@conserva(
    "iscrizioni_non_confermate",
    finalita="iscrizioni",
    che_cosa=_("iscrizioni mai confermate con il link"),
)
def iscrizioni_non_confermate(limite, adesso):
    """Of meetings past or to come: nobody said that the address is hers. They are not counted
    among the registrations of the meeting. (The rule above takes those of older ones.)"""
    prima = passati(registro["iscrizioni"].limite(adesso))
    di_recente = PassaggioIscrizione.objects.filter(
        iscrizione=OuterRef("pk"), created_at__gte=limite
    )
    return Iscrizione.objects.filter(
        Q(stato=Stato.SCADUTA) | Q(stato=Stato.RINUNCIATA) | Q(stato=Stato.ANNULLATA),
        ~Exists(di_recente),
        verificata_at=None,
        created_at__lt=limite,
    ).exclude(incontro__in=prima)


@conserva(
    "accoglienza",
    finalita="accoglienza",
    che_cosa=_("chi ha accolto a un incontro, con il suo link"),
)
def accoglienza(limite, adesso):
    """What was counted at the door stays, and is nobody's."""
    return Accoglienza.objects.filter(incontro__in=passati(limite))
