"""Delivery through a real mail server on this machine."""

from datetime import UTC, datetime

import pytest

from posta import linea
from posta.consegna import message_id, spedisci_dovuti
from posta.generi import Allegato, Composto
from posta.models import Messaggio
from tests.factories import MessaggioFactory

ADESSO = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
Stato = Messaggio.Stato
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("genere")]


def due(nome, **campi):
    return MessaggioFactory(
        genere="prova", destinatario=f"{nome}@example.org", dovuto_at=ADESSO, **campi
    )


def deliver(**opzioni):
    return spedisci_dovuti(lambda: ADESSO, **opzioni)


def states():
    return dict(Messaggio.objects.values_list("destinatario", "stato"))


def test_all_leave_on_one_connection_and_arrive_whole(smtp, genere):
    def rich(messaggio, adesso):
        return Composto(
            "Perché no? È l'incontro",
            "Così è\n.\ndopo il punto\n",
            "<p>Così è</p>",
            allegati=(Allegato("incontro.ics", b"BEGIN:VCALENDAR\r\n", "text/calendar"),),
        )

    genere("prova", rich)
    righe = [due(f"persona{n}") for n in range(5)]
    assert deliver().inviati == 5
    assert smtp.connessioni == 1
    assert smtp.destinatari == [riga.destinatario for riga in righe]
    email = smtp.messaggi[0]
    assert email["Subject"] == "Perché no? È l'incontro"
    assert email["Message-ID"] == message_id(righe[0])
    testo = email.get_body(("plain",)).get_content()
    assert testo.splitlines() == ["Così è", ".", "dopo il punto"]
    assert email.get_body(("html",)).get_content().strip() == "<p>Così è</p>"
    (allegato,) = email.iter_attachments()
    assert allegato.get_filename() == "incontro.ics"
    assert allegato.get_payload(decode=True) == b"BEGIN:VCALENDAR\r\n"


def test_refused_and_delayed_recipients_hold_up_nobody(smtp):
    smtp.rcpt = {
        "via@example.org": "550 5.1.1 <via@example.org> no such user",
        "grigia@example.org": "451 4.7.1 come back later",
    }
    smtp.data = {"spam@example.org": "554 5.6.0 we do not like it"}
    for nome in ("via", "uno", "grigia", "spam", "due"):
        due(nome)
    resoconto = deliver()
    assert (resoconto.inviati, resoconto.rimandati, resoconto.falliti) == (2, 1, 2)
    assert smtp.destinatari == ["uno@example.org", "due@example.org"]
    assert smtp.connessioni == 1
    assert states() == {
        "via@example.org": Stato.FALLITO,
        "uno@example.org": Stato.INVIATO,
        "grigia@example.org": Stato.IN_CODA,
        "spam@example.org": Stato.FALLITO,
        "due@example.org": Stato.INVIATO,
    }
    assert (
        Messaggio.objects.get(destinatario="via@example.org").ultimo_errore
        == "550 5.1.1 <…@…> no such user"
    )


def test_a_server_that_hangs_up_every_two_mails_gets_them_all_with_no_attempt_lost(smtp):
    smtp.massimo_per_connessione = 2
    for n in range(7):
        due(f"persona{n}")
    assert deliver().inviati == 7
    assert smtp.connessioni == 4
    assert smtp.ripetuti() == 0
    assert set(Messaggio.objects.values_list("tentativi", flat=True)) == {1}


def test_a_mail_that_fells_the_line_is_left_for_later_and_the_rest_leave(smtp):
    smtp.cade_su = {"pietra@example.org"}
    for nome in ("uno", "pietra", "due"):
        due(nome)
    resoconto = deliver()
    assert (resoconto.inviati, resoconto.rimandati) == (2, 1)
    assert smtp.destinatari == ["uno@example.org", "due@example.org"]
    assert Messaggio.objects.get(destinatario="pietra@example.org").tentativi == 1


def test_a_server_that_stays_silent_is_left_after_two_mails(smtp, settings):
    settings.EMAIL_TIMEOUT = 0.3
    smtp.muto_su = {"uno@example.org", "due@example.org"}
    for nome in ("uno", "due", "tre"):
        due(nome)
    resoconto = deliver()
    assert resoconto.server_irraggiungibile
    assert (resoconto.inviati, resoconto.rimandati) == (0, 2)
    # Those two may have left: they are not tried again at once. The third costs nothing.
    tentativi = dict(Messaggio.objects.values_list("destinatario", "tentativi"))
    assert tentativi == {"uno@example.org": 1, "due@example.org": 1, "tre@example.org": 0}


def test_a_slow_server_is_used_for_as_long_as_there_is_time(smtp):
    smtp.ritardo = 0.2
    for n in range(6):
        due(f"persona{n}")
    resoconto = deliver(secondi=0.5)
    assert 1 <= resoconto.inviati <= 4
    assert Messaggio.objects.dovuti(ADESSO).count() == 6 - resoconto.inviati


def test_mails_wait_for_a_server_that_is_down_and_leave_when_it_is_back(smtp, settings, dead_port):
    due("anna")
    porta, settings.EMAIL_PORT = settings.EMAIL_PORT, dead_port
    assert deliver().server_irraggiungibile
    messaggio = Messaggio.objects.get()
    assert (messaggio.stato, messaggio.tentativi) == (Stato.IN_CODA, 0)
    settings.EMAIL_PORT = porta
    linea.server.riuscito()
    assert deliver().inviati == 1
    assert smtp.destinatari == ["anna@example.org"]


def test_a_server_that_refuses_our_address_costs_the_recipients_nothing(smtp):
    smtp.mittente = "550 5.7.1 not from you"
    due("anna")
    assert deliver().server_irraggiungibile
    messaggio = Messaggio.objects.get()
    assert (messaggio.stato, messaggio.tentativi) == (Stato.IN_CODA, 0)
    assert messaggio.ultimo_errore == "550 5.7.1 not from you"
