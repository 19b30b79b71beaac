"""A point of the city on the labs' drawing, there and back: what a script needs to turn a click
into a place, and a place into a mark."""

from collections.abc import Iterable
from dataclasses import dataclass

from laboratori.mappa import Mappa, mappa


@dataclass(frozen=True)
class MappaDelPunto:
    """The drawing with at most one mark on it.

    ``x = a·longitudine + b`` and ``y = c·latitudine + d``: numbers as text, because a template
    would write them with a comma.
    """

    mappa: Mappa
    a: str
    b: str
    c: str
    d: str
    # Where the mark stands; empty without a point, or when it is out of the drawing.
    cx: str = ""
    cy: str = ""


def mappa_del_punto(
    laboratori: Iterable, latitudine: float | None, longitudine: float | None
) -> MappaDelPunto | None:
    """None where the drawing is a scheme: nobody could say where a click is."""
    disegno = mappa(laboratori)
    if disegno.proietta is None:
        return None
    # The projection is a straight line in each direction: two points give it.
    (x0, y0), (x1, y1) = disegno.proietta((0, 0)), disegno.proietta((1, 1))
    qui = disegno.dove(latitudine, longitudine)
    return MappaDelPunto(
        disegno,
        *(repr(numero) for numero in (x1 - x0, x0, y1 - y0, y0)),
        *(f"{numero:g}" for numero in qui or ()),
    )
