"""Where proposals are, as a drawing like the labs' own: each a mark, those that are near each
other one mark with their number. No script: a group opens in a closer drawing."""

from dataclasses import dataclass
from math import cos, radians

from django.db.models import Avg, Count, F, Max, Min, QuerySet
from django.db.models.functions import Floor

from laboratori.mappa import LATO, MARGINE, RAGGIO, anelli, contorno, mappa, separa
from laboratori.models import Laboratorio
from portale.lib.memoria import ricorda

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
class MappaProposte:
    """``luoghi``: the proposals that stand on it, ``viste`` how many they are."""

    luoghi: QuerySet
    segni: list[Segno]
    sfondo: list[str]
    altezza: float
    viste: int
    raggio: int = RAGGIO - 4

    @property
    def viewbox(self) -> str:
        return f"0 0 {LATO} {self.altezza:g}"


def disegna(proposte: QuerySet, riquadro: Riquadro | None) -> MappaProposte:
    """The proposals of ``proposte`` that have a place: inside ``riquadro``, or all that are in
    the city. Two queries and the labs', however many they are."""
    luoghi = proposte.filter(latitudine__isnull=False)
    laboratori, citta = _citta()
    if riquadro is None and citta:
        luoghi = _dentro(luoghi, citta)
    if riquadro is None:
        riquadro = _estensione(luoghi)
        if riquadro is None:
            return MappaProposte(luoghi, [], [], LATO / 2, 0)
        riquadro = riquadro.almeno(MINIMO)
    proietta, altezza, passo = _proiezione(riquadro)
    luoghi = _dentro(luoghi, riquadro)
    segni = _segni(luoghi, riquadro, passo, proietta, altezza)
    sfondo = [
        contorno([proietta(punto) for punto in anello] for anello in anelli(area))
        for area in laboratori
    ]
    viste = sum(segno.quante for segno in segni)
    return MappaProposte(luoghi, segni, [d for d in sfondo if d], altezza, viste)


def _citta():
    """The outlines of the labs, and the part of the globe that the city surely is in; None where
    nobody has said where its labs are."""

    def calcola():
        laboratori = list(Laboratorio.objects.pubblici())
        disegno = mappa(laboratori)
        aree = [laboratorio.area for laboratorio in laboratori if laboratorio.area]
        if disegno.proietta is None:
            return aree, None
        punti = [p for area in aree for anello in anelli(area) for p in anello]
        punti += [
            (laboratorio.longitudine, laboratorio.latitudine)
            for laboratorio in laboratori
            if laboratorio.longitudine is not None
        ]
        ovest, est = min(lon for lon, _ in punti), max(lon for lon, _ in punti)
        sud, nord = min(lat for _, lat in punti), max(lat for _, lat in punti)
        # A lab's point is somewhere in its area, which goes beyond it.
        aria = max(est - ovest, nord - sud, 0.02) / 2
        return aree, Riquadro(ovest - aria, sud - aria, est + aria, nord + aria)

    return ricorda("citta-sulla-mappa", calcola)


def _dentro(luoghi, riquadro):
    return luoghi.filter(
        longitudine__range=(riquadro.ovest, riquadro.est),
        latitudine__range=(riquadro.sud, riquadro.nord),
    )


def _estensione(luoghi):
    limiti = luoghi.order_by().aggregate(
        Min("longitudine"), Min("latitudine"), Max("longitudine"), Max("latitudine")
    )
    valori = list(limiti.values())
    return None if None in valori else Riquadro(*valori)


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


def _segni(luoghi, riquadro, passo, proietta, altezza):
    quadri = {}
    righe = (
        luoghi.order_by()
        .annotate(
            colonna=Floor((F("longitudine") - riquadro.ovest) / passo[0]),
            riga=Floor((F("latitudine") - riquadro.sud) / passo[1]),
        )
        .values("colonna", "riga", "laboratorio")
        .annotate(
            quante=Count("pk"),
            primo=Min("pk"),
            x=Avg("longitudine"),
            y=Avg("latitudine"),
            ovest=Min("longitudine"),
            sud=Min("latitudine"),
            est=Max("longitudine"),
            nord=Max("latitudine"),
        )
    )
    for riga in righe:
        quadri.setdefault((riga["riga"], riga["colonna"]), []).append(riga)
    # From the north-west, as one reads.
    gruppi = [quadri[dove] for dove in sorted(quadri, key=lambda dove: (-dove[0], dove[1]))]
    posti = separa([proietta(_media(gruppo)) for gruppo in gruppi], altezza)
    return [_segno(gruppo, x, y, riquadro) for gruppo, (x, y) in zip(gruppi, posti, strict=True)]


def _media(gruppo):
    quante = sum(riga["quante"] for riga in gruppo)
    return tuple(
        sum(riga[asse] * riga["quante"] for riga in gruppo) / quante for asse in ("x", "y")
    )


def _segno(gruppo, x, y, intero):
    quante = sum(riga["quante"] for riga in gruppo)
    vicino = Riquadro(
        min(riga["ovest"] for riga in gruppo),
        min(riga["sud"] for riga in gruppo),
        max(riga["est"] for riga in gruppo),
        max(riga["nord"] for riga in gruppo),
    )
    insieme = max(vicino.est - vicino.ovest, vicino.nord - vicino.sud) < 10**-DECIMALI * 2
    piu_vicino = vicino.almeno(MINIMO)
    # Where the closer drawing would be this one again, there is none.
    stesso = insieme or (piu_vicino.est - piu_vicino.ovest) >= (intero.est - intero.ovest)
    return Segno(
        round(x, 1),
        round(y, 1),
        quante,
        gruppo[0]["primo"] if quante == 1 else None,
        "" if quante == 1 or stesso else str(piu_vicino),
        max(gruppo, key=lambda riga: riga["quante"])["laboratorio"],
    )
