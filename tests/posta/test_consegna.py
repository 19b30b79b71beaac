import smtplib
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import translation

from posta import consegna, linea
from posta.consegna import ATTESE, DURATA_LEASE, TENTATIVI_MASSIMI, prendi, spedisci_dovuti
from posta.generi import Allegato, Composto, NonDovuto, Rinviato, Scaduto
from posta.models import Battito, Messaggio
from posta.services import accoda, annulla_per_chiave, rispedisci
from tests.factories import MessaggioFactory

ADESSO = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
Stato = Messaggio.Stato
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("genere")]


def due(**campi):
    return MessaggioFactory(**{"genere": "prova", "dovuto_at": ADESSO, **campi})


def deliver(adesso=ADESSO, **opzioni):
    return spedisci_dovuti(lambda: adesso, **opzioni)


def sent_to():
    return [email.to[0] for email in mail.outbox]


class TestDelivery:
    def test_what_is_due_leaves_once(self):
        messaggio = due()
        assert deliver().inviati == 1
        assert deliver().inviati == 0
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.inviato_at, messaggio.tentativi) == (
            Stato.INVIATO,
            ADESSO,
            1,
        )
        assert (messaggio.lease_until, messaggio.lease_token) == (None, "")
        assert sent_to() == [messaggio.destinatario]

    def test_what_is_not_due_yet_stays(self):
        messaggio = due(dovuto_at=ADESSO + timedelta(seconds=1))
        assert deliver().inviati == 0
        assert deliver(messaggio.dovuto_at).inviati == 1

    def test_the_limit_bounds_how_many_are_looked_at(self):
        for _ in range(3):
            due()
        assert deliver(limite=2).inviati == 2
        assert deliver(limite=0).inviati == 0
        assert deliver(limite=2).inviati == 1

    def test_more_than_one_batch_leaves_on_one_connection(self, monkeypatch):
        monkeypatch.setattr(consegna, "LOTTO", 2)
        aperte = []
        monkeypatch.setattr(
            EmailBackend, "open", lambda backend: aperte.append(backend), raising=False
        )
        for _ in range(5):
            due()
        assert deliver().inviati == 5
        assert len(aperte) == 1

    def test_somebody_at_the_screen_does_not_wait_behind_reminders(self, genere):
        genere("codice", urgente=True)
        due(destinatario="promemoria@example.org", dovuto_at=ADESSO - timedelta(hours=1))
        due(destinatario="codice@example.org", genere="codice")
        deliver()
        assert sent_to() == ["codice@example.org", "promemoria@example.org"]

    def test_it_ends_when_its_time_is_over(self):
        due()
        assert deliver(secondi=0).inviati == 0
        assert Messaggio.objects.get().stato == Stato.IN_CODA

    def test_it_ends_after_the_mail_in_hand_when_told_to_stop(self, genere):
        def stop(messaggio, adesso):
            consegna.fermata.set()
            return Composto("Oggetto", "Testo", "")

        genere("prova", stop)
        due()
        due()
        assert deliver().inviati == 1
        assert Messaggio.objects.dovuti(ADESSO).count() == 1

    def test_whoever_delivers_is_seen(self):
        deliver()
        assert Battito.objects.get(nome="spedizione").visto_at == ADESSO

    def test_an_idle_look_costs_a_few_reads_and_no_write(self, django_assert_num_queries):
        deliver()
        with django_assert_num_queries(2):
            deliver()


class TestLeases:
    def test_a_leased_row_is_in_nobody_elses_hands_until_the_lease_ends(self):
        due()
        _token, lotto = prendi(50, ADESSO)
        assert len(lotto) == 1
        assert prendi(50, ADESSO + DURATA_LEASE - timedelta(seconds=1))[1] == []
        assert prendi(50, ADESSO + DURATA_LEASE)[1] == lotto

    def test_the_row_of_a_worker_that_died_is_taken_over(self):
        due()
        prendi(50, ADESSO)
        assert deliver().inviati == 0
        assert deliver(ADESSO + DURATA_LEASE).inviati == 1

    def test_who_lost_the_lease_neither_sends_nor_marks(self, genere):
        altro = []

        def taken_over(messaggio, adesso):
            # This process slept for six minutes before its second mail.
            if not altro:
                altro.append(prendi(50, ADESSO + DURATA_LEASE + timedelta(minutes=1)))
            return Composto("Oggetto", "Testo", "")

        genere("prova", taken_over)
        due(destinatario="uno@example.org")
        due(destinatario="due@example.org")
        deliver()
        token, lotto = altro[0]
        assert len(lotto) == 2
        # The first was on its way and left; neither row is marked by who has lost them.
        assert sent_to() == ["uno@example.org"]
        assert Messaggio.objects.in_coda().filter(lease_token=token).count() == 2

    def test_a_row_called_off_while_leased_does_not_leave(self, genere):
        def call_off_the_other(messaggio, adesso):
            annulla_per_chiave(["seconda"])
            return Composto("Oggetto", "Testo", "")

        genere("prova", call_off_the_other)
        due(chiave="prima", destinatario="uno@example.org")
        due(chiave="seconda", destinatario="due@example.org")
        assert deliver().inviati == 1
        assert sent_to() == ["uno@example.org"]
        assert Messaggio.objects.get(chiave="seconda").stato == Stato.ANNULLATO

    def test_a_batch_stops_after_half_its_lease_and_frees_the_rest(self, genere):
        orologio = [ADESSO]

        def slow(messaggio, adesso):
            orologio[0] += timedelta(minutes=1)
            return Composto("Oggetto", "Testo", "")

        genere("prova", slow)
        for _ in range(5):
            due()
        lotto = []
        originale = consegna._Consegna.lotto

        def watch(self, messaggi, token):
            originale(self, messaggi, token)
            lotto.append(self.resoconto.inviati)

        consegna._Consegna.lotto = watch
        try:
            spedisci_dovuti(lambda: orologio[0])
        finally:
            consegna._Consegna.lotto = originale
        # Minutes 0, 1 and 2 are in the first half of a five minutes' lease.
        assert lotto == [3, 5]

    def test_a_stop_in_the_middle_frees_what_was_not_on_the_line(self, monkeypatch):
        def killed(self, messages):
            raise SystemExit

        due()
        due()
        monkeypatch.setattr(EmailBackend, "send_messages", killed)
        with pytest.raises(SystemExit):
            deliver()
        # Nobody knows whether the one in flight left: it waits for its lease to end.
        assert Messaggio.objects.dovuti(ADESSO).count() == 1
        assert Messaggio.objects.dovuti(ADESSO + DURATA_LEASE).count() == 2


class TestComposers:
    def test_a_mail_no_longer_due_is_called_off(self, genere):
        def gone(messaggio, adesso):
            raise NonDovuto

        genere("prova", gone)
        messaggio = due()
        assert deliver().annullati == 1
        messaggio.refresh_from_db()
        assert messaggio.stato == Stato.ANNULLATO

    def test_a_mail_of_no_more_use_expires(self, genere):
        def late(messaggio, adesso):
            raise Scaduto

        genere("prova", late)
        messaggio = due()
        assert deliver().scaduti == 1
        messaggio.refresh_from_db()
        assert messaggio.stato == Stato.SCADUTO

    def test_a_mail_can_ask_for_another_time(self, genere):
        domani = ADESSO + timedelta(hours=12)

        def tomorrow(messaggio, adesso):
            raise Rinviato(domani)

        genere("prova", tomorrow)
        messaggio = due()
        assert deliver().rinviati == 1
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.dovuto_at) == (Stato.IN_CODA, domani)
        assert (messaggio.tentativi, messaggio.lease_until) == (0, None)

    def test_asking_for_now_again_is_not_asked_for_ever(self, genere):
        def now(messaggio, adesso):
            raise Rinviato(adesso)

        genere("prova", now)
        due()
        assert deliver().rinviati == 1

    def test_a_composer_that_crashes_stops_nobody_else(self, genere, caplog):
        def crash(messaggio, adesso):
            raise KeyError("anna@example.org")

        genere("guasto", crash)
        rotto = due(genere="guasto")
        due()
        resoconto = deliver()
        assert (resoconto.rimandati, resoconto.inviati) == (1, 1)
        rotto.refresh_from_db()
        assert rotto.stato == Stato.IN_CODA
        assert rotto.tentativi == 1
        assert rotto.ultimo_errore == "KeyError (crash, test_consegna.py)"
        assert "can not be composed" in caplog.text

    def test_a_kind_that_this_worker_does_not_know_yet_waits(self):
        messaggio = due(genere="di-domani")
        assert deliver().rimandati == 1
        messaggio.refresh_from_db()
        assert messaggio.stato == Stato.IN_CODA

    @pytest.mark.parametrize(
        ("lingua", "attesa"), [("it", "Pagina"), ("en", "Page"), ("xx", "Pagina")]
    )
    def test_a_mail_speaks_the_language_of_its_reader(self, genere, lingua, attesa):
        def speak(messaggio, adesso):
            parola = {"it": "Pagina", "en": "Page"}[translation.get_language()]
            return Composto(parola, "Testo", "")

        genere("prova", speak)
        due(lingua=lingua)
        with translation.override("en"):
            deliver()
            assert translation.get_language() == "en"
        assert mail.outbox[0].subject == attesa


class TestWhatLeaves:
    def test_every_mail_carries_what_programs_and_people_need(self):
        messaggio = due()
        deliver()
        email = mail.outbox[0].message()
        assert email["Auto-Submitted"] == "auto-generated"
        assert email["Date"] == "Tue, 10 Mar 2026 10:00:00 +0100"
        assert email["Reply-To"] == "partecipazione@comune.piacenza.it"
        assert email["Message-ID"] == consegna.message_id(messaggio)
        assert email["List-Unsubscribe"] is None
        assert [parte.get_content_type() for parte in email.get_payload()] == [
            "text/plain",
            "text/html",
        ]

    def test_the_message_id_is_the_rows_own_and_tells_nothing(self):
        uno, due_ = due(), due()
        assert consegna.message_id(uno) == consegna.message_id(uno)
        assert consegna.message_id(uno) != consegna.message_id(due_)
        assert consegna.message_id(uno).endswith("@testserver>")
        assert uno.chiave not in consegna.message_id(uno)

    def test_the_composer_gives_headers_reply_address_and_attachments(self, genere):
        ics = "BEGIN:VCALENDAR\r\nSUMMARY:Perché\r\nEND:VCALENDAR\r\n".encode()

        def rich(messaggio, adesso):
            return Composto(
                "Oggetto",
                "Testo",
                "<p>Testo</p>",
                allegati=(
                    Allegato("incontro.ics", ics, "text/calendar; method=REQUEST; charset=utf-8"),
                ),
                intestazioni={"List-Unsubscribe": "<https://example.org/x>"},
                rispondi_a="anna@example.org",
            )

        genere("prova", rich)
        due()
        deliver()
        email = mail.outbox[0].message()
        assert email["List-Unsubscribe"] == "<https://example.org/x>"
        assert email["Reply-To"] == "anna@example.org"
        allegato = email.get_payload()[1]
        assert allegato.get_filename() == "incontro.ics"
        assert allegato["Content-Type"] == 'text/calendar; method="REQUEST"; charset="utf-8"'
        assert allegato.get_payload(decode=True) == ics

    def test_a_subject_can_not_write_headers(self, genere):
        genere("prova", lambda m, adesso: Composto("Ciao\r\nBcc: tutti@example.org", "Testo", ""))
        due()
        deliver()
        email = mail.outbox[0]
        assert email.subject == "Ciao Bcc: tutti@example.org"
        assert email.message()["Bcc"] is None
        assert email.recipients() == email.to

    @pytest.mark.parametrize(
        "campi",
        [
            {"intestazioni": {"List-Unsubscribe": "<x>\r\nBcc: tutti@example.org"}},
            {"rispondi_a": "anna@example.org\nBcc: tutti@example.org"},
        ],
    )
    def test_other_headers_with_a_line_break_are_not_sent(self, genere, campi):
        genere("prova", lambda m, adesso: Composto("Ciao", "Testo", "", **campi))
        messaggio = due()
        assert deliver().rimandati == 1
        assert mail.outbox == []
        messaggio.refresh_from_db()
        assert messaggio.ultimo_errore == "BadHeaderError"

    def test_an_address_with_a_line_break_is_not_sent_to(self):
        due(destinatario="anna@example.org\nBcc: tutti@example.org")
        assert deliver().rimandati == 1
        assert mail.outbox == []


class TestSecrets:
    @pytest.fixture(autouse=True)
    def kind(self, genere):
        def code(messaggio, adesso):
            if messaggio.parametri.get("scaduto"):
                raise Scaduto
            return Composto("Codice", messaggio.parametri["codice"], "")

        genere("codice", code, riservato=True)
        genere("lettera", code, riservato=True, rispedibile=True)

    def test_the_row_forgets_a_secret_when_it_has_left(self):
        messaggio = due(genere="codice", parametri={"codice": "1234"})
        deliver()
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.parametri) == (Stato.INVIATO, {})
        assert mail.outbox[0].body == "1234"

    def test_it_forgets_it_when_it_is_too_late(self):
        messaggio = due(genere="codice", parametri={"codice": "1234", "scaduto": True})
        deliver()
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.parametri) == (Stato.SCADUTO, {})

    def test_it_forgets_it_when_it_is_given_up(self, refusing):
        messaggio = due(genere="codice", parametri={"codice": "1234"})
        refusing("550 5.1.1 unknown")
        deliver()
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.parametri) == (Stato.FALLITO, {})

    def test_but_what_a_citizen_wrote_can_still_be_sent(self, refusing):
        messaggio = due(genere="lettera", parametri={"codice": "Gentile ufficio"})
        refusing("550 5.1.1 unknown")
        deliver()
        messaggio.refresh_from_db()
        assert messaggio.stato == Stato.FALLITO
        refusing(None)
        rispedisci(messaggio, adesso=ADESSO)
        deliver()
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.parametri) == (Stato.INVIATO, {})
        assert mail.outbox[0].body == "Gentile ufficio"

    def test_it_keeps_it_while_it_waits_for_another_try(self, refusing):
        messaggio = due(genere="codice", parametri={"codice": "1234"})
        refusing("451 4.7.1 later")
        deliver()
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.parametri) == (Stato.IN_CODA, {"codice": "1234"})


@pytest.fixture
def refusing(monkeypatch):
    """Make the backend refuse every recipient with this answer; None takes it back."""
    originale = EmailBackend.send_messages
    risposta = []

    def send(self, messages):
        if risposta[-1] is None:
            return originale(self, messages)
        codice, _spazio, testo = risposta[-1].partition(" ")
        raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: (int(codice), testo.encode())})

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    return risposta.append


class TestRefusals:
    def test_a_temporary_refusal_is_tried_again_later_each_time(self, refusing):
        refusing("451 4.3.0 try later")
        messaggio = due()
        adesso = ADESSO
        for tentativo, attesa in enumerate(ATTESE, start=1):
            assert deliver(adesso).rimandati == 1
            messaggio.refresh_from_db()
            assert messaggio.tentativi == tentativo
            assert attesa * 0.8 <= messaggio.dovuto_at - adesso <= attesa * 1.2
            assert deliver(messaggio.dovuto_at - timedelta(seconds=1)).rimandati == 0
            adesso = messaggio.dovuto_at
        assert deliver(adesso).falliti == 1
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.tentativi) == (Stato.FALLITO, TENTATIVI_MASSIMI)
        assert messaggio.ultimo_errore == "451 4.3.0 try later"

    @pytest.mark.parametrize(
        "risposta",
        [
            "550 5.1.1 <anna@example.org>: no such user",
            "553 5.1.2 no such domain",
            "501 5.1.3 bad address",
            "550 unknown user",
        ],
    )
    def test_an_address_that_does_not_exist_fails_at_once(self, refusing, risposta):
        refusing(risposta)
        messaggio = due()
        assert deliver().falliti == 1
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.tentativi) == (Stato.FALLITO, 1)
        assert "anna@example.org" not in messaggio.ultimo_errore
        assert messaggio.ultimo_errore[:3] == risposta[:3]

    @pytest.mark.parametrize(
        "risposta",
        [
            "450 4.2.1 mailbox busy",
            "452 4.2.2 mailbox full",
            "552 5.2.2 mailbox full",
            "550 5.7.1 relay denied",
            "554 5.7.1 blocked",
        ],
    )
    def test_what_may_pass_is_tried_again(self, refusing, risposta):
        refusing(risposta)
        due()
        assert deliver().rimandati == 1

    def test_one_bad_address_never_blocks_the_others(self, monkeypatch):
        originale = EmailBackend.send_messages

        def send(self, messages):
            if messages[0].to == ["via@example.org"]:
                raise smtplib.SMTPRecipientsRefused({"via@example.org": (550, b"5.1.1 gone")})
            return originale(self, messages)

        monkeypatch.setattr(EmailBackend, "send_messages", send)
        due(destinatario="via@example.org")
        due(destinatario="uno@example.org")
        due(destinatario="due@example.org")
        resoconto = deliver()
        assert (resoconto.falliti, resoconto.inviati) == (1, 2)
        assert sent_to() == ["uno@example.org", "due@example.org"]

    def test_a_backend_that_crashes_on_one_mail_is_that_mails_trouble(self, monkeypatch, caplog):
        monkeypatch.setattr(EmailBackend, "send_messages", lambda *a: 1 / 0)
        messaggio = due()
        assert deliver().rimandati == 1
        messaggio.refresh_from_db()
        assert messaggio.ultimo_errore == "ZeroDivisionError"


class TestServerDown:
    def test_it_costs_the_recipients_no_attempt(self, monkeypatch):
        monkeypatch.setattr(EmailBackend, "open", refuse_connection, raising=False)
        righe = [due() for _ in range(3)]
        resoconto = deliver()
        assert resoconto.server_irraggiungibile
        assert resoconto.inviati == resoconto.rimandati == 0
        for riga in righe:
            riga.refresh_from_db()
            assert (riga.stato, riga.tentativi, riga.dovuto_at) == (Stato.IN_CODA, 0, ADESSO)
            assert (riga.lease_until, riga.lease_token) == (None, "")
            assert riga.ultimo_errore == "ConnectionRefusedError: nobody there"

    def test_it_is_left_alone_for_a_moment_unless_a_person_waits(self, monkeypatch):
        chiamate = []
        monkeypatch.setattr(
            EmailBackend,
            "open",
            lambda self: (chiamate.append(1), refuse_connection(self)),
            raising=False,
        )
        due()
        deliver()
        assert deliver().server_irraggiungibile
        assert len(chiamate) == 1
        deliver(ignora_pausa=True)
        assert len(chiamate) == 2

    def test_the_mails_leave_when_it_is_back(self, monkeypatch):
        with monkeypatch.context() as m:
            m.setattr(EmailBackend, "open", refuse_connection, raising=False)
            messaggio = due()
            deliver()
        linea.server._fino_a = time.monotonic()
        assert deliver().inviati == 1
        messaggio.refresh_from_db()
        assert (messaggio.stato, messaggio.ultimo_errore) == (Stato.INVIATO, "")

    def test_our_own_address_refused_is_nobodys_attempt(self, monkeypatch):
        def send(self, messages):
            raise smtplib.SMTPSenderRefused(530, b"5.7.0 log in first", "laboratori@example.org")

        monkeypatch.setattr(EmailBackend, "send_messages", send)
        messaggio = due()
        assert deliver().server_irraggiungibile
        messaggio.refresh_from_db()
        assert (messaggio.tentativi, messaggio.ultimo_errore) == (0, "530 5.7.0 log in first")


def refuse_connection(backend):
    raise ConnectionRefusedError("nobody there")


def test_a_mail_queued_while_another_is_sent_leaves_in_the_same_delivery(genere):
    def answer(messaggio, adesso):
        if messaggio.chiave == "domanda":
            accoda("prova", "b@example.org", chiave="risposta", lingua="it", adesso=adesso)
        return Composto("Oggetto", "Testo", "")

    genere("prova", answer)
    due(chiave="domanda")
    assert deliver().inviati == 2
