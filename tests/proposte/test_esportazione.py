import csv
import io
import json
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.utils.html import escape

from portale.lib.dates import ROMA
from proposte import esportazione
from proposte.esportazione import BISOGNI, LEGAMI, PROPOSTE, TAVOLE, come_csv, come_json
from proposte.models import Bisogno, Proposta
from tests.factories import FaseFactory, IncontroFactory, LaboratorioFactory, PercorsoFactory
from tests.factories.proposte import BisognoFactory, PropostaFactory, TemaFactory

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)
FILE = [
    "/proposte/proposte.csv",
    "/proposte/proposte.json",
    "/proposte/proposte-legami.csv",
    "/proposte/proposte-legami.json",
    "/bisogni/bisogni.csv",
    "/bisogni/bisogni.json",
]


@pytest.fixture(autouse=True)
def _orologio():
    with time_machine.travel(ADESSO, tick=False):
        yield


def corpo(response):
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def tabella(testo):
    """The rows of a CSV, as a spreadsheet in Italian reads it."""
    assert testo.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(testo[1:], newline=""), delimiter=";"))


def crea(**campi):
    return PropostaFactory(
        **{
            "titolo": "Panchine all'ombra",
            "percorso": PercorsoFactory(slug="laboratori-2026"),
            "laboratorio": LaboratorioFactory(numero=903, nome="Lab tre"),
            "pubblicata_at": datetime(2026, 3, 1, 9, 30, tzinfo=ROMA),
            "n_sostegni": 12,
            "n_commenti": 2,
            "latitudine": 45.05,
            "longitudine": 9.7,
            **campi,
        }
    )


def test_a_row_holds_what_the_page_shows_and_no_persons_name(client):
    proposta = crea(nome_mostrato="Anna Bianchi", luogo="Piazza; Duomo", slug="panchine-1")
    Proposta.objects.update(updated_at=ADESSO)

    testo = corpo(client.get("/proposte/proposte.csv"))

    assert tabella(testo) == [
        {
            "id": str(proposta.pk),
            "titolo": "Panchine all'ombra",
            "indirizzo": "http://testserver/proposte/panchine-1/",
            "percorso": "laboratori-2026",
            "zona": "903",
            "laboratorio": "Lab tre",
            "stato": "pubblicata",
            "canale": "online",
            "chi_propone": "persona",
            "proponente": "",
            "che_cosa": "Una panchina all'ombra, davanti alla scuola.",
            "perche": "Chi aspetta i bambini sta in piedi al sole.",
            "per_chi": "",
            "luogo": "Piazza; Duomo",
            "latitudine": "45.05",
            "longitudine": "9.7",
            "sostegni": "12",
            "commenti": "2",
            "pubblicata_il": "2026-03-01T09:30:00+01:00",
            "aggiornata_il": "2026-03-10T12:00:00+01:00",
            "esempio": "falso",
        }
    ]
    assert "Anna" not in testo
    assert proposta.proponente.email not in testo


def test_json_has_the_same_with_its_types(client):
    proposta = crea(citta=True, laboratorio=None, latitudine=None, longitudine=None, esempio=True)

    (riga,) = json.loads(corpo(client.get("/proposte/proposte.json")))

    assert list(riga) == [colonna.nome for colonna in PROPOSTE]
    assert riga["id"] == proposta.pk
    assert (riga["zona"], riga["laboratorio"], riga["latitudine"]) == (None, None, None)
    assert (riga["sostegni"], riga["esempio"]) == (12, True)


@pytest.mark.parametrize(
    ("campi", "atteso"),
    [
        ({"genere_proponente": "organizzazione", "organizzazione": "Auser"}, "Auser"),
        ({"genere_proponente": "organizzazione", "organizzazione": ""}, None),
        ({"genere_proponente": "incontro"}, "Workshop"),
        ({"genere_proponente": "persona", "organizzazione": "Auser"}, None),
    ],
)
def test_only_organisations_and_meetings_have_a_name(client, campi, atteso):
    crea(**campi, nome_mostrato="Anna", incontro=IncontroFactory(titolo="Workshop"))

    (riga,) = json.loads(corpo(client.get("/proposte/proposte.json")))

    assert riga["proponente"] == atteso
    assert "Anna" not in json.dumps(riga)


def test_only_what_is_in_the_list_leaves(client):
    for stato in ("bozza", "inviata", "ritirata", "nascosta", "accolta"):
        PropostaFactory(titolo=f"P {stato}", stato=stato)
    BisognoFactory(titolo="Visibile")
    BisognoFactory(titolo="Nascosto", stato=Bisogno.Stato.NASCOSTO)

    proposte = json.loads(corpo(client.get("/proposte/proposte.json")))
    bisogni = json.loads(corpo(client.get("/bisogni/bisogni.json")))

    assert [riga["titolo"] for riga in proposte] == ["P accolta"]
    assert [riga["titolo"] for riga in bisogni] == ["Visibile"]


def test_supports_that_a_stage_hides_stay_hidden(client):
    fase = FaseFactory(inizio=date(2026, 3, 1), fine=date(2026, 3, 10), nasconde_sostegni=True)
    crea(percorso=fase.percorso)
    PropostaFactory(n_sostegni=5)

    def sostegni():
        righe = json.loads(corpo(client.get("/proposte/proposte.json")))
        return [riga["sostegni"] for riga in righe]

    prima = client.get("/proposte/proposte.json")["ETag"]
    assert sostegni() == [None, 5]
    with time_machine.travel(ADESSO + timedelta(days=1), tick=False):
        assert sostegni() == [12, 5]
        assert client.get("/proposte/proposte.json")["ETag"] != prima


def test_links_are_a_table_of_their_own(client):
    proposta, altra = crea(), PropostaFactory()
    proposta.temi.add(
        TemaFactory(nome="Verde", slug="verde"), TemaFactory(nome="A", slug="anziani")
    )
    bisogno = BisognoFactory(titolo="Ombra", slug="ombra")
    nascosto = BisognoFactory(titolo="Segreto", stato=Bisogno.Stato.NASCOSTO)
    proposta.bisogni.add(bisogno, nascosto)
    altra.bisogni.add(bisogno)

    righe = tabella(corpo(client.get("/proposte/proposte-legami.csv")))

    assert [tuple(riga.values()) for riga in righe] == [
        (str(proposta.pk), "tema", "anziani", "A"),
        (str(proposta.pk), "tema", "verde", "Verde"),
        (str(proposta.pk), "bisogno", "ombra", "Ombra"),
        (str(altra.pk), "bisogno", "ombra", "Ombra"),
    ]
    assert json.loads(corpo(client.get("/proposte/proposte-legami.json")))[0] == {
        "proposta": proposta.pk,
        "genere": "tema",
        "codice": "anziani",
        "nome": "A",
    }


def test_needs_leave_with_how_many_answer(client):
    bisogno = BisognoFactory(
        titolo="Ombra",
        slug="ombra",
        laboratorio=LaboratorioFactory(numero=903, nome="Lab tre"),
        incontro=IncontroFactory(titolo="Workshop"),
        priorita=1,
        punti=7,
        nome_mostrato="Anna",
        pubblicato_at=datetime(2026, 3, 1, 9, 30, tzinfo=ROMA),
    )
    PropostaFactory().bisogni.add(bisogno)
    PropostaFactory(stato="nascosta").bisogni.add(bisogno)

    testo = corpo(client.get("/bisogni/bisogni.csv"))

    assert [tuple(riga.values()) for riga in tabella(testo)] == [
        (
            "ombra",
            "Ombra",
            "http://testserver/bisogni/ombra/",
            bisogno.percorso.slug,
            "903",
            "Lab tre",
            "Di sera la strada è buia.",
            "1",
            "7",
            "incontro",
            "Workshop",
            "1",
            "2026-03-01T09:30:00+01:00",
            "falso",
        )
    ]
    assert "Anna" not in testo


@pytest.mark.parametrize(
    "testo", ["=1+1", "+39 0523", "-2", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "＝1"]
)
def test_no_cell_is_a_formula(client, testo):
    crea(titolo=testo, che_cosa=f"{testo}\n{testo}", luogo=testo)
    BisognoFactory(titolo=testo)

    (riga,) = tabella(corpo(client.get("/proposte/proposte.csv")))
    assert (riga["titolo"], riga["luogo"]) == (f"'{testo}", f"'{testo}")
    (riga,) = tabella(corpo(client.get("/bisogni/bisogni.csv")))
    assert riga["titolo"] == f"'{testo}"
    # A program reads what was written.
    assert json.loads(corpo(client.get("/bisogni/bisogni.json")))[0]["titolo"] == testo


def test_a_cell_may_hold_anything_that_people_write(client):
    testo = 'Righe\r\nsu più; "righe" 🌳 \u202eRTL\u202c <b> \u2028 fine'
    crea(che_cosa=testo)

    (riga,) = tabella(corpo(client.get("/proposte/proposte.csv")))
    assert riga["che_cosa"] == testo
    assert json.loads(corpo(client.get("/proposte/proposte.json")))[0]["che_cosa"] == testo


def test_rows_stand_by_number_however_many_there_are(client, monkeypatch):
    monkeypatch.setattr(esportazione, "BLOCCO", 2)
    percorso, laboratorio = PercorsoFactory(), LaboratorioFactory()
    chiavi = [
        PropostaFactory(
            percorso=percorso, laboratorio=laboratorio, pubblicata_at=ADESSO - timedelta(days=n)
        ).pk
        for n in (3, 1, 2, 5, 4)
    ]

    assert [r["id"] for r in json.loads(corpo(client.get("/proposte/proposte.json")))] == chiavi


@pytest.mark.parametrize(("n", "queries"), [(1, 4), (3, 4), (4, 5), (9, 6)])
def test_a_file_is_read_a_block_at_a_time(n, queries, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(esportazione, "BLOCCO", 3)
    PropostaFactory.create_batch(n)

    # What the stages hide (two), the blocks, and the empty one.
    with django_assert_num_queries(queries):
        righe = list(come_csv(TAVOLE["proposte"], Proposta.objects.in_elenco(), ADESSO.date()))

    assert len(righe) == n + 1


def test_an_empty_file_is_a_file(client):
    testo = corpo(client.get("/proposte/proposte.csv"))
    assert testo.strip("\ufeff\r\n").split(";") == [colonna.nome for colonna in PROPOSTE]
    assert json.loads(corpo(client.get("/proposte/proposte.json"))) == []
    assert "".join(come_json(TAVOLE["bisogni"], Bisogno.objects.none(), ADESSO.date())) == "[\n]\n"


def test_a_file_takes_the_filters_of_the_list(client):
    PropostaFactory(titolo="Parco", canale="cartaceo")
    PropostaFactory(titolo="Piscina", canale="cartaceo")
    PropostaFactory(titolo="Altro parco")

    righe = json.loads(corpo(client.get("/proposte/proposte.json?canale=cartaceo&q=parchi")))

    assert [riga["titolo"] for riga in righe] == ["Parco"]


@pytest.mark.parametrize("url", FILE)
def test_files_are_saved_under_their_name_and_need_no_cookie(client, url):
    PropostaFactory()

    response = client.get(url)

    nome = url.rsplit("/", 1)[1]
    assert response["Content-Disposition"] == f'attachment; filename="{nome}"'
    assert response["Content-Type"] in ("text/csv; charset=utf-8", "application/json")
    assert response["Cache-Control"] == "max-age=0, must-revalidate"
    assert not response.cookies
    assert corpo(response)
    assert client.post(url).status_code == 405


@pytest.mark.parametrize("url", FILE)
def test_the_same_file_in_both_languages(client, url):
    PropostaFactory().bisogni.add(BisognoFactory(slug="b"))

    assert corpo(client.get(url)) == corpo(client.get(f"/en{url}"))


@pytest.mark.parametrize("url", FILE[:2])
def test_who_has_the_file_already_need_not_fetch_it(client, url):
    proposta = PropostaFactory()
    etag = client.get(url)["ETag"]

    assert client.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 304
    Proposta.objects.filter(pk=proposta.pk).update(n_sostegni=3)
    assert client.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_who_fetches_without_end_is_told_to_wait(client, settings):
    settings.RATE_LIMITS = True
    for _volta in range(120):
        client.get("/bisogni/bisogni.json")

    assert client.get("/bisogni/bisogni.json").status_code == 429
    assert client.get("/proposte/proposte-legami.csv").status_code == 429
    assert client.get("/bisogni/").status_code == 200


def test_every_column_is_explained(client):
    html = client.get("/proposte/colonne/").content.decode()

    for colonne in (PROPOSTE, LEGAMI, BISOGNI):
        for colonna in colonne:
            assert f">{colonna.nome}</code></th><td>{escape(colonna.spiegazione)}</td>" in html
    for url in FILE:
        assert f'href="{url}"' in html
