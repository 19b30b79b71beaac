"""The office's lists of what grows with the proposals: each opens along an index."""

import pytest
from django.db import connection

from proposte import da_fare
from proposte.models import Avanzamento, Proposta, Risposta, VerificaTecnica

pytestmark = pytest.mark.django_db

ELENCHI = {
    "avanzamento_recente": lambda: Avanzamento.objects.order_by("-giorno", "-pk"),
    "risposta_recente": lambda: Risposta.objects.order_by("-pubblicata_at", "-pk"),
    "verifica_da_concludere": lambda: VerificaTecnica.objects.filter(conclusa_at=None).order_by(
        "scadenza", "pk"
    ),
    "proposta_titoli": lambda: da_fare.doppioni(Proposta.objects.order_by("indice_titolo")),
}


@pytest.mark.parametrize("indice", sorted(ELENCHI))
def test_the_first_page_is_found_along_its_index(indice):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Of an empty table the planner would rather read all.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")

    assert indice in ELENCHI[indice]()[:50].explain()


def test_reports_are_found_from_the_reports():
    """Not by asking, of each proposal, whether it has one."""
    piano = da_fare.segnalate(Proposta.objects.order_by())[:50].explain()

    if connection.vendor == "postgresql":
        assert "SubPlan" not in piano
    else:
        assert "CORRELATED" not in piano
