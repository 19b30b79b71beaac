from django.db import models
from django.utils.translation import gettext_lazy as _


class Pulizia(models.Model):
    """What one night took away of one kind of data: how many rows, and those older than when.

    It is written in the transaction that takes them away, so that it never says more or less
    than what was done. It names nobody; only ``accounts.conservazione`` writes it.
    """

    finalita = models.CharField(_("finalità"), max_length=40)
    regola = models.CharField(_("che cosa"), max_length=60)
    # The day of Rome's calendar; of a night in two halves, one row.
    giorno = models.DateField(_("giorno"))
    limite = models.DateTimeField(_("più vecchi di"))
    conteggi = models.JSONField(_("quanti"), default=dict)
    cominciata_at = models.DateTimeField(_("cominciata"))
    aggiornata_at = models.DateTimeField(_("finita"))

    class Meta:
        verbose_name = _("pulizia dei dati")
        verbose_name_plural = _("registro delle pulizie")
        ordering = ["-giorno", "finalita", "regola"]
        constraints = [
            models.UniqueConstraint(fields=["regola", "giorno"], name="pulizia_una_al_giorno")
        ]

    def __str__(self):
        return f"{self.regola} ({self.giorno:%d/%m/%Y})"
