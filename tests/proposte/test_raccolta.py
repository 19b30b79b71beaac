import itertools
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from posta.models import Messaggio
from proposte import raccolta
from proposte.models import Nota, Verbalizzante
from proposte.raccolta import Chiusa, Esito, Foglietto
from proposte.services import Rifiuto
from tests.factories import IncontroFactory, NotaFactory, VerbalizzanteFactory

pytestmark = pytest.mark.django_db

INIZIO = datetime(2026, 3, 3, 17, 30, tzinfo=UTC)
FINE = INIZIO + timedelta(hours=2)
ADESSO = INIZIO + timedelta(minutes=30)


def verbalizzante(**campi):
    incontro = {"incontro__inizio": INIZIO, "incontro__fine": FINE}
    return VerbalizzanteFactory(**(incontro | campi))


def foglietto(n=1, **campi):
    return Foglietto(**({"chiave": uuid.UUID(int=n), "testo": f"nota {n}"} | campi))


def registra(mia, *foglietti, adesso=ADESSO):
    return [risultato.esito for risultato in raccolta.registra(mia, foglietti, adesso)]


def scritte(mia):
    return list(raccolta.note_di(mia).values_list("testo", "versione"))


# --- When the role holds --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adesso", "perche"),
    [
        (
            INIZIO - timedelta(days=7, seconds=1),
            "È presto: il link si apre martedì 24 febbraio 2026, 18:30.",
        ),
        (INIZIO - timedelta(days=7), ""),
        (INIZIO, ""),
        (FINE + timedelta(days=7, seconds=-1), ""),
        (
            FINE + timedelta(days=7),
            "La raccolta di questo incontro si è chiusa martedì 10 marzo 2026, 20:30.",
        ),
    ],
)
def test_the_link_holds_from_a_week_before_the_meeting_to_a_week_after_it(adesso, perche):
    assert raccolta.RUOLO.perche_chiuso(verbalizzante(), adesso) == perche


@pytest.mark.parametrize(
    ("campi", "perche"),
    [
        ({"attivo": False}, "L'ufficio ha ritirato questo link."),
        ({"incontro__stato": "annullato"}, "L'incontro è annullato."),
        (
            {"incontro__stato": "rinviato", "incontro__inizio": None, "incontro__fine": None},
            "L'incontro non ha ancora una data: il link funziona da una settimana prima.",
        ),
        ({"incontro__stato": "svolto"}, ""),
        ({"incontro__stato": "bozza"}, ""),
        ({"incontro__fine": None}, ""),
    ],
)
def test_the_link_holds_while_the_role_does_and_the_meeting_is_on(campi, perche):
    assert raccolta.RUOLO.perche_chiuso(verbalizzante(**campi), ADESSO) == perche


def test_nothing_is_kept_once_the_role_was_taken_back_a_moment_ago():
    mia = verbalizzante()
    raccolta.RUOLO.ritira(Verbalizzante.objects.get())
    assert mia.attivo

    with pytest.raises(Chiusa, match="ritirato"):
        registra(mia, foglietto())
    assert Nota.objects.count() == 0

    raccolta.RUOLO.ridai(mia)
    assert registra(mia, foglietto()) == [Esito.SALVATA]


# --- Notes ----------------------------------------------------------------------------------


def test_notes_are_kept_in_the_order_typed_whatever_the_order_they_come_in():
    mia = verbalizzante()
    registra(mia, foglietto(3, ordine=3), foglietto(1, ordine=1))
    registra(mia, foglietto(2, ordine=2))
    # A form gives no place: it comes after all.
    registra(mia, foglietto(4))
    assert scritte(mia) == [(f"nota {n}", 1) for n in (1, 2, 3, 4)]


def test_the_same_batch_sent_again_changes_nothing():
    mia = verbalizzante()
    lotto = [foglietto(n, ordine=n) for n in range(1, 4)]
    primi = raccolta.registra(mia, lotto, ADESSO)
    righe = list(Nota.objects.order_by("pk").values())

    secondi = raccolta.registra(mia, lotto + lotto[:1], ADESSO + timedelta(minutes=1))

    assert [r.esito for r in secondi] == [Esito.SALVATA] * 4
    assert [r.nota.pk for r in secondi] == [r.nota.pk for r in (*primi, primi[0])]
    assert list(Nota.objects.order_by("pk").values()) == righe


STORIA = [
    foglietto(versione=1, testo="panchine", ordine=1),
    foglietto(versione=2, testo="panchine nuove", tavolo=2, genere="bisogno", ordine=1),
    foglietto(versione=3, testo="panchine nuove", tavolo=2, genere="bisogno", eliminata=True),
    foglietto(versione=4, testo="panchine nuove", tavolo=2, genere="bisogno"),
]


@pytest.mark.parametrize("arrivo", [*itertools.permutations(range(4))])
def test_the_newest_version_stands_in_whatever_order_they_arrive(arrivo):
    mia = verbalizzante()
    for n in arrivo:
        registra(mia, STORIA[n])
    nota = Nota.objects.get()
    assert (nota.testo, nota.versione, nota.tavolo, nota.genere, nota.eliminata_at) == (
        "panchine nuove",
        4,
        2,
        "bisogno",
        None,
    )


@pytest.mark.parametrize("arrivo", [(0, 1, 2), (2, 0, 1), (2, 1, 0), (1, 2, 0)])
def test_a_deleted_note_stays_deleted_when_its_older_texts_arrive_late(arrivo):
    mia = verbalizzante()
    for n in arrivo:
        registra(mia, STORIA[n])
    assert Nota.objects.get().eliminata_at == ADESSO
    assert not Nota.objects.presenti().exists()


def test_a_batch_may_hold_several_versions_of_a_note_that_is_new():
    mia = verbalizzante()
    assert registra(mia, STORIA[2], STORIA[0], STORIA[3]) == [
        # Each is told how what stands compares with what it sent.
        Esito.SUPERATA,
        Esito.SUPERATA,
        Esito.SALVATA,
    ]
    assert scritte(mia) == [("panchine nuove", 4)]


def test_of_two_texts_of_one_version_the_first_stands_and_the_second_is_told():
    mia = verbalizzante()
    registra(mia, foglietto(versione=2, testo="qui"))
    [risultato] = raccolta.registra(mia, [foglietto(versione=2, testo="là")], ADESSO)
    assert (risultato.esito, risultato.nota.testo) == (Esito.SUPERATA, "qui")
    assert scritte(mia) == [("qui", 2)]


def test_a_note_that_the_facilitator_rewrote_is_not_written_over_by_a_late_correction():
    mia = verbalizzante()
    registra(mia, foglietto())
    Nota.objects.update(testo="riscritta", versione=5)
    assert registra(mia, foglietto(versione=2, testo="tardi")) == [Esito.SUPERATA]
    assert scritte(mia) == [("riscritta", 5)]


def test_nobody_writes_another_note_takers_notes():
    mia, altra = verbalizzante(), verbalizzante()
    registra(mia, foglietto(1), foglietto(2))

    risultati = raccolta.registra(
        altra, [foglietto(1, versione=9, testo="mia!"), foglietto(3)], ADESSO
    )

    assert [(r.esito, r.nota and r.nota.testo) for r in risultati] == [
        (Esito.RIFIUTATA, None),
        (Esito.SALVATA, "nota 3"),
    ]
    assert scritte(mia) == [("nota 1", 1), ("nota 2", 1)]
    assert scritte(altra) == [("nota 3", 1)]


def test_a_link_that_got_out_cannot_fill_the_database(monkeypatch):
    monkeypatch.setattr(raccolta, "NOTE_MASSIME", 3)
    mia = verbalizzante()
    registra(mia, foglietto(1), foglietto(2))

    risultati = raccolta.registra(
        mia, [foglietto(1, versione=2), foglietto(3), foglietto(4), foglietto(3)], ADESSO
    )

    assert [r.esito for r in risultati] == [
        Esito.SALVATA,
        Esito.SALVATA,
        Esito.RIFIUTATA,
        Esito.SALVATA,
    ]
    assert risultati[2].errore == "Hai già scritto 3 note: di più non ne entrano."
    assert Nota.objects.count() == 3


def test_a_note_remembers_when_it_was_typed_but_not_a_clock_that_runs_ahead():
    mia = verbalizzante()
    prima = ADESSO - timedelta(hours=1)
    registra(
        mia,
        foglietto(1, digitata_at=prima),
        foglietto(2, digitata_at=ADESSO + timedelta(days=400)),
        foglietto(3),
    )
    assert [n.digitata_at for n in raccolta.note_di(mia)] == [prima, ADESSO, ADESSO]


@pytest.mark.parametrize("quante", [1, 30])
def test_a_batch_of_new_notes_costs_the_same_whatever_its_size(quante, django_assert_num_queries):
    mia = verbalizzante()
    NotaFactory(incontro=mia.incontro, verbalizzante=mia)
    # Begin, lock, look, count, insert, look, commit.
    with django_assert_num_queries(7):
        registra(mia, *(foglietto(n, ordine=n) for n in range(quante)))


@pytest.mark.parametrize(
    ("testo", "pulito"),
    [
        ("  panchine \n", "panchine"),
        ("una\r\ndue\rtre\u2028quattro", "una\ndue\ntre\nquattro"),
        ("con\ttab", "con tab"),
        ("nul\x00la \x07\x1b[31m\x85", "nulla [31m"),
        ("mezza \ud83d emoji", "mezza \N{REPLACEMENT CHARACTER} emoji"),
        ("👩🏽‍🌾 نريد ‮ حديقة", "👩🏽‍🌾 نريد ‮ حديقة"),
        ("\x00\n ", ""),
    ],
)
def test_a_text_loses_only_what_cannot_be_kept(testo, pulito):
    assert raccolta.pulisci(testo) == pulito


# --- The role -------------------------------------------------------------------------------


def test_the_link_is_mailed_once_for_each_time_it_is_asked_for():
    mia = verbalizzante(email="anna@example.org")
    raccolta.RUOLO.invia_link(mia, ADESSO)
    raccolta.RUOLO.invia_link(mia, ADESSO + timedelta(seconds=10))
    assert Messaggio.objects.count() == 1
    raccolta.RUOLO.invia_link(mia, ADESSO + timedelta(minutes=5))
    mia.email = "bianchi@example.org"
    raccolta.RUOLO.invia_link(mia, ADESSO + timedelta(minutes=5))
    assert sorted(Messaggio.objects.values_list("destinatario", "genere")) == [
        ("anna@example.org", "verbalizzante"),
        ("anna@example.org", "verbalizzante"),
        ("bianchi@example.org", "verbalizzante"),
    ]


@pytest.mark.parametrize(
    ("campi", "perche"),
    [
        ({"email": ""}, "Manca l'indirizzo"),
        ({"attivo": False}, "ritirato"),
        (
            {"incontro__inizio": None, "incontro__fine": None, "incontro__stato": "rinviato"},
            "data",
        ),
        ({"incontro__inizio": FINE - timedelta(days=40), "incontro__fine": None}, "chiusa"),
    ],
)
def test_a_link_that_would_open_nothing_is_not_mailed(campi, perche):
    mia = verbalizzante(**({"email": "anna@example.org"} | campi))
    with pytest.raises(Rifiuto, match=perche):
        raccolta.RUOLO.invia_link(mia, ADESSO)
    assert Messaggio.objects.count() == 0


def test_each_table_gets_one_link_and_those_that_have_one_keep_it():
    incontro = IncontroFactory()
    anna = VerbalizzanteFactory(incontro=incontro, nome="Anna", tavolo=2)
    VerbalizzanteFactory(tavolo=1)

    fatti = raccolta.prepara_tavoli(incontro, 3)

    assert [(v.nome, v.tavolo) for v in fatti] == [("Tavolo 1", 1), ("Tavolo 3", 3)]
    assert raccolta.prepara_tavoli(incontro, 3) == []
    assert incontro.verbalizzanti.count() == 3
    assert incontro.verbalizzanti.get(tavolo=2) == anna


def test_an_altered_link_names_nobody():
    mia = verbalizzante()
    assert Verbalizzante.objects.from_token(mia.token).get() == mia
    for alterato in (mia.token[:-1], mia.token[1:], mia.codice, f"{mia.codice}.x", "", "."):
        assert not Verbalizzante.objects.from_token(alterato).exists()
