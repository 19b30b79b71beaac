"""Which needs and proposals have the words that somebody looks for.

The words are stems (``portale.lib.ricerca``), kept beside the texts in ``indice``. PostgreSQL
finds them with a GIN index on the array of the words (migration 0003), SQLite with an FTS5 table
that triggers keep. Both give the same rows in the same order. See docs/adr/0011-ricerca.md.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connections
from django.db.models import BooleanField, F, Func, QuerySet

from portale.lib import ricerca

from .models import Bisogno, Proposta

# Results of one search: nobody reads more, and a word that every text has would cost as much as
# reading every text.
LIMITE = 200
# Of more than that, so many that have the words in their title are looked for among the older.
TITOLI = 60
# Words of one search that count; the others are not looked for.
PAROLE = 8
# How many proposals, by their number, make a small and a large lot of the index.
LOTTO, PARTITA = 4096, 32768


class Contiene(Func):
    """Whether a row has all these stems: ``queryset.filter(Contiene(Proposta, radici))``.

    ``titolo``: in its title. On PostgreSQL ``fatti`` are other words of the index, and
    ``a_lotti`` looks into one of ``lotti`` (:func:`_ultime`).
    """

    output_field = BooleanField()

    def __init__(self, modello, radici: Sequence[str], *, titolo=False):
        self.modello, self.radici, self.titolo = modello, tuple(radici), titolo
        self.fatti, self.a_lotti = (), False
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
        elenco = ", ".join(["%s"] * len(parole) + ["lotti.lotto"] * self.a_lotti)
        sql = f"{_PAROLE[self.modello].format(**colonne)} @> ARRAY[{elenco}]::text[]"
        if self.a_lotti:
            # "+ 0": no other index is to be read for this.
            sql += f" AND {colonne['id']} + 0 < lotti.fine"
        return sql, parole

    def as_sqlite(self, compiler, connection, **_contesto):
        chiave, _parametri = compiler.compile(self.get_source_expressions()[0])
        tabella = f"{self.modello._meta.db_table}_parole"
        dove = "{indice_titolo} : " if self.titolo else ""
        cercate = " AND ".join(f'{dove}"{radice}"' for radice in self.radici)
        trovate = f"SELECT rowid FROM {tabella} WHERE {tabella} MATCH %s"  # noqa: S608
        return f"{chiave} IN ({trovate})", [cercate]


_CAMPI = {
    Proposta: ("id", "indice", "indice_titolo", "laboratorio_id", "stato", "canale"),
    Bisogno: ("id", "indice"),
}
# The expressions of the indexes, which only serve who writes the same.
_PAROLE = {
    Proposta: (
        "string_to_array({indice} || ' ' || regexp_replace({indice_titolo}, '(^| )', '\\1~', 'g')"
        f" || ' #' || ({{id}} / {LOTTO})::text || ' ##' || ({{id}} / {PARTITA})::text"
        " || ' @' || coalesce({laboratorio_id}, 0)::text"
        " || ' ' || {stato} || '/ ' || {canale} || '/', ' ')"
    ),
    Bisogno: "string_to_array({indice}, ' ')",
}


def indici(riga: Proposta | Bisogno) -> dict[str, str]:
    """What searches look into, by field: kept by whoever changes the texts."""
    if isinstance(riga, Bisogno):
        return {"indice": ricerca.indice(riga.titolo, riga.testo)}
    return {
        "indice": ricerca.indice(
            riga.titolo, riga.che_cosa, riga.perche, riga.per_chi, riga.luogo
        ),
        "indice_titolo": ricerca.indice(riga.titolo)[:300],
    }


def reindicizza(modello, *, blocco: int = 500) -> int:
    """Work out again what searches look into; returns how many rows were not right. Short
    transactions, and doing it again changes nothing. A text that is changed at the same instant
    keeps the index that its own door gave it."""
    ultimo = corrette = 0
    campi = ("titolo", "testo") if modello is Bisogno else Proposta.TESTI
    inviate = modello.objects.exclude(stato=modello.Stato.BOZZA)
    while righe := list(inviate.filter(pk__gt=ultimo).order_by("pk")[:blocco]):
        ultimo = righe[-1].pk
        for riga in righe:
            nuovi = indici(riga)
            if any(getattr(riga, campo) != valore for campo, valore in nuovi.items()):
                testi = {campo: getattr(riga, campo) for campo in campi}
                corrette += modello.objects.filter(pk=riga.pk, **testi).update(**nuovi)
    return corrette


def cercate(testo: str) -> tuple[str, ...]:
    """The stems to look for, each once; none when the text says nothing."""
    return tuple(dict.fromkeys(ricerca.radici(testo)))[:PAROLE]


def con_parole(queryset: QuerySet, radici: Sequence[str]) -> QuerySet:
    """The needs or proposals of ``queryset`` that have all these stems; none without any."""
    if not radici:
        return queryset.none()
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
    "indice_titolo",
)


def cerca(
    queryset: QuerySet,
    radici: Sequence[str],
    *,
    limite: int = LIMITE,
    solo_tutte: bool = False,
    **dove,
) -> tuple[list[Trovata], bool]:
    """The published proposals of ``queryset`` with all these stems, and whether these are all:
    those that have them in their title first, then the newest.

    Where there are more than ``limite`` they are the last ones received, so that a common word
    costs as much among a hundred thousand proposals as among a thousand. ``dove`` are filters
    that the index itself knows: laboratorio, stato, canale. One query, or two where there are
    more; with ``solo_tutte`` none of them is given then.
    """
    if not radici:
        return [], True
    righe = _ultime(queryset, Contiene(Proposta, radici), limite, dove)
    tutte = len(righe) <= limite
    if not tutte and solo_tutte:
        return [], False
    if not tutte:
        # Among the older ones some say it in their title.
        nel_titolo = Contiene(Proposta, radici, titolo=True)
        titoli = _ultime(queryset, nel_titolo, min(TITOLI, limite) - 1, dove)
        noti = {riga[0] for riga in titoli}
        righe = [*titoli, *(riga for riga in righe if riga[0] not in noti)][:limite]
    cercate = set(radici)
    trovate = [Trovata(*riga[:-1], cercate.issubset(riga[-1].split())) for riga in righe]
    trovate.sort(key=lambda t: (t.nel_titolo, t.pubblicata_at, t.pk), reverse=True)
    return trovate, tutte


def _ultime(queryset, contiene, limite, dove):
    """The last ones received, one more than ``limite`` when there are more."""
    postgresql = connections[queryset.db].vendor == "postgresql"
    if postgresql:
        contiene.a_lotti = True
        # As words, and not as conditions on the rows, which the planner would look up in other
        # indexes again for each lot.
        contiene.fatti = [
            f"@{valore or 0}" if campo == "laboratorio" else f"{valore}/"
            for campo, valore in dove.items()
        ]
    else:
        queryset = queryset.filter(**dove)
    righe = queryset.filter(contiene).order_by("-pk").values_list(*_COLONNE)[: limite + 1]
    if not postgresql:
        return list(righe)
    # An index of words knows no order. So the proposals are cut, by their numbers, into lots,
    # each of which is a word too: the last two small ones, which are enough for a word that
    # many use, then large ones, from the last to the first, until there are enough.
    interna, parametri = righe.query.sql_with_params()
    with connections[queryset.db].cursor() as cursor:
        cursor.execute(
            f"""
            WITH ultima AS (
                SELECT id, greatest(id / {LOTTO} - 1, 0) AS lotto FROM proposte_proposta
                ORDER BY id DESC LIMIT 1
            )
            SELECT trovate.* FROM (
                SELECT '#' || n AS lotto, id + 1 AS fine
                FROM ultima, generate_series(id / {LOTTO}, ultima.lotto, -1) AS n
                UNION ALL
                SELECT '##' || n, ultima.lotto * {LOTTO}
                FROM ultima, generate_series(ultima.lotto * {LOTTO} / {PARTITA}, 0, -1) AS n
                WHERE ultima.lotto > 0
            ) AS lotti, LATERAL ({interna}) AS trovate LIMIT {limite + 1:d}
            """,  # noqa: S608
            parametri,
        )
        return cursor.fetchall()


def cerca_bisogni(
    queryset: QuerySet, radici: Sequence[str], *, recenti: bool = False, limite: int = LIMITE
) -> tuple[list[int], bool]:
    """The numbers of the needs of ``queryset`` with all these stems, and whether these are all:
    those that have them in their title first (unless ``recenti``), then the newest."""
    trovati = con_parole(queryset, radici).order_by("-pubblicato_at", "-pk")
    righe = list(trovati.values_list("pk", "titolo")[: limite + 1])
    tutti, righe = len(righe) <= limite, righe[:limite]
    if not recenti:
        righe.sort(key=lambda riga: not ricerca.contiene(riga[1], radici))
    return [pk for pk, _titolo in righe], tutti


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
    metti = f"INSERT INTO {parole} (rowid, {nomi}) VALUES ({valori('new')});"  # noqa: S608
    togli = (
        f"INSERT INTO {parole} ({parole}, rowid, {nomi}) "  # noqa: S608
        f"VALUES ('delete', {valori('old')});"
    )
    for istruzione in (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {parole} USING fts5({nomi}, content='{tabella}', "
        "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER IF NOT EXISTS {parole}_metti AFTER INSERT ON {tabella} BEGIN {metti} END",
        f"CREATE TRIGGER IF NOT EXISTS {parole}_togli AFTER DELETE ON {tabella} BEGIN {togli} END",
        f"CREATE TRIGGER IF NOT EXISTS {parole}_cambia AFTER UPDATE OF {nomi} ON {tabella} "
        f"BEGIN {togli} {metti} END",
        f"INSERT INTO {parole} ({parole}) VALUES ('rebuild')",  # noqa: S608
    ):
        cursor.execute(istruzione)
