"""Mails that came back are marked, and only by a report that names them by our own fingerprint."""

import mailbox
from email.message import EmailMessage

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from posta.consegna import message_id
from posta.models import Messaggio
from posta.rimbalzi import Letti, leggi
from tests.factories import MessaggioFactory

from .rapporti import rapporto

pytestmark = pytest.mark.django_db


@pytest.fixture
def partito():
    return MessaggioFactory(stato=Messaggio.Stato.INVIATO, inviato_at=timezone.now())


@pytest.mark.parametrize("intestazioni", [False, True])
def test_a_report_marks_its_mail_once_and_quotes_no_address(partito, intestazioni):
    grezzo = rapporto(message_id(partito), intestazioni=intestazioni)

    assert leggi([grezzo, grezzo]) == Letti(segnati=1, gia_segnati=1)

    partito.refresh_from_db()
    assert (partito.stato, partito.ultimo_errore) == (
        "rimbalzato",
        "5.1.1 smtp; 550 <…@…> unknown user",
    )


def test_a_delay_a_forgery_and_a_letter_mark_nothing(partito):
    vero = message_id(partito)
    falso = vero.replace(vero.split(".")[1][:4], "0000")
    lettera = EmailMessage()
    lettera["Message-ID"] = vero
    lettera.set_content("Grazie!")

    letti = leggi([rapporto(vero, azione="delayed"), rapporto(falso), bytes(lettera), b""])

    assert letti == Letti(altro=4)
    partito.refresh_from_db()
    assert partito.stato == "inviato"


def test_the_command_reads_a_maildir_and_leaves_what_it_does_not_understand(
    partito, tmp_path, capsys
):
    casella = mailbox.Maildir(tmp_path / "posta")
    casella.add(rapporto(message_id(partito)))
    casella.add(b"Subject: Ciao\r\n\r\nGrazie!\r\n")
    casella.close()

    call_command("leggi_rimbalzi", tmp_path / "posta", "--togli")

    assert capsys.readouterr().out == "rimbalzati: 1, già segnati: 0, altro: 1\n"
    assert len(mailbox.Maildir(tmp_path / "posta")) == 1


def test_the_command_reads_an_mbox(partito, tmp_path, capsys):
    casella = mailbox.mbox(tmp_path / "posta")
    casella.add(rapporto(message_id(partito)))
    casella.close()

    call_command("leggi_rimbalzi", tmp_path / "posta")

    partito.refresh_from_db()
    assert partito.stato == "rimbalzato"
    with pytest.raises(CommandError):
        call_command("leggi_rimbalzi", tmp_path / "manca")
