"""Who has shown a digital identity (SPID, CIE): one person, one account."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .persone import User


class IdentitaVerificata(models.Model):
    """An account whose holder has shown a digital identity.

    The fiscal code itself is nowhere: ``impronta`` is its keyed hash (``accounts.identita``),
    which only tells that the same person has come back. Both constraints together keep one
    person one account.
    """

    class Fonte(models.TextChoices):
        OIDC = "spid_oidc", _("SPID o CIE (OpenID Connect)")
        SAML = "spid_saml", _("SPID o CIE (SAML)")

    persona = models.OneToOneField(
        User,
        models.CASCADE,
        related_name="identita",
        verbose_name=_("account"),
    )
    impronta = models.CharField(max_length=64, unique=True, editable=False)
    fonte = models.CharField(_("verificata con"), max_length=20, choices=Fonte)
    verificata_at = models.DateTimeField(_("verificata il"))

    class Meta:
        verbose_name = _("identità verificata")
        verbose_name_plural = _("identità verificate")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.get_fonte_display()} ({self.pk})"


class RispostaUsata(models.Model):
    """An answer of a gateway that has let somebody in, until it expires by itself: it opens the
    door once, whichever process it reaches."""

    impronta = models.CharField(max_length=64, unique=True)
    scade_at = models.DateTimeField()

    class Meta:
        verbose_name = _("risposta usata")
        verbose_name_plural = _("risposte usate")
        indexes = [models.Index(fields=["scade_at"], name="rispostausata_scade")]

    def __str__(self):
        return f"{self.pk}"
