from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .proposte import Proposta

ESITI = [(stato.value, stato.label) for stato in Proposta.ESITI]


class EsitoPreparato(models.Model):
    """An outcome that is ready and not told yet; several are published together."""

    proposta = models.OneToOneField(
        Proposta, models.CASCADE, related_name="esito_preparato", verbose_name=_("proposta")
    )
    esito = models.CharField(_("esito"), max_length=25, choices=ESITI)
    motivazione = models.TextField(_("motivazione"), blank=True)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="esiti_preparati",
        verbose_name=_("preparato da"),
    )
    updated_at = models.DateTimeField(_("aggiornato il"), auto_now=True)

    class Meta:
        verbose_name = _("esito preparato")
        verbose_name_plural = _("esiti preparati")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="esito_preparato_negativo_ha_motivazione",
                condition=~Q(esito="non_accolta") | ~Q(motivazione=""),
            )
        ]

    def __str__(self):
        return f"{self.proposta}: {self.get_esito_display()}"


class Risposta(models.Model):
    """The municipality's answer to a proposal. Each correction is a new version: what was
    answered before stays readable."""

    proposta = models.ForeignKey(
        Proposta, models.CASCADE, related_name="risposte", verbose_name=_("proposta")
    )
    numero = models.PositiveIntegerField(_("versione"))
    esito = models.CharField(_("esito"), max_length=25, choices=ESITI)
    testo = models.TextField(_("risposta e motivazione"), blank=True)
    ufficio = models.CharField(_("ufficio che risponde"), max_length=160, blank=True)
    costo_euro = models.DecimalField(
        _("costo stimato (euro)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    tempi = models.CharField(_("tempi"), max_length=200, blank=True)
    correzione = models.CharField(
        _("che cosa si corregge"), max_length=300, blank=True, help_text=_("Vuoto: la prima.")
    )
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="risposte",
        verbose_name=_("autore"),
    )
    pubblicata_at = models.DateTimeField(_("pubblicata il"))

    class Meta:
        verbose_name = _("risposta")
        verbose_name_plural = _("risposte")
        ordering = ["proposta_id", "-numero"]
        indexes = [models.Index(fields=["-pubblicata_at", "-id"], name="risposta_recente")]
        constraints = [
            models.UniqueConstraint(fields=["proposta", "numero"], name="risposta_numero_unico"),
            models.CheckConstraint(
                name="risposta_negativa_ha_motivazione",
                condition=~Q(esito="non_accolta") | ~Q(testo=""),
            ),
        ]

    def __str__(self):
        return f"{self.proposta}: {self.get_esito_display()}"


class VerificaTecnica(models.Model):
    """The offices' check of a proposal: not an opinion, what is allowed and possible."""

    class Parere(models.TextChoices):
        SI = "si", _("sì")
        NO = "no", _("no")
        IN_PARTE = "in_parte", _("in parte")

    proposta = models.OneToOneField(
        Proposta, models.CASCADE, related_name="verifica", verbose_name=_("proposta")
    )
    competenza = models.CharField(
        _("di chi è la competenza"), max_length=200, blank=True, help_text=_("Ufficio o ente.")
    )
    ammissibile = models.CharField(_("ammissibile"), max_length=10, choices=Parere, blank=True)
    fattibile = models.CharField(_("fattibile"), max_length=10, choices=Parere, blank=True)
    costo_euro = models.DecimalField(
        _("costo stimato (euro)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    note = models.TextField(_("note"), blank=True)
    assegnata_a = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="verifiche",
        limit_choices_to=Q(is_staff=True),
        verbose_name=_("assegnata a"),
    )
    scadenza = models.DateField(_("entro il"), null=True, blank=True)
    conclusa_at = models.DateTimeField(_("conclusa il"), null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("verifica tecnica")
        verbose_name_plural = _("verifiche tecniche")
        ordering = ["scadenza", "pk"]
        indexes = [
            models.Index(
                fields=["scadenza", "id"],
                condition=Q(conclusa_at=None),
                name="verifica_da_concludere",
            )
        ]

    def __str__(self):
        return f"{self._meta.verbose_name}: {self.proposta}"


class Avanzamento(models.Model):
    """A milestone of an accepted proposal: what was done, until 100 per cent ("realizzata")."""

    proposta = models.ForeignKey(
        Proposta, models.CASCADE, related_name="avanzamenti", verbose_name=_("proposta")
    )
    giorno = models.DateField(_("data"))
    titolo = models.CharField(_("che cosa è successo"), max_length=160)
    testo = models.TextField(_("racconto"), blank=True)
    percentuale = models.PositiveSmallIntegerField(
        _("avanzamento (%)"),
        validators=[MaxValueValidator(100)],
        help_text=_("100: la proposta è realizzata."),
    )
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="avanzamenti",
        verbose_name=_("autore"),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("avanzamento")
        verbose_name_plural = _("avanzamenti")
        ordering = ["giorno", "pk"]
        indexes = [models.Index(fields=["-giorno", "-id"], name="avanzamento_recente")]
        constraints = [
            models.CheckConstraint(
                name="avanzamento_percentuale", condition=Q(percentuale__lte=100)
            )
        ]

    def __str__(self):
        return self.titolo


class Allegato(models.Model):
    """A file of a proposal, or of one of its milestones: an image made anew by us, or a PDF
    without active content (``proposte.allegati``)."""

    class Genere(models.TextChoices):
        IMMAGINE = "immagine", _("immagine")
        PDF = "pdf", _("documento PDF")

    proposta = models.ForeignKey(
        Proposta, models.CASCADE, related_name="allegati", verbose_name=_("proposta")
    )
    avanzamento = models.ForeignKey(
        Avanzamento,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="allegati",
        verbose_name=_("avanzamento"),
    )
    genere = models.CharField(_("genere"), max_length=10, choices=Genere)
    titolo = models.CharField(
        _("titolo"), max_length=160, help_text=_("Per un'immagine: che cosa si vede.")
    )
    file = models.FileField(_("file"), upload_to="proposte/%Y/%m/", max_length=200)
    anteprima = models.FileField(upload_to="proposte/%Y/%m/", max_length=200, blank=True)
    byte = models.PositiveIntegerField(_("dimensione"), default=0)
    larghezza = models.PositiveIntegerField(null=True, blank=True)
    altezza = models.PositiveIntegerField(null=True, blank=True)
    # Of what was received: the same file sent twice is one.
    impronta = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("allegato")
        verbose_name_plural = _("allegati")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposta", "impronta"], name="allegato_uno_per_contenuto"
            )
        ]

    def __str__(self):
        return self.titolo
