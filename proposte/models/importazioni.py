from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .bisogni import Canale


class Importazione(models.Model):
    """A list of proposals that somebody of the office loaded: first read and looked at, then, at
    most once, written. ``proposte.importazione`` does both.

    ``righe`` is what was read, row by row, with what is wrong in each; it may hold addresses and
    names, so it is emptied when the list is written, or after some days.
    """

    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.PROTECT,
        related_name="importazioni",
        verbose_name=_("percorso"),
    )
    canale = models.CharField(
        _("come sono arrivate"), max_length=10, choices=Canale, default=Canale.CARTACEO
    )
    pubblica = models.BooleanField(_("da pubblicare subito"), default=False)
    nome_file = models.CharField(_("file"), max_length=200)
    impronta = models.CharField(max_length=64, editable=False)
    colonne = models.JSONField(default=list, editable=False)
    ignorate = models.JSONField(default=list, editable=False)
    righe = models.JSONField(default=list, editable=False)
    lette = models.PositiveIntegerField(_("righe lette"), default=0)
    importate = models.PositiveIntegerField(_("proposte importate"), null=True)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="importazioni",
        verbose_name=_("caricata da"),
    )
    created_at = models.DateTimeField(_("caricata il"))
    eseguita_at = models.DateTimeField(_("importata il"), null=True)

    class Meta:
        verbose_name = _("importazione")
        verbose_name_plural = _("importazioni")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="importazione_eseguita_dice_quante",
                condition=Q(eseguita_at=None, importate=None)
                | Q(eseguita_at__isnull=False, importate__isnull=False),
            )
        ]

    def __str__(self):
        return self.nome_file
