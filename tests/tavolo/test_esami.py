"""The review of a proposal: opening, what a seat says and when, its end, what others may read."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from portale.lib.dates import ROMA, a_roma
from portale.lib.rifiuti import Rifiuto, Superata
from proposte import services as proposte
from proposte.models import Proposta
from tavolo import risultati
from tavolo.models import (
    CommentoEsame,
    Criterio,
    DomandaProponente,
    Esame,
    Grado,
    Posizione,
    Seggio,
)
from tavolo.permissions import Accesso
from tavolo.services import esami
from tests.factories import (
    ComponenteFactory,
    EsameFactory,
    PosizioneFactory,
    PropostaFactory,
    SeggioFactory,
    UserFactory,
)

Stato = Proposta.Stato
SETTIMANA = timedelta(days=7)


def roma(*momento):
    return datetime(*momento, tzinfo=ROMA).astimezone(UTC)


@pytest.fixture
def autore(db):
    return UserFactory(is_staff=True)


@pytest.fixture
def titolare(seggio):
    return ComponenteFactory(seggio=seggio)


@pytest.fixture
def supplente(seggio):
    return ComponenteFactory(seggio=seggio, supplente=True)


@pytest.fixture
def esame(percorso):
    return EsameFactory(percorso=percorso)


def esprimi(esame, chi, grado="favorevole", motivazione="", versione=0, adesso=None):
    return esami.esprimi(
        esame,
        chi.seggio,
        chi,
        grado=grado,
        motivazione=motivazione,
        versione=versione,
        adesso=adesso or timezone.now(),
    )


def bozza(esame, chi, grado="", motivazione="", versione=0):
    return esami.salva_bozza(
        esame,
        chi.seggio,
        chi,
        grado=grado,
        motivazione=motivazione,
        versione=versione,
        adesso=timezone.now(),
    )


def apri(quali, percorso, autore, *, giorno=None, adesso=None):
    adesso = adesso or timezone.now()
    giorno = giorno or a_roma(adesso).date() + SETTIMANA
    return esami.apri(quali, percorso=percorso, giorno=giorno, autore=autore, adesso=adesso)


# --- Opening --------------------------------------------------------------------------------


def test_proposals_go_under_evaluation_with_the_questions_of_that_day(percorso, autore):
    Criterio.objects.create(percorso=percorso, ordine=2, domanda="È fattibile?")
    Criterio.objects.create(percorso=percorso, ordine=1, domanda="Serve a molti?")
    pubblicata = PropostaFactory(percorso=percorso)
    in_valutazione = PropostaFactory(percorso=percorso, stato=Stato.IN_VALUTAZIONE)

    nuovi = apri(
        [in_valutazione, pubblicata],
        percorso,
        autore,
        giorno=date(2026, 3, 28),
        adesso=roma(2026, 3, 20, 10),
    )
    Criterio.objects.all().delete()

    assert [esame.proposta_id for esame in nuovi] == [pubblicata.pk, in_valutazione.pk]
    for esame in Esame.objects.all():
        assert esame.criteri == ["Serve a molti?", "È fattibile?"]
        assert esame.proposta.stato == Stato.IN_VALUTAZIONE
        assert [passo.evento for passo in esame.passaggi.all()] == ["aperto"]
    assert [p.autore for p in pubblicata.passaggi.all()] == [autore]


@pytest.mark.parametrize(
    ("giorno", "scade_at"),
    [
        # The days on which Rome's clocks change, and an ordinary one.
        (date(2026, 3, 28), datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, 0, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 24, 22, 0, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, 0, tzinfo=UTC)),
    ],
    ids=str,
)
def test_one_answers_until_the_midnight_of_rome_that_ends_the_day(
    percorso, autore, titolare, giorno, scade_at
):
    prima = roma(2026, 3, 1, 9)
    [esame] = apri(
        [PropostaFactory(percorso=percorso)], percorso, autore, giorno=giorno, adesso=prima
    )
    istante = timedelta(seconds=1)

    assert (esame.scade_at, esame.ultimo_giorno) == (scade_at, giorno)
    esprimi(esame, titolare, adesso=scade_at - istante)
    with pytest.raises(Rifiuto, match="concluso"):
        esprimi(esame, titolare, "indifferente", versione=1, adesso=scade_at)
    with pytest.raises(Rifiuto, match="già passato"):
        apri(
            [PropostaFactory(percorso=percorso)], percorso, autore, giorno=giorno, adesso=scade_at
        )


def test_all_or_none_and_one_is_told_which_stopped_the_others(percorso, autore):
    buona = PropostaFactory(percorso=percorso)
    inviata = PropostaFactory(percorso=percorso, inviata=True, titolo="Ancora da moderare")
    altrove = PropostaFactory(titolo="Di altri")
    gia = EsameFactory(percorso=percorso, proposta__titolo="Già là").proposta

    with pytest.raises(Rifiuto) as no:
        apri([buona, inviata, altrove, gia], percorso, autore)

    assert str(no.value) == (
        "«Ancora da moderare»: è «inviata, da moderare». «Di altri»: è di un altro percorso. "
        "«Già là»: è già in esame."
    )
    buona.refresh_from_db()
    assert (buona.stato, Esame.objects.count()) == (Stato.PUBBLICATA, 1)
    with pytest.raises(Rifiuto, match="almeno una"):
        apri([], percorso, autore)


def test_a_review_that_ran_out_makes_room_for_another(percorso, autore):
    vecchio = EsameFactory(percorso=percorso, scaduto=True)

    [nuovo] = apri([vecchio.proposta], percorso, autore)

    vecchio.refresh_from_db()
    assert vecchio.chiuso_at is not None
    assert [passo.evento for passo in vecchio.passaggi.all()] == ["chiuso"]
    assert nuovo.aperto(timezone.now())


# --- State × verb ---------------------------------------------------------------------------

LASCIA = {
    "aperto": lambda esame, autore: None,
    "scaduto": lambda esame, autore: Esame.objects.update(
        scade_at=timezone.now() - timedelta(seconds=1)
    ),
    "chiuso": lambda esame, autore: esami.chiudi(
        esame, autore, testo="Basta.", adesso=timezone.now()
    ),
    "decisa": lambda esame, autore: proposte.accogli(
        esame.proposta, autore, adesso=timezone.now()
    ),
    "ritirata": lambda esame, autore: proposte.ritira(esame.proposta, adesso=timezone.now()),
    "nascosta": lambda esame, autore: proposte.nascondi(
        esame.proposta, autore, "altro", "Un numero di telefono.", adesso=timezone.now()
    ),
}
VERBI = {
    "esprimi": lambda esame, chi, autore: esprimi(esame, chi),
    "salva_bozza": lambda esame, chi, autore: bozza(esame, chi, "contraria"),
    "commenta": lambda esame, chi, autore: esami.commenta(
        esame, chi.seggio, chi, testo="Ciao.", chiave="a", adesso=timezone.now()
    ),
    "chiedi": lambda esame, chi, autore: esami.chiedi(
        esame, chi.seggio, chi, testo="Dove?", chiave="a", adesso=timezone.now()
    ),
    "proroga": lambda esame, chi, autore: esami.proroga(
        esame, a_roma(timezone.now()).date() + SETTIMANA, autore, adesso=timezone.now()
    ),
    "sollecita": lambda esame, chi, autore: esami.sollecita(esame, autore, adesso=timezone.now()),
    "chiudi": lambda esame, chi, autore: esami.chiudi(
        esame, autore, testo="Basta.", adesso=timezone.now()
    ),
}
RIESCE = {
    "aperto": {"esprimi", "salva_bozza", "chiedi", "proroga", "sollecita", "chiudi"},
    "scaduto": {"commenta", "chiedi", "proroga", "chiudi"},
    "chiuso": {"commenta", "chiedi", "chiudi"},
    # Closing what is over anyway writes it down.
    "decisa": {"chiudi"},
    "ritirata": {"chiudi"},
    "nascosta": {"chiudi"},
}


@pytest.mark.parametrize("stato", LASCIA)
def test_what_may_be_done_in_each_state(percorso, esame, titolare, autore, stato):
    LASCIA[stato](esame, autore)
    esame.proposta.refresh_from_db()
    riesce = set()
    for nome, verbo in VERBI.items():
        copia = Esame.objects.get(pk=esame.pk)
        punto = transaction.savepoint()
        try:
            verbo(copia, titolare, autore)
        except Rifiuto:
            pass
        else:
            riesce.add(nome)
        transaction.savepoint_rollback(punto)

    assert riesce == RIESCE[stato]


def test_the_end_of_a_review_is_written_down_when_its_proposal_has_left(percorso, autore):
    decisa, nascosta, in_corso = (EsameFactory(percorso=percorso) for _ in range(3))
    adesso = timezone.now()
    proposte.accogli(decisa.proposta, autore, adesso=adesso)
    proposte.nascondi(nascosta.proposta, autore, "altro", "Riservata.", adesso=adesso)

    for _volta in range(2):
        esami.chiudi_orfani(adesso)

    assert list(Esame.objects.filter(chiuso_at=adesso)) == [decisa]
    [passo] = decisa.passaggi.all()
    assert (passo.evento, passo.autore, passo.testo) == (
        "chiuso",
        None,
        "La proposta è «accolta».",
    )
    # Shown again, it goes on as it was.
    proposte.pubblica(nascosta.proposta, autore, adesso=adesso)
    assert set(Esame.objects.aperti(adesso)) == {nascosta, in_corso}
    # Decided otherwise: that is another review.
    proposte.metti_in_valutazione(decisa.proposta, autore, testo="Si torna.", adesso=adesso)
    assert not Esame.objects.get(pk=decisa.pk).aperto(adesso)


def test_putting_off_and_closing_leave_their_step_once(esame, autore):
    adesso = timezone.now()
    giorno = a_roma(adesso).date() + timedelta(days=20)
    for _volta in range(2):
        esami.proroga(esame, giorno, autore, testo="Servono altri giorni.", adesso=adesso)
    for _volta in range(2):
        esami.chiudi(esame, autore, testo="Hanno risposto tutti.", adesso=adesso)
    with pytest.raises(Rifiuto, match="perché"):
        esami.chiudi(esame, autore, testo=" ", adesso=adesso)

    assert [(p.evento, p.autore, p.testo) for p in esame.passaggi.all()] == [
        ("prorogato", autore, "Servono altri giorni."),
        ("chiuso", autore, "Hanno risposto tutti."),
    ]


# --- What a seat says -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grado", "serve"),
    [
        (Grado.FAVOREVOLE, False),
        (Grado.OSSERVAZIONI, True),
        (Grado.INDIFFERENTE, False),
        (Grado.CONTRARIA, True),
        (Grado.OBIEZIONE, True),
        (Grado.CONFLITTO, True),
    ],
)
def test_a_reason_is_due_by_grade(esame, titolare, grado, serve):
    if serve:
        with pytest.raises(Rifiuto, match="motivo"):
            esprimi(esame, titolare, grado, "  ")
        assert Posizione.objects.count() == 0
    else:
        esprimi(esame, titolare, grado)
    esprimi(esame, titolare, grado, "Ecco perché.", versione=0 if serve else 1)

    assert Posizione.objects.get().motivazione == "Ecco perché."


def test_a_position_changes_until_the_end_and_each_time_is_kept(esame, titolare, supplente):
    esprimi(esame, titolare, "contraria", "È cara.")
    # A double click.
    esprimi(esame, titolare, "contraria", "È cara.")
    esprimi(esame, supplente, "favorevole", "", versione=1)
    with pytest.raises(Rifiuto, match="Scegli"):
        esprimi(esame, titolare, "entusiasta", "!", versione=2)

    posizione = Posizione.objects.get()
    assert (posizione.grado, posizione.resa_da, posizione.versione) == (
        "favorevole",
        supplente,
        2,
    )
    assert [
        (v.numero, v.grado, v.motivazione, v.componente) for v in posizione.versioni.all()
    ] == [(1, "contraria", "È cara.", titolare), (2, "favorevole", "", supplente)]


def test_the_later_of_two_who_write_for_one_seat_is_told_and_nothing_is_lost(
    esame, titolare, supplente
):
    esprimi(esame, titolare, "obiezione", "Manca un passaggio pedonale.")
    with pytest.raises(Superata, match="dopo di te"):
        esprimi(esame, supplente, "favorevole")
    with pytest.raises(Superata):
        bozza(esame, supplente, "favorevole")

    posizione = Posizione.objects.get()
    assert (posizione.grado, posizione.motivazione, posizione.bozza_grado) == (
        "obiezione",
        "Manca un passaggio pedonale.",
        "",
    )


def test_a_draft_lies_beside_what_was_stated(esame, titolare):
    bozza(esame, titolare, "contraria", "Forse")
    # The same again, from an answer that was lost.
    assert bozza(esame, titolare, "contraria", "Forse").versione == 1
    posizione = Posizione.objects.get()
    assert (posizione.resa_at, posizione.grado, posizione.versioni.count()) == (None, "", 0)

    esprimi(esame, titolare, "contraria", "È cara.", versione=1)
    bozza(esame, titolare, "obiezione", "Ci ripenso", versione=2)
    posizione.refresh_from_db()
    assert (posizione.grado, posizione.bozza_grado) == ("contraria", "obiezione")

    # Back to what was stated: there is no draft any more.
    bozza(esame, titolare, "contraria", "È cara.", versione=3)
    posizione.refresh_from_db()
    assert (posizione.bozza_grado, posizione.bozza_motivazione) == ("", "")
    assert posizione.versioni.count() == 1


def test_when_a_mandate_changes_the_seat_keeps_its_position(esame, seggio, titolare):
    esprimi(esame, titolare, "contraria", "È cara.")
    ieri = a_roma(timezone.now()).date() - timedelta(days=1)
    titolare.al = ieri
    titolare.save()
    nuova = ComponenteFactory(seggio=seggio)

    with pytest.raises(Rifiuto, match="mandato"):
        esprimi(esame, titolare, "favorevole", versione=1)
    esprimi(esame, nuova, "favorevole", versione=1)

    [posizione] = Posizione.objects.all()
    assert [v.componente for v in posizione.versioni.all()] == [titolare, nuova]


@pytest.mark.parametrize("ruolo", [Seggio.Ruolo.SEGRETERIA, Seggio.Ruolo.OSSERVATORE])
def test_a_seat_without_a_voice_states_nothing(percorso, esame, ruolo):
    chi = ComponenteFactory(seggio__percorso=percorso, seggio__ruolo=ruolo)
    with pytest.raises(Rifiuto, match="non esprime"):
        esprimi(esame, chi)
    altrove = ComponenteFactory()
    with pytest.raises(Rifiuto, match="mandato"):
        esprimi(esame, altrove)


def test_one_comments_after_ones_own_position_and_once_for_each_form(esame, titolare):
    def commenta(chiave="uno"):
        return esami.commenta(
            esame,
            titolare.seggio,
            titolare,
            testo=" Parliamone. ",
            chiave=chiave,
            adesso=timezone.now(),
        )

    with pytest.raises(Rifiuto, match="Prima di commentare"):
        commenta()
    esprimi(esame, titolare)
    commenta()
    commenta()

    assert [commento.testo for commento in CommentoEsame.objects.all()] == ["Parliamone."]


def test_a_question_is_asked_once_and_answered_once(esame, titolare, autore):
    adesso = timezone.now()
    for _volta in range(2):
        domanda = esami.chiedi(
            esame, titolare.seggio, titolare, testo="Dove?", chiave="a", adesso=adesso
        )
    for _volta in range(2):
        esami.rispondi(domanda, "In via Roma.", adesso=adesso)
    with pytest.raises(Rifiuto, match="già avuto"):
        esami.rispondi(domanda, "Altrove.", autore=autore, adesso=adesso)

    domanda = DomandaProponente.objects.get()
    assert (domanda.risposta, domanda.risposto_da) == ("In via Roma.", None)


# --- Results, and who may read them ---------------------------------------------------------


def test_seats_are_counted_by_grade_and_nothing_is_averaged(percorso, esame):
    def con(grado, nome, motivazione=""):
        PosizioneFactory(
            esame=esame,
            seggio__organizzazione__nome=nome,
            grado=grado,
            motivazione=motivazione,
        )

    con("favorevole", "Arci")
    con("favorevole", "Zonta", "Con entusiasmo.")
    con("obiezione", "Comitato", "Un testo lungo.\n\nTutto intero.")
    con("conflitto", "Cooperativa", "La gestiremmo noi.")
    # A draft is no position; a seat that came after the end, or ended before, is not silent.
    muto = PosizioneFactory(esame=esame, resa_at=None, grado="", bozza_grado="contraria").seggio
    oggi = a_roma(timezone.now()).date()
    SeggioFactory(percorso=percorso, al=oggi - timedelta(days=1))
    SeggioFactory(percorso=percorso, dal=oggi + timedelta(days=30))
    SeggioFactory(percorso=percorso, ruolo=Seggio.Ruolo.OSSERVATORE)
    SeggioFactory()

    r = risultati.di_esame(esame, timezone.now())

    assert [(f.grado, f.quante) for f in r.fasce] == [
        ("favorevole", 2),
        ("osservazioni", 0),
        ("indifferente", 0),
        ("contraria", 0),
        ("obiezione", 1),
        ("conflitto", 1),
    ]
    assert (r.rese, r.seggi, r.silenti) == (4, 5, (muto,))
    assert [p.motivazione for p in r.obiezioni] == ["Un testo lungo.\n\nTutto intero."]
    assert [str(p.seggio) for p in r.accordi] == ["Arci", "Zonta"]
    assert [p.motivazione for p in r.altre] == ["Con entusiasmo."]
    assert [(f.x, f.larghezza) for f in r.fasce if f.quante] == [
        ("0.000%", "40.000%"),
        ("40.000%", "20.000%"),
        ("60.000%", "20.000%"),
    ]


def test_of_a_review_without_seats_nothing_is_drawn(db):
    r = risultati.di_esame(EsameFactory(), timezone.now())
    assert (r.rese, r.seggi, {f.larghezza for f in r.fasce}) == (0, 0, {"0%"})


def test_results_of_many_cost_what_those_of_one_do(percorso, django_assert_num_queries):
    for quanti in (1, 3):
        for _ in range(quanti):
            PosizioneFactory(esame=EsameFactory(percorso=percorso))
        scelti = list(Esame.objects.select_related("proposta"))
        with django_assert_num_queries(2):
            tutti = risultati.di_esami(scelti, timezone.now())
            nomi = {str(r.accordi[0].seggio) for r in tutti.values()}
        assert len(nomi) == len(scelti)


VISIBILI = [
    # ruolo, resa, aperto, vede
    ("componente", False, True, False),
    ("componente", True, True, True),
    ("componente", False, False, True),
    ("coordinamento", False, True, False),
    ("coordinamento", True, True, True),
    ("segreteria", False, True, False),
    ("segreteria", False, False, True),
    ("osservatore", False, True, False),
    ("osservatore", False, False, True),
    ("garante", False, True, True),
    ("ufficio", False, True, True),
]


@pytest.mark.parametrize(("ruolo", "resa", "aperto", "vede"), VISIBILI)
def test_who_reads_what_the_seats_say_and_when(percorso, ruolo, resa, aperto, vede):
    esame = EsameFactory(percorso=percorso, scaduto=not aperto)
    if ruolo in ("garante", "ufficio"):
        accesso = Accesso(percorso.pk, **{ruolo: True})
    else:
        chi = ComponenteFactory(seggio__percorso=percorso, seggio__ruolo=ruolo)
        accesso = Accesso(percorso.pk, componente=chi)

    assert risultati.visibili(accesso, esame, resa=resa, adesso=timezone.now()) is vede
