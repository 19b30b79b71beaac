import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .bisogni import Canale, Moderazione, slug_provvisorio

# What the list is filtered by, of the proposal's own columns.
_FILTRI = ("stato", "laboratorio", "canale")


def nuova_sorte() -> int:
    """Where a proposal stands among the others when their order is left to chance."""
    return secrets.randbelow(2**31)


class PropostaQuerySet(models.QuerySet):
    def pubbliche(self):
        """What everybody may read: the originals of a merged one too."""
        return self.filter(stato__in=Proposta.PUBBLICI)

    def in_elenco(self):
        """What the lists show: those that stand on their own feet."""
        return self.filter(stato__in=Proposta.IN_ELENCO)

    def sostenibili(self):
        return self.filter(stato__in=Proposta.SOSTENIBILI)

    def da_moderare(self):
        """Wait for a moderator before everybody sees them."""
        return self.filter(stato=Proposta.Stato.INVIATA)

    def leggibili(self, partecipante=None, *, modera=False):
        """What she may open: the public ones; her own in any state; for who moderates, what was
        sent or is the office's own. What a citizen has not sent yet is hers alone."""
        regola = Q(stato__in=Proposta.PUBBLICI)
        if partecipante is not None:
            regola |= Q(proponente=partecipante)
        if modera:
            regola |= ~Q(stato=Proposta.Stato.BOZZA) | Q(registrato_da__isnull=False)
        return self.filter(regola)

    def for_partecipante(self, partecipante):
        """Hers, drafts included."""
        return self.filter(proponente=partecipante)


class Proposta(models.Model):
    """A project idea for a neighbourhood or for the whole city.

    ``stato``, the texts of a published proposal and ``integrata_in`` change only through
    ``proposte.services``: each change is a compare-and-swap and leaves a Passaggio.
    ``n_sostegni`` and ``n_commenti`` are counted again by ``proposte.conteggi``, never added to:
    a row that everybody supports is written once for many.
    """

    class Stato(models.TextChoices):
        BOZZA = "bozza", _("bozza")
        INVIATA = "inviata", _("inviata, da moderare")
        PUBBLICATA = "pubblicata", _("pubblicata")
        IN_VALUTAZIONE = "in_valutazione", _("in valutazione")
        ACCOLTA = "accolta", _("accolta")
        ACCOLTA_CON_MODIFICHE = "accolta_con_modifiche", _("accolta con modifiche")
        NON_ACCOLTA = "non_accolta", _("non accolta")
        INTEGRATA = "integrata", _("integrata in un'altra")
        RITIRATA = "ritirata", _("ritirata")
        NASCOSTA = "nascosta", _("nascosta")

    class Proponente(models.TextChoices):
        PERSONA = "persona", _("una persona")
        ORGANIZZAZIONE = "organizzazione", _("un'organizzazione")
        INCONTRO = "incontro", _("un incontro")

    ESITI = (Stato.ACCOLTA, Stato.ACCOLTA_CON_MODIFICHE, Stato.NON_ACCOLTA)
    IN_ELENCO = (Stato.PUBBLICATA, Stato.IN_VALUTAZIONE, *ESITI)
    PUBBLICI = (*IN_ELENCO, Stato.INTEGRATA)
    SOSTENIBILI = (Stato.PUBBLICATA, Stato.IN_VALUTAZIONE)
    # Where each state leads. A hidden or merged one only goes back to where it was, by the verbs
    # that undo (``pubblica``, ``separa``).
    TRANSIZIONI = {
        Stato.BOZZA: {Stato.INVIATA},
        Stato.INVIATA: {Stato.PUBBLICATA, Stato.NASCOSTA, Stato.RITIRATA},
        Stato.PUBBLICATA: {
            Stato.IN_VALUTAZIONE,
            Stato.NASCOSTA,
            Stato.RITIRATA,
            Stato.INTEGRATA,
        },
        Stato.IN_VALUTAZIONE: {
            *ESITI,
            Stato.PUBBLICATA,
            Stato.NASCOSTA,
            Stato.RITIRATA,
            Stato.INTEGRATA,
        },
        # A decision is undone only by going back to the table, with a reason.
        Stato.ACCOLTA: {Stato.IN_VALUTAZIONE, Stato.NASCOSTA},
        Stato.ACCOLTA_CON_MODIFICHE: {Stato.IN_VALUTAZIONE, Stato.NASCOSTA},
        Stato.NON_ACCOLTA: {Stato.IN_VALUTAZIONE, Stato.NASCOSTA},
        Stato.RITIRATA: set(),
        Stato.NASCOSTA: set(),
        Stato.INTEGRATA: set(),
    }
    # What a version keeps, and a draft saves by itself.
    TESTI = ("titolo", "che_cosa", "perche", "per_chi", "luogo")

    percorso = models.ForeignKey(
        "percorso.Percorso", models.PROTECT, related_name="proposte", verbose_name=_("percorso")
    )
    laboratorio = models.ForeignKey(
        "laboratori.Laboratorio",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proposte",
        verbose_name=_("laboratorio"),
        help_text=_("Vuoto: per tutta la città."),
    )
    # A draft has not said yet whether it is for a lab or for the city.
    per_la_citta = models.BooleanField(_("per tutta la città"), default=False)
    titolo = models.CharField(_("titolo"), max_length=120, blank=True)
    slug = models.SlugField(
        _("indirizzo"), max_length=100, unique=True, default=slug_provvisorio, editable=False
    )
    che_cosa = models.TextField(_("che cosa propone"), max_length=6000, blank=True)
    perche = models.TextField(_("perché"), max_length=4000, blank=True)
    per_chi = models.CharField(_("per chi"), max_length=300, blank=True)
    luogo = models.CharField(
        _("dove"), max_length=200, blank=True, help_text=_("Una via, una piazza, un luogo.")
    )
    latitudine = models.FloatField(_("latitudine"), null=True, blank=True)
    longitudine = models.FloatField(_("longitudine"), null=True, blank=True)
    temi = models.ManyToManyField(
        "proposte.Tema", blank=True, related_name="proposte", verbose_name=_("temi")
    )
    bisogni = models.ManyToManyField(
        "proposte.Bisogno",
        blank=True,
        related_name="proposte",
        verbose_name=_("bisogni a cui risponde"),
    )

    genere_proponente = models.CharField(
        _("chi propone"), max_length=15, choices=Proponente, default=Proponente.PERSONA
    )
    proponente = models.ForeignKey(
        "accounts.Partecipante",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="proposte",
        verbose_name=_("proponente"),
    )
    nome_mostrato = models.CharField(_("nome mostrato"), max_length=120, blank=True)
    organizzazione = models.CharField(_("organizzazione"), max_length=160, blank=True)
    incontro = models.ForeignKey(
        "eventi.Incontro",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proposte_emerse",
        verbose_name=_("nata nell'incontro"),
    )
    tavolo = models.PositiveSmallIntegerField(_("numero del tavolo"), null=True, blank=True)
    canale = models.CharField(_("canale"), max_length=10, choices=Canale, default=Canale.ONLINE)
    registrato_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="proposte_registrate",
        verbose_name=_("registrata da"),
    )

    stato = models.CharField(
        _("stato"), max_length=25, choices=Stato, default=Stato.BOZZA, editable=False
    )
    inviata_at = models.DateTimeField(_("inviata il"), null=True, editable=False)
    pubblicata_at = models.DateTimeField(_("pubblicata il"), null=True, editable=False)
    integrata_in = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="integrate",
        verbose_name=_("integrata in"),
    )
    divisa_da = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="parti",
        verbose_name=_("nata dalla divisione di"),
    )
    # Counts every saving of the draft and every edit: who saves an older one is told.
    versione = models.PositiveIntegerField(default=1, editable=False)
    n_sostegni = models.PositiveIntegerField(_("sostegni"), default=0, editable=False)
    n_commenti = models.PositiveIntegerField(_("commenti"), default=0, editable=False)
    # The stems of its words: what searches look into (portale.lib.ricerca).
    indice = models.TextField(blank=True, editable=False)
    indice_titolo = models.CharField(max_length=300, blank=True, editable=False)
    # The numbers of its themes, in order: searches and counts read them here (proposte.temi).
    indice_temi = models.TextField(blank=True, editable=False)
    # Drawn once: an order by chance begins somewhere along it (proposte.filtri).
    sorte = models.PositiveIntegerField(default=nuova_sorte, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("iniziata il"), auto_now_add=True)
    updated_at = models.DateTimeField(_("aggiornata il"), auto_now=True)

    objects = PropostaQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposta")
        verbose_name_plural = _("proposte")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["laboratorio", "-pubblicata_at", "-id"], name="proposta_laboratorio"
            ),
            # The four orders of the list, each with what it is filtered by: a page is found by
            # walking along one of them, without touching the rows that are not on it.
            models.Index(fields=["-pubblicata_at", "-id", *_FILTRI], name="proposta_recenti"),
            models.Index(fields=["-n_sostegni", "-id", *_FILTRI], name="proposta_sostenute"),
            models.Index(fields=["-n_commenti", "-id", *_FILTRI], name="proposta_commentate"),
            models.Index(fields=["sorte", "id", *_FILTRI], name="proposta_sorte"),
            models.Index(fields=["stato", "inviata_at"], name="proposta_stato"),
            # How many of each kind: counted here, and not in the rows.
            models.Index(fields=[*_FILTRI, "indice_temi"], name="proposta_gruppi"),
            # Which titles say the same.
            models.Index(fields=["indice_titolo", "stato"], name="proposta_titoli"),
        ]
        constraints = [
            models.CheckConstraint(
                name="proposta_pubblica_ha_data",
                condition=~Q(
                    stato__in=[
                        "pubblicata",
                        "in_valutazione",
                        "accolta",
                        "accolta_con_modifiche",
                        "non_accolta",
                    ]
                )
                | Q(pubblicata_at__isnull=False),
            ),
            models.CheckConstraint(
                name="proposta_integrata_dice_dove",
                condition=Q(stato="integrata", integrata_in__isnull=False)
                | (~Q(stato="integrata") & Q(integrata_in__isnull=True)),
            ),
            models.CheckConstraint(
                name="proposta_laboratorio_o_citta",
                condition=Q(laboratorio=None) | Q(per_la_citta=False),
            ),
            models.CheckConstraint(
                name="proposta_punto_intero",
                condition=Q(latitudine=None, longitudine=None)
                | Q(latitudine__isnull=False, longitudine__isnull=False),
            ),
        ]
        permissions = [
            ("modera_proposta", "Può moderare bisogni, proposte e commenti"),
            ("valuta_proposta", "Può leggere le verifiche tecniche"),
        ]

    def __str__(self):
        return self.titolo or str(_("senza titolo"))

    def get_absolute_url(self):
        return reverse("proposte:proposta_detail", args=[self.slug])

    @property
    def pubblica(self):
        return self.stato in self.PUBBLICI

    @property
    def sostenibile(self):
        return self.stato in self.SOSTENIBILI

    @property
    def firma(self):
        """Who proposes it, as everybody reads it."""
        if self.genere_proponente == self.Proponente.INCONTRO and self.incontro_id:
            # Reads on after "proposta da", and alone.
            return _("chi ha partecipato a «%(titolo)s»") % {"titolo": self.incontro.titolo}
        if self.genere_proponente == self.Proponente.ORGANIZZAZIONE and self.organizzazione:
            return self.organizzazione
        return self.nome_mostrato or str(_("una persona"))


class Passaggio(models.Model):
    """One step of a proposal's life. Written once, never changed.

    ``da`` and ``a`` are equal for what changes no state: an edit, an attached need, a split.
    """

    class Evento(models.TextChoices):
        STATO = "stato", _("cambio di stato")
        MODIFICA = "modifica", _("modifica del testo")
        INTEGRAZIONE = "integrazione", _("un'altra proposta è entrata in questa")
        SEPARAZIONE = "separazione", _("un'altra proposta è uscita da questa")
        DIVISIONE = "divisione", _("una parte è diventata una proposta")
        RIESAME = "riesame", _("chi la propone chiede un riesame")
        CONFERMA = "conferma", _("riesaminata: resta nascosta")

    proposta = models.ForeignKey(Proposta, models.CASCADE, related_name="passaggi")
    evento = models.CharField(_("evento"), max_length=15, choices=Evento, default=Evento.STATO)
    da = models.CharField(_("da"), max_length=25, choices=Proposta.Stato, blank=True)
    a = models.CharField(_("a"), max_length=25, choices=Proposta.Stato)
    # Somebody of the office or of the Tavolo; empty when the proponent herself made the step.
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_proposta",
        verbose_name=_("autore"),
    )
    motivo = models.CharField(_("motivo"), max_length=20, choices=Moderazione, blank=True)
    testo = models.TextField(_("spiegazione"), blank=True)
    altra = models.ForeignKey(
        Proposta,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("altra proposta"),
    )
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio della proposta")
        verbose_name_plural = _("passaggi della proposta")
        ordering = ["created_at", "pk"]
        constraints = [
            # L.R. 15/2018 asks the deciding body for its reasons; so do we, of every no.
            models.CheckConstraint(
                name="passaggio_negativo_ha_motivazione",
                condition=~Q(a="non_accolta", evento="stato") | ~Q(testo=""),
            ),
        ]

    def __str__(self):
        return f"{self.da} → {self.a}"


class VersioneProposta(models.Model):
    """The texts of a proposal as everybody read them until the next version."""

    proposta = models.ForeignKey(Proposta, models.CASCADE, related_name="versioni")
    numero = models.PositiveIntegerField(_("versione"))
    titolo = models.CharField(_("titolo"), max_length=120)
    che_cosa = models.TextField(_("che cosa propone"), blank=True)
    perche = models.TextField(_("perché"), blank=True)
    per_chi = models.CharField(_("per chi"), max_length=300, blank=True)
    luogo = models.CharField(_("dove"), max_length=200, blank=True)
    nota = models.CharField(_("che cosa è cambiato"), max_length=300, blank=True)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="versioni_proposta",
        verbose_name=_("autore"),
    )
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("versione della proposta")
        verbose_name_plural = _("versioni della proposta")
        ordering = ["proposta_id", "numero"]
        constraints = [
            models.UniqueConstraint(fields=["proposta", "numero"], name="versione_numero_unico")
        ]

    def __str__(self):
        return f"{self.titolo} ({self.numero})"
