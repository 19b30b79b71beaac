"""Minutes: they grow from the agenda, are corrected by who was there, approved, and frozen."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portale.lib.dates import a_roma

from .sedute import PuntoOrdineDelGiorno, Seduta
from .soggetti import Componente, Seggio


class Congelato(Exception):
    """Somebody tried to change minutes that are approved: a mistake of the code, no answer to a
    person. ``tavolo.services.verbali`` asks first."""


class VerbaleQuerySet(models.QuerySet):
    def approvati(self):
        return self.filter(stato=Verbale.Stato.APPROVATO)

    def for_elenco(self):
        return self.select_related("seduta__incontro__percorso")

    def da_chiudere(self, adesso):
        """Whose window for corrections is over."""
        return self.filter(stato=Verbale.Stato.IN_CORREZIONE, correzioni_fino_a__lte=adesso)


class Verbale(models.Model):
    """The minutes of a sitting. ``tavolo.services.verbali`` is the one door to ``stato``; once
    approved nothing in it or below it changes, and a correction is a Rettifica."""

    class Stato(models.TextChoices):
        BOZZA = "bozza", _("in scrittura")
        IN_CORREZIONE = "in_correzione", _("aperto alle correzioni")
        APPROVATO = "approvato", _("approvato")

    class Modo(models.TextChoices):
        SEDUTA = "seduta", _("in seduta")
        SILENZIO = "silenzio", _("senza correzioni in sospeso, finito il tempo per farle")

    seduta = models.OneToOneField(
        Seduta, models.PROTECT, related_name="verbale", verbose_name=_("seduta")
    )
    stato = models.CharField(
        _("stato"), max_length=15, choices=Stato, default=Stato.BOZZA, editable=False
    )
    premessa = models.TextField(_("premessa"), blank=True)
    chiusura = models.TextField(_("chiusura"), blank=True)
    # Counts every saving: who saves an older one is told.
    versione = models.PositiveIntegerField(default=1, editable=False)
    correzioni_fino_a = models.DateTimeField(_("correzioni fino a"), null=True, editable=False)
    approvato_at = models.DateTimeField(_("approvato il"), null=True, editable=False)
    approvato_modo = models.CharField(
        _("approvato"), max_length=10, choices=Modo, blank=True, editable=False
    )
    approvato_in = models.ForeignKey(
        Seduta,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="verbali_approvati",
        verbose_name=_("approvato nella seduta"),
    )
    # What was frozen, as data and as files: for everybody (organisations alone), and for the
    # members (who spoke for which organisation).
    contenuto = models.JSONField(null=True, editable=False)
    contenuto_interno = models.JSONField(null=True, editable=False)
    pdf = models.FileField(_("PDF"), upload_to="tavolo/verbali/", blank=True, editable=False)
    pdf_interno = models.FileField(
        _("PDF per i componenti"), upload_to="tavolo/verbali/", blank=True, editable=False
    )
    sha256 = models.CharField(
        _("impronta"), max_length=64, blank=True, db_index=True, editable=False
    )
    sha256_interno = models.CharField(
        _("impronta del PDF per i componenti"),
        max_length=64,
        blank=True,
        db_index=True,
        editable=False,
    )
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = VerbaleQuerySet.as_manager()

    class Meta:
        verbose_name = _("verbale")
        verbose_name_plural = _("verbali")
        ordering = ["-seduta__incontro__inizio", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="verbale_approvato_ha_impronta",
                condition=~Q(stato="approvato")
                | (~Q(sha256="") & ~Q(sha256_interno="") & Q(approvato_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="verbale_in_correzione_ha_scadenza",
                condition=~Q(stato="in_correzione") | Q(correzioni_fino_a__isnull=False),
            ),
        ]

    def __str__(self):
        return str(_("Verbale: %(seduta)s")) % {"seduta": self.seduta}

    def save(self, *args, **kwargs):
        self._pretendi_aperto()
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("tavolo:verbale_detail", args=[self.seduta.incontro.slug])

    def delete(self, *args, **kwargs):
        self._pretendi_aperto()
        return super().delete(*args, **kwargs)

    def _pretendi_aperto(self):
        if self.pk and Verbale.objects.approvati().filter(pk=self.pk).exists():
            raise Congelato(self.pk)

    @property
    def approvato(self) -> bool:
        return self.stato == self.Stato.APPROVATO

    @property
    def ultimo_giorno(self) -> date | None:
        """The last day for corrections, in Rome: the window closes at its midnight."""
        if self.correzioni_fino_a is None:
            return None
        return a_roma(self.correzioni_fino_a).date() - timedelta(days=1)


class DiVerbale(models.Model):
    """A row of which minutes are made: frozen with them."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        self._pretendi_aperto()
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        self._pretendi_aperto()
        return super().delete(*args, **kwargs)

    def _pretendi_aperto(self):
        if Verbale.objects.approvati().filter(pk=self.verbale_id).exists():
            raise Congelato(self.verbale_id)


class PassaggioVerbale(models.Model):
    """One step of the minutes' life, also where the state stays: a text changed while corrections
    may be asked for. Written once, never changed."""

    verbale = models.ForeignKey(Verbale, models.CASCADE, related_name="passaggi")
    da = models.CharField(_("da"), max_length=15, choices=Verbale.Stato, blank=True)
    a = models.CharField(_("a"), max_length=15, choices=Verbale.Stato)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_verbale",
        verbose_name=_("autore"),
    )
    testo = models.TextField(_("spiegazione"), blank=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio del verbale")
        verbose_name_plural = _("passaggi del verbale")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return f"{self.da} → {self.a}"


class VoceVerbale(DiVerbale):
    """What was said on one item of the agenda."""

    verbale = models.ForeignKey(Verbale, models.CASCADE, related_name="voci")
    punto = models.ForeignKey(PuntoOrdineDelGiorno, models.PROTECT, related_name="voci")
    testo = models.TextField(_("che cosa si è detto"), blank=True)
    # Counts every saving, like the minutes' own.
    versione = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("voce del verbale")
        verbose_name_plural = _("voci del verbale")
        ordering = ["verbale_id", "punto__ordine", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["verbale", "punto"], name="voce_una_per_punto")
        ]

    def __str__(self):
        return str(self.punto)


class ImpegnoQuerySet(models.QuerySet):
    def da_fare(self):
        return self.filter(fatto_at=None)

    def for_elenco(self):
        return self.select_related("seggio__organizzazione", "verbale__seduta__incontro")


class Impegno(DiVerbale):
    """Something that somebody said she would do, by a day. Frozen with its minutes, but for
    whether it was done."""

    verbale = models.ForeignKey(Verbale, models.PROTECT, related_name="impegni")
    punto = models.ForeignKey(
        PuntoOrdineDelGiorno,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="impegni",
        verbose_name=_("punto"),
    )
    testo = models.CharField(_("che cosa"), max_length=300)
    # A seat, or the office when none is named.
    seggio = models.ForeignKey(
        Seggio,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="impegni",
        verbose_name=_("chi"),
        help_text=_("Vuoto: l'ufficio."),
    )
    entro = models.DateField(_("entro il"), null=True, blank=True)
    fatto_at = models.DateTimeField(_("fatto il"), null=True, editable=False)
    fatto_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="impegni_segnati",
        verbose_name=_("segnato da"),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImpegnoQuerySet.as_manager()

    class Meta:
        verbose_name = _("impegno")
        verbose_name_plural = _("impegni")
        ordering = [models.F("entro").asc(nulls_last=True), "pk"]
        indexes = [
            models.Index(fields=["entro"], condition=Q(fatto_at=None), name="impegno_da_fare")
        ]

    def __str__(self):
        return self.testo

    def in_ritardo(self, oggi: date) -> bool:
        return self.fatto_at is None and self.entro is not None and self.entro < oggi


class CorrezioneQuerySet(models.QuerySet):
    def senza_risposta(self):
        return self.filter(esito="")

    def for_elenco(self):
        return self.select_related("seggio__organizzazione", "componente", "punto")


class Correzione(DiVerbale):
    """What a seat that was there asks to correct, and the answer it got."""

    class Esito(models.TextChoices):
        ACCOLTA = "accolta", _("accolta")
        NON_ACCOLTA = "non_accolta", _("non accolta")

    verbale = models.ForeignKey(Verbale, models.CASCADE, related_name="correzioni")
    punto = models.ForeignKey(
        PuntoOrdineDelGiorno,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="correzioni",
        verbose_name=_("punto"),
    )
    seggio = models.ForeignKey(Seggio, models.PROTECT, related_name="correzioni")
    componente = models.ForeignKey(
        Componente, models.PROTECT, related_name="correzioni", verbose_name=_("scritta da")
    )
    testo = models.TextField(_("che cosa correggere"), max_length=3000)
    chiave = models.CharField(max_length=36, unique=True, editable=False)
    esito = models.CharField(_("esito"), max_length=12, choices=Esito, blank=True, editable=False)
    risposta = models.TextField(_("risposta"), blank=True, editable=False)
    risposta_at = models.DateTimeField(_("risposto il"), null=True, editable=False)
    risposto_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="correzioni_risposte",
        verbose_name=_("ha risposto"),
    )
    created_at = models.DateTimeField(_("quando"))

    objects = CorrezioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("correzione del verbale")
        verbose_name_plural = _("correzioni del verbale")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="correzione_respinta_ha_risposta",
                condition=~Q(esito="non_accolta") | ~Q(risposta=""),
            )
        ]

    def __str__(self):
        return self.testo[:60]


class Rettifica(models.Model):
    """A correction of approved minutes: a new act beside them, never a change in them."""

    verbale = models.ForeignKey(Verbale, models.PROTECT, related_name="rettifiche")
    numero = models.PositiveSmallIntegerField(_("numero"))
    testo = models.TextField(_("testo"))
    seduta = models.ForeignKey(
        Seduta,
        models.PROTECT,
        related_name="rettifiche",
        verbose_name=_("approvata nella seduta"),
    )
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="rettifiche",
        verbose_name=_("registrata da"),
    )
    pubblicata_at = models.DateTimeField(_("pubblicata il"), editable=False)

    class Meta:
        verbose_name = _("rettifica")
        verbose_name_plural = _("rettifiche")
        ordering = ["verbale_id", "numero"]
        constraints = [
            models.UniqueConstraint(fields=["verbale", "numero"], name="rettifica_numero_unico")
        ]

    def __str__(self):
        return f"{self.verbale} ({self.numero})"
