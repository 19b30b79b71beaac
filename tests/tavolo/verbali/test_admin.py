"""The office's screen of minutes: what waits for whom, and its doors."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from tavolo import da_fare
from tavolo.models import Verbale
from tavolo.services import verbali
from tests.factories import VerbaleFactory
from tests.ruoli import RUOLI, entra

from .conftest import ADESSO, CHIUDE, DOPO, SEDUTA, chiedi, rispondi, una_seduta

pytestmark = pytest.mark.usefixtures("pdf_di_carta")

ELENCO = "/admin/tavolo/verbale/"


def porta(verbale, nome="change"):
    return reverse(f"admin:tavolo_verbale_{nome}", args=[verbale.pk])


@pytest.fixture
def _dopo():
    with time_machine.travel(DOPO, tick=False):
        yield


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.usefixtures("_dopo")
def test_only_the_office_sees_and_opens_the_doors(client, in_correzione, successiva, ruolo):
    entra(client, ruolo)
    atteso = {"anonima": 302, "ufficio": 200, "amministratrice": 200}.get(ruolo, 404)
    pagine = [
        ELENCO,
        *(porta(in_correzione, nome) for nome in ("change", "correzioni", "approva")),
    ]

    assert [client.get(pagina).status_code for pagina in pagine] == [atteso] * 4
    client.post(porta(in_correzione, "approva"), {"seduta": successiva.pk})
    in_correzione.refresh_from_db()
    assert in_correzione.approvato is (atteso == 200)


@pytest.mark.usefixtures("_dopo")
def test_the_doors_go_from_a_draft_to_a_correction_of_what_is_approved(client, bozza, successiva):
    entra(client, "ufficio")

    def porte():
        return [p.etichetta for p in client.get(porta(bozza)).context["porte"]]

    with time_machine.travel(ADESSO, tick=False):
        assert porte() == ["Fallo rileggere a chi c'era"]
        client.post(porta(bozza, "correzioni"), {})
        assert porte() == []
        # Too early: the page says why, and nothing was done.
        risposta = client.post(porta(bozza, "approva"), {"seduta": successiva.pk})
        assert "fino alla mezzanotte di lunedì 18 maggio 2026" in risposta.content.decode()
    assert porte() == ["Registra l'approvazione"]
    client.post(porta(bozza, "approva"), {"seduta": successiva.pk})
    assert porte() == ["Aggiungi una rettifica"]
    client.post(porta(bozza, "rettifica"), {"seduta": successiva.pk, "testo": "Un refuso."})

    verbale = Verbale.objects.get()
    assert (verbale.stato, [r.testo for r in verbale.rettifiche.all()]) == (
        "approvato",
        ["Un refuso."],
    )
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == [
        "Fallo rileggere a chi c'era",
        "Registra l'approvazione",
        "Aggiungi una rettifica",
    ]
    # Nothing of it is written by hand, or deleted.
    pagina = client.get(porta(bozza)).content.decode()
    assert ('name="_save"' in pagina, "/delete/" in pagina) == (False, False)
    assert verbale.sha256 in pagina


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_asks_as_often_for_one_row_as_for_three(
    client, db, righe, django_assert_num_queries
):
    VerbaleFactory.create_batch(righe)
    entra(client, "ufficio")

    with django_assert_num_queries(7):
        response = client.get(ELENCO)
    assert len(response.context["cl"].result_list) == righe


@pytest.mark.usefixtures("_dopo")
def test_the_filters_and_the_first_page_say_what_waits(
    client, percorso, presenti, in_correzione, autore
):
    """One in each place: being written, open, with a question, ready."""
    entra(client, "ufficio")
    correzione = chiedi(in_correzione, presenti[0])
    scritto = VerbaleFactory(seduta=una_seduta(percorso, SEDUTA + timedelta(days=1), 6))
    una_seduta(percorso, SEDUTA - timedelta(days=1), 7)

    def nei(filtro):
        righe = client.get(f"{ELENCO}?punto={filtro}").context["cl"].result_list
        return [verbale.pk for verbale in righe]

    def conti(adesso):
        return [
            (conto.quanti, conto.in_ritardo)
            for conto in (
                da_fare.verbali_da_scrivere(adesso),
                da_fare.correzioni_senza_risposta(adesso),
                da_fare.verbali_da_approvare(adesso),
            )
        ]

    assert (nei("scrivere"), nei("rispondere"), nei("approvare"), nei("aperti")) == (
        [scritto.pk],
        [in_correzione.pk],
        [],
        [],
    )
    assert conti(ADESSO) == [(2, False), (1, False), (0, False)]
    assert conti(CHIUDE) == [(2, False), (1, True), (0, False)]
    rispondi(correzione, autore)
    assert nei("approvare") == [in_correzione.pk]
    # Fifteen days after the sitting without minutes.
    assert conti(SEDUTA + timedelta(days=15)) == [(2, True), (0, False), (1, False)]


def test_searching_finds_minutes_by_what_was_said(client, bozza):
    entra(client, "ufficio")

    def trovati(parole):
        righe = client.get(ELENCO, {"q": parole}).context["cl"].result_list
        return [verbale.pk for verbale in righe]

    assert (trovati("discusso a lungo"), trovati("girandole")) == ([bozza.pk], [])


def test_a_draft_is_found_once_however_many_texts_match(client, bozza, autore):
    voce = bozza.voci.get(punto__ordine=1)
    verbali.salva_voce(
        voce, "Anche qui discusso a lungo.", versione=1, autore=autore, adesso=ADESSO
    )
    entra(client, "ufficio")

    righe = client.get(ELENCO, {"q": "discusso a lungo"}).context["cl"].result_list

    assert [verbale.pk for verbale in righe] == [bozza.pk]
