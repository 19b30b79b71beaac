"""What the Tavolo decides, together: in a sitting, or in writing."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .sedute import PuntoOrdineDelGiorno, Seduta
from .soggetti import Componente, Seggio


class Esito(models.TextChoices):
    ACCOLTA = "accolta", _("accolta")
    ACCOLTA_CON_MODIFICHE = "accolta_con_modifiche", _("accolta con modifiche")
    NON_ACCOLTA = "non_accolta", _("non accolta")
    RINVIATA = "rinviata", _("rinviata")
    DA_INTEGRARE = "da_integrare", _("da integrare")


# They move the proposal; the other two leave it where it is, under evaluation.
DEFINITIVI = (Esito.ACCOLTA, Esito.ACCOLTA_CON_MODIFICHE, Esito.NON_ACCOLTA)


class ProceduraScritta(models.Model):
    """A decision asked of all seats in writing, between two moments. The text cannot change; one
    objection stops it and sends it to a sitting."""

    class Stato(models.TextChoices):
        APERTA = "aperta", _("aperta")
        CONCLUSA = "conclusa", _("conclusa con una decisione")
        FERMATA = "fermata", _("fermata da un'obiezione")
        SENZA_NUMERO = "senza_numero", _("chiusa senza abbastanza risposte")
        ANNULLATA = "annullata", _("annullata")

    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.PROTECT,
        related_name="procedure_scritte",
        verbose_name=_("percorso"),
    )
    proposta = models.ForeignKey(
        "proposte.Proposta",
        models.PROTECT,
        related_name="procedure_scritte",
        verbose_name=_("proposta"),
    )
    esito = models.CharField(_("esito proposto"), max_length=25, choices=Esito)
    testo = models.TextField(_("testo da decidere"), max_length=8000)
    testo_concordato = models.TextField(
        _("testo concordato della proposta"), max_length=6000, blank=True
    )
    apre_at = models.DateTimeField(_("apre"))
    chiude_at = models.DateTimeField(_("chiude"))
    # How many seats had a voice when it opened, and how many must answer.
    seggi_con_voce = models.PositiveSmallIntegerField(editable=False)
    quorum = models.PositiveSmallIntegerField(_("risposte necessarie"), editable=False)
    stato = models.CharField(
        _("stato"), max_length=15, choices=Stato, default=Stato.APERTA, editable=False
    )
    aperta_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="procedure_scritte",
        verbose_name=_("aperta da"),
    )
    chiusa_at = models.DateTimeField(_("chiusa il"), null=True, editable=False)
    # Why the office called it off.
    perche_annullata = models.TextField(_("perché è annullata"), blank=True, editable=False)
    # When the seats that had not answered were reminded.
    ricordata_at = models.DateTimeField(null=True, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("procedura scritta")
        verbose_name_plural = _("procedure scritte")
        ordering = ["-apre_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposta"],
                condition=Q(stato="aperta"),
                name="procedura_una_aperta_per_proposta",
                violation_error_message=_("C'è già una procedura scritta su questa proposta."),
            ),
            models.CheckConstraint(
                name="procedura_chiude_dopo", condition=Q(chiude_at__gt=F("apre_at"))
            ),
            models.CheckConstraint(
                name="procedura_annullata_dice_perche",
                condition=~Q(stato="annullata") | ~Q(perche_annullata=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["chiude_at"], condition=Q(stato="aperta"), name="procedura_da_chiudere"
            )
        ]

    def __str__(self):
        return str(self.proposta)


class RispostaScritta(models.Model):
    """What one seat answers to a written procedure."""

    class Scelta(models.TextChoices):
        CONSENSO = "consenso", _("d'accordo")
        ASTENSIONE = "astensione", _("mi astengo")
        OBIEZIONE = "obiezione", _("obiezione")

    procedura = models.ForeignKey(ProceduraScritta, models.CASCADE, related_name="risposte")
    seggio = models.ForeignKey(Seggio, models.PROTECT, related_name="risposte_scritte")
    scelta = models.CharField(_("risposta"), max_length=15, choices=Scelta)
    motivo = models.TextField(_("motivo"), max_length=3000, blank=True)
    componente = models.ForeignKey(
        Componente, models.PROTECT, related_name="risposte_scritte", verbose_name=_("scritta da")
    )
    # Counts every change: who saves an older one is told (titolare and supplente at once).
    versione = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("risposta alla procedura scritta")
        verbose_name_plural = _("risposte alla procedura scritta")
        ordering = ["procedura_id", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["procedura", "seggio"], name="risposta_scritta_una_per_seggio"
            ),
            models.CheckConstraint(
                name="risposta_scritta_obiezione_ha_motivo",
                condition=~Q(scelta="obiezione") | ~Q(motivo=""),
            ),
        ]

    def __str__(self):
        return f"{self.seggio}: {self.get_scelta_display()}"


class VersioneRisposta(models.Model):
    """An answer as it was given once. Written once, never changed."""

    risposta = models.ForeignKey(RispostaScritta, models.CASCADE, related_name="versioni")
    numero = models.PositiveIntegerField(_("versione"))
    scelta = models.CharField(_("risposta"), max_length=15, choices=RispostaScritta.Scelta)
    motivo = models.TextField(_("motivo"), blank=True)
    componente = models.ForeignKey(
        Componente,
        models.PROTECT,
        related_name="versioni_risposta",
        verbose_name=_("scritta da"),
    )
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("versione della risposta")
        verbose_name_plural = _("versioni della risposta")
        ordering = ["risposta_id", "numero"]
        constraints = [
            models.UniqueConstraint(fields=["risposta", "numero"], name="versione_risposta_unica")
        ]

    def __str__(self):
        return f"{self.numero}: {self.get_scelta_display()}"


class DecisioneQuerySet(models.QuerySet):
    def pubblicate(self):
        return self.filter(pubblicata_at__isnull=False)

    def in_attesa(self):
        """Taken, and to be published with the minutes."""
        return self.filter(pubblicata_at=None)

    def in_vigore(self):
        """That no later decision has undone."""
        return self.filter(annullata_da=None)

    def for_elenco(self):
        return self.select_related(
            "percorso", "proposta__laboratorio", "seduta__incontro", "procedura"
        )


class Decisione(models.Model):
    """The Tavolo's collegial outcome on a proposal. Written once: it is undone only by a new one
    that says why (``annulla``)."""

    percorso = models.ForeignKey(
        "percorso.Percorso", models.PROTECT, related_name="decisioni", verbose_name=_("percorso")
    )
    proposta = models.ForeignKey(
        "proposte.Proposta", models.PROTECT, related_name="decisioni", verbose_name=_("proposta")
    )
    seduta = models.ForeignKey(
        Seduta,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="decisioni",
        verbose_name=_("seduta"),
    )
    punto = models.ForeignKey(
        PuntoOrdineDelGiorno,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="decisioni",
        verbose_name=_("punto"),
    )
    procedura = models.OneToOneField(
        ProceduraScritta,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="decisione",
        verbose_name=_("procedura scritta"),
    )
    esito = models.CharField(_("esito"), max_length=25, choices=Esito)
    motivazione = models.TextField(_("motivazione"), max_length=8000, blank=True)
    # The proposal's text (``che_cosa``) before and after, for "accolta con modifiche".
    testo_originale = models.TextField(blank=True, editable=False)
    testo_concordato = models.TextField(_("testo concordato"), max_length=6000, blank=True)
    # The seat that put the text on the table; none: the office.
    proposta_da = models.ForeignKey(
        Seggio,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="decisioni_proposte",
        verbose_name=_("testo proposto da"),
    )
    presenti = models.ManyToManyField(
        Seggio, related_name="decisioni_prese", verbose_name=_("seggi presenti")
    )
    seggi_con_voce = models.PositiveSmallIntegerField(_("seggi con voce"))
    numero_legale = models.PositiveSmallIntegerField(_("numero legale"))
    n_presenti = models.PositiveSmallIntegerField(_("presenti"))
    annulla = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="annullata_da",
        verbose_name=_("sostituisce la decisione"),
    )
    perche_annulla = models.TextField(_("perché si torna a decidere"), blank=True)
    con_il_verbale = models.BooleanField(
        _("si pubblica con il verbale"),
        default=False,
        help_text=_("Altrimenti si pubblica subito."),
    )
    registrata_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="decisioni_registrate",
        verbose_name=_("registrata da"),
    )
    presa_at = models.DateTimeField(_("presa il"))
    pubblicata_at = models.DateTimeField(_("pubblicata il"), null=True, editable=False)
    # Why the proposal did not follow, when it did not (withdrawn meanwhile, merged).
    non_applicata = models.CharField(max_length=300, blank=True, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)

    objects = DecisioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("decisione")
        verbose_name_plural = _("decisioni")
        ordering = ["-presa_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="decisione_in_seduta_o_per_iscritto",
                condition=Q(seduta__isnull=False, procedura=None)
                | Q(seduta=None, procedura__isnull=False),
            ),
            # L.R. 15/2018 asks for the reasons of a no; so does whoever must complete a proposal.
            models.CheckConstraint(
                name="decisione_ha_motivazione",
                condition=Q(esito="accolta") | ~Q(motivazione=""),
            ),
            models.CheckConstraint(
                name="decisione_con_modifiche_ha_testo",
                condition=~Q(esito="accolta_con_modifiche") | ~Q(testo_concordato=""),
            ),
            models.CheckConstraint(
                name="decisione_che_annulla_dice_perche",
                condition=Q(annulla=None) | ~Q(perche_annulla=""),
            ),
            models.CheckConstraint(
                name="decisione_con_numero_legale",
                condition=Q(n_presenti__gte=F("numero_legale")),
            ),
            # A sitting decides once on a proposal; again only by undoing what it decided.
            models.UniqueConstraint(
                fields=["seduta", "proposta"],
                condition=Q(annulla=None),
                name="decisione_una_per_seduta",
                violation_error_message=_("La seduta ha già deciso su questa proposta."),
            ),
        ]
        indexes = [
            models.Index(fields=["percorso", "-presa_at"], name="decisione_percorso"),
            models.Index(
                fields=["seduta"], condition=Q(pubblicata_at=None), name="decisione_in_attesa"
            ),
        ]

    def __str__(self):
        return f"{self.proposta}: {self.get_esito_display()}"

    def get_absolute_url(self):
        return reverse("tavolo:decisione_detail", args=[self.pk])

    @property
    def definitiva(self):
        """Whether it moves the proposal."""
        return self.esito in DEFINITIVI


class Dissenso(models.Model):
    """What a seat that does not agree wants written, as it wrote it."""

    decisione = models.ForeignKey(Decisione, models.CASCADE, related_name="dissensi")
    seggio = models.ForeignKey(Seggio, models.PROTECT, related_name="dissensi")
    testo = models.TextField(_("dissenso"), max_length=3000)

    class Meta:
        verbose_name = _("dissenso")
        verbose_name_plural = _("dissensi")
        ordering = ["decisione_id", "seggio__organizzazione__nome"]
        constraints = [
            models.UniqueConstraint(fields=["decisione", "seggio"], name="dissenso_uno_per_seggio")
        ]

    def __str__(self):
        return str(self.seggio)
