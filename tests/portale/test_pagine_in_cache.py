import gzip
from datetime import datetime, timedelta

import brotli
import pytest
import time_machine
from django.contrib import messages
from django.core.cache import caches
from django.db import OperationalError, transaction
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import Client
from django.urls import path, reverse

from eventi.models import Incontro, Servizio
from portale import pagine as modulo
from portale.models import VersionePagine
from portale.segnali import PUBBLICI
from portale.urls import urlpatterns as pagine_del_portale
from tests.factories import (
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    PercorsoFactory,
    ResocontoFactory,
    SedeFactory,
    ServizioFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

ADESSO = datetime.fromisoformat("2026-03-10T12:00:00+01:00")
ELENCO = "/incontri/"


# Public by the name that the tests below give them, and never equal for two people.


def con_token(request):
    return HttpResponse(f'<input name="csrfmiddlewaretoken" value="{get_token(request)}">')


def con_messaggio(request):
    messages.info(request, "Fatto")
    return HttpResponse("ok")


def con_cookie(request):
    response = HttpResponse("ok")
    response.set_cookie("preferenza", "1")
    return response


def con_nonce(request):
    return HttpResponse(f'<script nonce="{request.csp_nonce}"></script>')


def da_non_tenere(request):
    return HttpResponse("ok", headers={"Cache-Control": "no-store"})


def mancante(request):
    return HttpResponse("ok", status=404)


PERSONALI = [con_token, con_messaggio, con_cookie, con_nonce, da_non_tenere, mancante]
urlpatterns = [
    *pagine_del_portale,
    *(path(f"prova/{view.__name__}/", view, name=view.__name__) for view in PERSONALI),
]
handler404 = "portale.urls.handler404"
handler500 = "portale.urls.handler500"


@pytest.fixture(autouse=True)
def orologio():
    with time_machine.travel(ADESSO, tick=False) as viaggio:
        yield viaggio


@pytest.fixture(autouse=True)
def pagine(settings):
    """The real cache of pages, empty."""
    settings.CACHES = {
        **settings.CACHES,
        "pagine": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "pagine-di-prova",
        },
    }
    caches["pagine"].clear()
    yield caches["pagine"]
    caches["pagine"].clear()


@pytest.fixture
def salva(django_capture_on_commit_callbacks):
    """Save as a request would: what waits for the commit is done."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def titolo_cambiato(incontro, titolo):
    """Change a title without announcing it, so that only the kept page has the old one."""
    Incontro.objects.filter(pk=incontro.pk).update(titolo=titolo)


# --- What is kept ---------------------------------------------------------------------------


def test_the_second_visitor_gets_the_first_one_s_page_without_a_query(
    client, django_assert_num_queries
):
    IncontroFactory()
    prima = client.get(ELENCO)

    with django_assert_num_queries(0):
        seconda = Client().get(ELENCO)

    assert seconda.content == prima.content
    assert dict(seconda.headers) == dict(prima.headers)


def test_a_kept_page_carries_the_headers_that_protect_who_reads_it(client):
    client.get(ELENCO)

    response = client.get(ELENCO)

    assert {
        nome: response.headers.get(nome)
        for nome in (
            "Cache-Control",
            "Vary",
            "X-Frame-Options",
            "X-Content-Type-Options",
            "Referrer-Policy",
            "Content-Language",
        )
    } == {
        "Cache-Control": "max-age=0, must-revalidate",
        "Vary": "Accept-Encoding, Cookie",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Content-Language": "it",
    }
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert not response.cookies


@pytest.mark.parametrize(
    ("accetta", "codifica", "apri"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip, deflate", "gzip", gzip.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
        ("", None, bytes),
        ("identity, gzip; q=0", None, bytes),
        ("*", None, bytes),
    ],
)
def test_each_client_gets_an_encoding_it_reads(client, accetta, codifica, apri):
    IncontroFactory(titolo="Il verde")
    intera = client.get(ELENCO).content

    for _ in range(2):  # made now, then kept
        response = client.get(ELENCO, headers={"accept-encoding": accetta})
        assert response.headers.get("Content-Encoding") == codifica
        assert apri(response.content) == intera
        assert response["Content-Length"] == str(len(response.content))


@pytest.mark.parametrize("visto", ["{}", "W/{}", '"altro", {}'])
def test_who_has_the_page_already_gets_304(client, visto):
    etag = client.get(ELENCO)["ETag"]

    response = client.get(ELENCO, headers={"if-none-match": visto.format(etag)})

    assert (response.status_code, response.content) == (304, b"")
    assert (response["ETag"], response["Vary"]) == (etag, "Accept-Encoding, Cookie")
    assert "Content-Type" not in response.headers


def test_each_encoding_has_its_own_tag_and_an_old_tag_brings_the_page(client):
    etag = client.get(ELENCO)["ETag"]
    compressa = client.get(ELENCO, headers={"accept-encoding": "br", "if-none-match": etag})

    assert compressa.status_code == 200
    assert compressa["ETag"] != etag


def test_languages_and_queries_are_different_pages(client):
    IncontroFactory(laboratorio__numero=1, titolo="Uno")

    indirizzi = (ELENCO, f"/en{ELENCO}", f"{ELENCO}?zona=1", f"{ELENCO}?zona=2", ELENCO)
    pagine = [client.get(url).content for url in indirizzi]

    assert len(set(pagine)) == 4
    assert pagine[0] == pagine[4]
    assert [b'<html lang="en">' in pagina for pagina in pagine] == [False, True] + [False] * 3


def test_a_page_is_of_the_host_and_scheme_it_was_asked_for(client, settings):
    settings.ALLOWED_HOSTS = ["testserver", "altro.example.org"]
    client.get(ELENCO)

    assert client.get(ELENCO, headers={"host": "cattivo.example.org"}).status_code == 400
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(ELENCO, headers={"host": "altro.example.org"}).status_code == 301


# --- What is not ----------------------------------------------------------------------------


@pytest.mark.parametrize("view", PERSONALI)
def test_nothing_of_one_person_s_visit_is_ever_kept(client, monkeypatch, pagine, view):
    monkeypatch.setattr(modulo, "PUBBLICHE", {view.__name__})
    url = f"/prova/{view.__name__}/"

    risposte = [Client().get(url) for _ in range(2)]

    assert set(pagine._cache) == {":1:versione", ":1:ultima-versione"}
    assert {"ETag", "Content-Encoding"}.isdisjoint(risposte[1].headers)
    assert risposte[0].headers["Cache-Control"] in ("private, no-cache", "no-store")


def test_who_is_signed_in_gets_her_own_page_and_nobody_else_does(client):
    persona = Client()
    persona.force_login(UserFactory())

    pagine = [c.get(ELENCO) for c in (persona, client, persona, client)]

    assert ["Esci" in pagina.content.decode() for pagina in pagine] == [True, False] * 2
    assert [pagina["Cache-Control"] for pagina in pagine] == [
        "private, no-cache",
        "max-age=0, must-revalidate",
    ] * 2
    assert ["ETag" in pagina.headers for pagina in pagine] == [False, True] * 2


def test_who_has_a_message_waiting_sees_it(client):
    client.get(ELENCO)
    client.cookies["messages"] = "qualcosa"

    assert "ETag" not in client.get(ELENCO).headers


@pytest.mark.parametrize("nome", ["contatti", "account_login", "laboratori:disponibilita_crea"])
def test_pages_with_forms_are_not_kept(client, nome):
    response = client.get(reverse(nome))

    assert response.status_code == 200
    assert "ETag" not in response.headers


def test_only_reading_is_answered_from_what_is_kept(client):
    client.get(ELENCO)

    assert client.post(ELENCO).status_code == 405
    assert client.head(ELENCO).content == b""


def test_an_absurdly_long_query_is_answered_and_not_kept(client, pagine):
    client.get(ELENCO)
    prima = set(pagine._cache)

    response = client.get(f"{ELENCO}?x={'y' * 400}")

    assert response.status_code == 200
    assert set(pagine._cache) == prima


def test_every_public_view_exists():
    nomi = {
        f"{prefisso}{pattern.name}"
        for prefisso, elenco in _elenchi(pagine_del_portale)
        for pattern in elenco
        if getattr(pattern, "name", None)
    }
    assert nomi >= modulo.PUBBLICHE


def _elenchi(patterns, prefisso=""):
    yield prefisso, patterns
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            spazio = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _elenchi(pattern.url_patterns, prefisso + spazio)


# --- How long -------------------------------------------------------------------------------


def test_what_is_saved_shows_within_a_second_in_every_process(client, salva, orologio):
    incontro = IncontroFactory(titolo="Prima")
    client.get(ELENCO)
    with salva():
        incontro.titolo = "Dopo"
        incontro.save()

    orologio.shift(1.1)

    assert "Dopo" in client.get(ELENCO).content.decode()


def test_what_nobody_announces_shows_within_a_minute(client, orologio):
    """Even on a page made, at its last moment, of a card that was about to expire."""
    incontro = IncontroFactory(titolo="Prima", inizio=ADESSO + timedelta(hours=1))
    client.get(ELENCO)
    titolo_cambiato(incontro, "Dopo")

    orologio.shift(19)
    altra = f"{ELENCO}?genere=workshop"
    assert "Prima" in client.get(altra).content.decode()
    orologio.shift(39)
    assert "Prima" in client.get(altra).content.decode()
    orologio.shift(2)
    assert "Dopo" in client.get(altra).content.decode()


def test_a_page_made_while_somebody_publishes_is_not_kept_under_the_new_version(
    client, salva, orologio, monkeypatch
):
    """Rendering began before the other's commit and ended after it."""
    incontro = IncontroFactory(titolo="Prima")
    vera = modulo._pagina

    def pagina_lenta(response, codifica):
        with salva():
            Incontro.objects.get(pk=incontro.pk).save()
        return vera(response, codifica)

    monkeypatch.setattr(modulo, "_pagina", pagina_lenta)
    client.get(ELENCO)
    monkeypatch.setattr(modulo, "_pagina", vera)
    titolo_cambiato(incontro, "Dopo")
    orologio.shift(1.1)

    assert "Dopo" in client.get(ELENCO).content.decode()


@pytest.mark.parametrize(
    "factory",
    [
        FaseFactory,
        IncontroFactory,
        PercorsoFactory,
        ResocontoFactory,
        SedeFactory,
        ServizioFactory,
    ],
)
def test_whatever_citizens_read_raises_the_version_when_saved_and_when_deleted(factory, salva):
    oggetto = factory()
    prima = VersionePagine.objects.attuale()

    with salva():
        oggetto.save()
    salvato = VersionePagine.objects.attuale()
    with salva():
        oggetto.delete()

    assert prima < salvato < VersionePagine.objects.attuale()


def test_the_models_that_citizens_read():
    assert [modello.__name__ for modello in PUBBLICI] == [
        "AllegatoResoconto",
        "Allegato",
        "Atto",
        "Avanzamento",
        "Bisogno",
        "Decisione",
        "Dissenso",
        "DocumentoTavolo",
        "Fase",
        "ImpostazioniTavolo",
        "Incontro",
        "Laboratorio",
        "Organizzazione",
        "ParereComitato",
        "Percorso",
        "PuntoOrdineDelGiorno",
        "Quartiere",
        "Referente",
        "Resoconto",
        "Rettifica",
        "Sede",
        "Seduta",
        "Seggio",
        "Servizio",
        "Tema",
        "Verbale",
    ]


def test_what_is_rolled_back_raises_nothing(salva):
    incontro = IncontroFactory()
    prima = VersionePagine.objects.attuale()

    with salva(), transaction.atomic():
        incontro.save()
        transaction.set_rollback(True)

    assert VersionePagine.objects.attuale() == prima


def test_a_registration_shows_in_the_seats_left(client, salva, orologio):
    incontro = IncontroFactory(posti=10)
    url = incontro.get_absolute_url()
    assert "10 posti liberi" in client.get(url).content.decode()

    with salva():
        IscrizioneFactory(incontro=incontro, posti_richiesti=3)
    orologio.shift(1.1)

    assert "7 posti liberi" in client.get(url).content.decode()


def test_while_the_database_is_away_kept_pages_go_on(client, orologio, monkeypatch):
    IncontroFactory(titolo="Il verde")
    client.get(ELENCO)

    def guasto(self):
        raise OperationalError("the server is starting up")

    monkeypatch.setattr(type(VersionePagine.objects.all()), "attuale", guasto)
    orologio.shift(5)

    assert "Il verde" in client.get(ELENCO).content.decode()


def test_saving_goes_on_even_if_the_version_cannot_be_raised(salva, monkeypatch, caplog):
    def guasto(self):
        raise OperationalError("database is locked")

    monkeypatch.setattr(type(VersionePagine.objects.all()), "alza", guasto)

    with salva():
        servizio = ServizioFactory()

    assert list(Servizio.objects.all()) == [servizio]


def test_while_developing_nothing_is_kept(settings):
    settings.DEBUG = True

    assert "ETag" not in Client().get(ELENCO).headers
