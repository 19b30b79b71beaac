"""Where proposals are, as a drawing like the labs' own: each a mark, those that are near each
other one mark with their number. No script: a group opens in a closer drawing."""

from dataclasses import dataclass
from math import cos, radians
from typing import NamedTuple

from django.db.models import Avg, Count, F, Max, Min, QuerySet
from django.db.models.functions import Floor

from laboratori.mappa import LATO, MARGINE, RAGGIO, Punto, anelli, contorno, separa
from laboratori.models import Laboratorio
from portale.lib.memoria import ricorda

from .filtri import ricorda_conti

# Degrees. Closer than this (some fifty metres) everything is in one place.
MINIMO = 0.0005
DECIMALI = 5


@dataclass(frozen=True)
class Riquadro:
    """A part of the globe, in degrees."""

    ovest: float
    sud: float
    est: float
    nord: float

    @classmethod
    def da_testo(cls, testo: str) -> "Riquadro | None":
        """As a link carries it; None for one that makes no sense."""
        try:
            ovest, sud, est, nord = (float(parte) for parte in testo[:80].split(","))
        except ValueError:
            return None
        sulla_terra = -180 <= ovest < est <= 180 and -85 <= sud < nord <= 85
        return cls(ovest, sud, est, nord) if sulla_terra else None

    def __str__(self):
        return ",".join(
            f"{grado:.{DECIMALI}f}" for grado in (self.ovest, self.sud, self.est, self.nord)
        )

    def almeno(self, minimo: float) -> "Riquadro":
        """With sides of ``minimo`` degrees at least, and a little air around."""
        largo = max((self.est - self.ovest) * 0.55, minimo / 2)
        alto = max((self.nord - self.sud) * 0.55, minimo / 2)
        x, y = (self.ovest + self.est) / 2, (self.sud + self.nord) / 2
        return Riquadro(x - largo, y - alto, x + largo, y + alto)


@dataclass(frozen=True)
class Segno:
    """A mark: one proposal (``pk``), or as many as ``quante``, in ``riquadro``; empty when no
    closer drawing would part them."""

    x: float
    y: float
    quante: int
    pk: int | None
    riquadro: str
    # The lab that most of them are of; None for the whole city.
    laboratorio: int | None

    # As text: a template would write 12,5 in Italian, which an SVG does not understand.

    @property
    def cx(self) -> str:
        return f"{self.x:g}"

    @property
    def cy(self) -> str:
        return f"{self.y:g}"

    @property
    def y_testo(self) -> str:
        return f"{self.y + 7:g}"

    @property
    def numero(self) -> str:
        return str(self.quante) if self.quante < 1000 else f"{self.quante // 1000}k"


@dataclass(frozen=True)
class Zona:
    """The number of a lab's zone, at the lab's own point: where one is."""

    numero: int
    cx: str
    cy: str
    y_testo: str


@dataclass(frozen=True)
class MappaProposte:
    """``luoghi``: the proposals that stand on it, ``viste`` how many they are."""

    luoghi: QuerySet
    segni: list[Segno]
    # The outlines of the labs, and the numbers of their zones.
    sfondo: list[str]
    zone: list[Zona]
    altezza: float
    viste: int
    raggio: int = RAGGIO - 4

    @property
    def viewbox(self) -> str:
        return f"0 0 {LATO} {self.altezza:g}"


def disegna(proposte: QuerySet, riquadro: Riquadro | None, *, nome: str = "") -> MappaProposte:
    """The proposals of ``proposte`` that have a place: inside ``riquadro``, or all that are in
    the city. Under ``nome``, if there is one, what was counted is remembered. Two queries and
    the labs', however many they are."""
    luoghi = proposte.filter(latitudine__isnull=False)
    citta = _citta()
    if riquadro is None and citta.limiti:
        luoghi = _dentro(luoghi, citta.limiti)

    def conta():
        intero = riquadro or _estensione(luoghi, citta)
        return (intero, _quadri(luoghi, intero)) if intero else (None, [])

    intero, quadri = (
        ricorda_conti(f"mappa-{nome}", conta, quante=lambda esito: sum(q.quante for q in esito[1]))
        if nome
        else conta()
    )
    if intero is None:
        return MappaProposte(luoghi, [], [], [], LATO / 2, 0)
    proietta, altezza, _passo = _proiezione(intero)
    posti = separa([proietta((q.x, q.y)) for q in quadri], altezza)
    sfondo = [
        contorno([proietta(punto) for punto in anello] for anello in anelli(area))
        for area in citta.aree
    ]
    return MappaProposte(
        _dentro(luoghi, intero),
        [_segno(quadro, x, y, intero) for quadro, (x, y) in zip(quadri, posti, strict=True)],
        [d for d in sfondo if d],
        [_zona(numero, *proietta(punto)) for numero, punto in citta.zone],
        altezza,
        sum(quadro.quante for quadro in quadri),
    )


def _zona(numero, x, y):
    return Zona(numero, f"{x:.1f}", f"{y:.1f}", f"{y + 5:.1f}")


class _Citta(NamedTuple):
    """What is known of the labs: their outlines, the number and point of each, the part of the
    globe that they take, and the one that the city surely is in; None where nobody has said
    where they are."""

    aree: list
    zone: list[tuple[int, Punto]]
    estensione: Riquadro | None
    limiti: Riquadro | None


def _citta() -> _Citta:
    def calcola():
        laboratori = list(Laboratorio.objects.pubblici())
        aree = [laboratorio.area for laboratorio in laboratori if anelli(laboratorio.area)]
        zone = [
            (laboratorio.numero, (laboratorio.longitudine, laboratorio.latitudine))
            for laboratorio in laboratori
            if None not in (laboratorio.longitudine, laboratorio.latitudine)
        ]
        punti = [punto for _numero, punto in zone]
        punti += [punto for area in aree for anello in anelli(area) for punto in anello]
        if not punti:
            return _Citta(aree, zone, None, None)
        lon, lat = [x for x, _ in punti], [y for _, y in punti]
        tutti = Riquadro(min(lon), min(lat), max(lon), max(lat))
        # A lab's point is somewhere in its area, which goes beyond it.
        aria = max(tutti.est - tutti.ovest, tutti.nord - tutti.sud, 0.02) / 2
        limiti = Riquadro(
            tutti.ovest - aria, tutti.sud - aria, tutti.est + aria, tutti.nord + aria
        )
        return _Citta(aree, zone, tutti, limiti)

    return ricorda("citta-sulla-mappa", calcola)


def _dentro(luoghi, riquadro):
    return luoghi.filter(
        longitudine__range=(riquadro.ovest, riquadro.est),
        latitudine__range=(riquadro.sud, riquadro.nord),
    )


def _estensione(luoghi, citta):
    """What holds the proposals and the labs; None without any proposal."""
    limiti = luoghi.order_by().aggregate(
        ovest=Min("longitudine"),
        sud=Min("latitudine"),
        est=Max("longitudine"),
        nord=Max("latitudine"),
    )
    if limiti["ovest"] is None:
        return None
    trovato, labs = Riquadro(**limiti), citta.estensione
    if labs:
        trovato = Riquadro(
            min(trovato.ovest, labs.ovest),
            min(trovato.sud, labs.sud),
            max(trovato.est, labs.est),
            max(trovato.nord, labs.nord),
        )
    return trovato.almeno(MINIMO)


def _proiezione(riquadro):
    """From (longitude, latitude) to the drawing, its height, and the side in degrees of the
    squares that a mark takes. North up; distances keep their proportions."""
    stretta = cos(radians((riquadro.sud + riquadro.nord) / 2))
    largo, alto = (riquadro.est - riquadro.ovest) * stretta, riquadro.nord - riquadro.sud
    utile = LATO - 2 * MARGINE
    scala = utile / max(largo, alto)
    sinistra = (LATO - largo * scala) / 2

    def proietta(punto):
        lon, lat = punto
        x = sinistra + (lon - riquadro.ovest) * stretta * scala
        return x, MARGINE + (riquadro.nord - lat) * scala

    lato = 2 * RAGGIO / scala
    return proietta, round(2 * MARGINE + alto * scala, 1), (lato / stretta, lato)


class _Quadro(NamedTuple):
    """What falls in one square: how many, the first of them, the lab that most are of, their
    middle and what they take."""

    quante: int
    primo: int
    laboratorio: int | None
    x: float
    y: float
    riquadro: Riquadro


def _quadri(luoghi, intero) -> list[_Quadro]:
    """The squares that have something in them, from the north-west, as one reads."""
    _proietta, _altezza, passo = _proiezione(intero)
    righe = (
        _dentro(luoghi, intero)
        .order_by()
        .annotate(
            colonna=Floor((F("longitudine") - intero.ovest) / passo[0]),
            riga=Floor((F("latitudine") - intero.sud) / passo[1]),
        )
        .values_list("riga", "colonna", "laboratorio")
        .annotate(
            Count("pk"),
            Min("pk"),
            Avg("longitudine"),
            Avg("latitudine"),
            Min("longitudine"),
            Min("latitudine"),
            Max("longitudine"),
            Max("latitudine"),
        )
    )
    quadri = {}
    for riga, colonna, *valori in righe:
        quadri.setdefault((-riga, colonna), []).append(valori)
    return [_quadro(quadri[dove]) for dove in sorted(quadri)]


def _quadro(parti):
    """One square of its parts, a lab each: [lab, how many, first, x, y, west, south, …]."""
    laboratori, quante, primi, x, y, ovest, sud, est, nord = zip(*parti, strict=True)
    totale = sum(quante)
    return _Quadro(
        totale,
        min(primi),
        laboratori[quante.index(max(quante))],
        sum(a * b for a, b in zip(x, quante, strict=True)) / totale,
        sum(a * b for a, b in zip(y, quante, strict=True)) / totale,
        Riquadro(min(ovest), min(sud), max(est), max(nord)),
    )


def _segno(quadro, x, y, intero):
    vicino = quadro.riquadro.almeno(MINIMO)
    # Where the closer drawing would be this one again, there is none.
    piu_vicino = vicino.est - vicino.ovest < (intero.est - intero.ovest) * 0.99
    sola = quadro.quante == 1
    return Segno(
        round(x, 1),
        round(y, 1),
        quadro.quante,
        quadro.primo if sola else None,
        str(vicino) if piu_vicino and not sola else "",
        quadro.laboratorio,
    )
