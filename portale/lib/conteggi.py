"""Counting what belongs to a row."""

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce


def quanti(modello, campo: str, **filtri) -> Coalesce:
    """How many rows of another model belong to this one by ``campo``: counted for the rows that
    are shown, where an aggregate would first join and group the whole table."""
    righe = modello._default_manager.filter(**{campo: OuterRef("pk")}, **filtri).order_by()
    conto = righe.values(campo).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(conto, output_field=IntegerField()), 0)
