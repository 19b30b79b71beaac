from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from portale.lib.admin import UfficioInline, UfficioModelAdmin

from ..cerca import LABORATORIO
from ..mappa import anelli
from ..models import Laboratorio, Quartiere, Referente


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
    cercato = LABORATORIO
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
