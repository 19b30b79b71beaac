from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SerieIncontri(models.Model):
    """Meetings that were born together, one for each lab: "modify all that follow" means these."""

    titolo = models.CharField(_("titolo"), max_length=160)
    # Of the form that made it: sent twice, it makes one series.
    chiave = models.CharField(max_length=32, unique=True, editable=False)
    creata_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="serie_create",
        verbose_name=_("creata da"),
    )
    created_at = models.DateTimeField(_("creata il"), auto_now_add=True)

    class Meta:
        verbose_name = _("serie di incontri")
        verbose_name_plural = _("serie di incontri")
        ordering = ["-pk"]

    def __str__(self):
        return self.titolo
