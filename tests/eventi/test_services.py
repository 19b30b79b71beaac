"""Registering: the promises of the state machine, in the words of the people who rely on it."""

from datetime import timedelta

import pytest

from eventi import services
from eventi.models import Incontro, Iscrizione, Necessita, Resoconto
from eventi.services import Rifiuto
from posta.models import Messaggio
from tests.factories import (
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    ServizioFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

S = Iscrizione.Stato
MEZZ_ORA = timedelta(minutes=30)


def mails(genere=None):
    rows = Messaggio.objects.order_by("pk")
    if genere:
        return list(rows.filter(genere=genere).values_list("destinatario", flat=True))
    return list(rows.values_list("genere", "destinatario"))


# --- A guest ---


def test_a_guest_holds_her_seats_until_the_link_confirms_them(chiedi, torna, adesso):
    incontro = IncontroFactory(posti=10)

    iscrizione = chiedi(incontro, " Anna@Example.org ", posti=3)

    assert (iscrizione.stato, iscrizione.posti) == (S.DA_VERIFICARE, 3)
    assert iscrizione.scade_at == adesso + MEZZ_ORA
    assert iscrizione.email == "anna@example.org"
    assert mails() == [("verifica", "anna@example.org")]
    torna(incontro)

    iscrizione = services.conferma_indirizzo(iscrizione, adesso=adesso + timedelta(minutes=5))

    assert (iscrizione.stato, iscrizione.posti, iscrizione.scade_at) == (S.CONFERMATA, 3, None)
    assert mails() == [("verifica", "anna@example.org"), ("confermata", "anna@example.org")]
    torna(incontro)


def test_following_the_link_twice_changes_nothing(chiedi, adesso):
    iscrizione = chiedi(IncontroFactory(posti=10), "a@example.org")

    services.conferma_indirizzo(iscrizione, adesso=adesso)
    services.conferma_indirizzo(iscrizione, adesso=adesso)

    assert mails("confermata") == ["a@example.org"]
    assert iscrizione.passaggi.count() == 2


def test_a_double_click_on_the_form_registers_once_and_mails_once(chiedi, stati):
    incontro = IncontroFactory(posti=10)

    chiedi(incontro, "a@example.org")
    chiedi(incontro, "A@example.org ")

    assert stati(incontro) == [(S.DA_VERIFICARE, 1)]
    assert mails() == [("verifica", "a@example.org")]


def test_asking_again_does_not_hold_the_seat_for_longer(chiedi, adesso):
    incontro = IncontroFactory(posti=10)
    chiedi(incontro, "a@example.org", posti=1)

    iscrizione = chiedi(incontro, "a@example.org", posti=2, quando=adesso + timedelta(minutes=20))

    assert (iscrizione.posti, iscrizione.scade_at) == (2, adesso + MEZZ_ORA)


def test_who_is_already_registered_gets_a_mail_and_nothing_changes(chiedi, iscrivi, adesso):
    incontro = IncontroFactory(posti=10)
    prima = iscrivi(incontro)

    chiedi(incontro, prima.email, posti=5, nome="Qualcun altro")

    prima.refresh_from_db()
    assert (prima.stato, prima.posti, prima.nome) == (S.CONFERMATA, 1, prima.persona.nome)
    assert mails("gia_iscritta") == [prima.email]


def test_a_late_link_takes_a_seat_that_is_still_free(chiedi, adesso, torna):
    incontro = IncontroFactory(posti=1)
    iscrizione = chiedi(incontro, "a@example.org")
    services.libera_scaduti(adesso + MEZZ_ORA)
    iscrizione.refresh_from_db()
    assert (iscrizione.stato, iscrizione.posti) == (S.SCADUTA, 0)

    iscrizione = services.conferma_indirizzo(iscrizione, adesso=adesso + timedelta(hours=2))

    assert iscrizione.stato == S.CONFERMATA
    torna(incontro)


def test_a_late_link_with_no_seats_left_leads_to_the_waiting_list(chiedi, iscrivi, adesso):
    incontro = IncontroFactory(posti=1)
    iscrizione = chiedi(incontro, "a@example.org")
    dopo = adesso + timedelta(hours=2)
    services.libera_scaduti(dopo)
    iscrivi(incontro, quando=dopo)

    iscrizione = services.conferma_indirizzo(iscrizione, adesso=dopo)

    assert iscrizione.stato == S.LISTA_ATTESA
    assert iscrizione.posizione_in_lista() == 1
    assert mails("lista_attesa") == ["a@example.org"]


def test_a_link_works_before_anybody_has_swept_the_expired_hold(chiedi, adesso, torna):
    incontro = IncontroFactory(posti=1)
    iscrizione = chiedi(incontro, "a@example.org")

    iscrizione = services.conferma_indirizzo(iscrizione, adesso=adesso + timedelta(hours=2))

    assert iscrizione.stato == S.CONFERMATA
    torna(incontro)


def test_registering_again_after_leaving_revives_the_same_row(chiedi, iscrivi, adesso):
    incontro = IncontroFactory(posti=10)
    iscrizione = iscrivi(incontro)
    services.rinuncia(iscrizione, adesso=adesso)

    di_nuovo = chiedi(incontro, iscrizione.email)

    assert di_nuovo.pk == iscrizione.pk
    assert (di_nuovo.stato, di_nuovo.posti, di_nuovo.verificata_at) == (S.DA_VERIFICARE, 1, None)


def test_needs_and_services_are_kept_apart_and_follow_the_last_word(chiedi, adesso):
    incontro = IncontroFactory(posti=10)
    bambini = ServizioFactory(incontro=incontro)
    scaduto = ServizioFactory(incontro=incontro, richiedibile_fino=adesso)
    estraneo = ServizioFactory()

    iscrizione = chiedi(
        incontro,
        "a@example.org",
        necessita=" Uso la sedia a rotelle ",
        servizi=[bambini, scaduto, estraneo],
    )

    assert iscrizione.necessita.testo == "Uso la sedia a rotelle"
    assert [r.servizio for r in iscrizione.richieste.all()] == [bambini]

    chiedi(incontro, "a@example.org")

    assert not Necessita.objects.exists()
    assert not iscrizione.richieste.exists()


@pytest.mark.parametrize(
    ("campi", "messaggio"),
    [
        ({"stato": Incontro.Stato.ANNULLATO}, "annullato"),
        ({"stato": Incontro.Stato.RINVIATO}, "rinviato"),
        ({"stato": Incontro.Stato.BOZZA}, "non sono aperte"),
        ({"stato": Incontro.Stato.SVOLTO}, "già svolto"),
        ({"con_iscrizione": False}, "non serve iscriversi"),
        ({"inizio_tra": timedelta(0)}, "già iniziato"),
        ({"inizio_tra": timedelta(days=-3)}, "già svolto"),
        ({"iscrizioni_dal_tra": timedelta(days=1)}, "aprono"),
        ({"iscrizioni_fino_tra": timedelta(0)}, "chiuse"),
    ],
    ids=str,
)
def test_registering_is_refused_in_words_when_closed(campi, messaggio, chiedi, adesso):
    campi = {
        nome.removesuffix("_tra"): adesso + valore if nome.endswith("_tra") else valore
        for nome, valore in campi.items()
    }
    incontro = IncontroFactory(**campi)

    with pytest.raises(Rifiuto, match=messaggio):
        chiedi(incontro, "a@example.org")

    assert not incontro.iscrizioni.exists()
    assert mails() == []


def test_registering_follows_the_phases_of_the_process(chiedi, adesso):
    incontro = IncontroFactory()
    fase = FaseFactory(percorso=incontro.percorso, fine=adesso.date() - timedelta(days=1))

    with pytest.raises(Rifiuto, match="fase"):
        chiedi(incontro, "a@example.org")

    fase.fine = adesso.date() + timedelta(days=1)
    fase.save()
    assert chiedi(incontro, "a@example.org").stato == S.DA_VERIFICARE


# --- The waiting list ---


def test_with_no_seats_left_one_enters_the_waiting_list(chiedi, completo, adesso, torna):
    incontro, _ = completo(2)

    iscrizione = chiedi(incontro, "a@example.org")
    assert (iscrizione.stato, iscrizione.posti) == (S.LISTA_ATTESA, 0)
    assert iscrizione.posizione_in_lista() is None  # not in line before the address is hers

    iscrizione = services.conferma_indirizzo(iscrizione, adesso=adesso)
    assert iscrizione.posizione_in_lista() == 1
    torna(incontro)


def test_a_slow_mail_costs_no_place_in_line(chiedi, completo, adesso):
    incontro, _ = completo(1)
    prima = chiedi(incontro, "prima@example.org")
    dopo = chiedi(incontro, "dopo@example.org", quando=adesso + timedelta(minutes=1))

    services.conferma_indirizzo(dopo, adesso=adesso + timedelta(minutes=2))
    services.conferma_indirizzo(prima, adesso=adesso + timedelta(minutes=50))

    coda = incontro.iscrizioni.in_attesa().values_list("email", flat=True)
    assert list(coda) == ["prima@example.org", "dopo@example.org"]


def test_a_freed_seat_is_offered_to_the_head_of_the_list_in_the_same_step(
    completo, iscrivi, adesso, stati, torna
):
    incontro, [seduta] = completo(1)
    prima, seconda = iscrivi(incontro), iscrivi(incontro, quando=adesso + timedelta(minutes=1))

    services.rinuncia(seduta, adesso=adesso + timedelta(hours=1))

    assert stati(incontro) == [(S.RINUNCIATA, 0), (S.POSTO_OFFERTO, 1), (S.LISTA_ATTESA, 0)]
    assert mails("posto_offerto") == [prima.email]
    seconda.refresh_from_db()
    assert seconda.posizione_in_lista() == 1
    torna(incontro)


def test_a_newcomer_never_passes_before_those_who_wait(completo, iscrivi, chiedi, adesso):
    incontro, [seduta] = completo(1)
    iscrivi(incontro)
    services.rinuncia(seduta, adesso=adesso)

    assert chiedi(incontro, "furbo@example.org").stato == S.LISTA_ATTESA
    assert iscrivi(incontro).stato == S.LISTA_ATTESA


@pytest.mark.parametrize(
    ("manca", "vive"),
    [
        (timedelta(days=10), timedelta(hours=24)),
        (timedelta(hours=30), timedelta(hours=10)),
        (timedelta(minutes=30), timedelta(minutes=10)),
    ],
    ids=str,
)
def test_an_offer_lives_a_day_or_a_third_of_the_time_left(manca, vive, completo, iscrivi, adesso):
    incontro, [seduta] = completo(1, inizio=adesso + manca)
    attesa = iscrivi(incontro)

    services.rinuncia(seduta, adesso=adesso)

    attesa.refresh_from_db()
    assert attesa.scade_at == adesso + vive


def test_an_offer_taken_becomes_a_registration(completo, iscrivi, adesso, torna):
    incontro, [seduta] = completo(1)
    attesa = iscrivi(incontro)
    services.rinuncia(seduta, adesso=adesso)

    attesa = services.accetta_posto(attesa, adesso=adesso + timedelta(hours=1))
    attesa = services.accetta_posto(attesa, adesso=adesso + timedelta(hours=2))

    assert (attesa.stato, attesa.posti, attesa.scade_at) == (S.CONFERMATA, 1, None)
    assert mails("confermata").count(attesa.email) == 1
    torna(incontro)


def test_an_offer_not_taken_goes_to_the_next(completo, iscrivi, adesso, stati):
    incontro, [seduta] = completo(1)
    prima, seconda = iscrivi(incontro), iscrivi(incontro, quando=adesso + timedelta(minutes=1))
    services.rinuncia(seduta, adesso=adesso)
    dopo = adesso + timedelta(hours=24)

    assert services.libera_scaduti(dopo) == 1
    assert services.libera_scaduti(dopo) == 0

    assert stati(incontro) == [(S.RINUNCIATA, 0), (S.SCADUTA, 0), (S.POSTO_OFFERTO, 1)]
    assert mails("posto_scaduto") == [prima.email]
    assert mails("posto_offerto") == [prima.email, seconda.email]
    with pytest.raises(Rifiuto, match="passato a chi segue"):
        services.accetta_posto(prima, adesso=dopo)


def test_an_expired_offer_is_not_taken_even_before_the_sweep(completo, iscrivi, adesso):
    incontro, [seduta] = completo(1)
    attesa = iscrivi(incontro)
    services.rinuncia(seduta, adesso=adesso)

    with pytest.raises(Rifiuto):
        services.accetta_posto(attesa, adesso=adesso + timedelta(hours=24))


def test_a_group_is_offered_what_there_is_and_may_take_it(completo, iscrivi, adesso, torna):
    incontro, [seduta, *_] = completo(3)
    gruppo = iscrivi(incontro, posti=3)
    services.rinuncia(seduta, adesso=adesso)
    gruppo.refresh_from_db()
    assert (gruppo.stato, gruppo.posti, gruppo.posti_richiesti) == (S.POSTO_OFFERTO, 1, 3)

    gruppo = services.accetta_posto(gruppo, adesso=adesso)

    assert (gruppo.stato, gruppo.posti, gruppo.posti_richiesti) == (S.CONFERMATA, 1, 1)
    torna(incontro)


def test_a_group_may_wait_for_all_its_seats_and_keeps_its_place(
    completo, iscrivi, adesso, stati, torna
):
    incontro, [a, b] = completo(2)
    gruppo, singola = iscrivi(incontro, posti=2), iscrivi(incontro, posti=1)
    services.rinuncia(a, adesso=adesso)

    services.aspetta_tutti(gruppo, adesso=adesso)

    assert stati(incontro)[2:] == [(S.LISTA_ATTESA, 0), (S.POSTO_OFFERTO, 1)]
    gruppo.refresh_from_db()
    assert gruppo.posizione_in_lista() == 1

    services.rinuncia(singola, adesso=adesso)
    services.rinuncia(b, adesso=adesso)

    gruppo.refresh_from_db()
    assert (gruppo.stato, gruppo.posti) == (S.POSTO_OFFERTO, 2)
    torna(incontro)


def test_leaving_the_line_frees_nobody_elses_seat(completo, iscrivi, adesso, stati):
    incontro, _ = completo(1)
    attesa = iscrivi(incontro)

    services.rinuncia(attesa, adesso=adesso)
    services.rinuncia(attesa, adesso=adesso)

    assert stati(incontro) == [(S.CONFERMATA, 1), (S.RINUNCIATA, 0)]
    assert mails("rinuncia") == [attesa.email]


def test_new_seats_go_to_the_waiting_list_first(completo, iscrivi, ufficio, adesso, stati):
    incontro, _ = completo(1)
    for _ in range(3):
        iscrivi(incontro)

    services.cambia_posti_incontro(incontro, posti=3, autore=ufficio, adesso=adesso)

    assert [stato for stato, _ in stati(incontro)] == [
        S.CONFERMATA,
        S.POSTO_OFFERTO,
        S.POSTO_OFFERTO,
        S.LISTA_ATTESA,
    ]


def test_removing_the_limit_offers_a_seat_to_everybody(completo, iscrivi, ufficio, adesso, stati):
    incontro, _ = completo(1)
    iscrivi(incontro), iscrivi(incontro, posti=4)

    services.cambia_posti_incontro(incontro, posti=None, autore=ufficio, adesso=adesso)

    assert stati(incontro) == [(S.CONFERMATA, 1), (S.POSTO_OFFERTO, 1), (S.POSTO_OFFERTO, 4)]


def test_seats_can_not_go_below_those_taken(completo, ufficio, adesso):
    incontro, _ = completo(3)

    with pytest.raises(Rifiuto, match="3 posti occupati"):
        services.cambia_posti_incontro(incontro, posti=2, autore=ufficio, adesso=adesso)
    with pytest.raises(Rifiuto, match="3 posti occupati"):
        services.cambia_posti_incontro(
            incontro, posti=3, posti_riservati=1, autore=ufficio, adesso=adesso
        )


def test_reserved_seats_are_not_for_citizens(iscrivi):
    incontro = IncontroFactory(posti=3, posti_riservati=2)

    assert [iscrivi(incontro).stato, iscrivi(incontro).stato] == [S.CONFERMATA, S.LISTA_ATTESA]


# --- Leaving, more or fewer ---


def test_leaving_once_the_meeting_has_begun_is_refused(iscrivi, adesso):
    incontro = IncontroFactory(inizio=adesso + timedelta(hours=1))
    iscrizione = iscrivi(incontro)

    with pytest.raises(Rifiuto, match="già iniziato"):
        services.rinuncia(iscrizione, adesso=adesso + timedelta(hours=1))


def test_fewer_seats_free_the_others(iscrivi, adesso, torna, stati):
    incontro = IncontroFactory(posti=3)
    gruppo, attesa = iscrivi(incontro, posti=3), iscrivi(incontro)

    services.cambia_posti(gruppo, 1, adesso=adesso)

    attesa.refresh_from_db()
    assert stati(incontro) == [(S.CONFERMATA, 1), (S.POSTO_OFFERTO, 1)]
    torna(incontro)


def test_more_seats_than_free_are_refused_and_hers_remain(iscrivi, adesso, torna):
    incontro = IncontroFactory(posti=3)
    iscrizione = iscrivi(incontro, posti=2)

    with pytest.raises(Rifiuto, match="restano come prima"):
        services.cambia_posti(iscrizione, 4, adesso=adesso)

    iscrizione = services.cambia_posti(iscrizione, 3, adesso=adesso)
    assert (iscrizione.posti, iscrizione.posti_richiesti) == (3, 3)
    torna(incontro)


def test_changing_seats_does_not_change_when_she_was_confirmed(iscrivi, adesso):
    iscrizione = iscrivi(IncontroFactory(posti=3))

    services.cambia_posti(iscrizione, 2, adesso=adesso + timedelta(days=1))

    iscrizione.refresh_from_db()
    assert iscrizione.confermata_at == adesso


def test_the_office_changes_the_seats_of_who_calls_under_its_own_name(
    iscrivi, ufficio, adesso, torna
):
    incontro = IncontroFactory(posti=3)
    confermata = iscrivi(incontro)
    services.cambia_posti(confermata, 3, autore=ufficio, adesso=adesso)
    attesa = iscrivi(incontro)
    services.cambia_posti(attesa, 2, autore=ufficio, adesso=adesso)

    for iscrizione, stato in ((confermata, S.CONFERMATA), (attesa, S.LISTA_ATTESA)):
        passaggio = iscrizione.passaggi.last()
        assert (passaggio.a, passaggio.attore, passaggio.autore) == (stato, "ufficio", ufficio)
    attesa.refresh_from_db()
    assert (attesa.posti, attesa.posti_richiesti) == (0, 2)
    torna(incontro)


def test_who_changes_her_own_seats_is_the_one_in_the_trace(iscrivi, adesso):
    iscrizione = iscrivi(IncontroFactory(posti=3))

    services.cambia_posti(iscrizione, 2, adesso=adesso)

    passaggio = iscrizione.passaggi.last()
    assert (passaggio.attore, passaggio.autore) == ("persona", None)


def test_the_office_is_refused_like_anybody_and_in_its_own_words(
    iscrivi, ufficio, adesso, torna, stati
):
    incontro = IncontroFactory(posti=2)
    prima, seconda = iscrivi(incontro), iscrivi(incontro)
    with pytest.raises(Rifiuto, match="l'iscrizione resta come prima"):
        services.cambia_posti(prima, 2, autore=ufficio, adesso=adesso)
    attesa = iscrivi(incontro)
    services.rinuncia(seconda, adesso=adesso)
    with pytest.raises(Rifiuto, match="dopo la sua risposta"):
        services.cambia_posti(attesa, 2, autore=ufficio, adesso=adesso)

    assert stati(incontro) == [(S.CONFERMATA, 1), (S.RINUNCIATA, 0), (S.POSTO_OFFERTO, 1)]
    torna(incontro)


@pytest.mark.parametrize("posti", [0, 6])
def test_seats_go_from_one_to_five(posti, iscrivi, adesso):
    with pytest.raises(Rifiuto, match="da 1 a 5"):
        services.cambia_posti(iscrivi(IncontroFactory()), posti, adesso=adesso)


# --- The account holder ---


def test_an_account_holder_is_confirmed_at_once_and_once(adesso):
    incontro, persona = IncontroFactory(posti=1), UserFactory()

    prima = services.iscrivi_persona(incontro, persona, adesso=adesso)
    seconda = services.iscrivi_persona(incontro, persona, posti_richiesti=5, adesso=adesso)

    assert (prima.stato, prima.persona, seconda.pk) == (S.CONFERMATA, persona, prima.pk)
    assert mails() == [("confermata", persona.email)]


def test_an_account_holder_confirms_what_she_asked_as_a_guest(chiedi, adesso, torna):
    incontro, persona = IncontroFactory(posti=1), UserFactory()
    chiedi(incontro, persona.email)

    iscrizione = services.iscrivi_persona(incontro, persona, adesso=adesso)

    assert (iscrizione.stato, incontro.iscrizioni.count()) == (S.CONFERMATA, 1)
    torna(incontro)


# --- The office ---


def test_the_office_registers_without_an_address(ufficio, adesso):
    incontro = IncontroFactory(posti=5)

    for nome in ("Maria", "Giulio"):
        iscrizione = services.iscrivi_dall_ufficio(
            incontro,
            nome=nome,
            telefono="0523 1",
            canale="telefono",
            autore=ufficio,
            adesso=adesso,
        )

    assert (iscrizione.stato, iscrizione.email) == (S.CONFERMATA, None)
    assert (iscrizione.canale, iscrizione.registrata_da) == ("telefono", ufficio)
    assert incontro.iscrizioni.count() == 2
    assert mails() == []


def test_the_office_goes_beyond_the_seats_only_with_a_reason(
    completo, ufficio, adesso, torna, stati
):
    incontro, [seduta] = completo(1)
    dati = {"nome": "Maria", "canale": "sportello", "autore": ufficio, "adesso": adesso}

    with pytest.raises(Rifiuto, match="motivo"):
        services.iscrivi_dall_ufficio(incontro, oltre_il_limite=True, **dati)
    iscrizione = services.iscrivi_dall_ufficio(
        incontro, oltre_il_limite=True, motivo="Interprete", **dati
    )

    assert iscrizione.stato == S.CONFERMATA
    assert iscrizione.passaggi.get().motivo == "Interprete"
    torna(incontro)
    assert (incontro.posti_occupati, incontro.posti_oltre) == (2, 1)

    # The first seat given up takes the excess back: nobody is offered what is not there.
    attesa = services.iscrivi_dall_ufficio(incontro, **dati | {"nome": "Giulio"})
    services.rinuncia(seduta, adesso=adesso)
    torna(incontro)
    assert (incontro.posti_occupati, incontro.posti_oltre) == (1, 0)
    attesa.refresh_from_db()
    assert attesa.stato == S.LISTA_ATTESA


def test_the_office_is_told_of_an_address_already_registered(iscrivi, ufficio, adesso):
    incontro = IncontroFactory()
    iscrizione = iscrivi(incontro)

    with pytest.raises(Rifiuto, match="già iscritto"):
        services.iscrivi_dall_ufficio(
            incontro,
            nome="Maria",
            email=iscrizione.email.upper(),
            canale="telefono",
            autore=ufficio,
            adesso=adesso,
        )


def test_the_office_confirms_out_of_turn_with_a_reason(completo, iscrivi, ufficio, adesso, torna):
    incontro, _ = completo(1)
    attesa = iscrivi(incontro)

    with pytest.raises(Rifiuto, match="motivo"):
        services.conferma_dall_ufficio(attesa, autore=ufficio, motivo=" ", adesso=adesso)
    attesa = services.conferma_dall_ufficio(
        attesa, autore=ufficio, motivo="Relatrice", adesso=adesso
    )

    assert attesa.stato == S.CONFERMATA
    torna(incontro)


def test_the_office_cancels_with_a_reason_that_the_person_reads(
    completo, iscrivi, ufficio, adesso, stati
):
    incontro, [seduta] = completo(1)
    iscrivi(incontro)

    services.annulla_iscrizione(seduta, autore=ufficio, motivo="Richiesta sua", adesso=adesso)

    assert stati(incontro) == [(S.ANNULLATA, 0), (S.POSTO_OFFERTO, 1)]
    [messaggio] = Messaggio.objects.filter(genere="iscrizione_annullata")
    assert messaggio.parametri["motivo"] == "Richiesta sua"


# --- The life of a meeting ---


def test_a_draft_is_published_and_leaves_a_trace(ufficio, adesso):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA)

    services.pubblica(incontro, autore=ufficio, adesso=adesso)
    incontro = services.pubblica(incontro, autore=ufficio, adesso=adesso)

    assert incontro.stato == Incontro.Stato.PUBBLICATO
    passaggio = incontro.passaggi.get()
    assert (passaggio.da, passaggio.a, passaggio.autore) == ("bozza", "pubblicato", ufficio)


def test_a_draft_without_a_date_is_not_published(ufficio, adesso):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA, inizio=None)

    with pytest.raises(Rifiuto, match="data di inizio"):
        services.pubblica(incontro, autore=ufficio, adesso=adesso)


def test_moving_tells_everyone_once_guests_included(iscrivi, chiedi, ufficio, adesso):
    incontro = IncontroFactory(posti=2)
    confermata, ospite = iscrivi(incontro), chiedi(incontro, "ospite@example.org")
    services.conferma_indirizzo(ospite, adesso=adesso)
    attesa, uscita = iscrivi(incontro), iscrivi(incontro)
    services.rinuncia(uscita, adesso=adesso)
    chiedi(incontro, "mai-confermata@example.org")
    IscrizioneFactory(incontro=IncontroFactory())
    nuovo = {
        "inizio": incontro.inizio + timedelta(days=7),
        "fine": incontro.fine + timedelta(days=7),
        "sede": incontro.sede,
        "motivo": "Sala allagata",
        "autore": ufficio,
        "adesso": adesso,
    }

    prima = incontro.inizio
    services.sposta(incontro, **nuovo)
    incontro = services.sposta(incontro, **nuovo)

    assert mails("spostato") == [confermata.email, "ospite@example.org", attesa.email]
    assert (incontro.inizio, incontro.inizio_precedente) == (nuovo["inizio"], prima)
    assert (incontro.sequenza, incontro.motivo, incontro.spostato) == (1, "Sala allagata", True)


def test_moving_moves_the_deadlines_too(ufficio, adesso):
    incontro = IncontroFactory()
    incontro.iscrizioni_fino = incontro.inizio - timedelta(days=2)
    incontro.save()
    servizio = ServizioFactory(
        incontro=incontro, richiedibile_fino=incontro.inizio - timedelta(days=3)
    )
    inizio = incontro.inizio + timedelta(days=7)

    incontro = services.sposta(
        incontro,
        inizio=inizio,
        fine=None,
        sede=None,
        motivo="x",
        autore=ufficio,
        adesso=adesso,
    )

    servizio.refresh_from_db()
    assert incontro.iscrizioni_fino == inizio - timedelta(days=2)
    assert servizio.richiedibile_fino == inizio - timedelta(days=3)


def test_putting_off_keeps_registrations_and_takes_back_offers(
    completo, iscrivi, ufficio, adesso, stati, torna
):
    incontro, [a, b] = completo(2)
    attesa = iscrivi(incontro)
    services.rinuncia(a, adesso=adesso)

    incontro = services.rinvia(incontro, motivo="Neve", autore=ufficio, adesso=adesso)

    assert (incontro.stato, incontro.inizio) == (Incontro.Stato.RINVIATO, None)
    assert stati(incontro) == [(S.RINUNCIATA, 0), (S.CONFERMATA, 1), (S.LISTA_ATTESA, 0)]
    assert mails("rinviato") == [b.email, attesa.email]
    torna(incontro)

    services.sposta(
        incontro,
        inizio=adesso + timedelta(days=20),
        fine=adesso + timedelta(days=20, hours=2),
        sede=None,
        motivo="Nuova data",
        autore=ufficio,
        adesso=adesso,
    )
    assert stati(incontro)[-1] == (S.POSTO_OFFERTO, 1)


def test_cancelling_needs_a_reason_and_tells_everyone_once(iscrivi, ufficio, adesso):
    incontro = IncontroFactory()
    iscrizione = iscrivi(incontro)

    with pytest.raises(Rifiuto, match="motivo"):
        services.annulla(incontro, motivo="", autore=ufficio, adesso=adesso)
    services.annulla(incontro, motivo="Sciopero", autore=ufficio, adesso=adesso)
    incontro = services.annulla(incontro, motivo="Altro", autore=ufficio, adesso=adesso)

    assert (incontro.stato, incontro.motivo) == (Incontro.Stato.ANNULLATO, "Sciopero")
    assert mails("annullato") == [iscrizione.email]


@pytest.mark.parametrize("verbo", [services.rinvia, services.annulla])
@pytest.mark.parametrize(
    "stato", [Incontro.Stato.BOZZA, Incontro.Stato.SVOLTO], ids=lambda stato: stato.value
)
def test_only_a_meeting_in_programme_is_put_off_or_cancelled(verbo, stato, ufficio, adesso):
    incontro = IncontroFactory(stato=stato)

    with pytest.raises(Rifiuto, match="non è possibile"):
        verbo(incontro, motivo="x", autore=ufficio, adesso=adesso)


def test_holds_of_a_cancelled_meeting_bring_no_mail(chiedi, ufficio, adesso):
    incontro = IncontroFactory(posti=1)
    chiedi(incontro, "a@example.org")
    services.annulla(incontro, motivo="x", autore=ufficio, adesso=adesso)

    assert services.libera_scaduti(adesso + timedelta(days=1)) == 0


def test_a_meeting_took_place_only_after_its_end(ufficio, adesso):
    incontro = IncontroFactory(inizio=adesso - timedelta(hours=1))

    with pytest.raises(Rifiuto, match="non è ancora finito"):
        services.segna_svolto(incontro, autore=ufficio, adesso=adesso)
    incontro = services.segna_svolto(incontro, autore=ufficio, adesso=adesso + timedelta(hours=1))
    assert incontro.stato == Incontro.Stato.SVOLTO


def test_publishing_the_report_closes_the_meeting(ufficio, adesso):
    incontro = IncontroFactory(passato=True)
    resoconto = Resoconto.objects.create(incontro=incontro, testo="È andata bene.")

    resoconto = services.pubblica_resoconto(resoconto, autore=ufficio, adesso=adesso)

    incontro.refresh_from_db()
    assert (resoconto.pubblicato_at, incontro.stato) == (adesso, Incontro.Stato.SVOLTO)


# --- Another way to take part ---

STANZA = "https://example.org/stanza"
AULA = "https://example.org/aula"


def collega(incontro, ufficio, adesso, modalita="mista", link=STANZA, motivo=""):
    return services.cambia_collegamento(
        incontro,
        modalita=modalita,
        link_online=link,
        motivo=motivo,
        autore=ufficio,
        adesso=adesso,
    )


def test_a_new_link_is_told_once_to_every_live_confirmed_address(iscrivi, chiedi, ufficio, adesso):
    incontro = IncontroFactory(posti=2, modalita="online", link_online=STANZA)
    confermata, ospite = iscrivi(incontro), chiedi(incontro, "ospite@example.org")
    services.conferma_indirizzo(ospite, adesso=adesso)
    attesa, uscita = iscrivi(incontro), iscrivi(incontro)
    services.rinuncia(uscita, adesso=adesso)
    chiedi(incontro, "mai-confermata@example.org")

    for _volta in range(2):
        incontro = collega(incontro, ufficio, adesso, "online", AULA, "Stanza più grande.")

    assert mails("collegamento") == [confermata.email, "ospite@example.org", attesa.email]
    assert Messaggio.objects.filter(genere="collegamento").first().parametri["motivo"] == (
        "Stanza più grande."
    )
    assert (incontro.link_online, incontro.sequenza) == (AULA, 1)
    passaggio = incontro.passaggi.get()
    assert (passaggio.da, passaggio.a, passaggio.autore) == ("pubblicato", "pubblicato", ufficio)
    # The link is for those who are registered: the trace does not tell it.
    assert passaggio.motivo == "collegamento online · Stanza più grande."
    assert passaggio.inizio_da == passaggio.inizio_a == incontro.inizio


def test_another_way_to_take_part_leaves_the_reason_of_a_move_alone(ufficio, adesso):
    incontro = IncontroFactory(motivo="Sala allagata")

    incontro = collega(incontro, ufficio, adesso)

    incontro.refresh_from_db()
    assert (incontro.modalita, incontro.link_online) == ("mista", STANZA)
    assert incontro.motivo == "Sala allagata"
    assert incontro.passaggi.get().motivo == (
        "modalità: in presenza → in presenza e online · collegamento online"
    )


@pytest.mark.parametrize(
    ("campi", "modalita", "link", "perche"),
    [
        ({"sede": None, "modalita": "online"}, "mista", STANZA, "bisogno di una sede"),
        ({"sede": None, "modalita": "online"}, "presenza", "", "bisogno di una sede"),
        ({}, "presenza", STANZA, "solo in presenza"),
        ({"stato": Incontro.Stato.BOZZA}, "mista", STANZA, "non è possibile"),
        ({"stato": Incontro.Stato.ANNULLATO}, "mista", STANZA, "non è possibile"),
        ({"passato": True}, "mista", STANZA, "già svolto"),
    ],
)
def test_a_way_to_take_part_that_can_not_be_is_refused_and_nobody_is_told(
    campi, modalita, link, perche, ufficio, adesso
):
    incontro = IncontroFactory(**campi)
    IscrizioneFactory(incontro=incontro)
    prima = Incontro.objects.values().get(pk=incontro.pk)

    with pytest.raises(Rifiuto, match=perche):
        collega(incontro, ufficio, adesso, modalita, link)

    assert Incontro.objects.values().get(pk=incontro.pk) == prima
    assert mails() == []


# --- Who came ---
