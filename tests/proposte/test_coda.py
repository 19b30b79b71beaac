"""What waits for a moderator: in which order, since when, and who is told in the morning."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from portale.lib.emails import assoluto
from posta.generi import NonDovuto
from posta.models import Messaggio
from proposte import coda, commenti, emails_ufficio, services, tasks
from proposte.coda import Genere
from proposte.models import Bisogno, Passaggio, Proposta, Segnalazione
from tests.factories import (
    BisognoFactory,
    CommentoFactory,
    PropostaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ROMA = ZoneInfo("Europe/Rome")
ADESSO = datetime(2030, 5, 15, 10, 0, tzinfo=ROMA)


def ore_fa(n, da=ADESSO):
    return da - timedelta(hours=n)


def da_moderare(ore, **campi):
    return PropostaFactory(inviata=True, inviata_at=ore_fa(ore), **campi)


def bisogno(ore):
    riga = BisognoFactory(stato=Bisogno.Stato.INVIATO, pubblicato_at=None)
    Bisogno.objects.filter(pk=riga.pk).update(created_at=ore_fa(ore))
    return riga


def segnalata(ore, **cosa):
    return Segnalazione.objects.create(
        **(cosa or {"proposta": PropostaFactory()}),
        motivo="offensivo",
        chiave=f"s{Segnalazione.objects.count()}",
        created_at=ore_fa(ore),
    )


def da_riesaminare(ore, autore=None):
    proposta = PropostaFactory()
    services.nascondi(proposta, autore, "offensivo", "Offende.", adesso=ore_fa(ore + 10))
    services.chiedi_riesame(proposta, "Non offende nessuno.", adesso=ore_fa(ore))
    return proposta


def persona(gruppo, **campi):
    user = UserFactory(is_staff=True, **campi)
    user.groups.add(Group.objects.get(name=gruppo))
    return user


# --- What waits -----------------------------------------------------------------------------


def test_all_that_waits_is_one_list_oldest_first():
    nuova = da_moderare(1)
    vecchio = bisogno(50)
    media = segnalata(20)
    prima = da_riesaminare(60)
    # What does not wait.
    PropostaFactory(bozza=True)
    PropostaFactory()
    BisognoFactory()
    commenti.chiudi_segnalazione(segnalata(70), "respinta", UserFactory(), adesso=ADESSO)
    services.nascondi(PropostaFactory(), None, "offensivo", "Offende.", adesso=ore_fa(80))

    assert list(coda.in_attesa()) == [
        ("riesame", prima.pk, ore_fa(60)),
        ("bisogno", vecchio.pk, ore_fa(50)),
        ("segnalazione", media.pk, ore_fa(20)),
        ("proposta", nuova.pk, ore_fa(1)),
    ]
    assert [(conto.genere, conto.quante, conto.dal) for conto in coda.situazione()] == [
        (Genere.PROPOSTA, 1, ore_fa(1)),
        (Genere.BISOGNO, 1, ore_fa(50)),
        (Genere.SEGNALAZIONE, 1, ore_fa(20)),
        (Genere.RIESAME, 1, ore_fa(60)),
    ]
    assert [(attesa.genere, attesa.pk) for attesa in coda.apri(coda.in_attesa())] == [
        (Genere.RIESAME, prima.pk),
        (Genere.BISOGNO, vecchio.pk),
        (Genere.SEGNALAZIONE, media.pk),
        (Genere.PROPOSTA, nuova.pk),
    ]
    assert list(coda.in_attesa("bisogno")) == [("bisogno", vecchio.pk, ore_fa(50))]


def test_a_page_of_the_queue_costs_the_same_with_few_things_and_with_many(
    django_assert_num_queries,
):
    for n in range(3):
        da_moderare(n)
        bisogno(n)
        segnalata(n)
        segnalata(n, commento=CommentoFactory())
        da_riesaminare(n)

    with django_assert_num_queries(1):
        righe = list(coda.in_attesa()[:50])
    with django_assert_num_queries(4):
        attese = coda.apri(righe)
        assert len({(a.titolo, str(a.laboratorio), a.esempio) for a in attese}) == 15


def test_a_request_for_another_look_waits_until_somebody_answers():
    proposta = da_riesaminare(30)
    services.chiedi_riesame(proposta, "Sono ancora qui.", adesso=ore_fa(5))

    # Since the first time that she asked, and once.
    assert list(coda.in_attesa()) == [("riesame", proposta.pk, ore_fa(30))]

    services.conferma_nascosta(
        proposta, UserFactory(), "offensivo", "Offende ancora.", adesso=ore_fa(4)
    )
    assert list(coda.in_attesa()) == []

    services.chiedi_riesame(proposta, "Ho tolto quella parola.", adesso=ore_fa(3))
    assert list(coda.in_attesa()) == [("riesame", proposta.pk, ore_fa(3))]

    services.pubblica(proposta, UserFactory(), adesso=ore_fa(2))
    assert list(coda.in_attesa()) == []


def test_only_who_asked_is_answered_and_only_once():
    autore = UserFactory()
    proposta = PropostaFactory()
    services.nascondi(proposta, autore, "offensivo", "Offende.", adesso=ore_fa(5))
    with pytest.raises(services.Rifiuto, match="Nessuno aspetta un riesame"):
        services.conferma_nascosta(proposta, autore, "offensivo", "Resta.", adesso=ADESSO)

    services.chiedi_riesame(proposta, "Guardatela.", adesso=ore_fa(4))
    with pytest.raises(services.Rifiuto, match="Scegli il motivo"):
        services.conferma_nascosta(proposta, autore, "offensivo", " ", adesso=ADESSO)
    services.conferma_nascosta(proposta, autore, "offensivo", "Resta.", adesso=ADESSO)
    with pytest.raises(services.Rifiuto, match="Nessuno aspetta un riesame"):
        services.conferma_nascosta(proposta, autore, "offensivo", "Resta.", adesso=ADESSO)

    passi = proposta.passaggi.filter(evento=Passaggio.Evento.CONFERMA)
    assert [(passo.da, passo.a, passo.autore, passo.motivo, passo.testo) for passo in passi] == [
        ("nascosta", "nascosta", autore, "offensivo", "Resta.")
    ]


def test_one_thing_is_found_only_while_it_waits():
    proposta = da_moderare(3)

    assert coda.una("proposta", proposta.pk).dal == ore_fa(3)
    assert coda.una("proposta", proposta.pk + 1) is None
    assert coda.una("bisogno", proposta.pk) is None
    assert coda.una("altro", proposta.pk) is None

    services.pubblica(proposta, None, adesso=ADESSO)
    assert coda.una("proposta", proposta.pk) is None
    assert coda.leggibile("proposta", proposta.pk) == proposta


def test_after_a_decision_comes_the_next_one_and_at_the_end_the_head_of_the_queue():
    prima, seconda = da_moderare(9), bisogno(8)
    # At the same instant: by kind, then by number.
    terza, quarta = segnalata(7), segnalata(7)
    quinta = da_riesaminare(1)

    giro = []
    attesa = coda.una(*coda.prossima())
    for _n in range(5):
        giro.append((attesa.genere.value, attesa.pk))
        attesa = coda.una(*coda.prossima(attesa))

    assert giro == [
        ("proposta", prima.pk),
        ("bisogno", seconda.pk),
        ("segnalazione", terza.pk),
        ("segnalazione", quarta.pk),
        ("riesame", quinta.pk),
    ]
    assert attesa.pk == prima.pk


def test_when_nothing_waits_there_is_no_next_one():
    assert coda.prossima() is None
    attesa = coda.una("proposta", da_moderare(2).pk)
    assert coda.prossima(attesa) is None


@pytest.mark.parametrize(
    ("passate", "parole"),
    [
        (timedelta(minutes=59), "da meno di un'ora"),
        (timedelta(hours=1), "da 1 ora"),
        (timedelta(hours=47, minutes=59), "da 47 ore"),
        (timedelta(hours=48), "da 2 giorni"),
        (timedelta(days=9, hours=23), "da 9 giorni"),
    ],
)
def test_ages_are_said_in_words(passate, parole):
    assert coda.eta(ADESSO - passate, ADESSO) == parole


def test_what_is_late_is_the_offices_own_choice(settings):
    attesa = coda.una("proposta", da_moderare(30).pk)
    assert attesa.in_ritardo(ADESSO) is False

    settings.MODERAZIONE_ORE = 24

    assert attesa.in_ritardo(ADESSO) is True
    assert [conto.in_ritardo(ADESSO) for conto in coda.situazione()] == [True, False, False, False]


def test_a_report_of_a_comment_is_called_by_its_proposal():
    commento = CommentoFactory(proposta__titolo="Più alberi")
    attesa = coda.una("segnalazione", segnalata(1, commento=commento).pk)

    assert attesa.titolo == "Un commento a «Più alberi»"
    assert attesa.laboratorio == commento.proposta.laboratorio


# --- The mail of the morning ----------------------------------------------------------------


def riepiloghi():
    righe = Messaggio.objects.filter(genere="moderazione_riepilogo").order_by("pk")
    return [(riga.destinatario, riga.chiave) for riga in righe]


def test_moderators_are_told_in_the_morning_once_a_day():
    moderatrice = persona("moderatori")
    ufficio = persona("ufficio")
    persona("moderatori", is_active=False)
    persona("facilitatori")
    UserFactory(ufficio=True)
    esclusa = UserFactory(is_staff=True)
    esclusa.user_permissions.add(Permission.objects.get(codename="modera_proposta"))
    da_moderare(20)
    attesi = [
        (chi.email, f"moderazione_riepilogo:2030-05-15:{chi.pk}") for chi in (moderatrice, ufficio)
    ]

    assert coda.accoda_riepilogo(ADESSO.replace(hour=7, minute=59)) == 0
    assert riepiloghi() == []
    assert coda.accoda_riepilogo(ADESSO.replace(hour=8, minute=0)) == 2
    assert coda.accoda_riepilogo(ADESSO.replace(hour=8, minute=5)) == 0
    assert coda.accoda_riepilogo(ADESSO.replace(hour=18, minute=0)) == 0
    assert riepiloghi() == attesi
    # It waits still: she is told again tomorrow.
    assert coda.accoda_riepilogo(ADESSO.replace(day=16, hour=8)) == 2


def test_what_arrives_after_the_morning_is_told_on_the_next_one():
    persona("moderatori")
    da_moderare(1)

    assert coda.accoda_riepilogo(ADESSO) == 0
    assert coda.accoda_riepilogo(ADESSO.replace(day=16, hour=8)) == 1


def test_a_scheduler_that_wakes_up_in_the_evening_writes_to_nobody_before_the_morning():
    persona("moderatori")
    da_moderare(20)

    assert coda.accoda_riepilogo(ADESSO.replace(hour=21)) == 0
    assert coda.accoda_riepilogo(ADESSO.replace(hour=20, minute=59)) == 1


def test_when_nothing_waits_nobody_is_written_to():
    persona("moderatori")
    PropostaFactory()

    assert coda.accoda_riepilogo(ADESSO) == 0


def test_the_morning_is_romes_also_when_the_clocks_change():
    persona("moderatori")
    PropostaFactory(inviata=True, inviata_at=datetime(2030, 3, 1, tzinfo=ROMA))
    # 31 March 2030: 8:00 in Rome is 6:00 UTC, the day before it was 7:00.
    prima = datetime(2030, 3, 31, 5, 59, tzinfo=ZoneInfo("UTC"))

    assert coda.accoda_riepilogo(prima) == 0
    assert coda.accoda_riepilogo(prima + timedelta(minutes=1)) == 1


def test_the_scheduler_queues_it(mocker_adesso):
    persona("moderatori")
    da_moderare(20)

    tasks.avvisi()

    assert len(riepiloghi()) == 1


@pytest.fixture
def mocker_adesso(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: ADESSO)


def _messaggio(chi):
    return Messaggio(
        genere="moderazione_riepilogo",
        destinatario=chi.email,
        parametri={"mattina": ADESSO.replace(hour=8).isoformat()},
    )


def test_the_mail_says_what_waits_and_for_how_long():
    chi = persona("moderatori")
    da_moderare(60, titolo="Alberi & <panchine>")
    bisogno(20)
    # Not yet of this morning.
    da_moderare(1, titolo="Troppo nuova")

    composto = emails_ufficio.moderazione_riepilogo(_messaggio(chi), ADESSO)

    assert composto.oggetto == "2 cose da moderare"
    assert "Proposta da pubblicare: 1 (la più vecchia da 2 giorni, in ritardo)" in composto.testo
    assert "Bisogno da pubblicare: 1 (la più vecchia da 20 ore)" in composto.testo
    assert "- Alberi & <panchine> (proposta da pubblicare, da 2 giorni" in composto.testo
    assert "Alberi &amp; &lt;panchine&gt;" in composto.html
    for corpo in (composto.testo, composto.html):
        assert "Troppo nuova" not in corpo
        assert assoluto("/admin/proposte/proposta/coda/") in corpo
        assert "partecipante" not in corpo


def test_the_mail_names_ten_and_counts_the_others():
    chi = persona("moderatori")
    for n in range(12):
        da_moderare(20 + n, titolo=f"Idea {n:02}")

    composto = emails_ufficio.moderazione_riepilogo(_messaggio(chi), ADESSO)

    assert [n for n in range(12) if f"Idea {n:02}" in composto.testo] == list(range(2, 12))
    assert "e altre 2." in composto.testo


def test_the_mail_is_not_owed_once_all_is_done_or_to_who_moderates_no_more():
    chi, altra = persona("moderatori"), persona("moderatori")
    proposta = da_moderare(20)
    altra.groups.clear()

    with pytest.raises(NonDovuto):
        emails_ufficio.moderazione_riepilogo(_messaggio(altra), ADESSO)
    services.pubblica(proposta, chi, adesso=ADESSO)
    with pytest.raises(NonDovuto):
        emails_ufficio.moderazione_riepilogo(_messaggio(chi), ADESSO)


# --- The answer to who asked for another look -----------------------------------------------


def _risposta():
    return Messaggio.objects.get(genere="proposta_confermata_nascosta")


def test_who_asked_is_told_why_it_stays_hidden():
    proposta = da_riesaminare(5)
    services.conferma_nascosta(
        proposta, UserFactory(), "dati_personali", "C'è un numero di telefono.", adesso=ADESSO
    )
    messaggio = _risposta()
    assert messaggio.destinatario == proposta.proponente.email

    composto = emails_ufficio.proposta_confermata_nascosta(messaggio, ADESSO)

    assert composto.oggetto == f"Dopo il riesame la tua proposta resta nascosta: {proposta.titolo}"
    assert "Motivo: contiene dati personali di qualcuno" in composto.testo
    assert "Spiegazione: C'è un numero di telefono." in composto.testo
    assert "C&#x27;è un numero di telefono." in composto.html
    assert f"%2Fproposte%2F{proposta.slug}%2Friesame%2F" in composto.testo


def test_once_it_is_shown_that_answer_is_not_owed():
    proposta = da_riesaminare(5)
    services.conferma_nascosta(proposta, UserFactory(), "altro", "No.", adesso=ADESSO)
    services.pubblica(proposta, UserFactory(), adesso=ADESSO)

    with pytest.raises(NonDovuto):
        emails_ufficio.proposta_confermata_nascosta(_risposta(), ADESSO)
    assert Proposta.objects.get(pk=proposta.pk).stato == Proposta.Stato.PUBBLICATA
