import secrets

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import Q
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


def nuovo_codice() -> str:
    return secrets.token_urlsafe(12)


def _firma():
    return Signer(salt="laboratori.disponibilita", sep=".")


class DisponibilitaQuerySet(models.QuerySet):
    def da_gestire(self):
        return self.filter(stato__in=[Disponibilita.Stato.NUOVA, Disponibilita.Stato.ASSEGNATA])

    def from_token(self, token):
        """The offer (one or none) that a mail's link names; none if it was altered."""
        try:
            codice = _firma().unsign(token)
        except BadSignature:
            return self.none()
        return self.filter(codice=codice)


class Disponibilita(models.Model):
    """A citizen's offer to help a lab, or any lab when none is named.

    ``laboratori.services`` is the only door to ``stato``: da_verificare → nuova (the address is
    confirmed) → assegnata → chiusa, each with the person told.
    """

    class Stato(models.TextChoices):
        DA_VERIFICARE = "da_verificare", _("da verificare")
        NUOVA = "nuova", _("nuova")
        ASSEGNATA = "assegnata", _("assegnata")
        CHIUSA = "chiusa", _("chiusa")

    class Aiuto(models.TextChoices):
        TEMPO = "tempo", _("tempo")
        COMPETENZE = "competenze", _("competenze")
        SPAZIO = "spazio", _("uno spazio")
        FACILITAZIONE = "facilitazione", _("facilitazione dei tavoli")
        COMUNICAZIONE = "comunicazione", _("comunicazione")
        TRADUZIONE = "traduzione", _("traduzione")
        BAMBINI = "bambini", _("cura dei bambini durante gli incontri")
        ALTRO = "altro", _("altro")

    laboratorio = models.ForeignKey(
        Laboratorio,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="disponibilita",
        verbose_name=_("laboratorio"),
    )
    nome = models.CharField(_("nome e cognome"), max_length=120)
    email = models.EmailField(_("e-mail"))
    telefono = models.CharField(_("telefono"), max_length=30, blank=True)
    aiuti = models.JSONField(_("che cosa offre"), default=list)
    messaggio = models.TextField(_("messaggio"), max_length=2000, blank=True)
    lingua = models.CharField(_("lingua"), max_length=5, default="it")
    codice = models.CharField(max_length=24, unique=True, default=nuovo_codice, editable=False)
    stato = models.CharField(
        _("stato"), max_length=15, choices=Stato, default=Stato.DA_VERIFICARE, editable=False
    )
    assegnata_a = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="disponibilita_assegnate",
        limit_choices_to=Q(is_staff=True),
        verbose_name=_("assegnata a"),
    )
    risposta = models.TextField(_("risposta alla persona"), blank=True)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("ricevuta il"), auto_now_add=True)
    verificata_at = models.DateTimeField(_("confermata il"), null=True, editable=False)
    chiusa_at = models.DateTimeField(_("chiusa il"), null=True, editable=False)

    objects = DisponibilitaQuerySet.as_manager()

    class Meta:
        verbose_name = _("disponibilità")
        verbose_name_plural = _("disponibilità")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["stato", "created_at"], name="disponibilita_stato")]

    def __str__(self):
        return f"{self.nome} ({self.get_stato_display()})"

    @property
    def token(self):
        """What the mail's link carries: signed, so that a copy of the database opens no door."""
        return _firma().sign(self.codice)

    @property
    def aiuti_a_parole(self):
        """ "tempo, uno spazio", in the active language."""
        return ", ".join(str(self.Aiuto(aiuto).label) for aiuto in self.aiuti)


class PassaggioDisponibilita(models.Model):
    """One step of an offer's life. Written once, never changed; holds no personal data."""

    disponibilita = models.ForeignKey(Disponibilita, models.CASCADE, related_name="passaggi")
    da = models.CharField(_("da"), max_length=15, blank=True)
    a = models.CharField(_("a"), max_length=15)
    # Empty when the person herself made the step.
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_disponibilita",
        verbose_name=_("autore"),
    )
    assegnata_a = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("assegnata a"),
    )
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio della disponibilità")
        verbose_name_plural = _("passaggi della disponibilità")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return f"{self.da} → {self.a}"
