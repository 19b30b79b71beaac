"""The first page tells of notices that did not arrive, of a full disk and of an old backup."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from portale import cruscotto
from posta.models import Messaggio
from posta.services import SILENZIO, batti
from tests.factories import MessaggioFactory, UserFactory
from tests.ruoli import entra

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def macchine_vive():
    for nome in SILENZIO:
        batti(nome, timezone.now())


def voci(persona):
    return list(cruscotto.da_fare(persona, timezone.now()))


def test_notices_of_a_move_that_wait_or_were_lost_have_a_line_and_its_list(client):
    persona = entra(client, "ufficio")
    presto = timezone.now() - timedelta(minutes=12)
    fermo = MessaggioFactory(genere="spostato", dovuto_at=presto)
    perso = MessaggioFactory(genere="annullato", stato=Messaggio.Stato.RIMBALZATO)
    MessaggioFactory(genere="spostato")
    MessaggioFactory(genere="promemoria", dovuto_at=presto)

    def righe(inizio):
        (voce,) = [v for v in voci(persona) if v.testo.startswith(inizio)]
        elenco = client.get(voce.url).context["cl"].result_list
        return voce.quanti, [messaggio.pk for messaggio in elenco]

    assert righe("avviso di incontro spostato o annullato non è ancora") == (1, [fermo.pk])
    assert righe("avviso di incontro spostato o annullato non è arrivato") == (1, [perso.pk])
    assert righe("messaggio è tornato indietro") == (1, [perso.pk])


def test_a_full_disk_is_told(client, settings):
    persona = entra(client, "ufficio")
    settings.DISCO_LIBERO_PERCENTO = 101

    assert next(v.testo for v in voci(persona) if "disco" in v.testo).startswith("sul disco resta")


def test_the_age_of_the_backup_is_told_and_its_absence_only_to_who_can_mend_it(
    client, settings, tmp_path
):
    persona, tecnica = entra(client, "ufficio"), UserFactory(is_staff=True, is_superuser=True)

    def copia(chi):
        return [voce.testo.split(".")[0] for voce in voci(chi) if "copia" in voce.testo]

    settings.BACKUP_STAMP = ""
    assert copia(persona) == []
    assert copia(tecnica) == ["l'età della copia di sicurezza non è configurata"]
    settings.BACKUP_STAMP = str(tmp_path / "fatta")
    assert copia(persona) == ["la copia di sicurezza non è mai stata fatta"]
    (tmp_path / "fatta").touch()
    assert copia(persona) == []
    ieri = (timezone.now() - timedelta(hours=50)).timestamp()
    os.utime(tmp_path / "fatta", (ieri, ieri))
    assert copia(persona) == ["l'ultima copia di sicurezza è di 50 ore fa"]
