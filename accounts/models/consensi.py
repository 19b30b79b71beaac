from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portale.lib.codici import ConCodice, firma, nuovo_codice


class ConsensoQuerySet(ConCodice):
    def vivi(self):
        """Given, by somebody whose address is hers, and not taken back."""
        return self.filter(valido_at__isnull=False, ritirato_at=None)


class Consenso(models.Model):
    """A yes that somebody gave of her own will: when, to which words, and until when.

    Written once: afterwards only ``valido_at`` (her address was confirmed) and ``ritirato_at``
    are filled in, each once, by ``accounts.consensi``. Who says yes again has another row.
    """

    SALE = "accounts.consenso"

    class Scopo(models.TextChoices):
        NEWSLETTER = "newsletter", _("notizie per e-mail")
        FOTO = "foto", _("foto e riprese")

    class Canale(models.TextChoices):
        ONLINE = "online", _("online")
        UFFICIO = "ufficio", _("a voce o su carta, con l'ufficio")

    scopo = models.CharField(_("per che cosa"), max_length=12, choices=Scopo)
    # Empty for who was registered by the office without an address (photos only).
    email = models.EmailField(_("e-mail"), blank=True)
    # What the consent is limited to: a meeting's address; empty when it holds in general.
    ambito = models.CharField(_("limitato a"), max_length=120, blank=True)
    testo = models.TextField(_("testo mostrato"))
    lingua = models.CharField(_("lingua"), max_length=5, default="it")
    canale = models.CharField(_("come"), max_length=10, choices=Canale, default=Canale.ONLINE)
    dove = models.CharField(_("dove"), max_length=200, blank=True)
    codice = models.CharField(max_length=24, unique=True, default=nuovo_codice, editable=False)
    dato_at = models.DateTimeField(_("dato il"))
    valido_at = models.DateTimeField(_("vale dal"), null=True, editable=False)
    ritirato_at = models.DateTimeField(_("ritirato il"), null=True, editable=False)

    objects = ConsensoQuerySet.as_manager()

    class Meta:
        verbose_name = _("consenso")
        verbose_name_plural = _("consensi")
        ordering = ["-dato_at", "-pk"]
        indexes = [
            models.Index(fields=["email", "scopo"], name="consenso_indirizzo"),
            models.Index(fields=["scopo", "ritirato_at", "dato_at"], name="consenso_scopo"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["scopo", "email", "ambito"],
                condition=Q(valido_at__isnull=False, ritirato_at=None) & ~Q(email=""),
                name="consenso_uno_vivo",
            ),
            models.CheckConstraint(
                name="consenso_newsletter_ha_indirizzo",
                condition=~Q(scopo="newsletter") | ~Q(email=""),
            ),
        ]

    def __str__(self):
        return f"{self.get_scopo_display()} ({self.pk})"

    @property
    def vivo(self):
        return self.valido_at is not None and self.ritirato_at is None

    @property
    def token(self):
        """What the mails' link to leave carries."""
        return firma(self.SALE).sign(self.codice)
