from functools import partial

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi import admin_serie, admin_sportello, admin_views, avvisi, conti
from eventi.cerca import INCONTRO, SEDE
from eventi.models import (
    Incontro,
    Iscrizione,
    NumeriIncontro,
    PassaggioIncontro,
    Promemoria,
    Sede,
    SerieIncontri,
    Servizio,
)
from eventi.promemoria import REGOLE_PREDEFINITE, imposta_promemoria, programma_promemoria
from importazioni.elenchi import FoglioModelAdmin
from percorso.models import Percorso
from portale.lib import dates
from portale.lib.admin import (
    DomandeFilter,
    PassiInline,
    SolaLetturaInline,
    UfficioFormSet,
    UfficioInline,
)

Stato = Incontro.Stato


@admin.register(Sede)
class SedeAdmin(FoglioModelAdmin):
    foglio = "sedi"
    list_display = ["nome", "indirizzo", "senza_gradini", "bagno_accessibile", "mezzi_pubblici"]
    list_filter = ["senza_gradini", "bagno_accessibile", "anello_induzione"]
    cercato = SEDE
    fieldsets = [
        (None, {"fields": ["nome", "indirizzo", "citta", "note"]}),
        (
            _("Accessibilità"),
            {
                "fields": [
                    "senza_gradini",
                    "bagno_accessibile",
                    "anello_induzione",
                    "parcheggio",
                    "mezzi_pubblici",
                ],
                "description": _(
                    "Scrivi solo ciò che qualcuno ha verificato. Quello che resta «Sconosciuto» "
                    "o vuoto, sul sito si legge «da comunicare»."
                ),
            },
        ),
        (
            _("Sulla mappa"),
            {
                "fields": [("latitudine", "longitudine")],
                "description": _("In gradi decimali, per esempio 45.0526 e 9.6930."),
            },
        ),
        (_("Fonti"), {"fields": ["fonti"], "classes": ["collapse"]}),
    ]


class ServizioFormSet(UfficioFormSet):
    def clean(self):
        super().clean()
        for form in self.deleted_forms:
            if form.instance.pk and (quante := form.instance.richieste.count()):
                raise ValidationError(
                    gettext(
                        "Il servizio «%(servizio)s» non si può togliere: lo hanno già chiesto "
                        "%(quante)d persone."
                    )
                    % {"servizio": form.instance, "quante": quante}
                )


class ServizioInline(UfficioInline):
    model = Servizio
    formset = ServizioFormSet
    verbose_name_plural = _("servizi che si possono chiedere")


class PromemoriaInline(UfficioInline):
    model = Promemoria
    fields = ["giorni", "ore", "parte"]
    readonly_fields = ["parte"]
    verbose_name_plural = _("promemoria per chi è iscritto")

    @admin.display(description=_("parte"))
    def parte(self, promemoria):
        if promemoria.accodato_at:
            return gettext("partito %(quando)s") % {
                "quando": dates.giorno_e_ora(promemoria.accodato_at)
            }
        if promemoria.dovuto_at is None:
            return gettext("quando si saprà la data")
        return dates.giorno_e_ora(promemoria.dovuto_at)


class PassaggioIncontroInline(PassiInline):
    model = PassaggioIncontro
    fields = readonly_fields = ["quando", "passaggio", "autore", "motivo", "date"]

    @admin.display(description=_("data dell'incontro"))
    def date(self, passaggio):
        if passaggio.inizio_da == passaggio.inizio_a:
            return ""
        prima, dopo = (
            dates.giorno_e_ora(data) if data else gettext("da comunicare")
            for data in (passaggio.inizio_da, passaggio.inizio_a)
        )
        return f"{prima} → {dopo}"


class NumeriInline(SolaLetturaInline):
    """What is left of the registrations when they have been deleted."""

    model = NumeriIncontro
    fields = readonly_fields = [
        "iscrizioni",
        "stati",
        "canali",
        "posti_richiesti",
        "posti_confermati",
        "posti_in_attesa",
        "presenti",
        "assenti",
        "chieste",
    ]
    verbose_name_plural = _("numeri conservati: le iscrizioni sono state cancellate")

    def get_queryset(self, request):
        return super().get_queryset(request).chiusi()

    @admin.display(description=_("per stato"))
    def stati(self, numeri):
        return self._a_parole(numeri.per_stato, dict(Iscrizione.Stato.choices))

    @admin.display(description=_("per canale"))
    def canali(self, numeri):
        return self._a_parole(numeri.per_canale, dict(Iscrizione.Canale.choices))

    @admin.display(description=_("necessità e servizi"))
    def chieste(self, numeri):
        nomi = {"necessita": _("necessità di accesso"), **dict(Servizio.Genere.choices)}
        return self._a_parole({"necessita": numeri.con_necessita, **numeri.servizi}, nomi)

    def _a_parole(self, quanti, nomi):
        return ", ".join(
            f"{nomi.get(nome, nome)} {gettext('meno di 3') if n is None else n}"
            for nome, n in quanti.items()
            if n != 0
        )


class QuandoFilter(admin.SimpleListFilter):
    """The lists that the first page counts, by the same read rules."""

    title = _("quando")
    parameter_name = "quando"

    def lookups(self, request, model_admin):
        return [
            ("prossimi", _("prossimi")),
            ("settimana", _("nei prossimi 7 giorni")),
            ("bozze", _("bozze dei prossimi 30 giorni")),
            ("passati", _("passati")),
            ("da_chiudere", _("passati, da segnare come svolti")),
            ("senza_resoconto", _("passati senza resoconto")),
            ("in_ritardo", _("con il resoconto in ritardo")),
        ]

    def queryset(self, request, queryset):
        adesso = timezone.now()
        scelte = {
            "prossimi": lambda: queryset.futuri(adesso),
            "settimana": lambda: queryset.entro(adesso, 7),
            "bozze": lambda: queryset.entro(adesso, 30).filter(stato=Stato.BOZZA),
            "passati": lambda: queryset.passati(adesso),
            "da_chiudere": lambda: queryset.da_chiudere(adesso),
            "senza_resoconto": lambda: queryset.senza_resoconto(adesso),
            "in_ritardo": lambda: queryset.resoconto_in_ritardo(
                adesso, admin_views.giorni_per_il_resoconto()
            ),
        }
        return scelte[self.value()]() if self.value() in scelte else queryset


class ServeFilter(DomandeFilter):
    """What a meeting to come still lacks."""

    title = _("che cosa serve")
    parameter_name = "serve"

    def domande(self, request):
        adesso = timezone.now()
        domande = {
            "facilitatore": (
                _("prossimi senza chi li conduce"),
                lambda righe: righe.da_preparare(adesso).filter(facilitatori=None),
            ),
            "verbalizzante": (
                _("prossimi senza verbalizzante"),
                lambda righe: righe.da_preparare(adesso).exclude(verbalizzanti__attivo=True),
            ),
            "sede": (_("prossimi senza sede"), lambda righe: righe.senza_sede(adesso)),
            "lista": (
                _("al completo, con la lista d'attesa"),
                lambda righe: righe.al_completo_con_lista(adesso),
            ),
            "avvisi": (
                _("cambiati, con qualcuno da avvisare"),
                lambda righe: righe.filter(pk__in=avvisi.da_avvisare(adesso)),
            ),
        }
        if request.user.has_perm("eventi.view_necessita"):
            domande["accesso"] = (
                _("prossimi con necessità di accesso o servizi"),
                lambda righe: righe.con_bisogni_di_accesso(adesso),
            )
        return domande


class SerieFilter(admin.SimpleListFilter):
    """The meetings that were made together: the latest series, and the one that is asked for."""

    title = _("serie")
    parameter_name = "serie__id__exact"

    def lookups(self, request, model_admin):
        return [(str(serie.pk), str(serie)) for serie in SerieIncontri.objects.all()[:20]]

    def queryset(self, request, queryset):
        if self.value() and self.value().isdecimal():
            return queryset.filter(serie=int(self.value()))
        return queryset


class IncontroForm(forms.ModelForm):
    class Meta:
        help_texts = {
            "percorso": _("Il percorso partecipativo di cui fa parte."),
            "slug": _(
                "L'ultima parte dell'indirizzo della pagina: si scrive da sola dal titolo, e dopo "
                "la pubblicazione non cambia più."
            ),
            "descrizione": _("In parole semplici; una riga vuota separa i paragrafi."),
        }
        error_messages = {
            "slug": {
                "unique": _(
                    "C'è già un incontro con questo indirizzo: aggiungi per esempio il giorno, "
                    "come «verde-in-zona-3-12-maggio»."
                )
            }
        }

    def _update_errors(self, errors):
        """What this form only shows it does not refuse: a published meeting's venue may be to be
        announced, and its other fields must still save."""
        mostrati = {*self.fields, NON_FIELD_ERRORS}
        for nome in getattr(errors, "error_dict", {}).keys() - mostrati:
            del errors.error_dict[nome]
        super()._update_errors(errors)


@admin.register(Incontro)
class IncontroAdmin(FoglioModelAdmin):
    """A draft is edited freely. From publication on, what people organised themselves by (date,
    venue, link, seats) changes only through the doors, which tell them."""

    form = IncontroForm
    foglio = "incontri"
    change_form_template = "admin/eventi/incontro/change_form.html"
    change_list_template = "admin/eventi/incontro/change_list.html"
    list_display = ["titolo", "data", "laboratorio", "stato", "posti_presi"]
    list_filter = [QuandoFilter, ServeFilter, "stato", "laboratorio", "percorso", SerieFilter]
    list_select_related = ["laboratorio"]
    cercato = INCONTRO
    date_hierarchy = "inizio"
    ordering = ["-inizio", "-pk"]
    prepopulated_fields = {"slug": ["titolo"]}
    fieldsets = [
        (
            None,
            {
                "fields": ["percorso", "laboratorio", "genere", "titolo", "slug", "descrizione"],
                "description": _(
                    "Un titolo che si capisce da solo («Che verde vogliamo alla Besurica»), e due "
                    "righe su che cosa si farà e che cosa ne verrà fatto."
                ),
            },
        ),
        (
            _("Quando e dove"),
            {
                "fields": [
                    ("inizio", "fine"),
                    "ora_nota",
                    "data_a_parole",
                    "modalita",
                    "sede",
                    "link_online",
                ],
                "description": _(
                    "Gli orari sono quelli di Piacenza. Ciò che non si sa ancora lascialo vuoto: "
                    "sul sito si legge «da comunicare»."
                ),
            },
        ),
        (
            _("Iscrizioni"),
            {
                "fields": [
                    "con_iscrizione",
                    ("posti", "posti_riservati"),
                    ("iscrizioni_dal", "iscrizioni_fino"),
                ],
                "description": _(
                    "Ai posti per i cittadini si tolgono quelli riservati. Finiti i posti, chi si "
                    "iscrive entra in lista d'attesa e il portale offre da solo quelli che si "
                    "liberano."
                ),
            },
        ),
        (_("Chi lo conduce"), {"fields": ["facilitatori"]}),
        (_("Fonti"), {"fields": ["fonti"], "classes": ["collapse"]}),
    ]

    # --- List ---

    def get_queryset(self, request):
        return conti.with_attesa(super().get_queryset(request).visibili_a(request.user))

    @admin.display(description=_("quando"), ordering="inizio")
    def data(self, incontro):
        return incontro.quando

    @admin.display(description=_("posti"), ordering="posti_occupati")
    def posti_presi(self, incontro):
        return conti.posti_a_parole(incontro) if incontro.con_iscrizione else "–"

    def get_actions(self, request):
        # Deleting several at once would pass by the rule on drafts.
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # --- One meeting ---

    def get_readonly_fields(self, request, obj=None):
        if obj is None or obj.stato == Stato.BOZZA:
            return []
        fissi = ["percorso", "slug", "posti", "posti_riservati"]
        quando_e_dove = ["inizio", "fine", "ora_nota", "modalita", "sede", "link_online"]
        if obj.stato != Stato.SVOLTO:
            return [*fissi, *quando_e_dove]
        # Of a meeting that took place nobody needs to be told: what was not known may be added.
        noti = (nome for nome in quando_e_dove if getattr(obj, nome) not in (None, ""))
        return [*fissi, *noti]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "facilitatori":
            colleghi = db_field.remote_field.model.objects.filter(is_staff=True, is_active=True)
            kwargs["queryset"] = colleghi.order_by("nome", "email")
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_prepopulated_fields(self, request, obj=None):
        return self.prepopulated_fields if obj is None or obj.stato == Stato.BOZZA else {}

    def get_inlines(self, request, obj):
        if obj is None:
            return [ServizioInline]
        numeri = [NumeriInline] if NumeriIncontro.objects.chiusi().filter(incontro=obj) else []
        return [*numeri, ServizioInline, PromemoriaInline, PassaggioIncontroInline]

    def get_changeform_initial_data(self, request):
        attivo = Percorso.objects.attivi().in_evidenza().first()
        return {"percorso": attivo, **super().get_changeform_initial_data(request)}

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        if obj is None or not permesso:
            return permesso
        return obj.stato == Stato.BOZZA and not obj.iscrizioni.exists()

    def view_on_site(self, incontro):
        return None if incontro.stato == Stato.BOZZA else incontro.get_absolute_url()

    def save_formset(self, request, form, formset, change):
        """Reminders are set through their one door, which also works out when they are due."""
        if formset.model is not Promemoria:
            super().save_formset(request, form, formset, change)
            return
        formset.save(commit=False)
        imposta_promemoria(
            form.instance,
            [
                (riga.cleaned_data["giorni"], riga.cleaned_data["ore"])
                for riga in formset.forms
                if riga.cleaned_data and not riga.cleaned_data.get("DELETE")
            ],
        )

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if change:
            # The start of a draft may have changed.
            programma_promemoria(form.instance)
        else:
            imposta_promemoria(form.instance, REGOLE_PREDEFINITE)

    def response_add(self, request, obj, post_url_continue=None):
        """Back to the meeting itself: the next thing to do is to read it again and publish."""
        if "_addanother" in request.POST or "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        self.message_user(
            request,
            _(
                "Bozza salvata. I promemoria partiranno 7 giorni e 24 ore prima: puoi cambiarli "
                "qui sotto. Quando è tutto pronto, pubblica."
            ),
            messages.SUCCESS,
        )
        return redirect("admin:eventi_incontro_change", obj.pk)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["porte"] = admin_views.porte_incontro(request.user, obj, timezone.now())
            context["stato_spiegato"] = admin_views.STATI_SPIEGATI[obj.stato]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_urls(self):
        def porta(vista):
            return self.admin_site.admin_view(partial(vista, self))

        doors = [
            path(
                f"<int:pk>/{vista.__name__.replace('_', '-')}/",
                porta(vista),
                name=f"eventi_incontro_{vista.__name__}",
            )
            for vista in (
                *admin_views.PORTE_INCONTRO,
                *admin_sportello.PORTE,
                admin_serie.modifica_serie,
            )
        ]
        doors += [
            path(f"{nome}/", porta(vista), name=f"eventi_incontro_{vista.__name__}")
            for nome, vista in (
                ("sportello", admin_sportello.sportello),
                ("serie", admin_serie.serie_nuova),
            )
        ]
        return doors + super().get_urls()
