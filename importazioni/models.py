from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Importazione(models.Model):
    """A sheet that somebody of the office loaded: read and looked at in the background, then, at
    most once, written. ``importazioni.services`` is the only door to its state.

    ``genere`` is what the sheet lists, one of ``importazioni.generi``. The file itself is kept
    only until it was read.
    """

    class Stato(models.TextChoices):
        DA_LEGGERE = "da_leggere", _("in lettura")
        ILLEGGIBILE = "illeggibile", _("non si legge")
        PRONTA = "pronta", _("da confermare")
        DA_SCRIVERE = "da_scrivere", _("in scrittura")
        SCRITTA = "scritta", _("importata")

    genere = models.CharField(_("che cosa"), max_length=20)
    opzioni = models.JSONField(default=dict, editable=False)
    nome_file = models.CharField(_("file"), max_length=200)
    impronta = models.CharField(max_length=64, editable=False)
    contenuto = models.BinaryField(null=True, editable=False)
    stato = models.CharField(
        _("stato"), max_length=12, choices=Stato, default=Stato.DA_LEGGERE, editable=False
    )
    # Who reads it now, and when that was last seen: who dies is replaced.
    presa_da = models.CharField(max_length=24, blank=True, editable=False)
    presa_at = models.DateTimeField(null=True, editable=False)
    # What went wrong, in words for the office.
    problema = models.TextField(blank=True, editable=False)
    colonne = models.JSONField(default=list, editable=False)
    ignorate = models.JSONField(default=list, editable=False)
    totale = models.PositiveIntegerField(_("righe"), default=0, editable=False)
    fatte = models.PositiveIntegerField(default=0, editable=False)
    nuove = models.PositiveIntegerField(_("nuove"), default=0, editable=False)
    cambiate = models.PositiveIntegerField(_("cambiate"), default=0, editable=False)
    invariate = models.PositiveIntegerField(_("già uguali"), default=0, editable=False)
    errate = models.PositiveIntegerField(_("da correggere"), default=0, editable=False)
    # Perhaps there already: they stay out, unless who confirms wants them.
    doppie = models.PositiveIntegerField(_("forse doppie"), default=0, editable=False)
    # Of those that are not wrong, how many have something to look at.
    avvertite = models.PositiveIntegerField(default=0, editable=False)
    # How many people will be written to.
    da_avvisare = models.PositiveIntegerField(default=0, editable=False)
    solo_buone = models.BooleanField(default=False, editable=False)
    con_doppie = models.BooleanField(default=False, editable=False)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="fogli_caricati",
        verbose_name=_("caricata da"),
    )
    scritta_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="fogli_importati",
        verbose_name=_("importata da"),
    )
    created_at = models.DateTimeField(_("caricata il"), editable=False)
    scritta_at = models.DateTimeField(_("importata il"), null=True, editable=False)

    class Meta:
        verbose_name = _("importazione")
        verbose_name_plural = _("importazioni")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="foglio_scritto_dice_quando",
                condition=Q(stato="scritta", scritta_at__isnull=False)
                | (~Q(stato="scritta") & Q(scritta_at=None)),
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(stato__in=["da_leggere", "da_scrivere"]),
                name="importazione_in_coda",
            ),
            models.Index(fields=["-created_at", "-id"], name="importazione_recenti"),
        ]

    def __str__(self):
        return self.nome_file

    def get_absolute_url(self):
        return reverse("admin:importazioni_importazione_change", args=[self.pk])

    @property
    def in_lavoro(self):
        """Whether the portal is doing something with it."""
        return self.stato in (self.Stato.DA_LEGGERE, self.Stato.DA_SCRIVERE)

    @property
    def da_importare(self):
        return self.nuove + self.cambiate + (self.doppie if self.con_doppie else 0)


class RigaImportata(models.Model):
    """A row of a sheet as it was read, with what it would do or what is wrong in it. It may hold
    names and addresses: it is deleted when the sheet is written, or after some days."""

    class Esito(models.TextChoices):
        NUOVA = "nuova", _("nuova")
        CAMBIATA = "cambiata", _("cambia")
        INVARIATA = "invariata", _("già uguale")
        DOPPIA = "doppia", _("forse doppia")
        ERRATA = "errata", _("da correggere")

    importazione = models.ForeignKey(Importazione, models.CASCADE, related_name="righe")
    numero = models.PositiveIntegerField()
    # Field → text, as read; and how the workbook counts its days.
    celle = models.JSONField()
    dal_1904 = models.BooleanField(default=False)
    esito = models.CharField(max_length=10, choices=Esito)
    # [name of the column, what to do]; [name of the column, from, to].
    errori = models.JSONField(default=list)
    avvisi = models.JSONField(default=list)
    cambi = models.JSONField(default=list)

    class Meta:
        verbose_name = _("riga importata")
        verbose_name_plural = _("righe importate")
        ordering = ["importazione_id", "numero"]
        constraints = [
            models.UniqueConstraint(fields=["importazione", "numero"], name="riga_importata_unica")
        ]
        indexes = [
            models.Index(fields=["importazione", "esito", "numero"], name="riga_importata_esito")
        ]

    def __str__(self):
        return str(self.numero)
