"""The mails about minutes and promises: to whom, when, exactly once, and what they say."""

from datetime import date, datetime, timedelta

import pytest
from django.conf import settings

from portale.lib.dates import ROMA
from posta.generi import NonDovuto, Rinviato
from posta.models import Messaggio
from tavolo import emails
from tavolo.models import Componente, Correzione, Impegno, Seggio
from tavolo.services import impegni, verbali
from tavolo.services import verbali_avvisi as avvisi
from tests.factories import ComponenteFactory

from .conftest import ADESSO, CHIUDE, DOPO, chiedi, rispondi

pytestmark = pytest.mark.usefixtures("pdf_di_carta")

GIORNO = timedelta(days=1)
ENTRO = date(2026, 6, 1)


def componi(messaggio, adesso=ADESSO):
    return getattr(emails.verbali, messaggio.genere)(messaggio, adesso)


def uno(genere, componente) -> Messaggio:
    return Messaggio.objects.get(genere=genere, destinatario=componente.email)


def quando(messaggi):
    return sorted(messaggi.values_list("genere", "destinatario"))


def di_notte(giorno):
    return datetime(giorno.year, giorno.month, giorno.day, 23, tzinfo=ROMA)


# --- Minutes --------------------------------------------------------------------------------


def test_the_mail_says_what_until_when_and_what_to_do(in_correzione, presenti):
    mail = componi(uno("verbale_correzioni", presenti[0]))

    organizzazione = presenti[0].seggio
    assert mail.oggetto == "Verbale della seduta n. 4: correzioni entro lunedì 18 maggio 2026"
    assert (
        f"è pronto il verbale della seduta n. 4 del 6 maggio 2026, a cui {organizzazione} era "
        "presente."
    ) in mail.testo
    slug = in_correzione.seduta.incontro.slug
    assert f"/tavolo/area-riservata/sedute/{slug}/verbale/" in mail.testo
    assert f"perché siedi al Tavolo di Negoziazione per {organizzazione}" in mail.testo
    assert "Leggi il verbale" in mail.html
    assert mail.rispondi_a == settings.ENTE["email"]


@pytest.mark.parametrize("come", ["chiusa", "mandato finito", "altro indirizzo", "assente"])
def test_whether_it_is_still_due_is_asked_when_it_leaves(in_correzione, presenti, come):
    messaggio = uno("verbale_correzioni", presenti[0])
    adesso = ADESSO + timedelta(hours=1)
    mio = Componente.objects.filter(pk=presenti[0].pk)
    if come == "chiusa":
        adesso = CHIUDE + timedelta(hours=10)
    elif come == "mandato finito":
        mio.update(al=ADESSO.date() - GIORNO)
    elif come == "altro indirizzo":
        mio.update(email="altra@example.org")
    else:
        in_correzione.seduta.presenze.filter(seggio=presenti[0].seggio).update(modo="assente")

    with pytest.raises(NonDovuto):
        componi(messaggio, adesso)


def test_nobody_is_woken_at_night(bozza, presenti, autore):
    verbali.apri_correzioni(bozza, autore, adesso=di_notte(ADESSO.date()))
    messaggio = uno("verbale_correzioni", presenti[0])

    assert messaggio.dovuto_at == datetime(2026, 5, 12, 8, tzinfo=ROMA)
    with pytest.raises(Rinviato):
        componi(messaggio, di_notte(ADESSO.date()))


def test_who_asked_for_a_correction_reads_the_answer(in_correzione, presenti, autore):
    accanto = ComponenteFactory(seggio=presenti[0].seggio, supplente=True)
    correzione = chiedi(in_correzione, presenti[0], "Non 300 euro, 3.000.")
    rispondi(correzione, autore, "non_accolta", "In seduta si disse 300.")

    assert quando(Messaggio.objects.filter(genere="correzione_risposta")) == sorted(
        ("correzione_risposta", componente.email) for componente in (presenti[0], accanto)
    )
    mail = componi(uno("correzione_risposta", accanto))
    assert mail.oggetto == "Verbale della seduta n. 4: la correzione non è accolta"
    assert "Avevate chiesto: Non 300 euro, 3.000." in mail.testo
    assert "Risposta: In seduta si disse 300." in mail.testo
    # Whoever has moved to another organisation is not told.
    Correzione.objects.filter(pk=correzione.pk).update(seggio=presenti[1].seggio)
    with pytest.raises(NonDovuto):
        componi(uno("correzione_risposta", accanto))


def test_all_who_sit_are_told_of_the_approval_also_who_was_not_there(
    in_correzione, successiva, presenti, percorso, seggio, autore
):
    ascolta = ComponenteFactory(seggio__percorso=percorso, seggio__ruolo=Seggio.Ruolo.OSSERVATORE)
    assente = ComponenteFactory(seggio=seggio)
    ComponenteFactory(seggio=seggio, supplente=True, al=ADESSO.date())
    ComponenteFactory()
    verbale = verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)

    destinatari = [email for _g, email in quando(Messaggio.objects.filter(
        genere="verbale_approvato"
    ))]  # fmt: skip
    assert destinatari == sorted(c.email for c in (*presenti, ascolta, assente))
    mail = componi(uno("verbale_approvato", assente), DOPO)
    assert mail.oggetto == "Approvato il verbale della seduta n. 4"
    assert "Approvato nella seduta n. 5 del 19 maggio 2026." in mail.testo
    assert verbale.get_absolute_url() in mail.testo


# --- Promises -------------------------------------------------------------------------------


@pytest.fixture
def promessa(bozza, presenti):
    return impegni.aggiungi_impegno(
        bozza, testo="Mandare le piante", seggio=presenti[0].seggio, entro=ENTRO, punto=None
    )


def alle(giorno, ora=10):
    return datetime(giorno.year, giorno.month, giorno.day, ora, tzinfo=ROMA)


def test_a_promise_is_remembered_three_days_before_and_the_day_after_each_once(promessa, presenti):
    accodati = {}
    momento = alle(ENTRO - 6 * GIORNO, 0)
    while momento < alle(ENTRO + 20 * GIORNO):
        if quanti := avvisi.accoda_impegni(momento):
            accodati[momento] = quanti
        momento += timedelta(hours=1)

    assert accodati == {alle(ENTRO - 3 * GIORNO, 9): 1, alle(ENTRO + GIORNO, 9): 1}
    assert quando(Messaggio.objects.filter(genere__startswith="impegno")) == [
        ("impegno_promemoria", presenti[0].email),
        ("impegno_tardi", presenti[0].email),
    ]


def test_running_the_clock_twice_or_late_repeats_nothing(promessa):
    for _volta in range(3):
        avvisi.accoda_impegni(alle(ENTRO - GIORNO))

    assert Messaggio.objects.filter(genere="impegno_promemoria").count() == 1


def test_a_promise_that_is_kept_or_has_no_day_is_not_remembered(promessa, bozza, autore):
    impegni.aggiungi_impegno(bozza, testo="Quando si può", seggio=None, entro=None, punto=None)
    avvisi.accoda_impegni(alle(ENTRO - 3 * GIORNO))
    messaggio = Messaggio.objects.get(genere="impegno_promemoria")
    impegni.segna_fatto(promessa, True, autore=autore, adesso=alle(ENTRO - 3 * GIORNO))

    with pytest.raises(NonDovuto):
        componi(messaggio, alle(ENTRO - 3 * GIORNO, 11))
    assert avvisi.accoda_impegni(alle(ENTRO + GIORNO)) == 0


def test_a_promise_whose_day_was_moved_is_told_of_the_new_one_alone(promessa):
    avvisi.accoda_impegni(alle(ENTRO - 3 * GIORNO))
    Impegno.objects.filter(pk=promessa.pk).update(entro=ENTRO + 5 * GIORNO)
    vecchio = Messaggio.objects.get()

    with pytest.raises(NonDovuto):
        componi(vecchio, alle(ENTRO - 3 * GIORNO, 11))
    assert avvisi.accoda_impegni(alle(ENTRO + GIORNO)) == 0
    assert avvisi.accoda_impegni(alle(ENTRO + 2 * GIORNO)) == 1


def test_promises_go_to_the_people_of_today_and_the_offices_to_the_office(
    promessa, bozza, presenti
):
    Componente.objects.filter(pk=presenti[0].pk).update(al=ENTRO - 5 * GIORNO)
    subentra = ComponenteFactory(seggio=presenti[0].seggio, dal=ENTRO - 4 * GIORNO)
    impegni.aggiungi_impegno(bozza, testo="Convocare", seggio=None, entro=ENTRO, punto=None)

    avvisi.accoda_impegni(alle(ENTRO - 3 * GIORNO))

    messaggi = Messaggio.objects.filter(genere="impegno_promemoria")
    assert quando(messaggi) == sorted(
        ("impegno_promemoria", email) for email in (subentra.email, settings.ENTE["email"])
    )
    mail = componi(uno("impegno_promemoria", subentra), alle(ENTRO - 3 * GIORNO))
    assert mail.oggetto == "Da fare entro lunedì 1º giugno 2026: Mandare le piante"
    assert f"{presenti[0].seggio} si è impegnata" in mail.testo
    ufficio = messaggi.get(destinatario=settings.ENTE["email"])
    mail = componi(ufficio, alle(ENTRO - 3 * GIORNO))
    assert "l’ufficio si è impegnato, entro lunedì 1º giugno 2026, a: Convocare." in mail.testo
    assert "Ciao" not in mail.testo


def test_a_late_promise_says_so_and_a_reminder_that_came_too_late_does_not(promessa, presenti):
    avvisi.accoda_impegni(alle(ENTRO - GIORNO))
    avvisi.accoda_impegni(alle(ENTRO + GIORNO))

    mail = componi(uno_di("impegno_tardi"), alle(ENTRO + GIORNO))
    assert mail.oggetto == "In ritardo: Mandare le piante"
    assert "Non risulta ancora fatto." in mail.testo
    with pytest.raises(NonDovuto):
        componi(uno_di("impegno_promemoria"), alle(ENTRO + GIORNO))


def uno_di(genere):
    return Messaggio.objects.get(genere=genere)


def test_promises_cost_the_same_queries_however_many(
    promessa, bozza, percorso, django_assert_num_queries
):
    def accoda(quante):
        with django_assert_num_queries(quante):
            avvisi.accoda_impegni(alle(ENTRO - GIORNO))

    accoda(4)
    for n in range(3):
        altra = ComponenteFactory(seggio__percorso=percorso)
        impegni.aggiungi_impegno(
            bozza, testo=f"Cosa {n}", seggio=altra.seggio, entro=ENTRO, punto=None
        )
    accoda(4)
