from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.partecipanti import della_persona
from eventi.models import Incontro
from tests.factories import (
    ComponenteFactory,
    DisponibilitaFactory,
    IncontroFactory,
    IscrizioneFactory,
    PartecipanteFactory,
    PropostaFactory,
    SeguitoFactory,
    SostegnoFactory,
    UserFactory,
)
from tests.fattori import con_app
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def persona(client):
    persona = UserFactory(email="anna@example.org", nome="Anna Bianchi")
    client.force_login(persona)
    return persona


def mostrate(response):
    """Which registrations the page shows, and under which heading."""
    return {nome: response.context[nome] for nome in ("prossime", "in_attesa", "passate")}


def test_the_profile_asks_strangers_to_sign_in(client):
    profilo = reverse("profilo")

    for risposta in (client.get(profilo), client.post(profilo, {"nome": "X"})):
        assert (risposta.status_code, risposta.url) == (
            302,
            f"{reverse('account_login')}?next={profilo}",
        )


def test_it_shows_her_registrations_by_what_they_ask_of_her(client, persona):
    def una(incontro=None, **campi):
        return IscrizioneFactory(
            incontro=incontro or IncontroFactory(posti=3), email="anna@example.org", **campi
        )

    prossima = una()
    rinviata = una(IncontroFactory(stato="rinviato", inizio=None))
    offerta = una(stato="posto_offerto", scade_at=timezone.now() + timedelta(hours=3))
    in_lista = una(in_attesa=True)
    passata = una(IncontroFactory(passato=True))
    annullato = una(IncontroFactory(stato="annullato"))
    lasciata = una(stato="rinunciata", posti=0)

    gruppi = mostrate(client.get(reverse("profilo")))

    assert {nome: {i.pk for i in righe} for nome, righe in gruppi.items()} == {
        "prossime": {prossima.pk, rinviata.pk},
        "in_attesa": {offerta.pk, in_lista.pk},
        "passate": {passata.pk, annullato.pk, lasciata.pk},
    }


def test_registrations_made_as_a_guest_appear_once_the_address_is_verified(client, persona):
    EmailAddress.objects.create(user=persona, email="anna@lavoro.example", verified=True)
    EmailAddress.objects.create(user=persona, email="capo@lavoro.example", verified=False)
    con_account = IscrizioneFactory(persona=persona, email="vecchia@example.org")
    ospite = IscrizioneFactory(email="anna@example.org")
    lavoro = IscrizioneFactory(email="anna@lavoro.example")
    altrui = IscrizioneFactory(email="capo@lavoro.example")

    risposta = client.get(reverse("profilo"))

    assert {i.pk for i in mostrate(risposta)["prossime"]} == {
        con_account.pk,
        ospite.pk,
        lavoro.pk,
    }
    assert altrui.codice not in risposta.content.decode()


def test_it_says_her_place_in_each_line(client, persona):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory.create_batch(2, incontro=incontro, in_attesa=True)
    sua = IscrizioneFactory(incontro=incontro, email="anna@example.org", in_attesa=True)
    prima = IscrizioneFactory(email="anna@example.org", in_attesa=True)

    [una, altra] = sorted(
        mostrate(client.get(reverse("profilo")))["in_attesa"], key=lambda i: i.pk
    )

    assert [(una, una.posizione), (altra, altra.posizione)] == [(sua, 3), (prima, 1)]
    assert [una.posizione_in_lista(), altra.posizione_in_lista()] == [3, 1]


@pytest.mark.parametrize("n", [1, 3])
def test_it_asks_the_same_queries_for_one_or_three(n, client, persona, django_assert_num_queries):
    for _ in range(n):
        IscrizioneFactory(email="anna@example.org")
        IscrizioneFactory(email="anna@example.org", in_attesa=True)
        SostegnoFactory(partecipante=della_persona(persona))
        DisponibilitaFactory(email="anna@example.org", stato="nuova")
    # Who she is as a participant is written down at her first visit.
    client.get(reverse("profilo"))

    with django_assert_num_queries(14):
        client.get(reverse("profilo"))


def test_it_shows_what_she_proposes_supports_and_follows_and_nobody_elses(client, persona):
    io = della_persona(persona)
    for n in range(7):
        SostegnoFactory(partecipante=io, proposta__titolo=f"Sostenuta {n}")
    SostegnoFactory(partecipante=io, proposta__titolo="Nascosta", proposta__stato="nascosta")
    SostegnoFactory(proposta__titolo="Di un'altra")
    PropostaFactory(proponente=io)
    SeguitoFactory.create_batch(2, partecipante=io)
    SeguitoFactory()

    risposta = client.get(reverse("profilo"))

    assert [sostegno.proposta.titolo for sostegno in risposta.context["sostenute"]] == [
        f"Sostenuta {n}" for n in (6, 5, 4, 3, 2)
    ]
    assert [risposta.context[nome] for nome in ("n_proposte", "n_sostenute", "n_seguiti")] == [
        1,
        7,
        2,
    ]
    assert "Nascosta" not in risposta.text
    assert "Di un" not in risposta.text


def test_an_address_that_is_not_confirmed_shows_nobodys_part(client):
    persona = UserFactory(email="anna@example.org")
    EmailAddress.objects.filter(user=persona).update(verified=False)
    SostegnoFactory(partecipante__email="anna@example.org", proposta__titolo="Di un'altra")
    client.force_login(persona)

    risposta = client.get(reverse("profilo"))

    assert (risposta.status_code, risposta.context["n_sostenute"]) == (200, 0)
    assert "Di un" not in risposta.text


def test_an_empty_profile_says_where_to_go(client, persona):
    html = client.get(reverse("profilo")).content.decode()

    assert "Ora non hai iscrizioni confermate" in html
    assert reverse("eventi:incontro_list") in html


def test_she_changes_her_name_and_the_language_of_mails(client, persona):
    io, altra = della_persona(persona), PartecipanteFactory()
    risposta = client.post(
        reverse("profilo"), {"nome": " Anna   B. ", "lingua": "en"}, follow=True
    )

    persona.refresh_from_db()
    assert (persona.nome, persona.lingua) == ("Anna B.", "en")
    io.refresh_from_db()
    altra.refresh_from_db()
    assert (io.lingua, altra.lingua) == ("en", "it")
    assert risposta.redirect_chain == [(reverse("profilo"), 303)]
    assert "abbiamo salvato le tue modifiche" in risposta.content.decode()


@pytest.mark.parametrize("campi", [{"nome": "", "lingua": "it"}, {"nome": "Eva", "lingua": "xx"}])
def test_a_refused_change_is_explained_and_changes_nothing(client, persona, campi):
    risposta = client.post(reverse("profilo"), campi)

    assert risposta.context["form"].errors
    assert "Ciao, Anna Bianchi" in risposta.content.decode()
    persona.refresh_from_db()
    assert (persona.nome, persona.lingua) == ("Anna Bianchi", "it")


@pytest.mark.parametrize("campo", ["email", "is_staff", "is_superuser", "password"])
def test_the_form_changes_nothing_else(client, persona, campo):
    prima = getattr(persona, campo)

    client.post(reverse("profilo"), {"nome": "Anna", "lingua": "it", campo: "on"})

    persona.refresh_from_db()
    assert getattr(persona, campo) == prima


@pytest.mark.parametrize("ruolo", RUOLI)
def test_who_may_do_what(client, ruolo):
    """Everybody who signs in has a profile, her own."""
    entra(client, ruolo)
    profilo = reverse("profilo")

    risposte = {
        m: getattr(client, m)(profilo).status_code for m in ("get", "head", "put", "delete")
    }
    risposte["post"] = client.post(profilo, {"nome": "Anna", "lingua": "it"}).status_code

    atteso = {"get": 200, "head": 200, "put": 405, "delete": 405, "post": 303}
    assert risposte == (dict.fromkeys(atteso, 302) if ruolo == "anonima" else atteso)


def test_the_form_is_protected_from_other_sites(persona):
    rigido = Client(enforce_csrf_checks=True)
    rigido.force_login(persona)

    assert rigido.post(reverse("profilo"), {"nome": "X", "lingua": "it"}).status_code == 403


def test_an_incontro_without_a_date_does_not_break_the_page(client, persona):
    IscrizioneFactory(
        email="anna@example.org",
        incontro=IncontroFactory(
            inizio=None, stato=Incontro.Stato.SVOLTO, data_a_parole="nel 2023"
        ),
    )

    assert "nel 2023" in client.get(reverse("profilo")).content.decode()


def test_who_sits_at_the_tavolo_finds_her_way_into_its_area(client, persona):
    url = reverse("area:home")
    assert f'href="{url}"' not in client.get(reverse("profilo")).content.decode()

    ComponenteFactory(persona=persona)

    assert f'href="{url}"' in client.get(reverse("profilo")).content.decode()


def test_she_finds_the_help_that_she_offered_and_how_it_stands(client, persona):
    EmailAddress.objects.create(user=persona, email="anna@lavoro.example", verified=True)
    EmailAddress.objects.create(user=persona, email="capo@lavoro.example", verified=False)
    una = DisponibilitaFactory(email="anna@example.org", stato="assegnata")
    altra = DisponibilitaFactory(email="anna@lavoro.example", stato="chiusa")
    # Somebody may have typed her address; and those of others are theirs.
    DisponibilitaFactory(email="anna@example.org", stato="da_verificare", aiuti=["bambini"])
    DisponibilitaFactory(email="capo@lavoro.example", stato="nuova", aiuti=["bambini"])

    risposta = client.get(reverse("profilo"))

    assert list(risposta.context["aiuti"]) == [altra, una]
    assert "L’ufficio se ne occupa" in risposta.text
    assert "Cura dei bambini" not in risposta.text


AVVISI = ("avvisi_promemoria", "avvisi_seguiti", "avvisi_riepilogo")


@pytest.mark.parametrize("spento", AVVISI)
def test_she_switches_a_notice_off_and_on_again(client, persona, spento):
    assert all(client.get(reverse("profilo")).context["avvisi"].initial[a] for a in AVVISI)

    def invia(accesi):
        risposta = client.post(reverse("profilo_avvisi"), dict.fromkeys(accesi, "on"))
        assert (risposta.status_code, risposta.url) == (303, "/profilo/#avvisi")
        persona.refresh_from_db()
        return {avviso: getattr(persona, avviso) for avviso in AVVISI}

    accesi = [avviso for avviso in AVVISI if avviso != spento]
    assert invia(accesi) == {**dict.fromkeys(AVVISI, True), spento: False}
    assert invia(AVVISI) == dict.fromkeys(AVVISI, True)


def test_the_switches_change_nothing_else_and_nobody_elses(client, persona):
    altra = UserFactory()

    client.post(reverse("profilo_avvisi"), {"nome": "X", "is_staff": "on"})

    persona.refresh_from_db()
    altra.refresh_from_db()
    assert (persona.nome, persona.is_staff) == ("Anna Bianchi", False)
    assert all(getattr(altra, avviso) for avviso in AVVISI)


def test_she_reads_how_she_enters(client, persona):
    assert "Secondo passaggio</a>: non attivo" in client.get(reverse("profilo")).text

    con_app(persona)

    assert "Secondo passaggio</a>: attivo" in client.get(reverse("profilo")).text
