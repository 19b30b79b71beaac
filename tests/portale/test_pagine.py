"""The frame of every page, and the pages that say how the portal works."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings
from django.urls import get_resolver
from django.urls.resolvers import LocalePrefixPattern
from django.utils import translation

from portale import context
from portale.views import errori
from tests.factories.accounts import UserFactory

INFORMATIVE = ("/privacy/", "/accessibilita/", "/note-legali/", "/domande-frequenti/")


def elementi(response):
    """The official elements of a page: data-element → href, None where it is not a link."""
    trovati = {}
    for tag in re.findall(r"<[a-z0-9]+[^>]*data-element=[^>]*>", response.content.decode()):
        href = re.search(r'href="([^"]*)"', tag)
        trovati[re.search(r'data-element="([^"]*)"', tag)[1]] = href and href[1]
    return trovati


def pagina_di(percorso, **extra):
    return context.Pagina(RequestFactory().get(percorso, **extra))


@pytest.fixture
def senza_pagine_in_cache(settings):
    """Each request is rendered, none is answered from the pages kept in the process."""
    senza = [nome for nome in settings.MIDDLEWARE if nome != "portale.pagine.PagineInCache"]
    assert len(senza) == len(settings.MIDDLEWARE) - 1
    settings.MIDDLEWARE = senza


@pytest.mark.django_db
@pytest.mark.parametrize("percorso", [*INFORMATIVE, *(f"/en{p}" for p in INFORMATIVE)])
def test_an_informative_page_asks_no_query_and_leaves_no_cookie(
    client, percorso, django_assert_num_queries, senza_pagine_in_cache
):
    with django_assert_num_queries(0):
        response = client.get(percorso)

    assert response.status_code == 200
    assert dict(response.cookies) == {}


@pytest.mark.django_db
def test_a_page_carries_the_official_elements_in_header_and_footer(client):
    assert elementi(client.get("/domande-frequenti/")) == {
        "personal-area-login": "/accounts/login/",
        "main-navigation": None,
        "breadcrumb": None,
        "faq": "/domande-frequenti/",
        "report-inefficiency": "/contatti/",
        "privacy-policy-link": "/privacy/",
        "legal-notes": "/note-legali/",
        "accessibility-link": "/accessibilita/",
    }


@pytest.mark.django_db
def test_the_addresses_of_the_municipality_replace_ours_once_they_are_known(client):
    ente = {
        **settings.ENTE,
        "accessibilita_url": "https://form.agid.gov.it/view/prova",
        "segnalazioni_url": "https://www.example.org/segnala",
    }
    with override_settings(ENTE=ente):
        trovati = elementi(client.get("/privacy/"))

    assert trovati["accessibility-link"] == "https://form.agid.gov.it/view/prova"
    assert trovati["report-inefficiency"] == "https://www.example.org/segnala"


@pytest.mark.django_db
def test_the_declaration_of_accessibility_is_never_claimed_before_it_exists(
    client, senza_pagine_in_cache
):
    prima = client.get("/accessibilita/").content.decode()
    ente = {**settings.ENTE, "accessibilita_url": "https://form.agid.gov.it/view/prova"}
    with override_settings(ENTE=ente):
        dopo = client.get("/accessibilita/").content.decode()

    assert ("non ha ancora pubblicato" in prima, "non ha ancora pubblicato" in dopo) == (
        True,
        False,
    )


@pytest.mark.django_db
def test_the_legal_notes_carry_the_official_licence_text(client):
    response = client.get("/note-legali/")

    trovati = elementi(response)
    assert (trovati["legal-notes-section"], trovati["legal-notes-body"]) == (None, None)
    assert "rilasciati con licenza CC-BY 4.0" in response.content.decode()


@pytest.mark.django_db
def test_an_unknown_data_protection_officer_is_said_to_be_unknown(client, senza_pagine_in_cache):
    assert "(RPD/DPO): da comunicare." in client.get("/privacy/").content.decode()
    ente = {**settings.ENTE, "dpo_email": "dpo@example.org"}
    with override_settings(ENTE=ente):
        testo = client.get("/privacy/").content.decode()
    assert 'href="mailto:dpo@example.org"' in testo


def test_the_language_switch_leads_to_the_same_page_with_its_filters():
    with translation.override("it"):
        assert pagina_di("/incontri/?zona=3&page=2").altra_lingua == "/en/incontri/?zona=3&page=2"
    with translation.override("en"):
        assert pagina_di("/en/incontri/?zona=3").altra_lingua == "/incontri/?zona=3"


@pytest.mark.parametrize(("lingua", "prefisso"), [("it", ""), ("en", "/en")])
def test_a_page_names_itself_in_both_languages_for_search_engines(lingua, prefisso):
    with translation.override(lingua):
        pagina = pagina_di(f"{prefisso}/incontri/?page=2")

        assert re.findall(r'rel="canonical" href="([^"]+)"', pagina.indirizzi) == [
            f"{settings.BASE_URL}{prefisso}/incontri/"
        ]
        assert dict(re.findall(r'hreflang="([^"]+)" href="([^"]+)"', pagina.indirizzi)) == {
            "it": f"{settings.BASE_URL}/incontri/",
            "en": f"{settings.BASE_URL}/en/incontri/",
            "x-default": f"{settings.BASE_URL}/incontri/",
        }


def test_an_address_cannot_write_into_the_page():
    pagina = pagina_di("/%22%3E%3Cscript%3E/?%22><script>")

    assert "<script>" not in pagina.indirizzi + pagina.testata


def test_the_paths_known_to_have_one_language_are_those_outside_the_prefix():
    fuori = {
        f"/{voce.pattern}"
        for voce in get_resolver().url_patterns
        if not isinstance(voce.pattern, LocalePrefixPattern) and str(voce.pattern).endswith("/")
    }

    assert {p for p in fuori if not p.startswith(context.SENZA_LINGUA)} == set()
    assert pagina_di("/posta-demo/").tradotta is False
    assert pagina_di("/incontri/").tradotta is True


@pytest.mark.parametrize(
    ("percorso", "sezione"),
    [
        ("/", ""),
        ("/en/", ""),
        ("/incontri/uno/", "incontri"),
        ("/en/incontri/uno/", "incontri"),
        ("/laboratori/zona-1/", "laboratori"),
        ("/laboratori/disponibilita/", "dai-una-mano"),
        ("/laboratori/disponibilita/inviata/", "dai-una-mano"),
        ("/qualunque-cosa/", ""),
    ],
)
def test_the_navigation_shows_under_which_entry_a_page_lies(percorso, sezione):
    pagina = pagina_di(percorso)
    attive = re.findall(r'href="([^"]+)" aria-current="true"', pagina.testata)

    assert pagina.sezione == sezione
    assert len(attive) == (1 if sezione else 0)


def test_the_header_and_footer_are_rendered_once_for_each_language():
    with translation.override("it"):
        italiana = pagina_di("/privacy/")
        assert pagina_di("/note-legali/").piede is italiana.piede
    with translation.override("en"):
        assert 'href="/en/privacy/"' in pagina_di("/en/privacy/").piede
    assert 'href="/privacy/"' in italiana.piede


def test_only_the_demo_says_that_it_is_one():
    with override_settings(DEMO=True):
        assert "Versione dimostrativa" in pagina_di("/").testata
    with override_settings(DEMO=False):
        assert "Versione dimostrativa" not in pagina_di("/").testata


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("chi", "voci"),
    [
        (None, {"Accedi": True, "La mia area": False, "Amministrazione": False}),
        ("persona", {"Accedi": False, "La mia area": True, "Amministrazione": False}),
        ("ufficio", {"Accedi": False, "La mia area": True, "Amministrazione": True}),
    ],
)
def test_the_header_offers_each_person_her_own_area(client, chi, voci):
    if chi:
        client.force_login(UserFactory(is_staff=chi == "ufficio"))
    testo = client.get("/privacy/").content.decode()

    assert {voce: f">{voce}<" in testo for voce in voci} == voci


@pytest.mark.django_db
def test_a_person_in_her_area_finds_her_way_out(client):
    client.force_login(UserFactory())

    assert 'href="/accounts/logout/"' in client.get("/privacy/").content.decode()


@pytest.mark.django_db
def test_a_wrong_address_gets_a_page_with_ways_to_go_on(client):
    response = client.get("/non-esiste/")
    testo = response.content.decode()

    assert response.status_code == 404
    assert 'rel="canonical"' not in testo
    assert {url: f'<a href="{url}">' in testo for url in ("/", "/incontri/", "/contatti/")} == {
        "/": True,
        "/incontri/": True,
        "/contatti/": True,
    }


def test_the_page_of_our_failures_asks_neither_database_nor_session():
    richiesta = RequestFactory().get("/incontri/")

    class Guasta:
        """What middlewares hang on a request, on a day when nothing of it answers."""

        def __getattr__(self, nome):
            raise RuntimeError("no database today")

    richiesta.user = richiesta.session = richiesta._messages = Guasta()
    response = errori.errore_server(richiesta)

    assert response.status_code == 500
    assert "È colpa nostra, non tua" in response.content.decode()
    assert settings.ENTE["telefono"] in response.content.decode()


def test_when_even_its_template_fails_the_last_page_still_answers(monkeypatch, caplog):
    def guasto(*args):
        raise RuntimeError("no templates today")

    monkeypatch.setattr(errori, "render_to_string", guasto)
    response = errori.errore_server(RequestFactory().get("/"))

    assert response.status_code == 500
    assert response.content.decode() == "Qualcosa non ha funzionato. Riprova tra qualche minuto."
    assert [record.message for record in caplog.records] == ["The page of error 500 failed too"]


@pytest.mark.django_db
def test_a_form_whose_protection_expired_says_how_to_go_on():
    richiesta = RequestFactory().post("/contatti/")
    richiesta.user = AnonymousUser()
    response = errori.csrf_failure(richiesta, reason="CSRF cookie not set.")

    assert response.status_code == 403
    assert "Il modulo è scaduto" in response.content.decode()


def test_page_numbers_keep_the_filters_and_say_which_is_this_page():
    richiesta = RequestFactory().get("/incontri/?zona=3&page=2")
    html = render_to_string(
        "componenti/paginazione.html",
        {"page_obj": Paginator(range(30), 10).page(2), "request": richiesta},
    )

    assert re.findall(r'<a [^>]*href="([^"]+)"', html) == [
        "?zona=3&amp;page=1",
        "?zona=3&amp;page=1",
        "?zona=3&amp;page=2",
        "?zona=3&amp;page=3",
        "?zona=3&amp;page=3",
    ]
    assert re.findall(r'aria-current="page" href="([^"]+)"', html) == ["?zona=3&amp;page=2"]


def test_one_page_of_results_needs_no_numbers():
    contesto = {"page_obj": Paginator(range(3), 10).page(1), "request": RequestFactory().get("/")}

    assert render_to_string("componenti/paginazione.html", contesto).strip() == ""


def test_the_breadcrumb_ends_with_this_page_which_is_no_link():
    voci = [("Laboratori", "/laboratori/"), ("Zona <3>", None)]
    html = render_to_string("componenti/briciole.html", {"voci": voci})

    assert re.findall(r'href="([^"]+)"', html) == ["/", "/laboratori/"]
    assert '<li class="breadcrumb-item active" aria-current="page">Zona &lt;3&gt;</li>' in html


@pytest.mark.parametrize(
    ("minuti", "frase"),
    [
        (1, "Riprova tra un minuto:"),
        (5, "Riprova tra 5 minuti:"),
        (None, "Aspetta qualche minuto"),
    ],
)
def test_whoever_came_too_often_is_told_when_to_try_again(minuti, frase):
    contesto = context.portale(RequestFactory().get("/contatti/")) | {"minuti": minuti}

    assert frase in render_to_string("429.html", contesto)
