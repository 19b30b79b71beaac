"""The doors of a proposal's life: every verb from every state, and what each leaves behind."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from proposte import services
from proposte.conteggi import riconta
from proposte.models import (
    EsitoPreparato,
    Passaggio,
    Proposta,
    Riconteggio,
    Risposta,
    Seguito,
    Sostegno,
)
from proposte.services import Parte, Rifiuto, Superata
from tests.factories import (
    BisognoFactory,
    FaseFactory,
    PartecipanteFactory,
    PropostaFactory,
    SeguitoFactory,
    SostegnoFactory,
    TemaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
Evento = Passaggio.Evento


@pytest.fixture
def adesso():
    return timezone.now()


@pytest.fixture
def autrice():
    return UserFactory(ufficio=True)


def nello_stato(stato, **campi):
    """A proposal in this state, with the step that brought it there."""
    if stato == Stato.BOZZA:
        return PropostaFactory(bozza=True, **campi)
    if stato == Stato.INVIATA:
        return PropostaFactory(inviata=True, **campi)
    if stato == Stato.INTEGRATA:
        campi["integrata_in"] = PropostaFactory()
    proposta = PropostaFactory(stato=stato, **campi)
    Passaggio.objects.create(
        proposta=proposta,
        da=Stato.PUBBLICATA,
        a=stato,
        testo="com'è andata",
        created_at=timezone.now() - timedelta(days=1),
    )
    return proposta


# --- Which verb from which state -------------------------------------------------------------

VERBI = {
    "pubblica": lambda p, chi, adesso: services.pubblica(p, chi, adesso=adesso),
    "nascondi": lambda p, chi, adesso: services.nascondi(p, chi, "altro", "x", adesso=adesso),
    "ritira": lambda p, chi, adesso: services.ritira(p, adesso=adesso),
    "valuta": lambda p, chi, adesso: services.metti_in_valutazione(
        p, chi, testo="riapre", adesso=adesso
    ),
    "rimanda": lambda p, chi, adesso: services.rimanda(p, chi, "manca un dato", adesso=adesso),
    "accogli": lambda p, chi, adesso: services.accogli(p, chi, adesso=adesso),
    "modifiche": lambda p, chi, adesso: services.accogli_con_modifiche(
        p, chi, "in parte", adesso=adesso
    ),
    "rifiuta": lambda p, chi, adesso: services.non_accogliere(p, chi, "no", adesso=adesso),
    "separa": lambda p, chi, adesso: services.separa(p, chi, "erano due", adesso=adesso),
    "integra": lambda p, chi, adesso: services.integra(
        p, PropostaFactory(), chi, "uguali", adesso=adesso
    ),
}
# What each verb makes of each state; a state that is not there refuses.
ESITI = {
    "pubblica": {Stato.INVIATA: Stato.PUBBLICATA, Stato.NASCOSTA: Stato.PUBBLICATA},
    "nascondi": dict.fromkeys(
        (Stato.INVIATA, Stato.PUBBLICATA, Stato.IN_VALUTAZIONE, *Proposta.ESITI), Stato.NASCOSTA
    ),
    "ritira": dict.fromkeys(
        (Stato.INVIATA, Stato.PUBBLICATA, Stato.IN_VALUTAZIONE, Stato.RITIRATA), Stato.RITIRATA
    ),
    "valuta": dict.fromkeys((Stato.PUBBLICATA, *Proposta.ESITI), Stato.IN_VALUTAZIONE),
    "rimanda": {Stato.IN_VALUTAZIONE: Stato.PUBBLICATA},
    "accogli": {Stato.IN_VALUTAZIONE: Stato.ACCOLTA},
    "modifiche": {Stato.IN_VALUTAZIONE: Stato.ACCOLTA_CON_MODIFICHE},
    "rifiuta": {Stato.IN_VALUTAZIONE: Stato.NON_ACCOLTA},
    "separa": {Stato.INTEGRATA: Stato.PUBBLICATA},
    "integra": dict.fromkeys((Stato.PUBBLICATA, Stato.IN_VALUTAZIONE), Stato.INTEGRATA),
}


@pytest.mark.parametrize("stato", Stato)
@pytest.mark.parametrize("verbo", VERBI)
def test_each_verb_moves_only_from_its_states_and_leaves_one_step(verbo, stato, autrice, adesso):
    proposta = nello_stato(stato)
    prima = proposta.passaggi.count()

    if (atteso := ESITI[verbo].get(stato)) is None:
        with pytest.raises(Rifiuto), transaction.atomic():
            VERBI[verbo](proposta, autrice, adesso)
        atteso, passi = stato, 0
    else:
        VERBI[verbo](proposta, autrice, adesso)
        passi = 0 if atteso == stato else 1

    proposta.refresh_from_db()
    assert (proposta.stato, proposta.passaggi.count() - prima) == (atteso, passi)
    if passi:
        ultimo = proposta.passaggi.last()
        assert (ultimo.da, ultimo.a, ultimo.created_at) == (stato, atteso, adesso)


def test_of_two_officers_who_move_the_same_proposal_one_wins_and_the_other_is_told(
    autrice, adesso
):
    mia = nello_stato(Stato.IN_VALUTAZIONE)
    tua = Proposta.objects.get(pk=mia.pk)

    services.accogli(mia, autrice, adesso=adesso)
    with pytest.raises(Rifiuto) as rifiuto:
        services.non_accogliere(tua, autrice, "no", adesso=adesso)

    assert str(rifiuto.value) == "La proposta è «accolta»: non può diventare «non accolta»."
    tua.refresh_from_db()
    assert (tua.stato, tua.passaggi.filter(da=Stato.IN_VALUTAZIONE).count()) == (Stato.ACCOLTA, 1)


# --- Reasons ---------------------------------------------------------------------------------


@pytest.mark.parametrize("esito", [Stato.NON_ACCOLTA, Stato.ACCOLTA_CON_MODIFICHE])
@pytest.mark.parametrize("motivazione", ["", "  \n"])
def test_an_outcome_that_is_not_a_plain_yes_needs_its_reason(esito, motivazione, autrice, adesso):
    proposta = nello_stato(Stato.IN_VALUTAZIONE)

    for verbo in (services.decidi, services.prepara_esito):
        with pytest.raises(Rifiuto, match="Scrivi la motivazione"):
            verbo(proposta, esito, motivazione, autrice, adesso=adesso)

    proposta.refresh_from_db()
    assert (proposta.stato, EsitoPreparato.objects.count()) == (Stato.IN_VALUTAZIONE, 0)


def test_the_database_itself_refuses_a_no_without_a_reason(adesso):
    proposta = nello_stato(Stato.IN_VALUTAZIONE)
    no = {"proposta": proposta, "autore": None}

    for crea in (
        lambda: Passaggio.objects.create(
            da=proposta.stato, a="non_accolta", created_at=adesso, **no
        ),
        lambda: Risposta.objects.create(numero=1, esito="non_accolta", pubblicata_at=adesso, **no),
        lambda: EsitoPreparato.objects.create(esito="non_accolta", **no),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            crea()


@pytest.mark.parametrize(("motivo", "testo"), [("", "perché sì"), ("altro", "  ")])
def test_nobody_hides_without_a_reason_from_the_list_and_its_words(motivo, testo, autrice, adesso):
    proposta = PropostaFactory()

    with pytest.raises(Rifiuto, match="Scegli il motivo"):
        services.nascondi(proposta, autrice, motivo, testo, adesso=adesso)

    proposta.refresh_from_db()
    assert proposta.stato == Stato.PUBBLICATA


def test_reopening_a_decision_needs_a_reason(autrice, adesso):
    proposta = nello_stato(Stato.ACCOLTA)

    with pytest.raises(Rifiuto, match="si riapre"):
        services.metti_in_valutazione(proposta, autrice, adesso=adesso)


# --- Writing and sending ---------------------------------------------------------------------


def test_a_draft_that_is_sent_waits_for_the_moderators(adesso):
    bozza = PropostaFactory(bozza=True, titolo="Più alberi in via Roma")
    FaseFactory(percorso=bozza.percorso, apre_proposte=True)

    inviata = services.invia(bozza, adesso=adesso)

    inviata.refresh_from_db()
    assert (inviata.stato, inviata.inviata_at) == (Stato.INVIATA, adesso)
    assert inviata.slug == f"piu-alberi-in-via-roma-{inviata.pk}"
    passo = inviata.passaggi.get()
    assert (passo.da, passo.a, passo.autore) == (Stato.BOZZA, Stato.INVIATA, None)


def test_sending_twice_sends_once(adesso):
    bozza = PropostaFactory(bozza=True)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True)

    services.invia(bozza, adesso=adesso)
    services.invia(bozza, adesso=adesso + timedelta(seconds=1))

    bozza.refresh_from_db()
    assert (bozza.inviata_at, bozza.passaggi.count()) == (adesso, 1)


def test_where_the_stage_moderates_afterwards_everybody_reads_it_at_once(adesso):
    bozza = PropostaFactory(bozza=True)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True, moderazione="dopo")

    services.invia(bozza, adesso=adesso)

    bozza.refresh_from_db()
    assert (bozza.stato, bozza.pubblicata_at) == (Stato.PUBBLICATA, adesso)
    assert [passo.a for passo in bozza.passaggi.all()] == [Stato.INVIATA, Stato.PUBBLICATA]


@pytest.mark.parametrize(
    ("campi", "manca"),
    [
        ({"titolo": " "}, "Manca il titolo."),
        ({"che_cosa": ""}, "Scrivi che cosa proponi."),
        ({"laboratorio": None}, "Scegli un laboratorio, oppure tutta la città."),
        ({"proponente": None, "nome_mostrato": ""}, "Conferma il tuo indirizzo e-mail."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_sent(campi, manca, adesso):
    bozza = PropostaFactory(bozza=True, **campi)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True)

    with pytest.raises(Rifiuto) as rifiuto:
        services.invia(bozza, adesso=adesso)

    bozza.refresh_from_db()
    assert (str(rifiuto.value), bozza.stato) == (manca, Stato.BOZZA)


def test_a_closed_stage_says_when_it_opens_and_only_the_office_passes(autrice, adesso):
    bozza = PropostaFactory(bozza=True)
    apre = timezone.localdate() + timedelta(days=20)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True, inizio=apre)

    with pytest.raises(Rifiuto, match=r"proposte\. Si riapre il "):
        services.invia(bozza, adesso=adesso)
    services.invia(bozza, autore=autrice, adesso=adesso)

    bozza.refresh_from_db()
    assert bozza.stato == Stato.INVIATA


@pytest.mark.parametrize("cosa", ["proposte", "sostegni", "commenti"])
def test_why_something_is_closed(cosa, adesso):
    percorso = PropostaFactory().percorso

    senza_fasi = services.perche_chiuso(percorso, cosa, adesso)
    FaseFactory(percorso=percorso, **{f"apre_{cosa}": True})
    percorso.refresh_from_db()
    aperta = services.perche_chiuso(percorso, cosa, adesso)
    percorso.stato = "concluso"
    concluso = services.perche_chiuso(percorso, cosa, adesso)

    assert senza_fasi.startswith("In questa fase del percorso non si")
    assert aperta == ""
    assert concluso == "Il percorso è concluso: le proposte restano qui da leggere."


def test_a_draft_saved_from_two_devices_keeps_the_newer_and_tells_the_older():
    bozza = PropostaFactory(bozza=True)
    altrove = Proposta.objects.get(pk=bozza.pk)
    temi = [TemaFactory()]

    nuova = services.salva_bozza(bozza, {"titolo": "Dal telefono"}, versione=1, temi=temi)
    with pytest.raises(Superata):
        services.salva_bozza(altrove, {"titolo": "Dal computer"}, versione=1, temi=[])

    bozza.refresh_from_db()
    assert (nuova, bozza.titolo, list(bozza.temi.all())) == (2, "Dal telefono", temi)


def test_what_was_sent_is_no_draft_any_more():
    inviata = PropostaFactory(inviata=True, titolo="Com'era")

    with pytest.raises(Rifiuto, match="già stata inviata"):
        services.salva_bozza(inviata, {"titolo": "Altro"}, versione=1)

    inviata.refresh_from_db()
    assert inviata.titolo == "Com'era"


def test_a_draft_of_nobody_becomes_hers_and_stays_so():
    bozza = PropostaFactory(bozza=True, proponente=None, nome_mostrato="")
    lei, altra = PartecipanteFactory(), PartecipanteFactory()

    services.affida(bozza, lei)
    with pytest.raises(Rifiuto, match="di un'altra persona"):
        services.affida(bozza, altra)

    bozza.refresh_from_db()
    assert bozza.proponente == lei


# --- Editing ---------------------------------------------------------------------------------


def test_an_edit_of_a_published_proposal_keeps_both_texts(adesso):
    proposta = PropostaFactory(titolo="Prima", per_chi="Tutti")

    services.modifica(
        proposta, {"titolo": "Dopo", "per_chi": "Tutti"}, versione=1, nota="Titolo", adesso=adesso
    )

    proposta.refresh_from_db()
    assert (proposta.titolo, proposta.versione) == ("Dopo", 2)
    assert list(proposta.versioni.values_list("numero", "titolo", "nota")) == [
        (1, "Prima", ""),
        (2, "Dopo", "Titolo"),
    ]
    assert "dop" in proposta.indice_titolo
    assert proposta.passaggi.get().evento == Evento.MODIFICA


def test_an_edit_that_changes_nothing_leaves_nothing(adesso):
    proposta = PropostaFactory(titolo="Uguale")

    services.modifica(proposta, {"titolo": "Uguale"}, versione=1, adesso=adesso)

    proposta.refresh_from_db()
    assert (proposta.versione, proposta.versioni.count(), proposta.passaggi.count()) == (1, 0, 0)


def test_who_edits_an_older_text_is_told_and_overwrites_nothing(adesso):
    proposta = PropostaFactory()
    services.modifica(proposta, {"titolo": "Della collega"}, versione=1, adesso=adesso)

    with pytest.raises(Superata):
        services.modifica(proposta, {"titolo": "Mio"}, versione=1, adesso=adesso)

    proposta.refresh_from_db()
    assert proposta.titolo == "Della collega"


@pytest.mark.parametrize(
    ("stato", "lei", "ufficio"),
    [
        (Stato.INVIATA, True, True),
        (Stato.PUBBLICATA, True, True),
        (Stato.IN_VALUTAZIONE, False, True),
        (Stato.ACCOLTA, False, True),
        (Stato.NON_ACCOLTA, False, True),
        (Stato.NASCOSTA, False, True),
        (Stato.INTEGRATA, False, False),
        (Stato.RITIRATA, False, False),
        (Stato.BOZZA, False, False),
    ],
)
def test_the_proponent_edits_until_the_evaluation_and_the_office_also_after(
    stato, lei, ufficio, autrice, adesso
):
    def riesce(autore):
        proposta = nello_stato(stato)
        try:
            services.modifica(
                proposta, {"titolo": "Nuovo"}, versione=1, autore=autore, adesso=adesso
            )
        except Rifiuto:
            return False
        return True

    assert (riesce(None), riesce(autrice)) == (lei, ufficio)


# --- Moderation and appeal -------------------------------------------------------------------


def test_a_hidden_proposal_that_is_readmitted_goes_back_to_where_it_was(autrice, adesso):
    proposta = nello_stato(Stato.IN_VALUTAZIONE)
    services.nascondi(proposta, autrice, "dati_personali", "C'è un cognome.", adesso=adesso)

    services.chiedi_riesame(proposta, "Il cognome è della via.", adesso=adesso)
    services.chiedi_riesame(proposta, "Il cognome è della via.", adesso=adesso)
    services.pubblica(proposta, autrice, adesso=adesso)

    proposta.refresh_from_db()
    assert proposta.stato == Stato.IN_VALUTAZIONE
    assert proposta.passaggi.filter(evento=Evento.RIESAME).count() == 1


def test_a_proposal_hidden_before_it_was_published_gets_its_date_when_it_is(autrice, adesso):
    proposta = PropostaFactory(inviata=True)
    services.nascondi(proposta, autrice, "altro", "Da chiarire.", adesso=adesso)

    services.pubblica(proposta, autrice, adesso=adesso)

    proposta.refresh_from_db()
    assert (proposta.stato, proposta.pubblicata_at) == (Stato.PUBBLICATA, adesso)


@pytest.mark.parametrize("stato", sorted(set(Stato) - {Stato.NASCOSTA}))
def test_only_a_hidden_proposal_can_be_looked_at_again(stato, adesso):
    with pytest.raises(Rifiuto, match="non è nascosta"):
        services.chiedi_riesame(nello_stato(stato), "Perché?", adesso=adesso)


# --- Outcomes together, answers --------------------------------------------------------------


def test_prepared_outcomes_are_published_all_or_none(autrice, adesso):
    prime = [nello_stato(Stato.IN_VALUTAZIONE) for _ in range(2)]
    preparati = [
        services.prepara_esito(prima, Stato.ACCOLTA, "", autrice, adesso=adesso) for prima in prime
    ]
    services.prepara_esito(prime[0], Stato.NON_ACCOLTA, "Costa troppo.", autrice, adesso=adesso)
    preparati[0].refresh_from_db()
    # A colleague takes one back meanwhile.
    services.rimanda(prime[1], autrice, "Manca un dato.", adesso=adesso)

    with pytest.raises(Rifiuto):
        services.pubblica_esiti(preparati, autrice, adesso=adesso)
    prime[0].refresh_from_db()
    assert prime[0].stato == Stato.IN_VALUTAZIONE

    services.metti_in_valutazione(prime[1], autrice, adesso=adesso)
    assert services.pubblica_esiti(preparati, autrice, adesso=adesso) == 2
    assert [Proposta.objects.get(pk=p.pk).stato for p in prime] == [
        Stato.NON_ACCOLTA,
        Stato.ACCOLTA,
    ]
    assert EsitoPreparato.objects.count() == 0


def test_a_corrected_answer_says_what_it_corrects_and_keeps_the_first(autrice, adesso):
    proposta = nello_stato(Stato.ACCOLTA)
    risposta = {"esito": Stato.ACCOLTA, "autore": autrice, "adesso": adesso}
    services.rispondi(proposta, testo="Entro marzo.", **risposta)

    with pytest.raises(Superata):
        services.rispondi(proposta, testo="Entro aprile.", versione=0, **risposta)
    with pytest.raises(Rifiuto, match="che cosa si corregge"):
        services.rispondi(proposta, testo="Entro aprile.", versione=1, **risposta)
    services.rispondi(
        proposta, testo="Entro aprile.", versione=1, correzione="La data", **risposta
    )

    assert list(proposta.risposte.values_list("numero", "testo", "correzione")) == [
        (2, "Entro aprile.", "La data"),
        (1, "Entro marzo.", ""),
    ]


# --- Merging and splitting -------------------------------------------------------------------


def sostenitori(proposta):
    return set(Sostegno.objects.filter(proposta=proposta).values_list("partecipante", flat=True))


def test_merging_moves_supports_and_followers_without_counting_anybody_twice(autrice, adesso):
    a, b = PropostaFactory(), PropostaFactory()
    bisogno = BisognoFactory()
    a.bisogni.add(bisogno)
    doppia, sola = PartecipanteFactory(), PartecipanteFactory()
    for proposta, chi in ((a, doppia), (b, doppia), (a, sola)):
        SostegnoFactory(proposta=proposta, partecipante=chi)
        SeguitoFactory(proposta=proposta, partecipante=chi)

    services.integra(a, b, autrice, "Chiedono la stessa cosa.", adesso=adesso)
    riconta(adesso)

    a.refresh_from_db()
    b.refresh_from_db()
    assert (a.stato, a.integrata_in, b.n_sostegni, a.n_sostegni) == (Stato.INTEGRATA, b, 2, 2)
    assert sostenitori(b) == {doppia.pk, sola.pk}
    assert Seguito.objects.filter(proposta=b).count() == 2
    assert list(b.bisogni.all()) == [bisogno]
    assert b.passaggi.get().evento == Evento.INTEGRAZIONE


def test_undoing_a_merge_takes_back_only_what_came_with_it(autrice, adesso):
    a, b, c = PropostaFactory(), PropostaFactory(), PropostaFactory()
    doppia, sola, comune = PartecipanteFactory.create_batch(3)
    for proposta, chi in ((a, doppia), (b, doppia), (a, sola), (a, comune), (c, comune)):
        SostegnoFactory(proposta=proposta, partecipante=chi)
    services.integra(a, b, autrice, "Uguali.", adesso=adesso)
    services.integra(c, b, autrice, "Uguali.", adesso=adesso)
    assert sostenitori(b) == {doppia.pk, sola.pk, comune.pk}

    services.separa(a, autrice, "Erano due cose.", adesso=adesso)
    riconta(adesso)

    a.refresh_from_db()
    b.refresh_from_db()
    assert (a.stato, a.integrata_in, a.n_sostegni) == (Stato.PUBBLICATA, None, 3)
    # She who had come with both merged proposals still counts, for the other one.
    assert (sostenitori(b), b.n_sostegni) == ({doppia.pk, comune.pk}, 2)


def test_what_had_been_merged_into_a_merged_proposal_goes_along(autrice, adesso):
    a, b, c = PropostaFactory(), PropostaFactory(), PropostaFactory()
    sostegno = SostegnoFactory(proposta=a)
    services.integra(a, b, autrice, "Uguali.", adesso=adesso)

    services.integra(b, c, autrice, "Uguali.", adesso=adesso)

    a.refresh_from_db()
    assert a.integrata_in == c
    assert sostenitori(c) == {sostegno.partecipante_id}


@pytest.mark.parametrize("stato", sorted(set(Stato) - set(Proposta.SOSTENIBILI)))
def test_nothing_is_merged_into_a_proposal_that_is_not_open(stato, autrice, adesso):
    proposta = PropostaFactory()

    with pytest.raises(Rifiuto), transaction.atomic():
        services.integra(proposta, nello_stato(stato), autrice, "Uguali.", adesso=adesso)

    proposta.refresh_from_db()
    assert proposta.stato == Stato.PUBBLICATA


def test_a_proposal_is_not_merged_into_itself(autrice, adesso):
    proposta = PropostaFactory()
    with pytest.raises(Rifiuto, match="in sé stessa"):
        services.integra(proposta, proposta, autrice, "Uguali.", adesso=adesso)


def test_the_parts_of_a_split_proposal_stand_alone_and_say_where_they_come_from(autrice, adesso):
    proposta = PropostaFactory()
    seguace = SeguitoFactory(proposta=proposta).partecipante
    SostegnoFactory(proposta=proposta)
    parti = [Parte("Farmaci a casa", "Una consegna alla settimana.")]

    (nuova,) = services.dividi(proposta, parti, autrice, "Sono due cose.", adesso=adesso)
    with pytest.raises(Rifiuto, match="C'è già una parte con il titolo «Farmaci a casa»"):
        services.dividi(proposta, parti, autrice, "Sono due cose.", adesso=adesso)

    nuova.refresh_from_db()
    assert (nuova.stato, nuova.divisa_da, nuova.proponente) == (
        Stato.PUBBLICATA,
        proposta,
        proposta.proponente,
    )
    assert (sostenitori(nuova), list(nuova.seguaci.values_list("partecipante", flat=True))) == (
        set(),
        [seguace.pk],
    )
    assert proposta.passaggi.get().altra == nuova


# --- Counting --------------------------------------------------------------------------------


def test_counting_reads_the_rows_and_empties_the_list_of_what_to_count(adesso):
    contata, ferma = PropostaFactory(), PropostaFactory(n_sostegni=7)
    SostegnoFactory.create_batch(3, proposta=contata)
    Riconteggio.objects.create(proposta=contata)
    Riconteggio.objects.create(proposta=contata)

    assert riconta(adesso) == 1

    contata.refresh_from_db()
    ferma.refresh_from_db()
    assert (contata.n_sostegni, ferma.n_sostegni, Riconteggio.objects.count()) == (3, 7, 0)
