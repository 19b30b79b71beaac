"""Decisions, written procedures and opinions, as the office sees them; what it still owes."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from portale.lib.dates import ROMA
from tavolo import da_fare
from tavolo.models import Decisione, ParereComitato, ProceduraScritta
from tests.factories import (
    ComponenteFactory,
    DecisioneFactory,
    ProceduraScrittaFactory,
    PropostaFactory,
    PuntoFactory,
    SedutaFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 5, 10, 18, 30, tzinfo=ROMA)


@pytest.fixture
def modulo(percorso, time_machine):
    time_machine.move_to(ADESSO, tick=False)
    ComponenteFactory(seggio__percorso=percorso)
    return {
        "proposta": PropostaFactory(percorso=percorso, stato="in_valutazione").pk,
        "esito": "accolta",
        "testo": "Serve alla scuola.",
        "apre_at": "",
        "chiude_at": "2026-05-20T12:00",
    }


@pytest.mark.parametrize("ruolo", RUOLI)
def test_the_office_asks_the_seats_and_calls_it_off(client, modulo, ruolo):
    entra(client, ruolo)
    puo = ruolo in {"ufficio", "amministratrice"}
    client.post(reverse("admin:tavolo_procedurascritta_add"), modulo)
    assert ProceduraScritta.objects.count() == puo
    procedura = ProceduraScritta.objects.first() or ProceduraScrittaFactory()

    porta = reverse("admin:tavolo_procedurascritta_annulla", args=[procedura.pk])
    client.post(porta, {"motivo": "Il testo è sbagliato."})
    procedura.refresh_from_db()
    assert procedura.stato == ("annullata" if puo else "aperta")
    if puo:
        assert procedura.chiude_at == datetime(2026, 5, 20, 12, 0, tzinfo=ROMA)
        assert procedura.perche_annullata == "Il testo è sbagliato."


def test_what_cannot_be_asked_comes_back_with_its_words(client, modulo):
    entra(client, "ufficio")
    url = reverse("admin:tavolo_procedurascritta_add")
    pagina = client.post(url, {**modulo, "chiude_at": "2026-05-11T12:00"})
    assert "Lascia almeno un giorno" in pagina.text
    assert "Serve alla scuola." in pagina.text


def test_nobody_writes_or_deletes_a_decision_by_hand(client, percorso):
    decisione = DecisioneFactory(seduta__incontro__percorso=percorso)
    entra(client, "amministratrice")
    base = "admin:tavolo_decisione"
    assert client.get(reverse(f"{base}_add")).status_code == 404
    assert client.post(reverse(f"{base}_delete", args=[decisione.pk])).status_code == 404
    client.post(reverse(f"{base}_change", args=[decisione.pk]), {"esito": "non_accolta"})
    assert Decisione.objects.get().esito == "accolta"


def test_the_office_reads_no_draft_of_the_comitato(client, percorso):
    bozza, pubblicato = (
        ParereComitato.objects.create(
            percorso=percorso, titolo=titolo, testo="T", pubblicato_at=quando
        )
        for titolo, quando in (("Bozza segreta", None), ("Parere letto", ADESSO))
    )
    entra(client, "ufficio")
    elenco = client.get(reverse("admin:tavolo_parerecomitato_changelist")).text
    assert ("Bozza segreta" in elenco, "Parere letto" in elenco) == (False, True)
    pagine = [
        client.get(reverse("admin:tavolo_parerecomitato_change", args=[p.pk])).status_code
        for p in (bozza, pubblicato)
    ]
    assert pagine == [302, 200]


@pytest.mark.parametrize("quanti", [1, 3])
@pytest.mark.parametrize(
    ("nome", "domande"), [("decisione", 6), ("procedurascritta", 6), ("parerecomitato", 5)]
)
def test_the_lists_cost_the_same_with_one_and_with_three(
    client, percorso, quanti, nome, domande, django_assert_num_queries
):
    for _ in range(quanti):
        DecisioneFactory(seduta__incontro__percorso=percorso)
        ProceduraScrittaFactory(percorso=percorso)
        ParereComitato.objects.create(
            percorso=percorso, titolo="T", testo="T", pubblicato_at=ADESSO
        )
    entra(client, "amministratrice")
    url = reverse(f"admin:tavolo_{nome}_changelist")
    with django_assert_num_queries(domande):
        assert client.get(url).context["cl"].result_count == quanti


# --- What is owed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("poi", "resta"),
    [
        ("niente", True),
        ("in seduta", False),
        ("discussa e non decisa", True),
        ("decisa", False),
        ("un'altra procedura", False),
        ("ritirata", False),
    ],
)
def test_a_procedure_without_a_decision_waits_until_somebody_takes_it_up(percorso, poi, resta):
    procedura = ProceduraScrittaFactory(
        percorso=percorso, stato="fermata", chiusa_at=ADESSO, esempio=False
    )
    proposta = procedura.proposta
    if poi in {"in seduta", "discussa e non decisa"}:
        chiusa = {"chiusa": True} if poi != "in seduta" else {}
        seduta = SedutaFactory(incontro__percorso=percorso, **chiusa)
        PuntoFactory(seduta=seduta).proposte.add(proposta)
    elif poi == "decisa":
        DecisioneFactory(proposta=proposta, presa_at=ADESSO + timedelta(days=1))
    elif poi == "un'altra procedura":
        ProceduraScrittaFactory(percorso=percorso, proposta=proposta)
    elif poi == "ritirata":
        proposta.stato = "ritirata"
        proposta.save()

    assert da_fare.procedure_fermate() == da_fare.Conto(int(resta), ADESSO if resta else None)
    assert da_fare.procedure_senza_numero() == da_fare.Conto(0)
    ProceduraScritta.objects.filter(pk=procedura.pk).update(stato="senza_numero")
    assert da_fare.procedure_senza_numero().quanti == int(resta)


@pytest.mark.parametrize(("giorni", "quante"), [(30, 0), (31, 1)])
def test_a_decision_waits_too_long_for_its_minutes_after_a_month(giorni, quante):
    presa = ADESSO - timedelta(days=giorni)
    DecisioneFactory(presa_at=presa, pubblicata_at=None)
    DecisioneFactory(presa_at=presa, pubblicata_at=presa)

    attesa = da_fare.Conto(quante, presa if quante else None, quante == 1)
    assert da_fare.decisioni_in_attesa(ADESSO) == attesa
