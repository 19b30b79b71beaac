"""Sheets with known columns: where the names of the columns are, which are ours, and the rows
below them. The names may be written in many ways and stand in any order."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Protocol

from django.utils.translation import gettext as _

from . import fogli
from .celle import piana
from .fogli import Illeggibile

# How far down the names of the columns are looked for: lists often have a title above.
INTESTAZIONE_ENTRO = 20


class Colonna(Protocol):
    """What a column is known by."""

    campo: str
    nome: str
    sinonimi: Sequence[str]
    obbligatoria: bool


@dataclass
class RigaLetta:
    """A row below the names of the columns: the text of its cells by field, where there is any."""

    numero: int
    celle: dict[str, str]
    formule: list[str] = field(default_factory=list)
    nascosta: bool = False
    unite: tuple[str, ...] = ()
    dal_1904: bool = False


@dataclass
class Letta:
    """What was read of a sheet: our columns by field, the names of the others, the rows."""

    campi: list[str]
    ignorate: list[str]
    righe: list[RigaLetta]


class Tabella:
    """The columns that a list may have, and how it is read: at most ``massimo`` rows.
    ``senza_nomi`` says what to do about a file in which their names are not found."""

    def __init__(self, colonne: Sequence[Colonna], *, massimo: int, senza_nomi: Callable[[], str]):
        self.colonne = {colonna.campo: colonna for colonna in colonne}
        self.massimo = massimo
        self.senza_nomi = senza_nomi
        self._nomi = {
            piana(nome): colonna.campo
            for colonna in colonne
            for nome in (colonna.campo, *colonna.sinonimi)
        } | {piana(colonna.nome): colonna.campo for colonna in colonne}

    def campo(self, intestazione: str) -> str | None:
        """The field of a column by its name: "Titolo (obbligatorio)", "Titolo *"."""
        return self._nomi.get(piana(re.sub(r"\(.*?\)", " ", intestazione)))

    def quanti_nomi(self, celle: Sequence[str]) -> int:
        """How many different columns of ours a row names."""
        return len({self.campo(cella) for cella in celle} - {None})

    def forse(self, intestazione: str) -> str:
        """The name of the column that was perhaps meant; empty when none looks like it."""
        simili = get_close_matches(piana(intestazione), self._nomi, n=1, cutoff=0.75)
        return self.colonne[self._nomi[simili[0]]].nome if simili else ""

    def leggi(self, contenuto: bytes) -> Letta:
        """Read a file. Raises Illeggibile with what to do."""
        for _nome, righe in fogli.leggi(contenuto, riconosce=self.quanti_nomi):
            if (letta := self._leggi_foglio(righe)) is not None:
                return letta
        raise Illeggibile(self.senza_nomi())

    def _leggi_foglio(self, righe):
        intestazione, lette = None, []
        for vista, riga in enumerate(righe):
            if intestazione is None:
                if vista >= INTESTAZIONE_ENTRO:
                    return None
                if self.quanti_nomi(riga.celle) >= min(2, len(self.colonne)):
                    intestazione = [self.campo(cella) for cella in riga.celle]
                    nomi = riga.celle
                    self._controlla(intestazione, nomi)
                continue
            if len(lette) == self.massimo:
                raise Illeggibile(
                    _("Le righe sono più di %(n)s: dividi il file in più parti.")
                    % {"n": f"{self.massimo:,}".replace(",", ".")}
                )
            letta = self._riga(intestazione, riga)
            if letta.celle:
                lette.append(letta)
        if intestazione is None:
            return None
        if not lette:
            raise Illeggibile(_("Sotto i nomi delle colonne non c'è nessuna riga."))
        campi = [campo for campo in intestazione if campo]
        ignorate = [n for n, campo in zip(nomi, intestazione, strict=True) if not campo and n]
        return Letta(campi, ignorate, lette)

    def _controlla(self, intestazione, nomi):
        campi = [campo for campo in intestazione if campo]
        if doppie := [campo for campo, quante in Counter(campi).items() if quante > 1]:
            raise Illeggibile(
                _("Due colonne si chiamano «%(nome)s» o in modo simile: lasciane una.")
                % {"nome": self.colonne[doppie[0]].nome}
            )
        mancano = [c for c in self.colonne.values() if c.obbligatoria and c.campo not in campi]
        if not mancano:
            return
        testo = _("Manca la colonna «%(nomi)s»: aggiungila, o chiamala così.") % {
            "nomi": "», «".join(c.nome for c in mancano)
        }
        for nome, campo in zip(nomi, intestazione, strict=True):
            if nome and not campo and self.forse(nome) in {c.nome for c in mancano}:
                testo += " " + _("Forse è quella che nel file si chiama «%(nome)s».") % {
                    "nome": nome[:80]
                }
        raise Illeggibile(testo)

    def _riga(self, intestazione, riga):
        celle = {
            campo: cella
            for campo, cella in zip(intestazione, riga.celle, strict=False)
            if campo and cella
        }
        formule = [campo for n, campo in enumerate(intestazione) if campo and n in riga.formule]
        return RigaLetta(riga.numero, celle, formule, riga.nascosta, riga.unite, riga.dal_1904)
