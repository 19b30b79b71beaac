"""No row that may say something of somebody escapes the register of purposes.

A model that can name a person (it points at one, or holds an address, a file, or words that
anybody wrote) stands here with the purposes for which it is held, or with the reason why it says
nothing of anybody. A new model fails until somebody has thought about it.
"""

import pytest
from django.apps import apps

from accounts.finalita import tutte
from accounts.interessato import cancellatori, raccoglitori

# Model → the purposes whose functions see to its rows.
FINALITA = {
    "account.EmailAddress": "account",
    "account.EmailConfirmation": "account",
    "accounts.Conferma": "partecipanti",
    "accounts.Consenso": "newsletter foto",
    "accounts.IdentitaVerificata": "identita",
    "accounts.Partecipante": "partecipanti",
    "accounts.RiferimentoSessione": "sessioni",
    "accounts.Scarico": "diritti",
    "accounts.Sessione": "sessioni",
    "accounts.User": "account sessioni",
    "admin.LogEntry": "ufficio",
    "comunicazioni.Destinatario": "comunicazioni",
    "eventi.Accoglienza": "accoglienza",
    "eventi.Iscrizione": "iscrizioni presenze",
    "eventi.Necessita": "necessita",
    "eventi.PassaggioIscrizione": "iscrizioni",
    "eventi.RichiestaServizio": "iscrizioni",
    "eventi.SegnoPresenza": "presenze",
    "eventi.Telefonata": "iscrizioni",
    "importazioni.Importazione": "fogli",
    "importazioni.RigaImportata": "fogli",
    "laboratori.Attore": "attori",
    "laboratori.Disponibilita": "disponibilita",
    "laboratori.ModificaAttore": "attori",
    "laboratori.PassaggioDisponibilita": "disponibilita",
    "laboratori.Referente": "attori",
    "mfa.Authenticator": "account",
    "posta.Messaggio": "posta contatti",
    "proposte.Allegato": "proposte",
    "proposte.Avanzamento": "proposte",
    "proposte.Bisogno": "bisogni",
    "proposte.Commento": "commenti",
    "proposte.EsitoPreparato": "proposte",
    "proposte.Nota": "verbalizzanti",
    "proposte.Passaggio": "proposte",
    "proposte.PassaggioBisogno": "bisogni",
    "proposte.Proposta": "proposte",
    "proposte.Risposta": "proposte",
    "proposte.Segnalazione": "segnalazioni",
    "proposte.Seguito": "seguiti",
    "proposte.Sostegno": "sostegni",
    "proposte.Verbalizzante": "verbalizzanti",
    "proposte.VerificaTecnica": "proposte",
    "proposte.VersioneProposta": "proposte",
    "socialaccount.SocialAccount": "identita",
    "socialaccount.SocialToken": "identita",
    "tavolo.AccessoDocumento": "tavolo comitato",
    "tavolo.CommentoEsame": "tavolo",
    "tavolo.Componente": "tavolo",
    "tavolo.Correzione": "tavolo",
    "tavolo.Decisione": "tavolo",
    "tavolo.Dissenso": "tavolo",
    "tavolo.DocumentoTavolo": "tavolo",
    "tavolo.DomandaProponente": "tavolo adesioni",
    "tavolo.Esame": "tavolo",
    "tavolo.Garante": "comitato",
    "tavolo.Giustificazione": "tavolo",
    "tavolo.Impegno": "tavolo",
    "tavolo.Organizzazione": "adesioni tavolo",
    "tavolo.ParereComitato": "comitato",
    "tavolo.PassaggioEsame": "tavolo",
    "tavolo.PassaggioSeduta": "tavolo",
    "tavolo.PassaggioSeggio": "tavolo",
    "tavolo.PassaggioVerbale": "tavolo",
    "tavolo.Posizione": "tavolo",
    "tavolo.Presenza": "tavolo",
    "tavolo.ProceduraScritta": "tavolo",
    "tavolo.PuntoOrdineDelGiorno": "tavolo",
    "tavolo.Rettifica": "tavolo",
    "tavolo.RichiestaAdesione": "adesioni",
    "tavolo.RispostaScritta": "tavolo",
    "tavolo.Verbale": "tavolo",
    "tavolo.VersionePosizione": "tavolo",
    "tavolo.VersioneRisposta": "tavolo",
    "tavolo.VoceVerbale": "tavolo",
    "usersessions.UserSession": "sessioni",
}
_COMUNE = "the municipality's own words, for everybody; who wrote them is an officer"
_NUMERI = "numbers alone"
_DJANGO = "made by Django and allauth, not by people"
# Model → why it says nothing of anybody.
NESSUNO = {
    "accounts.Cancellazione": "counts, a reason from a list, and the officer who did it",
    "accounts.Pulizia": _NUMERI,
    "accounts.RispostaUsata": "the hash of a gateway's answer, until it expires by itself",
    "auth.Group": _DJANGO,
    "auth.Permission": _DJANGO,
    "comunicazioni.Comunicazione": _COMUNE,
    "comunicazioni.PassaggioComunicazione": _COMUNE,
    "contenttypes.ContentType": _DJANGO,
    "eventi.AllegatoResoconto": _COMUNE,
    "eventi.Incontro": _COMUNE,
    "eventi.NumeriIncontro": _NUMERI,
    "eventi.PassaggioIncontro": _COMUNE,
    "eventi.Resoconto": _COMUNE,
    "eventi.Sede": _COMUNE,
    "eventi.SerieIncontri": _COMUNE,
    "eventi.Servizio": _COMUNE,
    "laboratori.Laboratorio": _COMUNE,
    "laboratori.Quartiere": _COMUNE,
    "percorso.Atto": _COMUNE,
    "percorso.Fase": _COMUNE,
    "percorso.Percorso": _COMUNE,
    "proposte.Tema": _COMUNE,
    "socialaccount.SocialApp": "the settings of a gateway",
    "tavolo.Criterio": _COMUNE,
    "tavolo.ImpostazioniTavolo": _COMUNE,
    "tavolo.Seduta": "dates, and the agenda as it was called",
}
PERSONE = {"accounts.User", "accounts.Partecipante", "tavolo.Componente", "eventi.Iscrizione"}
TESTI = {"EmailField", "TextField", "JSONField", "FileField", "BinaryField"}


def puo_dire_di_qualcuno(campo):
    if campo.is_relation:
        return campo.related_model._meta.label in PERSONE
    tipo = campo.get_internal_type()
    libero = tipo == "CharField" and not campo.choices and (campo.max_length or 0) >= 60
    return tipo in TESTI or libero or "ip" in campo.name.split("_")


def da_pensare():
    return {
        modello._meta.label
        for modello in apps.get_models()
        if any(
            puo_dire_di_qualcuno(campo)
            for campo in modello._meta.get_fields()
            if campo.concrete and not campo.many_to_many
        )
    }


def test_every_model_that_may_name_somebody_has_a_purpose_or_a_reason():
    assert da_pensare() - set(FINALITA) - set(NESSUNO) == set()


def test_no_model_stands_in_both_lists_and_none_is_gone():
    tutti = {modello._meta.label for modello in apps.get_models()}
    assert set(FINALITA) & set(NESSUNO) == set()
    assert (set(FINALITA) | set(NESSUNO)) - tutti == set()


def test_the_purposes_that_models_name_are_registered():
    nominate = {codice for codici in FINALITA.values() for codice in codici.split()}
    assert nominate - {una.codice for una in tutte()} == set()


@pytest.mark.parametrize("una", tutte(), ids=lambda una: una.codice)
def test_every_purpose_can_say_what_it_holds_and_let_go_of_it(una):
    assert una.codice in raccoglitori
    assert una.codice in cancellatori


@pytest.mark.parametrize("registro", [raccoglitori, cancellatori], ids=["raccoglie", "cancella"])
def test_nobody_answers_for_a_purpose_that_the_page_does_not_show(registro):
    assert set(registro) - {una.codice for una in tutte()} == set()
