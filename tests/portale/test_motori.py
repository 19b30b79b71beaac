import xml.etree.ElementTree as ET

import pytest

from eventi.models import Incontro
from percorso.models import Percorso
from portale.views import motori
from proposte.models import Bisogno, Proposta
from tests.factories import (
    BisognoFactory,
    DecisioneFactory,
    IncontroFactory,
    LaboratorioFactory,
    PercorsoFactory,
    PropostaFactory,
    ResocontoFactory,
    SedutaFactory,
    VerbaleFactory,
)

pytestmark = pytest.mark.django_db

NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def indirizzi(client):
    radice = ET.fromstring(client.get("/sitemap.xml").content)
    return [url.find("s:loc", NS).text for url in radice.findall("s:url", NS)]


def test_robots_keep_out_of_what_is_private_in_both_languages(client, settings):
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /accounts/",
        "Disallow: /iscrizioni/",
        "Disallow: /profilo/",
        "Disallow: /laboratori/disponibilita/*/",
        "Disallow: /partecipo/",
        "Disallow: /presenze/",
        "Disallow: /proposte/bozza/",
        "Disallow: /proposte/mie/",
        "Disallow: /raccolta/",
        "Disallow: /seguiti/",
        "Disallow: /tavolo/invito/",
        "Disallow: /tavolo/domande/",
        "Disallow: /en/accounts/",
        "Disallow: /en/iscrizioni/",
        "Disallow: /en/profilo/",
        "Disallow: /en/laboratori/disponibilita/*/",
        "Disallow: /en/partecipo/",
        "Disallow: /en/presenze/",
        "Disallow: /en/proposte/bozza/",
        "Disallow: /en/proposte/mie/",
        "Disallow: /en/raccolta/",
        "Disallow: /en/seguiti/",
        "Disallow: /en/tavolo/invito/",
        "Disallow: /en/tavolo/domande/",
        "Disallow: /tavolo/area-riservata/",
        "",
        f"Sitemap: {settings.BASE_URL}/sitemap.xml",
    ]


def test_every_page_of_the_map_exists_in_both_languages(client, settings):
    incontro = IncontroFactory()
    ResocontoFactory(incontro__percorso=incontro.percorso)
    BisognoFactory()
    PropostaFactory()
    DecisioneFactory()
    trovati = indirizzi(client)
    italiani = [url for url in trovati if not url.startswith(f"{settings.BASE_URL}/en/")]
    assert len(trovati) == 2 * len(italiani)
    for url in trovati:
        assert client.get(url.removeprefix(settings.BASE_URL)).status_code == 200, url


def test_each_address_names_its_translation(client, settings):
    percorso = PercorsoFactory()
    radice = ET.fromstring(client.get("/sitemap.xml").content)
    for url in radice.findall("s:url", NS):
        if url.find("s:loc", NS).text.endswith(f"/percorso/{percorso.slug}/"):
            altre = {a.get("hreflang"): a.get("href") for a in url.findall("x:link", NS)}
            base = settings.BASE_URL
            assert altre == {
                "it": f"{base}/percorso/{percorso.slug}/",
                "en": f"{base}/en/percorso/{percorso.slug}/",
                "x-default": f"{base}/percorso/{percorso.slug}/",
            }


def test_what_is_not_public_is_not_on_the_map(client):
    PercorsoFactory(slug="percorso-in-bozza", stato=Percorso.Stato.BOZZA)
    LaboratorioFactory(slug="zona-chiusa", attivo=False)
    IncontroFactory(slug="incontro-in-bozza", stato=Incontro.Stato.BOZZA)
    IncontroFactory(slug="incontro-di-bozza", percorso__stato=Percorso.Stato.BOZZA)
    PropostaFactory(inviata=True, slug="proposta-inviata")
    PropostaFactory(stato=Proposta.Stato.NASCOSTA, slug="proposta-nascosta")
    BisognoFactory(stato=Bisogno.Stato.NASCOSTO, slug="bisogno-nascosto")
    SedutaFactory(in_preparazione=True, incontro__slug="seduta-in-preparazione")
    VerbaleFactory(seduta__incontro__slug="verbale-in-scrittura")
    riservata = DecisioneFactory(pubblicata_at=None)
    senza = ResocontoFactory(incontro__slug="senza-resoconto", pubblicato_at=None).incontro
    testo = client.get("/sitemap.xml").content.decode()
    for slug in ("percorso-in-bozza", "zona-chiusa", "incontro-in-bozza", "incontro-di-bozza"):
        assert slug not in testo
    for slug in ("proposta-inviata", "proposta-nascosta", "bisogno-nascosto"):
        assert slug not in testo
    assert "/tavolo/sedute/seduta-in-preparazione/" not in testo
    assert "/tavolo/sedute/verbale-in-scrittura/verbale/" not in testo
    assert f"/tavolo/decisioni/{riservata.pk}/" not in testo
    assert f"/incontri/{senza.slug}/</loc>" in testo
    assert f"/incontri/{senza.slug}/resoconto/" not in testo


def test_the_map_is_of_the_portal_s_own_address(client, settings):
    assert all(url.startswith(f"{settings.BASE_URL}/") for url in indirizzi(client))


@pytest.mark.parametrize("quanti", [1, 3])
def test_the_map_costs_the_same_with_one_row_and_with_three(
    client, django_assert_num_queries, quanti
):
    for _n in range(quanti):
        ResocontoFactory()
        BisognoFactory()
        PropostaFactory()
        DecisioneFactory(seduta__chiusa=True)
    with django_assert_num_queries(11):
        client.get("/sitemap.xml")


def test_of_many_proposals_the_map_has_the_newest(client, settings, monkeypatch):
    monkeypatch.setattr(motori, "PROPOSTE_IN_MAPPA", 2)
    proposte = PropostaFactory.create_batch(3)
    trovati = indirizzi(client)
    assert [f"{settings.BASE_URL}{p.get_absolute_url()}" in trovati for p in proposte] == [
        False,
        True,
        True,
    ]


def test_the_icon_that_browsers_look_for_by_themselves_is_found(client):
    response = client.get("/favicon.ico")

    assert (response.status_code, response["Location"]) == (302, "/static/img/favicon.ico")
