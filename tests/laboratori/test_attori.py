import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction

from laboratori import attori
from laboratori.bilancio import bilancio
from laboratori.models import Attore, ModificaAttore
from laboratori.models.attori import nome_normale
from tests.factories import AttoreFactory, LaboratorioFactory, UserFactory

ADESSO = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)
# The day after, in Rome.
NOTTE = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
Stato = Attore.Stato

pytestmark = pytest.mark.django_db


@pytest.fixture
def chi():
    return attori.Chi(UserFactory(nome="Ada"), "Associazione Aurora")


def campi(laboratorio, **altri):
    return {
        "laboratorio": laboratorio,
        "nome": "Circolo dei Fiori",
        "genere": "associazione",
        "attivita": "Balli e carte.",
        "pubblici": ["anziani"],
        "stato": "da_raggiungere",
        **altri,
    }


def passi(attore):
    return list(attore.modifiche.order_by("numero").values_list("numero", "verbo", "origine"))


@pytest.mark.parametrize(
    ("nome", "chiave"),
    [
        ("Ass. San  Lazzaro", "ass san lazzaro"),
        ("ASS SAN-LAZZARO!", "ass san lazzaro"),
        ("Società Però", "societa pero"),
        ("سلام", "سلام"),
        ("…!", ""),
        ("ﷺ" * 160, nome_normale("ﷺ" * 160)[:200]),
    ],
)
def test_two_ways_to_write_a_name_are_one(nome, chiave):
    assert nome_normale(nome) == chiave


def test_adding_leaves_who_when_and_for_whom(chi):
    attore = attori.aggiungi(campi(LaboratorioFactory()), chi, NOTTE)

    attore.refresh_from_db()
    assert (attore.chiave, attore.versione) == ("circolo dei fiori", 1)
    assert (attore.stato, attore.stato_dal) == (Stato.DA_RAGGIUNGERE, date(2026, 3, 4))
    assert (attore.origine, attore.aggiunto_da) == ("Associazione Aurora", chi.persona)
    assert attore.created_at == NOTTE
    (modifica,) = attore.modifiche.all()
    assert (modifica.verbo, modifica.autore, modifica.created_at) == (
        "aggiunto",
        chi.persona,
        NOTTE,
    )


def test_one_form_sent_twice_adds_once_and_another_s_same_name_is_told(chi):
    laboratorio = LaboratorioFactory()
    primo = attori.aggiungi(campi(laboratorio), chi, ADESSO)
    secondo = attori.aggiungi(campi(laboratorio), chi, ADESSO)
    altra = attori.Chi(UserFactory(), "Gruppo Beta")

    with pytest.raises(attori.GiaPresente) as no:
        attori.aggiungi(campi(laboratorio, nome="CIRCOLO, dei fiori"), altra, ADESSO)

    assert (primo.pk, no.value.attore.pk) == (secondo.pk, primo.pk)
    assert passi(primo) == [(1, "aggiunto", "Associazione Aurora")]
    # In another zone it is another actor.
    assert attori.aggiungi(campi(LaboratorioFactory()), altra, ADESSO).pk != primo.pk
    with pytest.raises(attori.Rifiuto, match="Scrivi il nome"):
        attori.aggiungi(campi(laboratorio, nome=" - "), chi, ADESSO)


def test_what_was_taken_off_is_not_added_again_beside_itself(chi):
    tolto = AttoreFactory(nome="Circolo dei Fiori", tolto=True)
    with pytest.raises(attori.GiaPresente, match="tolto dalla mappa"):
        attori.aggiungi(campi(tolto.laboratorio), chi, ADESSO)


def test_the_database_itself_refuses_doubles_half_points_and_silent_removals():
    attore = AttoreFactory()
    for sbagliato in (
        {"laboratorio": attore.laboratorio, "nome": attore.nome},
        {"latitudine": 45.0},
        {"archiviato_at": ADESSO},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            AttoreFactory(**sbagliato)
    assert Attore.objects.count() == 1


def test_a_correction_keeps_from_and_to_but_for_what_only_the_office_reads(chi):
    laboratorio, altro = LaboratorioFactory(), LaboratorioFactory()
    attore = attori.aggiungi(campi(laboratorio, email="rosa@example.org"), chi, ADESSO)

    attori.correggi(
        attore,
        campi(altro, pubblici=["giovani", "anziani"], stato="contattato", email="x@example.org"),
        1,
        chi,
        NOTTE,
    )

    attore.refresh_from_db()
    assert (attore.laboratorio, attore.email, attore.versione) == (altro, "x@example.org", 2)
    assert (attore.stato_dal, attore.stato_prima) == (date(2026, 3, 4), "da_raggiungere")
    modifica = attore.modifiche.last()
    assert modifica.cambi == [
        {"campo": "laboratorio", "da": laboratorio.numero, "a": altro.numero},
        {"campo": "pubblici", "da": ["anziani"], "a": ["giovani", "anziani"]},
        {"campo": "stato", "da": "da_raggiungere", "a": "contattato"},
        {"campo": "email", "da": None, "a": None},
    ]
    assert [cambio["campo"] for cambio in modifica.leggibili] == [
        "laboratorio",
        "pubblici",
        "stato",
    ]


def test_of_two_who_correct_at_once_the_second_is_told_and_overwrites_nothing(chi):
    attore = attori.aggiungi(campi(LaboratorioFactory()), chi, ADESSO)
    primo = campi(attore.laboratorio, attivita="Del primo.")
    attori.correggi(attore, primo, 1, chi, ADESSO)

    with pytest.raises(attori.Superata):
        attori.correggi(attore, campi(attore.laboratorio, attivita="Del secondo."), 1, chi, ADESSO)
    # Her own form once more, and one that changes nothing, are harmless.
    attori.correggi(attore, primo, 1, chi, ADESSO)

    attore.refresh_from_db()
    assert (attore.attivita, attore.versione) == ("Del primo.", 2)
    assert [verbo for _n, verbo, _o in passi(attore)] == ["aggiunto", "corretto"]


def test_a_name_is_not_corrected_into_another_s(chi):
    attore = attori.aggiungi(campi(LaboratorioFactory()), chi, ADESSO)
    altro = AttoreFactory(laboratorio=attore.laboratorio, nome="Coro")

    with pytest.raises(attori.GiaPresente) as no:
        attori.correggi(attore, campi(attore.laboratorio, nome="CORO"), 1, chi, ADESSO)

    assert no.value.attore == altro
    attore.refresh_from_db()
    assert (attore.nome, attore.versione) == ("Circolo dei Fiori", 1)


def test_a_click_marks_and_another_takes_it_back_with_its_date(chi):
    attore = AttoreFactory(stato=Stato.CONTATTATO)
    attori.segna(attore, "contattato", "raggiunto", chi, ADESSO)
    attore = attori.segna(attore, "contattato", "raggiunto", chi, ADESSO)
    assert (attore.stato, attore.stato_dal) == (Stato.RAGGIUNTO, date(2026, 3, 3))

    attore = attori.segna(attore, "raggiunto", attore.stato_da_rimettere, chi, ADESSO)

    assert (attore.stato, attore.stato_dal) == (Stato.CONTATTATO, date(2026, 1, 10))
    assert len(passi(attore)) == 2
    # On another day it is no slip of the finger.
    attori.segna(attore, "contattato", "raggiunto", chi, ADESSO)
    attore = attori.segna(attore, "raggiunto", "contattato", chi, NOTTE)
    assert attore.stato_dal == date(2026, 3, 4)
    with pytest.raises(attori.Superata, match="contattato"):
        attori.segna(attore, "raggiunto", "da_raggiungere", chi, NOTTE)


def test_taking_off_wants_a_reason_and_can_be_undone(chi):
    attore = AttoreFactory(stato=Stato.RAGGIUNTO)
    with pytest.raises(attori.Rifiuto, match="Scrivi perché"):
        attori.archivia(attore, " ", chi, ADESSO)
    for _volta in range(2):
        attore = attori.archivia(attore, " Ha chiuso. ", chi, ADESSO)
    assert (attore.archiviato_at, attore.archiviato_motivo) == (ADESSO, "Ha chiuso.")
    assert list(Attore.objects.sulla_mappa()) == []
    for verbo in (
        lambda: attori.correggi(attore, {"attivita": "Altro."}, 1, chi, ADESSO),
        lambda: attori.segna(attore, "raggiunto", "contattato", chi, ADESSO),
    ):
        with pytest.raises(attori.Rifiuto, match="prima rimettilo"):
            verbo()

    for _volta in range(2):
        attore = attori.ripristina(attore, chi, ADESSO + timedelta(days=1))

    assert (attore.archiviato_at, attore.stato) == (None, Stato.RAGGIUNTO)
    assert [(v, m) for v, m in attore.modifiche.values_list("verbo", "motivo")] == [
        ("tolto", "Ha chiuso."),
        ("rimesso", ""),
    ]


def test_who_leaves_leaves_the_history_without_her_name(chi):
    attore = attori.aggiungi(campi(LaboratorioFactory()), chi, ADESSO)
    chi.persona.delete()
    modifica = ModificaAttore.objects.get(attore=attore)
    assert (modifica.autore, modifica.origine) == (None, "Associazione Aurora")


def test_the_balance_names_who_is_missing_first(django_assert_num_queries):
    uno, due, tre = (LaboratorioFactory(numero=n) for n in (1, 2, 3))
    tutti_i_pubblici = [p.value for p in Attore.Pubblico]
    AttoreFactory(laboratorio=uno, pubblici=tutti_i_pubblici, stato=Stato.RAGGIUNTO)
    AttoreFactory(laboratorio=due, pubblici=tutti_i_pubblici[1:], stato=Stato.RAGGIUNTO)
    AttoreFactory(laboratorio=tre, pubblici=["anziani", "tutti"])
    AttoreFactory(laboratorio=tre, pubblici=["giovani"], tolto=True)

    with django_assert_num_queries(1):
        conti = bilancio([uno, due, tre])

    assert [r.pubblico.value for r in conti.righe][0::8] == ["giovani", "tutti"]
    assert conti.righe[0].conti == ((1, 1, 1), (2, 0, 0), (3, 0, 0))
    frasi = conti.mancanze()
    assert frasi[:2] == [
        "Nessun attore per i giovani nelle zone 2 e 3.",
        "Nessun attore per le famiglie con bambini in zona 3.",
    ]
    assert frasi[-1] == "Attori per le persone anziane noti ma non ancora raggiunti in zona 3."
    Attore.objects.all().delete()
    assert bilancio([uno, due, tre]).mancanze()[0] == (
        "Nessun attore per i giovani in nessuna zona."
    )


def test_a_public_is_found_by_its_own_word():
    AttoreFactory(nome="Sì", pubblici=["donne", "giovani"])
    AttoreFactory(nome="No", pubblici=["tutti"])
    assert [a.nome for a in Attore.objects.per("donne")] == ["Sì"]


# --- Two at one instant ---------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time")
def test_two_at_one_instant_leave_one_actor_and_one_correction(chi):
    laboratorio = LaboratorioFactory()
    altra = attori.Chi(UserFactory(), "Gruppo Beta")
    esiti = insieme(
        [lambda c=c: attori.aggiungi(campi(laboratorio), c, ADESSO) for c in (chi, altra)]
    )
    assert sorted(esiti) == ["Attore", "GiaPresente"]
    attore = Attore.objects.get()

    esiti = insieme(
        [
            lambda testo=testo: attori.correggi(
                attore, campi(laboratorio, attivita=testo), 1, chi, ADESSO
            )
            for testo in ("Uno.", "Due.")
        ]
    )

    assert sorted(esiti) == ["Attore", "Superata"]
    assert [numero for numero, _v, _o in passi(attore)] == [1, 2]


def insieme(verbi):
    """Run them at one instant; the class of what each gave or raised."""
    via, esiti = threading.Barrier(len(verbi)), []

    def corri(verbo):
        via.wait()
        try:
            esiti.append(type(verbo()).__name__)
        except attori.Rifiuto as no:
            esiti.append(type(no).__name__)
        finally:
            connections.close_all()

    fili = [threading.Thread(target=corri, args=[verbo]) for verbo in verbi]
    for filo in fili:
        filo.start()
    for filo in fili:
        filo.join()
    return esiti
