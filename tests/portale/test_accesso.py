"""Before the pages of the office and of the Tavolo: a second factor, for who must have one."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.accesso import mfa_soddisfatta, segna_forte
from posta.models import Messaggio
from tests.factories import ComponenteFactory, GaranteFactory, UserFactory
from tests.fattori import codice, con_app, con_chiave, con_codici, entra_con_password
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ADMIN = "/admin/"
AREA = "/tavolo/area-riservata/"
SCEGLI = "/accounts/2fa/"


@pytest.fixture(autouse=True)
def richiesta(settings):
    settings.MFA_RICHIESTA = True


def va(response):
    return response.status_code, response.headers.get("Location", "")


@pytest.mark.parametrize("ruolo", RUOLI)
def test_who_works_for_the_office_is_led_to_set_one_up(client, ruolo):
    entra(client, ruolo)

    login = "/accounts/login/?next=/tavolo/area-riservata/"
    atteso = {
        "anonima": [(302, "/admin/login/?next=/admin/"), (302, login), (200, "")],
        "cittadina": [(404, ""), (404, ""), (200, "")],
    }.get(ruolo, [(302, SCEGLI), (302, SCEGLI), (200, "")])
    assert [va(client.get(url)) for url in (ADMIN, AREA, "/")] == atteso


def test_where_it_is_not_required_nobody_is_asked(client, settings):
    settings.MFA_RICHIESTA = False
    entra(client, "ufficio")

    assert client.get(ADMIN).status_code == 200


@pytest.mark.parametrize(
    ("fabbrica", "al", "atteso"),
    [
        (ComponenteFactory, None, (302, SCEGLI)),
        (GaranteFactory, None, (302, SCEGLI)),
        # Whose place ended is a stranger there.
        (ComponenteFactory, -1, (404, "")),
        (GaranteFactory, -1, (404, "")),
    ],
)
def test_who_sits_at_the_tavolo_today_is_led_to_set_one_up(client, fabbrica, al, atteso):
    persona = UserFactory()
    oggi = timezone.localdate()
    fabbrica(
        persona=persona,
        dal=oggi - timedelta(days=9),
        al=None if al is None else oggi + timedelta(days=al),
    )
    client.force_login(persona)

    assert va(client.get(AREA)) == atteso
    assert client.get("/profilo/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_somebody_without_a_factor_sets_up_an_app_and_gets_where_she_was_going(client):
    persona = UserFactory(ufficio=True)
    entrata = client.post(
        "/accounts/login/?next=/admin/accounts/user/",
        {
            "login": persona.email,
            "password": "una-password-lunga",
            "next": "/admin/accounts/user/",
        },
    )
    assert va(entrata) == (302, "/admin/accounts/user/")
    assert va(client.get("/admin/accounts/user/")) == (302, SCEGLI)
    assert "Prima di entrare scegli un secondo passaggio" in client.get(SCEGLI).text
    # She has just said her password: she is not asked again.
    pagina = client.get(reverse("mfa_activate_totp"))
    segreto = pagina.context["form"].secret
    assert segreto in pagina.text
    assert 'src="data:image/svg+xml;base64,' in pagina.text

    attivata = client.post(reverse("mfa_activate_totp"), {"code": codice(segreto)})

    assert va(attivata) == (302, reverse("mfa_view_recovery_codes"))
    codici = client.get(attivata.url)
    assert len(re.findall(r"<code>\d{8}</code>", codici.text)) == 10
    assert 'href="/admin/accounts/user/"' in codici.text
    assert client.get("/admin/accounts/user/").status_code == 200
    # Once there, the pages of the second factor lead nowhere in particular.
    assert "/admin/accounts/user/" not in client.get(SCEGLI).text


def test_a_wrong_code_sets_nothing_up(client):
    persona = UserFactory(ufficio=True)
    entra_con_password(client, persona)
    segreto = client.get(reverse("mfa_activate_totp")).context["form"].secret
    giusto = codice(segreto)

    risposta = client.post(
        reverse("mfa_activate_totp"), {"code": f"{(int(giusto) + 1) % 10**6:06}"}
    )

    assert risposta.context["form"].errors == {
        "code": ["Il codice non è giusto o non vale più: scrivi quello che vedi ora."]
    }
    assert Authenticator.objects.count() == 0
    assert va(client.get(ADMIN)) == (302, SCEGLI)


def test_logging_in_asks_for_the_factor_before_anybody_is_in(client):
    persona = UserFactory(ufficio=True)
    segreto = con_app(persona)

    assert va(entra_con_password(client, persona)) == (302, "/accounts/2fa/authenticate/")
    # The password alone opens nothing.
    assert va(client.get("/profilo/")) == (302, "/accounts/login/?next=/profilo/")
    assert va(client.get(ADMIN))[1].startswith("/admin/login/")
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).context["form"].errors

    assert va(client.post("/accounts/2fa/authenticate/", {"code": codice(segreto)})) == (
        302,
        "/profilo/",
    )
    assert client.get(ADMIN).status_code == 200


def test_a_recovery_code_opens_once(client):
    persona = UserFactory(ufficio=True)
    con_app(persona)
    riserva = con_codici(persona)[0]
    entra_con_password(client, persona)

    assert va(client.post("/accounts/2fa/authenticate/", {"code": riserva})) == (302, "/profilo/")
    assert client.get(ADMIN).status_code == 200

    client.post("/accounts/logout/")
    entra_con_password(client, persona)
    assert client.post("/accounts/2fa/authenticate/", {"code": riserva}).status_code == 200
    assert va(client.get("/profilo/")) == (302, "/accounts/login/?next=/profilo/")


def test_a_code_of_the_app_opens_once(client):
    persona = UserFactory(ufficio=True)
    ora = codice(con_app(persona))
    entra_con_password(client, persona)
    client.post("/accounts/2fa/authenticate/", {"code": ora})
    client.post("/accounts/logout/")
    entra_con_password(client, persona)

    assert client.post("/accounts/2fa/authenticate/", {"code": ora}).context["form"].errors


def test_a_code_by_mail_does_not_go_around_the_factor(client):
    persona = UserFactory()
    con_app(persona)
    client.post("/accounts/login/code/", {"email": persona.email})
    [scritto] = re.findall(r"^    (\S+)$", Messaggio.objects.get().parametri["testo"], re.M)

    risposta = client.post("/accounts/login/code/confirm/", {"code": scritto})

    assert va(risposta) == (302, "/accounts/2fa/authenticate/")
    assert va(client.get("/profilo/")) == (302, "/accounts/login/?next=/profilo/")


def test_a_new_password_does_not_go_around_the_factor(client):
    persona = UserFactory()
    con_app(persona)
    client.post("/accounts/password/reset/", {"email": persona.email})
    [link] = set(
        re.findall(
            r"http://testserver(/accounts/password/\S+)",
            Messaggio.objects.get().parametri["testo"],
        )
    )
    modulo = client.get(link, follow=True)
    nuova = "un-altra-password-lunga"
    client.post(modulo.request["PATH_INFO"], {"password1": nuova, "password2": nuova})
    persona.refresh_from_db()
    assert persona.check_password(nuova)

    assert va(client.get("/profilo/")) == (302, "/accounts/login/?next=/profilo/")
    assert va(entra_con_password(client, persona, nuova)) == (302, "/accounts/2fa/authenticate/")


@pytest.mark.parametrize(
    ("dai", "pagina"),
    [
        (con_app, "/accounts/2fa/reauthenticate/"),
        (con_chiave, "/accounts/2fa/webauthn/reauthenticate/"),
    ],
)
def test_a_session_from_before_the_factor_is_asked_for_it(client, dai, pagina):
    persona = UserFactory(ufficio=True)
    client.force_login(persona)
    dai(persona)
    con_codici(persona)

    assert va(client.get("/admin/posta/?q=x")) == (
        302,
        f"{pagina}?next=%2Fadmin%2Fposta%2F%3Fq%3Dx",
    )
    # What was being sent is not done, then or later.
    assert va(client.post("/admin/accounts/user/add/", {})) == (302, f"{pagina}?next=%2Fadmin%2F")


def test_it_is_asked_once_for_each_session(client):
    persona = UserFactory(ufficio=True)
    client.force_login(persona)
    segreto = con_app(persona)
    dove = client.get(ADMIN).url

    risposta = client.post(dove, {"code": codice(segreto), "next": ADMIN})

    assert va(risposta) == (302, ADMIN)
    assert client.get(ADMIN).status_code == 200


def test_a_password_does_not_stand_for_the_factor_one_has(client):
    persona = UserFactory(ufficio=True)
    client.force_login(persona)
    con_app(persona)

    risposta = client.get("/accounts/reauthenticate/?next=/admin/")

    assert va(risposta) == (302, "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F")


def test_who_takes_her_last_factor_away_is_asked_for_another(client):
    persona = UserFactory(ufficio=True)
    segreto = con_app(persona)
    con_codici(persona)
    entra_con_password(client, persona)
    client.post("/accounts/2fa/authenticate/", {"code": codice(segreto)})

    risposta = client.post(reverse("mfa_deactivate_totp"))

    assert va(risposta) == (302, SCEGLI)
    assert Authenticator.objects.count() == 0
    assert va(client.get(ADMIN)) == (302, SCEGLI)


def test_a_gateway_that_vouches_for_two_proofs_is_enough(client, rf):
    persona, altra = UserFactory(ufficio=True), UserFactory()
    client.force_login(persona)
    request = rf.get("/")
    request.user, request.session = persona, client.session
    assert not mfa_soddisfatta(request)
    segna_forte(request, altra)
    assert not mfa_soddisfatta(request)

    segna_forte(request, persona)
    request.session.save()

    assert mfa_soddisfatta(request)
    assert client.get(ADMIN).status_code == 200


def test_a_satisfied_session_costs_no_query_more(client, settings):
    persona = UserFactory(ufficio=True)
    segreto = con_app(persona)
    entra_con_password(client, persona)
    client.post("/accounts/2fa/authenticate/", {"code": codice(segreto)})
    client.get(ADMIN)
    quante = {}
    for richiesta in (True, False):
        settings.MFA_RICHIESTA = richiesta
        with CaptureQueriesContext(connection) as conto:
            client.get("/admin/accounts/user/")
        quante[richiesta] = len(conto)
    assert quante[True] == quante[False]


def test_the_secrets_are_not_readable_in_the_database(client, settings):
    persona = UserFactory()
    segreto = con_app(persona)
    riga = Authenticator.objects.get()

    assert segreto not in str(riga.data)

    # A new key of the portal reads what the one before it kept.
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "un-altra-chiave-" + "y" * 50
    assert riga.wrap().validate_code(codice(segreto))

    # Without it nobody's code is right, and nothing breaks.
    settings.SECRET_KEY_FALLBACKS = []
    caches["default"].clear()
    assert not riga.wrap().validate_code(codice(segreto))


@pytest.mark.parametrize("modello", ["mfa/authenticator", "usersessions/usersession"])
def test_the_administration_shows_nobodys_secrets(client, modello, settings):
    settings.MFA_RICHIESTA = False
    entra(client, "amministratrice")

    assert client.get(f"/admin/{modello}/").status_code == 404
