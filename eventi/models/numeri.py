from django.db import models
from django.utils.translation import gettext_lazy as _

from .incontri import Incontro


class NumeriIncontroQuerySet(models.QuerySet):
    def chiusi(self):
        """Of meetings whose registrations are no longer there to be counted."""
        return self.filter(iscrizioni_at__isnull=False)


class NumeriIncontro(models.Model):
    """The numbers of a meeting whose registrations were deleted: what the office and the reports
    go on counting when nobody's name is kept any more.

    Access needs are deleted long before the rest, so their count is written first. Each part is
    written once, in the transaction that begins to delete what it counts, by
    ``eventi.conservazione``.
    """

    incontro = models.OneToOneField(
        Incontro, models.CASCADE, related_name="numeri", verbose_name=_("incontro")
    )
    necessita_at = models.DateTimeField(_("necessità cancellate il"), null=True)
    iscrizioni_at = models.DateTimeField(_("iscrizioni cancellate il"), null=True)
    iscrizioni = models.PositiveIntegerField(_("iscrizioni"), default=0)
    # State or channel → how many registrations; only those that were there.
    per_stato = models.JSONField(_("per stato"), default=dict)
    per_canale = models.JSONField(_("per canale"), default=dict)
    posti_richiesti = models.PositiveIntegerField(_("posti richiesti"), default=0)
    posti_confermati = models.PositiveIntegerField(_("posti confermati"), default=0)
    posti_in_attesa = models.PositiveIntegerField(_("posti in attesa"), default=0)
    # People, as ``eventi.presenze`` counts them; who came in without registering is not here.
    presenti = models.PositiveIntegerField(_("presenti"), default=0)
    assenti = models.PositiveIntegerField(_("assenti"), default=0)
    non_segnati = models.PositiveIntegerField(_("non segnati"), default=0)
    # What may tell of health or of children: None stands for "one or two", who could be known.
    con_necessita = models.PositiveIntegerField(
        _("con necessità di accesso"), null=True, default=0
    )
    minori = models.PositiveIntegerField(_("con meno di 14 anni"), null=True, default=0)
    # Service → how many asked for it, with the same None.
    servizi = models.JSONField(_("servizi richiesti"), default=dict)

    objects = NumeriIncontroQuerySet.as_manager()

    class Meta:
        verbose_name = _("numeri di un incontro")
        verbose_name_plural = _("numeri degli incontri")
        ordering = ["incontro_id"]

    def __str__(self):
        return str(self.incontro)
