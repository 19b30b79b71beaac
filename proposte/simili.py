"""Proposals that resemble one that is being written: before there are two, one may support the
first.

Candidates come from the database: titles that share a word's stem, and, on PostgreSQL, titles
that look alike letter by letter (pg_trgm), so that misspelt words are found too; elsewhere the
first letters of a word serve for that. Which are alike enough is decided here, by one rule, so
that the answer is the same on every database.
"""

from dataclasses import dataclass
from functools import lru_cache

from django.contrib.postgres.lookups import TrigramSimilar
from django.db import connection
from django.db.models import Case, F, IntegerField, Q, Value, When

from portale.lib.ricerca import radici

from .models import Proposta

# Fewer letters say nothing yet.
LETTERE_MINIME = 4
PAROLE_MASSIME = 12
# How many rows are looked at closely: the ones that share most, the newest first.
CANDIDATE = 60
# From 0 (nothing in common) to 1 (the same words): below this they are two different things.
SOGLIA = 0.42
# Two words that share fewer groups of three letters are two words, not one misspelt.
STESSA_PAROLA = 0.4
# Words of half the titles, and the names that follow some of them: they say where, and two
# things in one street are still two things.
VIE = frozenset(radici("via viale piazza piazzale piazzetta largo corso vicolo"))
GENERICHE = VIE | frozenset(
    radici(
        "strada quartiere quartieri zona città frazione davanti vicino dentro nuovo nuova nuove"
    )
)
PESO_GENERICO, PESO_VIA = 0.2, 0.4


@dataclass(frozen=True)
class Simile:
    proposta: Proposta
    somiglianza: float


def simili(titolo: str, *, tranne: int | None = None, quante: int = 4) -> list[Simile]:
    """Published proposals with a title like this one, the most alike first; none for a title of
    less than four letters. One query, whatever there is."""
    parole = list(dict.fromkeys(radici(titolo[:300])))[:PAROLE_MASSIME]
    if sum(map(len, parole)) < LETTERE_MINIME:
        return []
    proposte = _candidate(parole)
    if tranne is not None:
        proposte = proposte.exclude(pk=tranne)
    trovate = [
        Simile(proposta, somiglianza(parole, proposta.indice_titolo.split()))
        for proposta in proposte.select_related("laboratorio")[:CANDIDATE]
    ]
    trovate = [simile for simile in trovate if simile.somiglianza >= SOGLIA]
    trovate.sort(key=lambda simile: (-simile.somiglianza, -simile.proposta.pk))
    return trovate[:quante]


def _candidate(parole):
    parole = [parola for parola in parole if parola not in GENERICHE] or parole
    # Of a long word the beginning is enough: what was misspelt is more often its middle or end.
    pezzi = [parola if len(parola) < 6 else parola[: max(4, len(parola) - 2)] for parola in parole]
    pezzi = [pezzo for pezzo in pezzi if len(pezzo) > 2] or pezzi
    una = Q()
    comuni = Value(0, output_field=IntegerField())
    for pezzo in pezzi:
        una |= Q(indice_titolo__contains=pezzo)
        comuni += Case(When(indice_titolo__contains=pezzo, then=1), default=0)
    if connection.vendor == "postgresql":
        una |= Q(TrigramSimilar(F("indice_titolo"), Value(" ".join(parole))))
    return (
        Proposta.objects.in_elenco().filter(una).order_by(comuni.desc(), "-pubblicata_at", "-pk")
    )


def somiglianza(sue: list[str], altre: list[str]) -> float:
    """How much of her title (its stems) the other one says, and a little the other way round: a
    title that has just been begun is still like a long one."""
    if not sue or not altre:
        return 0.0
    return round(0.75 * _detto(sue, altre) + 0.25 * _detto(altre, sue), 3)


def _detto(sue, altre) -> float:
    """The part of ``sue`` that ``altre`` say too, by the weight of the words."""
    pesi = [
        PESO_GENERICO if parola in GENERICHE else PESO_VIA if prima in VIE else 1
        for prima, parola in zip(["", *sue], sue, strict=False)
    ]
    detto = sum(
        peso * max(_uguali(parola, altra) for altra in altre)
        for peso, parola in zip(pesi, sue, strict=True)
    )
    return detto / sum(pesi)


def _uguali(una: str, altra: str) -> float:
    """1 for the same word; less, down to nothing, for one that may be it misspelt: the measure
    of pg_trgm, groups of three letters in common over all there are."""
    if una == altra:
        return 1.0
    a, b = _terne(una), _terne(altra)
    quanto = len(a & b) / len(a | b)
    return quanto if quanto >= STESSA_PAROLA else 0.0


@lru_cache(maxsize=20_000)
def _terne(parola: str) -> frozenset[str]:
    parola = f"  {parola} "
    return frozenset(parola[i : i + 3] for i in range(len(parola) - 2))
