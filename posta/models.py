from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class MessaggioQuerySet(models.QuerySet):
    def in_coda(self):
        return self.filter(stato=Messaggio.Stato.IN_CODA)

    def falliti(self):
        return self.filter(stato=Messaggio.Stato.FALLITO)

    def non_arrivati(self):
        """Given up, or come back: whom they are for has not read them."""
        return self.filter(stato__in=Messaggio.NON_ARRIVATI)

    def conclusi(self):
        """Sent, or never to be sent."""
        return self.exclude(stato=Messaggio.Stato.IN_CODA)

    def dovuti(self, adesso):
        """Due now and in nobody's hands: never leased, or leased by a worker that is gone."""
        libero = Q(lease_until=None) | Q(lease_until__lte=adesso)
        return self.in_coda().filter(libero, dovuto_at__lte=adesso).order_by("dovuto_at", "pk")


class Messaggio(models.Model):
    """One mail of the portal, from the moment it is owed until it has left.

    The text is not here: it is composed when the mail leaves, from what is true at that
    moment (see ``posta.generi``). ``chiave`` is what makes it one: queueing the same key twice
    leaves a single row. Only ``posta.services`` changes ``stato``.
    """

    class Stato(models.TextChoices):
        IN_CODA = "in_coda", _("in coda")
        INVIATO = "inviato", _("inviato")
        FALLITO = "fallito", _("fallito")
        SCADUTO = "scaduto", _("scaduto")
        ANNULLATO = "annullato", _("annullato")
        # It left, and the recipient's server sent it back.
        RIMBALZATO = "rimbalzato", _("rimbalzato")

    NON_ARRIVATI = (Stato.FALLITO, Stato.RIMBALZATO)

    genere = models.CharField(_("genere"), max_length=40)
    destinatario = models.EmailField(_("destinatario"))
    lingua = models.CharField(_("lingua"), max_length=5, default="it")
    chiave = models.CharField(_("chiave"), max_length=200, unique=True)
    parametri = models.JSONField(_("parametri"), default=dict, blank=True)
    dovuto_at = models.DateTimeField(_("da spedire dal"))
    stato = models.CharField(
        _("stato"), max_length=10, choices=Stato, default=Stato.IN_CODA, editable=False
    )
    tentativi = models.PositiveSmallIntegerField(_("tentativi"), default=0, editable=False)
    ultimo_errore = models.TextField(_("ultimo errore"), blank=True, editable=False)
    inviato_at = models.DateTimeField(_("inviato il"), null=True, editable=False)
    # How many times it was sent anew after it came back.
    rispedizioni = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(_("creato il"), auto_now_add=True)

    objects = MessaggioQuerySet.as_manager()

    class Meta:
        verbose_name = _("messaggio")
        verbose_name_plural = _("messaggi")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["dovuto_at", "id"],
                condition=Q(stato="in_coda"),
                name="messaggio_da_spedire",
            ),
            models.Index(fields=["stato", "genere"], name="messaggio_stato_genere"),
            models.Index(fields=["genere", "-id"], name="messaggio_genere"),
            models.Index(fields=["dovuto_at"], name="messaggio_giorno"),
            models.Index(fields=["destinatario"], name="messaggio_destinatario"),
            models.Index(
                fields=["dovuto_at"],
                condition=~Q(stato="in_coda") & ~Q(destinatario=""),
                name="messaggio_da_dimenticare",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="messaggio_inviato_ha_data",
                condition=~Q(stato="inviato") | Q(inviato_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.genere} {self.pk}"


class BattitoQuerySet(models.QuerySet):
    def batti(self, nome, adesso):
        """``nome`` is alive at ``adesso``; a row younger than a few seconds is left alone, so
        that many workers do not queue for it."""
        visto = self.filter(nome=nome).values_list("visto_at", flat=True).first()
        if visto is None:
            self.bulk_create([Battito(nome=nome, visto_at=adesso)], ignore_conflicts=True)
        elif abs(adesso - visto) >= timedelta(seconds=5):
            self.filter(nome=nome).update(visto_at=adesso)


class Battito(models.Model):
    """When a part of the machinery was last seen alive ("pianificatore", "spedizione")."""

    nome = models.CharField(_("nome"), max_length=30, unique=True)
    visto_at = models.DateTimeField(_("visto l'ultima volta"))

    objects = BattitoQuerySet.as_manager()

    class Meta:
        verbose_name = _("battito")
        verbose_name_plural = _("battiti")

    def __str__(self):
        return self.nome
