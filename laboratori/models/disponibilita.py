from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portale.lib.codici import ConCodice, firma, nuovo_codice

from .laboratori import Laboratorio


class DisponibilitaQuerySet(ConCodice):
    def for_indirizzi(self, indirizzi):
        """Hers: those that she confirmed from one of her addresses, latest first."""
        confermate = self.filter(email__in=indirizzi).exclude(
            stato=Disponibilita.Stato.DA_VERIFICARE
        )
        return confermate.order_by("-created_at", "-pk")

    def da_gestire(self):
        return self.filter(stato__in=[Disponibilita.Stato.NUOVA, Disponibilita.Stato.ASSEGNATA])


class Disponibilita(models.Model):
    """A citizen's offer to help a lab, or any lab when none is named.

    ``laboratori.services`` is the only door to ``stato``: da_verificare → nuova (the address is
    confirmed) → assegnata → chiusa, each with the person told.
    """

    SALE = "laboratori.disponibilita"

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
        return firma(self.SALE).sign(self.codice)

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
