"""What becomes of the reports of something once a moderator has decided."""

from datetime import datetime

from django.db import transaction

from . import avvisi
from .models import Segnalazione


def chiudi_aperte(esito: str, autore, *, adesso: datetime, **cosa) -> int:
    """Close the open reports that ``cosa`` selects, and tell those who made them; returns how
    many. Whoever moves the reported thing holds it first, then its reports."""
    with transaction.atomic():
        aperte = Segnalazione.objects.aperte().filter(**cosa)
        chiuse = list(aperte.values_list("pk", flat=True))
        quante = aperte.filter(pk__in=chiuse).update(
            esito=esito, chiusa_da=autore, chiusa_at=adesso
        )
        avvisi.segnalazioni_chiuse(chiuse, adesso)
    return quante
