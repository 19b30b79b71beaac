"""After an erasure nobody finds her again: not in any table, not in any file."""

import json
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts import diritti
from accounts.deposito_sessioni import SessionStore
from accounts.interessato import ANONIMA, dell_indirizzo, della_persona, senza_indirizzo
from accounts.models import Canale, Cancellazione, Consenso, Partecipante, Scarico, Sessione, User
from accounts.partecipanti import chiedi_conferma
from eventi.models import Iscrizione, Necessita, PassaggioIscrizione
from importazioni import models as importazioni
from posta.models import Messaggio
from posta.services import accoda, spedisci_dovuti
from proposte.models import (
    Allegato,
    Bisogno,
    Commento,
    Passaggio,
    Proposta,
    Segnalazione,
    Seguito,
    Sostegno,
    VersioneProposta,
)
from proposte.ricerca import indici
from tavolo.models import (
    CommentoEsame,
    Componente,
    Correzione,
    DomandaProponente,
    Garante,
    PassaggioSeggio,
    VersionePosizione,
)
from tests.factories import (
    AccoglienzaFactory,
    AttoreFactory,
    BisognoFactory,
    CommentoFactory,
    ComponenteFactory,
    DisponibilitaFactory,
    EsameFactory,
    GaranteFactory,
    IncontroFactory,
    IscrizioneFactory,
    MessaggioFactory,
    NotaFactory,
    OrganizzazioneFactory,
    PosizioneFactory,
    PresenzaFactory,
    PropostaFactory,
    RichiestaAdesioneFactory,
    SeguitoFactory,
    SostegnoFactory,
    UserFactory,
    VerbaleFactory,
    VerbalizzanteFactory,
)

pytestmark = pytest.mark.django_db

# "à" is two letters in one kind of Unicode and six in JSON; the search must see through both.
NOME = "Zoraide Pàppagallo"
EMAIL = "zoraide.pappa@prova.example"
TELEFONO = "0523 778899"


def scarico_del_database():
    """Every row of every table, also those that no model names, as one text."""
    pezzi = []
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tabelle = [nome for (nome,) in cursor.fetchall()]
        else:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tabelle = [nome for (nome,) in cursor.fetchall()]
        for tabella in sorted(tabelle):
            cursor.execute(f'SELECT * FROM "{tabella}"')
            pezzi += [f"{tabella}: {riga!r}" for riga in cursor.fetchall()]
    # Sessions say who they are of in a way of their own.
    pezzi += [f"sessione: {sessione.get_decoded()!r}" for sessione in Sessione.objects.all()]
    return "\n".join(pezzi)


def tracce(testo):
    """Where in a dump she still is."""
    forme = {NOME, EMAIL, TELEFONO, "Pàppagallo", "Zoraide", "zoraide", "pappa@", "pappagall"}
    forme |= {json.dumps(forma)[1:-1] for forma in forme}
    # What a dump of Python's repr writes twice.
    forme |= {forma.replace("\\", "\\\\") for forma in forme}
    return sorted({riga[:300] for riga in testo.split("\n") for forma in forme if forma in riga})


def file_del_deposito(cartella=""):
    cartelle, nomi = default_storage.listdir(cartella)
    for nome in nomi:
        yield f"{cartella}/{nome}" if cartella else nome
    for dentro in cartelle:
        yield from file_del_deposito(f"{cartella}/{dentro}" if cartella else dentro)


@pytest.fixture
def lei(db):
    persona = UserFactory(email=EMAIL, nome=NOME)
    return Partecipante.objects.create(email=EMAIL, nome=NOME, persona=persona)


@pytest.fixture
def ovunque(lei):
    """She in every place that the portal has for somebody."""
    adesso, persona = timezone.now(), lei.persona
    ufficio = UserFactory(ufficio=True)
    # Meetings: one to come, with somebody who waits for her seat, and one that was.
    futuro = IncontroFactory(posti=1)
    viva = IscrizioneFactory(
        incontro=futuro, persona=persona, nome=NOME, email=EMAIL, telefono=TELEFONO
    )
    IscrizioneFactory(incontro=futuro, in_attesa=True, email="aspetta@prova.example")
    passato = IncontroFactory(passato=True)
    venuta = IscrizioneFactory(
        incontro=passato, nome=NOME, email=EMAIL, presente=True, nome_minore="Zoraide"
    )
    PassaggioIscrizione.objects.create(
        iscrizione=venuta,
        a="confermata",
        attore="ufficio",
        motivo=f"Ha telefonato {NOME} dal {TELEFONO}",
        created_at=adesso,
    )
    for iscrizione in (viva, venuta):
        Necessita.objects.create(iscrizione=iscrizione, testo=f"{NOME} usa una sedia a ruote.")
    AccoglienzaFactory(nome=NOME, email=EMAIL, incontro=futuro)
    # Labs.
    DisponibilitaFactory(nome=NOME, email=EMAIL, telefono=TELEFONO, messaggio=f"Sono {NOME}")
    AttoreFactory(contatto=NOME, email=EMAIL, telefono=TELEFONO, note=f"Chiedere di {NOME}.")
    # Proposals.
    testo = f"Sono {NOME}, scrivetemi a {EMAIL} o chiamatemi al {TELEFONO}."
    pubblica = PropostaFactory(
        titolo=f"La panchina di {NOME}",
        slug="la-panchina-di-zoraide-pappagallo-1",
        che_cosa=testo,
        proponente=lei,
        nome_mostrato=NOME,
    )
    Proposta.objects.filter(pk=pubblica.pk).update(**indici(pubblica))
    VersioneProposta.objects.create(
        proposta=pubblica, numero=1, titolo="Prima", che_cosa=testo, created_at=adesso
    )
    Passaggio.objects.create(
        proposta=pubblica, evento="riesame", da="pubblicata", a="pubblicata", testo=testo,
        created_at=adesso,
    )  # fmt: skip
    bozza = PropostaFactory(bozza=True, proponente=lei, nome_mostrato=NOME, che_cosa=testo)
    for proposta in (pubblica, bozza):
        Allegato.objects.create(
            proposta=proposta,
            genere="immagine",
            titolo=f"Foto di {NOME}",
            file=ContentFile(NOME.encode() if proposta is bozza else b"foto", name="foto.jpg"),
            impronta=f"{proposta.pk}",
        )
    BisognoFactory(proponente=lei, nome_mostrato=NOME, testo=testo, canale="online")
    BisognoFactory(
        proponente=lei, nome_mostrato=NOME, testo=testo, stato="inviato", pubblicato_at=None
    )
    CommentoFactory(autore=lei, nome_mostrato=NOME, testo=testo, proposta=pubblica)
    CommentoFactory(
        autore=lei, testo=testo, nascosto_at=adesso, motivo="altro", motivazione=f"{NOME}!"
    )
    Segnalazione.objects.create(
        proposta=pubblica, partecipante=lei, motivo="altro", testo=testo, chiave="s",
        created_at=adesso,
    )  # fmt: skip
    SostegnoFactory(partecipante=lei, proposta=pubblica)
    SeguitoFactory(partecipante=lei, proposta=pubblica)
    NotaFactory(verbalizzante=VerbalizzanteFactory(nome=NOME, email=EMAIL))
    # The Tavolo: a mandate that is over, and what she left there.
    mandato = ComponenteFactory(
        persona=persona, nome=NOME, email=EMAIL, dal=date(2020, 1, 1), al=date(2021, 1, 1)
    )
    seggio = mandato.seggio
    PassaggioSeggio.objects.create(
        seggio=seggio, componente=mandato, evento="nomina", testo=f"{NOME}, titolare",
        created_at=adesso,
    )  # fmt: skip
    esame = EsameFactory(percorso=seggio.percorso)
    posizione = PosizioneFactory(esame=esame, seggio=seggio, resa_da=mandato)
    VersionePosizione.objects.create(
        posizione=posizione, numero=1, grado="favorevole", motivazione=testo,
        componente=mandato, created_at=adesso,
    )  # fmt: skip
    CommentoEsame.objects.create(
        esame=esame, seggio=seggio, componente=mandato, testo=testo, chiave="c",
        created_at=adesso,
    )  # fmt: skip
    DomandaProponente.objects.create(
        esame=EsameFactory(proposta=pubblica), seggio=seggio, componente=mandato, testo="Dove?",
        risposta=testo, risposta_at=adesso, chiave="d", created_at=adesso,
    )  # fmt: skip
    verbale = VerbaleFactory(seduta__incontro__percorso=seggio.percorso)
    PresenzaFactory(seduta=verbale.seduta, seggio=seggio, componente=mandato)
    Correzione.objects.create(
        verbale=verbale, seggio=seggio, componente=mandato, testo=testo, chiave="k",
        created_at=adesso,
    )  # fmt: skip
    GaranteFactory(persona=persona, dal=date(2020, 1, 1), al=date(2021, 1, 1))
    OrganizzazioneFactory(contatto=NOME, email=EMAIL, telefono=TELEFONO)
    RichiestaAdesioneFactory(contatto=NOME, email=EMAIL, telefono=TELEFONO)
    RichiestaAdesioneFactory(
        contatto=NOME, email=EMAIL, motivo=testo, stato="respinta", risposta=f"Gentile {NOME}, no."
    )
    foglio = importazioni.Importazione.objects.create(
        genere="iscrizioni", nome_file="iscritti.csv", impronta="y", created_at=adesso
    )
    foglio.righe.create(numero=1, celle={"nome": NOME, "email": EMAIL}, esito="nuova")
    foglio.righe.create(numero=2, celle={"nome": "Altra Persona"}, esito="nuova")
    # Herself.
    Authenticator.objects.create(user=persona, type="totp", data={"di": EMAIL})
    UserSession.objects.create(
        user=persona, session_key="chiave", ip="192.0.2.1", user_agent="Zoraide", data={}
    )
    EmailAddress.objects.create(user=persona, email="zoraide.altra@prova.example", verified=False)
    # Visits in which she was about to enter: nobody is signed in there.
    for attesa in ({"ritorno": {"nome": NOME, "email": EMAIL}}, {"email": EMAIL.upper()}):
        visita = SessionStore()
        visita["in_attesa"] = attesa
        visita.save()
    chiedi_conferma(
        "commento", email=EMAIL, nome=NOME,
        parametri={"testo": testo}, adesso=adesso,
    )  # fmt: skip
    for scopo, ambito in (("newsletter", ""), ("foto", "un-incontro")):
        Consenso.objects.create(
            scopo=scopo, email=EMAIL, ambito=ambito, testo="Sì", dato_at=adesso, valido_at=adesso
        )
    MessaggioFactory(destinatario=EMAIL, parametri={"nome": NOME})
    MessaggioFactory(
        destinatario=EMAIL, stato="inviato", inviato_at=adesso, chiave=f"verbalizzante:{EMAIL}"
    )
    accoda(
        "contatto", "ufficio@prova.example", chiave="contatto:1", lingua="it",
        parametri={"nome": NOME, "email": EMAIL, "oggetto": "?", "messaggio": testo},
        dovuto_at=adesso + timedelta(days=1), adesso=adesso,
    )  # fmt: skip
    for messaggio in (json.dumps([{"changed": {"name": "componente", "object": NOME}}]), EMAIL):
        LogEntry.objects.create(
            user=ufficio,
            content_type=ContentType.objects.get_for_model(Proposta),
            object_id="1",
            object_repr=f"{NOME} ({EMAIL})",
            action_flag=CHANGE,
            change_message=messaggio,
        )
    LogEntry.objects.create(
        user=persona, object_id="1", object_repr="Qualcosa", action_flag=CHANGE, change_message=""
    )
    Scarico.objects.create(canale="persona", persona=persona, created_at=adesso)
    return lei


def _cancella(interessato, canale=Canale.PERSONA, **altro):
    return diritti.cancella_tutto(interessato, canale=canale, adesso=timezone.now(), **altro)


def test_after_an_erasure_a_dump_of_the_database_names_her_nowhere(
    ovunque, client, django_capture_on_commit_callbacks
):
    client.force_login(ovunque.persona)
    prima = scarico_del_database()
    assert len(tracce(prima)) > 40

    with django_capture_on_commit_callbacks(execute=True):
        _cancella(della_persona(ovunque.persona))
    spedisci_dovuti()

    assert tracce(scarico_del_database()) == []
    in_chiaro = [default_storage.open(nome).read() for nome in file_del_deposito()]
    assert [nome for nome in file_del_deposito() if "Zoraide" in nome] == []
    assert [letto for letto in in_chiaro if NOME.encode() in letto] == []


def test_what_everybody_reads_stays_and_says_what_it_said_without_her(ovunque):
    _cancella(della_persona(ovunque.persona))

    proposta = Proposta.objects.get(slug="la-panchina-di-omissis-1")
    assert proposta.titolo == "La panchina di [omissis]"
    assert proposta.che_cosa == (
        "Sono [omissis], scrivetemi a [omissis] o chiamatemi al [omissis]."
    )
    assert (proposta.proponente, proposta.firma) == (None, "una persona")
    assert Proposta.objects.filter(stato="bozza").exists() is False
    assert [bisogno.firma if hasattr(bisogno, "firma") else bisogno.nome_mostrato
            for bisogno in Bisogno.objects.filter(testo__startswith="Sono")] == [""]  # fmt: skip
    assert list(
        Commento.objects.filter(proposta=proposta).values_list("nome_mostrato", flat=True)
    ) == [""]
    assert Componente.objects.get(seggio__isnull=False, nome=ANONIMA).email == ""
    assert Garante.objects.get().persona.nome == ANONIMA


def test_her_seat_goes_to_who_waits_and_no_mail_to_her_leaves(ovunque, mailoutbox):
    _cancella(della_persona(ovunque.persona))
    spedisci_dovuti()

    aspetta = Iscrizione.objects.get(email="aspetta@prova.example")
    assert aspetta.stato == Iscrizione.Stato.POSTO_OFFERTO
    a_lei = [messaggio for messaggio in mailoutbox if messaggio.to == [EMAIL]]
    assert [messaggio.subject for messaggio in a_lei] == ["Abbiamo cancellato i tuoi dati"]
    assert Messaggio.objects.get(genere="dati_cancellati").destinatario == ""


def test_the_register_counts_by_purpose_and_says_nothing_of_whom(ovunque):
    fatta = _cancella(della_persona(ovunque.persona))

    assert set(fatta.conteggi) == {
        "accoglienza",
        "account",
        "adesioni",
        "attori",
        "bisogni",
        "comitato",
        "commenti",
        "contatti",
        "disponibilita",
        "fogli",
        "foto",
        "iscrizioni",
        "necessita",
        "newsletter",
        "partecipanti",
        "posta",
        "presenze",
        "proposte",
        "segnalazioni",
        "seguiti",
        "sessioni",
        "sostegni",
        "tavolo",
        "ufficio",
        "verbalizzanti",
    }
    assert fatta.conteggi["iscrizioni"] == {"posti_lasciati": 1, "iscrizioni_senza_nome": 2}
    assert fatta.conteggi["proposte"] == {"proposte_eliminate": 1, "proposte_senza_firma": 1}


def test_the_second_of_two_clicks_finds_nothing_and_leaves_no_second_row(ovunque):
    interessato = della_persona(ovunque.persona)
    _cancella(interessato)

    assert _cancella(interessato) is None
    assert _cancella(dell_indirizzo(EMAIL), Canale.OSPITE) is None
    assert Cancellazione.objects.count() == 1


def test_a_failure_half_way_undoes_all_of_it(ovunque, monkeypatch):
    def guasto(interessato, adesso):
        raise RuntimeError

    monkeypatch.setitem(diritti.cancellatori, "account", guasto)
    prima = scarico_del_database()
    with pytest.raises(RuntimeError):
        _cancella(della_persona(ovunque.persona))

    assert scarico_del_database() == prima


def test_a_guest_is_erased_by_her_address_alone_and_others_stay(db):
    lei, altra = EMAIL, "altra@prova.example"
    for email, nome in ((lei, NOME), (altra, "Altra Persona")):
        partecipante = Partecipante.objects.create(email=email, nome=nome)
        IscrizioneFactory(nome=nome, email=email)
        SostegnoFactory(partecipante=partecipante)
        SeguitoFactory(partecipante=partecipante)

    _cancella(dell_indirizzo(f" {lei.upper()}"), Canale.OSPITE)
    spedisci_dovuti()

    assert tracce(scarico_del_database()) == []
    assert Iscrizione.objects.filter(email=altra, nome="Altra Persona").count() == 1
    assert (Sostegno.objects.count(), Seguito.objects.count()) == (1, 1)
    assert Cancellazione.objects.get().canale == "ospite"


def test_whom_the_office_wrote_down_without_an_address_is_erased_by_name_and_telephone(db):
    lei = IscrizioneFactory(nome=NOME, email=None, telefono=TELEFONO, canale="telefono")
    omonima = IscrizioneFactory(nome=NOME, email=None, telefono="0523 111111", canale="telefono")
    ufficio = UserFactory(ufficio=True)

    fatta = _cancella(
        senza_indirizzo(NOME, TELEFONO), Canale.UFFICIO, autore=ufficio, motivo="telefono"
    )

    assert (fatta.autore, fatta.motivo) == (ufficio, "telefono")
    lei.refresh_from_db()
    omonima.refresh_from_db()
    assert (lei.nome, lei.telefono, lei.stato) == (ANONIMA, "", "rinunciata")
    assert (omonima.nome, omonima.telefono, omonima.stato) == (NOME, "0523 111111", "confermata")
    assert Messaggio.objects.filter(genere="dati_cancellati").exists() is False


def test_an_address_that_she_never_confirmed_opens_nothing_of_its_owner(db):
    IscrizioneFactory(nome="La Vittima", email="vittima@prova.example")
    curiosa = UserFactory()
    EmailAddress.objects.create(user=curiosa, email="vittima@prova.example", verified=False)

    raccolte = diritti.raccogli(della_persona(curiosa))
    assert {raccolta.finalita.codice for raccolta in raccolte if raccolta.quante} == {"account"}
    _cancella(della_persona(curiosa))

    assert Iscrizione.objects.filter(email="vittima@prova.example").count() == 1


@pytest.mark.parametrize("campi", [{"is_staff": True}, {"is_superuser": True}])
def test_who_works_in_the_office_is_told_why_she_can_not_yet(campi):
    persona = UserFactory(email=EMAIL, nome=NOME, **campi)

    with pytest.raises(diritti.Impedita, match="Fai parte dell’ufficio"):
        _cancella(della_persona(persona))

    assert User.objects.filter(pk=persona.pk).exists() is True


def test_who_sits_at_the_tavolo_is_told_that_her_mandate_ends_first(lei):
    ComponenteFactory(persona=lei.persona, nome=NOME, email=EMAIL)

    with pytest.raises(diritti.Impedita, match="prima l’ufficio deve chiudere il tuo mandato"):
        _cancella(della_persona(lei.persona))

    assert Componente.objects.get().nome == NOME


def test_who_watches_in_the_comitato_is_told_that_her_charge_ends_first(lei):
    GaranteFactory(persona=lei.persona)

    with pytest.raises(diritti.Impedita, match="prima l’ufficio deve chiudere il tuo incarico"):
        _cancella(della_persona(lei.persona))
