from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import SolaLetturaInline, UfficioInline, UfficioModelAdmin, inviati

from . import services
from .mappa import anelli
from .models import Disponibilita, Laboratorio, PassaggioDisponibilita, Quartiere, Referente

Stato = Disponibilita.Stato


class QuartiereInline(UfficioInline):
    model = Quartiere
    fields = ["ordine", "nome", "aggiunto_nel"]


class ReferenteInline(UfficioInline):
    model = Referente
    fields = ["nome", "ruolo", "email", "telefono", "pubblico"]
    verbose_name_plural = _("referenti: i recapiti si vedono sul sito solo se «visibile a tutti»")


class GeoJSONField(forms.JSONField):
    def prepare_value(self, value):
        # An unknown area is an empty box, not the word "null".
        return "" if value is None else super().prepare_value(value)


class LaboratorioForm(forms.ModelForm):
    def clean_area(self):
        area = self.cleaned_data["area"]
        if area is None:
            return None
        genere = area.get("type") if isinstance(area, dict) else None
        # What the map could not draw it would leave out without a word: say it here.
        if genere not in ("Polygon", "MultiPolygon") or not anelli(area):
            raise forms.ValidationError(
                _("Serve una geometria GeoJSON di tipo Polygon o MultiPolygon.")
            )
        return area


@admin.register(Laboratorio)
class LaboratorioAdmin(UfficioModelAdmin):
    form = LaboratorioForm
    list_display = ["nome", "numero", "elenco_quartieri", "attivo"]
    list_filter = ["attivo"]
    search_fields = ["nome", "quartieri__nome"]
    prepopulated_fields = {"slug": ["nome"]}
    inlines = [QuartiereInline, ReferenteInline]
    fieldsets = [
        (None, {"fields": ["numero", "nome", "slug", "descrizione", "attivo"]}),
        (
            _("Sulla mappa"),
            {
                "fields": [("latitudine", "longitudine"), "area", "centrale"],
                "description": _(
                    "Il punto in gradi decimali; l'area è il contorno della zona, quando c'è."
                ),
            },
        ),
        (_("Fonti"), {"fields": ["fonti"], "classes": ["collapse"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).with_quartieri()

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "area":
            kwargs["form_class"] = GeoJSONField
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("quartieri"))
    def elenco_quartieri(self, laboratorio):
        return ", ".join(quartiere.nome for quartiere in laboratorio.quartieri.all())

    def view_on_site(self, laboratorio):
        return laboratorio.get_absolute_url() if laboratorio.attivo else None


# --- Offers of help -------------------------------------------------------------------------


class GestioneFilter(admin.SimpleListFilter):
    """What waits for an answer comes first; unconfirmed addresses show only when asked for."""

    title = _("a che punto è")
    parameter_name = "gestione"

    def lookups(self, request, model_admin):
        return [
            (None, _("da gestire")),
            ("nuove", _("nuove")),
            ("mie", _("assegnate a me")),
            ("chiuse", _("chiuse")),
            ("da_verificare", _("con l'indirizzo da confermare")),
            ("tutte", _("tutte")),
        ]

    def choices(self, changelist):
        for valore, titolo in self.lookup_choices:
            yield {
                "selected": self.value() == valore,
                "query_string": changelist.get_query_string({self.parameter_name: valore})
                if valore
                else changelist.get_query_string(remove=[self.parameter_name]),
                "display": titolo,
            }

    def queryset(self, request, queryset):
        scelte = {
            "nuove": lambda: queryset.filter(stato=Stato.NUOVA),
            "mie": lambda: queryset.filter(stato=Stato.ASSEGNATA, assegnata_a=request.user),
            "chiuse": lambda: queryset.filter(stato=Stato.CHIUSA),
            "da_verificare": lambda: queryset.filter(stato=Stato.DA_VERIFICARE),
            "tutte": lambda: queryset,
        }
        return scelte.get(self.value(), queryset.da_gestire)()


class AssegnaForm(forms.Form):
    a = forms.ModelChoiceField(
        None, label=_("A chi"), help_text=_("Chi fa parte dell'ufficio e risponderà.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["a"].queryset = get_user_model().objects.filter(is_staff=True, is_active=True)


class ChiudiForm(forms.Form):
    risposta = forms.CharField(
        label=_("Risposta alla persona"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text=_(
            "Le arriva per e-mail così come la scrivi: ringraziala e dille che cosa segue."
        ),
        error_messages={
            "required": _("Scrivi la risposta: la riceve la persona che si è offerta.")
        },
    )


class PassaggioDisponibilitaInline(SolaLetturaInline):
    model = PassaggioDisponibilita
    fields = readonly_fields = ["quando", "passaggio", "autore", "assegnata_a"]
    verbose_name_plural = _("che cosa è successo finora")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("autore", "assegnata_a")

    @admin.display(description=_("quando"))
    def quando(self, passaggio):
        return dates.giorno_e_ora(passaggio.created_at)

    @admin.display(description=_("passaggio"))
    def passaggio(self, passaggio):
        stati = dict(Stato.choices)
        return f"{stati.get(passaggio.da, '–')} → {stati.get(passaggio.a, passaggio.a)}"


@admin.register(Disponibilita)
class DisponibilitaAdmin(UfficioModelAdmin):
    """Offers are read here, and answered through ``laboratori.services``."""

    dati_personali = True
    change_form_template = "admin/laboratori/disponibilita/change_form.html"
    list_display = ["nome", "laboratorio", "che_cosa_offre", "stato", "assegnata_a", "ricevuta"]
    list_filter = [GestioneFilter, "laboratorio"]
    list_select_related = ["laboratorio", "assegnata_a"]
    search_fields = ["nome", "email", "messaggio"]
    inlines = [PassaggioDisponibilitaInline]
    fields = [
        "nome",
        "email",
        "telefono",
        "laboratorio",
        "che_cosa_offre",
        "messaggio",
        "stato",
        "assegnata_a",
        "risposta",
        "ricevuta",
        "chiusa_at",
    ]

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("che cosa offre"))
    def che_cosa_offre(self, disponibilita):
        return disponibilita.aiuti_a_parole

    @admin.display(description=_("ricevuta"), ordering="created_at")
    def ricevuta(self, disponibilita):
        return dates.giorno_e_ora(disponibilita.created_at)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        # Nothing is saved here: the buttons above do.
        context.update(show_save=False, show_save_and_continue=False)
        if obj and obj.stato in (Stato.NUOVA, Stato.ASSEGNATA) and self._puo(request):
            context["porte"] = [
                {
                    "url": reverse(f"admin:laboratori_disponibilita_{nome}", args=[obj.pk]),
                    "etichetta": etichetta,
                    "aspetto": aspetto,
                }
                for nome, etichetta, aspetto in (
                    ("assegna", _("Assegna"), ""),
                    ("chiudi", _("Rispondi e chiudi"), "principale"),
                )
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _puo(self, request):
        return request.user.has_perm("laboratori.change_disponibilita")

    def _disponibilita(self, request, pk):
        if not self._puo(request):
            raise Http404
        return get_object_or_404(Disponibilita, pk=pk)

    def assegna(self, request, pk):
        disponibilita = self._disponibilita(request, pk)
        return self.porta(
            request,
            disponibilita,
            form=AssegnaForm(
                inviati(request),
                initial={"a": disponibilita.assegnata_a_id or request.user.pk},
            ),
            titolo=gettext("Assegna la disponibilità"),
            spiegazione=gettext("%(nome)s offre: %(aiuti)s.")
            % {"nome": disponibilita.nome, "aiuti": disponibilita.aiuti_a_parole},
            bottone=gettext("Assegna"),
            esegui=lambda dati: services.assegna(
                disponibilita, dati["a"], request.user, timezone.now()
            ),
            fatto=gettext("Assegnata."),
            ritorno=reverse("admin:laboratori_disponibilita_change", args=[pk]),
            rifiuto=services.Rifiuto,
        )

    def chiudi(self, request, pk):
        disponibilita = self._disponibilita(request, pk)
        return self.porta(
            request,
            disponibilita,
            form=ChiudiForm(inviati(request)),
            titolo=gettext("Rispondi e chiudi"),
            spiegazione=gettext("%(nome)s offre: %(aiuti)s.")
            % {"nome": disponibilita.nome, "aiuti": disponibilita.aiuti_a_parole},
            bottone=gettext("Invia la risposta e chiudi"),
            esegui=lambda dati: services.chiudi(
                disponibilita, dati["risposta"], request.user, timezone.now()
            ),
            fatto=gettext("Chiusa: la risposta sta partendo."),
            ritorno=reverse("admin:laboratori_disponibilita_change", args=[pk]),
            rifiuto=services.Rifiuto,
        )

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"laboratori_disponibilita_{nome}",
            )
            for nome in ("assegna", "chiudi")
        ] + super().get_urls()
