"""Two at the same instant: an answer opens once, and one person has one account."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from accounts import identita
from accounts.models import IdentitaVerificata, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
IN_GARA = 4


def insieme(fai):
    """What ``fai`` answers to each of several who start together, each on a connection."""
    partenza = Barrier(IN_GARA)

    def uno(n):
        partenza.wait()
        try:
            return fai(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(IN_GARA) as gara:
        return list(gara.map(uno, range(IN_GARA)))


def test_of_those_who_bring_one_answer_one_enters():
    adesso = timezone.now()
    scade = adesso + timedelta(minutes=5)

    entrate = insieme(lambda n: identita.usa_risposta("la stessa", scade, adesso))

    assert sorted(entrate) == [False, False, False, True]


@pytest.mark.parametrize("indirizzi", [["maria@example.org"] * 4, list("abcd")])
def test_one_person_who_comes_twice_at_once_has_one_account(indirizzi):
    ritorno = identita.Ritorno(
        identita.impronta("RSSMRA80A01H501U"), "spid_oidc", "", "Maria Rossi", ""
    )

    def arriva(n):
        email = indirizzi[n] if "@" in indirizzi[n] else f"{indirizzi[n]}@example.org"
        return identita.accogli(
            ritorno, email, nome="Maria Rossi", lingua="it", adesso=timezone.now()
        ).pk

    assert len(set(insieme(arriva))) == 1
    assert User.objects.count() == IdentitaVerificata.objects.count() == 1
