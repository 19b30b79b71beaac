import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proposte.confronto import (
    AGGIUNTO,
    TOLTO,
    UGUALE,
    Pezzo,
    in_breve,
    in_html,
    pezzi,
)


def prima_di(parti):
    return "".join(parte.testo for parte in parti if parte.genere != AGGIUNTO)


def dopo_di(parti):
    return "".join(parte.testo for parte in parti if parte.genere != TOLTO)


def come_si_vede(html):
    """What the page shows: neither tags nor what only a screen reader says."""
    html = re.sub(r'<span class="visually-hidden">.*?</span>', "", html)
    return re.sub(r"<[^>]+>", "", html)


def come_si_sente(html):
    html = re.sub(r'<span aria-hidden="true">.*?</span>', "", html)
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_a_changed_word_is_changed_whole():
    assert pezzi("Una panchina al sole.", "Una panchina all'ombra.") == [
        Pezzo(UGUALE, "Una panchina "),
        Pezzo(TOLTO, "al sole"),
        Pezzo(AGGIUNTO, "all'ombra"),
        Pezzo(UGUALE, "."),
    ]


def test_an_added_comma_leaves_its_word_alone():
    assert pezzi("alberi fontane", "alberi, fontane") == [
        Pezzo(UGUALE, "alberi"),
        Pezzo(AGGIUNTO, ","),
        Pezzo(UGUALE, " fontane"),
    ]


@pytest.mark.parametrize(
    ("prima", "dopo", "atteso"),
    [
        ("", "", []),
        ("", "Nuovo", [Pezzo(AGGIUNTO, "Nuovo")]),
        ("Vecchio", "", [Pezzo(TOLTO, "Vecchio")]),
        ("Uguale.", "Uguale.", [Pezzo(UGUALE, "Uguale.")]),
        # The same lines, as two browsers send them.
        ("una\r\ndue", "una\ndue", [Pezzo(UGUALE, "una\ndue")]),
        # A family is one sign, not four people and three joints.
        ("per 👨‍👩‍👧 oggi", "per 👨‍👩‍👧‍👦 oggi", None),
    ],
)
def test_edges(prima, dopo, atteso):
    if atteso is None:
        atteso = [
            Pezzo(UGUALE, "per "),
            Pezzo(TOLTO, "👨‍👩‍👧"),
            Pezzo(AGGIUNTO, "👨‍👩‍👧‍👦"),
            Pezzo(UGUALE, " oggi"),
        ]
    assert pezzi(prima, dopo) == atteso


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_is_compared_both_texts_can_be_read_in_it(prima, dopo):
    parti = pezzi(prima, dopo)

    def righe(testo):
        return testo.replace("\r\n", "\n").replace("\r", "\n")

    assert (prima_di(parti), dopo_di(parti)) == (righe(prima), righe(dopo))


def test_what_people_wrote_is_escaped_wherever_it_lands():
    html = in_html(
        pezzi("<b>uguale</b> <script>alert(1)</script>", "<b>uguale</b> <img src=x onerror=y>")
    )

    assert not re.search(r"<(?!/?(ins|del|span)\b)", html)
    assert "&lt;img" in html
    assert come_si_vede(html).startswith("&lt;b&gt;uguale&lt;/b&gt; ")


def test_braces_of_a_text_are_only_braces():
    html = in_html(pezzi("uno", "{} {0} %(n)d {{x}}"))

    assert "{} {0} %(n)d {{x}}" in come_si_vede(html)


def test_who_listens_hears_where_a_change_begins_and_ends():
    html = in_html(pezzi("Una panchina al sole.", "Una panchina all'ombra."))

    assert come_si_sente(html) == (
        "Una panchina [tolto:] al sole [fine di ciò che è tolto]"
        "[aggiunto:] all&#x27;ombra [fine di ciò che è aggiunto]."
    )
    assert "<del>" in html
    assert "<ins>" in html


def test_a_new_paragraph_shows_also_where_no_word_changed():
    html = in_html(pezzi("uno due", "uno\n\ndue"))

    assert come_si_vede(html) == "uno ¶\n¶\ndue"
    assert "a capo" in come_si_sente(html)


@pytest.mark.parametrize(
    ("prima", "dopo", "atteso"),
    [
        ("uno due", "uno due", ""),
        ("uno due", "uno due tre", "1 parola aggiunta"),
        ("uno due tre", "tre", "2 parole tolte"),
        ("al sole", "all'ombra fresca", "3 parole aggiunte, 2 parole tolte"),
        ("uno due", "uno, due", "cambiano solo spazi o punteggiatura"),
    ],
)
def test_the_change_in_brief(prima, dopo, atteso):
    assert in_breve(pezzi(prima, dopo)) == atteso


def test_texts_made_to_be_hard_to_compare_are_compared_in_time():
    """The longest that fits the field, all of repeated and crossed words."""
    prima = " ".join("ab"[i % 2] for i in range(3000))
    dopo = " ".join("ba"[(i * i // 7) % 2] for i in range(3000))

    inizio = time.perf_counter()
    parti = pezzi(prima, dopo)

    assert time.perf_counter() - inizio < 4
    assert (prima_di(parti), dopo_di(parti)) == (prima, dopo)
