"""A citizen tells of a need."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts import partecipanti
from accounts.models import Conferma, Partecipante
from laboratori.models import Laboratorio
from portale.lib.antispam import timbro
from posta.models import Messaggio
from posta.services import spedisci_dovuti
from proposte.models import Bisogno, Tema
from tests.factories import (
    FaseFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PercorsoFactory,
    TemaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NUOVO, INVIATO = "/bisogni/nuovo/", "/bisogni/inviato/"


@pytest.fixture
def percorso():
    percorso = PercorsoFactory(titolo="I quartieri")
    FaseFactory(percorso=percorso, apre_proposte=True)
    return percorso


@pytest.fixture
def dati(percorso):
    return {
        "titolo": "  Un attraversamento\tsicuro ",
        "testo": "Davanti alla scuola.\r\n\r\nAlle 8.",
        "laboratorio": str(LaboratorioFactory(slug="zona-1").pk),
        "temi": [TemaFactory(slug="mobilita").pk],
        "nome_mostrato": "Anna",
        "email": " Anna@Example.org ",
        "informativa": "on",
        "sito_web": "",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=20)),
    }


@pytest.fixture
def nota(client):
    """A visit that is known: her browser has confirmed her address."""
    chi = PartecipanteFactory(nome="Bruna")
    client.get(partecipanti.link(chi, "/"))
    return chi


def link_della_mail(mailoutbox):
    spedisci_dovuti()
    return re.search(r"https?://[^/\s]+(/partecipo/conferma/\S+)", mailoutbox[-1].body)[1]


def test_a_stranger_confirms_by_mail_and_her_need_waits_for_the_moderators(
    client, dati, percorso, mailoutbox
):
    response = client.post(NUOVO, dati)
    assert (response.status_code, response["Location"]) == (302, "/partecipo/controlla-la-posta/")
    assert (Bisogno.objects.count(), Partecipante.objects.count()) == (0, 0)

    aperta = client.get(link_della_mail(mailoutbox))

    assert (aperta.status_code, aperta["Location"]) == (303, INVIATO)
    bisogno = Bisogno.objects.get()
    assert (bisogno.titolo, bisogno.testo) == (
        "Un attraversamento sicuro",
        "Davanti alla scuola.\n\nAlle 8.",
    )
    assert (bisogno.stato, bisogno.canale, bisogno.percorso) == ("inviato", "online", percorso)
    assert (bisogno.laboratorio.slug, [tema.slug for tema in bisogno.temi.all()]) == (
        "zona-1",
        ["mobilita"],
    )
    assert (bisogno.proponente.email, bisogno.nome_mostrato) == ("anna@example.org", "Anna")
    assert "Grazie" in client.get(INVIATO).content.decode()


def test_the_mail_that_confirms_repeats_nothing_that_was_typed(client, dati, mailoutbox):
    client.post(NUOVO, dati | {"titolo": "Comprate subito", "testo": "Truffa"})
    spedisci_dovuti()
    [mail] = mailoutbox
    assert "Comprate" not in mail.body + mail.alternatives[0].content
    assert "segnalare un bisogno" in mail.body


def test_opening_the_link_twice_makes_one_need(client, dati, mailoutbox):
    client.post(NUOVO, dati)
    link = link_della_mail(mailoutbox)
    for _volta in range(2):
        assert client.get(link)["Location"] == INVIATO
    assert Bisogno.objects.count() == 1


def test_a_double_click_of_a_stranger_is_one_request(client, dati):
    for _volta in range(2):
        client.post(NUOVO, dati)
    assert Conferma.objects.count() == 1
    assert Messaggio.objects.count() == 1


def test_who_is_known_sends_it_at_once(client, dati, nota):
    pagina = client.get(NUOVO)
    assert list(pagina.context["form"].fields).count("email") == 0
    assert pagina.context["form"].initial["nome_mostrato"] == "Bruna"

    for _volta in range(2):
        response = client.post(NUOVO, dati)

    assert (response.status_code, response["Location"]) == (302, INVIATO)
    assert Bisogno.objects.get().proponente == nota
    assert list(Messaggio.objects.values_list("genere", flat=True)) == ["bisogno_ricevuto"]


def test_who_has_signed_in_is_known(client, dati):
    persona = UserFactory()
    client.force_login(persona)
    client.post(NUOVO, dati)
    assert Bisogno.objects.get().proponente.persona == persona


def test_where_the_stage_moderates_afterwards_she_is_led_to_her_page(client, dati, nota, percorso):
    percorso.fasi.update(moderazione="dopo")
    assert "È pubblicato subito." in client.get(NUOVO).content.decode()
    response = client.post(NUOVO, dati)
    bisogno = Bisogno.objects.get()
    assert (bisogno.stato, response["Location"]) == ("pubblicato", bisogno.get_absolute_url())


def test_a_need_of_the_whole_city(client, dati, nota):
    client.post(NUOVO, dati | {"laboratorio": "citta"})
    assert Bisogno.objects.get().laboratorio is None


def test_the_page_says_what_becomes_of_it_by_whom_and_by_when(client, percorso, settings):
    settings.MODERAZIONE_ORE = 48
    testo = client.get(NUOVO).content.decode()
    assert "Ufficio Partecipazione lo legge entro 2 giorni" in testo
    assert "«I quartieri»" in testo


def test_a_link_chooses_the_place_and_the_theme(client, dati):
    iniziali = client.get(f"{NUOVO}?laboratorio=zona-1&tema=mobilita").context["form"].initial
    assert iniziali["laboratorio"] == dati["laboratorio"]
    assert [tema.slug for tema in iniziali["temi"]] == ["mobilita"]
    assert client.get(f"{NUOVO}?laboratorio=citta").context["form"].initial["laboratorio"] == (
        "citta"
    )
    ignoti = client.get(f"{NUOVO}?laboratorio=x&tema=%00").context["form"].initial
    assert (ignoti["laboratorio"], ignoti["temi"]) == (None, [])


@pytest.mark.parametrize(
    ("guasto", "campi"),
    [
        ({"titolo": " \n"}, ["titolo"]),
        ({"titolo": "x" * 161}, ["titolo"]),
        ({"titolo": "x\0y"}, ["titolo"]),
        ({"testo": "x" * 4001}, ["testo"]),
        ({"testo": "x" * 1_000_000}, ["testo"]),
        ({"testo": "rotto \ufffd"}, ["testo"]),
        ({"laboratorio": ""}, ["laboratorio"]),
        ({"laboratorio": "999999"}, ["laboratorio"]),
        ({"laboratorio": "x"}, ["laboratorio"]),
        ({"temi": ["999999"]}, ["temi"]),
        ({"temi": ["x"]}, ["temi"]),
        ({"nome_mostrato": "Vinci su www.truffa.example"}, ["nome_mostrato"]),
        ({"nome_mostrato": "x" * 121}, ["nome_mostrato"]),
        ({"email": "anna"}, ["email"]),
        ({"email": ""}, ["email"]),
        ({"informativa": ""}, ["informativa"]),
        ({"sito_web": "https://spam.example"}, ["__all__"]),
        ({"ricevuto": "1:falso"}, ["__all__"]),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, dati, guasto, campi):
    response = client.post(NUOVO, {"testo": "Ho scritto molto", **dati} | guasto)
    assert response.status_code == 200
    form = response.context["form"]
    assert list(form.errors) == campi
    assert form["testo"].value() == guasto.get("testo", dati["testo"])
    assert (Bisogno.objects.count(), Conferma.objects.count()) == (0, 0)
    assert response.content.count(b"data-riassunto-errori") == 1


def test_more_than_three_themes_are_too_many(client, dati):
    temi = [TemaFactory().pk for _n in range(4)]
    response = client.post(NUOVO, dati | {"temi": temi})
    assert list(response.context["form"].errors) == ["temi"]
    assert client.post(NUOVO, dati | {"temi": temi[:3]}).status_code == 302


def test_what_is_not_offered_any_more_cannot_be_chosen(client, dati):
    chiuso, spento = LaboratorioFactory(attivo=False), TemaFactory(attivo=False)
    testo = client.get(NUOVO).content.decode()
    assert chiuso.nome not in testo
    assert spento.nome not in testo
    response = client.post(NUOVO, dati | {"laboratorio": chiuso.pk, "temi": [spento.pk]})
    assert list(response.context["form"].errors) == ["laboratorio", "temi"]


@pytest.mark.parametrize("testo", ["<script>x</script>", "👩‍🚒 مرحبا", "x" * 160])
def test_what_people_type_is_shown_as_text(client, dati, nota, testo):
    response = client.post(NUOVO, dati | {"titolo": testo, "laboratorio": ""})
    assert b"<script>x" not in response.content
    client.post(NUOVO, dati | {"titolo": testo})
    assert Bisogno.objects.get().titolo == testo


def test_the_place_and_the_theme_may_go_away_before_she_confirms(client, dati, mailoutbox):
    client.post(NUOVO, dati)
    link = link_della_mail(mailoutbox)
    Tema.objects.all().delete()

    client.get(link)

    assert list(Bisogno.objects.get().temi.all()) == []


def test_a_lab_that_goes_away_before_she_confirms_is_told(client, dati, mailoutbox):
    client.post(NUOVO, dati)
    link = link_della_mail(mailoutbox)
    Laboratorio.objects.all().delete()

    assert client.get(link)["Location"] == NUOVO
    assert Bisogno.objects.count() == 0


# --- Stages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fase", "scritto"),
    [
        ({"apre_proposte": False}, "non si raccolgono proposte"),
        (
            {"inizio": timezone.localdate() + timedelta(days=10)},
            "Si riapre il ",
        ),
        ({"fine": timezone.localdate() - timedelta(days=1)}, "non si raccolgono proposte"),
    ],
)
def test_a_closed_stage_says_why_and_loses_no_words(client, dati, nota, percorso, fase, scritto):
    percorso.fasi.update(**{"inizio": timezone.localdate() - timedelta(days=9), **fase})

    for response in (client.get(NUOVO), client.post(NUOVO, dati)):
        testo = response.content.decode()
        assert response.status_code == 200
        assert scritto in testo
        assert '<form method="post" novalidate' not in testo
    assert "Davanti alla scuola." in testo
    assert Bisogno.objects.count() == 0


def test_a_stage_that_closes_before_she_confirms_keeps_nothing(client, dati, percorso, mailoutbox):
    client.post(NUOVO, dati)
    link = link_della_mail(mailoutbox)
    percorso.fasi.update(apre_proposte=False)

    response = client.get(link, follow=True)

    assert response.redirect_chain[0] == (NUOVO, 303)
    assert "non si raccolgono proposte" in response.content.decode()
    assert Bisogno.objects.count() == 0


def test_without_a_process_there_is_a_page_that_says_so(client):
    response = client.get(NUOVO)
    assert response.status_code == 200
    assert "Non c’è un percorso aperto." in response.content.decode()


@pytest.mark.parametrize("stato", ["bozza", "concluso"])
def test_a_process_that_is_not_active_takes_nothing(client, dati, nota, percorso, stato):
    percorso.stato = stato
    percorso.save()
    client.post(NUOVO, dati)
    assert Bisogno.objects.count() == 0


# --- Too often ------------------------------------------------------------------------------


def test_one_address_is_not_flooded_with_mails(client, dati, settings):
    settings.RATE_LIMITS = True
    cache.clear()
    esiti = [client.post(NUOVO, dati | {"titolo": f"Bisogno {n}"}).status_code for n in range(6)]
    assert esiti == [302] * 5 + [429]
    assert Messaggio.objects.count() == 5


def test_in_english_it_stays_in_english(client, dati):
    assert client.post(f"/en{NUOVO}", dati)["Location"] == "/en/partecipo/controlla-la-posta/"
    assert Conferma.objects.get().lingua == "en"


@pytest.mark.parametrize("metodo", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, percorso, metodo):
    assert getattr(client, metodo)(NUOVO).status_code == 405
    assert getattr(client, metodo)(INVIATO).status_code == 405
