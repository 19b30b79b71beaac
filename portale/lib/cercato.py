"""What the office's searches look into: names, titles, addresses and telephones, found by any
part of a word, without accents and capitals, by one rule for the lists and for the search of all.

An app says what of a model is looked into::

    ISCRIZIONE = Cercato(Iscrizione, "nome", "email", numeri=["telefono"])

and its admin names it (``UfficioModelAdmin.cercato``). On PostgreSQL a GIN index of groups of
three letters serves the very expression (:class:`Terne`, in a migration); on SQLite the rows are
read, the newest first. See docs/adr/0027-cerca.md.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connections, migrations, models
from django.db.models import F, Func, Q, QuerySet, Subquery, TextField

from . import ricerca
from .testo import cifre

# What is typed or pasted beyond this is not looked for.
LUNGHEZZA = 200
PAROLE = 8
# How many of the newest rows SQLite reads for the search of everything.
RIGHE_SQLITE = 100_000

_TELEFONO = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)
# Less than three together is in everything, and no index knows it.
_TRE = re.compile(r"[^\W_]{3}")
_INTORNO = ".,;:!?\"'()[]{}<>«»“”…"
# The letters with an accent of the names and words that are written here: Python takes away any,
# PostgreSQL those of this table, each of which costs time on each row that is read.
_ACCENTI = "àáâãäåçèéêëìíîïñòóôõöùúûüýăąćčęěğńřśşșšțůźżž"
# Not every database makes these small by itself.
_ACCENTI += _ACCENTI.upper()
# What stands between the digits of a telephone.
_TRA_CIFRE = " ./-+()"
_SENZA_SEGNI = str.maketrans("", "", _TRA_CIFRE)


# --- What was typed -------------------------------------------------------------------------


def pulisci(testo: str) -> str:
    """What somebody typed or pasted, whatever it was: on one line, short, good for a database."""
    testo = testo[: LUNGHEZZA * 4].encode(errors="replace").decode()
    return " ".join(testo.replace("\0", " ").split())[:LUNGHEZZA]


def telefono(testo: str) -> str:
    """The digits of what was typed if it is a telephone number, or a good part of one; or ""."""
    numero = cifre(testo) if _TELEFONO.fullmatch(testo) else ""
    return numero if len(numero) >= 6 else ""


def numero(testo: str) -> int | None:
    """The number of a row, if that is what was typed (also as "n. 12" or "#12")."""
    scritto = re.fullmatch(r"(?:n\.?|#)?\s*(\d{1,9})", testo, re.ASCII | re.IGNORECASE)
    return int(scritto[1]) if scritto else None


def parole(testo: str) -> tuple[str, ...]:
    """The words to look for, without accents and capitals; of a telephone number its digits."""
    if solo := telefono(testo):
        return (solo,)
    trovate = [parola.strip(_INTORNO) for parola in piana(testo).split()]
    trovate = list(dict.fromkeys(parola for parola in trovate if parola))
    piene = [parola for parola in trovate if parola not in ricerca.VUOTE]
    return tuple((piene or trovate)[:PAROLE])


def abbastanza(testo: str) -> bool:
    """Whether it says enough to be looked for: three letters or digits together, or a number."""
    return numero(testo) is not None or any(map(_TRE.search, parole(testo)))


def piana(testo: str) -> str:
    """Lower case, without accents, with one kind of apostrophe: as the texts are compared."""
    testo = testo.replace("’", "'")
    if testo.isascii():
        return testo.lower()
    return "".join(
        segno
        for segno in unicodedata.normalize("NFKD", testo.casefold())
        if not unicodedata.combining(segno)
    )


# --- Where it is looked for -----------------------------------------------------------------


_UNITI = " || ' ' || "


def _sql_postgresql(campi, numeri):
    testi = [f"coalesce({campo}, '')" for campo in campi]
    testi += [f"translate(coalesce({campo}, ''), '{_TRA_CIFRE}', '')" for campo in numeri]
    testo, senza = _UNITI.join(testi), piana(_ACCENTI)
    return f"lower(translate({testo}, '{_ACCENTI}’', '{senza}'''))"


def _sql_sqlite(campi, numeri):
    testi = [f"coalesce({campo}, '')" for campo in campi]
    testi += [f"portale_cifre(coalesce({campo}, ''))" for campo in numeri]
    return f"portale_piana({_UNITI.join(testi)})"


class _Testo(Func):
    """The text of a row that is looked into, as its index has it."""

    output_field = TextField()

    def __init__(self, campi, numeri):
        self.quanti = len(campi)
        super().__init__(*(F(campo) for campo in (*campi, *numeri)))

    def as_sql(self, compiler, connection, **_contesto):
        colonne = [compiler.compile(colonna)[0] for colonna in self.get_source_expressions()]
        scrivi = _sql_postgresql if connection.vendor == "postgresql" else _sql_sqlite
        return scrivi(colonne[: self.quanti], colonne[self.quanti :]), []


@dataclass(frozen=True)
class Attraverso:
    """Rows found by another row's texts: those whose ``dove`` is among its ``valore``."""

    dove: str
    cercato: "Cercato"
    valore: str = "pk"


class Cercato:
    """What of a model is looked into.

    ``numeri`` are telephones, whose digits count. With ``radici`` the words are compared by their
    stem ("piste ciclabili" finds "pista ciclabile"): for titles and texts, not for names.
    ``attraverso`` adds the rows found by the texts of others (the meetings of a venue).
    ``esatto`` gives, for what was typed, the rows that it names by itself (a code, a number).
    """

    def __init__(
        self,
        modello: type[models.Model],
        *campi: str,
        numeri: Sequence[str] = (),
        radici: bool = False,
        attraverso: Sequence[Attraverso] = (),
        esatto: Callable[[str], Q | None] = lambda testo: None,
    ):
        self.modello = modello
        self.campi, self.numeri, self.radici = campi, tuple(numeri), radici
        self.attraverso, self.esatto = tuple(attraverso), esatto

    def trovate(self, queryset: QuerySet, testo: str, *, limite: int | None = None) -> QuerySet:
        """The rows of ``queryset`` that have all the words; all of them for an empty text.

        With ``limite`` the newest so many, at a cost that does not grow with the table.
        """
        testo = pulisci(testo)
        if not testo:
            return queryset
        postgresql = connections[queryset.db].vendor == "postgresql"
        if limite is not None and not postgresql:
            queryset = self._ultime_lette(queryset)
        rami = self._rami(testo, tutto=limite is not None)
        if len(rami) == 1 or not postgresql:
            regola = Q()
            for ramo in rami:
                regola |= Q(pk__in=ramo(self._testi(queryset).values("pk")))
            trovate = rami[0](self._testi(queryset)) if len(rami) == 1 else queryset.filter(regola)
            return trovate if limite is None else trovate.order_by("-pk")[:limite]
        # Each by its own index: an OR among tables would read them all.
        parti = [ramo(self._testi(queryset)).order_by().values("pk") for ramo in rami]
        if limite is not None:
            parti = [parte.order_by("-pk")[:limite] for parte in parti]
        trovate = queryset.filter(pk__in=parti[0].union(*parti[1:]))
        return trovate if limite is None else trovate.order_by("-pk")[:limite]

    def _rami(self, testo, *, tutto):
        """The ways in which a row is found, each a function of the rows. In the search of
        everything a number alone ("12") is only looked for as one."""
        solo_numero = tutto and not any(map(_TRE.search, parole(testo)))
        if solo_numero:
            regola = self.esatto(testo)
            return [lambda righe: righe.none() if regola is None else righe.filter(regola)]
        rami = [lambda righe: self._con_parole(righe, testo)] if self.campi else []
        for via in self.attraverso:
            rami.append(
                lambda righe, via=via: righe.filter(
                    **{
                        f"{via.dove}__in": via.cercato.trovate(
                            via.cercato.modello._base_manager.order_by(), testo
                        ).values(via.valore)
                    }
                )
            )
        if (regola := self.esatto(testo)) is not None:
            rami.append(lambda righe: righe.filter(regola))
        return rami

    def _testi(self, righe):
        return righe.alias(_cercato=_Testo(self.campi, self.numeri)) if self.campi else righe

    def _con_parole(self, righe, testo):
        for parola in parole(testo):
            if self.radici:
                parola = ricerca.radice(parola) or parola
            righe = righe.filter(_cercato__contains=parola)
        return righe

    def _ultime_lette(self, queryset):
        ultima = queryset.model._base_manager.order_by("-pk").values("pk")[:1]
        return queryset.filter(pk__gt=Subquery(ultima) - RIGHE_SQLITE)


# --- One section of the search of everything -----------------------------------------------


def dettagli(*parti: object) -> str:
    """What is known of a row, on one line: "Zona 2 · confermata"."""
    return " · ".join(str(parte) for parte in parti if parte)


@dataclass(frozen=True)
class Sezione:
    """The rows of one model: seen by who may see that model in the admin, among those that her
    lists show. ``riga`` says of one its name and what tells it from others of that name.

    ``indirizzi`` are the addresses by which a row's person takes part elsewhere. ``elenco`` is
    asked of the list besides the words, where it would hide rows. ``trova`` replaces the search of
    the list where that is not made for a few rows of many.
    """

    modello: type[models.Model]
    titolo: str
    riga: Callable[[models.Model], tuple[str, str]]
    con: Sequence[str] = ()
    indirizzi: Callable[[models.Model], str] | None = None
    elenco: Mapping[str, str] = field(default_factory=dict)
    trova: Callable[[QuerySet, str, object, int], QuerySet] | None = None

    def trovate(self, model_admin, request, testo: str, limite: int) -> list[models.Model]:
        """The newest so many, in one query."""
        righe = model_admin.get_queryset(request)
        if self.trova is not None:
            righe = self.trova(righe, testo, request.user, limite)
        elif model_admin.cercato is not None:
            righe = model_admin.cercato.trovate(righe, testo, limite=limite)
        else:
            righe, _doppie = model_admin.get_search_results(request, righe, testo)
            righe = righe.order_by("-pk")[:limite]
        righe = righe.prefetch_related(None)
        return list(righe.select_related(*self.con) if self.con else righe)


# --- What the databases need ----------------------------------------------------------------


class Terne(migrations.RunPython):
    """Operation of a migration: on PostgreSQL, the index that serves a :class:`Cercato`."""

    def __init__(self, nome: str, tabella: str, *campi: str, numeri: Sequence[str] = ()):
        def crea(apps, schema_editor):
            if schema_editor.connection.vendor != "postgresql":
                return
            with schema_editor.connection.cursor() as cursor:
                # Where an administrator has made it, nobody else needs to be allowed to.
                cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
                if cursor.fetchone() is None:
                    cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            # Without a list of pending entries, which every search would read from end to end.
            schema_editor.execute(
                f"CREATE INDEX {nome} ON {tabella} USING gin "
                f"(({_sql_postgresql(campi, numeri)}) gin_trgm_ops) WITH (fastupdate = off)"
            )

        def togli(apps, schema_editor):
            if schema_editor.connection.vendor == "postgresql":
                schema_editor.execute(f"DROP INDEX {nome}")

        super().__init__(crea, togli)


def prepara_sqlite(sender, connection, **kwargs):
    """Receiver of ``connection_created``: SQLite's own ``lower`` knows no accents."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("portale_piana", 1, piana, deterministic=True)
        connection.connection.create_function(
            "portale_cifre",
            1,
            lambda testo: testo.translate(_SENZA_SEGNI),
            deterministic=True,
        )
