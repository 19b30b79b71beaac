"""The nightly purge: every rule of every app, what it takes and what it leaves."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import conservazione, tasks
from accounts.finalita import finalita
from accounts.models import Conferma, Consenso, Partecipante, Pulizia, User
from comunicazioni.models import Destinatario
from eventi.models import Accoglienza, Iscrizione, Necessita
from laboratori.models import Disponibilita
from posta.models import Battito, Messaggio
from proposte.models import Allegato, Proposta, Segnalazione, Verbalizzante
from tavolo.models import (
    AccessoDocumento,
    Componente,
    Giustificazione,
    Posizione,
    RichiestaAdesione,
)
from tests.factories import (
    AccoglienzaFactory,
    ComponenteFactory,
    ComunicazioneFactory,
    DisponibilitaFactory,
    EsameFactory,
    IncontroFactory,
    IscrizioneFactory,
    MessaggioFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    RichiestaAdesioneFactory,
    SedutaFactory,
    SeguitoFactory,
    UserFactory,
    VerbalizzanteFactory,
)

pytestmark = pytest.mark.django_db

ADESSO = datetime(2027, 3, 1, 2, 45, tzinfo=UTC)
NOME, INDIRIZZO = "Ottavia Sparita", "ottavia.sparita@example.org"


def fa(giorni):
    return ADESSO - timedelta(days=giorni)


def invecchia(riga, **campi):
    """``auto_now`` fields are written behind the model's back."""
    type(riga)._base_manager.filter(pk=riga.pk).update(**campi)
    riga.refresh_from_db()
    return riga


def incontro(giorni, **campi):
    return IncontroFactory(inizio=fa(giorni), fine=fa(giorni) + timedelta(hours=2), **campi)


# Each makes one row that is so many days old and holds somebody's data; its period is in SETTINGS.


def una_iscrizione(giorni):
    riga = IscrizioneFactory(incontro=incontro(giorni), nome=NOME, email=INDIRIZZO)
    return riga, lambda: Iscrizione.objects.filter(pk=riga.pk)


def una_necessita(giorni):
    riga = IscrizioneFactory(incontro=incontro(giorni), nome=NOME)
    mia = Necessita.objects.create(iscrizione=riga, testo="una sedia")
    return mia, lambda: Necessita.objects.filter(pk=mia.pk)


def una_mai_confermata(giorni):
    riga = IscrizioneFactory(
        stato="scaduta", posti=0, nome=NOME, verificata_at=None, confermata_at=None
    )
    invecchia(riga, created_at=fa(giorni))
    return riga, lambda: Iscrizione.objects.filter(pk=riga.pk)


def una_accoglienza(giorni):
    riga = AccoglienzaFactory(incontro=incontro(giorni), nome=NOME)
    return riga, lambda: Accoglienza.objects.filter(pk=riga.pk)


def una_offerta(giorni):
    riga = DisponibilitaFactory(nome=NOME, stato="chiusa", chiusa_at=fa(giorni))
    return riga, lambda: Disponibilita.objects.filter(pk=riga.pk)


def una_bozza(giorni):
    riga = PropostaFactory(bozza=True)
    SeguitoFactory(partecipante=riga.proponente)
    invecchia(riga, updated_at=fa(giorni))
    Allegato.objects.create(proposta=riga, titolo="x", file="proposte/x.pdf", genere="pdf")
    return riga, lambda: Proposta.objects.filter(pk=riga.pk)


def un_verbalizzante(giorni):
    riga = VerbalizzanteFactory(incontro=incontro(giorni), nome=NOME)
    return riga, lambda: Verbalizzante.objects.filter(pk=riga.pk)


def una_segnalazione(giorni):
    chi = PartecipanteFactory()
    SeguitoFactory(partecipante=chi)
    riga = Segnalazione.objects.create(
        proposta=PropostaFactory(),
        partecipante=chi,
        motivo="altro",
        testo=f"Lo scrive {NOME}",
        chiave=f"s{chi.pk}",
        esito="respinta",
        chiusa_at=fa(giorni),
        created_at=fa(giorni),
    )
    return riga, lambda: Segnalazione.objects.filter(pk=riga.pk, partecipante=chi)


def una_adesione(giorni):
    riga = RichiestaAdesioneFactory(stato="respinta", risposta="No.", risposta_at=fa(giorni))
    return riga, lambda: RichiestaAdesione.objects.filter(pk=riga.pk)


def una_adesione_accolta(giorni):
    riga = RichiestaAdesioneFactory(
        percorso__stato="concluso", stato="accolta", risposta_at=fa(giorni)
    )
    return riga, lambda: RichiestaAdesione.objects.filter(pk=riga.pk, contatto="Carla Riservata")


def un_invito(giorni):
    riga = ComponenteFactory(al=fa(giorni).date())
    return riga, lambda: Componente.objects.from_token(riga.token)


def una_giustificazione(giorni):
    seduta = SedutaFactory(incontro__inizio=fa(giorni), incontro__fine=fa(giorni - 0.1))
    riga = Giustificazione.objects.create(
        seduta=seduta,
        componente=ComponenteFactory(),
        inizio=seduta.incontro.inizio,
        created_at=fa(giorni),
    )
    return riga, lambda: Giustificazione.objects.filter(pk=riga.pk)


def un_accesso(giorni):
    riga = AccessoDocumento.objects.create(
        percorso=PercorsoFactory(), oggetto="dossier", created_at=fa(giorni)
    )
    return riga, lambda: AccessoDocumento.objects.filter(pk=riga.pk)


def una_bozza_di_posizione(giorni):
    esame = EsameFactory(chiuso_at=fa(giorni))
    riga = Posizione.objects.create(
        esame=esame, seggio=ComponenteFactory().seggio, bozza_motivazione="Non so."
    )
    return riga, lambda: Posizione.objects.filter(pk=riga.pk, bozza_motivazione="Non so.")


def un_partecipante(giorni):
    riga = PartecipanteFactory(nome=NOME)
    invecchia(riga, created_at=fa(giorni))
    return riga, lambda: Partecipante.objects.filter(pk=riga.pk)


def _conferma(scade, fatta):
    riga = Conferma.objects.create(
        azione="sostegno", email=INDIRIZZO, created_at=scade, scade_at=scade, fatta_at=fatta
    )
    return riga, lambda: Conferma.objects.filter(pk=riga.pk)


def una_conferma(giorni):
    return _conferma(fa(giorni), fa(giorni))


def una_conferma_scaduta(giorni):
    return _conferma(fa(giorni), None)


def un_account(giorni):
    riga = UserFactory(nome=NOME, date_joined=fa(giorni), verificata=False)
    return riga, lambda: User.objects.filter(pk=riga.pk)


def una_voce_di_registro(giorni):
    riga = LogEntry.objects.create(
        user=UserFactory(is_staff=True),
        content_type=ContentType.objects.get_for_model(User),
        object_repr=NOME,
        action_flag=CHANGE,
        action_time=fa(giorni),
    )
    return riga, lambda: LogEntry.objects.filter(pk=riga.pk)


def _consenso(**campi):
    riga = Consenso.objects.create(email=INDIRIZZO, testo="Sì", **campi)
    return riga, lambda: Consenso.objects.filter(pk=riga.pk)


def una_newsletter(giorni):
    return _consenso(
        scopo="newsletter", dato_at=fa(2000), valido_at=fa(2000), ritirato_at=fa(giorni)
    )


def una_foto(giorni):
    return _consenso(scopo="foto", dato_at=fa(2000), valido_at=fa(2000), ritirato_at=fa(giorni))


def un_consenso_in_attesa(giorni):
    return _consenso(scopo="newsletter", dato_at=fa(giorni))


def un_destinatario(giorni):
    comunicazione = invecchia(ComunicazioneFactory(stato="inviata"), updated_at=fa(giorni))
    riga = Destinatario.objects.create(comunicazione=comunicazione, email=INDIRIZZO, lingua="it")
    return riga, lambda: Destinatario.objects.filter(pk=riga.pk)


def _messaggio(giorni, genere):
    riga = MessaggioFactory(
        genere=genere,
        destinatario=INDIRIZZO,
        stato="fallito",
        dovuto_at=fa(giorni),
        ultimo_errore="550",
        parametri={"nome": NOME},
    )
    return riga, lambda: Messaggio.objects.filter(pk=riga.pk, destinatario=INDIRIZZO)


def una_mail(giorni):
    return _messaggio(giorni, "confermata")


def un_contatto(giorni):
    return _messaggio(giorni, "contatto")


REGOLE = {
    "iscrizioni": una_iscrizione,
    "necessita": una_necessita,
    "iscrizioni_non_confermate": una_mai_confermata,
    "accoglienza": una_accoglienza,
    "disponibilita": una_offerta,
    "bozze": una_bozza,
    "verbalizzanti": un_verbalizzante,
    "segnalazioni": una_segnalazione,
    "adesioni_respinte": una_adesione,
    "adesioni_accolte": una_adesione_accolta,
    "inviti": un_invito,
    "giustificazioni": una_giustificazione,
    "accessi": un_accesso,
    "bozze_posizioni": una_bozza_di_posizione,
    "partecipanti": un_partecipante,
    "conferme": una_conferma,
    "conferme_scadute": una_conferma_scaduta,
    "account_mai_confermati": un_account,
    "registro_ufficio": una_voce_di_registro,
    "newsletter": una_newsletter,
    "foto": una_foto,
    "consensi_mai_confermati": un_consenso_in_attesa,
    "comunicazioni": un_destinatario,
    "posta": una_mail,
    "contatti": un_contatto,
}


def test_every_rule_is_tried_here():
    assert sorted(conservazione.registro) == sorted(REGOLE)


def test_every_rule_is_of_a_purpose_that_people_are_told():
    for regola in conservazione.regole():
        assert finalita(regola.finalita).codice == regola.finalita


@pytest.mark.parametrize("codice", REGOLE)
def test_what_was_kept_long_enough_goes_and_what_was_not_stays(codice):
    regola = conservazione.registro[codice]
    giorni = (ADESSO - regola.limite(ADESSO)).days
    _vecchia, resta_vecchia = REGOLE[codice](giorni + 2)
    _giovane, resta_giovane = REGOLE[codice](giorni - 2)
    assert (resta_vecchia().count(), resta_giovane().count()) == (1, 1)

    esiti = {esito.regola.codice: esito for esito in conservazione.pulisci(ADESSO)}

    assert (resta_vecchia().count(), resta_giovane().count()) == (0, 1)
    assert esiti[codice].conteggi[codice] == 1


def fotografia():
    """Every row of every table."""
    return {
        modello._meta.label: list(modello._base_manager.order_by("pk").values())
        for modello in apps.get_models()
    }


@pytest.fixture
def tutto(db):
    """Of each rule one row that is too old, and one that is not."""
    for crea in REGOLE.values():
        crea(2000)
        crea(1)


def test_a_trial_changes_nothing_and_counts_what_the_next_run_takes(tutto, capsys):
    prima = fotografia()

    provate = {e.regola.codice: e.conteggi for e in conservazione.prova(ADESSO)}

    assert fotografia() == prima
    fatte = {e.regola.codice: e.conteggi for e in conservazione.pulisci(ADESSO)}
    assert provate == fatte
    # The old access need is of an old registration.
    assert {codice: conteggi[codice] for codice, conteggi in fatte.items()} == {
        **dict.fromkeys(REGOLE, 1),
        "iscrizioni": 2,
    }


def test_after_a_run_there_is_nothing_left_to_take(tutto):
    conservazione.pulisci(ADESSO)

    assert {e.conteggi[e.regola.codice] for e in conservazione.prova(ADESSO)} == {0}
    assert {e.conteggi[e.regola.codice] for e in conservazione.pulisci(ADESSO)} == {0}


def test_the_register_says_what_went_and_when_and_names_nobody(tutto):
    conservazione.pulisci(ADESSO)

    voci = {voce.regola: voce for voce in Pulizia.objects.all()}
    assert sorted(voci) == sorted(REGOLE)
    bozze = voci["bozze"]
    assert (bozze.finalita, bozze.giorno, bozze.limite, bozze.conteggi) == (
        "proposte",
        date(2027, 3, 1),
        fa(180),
        {"bozze": 1, "allegati": 1},
    )
    scritto = str(list(Pulizia.objects.values()))
    assert NOME not in scritto
    assert INDIRIZZO not in scritto


def test_a_night_with_nothing_to_do_leaves_no_line(db):
    conservazione.pulisci(ADESSO)

    assert not Pulizia.objects.exists()


def test_rows_go_in_batches_and_one_night_has_one_line(monkeypatch):
    monkeypatch.setattr(conservazione, "LOTTO", 2)
    for _ in range(5):
        una_offerta(400)

    conservazione.pulisci(ADESSO)

    assert not Disponibilita.objects.exists()
    voce = Pulizia.objects.get()
    assert voce.conteggi == {"disponibilita": 5, "passaggi": 0}


def test_a_batch_that_fails_half_way_is_undone_and_the_next_night_goes_on(monkeypatch, caplog):
    monkeypatch.setattr(conservazione, "LOTTO", 2)
    for _ in range(5):
        una_offerta(400)
    un_contatto(400)
    vera, volte = conservazione._scrivi, []

    def cade(regola, *altro):
        if regola.codice == "disponibilita":
            volte.append(1)
            if len(volte) == 2:
                raise RuntimeError("the machine stops")
        return vera(regola, *altro)

    monkeypatch.setattr(conservazione, "_scrivi", cade)
    with caplog.at_level(logging.ERROR):
        esiti = {e.regola.codice: e for e in conservazione.pulisci(ADESSO)}

    # Of the second batch nothing, neither rows nor register; the other purposes went on.
    assert Disponibilita.objects.count() == 3
    assert Pulizia.objects.get(regola="disponibilita").conteggi["disponibilita"] == 2
    assert (esiti["disponibilita"].finita, esiti["contatti"].finita) == (False, True)
    assert conservazione.ultima() is None
    assert "The purge of disponibilita failed" in caplog.text

    conservazione.pulisci(ADESSO)

    assert Disponibilita.objects.count() == 0
    assert Pulizia.objects.get(regola="disponibilita").conteggi["disponibilita"] == 5
    assert conservazione.ultima() == ADESSO


def test_what_somebody_came_back_to_while_it_was_about_to_go_stays(monkeypatch):
    offerta, _resta = una_offerta(400)
    regola = conservazione.registro["disponibilita"]

    def riaperta(righe, adesso):
        Disponibilita.objects.filter(pk=offerta.pk).update(stato="nuova", chiusa_at=None)

    monkeypatch.setitem(
        conservazione.registro,
        "disponibilita",
        conservazione.Regola(**{**regola.__dict__, "blocca": riaperta}),
    )
    conservazione.pulisci(ADESSO)

    assert Disponibilita.objects.filter(pk=offerta.pk, nome=NOME).exists()


def test_without_time_it_stops_between_two_batches_and_does_not_say_that_it_is_done():
    una_offerta(400)

    esiti = conservazione.pulisci(ADESSO, secondi=0)

    assert {esito.finita for esito in esiti} == {False}
    assert Disponibilita.objects.count() == 1
    assert conservazione.ultima() is None


def test_the_period_is_a_setting(settings):
    _offerta, resta = una_offerta(100)
    settings.CONSERVAZIONE = {**settings.CONSERVAZIONE, "disponibilita": 90}

    conservazione.pulisci(ADESSO)

    assert not resta().exists()


# --- What stays -----------------------------------------------------------------------------


def test_somebody_who_supports_or_follows_anything_is_kept():
    segue = SeguitoFactory().partecipante
    con_account = PartecipanteFactory(persona=UserFactory())
    for riga in (segue, con_account):
        invecchia(riga, created_at=fa(2000))

    conservazione.pulisci(ADESSO)

    assert Partecipante.objects.filter(pk__in=[segue.pk, con_account.pk]).count() == 2


def test_accounts_that_are_confirmed_used_or_of_who_works_here_are_kept():
    vecchi = {"date_joined": fa(2000)}
    confermato = UserFactory(**vecchi)
    usato = UserFactory(verificata=False, last_login=fa(1999), **vecchi)
    ufficio = UserFactory(verificata=False, is_staff=True, **vecchi)
    facilitatrice = UserFactory(verificata=False, **vecchi)
    facilitatrice.groups.add(Group.objects.get(name="facilitatori"))

    conservazione.pulisci(ADESSO)

    tenuti = {confermato.pk, usato.pk, ufficio.pk, facilitatrice.pk}
    assert set(User.objects.filter(pk__in=tenuti).values_list("pk", flat=True)) == tenuti
    assert EmailAddress.objects.count() == 4


def test_a_mail_keeps_its_key_so_that_it_never_leaves_again():
    mail, _resta = una_mail(400)

    conservazione.pulisci(ADESSO)

    mail.refresh_from_db()
    assert (mail.destinatario, mail.parametri, mail.ultimo_errore) == ("", {}, "")
    assert mail.stato == "scaduto"
    assert Messaggio.objects.filter(chiave=mail.chiave).count() == 1


def test_a_mail_that_is_still_owed_keeps_its_recipient():
    riga = MessaggioFactory(destinatario=INDIRIZZO, dovuto_at=fa(2000))

    conservazione.pulisci(ADESSO)

    riga.refresh_from_db()
    assert riga.destinatario == INDIRIZZO


def test_a_draft_of_the_office_stays_in_its_list():
    riga = PropostaFactory(bozza=True, registrato_da=UserFactory(ufficio=True))
    invecchia(riga, updated_at=fa(2000))

    conservazione.pulisci(ADESSO)

    assert Proposta.objects.filter(pk=riga.pk).exists()


# --- When -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ultima", "adesso", "dovuta"),
    [
        (None, (2027, 3, 1, 12, 0), True),
        # Half past three in Rome is 2:30 UTC in winter.
        ((2027, 3, 1, 2, 31), (2027, 3, 1, 23, 0), False),
        ((2027, 3, 1, 2, 31), (2027, 3, 2, 2, 29), False),
        ((2027, 3, 1, 2, 31), (2027, 3, 2, 2, 30), True),
        # In summer it is 1:30.
        ((2027, 7, 1, 1, 31), (2027, 7, 2, 1, 29), False),
        ((2027, 7, 1, 1, 31), (2027, 7, 2, 1, 30), True),
        # A machine that was off at night does it in the morning.
        ((2027, 3, 1, 2, 31), (2027, 3, 3, 9, 0), True),
    ],
)
def test_it_is_due_once_a_night_by_the_clock_of_rome(ultima, adesso, dovuta):
    if ultima:
        Battito.objects.create(nome="conservazione", visto_at=datetime(*ultima, tzinfo=UTC))

    assert conservazione.dovuta(datetime(*adesso, tzinfo=UTC)) is dovuta


def test_the_task_does_it_once_a_night(time_machine):
    time_machine.move_to(ADESSO, tick=False)
    una_offerta(400)
    tasks.conserva()
    assert not Disponibilita.objects.exists()

    una_offerta(400)
    tasks.conserva()
    assert Disponibilita.objects.count() == 1
    time_machine.move_to(ADESSO + timedelta(days=1), tick=False)
    tasks.conserva()

    assert not Disponibilita.objects.exists()


# --- The command ----------------------------------------------------------------------------


def comando(capsys, *args):
    call_command("conserva", *args)
    return capsys.readouterr().out


def test_the_trial_prints_what_would_go_by_purpose(capsys, time_machine):
    time_machine.move_to(ADESSO, tick=False)
    una_bozza(400)
    una_offerta(400)
    prima = fotografia()

    righe = comando(capsys, "--prova").splitlines()

    assert righe[0].split() == ["finalità", "che", "cosa", "fino", "al", "da", "togliere"]
    bozze = next(riga for riga in righe if "bozze di proposte" in riga)
    assert " ".join(bozze.split()) == (
        "proposte bozze di proposte abbandonate, con gli allegati 02/09/2026 1 (allegati 1)"
    )
    assert righe[-1] == "Prova: 2 righe da togliere, nessuna tolta."
    assert fotografia() == prima


def test_one_purpose_alone(capsys):
    una_bozza(2000)
    una_offerta(2000)

    uscita = comando(capsys, "--finalita", "disponibilita")

    assert uscita.splitlines()[-1] == "Tolte: 1."
    assert (Disponibilita.objects.count(), Proposta.objects.count()) == (0, 2)
    # A part is no round.
    assert conservazione.ultima() is None


def test_a_trial_can_look_ahead(capsys):
    riga = DisponibilitaFactory(stato="chiusa", chiusa_at=timezone.now())
    tra_due_anni = f"{timezone.now() + timedelta(days=730):%Y-%m-%d}"

    adesso = comando(capsys, "--prova", "--finalita", "disponibilita")
    poi = comando(capsys, "--prova", "--finalita", "disponibilita", "--adesso", tra_due_anni)

    assert adesso.splitlines()[-1] == "Prova: 0 righe da togliere, nessuna tolta."
    assert poi.splitlines()[-1] == "Prova: 1 righe da togliere, nessuna tolta."
    assert Disponibilita.objects.filter(pk=riga.pk).exists()


@pytest.mark.parametrize(
    ("args", "perche"),
    [
        (["--adesso", "2040-01-01"], "--adesso is for a trial"),
        (["--prova", "--adesso", "domani"], "«domani» is no day"),
        (["--prova", "--adesso", "2027-02-31"], "«2027-02-31» is no day"),
        (["--finalita", "altro"], "Nothing is purged for «altro»"),
    ],
)
def test_a_mistake_in_the_command_is_told_and_nothing_goes(args, perche):
    una_offerta(400)

    with pytest.raises(CommandError, match=perche):
        call_command("conserva", *args)

    assert Disponibilita.objects.count() == 1
