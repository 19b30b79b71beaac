import re

import pytest

from accounts.models import Conferma, Partecipante
from eventi.models import Iscrizione
from laboratori.models import Disponibilita
from portale.lib.codici import firma, nuovo_codice
from proposte.models import Verbalizzante
from tests.factories import DisponibilitaFactory

# What was sent with the key "chiave" for the code "codice": it must open for ever.
GIA_INVIATI = {
    Partecipante: "codice.Hsg5JJKgB0BCk7hPAVOMefJVAgbP1ENSh0mJguSqowo",
    Conferma: "codice.9JCLrQZDGrLkp6apKYxnrzAziUz47C-ubYUAhR6IKBo",
    Iscrizione: "codice.dqiRApUQxewPdGwMo-2eH-ABoY8UFCSaXKCG6wEKF6s",
    Disponibilita: "codice._f1_4Fo0SVbRRh9Y8qAH14o0frcut9kgfN5NSx5xhnM",
    Verbalizzante: "codice.fsYHTE6vAQ9z32Jzie-jsWVALkseHaIAy05b5M-EVDg",
}


def test_a_code_may_stand_in_an_address_and_is_never_the_same():
    codici = {nuovo_codice() for _ in range(100)}
    assert len(codici) == 100
    assert [codice for codice in codici if not re.fullmatch(r"[\w-]{16}", codice)] == []


def test_the_links_that_were_sent_stay_valid(settings):
    settings.SECRET_KEY = "chiave"
    assert {modello: modello(codice="codice").token for modello in GIA_INVIATI} == GIA_INVIATI


@pytest.mark.django_db
def test_the_link_of_one_kind_opens_no_other():
    una = DisponibilitaFactory()
    altrove = firma(Iscrizione.SALE).sign(una.codice)
    assert list(Disponibilita.objects.from_token(una.token)) == [una]
    assert list(Disponibilita.objects.from_token(altrove)) == []
