import pytest
from django.utils import timezone

from accounts.diritti import raccogli
from accounts.interessato import dell_indirizzo
from comunicazioni import services
from comunicazioni.models import Destinatario
from comunicazioni.privacy import dimentica
from posta.consegna import spedisci_dovuti
from posta.models import Messaggio
from tests.factories import ComunicazioneFactory, IscrizioneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def preparata():
    """Written to Anna and to Bruno, and not left yet."""
    comunicazione = ComunicazioneFactory(urgente=True, motivo_urgenza="Prova")
    for nome in ("anna", "bruno"):
        IscrizioneFactory(incontro=comunicazione.incontro, email=f"{nome}@example.org")
    services.avvia(
        comunicazione,
        confermata=services.impronta(comunicazione),
        autore=None,
        adesso=timezone.now(),
    )
    services.prepara()
    return comunicazione


def test_a_person_sees_what_the_office_wrote_to_her_and_to_nobody_else(preparata):
    sezioni = {
        raccolta.finalita.codice: raccolta.sezioni
        for raccolta in raccogli(dell_indirizzo("anna@example.org"))
    }

    [sezione] = sezioni["comunicazioni"]
    assert [(riga["comunicazione__oggetto"], riga["email"]) for riga in sezione.righe] == [
        ("Portate un cuscino", "anna@example.org")
    ]


def test_who_is_erased_leaves_no_address_and_what_had_not_left_does_not(preparata, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    fatto = dimentica(dell_indirizzo("anna@example.org"), timezone.now())
    spedisci_dovuti()

    assert fatto == {"comunicazioni": 1}
    assert list(Destinatario.objects.values_list("email", flat=True)) == ["bruno@example.org"]
    per_indirizzo = dict(Messaggio.objects.values_list("destinatario", "stato"))
    assert per_indirizzo == {"anna@example.org": "annullato", "bruno@example.org": "inviato"}
