from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .bisogni import Moderazione
from .proposte import Proposta


class Sostegno(models.Model):
    """One person's support of one proposal; there is no second one."""

    proposta = models.ForeignKey(Proposta, models.CASCADE, related_name="sostegni")
    partecipante = models.ForeignKey(
        "accounts.Partecipante", models.CASCADE, related_name="sostegni"
    )
    # The merged proposal that brought it here; empty when she gave it herself.
    portato_da = models.ForeignKey(
        Proposta, models.CASCADE, null=True, blank=True, related_name="sostegni_portati"
    )
    esempio = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("dal"))

    class Meta:
        verbose_name = _("sostegno")
        verbose_name_plural = _("sostegni")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposta", "partecipante"], name="sostegno_uno_per_persona"
            )
        ]

    def __str__(self):
        return f"{self.partecipante_id} → {self.proposta_id}"


class Riconteggio(models.Model):
    """ "Count this proposal again." Only ever added and deleted, so that a thousand people who
    support one proposal at the same instant do not wait for each other."""

    proposta = models.ForeignKey(Proposta, models.CASCADE, related_name="riconteggi")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("riconteggio")
        verbose_name_plural = _("riconteggi")
        ordering = ["pk"]

    def __str__(self):
        return str(self.proposta_id)


class Seguito(models.Model):
    """What a person wants to hear of: a proposal (its answers, at once), a lab or a theme (the
    digest of the week)."""

    partecipante = models.ForeignKey(
        "accounts.Partecipante", models.CASCADE, related_name="seguiti"
    )
    proposta = models.ForeignKey(
        Proposta, models.CASCADE, null=True, blank=True, related_name="seguaci"
    )
    laboratorio = models.ForeignKey(
        "laboratori.Laboratorio", models.CASCADE, null=True, blank=True, related_name="seguaci"
    )
    tema = models.ForeignKey(
        "proposte.Tema", models.CASCADE, null=True, blank=True, related_name="seguaci"
    )
    # As for a support.
    portato_da = models.ForeignKey(
        Proposta, models.CASCADE, null=True, blank=True, related_name="seguaci_portati"
    )
    created_at = models.DateTimeField(_("dal"))

    class Meta:
        verbose_name = _("seguito")
        verbose_name_plural = _("seguiti")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="seguito_una_cosa_sola",
                condition=Q(proposta__isnull=False, laboratorio=None, tema=None)
                | Q(proposta=None, laboratorio__isnull=False, tema=None)
                | Q(proposta=None, laboratorio=None, tema__isnull=False),
            ),
            models.UniqueConstraint(fields=["proposta", "partecipante"], name="seguito_proposta"),
            models.UniqueConstraint(
                fields=["laboratorio", "partecipante"], name="seguito_laboratorio"
            ),
            models.UniqueConstraint(fields=["tema", "partecipante"], name="seguito_tema"),
        ]

    def __str__(self):
        return (
            f"{self.partecipante_id} → {self.proposta_id or self.laboratorio_id or self.tema_id}"
        )


class CommentoQuerySet(models.QuerySet):
    def visibili(self):
        return self.filter(nascosto_at=None)


class Commento(models.Model):
    """What somebody has to say of a proposal, with its purpose; answers have no answers."""

    class Scopo(models.TextChoices):
        DUBBIO = "dubbio", _("un dubbio")
        AGGIUNTA = "aggiunta", _("un'aggiunta")
        OBIEZIONE = "obiezione", _("un'obiezione")

    proposta = models.ForeignKey(Proposta, models.CASCADE, related_name="commenti")
    risponde_a = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="risposte"
    )
    autore = models.ForeignKey(
        "accounts.Partecipante",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="commenti",
        verbose_name=_("autore"),
    )
    nome_mostrato = models.CharField(_("nome mostrato"), max_length=120, blank=True)
    scopo = models.CharField(_("scopo"), max_length=10, choices=Scopo, blank=True)
    testo = models.TextField(_("testo"), max_length=2000)
    # One for each sending of the form: a double click is one comment.
    chiave = models.CharField(max_length=64, unique=True, editable=False)
    modificato_at = models.DateTimeField(_("modificato il"), null=True, editable=False)
    nascosto_at = models.DateTimeField(_("nascosto il"), null=True, editable=False)
    nascosto_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="commenti_nascosti",
        verbose_name=_("nascosto da"),
    )
    motivo = models.CharField(
        _("motivo"), max_length=20, choices=Moderazione, blank=True, editable=False
    )
    motivazione = models.TextField(_("spiegazione"), blank=True, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("scritto il"))

    objects = CommentoQuerySet.as_manager()

    class Meta:
        verbose_name = _("commento")
        verbose_name_plural = _("commenti")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["proposta", "created_at"], name="commento_proposta")]
        constraints = [
            models.CheckConstraint(
                name="commento_ha_uno_scopo",
                condition=~Q(scopo="") | Q(risponde_a__isnull=False),
            )
        ]

    def __str__(self):
        return self.testo[:60]


class SegnalazioneQuerySet(models.QuerySet):
    def aperte(self):
        return self.filter(chiusa_at=None)


class Segnalazione(models.Model):
    """Somebody tells the moderators that a proposal or a comment should not be there."""

    class Esito(models.TextChoices):
        ACCOLTA = "accolta", _("accolta: il contenuto è stato nascosto")
        RESPINTA = "respinta", _("respinta: il contenuto resta")

    proposta = models.ForeignKey(
        Proposta, models.CASCADE, null=True, blank=True, related_name="segnalazioni"
    )
    commento = models.ForeignKey(
        Commento, models.CASCADE, null=True, blank=True, related_name="segnalazioni"
    )
    partecipante = models.ForeignKey(
        "accounts.Partecipante",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="segnalazioni",
        verbose_name=_("chi segnala"),
    )
    motivo = models.CharField(_("motivo"), max_length=20, choices=Moderazione)
    testo = models.TextField(_("spiegazione"), max_length=1000, blank=True)
    chiave = models.CharField(max_length=64, unique=True, editable=False)
    esito = models.CharField(_("esito"), max_length=10, choices=Esito, blank=True, editable=False)
    chiusa_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="segnalazioni_chiuse",
        verbose_name=_("chiusa da"),
    )
    chiusa_at = models.DateTimeField(_("chiusa il"), null=True, editable=False)
    created_at = models.DateTimeField(_("ricevuta il"))

    objects = SegnalazioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("segnalazione")
        verbose_name_plural = _("segnalazioni")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["chiusa_at", "created_at"], name="segnalazione_aperta")]
        constraints = [
            models.CheckConstraint(
                name="segnalazione_di_una_cosa",
                condition=Q(proposta__isnull=False, commento=None)
                | Q(proposta=None, commento__isnull=False),
            )
        ]

    def __str__(self):
        return self.get_motivo_display()
