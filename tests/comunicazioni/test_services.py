import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import consensi
from accounts.models import User
from comunicazioni import pubblico, services
from comunicazioni.models import Comunicazione, Destinatario
from comunicazioni.services import Rifiuto
from eventi.models import Iscrizione
from portale.lib.dates import ROMA
from posta.consegna import prendi, spedisci_dovuti
from posta.models import Messaggio
from proposte.models import Seguito
from proposte.partecipazione import smetti
from tests.factories import (
    ComponenteFactory,
    ComunicazioneFactory,
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
    MessaggioFactory,
    PartecipanteFactory,
    SeggioFactory,
    SeguitoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

S = Iscrizione.Stato
MEZZOGIORNO = datetime(2026, 5, 6, 12, tzinfo=ROMA)
NOTTE = datetime(2026, 5, 6, 23, tzinfo=ROMA)


@pytest.fixture(autouse=True)
def per_mail(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def avvia(comunicazione, adesso=MEZZOGIORNO, autore=None):
    return services.avvia(
        comunicazione,
        confermata=services.impronta(comunicazione),
        autore=autore or UserFactory(),
        adesso=adesso,
    )


def prepara(adesso=MEZZOGIORNO):
    services.prepara(lambda: adesso)


def spedisci(adesso=MEZZOGIORNO):
    spedisci_dovuti(lambda: adesso)
    services.concludi(adesso)


def manda(comunicazione, adesso=MEZZOGIORNO):
    """From the draft to the last mail."""
    avvia(comunicazione, adesso)
    prepara(adesso)
    prepara(adesso)
    spedisci(adesso)
    comunicazione.refresh_from_db()


def arrivati():
    return sorted(indirizzo for inviata in mail.outbox for indirizzo in inviata.to)


def storia(comunicazione):
    return list(comunicazione.passaggi.values_list("da", "a"))


# --- To whom --------------------------------------------------------------------------------


@pytest.fixture
def iscritti():
    """One registration in each state to one meeting, by name; and somebody of another one."""
    incontro = IncontroFactory(inizio=MEZZOGIORNO + timedelta(days=5))
    tutte = {
        "confermata": IscrizioneFactory(incontro=incontro),
        "presente": IscrizioneFactory(incontro=incontro, presente=True),
        "in_lista": IscrizioneFactory(incontro=incontro, in_attesa=True),
        "offerta": IscrizioneFactory(incontro=incontro, stato=S.POSTO_OFFERTO),
        "rinunciata": IscrizioneFactory(incontro=incontro, stato=S.RINUNCIATA, posti=0),
        "annullata": IscrizioneFactory(incontro=incontro, stato=S.ANNULLATA, posti=0),
        "da_verificare": IscrizioneFactory(
            incontro=incontro, stato=S.DA_VERIFICARE, verificata_at=None
        ),
        "da_chiamare": IscrizioneFactory(incontro=incontro, email=None),
        "altrove": IscrizioneFactory(),
    }
    for nome, iscrizione in tutte.items():
        if iscrizione.email:
            Iscrizione.objects.filter(pk=iscrizione.pk).update(email=f"{nome}@example.org")
    return incontro


@pytest.mark.parametrize(
    ("quali", "chi"),
    [
        ("tutti", ["confermata", "in_lista", "offerta", "presente"]),
        ("confermati", ["confermata", "presente"]),
        ("in_lista", ["in_lista", "offerta"]),
        ("presenti", ["presente"]),
    ],
)
def test_it_goes_to_the_chosen_registrations_of_one_meeting(iscritti, quali, chi):
    manda(ComunicazioneFactory(incontro=iscritti, iscritti=quali))

    assert arrivati() == [f"{nome}@example.org" for nome in chi]


def test_the_count_says_who_is_written_to_and_who_has_to_be_called(iscritti):
    conto = services.pubblico.conta(ComunicazioneFactory(incontro=iscritti), MEZZOGIORNO)

    assert (conto.indirizzi, conto.senza_email, conto.da_verificare) == (4, 1, 1)


def test_it_goes_to_who_follows_that_lab_and_to_nobody_else():
    comunicazione = ComunicazioneFactory(laboratorio_seguito=True)
    segue = SeguitoFactory(proposta=None, laboratorio=comunicazione.laboratorio)
    SeguitoFactory(proposta=None, laboratorio=LaboratorioFactory())
    SeguitoFactory()

    manda(comunicazione)

    assert arrivati() == [segue.partecipante.email]


def test_who_switched_off_what_she_follows_is_counted_and_not_written_to():
    comunicazione = ComunicazioneFactory(laboratorio_seguito=True)
    vuole, non_vuole = UserFactory(), UserFactory(avvisi_seguiti=False)
    ospite = PartecipanteFactory()
    for chi in (
        PartecipanteFactory(persona=vuole, email=vuole.email),
        PartecipanteFactory(persona=non_vuole, email=non_vuole.email),
        ospite,
    ):
        SeguitoFactory(proposta=None, laboratorio=comunicazione.laboratorio, partecipante=chi)

    conto = services.pubblico.conta(comunicazione, MEZZOGIORNO)
    manda(comunicazione)

    assert (conto.indirizzi, conto.contrari, conto.da_verificare) == (2, 1, 0)
    assert arrivati() == sorted([vuole.email, ospite.email])


def test_a_member_with_two_seats_gets_one_mail():
    persona = UserFactory()
    seggio = SeggioFactory()
    altro = SeggioFactory(percorso=seggio.percorso)
    ComponenteFactory(seggio=seggio, persona=persona)
    ComponenteFactory(seggio=altro, persona=persona)
    ComponenteFactory()
    comunicazione = ComunicazioneFactory(
        pubblico="tavolo", incontro=None, percorso=seggio.percorso
    )
    adesso = timezone.now()

    conto = services.pubblico.conta(comunicazione, adesso)
    manda(comunicazione, datetime(adesso.year, adesso.month, adesso.day, 12, tzinfo=ROMA))

    assert conto.indirizzi == 1
    assert arrivati() == [persona.email]
    assert comunicazione.preparati == 1


@pytest.fixture
def notizie():
    """Said yes to the news: a guest, somebody with an account, one who did not confirm, one who
    took it back, and one who said yes to something else."""

    def si(email, confermato=True, scopo="newsletter", ambito="", lingua="it"):
        return consensi.dai(
            scopo,
            email,
            ambito=ambito,
            lingua=lingua,
            confermato=confermato,
            adesso=MEZZOGIORNO - timedelta(days=9),
        )

    persona = UserFactory(email="account@example.org")
    PartecipanteFactory(email="account@example.org", persona=persona)
    PartecipanteFactory(email="ospite@example.org")
    ritirato = si("ritirato@example.org")
    si("ospite@example.org", lingua="en")
    si("account@example.org")
    # Asked again from the form of a meeting: she waits for nothing.
    si("account@example.org", confermato=False)
    for _ in range(2):
        si("attesa@example.org", confermato=False)
    si("foto@example.org", scopo="foto", ambito="incontro:verde")
    consensi.ritira(consensi.newsletter_di(ritirato.email), MEZZOGIORNO)
    return si


def test_the_news_go_to_who_said_yes_and_confirmed_and_to_nobody_else(notizie):
    comunicazione = ComunicazioneFactory(notizie=True)

    conto = pubblico.conta(comunicazione, MEZZOGIORNO)
    manda(comunicazione)

    assert (conto.indirizzi, conto.senza_email, conto.da_verificare, conto.contrari) == (
        2,
        0,
        1,
        0,
    )
    assert arrivati() == ["account@example.org", "ospite@example.org"]
    assert comunicazione.preparati == 2


def test_an_account_that_said_yes_with_two_addresses_gets_the_news_at_the_first(notizie):
    persona = UserFactory(email="prima@example.org")
    EmailAddress.objects.create(user=persona, email="seconda@example.org", verified=True)
    # Whoever claims an address that is not hers takes nothing from whose it is.
    EmailAddress.objects.create(user=persona, email="ospite@example.org", verified=False)
    for email in ("prima@example.org", "seconda@example.org"):
        notizie(email)
    comunicazione = ComunicazioneFactory(notizie=True)

    conto = pubblico.conta(comunicazione, MEZZOGIORNO)
    manda(comunicazione)

    assert conto.indirizzi == 3
    assert arrivati() == ["account@example.org", "ospite@example.org", "prima@example.org"]


def test_who_said_yes_with_an_address_that_has_become_an_accounts_second_is_written_to_once(
    notizie,
):
    comunicazione = ComunicazioneFactory(notizie=True)
    avvia(comunicazione)
    prepara()
    # Between the preparation and the delivery the guest's address becomes the account's too.
    persona = User.objects.get(email="account@example.org")
    EmailAddress.objects.create(user=persona, email="ospite@example.org", verified=True)

    prepara()
    spedisci()

    assert arrivati() == ["ospite@example.org"]


def test_by_night_the_news_wait_for_eight_and_can_not_be_urgent(notizie):
    manda(ComunicazioneFactory(notizie=True), NOTTE)
    di_notte = arrivati()
    spedisci(datetime(2026, 5, 7, 8, 0, tzinfo=ROMA))

    assert (di_notte, len(mail.outbox)) == ([], 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        ComunicazioneFactory(notizie=True, urgente=True, motivo_urgenza="Di corsa")


# --- Its life -------------------------------------------------------------------------------


def test_from_a_draft_to_the_last_mail(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti)

    manda(comunicazione)

    assert comunicazione.stato == Comunicazione.Stato.INVIATA
    assert storia(comunicazione) == [
        ("bozza", "in_preparazione"),
        ("in_preparazione", "in_invio"),
        ("in_invio", "inviata"),
    ]
    assert services.numeri(comunicazione) == {
        "previsti": 4,
        "preparati": 4,
        "in_coda": 0,
        "inviati": 4,
        "falliti": 0,
        "rimbalzati": 0,
        "non_dovuti": 0,
        "fermati": 0,
        "dimenticati": 0,
    }


def test_a_double_click_on_send_is_one_sending(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    vista = Comunicazione.objects.get(pk=comunicazione.pk)

    avvia(comunicazione)
    avvia(vista)
    prepara()
    prepara()

    assert storia(comunicazione) == [
        ("bozza", "in_preparazione"),
        ("in_preparazione", "in_invio"),
    ]
    assert Messaggio.objects.filter(genere="comunicazione").count() == 4


def test_what_was_changed_after_it_was_read_does_not_leave(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    letta = services.impronta(comunicazione)
    Comunicazione.objects.filter(pk=comunicazione.pk).update(testo="Altro.")

    with pytest.raises(Rifiuto, match="qualcuno l'ha cambiata"):
        services.avvia(comunicazione, confermata=letta, autore=UserFactory(), adesso=MEZZOGIORNO)

    assert storia(comunicazione) == []


def test_nothing_leaves_when_there_is_nobody_to_write_to():
    comunicazione = ComunicazioneFactory()
    IscrizioneFactory(incontro=comunicazione.incontro, email=None)

    with pytest.raises(Rifiuto, match="nessuno a cui scrivere"):
        avvia(comunicazione)

    comunicazione.refresh_from_db()
    assert comunicazione.stato == Comunicazione.Stato.BOZZA


def test_what_is_for_later_waits_and_is_then_written_to_who_is_there_then(iscritti):
    comunicazione = ComunicazioneFactory(
        incontro=iscritti, non_prima_di=MEZZOGIORNO + timedelta(hours=2)
    )
    avvia(comunicazione)

    prepara(MEZZOGIORNO + timedelta(hours=1))
    prima = Destinatario.objects.count()
    IscrizioneFactory(incontro=iscritti, email="ultima@example.org")
    prepara(MEZZOGIORNO + timedelta(hours=2))

    assert prima == 0
    assert "ultima@example.org" in Destinatario.objects.values_list("email", flat=True)


def test_a_stopped_one_sends_nothing_more_and_says_what_had_left(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    avvia(comunicazione)
    prepara()
    prepara()
    spedisci_dovuti(lambda: MEZZOGIORNO, limite=1)

    quanti = services.ferma(
        comunicazione, motivo="Data sbagliata", autore=UserFactory(), adesso=MEZZOGIORNO
    )
    spedisci()

    comunicazione.refresh_from_db()
    numeri = services.numeri(comunicazione)
    assert quanti == 3
    assert len(mail.outbox) == 1
    assert comunicazione.stato == Comunicazione.Stato.FERMATA
    assert (numeri["inviati"], numeri["fermati"], numeri["non_dovuti"]) == (1, 3, 0)
    assert comunicazione.passaggi.last().motivo == "Data sbagliata"


def test_one_stopped_while_it_is_prepared_writes_nobody_else_down(iscritti, monkeypatch):
    monkeypatch.setattr(services, "PARTE", 2)
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    avvia(comunicazione)
    services._prepara_parte(comunicazione.pk, MEZZOGIORNO)

    services.ferma(comunicazione, motivo="No", autore=UserFactory(), adesso=MEZZOGIORNO)
    prepara()
    spedisci()

    assert comunicazione.destinatari.count() == 2
    assert mail.outbox == []


def test_a_draft_can_be_called_off_and_what_has_recipients_only_stopped(iscritti):
    bozza = ComunicazioneFactory(incontro=iscritti)
    partita = ComunicazioneFactory(incontro=iscritti)
    avvia(partita)
    services._prepara_parte(partita.pk, MEZZOGIORNO)

    services.annulla(bozza, autore=UserFactory(), adesso=MEZZOGIORNO)
    with pytest.raises(Rifiuto, match="si può solo fermare"):
        services.annulla(partita, autore=UserFactory(), adesso=MEZZOGIORNO)

    assert storia(bozza) == [("bozza", "annullata")]
    with pytest.raises(Rifiuto, match="annullata"):
        avvia(bozza)


# --- Still due ------------------------------------------------------------------------------


def test_who_left_after_the_preparation_is_not_written_to(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    avvia(comunicazione)
    prepara()
    prepara()
    Iscrizione.objects.filter(email="confermata@example.org").update(stato=S.RINUNCIATA, posti=0)

    spedisci()

    comunicazione.refresh_from_db()
    assert arrivati() == ["in_lista@example.org", "offerta@example.org", "presente@example.org"]
    assert services.numeri(comunicazione)["non_dovuti"] == 1
    assert comunicazione.stato == Comunicazione.Stato.INVIATA


def test_who_stopped_following_after_the_preparation_is_not_written_to():
    comunicazione = ComunicazioneFactory(laboratorio_seguito=True)
    resta, lascia = PartecipanteFactory(), PartecipanteFactory()
    for chi in (resta, lascia):
        SeguitoFactory(proposta=None, laboratorio=comunicazione.laboratorio, partecipante=chi)
    avvia(comunicazione)
    prepara()
    prepara()

    smetti(lascia, laboratorio=comunicazione.laboratorio)
    spedisci()

    assert arrivati() == [resta.email]


def test_one_click_in_the_mail_leaves_that_lab_alone(client):
    comunicazione = ComunicazioneFactory(laboratorio_seguito=True)
    suo = SeguitoFactory(proposta=None, laboratorio=comunicazione.laboratorio)
    altro = SeguitoFactory(
        proposta=None, laboratorio=LaboratorioFactory(), partecipante=suo.partecipante
    )
    manda(comunicazione)
    url = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>")
    percorso = url.removeprefix("http://testserver")

    chiesto = client.get(percorso)
    rimasti = Seguito.objects.count()
    fatto = client.post(percorso, {"List-Unsubscribe": "One-Click"})

    assert mail.outbox[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in mail.outbox[0].body
    assert (chiesto.status_code, rimasti, fatto.status_code) == (200, 2, 200)
    assert list(Seguito.objects.all()) == [altro]


def test_who_took_the_yes_back_after_the_preparation_gets_no_news(notizie):
    comunicazione = ComunicazioneFactory(notizie=True)
    avvia(comunicazione)
    prepara()
    prepara()

    consensi.ritira(consensi.newsletter_di("ospite@example.org"), MEZZOGIORNO)
    spedisci()

    comunicazione.refresh_from_db()
    assert arrivati() == ["account@example.org"]
    assert services.numeri(comunicazione)["non_dovuti"] == 1
    assert comunicazione.stato == Comunicazione.Stato.INVIATA


def test_one_click_in_the_news_takes_back_that_yes_alone(notizie, client):
    foto = notizie("ospite@example.org", scopo="foto", ambito="incontro:verde")
    manda(ComunicazioneFactory(notizie=True))
    [sua] = [inviata for inviata in mail.outbox if inviata.to == ["ospite@example.org"]]
    url = sua.extra_headers["List-Unsubscribe"].strip("<>")
    percorso = url.removeprefix("http://testserver")

    # A mail program that only looks at the link takes nothing back.
    chiesto = client.get(percorso)
    vivi_prima = set(consensi.iscritti_newsletter().values_list("email", flat=True))
    fatto = client.post(percorso, {"List-Unsubscribe": "One-Click"})

    assert sua.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in sua.body
    assert url in sua.alternatives[0].content
    assert (chiesto.status_code, fatto.status_code) == (200, 200)
    assert vivi_prima == {"account@example.org", "ospite@example.org"}
    assert [si.email for si in consensi.iscritti_newsletter()] == ["account@example.org"]
    foto.refresh_from_db()
    assert foto.vivo


def test_the_address_of_who_wants_the_news_is_hers_to_change(notizie):
    comunicazione = ComunicazioneFactory(notizie=True)
    avvia(comunicazione)
    prepara()
    suo = comunicazione.destinatari.first()
    Messaggio.objects.filter(pk=suo.messaggio_id).update(stato=Messaggio.Stato.RIMBALZATO)

    with pytest.raises(Rifiuto, match="lo cambia lei"):
        services.rispedisci(suo, email="altra@example.org", adesso=MEZZOGIORNO)


def test_the_try_of_the_news_opens_nobodys_consent(notizie, client):
    comunicazione = ComunicazioneFactory(notizie=True)
    services.prova(comunicazione, autore=UserFactory(), adesso=MEZZOGIORNO)
    spedisci()

    [prova] = mail.outbox
    link = re.search(r"http://testserver(/partecipo/consensi/\S+)", prova.body)[1]
    assert "List-Unsubscribe" not in prova.extra_headers
    assert client.post(link).status_code == 404
    assert consensi.iscritti_newsletter().count() == 2


def test_a_mail_about_ones_own_meeting_cannot_be_left_only_the_seat_can(iscritti):
    manda(ComunicazioneFactory(incontro=iscritti, iscritti="presenti"))

    [inviata] = mail.outbox
    sua = Iscrizione.objects.get(email="presente@example.org")
    assert "List-Unsubscribe" not in inviata.extra_headers
    assert f"/iscrizioni/{sua.token}/rinuncia/" in inviata.body


# --- By night -------------------------------------------------------------------------------


def test_by_night_it_waits_for_eight(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    manda(comunicazione, NOTTE)
    di_notte = len(mail.outbox)

    spedisci(datetime(2026, 5, 7, 7, 59, tzinfo=ROMA))
    prima_delle_otto = len(mail.outbox)
    spedisci(datetime(2026, 5, 7, 8, 0, tzinfo=ROMA))

    assert (di_notte, prima_delle_otto, len(mail.outbox)) == (0, 0, 4)


def test_a_queue_that_moves_at_night_waits_too(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    avvia(comunicazione)
    prepara()
    prepara()

    spedisci(NOTTE)
    di_notte = len(mail.outbox)
    spedisci(datetime(2026, 5, 7, 8, 0, tzinfo=ROMA))

    assert (di_notte, len(mail.outbox)) == (0, 4)


def test_an_urgent_one_leaves_by_night(iscritti):
    manda(
        ComunicazioneFactory(incontro=iscritti, urgente=True, motivo_urgenza="Cambia la sede"),
        NOTTE,
    )

    assert len(mail.outbox) == 4


# --- The others come first ------------------------------------------------------------------


def test_a_confirmation_queued_behind_many_is_in_the_next_batch(iscritti, monkeypatch):
    comunicazione = ComunicazioneFactory(incontro=iscritti)
    avvia(comunicazione)
    prepara()
    prepara()
    dopo = MEZZOGIORNO + timedelta(minutes=1)
    promemoria = MessaggioFactory(genere="promemoria", dovuto_at=dopo)
    verifica = MessaggioFactory(genere="verifica", dovuto_at=dopo)

    _token, lotto = prendi(3, dopo)

    assert [messaggio.pk for messaggio in lotto[:2]] == [verifica.pk, promemoria.pk]
    assert [messaggio.genere for messaggio in lotto] == ["verifica", "promemoria", "comunicazione"]


# --- What does not arrive -------------------------------------------------------------------


@pytest.fixture
def respinta(iscritti):
    """A recipient whose mail was refused for good, the others' having left."""
    comunicazione = ComunicazioneFactory(incontro=iscritti, iscritti="confermati")
    avvia(comunicazione)
    prepara()
    prepara()
    suo = comunicazione.destinatari.get(email="confermata@example.org")
    Messaggio.objects.filter(pk=suo.messaggio_id).update(
        stato=Messaggio.Stato.FALLITO, ultimo_errore="550 5.1.1 no such user"
    )
    spedisci()
    mail.outbox.clear()
    return comunicazione.destinatari.get(pk=suo.pk)


def test_a_refused_one_is_tried_again_at_the_same_address(respinta):
    services.rispedisci(respinta, adesso=MEZZOGIORNO)
    spedisci()

    assert arrivati() == ["confermata@example.org"]
    assert services.numeri(respinta.comunicazione)["falliti"] == 0


def test_a_refused_one_is_sent_to_the_right_address_once(respinta):
    services.rispedisci(respinta, email=" Giusta@Example.org ", adesso=MEZZOGIORNO)
    with pytest.raises(Rifiuto, match="già stata rispedita"):
        services.rispedisci(respinta, email="giusta@example.org", adesso=MEZZOGIORNO)
    spedisci()

    assert arrivati() == ["giusta@example.org"]
    assert services.numeri(respinta.comunicazione)["inviati"] == 2


def test_one_that_came_back_is_tried_again_at_the_same_address(respinta):
    Messaggio.objects.filter(pk=respinta.messaggio_id).update(
        stato=Messaggio.Stato.RIMBALZATO, inviato_at=MEZZOGIORNO
    )
    services.rispedisci(respinta, adesso=MEZZOGIORNO)
    spedisci()

    assert arrivati() == ["confermata@example.org"]


def test_one_that_came_back_is_sent_to_the_right_address(respinta):
    Messaggio.objects.filter(pk=respinta.messaggio_id).update(
        stato=Messaggio.Stato.RIMBALZATO, inviato_at=MEZZOGIORNO
    )
    tornati = services.numeri(respinta.comunicazione)["rimbalzati"]

    services.rispedisci(respinta, email="giusta@example.org", adesso=MEZZOGIORNO)
    spedisci()

    assert tornati == 1
    assert arrivati() == ["giusta@example.org"]


def test_an_address_that_got_it_already_does_not_get_it_twice(respinta):
    with pytest.raises(Rifiuto, match="è già andata"):
        services.rispedisci(respinta, email="presente@example.org", adesso=MEZZOGIORNO)
    spedisci()

    assert arrivati() == []


def test_the_address_that_a_person_confirmed_is_not_the_offices_to_change():
    comunicazione = ComunicazioneFactory(laboratorio_seguito=True)
    SeguitoFactory(proposta=None, laboratorio=comunicazione.laboratorio)
    avvia(comunicazione)
    prepara()
    suo = comunicazione.destinatari.get()
    Messaggio.objects.filter(pk=suo.messaggio_id).update(stato=Messaggio.Stato.FALLITO)

    with pytest.raises(Rifiuto, match="lo cambia lei"):
        services.rispedisci(suo, email="altra@example.org", adesso=MEZZOGIORNO)


# --- Words ----------------------------------------------------------------------------------


def test_each_reads_her_language_when_it_was_written_in_it():
    incontro = IncontroFactory(inizio=MEZZOGIORNO + timedelta(days=5))
    IscrizioneFactory(incontro=incontro, email="it@example.org")
    IscrizioneFactory(incontro=incontro, email="en@example.org", lingua="en")

    manda(ComunicazioneFactory(incontro=incontro, oggetto_en="Bring a pillow", testo_en="Hard."))
    tradotti = {inviata.to[0]: inviata.subject for inviata in mail.outbox}
    mail.outbox.clear()
    manda(ComunicazioneFactory(incontro=incontro))

    assert tradotti == {"it@example.org": "Portate un cuscino", "en@example.org": "Bring a pillow"}
    assert {inviata.extra_headers["Content-Language"] for inviata in mail.outbox} == {"it"}


def test_what_is_written_is_text_and_its_links_only_web_addresses():
    incontro = IncontroFactory(inizio=MEZZOGIORNO + timedelta(days=5))
    IscrizioneFactory(incontro=incontro)

    manda(
        ComunicazioneFactory(
            incontro=incontro,
            oggetto="<script>a</script> & b",
            testo="<img src=x onerror=a>\njavascript:alert(1) https://example.org/a?b=1&c=2",
        )
    )

    [inviata] = mail.outbox
    html = inviata.alternatives[0].content
    assert inviata.subject == "<script>a</script> & b"
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="nofollow">' in html
    assert "<img src=x onerror=a>" in inviata.body


def test_a_subject_makes_no_header_of_its_own():
    incontro = IncontroFactory(inizio=MEZZOGIORNO + timedelta(days=5))
    IscrizioneFactory(incontro=incontro, email="una@example.org")

    manda(
        ComunicazioneFactory(
            incontro=incontro, oggetto="Ciao\r\nBcc: altri@example.org\nX-Mio: sì"
        )
    )

    letta = message_from_bytes(mail.outbox[0].message().as_bytes(), policy=policy.default)
    assert letta["Subject"] == "Ciao Bcc: altri@example.org X-Mio: sì"
    assert (letta["Bcc"], letta["X-Mio"], letta["To"]) == (None, None, "una@example.org")


def test_the_try_is_the_same_mail_marked_and_sent_once(iscritti):
    comunicazione = ComunicazioneFactory(incontro=iscritti, iscritti="presenti")
    officer = UserFactory()

    services.prova(comunicazione, autore=officer, adesso=MEZZOGIORNO)
    services.prova(comunicazione, autore=officer, adesso=MEZZOGIORNO)
    spedisci()
    [prova] = mail.outbox
    mail.outbox.clear()
    manda(comunicazione)

    [vera] = mail.outbox
    assert prova.to == [officer.email]
    assert prova.subject == f"[PROVA] {vera.subject}"
    assert prova.body.split("\n")[:4] == vera.body.split("\n")[:4]
    assert comunicazione.stato == Comunicazione.Stato.INVIATA


def test_who_switched_news_of_what_she_follows_off_is_not_written_to():
    comunicazione = ComunicazioneFactory(laboratorio_seguito=True)
    for email, acceso in (("accesa@example.org", True), ("spenta@example.org", False)):
        persona = UserFactory(email=email, avvisi_seguiti=acceso, avvisi_riepilogo=not acceso)
        SeguitoFactory(
            proposta=None,
            laboratorio=comunicazione.laboratorio,
            partecipante=PartecipanteFactory(email=email, persona=persona),
        )

    adesso = timezone.now()

    assert pubblico.conta(comunicazione, adesso).indirizzi == 1
    _ultimo, destinatari = pubblico.parte(comunicazione, quanti=9, adesso=adesso)
    assert [destinatario.email for destinatario in destinatari] == ["accesa@example.org"]
