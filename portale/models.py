from django.db import models


class VersionePagine(models.Model):
    """One row: the number that every cached page carries in its key. Raised by whoever changes
    what citizens read, so that no process serves yesterday's page."""

    numero = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "versione delle pagine"
        verbose_name_plural = "versione delle pagine"

    def __str__(self):
        return str(self.numero)
