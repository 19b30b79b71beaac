"""Seats, mandates, invitations, the open door and the Comitato: the services and their mails."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from percorso.models import Percorso
from portale.lib.rifiuti import Rifiuto, Superata
from posta.generi import NonDovuto, registro
from posta.models import Messaggio
from tavolo.models import (
    Componente,
    Garante,
    ImpostazioniTavolo,
    Organizzazione,
    PassaggioSeggio,
    RichiestaAdesione,
    Seggio,
)
from tavolo.permissions import accessi
from tavolo.services import adesioni, soggetti
from tests.factories import (
    ComponenteFactory,
    GaranteFactory,
    LaboratorioFactory,
    OrganizzazioneFactory,
    PercorsoFactory,
    RichiestaAdesioneFactory,
    SeggioFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ADESSO = datetime(2027, 3, 3, 10, tzinfo=UTC)
OGGI = date(2027, 3, 3)
IERI, DOMANI = OGGI - timedelta(days=1), OGGI + timedelta(days=1)
R = Componente.Ruolo
Evento = PassaggioSeggio.Evento


@pytest.fixture
def autore():
    return UserFactory(ufficio=True)


@pytest.fixture
def come(autore):
    return {"autore": autore, "adesso": ADESSO}


@pytest.fixture
def seggio():
    return SeggioFactory()


def indica(seggio, come, **kwargs):
    dati = {"ruolo": R.TITOLARE, "nome": "Ada", "email": "Ada@Example.org", "dal": OGGI}
    return soggetti.nomina(seggio, **{**dati, **kwargs}, **come)


def storia(seggio):
    return [
        (p.evento, p.componente and p.componente.nome, p.autore) for p in seggio.passaggi.all()
    ]


# --- Seats ----------------------------------------------------------------------------------


def test_an_organisation_has_one_seat_at_a_time_and_another_when_it_comes_back(autore, come):
    percorso, org = PercorsoFactory(), OrganizzazioneFactory()
    chi = {"percorso": percorso, "organizzazione": org, **come}
    primo = soggetti.apri_seggio(dal=OGGI, **chi)
    with pytest.raises(Rifiuto):
        soggetti.apri_seggio(dal=DOMANI, **chi)

    soggetti.concludi_seggio(primo, OGGI, motivo="Si è sciolta.", **come)
    with pytest.raises(Rifiuto):
        soggetti.apri_seggio(dal=OGGI, **chi)
    secondo = soggetti.apri_seggio(dal=DOMANI, **chi)

    assert [seggio.pk for seggio in Seggio.objects.order_by("pk")] == [primo.pk, secondo.pk]
    assert storia(primo) == [(Evento.APERTO, None, autore), (Evento.CONCLUSO, None, autore)]
    assert "Si è sciolta." in primo.passaggi.last().testo
    with pytest.raises(IntegrityError), transaction.atomic():
        Seggio.objects.create(percorso=percorso, organizzazione=org, dal=OGGI)


def test_a_seat_that_ends_takes_its_mandates_with_it_and_deletes_nothing(seggio, come):
    titolare = ComponenteFactory(seggio=seggio)
    futuro = ComponenteFactory(seggio=seggio, supplente=True, dal=OGGI + timedelta(days=30))
    finito = ComponenteFactory(seggio=seggio, supplente=True, al=date(2026, 1, 1))
    assert set(accessi(titolare.persona, ADESSO)) == {seggio.percorso_id}

    soggetti.concludi_seggio(seggio, IERI, **come)
    soggetti.concludi_seggio(seggio, IERI, **come)

    for componente in (titolare, futuro, finito):
        componente.refresh_from_db()
        assert accessi(componente.persona, ADESSO) == {}
        assert accessi(componente.persona, ADESSO + timedelta(days=31)) == {}
    assert (titolare.al, futuro.al, finito.al) == (IERI, futuro.dal, date(2026, 1, 1))
    assert [evento for evento, _nome, _chi in storia(seggio)] == ["fine", "fine", "concluso"]
    with pytest.raises(Rifiuto):
        soggetti.concludi_seggio(seggio, DOMANI, **come)
    with pytest.raises(Rifiuto):
        soggetti.concludi_seggio(seggio, date(2019, 1, 1), **come)


def test_a_role_changes_once_and_says_what_it_was(seggio, come):
    for _volta in range(2):
        soggetti.cambia_ruolo(seggio, Seggio.Ruolo.OSSERVATORE, **come)
    seggio.refresh_from_db()
    assert seggio.ruolo == "osservatore"
    assert [p.testo for p in seggio.passaggi.all()] == ["componente → osservatore"]


# --- Mandates -------------------------------------------------------------------------------


def test_a_seat_has_one_titolare_and_each_address_once(seggio, come):
    ada = indica(seggio, come)
    assert (ada.email, ada.invitato_at, ada.persona) == ("ada@example.org", None, None)
    for altra in (
        {"email": "b@example.org"},
        {"ruolo": R.SUPPLENTE},
        {"ruolo": R.SUPPLENTE, "email": "c@example.org", "dal": date(2019, 1, 1)},
    ):
        with pytest.raises(Rifiuto):
            indica(seggio, come, **altra)
    indica(seggio, come, ruolo=R.SUPPLENTE, email="b@example.org", nome="Bea")
    assert [c.nome for c in seggio.componenti.order_by("pk")] == ["Ada", "Bea"]


def test_who_replaces_begins_the_day_after_who_leaves_and_the_row_stays(seggio, come, autore):
    vecchia = ComponenteFactory(seggio=seggio)
    nuova = soggetti.sostituisci(
        vecchia, nome="Bea", email="bea@example.org", dal=OGGI, motivo="Si è trasferita.", **come
    )
    vecchia.refresh_from_db()
    assert (vecchia.al, nuova.dal, nuova.al, nuova.ruolo) == (IERI, OGGI, None, "titolare")
    assert accessi(vecchia.persona, ADESSO) == {}
    assert storia(seggio) == [
        (Evento.FINE, vecchia.nome, autore),
        (Evento.NOMINA, "Bea", autore),
    ]
    # Of two clicks the second finds that she has left and that the seat has its titolare.
    with pytest.raises(Rifiuto):
        soggetti.sostituisci(vecchia, nome="Bea", email="bea@example.org", dal=OGGI, **come)
    with pytest.raises(Rifiuto):
        soggetti.sostituisci(nuova, nome="Cleo", email="cleo@example.org", dal=OGGI, **come)
    assert seggio.componenti.count() == 2


def test_a_last_day_is_corrected_but_not_over_another_mandate(come):
    persona, percorso = UserFactory(), PercorsoFactory()
    prima = ComponenteFactory(seggio__percorso=percorso, persona=persona)
    soggetti.termina(prima, IERI, motivo="Fine.", **come)
    soggetti.termina(prima, IERI, **come)
    ComponenteFactory(seggio__percorso=percorso, persona=persona, dal=OGGI)
    with pytest.raises(Rifiuto):
        soggetti.termina(prima, DOMANI, **come)
    with pytest.raises(Rifiuto):
        soggetti.termina(prima, date(2019, 1, 1), **come)
    soggetti.termina(prima, date(2026, 1, 1), **come)
    prima.refresh_from_db()
    assert prima.al == date(2026, 1, 1)
    assert prima.seggio.passaggi.count() == 2


def test_the_last_day_of_a_titolare_does_not_reach_into_her_successor_s(seggio, come):
    vecchia = ComponenteFactory(seggio=seggio)
    soggetti.sostituisci(vecchia, nome="Bea", email="bea@example.org", dal=OGGI, **come)
    with pytest.raises(Rifiuto):
        soggetti.termina(vecchia, OGGI, **come)


# --- Invitations ----------------------------------------------------------------------------


def lettera(messaggio, adesso=ADESSO):
    with translation.override(messaggio.lingua):
        return registro[messaggio.genere].componi(messaggio, adesso)


def test_an_invitation_is_one_mail_in_italian_and_another_one_closes_its_link(seggio, come):
    ada = soggetti.invita(indica(seggio, come), **come)
    with pytest.raises(Rifiuto):
        soggetti.invita(ada, **come)
    prima = Messaggio.objects.get()
    composto = lettera(prima)
    assert (prima.destinatario, prima.lingua) == ("ada@example.org", "it")
    for parte in (composto.testo, composto.html):
        assert f"/tavolo/invito/{ada.token}/" in parte
        assert str(seggio.organizzazione) in parte
        assert "domenica 2 maggio 2027" in parte

    vecchio, dopo = ada.token, ADESSO + timedelta(hours=1)
    ufficio = come["autore"]
    soggetti.reinvita(ada, visto=ada.invitato_at, autore=ufficio, adesso=dopo)
    with pytest.raises(Superata):
        soggetti.reinvita(ada, visto=ADESSO, autore=ufficio, adesso=dopo)

    assert Messaggio.objects.count() == 2
    with pytest.raises(NonDovuto):
        lettera(prima)
    assert lettera(Messaggio.objects.latest("pk"), dopo).oggetto
    assert not Componente.objects.from_token(vecchio).exists()


@pytest.mark.parametrize("fatto", ["entrata", "finita", "altro_indirizzo", "seggio_finito"])
def test_an_invitation_does_not_leave_once_it_is_not_true(fatto, seggio, come):
    ada = soggetti.invita(indica(seggio, come), **come)
    dopo = ADESSO + timedelta(days=2)
    if fatto == "entrata":
        soggetti.entra(ada, UserFactory(), adesso=ADESSO)
    elif fatto == "finita":
        soggetti.termina(ada, OGGI, **come)
    elif fatto == "seggio_finito":
        soggetti.concludi_seggio(seggio, OGGI, **come)
    else:
        soggetti.cambia_email(ada, "giusta@example.org", **come)
    with pytest.raises(NonDovuto):
        lettera(Messaggio.objects.get(), dopo)


def test_correcting_an_address_closes_the_link_that_was_sent_to_the_wrong_one(seggio, come):
    ada = soggetti.invita(indica(seggio, come), **come)
    vecchio = ada.token
    ada = soggetti.cambia_email(ada, "giusta@example.org", **come)
    assert not Componente.objects.from_token(vecchio).exists()
    soggetti.invita(ada, **come)
    assert Messaggio.objects.latest("pk").destinatario == "giusta@example.org"

    # Once she has joined her link is no matter any more, and her mails follow the new address.
    mia = soggetti.entra(Componente.objects.get(pk=ada.pk), UserFactory(), adesso=ADESSO)
    dopo = soggetti.cambia_email(mia, "nuova@example.org", **come)
    assert (dopo.email, dopo.codice, dopo.entrato_at) == ("nuova@example.org", mia.codice, ADESSO)


def test_the_link_seats_one_person_once_whatever_her_address(seggio, come):
    ada = soggetti.invita(indica(seggio, come), **come)
    persona, altra = UserFactory(email="tutt-altra@example.org"), UserFactory()
    soggetti.entra(ada, persona, adesso=ADESSO)
    soggetti.entra(ada, persona, adesso=ADESSO)
    with pytest.raises(Rifiuto, match="già stato usato"):
        soggetti.entra(ada, altra, adesso=ADESSO)
    assert set(accessi(persona, ADESSO)) == {seggio.percorso_id}
    assert accessi(altra, ADESSO) == {}
    assert [e for e, _n, chi in storia(seggio) if chi == persona] == [Evento.ENTRATA]


@pytest.mark.parametrize(
    ("giorni", "al", "aperto"),
    [(0, None, True), (60, None, True), (61, None, False), (2, OGGI, False), (0, OGGI, True)],
)
def test_an_invitation_holds_for_sixty_days_and_as_long_as_the_mandate(
    giorni, al, aperto, seggio, come
):
    ada = soggetti.invita(indica(seggio, come), **come)
    Componente.objects.filter(pk=ada.pk).update(al=al)
    ada.refresh_from_db()
    quando = ADESSO + timedelta(days=giorni)
    assert (soggetti.perche_chiuso(ada, quando) == "") == aperto
    if not aperto:
        with pytest.raises(Rifiuto):
            soggetti.entra(ada, UserFactory(), adesso=quando)


def test_the_last_day_of_a_mandate_ends_at_midnight_in_rome(seggio, come):
    ada = soggetti.invita(indica(seggio, come), **come)
    ada = soggetti.termina(ada, OGGI, **come)
    mezzanotte = datetime(2027, 3, 3, 23, tzinfo=UTC)
    assert soggetti.perche_chiuso(ada, mezzanotte - timedelta(seconds=1)) == ""
    assert soggetti.perche_chiuso(ada, mezzanotte) == "Il mandato a cui ti invitava è finito."


def test_a_person_holds_one_seat_at_a_time_in_a_percorso(come):
    persona, percorso = UserFactory(), PercorsoFactory()
    ComponenteFactory(seggio__percorso=percorso, persona=persona, al=OGGI)
    ComponenteFactory(persona=persona)  # of another percorso: no matter
    seggio = SeggioFactory(percorso=percorso)
    oggi = soggetti.invita(indica(seggio, come), **come)
    with pytest.raises(Rifiuto, match="una persona ne occupa uno solo"):
        soggetti.entra(oggi, persona, adesso=ADESSO)
    oggi.refresh_from_db()
    assert oggi.persona is None

    domani = soggetti.invita(indica(SeggioFactory(percorso=percorso), come, dal=DOMANI), **come)
    soggetti.entra(domani, persona, adesso=ADESSO)
    assert accessi(persona, ADESSO + timedelta(days=1))[percorso.pk].componente == domani


# --- Comitato -------------------------------------------------------------------------------


def test_the_comitato_is_neither_of_the_office_nor_of_the_tavolo(come):
    percorso = PercorsoFactory()
    with pytest.raises(Rifiuto, match="perché vigila sull'ufficio"):
        soggetti.nomina_garante(percorso, UserFactory(is_staff=True), dal=OGGI)
    seduta = ComponenteFactory(seggio__percorso=percorso, seggio__organizzazione__nome="Orti")
    with pytest.raises(Rifiuto, match="Orti"):
        soggetti.nomina_garante(percorso, seduta.persona, dal=OGGI)
    assert Garante.objects.count() == 0

    # Once her mandate is over, or in another percorso, she may be; but not twice.
    soggetti.termina(seduta, IERI, **come)
    garante = soggetti.nomina_garante(percorso, seduta.persona, dal=OGGI)
    with pytest.raises(Rifiuto):
        soggetti.nomina_garante(percorso, seduta.persona, dal=DOMANI)
    assert accessi(seduta.persona, ADESSO)[percorso.pk].garante

    # And who is on it takes no seat meanwhile.
    invito = soggetti.invita(indica(SeggioFactory(percorso=percorso), come), **come)
    with pytest.raises(Rifiuto, match="Comitato"):
        soggetti.entra(invito, seduta.persona, adesso=ADESSO)
    soggetti.termina_garante(garante, OGGI)
    with pytest.raises(Rifiuto):
        soggetti.termina_garante(garante, DOMANI)
    with pytest.raises(Rifiuto):
        soggetti.termina_garante(garante, IERI)
    assert accessi(seduta.persona, ADESSO + timedelta(days=1)) == {}


# --- Open door ------------------------------------------------------------------------------

DATI = {
    "nome": "Gruppo Orti",
    "genere": "altro",
    "costituzione": "informale",
    "attivita": "Coltiviamo.",
    "sito": "",
    "motivo": "Per il verde.",
    "contatto": "Carla Riservata",
    "email": "Orti@example.org",
    "telefono": "",
}


@pytest.fixture
def percorso():
    percorso = PercorsoFactory(stato=Percorso.Stato.ATTIVO)
    ImpostazioniTavolo.objects.create(percorso=percorso)
    return percorso


def test_a_request_to_join_is_one_for_an_address_and_tells_both_sides(percorso):
    zona = LaboratorioFactory()
    for _volta in range(2):
        adesioni.chiedi_adesione(percorso, DATI, laboratori=[zona], lingua="en", adesso=ADESSO)
    richiesta = RichiestaAdesione.objects.get()
    assert (richiesta.email, list(richiesta.laboratori.all())) == ("orti@example.org", [zona])
    ricevuta, ufficio = Messaggio.objects.order_by("genere")
    assert (ricevuta.genere, ricevuta.destinatario, ricevuta.lingua) == (
        "adesione_ricevuta",
        "orti@example.org",
        "en",
    )
    assert (ufficio.genere, ufficio.lingua) == ("adesione_ufficio", "it")
    assert "Per il verde." in lettera(ufficio).testo
    assert lettera(ufficio).rispondi_a == "orti@example.org"
    assert "/en/tavolo/" in lettera(ricevuta).testo
    with pytest.raises(IntegrityError), transaction.atomic():
        RichiestaAdesioneFactory(percorso=percorso, nome="Gruppo Orti", email="orti@example.org")


def test_a_closed_door_takes_no_request(percorso):
    altro = PercorsoFactory(stato=Percorso.Stato.CONCLUSO)
    SeggioFactory(percorso=altro)
    with pytest.raises(Rifiuto):
        adesioni.chiedi_adesione(altro, DATI, adesso=ADESSO)
    ImpostazioniTavolo.objects.update(porta_aperta=False)
    with pytest.raises(Rifiuto):
        adesioni.chiedi_adesione(percorso, DATI, adesso=ADESSO)
    assert (RichiestaAdesione.objects.count(), adesioni.percorso_aperto()) == (0, None)


def test_accepting_opens_the_seat_of_a_new_organisation_and_invites_its_contact(percorso, come):
    zona = LaboratorioFactory()
    richiesta = RichiestaAdesioneFactory(percorso=percorso, nome="Orti & Fiori", lingua="en")
    richiesta.laboratori.set([zona])
    OrganizzazioneFactory(slug="orti-fiori")
    seggio = adesioni.accogli_adesione(
        richiesta, dal=OGGI, invita_contatto=True, risposta="Benvenuti.", **come
    )
    org, titolare = seggio.organizzazione, seggio.componenti.get()
    assert (org.nome, org.slug, org.contatto, list(org.laboratori.all())) == (
        "Orti & Fiori",
        "orti-fiori-2",
        richiesta.contatto,
        [zona],
    )
    assert (titolare.nome, titolare.ruolo) == (richiesta.contatto, "titolare")
    richiesta.refresh_from_db()
    assert (richiesta.stato, richiesta.seggio, richiesta.risposto_da, richiesta.risposta_at) == (
        "accolta",
        seggio,
        come["autore"],
        ADESSO,
    )
    invito, accolta = Messaggio.objects.order_by("-genere")
    assert (invito.genere, invito.lingua, accolta.lingua) == ("invito_tavolo", "it", "en")
    assert "Benvenuti." in lettera(accolta).testo
    with pytest.raises(Rifiuto):
        adesioni.accogli_adesione(richiesta, dal=OGGI, **come)
    with pytest.raises(Rifiuto):
        adesioni.respingi_adesione(richiesta, "No.", **come)
    assert (Seggio.objects.count(), Messaggio.objects.count()) == (1, 2)


def test_accepting_finds_the_organisation_by_its_name_and_leaves_its_contacts_alone(
    percorso, come
):
    org = OrganizzazioneFactory(nome="Orti", contatto="Prima Persona")
    richiesta = RichiestaAdesioneFactory(percorso=percorso, nome="ORTI")
    assert adesioni.accogli_adesione(richiesta, dal=OGGI, **come).organizzazione == org
    org.refresh_from_db()
    assert (org.contatto, Organizzazione.objects.count()) == ("Prima Persona", 1)

    # It has its seat: a second request cannot have another, and nothing of it is done.
    doppia = RichiestaAdesioneFactory(percorso=percorso, nome="Orti")
    with pytest.raises(Rifiuto, match="già un seggio"):
        adesioni.accogli_adesione(doppia, dal=OGGI, **come)
    doppia.refresh_from_db()
    assert (doppia.stato, Seggio.objects.count()) == ("nuova", 1)


def test_a_no_has_its_reason_and_the_mail_says_it(percorso, come):
    richiesta = RichiestaAdesioneFactory(percorso=percorso)
    with pytest.raises(Rifiuto):
        adesioni.respingi_adesione(richiesta, "  ", **come)
    adesioni.respingi_adesione(richiesta, "Non è attiva in città.", **come)
    messaggio = Messaggio.objects.get()
    assert (messaggio.genere, messaggio.destinatario) == ("adesione_respinta", richiesta.email)
    assert "Non è attiva in città." in lettera(messaggio).html
    with pytest.raises(IntegrityError), transaction.atomic():
        RichiestaAdesione.objects.update(risposta="")


def test_the_receipt_does_not_leave_after_the_answer(percorso, come):
    richiesta = adesioni.chiedi_adesione(percorso, DATI, adesso=ADESSO)
    adesioni.respingi_adesione(richiesta, "No.", **come)
    for genere in ("adesione_ricevuta", "adesione_ufficio"):
        with pytest.raises(NonDovuto):
            lettera(Messaggio.objects.get(genere=genere))
    RichiestaAdesione.objects.all().delete()
    with pytest.raises(NonDovuto):
        lettera(Messaggio.objects.get(genere="adesione_respinta"))


def test_the_invitation_s_address_is_italian_whatever_the_language_of_who_sends_it(seggio, come):
    with translation.override("en"):
        ada = soggetti.invita(indica(seggio, come), **come)
    assert "/en/" not in lettera(Messaggio.objects.get()).testo
    assert reverse("tavolo:invito", args=[ada.token]) in lettera(Messaggio.objects.get()).testo


def test_a_garante_of_today_may_be_named_for_another_percorso():
    garante = GaranteFactory()
    altro = soggetti.nomina_garante(PercorsoFactory(), garante.persona, dal=OGGI)
    assert altro.pk != garante.pk
