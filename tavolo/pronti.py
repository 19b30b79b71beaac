"""What is ready for the next sitting: proposals that were reviewed, minutes to approve."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from proposte.models import Proposta

from .models import (
    Decisione,
    Esame,
    Esito,
    ProceduraScritta,
    PuntoOrdineDelGiorno,
    Seduta,
    Verbale,
)
from .services.sedute import Genere, Voce


def proposte_pronte(percorso, adesso: datetime):
    """Proposals under evaluation whose review is over, which were put off or asked to be
    completed, or which an objection sent to a sitting; those that are on the agenda of a sitting
    still to be held are left out. Each says why: ``esaminata``, ``rinviata``, ``fermata``."""
    qui = {"proposta": OuterRef("pk")}
    esami = Esame.objects.filter(**qui)
    aperto = Exists(esami.aperti(adesso))
    finito = Exists(esami.filter(Q(chiuso_at__isnull=False) | Q(scade_at__lte=adesso)))
    rinviata = Decisione.objects.filter(
        **qui, annullata_da=None, esito__in=[Esito.RINVIATA, Esito.DA_INTEGRARE]
    )
    fermata = ProceduraScritta.objects.filter(**qui, stato=ProceduraScritta.Stato.FERMATA)
    in_agenda = PuntoOrdineDelGiorno.objects.filter(proposte=OuterRef("pk")).exclude(
        Q(seduta__stato=Seduta.Stato.CHIUSA) | Q(seduta__incontro__stato="annullato")
    )
    return (
        Proposta.objects.filter(percorso=percorso, stato=Proposta.Stato.IN_VALUTAZIONE)
        .annotate(esaminata=finito, rinviata=Exists(rinviata), fermata=Exists(fermata))
        .filter(Q(esaminata=True) | Q(rinviata=True) | Q(fermata=True))
        .exclude(aperto)
        .exclude(Exists(in_agenda))
        .select_related("laboratorio")
        .order_by(F("laboratorio__numero").asc(nulls_first=True), "titolo", "pk")
    )


def verbali_da_approvare(percorso):
    """Minutes whose sitting is over and which nobody has approved yet, the oldest first."""
    return (
        Verbale.objects.filter(
            seduta__incontro__percorso=percorso, stato=Verbale.Stato.IN_CORREZIONE
        )
        .select_related("seduta__incontro")
        .order_by("seduta__incontro__inizio", "pk")
    )


def voci(verbali, proposte) -> list[Voce]:
    """The items for these, the minutes first, as meetings begin."""
    return [Voce(str(verbale)[:200], genere=Genere.VERBALE, minuti=5) for verbale in verbali] + [
        Voce(proposta.titolo[:200], genere=Genere.DECISIONE, proposte=(proposta,))
        for proposta in proposte
    ]
