"""The office looks at the public pages as a citizen: nobody's page, and nothing sent from it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone

from accounts.models import User
from accounts.partecipanti import SESSIONE as PARTECIPANTE
from eventi.models import Incontro, Iscrizione
from portale import cittadino
from tests import factories as f
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

PORTA = "/admin/come-cittadino/"
BARRA = "Stai guardando come cittadino"


def guarda(client, dove="/", ritorno="/admin/"):
    return client.post(PORTA, {"dove": dove, "ritorno": ritorno})


@pytest.fixture
def ufficio(client):
    entra(client, "ufficio")
    return client


def senza_barra(testo):
    return re.sub(r'\s*<div class="vista-cittadino".*?</div></div>\s*', "\n", testo, flags=re.S)


# --- How it begins and ends -----------------------------------------------------------------


@pytest.mark.parametrize("ruolo", ["anonima", "cittadina"])
def test_only_the_office_can_look_so(client, ruolo):
    entra(client, ruolo)

    assert guarda(client).status_code == (302 if ruolo == "anonima" else 404)
    assert cittadino.SESSIONE not in client.session


def test_it_begins_by_a_press_and_not_by_a_link(ufficio):
    assert ufficio.get(PORTA).status_code == 405
    assert BARRA not in ufficio.get("/").text


def test_a_stranger_page_can_not_begin_it(ufficio):
    severo = Client(enforce_csrf_checks=True)
    severo.cookies = ufficio.cookies

    assert severo.post(PORTA, {"dove": "/"}).status_code == 403


@pytest.mark.parametrize(
    "dove",
    [
        "https://altrove.example.com/",
        "//altrove.example.com/",
        "/\\altrove.example.com",
        "/admin/",
        "/profilo/",
        "/tavolo/area-riservata/",
        "/non-esiste/",
        "javascript:alert(1)",
        "",
    ],
)
def test_it_leads_to_no_page_that_is_not_for_everybody(ufficio, dove):
    assert guarda(ufficio, dove).url == "/"


def test_it_leads_back_to_where_the_officer_was(ufficio):
    guarda(ufficio, ritorno="/admin/eventi/incontro/?stato__exact=bozza")
    assert 'href="/admin/eventi/incontro/?stato__exact=bozza"' in ufficio.get("/").text

    guarda(ufficio, ritorno="https://altrove.example.com/admin/")
    assert 'href="/admin/"' in ufficio.get("/").text


def test_entering_the_office_ends_it(ufficio):
    guarda(ufficio)
    assert BARRA in ufficio.get("/").text

    ufficio.get("/admin/")

    assert BARRA not in ufficio.get("/").text
    assert cittadino.SESSIONE not in ufficio.session


def test_a_script_of_another_window_of_the_office_does_not_end_it(ufficio):
    guarda(ufficio)

    ufficio.get("/admin/jsi18n/", headers={"sec-fetch-dest": "script"})

    assert BARRA in ufficio.get("/").text


def test_it_ends_by_itself_and_says_so(ufficio):
    adesso = timezone.now()
    with time_machine.travel(adesso, tick=False):
        guarda(ufficio)
        assert BARRA in ufficio.get("/").text
    with time_machine.travel(adesso + cittadino.DURATA + timedelta(seconds=1), tick=False):
        risposta = ufficio.get("/")

    assert BARRA not in risposta.text
    assert "La vista da cittadino è finita" in risposta.text
    assert "Amministrazione" in risposta.text


def test_who_leaves_the_office_meanwhile_is_a_citizen_like_any_other(ufficio):
    guarda(ufficio)
    User.objects.update(is_staff=False, is_superuser=False)

    assert BARRA not in ufficio.get("/").text


# --- What is seen ---------------------------------------------------------------------------


def test_the_page_is_letter_by_letter_what_a_stranger_reads(ufficio):
    incontro = f.IncontroFactory(titolo="Che verde vogliamo")
    f.PropostaFactory()
    for dove in (
        "/",
        "/incontri/",
        incontro.get_absolute_url(),
        "/proposte/",
        "/tavolo/",
        "/en/incontri/",
    ):
        caches["pagine"].clear()
        di_nessuno = Client().get(dove).text
        guarda(ufficio)
        vista = ufficio.get(dove)

        assert BARRA in vista.text
        assert senza_barra(vista.text) == di_nessuno


def test_a_draft_is_not_there_and_the_page_says_why(ufficio):
    bozza = f.IncontroFactory(titolo="Segreto ancora", stato=Incontro.Stato.BOZZA)
    guarda(ufficio, bozza.get_absolute_url())

    risposta = ufficio.get(bozza.get_absolute_url())

    assert risposta.status_code == 404
    assert "Segreto ancora" not in risposta.text
    assert "è ancora una bozza" in risposta.text
    assert BARRA in risposta.text
    assert "è ancora una bozza" not in Client().get(bozza.get_absolute_url()).text


def test_whoever_this_browser_is_known_as_is_not_there_either(ufficio):
    partecipante = f.PartecipanteFactory(nome="Nota Abarbieri")
    sessione = ufficio.session
    sessione[PARTECIPANTE] = partecipante.pk
    sessione.save()
    guarda(ufficio)

    proposta = f.PropostaFactory()
    testo = ufficio.get(reverse("proposte:sostegno_crea", args=[proposta.slug]))

    assert partecipante.email not in testo.text
    assert ufficio.session[PARTECIPANTE] == partecipante.pk


def test_nobody_s_own_page_opens_not_even_by_her_link(ufficio):
    iscrizione = f.IscrizioneFactory(nome="Ada Riservata")
    guarda(ufficio)

    for dove in (
        iscrizione.get_absolute_url(),
        "/profilo/",
        "/profilo/dati/",
        "/accounts/logout/",
        "/tavolo/area-riservata/",
        "/proposte/mie/",
    ):
        risposta = ufficio.get(dove)
        assert risposta.status_code == 404
        assert "La vista da cittadino si ferma qui" in risposta.text
        assert "Ada Riservata" not in risposta.text


def test_no_page_that_it_opens_is_named_by_a_link_of_somebody_s():
    da_link = set()
    for nome in cittadino.PAGINE:
        try:
            reverse(nome, args=["gettone"])
        except NoReverseMatch:
            continue
        trovata = resolve(reverse(nome, args=["gettone"]))
        if "slug" not in trovata.kwargs:
            da_link.add(nome)

    assert da_link == set()


# --- What is not done -----------------------------------------------------------------------


def test_nothing_is_sent_from_it_and_the_page_says_so(ufficio):
    incontro = f.IncontroFactory()
    dove = reverse("eventi:iscrizione_crea", args=[incontro.slug])
    guarda(ufficio, dove)
    assert ufficio.get(dove).status_code == 200

    for metodo in ("post", "put", "patch", "delete"):
        risposta = getattr(ufficio, metodo)(dove, {"nome": "Ada", "email": "ada@example.org"})
        assert risposta.status_code == 403
        assert "Non ho inviato niente" in risposta.text

    assert not Iscrizione.objects.exists()
    assert ufficio.post("/accounts/logout/").status_code == 403
    assert ufficio.get("/admin/").status_code == 200


def test_reading_so_writes_nothing(ufficio):
    incontro, proposta, bisogno = f.IncontroFactory(), f.PropostaFactory(), f.BisognoFactory()
    fase = f.FaseFactory(percorso=incontro.percorso)
    assert fase.pk
    guarda(ufficio)
    argomenti = {
        "eventi": incontro.slug,
        "proposte": proposta.slug,
        "bisogni": bisogno.slug,
        "laboratorio_detail": incontro.laboratorio.slug,
        "percorso_detail": incontro.percorso.slug,
    }
    viste = 0
    for nome in sorted(cittadino.PAGINE):
        for args in ([], [argomenti.get(nome) or argomenti.get(nome.partition(":")[0], "x")]):
            try:
                dove = reverse(nome, args=args)
            except NoReverseMatch:
                continue
            with CaptureQueriesContext(connection) as domande:
                viste += ufficio.get(dove).status_code == 200
            scritte = [
                domanda["sql"]
                for domanda in domande
                if domanda["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")
                # How often an address asks is counted for everybody.
                and "portale_cache" not in domanda["sql"]
            ]
            assert (dove, scritte) == (dove, [])
    assert viste > 30


def test_work_in_another_window_of_the_office_goes_on(ufficio):
    accoglienza = f.AccoglienzaFactory()
    dove = reverse("presenze:presenze", args=[accoglienza.token])
    guarda(ufficio)

    risposta = ufficio.get(dove)

    assert risposta.status_code == 200
    assert BARRA not in risposta.text


# --- What stays of it -----------------------------------------------------------------------


def test_a_kept_page_never_has_the_bar(ufficio):
    guarda(ufficio)
    vista = ufficio.get("/incontri/")
    di_nessuno = Client().get("/incontri/")

    assert BARRA in vista.text
    assert vista.headers["Cache-Control"] == "no-store"
    assert BARRA not in di_nessuno.text
    assert BARRA in ufficio.get("/incontri/").text


def test_the_officer_s_session_and_messages_wait_for_her(ufficio):
    guarda(ufficio)
    prima = dict(ufficio.session)
    ufficio.get("/incontri/")
    ufficio.get(reverse("eventi:iscrizione_crea", args=[f.IncontroFactory().slug]))

    assert dict(ufficio.session) == prima
    assert ufficio.get("/admin/").status_code == 200
    assert "Ufficio" in ufficio.get("/admin/").text


def test_a_message_for_the_officer_is_not_told_on_a_citizen_s_page(ufficio):
    sede = f.SedeFactory()
    ufficio.post(
        reverse("admin:eventi_sede_change", args=[sede.pk]),
        {"nome": "Sala nuova", "citta": "Piacenza", "_save": "1"},
    )
    guarda(ufficio)

    assert "Sala nuova" not in ufficio.get("/").text
    assert [str(m) for m in get_messages(ufficio.get("/admin/").wsgi_request)]


def test_a_citizen_pays_nothing_for_it(client):
    with CaptureQueriesContext(connection) as domande:
        client.get("/incontri/")

    assert [d["sql"] for d in domande if "accounts_sessione" in d["sql"]] == []


# --- Where it begins ------------------------------------------------------------------------


def test_the_page_of_a_public_object_leads_there_published_or_not(ufficio):
    for riga in (
        f.IncontroFactory(),
        f.IncontroFactory(stato=Incontro.Stato.BOZZA),
        f.PropostaFactory(),
        f.BisognoFactory(),
        f.SedutaFactory(),
        f.LaboratorioFactory(),
        f.PercorsoFactory(),
        f.ResocontoFactory(),
        f.VerbaleFactory(),
        f.DecisioneFactory(),
    ):
        opts = riga._meta
        url = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[riga.pk])
        testo = ufficio.get(url).text
        assert f'name="dove" value="{riga.get_absolute_url()}"' in testo, opts.label
        assert guarda(ufficio, riga.get_absolute_url()).url == riga.get_absolute_url()


def test_the_page_of_a_person_leads_nowhere_as_a_citizen(ufficio):
    iscrizione = f.IscrizioneFactory()
    url = reverse("admin:eventi_iscrizione_change", args=[iscrizione.pk])

    assert 'name="dove"' not in ufficio.get(url).text
