"""Who sits at the Tavolo: organisations, their seats, and the people who fill them."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portale.lib.codici import ConCodice, firma, nuovo_codice


class ImpostazioniTavolo(models.Model):
    """How the Tavolo of one percorso works: what its members agreed on at the first sitting."""

    class Approvazione(models.TextChoices):
        SEDUTA = "seduta", _("in una seduta successiva")
        SILENZIO = "silenzio", _("da sé, finito il tempo delle correzioni")

    percorso = models.OneToOneField(
        "percorso.Percorso",
        models.CASCADE,
        related_name="impostazioni_tavolo",
        verbose_name=_("percorso"),
    )
    presentazione = models.TextField(
        _("che cos'è il Tavolo"), blank=True, help_text=_("Sulla pagina pubblica.")
    )
    porta_aperta = models.BooleanField(
        _("porta aperta"),
        default=True,
        help_text=_("Un'organizzazione può chiedere di entrare dal sito."),
    )
    numero_legale_percento = models.PositiveSmallIntegerField(
        _("numero legale (%)"),
        default=50,
        help_text=_("Quanti seggi devono essere presenti: più di questa parte degli aventi voce."),
    )
    preavviso_giorni = models.PositiveSmallIntegerField(
        _("preavviso della convocazione (giorni)"), default=7
    )
    correzioni_giorni = models.PositiveSmallIntegerField(
        _("tempo per le correzioni del verbale (giorni)"), default=7
    )
    approvazione = models.CharField(
        _("il verbale si approva"),
        max_length=10,
        choices=Approvazione,
        default=Approvazione.SEDUTA,
    )
    promemoria_giorni = models.JSONField(
        _("promemoria prima della scadenza di un esame (giorni)"),
        default=list,
        blank=True,
        help_text=_("Per esempio [3, 1]. Li riceve solo chi non ha ancora risposto."),
    )
    fonti = models.JSONField(
        _("fonti"), default=list, blank=True, help_text=_("Elenco di indirizzi.")
    )

    class Meta:
        verbose_name = _("impostazioni del Tavolo")
        verbose_name_plural = _("impostazioni del Tavolo")
        constraints = [
            models.CheckConstraint(
                name="tavolo_numero_legale_percento",
                condition=Q(numero_legale_percento__lt=100),
                violation_error_message=_("La percentuale sta tra 0 e 99."),
            )
        ]

    def __str__(self):
        return str(self.percorso)


class Criterio(models.Model):
    """A question that guides whoever reads a proposal. Never a mark."""

    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.CASCADE,
        related_name="criteri_tavolo",
        verbose_name=_("percorso"),
    )
    ordine = models.PositiveSmallIntegerField(_("ordine"))
    domanda = models.CharField(_("domanda"), max_length=300)

    class Meta:
        verbose_name = _("domanda guida")
        verbose_name_plural = _("domande guida")
        ordering = ["percorso_id", "ordine"]
        constraints = [
            models.UniqueConstraint(fields=["percorso", "ordine"], name="criterio_ordine_unico")
        ]

    def __str__(self):
        return self.domanda


class OrganizzazioneQuerySet(models.QuerySet):
    def with_temi_e_zone(self):
        return self.prefetch_related("temi", "laboratori")


class Organizzazione(models.Model):
    """A group, association, body or stakeholder that may hold a seat. Whom to call is the
    office's business: pages and exports name organisations, never people."""

    class Genere(models.TextChoices):
        ASSOCIAZIONE = "associazione", _("associazione")
        COMITATO = "comitato", _("comitato di cittadini")
        COOPERATIVA = "cooperativa", _("cooperativa o impresa sociale")
        ENTE = "ente", _("ente pubblico")
        SCUOLA = "scuola", _("scuola o università")
        RELIGIOSO = "religioso", _("parrocchia o comunità religiosa")
        CATEGORIA = "categoria", _("sindacato o associazione di categoria")
        SPORT = "sport", _("società sportiva")
        ALTRO = "altro", _("altro")

    class Costituzione(models.TextChoices):
        STATUTO = "statuto", _("con uno statuto")
        INFORMALE = "informale", _("gruppo informale")

    nome = models.CharField(_("nome"), max_length=160, unique=True)
    slug = models.SlugField(_("indirizzo"), max_length=100, unique=True)
    genere = models.CharField(_("genere"), max_length=15, choices=Genere)
    costituzione = models.CharField(
        _("costituzione"), max_length=10, choices=Costituzione, blank=True
    )
    attivita = models.TextField(_("di che cosa si occupa"), max_length=1500, blank=True)
    temi = models.ManyToManyField(
        "proposte.Tema", blank=True, related_name="organizzazioni", verbose_name=_("temi")
    )
    laboratori = models.ManyToManyField(
        "laboratori.Laboratorio",
        blank=True,
        related_name="organizzazioni",
        verbose_name=_("zone"),
        help_text=_("Nessuna: tutta la città."),
    )
    sito = models.URLField(_("sito"), blank=True)
    contatto = models.CharField(
        _("persona di contatto"),
        max_length=120,
        blank=True,
        help_text=_("I contatti li vede solo l'ufficio."),
    )
    email = models.EmailField(_("e-mail"), blank=True)
    telefono = models.CharField(_("telefono"), max_length=30, blank=True)
    note = models.TextField(_("note dell'ufficio"), blank=True)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganizzazioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("organizzazione")
        verbose_name_plural = _("organizzazioni")
        ordering = ["nome"]

    def __str__(self):
        return self.nome


class SeggioQuerySet(models.QuerySet):
    def in_carica(self, oggi: date):
        """Seats that are held on this day, its first and last included."""
        return self.filter(_in_carica(oggi))

    def con_voce(self):
        """Those that count for the quorum and state positions."""
        return self.filter(ruolo__in=Seggio.CON_VOCE)

    def for_elenco(self):
        return self.select_related("organizzazione", "percorso").order_by("organizzazione__nome")


def _in_carica(oggi: date, prefisso: str = "") -> Q:
    """Begun, and not ended before today: the day ``al`` is the last one."""
    return Q(**{f"{prefisso}dal__lte": oggi}) & (
        Q(**{f"{prefisso}al": None}) | Q(**{f"{prefisso}al__gte": oggi})
    )


class Seggio(models.Model):
    """The seat of an organisation at the Tavolo of a percorso. It begins and ends by date, and
    who leaves and comes back has a second row: what a seat said stays with it."""

    class Ruolo(models.TextChoices):
        COMPONENTE = "componente", _("componente")
        COORDINAMENTO = "coordinamento", _("coordinamento")
        SEGRETERIA = "segreteria", _("segreteria")
        OSSERVATORE = "osservatore", _("osservatore")

    # Count for the quorum, state positions and decide. The secretariat writes, an observer reads.
    CON_VOCE = (Ruolo.COMPONENTE, Ruolo.COORDINAMENTO)
    # Lead a sitting: attendance, minutes.
    CONDUCONO = (Ruolo.COORDINAMENTO, Ruolo.SEGRETERIA)

    percorso = models.ForeignKey(
        "percorso.Percorso", models.PROTECT, related_name="seggi", verbose_name=_("percorso")
    )
    organizzazione = models.ForeignKey(
        Organizzazione, models.PROTECT, related_name="seggi", verbose_name=_("organizzazione")
    )
    ruolo = models.CharField(_("ruolo"), max_length=15, choices=Ruolo, default=Ruolo.COMPONENTE)
    dal = models.DateField(_("dal"))
    al = models.DateField(
        _("al"), null=True, blank=True, help_text=_("Ultimo giorno; vuoto finché dura.")
    )

    objects = SeggioQuerySet.as_manager()

    class Meta:
        verbose_name = _("seggio")
        verbose_name_plural = _("seggi")
        ordering = ["percorso_id", "organizzazione__nome", "dal"]
        constraints = [
            models.UniqueConstraint(
                fields=["percorso", "organizzazione"],
                condition=Q(al=None),
                name="seggio_uno_aperto_per_organizzazione",
                violation_error_message=_("Questa organizzazione ha già un seggio aperto."),
            ),
            models.CheckConstraint(
                name="seggio_finisce_dopo_inizio",
                condition=Q(al=None) | Q(al__gte=F("dal")),
                violation_error_message=_("La fine viene prima dell'inizio."),
            ),
        ]
        indexes = [models.Index(fields=["percorso", "ruolo", "dal"], name="seggio_percorso")]

    def __str__(self):
        return str(self.organizzazione)

    @property
    def ha_voce(self):
        return self.ruolo in self.CON_VOCE

    @property
    def conduce(self):
        return self.ruolo in self.CONDUCONO

    def in_carica(self, oggi: date) -> bool:
        return self.dal <= oggi and (self.al is None or oggi <= self.al)


class ComponenteQuerySet(ConCodice):
    def in_carica(self, oggi: date):
        """Whose mandate holds on this day, in a seat that is held too."""
        return self.filter(_in_carica(oggi), _in_carica(oggi, "seggio__"))

    def da_invitare(self, oggi: date):
        """Whose mandate is not over and who was not invited to join with her account."""
        vivo = Q(al=None) | Q(al__gte=oggi)
        seggio_vivo = Q(seggio__al=None) | Q(seggio__al__gte=oggi)
        return self.filter(vivo, seggio_vivo, entrato_at=None, invitato_at=None)

    def entrati(self):
        """Who has accepted the invitation with her account."""
        return self.filter(persona__isnull=False)

    def for_persona(self, persona):
        return self.filter(persona=persona)

    def for_seggio(self):
        return self.select_related("seggio__organizzazione", "seggio__percorso", "persona")


class Componente(models.Model):
    """A person who fills a seat for a time. Invited by mail, she joins with her account; her row
    stays when her mandate ends, so that the history is whole."""

    SALE = "tavolo.componente"

    class Ruolo(models.TextChoices):
        TITOLARE = "titolare", _("titolare")
        SUPPLENTE = "supplente", _("supplente")

    seggio = models.ForeignKey(
        Seggio, models.PROTECT, related_name="componenti", verbose_name=_("seggio")
    )
    ruolo = models.CharField(_("ruolo"), max_length=10, choices=Ruolo, default=Ruolo.TITOLARE)
    nome = models.CharField(_("nome e cognome"), max_length=120)
    email = models.EmailField(_("e-mail"))
    persona = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="mandati",
        verbose_name=_("account"),
    )
    dal = models.DateField(_("dal"))
    al = models.DateField(
        _("al"), null=True, blank=True, help_text=_("Ultimo giorno; vuoto finché dura.")
    )
    codice = models.CharField(max_length=24, unique=True, default=nuovo_codice, editable=False)
    invitato_at = models.DateTimeField(_("invitata il"), null=True, editable=False)
    entrato_at = models.DateTimeField(_("entrata il"), null=True, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ComponenteQuerySet.as_manager()

    class Meta:
        verbose_name = _("componente")
        verbose_name_plural = _("componenti")
        ordering = ["seggio_id", "-ruolo", "dal", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seggio"],
                condition=Q(al=None, ruolo="titolare"),
                name="componente_un_titolare_per_seggio",
                violation_error_message=_("Questo seggio ha già un titolare."),
            ),
            models.UniqueConstraint(
                fields=["seggio", "email"],
                condition=Q(al=None),
                name="componente_una_volta_per_seggio",
                violation_error_message=_("Questa persona è già componente di questo seggio."),
            ),
            models.CheckConstraint(
                name="componente_finisce_dopo_inizio",
                condition=Q(al=None) | Q(al__gte=F("dal")),
                violation_error_message=_("La fine viene prima dell'inizio."),
            ),
        ]
        indexes = [models.Index(fields=["persona", "dal"], name="componente_persona")]

    def __str__(self):
        return f"{self.nome} ({self.get_ruolo_display()})"

    @property
    def token(self):
        """What the invitation's link carries."""
        return firma(self.SALE).sign(self.codice)

    def in_carica(self, oggi: date) -> bool:
        return (
            self.dal <= oggi
            and (self.al is None or oggi <= self.al)
            and self.seggio.in_carica(oggi)
        )


class PassaggioSeggio(models.Model):
    """What happened to a seat or to one of its people. Written once, never changed."""

    class Evento(models.TextChoices):
        APERTO = "aperto", _("seggio aperto")
        RUOLO = "ruolo", _("ruolo cambiato")
        CONCLUSO = "concluso", _("seggio concluso")
        NOMINA = "nomina", _("componente indicato")
        INVITO = "invito", _("invito mandato")
        INDIRIZZO = "indirizzo", _("indirizzo corretto")
        ENTRATA = "entrata", _("invito accettato")
        FINE = "fine", _("mandato finito")

    seggio = models.ForeignKey(Seggio, models.CASCADE, related_name="passaggi")
    componente = models.ForeignKey(
        Componente,
        models.PROTECT,
        null=True,
        related_name="passaggi",
        verbose_name=_("componente"),
    )
    evento = models.CharField(_("che cosa"), max_length=10, choices=Evento)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_seggio",
        verbose_name=_("autore"),
    )
    testo = models.TextField(_("spiegazione"), blank=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio del seggio")
        verbose_name_plural = _("passaggi del seggio")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return self.get_evento_display()


class RichiestaAdesione(models.Model):
    """An organisation asks to join ("porta aperta"); the office answers, with a reason."""

    class Stato(models.TextChoices):
        NUOVA = "nuova", _("nuova")
        ACCOLTA = "accolta", _("accolta")
        RESPINTA = "respinta", _("respinta")

    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.PROTECT,
        related_name="richieste_adesione",
        verbose_name=_("percorso"),
    )
    nome = models.CharField(_("nome dell'organizzazione"), max_length=160)
    genere = models.CharField(_("genere"), max_length=15, choices=Organizzazione.Genere)
    costituzione = models.CharField(
        _("costituzione"), max_length=10, choices=Organizzazione.Costituzione, blank=True
    )
    attivita = models.TextField(_("di che cosa si occupa"), max_length=1500)
    laboratori = models.ManyToManyField(
        "laboratori.Laboratorio", blank=True, related_name="+", verbose_name=_("zone")
    )
    sito = models.URLField(_("sito"), blank=True)
    motivo = models.TextField(_("perché vuole partecipare"), max_length=2000, blank=True)
    contatto = models.CharField(_("persona di contatto"), max_length=120)
    email = models.EmailField(_("e-mail"))
    telefono = models.CharField(_("telefono"), max_length=30, blank=True)
    lingua = models.CharField(_("lingua"), max_length=5, default="it")
    stato = models.CharField(
        _("stato"), max_length=10, choices=Stato, default=Stato.NUOVA, editable=False
    )
    risposta = models.TextField(_("risposta"), blank=True, editable=False)
    seggio = models.ForeignKey(
        Seggio,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="richieste",
        verbose_name=_("seggio"),
    )
    risposto_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="richieste_adesione_risposte",
        verbose_name=_("ha risposto"),
    )
    risposta_at = models.DateTimeField(_("risposto il"), null=True, editable=False)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)
    created_at = models.DateTimeField(_("ricevuta il"))

    class Meta:
        verbose_name = _("richiesta di adesione")
        verbose_name_plural = _("richieste di adesione")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["stato", "created_at"], name="adesione_stato")]
        constraints = [
            models.UniqueConstraint(
                fields=["percorso", "nome", "email"],
                condition=Q(stato="nuova"),
                name="adesione_una_aperta_per_indirizzo",
            ),
            models.CheckConstraint(
                name="adesione_respinta_ha_motivo",
                condition=~Q(stato="respinta") | ~Q(risposta=""),
            ),
        ]

    def __str__(self):
        return self.nome


class GaranteQuerySet(models.QuerySet):
    def in_carica(self, oggi: date):
        return self.filter(_in_carica(oggi))


class Garante(models.Model):
    """A member of the Comitato di garanzia locale: reads everything, decides nothing. Whoever
    works for the office may not be one (``tavolo.permissions`` looks again at each request)."""

    percorso = models.ForeignKey(
        "percorso.Percorso", models.PROTECT, related_name="garanti", verbose_name=_("percorso")
    )
    persona = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="garanzie",
        verbose_name=_("persona"),
    )
    dal = models.DateField(_("dal"))
    al = models.DateField(_("al"), null=True, blank=True)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)

    objects = GaranteQuerySet.as_manager()

    class Meta:
        verbose_name = _("componente del Comitato di garanzia")
        verbose_name_plural = _("Comitato di garanzia locale")
        ordering = ["percorso_id", "dal", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["percorso", "persona"],
                condition=Q(al=None),
                name="garante_una_volta_per_percorso",
            ),
            models.CheckConstraint(
                name="garante_finisce_dopo_inizio", condition=Q(al=None) | Q(al__gte=F("dal"))
            ),
        ]

    def __str__(self):
        return str(self.persona)

    def in_carica(self, oggi: date) -> bool:
        return self.dal <= oggi and (self.al is None or oggi <= self.al)


class ParereComitato(models.Model):
    """What the Comitato thinks, in public, signed by the Comitato and by nobody in it."""

    percorso = models.ForeignKey(
        "percorso.Percorso",
        models.PROTECT,
        related_name="pareri_comitato",
        verbose_name=_("percorso"),
    )
    titolo = models.CharField(_("titolo"), max_length=200)
    testo = models.TextField(_("testo"))
    proposta = models.ForeignKey(
        "proposte.Proposta",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="pareri_comitato",
        verbose_name=_("sulla proposta"),
    )
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="pareri_comitato",
        verbose_name=_("scritto da"),
    )
    pubblicato_at = models.DateTimeField(_("pubblicato il"), null=True, editable=False)
    # Made by the page: the same form sent twice writes one draft.
    chiave = models.CharField(max_length=36, unique=True, default=nuovo_codice, editable=False)
    # Counts every saving: who saves an older one is told.
    versione = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("parere del Comitato")
        verbose_name_plural = _("pareri del Comitato")
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return self.titolo

    def get_absolute_url(self):
        return reverse("tavolo:parere_detail", args=[self.pk])
