"""What people write in a cell of a sheet."""

import re
from datetime import date, time

import pytest

from portale.lib import celle

IL_3 = date(2023, 5, 3)


@pytest.mark.parametrize(
    ("scritto", "letto"),
    [
        ("3/5/2023", (IL_3, None)),
        ("03/05/23", (IL_3, None)),
        ("3-5-2023", (IL_3, None)),
        ("2023-05-03", (IL_3, None)),
        ("2023-05-03 18:30:00", (IL_3, time(18, 30))),
        ("03.05.2023 18:30", (IL_3, time(18, 30))),
        ("03.05.2023 18.30", (IL_3, time(18, 30))),
        ("mercoledì 3 maggio 2023", (IL_3, None)),
        ("Mercoledì, 3 Maggio 2023, ore 18", (IL_3, time(18))),
        ("mer 3 mag 2023 alle 18.30", (IL_3, time(18, 30))),
        ("mercoledi' 3 maggio 2023 dalle ore 9", (IL_3, time(9))),
        ("3 maggio 23", (IL_3, None)),
        ("1º maggio 2023", (date(2023, 5, 1), None)),
        ("1° maggio 2023", (date(2023, 5, 1), None)),
        ("primo maggio 2023", (date(2023, 5, 1), None)),
        # As a spreadsheet keeps it.
        ("45049", (IL_3, None)),
        ("45049.7708333", (IL_3, time(18, 30))),
        ("45049,7708333", (IL_3, time(18, 30))),
    ],
)
def test_days_as_italians_and_spreadsheets_write_them(scritto, letto):
    assert celle.momento(scritto) == letto


def test_a_workbook_of_an_old_mac_counts_from_another_day():
    assert celle.momento("43587", dal_1904=True) == (IL_3, None)
    assert celle.giorno("45049") == IL_3


@pytest.mark.parametrize(
    ("scritto", "detto"),
    [
        ("31/2/2023", "Questo giorno non esiste: controlla la data."),
        ("3/13/2023", "Questo giorno non esiste: controlla la data."),
        ("3 ma 2023", "Scrivi la data come 3/5/2023."),
        ("3 mar 2023 boh", "Scrivi l'ora come 18:30."),
        ("2023", "Scrivi la data come 3/5/2023."),
        ("12345", "Scrivi la data come 3/5/2023."),
        ("domani", "Scrivi la data come 3/5/2023."),
        ("3/5/20231", "Scrivi la data come 3/5/2023."),
        (
            "giovedì 3 maggio 2023",
            "Il 3/5/2023 non è il giorno della settimana che c'è scritto: controlla la data.",
        ),
        ("3/5/2023 25:00", "Scrivi l'ora come 18:30."),
    ],
)
def test_what_is_no_day_is_told_with_what_to_write(scritto, detto):
    with pytest.raises(ValueError, match=f"^{re.escape(detto)}$"):
        celle.momento(scritto)


def test_a_day_is_not_an_instant():
    with pytest.raises(ValueError, match="Scrivi la data come"):
        celle.giorno("3/5/2023 18:30")


@pytest.mark.parametrize(
    ("scritto", "letto"),
    [
        ("18:30", time(18, 30)),
        ("18.30", time(18, 30)),
        ("18,30", time(18, 30)),
        ("ore 18", time(18)),
        ("ore 18.30", time(18, 30)),
        ("h 9", time(9)),
        ("18h30", time(18, 30)),
        ("alle 18 e 30", None),
        ("18:30:00", time(18, 30)),
        ("0,7708333333", time(18, 30)),
        ("24", None),
        ("18:60", None),
        ("sera", None),
        ("", None),
    ],
)
def test_hours_as_people_write_them(scritto, letto):
    if letto is None:
        with pytest.raises(ValueError, match="Scrivi l'ora come 18:30"):
            celle.orario(scritto)
    else:
        assert celle.orario(scritto) == letto


@pytest.mark.parametrize(
    ("scritto", "letto"),
    [
        *((si, True) for si in ("sì", "SI", "si'", "x", "X", "vero", "1", "✓", "Sì.")),
        *((no, False) for no in ("no", "NO", "falso", "0")),
        *((mah, None) for mah in ("", "?", "non so", "da verificare", "-")),
    ],
)
def test_yes_no_and_nobody_knows(scritto, letto):
    assert celle.si_no(scritto) is letto


def test_a_word_that_says_neither_is_refused():
    with pytest.raises(ValueError, match="Scrivi «sì», «no»"):
        celle.si_no("forse")


def test_numbers_with_a_comma_or_a_point():
    assert [celle.numero(n) for n in ("45,05", "45.05", "-9", "", "9,69°")] == [
        45.05,
        45.05,
        -9.0,
        None,
        9.69,
    ]
    assert [celle.intero(n) for n in ("30", "1.200", "12,0", "", "007")] == [30, 1200, 12, None, 7]
    for scritto in ("1e5", "nan", "dieci", "1,2,3", "٣٠"):
        with pytest.raises(ValueError, match="Scrivi un numero"):
            celle.numero(scritto)
    for scritto in ("1,5", "-1", "dieci", "1.20"):
        with pytest.raises(ValueError, match="Scrivi un numero intero"):
            celle.intero(scritto)
