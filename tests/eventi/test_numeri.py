"""When nobody's name is kept any more, the numbers are still there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.conservazione import pulisci
from eventi import conti, presenze
from eventi.management.commands.stato_iscrizioni import situazione
from eventi.models import Incontro, Iscrizione, Necessita, NumeriIncontro, RichiestaServizio
from eventi.numeri import numeri
from tests.factories import IncontroFactory, IscrizioneFactory, ServizioFactory, UserFactory

pytestmark = pytest.mark.django_db

ADESSO = datetime(2027, 3, 1, 2, 45, tzinfo=UTC)


def fa(giorni):
    return ADESSO - timedelta(days=giorni)


@pytest.fixture
def incontro():
    incontro = IncontroFactory(inizio=fa(400), fine=fa(400) + timedelta(hours=2), posti=20)
    servizio = ServizioFactory(incontro=incontro)
    for n in range(4):
        iscrizione = IscrizioneFactory(
            incontro=incontro, posti_richiesti=2, presente=n < 3, canale="telefono"
        )
        Necessita.objects.create(iscrizione=iscrizione, testo="una sedia")
        if n < 2:
            RichiestaServizio.objects.create(iscrizione=iscrizione, servizio=servizio)
    IscrizioneFactory(incontro=incontro, in_attesa=True, posti_richiesti=3)
    IscrizioneFactory(incontro=incontro, stato="rinunciata", posti=0)
    return incontro


def letti(incontro):
    incontro = conti.with_bisogni_di_accesso(
        conti.with_attesa(Incontro.objects.filter(pk=incontro.pk))
    ).get()
    stato = situazione(incontro)
    stato.pop("cancellate", None)
    # Who waits is a list of rows: there are none.
    stato.pop("coda")
    return {
        "posti": conti.posti_a_parole(incontro),
        "necessita": incontro.n_necessita,
        "presenze": presenze.conta(incontro),
        "stato": stato,
    }


def test_every_count_says_after_the_purge_what_it_said_before(incontro):
    prima = letti(incontro)

    pulisci(ADESSO)

    assert not Iscrizione.objects.filter(incontro=incontro).exists()
    assert letti(incontro) == prima
    assert prima["posti"] == "8/20 (+3 in attesa)"
    assert (prima["presenze"].iscritti, prima["presenze"].assenti) == (6, 2)


def test_what_is_written_down_has_no_cell_by_which_somebody_could_be_known(incontro):
    pulisci(ADESSO)

    riga = NumeriIncontro.objects.get()
    assert (riga.iscrizioni, riga.per_stato, riga.per_canale) == (
        6,
        {"confermata": 4, "lista_attesa": 1, "rinunciata": 1},
        {"telefono": 4, "online": 2},
    )
    # Two asked for childcare: they could be known, so their number is not there.
    assert (riga.con_necessita, riga.servizi, riga.minori) == (4, {"bambini": None}, 0)


def test_access_needs_go_first_and_the_rest_is_counted_when_it_goes(incontro, settings):
    settings.CONSERVAZIONE = {**settings.CONSERVAZIONE, "iscrizioni": 500}
    pulisci(ADESSO)
    assert not Necessita.objects.exists()
    assert Iscrizione.objects.filter(incontro=incontro).count() == 6
    # Until then corrections still count.
    Iscrizione.objects.filter(incontro=incontro, presente=False).update(presente=True)

    assert numeri(incontro).presenti == 8
    settings.CONSERVAZIONE = {**settings.CONSERVAZIONE, "iscrizioni": 365}
    pulisci(ADESSO)

    riga = NumeriIncontro.objects.get()
    assert (riga.con_necessita, riga.presenti, riga.iscrizioni) == (4, 8, 6)


def test_the_numbers_are_written_once_though_the_rows_go_in_batches(incontro, monkeypatch):
    monkeypatch.setattr("accounts.conservazione.LOTTO", 2)

    pulisci(ADESSO)

    assert NumeriIncontro.objects.get().iscrizioni == 6


def test_the_links_of_the_mails_stop_working(incontro, client):
    url = Iscrizione.objects.filter(incontro=incontro).first().get_absolute_url()
    assert client.get(url).status_code == 200

    pulisci(ADESSO)

    assert client.get(url).status_code == 404


def test_a_meeting_that_was_put_off_and_never_called_again_begins_from_empty_seats():
    incontro = IncontroFactory(
        inizio=None, fine=None, stato="rinviato", inizio_precedente=fa(400), posti=5
    )
    IscrizioneFactory(incontro=incontro)

    pulisci(ADESSO)

    incontro.refresh_from_db()
    assert incontro.posti_occupati == 0
    assert NumeriIncontro.objects.get(incontro=incontro).posti_confermati == 1


def test_the_office_reads_them_on_the_page_of_the_meeting(incontro, client):
    pulisci(ADESSO)
    client.force_login(UserFactory(ufficio=True))

    pagina = client.get(reverse("admin:eventi_incontro_change", args=[incontro.pk]))

    assert "numeri conservati" in pagina.content.decode().lower()
