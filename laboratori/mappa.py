"""The labs as a drawing that needs no tiles, no script and nobody else's server.

Where the office has given outlines or points, they are drawn to scale; the labs of which it has
given neither stand in a scheme of equal sectors that says of itself that it is not to scale.
Everything here is a pure function of its arguments; lengths are units of the SVG's view box,
which is 320 wide, so that on a phone one unit is about one pixel.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import cos, hypot, isfinite, pi, radians, sin

LATO = 320
# A circle of this radius is a target of more than 44 pixels also on a screen 320 pixels wide.
RAGGIO = 26
MARGINE = RAGGIO + 6
# Points of an outline nearer than this are one: nobody sees the difference, and a file of the
# cadastre has ten thousand of them.
PASSO = 0.8

Punto = tuple[float, float]


@dataclass(frozen=True)
class Voce:
    """One lab of the map: its outline (an SVG path, empty without one) and its badge."""

    numero: int
    nome: str
    url: str
    x: float
    y: float
    contorno: str

    # As text: a template would write 12,5 in Italian, which an SVG does not understand.

    @property
    def cx(self) -> str:
        return f"{self.x:g}"

    @property
    def cy(self) -> str:
        return f"{self.y:g}"

    @property
    def y_testo(self) -> str:
        """The baseline that puts the number in the middle of the badge."""
        return f"{self.y + 8:g}"


@dataclass(frozen=True)
class Mappa:
    voci: tuple[Voce, ...]
    altezza: float
    # Nobody knows where anything is: the whole drawing is a scheme.
    schematica: bool
    # Some places are known and some are not: these stand in rows below the drawing, under a
    # line of text at this height. Empty when there are none, or when all is a scheme.
    y_ignoti: str = ""
    larghezza: int = LATO
    raggio: int = RAGGIO
    # From (longitude, latitude) to the drawing; a scheme has none.
    proietta: Callable[[Punto], Punto] | None = field(default=None, compare=False, repr=False)

    @property
    def viewbox(self) -> str:
        return f"0 0 {self.larghezza} {self.altezza:g}"

    def dove(self, latitudine: float | None, longitudine: float | None) -> Punto | None:
        """Where on the drawing a point of the city lies; None for one that is out of it, and
        where the drawing is a scheme."""
        if self.proietta is None or latitudine is None or longitudine is None:
            return None
        if not _sulla_terra((longitudine, latitudine)):
            return None
        x, y = self.proietta((longitudine, latitudine))
        fondo = float(self.y_ignoti) - 20 if self.y_ignoti else self.altezza
        return (round(x, 1), round(y, 1)) if 0 <= x <= LATO and 0 <= y <= fondo else None


# --- Outlines -------------------------------------------------------------------------------


def anelli(area: object) -> list[list[Punto]]:
    """The rings (longitude, latitude) of a GeoJSON Polygon or MultiPolygon, bare or inside a
    Feature. Empty for anything else: a map must not fail because a field was filled badly."""
    if not isinstance(area, dict):
        return []
    if area.get("type") == "Feature":
        return anelli(area.get("geometry"))
    coordinate = area.get("coordinates")
    if area.get("type") == "Polygon":
        poligoni = [coordinate]
    elif area.get("type") == "MultiPolygon":
        poligoni = coordinate
    else:
        return []
    try:
        trovati = [
            [(float(punto[0]), float(punto[1])) for punto in anello]
            for poligono in poligoni
            for anello in poligono
        ]
    except (TypeError, ValueError, IndexError, KeyError):
        return []
    if not all(_sulla_terra(punto) for anello in trovati for punto in anello):
        return []
    return [anello for anello in trovati if len(anello) >= 3]


def _sulla_terra(punto: Punto) -> bool:
    lon, lat = punto
    return isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) < 90


def _superficie(anello: Sequence[Punto]) -> float:
    """Twice the signed area (the shoelace formula)."""
    successivi = [*anello[1:], anello[0]]
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(anello, successivi, strict=True))


def _estensione(anello: Sequence[Punto]) -> float:
    return abs(_superficie(_dal_primo(anello)))


def _dal_primo(anello: Sequence[Punto]) -> list[Punto]:
    """The ring measured from its first point: a neighbourhood is so small beside its
    coordinates that products of these would lose its surface among the digits."""
    x0, y0 = anello[0]
    return [(x - x0, y - y0) for x, y in anello]


def baricentro(anello: Sequence[Punto]) -> Punto:
    """The centre of gravity of a ring; the mean of its points when it has no surface."""
    x0, y0 = anello[0]
    relativo = _dal_primo(anello)
    doppia = _superficie(relativo)
    if abs(doppia) < 1e-15:
        return (
            x0 + sum(x for x, _ in relativo) / len(relativo),
            y0 + sum(y for _, y in relativo) / len(relativo),
        )
    x = y = 0.0
    successivi = [*relativo[1:], relativo[0]]
    for (x1, y1), (x2, y2) in zip(relativo, successivi, strict=True):
        incrocio = x1 * y2 - x2 * y1
        x += (x1 + x2) * incrocio
        y += (y1 + y2) * incrocio
    return x0 + x / (3 * doppia), y0 + y / (3 * doppia)


def contorno(anelli_proiettati: Iterable[Sequence[Punto]]) -> str:
    """The SVG path of projected rings, without the points that nobody could tell apart."""
    parti = []
    for anello in anelli_proiettati:
        tenuti: list[Punto] = []
        for x, y in anello:
            if not tenuti or hypot(x - tenuti[-1][0], y - tenuti[-1][1]) >= PASSO:
                tenuti.append((x, y))
        if len(tenuti) >= 3:
            parti.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in tenuti) + "Z")
    return "".join(parti)


# --- Projection -----------------------------------------------------------------------------


def proiezione(punti: Sequence[Punto]):
    """A function from (longitude, latitude) to the drawing that fits ``punti`` inside its
    margins, north up, and the height of that drawing. Distances keep their proportions, as far
    as a city is small on the globe."""
    sud = min(lat for _, lat in punti)
    nord = max(lat for _, lat in punti)
    stretta = cos(radians((sud + nord) / 2))
    ovest = min(lon for lon, _ in punti) * stretta
    est = max(lon for lon, _ in punti) * stretta
    utile = LATO - 2 * MARGINE
    scala = utile / max(est - ovest, nord - sud, 1e-6)
    sinistra = (LATO - (est - ovest) * scala) / 2

    def proietta(punto: Punto) -> Punto:
        lon, lat = punto
        return sinistra + (lon * stretta - ovest) * scala, MARGINE + (nord - lat) * scala

    return proietta, 2 * MARGINE + (nord - sud) * scala


def separa(punti: Sequence[Punto], altezza: float) -> list[Punto]:
    """The same points moved apart, each as little as needed for no badge to cover another, and
    kept inside the drawing. Badges on one spot part in a direction that does not change from
    one call to the next."""
    distanza = 2 * RAGGIO + 4
    mossi = [list(punto) for punto in punti]
    for _giro in range(60):
        fermo = True
        for i, primo in enumerate(mossi):
            for j in range(i + 1, len(mossi)):
                secondo = mossi[j]
                dx, dy = secondo[0] - primo[0], secondo[1] - primo[1]
                lontani = hypot(dx, dy)
                if lontani >= distanza - 0.1:
                    continue
                fermo = False
                if lontani < 0.01:
                    angolo = 2 * pi * j / len(mossi)
                    dx, dy, lontani = cos(angolo), sin(angolo), 1.0
                    spinta = distanza / 2
                else:
                    spinta = (distanza - lontani) / 2
                primo[0] -= dx / lontani * spinta
                primo[1] -= dy / lontani * spinta
                secondo[0] += dx / lontani * spinta
                secondo[1] += dy / lontani * spinta
        for punto in mossi:
            punto[0] = min(max(punto[0], MARGINE), LATO - MARGINE)
            punto[1] = min(max(punto[1], MARGINE), max(altezza - MARGINE, MARGINE))
        if fermo:
            break
    return [(x, y) for x, y in mossi]


# --- Scheme ---------------------------------------------------------------------------------


def settore(inizio: float, fine: float, interno: float, esterno: float) -> str:
    """The path of a sector of a ring around the middle of the drawing, clockwise between two
    angles in radians, 0 being north."""
    centro = LATO / 2
    largo = int(fine - inizio > pi)

    def sul(raggio, angolo):
        return f"{centro + raggio * sin(angolo):.1f} {centro - raggio * cos(angolo):.1f}"

    return (
        f"M{sul(esterno, inizio)}A{esterno:g} {esterno:g} 0 {largo} 1 {sul(esterno, fine)}"
        f"L{sul(interno, fine)}A{interno:g} {interno:g} 0 {largo} 0 {sul(interno, inizio)}Z"
    )


def _cerchio(raggio: float) -> str:
    c = LATO / 2
    return (
        f"M{c:g} {c - raggio:g}A{raggio:g} {raggio:g} 0 1 1 {c:g} {c + raggio:g}"
        f"A{raggio:g} {raggio:g} 0 1 1 {c:g} {c - raggio:g}Z"
    )


def schema(centrali: int, intorno: int) -> list[tuple[str, float, float]]:
    """Path and badge of each place of a scheme: a circle in the middle when ``centrali`` is not
    0 (one place; more than one are put around with the others), then equal sectors clockwise
    from the north."""
    centro = LATO / 2
    if centrali != 1:
        centrali, intorno = 0, intorno + centrali
    if centrali + intorno == 1:
        return [(_cerchio(90), centro, centro)]
    posti = [(_cerchio(54), centro, centro)] if centrali else []
    passo, spazio = 2 * pi / max(intorno, 1), 0.03
    for i in range(intorno):
        if intorno == 1:
            # A whole ring has no two different ends to draw between: leave a gap in it.
            spazio = 0.1
        inizio, fine = i * passo + spazio, (i + 1) * passo - spazio
        mezzo, raggio = (inizio + fine) / 2, 108
        posti.append(
            (
                settore(inizio, fine, 62, 154),
                round(centro + raggio * sin(mezzo), 1),
                round(centro - raggio * cos(mezzo), 1),
            )
        )
    return posti


# --- The map --------------------------------------------------------------------------------


def mappa(laboratori: Iterable) -> Mappa:
    """The map of ``laboratori`` (rows with numero, nome, latitudine, longitudine, area,
    centrale and get_absolute_url), in the order of their numbers."""
    laboratori = sorted(laboratori, key=lambda laboratorio: laboratorio.numero)
    noti, ignoti = [], []
    for laboratorio in laboratori:
        contorni = anelli(laboratorio.area)
        punto = (laboratorio.longitudine, laboratorio.latitudine)
        if None in punto or not _sulla_terra(punto):
            punto = baricentro(max(contorni, key=_estensione)) if contorni else None
        if punto is None:
            ignoti.append(laboratorio)
        else:
            noti.append((laboratorio, contorni, punto))
    if not noti:
        return _schematica(ignoti)
    return _in_scala(noti, ignoti)


def _voce(laboratorio, x, y, percorso) -> Voce:
    return Voce(
        laboratorio.numero,
        laboratorio.nome,
        laboratorio.get_absolute_url(),
        round(x, 1),
        round(y, 1),
        percorso,
    )


def _per_numero(voci: Iterable[Voce]) -> tuple[Voce, ...]:
    return tuple(sorted(voci, key=lambda voce: voce.numero))


def _schematica(laboratori) -> Mappa:
    centrali = [laboratorio for laboratorio in laboratori if laboratorio.centrale]
    if len(centrali) == 1:
        laboratori = centrali + [lab for lab in laboratori if not lab.centrale]
    posti = schema(len(centrali), len(laboratori) - len(centrali)) if laboratori else []
    voci = [
        _voce(laboratorio, x, y, percorso)
        for laboratorio, (percorso, x, y) in zip(laboratori, posti, strict=True)
    ]
    return Mappa(_per_numero(voci), LATO, schematica=True)


def _in_scala(noti, ignoti) -> Mappa:
    punti = [punto for _, _, punto in noti]
    punti += [punto for _, contorni, _ in noti for anello in contorni for punto in anello]
    proietta, altezza = proiezione(punti)
    segni = separa([proietta(punto) for _, _, punto in noti], altezza)
    voci = [
        _voce(
            laboratorio,
            x,
            y,
            contorno([proietta(punto) for punto in anello] for anello in contorni),
        )
        for (laboratorio, contorni, _), (x, y) in zip(noti, segni, strict=True)
    ]
    if not ignoti:
        return Mappa(_per_numero(voci), round(altezza, 1), schematica=False, proietta=proietta)
    y_ignoti = round(altezza + 20, 1)
    passo, per_riga = 2 * RAGGIO + 8, 5
    for indice, laboratorio in enumerate(ignoti):
        riga, colonna = divmod(indice, per_riga)
        x, y = RAGGIO + 4 + colonna * passo, y_ignoti + 12 + RAGGIO + riga * passo
        voci.append(_voce(laboratorio, x, y, ""))
    righe = -(-len(ignoti) // per_riga)
    altezza = round(y_ignoti + 12 + righe * passo, 1)
    return Mappa(
        _per_numero(voci),
        altezza,
        schematica=False,
        y_ignoti=f"{y_ignoti:g}",
        proietta=proietta,
    )
