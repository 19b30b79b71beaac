"""How many came, and how: counted from the registrations while they are there, and read from
what was written down (``NumeriIncontro``) when they have been deleted.

Whoever counts registrations of meetings that may be long past counts them here.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Case, Count, F, IntegerField, Q, Sum, When
from django.db.models.functions import Coalesce

from .models import Incontro, Iscrizione, Necessita, NumeriIncontro, RichiestaServizio

Stato = Iscrizione.Stato
# Fewer than these are known one by one: of what tells of health or of children, no number.
POCHI = 3
# People who came of a registration.
QUANTI_PRESENTI = Case(
    When(presente=True, then=Coalesce(F("presenti"), F("posti"))),
    default=0,
    output_field=IntegerField(),
)


def scritti(incontro: Incontro) -> NumeriIncontro | None:
    """What was written down of a meeting whose registrations are no longer there."""
    return NumeriIncontro.objects.chiusi().filter(incontro=incontro).first()


def numeri(incontro: Incontro) -> NumeriIncontro:
    """The numbers of a meeting, written down or counted now (then not saved)."""
    riga = NumeriIncontro.objects.filter(incontro=incontro).first()
    if riga is not None and riga.iscrizioni_at:
        return riga
    return _contati(incontro, riga or NumeriIncontro(incontro=incontro))


def _contati(incontro: Incontro, riga: NumeriIncontro) -> NumeriIncontro:
    iscrizioni = incontro.iscrizioni.order_by()
    confermate = Q(stato=Stato.CONFERMATA)
    conti = iscrizioni.aggregate(
        tutte=Count("pk"),
        richiesti=Sum("posti_richiesti"),
        confermati=Sum("posti", filter=confermate),
        attesa=Sum(
            "posti_richiesti", filter=Q(stato=Stato.LISTA_ATTESA, verificata_at__isnull=False)
        ),
        venuti=Sum(QUANTI_PRESENTI, filter=confermate),
        assenti=Sum("posti", filter=confermate & Q(presente=False)),
        non_segnati=Sum("posti", filter=confermate & Q(presente=None)),
        minori=Count("pk", filter=Q(eta=Iscrizione.Eta.MINORE, stato__in=Iscrizione.VIVE)),
    )
    riga.iscrizioni = conti["tutte"]
    riga.per_stato = dict(iscrizioni.values_list("stato").annotate(n=Count("pk")))
    riga.per_canale = dict(iscrizioni.values_list("canale").annotate(n=Count("pk")))
    riga.posti_richiesti = conti["richiesti"] or 0
    riga.posti_confermati = conti["confermati"] or 0
    riga.posti_in_attesa = conti["attesa"] or 0
    riga.presenti = conti["venuti"] or 0
    riga.assenti = conti["assenti"] or 0
    riga.non_segnati = conti["non_segnati"] or 0
    riga.minori = conti["minori"]
    if riga.necessita_at is None:
        riga.con_necessita = Necessita.objects.filter(
            iscrizione__incontro=incontro, iscrizione__stato__in=Iscrizione.VIVE
        ).count()
    riga.servizi = dict(
        RichiestaServizio.objects.filter(
            iscrizione__incontro=incontro, iscrizione__stato__in=Iscrizione.VIVE
        )
        .order_by()
        .values_list("servizio__genere")
        .annotate(n=Count("pk"))
    )
    return riga


def scrivi_necessita(incontri: Iterable[Incontro], adesso: datetime) -> None:
    """Write down how many declared an access need, before these are deleted. The meetings are
    locked by the caller; what is written already stays."""
    for incontro in incontri:
        riga, _creata = NumeriIncontro.objects.get_or_create(incontro=incontro)
        if riga.necessita_at is None and riga.iscrizioni_at is None:
            riga.con_necessita = _o_pochi(_contati(incontro, riga).con_necessita)
            riga.necessita_at = adesso
            riga.save(update_fields=["con_necessita", "necessita_at"])


def scrivi_iscrizioni(incontri: Iterable[Incontro], adesso: datetime) -> None:
    """The same of all the rest, before the registrations are deleted."""
    for incontro in incontri:
        riga, _creata = NumeriIncontro.objects.get_or_create(incontro=incontro)
        if riga.iscrizioni_at is None:
            _contati(incontro, riga)
            riga.con_necessita = _o_pochi(riga.con_necessita)
            riga.minori = _o_pochi(riga.minori)
            riga.servizi = {genere: _o_pochi(n) for genere, n in riga.servizi.items()}
            riga.necessita_at = riga.necessita_at or adesso
            riga.iscrizioni_at = adesso
            riga.save()


def _o_pochi(quanti: int | None) -> int | None:
    return quanti if quanti is None or quanti == 0 or quanti >= POCHI else None
