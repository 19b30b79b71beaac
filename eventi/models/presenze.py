import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portale.lib.codici import ConCodice, firma, nuovo_codice

from .incontri import Incontro
from .iscrizioni import Iscrizione


class Accoglienza(models.Model):
    """Who takes attendance at the door of a meeting: a role for that meeting alone, by a link
    that needs no account. The office gives it and takes it back (``attiva``); an officer who opens
    the list from the admin has one of her own (``persona``)."""

    SALE = "eventi.accoglienza"

    incontro = models.ForeignKey(
        Incontro, models.CASCADE, related_name="accoglienze", verbose_name=_("incontro")
    )
    persona = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="accoglienze",
        verbose_name=_("persona con account"),
    )
    nome = models.CharField(_("nome"), max_length=120)
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Se c'è, riceve il link per segnare le presenze.")
    )
    codice = models.CharField(max_length=24, unique=True, default=nuovo_codice, editable=False)
    attiva = models.BooleanField(_("attiva"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ConCodice.as_manager()

    class Meta:
        verbose_name = _("persona all'accoglienza")
        verbose_name_plural = _("persone all'accoglienza")
        ordering = ["incontro_id", "nome"]
        constraints = [
            models.UniqueConstraint(
                fields=["incontro", "persona"], name="accoglienza_unica_per_persona"
            )
        ]

    def __str__(self):
        return self.nome

    @property
    def token(self):
        return firma(self.SALE).sign(self.codice)


class SegnoPresenza(models.Model):
    """One tap on a person's name: how many came, nobody, or "I take it back". Written once, never
    changed; the latest by ``toccato_at`` is what the registration says.

    ``chiave`` is made by the browser that was tapped: the same tap sent twice is one.
    """

    chiave = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    iscrizione = models.ForeignKey(Iscrizione, models.CASCADE, related_name="segni")
    # None: nothing was recorded.
    da = models.PositiveSmallIntegerField(_("da"), null=True)
    a = models.PositiveSmallIntegerField(_("a"), null=True)
    accoglienza = models.ForeignKey(
        Accoglienza,
        models.SET_NULL,
        null=True,
        related_name="segni",
        verbose_name=_("accoglienza"),
    )
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="segni_presenza",
        verbose_name=_("autore"),
    )
    # Which browser: its own taps keep the order in which they were made.
    telefono = models.UUIDField(null=True)
    toccato_at = models.DateTimeField(_("quando"))
    created_at = models.DateTimeField(_("arrivato al portale"))

    class Meta:
        verbose_name = _("segno di presenza")
        verbose_name_plural = _("segni di presenza")
        ordering = ["toccato_at", "pk"]
        indexes = [models.Index(fields=["iscrizione", "toccato_at"], name="segno_ultimo")]

    def __str__(self):
        return f"{self.da} → {self.a}"

    @property
    def racconto(self):
        """In words, for the history; not by whom of those who welcome people."""
        prima, dopo = ("–" if quanti is None else str(quanti) for quanti in (self.da, self.a))
        return [f"{_('Presenze')}: {prima} → {dopo}"]


class Ingresso(models.Model):
    """People who came in without having registered: how many, of which category, never who.
    Written once; a mistake is taken back by one of the opposite sign."""

    class Genere(models.TextChoices):
        DONNA = "donna", _("donne")
        UOMO = "uomo", _("uomini")
        ALTRO = "altro", _("altro")
        NON_RILEVATO = "", _("non rilevato")

    class Eta(models.TextChoices):
        MINORI = "0-17", _("meno di 18 anni")
        GIOVANI = "18-34", _("18-34 anni")
        ADULTI = "35-64", _("35-64 anni")
        ANZIANI = "65+", _("65 anni e più")
        NON_RILEVATA = "", _("non rilevata")

    class Volta(models.TextChoices):
        PRIMA = "prima", _("prima volta")
        GIA_VENUTA = "gia", _("già venute")
        NON_RILEVATA = "", _("non rilevato")

    chiave = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    incontro = models.ForeignKey(Incontro, models.CASCADE, related_name="ingressi")
    quanti = models.SmallIntegerField(_("quante persone"))
    genere = models.CharField(_("genere"), max_length=8, choices=Genere, blank=True)
    eta = models.CharField(_("età"), max_length=8, choices=Eta, blank=True)
    volta = models.CharField(_("prima volta"), max_length=8, choices=Volta, blank=True)
    accoglienza = models.ForeignKey(
        Accoglienza,
        models.SET_NULL,
        null=True,
        related_name="ingressi",
        verbose_name=_("accoglienza"),
    )
    toccato_at = models.DateTimeField(_("quando"))
    created_at = models.DateTimeField(_("arrivato al portale"))

    class Meta:
        verbose_name = _("ingresso senza iscrizione")
        verbose_name_plural = _("ingressi senza iscrizione")
        ordering = ["toccato_at", "pk"]
        constraints = [
            models.CheckConstraint(name="ingresso_di_qualcuno", condition=~Q(quanti=0)),
        ]

    def __str__(self):
        return f"{self.quanti:+d}"
