"""The page at the door: who may open it, what it shows, what a phone sends."""

import json
import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from eventi import presenze
from eventi.models import Ingresso, Iscrizione, SegnoPresenza
from eventi.views import presenze as views
from tests.factories import AccoglienzaFactory, IscrizioneFactory
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def porta():
    return AccoglienzaFactory(nome="Anna", incontro__titolo="Il verde")


@pytest.fixture
def carla(porta):
    return IscrizioneFactory(
        incontro=porta.incontro,
        nome="Carla Verdi",
        email="carla@example.org",
        telefono="333 1234567",
        posti_richiesti=3,
    )


def pagina(porta):
    return f"/presenze/{porta.token}/"


def manda(client, porta, *tocchi, **opzioni):
    corpo = json.dumps({"telefono": str(uuid.UUID(int=7)), "tocchi": tocchi})
    url = f"{pagina(porta)}tocchi/"
    return client.post(url, corpo, content_type="application/json", **opzioni)


def tocco(n=1, **campi):
    return {"chiave": str(uuid.UUID(int=n)), "fatto_da": 0} | campi


def vale(iscrizione):
    riga = Iscrizione.objects.get(pk=iscrizione.pk)
    return riga.presente, riga.presenti


# --- Who may --------------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", RUOLI)
def test_the_link_alone_opens_the_list_whoever_is_signed_in(client, porta, carla, ruolo):
    entra(client, ruolo)
    for url in (pagina(porta), f"{pagina(porta)}tocchi/"):
        response = client.get(url)
        assert response.status_code == 200
        assert "Carla Verdi" in response.content.decode()
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.parametrize("rovina", [lambda t: t[:-1], lambda t: t.split(".")[0], lambda t: "a.b"])
def test_an_altered_link_opens_nothing_for_anybody(client, porta, carla, ruolo, rovina):
    entra(client, ruolo)
    token = rovina(porta.token)
    for url in (f"/presenze/{token}/", f"/presenze/{token}/tocchi/"):
        response = client.get(url)
        assert response.status_code == 404
        assert "Carla" not in response.content.decode()


def test_nobody_at_the_door_reads_addresses_numbers_or_needs(client, porta, carla):
    carla.necessita = None
    presenze_necessita = type(carla).necessita.related.related_model
    presenze_necessita.objects.create(iscrizione=carla, testo="Carrozzina")
    for url in (pagina(porta), f"{pagina(porta)}tocchi/"):
        testo = client.get(url).content.decode()
        assert "Carla Verdi" in testo
        for riservato in ("carla@example.org", "1234567", "Carrozzina", carla.codice):
            assert riservato not in testo
    codice = presenze.codice_ingresso(carla)
    assert codice not in client.get(f"{pagina(porta)}tocchi/").content.decode()


def test_only_those_of_this_meeting_are_on_the_list(client, porta, carla):
    IscrizioneFactory(incontro=porta.incontro, nome="Lina In Lista", in_attesa=True)
    IscrizioneFactory(nome="Altra Serata")
    IscrizioneFactory(
        incontro=porta.incontro, nome="Rinunciata", stato=Iscrizione.Stato.RINUNCIATA, posti=0
    )

    righe = client.get(f"{pagina(porta)}tocchi/").json()["elenco"]["persone"]

    assert [(r["nome"], r["posti"], r["confermata"], r["presenti"]) for r in righe] == [
        ("Carla Verdi", 3, True, None),
        ("Lina In Lista", 1, False, None),
    ]


def test_a_link_taken_back_says_so_and_shows_no_name(client, porta, carla):
    presenze.RUOLO.ritira(porta)
    risposte = [client.get(pagina(porta)), client.get(f"{pagina(porta)}tocchi/")]
    risposte.append(manda(client, porta, tocco(persona=carla.pk, presenti=1)))
    assert [r.status_code for r in risposte] == [403, 403, 403]
    assert not any("Carla" in r.content.decode() for r in risposte)
    assert vale(carla) == (None, None)


@pytest.mark.parametrize("quante", [1, 3])
def test_the_list_costs_the_same_whoever_comes(client, porta, quante, django_assert_num_queries):
    IscrizioneFactory.create_batch(quante, incontro=porta.incontro)
    with django_assert_num_queries(5):
        client.get(pagina(porta))


# --- From the office ------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", RUOLI)
def test_the_office_opens_the_list_with_a_link_of_its_own(client, porta, carla, ruolo):
    persona = entra(client, ruolo)
    url = reverse("admin:eventi_incontro_accogli", args=[porta.incontro.pk])

    response = client.get(url)
    client.get(url)

    if ruolo in ("ufficio", "amministratrice"):
        mia = porta.incontro.accoglienze.get(persona=persona)
        assert (response.status_code, response["Location"]) == (302, pagina(mia))
    else:
        assert response.status_code in (302, 404)
        assert porta.incontro.accoglienze.count() == 1


# --- Without scripts ------------------------------------------------------------------------


def test_a_form_marks_who_came_and_a_double_click_is_one_tap(client, porta, carla):
    dati = {"azione": "segna", "chiave": str(uuid.UUID(int=1)), "persona": carla.pk}
    for _volta in range(2):
        response = client.post(pagina(porta), dati | {"presenti": "2"}, follow=True)
    assert "Carla Verdi: presenti in 2" in response.content.decode()
    assert (vale(carla), SegnoPresenza.objects.count()) == ((True, 2), 1)

    client.post(pagina(porta), dati | {"chiave": str(uuid.UUID(int=2)), "presenti": ""})
    assert vale(carla) == (None, None)


def test_a_form_counts_who_did_not_register(client, porta):
    dati = {"azione": "entra", "chiave": str(uuid.UUID(int=1)), "quanti": "1", "genere": "donna"}
    for _volta in range(2):
        response = client.post(pagina(porta), dati, follow=True)
    assert "1 dentro: 0 iscritti e 1 senza iscrizione." in response.content.decode()
    assert Ingresso.objects.get().genere == "donna"

    response = client.post(
        pagina(porta), dati | {"chiave": str(uuid.UUID(int=2)), "quanti": "-1", "genere": ""}
    )
    assert response.status_code == 409
    assert "Non c&#x27;è nessuno da togliere" in response.content.decode()


def test_a_name_is_found_by_a_part_of_it(client, porta, carla):
    IscrizioneFactory(incontro=porta.incontro, nome="Bruno Neri")
    testo = client.get(pagina(porta), {"q": " VERDI "}).content.decode()
    assert re.findall(r'class="persona-nome"><bdi>([^<]+)', testo) == ["Carla Verdi"]


def test_a_code_typed_by_hand_marks_all_its_seats_and_says_what_is_wrong(client, porta, carla):
    in_lista = IscrizioneFactory(incontro=porta.incontro, nome="Lina", in_attesa=True)
    altrove = IscrizioneFactory(nome="Altra Serata")

    def leggi(codice):
        dati = {"azione": "codice", "codice": codice}
        testo = client.post(pagina(porta), dati, follow=True).content.decode()
        return " ".join(re.search(r'data-presenze="avviso">(.*?)</p>', testo, re.S)[1].split())

    codice = presenze.codice_ingresso
    assert leggi(codice(carla)).endswith("Carla Verdi: presenti in 3")
    assert vale(carla) == (True, 3)
    assert leggi(codice(carla)).endswith("Carla Verdi è già fra i presenti.")
    assert "Lina è in lista d&#x27;attesa" in leggi(codice(in_lista))
    assert "Codice sconosciuto" in leggi(codice(altrove))
    assert SegnoPresenza.objects.count() == 1


# --- For the script -------------------------------------------------------------------------


def test_a_batch_gets_one_answer_for_each_tap_and_then_the_list(client, porta, carla):
    response = manda(
        client,
        porta,
        tocco(1, persona=carla.pk, presenti=2, fatto_da=60_000),
        tocco(2, persona=carla.pk, presenti=99),
        tocco(3, quanti=1, genere="donna", eta="65+", volta=""),
        tocco(4, quanti=1, genere="marziana"),
        "niente",
    )

    errori = response.json()["errori"]
    assert [bool(errore) for errore in errori] == [False, True, False, True, True]
    assert vale(carla) == (True, 2)
    elenco = response.json()["elenco"]
    assert elenco["persone"][0]["presenti"] == 2
    assert elenco["ingressi"] == [{"genere": "donna", "eta": "65+", "volta": "", "n": 1}]
    segno = SegnoPresenza.objects.get()
    assert timedelta(seconds=59) < segno.created_at - segno.toccato_at < timedelta(seconds=61)


@pytest.mark.parametrize(
    ("fatto_da", "secondi"), [(-5000, 0), (None, 0), (10**30, 4 * 86400), ("ieri", None)]
)
def test_a_tap_is_never_of_the_future_nor_of_last_year(client, porta, carla, fatto_da, secondi):
    response = manda(client, porta, tocco(persona=carla.pk, presenti=1, fatto_da=fatto_da))
    assert response.status_code == 200
    segno = SegnoPresenza.objects.first()
    assert (segno and (segno.created_at - segno.toccato_at).total_seconds()) == secondi


@pytest.mark.parametrize(
    "corpo",
    ["no", "[]", "{}", '{"tocchi": 3}', '{"tocchi": [], "telefono": "x"}', '{"tocchi": [' * 500],
)
def test_what_no_script_of_ours_sends_is_refused(client, porta, corpo):
    url = f"{pagina(porta)}tocchi/"
    assert client.post(url, corpo, content_type="application/json").status_code == 400
    assert client.post(url, {"tocchi": "[]"}).status_code == 415


def test_too_much_at_once_is_refused(client, porta, carla):
    molti = [tocco(n, persona=carla.pk, presenti=1) for n in range(101)]
    assert manda(client, porta, *molti).status_code == 400
    assert manda(client, porta, tocco(chi="x" * 70_000)).status_code == 413
    assert SegnoPresenza.objects.count() == 0


# --- Without a network ----------------------------------------------------------------------


def test_what_the_browser_keeps_of_the_page_holds_no_name(client, porta, carla):
    guscio = client.get(pagina(porta), headers={"X-Guscio": "si"})
    assert guscio.status_code == 200
    assert "Carla" not in guscio.content.decode()
    assert guscio["X-Guscio-Versione"] == views.GUSCIO.da_conservare()[0]
    assert guscio["Permissions-Policy"] == "camera=(self)"
    dati = client.get("/presenze/servizio.js").content.decode()
    assert '"nome": "presenze"' in dati


# --- The code of the confirmation -----------------------------------------------------------


def test_the_page_of_a_confirmed_registration_shows_its_code(client, porta, carla):
    sua = f"/iscrizioni/{carla.token}/"
    assert presenze.codice_ingresso(carla) in client.get(sua).content.decode()
    disegno = client.get(f"{sua}ingresso.png")
    assert (disegno.status_code, disegno["Content-Type"]) == (200, "image/png")
    assert disegno.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "cambi",
    [
        {"in_attesa": True},
        {"incontro__modalita": "online", "incontro__sede": None},
        {"incontro__stato": "annullato"},
        {"incontro__inizio": timezone.now() - timedelta(days=3)},
    ],
)
def test_where_there_is_no_door_there_is_no_code(client, cambi):
    iscrizione = IscrizioneFactory(**cambi)
    sua = f"/iscrizioni/{iscrizione.token}/"
    assert presenze.codice_ingresso(iscrizione) not in client.get(sua).content.decode()
    assert client.get(f"{sua}ingresso.png").status_code == 404
