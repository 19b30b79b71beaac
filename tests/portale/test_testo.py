from decimal import Decimal

import pytest
from django.utils import translation

from portale.lib.testo import euro, fonti, normalizza_email, righe


def test_addresses_are_compared_in_one_form():
    assert normalizza_email(" Anna@Example.ORG ") == "anna@example.org"


def test_lines_are_read_without_the_empty_ones():
    assert righe(" uno\r\n\n  due \n") == ["uno", "due"]
    assert righe("") == []


@pytest.mark.parametrize(
    ("importo", "italiano", "inglese"),
    [
        (None, "", ""),
        (Decimal(15000), "15.000 euro", "15,000 euro"),
        (Decimal("31232.00"), "31.232 euro", "31,232 euro"),
        (Decimal("0.50"), "0,50 euro", "0.50 euro"),
    ],
)
def test_money_is_written_as_people_read_it(importo, italiano, inglese):
    assert euro(importo) == italiano
    with translation.override("en"):
        assert euro(importo) == inglese


@pytest.mark.parametrize(
    ("indirizzi", "trovate"),
    [
        (["https://www.example.org/a?b=1"], [("https://www.example.org/a?b=1", "example.org")]),
        (["javascript:alert(1)", "ftp://example.org", "https://", "", None, 3], []),
        ("https://example.org", []),
        (None, []),
    ],
)
def test_sources_are_only_what_a_browser_may_open(indirizzi, trovate):
    assert fonti(indirizzi) == trovate
