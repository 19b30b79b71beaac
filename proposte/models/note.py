import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portale.lib.codici import ConCodice, firma

from .bisogni import slug_provvisorio


class Verbalizzante(models.Model):
    """The note-taker of a meeting: a role given for that meeting alone, by a link that needs no
    account. The office gives it and takes it back (``attivo``)."""

    SALE = "proposte.verbalizzante"

    incontro = models.ForeignKey(
        "eventi.Incontro",
        models.CASCADE,
        related_name="verbalizzanti",
        verbose_name=_("incontro"),
    )
    nome = models.CharField(_("nome"), max_length=120)
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Se c'è, riceve il link per prendere gli appunti.")
    )
    tavolo = models.PositiveSmallIntegerField(
        _("tavolo"), null=True, blank=True, help_text=_("Lo può cambiare quando prende appunti.")
    )
    codice = models.CharField(max_length=24, unique=True, default=slug_provvisorio, editable=False)
    attivo = models.BooleanField(_("attivo"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ConCodice.as_manager()

    class Meta:
        verbose_name = _("verbalizzante")
        verbose_name_plural = _("verbalizzanti")
        ordering = ["incontro_id", "tavolo", "nome"]

    def __str__(self):
        return self.nome

    @property
    def token(self):
        return firma(self.SALE).sign(self.codice)


class NotaQuerySet(models.QuerySet):
    def presenti(self):
        return self.filter(eliminata_at=None)

    def da_ordinare(self):
        """Neither thrown away nor part of a need or an idea yet."""
        return self.presenti().filter(bisogno=None, proposta=None, scartata=False)


class Nota(models.Model):
    """One sticky note of a table, as it was typed. ``proposte.raccolta`` writes them.

    ``chiave`` is made by the browser that typed it: the same note sent twice is one.
    """

    class Genere(models.TextChoices):
        BISOGNO = "bisogno", _("bisogno")
        IDEA = "idea", _("idea")
        DA_DIRE = "", _("da ordinare")

    incontro = models.ForeignKey(
        "eventi.Incontro", models.CASCADE, related_name="note", verbose_name=_("incontro")
    )
    verbalizzante = models.ForeignKey(
        Verbalizzante,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="note",
        verbose_name=_("verbalizzante"),
    )
    registrata_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="note_registrate",
        verbose_name=_("registrata da"),
    )
    chiave = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    tavolo = models.PositiveSmallIntegerField(_("tavolo"), default=1)
    # The order in which one browser typed its notes.
    ordine = models.PositiveIntegerField(_("ordine"), default=0)
    genere = models.CharField(_("genere"), max_length=10, choices=Genere, blank=True, default="")
    testo = models.TextField(_("testo"), max_length=600)
    # How often it was rewritten: a correction that arrives late never overwrites a newer one.
    versione = models.PositiveIntegerField(default=1)
    bisogno = models.ForeignKey(
        "proposte.Bisogno",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="note",
        verbose_name=_("bisogno"),
    )
    proposta = models.ForeignKey(
        "proposte.Proposta",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="note",
        verbose_name=_("idea"),
    )
    scartata = models.BooleanField(
        _("messa da parte"), default=False, help_text=_("Non diventa né un bisogno né un'idea.")
    )
    digitata_at = models.DateTimeField(_("digitata"), null=True, blank=True)
    eliminata_at = models.DateTimeField(_("cancellata"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = NotaQuerySet.as_manager()

    class Meta:
        verbose_name = _("nota")
        verbose_name_plural = _("note")
        ordering = ["incontro_id", "tavolo", "verbalizzante_id", "ordine", "pk"]
        indexes = [models.Index(fields=["incontro", "tavolo", "ordine"], name="nota_incontro")]
        permissions = [("ordina_nota", "Può raggruppare le note in bisogni e idee")]

    def __str__(self):
        return self.testo[:60]
