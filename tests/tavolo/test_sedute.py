"""The life of a sitting: its agenda, its call, who comes, and what time brings about."""

from datetime import UTC, datetime, timedelta

import pytest

from eventi import services as eventi
from eventi.models import Incontro
from portale.lib.dates import ROMA
from portale.lib.rifiuti import Rifiuto
from posta.consegna import spedisci_dovuti
from posta.models import Messaggio
from tavolo.models import (
    ImpostazioniTavolo,
    PassaggioSeduta,
    Presenza,
    Seduta,
    Seggio,
)
from tavolo.numero_legale import di_seduta
from tavolo.services import assenze, presenze, sedute
from tavolo.services.presenze import Segno
from tavolo.services.sedute import Voce
from tavolo.services.sedute_avvisi import accoda_promemoria
from tavolo.tasks import passo
from tests.factories import (
    ComponenteFactory,
    DocumentoTavoloFactory,
    PropostaFactory,
    PuntoFactory,
    SedutaFactory,
    SeggioFactory,
    UserFactory,
    VerbaleFactory,
)

R = Seggio.Ruolo
GIORNO = timedelta(days=1)


def roma(*momento):
    return datetime(*momento, tzinfo=ROMA).astimezone(UTC)


# A Wednesday evening, ten days after the clocks of the tests.
INIZIO = roma(2026, 5, 20, 18, 0)
FINE = roma(2026, 5, 20, 20, 0)
ADESSO = roma(2026, 5, 10, 12, 0)


@pytest.fixture
def ufficio(db):
    return UserFactory(ufficio=True)


@pytest.fixture
def bozza(percorso):
    seduta = SedutaFactory(
        in_preparazione=True,
        incontro__percorso=percorso,
        incontro__inizio=INIZIO,
        incontro__fine=FINE,
        incontro__stato=Incontro.Stato.BOZZA,
    )
    PuntoFactory(seduta=seduta, titolo="Il verde in zona 3", minuti=20)
    return seduta


@pytest.fixture
def seduta(bozza, ufficio):
    """Called, with the mails still to leave."""
    return sedute.convoca(bozza, autore=ufficio, adesso=ADESSO)


def mails(genere=None):
    """To whom, in order of their queueing."""
    righe = Messaggio.objects.filter(**({"genere": genere} if genere else {}))
    return list(righe.order_by("pk").values_list("destinatario", flat=True))


def lascia(adesso, mailoutbox):
    """What leaves at that moment."""
    mailoutbox.clear()
    spedisci_dovuti(lambda: adesso)
    return list(mailoutbox)


# --- Preparing and calling ------------------------------------------------------------------


def test_a_sitting_and_its_meeting_begin_together_as_drafts(percorso, ufficio):
    dati = {"inizio": INIZIO, "fine": FINE, "autore": ufficio, "adesso": ADESSO}
    prima = sedute.prepara(percorso, titolo="Prima seduta", **dati)
    seconda = sedute.prepara(percorso, titolo="Prima seduta", **dati)

    assert [(s.numero, s.stato, s.incontro.stato) for s in (prima, seconda)] == [
        (1, "bozza", "bozza"),
        (2, "bozza", "bozza"),
    ]
    assert [s.incontro.slug for s in (prima, seconda)] == [
        "prima-seduta-2026-05-20",
        "prima-seduta-2026-05-20-2",
    ]
    assert not prima.incontro.con_iscrizione
    with pytest.raises(Rifiuto, match="già passata"):
        sedute.prepara(percorso, titolo="Ieri", **dati | {"adesso": FINE})


def test_items_ticked_twice_are_on_the_agenda_once(bozza, percorso):
    proposta = PropostaFactory(percorso=percorso, titolo="Panchine")
    voci = [Voce("Comunicazioni"), Voce("Panchine", proposte=(proposta,))]

    for _ in range(2):
        sedute.aggiungi_punti(bozza, voci)

    assert [(p.titolo, p.proposte.count()) for p in bozza.punti.all()] == [
        ("Il verde in zona 3", 0),
        ("Comunicazioni", 0),
        ("Panchine", 1),
    ]


def test_the_call_publishes_the_meeting_and_reaches_every_seat_once(
    bozza, percorso, ufficio, mailoutbox
):
    seggio = SeggioFactory(percorso=percorso, organizzazione__nome="Alfa")
    titolare = ComponenteFactory(seggio=seggio)
    invitata = ComponenteFactory(seggio=seggio, supplente=True, invitato=True)
    osserva = ComponenteFactory(
        seggio__percorso=percorso,
        seggio__ruolo=R.OSSERVATORE,
        seggio__organizzazione__nome="Beta",
    )
    ComponenteFactory(seggio=seggio, supplente=True, al=(ADESSO - GIORNO).date())
    ComponenteFactory(seggio__percorso=percorso, seggio__al=(ADESSO - GIORNO).date())
    ComponenteFactory()

    for _ in range(2):
        sedute.convoca(bozza, autore=ufficio, adesso=ADESSO)

    bozza.refresh_from_db()
    assert (bozza.stato, bozza.convocazione, bozza.incontro.stato) == (
        "convocata",
        1,
        "pubblicato",
    )
    assert mails() == [titolare.email, invitata.email, osserva.email]
    assert [(p.da, p.a, p.autore) for p in bozza.passaggi.all()] == [
        ("bozza", "convocata", ufficio)
    ]
    prima, seconda, _terza = lascia(ADESSO, mailoutbox)
    assert prima.subject == (
        f"Convocazione: {bozza.incontro.titolo}, mercoledì 20 maggio 2026, 18:00–20:00"
    )
    assert "1. Il verde in zona 3 (20 min)" in prima.body
    assert f"/assenza/{assenze.link(bozza, titolare)}/" in prima.body
    assert "link dell’invito" not in prima.body
    assert "link dell’invito" in seconda.body
    ics = prima.attachments[0].get_payload(decode=True).decode()
    assert f"UID:incontro-{bozza.incontro_id}@" in ics
    assert f"mailto:{titolare.email}" in ics.replace("\r\n ", "")


def test_the_call_names_rapporteurs_and_documents_in_the_order_of_the_agenda(
    bozza, percorso, ufficio, mailoutbox
):
    chi = ComponenteFactory(seggio__percorso=percorso)
    punto = PuntoFactory(seduta=bozza, titolo="Gli orti", relatore=chi.seggio, ordine=0)
    documento = DocumentoTavoloFactory(
        percorso=percorso, seduta=bozza, punto=punto, titolo="Mappa degli orti"
    )
    sedute.convoca(bozza, autore=ufficio, adesso=ADESSO)

    (mail,) = lascia(ADESSO, mailoutbox)

    ordine = mail.body.partition("Ordine del giorno\n")[2]
    assert [riga for riga in ordine.splitlines() if riga][:3] == [
        f"1. Gli orti – illustra: {chi.seggio}",
        f"   Mappa degli orti: http://testserver/tavolo/area-riservata/documenti/{documento.pk}/",
        "2. Il verde in zona 3 (20 min)",
    ]


@pytest.mark.parametrize(
    ("guasto", "perche"),
    [
        ("vuota", "ordine del giorno è vuoto"),
        ("passata", "data che non sia passata"),
        ("annullata", "annullato"),
        ("aperta", "già cominciata"),
        ("fretta", "Mancano 3 giorni al preavviso"),
    ],
)
def test_what_stops_a_call(bozza, ufficio, guasto, perche):
    adesso = ADESSO
    if guasto == "vuota":
        bozza.punti.all().delete()
    elif guasto == "passata":
        adesso = INIZIO
    elif guasto == "annullata":
        Incontro.objects.update(stato="annullato")
    elif guasto == "aperta":
        Seduta.objects.update(stato="aperta")
    else:
        adesso = INIZIO - 4 * GIORNO

    with pytest.raises(Rifiuto, match=perche):
        sedute.convoca(bozza, autore=ufficio, adesso=adesso)
    assert mails() == []


def test_less_notice_than_agreed_needs_a_reason_that_everybody_reads(
    bozza, percorso, ufficio, mailoutbox
):
    ImpostazioniTavolo.objects.create(percorso=percorso, preavviso_giorni=11)
    ComponenteFactory(seggio__percorso=percorso)

    sedute.convoca(bozza, motivo="Il bando scade.", autore=ufficio, adesso=ADESSO)

    assert bozza.passaggi.get().testo == "Il bando scade."
    (mail,) = lascia(ADESSO, mailoutbox)
    assert "più breve del solito: Il bando scade." in mail.body


def test_a_mandate_that_ends_before_the_mail_leaves_gets_none(
    bozza, percorso, ufficio, mailoutbox
):
    chi = ComponenteFactory(seggio__percorso=percorso)
    sedute.convoca(bozza, autore=ufficio, adesso=ADESSO)
    type(chi).objects.update(al=(ADESSO - GIORNO).date())

    assert lascia(ADESSO, mailoutbox) == []


def test_an_agenda_that_changed_is_called_again_and_the_mail_says_what(
    seduta, percorso, ufficio, mailoutbox
):
    chi = ComponenteFactory(seggio__percorso=percorso)
    assert sedute.differenze(seduta) == []
    with pytest.raises(Rifiuto, match="non è cambiato"):
        sedute.riconvoca(seduta, autore=ufficio, adesso=ADESSO)
    seduta.punti.update(minuti=40)
    PuntoFactory(seduta=seduta, titolo="Le panchine")

    sedute.riconvoca(seduta, motivo="Grazie.", autore=ufficio, adesso=ADESSO + GIORNO)

    cambiato = ["Aggiunto: «Le panchine»", "Cambiato: «Il verde in zona 3»"]
    assert seduta.passaggi.last().testo.splitlines() == [*cambiato, "Grazie."]
    assert mails("seduta_riconvocata") == [chi.email]
    (mail,) = lascia(ADESSO + GIORNO, mailoutbox)
    assert [riga for riga in cambiato if f"- {riga}" in mail.body] == cambiato
    seduta.refresh_from_db()
    assert (seduta.convocazione, sedute.differenze(seduta)) == (2, [])


def test_a_call_that_another_one_overtook_does_not_leave(bozza, percorso, ufficio, mailoutbox):
    ComponenteFactory(seggio__percorso=percorso)
    sedute.convoca(bozza, autore=ufficio, adesso=ADESSO)
    sedute.riconvoca(bozza, motivo="Cambia la sala.", autore=ufficio, adesso=ADESSO)

    assert [mail.subject[:14] for mail in lascia(ADESSO, mailoutbox)] == ["Ordine del gio"]


# --- Its meeting changes --------------------------------------------------------------------


def cambia(incontro, come, ufficio):
    comune = {"autore": ufficio, "adesso": ADESSO + GIORNO, "motivo": "La sala è occupata."}
    if come == "spostata":
        nuovo = INIZIO + 2 * GIORNO
        eventi.sposta(incontro, inizio=nuovo, fine=None, sede=incontro.sede, **comune)
    elif come == "rinviata":
        eventi.rinvia(incontro, **comune)
    elif come == "annullata":
        eventi.annulla(incontro, **comune)
    else:
        link = "https://riunione.example.org/x"
        eventi.cambia_collegamento(incontro, modalita="mista", link_online=link, **comune)


@pytest.mark.parametrize("come", ["spostata", "rinviata", "annullata", "collegamento"])
def test_who_was_called_hears_once_of_what_happens_to_the_meeting(
    seduta, percorso, ufficio, mailoutbox, come
):
    chi = ComponenteFactory(seggio__percorso=percorso)
    for _ in range(2):
        cambia(Incontro.objects.get(), come, ufficio)

    assert mails(f"seduta_{come}") == [chi.email]
    (mail,) = lascia(ADESSO + GIORNO, mailoutbox)
    ics = mail.attachments[0].get_payload(decode=True).decode()
    metodo = "CANCEL" if come in ("rinviata", "annullata") else "REQUEST"
    assert (f"METHOD:{metodo}\r\n" in ics, "SEQUENCE:1\r\n" in ics) == (True, True)
    assert "La sala è occupata." in mail.body
    if come == "collegamento":
        assert "https://riunione.example.org/x" in mail.body


def test_a_sitting_that_nobody_was_called_to_changes_in_silence(bozza, percorso, ufficio):
    ComponenteFactory(seggio__percorso=percorso)
    eventi.pubblica(bozza.incontro, autore=ufficio, adesso=ADESSO)
    cambia(Incontro.objects.get(), "spostata", ufficio)

    assert mails() == []


# --- Who cannot come ------------------------------------------------------------------------


def test_who_cannot_come_says_so_once_and_her_seat_is_asked_once(seduta, percorso, mailoutbox):
    seggio = SeggioFactory(percorso=percorso)
    titolare = ComponenteFactory(seggio=seggio)
    supplente = ComponenteFactory(seggio=seggio, supplente=True)
    ComponenteFactory(seggio__percorso=percorso)

    for _ in range(2):
        assenze.giustifica(seduta, titolare, adesso=ADESSO)
    assenze.ritira_giustificazione(seduta, titolare, adesso=ADESSO)
    assenze.giustifica(seduta, titolare, adesso=ADESSO)

    assert mails("seduta_sostituzione") == [supplente.email]
    assert assenze.seggi_giustificati(seduta) == set()
    (mail,) = lascia(ADESSO, mailoutbox)
    assert f"{titolare.nome} non può venire" in mail.body

    assenze.giustifica(seduta, supplente, adesso=ADESSO)
    assert assenze.seggi_giustificati(seduta) == {seggio.pk}
    # Nobody is left to ask.
    assert mails("seduta_sostituzione") == [supplente.email]


def test_the_question_to_the_supplente_does_not_leave_if_she_comes_after_all(
    seduta, percorso, mailoutbox
):
    seggio = SeggioFactory(percorso=percorso)
    titolare = ComponenteFactory(seggio=seggio)
    ComponenteFactory(seggio=seggio, supplente=True)
    assenze.giustifica(seduta, titolare, adesso=ADESSO)
    assenze.ritira_giustificazione(seduta, titolare, adesso=ADESSO)

    assert lascia(ADESSO, mailoutbox) == []


def test_an_absence_holds_for_the_day_of_which_it_was_said(seduta, percorso, ufficio):
    chi = ComponenteFactory(seggio__percorso=percorso)
    assenze.giustifica(seduta, chi, adesso=ADESSO)
    cambia(Incontro.objects.get(), "spostata", ufficio)

    spostata = Seduta.objects.get()
    assert assenze.giustificate(spostata) == set()
    assenze.giustifica(spostata, chi, adesso=ADESSO)
    assert assenze.giustificate(spostata) == {chi.pk}


@pytest.mark.parametrize("stato", ["bozza", "aperta", "chiusa"])
def test_absences_are_announced_of_called_sittings_alone(seduta, percorso, stato):
    chi = ComponenteFactory(seggio__percorso=percorso)
    Seduta.objects.update(stato=stato)

    for verbo in (assenze.giustifica, assenze.ritira_giustificazione):
        with pytest.raises(Rifiuto):
            verbo(seduta, chi, adesso=ADESSO)


# --- Reminders ------------------------------------------------------------------------------


def test_reminders_leave_two_days_before_and_on_the_day_once_for_each_person(
    seduta, percorso, mailoutbox
):
    viene = ComponenteFactory(seggio__percorso=percorso)
    assente = ComponenteFactory(seggio__percorso=percorso)
    assenze.giustifica(seduta, assente, adesso=ADESSO)
    due_giorni, stesso_giorno = roma(2026, 5, 18, 18, 0), roma(2026, 5, 20, 14, 0)

    quanti = [
        accoda_promemoria(momento)
        for momento in (
            due_giorni - timedelta(minutes=1),
            due_giorni,
            due_giorni + timedelta(minutes=1),
            stesso_giorno,
            stesso_giorno + timedelta(minutes=1),
            INIZIO,
        )
    ]

    assert quanti == [0, 1, 0, 1, 0, 0]
    assert mails("seduta_promemoria") == [viene.email] * 2
    oggetti = [mail.subject for mail in lascia(stesso_giorno, mailoutbox)]
    assert [o.partition(":")[0] for o in oggetti] == ["Promemoria, oggi"] * 2


def test_who_excuses_herself_before_the_reminder_leaves_gets_none(seduta, percorso, mailoutbox):
    chi = ComponenteFactory(seggio__percorso=percorso)
    due_giorni = roma(2026, 5, 18, 18, 0)
    accoda_promemoria(due_giorni)
    assenze.giustifica(seduta, chi, adesso=due_giorni)

    assert lascia(due_giorni, mailoutbox) == []


def test_who_was_called_after_a_reminder_fell_due_has_just_read_it_all(bozza, percorso, ufficio):
    ComponenteFactory(seggio__percorso=percorso)
    domani = INIZIO - GIORNO
    sedute.convoca(bozza, motivo="Urgente.", autore=ufficio, adesso=domani)

    assert accoda_promemoria(domani + timedelta(hours=1)) == 0
    assert accoda_promemoria(INIZIO - timedelta(hours=3)) == 1


def test_a_sitting_moved_away_and_back_reminds_nobody_twice(seduta, percorso, ufficio):
    ComponenteFactory(seggio__percorso=percorso)
    due_giorni = roma(2026, 5, 18, 18, 0)
    accoda_promemoria(due_giorni)
    incontro = Incontro.objects.get()
    comune = {"fine": None, "sede": None, "motivo": "Sala.", "autore": ufficio}
    eventi.sposta(incontro, inizio=INIZIO + 9 * GIORNO, adesso=due_giorni, **comune)
    eventi.sposta(incontro, inizio=INIZIO, adesso=due_giorni, **comune)

    assert accoda_promemoria(due_giorni + timedelta(minutes=5)) == 0


def test_the_clock_reminds_by_itself(seduta, percorso, time_machine):
    ComponenteFactory(seggio__percorso=percorso)
    time_machine.move_to(roma(2026, 5, 18, 18, 0), tick=False)
    for _ in range(2):
        passo()

    assert Messaggio.objects.filter(genere="seduta_promemoria").count() == 1


# --- Holding it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quando", "si_apre"),
    [
        (INIZIO - timedelta(hours=2, minutes=1), False),
        (INIZIO - timedelta(hours=2), True),
        (FINE + 3 * GIORNO, True),
    ],
)
def test_a_sitting_opens_from_two_hours_before(seduta, ufficio, quando, si_apre):
    if not si_apre:
        with pytest.raises(Rifiuto, match="due ore prima"):
            sedute.apri(seduta, autore=ufficio, adesso=quando)
        return
    aperta = sedute.apri(seduta, autore=ufficio, adesso=quando)
    # From the paper of three days ago: it was opened then, not now.
    assert aperta.aperta_at == (quando if quando < FINE else INIZIO)


@pytest.mark.parametrize(
    ("stato", "verbo"),
    [
        ("bozza", sedute.apri),
        ("chiusa", sedute.apri),
        ("bozza", sedute.chiudi),
        ("convocata", sedute.chiudi),
        ("bozza", sedute.riconvoca),
        ("aperta", sedute.riconvoca),
        ("chiusa", sedute.riconvoca),
        ("chiusa", sedute.convoca),
    ],
)
def test_no_verb_skips_a_state(seduta, ufficio, stato, verbo):
    Seduta.objects.update(stato=stato)
    prima = PassaggioSeduta.objects.count()

    with pytest.raises(Rifiuto):
        verbo(seduta, autore=ufficio, adesso=INIZIO)
    assert (Seduta.objects.get().stato, PassaggioSeduta.objects.count()) == (stato, prima)


def test_a_cancelled_sitting_does_not_open(seduta, ufficio):
    cambia(Incontro.objects.get(), "annullata", ufficio)
    with pytest.raises(Rifiuto, match="annullato"):
        sedute.apri(seduta, autore=ufficio, adesso=INIZIO)


@pytest.mark.parametrize(("con_voce", "servono"), [(0, 1), (1, 1), (2, 2), (8, 5), (9, 5)])
def test_the_quorum_is_more_than_half_of_the_seats_with_a_voice(
    seduta, percorso, ufficio, con_voce, servono
):
    SeggioFactory.create_batch(con_voce, percorso=percorso)
    for ruolo in (R.SEGRETERIA, R.OSSERVATORE):
        SeggioFactory(percorso=percorso, ruolo=ruolo)

    aperta = sedute.apri(seduta, autore=ufficio, adesso=INIZIO)

    assert (aperta.seggi_con_voce, aperta.numero_legale) == (con_voce, servono)


def test_seats_count_as_they_are_on_the_day_and_stay_so_once_it_is_open(seduta, percorso, ufficio):
    giorno = INIZIO.date()
    SeggioFactory(percorso=percorso, al=giorno)
    # In office at the call, gone on the day; and the other way round.
    SeggioFactory(percorso=percorso, al=giorno - GIORNO)
    SeggioFactory(percorso=percorso, dal=giorno)

    sedute.apri(seduta, autore=ufficio, adesso=INIZIO)
    SeggioFactory.create_batch(5, percorso=percorso)

    seduta.refresh_from_db()
    quorum = di_seduta(seduta, giorno)
    assert (quorum.con_voce, quorum.necessari, quorum.presenti) == (2, 2, 0)


def test_marking_a_seat_keeps_when_it_came_and_when_it_left(seduta, percorso, ufficio):
    titolare = ComponenteFactory(seggio__percorso=percorso)
    seggio = titolare.seggio

    def segna(segno, minuti):
        return presenze.segna_presenza(
            seduta,
            seggio,
            segno,
            componente=titolare,
            autore=ufficio,
            adesso=INIZIO + timedelta(minutes=minuti),
        )

    def riga():
        p = Presenza.objects.get()
        minuti = [
            quando and round((quando - INIZIO).total_seconds() / 60)
            for quando in (p.entrata_at, p.uscita_at)
        ]
        return (p.modo, *minuti, di_seduta(seduta, seduta.giorno).presenti)

    with pytest.raises(Rifiuto, match="non può uscire"):
        segna(Segno.USCITA, 0)
    storia = []
    for segno, minuti in [
        (Segno.SALA, 5),
        (Segno.SALA, 6),
        (Segno.DISTANZA, 10),
        (Segno.USCITA, 20),
        (Segno.USCITA, 21),
        (Segno.SALA, 30),
        (Segno.ASSENTE, 40),
    ]:
        segna(segno, minuti)
        storia.append(riga())

    assert storia == [
        ("sala", 5, None, 1),
        ("sala", 5, None, 1),
        ("distanza", 5, None, 1),
        ("distanza", 5, 20, 0),
        ("distanza", 5, 20, 0),
        ("sala", 5, None, 1),
        ("assente", None, None, 0),
    ]
    assert segna(Segno.NIENTE, 50) is None
    assert Presenza.objects.count() == 0


def test_only_seats_and_people_of_that_day_are_marked(seduta, percorso, ufficio):
    seggio = SeggioFactory(percorso=percorso)
    cessata = ComponenteFactory(seggio=seggio, al=(INIZIO - GIORNO).date())
    comune = {"autore": ufficio, "adesso": INIZIO}

    for altro in (SeggioFactory(), SeggioFactory(percorso=percorso, al=(INIZIO - GIORNO).date())):
        with pytest.raises(Rifiuto, match="non ha un seggio"):
            presenze.segna_presenza(seduta, altro, Segno.SALA, **comune)
    for chi in (cessata, ComponenteFactory()):
        with pytest.raises(Rifiuto, match="non rappresenta"):
            presenze.segna_presenza(seduta, seggio, Segno.SALA, componente=chi, **comune)
    assert Presenza.objects.count() == 0


def test_closing_writes_who_was_absent_and_that_the_meeting_took_place(seduta, percorso, ufficio):
    nomi = {}
    for nome in ("presente", "giustificata", "assente", "senza_nessuno"):
        nomi[nome] = SeggioFactory(percorso=percorso, organizzazione__nome=nome)
    for nome in ("presente", "giustificata", "assente"):
        ComponenteFactory(seggio=nomi[nome])
    assenze.giustifica(seduta, nomi["giustificata"].componenti.get(), adesso=ADESSO)
    sedute.apri(seduta, autore=ufficio, adesso=INIZIO)
    presenze.segna_presenza(seduta, nomi["presente"], Segno.SALA, autore=ufficio, adesso=INIZIO)

    for _ in range(2):
        sedute.chiudi(seduta, autore=ufficio, adesso=FINE)

    seduta.refresh_from_db()
    assert {str(p.seggio): p.modo for p in seduta.presenze.all()} == {
        "presente": "sala",
        "giustificata": "giustificata",
        "assente": "assente",
        "senza_nessuno": "assente",
    }
    assert [(p.da, p.a) for p in seduta.passaggi.all()] == [
        ("bozza", "convocata"),
        ("convocata", "aperta"),
        ("aperta", "chiusa"),
    ]
    assert (seduta.chiusa_at, seduta.incontro.stato) == (FINE, "svolto")


def test_a_sitting_closed_early_took_place_once_its_hour_has_passed(seduta, ufficio):
    sedute.apri(seduta, autore=ufficio, adesso=INIZIO)
    sedute.chiudi(seduta, autore=ufficio, adesso=FINE - timedelta(minutes=30))
    assert Incontro.objects.get().stato == "pubblicato"

    assert [sedute.segna_svolte(FINE), sedute.segna_svolte(FINE)] == [1, 0]
    assert Incontro.objects.get().stato == "svolto"


def test_the_office_mends_the_register_with_a_reason_until_the_minutes_are_approved(
    seduta, percorso, ufficio
):
    seggio = SeggioFactory(percorso=percorso, organizzazione__nome="Alfa")
    sedute.apri(seduta, autore=ufficio, adesso=INIZIO)
    dati = {"autore": ufficio, "adesso": FINE}
    with pytest.raises(Rifiuto, match="dal registro"):
        presenze.correggi_presenza(seduta, seggio, "sala", motivo="C'era.", **dati)
    sedute.chiudi(seduta, **dati)
    with pytest.raises(Rifiuto, match="Scrivi perché"):
        presenze.correggi_presenza(seduta, seggio, "sala", motivo=" ", **dati)

    for _ in range(2):
        presenze.correggi_presenza(seduta, seggio, "sala", motivo="C'era.", **dati)

    assert seduta.presenze.get().modo == "sala"
    assert [p.testo for p in seduta.passaggi.filter(da="chiusa")] == [
        "Alfa: da «assente» a «in sala». C'era."
    ]
    VerbaleFactory(
        seduta=seduta,
        stato="approvato",
        approvato_at=FINE,
        sha256="a" * 64,
        sha256_interno="b" * 64,
    )
    with pytest.raises(Rifiuto, match="rettifica"):
        presenze.correggi_presenza(Seduta.objects.get(), seggio, "assente", motivo="No.", **dati)


def test_a_draft_goes_with_its_meeting_and_a_called_one_stays(bozza, ufficio):
    documento = DocumentoTavoloFactory(percorso=bozza.incontro.percorso, seduta=bozza)
    with pytest.raises(Rifiuto, match="documenti"):
        sedute.elimina_bozza(bozza)
    documento.delete()
    sedute.elimina_bozza(bozza)
    assert (Seduta.objects.count(), Incontro.objects.count()) == (0, 0)

    chiamata = SedutaFactory()
    with pytest.raises(Rifiuto, match="annulla il suo incontro"):
        sedute.elimina_bozza(chiamata)
