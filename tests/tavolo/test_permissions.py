"""What each role is at the Tavolo, by date."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from portale.lib.dates import ROMA
from tavolo.permissions import Accesso, accessi
from tests.factories import ComponenteFactory, GaranteFactory, SeggioFactory, UserFactory
from tests.ruoli import entra

from .conftest import RUOLI

# Ten in the evening of UTC is the next day in Rome.
ADESSO = datetime(2026, 5, 10, 0, 30, tzinfo=ROMA)
OGGI = ADESSO.date()
IERI, DOMANI = OGGI - timedelta(days=1), OGGI + timedelta(days=1)


def diritti(accesso):
    return "".join(
        lettera if getattr(accesso, nome) else "-"
        for lettera, nome in (
            ("E", "can_esprimersi"),
            ("C", "can_commentare"),
            ("D", "can_condurre"),
            ("P", "can_leggere_posizioni"),
        )
    )


ATTESI = {
    "anonima": None,
    "cittadina": None,
    "altro_percorso": None,
    "cessata": None,
    "supplente": "EC--",
    "titolare": "EC--",
    "coordinamento": "ECD-",
    "segreteria": "-CD-",
    "osservatore": "----",
    "comitato": "---P",
    "moderatore": None,
    "ufficio": "--DP",
}


@pytest.mark.parametrize("ruolo", RUOLI)
def test_each_role_has_these_rights_at_this_percorso(come, client, percorso, ruolo):
    chi = come(ruolo)
    persona = AnonymousUser() if chi is None else getattr(chi, "persona", chi)

    trovato = accessi(persona, timezone.now()).get(percorso.pk)

    assert (trovato and diritti(trovato)) == ATTESI[ruolo]


@pytest.mark.parametrize(
    ("dal", "al", "vale"),
    [
        (IERI, None, True),
        (OGGI, OGGI, True),
        (IERI, OGGI, True),
        (IERI, IERI, False),
        (DOMANI, None, False),
    ],
)
@pytest.mark.parametrize("di", ["componente", "seggio", "garante"])
def test_a_mandate_holds_from_its_first_day_to_its_last(percorso, dal, al, vale, di):
    persona = UserFactory()
    if di == "garante":
        GaranteFactory(percorso=percorso, persona=persona, dal=dal, al=al)
    else:
        date = {"dal": dal, "al": al}
        seggio = SeggioFactory(percorso=percorso, **(date if di == "seggio" else {}))
        ComponenteFactory(seggio=seggio, persona=persona, **(date if di == "componente" else {}))

    assert (percorso.pk in accessi(persona, ADESSO)) is vale


def test_who_works_for_the_office_is_not_of_the_comitato_whatever_a_row_says(percorso):
    persona = UserFactory(is_staff=True)
    GaranteFactory(percorso=percorso, persona=persona)

    assert accessi(persona, ADESSO) == {}


def test_a_member_who_works_for_the_office_is_both(client, percorso, seggio):
    persona = entra(client, "ufficio")
    componente = ComponenteFactory(seggio=seggio, persona=persona)

    assert accessi(persona, ADESSO) == {
        percorso.pk: Accesso(percorso.pk, componente=componente, ufficio=True)
    }


def test_an_account_that_was_closed_opens_nothing(percorso, seggio):
    componente = ComponenteFactory(seggio=seggio, persona__is_active=False)

    assert accessi(componente.persona, ADESSO) == {}


@pytest.mark.parametrize(("ruolo", "quante"), [("titolare", 2), ("comitato", 2), ("ufficio", 4)])
def test_asking_costs_the_same_with_one_percorso_and_with_three(
    come, percorso, seggio, ruolo, quante, django_assert_num_queries
):
    chi = come(ruolo)
    persona = getattr(chi, "persona", chi)
    with django_assert_num_queries(quante):
        accessi(persona, ADESSO)
    for _ in range(2):
        ComponenteFactory(persona=persona)
    persona = type(persona).objects.get(pk=persona.pk)
    with django_assert_num_queries(quante):
        accessi(persona, ADESSO)
