import pytest
from django.utils import timezone

from eventi import services
from eventi.models import Iscrizione
from tests.factories import IncontroFactory, UserFactory


@pytest.fixture
def adesso():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def ufficio(db):
    return UserFactory(ufficio=True)


@pytest.fixture
def iscrivi(adesso):
    """Register an account holder: confirmed at once, or in line."""

    def iscrivi(incontro, posti=1, quando=adesso):
        return services.iscrivi_persona(
            incontro, UserFactory(), posti_richiesti=posti, adesso=quando
        )

    return iscrivi


@pytest.fixture
def chiedi(adesso):
    """Ask as a guest: the address is still to be confirmed."""

    def chiedi(incontro, email, posti=1, quando=adesso, **altro):
        return services.richiedi_iscrizione(
            incontro,
            nome=altro.pop("nome", "Anna"),
            email=email,
            posti_richiesti=posti,
            adesso=quando,
            **altro,
        )

    return chiedi


@pytest.fixture
def stati():
    """States and seats of a meeting's registrations, in order of arrival."""

    def stati(incontro):
        return list(incontro.iscrizioni.order_by("pk").values_list("stato", "posti"))

    return stati


@pytest.fixture
def torna(db):
    """The stored count is the count, and nobody holds a seat that is not there."""

    def torna(incontro):
        incontro.refresh_from_db()
        tenuti = sum(
            incontro.iscrizioni.filter(stato__in=Iscrizione.TENGONO_POSTI).values_list(
                "posti", flat=True
            )
        )
        assert incontro.posti_occupati == tenuti
        if incontro.posti is not None:
            assert tenuti <= incontro.capienza + incontro.posti_oltre

    return torna


@pytest.fixture
def completo(iscrivi):
    """A meeting with all its seats taken by one confirmed registration each."""

    def completo(posti, **campi):
        incontro = IncontroFactory(posti=posti, **campi)
        return incontro, [iscrivi(incontro) for _ in range(posti)]

    return completo
