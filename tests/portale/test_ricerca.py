import pytest

from portale.lib.ricerca import LUNGHEZZA, contiene, estratto, evidenzia, indice, radice, radici

CIVICHE = """
quartiere quartieri
laboratorio laboratori
anziano anziani anziana anziane
pista piste
ciclabile ciclabili
biblioteca biblioteche
parco parchi
luogo luoghi
servizio servizi
spazio spazi
farmacia farmacie
vecchio vecchi vecchia vecchie
zona zone
area aree
città citta' citta
attività attivita
scuola scuole
spiaggia spiagge
edificio edifici
marciapiede marciapiedi
gioco giochi
lampione lampioni
giovane giovani
orario orari
bambino bambini bambina bambine
pubblico pubblici pubblica pubbliche
ciclista ciclisti cicliste
problema problemi
illuminazione illuminazioni
energia energie
"""


@pytest.mark.parametrize("parole", CIVICHE.strip().splitlines())
def test_singular_and_plural_are_one_word(parole):
    assert len({tuple(radici(parola)) for parola in parole.split()}) == 1


@pytest.mark.parametrize(
    ("una", "altra"),
    [
        ("pista", "pasta"),
        ("parco", "parte"),
        ("scuola", "scolo"),
        ("via", "vie"),
        ("casa", "caso"),
    ],
)
def test_the_rule_is_small_and_joins_no_more_than_endings(una, altra):
    """casa and caso are one: what a rule without a dictionary gives."""
    assert (radici(una) == radici(altra)) is (una == "casa")


@pytest.mark.parametrize(
    ("testo", "attese"),
    [
        ("Le piste ciclabili dell'area di via Roma", ["pist", "ciclabil", "are", "via", "rom"]),
        ("PERCHÉ non c’è più l’acqua?", ["acqu"]),
        ("zona 4, tavolo 12 (bis)", ["zon", "4", "tavol", "12", "bis"]),
        ("e_mail e-mail", ["mail", "mail"]),
        ("", []),
        ("il la lo e di", []),
        ("👍🏽 🌳🌳", []),
        ("Парк у школы", ["парк", "школы"]),
        ("حديقة", ["حديقة"]),
        ("ﬁera", ["fier"]),
        ("a\0b\x07c", []),
        ("\ud800panchina", ["panchin"]),
    ],
)
def test_stems_are_found_in_any_text(testo, attese):
    assert radici(testo) == attese


def test_accents_written_apart_make_the_same_word():
    assert radici("perche\u0301 la citta\u0300") == radici("perché la città") == ["citt"]


def test_a_word_without_end_is_cut_and_kept_out_of_memory():
    radice.cache_clear()

    assert radici("x" * 1_000_000) == ["x" * LUNGHEZZA]
    assert radice.cache_info().currsize == 1


def test_an_index_has_each_stem_once_in_order():
    assert indice("Piste e parchi", "Una pista nel parco verde") == "pist parc verd"


def test_what_is_found_is_marked_and_everything_is_escaped():
    assert (
        evidenzia("Le <b>piste</b> & la pista \"Po\" <script>alert('x')</script>", {"pist"})
        == "Le &lt;b&gt;<mark>piste</mark>&lt;/b&gt; &amp; la <mark>pista</mark> &quot;Po&quot; "
        "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"
    )


def test_a_mark_cannot_be_made_by_what_is_looked_for():
    cercate = radici("<script> mark alert")

    assert evidenzia("<mark>alert</mark>", cercate) == (
        "&lt;<mark>mark</mark>&gt;<mark>alert</mark>&lt;/<mark>mark</mark>&gt;"
    )


def test_nothing_looked_for_marks_nothing():
    assert evidenzia("Una <pista>", ()) == "Una &lt;pista&gt;"


@pytest.mark.parametrize(
    ("testo", "cercate", "atteso"),
    [
        ("Breve.", (), "Breve."),
        ("Due\nrighe\n\n qui", (), "Due righe qui"),
        ("parola " * 20, (), "parola parola parola parola parola…"),
        (
            "prima " * 20 + "una pista " + "dopo " * 20,
            {"pist"},
            "…prima una pista dopo dopo dopo dopo…",
        ),
        ("una pista " + "dopo " * 20, {"pist"}, "una pista dopo dopo dopo dopo dopo dopo…"),
        ("altro " * 20, {"pist"}, "altro altro altro altro altro altro…"),
        ("x" * 100, (), "x" * 40 + "…"),
    ],
)
def test_an_extract_is_around_the_word_and_cuts_between_words(testo, cercate, atteso):
    assert estratto(testo, cercate, lunghezza=40) == atteso


def test_a_text_has_all_the_words_or_not():
    assert contiene("Le piste ciclabili", ["pist", "ciclabil"])
    assert not contiene("Le piste", ["pist", "ciclabil"])
    # The letters are there, the word is not.
    assert not contiene("antipista", ["pist"])
