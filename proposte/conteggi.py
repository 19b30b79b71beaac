"""How many support and comment a proposal: counted from the rows, for many at once.

Who supports adds a Riconteggio and touches nothing shared; every few seconds one task counts
what was touched. What a list shows may be some seconds old; it is never off by one for ever.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from .models import Commento, Proposta, Riconteggio, Sostegno

# Rows read in one turn: what one short transaction can count.
PARTE = 500


def da_ricontare(*proposte: int) -> None:
    """Ask for a new count of these proposals (their numbers)."""
    Riconteggio.objects.bulk_create([Riconteggio(proposta_id=pk) for pk in proposte])


def riconta(adesso: datetime) -> int:
    """Count what was asked for so far; returns how many proposals were counted.

    Rows added meanwhile by others stay for the next turn: only those read here are deleted, and
    what they announce was committed before they could be read.
    """
    contate = 0
    while richieste := list(
        Riconteggio.objects.order_by("pk").values_list("pk", "proposta_id")[:PARTE]
    ):
        proposte = {proposta for _pk, proposta in richieste}
        with transaction.atomic():
            Proposta.objects.filter(pk__in=sorted(proposte)).update(
                n_sostegni=_quanti(Sostegno.objects.all()),
                n_commenti=_quanti(Commento.objects.visibili()),
            )
            Riconteggio.objects.filter(pk__in=[pk for pk, _proposta in richieste]).delete()
        contate += len(proposte)
    return contate


def _quanti(righe):
    """For an update: how many of these rows a proposal has."""
    per_proposta = (
        righe.filter(proposta=OuterRef("pk"))
        .order_by()
        .values("proposta")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(per_proposta), 0)
