"""Pages of long lists that cost the same wherever they are.

A page begins after a row, not after a number of rows: the last page of five thousand is found in
its index like the first one. The links carry that row's place; the page's number goes along only
to be read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import BooleanField, DateTimeField, F, Func, IntegerField, Q, QuerySet, Value

PER_PAGINA = 20
_INIZIO = datetime(1970, 1, 1, tzinfo=UTC)
# Which side of the row in ``dopo`` and ``prima``; "fine" is after the last one.
FINE = "fine"
SORTI = 2**31


@dataclass(frozen=True)
class Ordine:
    """An order of the list: by a column, then by number; ``da`` is where an order by chance
    begins (and ends, having gone round)."""

    campo: str
    discendente: bool = True
    da: int | None = None

    def giri(self) -> list[Q]:
        if self.da is None:
            # Newest first, PostgreSQL would begin with those that have no date.
            return [Q(**{f"{self.campo}__isnull": False}) if self.campo.endswith("_at") else Q()]
        return [Q(sorte__gte=self.da), Q(sorte__lt=self.da)]

    def giro(self, valore) -> int:
        return 1 if self.da is not None and valore < self.da else 0


def a_caso(seme: int) -> Ordine:
    """The order by chance of this seed."""
    # Neighbouring seeds begin far from each other (Knuth's multiplicative hash).
    return Ordine("sorte", discendente=False, da=(seme + 1) * 2654435761 % SORTI)


@dataclass(frozen=True)
class Pagina:
    """One page: the numbers of its rows, and the arguments of the links to the others (None for
    a page that there is not)."""

    chiavi: list[int]
    numero: int | None = 1
    pagine: int = 1
    prima: dict | None = None
    precedente: dict | None = None
    successiva: dict | None = None
    ultima: dict | None = None

    @property
    def sola(self) -> bool:
        return self.precedente is None and self.successiva is None


class _Oltre(Func):
    """(column, number) compared with a pair: as a pair, so that an index finds the place also
    among thousands of equal values."""

    output_field = BooleanField()

    def __init__(self, campo, segno, valore, pk):
        tipo = DateTimeField() if isinstance(valore, datetime) else IntegerField()
        self.segno = segno
        super().__init__(F(campo), F("pk"), Value(valore, tipo), Value(pk, IntegerField()))

    def as_sql(self, compiler, connection, **_contesto):
        parti = [compiler.compile(parte) for parte in self.get_source_expressions()]
        a, b, c, d = (sql for sql, _parametri in parti)
        return f"({a}, {b}) {self.segno} ({c}, {d})", [p for _sql, ps in parti for p in ps]


def scorri(queryset: QuerySet, ordine: Ordine, argomenti: dict, totale: int) -> Pagina:
    """The page that ``argomenti`` (of a query string: dopo, prima, page) ask for; the first one
    when they make no sense. One query, or two where an order by chance goes round."""
    pagine = max(1, math.ceil(totale / PER_PAGINA))
    numero = _intero(argomenti.get("page"))
    indietro = "prima" in argomenti and "dopo" not in argomenti
    cursore = _leggi(argomenti.get("prima" if indietro else "dopo", ""), ordine)
    if indietro and (cursore or argomenti["prima"] == FINE):
        quante = (totale - 1) % PER_PAGINA + 1 if cursore is None and totale else PER_PAGINA
        righe = _righe(queryset, ordine, cursore, quante + 1, indietro=True)
        altre = len(righe) > quante
        righe = righe[:quante][::-1]
        if altre:
            return _pagina(
                righe,
                ordine,
                numero=numero if cursore else pagine,
                pagine=pagine,
                precedente=True,
                successiva=cursore is not None,
            )
        # Nothing comes before: it is the first page, however many rows there are now.
        cursore = None
    righe = _righe(queryset, ordine, cursore, PER_PAGINA + 1)
    if cursore and not righe:
        cursore, righe = None, _righe(queryset, ordine, None, PER_PAGINA + 1)
    return _pagina(
        righe[:PER_PAGINA],
        ordine,
        numero=numero if cursore else 1,
        pagine=pagine,
        precedente=cursore is not None,
        successiva=len(righe) > PER_PAGINA,
    )


def sfoglia(chiavi: Sequence[int] | QuerySet, argomenti: dict, totale: int) -> Pagina:
    """The same by number of page, for rows that are all here already, or that are few."""
    pagine = max(1, math.ceil(totale / PER_PAGINA))
    numero = min(max(_intero(argomenti.get("page")) or 1, 1), pagine)
    altre = numero < pagine
    return Pagina(
        list(chiavi[(numero - 1) * PER_PAGINA : numero * PER_PAGINA]),
        numero,
        pagine,
        prima={} if numero > 1 else None,
        precedente=_a_pagina(numero - 1) if numero > 1 else None,
        successiva=_a_pagina(numero + 1) if altre else None,
        ultima=_a_pagina(pagine) if altre else None,
    )


def _a_pagina(numero):
    return {"page": numero} if numero > 1 else {}


def _righe(queryset, ordine, cursore, quante, *, indietro=False):
    """(value, number) of so many rows after the cursor, or before it, last first."""
    giri = list(enumerate(ordine.giri()))
    if indietro:
        giri.reverse()
    qui = ordine.giro(cursore[0]) if cursore else giri[0][0]
    in_giu = ordine.discendente != indietro
    segno = "-" if in_giu else ""
    trovate = []
    for giro, limite in giri:
        passato = giro > qui if indietro else giro < qui
        if passato or len(trovate) >= quante:
            continue
        righe = queryset.filter(limite)
        if cursore and giro == qui:
            righe = righe.filter(_Oltre(ordine.campo, "<" if in_giu else ">", *cursore))
        trovate += righe.order_by(f"{segno}{ordine.campo}", f"{segno}pk").values_list(
            ordine.campo, "pk"
        )[: quante - len(trovate)]
    return trovate


def _pagina(righe, ordine, *, numero, pagine, precedente, successiva):
    def accanto(nome, riga, passo):
        argomenti = {nome: _scrivi(*riga)}
        return argomenti if numero is None else {**argomenti, "page": max(numero + passo, 1)}

    return Pagina(
        [pk for _valore, pk in righe],
        numero,
        max(pagine, numero or 1),
        prima={} if precedente else None,
        precedente=(
            ({} if numero == 2 else accanto("prima", righe[0], -1)) if precedente else None
        ),
        successiva=accanto("dopo", righe[-1], 1) if successiva else None,
        ultima={"prima": FINE} if successiva else None,
    )


# --- What the links carry -------------------------------------------------------------------


def _scrivi(valore, pk) -> str:
    if isinstance(valore, datetime):
        valore = (valore - _INIZIO) // timedelta(microseconds=1)
    return f"{valore}.{pk}"


def _leggi(testo: str, ordine: Ordine):
    """The value and number that a link carries; None for one that is not of ours."""
    valore, _punto, pk = testo.partition(".")
    valore, pk = _intero(valore, 2**53), _intero(pk, 2**53)
    if valore is None or pk is None:
        return None
    if ordine.campo.endswith("_at"):
        return _INIZIO + timedelta(microseconds=valore), pk
    return (valore, pk) if valore < SORTI else None


def _intero(testo, massimo=10**6):
    if testo and testo.isascii() and testo.isdecimal() and len(testo) <= 16:
        return numero if (numero := int(testo)) <= massimo else None
    return None
