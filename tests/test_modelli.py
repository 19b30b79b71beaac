import pytest

from eventi.models import Iscrizione
from tests.factories import IscrizioneFactory

pytestmark = pytest.mark.django_db


def test_a_link_opens_one_registration_and_an_altered_one_none():
    mia, altra = IscrizioneFactory(), IscrizioneFactory()

    assert list(Iscrizione.objects.from_token(mia.token)) == [mia]
    altered = mia.token.replace(mia.codice, altra.codice)
    assert list(Iscrizione.objects.from_token(altered)) == []
