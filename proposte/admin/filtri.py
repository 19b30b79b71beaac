"""What the office narrows needs and proposals by."""

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from laboratori.models import Laboratorio
from proposte.models import Tema


class DoveFilter(admin.SimpleListFilter):
    title = _("dove")
    parameter_name = "dove"
    tutta_la_citta = Q(laboratorio=None)

    def lookups(self, request, model_admin):
        laboratori = Laboratorio.objects.order_by("numero", "nome")
        return [
            ("citta", _("tutta la città")),
            *((str(laboratorio.pk), laboratorio.nome) for laboratorio in laboratori),
        ]

    def queryset(self, request, queryset):
        valore = self.value() or ""
        if valore == "citta":
            return queryset.filter(self.tutta_la_citta)
        return queryset.filter(laboratorio=int(valore)) if valore.isdecimal() else queryset


class DoveDettoFilter(DoveFilter):
    """For what may not say yet where it belongs: the whole city was chosen."""

    tutta_la_citta = Q(laboratorio=None, per_la_citta=True)


class TemaFilter(admin.SimpleListFilter):
    title = _("tema")
    parameter_name = "tema"

    def lookups(self, request, model_admin):
        return [(str(tema.pk), tema.nome) for tema in Tema.objects.all()]

    def queryset(self, request, queryset):
        valore = self.value() or ""
        if not valore.isdecimal():
            return queryset
        modello = queryset.model
        con_tema = modello.temi.through.objects.filter(tema=int(valore))
        return queryset.filter(pk__in=con_tema.values(modello._meta.model_name))
