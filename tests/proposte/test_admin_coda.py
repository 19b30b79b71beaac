"""The moderation queue, comments and reports on the office's screens."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from proposte import commenti, services
from proposte.models import Bisogno, Proposta, Segnalazione
from tests.factories import (
    BisognoFactory,
    CommentoFactory,
    PartecipanteFactory,
    PropostaFactory,
    UserFactory,
)
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
ELENCO = "/admin/proposte/proposta/"
NEL_FRATTEMPO = "Nel frattempo qualcuno ha cambiato lo stato: ora è"


def porta(proposta, nome):
    return reverse(f"admin:proposte_proposta_{nome}", args=[proposta.pk])


def pagina(proposta):
    return porta(proposta, "change")


def voce(genere, oggetto):
    return reverse("admin:proposte_proposta_coda_voce", args=[genere, oggetto.pk])


def messaggi(response):
    return [str(messaggio) for messaggio in response.context["messages"]]


def errori(response):
    return unescape(response.context["form"].errors.as_text())


def html(response):
    return response.content.decode()


def porte(response):
    return [porta.url.rstrip("/").rsplit("/", 1)[1] for porta in response.context["porte"]]


def segnala(**cosa):
    return commenti.segnala(**cosa, motivo="offensivo", modulo="1", adesso=timezone.now())


def nascosta(**campi):
    proposta = PropostaFactory(**campi)
    services.nascondi(proposta, None, "offensivo", "Offende.", adesso=timezone.now())
    proposta.refresh_from_db()
    return proposta


# --- The queue ------------------------------------------------------------------------------


def test_a_moderator_decides_one_thing_after_the_other(client):
    entra(client, "moderatore")
    adesso = timezone.now()
    prima = PropostaFactory(inviata=True, inviata_at=adesso - timedelta(hours=60))
    seconda = PropostaFactory(inviata=True, inviata_at=adesso - timedelta(hours=2))
    terza = BisognoFactory(stato=Bisogno.Stato.INVIATO, pubblicato_at=None)
    quarta = segnala(proposta=(restano := PropostaFactory()))

    elenco = client.get(reverse("admin:proposte_proposta_coda"))
    assert [riga[1] for riga in elenco.context["righe"]] == [
        voce("proposta", prima),
        voce("proposta", seconda),
        voce("bisogno", terza),
        voce("segnalazione", quarta),
    ]
    assert re.findall(r'class="in-ritardo">([^<]*)<', html(elenco)) == ["in ritardo: da 2 giorni"]

    passi = [
        (voce("proposta", prima), {"decisione": "pubblica"}, voce("proposta", seconda)),
        (
            voce("proposta", seconda),
            {"decisione": "nascondi", "motivo": "fuori_tema", "testo": "Non è del quartiere."},
            voce("bisogno", terza),
        ),
        (voce("bisogno", terza), {"decisione": "pubblica"}, voce("segnalazione", quarta)),
        (voce("segnalazione", quarta), {"decisione": "respingi"}, f"{ELENCO}coda/"),
    ]
    for url, dati, poi in passi:
        assert client.get(url).status_code == 200
        response = client.post(url, dati)
        assert (response.status_code, response["Location"]) == (302, poi)

    for riga in (prima, seconda, terza, quarta, restano):
        riga.refresh_from_db()
    assert [prima.stato, seconda.stato, terza.stato, restano.stato] == [
        "pubblicata",
        "nascosta",
        "pubblicato",
        "pubblicata",
    ]
    assert quarta.esito == "respinta"
    assert "la coda è vuota" in html(client.get(f"{ELENCO}coda/"))


def test_hiding_asks_for_a_reason_and_for_words_and_keeps_what_was_typed(client):
    entra(client, "moderatore")
    proposta = PropostaFactory(inviata=True)

    response = client.post(
        voce("proposta", proposta), {"decisione": "nascondi", "motivo": "", "testo": "Offende."}
    )

    assert response.status_code == 200
    assert response.context["sbagliato"].errors == {"motivo": ["Scegli il motivo dall'elenco."]}
    assert ">\nOffende.</textarea>" in html(response)
    proposta.refresh_from_db()
    assert proposta.stato == Stato.INVIATA


def test_a_decision_that_is_not_of_this_kind_of_thing_does_nothing(client):
    entra(client, "moderatore")
    proposta = PropostaFactory(inviata=True)

    response = client.post(voce("proposta", proposta), {"decisione": "riammetti"})

    assert response.status_code == 200
    proposta.refresh_from_db()
    assert proposta.stato == Stato.INVIATA


def test_of_two_moderators_the_second_is_told_who_was_quicker_and_keeps_her_words(client):
    collega = UserFactory(nome="Carla", is_staff=True)
    entra(client, "moderatore")
    proposta = PropostaFactory(inviata=True)
    altra = PropostaFactory(inviata=True)
    services.pubblica(proposta, collega, adesso=timezone.now())

    response = client.post(
        voce("proposta", proposta),
        {"decisione": "nascondi", "motivo": "altro", "testo": "Parole lunghe da non perdere."},
    )

    assert response.status_code == 409
    assert "Non aspetta più: è «pubblicata»" in html(response)
    assert "per mano di Carla" in html(response)
    assert "Parole lunghe da non perdere." in html(response)
    assert response.context["prossima"] == voce("proposta", altra)
    proposta.refresh_from_db()
    assert proposta.stato == Stato.PUBBLICATA


def test_who_publishes_does_not_undo_a_colleagues_hiding_that_she_has_not_seen(client):
    moderatore = entra(client, "moderatore")
    proposta = PropostaFactory(inviata=True)
    vista = client.get(porta(proposta, "pubblica")).context["nascosti"]
    services.nascondi(proposta, UserFactory(), "altro", "Offende.", adesso=timezone.now())

    response = client.post(porta(proposta, "pubblica"), {**dict(vista), "testo": "Bella idea."})

    assert errori(response) == f"* __all__\n  * {NEL_FRATTEMPO} «nascosta»."
    assert "Bella idea." in html(response)
    proposta.refresh_from_db()
    assert proposta.stato == Stato.NASCOSTA
    # Seen as it is, it is shown again.
    vista = client.get(porta(proposta, "pubblica")).context["nascosti"]
    client.post(porta(proposta, "pubblica"), {**dict(vista)})
    proposta.refresh_from_db()
    assert proposta.stato == Stato.PUBBLICATA
    assert proposta.passaggi.last().autore == moderatore


def test_a_report_that_is_right_hides_the_thing_and_closes_the_other_reports(client):
    moderatore = entra(client, "moderatore")
    commento = CommentoFactory()
    una = segnala(commento=commento, partecipante=PartecipanteFactory())
    altra = segnala(commento=commento, partecipante=PartecipanteFactory())

    senza = client.post(voce("segnalazione", una), {"decisione": "accogli", "testo": ""})
    assert "Scegli il motivo e spiegalo" in html(senza)
    una.refresh_from_db()
    assert una.chiusa_at is None

    client.post(voce("segnalazione", una), {"decisione": "accogli", "testo": "Offende."})

    commento.refresh_from_db()
    assert (commento.nascosto_da, commento.motivo) == (moderatore, "offensivo")
    assert commento.motivazione == "Offende."
    assert set(Segnalazione.objects.values_list("esito", "chiusa_da")) == {
        ("accolta", moderatore.pk)
    }
    assert altra.pk != una.pk


def test_a_second_look_ends_with_a_yes_or_with_a_reasoned_no(client):
    moderatore = entra(client, "moderatore")
    si, no = nascosta(), nascosta()
    for proposta in (si, no):
        services.chiedi_riesame(proposta, "L'ho riscritta.", adesso=timezone.now())
    assert "L&#x27;ho riscritta." in html(client.get(voce("riesame", si)))
    assert "riesame" in html(client.get(pagina(si)))

    client.post(voce("riesame", si), {"decisione": "riammetti"})
    client.post(
        voce("riesame", no), {"decisione": "conferma", "motivo": "altro", "testo": "È uguale."}
    )

    si.refresh_from_db()
    no.refresh_from_db()
    assert (si.stato, no.stato) == ("pubblicata", "nascosta")
    ultimo = no.passaggi.last()
    assert (ultimo.evento, ultimo.autore, ultimo.testo) == ("conferma", moderatore, "È uguale.")
    assert client.get(voce("riesame", no)).context["chiusa"].startswith("Non aspetta più")


@pytest.mark.parametrize(
    "url", ["coda/altro/1/", "coda/proposta/999999/", "coda/segnalazione/999999/"]
)
def test_what_does_not_exist_is_not_in_the_queue(client, url):
    entra(client, "moderatore")

    assert client.get(f"{ELENCO}{url}").status_code == 404


def test_people_s_words_are_shown_as_they_are_and_never_run(client):
    entra(client, "moderatore")
    proposta = PropostaFactory(
        inviata=True,
        titolo='<img src=x onerror="alert(1)">',
        che_cosa="<script>alert(1)</script>",
        nome_mostrato="<b>Anna</b>",
    )

    for url in (voce("proposta", proposta), f"{ELENCO}coda/", ELENCO, pagina(proposta)):
        testo = html(client.get(url))
        assert "<script>alert" not in testo
        assert "<img src=x" not in testo
        assert "<b>Anna" not in testo
        assert "&lt;img src=x" in testo


def test_a_moderator_who_clicks_twice_goes_on_to_the_next_thing(client):
    entra(client, "moderatore")
    proposta, altra = PropostaFactory(inviata=True), PropostaFactory(inviata=True)
    segnalazione = segnala(proposta=PropostaFactory())

    for _n in range(2):
        response = client.post(voce("proposta", proposta), {"decisione": "pubblica"})
        assert (response.status_code, response["Location"]) == (302, voce("proposta", altra))
    for _n in range(2):
        response = client.post(voce("segnalazione", segnalazione), {"decisione": "respingi"})
        assert (response.status_code, response["Location"]) == (302, voce("proposta", altra))


# --- Comments and reports -------------------------------------------------------------------


def test_a_comment_is_hidden_and_shown_again_by_its_doors(client):
    moderatore = entra(client, "moderatore")
    commento = CommentoFactory()
    base = f"/admin/proposte/commento/{commento.pk}"
    assert porte(client.get(f"{base}/change/")) == ["nascondi"]

    client.post(f"{base}/nascondi/", {"motivo": "offensivo", "testo": "Offende."})
    commento.refresh_from_db()
    assert commento.nascosto_da == moderatore
    assert porte(client.get(f"{base}/change/")) == ["riammetti"]

    # A colleague hides it again: it is told, and nothing is overwritten.
    response = client.post(f"{base}/nascondi/", {"motivo": "altro", "testo": "Un'altra ragione."})
    assert "Un collega lo ha già nascosto." in html(response)
    assert "Un&#x27;altra ragione." in html(response)

    client.post(f"{base}/riammetti/")
    commento.refresh_from_db()
    assert (commento.nascosto_at, commento.motivo) == (None, "")


def test_reports_are_listed_oldest_first_and_several_are_closed_at_once(client):
    entra(client, "moderatore")
    adesso = timezone.now()
    vecchia = segnala(proposta=PropostaFactory())
    Segnalazione.objects.filter(pk=vecchia.pk).update(created_at=adesso - timedelta(hours=50))
    nuova = segnala(commento=CommentoFactory())
    chiusa = segnala(proposta=PropostaFactory())
    commenti.chiudi_segnalazione(chiusa, "respinta", UserFactory(), adesso=adesso)
    url = "/admin/proposte/segnalazione/"

    elenco = client.get(url)
    assert list(elenco.context["cl"].result_list) == [vecchia, nuova]
    assert html(elenco).count("in ritardo") == 1
    assert list(client.get(url, {"stato": "chiuse"}).context["cl"].result_list) == [chiusa]
    assert list(client.get(url, {"cosa": "commento"}).context["cl"].result_list) == [nuova]

    response = client.post(
        f"{url}?stato=tutte",
        {"action": "respingi", "_selected_action": [vecchia.pk, nuova.pk, chiusa.pk]},
        follow=True,
    )

    assert messaggi(response) == [
        "2 segnalazioni chiuse.",
        "offende o discrimina qualcuno: Questa segnalazione è già chiusa.",
    ]
    assert Segnalazione.objects.aperte().count() == 0
