from django import forms
from django.contrib import admin
from django.db.models import Sum
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi import services
from eventi.admin_forms import ConfermaForm
from eventi.admin_views import Porta
from eventi.models import AllegatoResoconto, Incontro, Iscrizione, Resoconto
from portale.lib import dates
from portale.lib.admin import UfficioInline, UfficioModelAdmin, inviati

PESO_MASSIMO_MB = 10
# How a file begins, and the extensions under which it may be published.
FIRME = {
    b"%PDF-": ("pdf",),
    b"\x89PNG\r\n\x1a\n": ("png",),
    b"\xff\xd8\xff": ("jpg", "jpeg"),
}


class AllegatoForm(forms.ModelForm):
    def clean_file(self):
        """Only what it says it is: a page renamed to .pdf would run in the reader's browser."""
        file = self.cleaned_data["file"]
        if not file or "file" not in self.changed_data:
            return file
        if file.size > PESO_MASSIMO_MB * 1024 * 1024:
            raise forms.ValidationError(
                _("Il file pesa più di %(massimo)d MB: riducilo, o pubblicane una parte."),
                params={"massimo": PESO_MASSIMO_MB},
            )
        file.seek(0)
        inizio = file.read(16)
        file.seek(0)
        estensione = file.name.rpartition(".")[2].lower()
        if not any(
            inizio.startswith(firma) and estensione in estensioni
            for firma, estensioni in FIRME.items()
        ):
            raise forms.ValidationError(
                _("Si possono allegare solo PDF, PNG e JPEG, e questo file non lo è davvero.")
            )
        return file


class AllegatoInline(UfficioInline):
    model = AllegatoResoconto
    form = AllegatoForm
    fields = ["titolo", "file", "apri"]
    readonly_fields = ["apri"]
    verbose_name_plural = _("allegati (PDF, PNG o JPEG, fino a 10 MB)")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "file":
            kwargs["widget"] = forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("apri"))
    def apri(self, allegato):
        if allegato.pk is None:
            return ""
        url = reverse("admin:eventi_resoconto_allegato", args=[allegato.resoconto_id, allegato.pk])
        return format_html('<a href="{}">{}</a>', url, allegato.file.name.rpartition("/")[2])


class PubblicatoFilter(admin.SimpleListFilter):
    title = _("pubblicazione")
    parameter_name = "pubblicato"

    def lookups(self, request, model_admin):
        return [("si", _("pubblicati")), ("no", _("da pubblicare"))]

    def queryset(self, request, queryset):
        if self.value() in ("si", "no"):
            return queryset.filter(pubblicato_at__isnull=self.value() == "no")
        return queryset


class ResocontoForm(forms.ModelForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "incontro" in self.fields:
            senza = Incontro.objects.passati(timezone.now()).filter(
                stato__in=[Incontro.Stato.PUBBLICATO, Incontro.Stato.SVOLTO], resoconto=None
            )
            self.fields["incontro"].queryset = senza
            self.fields["incontro"].error_messages["invalid_choice"] = _(
                "Scegli un incontro finito che non ha ancora un resoconto."
            )


@admin.register(Resoconto)
class ResocontoAdmin(UfficioModelAdmin):
    form = ResocontoForm
    change_form_template = "admin/eventi/resoconto/change_form.html"
    list_display = ["incontro", "quando", "partecipanti", "pubblicato"]
    list_filter = [PubblicatoFilter, "incontro__laboratorio"]
    list_select_related = ["incontro"]
    search_fields = ["incontro__titolo", "testo"]
    ordering = ["-incontro__inizio", "-pk"]
    inlines = [AllegatoInline]
    fieldsets = [
        (
            None,
            {
                "fields": ["incontro", "testo", "metodo"],
                "description": _(
                    "Lo leggerà anche chi non c'era: che cosa si è fatto, che cosa si è deciso, "
                    "che cosa succede adesso. Nessun nome di cittadini."
                ),
            },
        ),
        (
            _("Chi c'era"),
            {
                "fields": ["partecipanti", "partecipanti_note", "organizzazioni"],
                "description": _(
                    "Ciò che non è stato contato resta vuoto: si legge «non rilevato»."
                ),
            },
        ),
        (_("Che cosa ne è uscito"), {"fields": ["bisogni", "idee"]}),
        (_("Fonti"), {"fields": ["fonti"], "classes": ["collapse"]}),
    ]

    @admin.display(description=_("quando"), ordering="incontro__inizio")
    def quando(self, resoconto):
        return resoconto.incontro.quando

    @admin.display(description=_("pubblicato"), ordering="pubblicato_at", empty_value=_("no"))
    def pubblicato(self, resoconto):
        return resoconto.pubblicato_at and dates.giorno_e_ora(resoconto.pubblicato_at)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("incontro")

    def get_readonly_fields(self, request, obj=None):
        return ["incontro"] if obj else []

    def get_changeform_initial_data(self, request):
        """From a meeting's page: the meeting, and how many came if somebody recorded it."""
        iniziali = super().get_changeform_initial_data(request)
        pk = str(iniziali.get("incontro", ""))
        if pk.isdecimal():
            presenti = Iscrizione.objects.filter(incontro=int(pk), presente=True)
            iniziali["partecipanti"] = presenti.aggregate(n=Sum("posti"))["n"]
        return iniziali

    def has_change_permission(self, request, obj=None):
        """Who leads the tables writes the report; once it is public only the office changes it."""
        permesso = super().has_change_permission(request, obj)
        if obj is not None and obj.pubblicato_at:
            return permesso and request.user.has_perm("eventi.change_incontro")
        return permesso

    def puo_pubblicare(self, user):
        return user.has_perms(["eventi.change_resoconto", "eventi.change_incontro"])

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and (obj is None or obj.pubblicato_at is None)

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def view_on_site(self, resoconto):
        if resoconto.pubblicato_at is None:
            return None
        return reverse("eventi:resoconto_detail", args=[resoconto.incontro.slug])

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj and not obj.pubblicato_at and self.puo_pubblicare(request.user):
            url = reverse("admin:eventi_resoconto_pubblica", args=[obj.pk])
            context["porte"] = [Porta(url, _("Pubblica"), "principale")]
        if obj:
            context["stato_spiegato"] = (
                _("Pubblicato: le correzioni che salvi si leggono subito.")
                if obj.pubblicato_at
                else _("Non ancora pubblicato: lo vede solo l'ufficio.")
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def pubblica(self, request, pk):
        if not self.puo_pubblicare(request.user):
            raise Http404
        resoconto = get_object_or_404(Resoconto.objects.select_related("incontro"), pk=pk)
        return self.porta(
            request,
            resoconto,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Pubblica il resoconto"),
            spiegazione=gettext(
                "Da adesso lo leggono tutti, e l'incontro risulta svolto. Potrai ancora "
                "correggerlo."
            ),
            bottone=gettext("Pubblica"),
            esegui=lambda dati: services.pubblica_resoconto(
                resoconto, autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Pubblicato: ora si legge sul sito."),
            ritorno=reverse("admin:eventi_resoconto_change", args=[pk]),
            rifiuto=services.Rifiuto,
            contesto={"chiusa": gettext("È già pubblicato.") if resoconto.pubblicato_at else ""},
        )

    def allegato(self, request, resoconto_pk, pk):
        """An attachment before it is public: always as a download, never run as a page."""
        if not request.user.has_perm("eventi.view_resoconto"):
            raise Http404
        allegato = get_object_or_404(AllegatoResoconto, pk=pk, resoconto=resoconto_pk)
        try:
            contenuto = allegato.file.open("rb")
        except FileNotFoundError as manca:
            raise Http404 from manca
        nome = allegato.file.name.rpartition("/")[2]
        return FileResponse(contenuto, as_attachment=True, filename=nome)

    def get_urls(self):
        doors = [
            path(
                "<int:pk>/pubblica/",
                self.admin_site.admin_view(self.pubblica),
                name="eventi_resoconto_pubblica",
            ),
            path(
                "<int:resoconto_pk>/allegati/<int:pk>/",
                self.admin_site.admin_view(self.allegato),
                name="eventi_resoconto_allegato",
            ),
        ]
        return doors + super().get_urls()
