from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from importazioni import services
from importazioni.generi import registro
from portale.lib.dates import ROMA
from tests.ruoli import entra

ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)


@pytest.fixture(autouse=True)
def _orologio(time_machine):
    time_machine.move_to(ADESSO, tick=False)


@pytest.fixture
def officer(client, db):
    return entra(client, "ufficio")


@pytest.fixture
def carica(officer):
    """``carica(genere, testo o byte, **opzioni)``: the sheet as it is once it was looked at."""

    def fai(genere, contenuto, nome="elenco.csv", **opzioni):
        if isinstance(contenuto, str):
            contenuto = contenuto.encode()
        importazione = services.carica(
            SimpleUploadedFile(nome, contenuto),
            genere=registro[genere],
            opzioni=opzioni,
            autore=officer,
            adesso=timezone.now(),
        )
        services.lavora(timezone.now())
        importazione.refresh_from_db()
        return importazione

    return fai


@pytest.fixture
def scrivi(officer):
    """``scrivi(importazione)``: asked for, and done."""

    def fai(importazione, **come):
        services.chiedi(importazione, autore=officer, adesso=timezone.now(), **come)
        services.lavora(timezone.now())
        importazione.refresh_from_db()
        return importazione

    return fai


def righe(importazione):
    """Number → (what it does, errors, warnings)."""
    return {
        riga.numero: (riga.esito, riga.errori, riga.avvisi) for riga in importazione.righe.all()
    }
