from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class LaboratorioQuerySet(models.QuerySet):
    def pubblici(self):
        return self.filter(attivo=True)

    def with_quartieri(self):
        return self.prefetch_related("quartieri")

    def with_referenti_pubblici(self):
        """With the contacts that anybody may see, as ``referenti_pubblici``."""
        pubblici = models.Prefetch(
            "referenti", Referente.objects.pubblici(), to_attr="referenti_pubblici"
        )
        return self.prefetch_related(pubblici)


class Laboratorio(models.Model):
    """The standing lab of a zone of the city. How many there are is data, not code."""

    numero = models.PositiveSmallIntegerField(_("zona"), unique=True)
    nome = models.CharField(_("nome"), max_length=120)
    slug = models.SlugField(_("indirizzo"), max_length=80, unique=True)
    descrizione = models.TextField(_("descrizione"), blank=True)
    # A point to draw the lab at, and the outline of its area where the office has one.
    latitudine = models.FloatField(_("latitudine"), null=True, blank=True)
    longitudine = models.FloatField(_("longitudine"), null=True, blank=True)
    area = models.JSONField(
        _("area (GeoJSON)"),
        null=True,
        blank=True,
        help_text=_("Geometria Polygon o MultiPolygon in WGS84; vuota finché non è nota."),
    )
    centrale = models.BooleanField(
        _("al centro dello schema"),
        default=False,
        help_text=_("Nella mappa schematica questa zona sta in mezzo alle altre."),
    )
    attivo = models.BooleanField(_("attivo"), default=True)
    fonti = models.JSONField(_("fonti"), default=list, blank=True)

    objects = LaboratorioQuerySet.as_manager()

    class Meta:
        verbose_name = _("laboratorio")
        verbose_name_plural = _("laboratori")
        ordering = ["numero"]

    def __str__(self):
        return self.nome

    def get_absolute_url(self):
        return reverse("laboratorio_detail", args=[self.slug])


class Quartiere(models.Model):
    """A named neighbourhood or outlying village inside a zone."""

    laboratorio = models.ForeignKey(
        Laboratorio, models.CASCADE, related_name="quartieri", verbose_name=_("laboratorio")
    )
    nome = models.CharField(_("nome"), max_length=80)
    ordine = models.PositiveSmallIntegerField(_("ordine"), default=0)
    aggiunto_nel = models.PositiveSmallIntegerField(
        _("aggiunto nel"), null=True, blank=True, help_text=_("Anno, se entrato nella zona dopo.")
    )

    class Meta:
        verbose_name = _("quartiere")
        verbose_name_plural = _("quartieri")
        ordering = ["laboratorio_id", "ordine", "nome"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratorio", "nome"], name="quartiere_unico_nella_zona"
            )
        ]

    def __str__(self):
        return self.nome


class ReferenteQuerySet(models.QuerySet):
    def pubblici(self):
        return self.filter(pubblico=True)


class Referente(models.Model):
    """Who answers for a lab. Contacts show on the public page only when ``pubblico``."""

    laboratorio = models.ForeignKey(
        Laboratorio, models.CASCADE, related_name="referenti", verbose_name=_("laboratorio")
    )
    nome = models.CharField(_("nome"), max_length=120)
    ruolo = models.CharField(_("ruolo"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    telefono = models.CharField(_("telefono"), max_length=30, blank=True)
    pubblico = models.BooleanField(_("visibile a tutti"), default=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)

    objects = ReferenteQuerySet.as_manager()

    class Meta:
        verbose_name = _("referente")
        verbose_name_plural = _("referenti")
        ordering = ["laboratorio_id", "nome"]

    def __str__(self):
        return self.nome
