import secrets

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.signing import BadSignature, Signer
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portale.lib.testo import normalizza_email


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        """Create a person; raises ValueError without an address."""
        if not email:
            raise ValueError("A user needs an e-mail address")
        user = self.model(email=normalizza_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email):
        return self.get(email=normalizza_email(email))


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account: her address is her name for the portal."""

    class Lingua(models.TextChoices):
        ITALIANO = "it", _("Italiano")
        INGLESE = "en", _("English")

    email = models.EmailField(_("e-mail"), unique=True)
    nome = models.CharField(_("nome e cognome"), max_length=120, blank=True)
    lingua = models.CharField(_("lingua"), max_length=5, choices=Lingua, default=Lingua.ITALIANO)
    is_active = models.BooleanField(_("attiva"), default=True)
    is_staff = models.BooleanField(
        _("fa parte dell'ufficio"), default=False, help_text=_("Può entrare nell'amministrazione.")
    )
    esempio = models.BooleanField(
        _("persona di esempio"),
        default=False,
        editable=False,
        help_text=_("Esiste solo nella demo."),
    )
    date_joined = models.DateTimeField(_("registrata il"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = _("persona")
        verbose_name_plural = _("persone")
        ordering = ["email"]

    def __str__(self):
        return self.nome or self.email

    def clean(self):
        super().clean()
        self.email = normalizza_email(self.email)

    def indirizzi_verificati(self):
        """Her addresses that she has shown to be hers, as they are stored everywhere."""
        verificati = self.emailaddress_set.filter(verified=True).values_list("email", flat=True)
        return [normalizza_email(indirizzo) for indirizzo in verificati]

    def get_full_name(self):
        return self.nome or self.email

    def get_short_name(self):
        return self.nome.split(" ")[0] if self.nome else self.email


def nuovo_codice() -> str:
    return secrets.token_urlsafe(12)


def firma(sale: str) -> Signer:
    """What signs the codes of one kind of link."""
    return Signer(salt=sale, sep=".")


class ConCodice(models.QuerySet):
    """Rows that the links of mails name by their signed code."""

    def from_token(self, token):
        """The row (one or none) that a link names; none if it was altered."""
        try:
            codice = firma(self.model.SALE).unsign(token)
        except BadSignature:
            return self.none()
        return self.filter(codice=codice)


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

    objects = ConCodice.as_manager()

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
