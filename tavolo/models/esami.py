"""The review of a proposal: what each seat says of it, with its reasons. Nothing is averaged."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portale.lib.dates import a_roma

from .soggetti import Componente, Seggio

# Only a proposal under evaluation is reviewed: one that is taken back, hidden, merged or decided
# stops being so at that very instant, whoever did it and whatever our rows say.
_SI_ESAMINA = "in_valutazione"


class EsameQuerySet(models.QuerySet):
    def aperti(self, adesso: datetime):
        """Seats may answer: not closed by the office, not past their moment, and the proposal
        still under evaluation."""
        return self.filter(chiuso_at=None, scade_at__gt=adesso, proposta__stato=_SI_ESAMINA)

    def conclusi(self, adesso: datetime):
        """All the others: nobody answers any more."""
        return self.exclude(chiuso_at=None, scade_at__gt=adesso, proposta__stato=_SI_ESAMINA)

    def for_elenco(self):
        return self.select_related("proposta__laboratorio", "percorso")


class Esame(models.Model):
    """The Tavolo reads one proposal until a given moment. It is over when that moment comes,
    with nobody doing anything, or when the office closes it before."""

    proposta = models.ForeignKey(
        "proposte.Proposta", models.PROTECT, related_name="esami", verbose_name=_("proposta")
    )
    percorso = models.ForeignKey(
        "percorso.Percorso", models.PROTECT, related_name="esami", verbose_name=_("percorso")
    )
    # The first moment at which answers are late: the midnight after the day that was set, Rome.
    scade_at = models.DateTimeField(_("si risponde fino a"))
    # The guiding questions as they were when it began.
    criteri = models.JSONField(_("domande guida"), default=list, blank=True)
    nota = models.TextField(_("nota dell'ufficio per i componenti"), blank=True)
    aperto_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="esami_aperti",
        verbose_name=_("aperto da"),
    )
    aperto_at = models.DateTimeField(_("aperto il"), editable=False)
    chiuso_at = models.DateTimeField(_("chiuso il"), null=True, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)

    objects = EsameQuerySet.as_manager()

    class Meta:
        verbose_name = _("esame")
        verbose_name_plural = _("esami")
        ordering = ["scade_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposta"],
                condition=Q(chiuso_at=None),
                name="esame_uno_aperto_per_proposta",
                violation_error_message=_("Questa proposta è già in esame."),
            )
        ]
        indexes = [models.Index(fields=["percorso", "scade_at"], name="esame_scadenza")]

    def __str__(self):
        return str(self.proposta)

    def aperto(self, adesso: datetime) -> bool:
        """The same as ``aperti``, of this one; reads its ``proposta``."""
        return (
            self.chiuso_at is None
            and adesso < self.scade_at
            and self.proposta.stato == _SI_ESAMINA
        )

    @property
    def ultimo_giorno(self) -> date:
        """The last day on which one answers, in Rome."""
        return a_roma(self.scade_at - timedelta(microseconds=1)).date()


class PassaggioEsame(models.Model):
    """One step of a review's life. Written once, never changed."""

    class Evento(models.TextChoices):
        APERTO = "aperto", _("aperto")
        PROROGATO = "prorogato", _("prorogato")
        CHIUSO = "chiuso", _("chiuso")
        SOLLECITO = "sollecito", _("scritto a chi manca")

    esame = models.ForeignKey(Esame, models.CASCADE, related_name="passaggi")
    evento = models.CharField(_("evento"), max_length=10, choices=Evento)
    # Until when one answered from that step on.
    scade_at = models.DateTimeField(_("si risponde fino a"))
    # Empty: nobody did it, the proposal left the evaluation.
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_esame",
        verbose_name=_("autore"),
    )
    testo = models.TextField(_("spiegazione"), blank=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio dell'esame")
        verbose_name_plural = _("passaggi dell'esame")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return self.get_evento_display()


class PromemoriaEsame(models.Model):
    """The reminders of a rule were queued: ``giorni`` days before ``giorno``, for whatever falls
    due on it. The row is the right to queue them, which one process alone gets."""

    percorso = models.ForeignKey(
        "percorso.Percorso", models.CASCADE, related_name="promemoria_esami"
    )
    giorno = models.DateField()
    giorni = models.PositiveSmallIntegerField()
    accodato_at = models.DateTimeField()

    class Meta:
        verbose_name = _("promemoria degli esami")
        verbose_name_plural = _("promemoria degli esami")
        ordering = ["percorso_id", "giorno", "-giorni"]
        constraints = [
            models.UniqueConstraint(
                fields=["percorso", "giorno", "giorni"], name="promemoria_esame_uno"
            )
        ]

    def __str__(self):
        return f"{self.giorno} − {self.giorni}"


class Grado(models.TextChoices):
    """What a seat says. An abstention for conflict of interest is none of the five grades."""

    FAVOREVOLE = "favorevole", _("favorevole")
    OSSERVAZIONI = "osservazioni", _("favorevole con osservazioni")
    INDIFFERENTE = "indifferente", _("indifferente")
    CONTRARIA = "contraria", _("contraria")
    OBIEZIONE = "obiezione", _("obiezione")
    CONFLITTO = "conflitto", _("conflitto di interessi: si astiene")


# These may be said without a reason.
SENZA_MOTIVO = (Grado.FAVOREVOLE, Grado.INDIFFERENTE)
_CON_MOTIVO = ~Q(grado__in=["osservazioni", "contraria", "obiezione", "conflitto"])


class PosizioneQuerySet(models.QuerySet):
    def rese(self):
        """Stated, and not only drafted."""
        return self.filter(resa_at__isnull=False)


class Posizione(models.Model):
    """What one seat says of a proposal, whoever of its people wrote it last. The draft lies
    beside what was stated: others see only the latter."""

    esame = models.ForeignKey(Esame, models.CASCADE, related_name="posizioni")
    seggio = models.ForeignKey(Seggio, models.PROTECT, related_name="posizioni")
    grado = models.CharField(_("posizione"), max_length=15, choices=Grado, blank=True)
    motivazione = models.TextField(_("motivazione"), max_length=5000, blank=True)
    resa_at = models.DateTimeField(_("espressa il"), null=True, editable=False)
    resa_da = models.ForeignKey(
        Componente,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="posizioni",
        verbose_name=_("scritta da"),
    )
    bozza_grado = models.CharField(max_length=15, choices=Grado, blank=True)
    bozza_motivazione = models.TextField(max_length=5000, blank=True)
    # Counts every saving: who saves an older one is told (titolare and supplente at once).
    versione = models.PositiveIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PosizioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("posizione")
        verbose_name_plural = _("posizioni")
        ordering = ["esame_id", "seggio__organizzazione__nome"]
        constraints = [
            models.UniqueConstraint(fields=["esame", "seggio"], name="posizione_una_per_seggio"),
            models.CheckConstraint(
                name="posizione_ha_motivazione", condition=_CON_MOTIVO | ~Q(motivazione="")
            ),
            models.CheckConstraint(
                name="posizione_resa_ha_grado", condition=Q(resa_at=None) | ~Q(grado="")
            ),
        ]

    def __str__(self):
        return f"{self.seggio}: {self.get_grado_display()}"


class VersionePosizione(models.Model):
    """A position as it was stated once. Written once, never changed."""

    posizione = models.ForeignKey(Posizione, models.CASCADE, related_name="versioni")
    numero = models.PositiveIntegerField(_("versione"))
    grado = models.CharField(_("posizione"), max_length=15, choices=Grado)
    motivazione = models.TextField(_("motivazione"), blank=True)
    componente = models.ForeignKey(
        Componente,
        models.PROTECT,
        related_name="versioni_posizione",
        verbose_name=_("scritta da"),
    )
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("versione della posizione")
        verbose_name_plural = _("versioni della posizione")
        ordering = ["posizione_id", "numero"]
        constraints = [
            models.UniqueConstraint(
                fields=["posizione", "numero"], name="versione_posizione_unica"
            )
        ]

    def __str__(self):
        return f"{self.numero}: {self.get_grado_display()}"


class CommentoEsame(models.Model):
    """What a seat writes to the others about a proposal under review; not public."""

    esame = models.ForeignKey(Esame, models.CASCADE, related_name="commenti")
    seggio = models.ForeignKey(Seggio, models.PROTECT, related_name="commenti_esame")
    componente = models.ForeignKey(
        Componente, models.PROTECT, related_name="commenti_esame", verbose_name=_("scritto da")
    )
    testo = models.TextField(_("testo"), max_length=3000)
    # Made by the page: the same form sent twice writes once.
    chiave = models.CharField(max_length=36, unique=True, editable=False)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("commento tra componenti")
        verbose_name_plural = _("commenti tra componenti")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return self.testo[:60]


class DomandaProponente(models.Model):
    """A question of a seat to whoever made the proposal, and her answer."""

    esame = models.ForeignKey(Esame, models.CASCADE, related_name="domande")
    seggio = models.ForeignKey(Seggio, models.PROTECT, related_name="domande")
    componente = models.ForeignKey(
        Componente, models.PROTECT, related_name="domande", verbose_name=_("scritta da")
    )
    testo = models.TextField(_("domanda"), max_length=2000)
    chiave = models.CharField(max_length=36, unique=True, editable=False)
    created_at = models.DateTimeField(_("quando"))
    risposta = models.TextField(_("risposta"), max_length=4000, blank=True)
    risposta_at = models.DateTimeField(_("risposto il"), null=True, editable=False)
    # Somebody of the office, for a proposal whose author cannot be written to.
    risposto_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="domande_risposte",
        verbose_name=_("ha risposto l'ufficio"),
    )

    class Meta:
        verbose_name = _("domanda a chi propone")
        verbose_name_plural = _("domande a chi propone")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="domanda_con_risposta_dice_quando",
                condition=Q(risposta="", risposta_at=None)
                | (~Q(risposta="") & Q(risposta_at__isnull=False)),
            )
        ]

    def __str__(self):
        return self.testo[:60]
