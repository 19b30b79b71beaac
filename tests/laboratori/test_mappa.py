from dataclasses import dataclass, field
from itertools import combinations
from math import hypot

import pytest

from laboratori.mappa import (
    LATO,
    RAGGIO,
    anelli,
    baricentro,
    contorno,
    mappa,
    proiezione,
    schema,
    separa,
    settore,
)

QUADRATO = [[9.6, 45.0], [9.7, 45.0], [9.7, 45.1], [9.6, 45.1], [9.6, 45.0]]
POLIGONO = {"type": "Polygon", "coordinates": [QUADRATO]}


@dataclass
class Lab:
    numero: int
    latitudine: float | None = None
    longitudine: float | None = None
    area: object = None
    centrale: bool = False
    nome: str = field(init=False)

    def __post_init__(self):
        self.nome = f"Laboratorio {self.numero}"

    def get_absolute_url(self):
        return f"/laboratori/zona-{self.numero}/"


def ridotta(disegno):
    return [(voce.numero, voce.nome, voce.url) for voce in disegno.voci]


# --- GeoJSON ---


def test_polygons_multipolygons_and_features_give_their_rings():
    anello = [tuple(punto) for punto in QUADRATO]
    assert anelli(POLIGONO) == [anello]
    assert anelli({"type": "MultiPolygon", "coordinates": [[QUADRATO], [QUADRATO]]}) == [
        anello,
        anello,
    ]
    assert anelli({"type": "Feature", "geometry": POLIGONO}) == [anello]


@pytest.mark.parametrize(
    "area",
    [
        None,
        "Polygon",
        [],
        {},
        {"type": "Point", "coordinates": [9.7, 45.0]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [[["nove", 45], [9.7, 45], [9.7, 45.1]]]},
        {"type": "Polygon", "coordinates": [[[9.6], [9.7], [9.8]]]},
        {"type": "Polygon", "coordinates": [[[9.6, 45.0], [9.7, 45.1]]]},
        {"type": "Polygon", "coordinates": [[[500, 45], [9.7, 45], [9.7, 45.1]]]},
        {"type": "Polygon", "coordinates": [[[float("nan"), 45], [9.7, 45], [9.7, 45.1]]]},
        {"type": "MultiPolygon", "coordinates": 3},
        {"type": "Feature", "geometry": None},
    ],
)
def test_whatever_else_is_in_the_field_is_no_outline(area):
    assert anelli(area) == []


def test_the_centre_of_a_ring_is_where_it_would_balance():
    x, y = baricentro([tuple(punto) for punto in QUADRATO])
    assert (round(x, 6), round(y, 6)) == (9.65, 45.05)
    assert baricentro([(0.0, 0.0), (2.0, 0.0), (4.0, 0.0)]) == (2.0, 0.0)


def test_points_that_nobody_could_tell_apart_are_left_out_of_the_path():
    fitto = [(0, 0), (0.1, 0), (0.2, 0.1), (10, 0), (10, 10), (10, 10.2)]
    assert contorno([fitto]) == "M0.0 0.0L10.0 0.0L10.0 10.0Z"
    assert contorno([[(0, 0), (0.1, 0), (0.2, 0)]]) == ""


# --- Places ---


def test_the_projection_has_north_up_and_keeps_everything_inside():
    punti = [(9.64, 45.05), (9.75, 45.07), (9.70, 44.99)]
    proietta, altezza = proiezione(punti)
    nord, sud = proietta(punti[1]), proietta(punti[2])
    assert nord[1] < sud[1]
    for x, y in map(proietta, punti):
        assert RAGGIO <= x <= LATO - RAGGIO
        assert RAGGIO <= y <= altezza - RAGGIO


def test_one_point_alone_stands_in_the_middle():
    proietta, altezza = proiezione([(9.69, 45.05)])
    assert proietta((9.69, 45.05)) == (LATO / 2, altezza / 2)


def test_badges_never_cover_each_other_even_on_one_spot():
    mossi = separa([(160, 160)] * 7, 320)
    for (x1, y1), (x2, y2) in combinations(mossi, 2):
        assert hypot(x1 - x2, y1 - y2) >= 2 * RAGGIO
    assert mossi == separa([(160, 160)] * 7, 320)


def test_badges_that_are_apart_do_not_move():
    assert separa([(60, 60), (200, 200)], 320) == [(60, 60), (200, 200)]


# --- Scheme ---


def test_the_central_zone_stands_in_the_middle_of_the_others():
    disegno = mappa([Lab(n, centrale=n == 7) for n in (3, 1, 2, 7, 6, 5, 4)])
    assert disegno.schematica
    assert [voce.numero for voce in disegno.voci] == [1, 2, 3, 4, 5, 6, 7]
    centro = disegno.voci[-1]
    assert (centro.x, centro.y) == (LATO / 2, LATO / 2)
    for primo, secondo in combinations(disegno.voci, 2):
        assert hypot(primo.x - secondo.x, primo.y - secondo.y) >= 2 * RAGGIO


@pytest.mark.parametrize("centrali", [0, 2])
def test_without_one_central_zone_all_stand_around(centrali):
    disegno = mappa([Lab(n, centrale=n <= centrali) for n in range(1, 6)])
    assert all((voce.x, voce.y) != (LATO / 2, LATO / 2) for voce in disegno.voci)
    assert len({(voce.x, voce.y) for voce in disegno.voci}) == 5


@pytest.mark.parametrize("quanti", range(1, 13))
def test_any_number_of_labs_has_a_scheme_with_a_place_for_each(quanti):
    posti = schema(1, quanti - 1)
    assert len(posti) == quanti
    assert len({(x, y) for _, x, y in posti}) == quanti


def test_a_sector_says_whether_it_is_more_than_half_the_ring():
    assert " 0 1 1 " in settore(0, 4, 50, 100)
    assert " 0 0 1 " in settore(0, 2, 50, 100)


# --- The whole map ---


def test_no_labs_make_an_empty_map():
    assert ridotta(mappa([])) == []


def test_points_and_outlines_are_drawn_to_scale():
    disegno = mappa([Lab(2, 45.01, 9.66), Lab(1, area=POLIGONO)])
    assert not disegno.schematica
    assert disegno.y_ignoti == ""
    assert ridotta(disegno) == [
        (1, "Laboratorio 1", "/laboratori/zona-1/"),
        (2, "Laboratorio 2", "/laboratori/zona-2/"),
    ]
    assert [bool(voce.contorno) for voce in disegno.voci] == [True, False]


def test_labs_that_nobody_has_placed_stand_below_the_drawing():
    disegno = mappa([Lab(1, 45.05, 9.64), Lab(2, 45.01, 9.66), Lab(3), Lab(4, 91.0, 9.6)])
    y_ignoti = float(disegno.y_ignoti)
    assert [voce.numero for voce in disegno.voci if voce.y > y_ignoti] == [3, 4]
    assert all(voce.y + RAGGIO <= disegno.altezza for voce in disegno.voci)


def test_numbers_are_written_as_an_svg_reads_them():
    voce = mappa([Lab(1, 45.05, 9.64), Lab(2, 45.013, 9.661)]).voci[1]
    assert "," not in voce.cx + voce.cy + voce.y_testo


def test_a_point_of_the_city_is_found_on_the_drawing_between_the_labs_around_it():
    disegno = mappa([Lab(1, 45.05, 9.64), Lab(2, 45.01, 9.70)])
    nord_ovest, sud_est = disegno.voci
    x, y = disegno.dove(45.03, 9.67)
    assert nord_ovest.x < x < sud_est.x
    assert nord_ovest.y < y < sud_est.y


@pytest.mark.parametrize(
    ("lat", "lon"), [(None, 9.67), (45.03, None), (46.5, 9.67), (45.03, 12.0), (float("nan"), 9.6)]
)
def test_a_point_that_is_elsewhere_or_nowhere_is_not_drawn(lat, lon):
    assert mappa([Lab(1, 45.05, 9.64), Lab(2, 45.01, 9.70)]).dove(lat, lon) is None


def test_a_scheme_has_no_place_for_a_point_nor_have_the_rows_of_unplaced_labs():
    assert mappa([Lab(1), Lab(2)]).dove(45.03, 9.67) is None
    disegno = mappa([Lab(1, 45.05, 9.64), Lab(2, 45.01, 9.66), Lab(3)])
    assert disegno.dove(45.03, 9.65) is not None
    assert disegno.dove(45.0, 9.65) is None
