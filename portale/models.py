from django.db import models
from django.db.models import F


class VersionePagineQuerySet(models.QuerySet):
    def attuale(self):
        """The number of now; 0 until something public is saved for the first time."""
        return self.values_list("numero", flat=True).filter(pk=1).first() or 0

    def alza(self):
        """Make every process forget the pages it keeps, within a second."""
        riga = self.filter(pk=1)
        if not riga.update(numero=F("numero") + 1):
            self.bulk_create([self.model(pk=1)], ignore_conflicts=True)
            riga.update(numero=F("numero") + 1)


class VersionePagine(models.Model):
    """One row: the number that every cached page carries in its key. Raised by whoever changes
    what citizens read, so that no process serves yesterday's page."""

    numero = models.PositiveBigIntegerField(default=0)

    objects = VersionePagineQuerySet.as_manager()

    class Meta:
        verbose_name = "versione delle pagine"
        verbose_name_plural = "versione delle pagine"

    def __str__(self):
        return str(self.numero)
