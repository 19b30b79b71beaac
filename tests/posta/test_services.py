from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from posta.consegna import message_id, spedisci_dovuti
from posta.generi import Composto, NonDovuto
from posta.models import Battito, Messaggio
from posta.rimbalzi import Letti, leggi
from posta.services import (
    NonRispedibile,
    accoda,
    accoda_molti,
    annulla_per_chiave,
    batti,
    conteggi,
    dimentica,
    rispedisci,
    situazione,
)
from tests.factories import MessaggioFactory

from .rapporti import rapporto

ADESSO = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
Stato = Messaggio.Stato
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("genere")]


def queue(chiave="a", **campi):
    return accoda(
        "prova",
        "anna@example.org",
        **{"chiave": chiave, "lingua": "it", "adesso": ADESSO, **campi},
    )


def test_a_mail_is_owed_now_if_no_time_is_given():
    messaggio = queue(parametri={"iscrizione": 7})
    assert messaggio.stato == Stato.IN_CODA
    assert messaggio.dovuto_at == ADESSO
    assert messaggio.parametri == {"iscrizione": 7}


def test_the_same_key_is_one_mail_whatever_else_is_asked():
    primo = queue()
    secondo = queue(parametri={"altro": 1}, dovuto_at=ADESSO + timedelta(days=1))
    assert secondo == primo
    assert Messaggio.objects.count() == 1
    assert secondo.parametri == {}
    assert secondo.dovuto_at == ADESSO


@pytest.mark.parametrize("stato", [Stato.FALLITO, Stato.SCADUTO])
def test_a_key_whose_mail_has_ended_is_not_owed_again(stato):
    messaggio = queue()
    Messaggio.objects.update(stato=stato)
    assert queue().stato == stato
    assert Messaggio.objects.count() == 1
    Messaggio.objects.filter(pk=messaggio.pk).update(stato=Stato.INVIATO, inviato_at=ADESSO)
    assert queue().stato == Stato.INVIATO


def test_a_mail_called_off_before_it_left_can_be_owed_again():
    queue(parametri={"prima": 1})
    assert annulla_per_chiave(["a"]) == 1
    domani = ADESSO + timedelta(days=1)
    messaggio = queue(parametri={"poi": 2}, dovuto_at=domani, lingua="en")
    assert messaggio.stato == Stato.IN_CODA
    assert (messaggio.parametri, messaggio.dovuto_at, messaggio.lingua) == (
        {"poi": 2},
        domani,
        "en",
    )
    assert Messaggio.objects.count() == 1


def test_many_are_queued_at_once_and_only_the_new_ones_counted():
    def build(*chiavi):
        return [MessaggioFactory.build(genere="prova", chiave=c, dovuto_at=ADESSO) for c in chiavi]

    assert accoda_molti(build("a", "b"), adesso=ADESSO) == 2
    annulla_per_chiave(["a"])
    # "a" was called off and is owed again, "b" is there, "c" is new and given twice.
    assert accoda_molti(build("a", "b", "c", "c"), adesso=ADESSO) == 2
    assert Messaggio.objects.in_coda().count() == 3
    assert accoda_molti([], adesso=ADESSO) == 0


def test_queueing_many_takes_few_queries(django_assert_num_queries):
    righe = [
        MessaggioFactory.build(genere="prova", chiave=str(n), dovuto_at=ADESSO) for n in range(20)
    ]
    with django_assert_num_queries(2):
        accoda_molti(righe, adesso=ADESSO)


def test_queueing_one_takes_three_queries(django_assert_num_queries):
    with django_assert_num_queries(3):
        queue()


def test_a_kind_that_nobody_composes_is_a_mistake_found_at_once():
    with pytest.raises(ValueError, match="sconosciuto"):
        accoda("sconosciuto", "a@example.org", chiave="x", lingua="it", adesso=ADESSO)
    assert Messaggio.objects.count() == 0


def test_what_has_left_can_not_be_called_off():
    queue()
    Messaggio.objects.update(stato=Stato.INVIATO, inviato_at=ADESSO)
    assert annulla_per_chiave(["a"]) == 0


def test_the_office_tries_a_failed_mail_again_with_all_its_attempts():
    messaggio = MessaggioFactory(genere="prova", stato=Stato.FALLITO, tentativi=7)
    rispedisci(messaggio, adesso=ADESSO)
    messaggio.refresh_from_db()
    assert (messaggio.stato, messaggio.tentativi, messaggio.dovuto_at) == (
        Stato.IN_CODA,
        0,
        ADESSO,
    )


def tornato(**campi):
    return MessaggioFactory(
        **{
            "genere": "prova",
            "stato": Stato.RIMBALZATO,
            "inviato_at": ADESSO - timedelta(days=1),
            "destinatario": "anna@exmaple.org",
            "ultimo_errore": "5.1.2 host not found",
            **campi,
        }
    )


def test_one_that_came_back_is_sent_anew_and_the_old_report_does_not_mark_it():
    messaggio = tornato()
    prima = message_id(messaggio)
    rispedisci(messaggio, adesso=ADESSO)
    spedisci_dovuti(lambda: ADESSO)
    messaggio.refresh_from_db()

    assert (messaggio.stato, messaggio.inviato_at) == (Stato.INVIATO, ADESSO)
    assert [partita.extra_headers["Message-ID"] for partita in mail.outbox] == [
        message_id(messaggio)
    ]
    assert message_id(messaggio) != prima
    assert leggi([rapporto(prima)]) == Letti(altro=1)
    assert leggi([rapporto(message_id(messaggio))]) == Letti(segnati=1)


def test_a_second_press_and_a_colleagues_find_nothing_left_to_send_anew(genere):
    genere("risposta", correggibile=True)
    messaggio, vista = tornato(genere="risposta"), Messaggio.objects.get()
    rispedisci(messaggio, email="anna@example.org", adesso=ADESSO)

    for dopo in (messaggio, vista):
        with pytest.raises(NonRispedibile, match="non è tra i messaggi non arrivati"):
            rispedisci(dopo, email="altra@example.org", adesso=ADESSO)
    messaggio.refresh_from_db()
    assert (messaggio.destinatario, messaggio.rispedizioni) == ("anna@example.org", 1)


@pytest.mark.parametrize("stato", [Stato.FALLITO, Stato.RIMBALZATO])
def test_the_office_puts_the_address_right_and_only_she_gets_it(genere, stato):
    genere("risposta", correggibile=True)
    messaggio = tornato(genere="risposta", stato=stato)

    rispedisci(messaggio, email=" Anna@Example.org", adesso=ADESSO)
    spedisci_dovuti(lambda: ADESSO)

    assert [partita.to for partita in mail.outbox] == [["anna@example.org"]]


def test_a_mail_whose_links_are_somebodys_key_goes_to_no_other_address():
    messaggio = tornato()
    with pytest.raises(NonRispedibile, match="lo cambia lei"):
        rispedisci(messaggio, email="altra@example.org", adesso=ADESSO)
    messaggio.refresh_from_db()
    assert (messaggio.stato, messaggio.destinatario) == (Stato.RIMBALZATO, "anna@exmaple.org")


def test_a_mail_that_looks_at_the_address_goes_to_that_of_her_card_alone(genere):
    def componi(messaggio, adesso):
        if messaggio.destinatario != "anna@example.org":
            raise NonDovuto
        return Composto("Seduta", "Testo", "")

    genere("seduta", componi, correggibile=True)
    messaggio = tornato(genere="seduta")

    with pytest.raises(NonRispedibile, match="correggilo prima"):
        rispedisci(messaggio, email="altra@example.org", adesso=ADESSO)
    rispedisci(messaggio, email="anna@example.org", adesso=ADESSO)
    assert Messaggio.objects.in_coda().get().destinatario == "anna@example.org"


def test_of_one_that_came_back_and_was_secret_nothing_is_left_to_send(genere):
    genere("contatto", riservato=True, rispedibile=True)
    messaggio = tornato(genere="contatto")
    with pytest.raises(NonRispedibile, match="non ne resta il testo"):
        rispedisci(messaggio, adesso=ADESSO)


def test_what_is_not_failed_is_not_sent_again():
    messaggio = MessaggioFactory(genere="prova", stato=Stato.INVIATO, inviato_at=ADESSO)
    with pytest.raises(NonRispedibile):
        rispedisci(messaggio, adesso=ADESSO)
    messaggio.refresh_from_db()
    assert messaggio.stato == Stato.INVIATO


def test_a_secret_that_failed_can_not_be_sent_again(genere):
    genere("codice", riservato=True)
    messaggio = MessaggioFactory(genere="codice", stato=Stato.FALLITO)
    with pytest.raises(NonRispedibile):
        rispedisci(messaggio, adesso=ADESSO)


def test_a_failed_mail_whose_recipient_was_forgotten_goes_to_nobody():
    messaggio = MessaggioFactory(stato=Stato.FALLITO)
    dimentica(Messaggio.objects.all())

    with pytest.raises(NonRispedibile):
        rispedisci(messaggio, adesso=ADESSO)
    messaggio.refresh_from_db()
    assert (messaggio.stato, messaggio.destinatario) == (Stato.FALLITO, "")


class TestSituazione:
    def alive(self):
        batti("pianificatore", ADESSO)
        batti("spedizione", ADESSO)

    def test_all_is_well_when_nothing_is_late_and_every_part_was_seen(self):
        self.alive()
        MessaggioFactory(dovuto_at=ADESSO - timedelta(minutes=2))
        MessaggioFactory(dovuto_at=ADESSO + timedelta(hours=2))
        stato = situazione(ADESSO)
        assert stato["ok"]
        assert stato["eta_coda"] == 120
        assert stato["in_ritardo"] == 0
        assert stato["battiti"] == {"pianificatore": 0, "spedizione": 0}

    def test_a_late_mail_shows(self):
        self.alive()
        MessaggioFactory(dovuto_at=ADESSO - timedelta(minutes=16))
        stato = situazione(ADESSO)
        assert (stato["ok"], stato["coda_ok"], stato["in_ritardo"]) == (False, False, 1)

    def test_a_part_that_stopped_shows(self):
        self.alive()
        batti("spedizione", ADESSO + timedelta(minutes=3))
        stato = situazione(ADESSO + timedelta(minutes=3))
        assert not stato["ok"]
        assert stato["battiti_ok"] == {"pianificatore": False, "spedizione": True}

    def test_a_part_never_seen_shows(self):
        stato = situazione(ADESSO)
        assert stato["battiti"] == {"pianificatore": None, "spedizione": None}
        assert not stato["ok"]

    def test_failed_mails_are_counted_and_do_not_stop_the_portal(self):
        self.alive()
        MessaggioFactory(stato=Stato.FALLITO)
        stato = situazione(ADESSO)
        assert (stato["falliti"], stato["ok"]) == (1, True)


def test_a_heartbeat_is_one_row_and_rarely_written(django_assert_num_queries):
    batti("spedizione", ADESSO)
    with django_assert_num_queries(1):
        batti("spedizione", ADESSO + timedelta(seconds=4))
    assert Battito.objects.get().visto_at == ADESSO
    batti("spedizione", ADESSO + timedelta(seconds=5))
    assert Battito.objects.get().visto_at == ADESSO + timedelta(seconds=5)


def test_rows_are_counted_by_state_and_kind():
    MessaggioFactory.create_batch(2, genere="prova")
    MessaggioFactory(genere="altro", stato=Stato.FALLITO)
    assert conteggi() == {
        "stati": {
            "in_coda": 2,
            "inviato": 0,
            "fallito": 1,
            "scaduto": 0,
            "annullato": 0,
            "rimbalzato": 0,
        },
        "generi": {"prova": {"in_coda": 2}, "altro": {"fallito": 1}},
    }
