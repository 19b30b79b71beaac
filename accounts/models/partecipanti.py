"""Who takes part, with or without an account, and what she asked for and has to confirm."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portale.lib.codici import ConCodice, firma, nuovo_codice

from .persone import User


class PartecipanteQuerySet(ConCodice):
    def graditi(self, avviso):
        """Who wants these mails (a switch of ``User``). Guests are asked thing by thing, in the
        mails themselves."""
        return self.filter(Q(persona=None) | Q(**{f"persona__{avviso}": True}))


class Partecipante(models.Model):
    """Somebody who takes part: a confirmed address, with or without an account.

    Whatever she supports, follows, writes or proposes hangs on this row, so that it is counted
    once whether she had signed in or not. ``accounts.partecipanti`` makes and finds them.
    """

    SALE = "accounts.partecipante"

    email = models.EmailField(_("e-mail"), unique=True)
    nome = models.CharField(_("nome"), max_length=120, blank=True)
    lingua = models.CharField(
        _("lingua"), max_length=5, choices=User.Lingua, default=User.Lingua.ITALIANO
    )
    persona = models.OneToOneField(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="partecipante",
        verbose_name=_("account"),
    )
    codice = models.CharField(max_length=24, unique=True, default=nuovo_codice, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("dal"), auto_now_add=True)

    objects = PartecipanteQuerySet.as_manager()

    class Meta:
        verbose_name = _("partecipante")
        verbose_name_plural = _("partecipanti")
        ordering = ["pk"]

    def __str__(self):
        return self.nome or self.email

    @property
    def token(self):
        """What a mail's link carries: signed, so that a copy of the database opens no door."""
        return firma(self.SALE).sign(self.codice)


class Conferma(models.Model):
    """Something that a visitor asked for, and that is done when she opens the link of her mail.

    It holds what she asked until then; ``accounts.partecipanti`` does it once.
    """

    SALE = "accounts.conferma"

    azione = models.CharField(_("azione"), max_length=40)
    email = models.EmailField(_("e-mail"))
    nome = models.CharField(_("nome"), max_length=120, blank=True)
    lingua = models.CharField(_("lingua"), max_length=5, default="it")
    parametri = models.JSONField(_("parametri"), default=dict)
    codice = models.CharField(max_length=43, unique=True, default=nuovo_codice, editable=False)
    created_at = models.DateTimeField(_("chiesta il"))
    scade_at = models.DateTimeField(_("scade il"))
    fatta_at = models.DateTimeField(_("fatta il"), null=True, editable=False)
    # Where she was led, so that opening the link again leads there too.
    esito_url = models.CharField(max_length=300, blank=True, editable=False)

    objects = ConCodice.as_manager()

    class Meta:
        verbose_name = _("richiesta da confermare")
        verbose_name_plural = _("richieste da confermare")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["scade_at"], name="conferma_scade")]

    def __str__(self):
        return f"{self.azione} ({self.pk})"

    @property
    def token(self):
        return firma(self.SALE).sign(self.codice)
