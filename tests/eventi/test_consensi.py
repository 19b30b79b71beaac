"""What is stated and ticked on registering: from when it holds, and how it is taken back."""

import pytest
from django.urls import reverse

from accounts import consensi as registro
from accounts.models import Consenso
from eventi import consensi, fogli_incontro, services
from eventi.models import Iscrizione
from tests.factories import IncontroFactory, IscrizioneFactory, UserFactory

pytestmark = pytest.mark.django_db

ANNA = "anna@example.org"


@pytest.fixture
def incontro():
    return IncontroFactory(slug="verde")


def sue(**campi):
    return list(
        Consenso.objects.filter(**campi).order_by("pk").values_list("scopo", "email", "ambito")
    )


def test_a_guest_s_yes_holds_from_the_confirmation_and_not_before(incontro, chiedi, adesso):
    iscrizione = chiedi(incontro, ANNA, newsletter=True, foto=True)

    assert list(registro.iscritti_newsletter()) == []
    assert Consenso.objects.vivi().count() == 0

    services.conferma_indirizzo(iscrizione, adesso=adesso)

    [newsletter] = registro.iscritti_newsletter()
    assert (newsletter.email, newsletter.valido_at, newsletter.dove) == (
        ANNA,
        adesso,
        "incontro:verde",
    )
    assert newsletter.testo == (
        "Voglio ricevere per e-mail le notizie dei laboratori. Posso smettere quando voglio."
    )
    iscrizione.refresh_from_db()
    assert consensi.stato(iscrizione) == {"foto": True, "newsletter": True}
    assert iscrizione.foto.ambito == "incontro:verde"


def test_what_nobody_ticked_is_no_yes(incontro, chiedi, adesso):
    iscrizione = services.conferma_indirizzo(chiedi(incontro, ANNA), adesso=adesso)

    assert not Consenso.objects.exists()
    assert consensi.stato(iscrizione) == {"foto": False, "newsletter": False}


def test_what_a_stranger_ticked_for_an_address_is_not_confirmed_by_another_registration(
    incontro, chiedi, adesso
):
    chiedi(incontro, ANNA, newsletter=True)
    sua = chiedi(IncontroFactory(), ANNA)

    services.conferma_indirizzo(sua, adesso=adesso)

    assert list(registro.iscritti_newsletter()) == []


def test_asking_again_before_confirming_only_the_last_answer_counts(incontro, chiedi, adesso):
    chiedi(incontro, ANNA, newsletter=True)
    iscrizione = chiedi(incontro, ANNA)

    services.conferma_indirizzo(iscrizione, adesso=adesso)

    assert list(registro.iscritti_newsletter()) == []


def test_who_wants_the_news_twice_is_in_the_list_once(incontro, chiedi, adesso):
    for di in (incontro, IncontroFactory()):
        services.conferma_indirizzo(chiedi(di, ANNA, newsletter=True), adesso=adesso)

    assert [riga.email for riga in registro.iscritti_newsletter()] == [ANNA]


def test_the_words_are_kept_in_the_language_in_which_they_were_read(incontro, adesso):
    persona = UserFactory(lingua="en")
    iscrizione = services.iscrivi_persona(incontro, persona, foto=True, adesso=adesso)

    assert (iscrizione.foto.lingua, iscrizione.foto.vivo) == ("en", True)


def test_a_parent_registers_who_is_under_14_and_of_the_child_only_a_first_name_is_kept(
    incontro, chiedi
):
    iscrizione = chiedi(incontro, ANNA, minore=True, nome_minore="Leo")

    iscrizione.refresh_from_db()
    assert (iscrizione.eta, iscrizione.nome_minore, iscrizione.nome) == ("minore", "Leo", "Anna")


def test_without_the_tick_she_states_that_she_is_14_and_no_child_s_name_is_kept(incontro, chiedi):
    iscrizione = chiedi(incontro, ANNA, nome_minore="Leo")

    iscrizione.refresh_from_db()
    assert (iscrizione.eta, iscrizione.nome_minore) == ("da_14", "")


def test_the_office_writes_down_a_yes_to_photos_also_without_an_address(incontro, adesso):
    iscrizione = services.iscrivi_dall_ufficio(
        incontro,
        nome="Bruno",
        canale="telefono",
        autore=UserFactory(ufficio=True),
        minore=True,
        foto=True,
        adesso=adesso,
    )

    assert (iscrizione.foto.email, iscrizione.foto.canale, iscrizione.foto.vivo) == (
        "",
        "ufficio",
        True,
    )
    assert iscrizione.eta == "minore"
    consensi.cambia(iscrizione, "foto", si=False, adesso=adesso)
    iscrizione.refresh_from_db()
    assert consensi.stato(iscrizione)["foto"] is False


def test_on_her_page_she_takes_back_and_gives_again_and_each_yes_has_its_row(client, incontro):
    iscrizione = IscrizioneFactory(incontro=incontro, email=ANNA)
    url = reverse("iscrizioni:iscrizione_consenso", args=[iscrizione.token])

    for si in ("on", "on", "", "", "on"):
        dati = {"scopo": "newsletter", **({"si": si} if si else {})}
        assert client.post(url, dati).status_code == 303

    assert Consenso.objects.count() == 2
    assert [riga.email for riga in registro.iscritti_newsletter()] == [ANNA]
    pagina = client.get(iscrizione.get_absolute_url()).content.decode()
    assert "Notizie per e-mail: le ricevi." in pagina
    assert "Foto e riprese: non hai dato il consenso." in pagina


def test_before_her_address_is_confirmed_her_page_gives_nothing(client, incontro, chiedi):
    iscrizione = chiedi(incontro, ANNA)
    url = reverse("iscrizioni:iscrizione_consenso", args=[iscrizione.token])

    assert client.post(url, {"scopo": "newsletter", "si": "on"}).status_code == 409
    assert not Consenso.objects.exists()


def test_the_link_of_a_mail_takes_back_one_yes_with_one_click_and_opening_it_does_not(
    client, adesso
):
    mio = registro.dai("newsletter", ANNA, confermato=True, adesso=adesso)
    altro = registro.dai("newsletter", "altra@example.org", confermato=True, adesso=adesso)
    url = registro.intestazioni_lascia(mio)["List-Unsubscribe"].strip("<>")

    assert "Ritira il consenso" in client.get(url).content.decode()
    assert registro.iscritti_newsletter().count() == 2
    for _ in range(2):
        assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200

    assert list(registro.iscritti_newsletter()) == [altro]
    assert client.get(url + "x").status_code == 404


def test_the_switch_of_the_profile_gives_and_takes_back(client):
    persona = UserFactory()
    client.force_login(persona)

    client.post(reverse("profilo_avvisi"), {"notizie": "on"})
    assert [riga.email for riga in registro.iscritti_newsletter()] == [persona.email]
    client.post(reverse("profilo_avvisi"), {})

    assert not registro.iscritti_newsletter().exists()
    assert sue() == [("newsletter", persona.email, "")]


def test_an_account_whose_address_is_not_confirmed_gets_no_news(client):
    persona = UserFactory(verificata=False)
    client.force_login(persona)

    client.post(reverse("profilo_avvisi"), {"notizie": "on"})

    assert not Consenso.objects.exists()


def test_the_sheet_of_the_door_says_who_may_be_in_the_photos(client, incontro, adesso, ufficio):
    si = services.iscrivi_persona(incontro, UserFactory(nome="Ada"), foto=True, adesso=adesso)
    no = services.iscrivi_persona(
        incontro, UserFactory(nome="Bea"), minore=True, nome_minore="Leo", adesso=adesso
    )
    client.force_login(ufficio)
    url = reverse("admin:eventi_incontro_presenze", args=[incontro.pk])

    assert fogli_incontro.con_foto(incontro) == {si.pk}
    assert client.get(url).context["n_foto"] == 1
    assert fogli_incontro._nome(no) == "Bea (Leo meno di 14 anni)"
    consensi.cambia(Iscrizione.objects.get(pk=si.pk), "foto", si=False, adesso=adesso)

    assert fogli_incontro.con_foto(incontro) == set()


def test_the_office_takes_the_addresses_of_the_news_away_and_of_nobody_else(
    client, adesso, ufficio
):
    registro.dai("newsletter", ANNA, confermato=True, adesso=adesso)
    registro.dai("newsletter", "attesa@example.org", confermato=False, adesso=adesso)
    registro.dai("foto", "foto@example.org", ambito="x", confermato=True, adesso=adesso)
    client.force_login(ufficio)

    risposta = client.post(
        reverse("admin:accounts_consenso_changelist"),
        {
            "action": "esporta_newsletter",
            "_selected_action": list(Consenso.objects.values_list("pk", flat=True)),
        },
    )

    righe = risposta.content.decode("utf-8-sig").splitlines()
    assert [riga.partition(";")[0] for riga in righe] == ["email", ANNA]
