"""Exactly one reminder for each (registration, rule, start), at Rome's wall time."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import User
from eventi import emails, services
from eventi.models import Iscrizione
from eventi.promemoria import accoda_promemoria, imposta_promemoria, scadenza
from portale.lib.dates import ROMA
from posta.generi import NonDovuto, Rinviato, Scaduto
from posta.models import Messaggio
from tests.factories import IncontroFactory, IscrizioneFactory, UserFactory

GIORNO = timedelta(days=1)


def roma(*momento):
    return datetime(*momento, tzinfo=ROMA).astimezone(UTC)


@pytest.mark.parametrize(
    ("inizio", "giorni", "ore", "atteso"),
    [
        ((2026, 5, 6, 18, 30), 1, 0, (2026, 5, 5, 18, 30)),
        ((2026, 5, 6, 18, 30), 7, 0, (2026, 4, 29, 18, 30)),
        # The clocks change in the night between: the wall time stays.
        ((2026, 3, 29, 18, 0), 1, 0, (2026, 3, 28, 18, 0)),
        ((2026, 10, 25, 18, 0), 1, 0, (2026, 10, 24, 18, 0)),
        ((2026, 10, 31, 10, 0), 7, 0, (2026, 10, 24, 10, 0)),
        # Quiet hours: up to eight, back to half past eight in the evening.
        ((2026, 5, 6, 7, 0), 1, 0, (2026, 5, 5, 8, 0)),
        ((2026, 5, 6, 21, 0), 1, 0, (2026, 5, 5, 20, 30)),
        ((2026, 5, 6, 23, 30), 1, 0, (2026, 5, 5, 20, 30)),
        ((2026, 5, 6, 9, 30), 0, 2, (2026, 5, 6, 8, 0)),
        # Eight in the morning would be too late.
        ((2026, 5, 6, 8, 0), 0, 2, (2026, 5, 5, 20, 30)),
    ],
    ids=str,
)
def test_when_a_reminder_falls_due(inizio, giorni, ore, atteso):
    assert scadenza(roma(*inizio), giorni=giorni, ore=ore) == roma(*atteso)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_start_in_the_hour_that_the_spring_skips_or_autumn_repeats(fold):
    ripetuta = datetime(2026, 10, 25, 2, 30, tzinfo=ROMA, fold=fold)
    assert scadenza(ripetuta, giorni=1, ore=0) == roma(2026, 10, 24, 8, 0)
    saltata = datetime(2026, 3, 29, 2, 30, tzinfo=ROMA, fold=fold)
    assert scadenza(saltata, giorni=1, ore=0) == roma(2026, 3, 28, 8, 0)


@pytest.fixture
def incontro(db):
    """A meeting on a Wednesday at 18:30, with a reminder the day before."""
    incontro = IncontroFactory(inizio=roma(2026, 5, 6, 18, 30))
    imposta_promemoria(incontro, [(1, 0)])
    return incontro


@pytest.fixture
def iscritta(incontro):
    """Confirmed well before any reminder."""
    return IscrizioneFactory(incontro=incontro, confermata_at=roma(2026, 4, 1, 12))


DOVUTO = roma(2026, 5, 5, 18, 30)


def chiavi():
    return list(Messaggio.objects.order_by("pk").values_list("destinatario", "stato"))


def test_it_is_queued_when_due_not_before_and_once(iscritta):
    assert accoda_promemoria(DOVUTO - timedelta(seconds=1)) == 0
    assert accoda_promemoria(DOVUTO) == 1
    assert accoda_promemoria(DOVUTO) == 0
    assert accoda_promemoria(DOVUTO + timedelta(hours=3)) == 0
    assert chiavi() == [(iscritta.email, "in_coda")]


def test_a_scheduler_that_wakes_late_still_queues_it_until_the_start(iscritta, incontro):
    assert accoda_promemoria(incontro.inizio) == 0
    assert accoda_promemoria(incontro.inizio - timedelta(minutes=1)) == 1


def test_who_is_confirmed_after_the_due_time_gets_none(incontro):
    IscrizioneFactory(incontro=incontro, confermata_at=DOVUTO)

    assert accoda_promemoria(DOVUTO + timedelta(minutes=1)) == 0


@pytest.mark.parametrize(
    "campi",
    [
        {"stato": Iscrizione.Stato.RINUNCIATA, "posti": 0},
        {"stato": Iscrizione.Stato.LISTA_ATTESA, "posti": 0},
        {"stato": Iscrizione.Stato.POSTO_OFFERTO},
        {"email": None},
        {"promemoria_graditi": False},
    ],
    ids=str,
)
def test_only_confirmed_addresses_that_want_it_are_reminded(campi, incontro):
    IscrizioneFactory(incontro=incontro, confermata_at=roma(2026, 4, 1, 12), **campi)

    assert accoda_promemoria(DOVUTO) == 0


@pytest.mark.parametrize("stato", ["bozza", "rinviato", "annullato", "svolto"])
def test_a_meeting_that_is_not_on_reminds_nobody(stato, incontro, iscritta):
    incontro.stato = stato
    incontro.save()

    assert accoda_promemoria(DOVUTO) == 0


def sposta(incontro, inizio, adesso, ufficio):
    return services.sposta(
        incontro,
        inizio=inizio,
        fine=inizio + timedelta(hours=2),
        sede=incontro.sede,
        motivo="prova",
        autore=ufficio,
        adesso=adesso,
    )


def promemoria():
    return list(
        Messaggio.objects.filter(genere="promemoria")
        .order_by("pk")
        .values_list("parametri__inizio", "stato")
    )


def test_moved_away_and_back_it_reminds_once(incontro, iscritta, ufficio):
    a, b = incontro.inizio, incontro.inizio + 2 * GIORNO
    accoda_promemoria(DOVUTO)
    Messaggio.objects.update(stato="inviato", inviato_at=DOVUTO)

    sposta(incontro, b, DOVUTO + timedelta(minutes=10), ufficio)
    sposta(incontro, a, DOVUTO + timedelta(minutes=20), ufficio)
    accoda_promemoria(DOVUTO + timedelta(minutes=30))

    assert promemoria() == [(a.isoformat(), "inviato")]


def test_moved_away_each_start_has_its_own_reminder(incontro, iscritta, ufficio):
    a, b = incontro.inizio, incontro.inizio + 7 * GIORNO
    accoda_promemoria(DOVUTO)
    Messaggio.objects.update(stato="inviato", inviato_at=DOVUTO)

    sposta(incontro, b, DOVUTO + timedelta(minutes=10), ufficio)
    assert accoda_promemoria(DOVUTO + timedelta(minutes=20)) == 0
    assert accoda_promemoria(DOVUTO + 7 * GIORNO) == 1

    assert promemoria() == [(a.isoformat(), "inviato"), (b.isoformat(), "in_coda")]


def test_called_off_while_it_was_elsewhere_it_is_owed_again_on_return(incontro, iscritta, ufficio):
    a, b = incontro.inizio, incontro.inizio + 2 * GIORNO
    accoda_promemoria(DOVUTO)
    sposta(incontro, b, DOVUTO + timedelta(minutes=10), ufficio)
    [messaggio] = Messaggio.objects.filter(genere="promemoria")
    with pytest.raises(NonDovuto):
        emails.promemoria(messaggio, DOVUTO + timedelta(minutes=11))
    Messaggio.objects.filter(pk=messaggio.pk).update(stato="annullato")

    sposta(incontro, a, DOVUTO + timedelta(minutes=20), ufficio)
    assert accoda_promemoria(DOVUTO + timedelta(minutes=30)) == 1

    assert promemoria() == [(a.isoformat(), "in_coda")]


def messaggio_di(iscrizione):
    return Messaggio(
        genere="promemoria",
        destinatario=iscrizione.email,
        parametri={
            "iscrizione": iscrizione.pk,
            "inizio": iscrizione.incontro.inizio.isoformat(),
        },
    )


def test_it_is_asked_again_at_the_moment_of_sending(incontro, iscritta):
    messaggio = messaggio_di(iscritta)
    composto = emails.promemoria(messaggio, DOVUTO)
    assert composto.oggetto == f"Promemoria, domani: {incontro.titolo}"
    assert "mercoledì 6 maggio 2026, 18:30–20:30" in composto.testo
    assert composto.intestazioni["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    services.rinuncia(iscritta, adesso=DOVUTO)
    with pytest.raises(NonDovuto):
        emails.promemoria(messaggio, DOVUTO)


def test_it_is_of_no_use_once_the_meeting_has_begun(incontro, iscritta):
    with pytest.raises(Scaduto):
        emails.promemoria(messaggio_di(iscritta), incontro.inizio)


def test_it_waits_for_the_morning_when_the_queue_moves_by_night(incontro, iscritta):
    with pytest.raises(Rinviato) as rinvio:
        emails.promemoria(messaggio_di(iscritta), roma(2026, 5, 5, 23, 10))

    assert rinvio.value.fino_a == roma(2026, 5, 6, 8, 0)


def test_by_night_it_leaves_all_the_same_if_morning_is_too_late(ufficio):
    incontro = IncontroFactory(inizio=roma(2026, 5, 6, 7, 30))
    iscritta = IscrizioneFactory(incontro=incontro)

    composto = emails.promemoria(messaggio_di(iscritta), roma(2026, 5, 6, 6, 0))

    assert composto.oggetto == f"Promemoria, oggi: {incontro.titolo}"


@pytest.mark.django_db
def test_the_rules_of_a_meeting_can_change(incontro):
    imposta_promemoria(incontro, [(2, 0), (0, 3)])

    regole = incontro.promemoria.order_by("dovuto_at").values_list("giorni", "ore", "dovuto_at")
    assert list(regole) == [
        (2, 0, roma(2026, 5, 4, 18, 30)),
        (0, 3, roma(2026, 5, 6, 15, 30)),
    ]


@pytest.mark.django_db
def test_many_reminders_are_queued_with_a_constant_number_of_queries(
    incontro, django_assert_max_num_queries
):
    IscrizioneFactory.create_batch(30, incontro=incontro, confermata_at=roma(2026, 4, 1, 12))

    with django_assert_max_num_queries(14):
        assert accoda_promemoria(DOVUTO) == 30
    assert timezone.is_aware(incontro.promemoria.get().accodato_at)


def test_her_page_promises_a_reminder_only_when_one_is_to_come(incontro, iscritta):
    tardi = IscrizioneFactory(incontro=incontro, confermata_at=DOVUTO)
    senza = IscrizioneFactory(
        incontro=incontro, confermata_at=roma(2026, 4, 1, 12), promemoria_graditi=False
    )

    assert [i.attende_promemoria() for i in (iscritta, tardi, senza)] == [True, False, False]


# --- Switched off by the person -------------------------------------------------------------


def _spegni(email):
    persona = UserFactory(email=email)
    User.objects.filter(pk=persona.pk).update(avvisi_promemoria=False)
    return persona


def test_who_switched_reminders_off_gets_none_and_the_others_do(incontro):
    dovuto = incontro.promemoria.get().dovuto_at
    prima = dovuto - GIORNO
    spenta = _spegni("spenta@example.org")
    EmailAddress.objects.create(user=spenta, email="lavoro@example.org", verified=True)
    EmailAddress.objects.create(user=spenta, email="altrui@example.org", verified=False)
    UserFactory(email="accesa@example.org")
    for email, persona in (
        ("spenta@example.org", None),
        ("lavoro@example.org", None),
        ("vecchia@example.org", spenta),
        # She has not shown that this one is hers.
        ("altrui@example.org", None),
        ("accesa@example.org", None),
        ("ospite@example.org", None),
    ):
        IscrizioneFactory(incontro=incontro, email=email, persona=persona, confermata_at=prima)

    accoda_promemoria(dovuto)

    assert sorted(Messaggio.objects.values_list("destinatario", flat=True)) == [
        "accesa@example.org",
        "altrui@example.org",
        "ospite@example.org",
    ]


def test_one_switched_off_after_it_was_queued_does_not_leave(incontro):
    dovuto = incontro.promemoria.get().dovuto_at
    iscrizione = IscrizioneFactory(incontro=incontro, confermata_at=dovuto - GIORNO)
    accoda_promemoria(dovuto)
    messaggio = Messaggio.objects.get()
    assert iscrizione.attende_promemoria() is False
    assert emails.promemoria(messaggio, dovuto).oggetto

    _spegni(iscrizione.email)

    with pytest.raises(NonDovuto):
        emails.promemoria(messaggio, dovuto)


def test_who_switched_reminders_off_does_not_wait_for_one(incontro):
    iscrizione = IscrizioneFactory(
        incontro=incontro, confermata_at=incontro.promemoria.get().dovuto_at - GIORNO
    )
    assert iscrizione.attende_promemoria()

    _spegni(iscrizione.email)

    assert not iscrizione.attende_promemoria()


def test_who_switched_reminders_off_is_told_all_the_same_that_a_meeting_is_cancelled(incontro):
    iscrizione = IscrizioneFactory(incontro=incontro)
    persona = _spegni(iscrizione.email)
    User.objects.filter(pk=persona.pk).update(avvisi_seguiti=False, avvisi_riepilogo=False)

    services.annulla(
        incontro, motivo="Allerta meteo", autore=UserFactory(), adesso=roma(2026, 5, 1, 10)
    )

    assert Messaggio.objects.get(genere="annullato").destinatario == iscrizione.email
