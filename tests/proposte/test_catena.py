from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from portale.lib.dates import ROMA
from proposte import bisogni, catena, services
from proposte.catena import Passo
from proposte.models import Bisogno, Moderazione, Passaggio, Proposta
from tests.factories import (
    AvanzamentoFactory,
    BisognoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    NotaFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    ResocontoFactory,
    RispostaFactory,
    UserFactory,
    VerificaTecnicaFactory,
)

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
ADESSO = datetime(2026, 5, 20, 12, 0, tzinfo=ROMA)
FINE_FASE = date(2026, 6, 30)


def giorno(n, ora=10):
    """An hour of the n-th of May."""
    return datetime(2026, 5, n, ora, tzinfo=ROMA)


@pytest.fixture
def percorso():
    percorso = PercorsoFactory(inizio=date(2026, 1, 1))
    FaseFactory(
        percorso=percorso,
        titolo="Le proposte",
        inizio=date(2026, 4, 1),
        fine=FINE_FASE,
        apre_proposte=True,
        apre_sostegni=True,
        apre_commenti=True,
    )
    return percorso


@pytest.fixture
def ufficio():
    """Whose name must never be read."""
    return UserFactory(nome="Ada Segretari", email="ada.segretari@comune.example.org")


def proposta_in(percorso, **campi):
    campi = {"nome_mostrato": "Anna R.", "titolo": "Panchine"} | campi
    return PropostaFactory(bozza=True, percorso=percorso, **campi)


def fresca(riga):
    return type(riga).objects.get(pk=riga.pk)


def catena_di(proposta, adesso=ADESSO, **opzioni):
    righe = catena.proposte_per_catena(Proposta.objects)
    return catena.di_proposta(righe.get(pk=proposta.pk), adesso, **opzioni)


def catena_del(bisogno, adesso=ADESSO, **opzioni):
    bisogno = catena.bisogni_per_catena(Bisogno.objects).get(pk=bisogno.pk)
    proposte = catena.proposte_del_bisogno(bisogno)
    return catena.di_bisogno(bisogno, proposte, adesso, **opzioni)


def in_breve(passi):
    return [(passo.titolo, passo.data, passo.chi) for passo in passi]


def titoli(passi):
    return [passo.titolo for passo in passi]


# --- A whole life ---------------------------------------------------------------------------


def test_from_the_meeting_to_what_was_done_every_step_has_its_day_and_whose_it_is(
    percorso, ufficio
):
    laboratorio = LaboratorioFactory()
    incontro = IncontroFactory(
        percorso=percorso,
        laboratorio=laboratorio,
        titolo="Workshop della zona 2",
        inizio=giorno(1, 18),
        stato="svolto",
    )
    ResocontoFactory(incontro=incontro)
    bisogno = BisognoFactory(
        titolo="Ombra", incontro=incontro, percorso=percorso, pubblicato_at=giorno(3)
    )
    for n, tavolo in enumerate((3, 2, 3)):
        NotaFactory(
            incontro=incontro, bisogno=bisogno, tavolo=tavolo, digitata_at=giorno(1, 19 + n % 2)
        )
    proposta = proposta_in(percorso, laboratorio=laboratorio)
    proposta.bisogni.add(bisogno)
    services.invia(proposta, adesso=giorno(4))
    services.pubblica(proposta, ufficio, testo="Va bene così", adesso=giorno(5))
    proposta = fresca(proposta)
    services.modifica(
        proposta, {"che_cosa": "Sei panchine."}, versione=1, nota="Più precisa", adesso=giorno(6)
    )
    services.metti_in_valutazione(proposta, ufficio, adesso=giorno(7))
    VerificaTecnicaFactory(proposta=proposta, note="Costa troppo?", conclusa_at=giorno(8))
    services.accogli(proposta, ufficio, "È utile a molti.", adesso=giorno(9))
    services.rispondi(
        fresca(proposta),
        esito=Stato.ACCOLTA,
        testo="Si fa.",
        ufficio="Settore Verde",
        autore=ufficio,
        adesso=giorno(10),
    )
    AvanzamentoFactory(
        proposta=proposta, giorno=date(2026, 5, 10), titolo="Affidati i lavori", percentuale=30
    )
    AvanzamentoFactory(
        proposta=proposta, giorno=date(2026, 5, 18), titolo="Posate le panchine", percentuale=100
    )

    trovata = catena_di(proposta)

    assert in_breve(trovata.passati) == [
        ("Incontro: Workshop della zona 2", "1º maggio 2026", "chi c’era"),
        ("3 biglietti scritti", "1º maggio 2026", "tavoli 2, 3"),
        ("Bisogno a cui risponde: Ombra", "3 maggio 2026", "Workshop della zona 2"),
        ("Proposta inviata", "4 maggio 2026", "Anna R."),
        ("Proposta pubblicata", "5 maggio 2026", "chi modera"),
        ("Testo modificato", "6 maggio 2026", "Anna R."),
        ("Comincia la valutazione", "7 maggio 2026", "Ufficio Partecipazione"),
        ("Verifica tecnica conclusa", "8 maggio 2026", "gli uffici comunali"),
        ("Esito: accolta", "9 maggio 2026", "Ufficio Partecipazione"),
        ("Risposta del Comune: accolta", "10 maggio 2026", "Settore Verde"),
        ("Affidati i lavori (avanzamento: 30%)", "10 maggio 2026", "Comune di Piacenza"),
        ("Realizzata: Posate le panchine", "18 maggio 2026", "Comune di Piacenza"),
    ]
    assert trovata.attesi == ()
    assert trovata.fine == "È stata realizzata: il suo percorso è finito."
    perche = {passo.titolo: passo.perche for passo in trovata.passati if passo.perche}
    assert perche == {"Testo modificato": "Più precisa", "Esito: accolta": "È utile a molti."}
    # Neither the officer's name nor what the offices wrote for each other.
    tutto = repr(trovata)
    for segreto in ("Segretari", "segretari", "Costa troppo?", "Va bene così"):
        assert segreto not in tutto
    link = {url for passo in trovata.passati for url, _parole in passo.link}
    assert link == {
        incontro.get_absolute_url(),
        f"{incontro.get_absolute_url()}resoconto/",
        bisogno.get_absolute_url(),
        f"{bisogno.get_absolute_url()}percorso/",
        f"{fresca(proposta).get_absolute_url()}versioni/",
        f"{fresca(proposta).get_absolute_url()}#risposta",
    }


@pytest.mark.parametrize("quanti", [1, 3])
def test_a_chain_asks_the_same_for_one_of_everything_and_for_three(
    quanti, percorso, ufficio, django_assert_num_queries
):
    proposta = proposta_in(percorso, incontro=IncontroFactory(percorso=percorso))
    services.invia(proposta, adesso=giorno(4))
    services.pubblica(proposta, ufficio, adesso=giorno(5))
    for n in range(quanti):
        bisogno = BisognoFactory(incontro=IncontroFactory(percorso=percorso))
        proposta.bisogni.add(bisogno)
        NotaFactory(incontro=bisogno.incontro, bisogno=bisogno)
        altra = PropostaFactory(percorso=percorso)
        services.integra(altra, fresca(proposta), ufficio, "Uguali.", adesso=giorno(6))
        RispostaFactory(proposta=proposta, numero=n + 1)
        AvanzamentoFactory(proposta=proposta, percentuale=10 * n)
        FaseFactory(percorso=percorso)

    # Three of them are the Tavolo's.
    with django_assert_num_queries(10):
        trovata = catena_di(proposta)

    assert len(trovata.passati) == 3 + 6 * quanti


# --- Order ----------------------------------------------------------------------------------


def test_what_has_a_day_alone_comes_after_what_has_an_hour_of_that_day(percorso, ufficio):
    proposta = PropostaFactory(
        percorso=percorso,
        stato=Stato.IN_VALUTAZIONE,
        inviata_at=giorno(1),
        pubblicata_at=giorno(2),
    )
    services.accogli(proposta, ufficio, "Sì.", adesso=giorno(9, 23))
    AvanzamentoFactory(proposta=proposta, giorno=date(2026, 5, 9), titolo="Subito")

    assert titoli(catena_di(proposta).passati)[-2:] == [
        "Esito: accolta",
        "Subito (avanzamento: 30%)",
    ]


def test_days_are_rome_s(percorso):
    # 23:30 UTC is already the next day in Rome.
    proposta = PropostaFactory(
        percorso=percorso,
        inviata_at=datetime.fromisoformat("2026-05-03T23:30:00+00:00"),
        pubblicata_at=giorno(5),
    )

    assert catena_di(proposta).passati[0].iso == "2026-05-04"


def test_a_meeting_whose_day_nobody_knows_comes_first_and_says_so(percorso):
    incontro = IncontroFactory(percorso=percorso, titolo="Rinviato", inizio=None, stato="rinviato")
    proposta = PropostaFactory(percorso=percorso, incontro=incontro, pubblicata_at=giorno(5))

    primo = catena_di(proposta).passati[0]

    assert (primo.titolo, primo.data, primo.iso) == (
        "Incontro: Rinviato",
        "data da comunicare",
        "",
    )


def test_notes_of_a_table_whose_clock_is_late_still_come_after_their_meeting(percorso):
    incontro = IncontroFactory(percorso=percorso, inizio=giorno(1, 18), stato="svolto")
    bisogno = BisognoFactory(incontro=incontro, pubblicato_at=giorno(1, 9))
    NotaFactory(incontro=incontro, bisogno=bisogno, digitata_at=giorno(1, 8))

    assert titoli(catena_del(bisogno).passati) == [
        f"Incontro: {incontro.titolo}",
        "1 biglietto scritto",
        "Bisogno pubblicato",
    ]


# --- What is not for everybody --------------------------------------------------------------


def test_why_it_was_hidden_is_for_its_proponent_even_when_it_is_visible_again(percorso, ufficio):
    proposta = PropostaFactory(
        percorso=percorso, nome_mostrato="Anna R.", inviata_at=giorno(4), pubblicata_at=giorno(5)
    )
    services.nascondi(
        proposta, ufficio, Moderazione.DATI_PERSONALI, "C'è un cognome.", adesso=giorno(6)
    )
    services.chiedi_riesame(proposta, "Il cognome è il mio.", adesso=giorno(7))
    services.conferma_nascosta(
        proposta, ufficio, Moderazione.OFFENSIVO, "E un insulto.", adesso=giorno(8)
    )
    services.chiedi_riesame(proposta, "Non è un insulto.", adesso=giorno(9))
    services.pubblica(proposta, ufficio, testo="Avevi ragione.", adesso=giorno(10))

    per_tutti = catena_di(proposta).passati
    per_lei = catena_di(proposta, tutto=True).passati

    assert titoli(per_tutti) == titoli(per_lei)
    assert titoli(per_lei)[-5:] == [
        "Nascosta",
        "Chiesto un riesame",
        "Riesaminata: resta nascosta",
        "Chiesto un riesame",
        "Di nuovo visibile",
    ]
    assert [(passo.perche, passo.nota) for passo in per_tutti[-5:]] == [("", "")] * 5
    assert [(passo.perche, passo.nota) for passo in per_lei[-5:]] == [
        ("C'è un cognome.", "Contiene dati personali di qualcuno"),
        ("Il cognome è il mio.", ""),
        ("E un insulto.", "Offende o discrimina qualcuno"),
        ("Non è un insulto.", ""),
        ("Avevi ragione.", ""),
    ]


def test_of_the_time_before_publication_everybody_learns_only_when_it_was_sent(percorso, ufficio):
    proposta = proposta_in(percorso)
    services.invia(proposta, adesso=giorno(4))
    services.modifica(
        fresca(proposta), {"titolo": "Senza il nome di Ugo"}, versione=1, adesso=giorno(5)
    )
    services.nascondi(proposta, ufficio, Moderazione.ALTRO, "C'era Ugo.", adesso=giorno(6))
    services.chiedi_riesame(proposta, "L'ho tolto.", adesso=giorno(7))
    services.pubblica(proposta, ufficio, adesso=giorno(8))

    assert titoli(catena_di(proposta).passati) == ["Proposta inviata", "Proposta pubblicata"]
    assert titoli(catena_di(proposta, tutto=True).passati) == [
        "Proposta inviata",
        "Testo modificato",
        "Non pubblicata",
        "Chiesto un riesame",
        "Proposta pubblicata",
    ]


def test_meetings_needs_and_proposals_that_are_not_public_are_not_named(percorso, ufficio):
    bozza = IncontroFactory(percorso=percorso, titolo="Incontro in bozza", stato="bozza")
    di_bozza = IncontroFactory(percorso__stato="bozza", titolo="Di un percorso in bozza")
    proposta = PropostaFactory(percorso=percorso, incontro=bozza, pubblicata_at=giorno(5))
    proposta.bisogni.add(
        BisognoFactory(titolo="Bisogno nascosto", stato=Bisogno.Stato.NASCOSTO),
        BisognoFactory(
            titolo="Bisogno visibile", incontro=di_bozza, nome_mostrato="", percorso=percorso
        ),
    )
    NotaFactory(incontro=bozza, proposta=proposta, testo="Il signor Rossi urla.")
    NotaFactory(incontro=bozza, proposta=proposta, scartata=True)
    NotaFactory(incontro=bozza, proposta=proposta, eliminata_at=timezone.now())
    altra = PropostaFactory(percorso=percorso, titolo="Poi nascosta")
    services.dividi(
        proposta, [services.Parte("Una parte", "Testo")], ufficio, "Sono due.", adesso=giorno(6)
    )
    services.integra(altra, fresca(proposta), ufficio, "Uguali.", adesso=giorno(7))
    services.separa(altra, ufficio, "No, diverse.", adesso=giorno(8))
    services.nascondi(altra, ufficio, Moderazione.ALTRO, "Spam", adesso=giorno(9))

    trovata = catena_di(proposta)

    tutto = repr(trovata)
    for segreto in (
        "Incontro in bozza",
        "Di un percorso in bozza",
        "Bisogno nascosto",
        "Poi nascosta",
        "signor Rossi",
    ):
        assert segreto not in tutto
    assert "1 biglietto scritto" in titoli(trovata.passati)
    (visibile,) = [p for p in trovata.passati if p.titolo.endswith("Bisogno visibile")]
    assert visibile.chi == "una persona"
    link = {passo.titolo: passo.link for passo in trovata.passati}
    parte = Proposta.objects.get(titolo="Una parte")
    assert link["Una parte è diventata una proposta"] == ((parte.get_absolute_url(), "Una parte"),)
    assert link["Un’altra proposta è entrata in questa"] == ()


# --- Ways in --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("canale", "nota"),
    [
        ("online", ""),
        ("incontro", "È nata in un incontro."),
        ("cartaceo", "È arrivata su carta e l’ufficio l’ha trascritta."),
    ],
)
def test_it_says_by_which_way_it_came(percorso, ufficio, canale, nota):
    proposta = proposta_in(percorso, canale=canale, registrato_da=ufficio)
    services.invia(proposta, autore=ufficio, adesso=giorno(4))

    (inviata,) = catena_di(proposta).passati
    assert (inviata.titolo, inviata.chi, inviata.nota) == ("Proposta inviata", "Anna R.", nota)


def test_where_moderation_comes_after_nobody_is_said_to_have_read_it_before(percorso):
    percorso.fasi.update(moderazione="dopo")
    proposta = proposta_in(percorso)
    services.invia(proposta, adesso=giorno(4))

    pubblicata = catena_di(proposta).passati[-1]

    assert (pubblicata.titolo, pubblicata.chi) == ("Proposta pubblicata", "")
    assert "dopo che sono pubblicate" in pubblicata.nota


def test_a_proposal_that_was_brought_in_has_its_dates_without_any_passage(percorso):
    proposta = PropostaFactory(
        percorso=percorso,
        nome_mostrato="Anna R.",
        inviata_at=giorno(4),
        pubblicata_at=giorno(5),
    )

    assert in_breve(catena_di(proposta).passati) == [
        ("Proposta inviata", "4 maggio 2026", "Anna R."),
        ("Proposta pubblicata", "5 maggio 2026", ""),
    ]


def test_a_part_says_where_it_comes_from(percorso, ufficio):
    intera = PropostaFactory(percorso=percorso, titolo="Intera")
    (parte,) = services.dividi(
        intera, [services.Parte("Parte", "Testo")], ufficio, "Sono due.", adesso=giorno(6)
    )

    inviata = catena_di(parte).passati[0]

    assert inviata.nota == "È nata da una parte di un’altra proposta."
    assert inviata.link == ((intera.get_absolute_url(), "Intera"),)


def test_steps_of_the_decision_and_their_reasons(percorso, ufficio):
    proposta = PropostaFactory(percorso=percorso, inviata_at=None, pubblicata_at=giorno(1))
    services.metti_in_valutazione(proposta, ufficio, adesso=giorno(2))
    services.rimanda(proposta, ufficio, "Manca il luogo.", adesso=giorno(3))
    services.metti_in_valutazione(proposta, ufficio, adesso=giorno(4))
    services.non_accogliere(proposta, ufficio, "Costa troppo.", adesso=giorno(5))
    services.metti_in_valutazione(proposta, ufficio, testo="Nuovi fondi.", adesso=giorno(6))
    services.accogli_con_modifiche(proposta, ufficio, "Metà.", adesso=giorno(7))

    passi = catena_di(proposta).passati[1:]

    assert [(passo.titolo, passo.perche) for passo in passi] == [
        ("Comincia la valutazione", ""),
        ("Torna fra le proposte da valutare", "Manca il luogo."),
        ("Comincia la valutazione", ""),
        ("Esito: non accolta", "Costa troppo."),
        ("La decisione si riapre", "Nuovi fondi."),
        ("Esito: accolta con modifiche", "Metà."),
    ]
    assert {passo.chi for passo in passi} == {"Ufficio Partecipazione"}


def test_every_kind_of_passage_has_words_of_its_own(percorso, ufficio):
    proposta = PropostaFactory(percorso=percorso, inviata_at=None, pubblicata_at=giorno(1))
    for evento in Passaggio.Evento.values:
        if evento != Passaggio.Evento.STATO:
            Passaggio.objects.create(
                proposta=proposta,
                evento=evento,
                da=Stato.PUBBLICATA,
                a=Stato.PUBBLICATA,
                autore=ufficio,
                created_at=giorno(2),
            )

    passi = titoli(catena_di(proposta).passati)[1:]

    assert len(passi) == len(set(passi)) == len(Passaggio.Evento.values) - 1


# --- What is due ----------------------------------------------------------------------------


def attesi(proposta, adesso=ADESSO):
    return [(passo.titolo, passo.data) for passo in catena_di(proposta, adesso).attesi]


def test_a_draft_may_be_sent_until_the_stage_ends(percorso):
    assert attesi(proposta_in(percorso)) == [("Finiscila e inviala", "entro il 30 giugno 2026")]


def test_what_was_sent_waits_for_moderators(percorso):
    proposta = PropostaFactory(percorso=percorso, inviata=True)
    assert attesi(proposta) == [("Chi modera la legge e la pubblica", "da comunicare")]


def test_what_is_published_is_supported_then_weighed(percorso):
    proposta = PropostaFactory(percorso=percorso)
    assert attesi(proposta) == [
        ("Chi vuole la sostiene e la commenta", "fino al 30 giugno 2026"),
        ("Valutazione", "dopo il 30 giugno 2026"),
        ("Esito, con la sua motivazione", "da comunicare"),
    ]


def test_where_a_stage_has_no_end_no_day_is_made_up(percorso):
    percorso.fasi.update(fine=None)
    assert attesi(PropostaFactory(percorso=percorso)) == [
        ("Chi vuole la sostiene e la commenta", "finché la fase è aperta"),
        ("Valutazione", "da comunicare"),
        ("Esito, con la sua motivazione", "da comunicare"),
    ]


def test_when_supporting_is_over_nobody_is_invited_to(percorso):
    dopo = datetime(2026, 7, 1, 0, 30, tzinfo=ROMA)
    assert attesi(PropostaFactory(percorso=percorso), dopo) == [
        ("Valutazione", "da comunicare"),
        ("Esito, con la sua motivazione", "da comunicare"),
    ]


@pytest.mark.parametrize(
    ("scadenza", "data", "in_ritardo"),
    [
        (date(2026, 5, 29), "entro il 29 maggio 2026", False),
        (date(2026, 5, 20), "entro il 20 maggio 2026", False),
        (date(2026, 5, 19), "era attesa entro il 19 maggio 2026", True),
        (None, "da comunicare", False),
    ],
)
def test_the_technical_check_says_by_when_and_whether_it_is_late(
    percorso, scadenza, data, in_ritardo
):
    proposta = PropostaFactory(percorso=percorso, stato=Stato.IN_VALUTAZIONE)
    VerificaTecnicaFactory(proposta=proposta, scadenza=scadenza)

    passi = catena_di(proposta).attesi

    assert [(passo.tappa, passo.data, passo.in_ritardo) for passo in passi] == [
        ("verifica", data, in_ritardo),
        ("esito", "da comunicare", False),
    ]
    assert all(passo.atteso for passo in passi)


def test_a_check_that_is_done_is_not_due(percorso):
    proposta = PropostaFactory(percorso=percorso, stato=Stato.IN_VALUTAZIONE)
    VerificaTecnicaFactory(proposta=proposta, scadenza=date(2026, 5, 1), conclusa_at=giorno(8))
    assert attesi(proposta) == [("Esito, con la sua motivazione", "da comunicare")]


def test_what_was_accepted_waits_for_the_answer_then_to_be_made(percorso):
    proposta = PropostaFactory(percorso=percorso, stato=Stato.ACCOLTA)
    assert attesi(proposta) == [
        ("Risposta del Comune", "da comunicare"),
        ("Realizzazione", "da comunicare"),
    ]
    RispostaFactory(proposta=proposta, tempi="nel 2027")
    AvanzamentoFactory(proposta=proposta, percentuale=99)
    assert attesi(proposta) == [("Realizzazione", "nel 2027")]
    RispostaFactory(proposta=proposta, numero=2, tempi="nel 2028", correzione="I tempi.")
    assert attesi(proposta) == [("Realizzazione", "nel 2028")]


def test_the_last_milestone_counts_in_the_order_of_days(percorso):
    proposta = PropostaFactory(percorso=percorso, stato=Stato.ACCOLTA)
    RispostaFactory(proposta=proposta)
    AvanzamentoFactory(proposta=proposta, giorno=date(2026, 5, 10), percentuale=100)
    # Typed in later, about an earlier day.
    AvanzamentoFactory(proposta=proposta, giorno=date(2026, 5, 1), percentuale=40)

    trovata = catena_di(proposta)

    assert (trovata.attesi, trovata.fine) == (
        (),
        "È stata realizzata: il suo percorso è finito.",
    )


def test_what_was_not_accepted_waits_for_the_answer_alone(percorso):
    proposta = PropostaFactory(percorso=percorso, stato=Stato.NON_ACCOLTA)
    assert attesi(proposta) == [("Risposta del Comune", "da comunicare")]
    RispostaFactory(proposta=proposta, esito=Stato.NON_ACCOLTA)
    trovata = catena_di(proposta)
    assert (trovata.attesi, trovata.fine) == (
        (),
        "Non è stata accolta: il suo percorso finisce qui.",
    )


def test_a_merged_one_goes_on_with_the_other_while_everybody_may_read_that(percorso, ufficio):
    proposta, altra = PropostaFactory.create_batch(2, percorso=percorso)
    services.integra(proposta, altra, ufficio, "Uguali.", adesso=giorno(6))

    (passo,) = catena_di(proposta).attesi
    assert passo.link == ((altra.get_absolute_url(), altra.titolo),)

    services.ritira(altra, adesso=giorno(7))
    (passo,) = catena_di(proposta).attesi
    assert passo.link == ()


def test_a_hidden_one_may_ask_then_waits(percorso, ufficio):
    proposta = PropostaFactory(percorso=percorso)
    services.nascondi(proposta, ufficio, Moderazione.ALTRO, "Perché.", adesso=giorno(6))
    assert attesi(proposta) == [("Puoi chiedere un riesame", "quando vuoi")]
    services.chiedi_riesame(proposta, "Non è giusto.", adesso=giorno(7))
    assert attesi(proposta) == [("Chi modera la rilegge", "da comunicare")]
    services.conferma_nascosta(
        proposta, ufficio, Moderazione.ALTRO, "Resta così.", adesso=giorno(8)
    )
    assert attesi(proposta) == [("Puoi chiedere un riesame", "quando vuoi")]


def test_of_a_withdrawn_one_nothing_is_due(percorso):
    proposta = PropostaFactory(percorso=percorso, inviata_at=giorno(4), pubblicata_at=giorno(5))
    services.ritira(proposta, motivo="Ho cambiato idea", adesso=giorno(6))

    trovata = catena_di(proposta)

    assert (trovata.attesi, trovata.fine) == (
        (),
        "È stata ritirata: non c’è altro da aspettare.",
    )
    assert (trovata.passati[-1].titolo, trovata.passati[-1].perche) == ("Ritirata", "")
    assert catena_di(proposta, tutto=True).passati[-1].perche == "Ho cambiato idea"


@pytest.mark.parametrize("stato", Stato.values)
def test_every_state_says_what_comes_next_or_why_nothing_does(percorso, stato):
    bozza = stato == Stato.BOZZA
    proposta = PropostaFactory(
        percorso=percorso,
        stato=stato,
        integrata_in=PropostaFactory(percorso=percorso) if stato == Stato.INTEGRATA else None,
        **({"pubblicata_at": None} if bozza else {}),
    )
    trovata = catena_di(proposta)
    assert bool(trovata.attesi) != bool(trovata.fine)
    assert catena.prossimi(
        catena.proposte_per_catena(Proposta.objects).get(pk=proposta.pk), ADESSO
    ) == (trovata.attesi, trovata.fine)


# --- Steps of the apps above ----------------------------------------------------------------


@pytest.fixture
def fonte():
    """Registers fakes of an app above, and takes them away again."""
    registrate = []

    def registra(modello, funzione):
        catena.fonte(modello)(funzione)
        registrate.append((modello, funzione))

    yield registra
    for modello, funzione in registrate:
        catena.dimentica(modello, funzione)


def test_an_app_above_adds_its_steps_and_says_better_when_ours_is_due(percorso, fonte):
    def sedute(proposta, adesso):
        return [
            Passo("Discussa in una seduta", quando=giorno(12), chi="il Tavolo"),
            Passo("Decisione in seduta", quando=date(2026, 5, 28), atteso=True, tappa="esito"),
        ]

    fonte(Proposta, sedute)
    # A module that is loaded twice registers once.
    catena.fonte(Proposta)(sedute)
    proposta = PropostaFactory(
        percorso=percorso,
        stato=Stato.IN_VALUTAZIONE,
        inviata_at=None,
        pubblicata_at=giorno(5),
    )
    VerificaTecnicaFactory(proposta=proposta, scadenza=date(2026, 5, 30))

    trovata = catena_di(proposta)

    assert titoli(trovata.passati) == ["Proposta pubblicata", "Discussa in una seduta"]
    assert [(passo.titolo, passo.data) for passo in trovata.attesi] == [
        ("Decisione in seduta", "28 maggio 2026"),
        ("Verifica tecnica: si può fare, e a quale costo?", "entro il 30 maggio 2026"),
    ]
    assert trovata.prossimo.titolo == "Decisione in seduta"


def test_what_an_app_above_still_expects_keeps_a_chain_open(percorso, fonte):
    proposta = PropostaFactory(percorso=percorso, stato=Stato.NON_ACCOLTA)
    RispostaFactory(proposta=proposta)
    assert catena_di(proposta).attesi == ()
    fonte(Proposta, lambda riga, adesso: [Passo("Entra nel modello", atteso=True)])

    trovata = catena_di(proposta)

    assert (titoli(trovata.attesi), trovata.fine) == (["Entra nel modello"], "")


def test_needs_have_steps_of_their_own_from_above(fonte):
    fonte(Proposta, lambda riga, adesso: [Passo("Delle proposte")])
    fonte(Bisogno, lambda riga, adesso: [Passo(f"Letto: {riga.titolo}", quando=giorno(8))])
    bisogno = BisognoFactory(titolo="Ombra", pubblicato_at=giorno(3))

    assert titoli(catena_del(bisogno).passati) == ["Bisogno pubblicato", "Letto: Ombra"]


# --- A need ---------------------------------------------------------------------------------


def test_a_need_from_a_meeting_leads_to_every_proposal_that_answers_it(percorso):
    incontro = IncontroFactory(
        percorso=percorso, titolo="Workshop", inizio=giorno(1, 18), stato="svolto"
    )
    bisogno = BisognoFactory(
        percorso=percorso,
        incontro=incontro,
        pubblicato_at=giorno(3),
        priorita=Bisogno.Priorita.ALTA,
        punti=14,
    )
    fatta = PropostaFactory(
        titolo="Panchine", nome_mostrato="Anna R.", stato=Stato.ACCOLTA, pubblicata_at=giorno(5)
    )
    AvanzamentoFactory(proposta=fatta, giorno=date(2026, 5, 18), percentuale=100)
    seconda = PropostaFactory(
        titolo="Alberi", nome_mostrato="", stato=Stato.NON_ACCOLTA, pubblicata_at=giorno(4)
    )
    nascosta = PropostaFactory(titolo="Nascosta", stato=Stato.NASCOSTA)
    bisogno.proposte.add(fatta, seconda, nascosta)

    trovata = catena_del(bisogno)

    assert [(passo.titolo, passo.data, passo.chi, passo.nota) for passo in trovata.passati] == [
        ("Incontro: Workshop", "1º maggio 2026", "chi c’era", ""),
        (
            "Bisogno pubblicato",
            "3 maggio 2026",
            "Workshop",
            "Priorità data dall’incontro: alta. 14 bollini.",
        ),
        (
            "Una proposta risponde: Alberi",
            "4 maggio 2026",
            "una persona",
            "Ora è: non accolta.",
        ),
        ("Una proposta risponde: Panchine", "5 maggio 2026", "Anna R.", "Ora è: accolta."),
        ("Realizzata: Panchine", "18 maggio 2026", "Comune di Piacenza", ""),
    ]
    assert trovata.fine == "Una proposta che risponde a questo bisogno è stata realizzata."
    assert "Nascosta" not in repr(trovata)


@pytest.mark.parametrize("quanti", [1, 3])
def test_a_need_s_chain_asks_the_same_for_one_proposal_and_for_three(
    quanti, percorso, django_assert_num_queries
):
    bisogno = BisognoFactory(percorso=percorso, incontro=IncontroFactory(percorso=percorso))
    for _n in range(quanti):
        proposta = PropostaFactory(percorso=percorso, incontro=IncontroFactory())
        bisogno.proposte.add(proposta)
        AvanzamentoFactory(proposta=proposta)
        NotaFactory(incontro=bisogno.incontro, bisogno=bisogno)
        FaseFactory(percorso=percorso)

    with django_assert_num_queries(6):
        trovata = catena_del(bisogno)

    assert len(trovata.passati) == 3 + quanti


def test_of_a_need_that_hundreds_answer_the_page_names_the_first(percorso, monkeypatch):
    monkeypatch.setattr(catena, "PROPOSTE_PER_BISOGNO", 2)
    bisogno = BisognoFactory(percorso=percorso)
    for n in range(4):
        bisogno.proposte.add(PropostaFactory(titolo=f"N{n}", pubblicata_at=giorno(4 + n)))

    proposte = catena.proposte_del_bisogno(bisogno)

    assert [proposta.titolo for proposta in proposte] == ["N0", "N1", "N2"]
    risponde = [t for t in titoli(catena_del(bisogno).passati) if "risponde" in t]
    assert risponde == ["Una proposta risponde: N0", "Una proposta risponde: N1"]


def test_a_need_that_a_citizen_wrote_shows_its_own_life_and_no_officer(percorso, ufficio):
    partecipante = PartecipanteFactory()
    bisogno = BisognoFactory(
        percorso=percorso,
        stato=Bisogno.Stato.BOZZA,
        pubblicato_at=None,
        proponente=partecipante,
        nome_mostrato="Luca",
        canale="online",
    )
    bisogni.invia(bisogno, adesso=giorno(2))
    bisogni.pubblica(bisogno, ufficio, adesso=giorno(3))
    bisogni.nascondi(bisogno, ufficio, Moderazione.ALTRO, "Un errore nostro.", adesso=giorno(4))
    bisogni.pubblica(bisogno, ufficio, adesso=giorno(5))

    trovata = catena_del(bisogno)

    assert in_breve(trovata.passati) == [
        ("Bisogno inviato", "2 maggio 2026", "Luca"),
        ("Bisogno pubblicato", "3 maggio 2026", "Luca"),
        ("Nascosto", "4 maggio 2026", "chi modera"),
        ("Di nuovo visibile", "5 maggio 2026", "chi modera"),
    ]
    assert "Un errore nostro." not in repr(trovata)
    assert "Un errore nostro." in repr(catena_del(bisogno, tutto=True))
    assert "Segretari" not in repr(trovata)


@pytest.mark.parametrize(
    ("stato_percorso", "adesso", "atteso", "fine"),
    [
        (
            "attivo",
            ADESSO,
            [("Si aspetta una proposta che risponda", "entro il 30 giugno 2026")],
            "",
        ),
        (
            "attivo",
            ADESSO + timedelta(days=90),
            [("Si aspetta una proposta che risponda", "da comunicare")],
            "",
        ),
        (
            "concluso",
            ADESSO,
            [],
            "Il percorso è concluso e nessuna proposta pubblicata qui risponde.",
        ),
    ],
)
def test_a_need_that_nothing_answers_says_until_when_one_may(
    percorso, stato_percorso, adesso, atteso, fine
):
    type(percorso).objects.filter(pk=percorso.pk).update(stato=stato_percorso)
    bisogno = BisognoFactory(percorso=percorso)
    bisogno.proposte.add(PropostaFactory(stato=Stato.RITIRATA))

    trovata = catena_del(bisogno, adesso)

    assert [(passo.titolo, passo.data) for passo in trovata.attesi] == atteso
    assert trovata.fine == fine
