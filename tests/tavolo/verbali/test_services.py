"""Minutes: who may do what to them when, what freezes, and what everybody reads of it."""

import io
import re
from datetime import date, datetime, timedelta
from hashlib import sha256

import pikepdf
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from portale.lib.dates import ROMA
from portale.lib.rifiuti import Rifiuto, Superata
from posta.models import Messaggio
from tavolo.contenuto_verbale import leggi, nomi_riservati, oscura
from tavolo.models import (
    Congelato,
    Correzione,
    Decisione,
    Dissenso,
    ImpostazioniTavolo,
    PassaggioVerbale,
    Presenza,
    Seduta,
    Seggio,
    Verbale,
)
from tavolo.services import impegni, verbali
from tests.factories import (
    ComponenteFactory,
    DecisioneFactory,
    PresenzaFactory,
    PuntoFactory,
    SeggioFactory,
)
from tests.portale.test_pdf import letto

from .conftest import ADESSO, CHIUDE, DOPO, SEDUTA, chiedi, rispondi, una_seduta


def archiviati():
    if not default_storage.exists(verbali.CARTELLA):
        return []
    return sorted(
        f"{verbali.CARTELLA}/{nome}" for nome in default_storage.listdir(verbali.CARTELLA)[1]
    )


def passi(verbale):
    return list(verbale.passaggi.values_list("da", "a"))


def mails(genere):
    return sorted(Messaggio.objects.filter(genere=genere).values_list("destinatario", flat=True))


# --- Writing --------------------------------------------------------------------------------


def test_minutes_grow_from_the_agenda_and_from_the_items_added_since(seduta, autore):
    verbale = verbali.inizia(seduta, autore, adesso=ADESSO)
    PuntoFactory(seduta=seduta, ordine=3, titolo="Varie")
    ancora = verbali.inizia(seduta, autore, adesso=ADESSO)

    assert ancora == verbale
    assert [voce.punto.titolo for voce in verbale.voci.all()] == [
        "Comunicazioni",
        "Pista ciclabile",
        "Varie",
    ]
    assert passi(verbale) == [("", "bozza")]


@pytest.mark.usefixtures("pdf_di_carta")
@pytest.mark.usefixtures("pdf_di_carta")
@pytest.mark.parametrize("stato", [Seduta.Stato.BOZZA, Seduta.Stato.CONVOCATA])
def test_minutes_begin_when_the_sitting_does(seduta, autore, stato):
    Seduta.objects.filter(pk=seduta.pk).update(stato=stato)

    with pytest.raises(Rifiuto, match="da quando la seduta comincia"):
        verbali.inizia(seduta, autore, adesso=ADESSO)


def test_who_saves_an_older_text_is_told_and_overwrites_nothing(bozza, autore):
    voce = bozza.voci.get(punto__ordine=1)
    verbali.salva_voce(voce, "Di Anna", versione=1, autore=autore, adesso=ADESSO)

    with pytest.raises(Superata):
        verbali.salva_voce(voce, "Di Bruna", versione=1, autore=autore, adesso=ADESSO)
    # The same text again is the second half of a double click.
    verbali.salva_voce(voce, "Di Anna\r\n", versione=1, autore=autore, adesso=ADESSO)
    voce.refresh_from_db()
    assert (voce.testo, voce.versione) == ("Di Anna", 2)

    cornice = {"chiusura": "", "autore": autore, "adesso": ADESSO}
    verbali.salva_cornice(bozza, premessa="Apre Anna", versione=1, **cornice)
    with pytest.raises(Superata):
        verbali.salva_cornice(bozza, premessa="Apre Bruna", versione=1, **cornice)
    bozza.refresh_from_db()
    assert (bozza.premessa, bozza.versione) == ("Apre Anna", 2)


def test_a_text_changed_while_it_is_being_read_says_what_it_was(in_correzione, autore):
    voce = in_correzione.voci.get(punto__ordine=2)
    verbali.salva_voce(voce, "Si è deciso.", versione=2, autore=autore, adesso=ADESSO)

    ultimo = in_correzione.passaggi.last()
    assert (ultimo.da, ultimo.a, ultimo.testo) == (
        "in_correzione",
        "in_correzione",
        "Cambiato il testo di «Pista ciclabile». Prima diceva: Si è discusso a lungo.",
    )


# --- Corrections ----------------------------------------------------------------------------


def test_the_window_closes_at_romes_midnight_and_who_was_there_is_told_once(bozza, autore):
    presente = ComponenteFactory(seggio__percorso=bozza.seduta.percorso)
    PresenzaFactory(seduta=bozza.seduta, seggio=presente.seggio, modo=Presenza.Modo.DISTANZA)
    ieri = ADESSO.date() - timedelta(days=1)
    for chi in (
        {"seggio": presente.seggio, "supplente": True},
        {"seggio": presente.seggio, "al": ieri, "supplente": True},
        {"seggio": presente.seggio, "invitato": True, "supplente": True},
    ):
        ComponenteFactory(**chi)

    for _volta in range(2):
        verbale = verbali.apri_correzioni(bozza, autore, adesso=ADESSO)

    assert (verbale.correzioni_fino_a, verbale.ultimo_giorno.isoformat()) == (CHIUDE, "2026-05-18")
    assert passi(verbale) == [("", "bozza"), ("bozza", "in_correzione")]
    attesi = [
        componente.email
        for presenza in bozza.seduta.presenze.filter(modo__in=Presenza.PRESENTI)
        for componente in presenza.seggio.componenti.in_carica(ADESSO.date()).entrati()
    ]
    assert mails("verbale_correzioni") == sorted(attesi)
    assert len(attesi) == 4


def test_the_window_also_ends_at_midnight_when_the_clocks_change(bozza, autore):
    ImpostazioniTavolo.objects.create(percorso=bozza.seduta.percorso, correzioni_giorni=3)

    verbale = verbali.apri_correzioni(
        bozza, autore, adesso=datetime(2026, 10, 23, 23, 30, tzinfo=ROMA)
    )

    # Summer time ends in between: the 26th is over an hour later by UTC.
    assert verbale.correzioni_fino_a == datetime(2026, 10, 27, 0, tzinfo=ROMA)
    assert verbale.correzioni_fino_a.isoformat() == "2026-10-26T23:00:00+00:00"


def test_minutes_are_not_to_be_read_while_empty_or_the_sitting_goes_on(seduta, autore):
    verbale = verbali.inizia(seduta, autore, adesso=ADESSO)
    with pytest.raises(Rifiuto, match="è vuoto"):
        verbali.apri_correzioni(verbale, autore, adesso=ADESSO)

    Seduta.objects.filter(pk=seduta.pk).update(stato=Seduta.Stato.APERTA)
    with pytest.raises(Rifiuto, match="non è ancora chiusa"):
        verbali.apri_correzioni(verbale, autore, adesso=ADESSO)


def test_a_seat_that_was_there_asks_until_the_last_moment_and_a_double_click_asks_once(
    in_correzione, presenti, seggio
):
    assente = ComponenteFactory(seggio=seggio)
    ultimo = CHIUDE - timedelta(seconds=1)

    for _volta in range(2):
        chiedi(in_correzione, presenti[0], chiave="uno", quando=ultimo)
    with pytest.raises(Rifiuto, match="chi era alla seduta"):
        chiedi(in_correzione, assente, chiave="due")
    with pytest.raises(Rifiuto, match="è finito"):
        chiedi(in_correzione, presenti[0], chiave="tre", quando=CHIUDE)
    # A key of somebody else's form gives nothing away.
    with pytest.raises(Rifiuto, match="Apri di nuovo"):
        chiedi(in_correzione, presenti[1], chiave="uno")

    assert list(Correzione.objects.values_list("seggio", "chiave")) == [
        (presenti[0].seggio_id, "uno")
    ]


def test_who_left_before_the_end_was_there_and_who_only_writes_has_no_voice(
    in_correzione, presenti, percorso
):
    Presenza.objects.filter(seggio=presenti[0].seggio).update(
        entrata_at=SEDUTA, uscita_at=SEDUTA + timedelta(minutes=30)
    )
    segretaria = ComponenteFactory(
        seggio__percorso=percorso, seggio__ruolo=Seggio.Ruolo.SEGRETERIA
    )
    PresenzaFactory(seduta=in_correzione.seduta, seggio=segretaria.seggio)

    assert chiedi(in_correzione, presenti[0]).pk
    with pytest.raises(Rifiuto, match="chi era alla seduta"):
        chiedi(in_correzione, segretaria, chiave="b")


def test_each_correction_is_answered_once_with_a_reason_for_a_no(in_correzione, presenti, autore):
    prima, seconda = (chiedi(in_correzione, presenti[0], chiave=c) for c in "ab")

    with pytest.raises(Rifiuto, match="Scrivi perché"):
        rispondi(prima, autore, "non_accolta", " ")
    with pytest.raises(Rifiuto, match="Scegli"):
        rispondi(prima, autore, "forse")
    for _volta in range(2):
        rispondi(prima, autore, "non_accolta", "Non si è detto.")
    with pytest.raises(Superata):
        rispondi(prima, autore, "accolta")
    rispondi(seconda, autore)

    assert list(Correzione.objects.values_list("esito", "risposta", "risposto_da")) == [
        ("non_accolta", "Non si è detto.", autore.pk),
        ("accolta", "", autore.pk),
    ]
    assert mails("correzione_risposta") == [presenti[0].email] * 2


# --- Approval -------------------------------------------------------------------------------


def test_a_later_sitting_approves_them_and_all_is_frozen_and_told(
    in_correzione, successiva, presenti, autore
):
    verbale = verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)

    verbale.refresh_from_db()
    assert (verbale.stato, verbale.approvato_modo, verbale.approvato_in, verbale.approvato_at) == (
        "approvato",
        "seduta",
        successiva,
        DOPO,
    )
    assert passi(verbale)[-1] == ("in_correzione", "approvato")
    assert mails("verbale_approvato") == sorted(c.email for c in presenti)
    assert verbale.contenuto["approvazione"] == {
        "frase": "Approvato nella seduta n. 5 del 19 maggio 2026.",
        "correzioni": "Nessuna correzione è stata chiesta.",
    }
    # The hash is that of the stored bytes, of which nobody's name is the file's.
    with verbale.pdf.open() as file:
        assert sha256(file.read()).hexdigest() == verbale.sha256
    assert verbali.file_approvato(verbale, interno=True).startswith(b"%PDF-")
    assert re.fullmatch(r"tavolo/verbali/[0-9a-f]{32}\.pdf", verbale.pdf.name)


@pytest.mark.parametrize(
    ("quando", "risposta", "perche"),
    [
        (CHIUDE - timedelta(seconds=1), True, "fino alla mezzanotte di lunedì 18 maggio 2026"),
        (DOPO, False, "correzioni senza risposta"),
        (CHIUDE, True, ""),
    ],
)
def test_they_are_approved_once_the_window_is_over_and_each_correction_answered(
    in_correzione, successiva, presenti, autore, quando, risposta, perche
):
    correzione = chiedi(in_correzione, presenti[0])
    if risposta:
        rispondi(correzione, autore)

    if perche:
        with pytest.raises(Rifiuto, match=perche):
            verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=quando)
    else:
        verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=quando)

    in_correzione.refresh_from_db()
    assert in_correzione.approvato is not bool(perche)


@pytest.mark.usefixtures("pdf_di_carta")
@pytest.mark.parametrize("quale", ["prima", "altro_percorso", "convocata", "senza_numero"])
def test_only_a_later_sitting_with_its_quorum_approves(
    in_correzione, percorso, presenti, autore, quale
):
    casi = {
        "prima": lambda: una_seduta(percorso, SEDUTA - timedelta(days=7), 3),
        "altro_percorso": lambda: una_seduta(SeggioFactory().percorso, DOPO, 3),
        "convocata": lambda: una_seduta(percorso, DOPO, 5, stato=Seduta.Stato.CONVOCATA),
        "senza_numero": lambda: una_seduta(percorso, DOPO, 5),
    }
    altra = casi[quale]()
    quanti = 1 if quale == "senza_numero" else 2
    for componente in presenti[:quanti]:
        PresenzaFactory(seduta=altra, seggio=componente.seggio)

    with pytest.raises(Rifiuto):
        verbali.approva_in_seduta(in_correzione, altra, autore, adesso=DOPO)
    in_correzione.refresh_from_db()
    assert in_correzione.stato == "in_correzione"


@pytest.mark.parametrize(
    ("modo", "risposta", "quando", "approvati"),
    [
        ("silenzio", True, CHIUDE, 1),
        ("silenzio", True, CHIUDE - timedelta(seconds=1), 0),
        ("silenzio", False, DOPO, 0),
        ("seduta", True, DOPO, 0),
    ],
)
def test_silence_approves_where_the_percorso_says_so_and_nothing_is_open(
    in_correzione, presenti, autore, modo, risposta, quando, approvati
):
    ImpostazioniTavolo.objects.create(percorso=in_correzione.seduta.percorso, approvazione=modo)
    correzione = chiedi(in_correzione, presenti[0])
    if risposta:
        rispondi(correzione, autore)

    assert verbali.approva_per_silenzio(quando) == approvati
    assert verbali.approva_per_silenzio(quando) == 0

    in_correzione.refresh_from_db()
    assert in_correzione.approvato is bool(approvati)
    if approvati:
        assert in_correzione.contenuto["approvazione"] == {
            "frase": "Approvato il 19 maggio 2026, finito il tempo per chiedere correzioni e dopo "
            "aver risposto a ciascuna.",
            "correzioni": "Correzioni chieste: 1. Accolte: 1.",
        }
        assert in_correzione.passaggi.last().autore is None


def test_minutes_that_cannot_be_set_hold_nobody_elses(in_correzione, monkeypatch, caplog):
    from portale.lib.pdf import ImpaginazioneFallita

    ImpostazioniTavolo.objects.create(
        percorso=in_correzione.seduta.percorso, approvazione="silenzio"
    )

    def rotta(*args, **kwargs):
        raise ImpaginazioneFallita("Il PDF non si riesce a preparare.")

    monkeypatch.setattr(verbali, "impagina", rotta)

    assert verbali.approva_per_silenzio(DOPO) == 0
    in_correzione.refresh_from_db()
    assert (in_correzione.stato, in_correzione.pdf.name) == ("in_correzione", "")
    assert "can not be approved by silence: Il PDF non si riesce a preparare." in caplog.text


@pytest.mark.usefixtures("pdf_di_carta")
def test_what_changes_while_the_files_are_made_is_not_approved_unread(
    in_correzione, successiva, autore, monkeypatch
):
    vero = verbali.impagina

    def lento(*args, **kwargs):
        in_correzione.voci.filter(punto__ordine=1).update(testo="Aggiunto di nascosto.")
        return vero(*args, **kwargs)

    monkeypatch.setattr(verbali, "impagina", lento)

    with pytest.raises(Superata, match="rileggilo"):
        verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)
    in_correzione.refresh_from_db()
    assert in_correzione.stato == "in_correzione"
    assert mails("verbale_approvato") == []
    assert archiviati() == []


@pytest.mark.usefixtures("pdf_di_carta")
def test_a_failure_in_the_middle_leaves_no_file_and_no_step(
    in_correzione, successiva, autore, monkeypatch
):
    def cade(*args, **kwargs):
        raise RuntimeError("spento")

    monkeypatch.setattr(verbali.avvisi, "approvato", cade)

    with pytest.raises(RuntimeError):
        verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)
    assert archiviati() == []
    in_correzione.refresh_from_db()
    assert (in_correzione.stato, passi(in_correzione)[-1]) == (
        "in_correzione",
        ("bozza", "in_correzione"),
    )


@pytest.mark.usefixtures("pdf_di_carta")
def test_files_that_no_minutes_name_are_swept_after_a_day(approvato):
    orfano = default_storage.save(f"{verbali.CARTELLA}/orfano.pdf", ContentFile(b"%PDF-"))
    nato = default_storage.get_modified_time(orfano)

    assert verbali.pulisci_orfani(nato + timedelta(hours=23)) == 0
    assert verbali.pulisci_orfani(nato + timedelta(hours=25)) == 1
    assert archiviati() == sorted(campo.name for campo in (approvato.pdf, approvato.pdf_interno))


@pytest.mark.usefixtures("pdf_di_carta")
def test_the_decisions_that_waited_for_the_minutes_are_published_with_them(
    in_correzione, successiva, autore
):
    aspetta = DecisioneFactory(
        seduta=in_correzione.seduta, con_il_verbale=True, pubblicata_at=None, esito="rinviata",
        motivazione="Manca il parere.",
    )  # fmt: skip

    verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)

    assert Decisione.objects.get(pk=aspetta.pk).pubblicata_at == DOPO


# --- After approval -------------------------------------------------------------------------

VERBI = {
    "inizia": lambda v, x: verbali.inizia(v.seduta, x["autore"], adesso=DOPO),
    "salva_voce": lambda v, x: verbali.salva_voce(
        v.voci.first(), "Altro", versione=v.voci.first().versione, autore=x["autore"], adesso=DOPO
    ),
    "salva_cornice": lambda v, x: verbali.salva_cornice(
        v, premessa="Altro", chiusura="", versione=v.versione, autore=x["autore"], adesso=DOPO
    ),
    "apri_correzioni": lambda v, x: verbali.apri_correzioni(v, x["autore"], adesso=DOPO),
    "chiedi_correzione": lambda v, x: chiedi(v, x["presenti"][0], chiave="n"),
    "rispondi_correzione": lambda v, x: rispondi(x["correzione"](v), x["autore"]),
    "aggiungi_impegno": lambda v, x: impegni.aggiungi_impegno(
        v, testo="Telefonare", seggio=None, entro=None, punto=None
    ),
    "togli_impegno": lambda v, x: impegni.togli_impegno(v.impegni.get()),
    "segna_fatto": lambda v, x: impegni.segna_fatto(
        v.impegni.get(), True, autore=x["autore"], adesso=DOPO
    ),
    "approva_in_seduta": lambda v, x: verbali.approva_in_seduta(
        v, x["successiva"], x["autore"], adesso=DOPO
    ),
    "rettifica": lambda v, x: verbali.rettifica(
        v, "Un refuso.", x["successiva"], x["autore"], adesso=DOPO
    ),
}
# bozza, in_correzione, approvato: does (s), refuses (-), changes nothing (=).
TABELLA = {
    "inizia": "===",
    "salva_voce": "ss-",
    "salva_cornice": "ss-",
    "apri_correzioni": "s=-",
    "chiedi_correzione": "-s-",
    "rispondi_correzione": "ss-",
    "aggiungi_impegno": "ss-",
    "togli_impegno": "ss-",
    "segna_fatto": "sss",
    "approva_in_seduta": "-s=",
    "rettifica": "--s",
}


def fotografia(verbale):
    verbale = Verbale.objects.get(pk=verbale.pk)
    righe = {
        nome: sorted(map(repr, getattr(verbale, nome).values_list()))
        for nome in ("voci", "impegni", "correzioni", "passaggi", "rettifiche")
    }
    return (verbale.stato, verbale.versione, verbale.premessa, verbale.sha256, righe)


@pytest.mark.usefixtures("pdf_di_carta")
@pytest.mark.parametrize("stato", [0, 1, 2], ids=["bozza", "in_correzione", "approvato"])
@pytest.mark.parametrize("verbo", TABELLA)
def test_what_each_verb_does_in_each_state(bozza, successiva, presenti, autore, stato, verbo):
    impegni.aggiungi_impegno(bozza, testo="Scrivere", seggio=None, entro=None, punto=None)
    if stato:
        verbali.apri_correzioni(bozza, autore, adesso=ADESSO)
    if stato == 2:
        verbali.approva_in_seduta(bozza, successiva, autore, adesso=DOPO)
    verbale = Verbale.objects.get(pk=bozza.pk)

    def correzione(v):
        # As somebody's page still has it, whatever has happened since.
        return Correzione.objects.bulk_create(
            [
                Correzione(
                    verbale=v,
                    seggio=presenti[0].seggio,
                    componente=presenti[0],
                    testo="x",
                    chiave="z",
                    created_at=ADESSO,
                )
            ]
        )[0]

    mondo = {
        "autore": autore, "presenti": presenti, "successiva": successiva, "correzione": correzione,
    }  # fmt: skip
    prima = fotografia(verbale)
    atteso = TABELLA[verbo][stato]
    if atteso == "-":
        with pytest.raises(Rifiuto):
            VERBI[verbo](verbale, mondo)
        if verbo != "rispondi_correzione":
            assert fotografia(verbale) == prima
    else:
        VERBI[verbo](verbale, mondo)
        assert (fotografia(verbale) == prima) is (atteso == "=")


@pytest.mark.usefixtures("pdf_di_carta")
def test_nothing_below_approved_minutes_can_be_saved_or_deleted(approvato, presenti):
    impegno = approvato.impegni.model(verbale=approvato, testo="Di nascosto")
    correzione = Correzione(
        verbale=approvato, seggio=presenti[0].seggio, componente=presenti[0], testo="x",
        chiave="k", created_at=DOPO,
    )  # fmt: skip

    for riga in (approvato, approvato.voci.first(), impegno, correzione):
        with pytest.raises(Congelato):
            riga.save()
    for riga in (approvato, approvato.voci.first()):
        with pytest.raises(Congelato):
            riga.delete()


@pytest.mark.usefixtures("pdf_di_carta")
def test_what_changes_in_the_rows_later_does_not_change_what_was_frozen(approvato, presenti):
    prima = (approvato.contenuto, approvato.sha256, verbali.file_approvato(approvato))
    organizzazione = presenti[0].seggio.organizzazione
    organizzazione.nome = "Un altro nome"
    organizzazione.save()
    Presenza.objects.filter(seduta=approvato.seduta).update(modo=Presenza.Modo.ASSENTE)

    approvato.refresh_from_db()
    assert (approvato.contenuto, approvato.sha256, verbali.file_approvato(approvato)) == prima


def test_one_changed_byte_of_the_stored_file_is_found_out(approvato, caplog):
    contenuto = bytearray(verbali.file_approvato(approvato))
    contenuto[len(contenuto) // 2] ^= 1
    default_storage.delete(approvato.pdf.name)
    default_storage.save(approvato.pdf.name, ContentFile(bytes(contenuto)))

    with pytest.raises(verbali.Alterato):
        verbali.file_approvato(approvato)
    assert "is not the one that was approved" in caplog.text
    assert verbali.di_impronta(sha256(contenuto).hexdigest()) is None
    assert verbali.di_impronta(approvato.sha256) == approvato


@pytest.mark.usefixtures("pdf_di_carta")
def test_a_correction_of_approved_minutes_is_a_new_numbered_act(approvato, successiva, autore):
    prima = fotografia(approvato)[:4]

    def di(testo):
        return verbali.rettifica(approvato, testo, successiva, autore, adesso=DOPO)

    atti = [di("Al punto 2 manca una cifra."), di("Anche al punto 1.")]
    assert di("Anche al punto 1.") == atti[1]

    assert [(atto.numero, atto.testo) for atto in approvato.rettifiche.all()] == [
        (1, "Al punto 2 manca una cifra."),
        (2, "Anche al punto 1."),
    ]
    assert fotografia(approvato)[:4] == prima


# --- What they say --------------------------------------------------------------------------


def test_attendance_quorum_decisions_and_dissent_are_read_from_their_rows(
    bozza, presenti, seggio, autore
):
    punto = bozza.seduta.punti.get(ordine=2)
    decisione = DecisioneFactory(
        seduta=bozza.seduta,
        punto=punto,
        esito="accolta_con_modifiche",
        motivazione="Serve a molti.",
        testo_concordato="Una pista in due lotti.",
        proposta_da=presenti[0].seggio,
        presa_at=SEDUTA + timedelta(minutes=70),
    )
    Dissenso.objects.create(
        decisione=decisione, seggio=presenti[1].seggio, testo="Non toglierei i parcheggi."
    )
    Presenza.objects.filter(seggio=presenti[1].seggio).update(
        entrata_at=SEDUTA + timedelta(minutes=40), uscita_at=SEDUTA + timedelta(minutes=90)
    )
    impegni.aggiungi_impegno(
        bozza,
        testo="Mandare le planimetrie",
        seggio=presenti[0].seggio,
        entro=date(2026, 6, 1),
        punto=punto,
    )

    letto_ora = leggi(bozza)

    uno, due, tre = sorted([*(str(c.seggio) for c in presenti), str(seggio)])
    righe = {riga["organizzazione"]: riga for riga in letto_ora["presenze"]}
    assert list(righe) == [uno, due, tre]
    altra = righe[str(presenti[1].seggio)]
    assert (altra["presenza"], altra["orario"], altra["rappresentata_da"]) == (
        "in sala",
        "dalle 19:10 fino alle 20:00",
        presenti[1].nome,
    )
    assert (righe[str(seggio)]["presenza"], righe[str(seggio)]["rappresentata_da"]) == (
        "assente",
        "",
    )
    assert letto_ora["numero_legale"]["frase"] == (
        "Presenti 2 seggi con voce su 3; ne servivano 2: il numero legale c'è."
    )
    assert letto_ora["punti"][1] == {
        "numero": 2,
        "titolo": "Pista ciclabile",
        "relatore": "",
        "testo": "Si è discusso a lungo.",
        "decisioni": [
            {
                "proposta": str(decisione.proposta),
                "esito": "accolta con modifiche",
                "motivazione": "Serve a molti.",
                "testo_concordato": "Una pista in due lotti.",
                "proposta_da": str(presenti[0].seggio),
                "presenti": "Decisa alle 19:40; seggi con voce presenti 2 su 3, necessari 2.",
                "sostituisce": "",
                "dissensi": [
                    {
                        "organizzazione": str(presenti[1].seggio),
                        "testo": "Non toglierei i parcheggi.",
                    }
                ],
            }
        ],
        "impegni": [
            {
                "testo": "Mandare le planimetrie",
                "chi": str(presenti[0].seggio),
                "entro": "1º giugno 2026",
            }
        ],
    }


def test_reading_them_takes_the_same_queries_however_long_they_are(
    bozza, percorso, django_assert_num_queries
):
    def quante():
        with django_assert_num_queries(9):
            leggi(Verbale.objects.for_elenco().get(pk=bozza.pk))

    decisione = DecisioneFactory(seduta=bozza.seduta, punto=bozza.seduta.punti.first())
    quante()
    for n in range(3):
        punto = PuntoFactory(seduta=bozza.seduta, ordine=10 + n)
        altra = DecisioneFactory(seduta=bozza.seduta, punto=punto)
        for seggio in Seggio.objects.filter(percorso=percorso):
            Dissenso.objects.create(decisione=altra, seggio=seggio, testo="No.")
        presenza = PresenzaFactory(seduta=bozza.seduta)
        impegni.aggiungi_impegno(
            bozza, testo=f"Cosa {n}", seggio=presenza.seggio, entro=None, punto=punto
        )
    verbali.inizia(bozza.seduta, None, adesso=ADESSO)
    assert decisione.pk
    quante()


@pytest.mark.parametrize(
    ("testo", "atteso"),
    [
        ("Interviene Anna Rossi, poi altri.", "Interviene [omissis], poi altri."),
        ("ROSSI  ANNA e Anna\nRossi", "[omissis] e [omissis]"),
        ("Maria Luisa De Carlì; De Carlì Maria Luisa", "[omissis]; De Carlì Maria Luisa"),
        ("Carlì Maria Luisa De", "[omissis]"),
        ("Annarella Rossini abita in via Rossi", "Annarella Rossini abita in via Rossi"),
        ("Il gruppo Verdi", "Il gruppo Verdi"),
    ],
)
def test_names_of_members_become_omissis_and_words_stay_words(testo, atteso):
    assert oscura(testo, ["Anna Rossi", "Verdi", "Maria Luisa De Carlì"]) == atteso


def test_the_public_copy_names_organisations_and_never_a_person(
    in_correzione, successiva, presenti, percorso, autore
):
    cessata = ComponenteFactory(seggio=presenti[0].seggio, supplente=True, al=SEDUTA.date())
    organizzazione = presenti[1].seggio.organizzazione
    organizzazione.contatto = "Carla Riservata"
    organizzazione.save()
    nomi = [*(c.nome for c in presenti), cessata.nome, "Carla Riservata"]
    voce = in_correzione.voci.get(punto__ordine=1)
    testo = "Parlano: " + "; ".join(nomi)
    verbali.salva_voce(voce, testo, versione=1, autore=autore, adesso=ADESSO)
    decisione = DecisioneFactory(seduta=in_correzione.seduta)
    Dissenso.objects.create(
        decisione=decisione, seggio=presenti[0].seggio, testo=f"{nomi[0]} non è d'accordo."
    )

    verbale = verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)

    assert set(nomi) <= set(nomi_riservati(percorso))
    pubblico = letto(verbali.file_approvato(verbale))
    interno = letto(verbali.file_approvato(verbale, interno=True))
    assert [nome for nome in nomi if nome in pubblico] == []
    assert [nome for nome in nomi if nome in str(verbale.contenuto)] == []
    assert [nome for nome in nomi if nome in interno] == nomi
    assert pubblico.count("[omissis]") == 5
    assert [str(c.seggio) in pubblico for c in presenti] == [True, True]
    # Nor where the file says things about itself.
    with pikepdf.open(io.BytesIO(verbali.file_approvato(verbale))) as documento:
        sotto = documento.Root.Metadata.read_bytes().decode() + str(documento.docinfo)
    assert [nome for nome in nomi if nome in sotto] == []


def test_the_same_minutes_make_the_same_files(in_correzione, successiva):
    copie = verbali._copie(in_correzione, "seduta", successiva, DOPO)

    uno, due = ([verbali._impagina(*copia, DOPO) for copia in copie] for _volta in range(2))

    assert uno == due
    assert uno[0] != uno[1]


@pytest.mark.usefixtures("pdf_di_carta")
def test_steps_are_never_without_a_time(approvato):
    assert [passo.created_at for passo in PassaggioVerbale.objects.order_by("pk")] == [
        ADESSO,
        ADESSO,
        DOPO,
    ]
