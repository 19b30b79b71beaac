"""The mails about reviews: who gets which, when, exactly once, and whom they name."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.urls import reverse

from portale.lib.dates import ROMA, a_roma
from posta.consegna import spedisci_dovuti
from posta.generi import NonDovuto, Rinviato
from posta.models import Messaggio
from tavolo import emails
from tavolo.models import ImpostazioniTavolo, Seggio
from tavolo.services import esami, esami_avvisi
from tests.factories import (
    ComponenteFactory,
    EsameFactory,
    PosizioneFactory,
    PropostaFactory,
    SeggioFactory,
    UserFactory,
)


def roma(*momento):
    return datetime(*momento, tzinfo=ROMA).astimezone(UTC)


# A Monday morning; the reviews fall due on the Friday of the week after.
ADESSO = roma(2026, 5, 4, 10)
VENERDI = date(2026, 5, 15)
GIORNO = timedelta(days=1)


@pytest.fixture
def titolare(seggio):
    return ComponenteFactory(seggio=seggio)


@pytest.fixture
def supplente(seggio):
    return ComponenteFactory(seggio=seggio, supplente=True)


@pytest.fixture
def autore(db):
    return UserFactory(is_staff=True)


def apri(percorso, autore, quante=1, giorno=VENERDI, adesso=ADESSO):
    proposte = PropostaFactory.create_batch(quante, percorso=percorso, stato="in_valutazione")
    return esami.apri(proposte, percorso=percorso, giorno=giorno, autore=autore, adesso=adesso)


def accodati(genere):
    return sorted(Messaggio.objects.filter(genere=genere).values_list("destinatario", flat=True))


def componi(messaggio, adesso=ADESSO):
    return getattr(emails.esami, messaggio.genere)(messaggio, adesso)


# --- Opening --------------------------------------------------------------------------------


def test_eleven_proposals_opened_together_are_one_mail_for_each_person(
    percorso, autore, titolare, supplente
):
    sola = ComponenteFactory(seggio__percorso=percorso)
    # Nobody else: no voice, not entered, over, of another percorso, account closed.
    for ruolo in (Seggio.Ruolo.SEGRETERIA, Seggio.Ruolo.OSSERVATORE):
        ComponenteFactory(seggio__percorso=percorso, seggio__ruolo=ruolo)
    ComponenteFactory(seggio__percorso=percorso, invitato=True)
    ComponenteFactory(seggio__percorso=percorso, al=a_roma(ADESSO).date() - GIORNO)
    ComponenteFactory()
    ComponenteFactory(seggio__percorso=percorso, persona__is_active=False)

    nuovi = apri(percorso, autore, 11)

    assert accodati("esami_aperti") == sorted([titolare.email, supplente.email, sola.email])
    mail = componi(Messaggio.objects.get(genere="esami_aperti", destinatario=titolare.email))
    assert mail.oggetto == "11 proposte da leggere entro venerdì 15 maggio 2026"
    for esame in nuovi:
        assert str(esame.proposta) in mail.testo
        assert settings.BASE_URL + reverse("area:esame_detail", args=[esame.pk]) in mail.html


def test_when_the_mail_leaves_the_mandate_and_the_answers_are_asked_again(
    percorso, autore, titolare, supplente
):
    primo, secondo = apri(percorso, autore, 2)
    messaggio = Messaggio.objects.get(destinatario=titolare.email)
    PosizioneFactory(esame=primo, seggio=titolare.seggio)
    mail = componi(messaggio)
    assert (str(primo.proposta) in mail.testo, str(secondo.proposta) in mail.testo) == (
        False,
        True,
    )

    titolare.al = a_roma(ADESSO).date() - GIORNO
    titolare.save()
    with pytest.raises(NonDovuto):
        componi(messaggio)
    PosizioneFactory(esame=secondo, seggio=supplente.seggio)
    with pytest.raises(NonDovuto):
        componi(Messaggio.objects.get(destinatario=supplente.email))


def test_nobody_is_written_to_at_night(percorso, autore, titolare):
    notte = roma(2026, 5, 4, 22, 15)
    apri(percorso, autore, adesso=notte)

    messaggio = Messaggio.objects.get()
    assert messaggio.dovuto_at == roma(2026, 5, 5, 8)
    with pytest.raises(Rinviato):
        componi(messaggio, notte)


# --- Reminders ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("giorno", "giorni", "atteso"),
    [
        (date(2026, 5, 15), 3, (2026, 5, 12, 9)),
        (date(2026, 5, 15), 0, (2026, 5, 15, 9)),
        # The clocks change in between: the wall time stays.
        (date(2026, 3, 29), 1, (2026, 3, 28, 9)),
        (date(2026, 3, 30), 3, (2026, 3, 27, 9)),
        (date(2026, 10, 26), 2, (2026, 10, 24, 9)),
    ],
    ids=str,
)
def test_when_a_reminder_falls_due(giorno, giorni, atteso):
    assert esami_avvisi.momento(giorno, giorni) == roma(*atteso)


def test_reminders_leave_once_for_each_person_day_and_rule(percorso, autore, titolare, supplente):
    ha_risposto = ComponenteFactory(seggio__percorso=percorso)
    uno, due = apri(percorso, autore, 2)
    poi = apri(percorso, autore, giorno=VENERDI + GIORNO)
    for esame in (uno, due):
        PosizioneFactory(esame=esame, seggio=ha_risposto.seggio)
    PosizioneFactory(esame=uno, seggio=titolare.seggio)
    # A draft is no answer.
    PosizioneFactory(esame=due, seggio=titolare.seggio, resa_at=None, grado="")
    Messaggio.objects.all().delete()
    quando = roma(2026, 5, 12, 9)

    assert esami_avvisi.accoda_promemoria(quando - timedelta(minutes=1)) == 0
    assert esami_avvisi.accoda_promemoria(quando) == 2
    assert esami_avvisi.accoda_promemoria(quando + timedelta(minutes=1)) == 0

    assert accodati("esami_promemoria") == sorted([titolare.email, supplente.email])
    mail = componi(Messaggio.objects.get(destinatario=titolare.email), quando)
    assert mail.oggetto == "Promemoria: 1 proposta da leggere entro venerdì 15 maggio 2026"
    assert str(due.proposta) in mail.testo
    for altro in (uno, poi[0]):
        assert str(altro.proposta) + "\n" not in mail.testo
    # The other day's own rule; then the last one of each.
    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 13, 9)) == 3
    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 9)) == 2


def test_after_a_stop_of_the_machine_only_the_last_reminder_is_told(percorso, autore, titolare):
    apri(percorso, autore)
    Messaggio.objects.all().delete()

    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 12)) == 1
    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 12, 1)) == 0


def test_what_was_opened_after_the_moment_of_a_rule_has_had_its_own_mail(
    percorso, autore, titolare
):
    apri(percorso, autore, adesso=roma(2026, 5, 12, 15))
    Messaggio.objects.all().delete()

    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 12, 15, 1)) == 0
    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 9)) == 1


@pytest.mark.parametrize(
    ("regole", "quante"), [([1], 1), ([], 0), ([5, 5, 2, 0], 3), (["x", True, 400, 1], 1), ({}, 0)]
)
def test_the_office_sets_the_days(percorso, autore, titolare, regole, quante):
    ImpostazioniTavolo.objects.create(percorso=percorso, promemoria_giorni=regole)
    apri(percorso, autore)
    Messaggio.objects.all().delete()

    for giorno in range(5, 16):
        esami_avvisi.accoda_promemoria(roma(2026, 5, giorno, 12))

    assert Messaggio.objects.count() == quante


def test_a_review_that_is_put_off_is_told_and_reminded_of_its_new_day(
    percorso, autore, titolare, supplente
):
    [esame] = apri(percorso, autore)
    esami_avvisi.accoda_promemoria(roma(2026, 5, 12, 9))
    Messaggio.objects.all().delete()
    poi = roma(2026, 5, 12, 10)
    nuovo = VENERDI + 7 * GIORNO

    esami.proroga(esame, nuovo, autore, adesso=poi)
    esami.proroga(esame, nuovo, autore, adesso=poi)

    assert accodati("esame_prorogato") == sorted([titolare.email, supplente.email])
    mail = componi(Messaggio.objects.get(destinatario=titolare.email), poi)
    assert mail.oggetto == "Cambia la scadenza: si risponde entro venerdì 22 maggio 2026"
    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 9)) == 0
    assert esami_avvisi.accoda_promemoria(roma(2026, 5, 19, 9)) == 2


def test_the_office_writes_to_who_is_missing_once_a_day(percorso, autore, titolare):
    muta = ComponenteFactory(seggio__percorso=percorso)
    uno, due = apri(percorso, autore, 2)
    PosizioneFactory(esame=uno, seggio=titolare.seggio)
    Messaggio.objects.all().delete()

    assert [esami.sollecita(e, autore, adesso=ADESSO) for e in (uno, due, uno)] == [1, 1, 0]
    assert esami.sollecita(uno, autore, adesso=ADESSO + GIORNO) == 1

    mail = componi(Messaggio.objects.filter(destinatario=muta.email).first())
    assert "2 proposte da leggere" in mail.oggetto
    assert [p.evento for p in uno.passaggi.all()] == ["aperto", "sollecito", "sollecito"]


def test_reminders_cost_the_same_for_one_review_and_for_three(
    percorso, autore, titolare, django_assert_num_queries
):
    apri(percorso, autore)
    esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 9))
    with django_assert_num_queries(3):
        esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 10))
    apri(percorso, autore, 2)
    with django_assert_num_queries(3):
        esami_avvisi.accoda_promemoria(roma(2026, 5, 14, 10))


# --- Questions ------------------------------------------------------------------------------


def chiedi(esame, chi):
    return esami.chiedi(
        esame, chi.seggio, chi, testo="Quante panchine?", chiave="a", adesso=ADESSO
    )


@pytest.mark.parametrize("lingua", ["it", "en"])
def test_who_made_the_proposal_is_asked_by_the_organisation_in_her_language(
    percorso, titolare, lingua, mailoutbox
):
    esame = EsameFactory(percorso=percorso, proposta__proponente__lingua=lingua)
    domanda = chiedi(esame, titolare)

    spedisci_dovuti(lambda: ADESSO)

    [mail] = mailoutbox
    assert mail.to == [esame.proposta.proponente.email]
    for testo in (mail.body, mail.alternatives[0][0]):
        assert str(titolare.seggio) in testo
        assert "Quante panchine?" in testo
        assert titolare.nome not in testo
    [indirizzo] = re.findall(r"\S+[?]vai=\S+", mail.body)
    dove = f"/tavolo/domande/{domanda.pk}/"
    assert parse_qs(urlsplit(indirizzo).query)["vai"] == ["/en" * (lingua == "en") + dove]


def test_where_nobody_can_be_written_to_the_office_is_asked(percorso, titolare, autore):
    esame = EsameFactory(percorso=percorso, proposta__proponente=None, proposta__nome_mostrato="")
    domanda = chiedi(esame, titolare)

    messaggio = Messaggio.objects.get()
    assert (messaggio.genere, messaggio.destinatario) == (
        "domanda_ufficio",
        settings.ENTE["email"],
    )
    mail = componi(messaggio)
    assert titolare.nome not in mail.testo
    assert reverse("admin:tavolo_domandaproponente_rispondi", args=[domanda.pk]) in mail.testo
    esami.rispondi(domanda, "Tre.", autore=autore, adesso=ADESSO)
    with pytest.raises(NonDovuto):
        componi(messaggio)
    assert (
        "l’ufficio ha risposto" in componi(Messaggio.objects.get(genere="domanda_risposta")).testo
    )


def test_the_seat_that_asked_is_told_the_answer(percorso, titolare, supplente):
    ComponenteFactory(seggio=SeggioFactory(percorso=percorso))
    domanda = chiedi(EsameFactory(percorso=percorso), titolare)
    for _volta in range(2):
        esami.rispondi(domanda, "Tre.", adesso=ADESSO)

    assert accodati("domanda_risposta") == sorted([titolare.email, supplente.email])
    mail = componi(Messaggio.objects.filter(genere="domanda_risposta").first())
    assert "Tre." in mail.testo
