from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .iscrizioni import Iscrizione


class TelefonataQuerySet(models.QuerySet):
    def aperte(self):
        return self.filter(chiusa_at=None)

    def da_fare(self, adesso):
        """Calls that are still of use, the most urgent first: who gave up her seat, or whose
        offer is over, is not called any more."""
        stato = Iscrizione.Stato
        ancora = (
            Q(genere__in=Telefonata.SEMPRE)
            | Q(genere=Telefonata.Genere.POSTO_OFFERTO, iscrizione__stato=stato.POSTO_OFFERTO)
            | (
                ~Q(genere__in=[*Telefonata.SEMPRE, Telefonata.Genere.POSTO_OFFERTO])
                & Q(iscrizione__stato__in=Iscrizione.VIVE)
            )
        )
        return (
            self.aperte()
            .filter(Q(utile_fino=None) | Q(utile_fino__gt=adesso))
            .filter(ancora)
            .order_by("entro_at", "pk")
        )


class Telefonata(models.Model):
    """Somebody without an e-mail has to be told what the others read in a mail: one row for each
    (registration, event), by the same key as the mail. ``eventi.telefonate`` writes them."""

    class Genere(models.TextChoices):
        SPOSTATO = "spostato", _("l'incontro è spostato")
        RINVIATO = "rinviato", _("l'incontro è rinviato")
        ANNULLATO = "annullato", _("l'incontro è annullato")
        COLLEGAMENTO = "collegamento", _("si partecipa in un altro modo")
        POSTO_OFFERTO = "posto_offerto", _("c'è un posto per lei")
        POSTO_SCADUTO = "posto_scaduto", _("il posto offerto è passato ad altri")
        CONFERMATA = "confermata", _("è confermata")
        ISCRIZIONE_ANNULLATA = "iscrizione_annullata", _("la sua iscrizione è annullata")
        PROMEMORIA = "promemoria", _("promemoria")

    class Esito(models.TextChoices):
        RAGGIUNTA = "raggiunta", _("raggiunta")
        NON_RISPONDE = "non_risponde", _("non risponde")
        DA_RICHIAMARE = "da_richiamare", _("da richiamare")
        # Something newer has to be said instead.
        SUPERATA = "superata", _("non serve più")

    # Said also to who is not registered any more: it is of that that she is told.
    SEMPRE = (Genere.ANNULLATO, Genere.POSTO_SCADUTO, Genere.ISCRIZIONE_ANNULLATA)
    CAMBI = (Genere.SPOSTATO, Genere.RINVIATO, Genere.ANNULLATO, Genere.COLLEGAMENTO)

    iscrizione = models.ForeignKey(
        Iscrizione, models.CASCADE, related_name="telefonate", verbose_name=_("iscrizione")
    )
    genere = models.CharField(_("che cosa dirle"), max_length=24, choices=Genere)
    chiave = models.CharField(max_length=120, unique=True, editable=False)
    entro_at = models.DateTimeField(_("entro"))
    utile_fino = models.DateTimeField(_("serve fino a"), null=True, editable=False)
    esito = models.CharField(_("esito"), max_length=15, choices=Esito, blank=True)
    tentativi = models.PositiveSmallIntegerField(_("tentativi"), default=0)
    segnata_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="telefonate",
        verbose_name=_("segnata da"),
    )
    segnata_at = models.DateTimeField(_("segnata il"), null=True)
    chiusa_at = models.DateTimeField(_("chiusa il"), null=True)
    created_at = models.DateTimeField(_("creata il"))

    objects = TelefonataQuerySet.as_manager()

    class Meta:
        verbose_name = _("telefonata")
        verbose_name_plural = _("telefonate da fare")
        ordering = ["entro_at", "pk"]
        indexes = [
            models.Index(
                fields=["entro_at", "id"],
                condition=Q(chiusa_at=None),
                name="telefonata_da_fare",
            ),
            models.Index(fields=["segnata_at"], name="telefonata_segnata"),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
