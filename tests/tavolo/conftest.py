"""People by what they are at the Tavolo, for the permission matrices."""

from datetime import timedelta

import pytest
from django.utils import timezone

from percorso.models import Percorso
from portale.lib.dates import a_roma
from tavolo.models import Seggio
from tests.factories import (
    ComponenteFactory,
    GaranteFactory,
    PercorsoFactory,
    SeggioFactory,
    UserFactory,
)
from tests.ruoli import entra

R = Seggio.Ruolo
RUOLI = (
    "anonima",
    "cittadina",
    "altro_percorso",
    "cessata",
    "supplente",
    "titolare",
    "coordinamento",
    "segreteria",
    "osservatore",
    "comitato",
    "moderatore",
    "ufficio",
)
_SEGGI = {
    "coordinamento": R.COORDINAMENTO,
    "segreteria": R.SEGRETERIA,
    "osservatore": R.OSSERVATORE,
}


@pytest.fixture
def percorso(db):
    return PercorsoFactory(stato=Percorso.Stato.ATTIVO)


@pytest.fixture
def seggio(percorso):
    """The seat whose titolare and supplente the roles of these names are."""
    return SeggioFactory(percorso=percorso)


@pytest.fixture
def come(client, percorso, seggio):
    """``come(ruolo)``: this client, signed in as somebody with that role at ``percorso``; gives
    the Componente, the Garante or the person that she is, None for ``anonima``."""

    def accedi(ruolo):
        if ruolo in {"anonima", "cittadina", "moderatore", "ufficio"}:
            return entra(client, ruolo)
        if ruolo == "comitato":
            chi = GaranteFactory(percorso=percorso, persona=UserFactory())
        elif ruolo == "altro_percorso":
            chi = ComponenteFactory()
        elif ruolo == "cessata":
            ieri = a_roma(timezone.now()).date() - timedelta(days=1)
            chi = ComponenteFactory(seggio=seggio, al=ieri)
        elif ruolo in _SEGGI:
            chi = ComponenteFactory(seggio__percorso=percorso, seggio__ruolo=_SEGGI[ruolo])
        else:
            chi = ComponenteFactory(seggio=seggio, ruolo=ruolo)
        client.force_login(chi.persona)
        return chi

    return accedi
