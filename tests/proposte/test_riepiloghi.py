"""The digest: one mail for each person and week, on Monday morning, only with something new."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import translation

from eventi.models import Incontro, PassaggioIncontro
from posta.generi import NonDovuto, Rinviato, Scaduto, registro
from posta.models import Messaggio
from proposte import partecipazione, riepiloghi
from proposte.models import Passaggio, Proposta, Seguito
from proposte.riepiloghi import Settimana, accoda_riepiloghi
from tests.factories import (
    BisognoFactory,
    IncontroFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PropostaFactory,
    ResocontoFactory,
    RispostaFactory,
    SeguitoFactory,
    TemaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

# Monday 23 November 2026, eight in the morning in Rome.
LUNEDI = datetime(2026, 11, 23, 7, tzinfo=UTC)
SCORSO_MERCOLEDI = LUNEDI - timedelta(days=5)
TEMPO_FA = LUNEDI - timedelta(days=60)
SETTIMANA = Settimana.di(LUNEDI)


@pytest.fixture(autouse=True)
def nothing_done_yet():
    cache.clear()


@pytest.fixture
def laboratorio():
    return LaboratorioFactory(nome="Laboratorio Nord")


@pytest.fixture
def io():
    return PartecipanteFactory(email="anna@example.org", nome="Anna")


def segue(chi, *, dal=TEMPO_FA, **cosa):
    return SeguitoFactory(partecipante=chi, proposta=None, created_at=dal, **cosa)


def nuova(**campi):
    return PropostaFactory(**{"pubblicata_at": SCORSO_MERCOLEDI, **campi})


def componi(chi, adesso=LUNEDI, lingua="it"):
    messaggio = Messaggio.objects.get(genere="riepilogo", destinatario=chi.email)
    with translation.override(lingua):
        return registro["riepilogo"].componi(messaggio, adesso)


def letto(chi, settimana=SETTIMANA):
    """What is new for her, as names."""
    return [
        (gruppo.nome, sezione, [voce.titolo for voce in voci], altre)
        for gruppo in riepiloghi.novita(chi, settimana)
        for sezione, voci, altre in gruppo.sezioni
    ]


# --- When -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adesso", "quanti"),
    [
        # Sunday evening and Monday at 7:59 tell of the week before, in which nothing was new.
        ("2026-11-22T20:00:00+00:00", 0),
        ("2026-11-23T06:59:59+00:00", 0),
        ("2026-11-23T07:00:00+00:00", 1),
        # The scheduler was down until Thursday.
        ("2026-11-26T15:00:00+00:00", 1),
        ("2026-11-30T06:59:00+00:00", 0),
    ],
)
def test_it_is_queued_from_monday_at_eight_in_rome(laboratorio, io, adesso, quanti):
    segue(io, laboratorio=laboratorio)
    nuova(laboratorio=laboratorio)

    assert accoda_riepiloghi(datetime.fromisoformat(adesso)) == quanti
    assert Messaggio.objects.count() == quanti


@pytest.mark.parametrize(
    ("lunedi", "inizio", "fine", "spedizione"),
    [
        # The clocks go back on 25 October 2026: that week is an hour longer.
        ("2026-10-26", "2026-10-18T22:00Z", "2026-10-25T23:00Z", "2026-10-26T07:00Z"),
        # And forward on 28 March 2027.
        ("2027-03-29", "2027-03-21T23:00Z", "2027-03-28T22:00Z", "2027-03-29T06:00Z"),
    ],
)
def test_the_week_is_romes_also_when_the_clocks_change(lunedi, inizio, fine, spedizione):
    settimana = Settimana.da_testo(lunedi)

    attesi = [datetime.fromisoformat(istante) for istante in (inizio, fine, spedizione)]
    assert [settimana.inizio, settimana.fine, settimana.spedizione] == attesi
    assert settimana.successiva.inizio == settimana.fine


def test_the_key_names_the_iso_week_also_at_the_turn_of_the_year(laboratorio, io):
    segue(io, laboratorio=laboratorio)
    capodanno = datetime(2027, 1, 1, 12, tzinfo=UTC)
    nuova(laboratorio=laboratorio, pubblicata_at=datetime(2026, 12, 23, tzinfo=UTC))

    accoda_riepiloghi(capodanno)

    assert Messaggio.objects.get().chiave == f"riepilogo:{io.pk}:2026-53"


def test_running_it_again_queues_nothing_more(laboratorio, io):
    segue(io, laboratorio=laboratorio)
    nuova(laboratorio=laboratorio)

    fatti = [accoda_riepiloghi(LUNEDI)]
    fatti.append(accoda_riepiloghi(LUNEDI + timedelta(minutes=5)))
    cache.clear()
    fatti.append(accoda_riepiloghi(LUNEDI + timedelta(days=2)))

    assert fatti == [1, 0, 0]
    # The next week is another mail, if there is something new.
    nuova(laboratorio=laboratorio, pubblicata_at=LUNEDI + timedelta(days=1))
    assert accoda_riepiloghi(LUNEDI + timedelta(days=7)) == 1
    assert Messaggio.objects.count() == 2


def test_once_done_it_costs_one_look_at_the_cache(laboratorio, io, django_assert_max_num_queries):
    segue(io, laboratorio=laboratorio)
    nuova(laboratorio=laboratorio)
    accoda_riepiloghi(LUNEDI)

    with django_assert_max_num_queries(1):
        accoda_riepiloghi(LUNEDI + timedelta(minutes=5))


# --- To whom --------------------------------------------------------------------------------


def test_only_followers_of_where_something_is_new_get_it_and_each_one_mail(laboratorio, io):
    altrove, tema = LaboratorioFactory(), TemaFactory()
    proposta = nuova(laboratorio=laboratorio)
    proposta.temi.add(tema)
    segue(io, laboratorio=laboratorio)
    segue(io, tema=tema)
    segue(PartecipanteFactory(), laboratorio=altrove)
    SeguitoFactory(proposta=proposta, created_at=TEMPO_FA)
    segue(PartecipanteFactory(), laboratorio=laboratorio, dal=LUNEDI + timedelta(minutes=1))
    inglese = PartecipanteFactory(lingua="en")
    segue(inglese, tema=tema)

    assert accoda_riepiloghi(LUNEDI + timedelta(hours=1)) == 2

    assert set(Messaggio.objects.values_list("destinatario", "lingua")) == {
        ("anna@example.org", "it"),
        (inglese.email, "en"),
    }


@pytest.mark.usefixtures("cache_in_memoria")
@pytest.mark.parametrize("quanti", [1, 3])
def test_queueing_asks_the_same_queries_for_one_or_three(
    laboratorio, quanti, django_assert_num_queries
):
    nuova(laboratorio=laboratorio)
    for chi in PartecipanteFactory.create_batch(quanti):
        segue(chi, laboratorio=laboratorio)
    accoda_riepiloghi(LUNEDI - timedelta(days=7))
    cache.clear()

    with django_assert_num_queries(10):
        assert accoda_riepiloghi(LUNEDI) == quanti


def test_many_are_queued_in_parts(laboratorio, monkeypatch):
    monkeypatch.setattr(riepiloghi, "PARTE", 2)
    nuova(laboratorio=laboratorio)
    seguaci = PartecipanteFactory.create_batch(5)
    for chi in seguaci:
        segue(chi, laboratorio=laboratorio)

    assert accoda_riepiloghi(LUNEDI) == 5
    assert set(Messaggio.objects.values_list("destinatario", flat=True)) == {
        chi.email for chi in seguaci
    }


# --- What it says ---------------------------------------------------------------------------


def test_it_tells_each_thing_once_by_lab_and_then_by_theme(laboratorio, io):
    tema = TemaFactory(nome="Verde")
    segue(io, laboratorio=laboratorio)
    segue(io, tema=tema)
    di_entrambi = nuova(laboratorio=laboratorio, titolo="Nel lab e nel tema")
    del_tema = nuova(citta=True, titolo="Solo nel tema")
    for proposta in (di_entrambi, del_tema):
        proposta.temi.add(tema)
    nuova(titolo="Altrove")
    bisogno = BisognoFactory(
        laboratorio=laboratorio, titolo="Un bisogno", pubblicato_at=SCORSO_MERCOLEDI
    )
    bisogno.temi.add(tema)

    assert letto(io) == [
        ("Laboratorio Nord", "Proposte nuove", ["Nel lab e nel tema"], 0),
        ("Laboratorio Nord", "Bisogni nuovi", ["Un bisogno"], 0),
        ("Verde", "Proposte nuove", ["Solo nel tema"], 0),
    ]


def test_it_tells_of_the_week_that_is_over_and_of_nothing_else(laboratorio, io):
    segue(io, laboratorio=laboratorio)
    for titolo, quando in (
        ("prima", SETTIMANA.inizio - timedelta(seconds=1)),
        ("lunedì", SETTIMANA.inizio),
        ("domenica", SETTIMANA.fine - timedelta(seconds=1)),
        ("oggi", SETTIMANA.fine),
    ):
        nuova(laboratorio=laboratorio, titolo=titolo, pubblicata_at=quando)

    assert letto(io) == [("Laboratorio Nord", "Proposte nuove", ["lunedì", "domenica"], 0)]


@pytest.mark.parametrize(
    "stato", sorted(set(Proposta.Stato.values) - set(Proposta.IN_ELENCO) - {"bozza", "inviata"})
)
def test_what_everybody_may_not_read_in_the_list_is_not_told(laboratorio, io, stato):
    segue(io, laboratorio=laboratorio)
    altra = PropostaFactory(pubblicata_at=TEMPO_FA) if stato == "integrata" else None
    nuova(laboratorio=laboratorio, stato=stato, integrata_in=altra)
    BisognoFactory(laboratorio=laboratorio, stato="nascosto", pubblicato_at=SCORSO_MERCOLEDI)

    assert letto(io) == []
    assert accoda_riepiloghi(LUNEDI) == 0


def test_answers_and_outcomes_are_told_once_for_each_proposal(laboratorio, io):
    segue(io, laboratorio=laboratorio)
    decisa = PropostaFactory(
        laboratorio=laboratorio, titolo="Decisa", stato="non_accolta", pubblicata_at=TEMPO_FA
    )
    Passaggio.objects.create(
        proposta=decisa,
        da="in_valutazione",
        a="non_accolta",
        testo="No.",
        created_at=SCORSO_MERCOLEDI,
    )
    RispostaFactory(proposta=decisa, pubblicata_at=SCORSO_MERCOLEDI)
    vecchia = PropostaFactory(laboratorio=laboratorio, stato="accolta", pubblicata_at=TEMPO_FA)
    RispostaFactory(proposta=vecchia, pubblicata_at=TEMPO_FA)

    assert letto(io) == [("Laboratorio Nord", "Risposte ed esiti", ["Decisa"], 0)]
    [gruppo] = riepiloghi.novita(io, SETTIMANA)
    assert gruppo.sezioni[0][1][0].nota == "non accolta"


def test_it_announces_the_meetings_of_this_week_and_those_just_published(laboratorio, io):
    segue(io, laboratorio=laboratorio)

    def incontro(titolo, giorni, **campi):
        return IncontroFactory(
            laboratorio=laboratorio,
            titolo=titolo,
            inizio=LUNEDI + timedelta(days=giorni),
            fine=LUNEDI + timedelta(days=giorni, hours=2),
            **campi,
        )

    incontro("Questo giovedì", 3)
    incontro("Ieri", -1)
    incontro("Fra un mese, noto da tempo", 30)
    annunciato = incontro("Fra un mese, appena pubblicato", 30)
    PassaggioIncontro.objects.create(
        incontro=annunciato, da="bozza", a="pubblicato", created_at=SCORSO_MERCOLEDI
    )
    incontro("In bozza", 3, stato=Incontro.Stato.BOZZA)
    incontro("Annullato", 3, stato=Incontro.Stato.ANNULLATO)
    ResocontoFactory(
        incontro__laboratorio=laboratorio,
        incontro__titolo="Com'era andata",
        pubblicato_at=SCORSO_MERCOLEDI,
    )

    assert letto(io) == [
        (
            "Laboratorio Nord",
            "Incontri",
            ["Questo giovedì", "Fra un mese, appena pubblicato"],
            0,
        ),
        ("Laboratorio Nord", "Com’è andata: i resoconti", ["Com'era andata"], 0),
    ]


def test_a_busy_week_is_cut_short_and_says_how_much_more_there_is(laboratorio, io):
    segue(io, laboratorio=laboratorio)
    for n in range(riepiloghi.VOCI + 3):
        nuova(laboratorio=laboratorio, titolo=f"Proposta {n:02d}")

    [(_nome, _sezione, titoli, altre)] = letto(io)

    assert titoli == [f"Proposta {n:02d}" for n in range(riepiloghi.VOCI)]
    assert altre == 3


@pytest.mark.parametrize("quante", [1, 3])
def test_composing_asks_the_same_queries_for_one_or_three(
    laboratorio, io, quante, django_assert_num_queries
):
    tema = TemaFactory()
    segue(io, laboratorio=laboratorio)
    segue(io, tema=tema)
    for _volta in range(quante):
        for proposta in (nuova(laboratorio=laboratorio), nuova(citta=True)):
            proposta.temi.add(tema)
        BisognoFactory(laboratorio=laboratorio, pubblicato_at=SCORSO_MERCOLEDI)

    with django_assert_num_queries(9):
        assert letto(io)


# --- When it leaves -------------------------------------------------------------------------


@pytest.fixture
def dovuto(laboratorio, io):
    segue(io, laboratorio=laboratorio)
    proposta = nuova(laboratorio=laboratorio, titolo="Panchine & <b>ombra</b>")
    accoda_riepiloghi(LUNEDI)
    return proposta


def test_the_mail_tells_in_text_and_html_and_is_left_with_one_click(dovuto, io, client):
    composto = componi(io)

    assert composto.oggetto == "Le novità della settimana nei quartieri"
    for corpo in (composto.testo, composto.html):
        assert "Ciao Anna," in corpo
        assert "dal 16 novembre 2026 al 22 novembre 2026" in corpo
        assert "Laboratorio Nord" in corpo
        assert dovuto.get_absolute_url() in corpo
    assert "- Panchine & <b>ombra</b>" in composto.testo
    assert "Panchine &amp; &lt;b&gt;ombra&lt;/b&gt;" in composto.html
    assert composto.intestazioni["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = composto.intestazioni["List-Unsubscribe"].strip("<>")
    assert url in composto.testo
    assert url in composto.html

    assert client.post(url.removeprefix("http://testserver")).status_code == 200
    assert not Seguito.objects.exists()
    with pytest.raises(NonDovuto):
        componi(io)


def test_in_english_its_links_are_english(dovuto, io):
    composto = componi(io, lingua="en")

    assert f"/en{dovuto.get_absolute_url()}" in composto.testo
    assert "/en/seguiti/" in composto.testo


def test_what_is_gone_before_it_leaves_is_not_told(dovuto, io):
    Proposta.objects.filter(pk=dovuto.pk).update(stato="nascosta")

    with pytest.raises(NonDovuto):
        componi(io)


def test_in_the_quiet_hours_it_waits_for_the_morning(dovuto, io):
    notte = datetime(2026, 11, 23, 22, tzinfo=UTC)

    with pytest.raises(Rinviato) as rinvio:
        componi(io, notte)

    assert rinvio.value.fino_a == datetime(2026, 11, 24, 7, tzinfo=UTC)


def test_a_week_late_it_is_too_late(dovuto, io):
    assert componi(io, LUNEDI + timedelta(days=6, hours=4))
    with pytest.raises(Scaduto):
        componi(io, LUNEDI + timedelta(days=7))


@pytest.mark.parametrize("come", ["indirizzo", "persona", "seguito"])
def test_who_is_gone_or_follows_no_more_gets_nothing(dovuto, io, come):
    messaggio = Messaggio.objects.get()
    if come == "indirizzo":
        type(io).objects.filter(pk=io.pk).update(email="altra@example.org")
    elif come == "persona":
        io.delete()
    else:
        partecipazione.smetti_il_riepilogo(io)

    with pytest.raises(NonDovuto):
        registro["riepilogo"].componi(messaggio, LUNEDI)


# --- Switched off by the person -------------------------------------------------------------


def test_who_switched_the_digest_off_gets_none_and_the_others_do(io, laboratorio):
    nuova(laboratorio=laboratorio)
    for email, acceso in (("accesa@example.org", True), ("spenta@example.org", False)):
        persona = UserFactory(email=email, avvisi_riepilogo=acceso, avvisi_seguiti=not acceso)
        segue(PartecipanteFactory(email=email, persona=persona), laboratorio=laboratorio)
    segue(io, laboratorio=laboratorio)

    accoda_riepiloghi(LUNEDI)

    assert sorted(Messaggio.objects.values_list("destinatario", flat=True)) == [
        "accesa@example.org",
        "anna@example.org",
    ]


def test_a_digest_switched_off_after_it_was_queued_does_not_leave(io, laboratorio):
    nuova(laboratorio=laboratorio)
    segue(io, laboratorio=laboratorio)
    accoda_riepiloghi(LUNEDI)
    assert componi(io).oggetto

    io.persona = UserFactory(email=io.email, avvisi_riepilogo=False)
    io.save()

    with pytest.raises(NonDovuto):
        componi(io)
