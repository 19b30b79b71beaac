from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.conservazione import tra_poco
from eventi import presenze, services
from eventi.admin_forms import MotivoForm, PostiIscrizioneForm
from eventi.admin_views import Porta, quadro_posti
from eventi.cerca import ISCRIZIONE
from eventi.models import Incontro, Iscrizione, Necessita, PassaggioIscrizione, RichiestaServizio
from importazioni.elenchi import FoglioModelAdmin
from portale.lib.admin import DomandeFilter, PassiInline, inviati

from .filtri import IscrivibileFilter

Stato = Iscrizione.Stato


class PassaggioIscrizioneInline(PassiInline):
    model = PassaggioIscrizione
    fields = readonly_fields = ["quando", "passaggio", "posti", "attore", "autore", "motivo"]


class RiservataInline(admin.StackedInline):
    """What tells of a person's health: without ``eventi.view_necessita`` it is not there."""

    extra = 0

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("eventi.view_necessita")

    def has_add_permission(self, request, obj=None):
        return self.has_view_permission(request) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        return self.has_view_permission(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.has_view_permission(request) and super().has_delete_permission(request, obj)


class NecessitaInline(RiservataInline):
    model = Necessita
    verbose_name_plural = _("necessità di accesso (riservate)")


class RichiestaServizioInline(RiservataInline, admin.TabularInline):
    model = RichiestaServizio
    fields = ["servizio"]
    template = "admin/edit_inline/tabular.html"
    verbose_name_plural = _("servizi richiesti (riservati)")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("servizio")


class RecapitoFilter(admin.SimpleListFilter):
    title = _("recapito")
    parameter_name = "recapito"

    def lookups(self, request, model_admin):
        return [
            ("da_chiamare", _("senza e-mail: da chiamare")),
            ("senza", _("senza alcun recapito")),
        ]

    def queryset(self, request, queryset):
        if self.value() == "da_chiamare":
            return queryset.vive().filter(email=None)
        if self.value() == "senza":
            return queryset.vive().filter(email=None, telefono="")
        return queryset


class ServeFilter(DomandeFilter):
    """What the office is asked of registrations, across the meetings."""

    title = _("che cosa guardare")
    parameter_name = "serve"

    def domande(self, request):
        adesso = timezone.now()
        return {
            "offerte": (
                _("posti offerti che aspettano una risposta"),
                lambda righe: righe.offerte(adesso),
            ),
            "assenti": (_("confermate che non sono venute"), lambda righe: righe.assenti()),
            "importate": (_("importate da un file"), lambda righe: righe.filter(importata=True)),
            "senza_foto": (
                _("vive che non accettano foto e riprese"),
                lambda righe: righe.vive().exclude(
                    foto__valido_at__isnull=False, foto__ritirato_at=None
                ),
            ),
            "da_cancellare": (
                _("da cancellare entro 30 giorni"),
                lambda righe: righe.filter(pk__in=tra_poco("iscrizioni", adesso).values("pk")),
            ),
        }


class RichiesteFilter(admin.SimpleListFilter):
    """Who needs or asks for something: for those alone who may read what."""

    title = _("che cosa chiedono")
    parameter_name = "richieste"

    def lookups(self, request, model_admin):
        if not request.user.has_perm("eventi.view_necessita"):
            return []
        return [("servizi", _("servizi")), ("necessita", _("necessità di accesso"))]

    def queryset(self, request, queryset):
        # Without the choices there is no value either.
        if not request.user.has_perm("eventi.view_necessita"):
            return queryset
        if self.value() == "servizi":
            chieste = RichiestaServizio.objects.filter(iscrizione=OuterRef("pk"))
            return queryset.vive().filter(Exists(chieste))
        if self.value() == "necessita":
            return queryset.vive().filter(necessita__isnull=False)
        return queryset


@admin.register(Iscrizione)
class IscrizioneAdmin(FoglioModelAdmin):
    """Registrations are read here; their states change through the doors, and people are
    registered in the screen of the meeting. Nothing is deleted: the retention purge does it."""

    dati_personali = True
    foglio = "iscrizioni"
    passi = ("passaggi", "segni")
    # Her page is hers: the office acts by its own doors, under its own name.
    view_on_site = False
    change_form_template = "admin/eventi/iscrizione/change_form.html"
    change_list_template = "admin/eventi/iscrizione/change_list.html"
    list_display = ["nome", "incontro", "stato", "posti_tenuti", "canale", "contatto", "presente"]
    list_filter = [
        ServeFilter,
        IscrivibileFilter,
        "stato",
        RecapitoFilter,
        RichiesteFilter,
        "incontro__laboratorio",
        "canale",
        "presente",
    ]
    list_select_related = ["incontro"]
    cercato = ISCRIZIONE
    search_help_text = _("Cerca per nome, e-mail, telefono o codice.")
    # As they came in, found by their key: no index on the date is needed.
    ordering = ["-pk"]
    actions = ["segna_presenti", "segna_assenti"]
    inlines = [NecessitaInline, RichiestaServizioInline, PassaggioIscrizioneInline]
    readonly_fields = [
        "incontro",
        "email",
        "persona",
        "eta",
        "accetta_le_foto",
        "stato",
        "posti",
        "posti_richiesti",
        "posizione",
        "scade_at",
        "canale",
        "registrata_da",
        "verificata_at",
        "confermata_at",
        "in_lista_dal",
        "created_at",
    ]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "incontro",
                    "stato",
                    "posizione",
                    ("posti", "posti_richiesti"),
                    "presente",
                ]
            },
        ),
        (
            _("La persona"),
            {
                "fields": [
                    "nome",
                    "telefono",
                    "email",
                    "lingua",
                    "promemoria_graditi",
                    "persona",
                    "eta",
                    "nome_minore",
                    "accetta_le_foto",
                ],
                "description": _(
                    "La e-mail non si cambia: con quella la persona apre la sua pagina. Se è "
                    "sbagliata, annulla e iscrivila di nuovo."
                ),
            },
        ),
        (
            _("Da dove viene"),
            {
                "fields": [
                    "canale",
                    "registrata_da",
                    "created_at",
                    "verificata_at",
                    "confermata_at",
                    "in_lista_dal",
                    "scade_at",
                ],
                "classes": ["collapse"],
            },
        ),
    ]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("incontro", "persona", "registrata_da", "foto")
        )

    def get_readonly_fields(self, request, obj=None):
        """Attendance is written where ``presenze.segna_presenza`` would write it."""
        fissi = super().get_readonly_fields(request, obj)
        incontro = obj and obj.incontro
        segnabile = (
            incontro
            and obj.stato == Stato.CONFERMATA
            and incontro.stato in (Incontro.Stato.PUBBLICATO, Incontro.Stato.SVOLTO)
            and incontro.inizio
            and incontro.inizio <= timezone.now()
        )
        return fissi if segnabile else [*fissi, "presente"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "lingua":
            nome = capfirst(str(db_field.verbose_name))
            return forms.ChoiceField(choices=settings.LANGUAGES, label=nome)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    # --- List ---

    def get_ordering(self, request):
        # Those that the purge takes first are the oldest: found at once from that end.
        if request.GET.get(ServeFilter.parameter_name) == "da_cancellare":
            return ["pk"]
        return super().get_ordering(request)

    def get_list_display(self, request):
        uno_solo = request.GET.get("incontro", "").isdecimal()
        return [colonna for colonna in self.list_display if colonna != "incontro" or not uno_solo]

    @admin.display(description=_("posti"), ordering="posti")
    def posti_tenuti(self, iscrizione):
        if iscrizione.posti == iscrizione.posti_richiesti:
            return str(iscrizione.posti)
        return gettext("%(tiene)d di %(chiede)d") % {
            "tiene": iscrizione.posti,
            "chiede": iscrizione.posti_richiesti,
        }

    @admin.display(description=_("recapito"), ordering="email")
    def contatto(self, iscrizione):
        if iscrizione.email:
            return iscrizione.email
        if iscrizione.telefono:
            return gettext("da chiamare: %(telefono)s") % {"telefono": iscrizione.telefono}
        return gettext("nessun recapito")

    @admin.display(description=_("accetta foto e riprese"), boolean=True)
    def accetta_le_foto(self, iscrizione):
        return iscrizione.foto is not None and iscrizione.foto.vivo

    @admin.display(description=_("posizione in lista"))
    def posizione(self, iscrizione):
        return iscrizione.posizione_in_lista() or "–"

    def changelist_view(self, request, extra_context=None):
        contesto = dict(extra_context or {})
        scelto = request.GET.get("incontro", "")
        if scelto.isdecimal() and self.has_view_permission(request):
            incontro = Incontro.objects.filter(pk=int(scelto)).first()
            if incontro is not None:
                contesto["incontro"] = incontro
                contesto["porte"] = self._porte_elenco(request.user, incontro)
        return super().changelist_view(request, contesto)

    def _porte_elenco(self, user, incontro):
        def porta(nome, etichetta, aspetto=""):
            url = reverse(f"admin:eventi_incontro_{nome}", args=[incontro.pk])
            return Porta(url, etichetta, aspetto)

        porte = [
            porta("presenze", _("Stampa fogli e locandina")),
            porta("esporta", _("Esporta iscritti CSV")),
        ]
        if incontro.stato == Incontro.Stato.PUBBLICATO and user.has_perm("eventi.add_iscrizione"):
            porte.insert(0, porta("iscrivi", _("Iscrivi una persona"), "principale"))
        if user.has_perm("eventi.view_incontro"):
            porte.append(porta("change", _("Torna all'incontro")))
        return porte

    # --- Attendance ---

    def save_model(self, request, obj, form, change):
        """Attendance goes through its own door, which leaves a trace."""
        presente = obj.presente
        cambiata = "presente" in form.changed_data
        if cambiata:
            obj.presente = form.initial["presente"]
        super().save_model(request, obj, form, change)
        if cambiata:
            presenze.segna_presenza([obj.pk], presente, autore=request.user, adesso=timezone.now())

    @admin.action(description=_("Segna come presenti"), permissions=["change"])
    def segna_presenti(self, request, queryset):
        self._segna(request, queryset, True)

    @admin.action(description=_("Segna come assenti"), permissions=["change"])
    def segna_assenti(self, request, queryset):
        self._segna(request, queryset, False)

    def _segna(self, request, queryset, presente):
        prima = {riga.pk: riga for riga in queryset}
        pks = list(prima)
        with transaction.atomic():
            quante = presenze.segna_presenza(
                pks, presente, autore=request.user, adesso=timezone.now()
            )
            testo = gettext("Segnata presente") if presente else gettext("Segnata assente")
            for riga in Iscrizione.objects.filter(pk__in=pks).order_by("pk"):
                if (riga.presente, riga.presenti) != (
                    prima[riga.pk].presente,
                    prima[riga.pk].presenti,
                ):
                    self.annota(request, riga, testo)
        self.message_user(
            request,
            ngettext("%(n)d presenza segnata.", "%(n)d presenze segnate.", quante) % {"n": quante},
            messages.SUCCESS,
        )
        if quante < len(pks):
            self.message_user(
                request,
                gettext(
                    "%(n)d non segnate: si segna solo chi ha l'iscrizione confermata, da quando "
                    "l'incontro è iniziato."
                )
                % {"n": len(pks) - quante},
                messages.WARNING,
            )

    # --- Doors ---

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None and request.user.has_perm("eventi.change_iscrizione"):
            context["porte"] = self._porte(obj, timezone.now())
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _porte(self, iscrizione, adesso):
        def porta(nome, etichetta, aspetto=""):
            url = reverse(f"admin:eventi_iscrizione_{nome}", args=[iscrizione.pk])
            return Porta(url, etichetta, aspetto)

        incontro = iscrizione.incontro
        in_programma = incontro.stato == Incontro.Stato.PUBBLICATO and not incontro.finito(adesso)
        porte = []
        if in_programma and iscrizione.stato != Stato.CONFERMATA:
            porte.append(porta("conferma", _("Conferma dall'ufficio")))
        if not self._posti_fermi(iscrizione, adesso):
            porte.append(porta("posti", _("Cambia i posti")))
        if iscrizione.viva:
            porte.append(porta("annulla", _("Annulla l'iscrizione"), "grave"))
        return porte

    def _posti_fermi(self, iscrizione, adesso):
        """Why the seats of this registration can not change now; empty when they can."""
        incontro = iscrizione.incontro
        if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.inizio <= adesso:
            return gettext("L'incontro non è in programma o è già iniziato.")
        if iscrizione.stato not in (Stato.CONFERMATA, Stato.LISTA_ATTESA):
            return gettext("Si cambiano i posti di chi è confermata o in lista d'attesa.")
        return ""

    def _iscrizione(self, request, pk):
        if not request.user.has_perm("eventi.change_iscrizione"):
            raise Http404
        return get_object_or_404(Iscrizione.objects.select_related("incontro"), pk=pk)

    def conferma(self, request, pk):
        iscrizione = self._iscrizione(request, pk)
        incontro = iscrizione.incontro
        confermata = iscrizione.stato == Stato.CONFERMATA
        return self.porta(
            request,
            iscrizione,
            form=MotivoForm(inviati(request)),
            titolo=gettext("Conferma dall'ufficio"),
            spiegazione=gettext(
                "%(nome)s avrà %(posti)d posti per «%(incontro)s» subito, anche se non ce ne sono "
                "più e davanti a chi è in lista d'attesa: per questo serve un motivo."
            )
            % {
                "nome": iscrizione.nome,
                "posti": iscrizione.posti_richiesti,
                "incontro": incontro.titolo,
            },
            bottone=gettext("Conferma l'iscrizione"),
            esegui=lambda dati: services.conferma_dall_ufficio(
                iscrizione, **dati, autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Iscrizione confermata."),
            ritorno=reverse("admin:eventi_iscrizione_change", args=[pk]),
            rifiuto=services.Rifiuto,
            contesto={"chiusa": gettext("È già confermata.") if confermata else ""},
        )

    def posti(self, request, pk):
        iscrizione = self._iscrizione(request, pk)
        adesso = timezone.now()
        attuali = {"posti_richiesti": iscrizione.posti_richiesti}
        return self.porta(
            request,
            iscrizione,
            form=PostiIscrizioneForm(inviati(request), initial=attuali),
            titolo=gettext("Cambia i posti"),
            spiegazione=gettext(
                "Quanti posti servono a %(nome)s per «%(incontro)s». Chi è confermata ne ha di "
                "più solo se sono liberi e nessuno aspetta; chi è in lista d'attesa conserva il "
                "turno. I posti lasciati vanno subito a chi aspetta."
            )
            % {"nome": iscrizione.nome, "incontro": iscrizione.incontro.titolo},
            bottone=gettext("Cambia i posti"),
            esegui=lambda dati: services.cambia_posti(
                iscrizione, **dati, autore=request.user, adesso=adesso
            ),
            fatto=gettext("Posti cambiati."),
            ritorno=reverse("admin:eventi_iscrizione_change", args=[pk]),
            rifiuto=services.Rifiuto,
            contesto={
                "chiusa": self._posti_fermi(iscrizione, adesso),
                "posti": quadro_posti(iscrizione.incontro),
            },
        )

    def annulla(self, request, pk):
        iscrizione = self._iscrizione(request, pk)
        return self.porta(
            request,
            iscrizione,
            form=MotivoForm(inviati(request)),
            titolo=gettext("Annulla l'iscrizione"),
            spiegazione=gettext(
                "%(nome)s perde il posto per «%(incontro)s» e, se ha una e-mail, riceve il "
                "motivo. Il posto va subito a chi è in lista d'attesa."
            )
            % {"nome": iscrizione.nome, "incontro": iscrizione.incontro.titolo},
            bottone=gettext("Annulla l'iscrizione"),
            esegui=lambda dati: services.annulla_iscrizione(
                iscrizione, **dati, autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Iscrizione annullata."),
            ritorno=reverse("admin:eventi_iscrizione_change", args=[pk]),
            rifiuto=services.Rifiuto,
            grave=True,
            contesto={
                "chiusa": "" if iscrizione.viva else gettext("Questa iscrizione non è attiva.")
            },
        )

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"eventi_iscrizione_{nome}",
            )
            for nome in ("conferma", "posti", "annulla")
        ] + super().get_urls()
