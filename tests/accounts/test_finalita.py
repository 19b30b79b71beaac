import pytest
from django.urls import get_resolver

from accounts.finalita import Finalita, finalita, mostrate, registra, registro, tempo, tutte


def test_a_period_is_said_as_people_say_it():
    assert [tempo(giorni) for giorni in (1, 7, 30, 60, 180, 365, 400, 730)] == [
        "1 giorno",
        "7 giorni",
        "30 giorni",
        "2 mesi",
        "6 mesi",
        "12 mesi",
        "400 giorni",
        "2 anni",
    ]


def test_how_long_follows_from_the_setting(settings):
    assert finalita("iscrizioni").giorni == 365
    assert finalita("iscrizioni").durata == "12 mesi dopo l’incontro, poi li cancelliamo."

    settings.CONSERVAZIONE = {**settings.CONSERVAZIONE, "iscrizioni": 90}

    assert finalita("iscrizioni").giorni == 90
    assert finalita("iscrizioni").durata == "3 mesi dopo l’incontro, poi li cancelliamo."


def test_where_no_number_of_days_ends_it_words_say_what_does():
    assert finalita("sostegni").giorni is None
    assert finalita("sostegni").durata == (
        "Finché non togli il sostegno o non ne chiedi la cancellazione."
    )


def test_whoever_names_a_period_has_one_and_the_other_way_round():
    for una in tutte():
        assert ("%(tempo)s" in str(una.parole)) is (una.giorni is not None), una.codice


def test_every_purpose_says_all_it_must_in_whole_sentences():
    for una in tutte():
        assert una.nome, una.codice
        assert una.dati, una.codice
        for testo in (una.perche, una.durata, una.base, una.frase):
            assert str(testo).endswith("."), (una.codice, str(testo))


def test_the_forms_that_a_purpose_names_exist():
    nomi = set(_nomi(get_resolver()))
    assert {nome for una in tutte() for nome in una.dove} - nomi == set()


def _nomi(resolver, spazio=""):
    for modello in resolver.url_patterns:
        if hasattr(modello, "url_patterns"):
            dentro = f"{spazio}{modello.namespace}:" if modello.namespace else spazio
            yield from _nomi(modello, dentro)
        elif modello.name:
            yield f"{spazio}{modello.name}"


def test_two_purposes_of_one_code_are_a_mistake(monkeypatch):
    monkeypatch.setattr("accounts.finalita.registro", dict(registro))
    with pytest.raises(ValueError, match="'iscrizioni'"):
        registra(Finalita(codice="iscrizioni", nome="", dati="", perche="", frase="", parole=""))


def test_what_is_switched_off_is_registered_but_not_shown(monkeypatch):
    spenta = Finalita(
        codice="spenta", nome="", dati="", perche="", frase="", parole="", accesa=lambda: False
    )
    monkeypatch.setattr("accounts.finalita.registro", {"spenta": spenta})

    assert (tutte(), mostrate()) == ([spenta], [])
