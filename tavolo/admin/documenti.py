"""The Tavolo's documents, and who opened what is not public."""

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import UfficioModelAdmin, UltimiFilter, inviati
from portale.lib.conteggi import quanti
from proposte.segnali import contenuto_cambiato

from ..cerca import DOCUMENTO
from ..models import AccessoDocumento, DocumentoTavolo, Seduta, Seggio
from ..services import documenti
from .porte import ConPorte
from .sedute_forms import NuovoDocumentoForm


class PubblicoFilter(admin.SimpleListFilter):
    title = _("chi lo legge")
    parameter_name = "pubblico"

    def lookups(self, request, model_admin):
        return [("si", _("tutti")), ("no", _("solo il Tavolo e il Comitato"))]

    def queryset(self, request, queryset):
        oggi = dates.a_roma(timezone.now()).date()
        if self.value() == "si":
            return queryset.filter(pubblico_dal__lte=oggi)
        if self.value() == "no":
            return queryset.exclude(pubblico_dal__lte=oggi)
        return queryset


class SedutaFilter(UltimiFilter):
    title = _("seduta")
    parameter_name = campo = "seduta"

    def righe(self, request):
        return Seduta.objects.order_by("-incontro__inizio", "-pk").select_related("incontro")


class CheCosaFilter(admin.SimpleListFilter):
    """Minutes, documents, or a file made of the reviews."""

    title = _("che cosa")
    parameter_name = "che_cosa"

    def lookups(self, request, model_admin):
        return [
            ("documenti", _("documenti")),
            ("verbali", _("verbali")),
            ("esami", _("dossier e posizioni")),
        ]

    def queryset(self, request, queryset):
        if self.value() == "documenti":
            return queryset.exclude(documento=None)
        if self.value() == "verbali":
            return queryset.exclude(verbale=None)
        if self.value() == "esami":
            return queryset.filter(documento=None, verbale=None)
        return queryset


class SeggioFilter(UltimiFilter):
    title = _("seggio")
    parameter_name = campo = "seggio"
    # A Tavolo has some dozens.
    quante = 60

    def righe(self, request):
        return Seggio.objects.order_by("organizzazione__nome", "pk").select_related(
            "organizzazione"
        )


class DocumentoFilter(UltimiFilter):
    title = _("documento")
    # As Django's own filter writes it in an address.
    parameter_name = "documento__id__exact"
    campo = "documento"

    def righe(self, request):
        return DocumentoTavolo.objects.order_by("-pk")


@admin.register(DocumentoTavolo)
class DocumentoTavoloAdmin(ConPorte):
    """Its file never changes: another file is another document."""

    list_display = ["titolo", "seduta", "pubblico_dal", "aperture", "created_at"]
    list_filter = [PubblicoFilter, "percorso", SedutaFilter, "esempio"]
    list_select_related = ["seduta__incontro"]
    cercato = DOCUMENTO
    fields = ["titolo", "pubblico_dal", "scarica", "percorso", "seduta", "punto", "accessi"]
    readonly_fields = ["scarica", "percorso", "seduta", "punto", "accessi"]

    def get_queryset(self, request):
        righe = super().get_queryset(request).select_related("seduta__incontro", "percorso")
        return righe.annotate(n_accessi=quanti(AccessoDocumento, "documento"))

    @admin.display(description=_("aperture"), ordering="n_accessi")
    def aperture(self, documento):
        return documento.n_accessi

    @admin.display(description=_("file"))
    def scarica(self, documento):
        url = reverse("area:documento_scarica", args=[documento.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Scarica"))

    @admin.display(description=_("chi lo ha aperto"))
    def accessi(self, documento):
        url = reverse("admin:tavolo_accessodocumento_changelist")
        testo = gettext("Vedi le %(n)d aperture") % {"n": documento.n_accessi}
        return format_html('<a href="{}?documento__id__exact={}">{}</a>', url, documento.pk, testo)

    def has_delete_permission(self, request, obj=None):
        """Once somebody opened it, it stays: who read what must be known."""
        if obj is None or not request.user.has_perm("tavolo.delete_documentotavolo"):
            return False
        return not obj.accessi.exists()

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        contenuto_cambiato.send(DocumentoTavolo)

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        contenuto_cambiato.send(DocumentoTavolo)

    def add_view(self, request, form_url="", extra_context=None):
        iniziali = {
            nome: valore
            for nome in ("percorso", "seduta")
            if (valore := request.GET.get(nome, "")).isdecimal()
        }
        return self.nuovo(
            request,
            form=NuovoDocumentoForm(inviati(request), request.FILES or None, initial=iniziali),
            titolo=gettext("Aggiungi un documento"),
            spiegazione=gettext(
                "Se puoi carica un PDF: lo aprono tutti. Un documento con dati personali non ha "
                "una data di pubblicazione."
            ),
            bottone=gettext("Carica"),
            esegui=lambda dati: documenti.carica(
                dati.pop("percorso"),
                dati.pop("file"),
                dati.pop("titolo"),
                **dati,
                autore=request.user,
            ),
            fatto=gettext("Documento caricato."),
        )


@admin.register(AccessoDocumento)
class AccessoDocumentoAdmin(UfficioModelAdmin):
    """Who opened what is not public: documents, the members' copies of minutes, dossiers, sheets
    of positions. Nobody writes or takes away a line."""

    dati_personali = True
    list_display = ["quando", "oggetto", "persona", "seggio", "titolo_accesso"]
    list_filter = [CheCosaFilter, "titolo_accesso", "percorso", SeggioFilter, DocumentoFilter]
    list_select_related = ["persona", "seggio__organizzazione"]
    search_fields = ["oggetto", "persona__email", "seggio__organizzazione__nome"]
    date_hierarchy = "created_at"

    @admin.display(description=_("quando"), ordering="created_at")
    def quando(self, accesso):
        return dates.giorno_e_ora(accesso.created_at)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
