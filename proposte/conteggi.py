"""How many support and comment a proposal: counted from the rows, for many at once.

Who supports adds a Riconteggio and touches nothing shared; every few seconds one task counts
what was touched. What a list shows may be some seconds old; it is never off by one for ever.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from .models import Commento, Proposta, Riconteggio, Sostegno

# Requests read in one turn: what one short transaction can count.
PARTE = 500


def da_ricontare(*proposte: int) -> None:
    """Ask for a new count of these proposals (their numbers)."""
    Riconteggio.objects.bulk_create([Riconteggio(proposta_id=pk) for pk in proposte])


def riconta(adesso: datetime) -> int:
    """Count what was asked for until now; returns how many proposals were counted.

    Rows added meanwhile by others stay for the next turn: only those read here are deleted, and
    what they announce was committed before they could be read.
    """
    contate = 0
    # What comes while we count is of the next time: a crowd must not keep us here for ever.
    ultimo = Riconteggio.objects.aggregate(n=Max("pk"))["n"] or 0
    fino_a_ora = Riconteggio.objects.filter(pk__lte=ultimo).order_by("pk")
    while richieste := list(fino_a_ora.values_list("pk", "proposta_id")[:PARTE]):
        proposte = {proposta for _pk, proposta in richieste}
        with transaction.atomic():
            # Held first, in one order, and counted by a statement that begins afterwards: of two
            # counts at one instant the second sees what the first one saw, never less.
            righe = Proposta.objects.filter(pk__in=proposte).order_by("pk")
            list(righe.select_for_update(no_key=True).values_list("pk", flat=True))
            Proposta.objects.filter(pk__in=proposte).update(
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
