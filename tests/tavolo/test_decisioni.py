"""What the Tavolo decides in a sitting: who may be there, what moves, what stays written."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from portale.lib.dates import ROMA
from portale.lib.rifiuti import Rifiuto
from posta.models import Messaggio
from posta.services import spedisci_dovuti
from proposte import services as proposte
from proposte.models import Passaggio, Proposta
from tavolo.models import Decisione, Esame, Esito, PassaggioEsame, Presenza, Seduta
from tavolo.services.decisioni import decidi_in_seduta, pubblica_con_verbale, vigente
from tests.factories import (
    DecisioneFactory,
    EsameFactory,
    PartecipanteFactory,
    PresenzaFactory,
    ProceduraScrittaFactory,
    PropostaFactory,
    PuntoFactory,
    SedutaFactory,
    SeggioFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 5, 10, 18, 30, tzinfo=ROMA)
DOPO = ADESSO + timedelta(days=20)
S = Proposta.Stato
PERCHE = "Il parcheggio serve alla scuola."


@pytest.fixture
def seduta(percorso):
    """Open, three seats with a voice of which two are needed and two are there."""
    seduta = SedutaFactory(
        incontro__percorso=percorso,
        stato=Seduta.Stato.APERTA,
        aperta_at=ADESSO,
        seggi_con_voce=3,
        numero_legale=2,
    )
    for _ in range(2):
        PresenzaFactory(seduta=seduta)
    return seduta


@pytest.fixture
def punto(seduta, percorso):
    punto = PuntoFactory(seduta=seduta)
    punto.proposte.add(
        PropostaFactory(
            percorso=percorso,
            stato=S.IN_VALUTAZIONE,
            che_cosa="Un parco giochi.",
            proponente=PartecipanteFactory(lingua="it"),
        )
    )
    return punto


@pytest.fixture
def proposta(punto):
    return punto.proposte.get()


@pytest.fixture
def presidente(db):
    return UserFactory(is_staff=True)


@pytest.fixture
def decidi(seduta, punto, proposta, presidente):
    def decidi(esito=Esito.ACCOLTA, **kwargs):
        if esito != Esito.ACCOLTA:
            kwargs.setdefault("motivazione", PERCHE)
        if esito == Esito.ACCOLTA_CON_MODIFICHE:
            kwargs.setdefault("testo_concordato", "Un parco giochi senza gradini.")
        qui = kwargs.pop("seduta", seduta)
        del_punto = kwargs.pop("punto", punto)
        return decidi_in_seduta(
            qui, del_punto, proposta, esito=esito, autore=presidente, adesso=ADESSO, **kwargs
        )

    return decidi


def presenti(seduta):
    return [presenza.seggio for presenza in seduta.presenze.order_by("pk")]


def spedisci():
    spedisci_dovuti(lambda: ADESSO)


def una_seduta_dopo(seduta, punto):
    """Another sitting of the same Tavolo with the same proposal, and its item."""
    dopo = SedutaFactory(
        incontro__percorso=seduta.incontro.percorso,
        stato=Seduta.Stato.APERTA,
        seggi_con_voce=3,
        numero_legale=2,
    )
    for seggio in presenti(seduta):
        PresenzaFactory(seduta=dopo, seggio=seggio)
    altro = PuntoFactory(seduta=dopo)
    altro.proposte.set(punto.proposte.all())
    return {"seduta": dopo, "punto": altro}


# --- Outcomes and states --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("esito", "stato"),
    [
        (Esito.ACCOLTA, S.ACCOLTA),
        (Esito.ACCOLTA_CON_MODIFICHE, S.ACCOLTA_CON_MODIFICHE),
        (Esito.NON_ACCOLTA, S.NON_ACCOLTA),
        (Esito.RINVIATA, S.IN_VALUTAZIONE),
        (Esito.DA_INTEGRARE, S.IN_VALUTAZIONE),
    ],
)
def test_an_outcome_published_at_once_moves_the_proposal_or_leaves_it_there(
    decidi, seduta, proposta, presidente, esito, stato
):
    decisione = decidi(esito)

    proposta.refresh_from_db()
    assert (proposta.stato, decisione.pubblicata_at, decisione.non_applicata) == (
        stato,
        ADESSO,
        "",
    )
    assert list(decisione.presenti.order_by("pk")) == presenti(seduta)
    numeri = (decisione.n_presenti, decisione.numero_legale, decisione.seggi_con_voce)
    assert numeri == (2, 2, 3)
    if stato != S.IN_VALUTAZIONE:
        passo = proposta.passaggi.get(evento=Passaggio.Evento.STATO)
        assert (passo.a, passo.testo, passo.autore) == (stato, decisione.motivazione, presidente)


@pytest.mark.parametrize("stato", S.values)
def test_only_what_is_under_evaluation_is_decided(decidi, proposta, stato):
    altra = PropostaFactory() if stato == S.INTEGRATA else None
    Proposta.objects.filter(pk=proposta.pk).update(stato=stato, integrata_in=altra)

    if stato == S.IN_VALUTAZIONE:
        decidi()
    else:
        with pytest.raises(Rifiuto):
            decidi()
    assert Decisione.objects.count() == (stato == S.IN_VALUTAZIONE)


def test_the_agreed_text_becomes_the_proposal_and_the_old_one_stays_as_a_version(decidi, proposta):
    decisione = decidi(Esito.ACCOLTA_CON_MODIFICHE)

    proposta.refresh_from_db()
    assert (proposta.che_cosa, decisione.testo_originale) == (
        "Un parco giochi senza gradini.",
        "Un parco giochi.",
    )
    assert [(v.che_cosa, v.nota) for v in proposta.versioni.order_by("numero")] == [
        ("Un parco giochi.", ""),
        ("Un parco giochi senza gradini.", "testo concordato dal Tavolo"),
    ]


@pytest.mark.parametrize(
    "manca",
    [
        {"esito": "forse"},
        {"esito": Esito.NON_ACCOLTA, "motivazione": " \r\n"},
        {"esito": Esito.RINVIATA, "motivazione": ""},
        {"esito": Esito.DA_INTEGRARE, "motivazione": ""},
        {"esito": Esito.ACCOLTA_CON_MODIFICHE, "testo_concordato": " "},
        # As a browser sends the same words back.
        {"esito": Esito.ACCOLTA_CON_MODIFICHE, "testo_concordato": "Un parco giochi.\r\n"},
    ],
)
def test_what_an_outcome_needs_may_not_be_missing(decidi, proposta, manca):
    with pytest.raises(Rifiuto):
        decidi(manca.pop("esito"), **manca)

    proposta.refresh_from_db()
    assert (proposta.stato, Decisione.objects.count()) == (S.IN_VALUTAZIONE, 0)


@pytest.mark.parametrize("stato", [s for s in Seduta.Stato if s != Seduta.Stato.APERTA])
def test_nothing_is_decided_outside_an_open_sitting(decidi, seduta, stato):
    Seduta.objects.filter(pk=seduta.pk).update(stato=stato)

    with pytest.raises(Rifiuto, match="in corso"):
        decidi()


def test_what_is_not_on_the_agenda_is_not_decided(decidi, seduta, punto):
    altrove = PuntoFactory(seduta=seduta)
    di_altri = PuntoFactory()
    di_altri.proposte.set(punto.proposte.all())

    for sbagliato in (altrove, di_altri):
        with pytest.raises(Rifiuto, match="ordine del giorno"):
            decidi(punto=sbagliato)


def test_a_definitive_outcome_ends_the_review_also_while_it_waits_for_the_minutes(
    decidi, proposta, presidente
):
    esame = EsameFactory(percorso=proposta.percorso, proposta=proposta)
    decidi(Esito.NON_ACCOLTA, con_il_verbale=True)

    esame.refresh_from_db()
    assert esame.chiuso_at == ADESSO
    passo = esame.passaggi.get(evento=PassaggioEsame.Evento.CHIUSO)
    assert (passo.autore, passo.testo) == (presidente, "Il Tavolo ha deciso.")


def test_one_that_is_put_off_goes_on_being_read(decidi, proposta):
    EsameFactory(percorso=proposta.percorso, proposta=proposta)
    decidi(Esito.RINVIATA)

    assert Esame.objects.aperti(timezone.now()).filter(proposta=proposta).exists()


# --- Quorum and dissent ---------------------------------------------------------------------


def test_a_seat_that_leaves_while_one_writes_takes_the_quorum_along(decidi, seduta, proposta):
    presenza = seduta.presenze.first()
    presenza.entrata_at, presenza.uscita_at = ADESSO - timedelta(hours=1), ADESSO
    presenza.save()

    with pytest.raises(Rifiuto, match="i seggi presenti sono 1, ne servono 2"):
        decidi()
    proposta.refresh_from_db()
    assert proposta.stato == S.IN_VALUTAZIONE


def test_seats_without_a_voice_make_no_quorum(decidi, seduta):
    Presenza.objects.filter(seduta=seduta).first().delete()
    PresenzaFactory(seduta=seduta, seggio__ruolo="segreteria")
    PresenzaFactory(seduta=seduta, seggio__ruolo="osservatore")

    with pytest.raises(Rifiuto, match="i seggi presenti sono 1"):
        decidi()


def test_dissent_stays_as_it_was_written(decidi, seduta):
    contrario, altro = presenti(seduta)
    testo = "Non siamo d'accordo:\nmancano le <alberature>."

    decisione = decidi(dissensi={contrario: f" {testo} ", altro: "  "})

    assert [(d.seggio, d.testo) for d in decisione.dissensi.all()] == [(contrario, testo)]


@pytest.mark.parametrize("chi", ["assente", "uscita", "osservatore", "estraneo"])
def test_only_who_is_there_with_a_voice_dissents(decidi, seduta, chi):
    if chi == "estraneo":
        seggio = SeggioFactory()
    else:
        seggio = PresenzaFactory(
            seduta=seduta,
            modo="assente" if chi == "assente" else "sala",
            uscita_at=ADESSO if chi == "uscita" else None,
            seggio__ruolo="osservatore" if chi == "osservatore" else "componente",
        ).seggio

    with pytest.raises(Rifiuto, match="non è presente"):
        decidi(dissensi={seggio: "No."})
    assert Decisione.objects.count() == 0


# --- Once, and undone by another ------------------------------------------------------------


@pytest.mark.parametrize("esito", Esito.values)
@pytest.mark.parametrize("con_il_verbale", [False, True])
def test_a_second_click_decides_nothing_again(decidi, esito, con_il_verbale):
    decidi(esito, con_il_verbale=con_il_verbale)

    with pytest.raises(Rifiuto, match="c'è già una decisione"):
        decidi(esito, con_il_verbale=con_il_verbale)
    assert Decisione.objects.count() == 1


def test_a_decision_is_undone_by_another_that_says_why(decidi, seduta, punto, proposta):
    prima = decidi(Esito.ACCOLTA)
    dopo = una_seduta_dopo(seduta, punto)
    for senza in ({"annulla": prima}, {"annulla": prima, "perche_annulla": " "}, {}):
        with pytest.raises(Rifiuto):
            decidi(Esito.NON_ACCOLTA, **dopo, **senza)

    seconda = decidi(
        Esito.NON_ACCOLTA, **dopo, annulla=prima, perche_annulla="I fondi non ci sono più."
    )

    proposta.refresh_from_db()
    assert (proposta.stato, vigente(proposta), prima.annullata_da) == (
        S.NON_ACCOLTA,
        seconda,
        seconda,
    )
    assert [(p.a, p.testo) for p in proposta.passaggi.order_by("pk")] == [
        (S.ACCOLTA, ""),
        (S.IN_VALUTAZIONE, "I fondi non ci sono più."),
        (S.NON_ACCOLTA, PERCHE),
    ]
    # The old one still says what it said, and is undone once.
    prima.refresh_from_db()
    assert prima.esito == Esito.ACCOLTA
    with pytest.raises(Rifiuto):
        decidi(Esito.ACCOLTA, **dopo, annulla=prima, perche_annulla="Ancora.")


def test_an_outcome_may_give_way_to_a_postponement(decidi, seduta, punto, proposta):
    prima = decidi(Esito.ACCOLTA)
    decidi(
        Esito.RINVIATA,
        **una_seduta_dopo(seduta, punto),
        annulla=prima,
        perche_annulla="Da rivedere.",
    )

    proposta.refresh_from_db()
    assert proposta.stato == S.IN_VALUTAZIONE


def test_what_was_put_off_is_decided_later_without_undoing_anything(
    decidi, seduta, punto, proposta
):
    decidi(Esito.RINVIATA)
    decidi(Esito.ACCOLTA, **una_seduta_dopo(seduta, punto))

    proposta.refresh_from_db()
    assert proposta.stato == S.ACCOLTA


def test_an_outcome_of_the_office_is_not_the_tavolos_to_undo(decidi, proposta, presidente):
    proposte.accogli(proposta, presidente, adesso=ADESSO)

    with pytest.raises(Rifiuto, match="ufficio"):
        decidi()


def test_while_seats_answer_in_writing_no_sitting_decides(decidi, proposta):
    ProceduraScrittaFactory(percorso=proposta.percorso, proposta=proposta)

    with pytest.raises(Rifiuto, match="procedura scritta"):
        decidi()


# --- With the minutes -----------------------------------------------------------------------


def test_what_waits_for_the_minutes_moves_nothing_until_they_are_approved(
    decidi, seduta, proposta, presidente
):
    decisione = decidi(Esito.NON_ACCOLTA, con_il_verbale=True)
    proposta.refresh_from_db()
    assert (proposta.stato, decisione.pubblicata_at) == (S.IN_VALUTAZIONE, None)

    volte = [pubblica_con_verbale(seduta, None, DOPO) for _ in range(2)]

    proposta.refresh_from_db()
    decisione.refresh_from_db()
    assert volte == [1, 0]
    assert (proposta.stato, decisione.pubblicata_at) == (S.NON_ACCOLTA, DOPO)
    # By silence nobody approves: the step is of who recorded the decision.
    assert proposta.passaggi.get().autore == presidente


def test_one_that_was_undone_before_the_minutes_is_published_and_moves_nothing(
    decidi, seduta, proposta
):
    prima = decidi(Esito.ACCOLTA, con_il_verbale=True)
    decidi(Esito.NON_ACCOLTA, con_il_verbale=True, annulla=prima, perche_annulla="Un errore.")

    assert pubblica_con_verbale(seduta, None, DOPO) == 2

    prima.refresh_from_db()
    proposta.refresh_from_db()
    assert (proposta.stato, proposta.passaggi.count()) == (S.NON_ACCOLTA, 1)
    assert "sostituita" in prima.non_applicata


def test_a_decision_is_published_although_its_proposal_is_gone(decidi, seduta, proposta):
    decisione = decidi(Esito.ACCOLTA_CON_MODIFICHE, con_il_verbale=True)
    proposte.ritira(proposta, adesso=DOPO)

    assert pubblica_con_verbale(seduta, None, DOPO) == 1

    decisione.refresh_from_db()
    proposta.refresh_from_db()
    assert (proposta.stato, proposta.che_cosa) == (S.RITIRATA, "Un parco giochi.")
    assert decisione.pubblicata_at == DOPO
    assert decisione.non_applicata == "Intanto la proposta era diventata «ritirata»."


# --- The proponent --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("esito", "oggetto"),
    [(Esito.DA_INTEGRARE, "Da completare: "), (Esito.RINVIATA, "Rinviata: ")],
)
def test_who_proposed_is_told_once_what_is_missing_or_put_off(
    decidi, proposta, mailoutbox, esito, oggetto
):
    decidi(esito)
    spedisci()
    spedisci()

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([proposta.proponente.email], oggetto + proposta.titolo)
    assert PERCHE in mail.body


def test_she_is_not_told_what_a_later_decision_has_overtaken(
    decidi, seduta, punto, proposta, mailoutbox
):
    decidi(Esito.DA_INTEGRARE)
    decidi(Esito.ACCOLTA, **una_seduta_dopo(seduta, punto))
    spedisci()

    assert [mail.subject for mail in mailoutbox] == [f"Proposta accolta: {proposta.titolo}"]
    messaggio = Messaggio.objects.get(genere="decisione_rinviata")
    assert messaggio.stato == Messaggio.Stato.ANNULLATO


def test_the_database_refuses_a_second_decision_of_a_sitting():
    decisione = DecisioneFactory()
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        DecisioneFactory(seduta=decisione.seduta, proposta=decisione.proposta)
