"""What the seats said of a proposal: how many say what, and every reason in full.

Nothing is averaged, nothing is a score, and nothing is put in order by it: a seat is counted
once, under the grade that it chose.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from portale.lib import dates

from .models import Esame, Grado, Posizione, Seggio
from .permissions import Accesso


@dataclass(frozen=True)
class Fascia:
    """One grade: the seats that chose it, and where its piece of the bar is drawn (percents, as
    text that no language writes with a comma)."""

    grado: str
    nome: str
    posizioni: tuple[Posizione, ...]
    x: str = "0"
    larghezza: str = "0"
    centro: str = "0"

    @property
    def quante(self) -> int:
        return len(self.posizioni)


@dataclass(frozen=True)
class Risultati:
    """Of one review. ``silenti`` are the seats with a voice that have said nothing."""

    esame: Esame
    fasce: tuple[Fascia, ...]
    silenti: tuple[Seggio, ...] = field(default=())

    def _di(self, grado) -> tuple[Posizione, ...]:
        return next(fascia.posizioni for fascia in self.fasce if fascia.grado == grado)

    @property
    def rese(self) -> int:
        return sum(fascia.quante for fascia in self.fasce)

    @property
    def seggi(self) -> int:
        return self.rese + len(self.silenti)

    @property
    def accordi(self) -> tuple[Posizione, ...]:
        return self._di(Grado.FAVOREVOLE)

    @property
    def osservazioni(self) -> tuple[Posizione, ...]:
        return self._di(Grado.OSSERVAZIONI)

    @property
    def indifferenti(self) -> tuple[Posizione, ...]:
        return self._di(Grado.INDIFFERENTE)

    @property
    def contrarie(self) -> tuple[Posizione, ...]:
        return self._di(Grado.CONTRARIA)

    @property
    def obiezioni(self) -> tuple[Posizione, ...]:
        return self._di(Grado.OBIEZIONE)

    @property
    def altre(self) -> tuple[Posizione, ...]:
        """Those that gave a reason without having to."""
        return tuple(p for p in self.accordi + self.indifferenti if p.motivazione)

    @property
    def conflitti(self) -> tuple[Posizione, ...]:
        return self._di(Grado.CONFLITTO)


def visibili(accesso: Accesso, esame: Esame, *, resa: bool, adesso: datetime) -> bool:
    """Whether she may read what the seats said of ``esame``: when it is over, or her own seat has
    stated its position (``resa``), or she has none to state and is not to be swayed. Reads the
    review's ``proposta``."""
    if accesso.can_leggere_posizioni or not esame.aperto(adesso):
        return True
    return accesso.can_esprimersi and resa


def ultimo_giorno_utile(esame: Esame, adesso: datetime) -> date:
    """The day on which the seats are counted: today, or the last on which they could answer."""
    giorni = [dates.a_roma(adesso).date(), esame.ultimo_giorno]
    if esame.chiuso_at is not None:
        giorni.append(dates.a_roma(esame.chiuso_at).date())
    return min(giorni)


def di_esami(esami: Iterable[Esame], adesso: datetime) -> dict[int, Risultati]:
    """The results of many reviews, by pk, in two queries."""
    esami = list(esami)
    seggi = defaultdict(list)
    con_voce = Seggio.objects.filter(percorso__in={esame.percorso_id for esame in esami})
    for seggio in con_voce.con_voce().select_related("organizzazione").order_by(*_NOME):
        seggi[seggio.percorso_id].append(seggio)
    posizioni = defaultdict(list)
    rese = Posizione.objects.rese().filter(esame__in=[esame.pk for esame in esami])
    for posizione in rese.select_related("seggio__organizzazione").order_by(
        *(f"seggio__{campo}" for campo in _NOME)
    ):
        posizioni[posizione.esame_id].append(posizione)
    return {
        esame.pk: _risultati(esame, posizioni[esame.pk], seggi[esame.percorso_id], adesso)
        for esame in esami
    }


_NOME = ("organizzazione__nome", "pk")


def di_esame(esame: Esame, adesso: datetime) -> Risultati:
    return di_esami([esame], adesso)[esame.pk]


def _risultati(esame, posizioni, seggi, adesso) -> Risultati:
    giorno = ultimo_giorno_utile(esame, adesso)
    hanno_risposto = {posizione.seggio_id for posizione in posizioni}
    silenti = tuple(
        seggio for seggio in seggi if seggio.pk not in hanno_risposto and seggio.in_carica(giorno)
    )
    totale = len(posizioni) + len(silenti)
    fasce, fatte = [], 0
    for grado in Grado:
        sue = tuple(posizione for posizione in posizioni if posizione.grado == grado)
        fasce.append(
            Fascia(
                grado.value,
                grado.label,
                sue,
                _percento(fatte, totale),
                _percento(len(sue), totale),
                _percento(fatte + len(sue) / 2, totale),
            )
        )
        fatte += len(sue)
    return Risultati(esame, tuple(fasce), silenti)


def _percento(parte, totale) -> str:
    return f"{100 * parte / totale:.3f}%" if totale else "0%"
