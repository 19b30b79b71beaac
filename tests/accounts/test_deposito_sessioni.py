"""A session says of whom it speaks, so that she is found without opening everybody's."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.deposito_sessioni import (
    PARTECIPANTE,
    SessionStore,
    di_indirizzo,
    di_partecipante,
    di_persona,
)
from accounts.interessato import dell_indirizzo, della_persona
from accounts.models import RiferimentoSessione, Sessione
from accounts.privacy import dimentica_sessioni
from tests.factories import PartecipanteFactory, UserFactory

pytestmark = pytest.mark.django_db


def visita(**dati):
    aperta = SessionStore()
    aperta.update(dati)
    aperta.save()
    return aperta


def a_chi(aperta):
    righe = RiferimentoSessione.objects.filter(sessione=aperta.session_key)
    return set(righe.values_list("a_chi", flat=True))


@pytest.mark.parametrize(
    ("dati", "attesi"),
    [
        ({}, set()),
        ({"bozza": "una frase con a@b.it dentro"}, set()),
        ({SESSION_KEY: "7"}, {di_persona(7)}),
        ({PARTECIPANTE: 3}, {di_partecipante(3)}),
        (
            {"login": {"passi": [{"email": " Ada@Example.org "}]}},
            {di_indirizzo("ada@example.org")},
        ),
        (
            {SESSION_KEY: "7", "a": "ada@example.org", "b": ["bea@example.org"]},
            {di_persona(7), di_indirizzo("ada@example.org"), di_indirizzo("bea@example.org")},
        ),
    ],
    ids=["nobody", "words", "person", "participant", "pending", "several"],
)
def test_it_is_written_of_whom_a_session_speaks(dati, attesi):
    assert a_chi(visita(**dati)) == attesi


def test_it_follows_what_the_session_says():
    aperta = SessionStore(visita(email="ada@example.org").session_key)
    aperta["altra"] = "bea@example.org"
    aperta.save()
    assert a_chi(aperta) == {di_indirizzo("ada@example.org"), di_indirizzo("bea@example.org")}

    aperta = SessionStore(aperta.session_key)
    del aperta["email"], aperta["altra"]
    aperta.save()
    assert a_chi(aperta) == set()


def test_it_goes_with_the_new_key_and_ends_with_the_session():
    aperta = visita(**{SESSION_KEY: "7"})
    prima = aperta.session_key
    aperta.cycle_key()

    assert aperta.session_key != prima
    assert list(RiferimentoSessione.objects.values_list("sessione", "a_chi")) == [
        (aperta.session_key, di_persona(7))
    ]
    aperta.flush()
    assert not RiferimentoSessione.objects.exists()


def test_a_session_that_says_the_same_costs_one_write():
    aperta = SessionStore(visita(**{SESSION_KEY: "7"}).session_key)
    aperta["visto"] = 1
    with CaptureQueriesContext(
        connection,
    ) as domande:
        aperta.save()
    scritte = [d["sql"] for d in domande if not d["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(scritte) == 1


def test_a_key_that_is_taken_is_not_written_over():
    aperta = visita(**{SESSION_KEY: "7"})
    altra = SessionStore(aperta.session_key)
    with pytest.raises(CreateError):
        altra.save(must_create=True)
    assert a_chi(aperta) == {di_persona(7)}


def test_forgetting_somebody_ends_her_sessions_and_no_others():
    ada, bea = UserFactory(), UserFactory()
    lei = PartecipanteFactory(email="ospite@example.org")
    for dati in (
        {SESSION_KEY: str(ada.pk)},
        {SESSION_KEY: str(bea.pk)},
        {PARTECIPANTE: lei.pk},
        {"attesa": "ospite@example.org"},
        {"attesa": "altra@example.org"},
    ):
        visita(**dati)

    assert dimentica_sessioni(della_persona(ada), timezone.now()) == {"sessioni": 1}
    assert dimentica_sessioni(dell_indirizzo("ospite@example.org"), timezone.now()) == {
        "sessioni": 2
    }
    rimaste = {str(sessione.get_decoded()) for sessione in Sessione.objects.all()}
    assert rimaste == {str({SESSION_KEY: str(bea.pk)}), str({"attesa": "altra@example.org"})}


def test_forgetting_somebody_costs_the_same_however_many_are_signed_in():
    ada = UserFactory()
    visita(**{SESSION_KEY: str(ada.pk)})
    interessata = della_persona(ada)

    def quante_domande():
        with CaptureQueriesContext(connection) as domande:
            dimentica_sessioni(interessata, timezone.now())
        return len(domande)

    una = quante_domande()
    visita(**{SESSION_KEY: str(ada.pk)})
    fine = timezone.now() + timedelta(days=1)
    Sessione.objects.bulk_create(
        Sessione(session_key=f"altra-{n}", session_data="non si apre", expire_date=fine)
        for n in range(200)
    )
    assert quante_domande() == una
    assert Sessione.objects.count() == 200
