"""Sittings: a meeting with an agenda, seats that are called and come, a quorum, documents."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portale.lib.dates import a_roma

from .soggetti import Componente, Seggio


class SedutaQuerySet(models.QuerySet):
    def pubbliche(self):
        """Whatever everybody may know of: called, and its meeting published."""
        return self.exclude(stato=Seduta.Stato.BOZZA).exclude(incontro__stato="bozza")

    def for_elenco(self):
        return self.select_related("incontro__sede", "incontro__percorso")

    def future(self, adesso):
        return self.filter(incontro__inizio__gt=adesso).order_by("incontro__inizio", "pk")

    def da_convocare(self, adesso):
        """Nobody was called yet, and there is still time to."""
        return self.future(adesso).filter(stato=Seduta.Stato.BOZZA)

    def in_programma(self):
        """Called, not opened yet, and their meeting is still on."""
        return self.filter(stato=Seduta.Stato.CONVOCATA, incontro__stato="pubblicato")


class Seduta(models.Model):
    """A sitting of the Tavolo: an Incontro with what only a sitting has. When and where it is,
    and whether it was moved or cancelled, the Incontro says; ``tavolo.services.sedute`` is the
    one door to ``stato``."""

    class Stato(models.TextChoices):
        BOZZA = "bozza", _("in preparazione")
        CONVOCATA = "convocata", _("convocata")
        APERTA = "aperta", _("in corso")
        CHIUSA = "chiusa", _("chiusa")

    incontro = models.OneToOneField(
        "eventi.Incontro", models.PROTECT, related_name="seduta", verbose_name=_("incontro")
    )
    numero = models.PositiveSmallIntegerField(_("numero"))
    stato = models.CharField(
        _("stato"), max_length=10, choices=Stato, default=Stato.BOZZA, editable=False
    )
    # Grows with every call that is sent: an agenda that changed is called again.
    convocazione = models.PositiveSmallIntegerField(default=0, editable=False)
    convocata_at = models.DateTimeField(_("convocata il"), null=True, editable=False)
    # The agenda as the last call gave it: what is different now has not been told to anybody.
    ordine_convocato = models.JSONField(default=list, blank=True, editable=False)
    # Its call leaves by itself on the day that the rules say: who wanted so, and since when.
    programmata_at = models.DateTimeField(null=True, editable=False)
    programmata_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="sedute_programmate",
        verbose_name=_("programmata da"),
    )
    aperta_at = models.DateTimeField(_("aperta il"), null=True, editable=False)
    chiusa_at = models.DateTimeField(_("chiusa il"), null=True, editable=False)
    # As they were when the sitting was opened; None before.
    seggi_con_voce = models.PositiveSmallIntegerField(null=True, editable=False)
    numero_legale = models.PositiveSmallIntegerField(
        _("numero legale (seggi)"), null=True, editable=False
    )
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SedutaQuerySet.as_manager()

    class Meta:
        verbose_name = _("seduta")
        verbose_name_plural = _("sedute")
        ordering = ["-incontro__inizio", "-pk"]

    def __str__(self):
        return str(self.incontro)

    def get_absolute_url(self):
        return reverse("tavolo:seduta_detail", args=[self.incontro.slug])

    @property
    def percorso(self):
        return self.incontro.percorso

    @property
    def giorno(self) -> date | None:
        """The day it is held on, in Rome: mandates count as they are on it. None while its
        meeting has no date."""
        return self.incontro.inizio and a_roma(self.incontro.inizio).date()


class PassaggioSeduta(models.Model):
    """One step of a sitting's life. Written once, never changed."""

    seduta = models.ForeignKey(Seduta, models.CASCADE, related_name="passaggi")
    da = models.CharField(_("da"), max_length=10, choices=Seduta.Stato, blank=True)
    a = models.CharField(_("a"), max_length=10, choices=Seduta.Stato)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_seduta",
        verbose_name=_("autore"),
    )
    testo = models.TextField(_("spiegazione"), blank=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio della seduta")
        verbose_name_plural = _("passaggi della seduta")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return f"{self.da} → {self.a}"


class PuntoOrdineDelGiorno(models.Model):
    """An item of the agenda. ``ordine`` sorts; the number that people read is its place."""

    class Genere(models.TextChoices):
        DISCUSSIONE = "discussione", _("discussione")
        DECISIONE = "decisione", _("decisione")
        VERBALE = "verbale", _("approvazione del verbale")
        COMUNICAZIONI = "comunicazioni", _("comunicazioni")

    seduta = models.ForeignKey(
        Seduta, models.CASCADE, related_name="punti", verbose_name=_("seduta")
    )
    ordine = models.PositiveSmallIntegerField(_("ordine"))
    genere = models.CharField(
        _("genere"), max_length=15, choices=Genere, default=Genere.DISCUSSIONE
    )
    titolo = models.CharField(_("titolo"), max_length=200)
    testo = models.TextField(_("di che cosa si tratta"), blank=True)
    minuti = models.PositiveSmallIntegerField(_("minuti"), null=True, blank=True)
    # The organisation that reports; none: the office.
    relatore = models.ForeignKey(
        Seggio,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="punti",
        verbose_name=_("relatore"),
        help_text=_("L'organizzazione che illustra il punto. Vuoto: l'ufficio."),
    )
    proposte = models.ManyToManyField(
        "proposte.Proposta", blank=True, related_name="punti_tavolo", verbose_name=_("proposte")
    )
    sezioni = models.CharField(
        _("sezioni del modello"),
        max_length=200,
        blank=True,
        help_text=_("I loro numeri, per esempio «2.1, 3»."),
    )

    class Meta:
        verbose_name = _("punto all'ordine del giorno")
        verbose_name_plural = _("ordine del giorno")
        ordering = ["seduta_id", "ordine", "pk"]

    def __str__(self):
        return self.titolo


class Presenza(models.Model):
    """Whether a seat was at a sitting. One row for each seat; who filled it is for members and
    the office, pages for everybody name the organisation."""

    class Modo(models.TextChoices):
        SALA = "sala", _("in sala")
        DISTANZA = "distanza", _("a distanza")
        GIUSTIFICATA = "giustificata", _("assente giustificata")
        ASSENTE = "assente", _("assente")

    PRESENTI = (Modo.SALA, Modo.DISTANZA)

    seduta = models.ForeignKey(Seduta, models.CASCADE, related_name="presenze")
    seggio = models.ForeignKey(Seggio, models.PROTECT, related_name="presenze")
    modo = models.CharField(_("presenza"), max_length=15, choices=Modo)
    componente = models.ForeignKey(
        Componente,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="presenze",
        verbose_name=_("rappresentato da"),
    )
    entrata_at = models.DateTimeField(_("entrata"), null=True, blank=True)
    uscita_at = models.DateTimeField(_("uscita"), null=True, blank=True)
    segnata_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="presenze_segnate",
        verbose_name=_("segnata da"),
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("presenza")
        verbose_name_plural = _("presenze")
        ordering = ["seduta_id", "seggio__organizzazione__nome"]
        constraints = [
            models.UniqueConstraint(fields=["seduta", "seggio"], name="presenza_una_per_seggio"),
            models.CheckConstraint(
                name="presenza_esce_dopo_entrata",
                condition=Q(entrata_at=None)
                | Q(uscita_at=None)
                | Q(uscita_at__gte=F("entrata_at")),
            ),
        ]

    def __str__(self):
        return f"{self.seggio}: {self.get_modo_display()}"

    @property
    def presente(self):
        """Here now: came, and has not left."""
        return self.modo in self.PRESENTI and self.uscita_at is None


class GiustificazioneQuerySet(models.QuerySet):
    def valide(self):
        """Said of the day on which the sitting now is: who cannot come on Monday may well come
        on the Thursday to which it was moved."""
        return self.filter(inizio=F("seduta__incontro__inizio"))


class Giustificazione(models.Model):
    """ "I cannot come": said by one person of a seat; the others of her seat are told."""

    seduta = models.ForeignKey(Seduta, models.CASCADE, related_name="giustificazioni")
    # When the sitting was to begin as she said so.
    inizio = models.DateTimeField(_("per la seduta del"))
    componente = models.ForeignKey(
        Componente, models.PROTECT, related_name="giustificazioni", verbose_name=_("componente")
    )
    created_at = models.DateTimeField(_("quando"))

    objects = GiustificazioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("assenza annunciata")
        verbose_name_plural = _("assenze annunciate")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seduta", "componente", "inizio"], name="giustificazione_una_per_persona"
            )
        ]

    def __str__(self):
        return str(self.componente)


class PromemoriaSeduta(models.Model):
    """A reminder of a sitting that was queued, for its start at that time."""

    seduta = models.ForeignKey(Seduta, models.CASCADE, related_name="promemoria")
    inizio = models.DateTimeField()
    giorni = models.PositiveSmallIntegerField()
    ore = models.PositiveSmallIntegerField()
    accodato_at = models.DateTimeField()

    class Meta:
        verbose_name = _("promemoria della seduta")
        verbose_name_plural = _("promemoria delle sedute")
        ordering = ["seduta_id", "inizio", "-giorni", "-ore"]
        constraints = [
            models.UniqueConstraint(
                fields=["seduta", "inizio", "giorni", "ore"], name="promemoria_seduta_uno"
            )
        ]

    def __str__(self):
        return f"{self.inizio:%Y-%m-%d} − {self.giorni}g{self.ore}h"


class DocumentoTavoloQuerySet(models.QuerySet):
    def pubblici(self, oggi: date):
        """What everybody may read today: its day has come, and its sitting was called."""
        return self.filter(pubblico_dal__lte=oggi).exclude(seduta__stato=Seduta.Stato.BOZZA)


class DocumentoTavolo(models.Model):
    """A file for a sitting or for the Tavolo: the members' alone, or from a day everybody's."""

    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.PROTECT,
        related_name="documenti_tavolo",
        verbose_name=_("percorso"),
    )
    seduta = models.ForeignKey(
        Seduta,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="documenti",
        verbose_name=_("seduta"),
    )
    punto = models.ForeignKey(
        PuntoOrdineDelGiorno,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="documenti",
        verbose_name=_("punto"),
    )
    titolo = models.CharField(_("titolo"), max_length=200)
    file = models.FileField(_("file"), upload_to="tavolo/documenti/%Y/")
    byte = models.PositiveIntegerField(_("peso"), default=0, editable=False)
    # SHA-256 of the file; the same one sent twice is one.
    impronta = models.CharField(max_length=64, blank=True, editable=False)
    pubblico_dal = models.DateField(
        _("pubblico dal"),
        null=True,
        blank=True,
        help_text=_("Vuoto: lo leggono solo i componenti del Tavolo e il Comitato."),
    )
    caricato_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="documenti_tavolo",
        verbose_name=_("caricato da"),
    )
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("caricato il"), auto_now_add=True)

    objects = DocumentoTavoloQuerySet.as_manager()

    class Meta:
        verbose_name = _("documento")
        verbose_name_plural = _("documenti")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seduta", "impronta"],
                condition=~Q(impronta="") & Q(seduta__isnull=False),
                name="documento_una_volta_per_seduta",
            ),
            models.UniqueConstraint(
                fields=["percorso", "impronta"],
                condition=~Q(impronta="") & Q(seduta=None),
                name="documento_una_volta_per_percorso",
            ),
        ]
        indexes = [models.Index(fields=["percorso", "-created_at"], name="documento_percorso")]

    def __str__(self):
        return self.titolo

    @property
    def estensione(self):
        """ "PDF", "DOCX": as it is shown beside the title."""
        return self.file.name.rpartition(".")[2].upper()

    def pubblico(self, oggi: date) -> bool:
        return self.pubblico_dal is not None and self.pubblico_dal <= oggi


class AccessoDocumento(models.Model):
    """Somebody opened what not everybody may read: who, for which seat, as what, what, when.
    Written once, never changed."""

    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.PROTECT,
        related_name="accessi_documenti",
        verbose_name=_("percorso"),
    )
    # What was opened, where it is a row; a dossier and a sheet are made when they are asked for.
    documento = models.ForeignKey(
        DocumentoTavolo,
        models.CASCADE,
        null=True,
        related_name="accessi",
        verbose_name=_("documento"),
    )
    verbale = models.ForeignKey(
        "tavolo.Verbale",
        models.CASCADE,
        null=True,
        related_name="accessi",
        verbose_name=_("verbale"),
    )
    # As it was called then.
    oggetto = models.CharField(_("che cosa"), max_length=200)
    persona = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="accessi_documenti",
        verbose_name=_("persona"),
    )
    seggio = models.ForeignKey(
        Seggio,
        models.PROTECT,
        null=True,
        related_name="accessi_documenti",
        verbose_name=_("seggio"),
    )
    # As what she read it: "componente", "comitato", "ufficio".
    titolo_accesso = models.CharField(_("in quanto"), max_length=15)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("accesso a un documento")
        verbose_name_plural = _("accessi ai documenti")
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(name="accesso_ha_oggetto", condition=~Q(oggetto=""))]
        indexes = [
            models.Index(fields=["documento", "-created_at"], name="accesso_documento"),
            models.Index(fields=["percorso", "-created_at"], name="accesso_percorso"),
        ]

    def __str__(self):
        return f"{self.oggetto} ({self.created_at:%Y-%m-%d %H:%M})"
