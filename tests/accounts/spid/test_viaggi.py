"""In with SPID or CIE: the same journeys, through a gateway of each kind."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.identita import impronta
from accounts.models import Conferma, IdentitaVerificata, Sessione, User
from eventi.models import Iscrizione
from portale.lib.antispam import timbro
from posta.models import Messaggio
from tests.factories import FaseFactory, IncontroFactory, PropostaFactory, UserFactory
from tests.fattori import con_app, entra_con_password

from .conftest import codice_per
from .idp import ALTRO, CODICE, L1

pytestmark = pytest.mark.django_db


def parti(client, porta, **dove):
    """Where the button leads."""
    response = client.get(reverse("spid:entra", args=[porta.chiave]), dove)
    assert response.status_code == 302
    return response.url


def collega(client, porta):
    response = client.get(reverse("spid:collega", args=[porta.chiave]))
    assert response.status_code == 302
    return response.url


def entrata(client):
    """Who is in, or None."""
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None


def niente_cambiato(client):
    return (
        entrata(client) is None
        and not User.objects.exists()
        and not (IdentitaVerificata.objects.exists())
    )


def arriva(client, porta, **detti):
    return porta.torna(client, parti(client, porta), **detti)


# --- The first time, and the next -----------------------------------------------------------


def test_the_first_time_she_confirms_her_address_and_is_in(client, porta, completa):
    incontri = reverse("eventi:incontro_list")
    response = porta.torna(client, parti(client, porta, next=incontri))

    assert (response.status_code, response.url) == (303, reverse("spid:completa"))
    pagina = client.get(response.url)
    assert pagina.context["form"].initial == {"nome": "Maria Rossi", "email": "maria@example.org"}
    assert not User.objects.exists()

    response = completa("maria@example.org")

    assert response.url == incontri
    lei = entrata(client)
    assert (lei.email, lei.nome, lei.has_usable_password()) == (
        "maria@example.org",
        "Maria Rossi",
        False,
    )
    assert EmailAddress.objects.get(user=lei).verified
    assert lei.identita.fonte == porta.fonte


def test_the_next_time_she_is_in_at_once_whatever_address_the_gateway_tells(
    client, porta, completa
):
    arriva(client, porta)
    completa("maria@example.org")
    lei, altra_visita = entrata(client), Client()

    response = arriva(altra_visita, porta, email="nuova@example.org")

    assert response.url == reverse("profilo")
    assert entrata(altra_visita) == lei
    assert User.objects.count() == 1
    assert lei.email == "maria@example.org"


def test_both_gateways_open_the_same_account(client, oidc, saml, completa):
    arriva(client, oidc)
    completa("maria@example.org")
    altra_visita = Client()

    arriva(altra_visita, saml)

    assert entrata(altra_visita) == entrata(client)
    assert IdentitaVerificata.objects.count() == 1


@pytest.mark.parametrize(("livello", "forte"), [(None, False), (L1, False), ("L2", True)])
def test_only_more_than_a_password_makes_the_session_strong(
    client, porta, completa, livello, forte
):
    if livello is None:
        livello = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
    elif livello == "L2":
        livello = "https://www.spid.gov.it/SpidL2"
    arriva(client, porta, livello=livello)
    completa("maria@example.org")

    assert (client.session.get("accesso_forte") == entrata(client).pk) is forte


@pytest.mark.parametrize("ufficio", [False, True])
@pytest.mark.parametrize(("livello", "chiesto"), [(None, True), (L1, True), ("L2", False)])
def test_who_has_a_second_factor_is_asked_for_it_unless_the_identity_is_two_proofs(
    client, porta, livello, chiesto, ufficio
):
    persona = UserFactory(email="maria@example.org", is_staff=ufficio)
    con_app(persona)
    IdentitaVerificata.objects.create(
        persona=persona, impronta=impronta(CODICE), fonte=porta.fonte, verificata_at=timezone.now()
    )
    if livello is None:
        livello = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
    elif livello == "L2":
        livello = "https://www.spid.gov.it/SpidL2"

    response = arriva(client, porta, livello=livello)

    assert (response.url == reverse("mfa_authenticate")) is chiesto
    assert entrata(client) == (None if chiesto else persona)
    assert ("accesso_forte" in client.session) is not chiesto


def test_two_proofs_that_did_not_end_in_a_login_are_none_for_the_next(client, porta):
    persona = UserFactory(email="maria@example.org")
    con_app(persona)
    sessione = client.session
    # As after coming back from level 2 to a login that was left in the middle.
    sessione["accesso_forte"] = persona.pk
    sessione.save()

    response = entra_con_password(client, persona)

    assert response.url == reverse("mfa_authenticate")
    assert entrata(client) is None


def test_who_began_in_english_goes_on_in_english(client, porta):
    response = client.get(f"/en/accounts/spid/entra/{porta.chiave}/")

    assert porta.torna(client, response.url).url == "/en/accounts/spid/completa/"


def test_an_account_that_was_closed_opens_no_more(client, porta, completa):
    arriva(client, porta)
    completa("maria@example.org")
    User.objects.update(is_active=False)
    altra_visita = Client()

    response = arriva(altra_visita, porta)

    assert response.url == reverse("account_inactive")
    assert entrata(altra_visita) is None


# --- Her address ----------------------------------------------------------------------------


def test_without_an_address_from_the_gateway_she_is_asked_for_one(client, porta, completa):
    response = arriva(client, porta, email=None)

    pagina = client.get(response.url)
    assert pagina.context["form"].initial["email"] == ""
    assert "non ci ha detto nessun indirizzo" in pagina.text
    completa("scritta@example.org")
    assert entrata(client).email == "scritta@example.org"


def test_nothing_is_made_until_the_code_is_right(client, porta):
    response = arriva(client, porta)
    client.post(
        response.url,
        {"nome": "Maria", "email": "maria@example.org", "da_14": "on", "informativa": "on"},
    )

    response = client.post(reverse("spid:codice"), {"codice": "BBBB-BBBB"})

    assert response.status_code == 200
    assert "Il codice non è giusto" in response.text
    assert niente_cambiato(client)


def test_a_code_can_not_be_guessed_for_ever(client, porta):
    response = arriva(client, porta)
    dati = {"nome": "Maria", "email": "maria@example.org", "da_14": "on", "informativa": "on"}
    client.post(response.url, dati)
    for _volta in range(5):
        client.post(reverse("spid:codice"), {"codice": "BBBB-BBBB"})

    giusto = client.post(reverse("spid:codice"), {"codice": codice_per("maria@example.org")})

    assert (giusto.status_code, giusto.url) == (303, reverse("spid:completa"))
    assert niente_cambiato(client)


def test_the_code_is_of_no_use_in_another_browser(client, porta):
    response = arriva(client, porta)
    dati = {"nome": "Maria", "email": "maria@example.org", "da_14": "on", "informativa": "on"}
    client.post(response.url, dati)

    altrove = Client().post(reverse("spid:codice"), {"codice": codice_per("maria@example.org")})

    assert altrove.url == reverse("account_login")
    assert niente_cambiato(client)


def test_the_page_is_the_same_whether_the_address_is_taken_or_not(client, porta):
    UserFactory(email="presa@example.org")
    response = arriva(client, porta)
    pagine = []
    for indirizzo in ("presa@example.org", "libera@example.org"):
        client.post(
            response.url, {"nome": "M", "email": indirizzo, "da_14": "on", "informativa": "on"}
        )
        pagina = client.get(reverse("spid:codice")).text.replace(indirizzo, "")
        pagine.append(re.sub(r'csrfmiddlewaretoken" value="\w+"', "", pagina))

    assert pagine[0] == pagine[1]
    oggetti = Messaggio.objects.values_list("parametri__oggetto", flat=True)
    assert len(set(oggetti)) == 1


def test_an_account_with_her_address_is_not_taken_without_its_mailbox(client, porta, completa):
    lei = UserFactory(email="maria@example.org")
    arriva(client, porta)

    # Somebody else's identity may tell any address: nothing happens to the account.
    assert not IdentitaVerificata.objects.exists()
    assert entrata(client) is None

    completa("maria@example.org")

    assert entrata(client) == lei
    lei.refresh_from_db()
    assert lei.check_password("una-password-lunga")
    assert lei.identita.fonte == porta.fonte


def test_an_address_of_somebody_with_another_identity_stays_hers(client, porta, completa):
    arriva(client, porta, codice=ALTRO)
    completa("maria@example.org")
    client.logout()
    arriva(client, porta, codice=CODICE)

    response = completa("maria@example.org")

    assert response.url == reverse("spid:completa")
    assert "collegato a un’altra identità" in client.get(response.url).text
    assert entrata(client) is None
    assert IdentitaVerificata.objects.count() == User.objects.count() == 1


def test_an_account_of_the_office_is_joined_from_inside_only(client, porta, completa):
    ufficio = UserFactory(email="maria@example.org", is_staff=True)
    arriva(client, porta)

    response = completa("maria@example.org")

    assert response.url == reverse("account_login")
    assert entrata(client) is None
    assert not IdentitaVerificata.objects.filter(persona=ufficio).exists()


def test_the_gateways_word_on_an_address_is_enough_only_if_the_settings_say_so(
    client, porta, settings
):
    settings.SPID_EMAIL_VERIFICATA = True
    dati = {"nome": "Maria", "email": "maria@example.org", "da_14": "on", "informativa": "on"}
    response = arriva(client, porta)

    response = client.post(response.url, dati)

    assert response.url == reverse("profilo")
    assert entrata(client).email == "maria@example.org"
    assert not Messaggio.objects.exists()


@pytest.mark.parametrize("scritta", ["presa@example.org", "altra@example.org"])
def test_even_then_not_for_one_that_is_taken_or_that_she_wrote(client, porta, settings, scritta):
    settings.SPID_EMAIL_VERIFICATA = True
    UserFactory(email="presa@example.org")
    response = arriva(client, porta, email="presa@example.org")

    response = client.post(
        response.url, {"nome": "M", "email": scritta, "da_14": "on", "informativa": "on"}
    )

    assert response.url == reverse("spid:codice")
    assert entrata(client) is None


# --- Joining and leaving, from inside -------------------------------------------------------


@pytest.fixture
def lei(client):
    persona = UserFactory(email="io@example.org")
    client.post(
        reverse("account_login"), {"login": persona.email, "password": "una-password-lunga"}
    )
    client.post(reverse("account_reauthenticate"), {"password": "una-password-lunga"})
    return persona


def test_from_her_profile_she_joins_her_identity_and_leaves_it(client, porta, lei):
    assert "Puoi collegare SPID o CIE" in client.get(reverse("profilo")).text

    response = porta.torna(client, collega(client, porta))

    assert response.url == reverse("profilo")
    assert lei.identita.fonte == porta.fonte
    assert "Identità verificata" in client.get(reverse("profilo")).text

    client.post(reverse("spid:scollega"))

    assert not IdentitaVerificata.objects.exists()
    assert "Identità verificata" not in client.get(reverse("profilo")).text


def test_joining_and_leaving_ask_her_password_again(client, porta):
    persona = UserFactory(email="io@example.org")
    client.post(
        reverse("account_login"), {"login": persona.email, "password": "una-password-lunga"}
    )

    for response in (
        client.get(reverse("spid:collega", args=[porta.chiave])),
        client.post(reverse("spid:scollega")),
    ):
        assert response.url.startswith(reverse("account_reauthenticate"))


def test_an_identity_of_another_account_is_not_moved(client, porta, completa):
    arriva(client, porta)
    completa("maria@example.org")
    maria = entrata(client)
    client.logout()
    altra = UserFactory()
    client.force_login(altra)
    client.post(reverse("account_reauthenticate"), {"password": "una-password-lunga"})

    response = porta.torna(client, collega(client, porta))

    assert "già collegata a un altro account" in client.get(response.url).text
    assert IdentitaVerificata.objects.get().persona == maria
    assert entrata(client) == altra


def test_who_comes_back_must_be_who_began(client, porta, lei):
    url = collega(client, porta)
    # Somebody else signs in on the same device.
    client.force_login(UserFactory())

    response = porta.torna(client, url)

    assert response.status_code == 403
    assert not IdentitaVerificata.objects.exists()


# --- No -------------------------------------------------------------------------------------


def test_who_gives_up_reads_that_nothing_happened(client, porta):
    response = porta.annulla(client, parti(client, porta))

    assert response.status_code == 200
    assert "Non hai completato l’accesso" in response.text
    assert niente_cambiato(client)


@pytest.mark.parametrize("codice", [None, "RSSMRA80A01H501A", "12345678901", "<script>"])
def test_without_a_good_fiscal_code_nobody_enters(client, porta, codice, caplog):
    response = arriva(client, porta, codice=codice)

    assert response.status_code == 403
    assert "un codice fiscale valido" in response.text
    assert niente_cambiato(client)
    if codice:
        assert codice not in caplog.text
        assert codice not in response.text


def test_an_answer_opens_once(client, porta, completa):
    risposta = porta.risposta(parti(client, porta))
    porta.consegna(client, risposta)
    completa("maria@example.org")
    client.logout()

    for chi in (client, Client()):
        response = porta.consegna(chi, risposta)
        assert response.status_code == 403
        assert "è già stata usata" in response.text
        assert entrata(chi) is None


def test_an_answer_to_somebody_elses_question_opens_nothing(client, porta):
    risposta = porta.risposta(parti(Client(), porta))
    parti(client, porta)

    response = porta.consegna(client, risposta)

    assert response.status_code == 403
    assert niente_cambiato(client)


def test_a_journey_to_another_site_ends_at_her_profile(client, porta, completa):
    porta.torna(client, parti(client, porta, next="https://example.com/"))

    assert completa("maria@example.org").url == reverse("profilo")


# --- The fiscal code is nowhere -------------------------------------------------------------


def test_the_fiscal_code_is_nowhere(client, porta, completa, caplog):
    caplog.set_level("DEBUG", logger="accounts")
    visita_lasciata_a_meta = Client()
    arriva(visita_lasciata_a_meta, porta, codice=ALTRO)
    arriva(client, porta)
    completa("maria@example.org")

    sessioni = [sessione.get_decoded() for sessione in Sessione.objects.all()]
    biscotti = [c.output() for chi in (client, visita_lasciata_a_meta) for c in [chi.cookies]]
    tutto = "\n".join([tutte_le_righe(), repr(sessioni), *biscotti, caplog.text])

    assert "maria@example.org" in tutto
    assert len(sessioni) >= 2
    for codice in (CODICE, ALTRO):
        # Also without its prefix, in part, or in lower case.
        assert codice[:10].casefold() not in tutto.casefold()


def tutte_le_righe():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        righe = []
        for tabella in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(tabella)}")
            righe += [repr(riga) for riga in cursor.fetchall()]
    return "\n".join(righe)


# --- Where no gateway is open, and beside one -----------------------------------------------


def test_without_gateways_there_is_no_button_and_no_page(client):
    for pagina in ("account_login", "account_signup"):
        assert "SPID" not in client.get(reverse(pagina)).text
    assert client.get(reverse("spid:entra", args=["oidc"])).status_code == 404
    assert client.post(reverse("spid_saml_acs")).status_code == 404


def test_the_button_keeps_where_she_was_going(client, porta):
    for pagina in ("account_login", "account_signup"):
        response = client.get(reverse(pagina), {"next": "/incontri/?zona=1"})
        url = reverse("spid:entra", args=[porta.chiave])
        assert f'href="{url}?next=%2Fincontri%2F%3Fzona%3D1">Entra con SPID o CIE' in response.text


def test_a_gateway_of_one_kind_opens_no_door_of_the_other(client, porta):
    altra = {"oidc": "saml", "saml": "oidc"}[porta.chiave]

    assert client.get(reverse("spid:entra", args=[altra])).status_code == 404
    assert client.get(reverse("spid:entra", args=["altro"])).status_code == 404


@pytest.mark.parametrize("con", ["oidc", None])
def test_taking_part_asks_nobody_for_an_identity(client, request, con):
    """Registering, supporting and proposing are the same with a gateway and without."""
    if con:
        request.getfixturevalue(con)
    incontro = IncontroFactory()
    FaseFactory(percorso=incontro.percorso, apre_proposte=True, apre_sostegni=True)
    proposta = PropostaFactory(percorso=incontro.percorso, stato="pubblicata")
    da_ospite = {
        "email": "ospite@example.org",
        "da_14": "on",
        "informativa": "on",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=30)),
    }
    iscrizione = reverse("eventi:iscrizione_crea", args=[incontro.slug])
    sostegno = reverse("proposte:sostegno_crea", args=[proposta.slug])

    for url in (incontro.get_absolute_url(), iscrizione, proposta.get_absolute_url(), sostegno):
        assert "SPID" not in client.get(url).text
    iscritta = client.post(iscrizione, {**da_ospite, "nome": "Ospite", "posti_richiesti": "1"})
    sostenuta = client.post(sostegno, da_ospite)
    nuova = client.get(reverse("proposte:proposta_nuova"))

    assert (iscritta.status_code, sostenuta.status_code, nuova.status_code) == (303, 303, 200)
    assert "SPID" not in nuova.text
    assert Iscrizione.objects.get().email == "ospite@example.org"
    assert Conferma.objects.get().azione == "sostegno"
