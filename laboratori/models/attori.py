"""The map of local actors: who does what in a zone, for whom, and whether they were reached."""

import re
import unicodedata

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portale.lib.storia import modificato

from .laboratori import Laboratorio

_SEGNI = re.compile(r"[\W_]+")
LUNGHEZZA_CHIAVE = 200


def nome_normale(nome: str) -> str:
    """What two ways to write one name have in common: "Ass. San Lazzaro" and "ass  san-lazzaro"
    are one. Empty for a name without any letter or digit."""
    scomposto = unicodedata.normalize("NFKD", nome.casefold())
    senza_accenti = "".join(c for c in scomposto if not unicodedata.combining(c))
    return " ".join(_SEGNI.sub(" ", senza_accenti).split())[:LUNGHEZZA_CHIAVE]


class AttoreQuerySet(models.QuerySet):
    def sulla_mappa(self):
        """Without those that were taken off."""
        return self.filter(archiviato_at=None)

    def tolti(self):
        return self.exclude(archiviato_at=None)

    def per(self, pubblico: str):
        """Those that work for this public, one of ``Attore.Pubblico``."""
        # The column is JSON, which not every database can look into: its text says it as well.
        return self.annotate(_pubblici=Cast("pubblici", models.TextField())).filter(
            _pubblici__contains=f'"{pubblico}"'
        )

    def senza_recapiti(self):
        """As members read them: what only the office knows does not leave the database."""
        return self.defer(*Attore.RISERVATI)

    def for_elenco(self):
        return self.select_related("laboratorio").order_by("nome", "pk")


class Attore(models.Model):
    """An organised or informal group that is active in a zone. Who is to be called there is the
    office's business alone.

    ``laboratori.attori`` is the only door to what is written here: each change leaves a row.
    """

    class Genere(models.TextChoices):
        ASSOCIAZIONE = "associazione", _("associazione")
        GRUPPO = "gruppo", _("gruppo informale o comitato")
        RELIGIOSO = "religioso", _("parrocchia o comunità religiosa")
        SCUOLA = "scuola", _("scuola o servizio educativo")
        SPORT = "sport", _("società sportiva")
        SERVIZIO = "servizio", _("servizio pubblico")
        COOPERATIVA = "cooperativa", _("cooperativa o impresa sociale")
        IMPRESA = "impresa", _("negozio o impresa")
        ALTRO = "altro", _("altro")

    class Pubblico(models.TextChoices):
        GIOVANI = "giovani", _("giovani")
        ANZIANI = "anziani", _("persone anziane")
        FAMIGLIE = "famiglie", _("famiglie con bambini")
        STRANIERI = "stranieri", _("persone di origine straniera")
        DISABILITA = "disabilita", _("persone con disabilità")
        DONNE = "donne", _("donne")
        DIFFICOLTA = "difficolta", _("persone in difficoltà economica")
        IMPRESE = "imprese", _("imprese e commercio")
        TUTTI = "tutti", _("tutti")

    class Stato(models.TextChoices):
        DA_RAGGIUNGERE = "da_raggiungere", _("da raggiungere")
        CONTATTATO = "contattato", _("contattato")
        RAGGIUNTO = "raggiunto", _("raggiunto")

    # What anybody of the Tavolo writes and reads, in the order of the forms.
    CAMPI = (
        "laboratorio", "nome", "genere", "attivita", "pubblici", "luogo", "latitudine",
        "longitudine", "sito",
    )  # fmt: skip
    # What the office alone writes and reads; the history keeps no copy of it.
    RISERVATI = ("contatto", "email", "telefono", "note")

    laboratorio = models.ForeignKey(
        Laboratorio, models.PROTECT, related_name="attori", verbose_name=_("zona")
    )
    nome = models.CharField(_("nome"), max_length=160)
    # By this two rows are one: see ``nome_normale``.
    chiave = models.CharField(max_length=LUNGHEZZA_CHIAVE, editable=False)
    genere = models.CharField(_("genere"), max_length=15, choices=Genere)
    attivita = models.TextField(_("che cosa fa"), max_length=1500, blank=True)
    pubblici = models.JSONField(_("per chi"), default=list, blank=True)
    luogo = models.CharField(_("luogo"), max_length=200, blank=True)
    latitudine = models.FloatField(
        _("latitudine"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitudine = models.FloatField(
        _("longitudine"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    sito = models.URLField(_("sito"), blank=True)
    stato = models.CharField(
        _("a che punto siamo"), max_length=15, choices=Stato, default=Stato.DA_RAGGIUNGERE
    )
    stato_dal = models.DateField(_("dal"), editable=False)
    # Where a slip of the finger goes back to.
    stato_prima = models.CharField(max_length=15, choices=Stato, blank=True, editable=False)

    contatto = models.CharField(
        _("persona di contatto"),
        max_length=120,
        blank=True,
        help_text=_("I recapiti li vede solo l'ufficio."),
    )
    email = models.EmailField(_("e-mail"), blank=True)
    telefono = models.CharField(_("telefono"), max_length=30, blank=True)
    note = models.TextField(_("note dell'ufficio"), max_length=3000, blank=True)

    origine = models.CharField(_("segnalato da"), max_length=160, editable=False)
    aggiunto_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="attori_aggiunti",
        verbose_name=_("aggiunto da"),
    )
    # Counts every change of the texts: who saves an older one is told.
    versione = models.PositiveIntegerField(default=1, editable=False)
    archiviato_at = models.DateTimeField(_("tolto il"), null=True, editable=False)
    archiviato_motivo = models.CharField(
        _("perché è stato tolto"), max_length=500, blank=True, editable=False
    )
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("aggiunto il"), editable=False)
    updated_at = models.DateTimeField(_("aggiornato il"), editable=False)

    objects = AttoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("attore")
        verbose_name_plural = _("attori")
        ordering = ["laboratorio__numero", "nome", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratorio", "chiave"],
                name="attore_unico_nella_zona",
                violation_error_message=_("In questa zona c'è già un attore con questo nome."),
            ),
            models.CheckConstraint(
                name="attore_punto_intero",
                condition=Q(latitudine=None, longitudine=None)
                | Q(latitudine__isnull=False, longitudine__isnull=False),
                violation_error_message=_("Servono tutte e due le coordinate, o nessuna."),
            ),
            models.CheckConstraint(
                name="attore_tolto_con_motivo",
                condition=Q(archiviato_at=None) | ~Q(archiviato_motivo=""),
            ),
        ]
        indexes = [
            models.Index(fields=["laboratorio", "stato"], name="attore_zona_stato"),
            models.Index(fields=["laboratorio", "nome"], name="attore_zona_nome"),
        ]

    def __str__(self):
        return self.nome

    def get_absolute_url(self):
        return reverse("area:attori_detail", args=[self.pk])

    @property
    def pubblici_a_parole(self):
        """ "giovani, donne", in the order of the form; empty when nobody has said."""
        return ", ".join(str(p.label) for p in self.Pubblico if p.value in self.pubblici)

    @property
    def stato_da_rimettere(self):
        """What undoing the last step gives back."""
        return self.stato_prima or self.Stato.DA_RAGGIUNGERE.value


class ModificaAttore(models.Model):
    """What was changed on the map once. Written once, never changed.

    ``cambi`` is a list of ``{"campo", "da", "a"}``; of what the office alone reads it names the
    field, and keeps no value.
    """

    class Verbo(models.TextChoices):
        AGGIUNTO = "aggiunto", _("aggiunto alla mappa")
        CORRETTO = "corretto", _("corretto")
        SEGNATO = "segnato", _("segnato")
        TOLTO = "tolto", _("tolto dalla mappa")
        RIMESSO = "rimesso", _("rimesso sulla mappa")

    attore = models.ForeignKey(Attore, models.CASCADE, related_name="modifiche")
    numero = models.PositiveIntegerField(_("numero"))
    verbo = models.CharField(_("che cosa"), max_length=10, choices=Verbo)
    cambi = models.JSONField(_("da e a"), default=list)
    motivo = models.CharField(_("perché"), max_length=500, blank=True)
    origine = models.CharField(_("per conto di"), max_length=160)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="modifiche_attori",
        verbose_name=_("autore"),
    )
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("modifica della mappa degli attori")
        verbose_name_plural = _("modifiche della mappa degli attori")
        ordering = ["attore_id", "numero"]
        constraints = [
            models.UniqueConstraint(fields=["attore", "numero"], name="modifica_attore_unica")
        ]

    def __str__(self):
        return f"{self.numero}: {self.get_verbo_display()}"

    @property
    def racconto(self):
        """In words, for the history: of what the office alone reads no value is kept."""
        righe = [str(self.get_verbo_display()).capitalize()]
        for cambio in self.cambi:
            nome = str(Attore._meta.get_field(cambio["campo"]).verbose_name).capitalize()
            if cambio["campo"] in Attore.RISERVATI:
                righe.append(modificato(nome))
            else:
                righe.append(f"{nome}: {cambio['da'] or '–'} → {cambio['a'] or '–'}")
        if self.motivo:
            righe.append(f"{_('Perché')}: {self.motivo}")
        return righe

    @property
    def leggibili(self):
        """The changes that a member may read."""
        return [cambio for cambio in self.cambi if cambio["campo"] not in Attore.RISERVATI]
