"""Which needs and proposals have the words that somebody looks for.

The words are stems (``portale.lib.ricerca``), kept beside the texts in ``indice``. PostgreSQL
finds them with a GIN index on the array of the words (migration 0003), SQLite with an FTS5 table
that triggers keep. Both give the same rows in the same order. See docs/adr/0011-ricerca.md.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connections
from django.db.models import BooleanField, F, Func, QuerySet

from portale.lib import ricerca

from .models import Bisogno, Proposta

# Results of one search: nobody reads more, and a word that every text has would cost as much as
# reading every text.
LIMITE = 500
# Words of one search that count; the others are not looked for.
PAROLE = 8
# How many numbers of proposals have one mark of age in the index.
SECCHIO = 4096


class Contiene(Func):
    """Whether a row has all these stems: ``queryset.filter(Contiene(Proposta, radici))``.

    ``titolo``: in its title. ``fatti``: what else the row must be, of what stands in the index
    (PostgreSQL only; elsewhere filter it as usual).
    """

    output_field = BooleanField()

    def __init__(self, modello, radici: Sequence[str], *, titolo=False, fatti=(), secchio=""):
        self.modello, self.radici, self.titolo = modello, tuple(radici), titolo
        self.fatti, self.secchio = tuple(fatti), secchio
        super().__init__(*(F(campo) for campo in _CAMPI[modello]))

    def as_postgresql(self, compiler, connection, **_contesto):
        colonne = {
            campo: compiler.compile(espressione)[0]
            for campo, espressione in zip(
                _CAMPI[self.modello], self.get_source_expressions(), strict=True
            )
        }
        segno = "~" if self.titolo else ""
        parole = [f"{segno}{radice}" for radice in self.radici] + list(self.fatti)
        elenco = ", ".join(["%s"] * len(parole) + [self.secchio] * bool(self.secchio))
        return f"{_PAROLE[self.modello].format(**colonne)} @> ARRAY[{elenco}]::text[]", parole

    def as_sqlite(self, compiler, connection, **_contesto):
        chiave, _parametri = compiler.compile(self.get_source_expressions()[0])
        tabella = f"{self.modello._meta.db_table}_parole"
        dove = "{indice_titolo} : " if self.titolo else ""
        cercate = " AND ".join(f'{dove}"{radice}"' for radice in self.radici)
        return f"{chiave} IN (SELECT rowid FROM {tabella} WHERE {tabella} MATCH %s)", [cercate]


_CAMPI = {
    Proposta: ("id", "indice", "indice_titolo", "laboratorio_id", "stato", "canale"),
    Bisogno: ("id", "indice"),
}
# The expressions of the indexes, which only serve who writes the same.
_PAROLE = {
    Proposta: (
        "string_to_array({indice} || ' ' || regexp_replace({indice_titolo}, '(^| )', '\\1~', 'g')"
        f" || ' #' || ({{id}} / {SECCHIO})::text || ' @' || coalesce({{laboratorio_id}}, 0)::text"
        " || ' ' || {stato} || '/ ' || {canale} || '/', ' ')"
    ),
    Bisogno: "string_to_array({indice}, ' ')",
}


def cercate(testo: str) -> tuple[str, ...]:
    """The stems to look for, each once; none when the text says nothing."""
    return tuple(dict.fromkeys(ricerca.radici(testo)))[:PAROLE]


def con_parole(queryset: QuerySet, radici: Sequence[str]) -> QuerySet:
    """The needs or proposals of ``queryset`` that have all these stems."""
    return queryset.filter(Contiene(queryset.model, radici))


# --- Proposals: the best of many ------------------------------------------------------------


class Trovata(NamedTuple):
    """What is known of a result before its card is made."""

    pk: int
    laboratorio: int | None
    stato: str
    canale: str
    pubblicata_at: datetime
    n_sostegni: int
    n_commenti: int
    sorte: int
    nel_titolo: bool = False


_COLONNE = (
    "pk",
    "laboratorio",
    "stato",
    "canale",
    "pubblicata_at",
    "n_sostegni",
    "n_commenti",
    "sorte",
)


def cerca(
    queryset: QuerySet, radici: Sequence[str], *, fatti: Iterable[str] = (), limite: int = LIMITE
) -> tuple[list[Trovata], bool]:
    """The published proposals of ``queryset`` with all these stems: those that have them in their
    title first, then the newest; and whether these are all.

    Where there are more than ``limite`` they are the last ones received, so that a common word
    costs as much among a hundred thousand proposals as among a thousand. ``fatti`` says of the
    filters of ``queryset`` what the index can tell (:func:`fatto`). Two queries.
    """
    fatti = tuple(fatti)
    titoli = _ultime(queryset, Contiene(Proposta, radici, titolo=True, fatti=fatti), limite)
    testi = _ultime(queryset, Contiene(Proposta, radici, fatti=fatti), limite)
    nei_titoli = {riga[0] for riga in titoli}
    # A hit in a title is one in the text too, unless the title was cut in its index.
    trovate = [Trovata(*riga, nel_titolo=True) for riga in titoli]
    trovate += [Trovata(*riga) for riga in testi if riga[0] not in nei_titoli]
    tutte = len(titoli) <= limite and len(testi) <= limite
    trovate = trovate[:limite]
    trovate.sort(key=lambda t: (t.nel_titolo, t.pubblicata_at, t.pk), reverse=True)
    return trovate, tutte


def fatto(campo: str, valore) -> str:
    """How the index writes that ``campo`` (laboratorio, stato or canale) is ``valore``."""
    return f"@{valore or 0}" if campo == "laboratorio" else f"{valore}/"


def _ultime(queryset, contiene, limite):
    """The last ones received, one more than ``limite`` when there are more."""
    if connections[queryset.db].vendor != "postgresql":
        return list(queryset.filter(contiene).order_by("-pk").values_list(*_COLONNE)[: limite + 1])
    # An index of words knows no order. The numbers of the proposals are cut into lots, each of
    # which is a word of its own: lot by lot from the last one, until there are enough.
    contiene.secchio = "lotti.lotto"
    interna, parametri = (
        queryset.filter(contiene)
        .order_by("-pk")
        .values_list(*_COLONNE)[: limite + 1]
        .query.sql_with_params()
    )
    with connections[queryset.db].cursor() as cursor:
        cursor.execute(
            "SELECT trovate.* FROM (SELECT '#' || n AS lotto FROM generate_series("  # noqa: S608
            f"(SELECT max(id) FROM proposte_proposta) / {SECCHIO}, 0, -1) AS n) AS lotti, "
            f"LATERAL ({interna}) AS trovate LIMIT {limite + 1:d}",
            parametri,
        )
        return cursor.fetchall()


# --- SQLite's own index ---------------------------------------------------------------------


def prepara_sqlite(using: str) -> None:
    """Make what SQLite searches in, where it is missing.

    Asked for after every migration: one that changes a table makes it anew, and the triggers of
    the old one are gone.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        presenti = set(connection.introspection.table_names(cursor))
        for modello, campi in (
            (Proposta, ("indice", "indice_titolo")),
            (Bisogno, ("indice",)),
        ):
            tabella = modello._meta.db_table
            if tabella in presenti:
                _prepara_tabella(cursor, tabella, campi)


def _prepara_tabella(cursor, tabella, campi):
    parole = f"{tabella}_parole"
    nomi = ", ".join(campi)
    cursor.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
        " AND name LIKE %s",
        [tabella, f"{parole}_%"],
    )
    if cursor.fetchone()[0] == 3:
        return

    def valori(riga):
        return ", ".join(f"{riga}.{campo}" for campo in ("id", *campi))

    # It holds no copy of the texts: it reads them in the table, and is told the old ones when
    # they go.
    metti = f"INSERT INTO {parole} (rowid, {nomi}) VALUES ({valori('new')});"
    togli = f"INSERT INTO {parole} ({parole}, rowid, {nomi}) VALUES ('delete', {valori('old')});"
    for istruzione in (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {parole} USING fts5({nomi}, content='{tabella}', "
        "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER IF NOT EXISTS {parole}_metti AFTER INSERT ON {tabella} BEGIN {metti} END",
        f"CREATE TRIGGER IF NOT EXISTS {parole}_togli AFTER DELETE ON {tabella} BEGIN {togli} END",
        f"CREATE TRIGGER IF NOT EXISTS {parole}_cambia AFTER UPDATE OF {nomi} ON {tabella} "
        f"BEGIN {togli} {metti} END",
        f"INSERT INTO {parole} ({parole}) VALUES ('rebuild')",
    ):
        cursor.execute(istruzione)
