"""The office's pages: who may open them, what they show, and that one reading is one sending."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts import consensi
from comunicazioni import services
from comunicazioni.models import Comunicazione
from comunicazioni.motivi import motivo
from posta.consegna import spedisci_dovuti
from posta.models import Messaggio
from tests.factories import (
    ComunicazioneFactory,
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

LETTURE = ["anteprima", "anteprima_html", "avanzamento", "numeri", "problemi"]
SCRITTURE = ["prova", "invia", "annulla", "ferma", "rispedisci"]


def url(nome, comunicazione, *altro):
    return reverse(f"admin:comunicazioni_comunicazione_{nome}", args=[comunicazione.pk, *altro])


def parole_di(risposta):
    html = re.sub(r"(?s)<(style|script).*?</\1>", "", risposta.content.decode())
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


@pytest.fixture
def officer(client):
    return entra(client, "ufficio")


@pytest.fixture
def bozza():
    incontro = IncontroFactory(titolo="Che verde vogliamo", inizio=_fra_giorni(5))
    IscrizioneFactory(incontro=incontro, email="anna@example.org", nome="Anna Riservata")
    IscrizioneFactory(incontro=incontro, email=None)
    return ComunicazioneFactory(incontro=incontro)


def _fra_giorni(quanti):
    return timezone.now() + timedelta(days=quanti)


@pytest.fixture
def di_giorno(monkeypatch, settings):
    """Delivery as by day, whatever the hour of the test."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    for modulo in ("comunicazioni.emails", "comunicazioni.services"):
        monkeypatch.setattr(f"{modulo}.nel_silenzio", lambda momento: False)


def conferma(client, comunicazione):
    pagina = client.get(url("invia", comunicazione))
    return client.post(
        url("invia", comunicazione),
        {
            "letta": "on",
            "confermata": pagina.context["form"].initial["confermata"],
        },
    )


def fallita(comunicazione, errore="550 5.1.1 no such user"):
    """A sent one whose first mail was refused."""
    services.avvia(
        comunicazione,
        confermata=services.impronta(comunicazione),
        autore=None,
        adesso=timezone.now(),
    )
    services.prepara()
    services.prepara()
    destinatario = comunicazione.destinatari.first()
    Messaggio.objects.filter(pk=destinatario.messaggio_id).update(
        stato=Messaggio.Stato.FALLITO, ultimo_errore=errore
    )
    return destinatario


# --- Who ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_the_office_writes_to_people(client, ruolo, bozza):
    entra(client, ruolo)
    partita = ComunicazioneFactory(incontro=bozza.incontro)
    destinatario = fallita(partita)
    altro = {"anteprima_html": ["it"], "rispedisci": [destinatario.pk]}
    di = {"rispedisci": partita}

    elenco = reverse("admin:comunicazioni_comunicazione_changelist")
    nuova = reverse("admin:comunicazioni_comunicazione_add")
    risposte = {
        "elenco": client.get(elenco).status_code,
        "nuova": client.get(nuova).status_code,
        "pagina": client.get(url("change", bozza)).status_code,
        **{
            nome: client.get(url(nome, di.get(nome, bozza), *altro.get(nome, []))).status_code
            for nome in LETTURE + SCRITTURE
        },
        "esporta": client.post(url("esporta", bozza)).status_code,
        "invia davvero": client.post(url("invia", bozza), {"letta": "on"}).status_code,
    }

    atteso = {"anonima": 302, "ufficio": 200, "amministratrice": 200}.get(ruolo, 404)
    assert risposte == dict.fromkeys(risposte, atteso)
    bozza.refresh_from_db()
    assert bozza.stato == Comunicazione.Stato.BOZZA


# --- Writing --------------------------------------------------------------------------------


def test_from_the_page_of_a_meeting_one_writes_to_its_people(client, officer, bozza):
    pagina = client.get(reverse("admin:eventi_incontro_change", args=[bozza.incontro_id]))
    href = re.search(r'href="([^"]*/comunicazione/add/\?[^"]*)"', pagina.content.decode())
    modulo = client.get(href[1].replace("&amp;", "&"))

    assert "Scrivi a chi è iscritto" in parole_di(pagina)
    assert modulo.context["adminform"].form["incontro"].value() == str(bozza.incontro_id)
    assert modulo.context["adminform"].form["pubblico"].value() == "iscritti"


def test_from_the_page_of_a_lab_one_writes_to_who_follows_it(client, officer):
    laboratorio = LaboratorioFactory()
    pagina = client.get(reverse("admin:laboratori_laboratorio_change", args=[laboratorio.pk]))

    assert f"add/?pubblico=laboratorio&amp;laboratorio={laboratorio.pk}" in pagina.content.decode()


def test_from_the_list_of_consents_one_writes_to_who_wants_the_news(client, officer):
    elenco = client.get(reverse("admin:accounts_consenso_changelist"))
    href = re.search(r'href="([^"]*/comunicazione/add/\?[^"]*)"', elenco.content.decode())[1]
    modulo = client.get(href)
    risposta = scrivi(client, pubblico="notizie", iscritti="", incontro=IncontroFactory().pk)

    scritta = Comunicazione.objects.get()
    assert modulo.context["adminform"].form["pubblico"].value() == "notizie"
    assert risposta.headers["Location"] == url("anteprima", scritta)
    assert (scritta.pubblico, scritta.incontro) == ("notizie", None)
    assert scritta.a_chi == "gli iscritti alle novità: chi ha chiesto le notizie per e-mail"


def test_the_news_from_the_draft_to_what_came_back(client, officer, di_giorno):
    adesso = timezone.now()
    for nome in ("anna", "bruno"):
        consensi.dai("newsletter", f"{nome}@example.org", confermato=True, adesso=adesso)
    consensi.dai("newsletter", "attesa@example.org", confermato=False, adesso=adesso)
    bozza = ComunicazioneFactory(notizie=True)
    anteprima = parole_di(client.get(url("anteprima", bozza)))
    conferma(client, bozza)
    services.prepara()
    tornata = bozza.destinatari.get(email="anna@example.org")
    Messaggio.objects.filter(pk=tornata.messaggio_id).update(
        stato=Messaggio.Stato.RIMBALZATO, ultimo_errore="5.1.1 no such user"
    )
    spedisci_dovuti()

    assert "Arriva a 2 indirizzi, una volta ciascuno." in anteprima
    assert "1 persona non ha ancora confermato il suo indirizzo" in anteprima
    assert [inviata.to for inviata in mail.outbox] == [["bruno@example.org"]]
    assert "anna@example.org" in parole_di(client.get(url("problemi", bozza)))
    pagina = client.get(url("rispedisci", bozza, tornata.pk))
    assert "email" not in pagina.context["form"].fields
    righe = b"".join(client.post(url("esporta", bozza)).streaming_content).decode().splitlines()
    assert [riga.split(";")[:2] for riga in righe[1:]] == [
        ["anna@example.org", ""],
        ["bruno@example.org", ""],
    ]


def scrivi(client, **campi):
    return client.post(
        reverse("admin:comunicazioni_comunicazione_add"),
        {
            "pubblico": "iscritti",
            "iscritti": "tutti",
            "oggetto": "Portate un cuscino",
            "testo": "Le sedie sono di legno.",
            **campi,
        },
    )


def test_what_is_written_is_read_again_before_anything_else(client, officer):
    risposta = scrivi(client, incontro=IncontroFactory().pk)

    scritta = Comunicazione.objects.get()
    assert risposta.headers["Location"] == url("anteprima", scritta)
    assert (scritta.autore, scritta.stato) == (officer, "bozza")


@pytest.mark.parametrize(
    ("campi", "sbagliati"),
    [
        ({}, ["incontro"]),
        ({"pubblico": "laboratorio"}, ["laboratorio"]),
        ({"pubblico": "tavolo"}, ["percorso"]),
        ({"pubblico": ""}, ["pubblico"]),
        ({"incontro": "si", "iscritti": ""}, ["iscritti"]),
        ({"incontro": "si", "oggetto_en": "Hello"}, ["testo_en"]),
        ({"incontro": "si", "testo_en": "Hello"}, ["oggetto_en"]),
        ({"incontro": "si", "urgente": "on"}, ["motivo_urgenza"]),
        (
            {
                "pubblico": "laboratorio",
                "laboratorio": "si",
                "urgente": "on",
                "motivo_urgenza": "x",
            },
            ["urgente"],
        ),
        ({"pubblico": "notizie", "urgente": "on", "motivo_urgenza": "x"}, ["urgente"]),
        ({"incontro": "bozza"}, ["incontro"]),
    ],
)
def test_what_is_missing_is_asked_for(client, officer, campi, sbagliati):
    esistono = {
        "incontro": {"si": IncontroFactory().pk, "bozza": IncontroFactory(stato="bozza").pk},
        "laboratorio": {"si": LaboratorioFactory().pk},
    }
    campi = {nome: esistono.get(nome, {}).get(valore, valore) for nome, valore in campi.items()}

    risposta = scrivi(client, **campi)

    assert sorted(risposta.context["adminform"].form.errors) == sbagliati
    assert not Comunicazione.objects.exists()


def test_what_has_left_is_not_rewritten(client, officer, bozza):
    conferma(client, bozza)

    risposta = client.post(url("change", bozza), {"oggetto": "Altro", "testo": "Altro"})

    bozza.refresh_from_db()
    assert risposta.status_code == 404
    assert bozza.oggetto == "Portate un cuscino"


# --- Reading it first -----------------------------------------------------------------------


def test_what_is_previewed_is_what_leaves(client, officer, bozza, di_giorno):
    pagina = client.get(url("anteprima", bozza))
    [vista] = pagina.context["lingue"]
    html = client.get(vista["url"]).content.decode()
    conferma(client, bozza)
    services.prepara()
    spedisci_dovuti()
    [partita] = mail.outbox

    def senza_nomi(parole):
        """Without what is hers: her links and her address."""
        parole = re.sub(r"/iscrizioni/[^/\s]+/", "/iscrizioni/…/", parole)
        return parole.replace(officer.email, "…").replace("anna@example.org", "…").strip()

    assert vista["oggetto"] == partita.subject
    assert senza_nomi(vista["testo"]) == senza_nomi(partita.body)
    assert senza_nomi(html) == senza_nomi(partita.alternatives[0].content)


def test_the_preview_names_no_person_and_its_links_open_nothing(client, officer, bozza):
    pagina = client.get(url("anteprima", bozza))
    codice = re.search(r"/iscrizioni/[^/\s]+/", pagina.context["lingue"][0]["testo"])[0]

    assert "Anna" not in parole_di(pagina)
    assert client.get(codice).status_code == 404


def test_the_preview_runs_nothing_and_is_framed_by_us_alone(client, officer):
    bozza = ComunicazioneFactory(oggetto="<b>x</b>", testo="<script>alert(1)</script>")
    pagina = client.get(url("anteprima", bozza))
    cornice = client.get(url("anteprima_html", bozza, "it"))

    assert "<script>alert" not in pagina.content.decode()
    assert "<script" not in cornice.content.decode()
    assert "frame-src 'self'" in pagina.headers["Content-Security-Policy"]
    politica = cornice.headers["Content-Security-Policy"]
    assert sorted(parte.strip() for parte in politica.split(";")) == [
        "base-uri 'none'",
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "img-src data:",
        "sandbox",
        "style-src 'unsafe-inline'",
    ]
    assert cornice.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get(url("anteprima_html", bozza, "en")).status_code == 404


def test_both_languages_are_previewed_when_there_are_two(client, officer):
    bozza = ComunicazioneFactory(oggetto_en="Bring a pillow", testo_en="Hard chairs.")

    lingue = client.get(url("anteprima", bozza)).context["lingue"]

    assert [lingua["oggetto"] for lingua in lingue] == ["Portate un cuscino", "Bring a pillow"]
    assert "Hard chairs." in client.get(lingue[1]["url"]).content.decode()


def test_a_try_goes_to_the_officer_alone(client, officer, bozza, di_giorno):
    client.post(url("prova", bozza))
    spedisci_dovuti()

    assert [(inviata.to, inviata.subject) for inviata in mail.outbox] == [
        ([officer.email], "[PROVA] Portate un cuscino")
    ]


# --- Sending --------------------------------------------------------------------------------


def test_the_last_page_repeats_to_how_many_and_wants_a_tick(client, officer, bozza):
    pagina = client.get(url("invia", bozza))
    senza_segno = client.post(
        url("invia", bozza), {"confermata": pagina.context["form"].initial["confermata"]}
    )

    lette = parole_di(pagina)
    assert "Arriva a 1 indirizzo." in lette
    assert "1 persona non ha una e-mail: chiamala tu." in lette
    assert "Portate un cuscino" in lette
    assert list(senza_segno.context["form"].errors) == ["letta"]
    bozza.refresh_from_db()
    assert bozza.stato == "bozza"


def test_sending_twice_is_sending_once(client, officer, bozza):
    dati = {
        "letta": "on",
        "confermata": client.get(url("invia", bozza)).context["form"].initial["confermata"],
    }
    primo = client.post(url("invia", bozza), dati)
    secondo = client.post(url("invia", bozza), dati)
    services.prepara()

    assert [primo.headers["Location"], secondo.headers["Location"]] == [
        url("avanzamento", bozza)
    ] * 2
    assert Messaggio.objects.filter(genere="comunicazione").count() == 1


# --- How far it is --------------------------------------------------------------------------


def test_the_page_says_how_far_it_is_and_its_script_reads_the_same(
    client, officer, bozza, di_giorno
):
    conferma(client, bozza)
    services.prepara()
    in_corso = client.get(url("avanzamento", bozza))
    spedisci_dovuti()
    services.concludi(timezone.now())
    stato = client.get(url("numeri", bozza)).json()

    html = in_corso.content.decode()
    assert '<progress id="barra" max="1" value="0">' in html
    assert "js/admin-avanzamento.js" in html
    assert in_corso.context["stato"]["numeri"]["in_coda"] == 1
    assert stato == {
        "in_corso": False,
        "frase": "Inviata: non c'è più niente in coda.",
        "fatti": 1,
        "previsti": 1,
        "numeri": {
            "preparati": 1,
            "in_coda": 0,
            "inviati": 1,
            "falliti": 0,
            "rimbalzati": 0,
            "non_dovuti": 0,
            "fermati": 0,
            "dimenticati": 0,
        },
    }


@pytest.mark.parametrize("quante", [1, 3])
def test_what_did_not_arrive_is_listed_with_its_reason_in_as_many_queries(
    client, officer, django_assert_num_queries, quante
):
    comunicazione = ComunicazioneFactory()
    for _ in range(quante):
        IscrizioneFactory(incontro=comunicazione.incontro)
    fallita(comunicazione)
    Messaggio.objects.filter(genere="comunicazione").update(
        stato=Messaggio.Stato.FALLITO, ultimo_errore="550 5.1.1 no such user"
    )
    client.get(url("problemi", comunicazione))

    with django_assert_num_queries(7):
        pagina = client.get(url("problemi", comunicazione))

    assert parole_di(pagina).count("La casella non esiste: controlla l'indirizzo.") == quante


@pytest.mark.parametrize("quante", [1, 3])
def test_the_numbers_cost_the_same_for_few_and_for_many(
    client, officer, django_assert_num_queries, quante
):
    comunicazione = ComunicazioneFactory()
    for _ in range(quante):
        IscrizioneFactory(incontro=comunicazione.incontro)
    fallita(comunicazione)
    client.get(url("numeri", comunicazione))

    with django_assert_num_queries(6):
        client.get(url("numeri", comunicazione))


def test_a_refused_mail_goes_to_the_right_address_from_its_page(client, officer, bozza, di_giorno):
    destinatario = fallita(bozza)

    risposta = client.post(
        url("rispedisci", bozza, destinatario.pk), {"email": "anna.giusta@example.org"}
    )
    spedisci_dovuti()

    assert risposta.headers["Location"] == url("problemi", bozza)
    assert [inviata.to for inviata in mail.outbox] == [["anna.giusta@example.org"]]
    assert client.get(url("rispedisci", bozza, destinatario.pk)).status_code == 404


def test_stopping_wants_a_reason(client, officer, bozza):
    conferma(client, bozza)

    senza = client.post(url("ferma", bozza))
    con = client.post(url("ferma", bozza), {"motivo": "Data sbagliata"})

    bozza.refresh_from_db()
    assert list(senza.context["form"].errors) == ["motivo"]
    assert con.headers["Location"] == url("avanzamento", bozza)
    assert bozza.stato == "fermata"


def test_the_exported_list_is_safe_and_leaves_a_trace(client, officer, bozza):
    bozza.incontro.iscrizioni.filter(email__isnull=False).update(nome="=cmd|' /C calc'!A0")
    fallita(bozza, "552 5.2.2 mailbox full")

    risposta = client.post(url("esporta", bozza))
    righe = b"".join(risposta.streaming_content).decode().splitlines()

    assert client.get(url("esporta", bozza)).status_code == 405
    assert righe[1].split(";")[:4] == [
        "anna@example.org",
        "'=cmd|' /C calc'!A0",
        "it",
        "fallito",
    ]
    assert righe[1].endswith("La casella è piena: riprova tra qualche giorno.")
    storia = client.get(reverse("admin:comunicazioni_comunicazione_history", args=[bozza.pk]))
    assert "Esportati i destinatari" in parole_di(storia)


@pytest.mark.parametrize(
    ("errore", "parole"),
    [
        ("550 5.1.1 no such user", "La casella non esiste"),
        ("550 unknown", "La casella non esiste"),
        ("550 5.1.2 bad domain", "Quello che c'è dopo la @"),
        ("452 4.2.2 over quota", "La casella è piena"),
        ("550 5.2.1 disabled", "La casella è disattivata"),
        ("550 5.7.1 blocked by policy", "non accetta le nostre e-mail"),
        ("421 try later", "non ha risposto"),
        ("554 no", "l'ha rifiutata"),
    ],
)
def test_a_servers_codes_are_said_in_words(errore, parole):
    assert parole in motivo(errore)


@pytest.mark.parametrize("quante", [1, 3])
def test_the_list_costs_the_same_for_few_and_for_many(
    client, officer, django_assert_num_queries, quante
):
    for _ in range(quante):
        ComunicazioneFactory()
        ComunicazioneFactory(laboratorio_seguito=True)
    elenco = reverse("admin:comunicazioni_comunicazione_changelist")
    client.get(elenco)

    with django_assert_num_queries(6):
        pagina = client.get(elenco)

    assert parole_di(pagina).count("Portate un cuscino") == quante * 2
