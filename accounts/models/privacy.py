"""What people asked about their data: who took them away, and that somebody's were erased."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .partecipanti import Partecipante


class Canale(models.TextChoices):
    """Who asked."""

    PERSONA = "persona", _("la persona, dal suo profilo")
    OSPITE = "ospite", _("la persona, da un link")
    UFFICIO = "ufficio", _("l’ufficio, per lei")


class Scarico(models.Model):
    """Somebody took away what is held about a person: who and when, not what was in it."""

    canale = models.CharField(_("chi lo ha chiesto"), max_length=10, choices=Canale)
    persona = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="scarichi",
        verbose_name=_("account"),
    )
    partecipante = models.ForeignKey(
        Partecipante,
        models.SET_NULL,
        null=True,
        related_name="scarichi",
        verbose_name=_("partecipante"),
    )
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="scarichi_per_altri",
        verbose_name=_("fatto da"),
    )
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("scarico dei dati di una persona")
        verbose_name_plural = _("scarichi dei dati")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["created_at"], name="scarico_quando")]

    def __str__(self):
        return f"{self.canale} ({self.pk})"


class Cancellazione(models.Model):
    """What was held about somebody was erased. It says nothing of whom: no name, no address, not
    even the number of a row."""

    class Motivo(models.TextChoices):
        TELEFONO = "telefono", _("lo ha chiesto per telefono")
        SPORTELLO = "sportello", _("lo ha chiesto allo sportello")
        SCRITTO = "scritto", _("lo ha chiesto per iscritto")
        ERRORE = "errore", _("i dati erano stati inseriti per errore")

    canale = models.CharField(_("chi lo ha chiesto"), max_length=10, choices=Canale)
    motivo = models.CharField(_("motivo"), max_length=10, choices=Motivo, blank=True)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="cancellazioni",
        verbose_name=_("fatta da"),
    )
    # {purpose: {kind of row: how many}}
    conteggi = models.JSONField(_("quante righe, per finalità"), default=dict)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("cancellazione dei dati di una persona")
        verbose_name_plural = _("cancellazioni dei dati")
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return f"{self.canale} ({self.pk})"
