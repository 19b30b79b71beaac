"""A sitting that is over, with its minutes in each of their states."""

import json
from datetime import datetime, timedelta

import pytest

from portale.lib.dates import ROMA
from tavolo.models import Presenza, Seduta
from tavolo.services import verbali
from tests.factories import (
    ComponenteFactory,
    IncontroFactory,
    PresenzaFactory,
    PuntoFactory,
    SedutaFactory,
    UserFactory,
)

# A Monday; the sitting was on the Wednesday before.
ADESSO = datetime(2026, 5, 11, 10, tzinfo=ROMA)
SEDUTA = datetime(2026, 5, 6, 18, 30, tzinfo=ROMA)
# The window of seven days closes at the midnight that ends the 18th.
CHIUDE = datetime(2026, 5, 19, 0, tzinfo=ROMA)
DOPO = CHIUDE + timedelta(hours=10)


@pytest.fixture(autouse=True)
def _nessun_file(settings):
    """Storage in memory that nobody has written to."""
    settings.STORAGES = {**settings.STORAGES}


@pytest.fixture
def pdf_di_carta(monkeypatch):
    """A file in the blink of an eye, for tests that are not about what is in it."""

    def finto(modello, dati, *, titolo, creato):
        testo = json.dumps({**dati, "titolo": titolo}, default=repr, sort_keys=True)
        return b"%PDF-" + testo.encode()

    monkeypatch.setattr(verbali, "impagina", finto)


@pytest.fixture
def autore(db):
    return UserFactory()


def una_seduta(percorso, inizio=SEDUTA, numero=4, **altro):
    incontro = IncontroFactory(
        percorso=percorso,
        laboratorio=None,
        genere="seduta",
        stato="svolto",
        titolo=f"Seduta {numero}",
        inizio=inizio,
        fine=inizio + timedelta(hours=2),
    )
    valori = {
        "stato": Seduta.Stato.CHIUSA,
        "aperta_at": inizio,
        "chiusa_at": inizio + timedelta(hours=2),
        "seggi_con_voce": 3,
        "numero_legale": 2,
    }
    return SedutaFactory(incontro=incontro, numero=numero, **{**valori, **altro})


@pytest.fixture
def presenti(percorso):
    """Two seats that were there, each with its titolare."""
    return [ComponenteFactory(seggio__percorso=percorso) for _n in range(2)]


@pytest.fixture
def seduta(percorso, presenti, seggio):
    """A sitting that is over, with two items; ``seggio`` was not there."""
    seduta = una_seduta(percorso)
    for n, titolo in enumerate(["Comunicazioni", "Pista ciclabile"], start=1):
        PuntoFactory(seduta=seduta, ordine=n, titolo=titolo)
    for componente in presenti:
        PresenzaFactory(
            seduta=seduta, seggio=componente.seggio, componente=componente, modo="sala"
        )
    PresenzaFactory(seduta=seduta, seggio=seggio, modo=Presenza.Modo.ASSENTE)
    return seduta


@pytest.fixture
def successiva(percorso, presenti):
    """A later sitting, with its quorum."""
    seduta = una_seduta(percorso, DOPO - timedelta(hours=2), numero=5)
    for componente in presenti:
        PresenzaFactory(seduta=seduta, seggio=componente.seggio)
    return seduta


@pytest.fixture
def bozza(seduta, autore):
    verbale = verbali.inizia(seduta, autore, adesso=ADESSO)
    voce = verbale.voci.get(punto__ordine=2)
    verbali.salva_voce(voce, "Si è discusso a lungo.", versione=1, autore=autore, adesso=ADESSO)
    return verbale


@pytest.fixture
def in_correzione(bozza, autore):
    return verbali.apri_correzioni(bozza, autore, adesso=ADESSO)


@pytest.fixture
def approvato(in_correzione, successiva, autore):
    return verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)


def chiedi(verbale, componente, testo="Manca il mio intervento.", *, chiave="a", quando=ADESSO):
    return verbali.chiedi_correzione(
        verbale,
        componente.seggio,
        componente,
        punto=None,
        testo=testo,
        chiave=chiave,
        adesso=quando,
    )


def rispondi(correzione, autore, esito="accolta", risposta=""):
    return verbali.rispondi_correzione(
        correzione, esito=esito, risposta=risposta, autore=autore, adesso=ADESSO
    )
