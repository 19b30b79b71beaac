from datetime import date

import pytest
from django.urls import reverse

from percorso.models import Percorso
from tests.factories import FaseFactory, IncontroFactory, PercorsoFactory
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


@pytest.fixture
def percorso():
    return PercorsoFactory(titolo="Laboratori", inizio=date(2030, 1, 1), fine=date(2030, 12, 31))


def fase(percorso, ordine, **campi):
    return FaseFactory(
        percorso=percorso,
        ordine=ordine,
        **{"inizio": date(2030, 2, 1), "fine": date(2030, 3, 1), **campi},
    )


def scheda(percorso):
    return reverse("admin:percorso_percorso_change", args=[percorso.pk])


def _invia(client, percorso, *fasi, **campi):
    dati = {
        "titolo": percorso.titolo,
        "slug": percorso.slug,
        "sintesi": percorso.sintesi,
        "stato": percorso.stato,
        "inizio": percorso.inizio.isoformat(),
        "fine": percorso.fine.isoformat(),
        "fonti": "",
        "atti-TOTAL_FORMS": 0,
        "atti-INITIAL_FORMS": 0,
        "fasi-TOTAL_FORMS": len(fasi),
        "fasi-INITIAL_FORMS": sum("id" in riga for riga in fasi),
    }
    for numero, riga in enumerate(fasi):
        riga = {
            "percorso": percorso.pk,
            "titolo": f"Fase {numero}",
            "inizio": "2030-02-01",
            "fine": "2030-03-01",
            "moderazione": "prima",
            **riga,
        }
        dati |= {f"fasi-{numero}-{nome}": valore for nome, valore in riga.items()}
    return client.post(scheda(percorso), {**dati, **campi})


def _errori(response):
    return response.context["inline_admin_formsets"][0].formset.errors


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_processes(client, ruolo, percorso):
    entra(client, ruolo)
    legge = {"anonima": 302, "cittadina": 404}.get(ruolo, 200)
    scrive = ruolo in ("ufficio", "amministratrice")

    assert client.get("/admin/percorso/percorso/").status_code == legge
    assert client.get(scheda(percorso)).status_code == legge
    assert client.get("/admin/percorso/percorso/add/").status_code == (
        200 if scrive else {"anonima": 302}.get(ruolo, 404)
    )
    _invia(client, percorso, titolo="Cambiato")
    percorso.refresh_from_db()
    assert (percorso.titolo == "Cambiato") is scrive


def test_two_stages_swap_their_places(client, ufficio, percorso):
    prima, seconda = fase(percorso, 1), fase(percorso, 2)

    response = _invia(
        client,
        percorso,
        {"id": prima.pk, "ordine": 2, "titolo": "era la prima"},
        {"id": seconda.pk, "ordine": 1, "titolo": "era la seconda"},
    )

    assert response.status_code == 302
    assert list(percorso.fasi.values_list("ordine", "titolo")) == [
        (1, "era la seconda"),
        (2, "era la prima"),
    ]


def test_a_stage_says_when_proposals_are_read_and_whether_supports_are_counted_in_public(
    client, ufficio, percorso
):
    riga = fase(percorso, 1)

    _invia(
        client,
        percorso,
        {"id": riga.pk, "ordine": 1, "moderazione": "dopo", "nasconde_sostegni": "on"},
    )

    riga.refresh_from_db()
    assert (riga.moderazione, riga.nasconde_sostegni) == ("dopo", True)


def test_two_stages_with_one_number_are_refused(client, ufficio, percorso):
    response = _invia(client, percorso, {"ordine": 1}, {"ordine": 1})

    assert _errori(response) == [{}, {"ordine": ["C'è già una fase con questo numero."]}]
    assert percorso.fasi.count() == 0


@pytest.mark.parametrize(
    ("riga", "errori"),
    [
        ({"inizio": "2029-12-31"}, {"inizio": ["La fase comincia prima del percorso."]}),
        ({"fine": "2031-01-01"}, {"fine": ["La fase finisce dopo il percorso."]}),
        ({"fine": "2030-01-15"}, {"fine": ["La fine viene prima dell'inizio."]}),
        ({"inizio": "2031-01-01", "fine": ""}, {"fine": ["La fase finisce dopo il percorso."]}),
    ],
)
def test_a_stage_lies_within_its_process(client, ufficio, percorso, riga, errori):
    response = _invia(client, percorso, {"ordine": 1, **riga})

    assert _errori(response) == [errori]


def test_a_process_does_not_end_before_it_begins(client, ufficio, percorso):
    response = _invia(client, percorso, fine="2029-01-01")

    assert response.context["adminform"].form.errors == {
        "fine": ["La fine viene prima dell'inizio."]
    }


def test_the_address_of_a_public_process_does_not_change(client, ufficio, percorso):
    _invia(client, percorso, slug="altro")

    prima = percorso.slug
    percorso.refresh_from_db()
    assert percorso.slug == prima != "altro"


def test_only_a_draft_without_meetings_is_deleted(client, ufficio, percorso):
    bozza = PercorsoFactory(stato="bozza")
    usata = PercorsoFactory(stato="bozza")
    IncontroFactory(percorso=usata)

    for uno in (percorso, bozza, usata):
        client.post(reverse("admin:percorso_percorso_delete", args=[uno.pk]), {"post": "yes"})

    assert set(Percorso.objects.all()) == {percorso, usata}


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_processes_asks_as_often_for_one_row_as_for_three(
    client, ufficio, righe, django_assert_num_queries
):
    for _n in range(righe):
        fase(PercorsoFactory(), 1)

    with django_assert_num_queries(6):
        client.get("/admin/percorso/percorso/")
