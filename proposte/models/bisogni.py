import secrets

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Canale(models.TextChoices):
    """How a contribution reached the office."""

    ONLINE = "online", _("online")
    INCONTRO = "incontro", _("in un incontro")
    CARTACEO = "cartaceo", _("su carta")


class Moderazione(models.TextChoices):
    """Why something that people wrote is not shown."""

    OFFENSIVO = "offensivo", _("offende o discrimina qualcuno")
    DATI_PERSONALI = "dati_personali", _("contiene dati personali di qualcuno")
    FUORI_TEMA = "fuori_tema", _("non riguarda i quartieri o il percorso")
    DOPPIONE = "doppione", _("ripete un contributo che c'è già")
    PUBBLICITA = "pubblicita", _("è pubblicità o propaganda elettorale")
    ILLECITO = "illecito", _("contiene qualcosa di illecito o che viola diritti d'autore")
    ALTRO = "altro", _("un altro motivo")


def slug_provvisorio() -> str:
    """The address of a draft, which nobody can guess."""
    return secrets.token_hex(8)


class TemaQuerySet(models.QuerySet):
    def attivi(self):
        return self.filter(attivo=True)


class Tema(models.Model):
    """What needs and proposals are about: one of the office's own short list."""

    nome = models.CharField(_("nome"), max_length=60, unique=True)
    slug = models.SlugField(_("indirizzo"), max_length=60, unique=True)
    ordine = models.PositiveSmallIntegerField(_("ordine"), default=0)
    attivo = models.BooleanField(_("attivo"), default=True)

    objects = TemaQuerySet.as_manager()

    class Meta:
        verbose_name = _("tema")
        verbose_name_plural = _("temi")
        ordering = ["ordine", "nome"]

    def __str__(self):
        return self.nome


class BisognoQuerySet(models.QuerySet):
    def pubblici(self):
        return self.filter(stato=Bisogno.Stato.PUBBLICATO)

    def leggibili(self, partecipante=None, *, modera=False):
        """What she may open: the public ones, her own; all of them for who moderates."""
        if modera:
            return self.all()
        regola = models.Q(stato=Bisogno.Stato.PUBBLICATO)
        if partecipante is not None:
            regola |= models.Q(proponente=partecipante)
        return self.filter(regola)

    def da_moderare(self):
        return self.filter(stato=Bisogno.Stato.INVIATO)


class Bisogno(models.Model):
    """A need of a neighbourhood, or of the whole city: born at a workshop (``incontro``, whose
    author is the workshop itself) or written by a citizen.

    ``proposte.bisogni`` is the only door to ``stato``.
    """

    class Stato(models.TextChoices):
        BOZZA = "bozza", _("bozza")
        INVIATO = "inviato", _("da moderare")
        PUBBLICATO = "pubblicato", _("pubblicato")
        NASCOSTO = "nascosto", _("nascosto")

    class Priorita(models.IntegerChoices):
        ALTA = 1, _("alta")
        MEDIA = 2, _("media")
        BASSA = 3, _("bassa")

    percorso = models.ForeignKey(
        "percorso.Percorso", models.PROTECT, related_name="bisogni", verbose_name=_("percorso")
    )
    laboratorio = models.ForeignKey(
        "laboratori.Laboratorio",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bisogni",
        verbose_name=_("laboratorio"),
        help_text=_("Vuoto: per tutta la città."),
    )
    incontro = models.ForeignKey(
        "eventi.Incontro",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bisogni_emersi",
        verbose_name=_("emerso nell'incontro"),
    )
    tavolo = models.PositiveSmallIntegerField(_("numero del tavolo"), null=True, blank=True)
    titolo = models.CharField(_("bisogno"), max_length=160)
    slug = models.SlugField(
        _("indirizzo"), max_length=100, unique=True, default=slug_provvisorio, editable=False
    )
    testo = models.TextField(_("che cosa serve e perché"), max_length=4000, blank=True)
    temi = models.ManyToManyField(Tema, blank=True, related_name="bisogni", verbose_name=_("temi"))
    # What the workshop gave it: the dots counted on the poster, and the order that follows.
    punti = models.PositiveIntegerField(
        _("punti"), null=True, blank=True, help_text=_("I bollini contati nell'incontro.")
    )
    priorita = models.PositiveSmallIntegerField(
        _("priorità"), choices=Priorita, null=True, blank=True
    )
    canale = models.CharField(_("canale"), max_length=10, choices=Canale, default=Canale.INCONTRO)
    proponente = models.ForeignKey(
        "accounts.Partecipante",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="bisogni",
        verbose_name=_("chi lo ha scritto"),
    )
    nome_mostrato = models.CharField(_("nome mostrato"), max_length=120, blank=True)
    registrato_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="bisogni_registrati",
        verbose_name=_("registrato da"),
    )
    stato = models.CharField(
        _("stato"), max_length=10, choices=Stato, default=Stato.BOZZA, editable=False
    )
    pubblicato_at = models.DateTimeField(_("pubblicato il"), null=True, editable=False)
    # The stems of its words: what searches look into (portale.lib.ricerca).
    indice = models.TextField(blank=True, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("ricevuto il"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BisognoQuerySet.as_manager()

    class Meta:
        verbose_name = _("bisogno")
        verbose_name_plural = _("bisogni")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-pubblicato_at", "-id"], name="bisogno_pubblicato"),
            models.Index(
                fields=["laboratorio", "-pubblicato_at", "-id"], name="bisogno_laboratorio"
            ),
            models.Index(fields=["stato", "created_at"], name="bisogno_stato"),
        ]
        constraints = [
            models.CheckConstraint(
                name="bisogno_pubblicato_ha_data",
                condition=~models.Q(stato="pubblicato") | models.Q(pubblicato_at__isnull=False),
            )
        ]

    def __str__(self):
        return self.titolo

    def get_absolute_url(self):
        return reverse("bisogni:bisogno_detail", args=[self.slug])


class PassaggioBisogno(models.Model):
    """One step of a need's life. Written once, never changed."""

    bisogno = models.ForeignKey(Bisogno, models.CASCADE, related_name="passaggi")
    da = models.CharField(_("da"), max_length=10, blank=True)
    a = models.CharField(_("a"), max_length=10)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_bisogno",
        verbose_name=_("autore"),
    )
    motivo = models.CharField(_("motivo"), max_length=20, choices=Moderazione, blank=True)
    testo = models.TextField(_("spiegazione"), blank=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio del bisogno")
        verbose_name_plural = _("passaggi del bisogno")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return f"{self.da} → {self.a}"
