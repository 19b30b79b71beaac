"""Which needs and proposals have the words that somebody looks for.

The words are stems (``portale.lib.ricerca``), kept beside the texts in ``indice``. PostgreSQL
finds them with a GIN index on the array of the words (migrations 0003 and 0006), SQLite with an
FTS5 table that triggers keep. Both give the same rows in the same order. See
docs/adr/0011-ricerca.md.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connections
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from portale.lib import ricerca

from .models import Bisogno, Proposta
from .temi import annota

# Results of one search: nobody reads more, and a word that every text has would cost as much as
# reading every text.
LIMITE = 200
# Of more than that, so many that have the words in their title are looked for among the older.
TITOLI = 60
# Words of one search that count; the others are not looked for.
PAROLE = 8
# How many proposals, by their number, make a lot of the index.
LOTTO = 4096


class Contiene(Func):
    """Whether a row has all these stems: ``queryset.filter(Contiene(Proposta, radici))``."""

    output_field = BooleanField()

    def __init__(self, modello, radici: Sequence[str], *, titolo=False):
        """``titolo``: in its title, where FTS5 looks (PostgreSQL: :class:`_NelLotto`)."""
        self.modello, self.radici, self.titolo = modello, tuple(radici), titolo
        super().__init__(*(F(campo) for campo in _CAMPI[modello]))

    def as_postgresql(self, compiler, connection, **_contesto):
        parole = _parole(self, compiler)
        if self.modello is Bisogno:
            return f"{parole} @> %s::text[]", [[*self.radici]]
        # In whichever lot: all the words of a row are of its own.
        lotti = _LOTTI.format(segno="")
        una = f"{parole} && ARRAY(SELECT lotti.lotto || %s FROM ({lotti}) AS lotti)"  # noqa: S608
        return " AND ".join([una] * len(self.radici)), [*self.radici]

    def as_sqlite(self, compiler, connection, **_contesto):
        chiave, _parametri = compiler.compile(self.get_source_expressions()[0])
        tabella = f"{self.modello._meta.db_table}_parole"
        dove = "{indice_titolo} : " if self.titolo else ""
        cercate = " AND ".join(f'{dove}"{radice}"' for radice in self.radici)
        trovate = f"SELECT rowid FROM {tabella} WHERE {tabella} MATCH %s"  # noqa: S608
        return f"{chiave} IN ({trovate})", [cercate]


class _NelLotto(Func):
    """PostgreSQL: whether a proposal of the lot at hand has all these stems, in its texts or in
    its title as ``lotti`` says, and these other words of the index (:func:`_a_lotti`)."""

    modello = Proposta
    output_field = BooleanField()

    def __init__(self, radici: Sequence[str], fatti: Sequence[str]):
        self.radici, self.fatti = list(radici), list(fatti)
        super().__init__(*(F(campo) for campo in _CAMPI[Proposta]))

    def as_sql(self, compiler, connection, **_contesto):
        elenco = ", ".join(
            ["lotti.radice || %s"] * len(self.radici) + ["lotti.lotto || %s"] * len(self.fatti)
        )
        return f"{_parole(self, compiler)} @> ARRAY[{elenco}]", self.radici + self.fatti


def _parole(condizione, compiler):
    """The words of a row, as its index has them."""
    campi = zip(_CAMPI[condizione.modello], condizione.get_source_expressions(), strict=True)
    colonne = {campo: compiler.compile(espressione)[0] for campo, espressione in campi}
    return _PAROLE[condizione.modello].format(**colonne)


_CAMPI = {
    Proposta: (
        "id",
        "indice",
        "indice_titolo",
        "laboratorio_id",
        "stato",
        "canale",
        "indice_temi",
    ),
    Bisogno: ("id", "indice"),
}
# The expressions of the indexes, which only serve who writes the same. Of a proposal each word
# begins with the lot that it is in ("24:parc"): the stems of its texts, those of its title ("~"),
# its lab ("@"), state and channel (".../"), its themes ("^").
_PAROLE = {
    Proposta: (
        f"string_to_array(({{id}} / {LOTTO})::text || ':' || replace({{indice}}"
        " || ' ~' || replace({indice_titolo}, ' ', ' ~')"
        " || ' @' || coalesce({laboratorio_id}, 0)::text || ' ' || {stato} || '/ ' || {canale}"
        " || '/ ^' || replace({indice_temi}, ' ', ' ^'),"
        f" ' ', ' ' || ({{id}} / {LOTTO})::text || ':'), ' ')"
    ),
    Bisogno: "string_to_array({indice}, ' ')",
}
# The lots that there are, the last one first: how a word of each begins, and a stem.
_LOTTI = f"""
    SELECT n || ':' AS lotto, n || ':{{segno}}' AS radice
    FROM generate_series((SELECT max(id) / {LOTTO} FROM proposte_proposta), 0, -1) AS n
"""  # noqa: S608


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
        sbagliate = set(annota(riga.pk for riga in righe)) if modello is Proposta else set()
        for riga in righe:
            nuovi = indici(riga)
            if any(getattr(riga, campo) != valore for campo, valore in nuovi.items()):
                testi = {campo: getattr(riga, campo) for campo in campi}
                if modello.objects.filter(pk=riga.pk, **testi).update(**nuovi):
                    sbagliate.add(riga.pk)
        corrette += len(sbagliate)
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
    # The numbers of its themes, as ``indice_temi`` has them.
    temi: str
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
    "indice_temi",
    "indice_titolo",
)


def cerca(
    queryset: QuerySet,
    radici: Sequence[str],
    *,
    limite: int = LIMITE,
    solo_tutte: bool = False,
    poche: bool = False,
    **dove,
) -> tuple[list[Trovata], bool]:
    """The published proposals of ``queryset`` with all these stems, and whether these are all:
    those that have them in their title first, then the newest.

    Where there are more than ``limite`` they are the last ones received, so that a common word
    costs as much among a hundred thousand proposals as among a thousand. ``dove`` are filters
    that the index itself knows: laboratorio, stato, canale, tema. ``poche`` says that the
    ``queryset`` is of few, which are better read than looked up. One query, or two where there
    are more; with ``solo_tutte`` none of them is given then.
    """
    if not radici:
        return [], True
    if not poche and connections[queryset.db].vendor == "postgresql":
        ultime = _a_lotti(queryset, radici, dove)
    else:
        ultime = _una_per_una(queryset, radici, dove, poche=poche)
    righe = ultime(limite + 1)
    tutte = len(righe) <= limite
    if not tutte and solo_tutte:
        return [], False
    if not tutte:
        # Among the older ones some say it in their title.
        titoli = ultime(min(TITOLI, limite), titolo=True)
        noti = {riga[0] for riga in titoli}
        righe = [*titoli, *(riga for riga in righe if riga[0] not in noti)][:limite]
    cercate = set(radici)
    trovate = [Trovata(*riga[:-1], cercate.issubset(riga[-1].split())) for riga in righe]
    trovate.sort(key=lambda t: (t.nel_titolo, t.pubblicata_at, t.pk), reverse=True)
    return trovate, tutte


def ultime(queryset: QuerySet, radici: Sequence[str], limite: int) -> list[int]:
    """The numbers of the last needs or proposals of ``queryset``, in any state, with all these
    stems."""
    if not radici:
        return []
    a_lotti = queryset.model is Proposta and connections[queryset.db].vendor == "postgresql"
    if a_lotti:
        return [riga[0] for riga in _a_lotti(queryset, radici, {})(limite)]
    trovate = con_parole(queryset, radici).order_by("-pk")
    return list(trovate.values_list("pk", flat=True)[:limite])


def _una_per_una(queryset, radici, dove, *, poche):
    """A function that gives so many of the last ones received: of few those whose words are
    right, of many those that SQLite's index has."""
    righe = queryset.filter(
        **{"temi" if campo == "tema" else campo: valore for campo, valore in dove.items()}
    ).order_by("-pk")

    def ultime(quante, *, titolo=False):
        if poche:
            campo = "indice_titolo" if titolo else "indice"
            testo = Concat(Value(" "), campo, Value(" "), output_field=TextField())
            trovate = righe.alias(parole=testo).filter(
                *(Q(parole__contains=f" {radice} ") for radice in radici)
            )
        else:
            trovate = righe.filter(Contiene(Proposta, radici, titolo=titolo))
        return list(trovate.values_list(*_COLONNE)[:quante])

    return ultime


def _a_lotti(queryset, radici, dove):
    """The same where there is an index of words, which knows no order: the proposals are cut, by
    their numbers, into lots, and each word of the index is of one lot. From the last lot to the
    first, until there are enough."""
    # As words, and not as conditions on the rows, of which many more would be read.
    fatti = {
        "laboratorio": lambda valore: f"@{valore or 0}",
        "tema": lambda valore: f"^{valore}",
    }
    parole = [fatti.get(campo, "{}/".format)(valore) for campo, valore in dove.items()]
    righe = queryset.filter(_NelLotto(radici, parole)).order_by("-pk").values_list(*_COLONNE)
    del_lotto, parametri = righe.query.sql_with_params()

    def ultime(quante, *, titolo=False):
        lotti = _LOTTI.format(segno="~" if titolo else "")
        with connections[queryset.db].cursor() as cursor:
            cursor.execute(
                f"""
                SELECT trovate.* FROM ({lotti}) AS lotti,
                LATERAL ({del_lotto} LIMIT {quante:d}) AS trovate LIMIT {quante:d}
                """,  # noqa: S608
                parametri,
            )
            return cursor.fetchall()

    return ultime


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
