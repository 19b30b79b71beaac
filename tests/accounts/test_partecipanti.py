"""Taking part without an account: an address is confirmed once, and then known."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts import partecipanti
from accounts.models import Conferma, Partecipante
from accounts.partecipanti import Esito
from posta.generi import NonDovuto, Scaduto, registro
from posta.models import Messaggio
from tests.factories import PartecipanteFactory, UserFactory

pytestmark = pytest.mark.django_db

INDIRIZZO = "anna@example.org"


@pytest.fixture
def adesso():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def fatte(monkeypatch):
    """An action that only remembers who asked for what."""
    fatte = []

    def prova(partecipante, parametri, adesso):
        fatte.append((partecipante.email, parametri, adesso))
        return Esito("/privacy/", "Fatto.")

    partecipanti.azione("prova", descrivi=lambda parametri: "provare")(prova)
    # Registered as any other, and forgotten after the test.
    monkeypatch.setitem(partecipanti.registro, "prova", partecipanti.registro.pop("prova"))
    return fatte


def chiedi(adesso, **campi):
    dati = {"email": INDIRIZZO, "parametri": {"n": 1}, "modulo": "uno", **campi}
    return partecipanti.chiedi_conferma("prova", **dati, adesso=adesso)


# --- Who she is -----------------------------------------------------------------------------


def test_an_address_is_one_person_however_it_is_written():
    prima = partecipanti.per_indirizzo("Anna@Example.org ", nome="Anna")

    assert partecipanti.per_indirizzo("anna@example.ORG", nome="Altra") == prima
    prima.refresh_from_db()
    assert (prima.email, prima.nome, Partecipante.objects.count()) == (INDIRIZZO, "Anna", 1)


def test_a_name_that_was_not_known_is_learnt():
    senza = PartecipanteFactory(email=INDIRIZZO, nome="")

    partecipanti.per_indirizzo(INDIRIZZO, nome="Anna")

    senza.refresh_from_db()
    assert senza.nome == "Anna"


def test_an_account_takes_over_what_its_confirmed_address_did_as_a_guest():
    ospite = PartecipanteFactory(email=INDIRIZZO)
    persona = UserFactory(email=INDIRIZZO)

    assert partecipanti.della_persona(persona) == ospite
    ospite.refresh_from_db()
    assert ospite.persona == persona
    assert partecipanti.della_persona(persona) == ospite


def test_an_account_whose_address_is_not_confirmed_is_nobody():
    ospite = PartecipanteFactory(email=INDIRIZZO)
    persona = UserFactory(email=INDIRIZZO)
    EmailAddress.objects.filter(user=persona).update(verified=False)

    assert partecipanti.della_persona(persona) is None
    ospite.refresh_from_db()
    assert ospite.persona is None


def cambia_indirizzo(persona, email):
    """As her page of the account does, once she has confirmed the new one."""
    EmailAddress.objects.filter(user=persona).delete()
    EmailAddress.objects.create(user=persona, email=email, verified=True, primary=True)
    persona.email = email
    persona.save()


def test_our_mails_follow_an_account_to_its_new_address(django_assert_num_queries):
    persona = UserFactory(email=INDIRIZZO)
    io = partecipanti.della_persona(persona)
    cambia_indirizzo(persona, "nuova@example.org")

    assert partecipanti.della_persona(persona) == io
    io.refresh_from_db()
    assert (io.email, io.persona) == ("nuova@example.org", persona)
    with django_assert_num_queries(1):
        partecipanti.della_persona(persona)


def test_an_address_that_is_not_confirmed_yet_gets_no_mails():
    persona = UserFactory(email=INDIRIZZO)
    io = partecipanti.della_persona(persona)
    EmailAddress.objects.create(user=persona, email="nuova@example.org", verified=False)
    persona.email = "nuova@example.org"

    assert partecipanti.della_persona(persona) == io
    io.refresh_from_db()
    assert io.email == INDIRIZZO


def test_an_account_stays_who_it_is_when_its_new_address_takes_part_already():
    persona = UserFactory(email=INDIRIZZO)
    io = partecipanti.della_persona(persona)
    altra = PartecipanteFactory(email="altra@example.org")
    cambia_indirizzo(persona, "altra@example.org")

    assert partecipanti.della_persona(persona) == io
    io.refresh_from_db()
    altra.refresh_from_db()
    assert (io.email, altra.persona) == (INDIRIZZO, None)


def test_an_account_does_not_become_another_one_that_takes_part_under_its_address():
    prima = UserFactory(email=INDIRIZZO)
    io = partecipanti.della_persona(prima)
    EmailAddress.objects.filter(user=prima).delete()
    prima.email = "nuova@example.org"
    prima.save()
    seconda = UserFactory(email=INDIRIZZO)

    assert partecipanti.della_persona(seconda) is None
    io.refresh_from_db()
    assert io.persona == prima


# --- Asking first ---------------------------------------------------------------------------


def test_the_same_form_twice_is_one_request_with_one_mail(fatte, adesso):
    prima = chiedi(adesso)

    assert chiedi(adesso + timedelta(seconds=1)) == prima
    for altro in ({"modulo": "due"}, {"email": "altra@example.org"}, {"parametri": {"n": 2}}):
        assert chiedi(adesso, **altro) != prima
    assert Conferma.objects.count() == Messaggio.objects.count() == 4
    assert fatte == []
    # Nobody takes part yet.
    assert not Partecipante.objects.exists()


def test_nobody_asks_for_what_nobody_does(adesso):
    with pytest.raises(ValueError, match="Nobody does"):
        partecipanti.chiedi_conferma("volare", email=INDIRIZZO, parametri={}, adesso=adesso)


def test_an_action_has_one_name(fatte):
    def altra(partecipante, parametri, adesso):
        raise AssertionError

    altra.__module__ = "un.altro"
    with pytest.raises(ValueError, match="Two actions"):
        partecipanti.azione("prova", descrivi=str)(altra)


def test_the_link_does_it_once_and_then_only_recognises(fatte, adesso):
    richiesta = chiedi(adesso, nome="Anna", lingua="en")

    io, esito = partecipanti.conferma(richiesta, adesso)
    ancora, niente = partecipanti.conferma(richiesta, adesso + timedelta(days=100))

    assert (io.email, io.nome, io.lingua) == (INDIRIZZO, "Anna", "en")
    assert esito == Esito("/privacy/", "Fatto.")
    assert (ancora, niente) == (io, None)
    assert fatte == [(INDIRIZZO, {"n": 1}, adesso)]
    richiesta.refresh_from_db()
    assert (richiesta.fatta_at, richiesta.esito_url) == (adesso, "/privacy/")


def test_too_late_nothing_is_done(fatte, adesso):
    richiesta = chiedi(adesso)

    with pytest.raises(partecipanti.Scaduta):
        partecipanti.conferma(richiesta, adesso + partecipanti.ATTESA)

    assert fatte == []
    assert not Partecipante.objects.exists()


def test_a_link_that_did_its_work_long_ago_recognises_nobody(fatte, adesso):
    richiesta = chiedi(adesso)
    partecipanti.conferma(richiesta, adesso)

    with pytest.raises(partecipanti.Scaduta):
        partecipanti.conferma(
            richiesta, adesso + partecipanti.VALIDITA_LINK + timedelta(seconds=1)
        )


def test_what_fails_is_not_marked_as_done(fatte, adesso):
    richiesta = chiedi(adesso)

    def guasta(partecipante, parametri, adesso):
        raise RuntimeError

    azione = partecipanti.registro["prova"]
    partecipanti.registro["prova"] = type(azione)("prova", guasta, azione.descrivi)
    with pytest.raises(RuntimeError):
        partecipanti.conferma(richiesta, adesso)

    partecipanti.registro["prova"] = azione
    richiesta.refresh_from_db()
    assert richiesta.fatta_at is None
    assert partecipanti.conferma(richiesta, adesso)[1] is not None


# --- The mail -------------------------------------------------------------------------------


def test_the_mail_says_what_was_asked_and_nothing_that_was_typed(fatte, adesso):
    chiedi(adesso, parametri={"testo": "Vinci su example.com"})
    messaggio = Messaggio.objects.get()

    composto = registro["conferma_azione"].componi(messaggio, adesso)

    assert (messaggio.destinatario, composto.oggetto) == (
        INDIRIZZO,
        "Apri il link per confermare",
    )
    for corpo in (composto.testo, composto.html):
        assert "hai chiesto di provare." in corpo
        assert Conferma.objects.get().token in corpo
        assert "funziona per 3 giorni" in corpo
        assert "Vinci" not in corpo


def test_the_mail_is_not_owed_once_done_or_too_late(fatte, adesso):
    richiesta = chiedi(adesso)
    messaggio = Messaggio.objects.get()
    with pytest.raises(Scaduto):
        registro["conferma_azione"].componi(messaggio, adesso + partecipanti.ATTESA)

    partecipanti.conferma(richiesta, adesso)

    with pytest.raises(NonDovuto):
        registro["conferma_azione"].componi(messaggio, adesso)


# --- Links that lead back -------------------------------------------------------------------


def test_a_link_is_of_one_person_and_cannot_be_altered():
    io, altra = PartecipanteFactory(), PartecipanteFactory()
    token = partecipanti.link(io, "/proposte/").split("/")[2]

    assert partecipanti.dal_link(token) == io
    codice, resto = token.split(".", 1)
    for falso in (f"{altra.codice}.{resto}", codice, f"{token}x", token.swapcase(), ""):
        assert partecipanti.dal_link(falso) is None
    # The link at the foot of the mails, which never expires, recognises nobody.
    assert partecipanti.dal_link(io.token) is None
    io.delete()
    assert partecipanti.dal_link(token) is None


@pytest.mark.parametrize(
    ("vai", "dove"),
    [
        ("/proposte/?tema=verde#uno", "/proposte/?tema=verde#uno"),
        ("/", "/"),
        ("", "/qui/"),
        ("https://example.com/", "/qui/"),
        ("//example.com/", "/qui/"),
        ("/\\example.com", "/qui/"),
        ("\\/example.com", "/qui/"),
        ("///example.com", "/qui/"),
        ("proposte/", "/qui/"),
        ("javascript:alert(1)", "/qui/"),
        (" /proposte/", "/qui/"),
    ],
)
def test_nobody_is_led_to_another_site(vai, dove):
    assert partecipanti.destinazione(vai, "/qui/") == dove
    assert partecipanti.destinazione(vai) == (dove if dove != "/qui/" else "/")
