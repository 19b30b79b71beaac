"""Deciding in writing: who answers, what stops it, when it ends, who is told."""

from datetime import datetime, timedelta

import pytest

from portale.lib.dates import ROMA
from portale.lib.rifiuti import Rifiuto, Superata
from posta.models import Messaggio
from posta.services import spedisci_dovuti
from proposte import services as proposte
from proposte.models import Proposta
from tavolo.models import Decisione, Esito, ProceduraScritta, RispostaScritta, VersioneRisposta
from tavolo.services import procedure
from tests.factories import (
    ComponenteFactory,
    DecisioneFactory,
    PropostaFactory,
    SeggioFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 5, 4, 10, 0, tzinfo=ROMA)
CHIUDE = datetime(2026, 5, 11, 12, 0, tzinfo=ROMA)
DURANTE = datetime(2026, 5, 6, 9, 0, tzinfo=ROMA)
UN_ATTIMO = timedelta(microseconds=1)
Stato = ProceduraScritta.Stato
SI, ASTENUTA, NO = RispostaScritta.Scelta.values


@pytest.fixture
def proposta(percorso):
    return PropostaFactory(percorso=percorso, stato="in_valutazione", che_cosa="Un parco.")


@pytest.fixture
def componenti(percorso):
    """The titolari of three seats with a voice; two must answer."""
    return [ComponenteFactory(seggio__percorso=percorso) for _ in range(3)]


@pytest.fixture
def apri(proposta, componenti):
    def apri(**kwargs):
        valori = {
            "esito": Esito.ACCOLTA,
            "testo": "Serve alla scuola.",
            "apre_at": ADESSO,
            "chiude_at": CHIUDE,
            "autore": UserFactory(is_staff=True),
            "adesso": ADESSO,
        }
        return procedure.apri(kwargs.pop("di", proposta), **{**valori, **kwargs})

    return apri


def rispondono(procedura, componenti, *scelte, adesso=DURANTE):
    for componente, scelta in zip(componenti, scelte, strict=False):
        procedure.rispondi(procedura, componente, scelta, "Perché sì.", adesso=adesso)


def spedisci(adesso):
    spedisci_dovuti(lambda: adesso)


def a_chi(genere):
    righe = Messaggio.objects.filter(genere=genere).order_by("pk")
    return [riga.destinatario for riga in righe]


# --- Opening --------------------------------------------------------------------------------


def test_opening_counts_the_seats_and_writes_once_to_each_of_their_people(
    apri, percorso, componenti, mailoutbox
):
    invitata = ComponenteFactory(
        seggio=componenti[0].seggio, supplente=True, invitato=True, invitato_at=ADESSO
    )
    ComponenteFactory(seggio=componenti[1].seggio, supplente=True, al=ADESSO.date() - timedelta(1))
    ComponenteFactory(seggio__percorso=percorso, seggio__ruolo="segreteria")
    ComponenteFactory(seggio__percorso=percorso, seggio__ruolo="osservatore")
    ComponenteFactory()

    procedura = apri()
    spedisci(ADESSO)
    spedisci(ADESSO)

    assert (procedura.seggi_con_voce, procedura.quorum) == (3, 2)
    attese = [c.email for c in [*componenti, invitata]]
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(attese)
    per_lei = next(mail for mail in mailoutbox if mail.to == [invitata.email])
    assert invitata.token in per_lei.body


@pytest.mark.parametrize(
    "valori",
    [
        {"esito": Esito.RINVIATA},
        {"esito": Esito.DA_INTEGRARE},
        {"testo": " "},
        {"esito": Esito.ACCOLTA_CON_MODIFICHE},
        {"chiude_at": ADESSO + timedelta(hours=23)},
        {"apre_at": ADESSO - timedelta(days=9), "chiude_at": ADESSO},
    ],
)
def test_what_cannot_be_asked_fairly_is_not_asked(apri, valori):
    with pytest.raises(Rifiuto):
        apri(**valori)
    assert ProceduraScritta.objects.count() == 0


def test_only_one_at_a_time_and_only_under_evaluation(apri, percorso, proposta):
    apri()
    altrove = PropostaFactory(percorso=percorso)
    in_attesa = PropostaFactory(percorso=percorso, stato="in_valutazione")
    DecisioneFactory(proposta=in_attesa, pubblicata_at=None)

    for di in (proposta, altrove, in_attesa):
        with pytest.raises(Rifiuto):
            apri(di=di)
    assert ProceduraScritta.objects.count() == 1


def test_with_no_seats_there_is_nobody_to_ask(apri, componenti):
    for componente in componenti:
        componente.seggio.ruolo = "osservatore"
        componente.seggio.save()
    with pytest.raises(Rifiuto, match="Nessun seggio"):
        apri()


# --- Answering ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adesso", "si_puo"),
    [
        (ADESSO - UN_ATTIMO, False),
        (ADESSO, True),
        (CHIUDE - UN_ATTIMO, True),
        (CHIUDE, False),
    ],
)
def test_one_answers_from_the_opening_to_the_minute_of_closing(apri, componenti, adesso, si_puo):
    procedura = apri()
    if si_puo:
        rispondono(procedura, componenti, SI, adesso=adesso)
    else:
        with pytest.raises(Rifiuto):
            rispondono(procedura, componenti, SI, adesso=adesso)
    assert procedura.risposte.count() == si_puo


def test_a_seat_answers_once_and_may_change_its_mind(apri, componenti):
    procedura = apri()
    titolare, *_ = componenti
    supplente = ComponenteFactory(seggio=titolare.seggio, supplente=True)

    prima = procedure.rispondi(procedura, titolare, SI, adesso=DURANTE)
    # A double click.
    assert procedure.rispondi(procedura, titolare, SI, adesso=DURANTE) == prima
    # The other person of the seat had an older page before her.
    with pytest.raises(Superata):
        procedure.rispondi(procedura, supplente, ASTENUTA, adesso=DURANTE)
    procedure.rispondi(procedura, supplente, ASTENUTA, versione=1, adesso=DURANTE)

    risposta = procedura.risposte.get()
    assert (risposta.scelta, risposta.componente, risposta.versione) == (ASTENUTA, supplente, 2)
    assert [(v.numero, v.scelta, v.componente) for v in VersioneRisposta.objects.all()] == [
        (1, SI, titolare),
        (2, ASTENUTA, supplente),
    ]


@pytest.mark.parametrize(
    "chi", ["altro_percorso", "osservatore", "cessata", "seggio_finito", "arrivato_dopo"]
)
def test_who_is_not_asked_does_not_answer(apri, percorso, chi):
    ieri = DURANTE.date() - timedelta(days=1)
    procedura = apri()
    campi = {
        "altro_percorso": {},
        "osservatore": {"seggio__percorso": percorso, "seggio__ruolo": "osservatore"},
        "cessata": {"seggio__percorso": percorso, "al": ieri},
        "seggio_finito": {"seggio__percorso": percorso, "seggio__al": ieri},
        "arrivato_dopo": {"seggio__percorso": percorso, "seggio__dal": ieri},
    }[chi]

    with pytest.raises(Rifiuto):
        procedure.rispondi(procedura, ComponenteFactory(**campi), SI, adesso=DURANTE)
    assert procedura.risposte.count() == 0


def test_when_the_mandate_changes_the_seat_keeps_its_answer(apri, componenti, proposta):
    procedura = apri()
    rispondono(procedura, componenti, SI, SI)
    vecchia = componenti[0]
    vecchia.al = DURANTE.date()
    vecchia.save()
    domani = DURANTE + timedelta(days=1)
    nuova = ComponenteFactory(seggio=vecchia.seggio, dal=domani.date())

    with pytest.raises(Rifiuto, match="mandato"):
        procedure.rispondi(procedura, vecchia, ASTENUTA, versione=1, adesso=domani)
    procedure.rispondi(procedura, nuova, ASTENUTA, versione=1, adesso=domani)
    procedure.chiudi_scadute(CHIUDE)

    decisione = Decisione.objects.get()
    assert decisione.n_presenti == 2
    assert vecchia.seggio in decisione.presenti.all()


# --- How it ends ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scelte", "stato"),
    [
        ([SI, SI, SI], Stato.CONCLUSA),
        # No majority: with one for and one aside nobody objects.
        ([SI, ASTENUTA], Stato.CONCLUSA),
        ([SI, ASTENUTA, ASTENUTA], Stato.CONCLUSA),
        ([ASTENUTA, ASTENUTA, ASTENUTA], Stato.SENZA_NUMERO),
        ([SI], Stato.SENZA_NUMERO),
        ([], Stato.SENZA_NUMERO),
    ],
)
def test_enough_answers_at_least_one_for_and_nobody_against(
    apri, componenti, proposta, scelte, stato
):
    procedura = apri()
    rispondono(procedura, componenti, *scelte)

    assert procedure.chiudi_scadute(CHIUDE - UN_ATTIMO) == 0
    assert [procedure.chiudi_scadute(CHIUDE + timedelta(hours=1)) for _ in range(2)] == [1, 0]

    procedura.refresh_from_db()
    proposta.refresh_from_db()
    decisa = stato == Stato.CONCLUSA
    assert procedura.stato == stato
    assert proposta.stato == ("accolta" if decisa else "in_valutazione")
    decisioni = Decisione.objects.values_list(
        "esito", "motivazione", "n_presenti", "numero_legale", "seggi_con_voce", "presa_at"
    )
    # It was decided when it closed, although the clock came by later.
    attesa = (Esito.ACCOLTA, "Serve alla scuola.", len(scelte), 2, 3, CHIUDE)
    assert list(decisioni) == ([attesa] if decisa else [])


def test_an_objection_stops_it_at_once_and_everybody_is_told_why(
    apri, componenti, proposta, mailoutbox, settings
):
    procedura = apri()
    rispondono(procedura, componenti, SI, SI)
    with pytest.raises(Rifiuto, match="motivo"):
        procedure.rispondi(procedura, componenti[2], NO, " ", adesso=DURANTE)
    procedure.rispondi(procedura, componenti[2], NO, "Taglia gli alberi.", adesso=DURANTE)
    spedisci(DURANTE)
    spedisci(DURANTE)

    procedura.refresh_from_db()
    assert (procedura.stato, procedura.chiusa_at) == (Stato.FERMATA, DURANTE)
    ferme = [mail for mail in mailoutbox if mail.subject.startswith("Procedura scritta fermata")]
    attesi = [*(c.email for c in componenti), settings.ENTE["email"]]
    assert sorted(mail.to[0] for mail in ferme) == sorted(attesi)
    assert all("Taglia gli alberi." in mail.body for mail in ferme)
    # Nothing is decided, and nobody answers any more.
    assert procedure.chiudi_scadute(CHIUDE) == 0
    with pytest.raises(Rifiuto):
        procedure.rispondi(procedura, componenti[0], ASTENUTA, versione=1, adesso=DURANTE)
    proposta.refresh_from_db()
    assert (proposta.stato, Decisione.objects.count()) == ("in_valutazione", 0)


def test_the_agreed_text_of_a_written_procedure_becomes_the_proposal(apri, componenti, proposta):
    procedura = apri(
        esito=Esito.ACCOLTA_CON_MODIFICHE, testo_concordato="Un parco con gli alberi."
    )
    rispondono(procedura, componenti, SI, SI)
    procedure.chiudi_scadute(CHIUDE)

    proposta.refresh_from_db()
    assert (proposta.stato, proposta.che_cosa) == (
        "accolta_con_modifiche",
        "Un parco con gli alberi.",
    )
    assert Decisione.objects.get().testo_originale == "Un parco."


def test_a_proposal_that_was_taken_back_does_not_follow(apri, componenti, proposta):
    procedura = apri()
    rispondono(procedura, componenti, SI, SI)
    proposte.ritira(proposta, adesso=DURANTE)
    procedure.chiudi_scadute(CHIUDE)

    proposta.refresh_from_db()
    assert proposta.stato == Proposta.Stato.RITIRATA
    assert Decisione.objects.get().non_applicata == "Intanto la proposta era diventata «ritirata»."


def test_the_office_calls_it_off_with_a_reason(apri, componenti, mailoutbox):
    procedura = apri()
    with pytest.raises(Rifiuto):
        procedure.annulla(procedura, " ", autore=None, adesso=DURANTE)
    for _ in range(2):
        procedure.annulla(procedura, "Il testo è sbagliato.", autore=None, adesso=DURANTE)
    spedisci(DURANTE)

    # The call itself says nothing any more.
    assert {mail.subject.partition(":")[0] for mail in mailoutbox} == {
        "Procedura scritta annullata"
    }
    assert len(mailoutbox) == 3
    assert "Il testo è sbagliato." in mailoutbox[0].body


# --- Reminders ------------------------------------------------------------------------------


def test_the_day_before_only_the_seats_that_have_not_answered_are_reminded_once(apri, componenti):
    procedura = apri()
    rispondono(procedura, componenti, ASTENUTA)
    il_giorno_prima = CHIUDE - timedelta(days=1)

    assert procedure.ricorda(il_giorno_prima - UN_ATTIMO) == 0
    assert [procedure.ricorda(il_giorno_prima) for _ in range(2)] == [1, 0]
    assert a_chi("procedura_promemoria") == [c.email for c in componenti[1:]]


def test_one_that_opens_within_the_last_day_reminds_nobody(apri):
    apri(chiude_at=ADESSO + timedelta(days=1))
    assert procedure.ricorda(ADESSO + timedelta(hours=1)) == 0


@pytest.mark.parametrize("che_cosa", ["risposto", "cessata", "chiusa"])
def test_a_reminder_asks_again_before_it_leaves(apri, componenti, mailoutbox, che_cosa):
    procedura = apri()
    Messaggio.objects.all().delete()
    poi = CHIUDE - timedelta(days=1)
    for componente in componenti[1:]:
        rispondono(procedura, [componente], SI)
    procedure.ricorda(poi)
    lei = componenti[0]
    if che_cosa == "risposto":
        rispondono(procedura, [lei], SI, adesso=poi)
    elif che_cosa == "cessata":
        lei.al = poi.date() - timedelta(days=1)
        lei.save()
    else:
        poi = CHIUDE
    spedisci(poi)

    assert a_chi("procedura_promemoria") == [lei.email]
    assert mailoutbox == []


def test_a_seat_of_another_process_is_asked_nothing(apri, componenti):
    SeggioFactory()
    apri()
    assert a_chi("procedura_aperta") == [c.email for c in componenti]
