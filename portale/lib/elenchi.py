"""The office's lists, whatever the number of their rows (docs/adr/0029-elenchi-dell-ufficio.md).

* A list counts, and is leafed through, up to ``LIMITE`` rows; beyond, it says so, and one narrows
  it down with a filter or a search.
* Within that, rows are sorted by any column. Beyond, only by what the database has an index for.
* The days of a list are those of the calendar between its first and its last, not those that it
  would find by reading every row.
"""

import calendar
import datetime
from functools import cache

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import InvalidPage, Paginator
from django.db import models
from django.utils import formats, timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext

LIMITE = 5_000


class PaginatoreCorto(Paginator):
    """Pages of a queryset, of which no more than ``LIMITE`` rows are counted."""

    @cached_property
    def _contate(self):
        return self.object_list.order_by()[: LIMITE + 1].count()

    @property
    def oltre(self) -> bool:
        """Whether there are more rows than it counts."""
        return self._contate > LIMITE

    @cached_property
    def count(self):
        return min(self._contate, LIMITE)


class ElencoUfficio(ChangeList):
    """A list that may be long: ``oltre`` says that there are more rows than it counts."""

    def get_results(self, request):
        """As Django's, but for the count, and the order where there are many."""
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count, self.oltre = self.paginator.count, self.paginator.oltre
        if self.oltre:
            self._ordina_molte(request)
            self.paginator.object_list = self.queryset
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions = True
        self.can_show_all = not self.oltre and self.result_count <= self.list_max_show_all
        self.multi_page = self.result_count > self.list_per_page
        if (self.show_all and self.can_show_all) or not self.multi_page:
            self.result_list = self.queryset._clone()
            return
        try:
            self.result_list = self.paginator.page(self.page_num).object_list
        except InvalidPage as no:
            raise IncorrectLookupParameters from no

    def _ordina_molte(self, request):
        """Offer, and keep, only the orders that an index gives."""
        self.sortable_by = [nome for nome in self.sortable_by if self._ha_indice(nome)]
        gestore = self.model_admin
        if ORDER_VAR in self.params:
            colonne = [self.list_display[n] for n in self.get_ordering_field_columns()]
            if len(colonne) == 1 and colonne[0] in self.sortable_by:
                return
            del self.params[ORDER_VAR]
        elif not gestore.ordering_se_molte:
            return
        ordine = gestore.ordering_se_molte or gestore.get_ordering(request)
        self.queryset = self.queryset.order_by(*self._get_deterministic_ordering(ordine))

    def _ha_indice(self, colonna):
        campo = self.get_ordering_field(colonna)
        return isinstance(campo, str) and ha_indice(self.model, campo.removeprefix("-"))


@cache
def ha_indice(modello, nome: str) -> bool:
    """Whether the database has these rows in the order of a field: an index begins with it, and
    its values are not a handful that each have many."""
    opts = modello._meta
    if nome == "pk" or nome == opts.pk.name:
        return True
    try:
        campo = opts.get_field(nome)
    except FieldDoesNotExist:
        return False
    if campo.is_relation or campo.choices or isinstance(campo, models.BooleanField):
        return False
    # Those without a word are as many as one value's.
    if campo.null and isinstance(campo, models.CharField):
        return False
    if campo.unique or campo.db_index:
        return True
    unici = [c for c in opts.constraints if isinstance(c, models.UniqueConstraint)]
    return nome in {
        indice.fields[0].removeprefix("-")
        for indice in [*opts.indexes, *unici]
        if indice.fields and indice.condition is None
    }


# --- Days -----------------------------------------------------------------------------------


def giorni(elenco) -> dict:
    """The years, months or days to choose from, for ``admin/date_hierarchy.html``."""
    campo = elenco.date_hierarchy
    anno, mese, giorno = (_numero(elenco, f"{campo}__{che}") for che in ("year", "month", "day"))

    def link(*scelti):
        nomi = (f"{campo}__{che}" for che in ("year", "month", "day"))
        return elenco.get_query_string(dict(zip(nomi, scelti, strict=False)), [f"{campo}__"])

    def voce(data, formato, *scelti):
        titolo = capfirst(formats.date_format(data, formato))
        return {"link": link(*scelti), "title": titolo} if scelti else {"title": titolo}

    def torna(titolo, *scelti):
        return {"link": link(*scelti), "title": titolo}

    if not anno:
        anni = _anni(elenco.model, campo)
        return {"show": bool(anni), "choices": [torna(str(n), n) for n in anni]}
    if not mese:
        mesi = [datetime.date(anno, n, 1) for n in range(1, 13)]
        return {
            "show": True,
            "back": torna(gettext("Tutte le date")),
            "choices": [voce(m, "YEAR_MONTH_FORMAT", anno, m.month) for m in mesi],
        }
    primo = datetime.date(anno, mese, 1)
    if not giorno:
        quanti = calendar.monthrange(anno, mese)[1]
        date = [primo.replace(day=n) for n in range(1, quanti + 1)]
        return {
            "show": True,
            "back": torna(str(anno), anno),
            "choices": [voce(d, "MONTH_DAY_FORMAT", anno, mese, d.day) for d in date],
        }
    return {
        "show": True,
        "back": torna(capfirst(formats.date_format(primo, "YEAR_MONTH_FORMAT")), anno, mese),
        "choices": [voce(primo.replace(day=giorno), "MONTH_DAY_FORMAT")],
    }


def _numero(elenco, nome):
    # What is not a date the list has refused already.
    return int(elenco.params.get(nome) or 0)


def _anni(modello, campo):
    """From the first to the last: an index knows both without a look at the others."""
    estremi = modello._default_manager.aggregate(primo=models.Min(campo), ultimo=models.Max(campo))
    if estremi["primo"] is None:
        return []
    primo, ultimo = (
        (timezone.localtime(quando) if isinstance(quando, datetime.datetime) else quando).year
        for quando in estremi.values()
    )
    return range(primo, ultimo + 1)
