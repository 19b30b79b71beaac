"""Accounts: whoever logs in."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
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
    # When she stated that she is 14 or older; empty for accounts that nobody asked.
    da_14_at = models.DateTimeField(_("dichiara 14 anni o più"), null=True, editable=False)
    # Mails that she may do without. What a registration, a proposal of hers or her account needs
    # is written to her whatever she chooses here.
    avvisi_promemoria = models.BooleanField(_("promemoria degli incontri"), default=True)
    avvisi_seguiti = models.BooleanField(_("novità di quello che segue"), default=True)
    avvisi_riepilogo = models.BooleanField(_("riepilogo del lunedì"), default=True)
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
