"""Proposals that resemble one that is being written: before there are two, one may support the
first.

Candidates come from the database: titles that share a word's stem, and, on PostgreSQL, titles
that look alike letter by letter (pg_trgm), so that misspelt words are found too; elsewhere the
first letters of a word serve for that. Which are alike enough is decided here, by one rule, so
that the answer is the same on every database.
"""

from dataclasses import dataclass

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
SOGLIA = 0.32


@dataclass(frozen=True)
class Simile:
    proposta: Proposta
    somiglianza: float


def simili(titolo: str, *, tranne: int | None = None, quante: int = 4) -> list[Simile]:
    """Published proposals with a title like this one, the most alike first; none for a title of
    less than four letters. Two queries at most, whatever there is."""
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
    proposte = Proposta.objects.in_elenco()
    # Of a long word the beginning is enough: what was misspelt is more often its middle or end.
    pezzi = [parola if len(parola) < 5 else parola[: max(4, len(parola) - 2)] for parola in parole]
    pezzi = [pezzo for pezzo in pezzi if len(pezzo) > 2] or pezzi
    una = Q()
    comuni = Value(0, output_field=IntegerField())
    for pezzo in pezzi:
        una |= Q(indice_titolo__contains=pezzo)
        comuni += Case(When(indice_titolo__contains=pezzo, then=1), default=0)
    if connection.vendor == "postgresql":
        una |= Q(TrigramSimilar(F("indice_titolo"), Value(" ".join(parole))))
    return proposte.filter(una).order_by(comuni.desc(), "-pubblicata_at", "-pk")


def somiglianza(sue: list[str], altre: list[str]) -> float:
    """How much two titles, as stems, have in common: words above all, letters for the rest."""
    if not sue or not altre:
        return 0.0
    uguali = set(sue) & set(altre)
    # Of a title that has just been begun each word counts; a long one need not have them all.
    parole = sum(map(len, uguali)) / sum(map(len, set(sue)))
    return round(0.6 * parole + 0.4 * _lettere(sue, altre), 3)


def _lettere(sue, altre) -> float:
    """The measure of pg_trgm: groups of three letters in common over all there are."""
    a, b = _terne(sue), _terne(altre)
    return len(a & b) / len(a | b)


def _terne(parole) -> set[str]:
    return {f"  {parola} "[i : i + 3] for parola in parole for i in range(len(f"  {parola} ") - 2)}
