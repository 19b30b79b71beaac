from datetime import time, timedelta
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates


class Sede(models.Model):
    """A venue with its access facts. None means that nobody has checked yet."""

    nome = models.CharField(_("nome"), max_length=160)
    indirizzo = models.CharField(_("indirizzo"), max_length=200, blank=True)
    citta = models.CharField(_("città"), max_length=80, blank=True, default="Piacenza")
    latitudine = models.FloatField(_("latitudine"), null=True, blank=True)
    longitudine = models.FloatField(_("longitudine"), null=True, blank=True)
    senza_gradini = models.BooleanField(_("ingresso senza gradini"), null=True, blank=True)
    bagno_accessibile = models.BooleanField(_("bagno accessibile"), null=True, blank=True)
    anello_induzione = models.BooleanField(
        _("anello a induzione per apparecchi acustici"), null=True, blank=True
    )
    parcheggio = models.CharField(_("parcheggio"), max_length=200, blank=True)
    mezzi_pubblici = models.CharField(_("mezzi pubblici"), max_length=200, blank=True)
    note = models.TextField(_("come arrivare"), blank=True)
    fonti = models.JSONField(_("fonti"), default=list, blank=True)
    esempio = models.BooleanField(_("esempio"), default=False, editable=False)

    class Meta:
        verbose_name = _("sede")
        verbose_name_plural = _("sedi")
        ordering = ["nome"]

    def __str__(self):
        return self.nome

    @property
    def indirizzo_completo(self):
        return ", ".join(parte for parte in (self.indirizzo, self.citta) if parte)


class IncontroQuerySet(models.QuerySet):
    def pubblici(self):
        """Whatever citizens may read: everything but drafts, of processes that are not drafts."""
        return self.exclude(stato=Incontro.Stato.BOZZA).exclude(percorso__stato="bozza")

    def futuri(self, adesso):
        """Not over yet, soonest first; those put off without a date come last."""
        non_finito = Q(fine__gt=adesso) | Q(fine=None, inizio__gt=adesso)
        rinviato = Q(stato=Incontro.Stato.RINVIATO)
        return (
            self.filter(non_finito | rinviato)
            .exclude(stato=Incontro.Stato.SVOLTO)
            .order_by(F("inizio").asc(nulls_last=True), "pk")
        )

    def passati(self, adesso):
        """Over, latest first; those whose day nobody recorded come last."""
        finito = Q(fine__lte=adesso) | Q(fine=None, inizio__lte=adesso)
        return (
            self.filter(finito | Q(stato=Incontro.Stato.SVOLTO))
            .exclude(stato=Incontro.Stato.RINVIATO)
            .order_by(F("inizio").desc(nulls_last=True), "-pk")
        )

    def visibili_a(self, user):
        """Those that exist for this person in the office's pages: all of them for who runs or
        watches over the process, for a facilitator the meetings that she leads."""
        if user.has_perm("eventi.coordina_incontro"):
            return self
        if not user.has_perm("eventi.view_incontro"):
            return self.none()
        # A subquery: joined, it would be counted along with whatever a list counts.
        return self.filter(pk__in=user.incontri_facilitati.values("pk"))

    def in_calendario(self):
        """What a calendar can show: a known start."""
        return self.pubblici().exclude(inizio=None)

    def for_elenco(self):
        """With everything that a card shows."""
        return self.select_related("percorso", "laboratorio", "sede")

    def for_schede(self):
        """What ``eventi.schede`` reads of a meeting to come, and no column more: a list shows
        twenty of them, and building rows costs more than asking for them."""
        return self._for_schede().with_in_lista().with_servizi_offerti()

    def for_schede_passate(self):
        """The same of one that is over."""
        return self._for_schede().with_resoconto_at()

    def _for_schede(self):
        return self.for_elenco().only(
            "slug",
            "titolo",
            "inizio",
            "fine",
            "ora_nota",
            "data_a_parole",
            "inizio_precedente",
            "modalita",
            "stato",
            "con_iscrizione",
            "posti",
            "posti_riservati",
            "posti_occupati",
            "iscrizioni_dal",
            "iscrizioni_fino",
            "percorso__stato",
            "percorso__esempio",
            "laboratorio__nome",
            "sede__nome",
            "sede__indirizzo",
            "sede__senza_gradini",
        )

    def for_dettaglio(self):
        """With everything that its own page shows."""
        return (
            self.for_elenco()
            .with_in_lista()
            .with_servizi_offerti()
            .select_related("resoconto")
            .prefetch_related("percorso__fasi")
        )

    def with_servizi_offerti(self):
        """``servizi_offerti``: its services, as a list."""
        return self.prefetch_related(Prefetch("servizi", to_attr="servizi_offerti"))

    def with_in_lista(self):
        """``in_lista``: somebody waits, so a newcomer gets in line even behind free seats."""
        return self.annotate(in_lista=_qualcuno_aspetta())

    def with_offre_servizi(self):
        return self.annotate(offre_servizi=_offre_servizi())

    def with_resoconto_at(self):
        """``resoconto_at``: when its report was published, None without one."""
        return self.annotate(resoconto_at=F("resoconto__pubblicato_at"))

    def accessibili(self):
        return self.filter(sede__senza_gradini=True)

    def con_servizi(self):
        return self.filter(_offre_servizi())

    def nel_periodo(self, dal=None, al=None):
        """Beginning on these days of Rome's calendar, both included; None sets no bound."""
        incontri = self
        if dal:
            incontri = incontri.filter(inizio__gte=dates.ora_di_muro(dal, time.min))
        if al:
            dopo = dates.ora_di_muro(al + timedelta(days=1), time.min)
            incontri = incontri.filter(inizio__lt=dopo)
        return incontri

    def da_sottoscrivere(self, adesso):
        """What a calendar that people subscribe to holds: all that is to come, and the last
        three months. One that was put off stays in, so that their calendars take it away."""
        da = adesso - timedelta(days=90)
        return (
            self.pubblici()
            .filter(Q(inizio__gte=da) | Q(inizio=None, inizio_precedente__gte=da))
            .order_by(Coalesce("inizio", "inizio_precedente"), "pk")
        )

    def da_chiudere(self, adesso):
        """Over, but nobody has said yet that they took place."""
        return self.passati(adesso).filter(stato=Incontro.Stato.PUBBLICATO)

    def senza_resoconto(self, adesso):
        """Took place in a process that is still open, and nothing tells it to citizens. Of a
        sitting the minutes do."""
        return (
            self.passati(adesso)
            .filter(
                stato__in=[Incontro.Stato.PUBBLICATO, Incontro.Stato.SVOLTO],
                percorso__stato="attivo",
                resoconto__pubblicato_at=None,
            )
            .exclude(genere=Incontro.Genere.SEDUTA)
        )

    def resoconto_in_ritardo(self, adesso, giorni):
        """Without a report although more than ``giorni`` days have passed."""
        limite = adesso - timedelta(days=giorni)
        return self.senza_resoconto(adesso).filter(
            Q(fine__lte=limite) | Q(fine=None, inizio__lte=limite)
        )

    # --- What is missing, or to be looked after ---

    def da_preparare(self, adesso):
        """To come, and known to people or about to be."""
        return self.filter(
            inizio__gt=adesso, stato__in=[Incontro.Stato.BOZZA, Incontro.Stato.PUBBLICATO]
        )

    def al_completo_con_lista(self, adesso):
        """To come, without free seats, and somebody waits for one."""
        return self.da_preparare(adesso).filter(
            _qualcuno_aspetta(), posti__lte=F("posti_occupati") + F("posti_riservati")
        )

    def con_bisogni_di_accesso(self, adesso):
        """To come, where somebody declares an access need or asks for a service."""
        # One subquery: of two, either of which is enough, the database would make two whole lists.
        iscrizioni = Incontro.iscrizioni.rel.related_model.objects.vive().filter(
            Q(necessita__isnull=False) | Q(richieste__isnull=False), incontro=OuterRef("pk")
        )
        return self.da_preparare(adesso).filter(Exists(iscrizioni))

    def senza_sede(self, adesso):
        """To come, where people are to go somewhere, and nobody has said where."""
        return self.da_preparare(adesso).filter(sede=None).exclude(modalita="online")

    def entro(self, adesso, giorni):
        """Beginning in the next ``giorni`` days, soonest first."""
        fino = adesso + timedelta(days=giorni)
        return self.filter(inizio__gt=adesso, inizio__lte=fino).order_by("inizio", "pk")


# Expressions are copied by each query that uses them: these are built once.


@cache
def _qualcuno_aspetta():
    iscrizioni = Incontro.iscrizioni.rel.related_model.objects
    return Exists(iscrizioni.in_attesa().order_by().filter(incontro=OuterRef("pk")))


@cache
def _offre_servizi():
    return Exists(Servizio.objects.filter(incontro=OuterRef("pk")))


class Incontro(models.Model):
    """A dated public meeting: of one Laboratorio, or of the whole city when it has none.

    ``posti_occupati`` (seats of confirmed, offered and to-be-verified registrations) and
    ``stato`` change only through ``eventi.services``, which hold this row's lock meanwhile.
    """

    class Stato(models.TextChoices):
        BOZZA = "bozza", _("bozza")
        PUBBLICATO = "pubblicato", _("pubblicato")
        # Put off, and the new date is not known yet. One moved to a known date stays
        # ``pubblicato`` and remembers in ``inizio_precedente`` when it was to be.
        RINVIATO = "rinviato", _("rinviato")
        ANNULLATO = "annullato", _("annullato")
        SVOLTO = "svolto", _("svolto")

    class Genere(models.TextChoices):
        ASSEMBLEA = "assemblea", _("assemblea pubblica")
        WORKSHOP = "workshop", _("laboratorio di quartiere")
        WORKSHOP_FINALE = "workshop_finale", _("workshop cittadino")
        SEDUTA = "seduta", _("seduta del Tavolo")
        ALTRO = "altro", _("incontro")

    class Modalita(models.TextChoices):
        PRESENZA = "presenza", _("in presenza")
        ONLINE = "online", _("online")
        MISTA = "mista", _("in presenza e online")

    percorso = models.ForeignKey(
        "percorso.Percorso", models.PROTECT, related_name="incontri", verbose_name=_("percorso")
    )
    laboratorio = models.ForeignKey(
        "laboratori.Laboratorio",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incontri",
        verbose_name=_("laboratorio"),
        help_text=_("Vuoto: per tutta la città."),
    )
    genere = models.CharField(_("genere"), max_length=20, choices=Genere, default=Genere.WORKSHOP)
    titolo = models.CharField(_("titolo"), max_length=160)
    slug = models.SlugField(_("indirizzo"), max_length=100, unique=True)
    descrizione = models.TextField(_("di che cosa si parla"), blank=True)
    inizio = models.DateTimeField(_("inizio"), null=True, blank=True)
    fine = models.DateTimeField(_("fine"), null=True, blank=True)
    ora_nota = models.BooleanField(
        _("l'ora è nota"),
        default=True,
        help_text=_("Se no, si conosce solo il giorno e la pagina dice «ora da comunicare»."),
    )
    data_a_parole = models.CharField(
        _("data, a parole"),
        max_length=120,
        blank=True,
        help_text=_("Quando il giorno non si conosce, quello che se ne sa."),
    )
    modalita = models.CharField(
        _("modalità"), max_length=10, choices=Modalita, default=Modalita.PRESENZA
    )
    sede = models.ForeignKey(
        Sede,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incontri",
        verbose_name=_("sede"),
    )
    link_online = models.URLField(
        _("collegamento online"), blank=True, help_text=_("Lo vedono solo gli iscritti.")
    )
    con_iscrizione = models.BooleanField(_("ci si iscrive dal portale"), default=True)
    posti = models.PositiveIntegerField(
        _("posti"), null=True, blank=True, help_text=_("Vuoto: senza limite.")
    )
    posti_riservati = models.PositiveIntegerField(
        _("posti riservati"), default=0, help_text=_("Tenuti da parte dall'ufficio.")
    )
    posti_occupati = models.PositiveIntegerField(_("posti occupati"), default=0, editable=False)
    posti_oltre = models.PositiveIntegerField(
        _("posti oltre il limite"),
        default=0,
        editable=False,
        help_text=_("Concessi dall'ufficio con un motivo."),
    )
    iscrizioni_dal = models.DateTimeField(_("iscrizioni dal"), null=True, blank=True)
    iscrizioni_fino = models.DateTimeField(
        _("iscrizioni fino a"), null=True, blank=True, help_text=_("Vuoto: fino all'inizio.")
    )
    stato = models.CharField(
        _("stato"), max_length=12, choices=Stato, default=Stato.BOZZA, editable=False
    )
    motivo = models.TextField(
        _("motivo"),
        blank=True,
        editable=False,
        help_text=_("Dello spostamento o dell'annullamento."),
    )
    inizio_precedente = models.DateTimeField(_("era previsto"), null=True, editable=False)
    sequenza = models.PositiveIntegerField(default=0, editable=False)
    serie = models.ForeignKey(
        "eventi.SerieIncontri",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="incontri",
        verbose_name=_("serie"),
    )
    # In the office's pages a facilitator finds these meetings, and no others.
    facilitatori = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="incontri_facilitati",
        verbose_name=_("facilitatori"),
        help_text=_("Trovano qui questo incontro: ne ordinano le note e scrivono il resoconto."),
    )
    fonti = models.JSONField(_("fonti"), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = IncontroQuerySet.as_manager()

    class Meta:
        verbose_name = _("incontro")
        verbose_name_plural = _("incontri")
        ordering = ["inizio", "pk"]
        permissions = [("coordina_incontro", "Può vedere gli incontri che conducono altri")]
        indexes = [
            models.Index(fields=["inizio", "id"], name="incontro_inizio"),
            models.Index(fields=["laboratorio", "inizio"], name="incontro_laboratorio"),
            models.Index(fields=["stato", "inizio"], name="incontro_stato"),
            models.Index(fields=["fine"], name="incontro_fine"),
        ]
        constraints = [
            models.CheckConstraint(
                name="incontro_finisce_dopo_inizio",
                condition=Q(fine=None) | Q(inizio=None) | Q(fine__gt=F("inizio")),
            ),
            models.CheckConstraint(
                name="incontro_posti_non_oltre_il_limite",
                condition=Q(posti=None)
                | Q(posti__gte=F("posti_occupati") + F("posti_riservati") - F("posti_oltre")),
            ),
            models.CheckConstraint(
                name="incontro_riservati_entro_i_posti",
                condition=Q(posti=None) | Q(posti__gte=F("posti_riservati")),
            ),
            models.CheckConstraint(
                name="incontro_pubblicato_ha_inizio",
                condition=~Q(stato="pubblicato") | Q(inizio__isnull=False),
            ),
        ]

    def __str__(self):
        return self.titolo

    def get_absolute_url(self):
        return reverse("eventi:incontro_detail", args=[self.slug])

    def clean(self):
        super().clean()
        errors = {}
        if self.inizio and self.fine and self.fine <= self.inizio:
            errors["fine"] = gettext("La fine viene prima dell'inizio.")
        if self.posti is not None:
            if self.posti_riservati > self.posti:
                errors["posti_riservati"] = gettext("I posti riservati sono più dei posti.")
            elif self.posti_occupati + self.posti_riservati - self.posti_oltre > self.posti:
                errors["posti"] = gettext(
                    "Ci sono già %(occupati)d posti occupati: non si può scendere sotto."
                ) % {"occupati": self.posti_occupati}
        if self.modalita != self.Modalita.ONLINE and self.link_online and self.sede is None:
            errors["sede"] = gettext("Un incontro in presenza ha bisogno di una sede.")
        if errors:
            raise ValidationError(errors)

    # --- Seats ---

    @property
    def capienza(self):
        """Seats that citizens may take; None without a limit."""
        return None if self.posti is None else self.posti - self.posti_riservati

    @property
    def posti_liberi(self):
        """Seats not held by anyone, never below zero; None without a limit. Somebody in the
        waiting list may be about to get them."""
        if self.posti is None:
            return None
        return max(self.capienza - self.posti_occupati, 0)

    @property
    def completo(self):
        return self.posti is not None and self.posti_liberi == 0

    # --- Registrations ---

    def chiusura_iscrizioni(self):
        """When registering ends: the office's own limit, and never after the start."""
        if self.iscrizioni_fino and self.inizio:
            return min(self.iscrizioni_fino, self.inizio)
        return self.iscrizioni_fino or self.inizio

    def iscrizioni_aperte(self, adesso):
        """True when a citizen may register now, as far as the meeting itself says."""
        return self.perche_chiuse(adesso) == ""

    def perche_chiuse(self, adesso):
        """Why registering is closed, in words for a citizen; empty when it is open."""
        if not self.con_iscrizione:
            return gettext("Per questo incontro non serve iscriversi.")
        if self.stato == self.Stato.ANNULLATO:
            return gettext("L'incontro è annullato.")
        if self.stato == self.Stato.RINVIATO:
            return gettext("L'incontro è rinviato: le iscrizioni riaprono con la nuova data.")
        if self.stato == self.Stato.SVOLTO or (self.fine and self.fine <= adesso):
            return gettext("L'incontro si è già svolto.")
        if self.stato != self.Stato.PUBBLICATO:
            return gettext("Le iscrizioni non sono aperte.")
        if self.inizio <= adesso:
            return gettext("L'incontro è già iniziato.")
        if self.iscrizioni_dal and adesso < self.iscrizioni_dal:
            return gettext("Le iscrizioni aprono %(quando)s.") % {
                "quando": dates.giorno_e_ora(self.iscrizioni_dal)
            }
        if adesso >= self.chiusura_iscrizioni():
            return gettext("Le iscrizioni sono chiuse.")
        return ""

    # --- Time ---

    @property
    def spostato(self):
        return self.stato == self.Stato.PUBBLICATO and self.inizio_precedente is not None

    def finito(self, adesso):
        if self.stato == self.Stato.SVOLTO:
            return True
        limite = self.fine or self.inizio
        return limite is not None and limite <= adesso

    @property
    def resoconto_entro(self):
        """The day by which the office tells what happened; None while the date is unknown."""
        limite = self.fine or self.inizio
        return limite and dates.a_roma(limite).date() + timedelta(days=settings.RESOCONTO_GIORNI)

    @property
    def quando(self):
        """ "mercoledì 3 maggio 2023, 18:30–21:30", or what is known of it."""
        if self.inizio is None:
            return self.data_a_parole or gettext("data da comunicare")
        inizio = dates.a_roma(self.inizio)
        giorno = dates.giorno_esteso(inizio.date())
        if not self.ora_nota:
            return f"{giorno}, " + gettext("ora da comunicare")
        if self.fine is None:
            return f"{giorno}, {inizio:%H:%M}"
        fine = dates.a_roma(self.fine)
        if fine.date() == inizio.date():
            return f"{giorno}, {inizio:%H:%M}–{fine:%H:%M}"
        return f"{giorno}, {inizio:%H:%M} – {dates.giorno_e_ora(self.fine)}"

    @property
    def dove(self):
        """Venue and address on one line, or what is known of it."""
        if self.modalita == self.Modalita.ONLINE:
            return gettext("online")
        if self.sede is None:
            return gettext("sede da comunicare")
        return ", ".join(parte for parte in (self.sede.nome, self.sede.indirizzo) if parte)


class PassaggioIncontro(models.Model):
    """One step of a meeting's life. Written once, never changed."""

    incontro = models.ForeignKey(Incontro, models.CASCADE, related_name="passaggi")
    da = models.CharField(_("da"), max_length=12)
    a = models.CharField(_("a"), max_length=12)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_incontro",
        verbose_name=_("autore"),
    )
    motivo = models.TextField(_("motivo"), blank=True)
    inizio_da = models.DateTimeField(_("inizio, prima"), null=True)
    inizio_a = models.DateTimeField(_("inizio, dopo"), null=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio dell'incontro")
        verbose_name_plural = _("passaggi dell'incontro")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return f"{self.da} → {self.a}"


class Servizio(models.Model):
    """A service of one meeting that a registered person may ask for, until a date."""

    class Genere(models.TextChoices):
        BAMBINI = "bambini", _("cura dei bambini")
        LIS = "lis", _("interprete LIS")
        TRASPORTO = "trasporto", _("trasporto")
        TRADUZIONE = "traduzione", _("traduzione")
        ALTRO = "altro", _("altro")

    incontro = models.ForeignKey(Incontro, models.CASCADE, related_name="servizi")
    genere = models.CharField(_("servizio"), max_length=12, choices=Genere)
    descrizione = models.CharField(_("descrizione"), max_length=200, blank=True)
    richiedibile_fino = models.DateTimeField(
        _("si può chiedere fino a"), null=True, blank=True, help_text=_("Vuoto: fino all'inizio.")
    )

    class Meta:
        verbose_name = _("servizio")
        verbose_name_plural = _("servizi")
        ordering = ["incontro_id", "pk"]

    def __str__(self):
        return self.get_genere_display()

    def richiedibile(self, adesso):
        return self.richiedibile_fino is None or adesso < self.richiedibile_fino


class PromemoriaQuerySet(models.QuerySet):
    def da_accodare(self, adesso):
        """Due reminders of meetings that are still to begin and still on."""
        return self.filter(
            accodato_at=None,
            dovuto_at__lte=adesso,
            incontro__stato=Incontro.Stato.PUBBLICATO,
            incontro__inizio__gt=adesso,
        ).order_by("dovuto_at", "pk")


class Promemoria(models.Model):
    """A reminder rule of one meeting, and when it falls due for the present start.

    ``giorni`` and ``ore`` are counted back on Rome's wall clock. ``accodato_at`` says when the
    mails of the present due time entered the outbox; moving the meeting clears it.
    """

    incontro = models.ForeignKey(Incontro, models.CASCADE, related_name="promemoria")
    giorni = models.PositiveSmallIntegerField(_("giorni prima"), default=0)
    ore = models.PositiveSmallIntegerField(_("ore prima"), default=0)
    dovuto_at = models.DateTimeField(_("da spedire il"), null=True, editable=False)
    accodato_at = models.DateTimeField(_("accodato il"), null=True, editable=False)

    objects = PromemoriaQuerySet.as_manager()

    class Meta:
        verbose_name = _("promemoria")
        verbose_name_plural = _("promemoria")
        ordering = ["incontro_id", "-giorni", "-ore"]
        constraints = [
            models.UniqueConstraint(
                fields=["incontro", "giorni", "ore"], name="promemoria_regola_unica"
            ),
            models.CheckConstraint(
                name="promemoria_prima_dell_inizio",
                condition=Q(giorni__gt=0) | Q(ore__gt=0),
                violation_error_message=_("Un promemoria parte almeno un'ora prima."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["dovuto_at"], condition=Q(accodato_at=None), name="promemoria_da_accodare"
            )
        ]

    def __str__(self):
        return f"{self.giorni} g {self.ore} h"
