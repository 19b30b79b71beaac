"""Somebody who sat at the Tavolo erases her data: the minutes stay, without her."""

from datetime import timedelta

import pytest

from accounts import diritti
from accounts.interessato import della_persona
from portale.lib.testo import OMISSIS
from tavolo.models import Componente
from tavolo.services import verbali

from .conftest import DOPO

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pdf_di_carta")]


@pytest.fixture
def lei(presenti, in_correzione):
    """She sat, was named in what was said, and her mandate is over since."""
    lei = presenti[0]
    voce = in_correzione.voci.get(punto__ordine=2)
    in_correzione.voci.filter(pk=voce.pk).update(testo=f"Parla {lei.nome}.")
    return lei


def _finisci(componente):
    Componente.objects.filter(pk=componente.pk).update(al=(DOPO + timedelta(days=1)).date())


def test_the_members_copy_is_made_again_without_her_and_the_public_one_keeps_its_bytes(
    lei, approvato, django_capture_on_commit_callbacks
):
    _finisci(lei)
    nome, vecchio = lei.nome, approvato.pdf_interno.name
    pubblico = verbali.file_approvato(approvato)
    assert nome in str(approvato.contenuto_interno)
    assert nome.encode() in verbali.file_approvato(approvato, interno=True)

    with django_capture_on_commit_callbacks(execute=True):
        diritti.cancella_tutto(
            della_persona(lei.persona), canale="persona", adesso=DOPO + timedelta(days=3)
        )

    approvato.refresh_from_db()
    assert nome not in str(approvato.contenuto_interno)
    assert OMISSIS in str(approvato.contenuto_interno)
    interno = verbali.file_approvato(approvato, interno=True)
    assert (nome.encode() in interno, interno[:5] == b"%PDF-") == (False, True)
    assert approvato.pdf_interno.storage.exists(vecchio) is False
    assert verbali.file_approvato(approvato) == pubblico
    assert list(approvato.voci.values_list("testo", flat=True)) == ["", f"Parla {OMISSIS}."]
    assert approvato.passaggi.last().testo == (
        "Copia per i componenti rifatta senza il nome di chi ha cancellato i suoi dati."
    )


def test_minutes_of_a_tavolo_where_she_never_sat_are_not_touched(approvato, autore):
    prima = (approvato.contenuto_interno, approvato.sha256_interno, approvato.pdf_interno.name)

    diritti.cancella_tutto(della_persona(autore), canale="persona", adesso=DOPO)

    approvato.refresh_from_db()
    assert (
        approvato.contenuto_interno,
        approvato.sha256_interno,
        approvato.pdf_interno.name,
    ) == prima
