from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from importazioni.elenchi import FoglioModelAdmin
from portale.lib import dates
from portale.lib.admin import PrimaFilter, SolaLetturaInline, inviati
from portale.lib.fogli import righe_csv, xlsx

from .. import attori as servizi
from ..cerca import ATTORE
from ..esportazione import tavola
from ..forms_attori import AttoreForm
from ..models import Attore, ModificaAttore
from ..models.attori import nome_normale

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RIGA = {"class": "vTextField"}


class AttoreAdminForm(AttoreForm):
    """With whom to call; what somebody else changed meanwhile is not overwritten."""

    class Meta(AttoreForm.Meta):
        fields = (*AttoreForm.Meta.fields, *Attore.RISERVATI)
        widgets = {
            "nome": forms.TextInput(RIGA),
            "luogo": forms.TextInput(RIGA),
            "attivita": forms.Textarea({"rows": 5, "class": "vLargeTextField"}),
            "note": forms.Textarea({"rows": 4, "class": "vLargeTextField"}),
            "latitudine": forms.NumberInput({"step": "any"}),
            "longitudine": forms.NumberInput({"step": "any"}),
        }
        help_texts = {
            **AttoreForm.Meta.help_texts,
            "latitudine": _("In gradi decimali, per esempio 45.0526. Facoltativa."),
            "longitudine": _("In gradi decimali, per esempio 9.6930. Facoltativa."),
            "note": _("Le legge solo l'ufficio."),
        }

    def clean_note(self):
        return self.cleaned_data["note"].replace("\r\n", "\n")

    def clean(self):
        dati = super().clean()
        if self.instance.pk and self.versione_vista != self.instance.versione:
            raise forms.ValidationError(
                gettext("Intanto qualcuno ha corretto questa scheda: riaprila e ricomincia da lì.")
            )
        if "nome" in dati and "laboratorio" in dati:
            servizi.blocca_zona(dati["laboratorio"])
            altri = Attore.objects.exclude(pk=self.instance.pk).filter(
                laboratorio=dati["laboratorio"], chiave=nome_normale(dati["nome"])
            )
            if (presente := altri.first()) and not self._gia_aggiunto(presente):
                self.add_error("nome", str(servizi.GiaPresente(presente)))
        return dati

    def _gia_aggiunto(self, presente):
        """Whether this very form has added it: a double click."""
        return self.instance.pk is None and all(
            getattr(presente, nome) == valore for nome, valore in self.campi.items()
        )


class PubblicoFilter(admin.SimpleListFilter):
    title = _("persone a cui si rivolge")
    parameter_name = "per"

    def lookups(self, request, model_admin):
        return Attore.Pubblico.choices

    def queryset(self, request, queryset):
        return queryset.per(self.value()) if self.value() in Attore.Pubblico.values else queryset


class MappaFilter(PrimaFilter):
    """What was taken off shows only when asked for."""

    title = _("presenza sulla mappa")
    parameter_name = "mappa"

    def lookups(self, request, model_admin):
        return [(None, _("sulla mappa")), ("tolti", _("tolti")), ("tutti", _("tutti"))]

    def queryset(self, request, queryset):
        if self.value() == "tolti":
            return queryset.tolti()
        return queryset if self.value() == "tutti" else queryset.sulla_mappa()


class RecapitiFilter(admin.SimpleListFilter):
    title = _("recapiti")
    parameter_name = "recapiti"

    def lookups(self, request, model_admin):
        return [("no", _("mancano")), ("si", _("ci sono"))]

    def queryset(self, request, queryset):
        if self.value() == "no":
            return queryset.filter(email="", telefono="")
        return queryset.exclude(email="", telefono="") if self.value() == "si" else queryset


class ModificaAttoreInline(SolaLetturaInline):
    model = ModificaAttore
    fields = readonly_fields = ["quando", "verbo", "che_cosa", "motivo", "autore", "origine"]
    verbose_name_plural = _("che cosa è cambiato")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("autore").order_by("-numero")

    @admin.display(description=_("quando"))
    def quando(self, modifica):
        return dates.giorno_e_ora(modifica.created_at)

    @admin.display(description=_("campi"))
    def che_cosa(self, modifica):
        campi = (Attore._meta.get_field(cambio["campo"]) for cambio in modifica.cambi)
        return ", ".join(str(campo.verbose_name) for campo in campi) or "–"


@admin.register(Attore)
class AttoreAdmin(FoglioModelAdmin):
    """The map of actors, with whom to call: these pages alone show it. What is written goes
    through ``laboratori.attori``, as what members write does."""

    form = AttoreAdminForm
    foglio = "attori"
    passi = ("modifiche",)
    change_form_template = "admin/laboratori/disponibilita/change_form.html"
    list_display = ["nome", "zona", "genere", "per_chi", "stato", "dal", "contatto"]
    list_filter = [
        MappaFilter,
        "stato",
        "laboratorio",
        PubblicoFilter,
        "genere",
        RecapitiFilter,
    ]
    list_select_related = ["laboratorio"]
    cercato = ATTORE
    actions = ["scarica_csv", "scarica_xlsx"]
    inlines = [ModificaAttoreInline]
    readonly_fields = ["dal", "per_chi", "origine", "aggiunto_da", "tolto"]
    fieldsets = [
        (None, {"fields": ["laboratorio", "nome", "genere", "attivita", "pubblici", "sito"]}),
        (_("Dove"), {"fields": ["luogo", ("latitudine", "longitudine")]}),
        (_("A che punto siamo"), {"fields": ["stato", "dal"]}),
        (
            _("Recapiti e note"),
            {
                "fields": ["contatto", "email", "telefono", "note"],
                "description": _("Solo per l'ufficio: i componenti del Tavolo non li vedono."),
            },
        ),
        (_("Da dove viene"), {"fields": ["origine", "aggiunto_da", "tolto", "vista"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("laboratorio", "aggiunto_da")

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is not None and not self.has_change_permission(request, obj):
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            # What was not added yet comes from nowhere.
            return self.fieldsets[:-1]
        if self.has_change_permission(request, obj):
            return self.fieldsets
        # To read: words in place of codes, and no version.
        return [
            (titolo, {**parte, "fields": [y for x in parte["fields"] for y in _letti(x)]})
            for titolo, parte in self.fieldsets
        ]

    def has_change_permission(self, request, obj=None):
        # What was taken off is put back first.
        tolto = obj is not None and obj.archiviato_at is not None
        return not tolto and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        # It is taken off the map, and its history stays.
        return False

    def save_model(self, request, obj, form, change):
        chi, adesso = self._chi(request), timezone.now()
        if change:
            servizi.correggi(obj, form.campi, form.versione_vista, chi, adesso)
        else:
            obj.pk = servizi.aggiungi(form.campi, chi, adesso).pk

    @staticmethod
    def _chi(request):
        return servizi.Chi(request.user, settings.ENTE["ufficio"])

    # --- Columns ----------------------------------------------------------------------------

    @admin.display(description=_("zona"), ordering="laboratorio__numero")
    def zona(self, attore):
        return attore.laboratorio.numero

    @admin.display(description=_("per chi"))
    def per_chi(self, attore):
        return attore.pubblici_a_parole or "–"

    @admin.display(description=_("dal"), ordering="stato_dal")
    def dal(self, attore):
        return dates.giorno_mese_anno(attore.stato_dal) if attore.stato_dal else "–"

    @admin.display(description=_("tolto dalla mappa"))
    def tolto(self, attore):
        if attore.archiviato_at is None:
            return "–"
        return f"{dates.giorno_e_ora(attore.archiviato_at)}: {attore.archiviato_motivo}"

    # --- Files ------------------------------------------------------------------------------

    @admin.action(description=_("Scarica gli attori scelti con i recapiti (XLSX)"))
    def scarica_xlsx(self, request, queryset):
        self._traccia(request, queryset, "XLSX")
        righe = list(tavola(queryset, riservate=True))
        return _file(HttpResponse(xlsx({gettext("Attori"): righe}), content_type=XLSX), "xlsx")

    @admin.action(description=_("Scarica gli attori scelti con i recapiti (CSV)"))
    def scarica_csv(self, request, queryset):
        self._traccia(request, queryset, "CSV")
        righe = righe_csv(tavola(queryset, riservate=True))
        return _file(StreamingHttpResponse(righe, content_type="text/csv; charset=utf-8"), "csv")

    def _traccia(self, request, queryset, formato):
        """Who took the contacts, and when."""
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(Attore),
            object_repr=gettext("mappa degli attori"),
            action_flag=CHANGE,
            change_message=gettext("Esportati %(quanti)d attori con i recapiti (%(formato)s).")
            % {"quanti": queryset.count(), "formato": formato},
        )

    # --- Doors ------------------------------------------------------------------------------

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj and request.user.has_perm("laboratori.change_attore"):
            nome, etichetta = (
                ("rimetti", _("Rimetti sulla mappa"))
                if obj.archiviato_at
                else ("togli", _("Togli dalla mappa"))
            )
            url = reverse(f"admin:laboratori_attore_{nome}", args=[obj.pk])
            context["porte"] = [{"url": url, "etichetta": etichetta, "aspetto": ""}]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def togli(self, request, pk):
        attore = self._attore(request, pk)
        return self.porta(
            request,
            attore,
            form=TogliForm(inviati(request)),
            titolo=gettext("Togli dalla mappa"),
            spiegazione=gettext("La scheda e la sua storia restano: si può sempre rimettere."),
            bottone=gettext("Togli"),
            esegui=lambda dati: servizi.archivia(
                attore, dati["motivo"], self._chi(request), timezone.now()
            ),
            fatto=gettext("Tolto dalla mappa."),
            ritorno=reverse("admin:laboratori_attore_change", args=[pk]),
            rifiuto=servizi.Rifiuto,
        )

    def rimetti(self, request, pk):
        attore = self._attore(request, pk)
        return self.porta(
            request,
            attore,
            form=forms.Form(inviati(request)),
            titolo=gettext("Rimetti sulla mappa"),
            spiegazione=gettext("Torna com'era, con la sua storia."),
            bottone=gettext("Rimetti"),
            esegui=lambda dati: servizi.ripristina(attore, self._chi(request), timezone.now()),
            fatto=gettext("Di nuovo sulla mappa."),
            ritorno=reverse("admin:laboratori_attore_change", args=[pk]),
            rifiuto=servizi.Rifiuto,
        )

    def _attore(self, request, pk):
        if not request.user.has_perm("laboratori.change_attore"):
            raise Http404
        return get_object_or_404(Attore, pk=pk)

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"laboratori_attore_{nome}",
            )
            for nome in ("togli", "rimetti")
        ] + super().get_urls()


class TogliForm(forms.Form):
    motivo = forms.CharField(
        label=_("Perché lo togli?"),
        max_length=Attore._meta.get_field("archiviato_motivo").max_length,
        widget=forms.TextInput(RIGA),
        help_text=_("Lo leggono i componenti del Tavolo. Per esempio: ha chiuso."),
    )


def _letti(campo):
    """What stands for a field of the form where there is only reading."""
    if campo == "vista":
        return []
    return ["per_chi"] if campo == "pubblici" else [campo]


def _file(risposta, formato):
    risposta["Content-Disposition"] = (
        f'attachment; filename="mappa-degli-attori-con-recapiti.{formato}"'
    )
    return risposta
