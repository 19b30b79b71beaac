from datetime import UTC, datetime, timedelta

import pytest

from posta.generi import NonDovuto, Scaduto, registro
from tests.factories import MessaggioFactory, VerbalizzanteFactory

ADESSO = datetime(2026, 3, 3, 17, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def verbalizzante(**campi):
    comuni = {"email": "anna@example.org", "nome": "Anna", "tavolo": 4}
    incontro = {"incontro__inizio": ADESSO, "incontro__titolo": "Il verde"}
    return VerbalizzanteFactory(**(comuni | incontro | campi))


def componi(mia, adesso=ADESSO, destinatario="anna@example.org"):
    messaggio = MessaggioFactory(
        genere="verbalizzante",
        destinatario=destinatario,
        parametri={"verbalizzante": mia and mia.pk},
    )
    return registro["verbalizzante"].componi(messaggio, adesso)


def test_the_link_comes_with_what_it_is_for_and_how_long_it_holds(settings):
    mia = verbalizzante()
    composto = componi(mia)
    assert composto.oggetto == "Il tuo link per gli appunti: Il verde"
    for testo in (composto.testo, composto.html):
        assert f"{settings.BASE_URL}/raccolta/{mia.token}/" in testo
        assert "Il link vale dal 24 febbraio 2026 al 10 marzo 2026." in testo
    assert "Tavolo: 4\n" in composto.testo
    assert "Tavolo" not in componi(verbalizzante(tavolo=None)).testo


def test_it_may_leave_long_before_the_meeting():
    assert componi(verbalizzante(), ADESSO - timedelta(days=60)).oggetto


@pytest.mark.parametrize(
    "campi",
    [
        {"attivo": False},
        # Put right since: the first address gets nothing.
        {"email": "bianchi@example.org"},
        {"incontro__stato": "annullato"},
        {"incontro__stato": "rinviato", "incontro__inizio": None, "incontro__fine": None},
    ],
)
def test_it_does_not_leave_when_the_link_opens_nothing(campi):
    with pytest.raises(NonDovuto):
        componi(verbalizzante(**campi))


def test_it_does_not_leave_for_nobody_or_too_late():
    with pytest.raises(NonDovuto):
        componi(None)
    with pytest.raises(Scaduto):
        componi(verbalizzante(), ADESSO + timedelta(days=8))
