from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Sum
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi import chiusura, services
from eventi.admin_forms import ConfermaForm
from eventi.admin_views import Porta
from eventi.cerca import RESOCONTO
from eventi.models import AllegatoResoconto, Incontro, Iscrizione, Resoconto
from portale.lib import dates
from portale.lib.admin import DomandeFilter, UfficioInline, UfficioModelAdmin, inviati


class AllegatoForm(forms.ModelForm):
    """A file is made anew before it is kept (``eventi.chiusura.allega``)."""

    def clean_file(self):
        file = self.cleaned_data["file"]
        if not file or "file" not in self.changed_data:
            return file
        try:
            self.rifatto = chiusura.rifai(file)
        except services.Rifiuto as no:
            raise forms.ValidationError(str(no)) from no
        return self.rifatto.file

    def save(self, commit=True):
        if "file" in self.changed_data:
            self.instance.genere = self.rifatto.genere
            self.instance.impronta = self.rifatto.impronta
        return super().save(commit)


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


class FotoFilter(DomandeFilter):
    title = _("fotografie")
    parameter_name = "foto"

    def domande(self, request):
        foto = AllegatoResoconto.objects.filter(
            resoconto=OuterRef("pk"), genere=AllegatoResoconto.Genere.IMMAGINE
        )
        presenti = Iscrizione.objects.filter(incontro=OuterRef("incontro"), presente=True)
        senza = presenti.exclude(foto__valido_at__isnull=False, foto__ritirato_at=None)
        return {
            "si": (_("con fotografie"), lambda righe: righe.filter(Exists(foto))),
            "senza_consenso": (
                _("con fotografie, e qualcuno dei presenti non le ha accettate"),
                lambda righe: righe.filter(Exists(foto), Exists(senza)),
            ),
        }


class ResocontoForm(forms.ModelForm):
    # Who writes: she chooses among the meetings that exist for her.
    utente = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "incontro" in self.fields:
            suoi = Incontro.objects.visibili_a(self.utente)
            senza = suoi.passati(timezone.now()).filter(
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
    list_filter = [PubblicatoFilter, FotoFilter, "incontro__laboratorio"]
    list_select_related = ["incontro"]
    cercato = RESOCONTO
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
        incontri = Incontro.objects.visibili_a(request.user)
        return (
            super().get_queryset(request).filter(incontro__in=incontri).select_related("incontro")
        )

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.utente = request.user
        return form

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
        return resoconto.get_absolute_url()

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
