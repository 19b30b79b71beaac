"""Every door of the office leaves a line with its author, and tells the second of two officers.

The addresses of the admin are walked, not listed: a new one that nobody thought about makes this
fail (see ``tests/porte.py``).
"""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Cancellazione, Partecipante, Scarico
from eventi.models import Accoglienza, Incontro, Iscrizione
from proposte.models import EsitoPreparato, Proposta
from tavolo.models import Esame
from tests import porte
from tests.factories import (
    BisognoFactory,
    ComunicazioneFactory,
    IncontroFactory,
    IscrizioneFactory,
    PartecipanteFactory,
    PropostaFactory,
    VerbalizzanteFactory,
)
from tests.moduli import modulo
from tests.ruoli import entra

# The database is there for who asks for it.
pytestmark = [pytest.mark.django_db, pytest.mark.aspetto]


# --- The map of the doors -------------------------------------------------------------------


def test_every_address_of_the_admin_is_walked_or_says_why_not():
    tutte = {*porte.proprie()}
    dette = {*porte.SOLA_LETTURA} | {*porte.ALTROVE} | porte.PARTICOLARI
    assert dette - tutte == set()
    # What is a form of one row is walked by itself: the rest has to be named.
    argomenti = dict(porte.rotte())
    assert {nome for nome in tutte - dette if argomenti[nome] != ["pk"]} == set()


# --- The walk -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cammino(django_db_setup, django_db_blocker):
    """On the example cycle: door → (lines left, what the second was told); and (model, verb) →
    lines left."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("carica_percorso", verbosity=0)
        call_command("carica_demo", verbosity=0)
        client = Client()
        persona = entra(client, "amministratrice")
        attraversate = {
            nome: porte.attraversa(client, persona, nome) for nome in porte.da_percorrere()
        }
        verbi = {
            (modello._meta.label, quale): porte.verbo(client, persona, modello, quale)
            for modello in porte.modelli()
            for quale in ("add", "change", "delete")
        }
        transaction.set_rollback(True)
    return attraversate, verbi


@pytest.mark.parametrize("nome", porte.da_percorrere())
def test_a_door_leaves_a_line_with_its_author(cammino, nome):
    esito = cammino[0][nome]
    assert esito is not None, "no row has it open: tests.porte.PREPARA makes one"
    assert esito[0] >= 1


@pytest.mark.parametrize("nome", porte.da_percorrere())
def test_a_door_tells_the_second_of_two_officers(cammino, nome):
    esito = cammino[0][nome]
    assert esito is not None
    assert esito[1].startswith("Mentre leggevi questa pagina è cambiato qualcosa.")


@pytest.mark.parametrize(
    ("modello", "quale"),
    [
        pytest.param(modello, quale, id=f"{quale}-{modello._meta.label}")
        for quale in ("add", "change", "delete")
        for modello in porte.modelli()
        # These are walked elsewhere: the table says where.
        if (modello._meta.label, quale) not in porte.VERBI_ALTROVE
    ],
)
def test_what_django_adds_changes_and_deletes_leaves_a_line(cammino, modello, quale):
    label = modello._meta.label
    righe = cammino[1][label, quale]
    # None: this screen does not offer it.
    assert righe is None or (isinstance(righe, int) and righe >= 1), righe


def test_the_walk_is_no_empty_one(cammino):
    aperti = {chiave for chiave, righe in cammino[1].items() if isinstance(righe, int)}
    assert {
        ("accounts.User", "change"),
        ("auth.Group", "change"),
        ("eventi.Incontro", "add"),
        ("eventi.Incontro", "change"),
        ("eventi.Sede", "add"),
        ("percorso.Percorso", "change"),
        ("tavolo.Seduta", "change"),
    } <= aperti


# --- Doors that are no form of one row ------------------------------------------------------


@pytest.fixture
def io(client):
    client.persona = entra(client, "ufficio")
    return client


def url(nome, *args):
    return reverse(f"admin:{nome}", args=args)


def detto(client, obj):
    return list(
        porte.voci(obj, client.persona).order_by("pk").values_list("change_message", flat=True)
    )


def iscrivi(client, indirizzo):
    dati = {"nome": "Anna Bianchi", "telefono": "0523 111111", "posti_richiesti": "1"}
    client.post(indirizzo, {**dati, "canale": "sportello", "lingua": "it"})
    return Iscrizione.objects.get(nome="Anna Bianchi")


def test_the_desk_and_its_undoing_leave_a_line_on_the_registration(io):
    incontro = IncontroFactory()
    fatta = iscrivi(io, f"{url('eventi_incontro_sportello')}?incontro={incontro.pk}")
    io.post(url("eventi_incontro_iscrivi_disfa", incontro.pk), {"iscrizione": fatta.pk})

    assert detto(io, fatta) == ["Iscritta dall'ufficio", "Annullata la registrazione"]
    assert "Anna" not in "".join(LogEntry.objects.values_list("object_repr", flat=True))


def test_who_registers_from_the_meetings_page_leaves_a_line_too(io):
    fatta = iscrivi(io, url("eventi_incontro_iscrivi", IncontroFactory().pk))
    assert detto(io, fatta) == ["Iscritta dall'ufficio"]


def test_attendance_marked_for_many_leaves_a_line_for_each_that_changed(io):
    incontro = IncontroFactory(inizio=timezone.now() - timedelta(hours=1))
    una, due = IscrizioneFactory.create_batch(2, incontro=incontro)
    in_lista = IscrizioneFactory(incontro=incontro, in_attesa=True)
    dati = {"action": "segna_presenti", "_selected_action": [una.pk, due.pk, in_lista.pk]}

    for _volta in range(2):
        io.post(url("eventi_iscrizione_changelist"), dati)

    assert [detto(io, riga) for riga in (una, due, in_lista)] == [["Segnata presente"]] * 2 + [[]]


def test_the_list_for_telephones_leaves_a_line_when_it_is_opened_first(io):
    incontro = IncontroFactory(inizio=timezone.now() + timedelta(minutes=10))
    for _volta in range(2):
        io.get(url("eventi_incontro_accogli", incontro.pk))
    assert detto(io, Accoglienza.objects.get()) == ["Aperta la lista delle presenze"]


@pytest.mark.parametrize("genere", ["proposta", "bisogno"])
def test_what_is_moderated_in_the_queue_leaves_a_line_and_tells_the_second(client, genere):
    client.persona = entra(client, "moderatore")
    obj = (
        PropostaFactory(inviata=True) if genere == "proposta" else BisognoFactory(stato="inviato")
    )
    qui = url("proposte_proposta_coda_voce", genere, obj.pk)
    dati = {**modulo(client.get(qui)), "decisione": "pubblica"}

    with porte.per_prova():
        porte.cambia(obj)
        risposta = client.post(qui, dati)
        assert risposta.status_code == 200
        assert "è cambiato qualcosa" in risposta.content.decode()
        assert detto(client, obj) == []
    assert client.post(qui, dati).status_code == 302
    assert detto(client, obj) == ["Pubblica"]


@pytest.mark.parametrize(
    ("bottone", "riga"),
    [("pubblica", "Pubblica l'esito preparato"), ("togli", "Tolto l'esito preparato")],
)
def test_outcomes_published_or_thrown_away_together_leave_a_line_for_each(io, bottone, riga):
    proposte = PropostaFactory.create_batch(2, stato=Proposta.Stato.IN_VALUTAZIONE)
    for proposta in proposte:
        EsitoPreparato.objects.create(
            proposta=proposta, esito="accolta", motivazione="Sì.", autore=io.persona,
            updated_at=timezone.now(),
        )  # fmt: skip
    pagina = io.get(url("proposte_proposta_esiti"))
    scelti = [preparato.chiave for preparato in pagina.context["preparati"]]

    io.post(url("proposte_proposta_esiti"), {"scelti": scelti, bottone: "1"})

    assert [detto(io, proposta) for proposta in proposte] == [[riga]] * 2


def test_a_proposal_merged_into_another_leaves_a_line_and_tells_the_second(io):
    questa = PropostaFactory()
    altra = PropostaFactory(percorso=questa.percorso)
    qui = url("proposte_proposta_integra", questa.pk)
    dati = modulo(io.get(qui, {"in": altra.pk}), testo="Dicono la stessa cosa.")

    with porte.per_prova():
        porte.cambia(questa)
        assert "è cambiato qualcosa" in io.post(qui, dati).content.decode()
    io.post(qui, dati)

    assert detto(io, questa) == ["Integra in un'altra"]


def test_reviews_opened_together_leave_a_line_for_each_and_tell_the_second(io):
    una = PropostaFactory(stato=Proposta.Stato.IN_VALUTAZIONE)
    due = PropostaFactory(percorso=una.percorso, stato=Proposta.Stato.IN_VALUTAZIONE)
    qui = f"{url('tavolo_esame_apri')}?percorso={una.percorso_id}"
    giorno = f"{timezone.localdate() + timedelta(days=10):%Y-%m-%d}"
    dati = modulo(io.get(qui), proposte=[una.pk, due.pk], giorno=giorno)

    with porte.per_prova():
        porte.cambia(due)
        assert "è cambiato qualcosa" in io.post(qui, dati).content.decode()
        assert Esame.objects.count() == 0
    io.post(qui, dati)

    assert [detto(io, esame) for esame in Esame.objects.all()] == [["Apri un esame"]] * 2


def test_several_proposals_at_once_pass_by_the_one_that_changed_meanwhile(io):
    una, due = PropostaFactory.create_batch(2)
    dati = {"action": "valuta_molte", "_selected_action": [una.pk, due.pk]}
    pagina = io.post(url("proposte_proposta_changelist"), dati)
    porte.cambia(due)

    io.post(url("proposte_proposta_changelist"), {**modulo(pagina), **dati, "conferma": "1"})

    assert len(detto(io, una)) == 1
    assert detto(io, due) == []


def test_a_link_for_each_table_leaves_a_line_for_each(io):
    incontro = IncontroFactory(inizio=timezone.now() + timedelta(days=1))
    io.post(url("proposte_verbalizzante_tavoli"), {"incontro": incontro.pk, "quanti": "2"})
    fatti = incontro.verbalizzanti.all()
    assert len(fatti) == 2
    assert all(len(detto(io, nuovo)) == 1 for nuovo in fatti)


def test_an_erasure_and_a_copy_for_somebody_leave_a_line_that_does_not_name_her(io):
    lei = PartecipanteFactory(nome="Ada Neri", email="ada.neri@example.org")
    cerca = io.get(url("accounts_cancellazione_add"), {"q": lei.email})
    [(_recapito, pagina)] = cerca.context["trovate"]

    assert b"".join(io.post(f"{pagina}scarica/"))
    io.post(pagina, {"motivo": Cancellazione.Motivo.values[0], "identificata": "on"})

    assert not Partecipante.objects.filter(email=lei.email).exists()
    assert detto(io, Scarico.objects.get()) == ["Scaricati i dati di una persona"]
    assert detto(io, Cancellazione.objects.get()) == ["Cancellati i dati di una persona"]
    tutto = "".join(f"{v.object_repr} {v.change_message}" for v in LogEntry.objects.all())
    assert "Ada" not in tutto
    assert "ada.neri" not in tutto


def test_who_takes_away_a_list_of_people_leaves_a_line(io):
    comunicazione = ComunicazioneFactory()
    io.post(url("comunicazioni_comunicazione_esporta", comunicazione.pk))
    io.get(url("eventi_iscrizione_foglio", "csv"))
    io.get(url("laboratori_attore_foglio", "csv"))

    assert detto(io, comunicazione) == ["Esportati i destinatari in CSV."]
    generali = LogEntry.objects.filter(user=io.persona, object_id=None)
    assert sorted(generali.values_list("content_type__model", flat=True)) == [
        "attore",
        "iscrizione",
    ]


def test_a_meeting_closed_by_two_tells_the_second(io):
    incontro = IncontroFactory(passato=True)
    qui = url("eventi_incontro_chiudi", incontro.pk)
    mia = modulo(io.get(qui), testo="Il mio.", _salva="Salva")
    sua = modulo(io.get(qui), testo="Il suo.", _salva="Salva")

    io.post(qui, sua)
    risposta = io.post(qui, mia)

    assert "è cambiato qualcosa" in risposta.content.decode()
    incontro = Incontro.objects.get()
    assert incontro.resoconto.testo == "Il suo."
    assert detto(io, incontro.resoconto) == ["Salvato il resoconto."]


def test_a_note_taker_is_called_by_number(io):
    verbalizzante = VerbalizzanteFactory(nome="Ugo Verdi", email="ugo@example.org")
    io.post(url("proposte_verbalizzante_ritira", verbalizzante.pk))
    assert LogEntry.objects.get().object_repr == f"verbalizzante {verbalizzante.pk}"
