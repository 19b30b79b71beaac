from django import forms
from django.contrib import admin
from django.db.models import F
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi.admin.filtri import SuoIncontroFilter
from eventi.admin_forms import IncontroField
from eventi.models import Incontro
from portale.lib.admin import UfficioModelAdmin
from proposte.admin_views import Porta
from proposte.cerca import NOTA, TEMA
from proposte.forms import CampoTesto
from proposte.models import Nota, Tema
from proposte.permissions import can_ordinare
from proposte.raccolta import TAVOLO_MASSIMO

from .bisogni import link_ordina

# --- Themes ---------------------------------------------------------------------------------


@admin.register(Tema)
class TemaAdmin(UfficioModelAdmin):
    """A short list. A theme that is in use is not deleted: it is no longer offered."""

    list_display = ["nome", "ordine", "attivo"]
    list_filter = ["attivo"]
    cercato = TEMA
    prepopulated_fields = {"slug": ["nome"]}
    fieldsets = [
        (
            None,
            {
                "fields": ["nome", "slug", "ordine", "attivo"],
                "description": _(
                    "Pochi e chiari: chi cerca li legge tutti. Quello che non serve più si "
                    "spegne, e resta dov'è già scritto."
                ),
            },
        )
    ]

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and (obj is None or not (obj.bisogni.exists() or obj.proposte.exists()))

    def get_prepopulated_fields(self, request, obj=None):
        # The address is in links that people keep.
        return self.prepopulated_fields if obj is None else {}

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else ["slug"]

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


# --- Notes ----------------------------------------------------------------------------------


class PostoFilter(admin.SimpleListFilter):
    title = _("a che punto è")
    parameter_name = "posto"

    def lookups(self, request, model_admin):
        return [
            ("da_ordinare", _("da ordinare")),
            ("bisogno", _("in un bisogno")),
            ("idea", _("in un'idea")),
            ("scartate", _("messe da parte")),
            ("eliminate", _("cancellate al tavolo")),
        ]

    def queryset(self, request, queryset):
        scelte = {
            "da_ordinare": lambda: queryset.da_ordinare(),
            "bisogno": lambda: queryset.presenti().filter(bisogno__isnull=False),
            "idea": lambda: queryset.presenti().filter(proposta__isnull=False),
            "scartate": lambda: queryset.presenti().filter(scartata=True),
            "eliminate": lambda: queryset.exclude(eliminata_at=None),
        }
        return scelte[self.value()]() if self.value() in scelte else queryset


class NotaForm(forms.ModelForm):
    testo = CampoTesto(
        label=_("Testo"),
        required=True,
        max_length=Nota._meta.get_field("testo").max_length,
        righe=4,
        widget=forms.Textarea({"rows": 4, "class": "vLargeTextField"}),
        help_text=_("Senza nomi di persone."),
    )
    tavolo = forms.IntegerField(
        label=_("Tavolo"), min_value=1, max_value=TAVOLO_MASSIMO, initial=1
    )


class NuovaNotaForm(NotaForm):
    # Who types it in: she chooses among the meetings that exist for her.
    utente = None
    incontro = IncontroField(Incontro.objects.none(), label=_("Incontro"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        finiti = Incontro.objects.visibili_a(self.utente).passati(timezone.now())
        self.fields["incontro"].queryset = finiti.exclude(
            stato__in=[Incontro.Stato.BOZZA, Incontro.Stato.ANNULLATO]
        )


class CambiaNotaForm(NotaForm):
    vista = forms.IntegerField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["vista"].initial = self.instance.versione

    def clean(self):
        dati = super().clean()
        if dati.get("vista") != self.instance.versione:
            raise forms.ValidationError(
                _("Chi verbalizza ha corretto questa nota dopo di te: riapri la pagina.")
            )
        return dati


@admin.register(Nota)
class NotaAdmin(UfficioModelAdmin):
    """What the tables wrote. Here a word is put right, or a forgotten sheet typed in; where a
    note belongs is decided on the ordering page."""

    change_form_template = "admin/proposte/bisogno/change_form.html"
    list_display = ["testo_", "tavolo", "genere", "posto", "ordina"]
    list_filter = [
        PostoFilter,
        "genere",
        SuoIncontroFilter,
        "tavolo",
    ]
    list_select_related = ["incontro", "bisogno", "proposta"]
    cercato = NOTA
    ordering = ["-incontro_id", "tavolo", "verbalizzante_id", "ordine", "pk"]
    ordering_se_molte = ["-pk"]
    sortable_by = []

    def get_queryset(self, request):
        suoi = Incontro.objects.visibili_a(request.user)
        return super().get_queryset(request).filter(incontro__in=suoi)

    def has_delete_permission(self, request, obj=None):
        # A note that its browser still holds would come back.
        return False

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs["form"] = NuovaNotaForm if obj is None else CambiaNotaForm
        if obj is not None and not self.has_change_permission(request, obj):
            kwargs["form"] = forms.ModelForm
        form = super().get_form(request, obj, change=change, **kwargs)
        form.utente = request.user
        return form

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["incontro", "tavolo", "genere", "testo"]
        vista = ["vista"] if self.has_change_permission(request, obj) else []
        return ["incontro", "tavolo", "genere", "testo", "posto", "di_chi", *vista]

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else ["incontro", "posto", "di_chi"]

    @admin.display(description=_("nota"))
    def testo_(self, nota):
        return str(nota)

    @admin.display(description=_("dove è finita"))
    def posto(self, nota):
        if nota.eliminata_at:
            return gettext("cancellata al tavolo")
        if nota.scartata:
            return gettext("messa da parte")
        return str(nota.bisogno or nota.proposta or gettext("da ordinare"))

    @admin.display(description=_("scritta da"))
    def di_chi(self, nota):
        return str(nota.verbalizzante or nota.registrata_da or "–")

    @admin.display(description=_("incontro"))
    def ordina(self, nota):
        return format_html(
            '<a href="{}">{}</a>',
            link_ordina(nota.incontro),
            gettext("Ordina «%(titolo)s»") % {"titolo": nota.incontro.titolo},
        )

    def save_model(self, request, obj, form, change):
        if not change:
            obj.registrata_da = request.user
            obj.save()
            return
        cambiati = {"testo", "tavolo", "genere"} & set(form.changed_data)
        if cambiati:
            # One version on: a correction that the table made before does not undo this one.
            Nota.objects.filter(pk=obj.pk).update(
                **{nome: form.cleaned_data[nome] for nome in cambiati},
                versione=F("versione") + 1,
                updated_at=timezone.now(),
            )

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None and can_ordinare(request.user):
            context["porte"] = [
                Porta(link_ordina(obj.incontro), _("Ordina le note dell'incontro"))
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)
