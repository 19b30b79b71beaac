"""What is said of gateways that are half configured."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.core.checks import run_checks
from django.utils import timezone

from accounts.spid.porte import aperte


def trovati():
    return {e.id: e.msg for e in run_checks(tags=["security"]) if e.id.startswith("accounts.")}


def test_without_gateways_there_is_nothing_to_say(settings):
    settings.PRODUZIONE = True

    assert trovati() == {}
    assert aperte() == []


@pytest.mark.parametrize("manca", ["server_url", "client_id", "client_secret"])
def test_half_an_openid_connect_gateway_is_an_error_and_no_door(settings, oidc, manca):
    settings.SPID_OIDC = {**settings.SPID_OIDC, manca: ""}

    assert trovati() == {
        "accounts.E001": f"The OpenID Connect gateway lacks SPID_OIDC_{manca.upper()}."
    }
    assert aperte() == []


@pytest.mark.django_db
@pytest.mark.parametrize("manca", ["entity_id", "sso_url", "certificato", "sp_chiave"])
def test_half_a_saml_gateway_is_an_error_and_no_door(settings, saml, manca):
    settings.SPID_SAML = {**settings.SPID_SAML, manca: ""}

    assert list(trovati()) == ["accounts.E002"]
    assert aperte() == []


@pytest.mark.django_db
def test_whole_gateways_are_fine(oidc, saml):
    assert trovati() == {}
    assert [porta.chiave for porta in aperte()] == ["oidc", "saml"]


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_named(settings, saml):
    settings.SPID_SAML = {**settings.SPID_SAML, "sp_certificato": "/non/esiste.pem"}

    assert trovati() == {
        "accounts.E003": "SPID_SAML_SP_CERTIFICATO is neither PEM nor a file that can be read."
    }


@pytest.mark.django_db
def test_what_is_no_certificate_and_what_is_about_to_expire_are_named(settings, saml):
    with time_machine.travel(timezone.now() + timedelta(days=350)):
        assert list(trovati()) == ["accounts.W002"]
    settings.SPID_SAML = {
        **settings.SPID_SAML,
        "certificato": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----",
    }

    assert trovati() == {"accounts.E007": "SPID_SAML_CERTIFICATO is not a certificate."}


def test_a_comparison_that_saml_does_not_know_is_an_error(settings):
    settings.SPID_CONFRONTO = "almeno"

    assert trovati() == {
        "accounts.E004": "SPID_CONFRONTO must be one of exact, minimum, better, maximum."
    }


def test_production_wants_https_and_a_key_of_its_own(settings, oidc):
    settings.PRODUZIONE = True

    assert list(trovati()) == ["accounts.E005", "accounts.W001"]

    settings.SPID_OIDC = {**settings.SPID_OIDC, "server_url": "https://idp.example.org"}
    settings.CHIAVE_IDENTITA = "corta"
    assert list(trovati()) == ["accounts.E006"]
    settings.CHIAVE_IDENTITA = "k" * 50
    assert trovati() == {}


def test_a_portal_without_gateways_does_not_load_their_libraries(settings):
    programma = (
        "import django, json, sys; django.setup(); from django.urls import get_resolver; "
        "get_resolver().url_patterns; print(json.dumps(sorted(sys.modules)))"
    )

    fatto = subprocess.run(
        [sys.executable, "-c", programma],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    caricati = set(json.loads(fatto.stdout.splitlines()[-1]))
    assert "accounts.spid.views" in caricati
    assert caricati & {"onelogin", "xmlsec", "lxml", "jwt", "accounts.spid.oidc"} == set()
