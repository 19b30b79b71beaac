from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import models
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portale.lib.codici import ConCodice, firma, nuovo_codice

from .incontri import Incontro, Servizio

POSTI_MASSIMI = 5


class IscrizioneQuerySet(ConCodice):
    def vive(self):
        """Those that are or may become a presence."""
        return self.filter(stato__in=Iscrizione.VIVE)

    def che_tengono_posti(self):
        return self.filter(stato__in=Iscrizione.TENGONO_POSTI)

    def confermate(self):
        return self.filter(stato=Iscrizione.Stato.CONFERMATA)

    def in_attesa(self):
        """The waiting list in its order: first come, first served, of confirmed addresses."""
        return self.filter(
            stato=Iscrizione.Stato.LISTA_ATTESA, verificata_at__isnull=False
        ).order_by("in_lista_dal", "pk")

    def con_promemoria(self):
        """Those that want to be reminded: whose link was not used to stop it, and whose person
        has not switched reminders off for all her registrations, those made as a guest with an
        address of hers included."""
        spenti = EmailAddress.objects.filter(
            email=OuterRef("email"), verified=True, user__avvisi_promemoria=False
        )
        return self.filter(~Exists(spenti), email__isnull=False, promemoria_graditi=True).exclude(
            persona__avvisi_promemoria=False
        )

    def for_persona(self, persona, indirizzi):
        """Hers: made with her account, or as a guest with one of her verified addresses."""
        return self.filter(Q(persona=persona) | Q(email__in=indirizzi))

    def with_posizione(self):
        """With ``posizione`` in the waiting list, from 1; None for those that are not in it."""
        davanti = (
            Iscrizione.objects.in_attesa()
            .filter(incontro=OuterRef("incontro"))
            .filter(
                Q(in_lista_dal__lt=OuterRef("in_lista_dal"))
                | Q(in_lista_dal=OuterRef("in_lista_dal"), pk__lt=OuterRef("pk"))
            )
            .order_by()
            .values("incontro")
            .annotate(quante=Count("pk"))
            .values("quante")
        )
        return self.annotate(
            posizione=Case(
                When(
                    stato=Iscrizione.Stato.LISTA_ATTESA,
                    verificata_at__isnull=False,
                    then=Coalesce(Subquery(davanti), 0) + 1,
                ),
                output_field=IntegerField(),
            )
        )

    def assenti(self):
        """Who had a seat, and did not come."""
        return self.confermate().filter(presente=False)

    def offerte(self, adesso):
        """Seats that were offered and wait for an answer."""
        return self.filter(stato=Iscrizione.Stato.POSTO_OFFERTO, scade_at__gt=adesso)

    def scadute(self, adesso):
        """Holds and offers whose time is over but which nobody has released yet."""
        return self.filter(scade_at__lte=adesso, stato__in=Iscrizione.VIVE)


class Iscrizione(models.Model):
    """A person's registration to a meeting, for herself and those who come with her.

    Only ``eventi.services`` changes ``stato``, ``posti`` and ``scade_at``. ``posti_richiesti``
    is what she asked for, ``posti`` what she holds now: nothing while waiting, possibly fewer
    than asked while an offer is open.
    """

    SALE = "eventi.iscrizione"

    class Stato(models.TextChoices):
        DA_VERIFICARE = "da_verificare", _("da verificare")
        CONFERMATA = "confermata", _("confermata")
        LISTA_ATTESA = "lista_attesa", _("in lista d'attesa")
        POSTO_OFFERTO = "posto_offerto", _("posto offerto")
        SCADUTA = "scaduta", _("scaduta")
        RINUNCIATA = "rinunciata", _("rinunciata")
        ANNULLATA = "annullata", _("annullata dall'ufficio")

    VIVE = (
        Stato.DA_VERIFICARE,
        Stato.CONFERMATA,
        Stato.LISTA_ATTESA,
        Stato.POSTO_OFFERTO,
    )
    TENGONO_POSTI = (Stato.DA_VERIFICARE, Stato.CONFERMATA, Stato.POSTO_OFFERTO)

    class Canale(models.TextChoices):
        ONLINE = "online", _("online")
        TELEFONO = "telefono", _("telefono")
        SPORTELLO = "sportello", _("sportello")
        CARTACEO = "cartaceo", _("modulo cartaceo")

    class Eta(models.TextChoices):
        """What whoever registers states of the age of who comes: under 14 a parent registers
        (D.Lgs. 196/2003, art. 2-quinquies)."""

        NON_CHIESTA = "", _("non chiesta")
        DA_14 = "da_14", _("14 anni o più")
        MINORE = "minore", _("meno di 14: iscrive un genitore o chi ne fa le veci")

    incontro = models.ForeignKey(
        Incontro, models.PROTECT, related_name="iscrizioni", verbose_name=_("incontro")
    )
    persona = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="iscrizioni",
        verbose_name=_("persona con account"),
    )
    nome = models.CharField(_("nome e cognome"), max_length=120)
    # NULL, not empty, for who has no address: NULLs do not collide in the constraint below.
    email = models.EmailField(_("e-mail"), null=True, blank=True)
    telefono = models.CharField(_("telefono"), max_length=30, blank=True)
    lingua = models.CharField(_("lingua"), max_length=5, default="it")
    eta = models.CharField(
        _("età dichiarata"), max_length=6, choices=Eta, blank=True, default="", editable=False
    )
    # Of a child nothing but this, and only if the parent likes.
    nome_minore = models.CharField(_("nome di chi ha meno di 14 anni"), max_length=60, blank=True)
    # Her own yes to each of these, if she gave it.
    newsletter = models.ForeignKey(
        "accounts.Consenso",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="iscrizioni_newsletter",
        verbose_name=_("notizie per e-mail"),
    )
    foto = models.ForeignKey(
        "accounts.Consenso",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="iscrizioni_foto",
        verbose_name=_("foto e riprese"),
    )
    codice = models.CharField(max_length=24, unique=True, default=nuovo_codice, editable=False)
    posti_richiesti = models.PositiveSmallIntegerField(_("posti richiesti"), default=1)
    posti = models.PositiveSmallIntegerField(_("posti tenuti"), default=0, editable=False)
    # She was offered fewer seats than asked and chose to wait for all of them.
    solo_al_completo = models.BooleanField(default=False, editable=False)
    stato = models.CharField(_("stato"), max_length=15, choices=Stato, editable=False)
    scade_at = models.DateTimeField(_("scade il"), null=True, editable=False)
    in_lista_dal = models.DateTimeField(_("in lista dal"), null=True, editable=False)
    verificata_at = models.DateTimeField(_("indirizzo confermato il"), null=True, editable=False)
    confermata_at = models.DateTimeField(_("confermata il"), null=True, editable=False)
    promemoria_graditi = models.BooleanField(_("vuole i promemoria"), default=True)
    canale = models.CharField(_("canale"), max_length=10, choices=Canale, default=Canale.ONLINE)
    registrata_da = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="iscrizioni_registrate",
        verbose_name=_("registrata da"),
    )
    importata = models.BooleanField(_("importata da un file"), default=False, editable=False)
    # ``eventi.presenze`` writes these two: whether somebody came, and how many when counted.
    presente = models.BooleanField(_("presente"), null=True, blank=True)
    presenti = models.PositiveSmallIntegerField(_("persone presenti"), null=True, editable=False)
    created_at = models.DateTimeField(_("creata il"), auto_now_add=True)

    objects = IscrizioneQuerySet.as_manager()

    class Meta:
        verbose_name = _("iscrizione")
        verbose_name_plural = _("iscrizioni")
        ordering = ["incontro_id", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["incontro", "email"], name="iscrizione_unica_per_indirizzo"
            ),
            models.CheckConstraint(
                name="iscrizione_posti_da_1_a_5",
                condition=Q(posti_richiesti__gte=1, posti_richiesti__lte=POSTI_MASSIMI),
            ),
            models.CheckConstraint(
                name="iscrizione_posti_solo_se_li_tiene",
                condition=Q(
                    posti__gte=1,
                    posti__lte=POSTI_MASSIMI,
                    stato__in=["da_verificare", "confermata", "posto_offerto"],
                )
                | Q(posti=0, stato__in=["lista_attesa", "scaduta", "rinunciata", "annullata"]),
            ),
            models.CheckConstraint(name="iscrizione_indirizzo_non_vuoto", condition=~Q(email="")),
            models.CheckConstraint(
                name="iscrizione_presenti_se_presente",
                condition=Q(presenti=None) | Q(presente=True, presenti__gte=1),
            ),
        ]
        indexes = [
            models.Index(fields=["incontro", "stato", "in_lista_dal"], name="iscrizione_coda"),
            models.Index(
                fields=["scade_at"],
                condition=Q(scade_at__isnull=False),
                name="iscrizione_scadenza",
            ),
            models.Index(fields=["email"], name="iscrizione_email"),
            models.Index(
                fields=["created_at"],
                condition=Q(verificata_at=None),
                name="iscrizione_mai_confermata",
            ),
            # For the office's list, newest first.
            models.Index(fields=["stato", "-id"], name="iscrizione_stato"),
            models.Index(fields=["canale", "-id"], name="iscrizione_canale"),
            models.Index(fields=["presente", "-id"], name="iscrizione_presente"),
            models.Index(fields=["-id"], condition=Q(email=None), name="iscrizione_senza_email"),
            models.Index(fields=["-id"], condition=Q(importata=True), name="iscrizione_importata"),
            models.Index(
                fields=["-id"],
                condition=Q(email=None, telefono=""),
                name="iscrizione_senza_recapito",
            ),
        ]

    def __str__(self):
        return f"{self.nome} · {self.incontro}"

    def get_absolute_url(self):
        return reverse("iscrizioni:iscrizione_detail", args=[self.token])

    @property
    def token(self):
        """What mails carry: signed, so that a copy of the database opens no door."""
        return firma(self.SALE).sign(self.codice)

    @property
    def viva(self):
        return self.stato in self.VIVE

    def attende_promemoria(self):
        """Whether a reminder is still to come: its rule falls due after she was confirmed."""
        return (
            self.stato == self.Stato.CONFERMATA
            and self.promemoria_graditi
            and self.email is not None
            and self.incontro.promemoria.filter(
                Exists(Iscrizione.objects.con_promemoria().filter(pk=self.pk)),
                accodato_at=None,
                dovuto_at__gt=self.confermata_at,
            ).exists()
        )

    def posizione_in_lista(self):
        """1 for the head of the list; None when not in it (or not verified yet)."""
        if self.stato != self.Stato.LISTA_ATTESA or self.verificata_at is None:
            return None
        prima = Q(in_lista_dal__lt=self.in_lista_dal) | Q(
            in_lista_dal=self.in_lista_dal, pk__lt=self.pk
        )
        return self.incontro.iscrizioni.in_attesa().filter(prima).count() + 1


class PassaggioIscrizione(models.Model):
    """One step of a registration's life. Written once, never changed; holds no personal data."""

    class Attore(models.TextChoices):
        PERSONA = "persona", _("la persona")
        UFFICIO = "ufficio", _("l'ufficio")
        SISTEMA = "sistema", _("il portale")

    iscrizione = models.ForeignKey(Iscrizione, models.CASCADE, related_name="passaggi")
    da = models.CharField(_("da"), max_length=15, blank=True)
    a = models.CharField(_("a"), max_length=15)
    posti = models.PositiveSmallIntegerField(_("posti"), default=0)
    attore = models.CharField(_("chi"), max_length=10, choices=Attore)
    autore = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="passaggi_iscrizione",
        verbose_name=_("autore"),
    )
    motivo = models.TextField(_("motivo"), blank=True)
    created_at = models.DateTimeField(_("quando"))

    class Meta:
        verbose_name = _("passaggio dell'iscrizione")
        verbose_name_plural = _("passaggi dell'iscrizione")
        ordering = ["created_at", "pk"]

    def __str__(self):
        return f"{self.da} → {self.a}"


class Necessita(models.Model):
    """What a person needs in order to take part. Kept apart from the registration, because it
    may tell of her health: only ``eventi.view_necessita`` opens it."""

    iscrizione = models.OneToOneField(Iscrizione, models.CASCADE, related_name="necessita")
    testo = models.TextField(_("necessità di accesso"), max_length=1000)

    class Meta:
        verbose_name = _("necessità di accesso")
        verbose_name_plural = _("necessità di accesso")

    def __str__(self):
        return str(self.iscrizione_id)


class RichiestaServizio(models.Model):
    """A registered person asks for one of the meeting's services."""

    iscrizione = models.ForeignKey(Iscrizione, models.CASCADE, related_name="richieste")
    servizio = models.ForeignKey(Servizio, models.CASCADE, related_name="richieste")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("richiesta di servizio")
        verbose_name_plural = _("richieste di servizi")
        constraints = [
            models.UniqueConstraint(
                fields=["iscrizione", "servizio"], name="richiesta_servizio_unica"
            )
        ]

    def __str__(self):
        return str(self.servizio)
