from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from posta.models import Messaggio


class ComunicazioneQuerySet(models.QuerySet):
    def da_preparare(self, adesso):
        """Whose recipients are still to be written down, and whose time has come."""
        return self.filter(
            Q(non_prima_di=None) | Q(non_prima_di__lte=adesso),
            stato=Comunicazione.Stato.IN_PREPARAZIONE,
        ).order_by("pk")

    def in_invio(self):
        return self.filter(stato=Comunicazione.Stato.IN_INVIO)

    def for_pagina(self):
        return self.select_related("incontro__percorso", "laboratorio", "percorso", "autore")


class Comunicazione(models.Model):
    """A text that the office writes to many: those registered to a meeting, those who follow a
    lab, the members of the Tavolo, who said yes to the news by mail.

    ``comunicazioni.services`` is the only door to ``stato``: bozza → in_preparazione (its
    recipients are being written down) → in_invio (each has a mail in the outbox) → inviata, or
    fermata on the way; annullata before anybody was written down.
    """

    class Stato(models.TextChoices):
        BOZZA = "bozza", _("bozza")
        IN_PREPARAZIONE = "in_preparazione", _("in preparazione")
        IN_INVIO = "in_invio", _("in invio")
        INVIATA = "inviata", _("inviata")
        FERMATA = "fermata", _("fermata")
        ANNULLATA = "annullata", _("annullata")

    PARTITE = (Stato.IN_PREPARAZIONE, Stato.IN_INVIO, Stato.INVIATA)
    IN_CORSO = (Stato.IN_PREPARAZIONE, Stato.IN_INVIO)

    class Pubblico(models.TextChoices):
        ISCRITTI = "iscritti", _("chi è iscritto a un incontro")
        LABORATORIO = "laboratorio", _("chi segue un laboratorio")
        TAVOLO = "tavolo", _("i componenti del Tavolo in carica")
        NOTIZIE = "notizie", _("gli iscritti alle novità: chi ha chiesto le notizie per e-mail")

    # Something that people asked to hear of, and may leave: not a service that they are owed.
    FACOLTATIVI = (Pubblico.LABORATORIO, Pubblico.NOTIZIE)

    class Iscritti(models.TextChoices):
        TUTTI = "tutti", _("tutti: confermati, in lista d'attesa e con un posto offerto")
        CONFERMATI = "confermati", _("chi ha il posto confermato")
        IN_LISTA = "in_lista", _("chi è in lista d'attesa o ha un posto offerto")
        PRESENTI = "presenti", _("chi era presente")

    pubblico = models.CharField(_("a chi"), max_length=12, choices=Pubblico)
    incontro = models.ForeignKey(
        "eventi.Incontro",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="comunicazioni",
        verbose_name=_("incontro"),
    )
    iscritti = models.CharField(
        _("quali iscritti"), max_length=10, choices=Iscritti, blank=True, default=Iscritti.TUTTI
    )
    laboratorio = models.ForeignKey(
        "laboratori.Laboratorio",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="comunicazioni",
        verbose_name=_("laboratorio"),
    )
    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="comunicazioni",
        verbose_name=_("percorso"),
    )
    oggetto = models.CharField(_("oggetto"), max_length=150)
    testo = models.TextField(_("testo"), max_length=10_000)
    oggetto_en = models.CharField(_("oggetto in inglese"), max_length=150, blank=True)
    testo_en = models.TextField(_("testo in inglese"), max_length=10_000, blank=True)
    non_prima_di = models.DateTimeField(_("non prima di"), null=True, blank=True)
    urgente = models.BooleanField(_("parte anche tra le 21 e le 8"), default=False)
    motivo_urgenza = models.CharField(_("perché è urgente"), max_length=300, blank=True)
    stato = models.CharField(
        _("stato"), max_length=15, choices=Stato, default=Stato.BOZZA, editable=False
    )
    # The last row of its public that was looked at: where the preparation goes on from.
    cursore = models.BigIntegerField(default=0, editable=False)
    # How many they were when it was confirmed, and how many were written down.
    previsti = models.PositiveIntegerField(_("previsti"), default=0, editable=False)
    preparati = models.PositiveIntegerField(_("preparati"), default=0, editable=False)
    # Mails that had not left when it was stopped.
    fermati = models.PositiveIntegerField(_("fermati"), default=0, editable=False)
    # How many mails were in each state, of recipients that are no longer kept.
    conti = models.JSONField(default=dict, editable=False)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="comunicazioni",
        verbose_name=_("scritta da"),
    )
    created_at = models.DateTimeField(_("scritta il"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ComunicazioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("comunicazione")
        verbose_name_plural = _("comunicazioni")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(stato__in=["in_preparazione", "in_invio"]),
                name="comunicazione_in_corso",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="comunicazione_ha_il_suo_pubblico",
                condition=(Q(pubblico="iscritti", incontro__isnull=False) & ~Q(iscritti=""))
                | Q(pubblico="laboratorio", laboratorio__isnull=False)
                | Q(pubblico="tavolo", percorso__isnull=False)
                | Q(pubblico="notizie"),
                violation_error_message=_("Scegli a chi scrivi."),
            ),
            models.CheckConstraint(
                name="comunicazione_urgente_ha_un_motivo",
                condition=Q(urgente=False)
                | (~Q(motivo_urgenza="") & ~Q(pubblico__in=["laboratorio", "notizie"])),
                violation_error_message=_("Scrivi perché è urgente."),
            ),
        ]

    def __str__(self):
        return self.oggetto

    def get_absolute_url(self):
        return reverse("admin:comunicazioni_comunicazione_change", args=[self.pk])

    @property
    def facoltativa(self):
        """Whether people may refuse it: then it has a link to leave, and never an urgency."""
        return self.pubblico in self.FACOLTATIVI

    @property
    def in_inglese(self):
        return bool(self.testo_en)

    @property
    def parole(self):
        """Subject and text in the active language, or in the only one that there is."""
        if self.in_inglese and (get_language() or "it").startswith("en"):
            return self.oggetto_en, self.testo_en
        return self.oggetto, self.testo

    @property
    def a_chi(self):
        """ "chi è iscritto a un incontro: Che verde vogliamo", for the office."""
        if self.pubblico == self.Pubblico.NOTIZIE:
            return self.get_pubblico_display()
        oggetto = self.incontro or self.laboratorio or self.percorso
        return f"{self.get_pubblico_display()}: {oggetto}"


class PassaggioComunicazione(models.Model):
    """One step of its life. Written once, never changed."""

    comunicazione = models.ForeignKey(Comunicazione, models.CASCADE, related_name="passaggi")
    da = models.CharField(_("da"), max_length=15)
    a = models.CharField(_("a"), max_length=15)
    # Empty for the steps that the portal makes by itself.
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_comunicazione",
        verbose_name=_("autore"),
    )
    motivo = models.TextField(_("motivo"), blank=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio della comunicazione")
        verbose_name_plural = _("passaggi della comunicazione")
        ordering = ["created_at", "pk"]

    def __str__(self):
        stati = dict(Comunicazione.Stato.choices)
        return f"{stati.get(self.da, self.da)} → {stati.get(self.a, self.a)}"


class DestinatarioQuerySet(models.QuerySet):
    def in_coda(self):
        return self.filter(messaggio__stato=Messaggio.Stato.IN_CODA)

    def non_arrivati(self):
        """Whose mail was refused for good, or came back: somebody has to look at them."""
        return self.filter(messaggio__stato__in=self.model.NON_ARRIVATI)

    def for_elenco(self):
        return self.select_related(
            "messaggio", "iscrizione", "partecipante", "componente", "consenso"
        )


class Destinatario(models.Model):
    """Somebody to whom a Comunicazione is written, once: the address is what makes her one,
    whatever roles she has. The row of her registration (or the like) says whether she is still
    owed it."""

    NON_ARRIVATI = (Messaggio.Stato.FALLITO, Messaggio.Stato.RIMBALZATO)

    comunicazione = models.ForeignKey(Comunicazione, models.CASCADE, related_name="destinatari")
    email = models.EmailField(_("e-mail"))
    lingua = models.CharField(_("lingua"), max_length=5, default="it")
    iscrizione = models.ForeignKey(
        "eventi.Iscrizione",
        models.SET_NULL,
        null=True,
        related_name="comunicazioni_ricevute",
        verbose_name=_("iscrizione"),
    )
    partecipante = models.ForeignKey(
        "accounts.Partecipante",
        models.SET_NULL,
        null=True,
        related_name="comunicazioni_ricevute",
        verbose_name=_("partecipante"),
    )
    componente = models.ForeignKey(
        "tavolo.Componente",
        models.SET_NULL,
        null=True,
        related_name="comunicazioni_ricevute",
        verbose_name=_("componente"),
    )
    consenso = models.ForeignKey(
        "accounts.Consenso",
        models.SET_NULL,
        null=True,
        related_name="comunicazioni_ricevute",
        verbose_name=_("consenso"),
    )
    messaggio = models.OneToOneField(
        Messaggio,
        models.SET_NULL,
        null=True,
        related_name="destinatario_di_comunicazione",
        verbose_name=_("messaggio"),
    )
    # How many times the office put her address right after it was refused.
    correzioni = models.PositiveSmallIntegerField(_("correzioni"), default=0)

    objects = DestinatarioQuerySet.as_manager()

    class Meta:
        verbose_name = _("destinatario")
        verbose_name_plural = _("destinatari")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["comunicazione", "email"], name="destinatario_una_volta_sola"
            )
        ]
        indexes = [models.Index(fields=["email"], name="destinatario_email")]

    def __str__(self):
        return self.email

    @property
    def fonte(self):
        """The row because of which she is written to; None when it is gone."""
        return self.iscrizione or self.partecipante or self.componente or self.consenso

    @property
    def nome(self):
        """Whom the office sees; a yes to the news has an address and no name."""
        return getattr(self.fonte, "nome", "")

    @property
    def correggibile(self):
        """Whether the office may write another address for her: where it took the first one
        down itself. An address that a person confirmed is hers to change."""
        return self.iscrizione_id is not None or self.componente_id is not None
