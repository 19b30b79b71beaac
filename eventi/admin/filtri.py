"""What the office narrows the rows of meetings by."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eventi.models import Incontro

# How many meetings are offered of those to come, and of those behind: all would be hundreds.
QUANTI = 15


class IncontroFilter(admin.SimpleListFilter):
    """The meetings that the office works on now, and the one that is asked for."""

    title = _("incontro")
    parameter_name = "incontro"
    campo = "incontro"

    def incontri(self, request):
        return Incontro.objects.visibili_a(request.user).exclude(stato=Incontro.Stato.BOZZA)

    def lookups(self, request, model_admin):
        suoi, adesso = self.incontri(request), timezone.now()
        con_data = suoi.filter(inizio__isnull=False)
        futuri = con_data.filter(inizio__gt=adesso).order_by("inizio", "pk")[:QUANTI]
        passati = con_data.filter(inizio__lte=adesso).order_by("-inizio", "-pk")[:QUANTI]
        offerti = {incontro.pk: incontro for incontro in [*reversed(passati), *futuri]}
        scelto = self.value() or ""
        if scelto.isdecimal() and int(scelto) not in offerti:
            offerti.update(suoi.in_bulk([int(scelto)]))
        return [
            (str(incontro.pk), f"{incontro.titolo}, {incontro.quando}")
            for incontro in offerti.values()
        ]

    def queryset(self, request, queryset):
        valore = self.value() or ""
        return queryset.filter(**{self.campo: int(valore)}) if valore.isdecimal() else queryset


class IscrivibileFilter(IncontroFilter):
    """Of those that people register to."""

    def incontri(self, request):
        return super().incontri(request).filter(con_iscrizione=True)


class SuoIncontroFilter(IncontroFilter):
    """As Django's own filter writes it in an address."""

    parameter_name = "incontro__id__exact"
