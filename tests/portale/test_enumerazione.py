"""Nobody learns from us who has an account, or takes part, under an address."""

import json
import re
from datetime import timedelta

import pytest
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from fido2.utils import websafe_encode

from accounts.models import User
from portale.lib.antispam import timbro
from tests.factories import (
    DisponibilitaFactory,
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PropostaFactory,
    SeggioFactory,
    SeguitoFactory,
    SostegnoFactory,
    TemaFactory,
    UserFactory,
)
from tests.fattori import con_app

pytestmark = pytest.mark.django_db

LABORATORIO, TEMA = 4711, 4712
NOTA, IGNOTA = "anna.nota@example.org", "anna.mai@example.org"


@pytest.fixture(autouse=True)
def scena():
    """One address has an account with a second factor, takes part, and has done all of it."""
    caches["default"].clear()
    percorso = SeggioFactory(percorso__stato="attivo").percorso
    FaseFactory(percorso=percorso, apre_proposte=True, apre_sostegni=True, apre_commenti=True)
    incontro = IncontroFactory(percorso=percorso, slug="incontro", posti=30)
    proposta = PropostaFactory(percorso=percorso, slug="proposta", stato="pubblicata")
    LaboratorioFactory(pk=LABORATORIO)
    TemaFactory(pk=TEMA)
    persona = UserFactory(email=NOTA)
    con_app(persona)
    io = PartecipanteFactory(email=NOTA, persona=persona)
    IscrizioneFactory(incontro=incontro, email=NOTA)
    SostegnoFactory(proposta=proposta, partecipante=io)
    SeguitoFactory(proposta=proposta, partecipante=io)
    DisponibilitaFactory(email=NOTA, stato="nuova")


def _login(client, email):
    return client.post("/accounts/login/", {"login": email, "password": "sbagliata"})


def _codice(client, email):
    client.post("/accounts/login/code/", {"email": email})
    # The page for the code, and a wrong one.
    client.get("/accounts/login/code/confirm/")
    return client.post("/accounts/login/code/confirm/", {"code": "AAAA-AAAA"})


def _email_cambia(client, email):
    client.force_login(UserFactory(email="eva@example.org"))
    # She has just said who she is.
    client.post("/accounts/reauthenticate/", {"password": "una-password-lunga"})
    client.post("/accounts/email/", {"action_add": "", "email": email})
    return client.get("/accounts/email/")


def _chiave(client, email):
    """A key that claims to be somebody's: her number, which she does not keep secret, or one
    that nobody has."""
    client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    persona = User.objects.filter(email=email).first()
    chi = user_pk_to_url_str(persona) if persona else "zzz"
    credenziale = {
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": "e30",
            "authenticatorData": "A" * 50,
            "signature": "AAAA",
            "userHandle": websafe_encode(chi.encode()),
        },
    }
    client.post("/accounts/2fa/webauthn/login/", {"credential": json.dumps(credenziale)})
    return client.get("/accounts/login/")


def _invia(url):
    """Send a stranger's form, filled in with all that any of them asks."""

    def invia(client, email):
        return client.post(
            url,
            {
                "nome": "Anna Bianchi",
                "contatto": "Anna Bianchi",
                "nome_mostrato": "Anna B.",
                "email": email,
                "posti_richiesti": "1",
                "aiuti": ["tempo"],
                "scopo": "dubbio",
                "testo": "E la sera?",
                "titolo": "Panchine al parco",
                "modulo": "uno",
                "genere": "altro",
                "laboratorio": LABORATORIO if "bisogni" in url else "",
                "temi": TEMA,
                "attivita": "Orti di quartiere",
                "password1": "una-password-lunga",
                "da_14": "on",
                "informativa": "on",
                "sito_web": "",
                "ricevuto": timbro(timezone.now() - timedelta(seconds=30)),
            },
        )

    return invia


FLUSSI = {
    "login": _login,
    "code": _codice,
    "key": _chiave,
    "another address": _email_cambia,
    **{
        url: _invia(url)
        for url in (
            "/accounts/signup/",
            "/accounts/password/reset/",
            "/accounts/login/code/",
            "/incontri/incontro/iscrizione/",
            "/proposte/proposta/sostieni/",
            "/proposte/proposta/segui/",
            "/proposte/proposta/commenta/",
            "/bisogni/nuovo/",
            "/seguiti/",
            "/proposte/mie/",
            "/laboratori/disponibilita/",
            "/tavolo/adesione/",
        )
    },
}


def _vista(risposta, email):
    """All that whoever asked can see of the answer."""
    testo = re.sub(r'name="(csrfmiddlewaretoken|ricevuto)" value="[^"]*"', "", risposta.text)
    return (
        risposta.status_code,
        risposta.headers.get("Location", ""),
        sorted(risposta.cookies),
        testo.replace(email, "EMAIL"),
    )


@pytest.mark.parametrize("flusso", FLUSSI)
def test_the_answer_is_the_same_for_an_address_that_is_known_and_for_one_that_is_not(flusso):
    viste = {}
    for email in (NOTA, IGNOTA):
        client = Client()
        risposta = FLUSSI[flusso](client, email)
        viste[email] = [_vista(risposta, email)]
        if risposta.status_code in (302, 303):
            viste[email].append(_vista(client.get(risposta.url), email))
        User.objects.filter(email="eva@example.org").delete()

    assert viste[NOTA] == viste[IGNOTA]
    # It went as far as it goes: neither refused nor nowhere.
    assert viste[NOTA][-1][0] == 200
    if flusso.startswith("/"):
        assert len(viste[NOTA]) == 2


@pytest.mark.parametrize("flusso", ["login", "/accounts/signup/"])
def test_the_answer_takes_the_same_work(flusso, monkeypatch):
    """Passwords are slow to hash, so that they are slow to guess: each answer hashes as often."""
    encode, conto = MD5PasswordHasher.encode, []

    def conta(*args, **kwargs):
        conto.append(args)
        return encode(*args, **kwargs)

    monkeypatch.setattr(MD5PasswordHasher, "encode", conta)
    FLUSSI[flusso](Client(), NOTA)
    nota = len(conto)
    FLUSSI[flusso](Client(), IGNOTA)

    assert len(conto) - nota == nota > 0
