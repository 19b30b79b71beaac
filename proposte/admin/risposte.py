from django.contrib import admin
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import PrimaFilter, SolaLetturaInline, UfficioModelAdmin, inviati
from portale.lib.testo import euro
from proposte import allegati, services, verifiche
from proposte.admin.partecipazione import SolaLetturaAdmin
from proposte.admin.proposte import link_allegato, link_proposta
from proposte.admin_forms import FileForm
from proposte.admin_views import Porta
from proposte.models import Allegato, Avanzamento, Risposta, VerificaTecnica
from proposte.permissions import can_gestire, can_leggere_verifica


class UfficioFilter(admin.SimpleListFilter):
    """The offices that answered lately: all those that ever did are in all the answers."""

    title = _("ufficio")
    parameter_name = "ufficio"

    def lookups(self, request, model_admin):
        ultimi = Risposta.objects.order_by("-pk").values_list("ufficio", flat=True)[:500]
        return [(nome, nome) for nome in sorted(set(ultimi)) if nome]

    def queryset(self, request, queryset):
        return queryset.filter(ufficio=self.value()) if self.value() else queryset


@admin.register(Risposta)
class RispostaAdmin(SolaLetturaAdmin):
    """The municipality's answers, all their versions. They are written at the proposal's door."""

    list_display = ["titolo", "esito", "ufficio", "quando", "numero"]
    list_filter = ["esito", UfficioFilter]
    list_select_related = ["proposta"]
    search_fields = ["testo", "ufficio", "proposta__titolo"]
    ordering = ["-pubblicata_at", "-pk"]
    fields = [
        "di_proposta",
        "esito",
        "testo",
        "ufficio",
        "costo",
        "tempi",
        "numero",
        "correzione",
        "quando",
        "autore",
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("proposta", "autore")

    @admin.display(description=_("proposta"))
    def titolo(self, risposta):
        return str(risposta.proposta)

    @admin.display(description=_("proposta"))
    def di_proposta(self, risposta):
        return link_proposta(risposta.proposta)

    @admin.display(description=_("quando"), ordering="pubblicata_at")
    def quando(self, risposta):
        return dates.giorno_e_ora(risposta.pubblicata_at)

    @admin.display(description=_("costo stimato"))
    def costo(self, risposta):
        return euro(risposta.costo_euro) or "–"

    def porte(self, user, risposta):
        if not can_gestire(user):
            return []
        url = reverse("admin:proposte_proposta_rispondi", args=[risposta.proposta_id])
        return [Porta(url, _("Correggi la risposta"))]


# --- Milestones -----------------------------------------------------------------------------


class FileInline(SolaLetturaInline):
    model = Allegato
    fields = readonly_fields = ["apri", "genere"]
    verbose_name_plural = _("file")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("proposta")

    @admin.display(description=_("titolo"))
    def apri(self, allegato):
        return link_allegato(allegato)


@admin.register(Avanzamento)
class AvanzamentoAdmin(UfficioModelAdmin):
    """Milestones are added at the proposal's door; here a slip of the pen is mended."""

    change_form_template = "admin/proposte/change_form.html"
    list_display = ["titolo", "di_proposta", "quando", "percentuale"]
    list_filter = ["percentuale"]
    list_select_related = ["proposta"]
    search_fields = ["titolo", "testo", "proposta__titolo"]
    ordering = ["-giorno", "-pk"]
    fields = ["di_proposta", "giorno", "titolo", "testo", "percentuale"]
    readonly_fields = ["di_proposta"]
    inlines = [FileInline]

    def has_add_permission(self, request):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("proposta")

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description=_("proposta"))
    def di_proposta(self, avanzamento):
        return link_proposta(avanzamento.proposta)

    @admin.display(description=_("data"), ordering="giorno")
    def quando(self, avanzamento):
        return dates.giorno_mese_anno(avanzamento.giorno)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None and self.has_change_permission(request, obj):
            url = reverse("admin:proposte_avanzamento_file", args=[obj.pk])
            context["porte"] = [Porta(url, _("Aggiungi un file"))]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def file(self, request, pk):
        if not request.user.has_perm("proposte.change_avanzamento"):
            raise Http404
        avanzamento = get_object_or_404(Avanzamento.objects.select_related("proposta"), pk=pk)
        return self.porta(
            request,
            avanzamento,
            form=FileForm(inviati(request), request.FILES or None),
            titolo=gettext("Aggiungi un file"),
            spiegazione=gettext("Si vede nella pagina della proposta, accanto all'avanzamento."),
            bottone=gettext("Aggiungi"),
            esegui=lambda dati: allegati.aggiungi(
                avanzamento.proposta, dati["file"], dati["titolo_file"], avanzamento=avanzamento
            ),
            fatto=gettext("File aggiunto."),
            ritorno=reverse("admin:proposte_avanzamento_change", args=[pk]),
            rifiuto=services.Rifiuto,
        )

    def get_urls(self):
        file = path(
            "<int:pk>/file/",
            self.admin_site.admin_view(self.file),
            name="proposte_avanzamento_file",
        )
        return [file, *super().get_urls()]


# --- Technical checks -----------------------------------------------------------------------


class PuntoFilter(PrimaFilter):
    """What is to be done comes first, and alone unless asked for."""

    title = _("a che punto è")
    parameter_name = "punto"

    def lookups(self, request, model_admin):
        return [
            (None, _("da concludere")),
            ("mie", _("assegnate a me")),
            ("in_ritardo", _("in ritardo")),
            ("senza_persona", _("non assegnate")),
            ("concluse", _("concluse")),
            ("tutte", _("tutte")),
        ]

    def queryset(self, request, queryset):
        oggi = dates.a_roma(timezone.now()).date()
        aperte = queryset.filter(conclusa_at=None)
        scelte = {
            "mie": lambda: aperte.filter(assegnata_a=request.user),
            "in_ritardo": lambda: queryset.filter(pk__in=verifiche.in_ritardo(oggi).values("pk")),
            "senza_persona": lambda: aperte.filter(assegnata_a=None),
            "concluse": lambda: queryset.filter(conclusa_at__isnull=False),
            "tutte": lambda: queryset,
        }
        return scelte.get(self.value(), lambda: aperte)()


@admin.register(VerificaTecnica)
class VerificaTecnicaAdmin(SolaLetturaAdmin):
    """The checks by assignee and date; each opens at the proposal's door."""

    list_display = [
        "titolo",
        "competenza",
        "ammissibile",
        "fattibile",
        "assegnata_a",
        "entro",
        "conclusa",
    ]
    list_filter = [PuntoFilter, "ammissibile", "fattibile"]
    list_select_related = ["proposta", "assegnata_a"]
    search_fields = ["proposta__titolo", "competenza"]
    ordering = ["scadenza", "pk"]
    fields = ["titolo", "competenza"]

    def has_view_permission(self, request, obj=None):
        return can_leggere_verifica(request.user)

    def has_module_permission(self, request):
        return can_leggere_verifica(request.user)

    @admin.display(description=_("proposta"))
    def titolo(self, verifica):
        return str(verifica.proposta)

    @admin.display(description=_("entro il"), ordering="scadenza")
    def entro(self, verifica):
        return dates.giorno_mese_anno(verifica.scadenza) if verifica.scadenza else "–"

    @admin.display(description=_("conclusa"), boolean=True)
    def conclusa(self, verifica):
        return verifica.conclusa_at is not None

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """There is one page to read and write a check: the proposal's door."""
        verifica = self.get_object(request, object_id)
        if verifica is None or not self.has_view_permission(request):
            raise Http404
        return redirect("admin:proposte_proposta_verifica", verifica.proposta_id)
