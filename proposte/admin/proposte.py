from functools import partial

from django.contrib import admin
from django.db.models import Q
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from percorso.models import Percorso
from portale.lib import dates
from portale.lib.admin import PassiInline, SolaLetturaInline, UfficioModelAdmin
from portale.lib.testo import normalizza_email
from proposte import admin_coda, admin_views, coda, da_fare, ricerca
from proposte.admin.filtri import DoveDettoFilter, TemaFilter
from proposte.admin_views import STATI_SPIEGATI, dove, porte_proposta, somiglianti
from proposte.models import (
    Allegato,
    Avanzamento,
    Passaggio,
    Proposta,
    Risposta,
    VersioneProposta,
)
from proposte.permissions import (
    can_gestire,
    can_leggere_verifica,
    can_moderare,
    can_registrare,
    can_vedere_persone,
    proposte_visibili,
)

Stato = Proposta.Stato


class ConAutoreInline(SolaLetturaInline):
    """What happened to the proposal, with who did it."""

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("autore")


class PassaggioInline(PassiInline):
    model = Passaggio
    fk_name = "proposta"
    fields = readonly_fields = ["quando", "passaggio", "autore", "perche", "con"]
    legati = ("altra",)

    @admin.display(description=_("passaggio"))
    def passaggio(self, passo):
        if passo.evento != Passaggio.Evento.STATO:
            return passo.get_evento_display()
        return super().passaggio(passo)

    @admin.display(description=_("perché"))
    def perche(self, passo):
        return ": ".join(filter(None, [passo.get_motivo_display(), passo.testo]))

    @admin.display(description=_("altra proposta"))
    def con(self, passo):
        return link_proposta(passo.altra) if passo.altra else ""


class VersioneInline(ConAutoreInline):
    model = VersioneProposta
    fields = readonly_fields = ["numero", "quando", "titolo", "nota", "autore"]
    ordering = ["-numero"]
    verbose_name_plural = _("versioni del testo")

    @admin.display(description=_("quando"))
    def quando(self, versione):
        return dates.giorno_e_ora(versione.created_at)


class RispostaInline(ConAutoreInline):
    model = Risposta
    fields = readonly_fields = ["quando", "esito", "testo", "ufficio", "correzione", "autore"]
    verbose_name_plural = _("risposte del Comune")

    @admin.display(description=_("quando"))
    def quando(self, risposta):
        return dates.giorno_e_ora(risposta.pubblicata_at)


class AvanzamentoInline(ConAutoreInline):
    model = Avanzamento
    fields = readonly_fields = ["quando", "che_cosa", "percentuale", "autore"]
    verbose_name_plural = _("avanzamenti")

    @admin.display(description=_("data"))
    def quando(self, avanzamento):
        return dates.giorno_mese_anno(avanzamento.giorno)

    @admin.display(description=_("che cosa è successo"))
    def che_cosa(self, avanzamento):
        url = reverse("admin:proposte_avanzamento_change", args=[avanzamento.pk])
        return format_html('<a href="{}">{}</a>', url, avanzamento.titolo)


class AllegatoInline(SolaLetturaInline):
    model = Allegato
    fields = readonly_fields = ["apri", "genere", "di"]
    verbose_name_plural = _("allegati")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("proposta", "avanzamento")

    @admin.display(description=_("titolo"))
    def apri(self, allegato):
        return link_allegato(allegato)

    @admin.display(description=_("di che cosa"))
    def di(self, allegato):
        return allegato.avanzamento or gettext("della proposta")


def link_allegato(allegato):
    url = reverse("proposte:allegato_scarica", args=[allegato.proposta.slug, allegato.pk])
    return format_html('<a href="{}">{}</a>', url, allegato.titolo)


def link_proposta(proposta):
    url = reverse("admin:proposte_proposta_change", args=[proposta.pk])
    return format_html('<a href="{}">{}</a>', url, proposta)


# --- The questions that the list answers ----------------------------------------------------


class DaFareFilter(admin.SimpleListFilter):
    """The lists that the first page counts, by the same read rules. Each is offered only to who
    may do something about it."""

    title = _("che cosa serve")
    parameter_name = "serve"

    def lookups(self, request, model_admin):
        voci = []
        if can_moderare(request.user):
            voci += [
                ("moderazione", _("da moderare")),
                ("riesame", _("con un riesame chiesto")),
                ("segnalate", _("segnalate")),
            ]
        if can_gestire(request.user):
            voci += [
                ("laboratorio", _("senza laboratorio")),
                ("tema", _("senza tema")),
                ("doppioni", _("forse doppie")),
                ("esito", _("con un esito preparato")),
                ("risposta", _("senza risposta del Comune")),
                ("risposta_in_ritardo", _("con la risposta in ritardo")),
            ]
        if can_leggere_verifica(request.user):
            voci.append(("verifica", _("con la verifica in ritardo")))
        return voci

    def queryset(self, request, queryset):
        adesso = timezone.now()
        scelte = {
            "moderazione": lambda: queryset.da_moderare(),
            "riesame": lambda: coda.da_riesaminare(queryset),
            "segnalate": lambda: da_fare.segnalate(queryset),
            "laboratorio": lambda: da_fare.senza_laboratorio(queryset),
            "tema": lambda: da_fare.senza_tema(queryset),
            "doppioni": lambda: da_fare.doppioni(queryset),
            "esito": lambda: da_fare.con_esito_preparato(queryset),
            "risposta": lambda: da_fare.da_rispondere(queryset),
            "risposta_in_ritardo": lambda: da_fare.risposta_in_ritardo(queryset, adesso),
            "verifica": lambda: da_fare.verifica_in_ritardo(queryset, dates.a_roma(adesso).date()),
        }
        # A value that was not offered to her selects nothing.
        offerte = {valore for valore, _etichetta in self.lookup_choices}
        return scelte[self.value()]() if self.value() in offerte else queryset


class PercorsoFilter(admin.SimpleListFilter):
    title = _("percorso")
    parameter_name = "percorso"

    def lookups(self, request, model_admin):
        return [(str(percorso.pk), percorso.titolo) for percorso in Percorso.objects.all()]

    def queryset(self, request, queryset):
        valore = self.value() or ""
        return queryset.filter(percorso=int(valore)) if valore.isdecimal() else queryset


@admin.register(Proposta)
class PropostaAdmin(UfficioModelAdmin):
    """Proposals are read here. Nothing of them is written but through the doors: states, texts
    and relations each have theirs, and each asks for its own permission."""

    change_form_template = "admin/proposte/proposta/change_form.html"
    change_list_template = "admin/proposte/proposta/change_list.html"
    list_display = ["titolo_o_bozza", "stato", "dove", "firma_", "n_sostegni", "aspetta"]
    list_filter = [
        DaFareFilter,
        "stato",
        DoveDettoFilter,
        TemaFilter,
        "canale",
        PercorsoFilter,
        "esempio",
    ]
    list_select_related = ["laboratorio", "incontro"]
    search_fields = ["indice"]
    search_help_text = _("Cerca per parole del testo, o per numero.")
    # The key is the order in which they were begun, and needs no index of its own.
    ordering = ["-pk"]
    sortable_by = ["n_sostegni"]
    # Where a list is for deciding: what waits longest first, what is alike side by side.
    ORDINI = {"moderazione": ["inviata_at", "pk"], "doppioni": ["indice_titolo", "pk"]}
    actions = ["pubblica_molte", "valuta_molte"]
    inlines = [
        RispostaInline,
        AvanzamentoInline,
        AllegatoInline,
        VersioneInline,
        PassaggioInline,
    ]

    # --- Who ---

    def get_queryset(self, request):
        return proposte_visibili(request.user).order_by(*self.ordering)

    def get_ordering(self, request):
        return self.ORDINI.get(request.GET.get(DaFareFilter.parameter_name), self.ordering)

    def has_change_permission(self, request, obj=None):
        # Nothing is saved by the page itself, whoever posts to it: the doors do.
        return False

    def has_delete_permission(self, request, obj=None):
        # A draft of the office's is a mistake that may go; what was sent only changes state.
        return bool(
            obj is not None
            and obj.stato == Stato.BOZZA
            and obj.registrato_da_id
            and super().has_delete_permission(request, obj)
        )

    def has_add_permission(self, request):
        return can_registrare(request.user)

    def has_modera_permission(self, request):
        return can_moderare(request.user)

    def has_gestisci_permission(self, request):
        return can_gestire(request.user)

    def view_on_site(self, proposta):
        return proposta.get_absolute_url() if proposta.pubblica else None

    # --- List ---

    @admin.display(description=_("proposta"), ordering="pk")
    def titolo_o_bozza(self, proposta):
        if proposta.esempio:
            return format_html(
                '{} <span class="esempio">{}</span>', str(proposta), gettext("esempio")
            )
        return str(proposta)

    @admin.display(description=_("dove"))
    def dove(self, proposta):
        return dove(proposta)

    @admin.display(description=_("firma"))
    def firma_(self, proposta):
        return proposta.firma

    @admin.display(description=_("aspetta chi modera"))
    def aspetta(self, proposta):
        if proposta.stato != Stato.INVIATA or proposta.inviata_at is None:
            return ""
        adesso = timezone.now()
        eta = coda.eta(proposta.inviata_at, adesso)
        if adesso - proposta.inviata_at <= coda.limite():
            return eta
        return format_html('<span class="in-ritardo">{}: {}</span>', gettext("in ritardo"), eta)

    def get_search_results(self, request, queryset, search_term):
        """By words as citizens find them; by number; by the proponent's whole address for who
        may read it (a part of one would tell a moderator whose it is)."""
        cerca = search_term.strip()
        if not cerca:
            return queryset, False
        if "@" in cerca and can_vedere_persone(request.user):
            return queryset.filter(proponente__email=normalizza_email(cerca)), False
        parole = ricerca.cercate(cerca)
        per_numero = Q(pk=int(cerca)) if cerca.isdecimal() and len(cerca) < 10 else None
        if not parole:
            return queryset.none() if per_numero is None else queryset.filter(per_numero), False
        trovate = ricerca.con_parole(queryset, parole)
        if per_numero is not None:
            numero = queryset.filter(per_numero).values("pk")
            trovate = queryset.filter(Q(pk__in=trovate.values("pk")) | Q(pk__in=numero))
        return trovate, False

    def changelist_view(self, request, extra_context=None):
        contesto = {
            "title": gettext("Proposte"),
            "porte": self._porte_elenco(request.user),
            **(extra_context or {}),
        }
        return super().changelist_view(request, contesto)

    def _porte_elenco(self, user):
        porte = []
        if can_moderare(user):
            url = reverse("admin:proposte_proposta_coda")
            porte.append(admin_views.Porta(url, _("Coda di moderazione"), "principale"))
        if can_gestire(user):
            url = reverse("admin:proposte_proposta_esiti")
            porte.append(admin_views.Porta(url, _("Esiti preparati")))
        if can_registrare(user):
            url = reverse("admin:importazioni_importazione_add") + "?genere=proposte"
            porte.append(admin_views.Porta(url, _("Importa da un file")))
        return porte

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description=_("Pubblica"), permissions=["modera"])
    def pubblica_molte(self, request, queryset):
        return admin_views.pubblica_molte(self, request, queryset)

    @admin.action(description=_("Metti in valutazione"), permissions=["gestisci"])
    def valuta_molte(self, request, queryset):
        return admin_views.valuta_molte(self, request, queryset)

    # --- One proposal ---

    def get_fieldsets(self, request, obj=None):
        chi = ["firma_", "genere_proponente", "canale", "incontro", "tavolo", "registrato_da"]
        if can_vedere_persone(request.user):
            chi.insert(1, "chi_propone")
        gruppi = [
            (None, {"fields": ["stato", "inviata_at", "pubblicata_at", "numeri"]}),
            (
                _("Che cosa dice"),
                {"fields": ["titolo", "che_cosa", "perche", "per_chi", "luogo", "punto"]},
            ),
            (_("Dove e per che cosa"), {"fields": ["percorso", "dove", "i_temi", "i_bisogni"]}),
            (_("Da dove viene"), {"fields": chi}),
            (_("Altre proposte"), {"fields": ["relazioni", "simili"]}),
        ]
        lavoro = []
        if can_leggere_verifica(request.user):
            lavoro.append("verifica_tecnica")
        if can_gestire(request.user):
            lavoro.append("esito_pronto")
        if lavoro:
            gruppi.append((_("Il lavoro degli uffici"), {"fields": lavoro}))
        return gruppi

    def get_readonly_fields(self, request, obj=None):
        return [
            campo
            for _titolo, gruppo in self.get_fieldsets(request, obj)
            for campo in gruppo["fields"]
        ]

    def get_object(self, request, object_id, from_field=None):
        """With all that the page shows, in as few queries."""
        proposta = super().get_object(request, object_id, from_field)
        if proposta is None:
            return None
        return (
            self.get_queryset(request)
            .select_related(
                "percorso",
                "laboratorio",
                "incontro",
                "proponente",
                "registrato_da",
                "integrata_in",
                "divisa_da",
                "verifica__assegnata_a",
                "esito_preparato__autore",
            )
            .get(pk=proposta.pk)
        )

    @admin.display(description=_("numeri"))
    def numeri(self, proposta):
        return gettext(
            "%(sostegni)d sostegni, %(commenti)d commenti, %(seguaci)d persone la seguono"
        ) % {
            "sostegni": proposta.n_sostegni,
            "commenti": proposta.n_commenti,
            "seguaci": proposta.seguaci.count(),
        }

    @admin.display(description=_("sulla mappa"))
    def punto(self, proposta):
        if proposta.latitudine is None:
            return "–"
        return f"{proposta.latitudine:.5f}, {proposta.longitudine:.5f}"

    @admin.display(description=_("proponente"))
    def chi_propone(self, proposta):
        if proposta.proponente is None:
            return "–"
        url = reverse("admin:accounts_partecipante_change", args=[proposta.proponente_id])
        return format_html('<a href="{}">{}</a>', url, proposta.proponente.email)

    @admin.display(description=_("temi"))
    def i_temi(self, proposta):
        return ", ".join(str(tema) for tema in proposta.temi.all()) or "–"

    @admin.display(description=_("bisogni a cui risponde"))
    def i_bisogni(self, proposta):
        return ", ".join(str(bisogno) for bisogno in proposta.bisogni.all()) or "–"

    @admin.display(description=_("relazioni"))
    def relazioni(self, proposta):
        righe = []
        if proposta.integrata_in:
            righe.append((gettext("integrata in"), proposta.integrata_in))
        righe += [(gettext("ha accolto in sé"), altra) for altra in proposta.integrate.all()]
        if proposta.divisa_da:
            righe.append((gettext("nata dalla divisione di"), proposta.divisa_da))
        righe += [(gettext("ne è nata"), parte) for parte in proposta.parti.all()]
        return elenco_proposte(righe)

    @admin.display(description=_("forse la stessa"))
    def simili(self, proposta):
        return elenco_proposte(
            (altra.get_stato_display(), altra) for altra in somiglianti(proposta)
        )

    @admin.display(description=_("verifica tecnica"))
    def verifica_tecnica(self, proposta):
        righe = admin_views.verifica_a_parole(getattr(proposta, "verifica", None), timezone.now())
        if not righe:
            return gettext("Ancora nessuna.")
        return format_html_join(
            "",
            "<div>{}: {}{}</div>",
            (
                (
                    etichetta,
                    valore,
                    format_html(' <strong class="in-ritardo">{}</strong>', gettext("in ritardo"))
                    if attenzione
                    else "",
                )
                for etichetta, valore, attenzione in righe
                if valore != "–"
            ),
        )

    @admin.display(description=_("esito preparato"))
    def esito_pronto(self, proposta):
        preparato = getattr(proposta, "esito_preparato", None)
        if preparato is None:
            return "–"
        return f"{preparato.get_esito_display()}: {preparato.motivazione or '–'}"

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context.update(show_save=False, show_save_and_continue=False)
        if obj is not None:
            context["porte"] = porte_proposta(request.user, obj)
            context["stato_spiegato"] = STATI_SPIEGATI[obj.stato]
            if can_moderare(request.user) and obj.stato == Stato.NASCOSTA:
                context["riesame"] = coda.una(coda.Genere.RIESAME, obj.pk)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def add_view(self, request, form_url="", extra_context=None):
        return admin_views.registra(self, request)

    def get_urls(self):
        def porta(vista):
            return self.admin_site.admin_view(partial(vista, self))

        doors = [
            path(
                f"<int:pk>/{vista.__name__.replace('_', '-')}/",
                porta(vista),
                name=f"proposte_proposta_{vista.__name__}",
            )
            for vista in admin_views.PORTE_PROPOSTA
        ]
        pagine = [
            path("coda/", porta(admin_coda.coda_elenco), name="proposte_proposta_coda"),
            path(
                "coda/<slug:genere>/<int:pk>/",
                porta(admin_coda.coda_voce),
                name="proposte_proposta_coda_voce",
            ),
            path("esiti-preparati/", porta(admin_views.esiti), name="proposte_proposta_esiti"),
        ]
        return doors + pagine + super().get_urls()


def elenco_proposte(righe):
    """Each with what it is to this one, and a link."""
    righe = [(parole, link_proposta(altra)) for parole, altra in righe]
    return format_html_join("", "<div>{}: {}</div>", righe) or "–"
