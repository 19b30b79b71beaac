"""What is asked of a SAML gateway, and what is believed of it."""

import base64
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from accounts.models import IdentitaVerificata, User

from .idp import ALTRO, CODICE, ENTITA, L2, SSO, IdentityProvider

pytestmark = pytest.mark.django_db


def parti(client):
    return client.get(reverse("spid:entra", args=["saml"])).url


def rifiutata(client, response):
    return (
        response.status_code == 403
        and "Per sicurezza l’abbiamo scartata" in response.text
        and not User.objects.exists()
        and not IdentitaVerificata.objects.exists()
        and "spid_in_attesa" not in client.session
    )


def cambia(risposta, prima, poi):
    """The answer with something changed after it was signed."""
    xml = base64.b64decode(risposta["SAMLResponse"]).decode()
    assert prima in xml
    nuovo = base64.b64encode(xml.replace(prima, poi).encode()).decode()
    return {**risposta, "SAMLResponse": nuovo}


# --- What is asked --------------------------------------------------------------------------


def test_the_request_is_signed_asks_for_the_level_and_has_a_relay_state(client, saml):
    richiesta, relay = saml.idp.leggi(parti(client))

    contesto = richiesta.requested_authn_context
    assert [c.text for c in contesto.authn_context_class_ref] == [L2]
    assert contesto.comparison == "minimum"
    assert richiesta.force_authn == "true"
    assert richiesta.destination == SSO
    assert richiesta.issuer.text == "http://testserver/spid/saml/metadata/"
    assert richiesta.assertion_consumer_service_url == "http://testserver/spid/saml/acs/"
    assert richiesta.name_id_policy.format.endswith(":transient")
    assert re.fullmatch(r"[\w-]{20,}", relay)


def test_two_requests_have_nothing_in_common(client, saml):
    (prima, relay), (poi, altro) = (saml.idp.leggi(parti(client)) for _volta in range(2))

    assert prima.id != poi.id
    assert relay != altro


def test_level_and_comparison_are_settings(client, saml, settings):
    settings.SPID_LIVELLO = "https://www.spid.gov.it/SpidL3"
    settings.SPID_CONFRONTO = "exact"

    contesto = saml.idp.leggi(parti(client))[0].requested_authn_context

    assert [c.text for c in contesto.authn_context_class_ref] == [settings.SPID_LIVELLO]
    assert contesto.comparison == "exact"


def test_our_metadata_are_signed_do_not_expire_and_name_no_logout(client, saml):
    response = client.get(reverse("spid_saml_metadata"))

    assert response["Content-Type"] == "application/samlmetadata+xml"
    radice = etree.fromstring(response.content)
    assert radice.get("validUntil") is None
    assert radice.get("cacheDuration") is None
    figli = [etree.QName(figlio).localname for figlio in radice]
    assert figli == ["Signature", "SPSSODescriptor"]
    assert "SingleLogoutService" not in response.text
    assert "PRIVATE KEY" not in response.text


def test_the_gateway_may_be_described_by_a_file_of_metadata(client, saml, settings, tmp_path):
    file = tmp_path / "gateway.xml"
    file.write_text(str(saml.idp.metadata()))
    settings.SPID_SAML = {
        **settings.SPID_SAML,
        "metadata": str(file),
        "entity_id": "",
        "sso_url": "",
        "certificato": "",
    }

    assert saml.torna(client, parti(client)).url == reverse("spid:completa")


# --- What is believed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prima", "poi"),
    [
        (CODICE, ALTRO),
        ("maria@example.org", "altra@example.org"),
        (L2, "https://www.spid.gov.it/SpidL3"),
        (ENTITA, "https://altro.example.org/metadata"),
    ],
)
def test_what_was_changed_after_signing_is_refused(client, saml, prima, poi, caplog):
    risposta = cambia(saml.risposta(parti(client)), prima, poi)

    assert rifiutata(client, saml.consegna(client, risposta))
    assert "spid_saml: rifiutato (not valid)" in caplog.text
    assert CODICE not in caplog.text
    assert ALTRO not in caplog.text


def test_a_signature_by_another_key_is_refused(client, saml, chiavi):
    nostri = client.get(reverse("spid_saml_metadata")).text
    falso = IdentityProvider(*chiavi["estranea"], nostri)

    risposta = saml.risposta(parti(client), idp=falso)

    assert rifiutata(client, saml.consegna(client, risposta))


def test_without_a_signature_it_is_refused(client, saml):
    risposta = saml.risposta(parti(client), firma=False)

    assert rifiutata(client, saml.consegna(client, risposta))


def test_a_second_assertion_beside_the_signed_one_is_refused(client, saml):
    """Signature wrapping: the signed one is still there, another one says who she is."""
    risposta = saml.risposta(parti(client))
    radice = etree.fromstring(base64.b64decode(risposta["SAMLResponse"]))
    [firmata] = radice.findall("{*}Assertion")
    copia = etree.fromstring(etree.tostring(firmata).replace(CODICE.encode(), ALTRO.encode()))
    copia.set("ID", "altra")
    radice.insert(1, copia)
    risposta["SAMLResponse"] = base64.b64encode(etree.tostring(radice)).decode()

    assert rifiutata(client, saml.consegna(client, risposta))


def test_for_another_service_it_is_refused(client, saml):
    risposta = saml.risposta(parti(client), sp_entity_id="https://altro.example.org/metadata")

    assert rifiutata(client, saml.consegna(client, risposta))


def test_sent_to_another_address_it_is_refused(client, saml):
    risposta = saml.risposta(parti(client), destination="https://altro.example.org/acs/")

    assert rifiutata(client, saml.consegna(client, risposta))


@pytest.mark.parametrize("quando", [timedelta(minutes=20), -timedelta(minutes=20)])
def test_too_late_or_too_early_it_is_refused(client, saml, quando):
    risposta = saml.risposta(parti(client))

    with time_machine.travel(timezone.now() + quando):
        assert rifiutata(client, saml.consegna(client, risposta))


def test_an_answer_that_nobody_asked_for_is_refused(client, saml):
    for richiesta in (None, "_inventata"):
        risposta = saml.risposta(parti(client), in_response_to=richiesta)
        assert rifiutata(client, saml.consegna(client, risposta))


def test_it_answers_the_request_that_is_signed_and_no_other(client, saml):
    """What wraps the signed assertion may be changed by anybody: a stolen answer is not made an
    answer to one's own question."""
    rubata = saml.risposta(parti(Client()))
    mia, relay = saml.idp.leggi(parti(client))
    xml = base64.b64decode(rubata["SAMLResponse"]).decode()
    sua = re.search(r'<\S*Response [^>]*InResponseTo="([^"]+)"', xml)[1]
    testa, coda = xml.split("Assertion", 1)
    cambiata = testa.replace(sua, mia.id) + "Assertion" + coda
    risposta = {
        "SAMLResponse": base64.b64encode(cambiata.encode()).decode(),
        "RelayState": relay,
    }

    assert rifiutata(client, saml.consegna(client, risposta))


def test_the_relay_state_must_come_back_as_it_went(client, saml):
    for relay in ("", "altro", "https://example.com/"):
        risposta = {**saml.risposta(parti(client)), "RelayState": relay}
        assert rifiutata(client, saml.consegna(client, risposta))


@pytest.mark.parametrize(
    "corpo",
    [
        {},
        {"SAMLResponse": ""},
        {"SAMLResponse": "%%%"},
        {"SAMLResponse": base64.b64encode(b"<a/>").decode()},
        {
            "SAMLResponse": base64.b64encode(
                b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
            ).decode()
        },
    ],
)
def test_whatever_else_is_posted_there_gets_the_plain_page(client, saml, corpo):
    response = client.post(reverse("spid_saml_acs"), corpo)

    assert rifiutata(client, response)


def test_the_second_page_alone_lets_nobody_in(client, saml):
    assert rifiutata(client, client.get(reverse("spid_saml_ritorno")))
    client.cookies["spid"] = "W1tdXQ:1abcde:firma"
    assert rifiutata(client, client.get(reverse("spid_saml_ritorno")))


def test_what_waits_between_the_two_pages_is_for_one_page_and_five_minutes(client, saml):
    risposta = saml.risposta(parti(client))
    response = client.post(reverse("spid_saml_acs"), risposta)
    biscotto = response.cookies["spid"]

    assert (biscotto["path"], biscotto["httponly"], biscotto["samesite"]) == (
        reverse("spid_saml_ritorno"),
        True,
        "Lax",
    )
    assert CODICE not in biscotto.value
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert rifiutata(client, client.get(response.url))
