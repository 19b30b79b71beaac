from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .incontri import Incontro


class ResocontoQuerySet(models.QuerySet):
    def pubblicati(self):
        return self.filter(pubblicato_at__isnull=False)


class Resoconto(models.Model):
    """What happened at a meeting, told to everyone. Numbers not recorded stay empty."""

    incontro = models.OneToOneField(
        Incontro, models.CASCADE, related_name="resoconto", verbose_name=_("incontro")
    )
    testo = models.TextField(_("che cosa è successo"))
    metodo = models.TextField(_("metodo di lavoro"), blank=True)
    partecipanti = models.PositiveIntegerField(
        _("partecipanti"), null=True, blank=True, help_text=_("Vuoto: non rilevato.")
    )
    partecipanti_note = models.CharField(_("partecipanti, a parole"), max_length=200, blank=True)
    # Counts by category, as ``eventi.chiusura`` writes them.
    presenze = models.JSONField(_("presenze per categoria"), default=dict, blank=True)
    organizzazioni = models.TextField(
        _("organizzazioni presenti"), blank=True, help_text=_("Una per riga.")
    )
    bisogni = models.TextField(_("bisogni emersi"), blank=True, help_text=_("Uno per riga."))
    idee = models.TextField(_("idee emerse"), blank=True, help_text=_("Una per riga."))
    pubblicato_at = models.DateTimeField(_("pubblicato il"), null=True, editable=False)
    fonti = models.JSONField(_("fonti"), default=list, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ResocontoQuerySet.as_manager()

    class Meta:
        verbose_name = _("resoconto")
        verbose_name_plural = _("resoconti")
        ordering = ["-incontro__inizio"]

    def __str__(self):
        return f"{_('Resoconto')}: {self.incontro}"

    def get_absolute_url(self):
        return reverse("eventi:resoconto_detail", args=[self.incontro.slug])


class AllegatoResoconto(models.Model):
    """A file of a report: public when the report is. Photographs and PDFs are made anew, without
    what a camera writes beside the picture (``eventi.chiusura.allega``)."""

    class Genere(models.TextChoices):
        DOCUMENTO = "documento", _("documento")
        IMMAGINE = "immagine", _("fotografia")

    resoconto = models.ForeignKey(Resoconto, models.CASCADE, related_name="allegati")
    genere = models.CharField(
        _("genere"), max_length=10, choices=Genere, default=Genere.DOCUMENTO, editable=False
    )
    titolo = models.CharField(_("titolo"), max_length=160)
    impronta = models.CharField(max_length=64, blank=True, editable=False)
    file = models.FileField(
        _("file"),
        upload_to="resoconti/%Y/",
        validators=[FileExtensionValidator(["pdf", "jpg", "jpeg", "png", "odt", "csv"])],
    )

    class Meta:
        verbose_name = _("allegato")
        verbose_name_plural = _("allegati")
        ordering = ["pk"]
        constraints = [
            # Sent twice, a file is one; of those from before nobody knows.
            models.UniqueConstraint(
                fields=["resoconto", "impronta"],
                condition=~Q(impronta=""),
                name="allegato_resoconto_unico",
            )
        ]

    def __str__(self):
        return self.titolo
