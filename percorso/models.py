from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates


def _periodo(inizio, fine):
    """ "3 marzo 2023 – 27 settembre 2023", or what is known of it."""
    if inizio == fine:
        return dates.giorno_mese_anno(inizio)
    ultimo = dates.giorno_mese_anno(fine) if fine else gettext("data di fine da comunicare")
    return f"{dates.giorno_mese_anno(inizio)} – {ultimo}"


class PercorsoQuerySet(models.QuerySet):
    def pubblici(self):
        """Everything but drafts: closed processes stay readable for ever."""
        return self.exclude(stato=Percorso.Stato.BOZZA)

    def attivi(self):
        return self.filter(stato=Percorso.Stato.ATTIVO)

    def conclusi(self):
        return self.filter(stato=Percorso.Stato.CONCLUSO)

    def with_fasi(self):
        return self.prefetch_related("fasi")

    def in_evidenza(self):
        """The process of the home page first: the newest active one, then the newest closed."""
        return self.pubblici().dal_piu_attuale()

    def dal_piu_attuale(self):
        """The active ones first, of each the newest."""
        return self.order_by(
            models.Case(models.When(stato=Percorso.Stato.ATTIVO, then=0), default=1),
            "-inizio",
            "-pk",
        )


class Percorso(models.Model):
    """A participatory process, with a start, an end and the act that funds it."""

    class Stato(models.TextChoices):
        BOZZA = "bozza", _("bozza")
        ATTIVO = "attivo", _("attivo")
        CONCLUSO = "concluso", _("concluso")

    titolo = models.CharField(_("titolo"), max_length=200)
    slug = models.SlugField(_("indirizzo"), max_length=80, unique=True)
    sintesi = models.TextField(_("sintesi"), help_text=_("Due o tre frasi, per tutti."))
    descrizione = models.TextField(_("descrizione"), blank=True)
    stato = models.CharField(_("stato"), max_length=10, choices=Stato, default=Stato.BOZZA)
    inizio = models.DateField(_("inizio"))
    fine = models.DateField(_("fine"), null=True, blank=True)
    ente_decisore = models.CharField(
        _("ente titolare della decisione"), max_length=200, blank=True
    )
    finanziamento = models.CharField(_("finanziamento"), max_length=200, blank=True)
    contributo_euro = models.DecimalField(
        _("contributo (euro)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    costo_euro = models.DecimalField(
        _("costo totale (euro)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    facilitatore = models.CharField(_("facilitazione"), max_length=200, blank=True)
    partecipanti = models.CharField(
        _("partecipanti"), max_length=200, blank=True, help_text=_("Come lo riporta la fonte.")
    )
    esito = models.TextField(
        _("esito"), blank=True, help_text=_("Quanto se ne sa, con parole semplici.")
    )
    pagina_url = models.URLField(_("pagina dell'ente"), blank=True)
    fonti = models.JSONField(
        _("fonti"), default=list, blank=True, help_text=_("Elenco di indirizzi.")
    )
    esempio = models.BooleanField(
        _("esempio"),
        default=False,
        help_text=_("Dati di prova: mai in produzione."),
        editable=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PercorsoQuerySet.as_manager()

    class Meta:
        verbose_name = _("percorso")
        verbose_name_plural = _("percorsi")
        ordering = ["-inizio", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="percorso_finisce_dopo_inizio",
                condition=Q(fine=None) | Q(fine__gte=F("inizio")),
            )
        ]

    def __str__(self):
        return self.titolo

    def get_absolute_url(self):
        return reverse("percorso_detail", args=[self.slug])

    @property
    def attivo(self):
        return self.stato == self.Stato.ATTIVO

    @property
    def concluso(self):
        return self.stato == self.Stato.CONCLUSO

    @property
    def periodo(self):
        return _periodo(self.inizio, self.fine)

    def fasi_in_corso(self, oggi):
        """The stages that are on today, none once the process is closed. Reads ``with_fasi``
        without asking the database again."""
        if not self.attivo:
            return []
        return [fase for fase in self.fasi.all() if fase.in_corso(oggi)]

    def apre(self, cosa, oggi):
        """True when the stages let citizens do ``cosa`` today: "iscrizioni", "proposte",
        "sostegni", "commenti" or "osservazioni". Reads ``with_fasi`` without asking again.

        Registering alone needs no stage: where none opens it, only the meeting's own dates count.
        """
        fasi = [fase for fase in self.fasi.all() if getattr(fase, f"apre_{cosa}")]
        if not fasi:
            return cosa == "iscrizioni"
        return self.attivo and any(fase.in_corso(oggi) for fase in fasi)

    def prossima_apertura(self, cosa, oggi):
        """The day on which a stage to come opens ``cosa``; None when none does."""
        giorni = [
            fase.inizio
            for fase in self.fasi.all()
            if fase.inizio > oggi and getattr(fase, f"apre_{cosa}")
        ]
        return min(giorni) if self.attivo and giorni else None

    def modera_prima(self, oggi):
        """Whether proposals are read by a moderator before everybody sees them: unless each stage
        that takes proposals today says after. Reads ``with_fasi`` without asking again."""
        aperte = [fase for fase in self.fasi_in_corso(oggi) if fase.apre_proposte]
        dopo = Fase.Moderazione.DOPO
        return not aperte or any(fase.moderazione != dopo for fase in aperte)

    def sostegni_nascosti(self, oggi):
        """Whether a stage of today keeps the number of supports to the office."""
        return any(fase.nasconde_sostegni for fase in self.fasi_in_corso(oggi))

    def prossima_fase(self, oggi):
        """The stage that begins next; None when there is none, or the process is closed."""
        future = [fase for fase in self.fasi.all() if fase.inizio > oggi]
        return min(future, key=lambda fase: fase.inizio) if self.attivo and future else None


class FaseQuerySet(models.QuerySet):
    def in_corso(self, oggi):
        return self.filter(inizio__lte=oggi).filter(Q(fine=None) | Q(fine__gte=oggi))


class Fase(models.Model):
    """A dated stage of a Percorso. What citizens may do follows from its dates alone."""

    class Livello(models.TextChoices):
        INFORMAZIONE = "informazione", _("informazione")
        CONSULTAZIONE = "consultazione", _("consultazione")
        PROGETTAZIONE = "progettazione", _("progettazione partecipata")
        DECISIONE = "decisione", _("decisione")

    class Moderazione(models.TextChoices):
        PRIMA = "prima", _("prima della pubblicazione")
        DOPO = "dopo", _("dopo la pubblicazione")

    percorso = models.ForeignKey(
        Percorso, models.CASCADE, related_name="fasi", verbose_name=_("percorso")
    )
    ordine = models.PositiveSmallIntegerField(_("ordine"))
    titolo = models.CharField(_("titolo"), max_length=200)
    inizio = models.DateField(_("inizio"))
    fine = models.DateField(_("fine"), null=True, blank=True)
    periodo = models.CharField(
        _("periodo, a parole"),
        max_length=80,
        blank=True,
        help_text=_("Per esempio «tra marzo e aprile 2023», quando i giorni esatti non si sanno."),
    )
    obiettivo = models.TextField(_("obiettivo"), blank=True)
    risultato_atteso = models.TextField(_("risultato atteso"), blank=True)
    livello = models.CharField(
        _("livello di partecipazione"), max_length=15, choices=Livello, blank=True
    )
    apre_iscrizioni = models.BooleanField(_("apre le iscrizioni agli incontri"), default=False)
    apre_proposte = models.BooleanField(_("apre le proposte"), default=False)
    apre_sostegni = models.BooleanField(_("apre i sostegni"), default=False)
    apre_commenti = models.BooleanField(_("apre i commenti"), default=False)
    apre_osservazioni = models.BooleanField(_("apre le osservazioni al modello"), default=False)
    moderazione = models.CharField(
        _("moderazione"),
        max_length=10,
        choices=Moderazione,
        default=Moderazione.PRIMA,
        help_text=_("Se chi modera legge le proposte prima o dopo che tutti le vedano."),
    )
    nasconde_sostegni = models.BooleanField(
        _("nasconde i sostegni"),
        default=False,
        help_text=_("Fino alla fine della fase il pubblico non vede quanti sono."),
    )

    objects = FaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("fase")
        verbose_name_plural = _("fasi")
        ordering = ["percorso_id", "ordine"]
        constraints = [
            models.UniqueConstraint(fields=["percorso", "ordine"], name="fase_ordine_unico"),
            models.CheckConstraint(
                name="fase_finisce_dopo_inizio",
                condition=Q(fine=None) | Q(fine__gte=F("inizio")),
            ),
        ]

    def __str__(self):
        return self.titolo

    def in_corso(self, oggi):
        """True on the days of this stage, its first and last included."""
        return self.inizio <= oggi and (self.fine is None or oggi <= self.fine)

    def passata(self, oggi):
        return self.fine is not None and self.fine < oggi

    @property
    def quando(self):
        """ "tra marzo e aprile 2023" where only that is known, else its days."""
        return self.periodo or _periodo(self.inizio, self.fine)

    @property
    def apre(self):
        """What citizens may do in this stage, in words, in the order of its check boxes."""
        voci = (
            (self.apre_iscrizioni, gettext("iscriversi agli incontri")),
            (self.apre_proposte, gettext("fare proposte")),
            (self.apre_sostegni, gettext("sostenere le proposte")),
            (self.apre_commenti, gettext("commentare le proposte")),
            (self.apre_osservazioni, gettext("fare osservazioni sul modello")),
        )
        return [testo for aperta, testo in voci if aperta]


class Atto(models.Model):
    """A document of the process's formal chain, or of its funding (see "esiti")."""

    class Genere(models.TextChoices):
        FINANZIAMENTO = "finanziamento", _("finanziamento")
        DOCPP = "docpp", _("Documento di Proposta Partecipata")
        VALIDAZIONE = "validazione", _("validazione del Tecnico di garanzia")
        RELAZIONE = "relazione", _("relazione finale")
        PROVVEDIMENTO = "provvedimento", _("provvedimento dell'ente decisore")
        MONITORAGGIO = "monitoraggio", _("monitoraggio")
        ALTRO = "altro", _("altro")

    # The formal outcome of a process, in the order in which its documents follow each other.
    CATENA = (
        Genere.DOCPP,
        Genere.VALIDAZIONE,
        Genere.PROVVEDIMENTO,
        Genere.RELAZIONE,
        Genere.MONITORAGGIO,
    )

    percorso = models.ForeignKey(
        Percorso, models.CASCADE, related_name="atti", verbose_name=_("percorso")
    )
    genere = models.CharField(_("genere"), max_length=15, choices=Genere)
    titolo = models.CharField(_("titolo"), max_length=200)
    giorno = models.DateField(_("data"), null=True, blank=True)
    testo = models.TextField(_("che cosa dice"), blank=True)
    url = models.URLField(_("documento"), blank=True)
    fonti = models.JSONField(_("fonti"), default=list, blank=True)

    class Meta:
        verbose_name = _("atto")
        verbose_name_plural = _("atti")
        ordering = ["percorso_id", "giorno", "pk"]

    def __str__(self):
        return self.titolo

    @property
    def quando(self):
        return dates.giorno_mese_anno(self.giorno) if self.giorno else ""
