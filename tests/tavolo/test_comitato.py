"""The opinions of the Comitato: drafts of its own, published once, signed by nobody in it."""

from datetime import datetime

import pytest
from django.urls import reverse

from portale.lib import scelte
from portale.lib.dates import ROMA
from portale.lib.rifiuti import Rifiuto, Superata
from proposte.models import Proposta
from tavolo.models import ParereComitato
from tavolo.services import comitato
from tests.factories import GaranteFactory, PropostaFactory, UserFactory

from .conftest import RUOLI

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 5, 10, 18, 30, tzinfo=ROMA)


@pytest.fixture
def garante(percorso):
    return UserFactory(nome="Garante Riservata")


@pytest.fixture
def parere(percorso, garante):
    return comitato.scrivi(
        percorso, titolo="I tempi", testo="Troppo brevi.", chiave="c1", autore=garante
    )


def test_the_same_form_sent_twice_begins_one_draft(percorso, garante, parere):
    ancora = comitato.scrivi(percorso, titolo="I tempi", testo="x", chiave="c1", autore=garante)
    assert (ancora.pk, ParereComitato.objects.count()) == (parere.pk, 1)


def test_who_writes_on_an_older_draft_is_told(parere, garante):
    testi = {"titolo": "I tempi", "autore": garante}
    comitato.salva(parere, testo="Più lunghi.", versione=1, **testi)
    # A double click.
    comitato.salva(parere, testo="Più lunghi.", versione=1, **testi)
    with pytest.raises(Superata):
        comitato.salva(parere, testo="Altro.", versione=1, **testi)
    with pytest.raises(Superata):
        comitato.pubblica(parere, versione=1, autore=garante, adesso=ADESSO)

    parere.refresh_from_db()
    assert (parere.testo, parere.versione, parere.pubblicato_at) == ("Più lunghi.", 2, None)


def test_once_published_nothing_changes_it(parere, garante):
    for _ in range(2):
        comitato.pubblica(parere, versione=1, autore=garante, adesso=ADESSO)
    with pytest.raises(Rifiuto):
        comitato.salva(parere, titolo="Altro", testo="Altro", versione=1, autore=garante)

    parere.refresh_from_db()
    assert (parere.titolo, parere.pubblicato_at) == ("I tempi", ADESSO)


@pytest.mark.parametrize("testi", [{"titolo": " "}, {"testo": "\n"}, {"proposta": True}])
def test_what_it_needs_may_not_be_missing_nor_be_of_another_process(percorso, garante, testi):
    if "proposta" in testi:
        testi = {"proposta": PropostaFactory()}
    valori = {"titolo": "I tempi", "testo": "Brevi.", **testi}
    with pytest.raises(Rifiuto):
        comitato.scrivi(percorso, chiave="c2", autore=garante, **valori)


# --- Pages ----------------------------------------------------------------------------------


def test_the_comitato_writes_saves_and_publishes(client, come, percorso):
    come("comitato")
    crea = f"{reverse('area:parere_crea')}?percorso={percorso.slug}"
    form = client.get(crea).context["form"]
    dati = {"titolo": "I tempi", "testo": "Brevi.", "versione": "0"}
    risposta = client.post(crea, {**dati, "chiave": form.initial["chiave"]})
    parere = ParereComitato.objects.get()
    pagina = reverse("area:parere_modifica", args=[parere.pk])
    assert (risposta.status_code, risposta.url) == (303, pagina)

    dati |= {"chiave": parere.chiave, "testo": "Lunghi.", "versione": "1"}
    assert client.post(pagina, dati).status_code == 303
    vecchia = client.post(pagina, {**dati, "testo": "Mio."})
    assert vecchia.status_code == 400
    # Both texts are there; sent again hers takes the place of the other.
    assert "Lunghi." in vecchia.text
    assert "Mio." in vecchia.text
    assert vecchia.context["form"]["versione"].value() == "2"

    pubblica = reverse("area:parere_pubblica", args=[parere.pk])
    for _ in range(2):
        assert client.post(pubblica, {"versione": "2"}).status_code == 303
    assert client.get(pagina).status_code == 404
    parere.refresh_from_db()
    assert (parere.testo, parere.pubblicato_at is None) == ("Lunghi.", False)


def test_an_opinion_is_begun_on_a_proposal_however_old(client, come, percorso, monkeypatch):
    monkeypatch.setattr(scelte, "QUANTE", 2)
    vecchia, *_altre = [
        PropostaFactory(percorso=percorso, stato=Proposta.Stato.IN_VALUTAZIONE) for _n in range(4)
    ]
    come("comitato")
    crea = f"{reverse('area:parere_crea')}?percorso={percorso.slug}"
    scelta = f'<option value="{vecchia.pk}" selected>'

    assert scelta not in client.get(crea).text
    assert scelta in client.get(f"{crea}&proposta={vecchia.pk}").text
    # One that is not to be chosen, and what is none.
    for niente in (PropostaFactory(percorso=percorso).pk, "x", ""):
        modulo = client.get(f"{crea}&proposta={niente}").context["form"]
        assert str(modulo["proposta"]).count(" selected") == (niente == "")


@pytest.mark.parametrize("ruolo", RUOLI)
def test_drafts_are_of_the_comitato_alone(client, come, percorso, parere, ruolo):
    come(ruolo)
    stato = {"comitato": 200, "anonima": 302}.get(ruolo, 404)
    for nome, argomenti in (
        ("parere_list", []),
        ("parere_crea", []),
        ("parere_modifica", [parere.pk]),
    ):
        assert client.get(reverse(f"area:{nome}", args=argomenti)).status_code == stato
    pubblica = client.post(reverse("area:parere_pubblica", args=[parere.pk]), {"versione": "9"})
    assert pubblica.status_code == {"comitato": 303, "anonima": 302}.get(ruolo, 404)
    parere.refresh_from_db()
    assert parere.pubblicato_at is None


def test_a_comitato_reads_no_draft_of_another(client, parere):
    altrove = GaranteFactory()
    client.force_login(altrove.persona)
    assert client.get(reverse("area:parere_modifica", args=[parere.pk])).status_code == 404


def test_everybody_reads_what_is_published_and_not_who_wrote_it(client, parere, garante, percorso):
    lista, pagina = reverse("tavolo:parere_list"), parere.get_absolute_url()
    assert client.get(pagina).status_code == 404
    assert "I tempi" not in client.get(lista).text
    comitato.pubblica(parere, versione=1, autore=garante, adesso=ADESSO)

    for url in (lista, f"{lista}?percorso={percorso.slug}", pagina):
        testo = client.get(url).text
        assert "I tempi" in testo
        assert "Riservata" not in testo
    assert "Comitato di garanzia locale" in client.get(pagina).text


@pytest.mark.parametrize("quanti", [1, 3])
def test_the_list_costs_the_same_with_one_and_with_three(
    client, garante, quanti, django_assert_num_queries
):
    for numero in range(quanti):
        proposta = PropostaFactory(stato="in_valutazione")
        nuovo = comitato.scrivi(
            proposta.percorso,
            titolo="T",
            testo="T",
            proposta=proposta,
            chiave=str(numero),
            autore=garante,
        )
        comitato.pubblica(nuovo, versione=1, autore=garante, adesso=ADESSO)
    url = reverse("tavolo:parere_list")
    with django_assert_num_queries(3):
        assert len(client.get(url).context["pareri"]) == quanti
