import xml.etree.ElementTree as ET
from datetime import datetime, timedelta

import pytest
import time_machine
from icalendar import Calendar

from eventi.models import Incontro
from portale.lib.dates import ROMA
from tests.factories import IncontroFactory, LaboratorioFactory, PercorsoFactory

pytestmark = pytest.mark.django_db

Stato = Incontro.Stato
ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)
TUTTI = "/incontri/calendario.ics"
ATOM = "/incontri/atom.xml"
NS = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(autouse=True)
def _orologio():
    with time_machine.travel(ADESSO, tick=False):
        yield


def eventi(response):
    assert response.status_code == 200
    return Calendar.from_ical(response.content).walk("VEVENT")


def titoli(response):
    return [str(evento["summary"]) for evento in eventi(response)]


def test_the_calendar_holds_what_is_to_come_and_three_months_and_no_draft(client):
    for titolo, giorni, stato in (
        ("Fra un anno", 365, Stato.PUBBLICATO),
        ("Domani", 1, Stato.PUBBLICATO),
        ("Due mesi fa", -60, Stato.SVOLTO),
        ("Annullato", 5, Stato.ANNULLATO),
        ("Quattro mesi fa", -120, Stato.SVOLTO),
        ("Bozza", 2, Stato.BOZZA),
    ):
        IncontroFactory(titolo=titolo, stato=stato, inizio=ADESSO + timedelta(days=giorni))
    IncontroFactory(titolo="In bozza col percorso", percorso__stato="bozza")
    IncontroFactory(
        titolo="Rinviato",
        stato=Stato.RINVIATO,
        inizio=None,
        fine=None,
        inizio_precedente=ADESSO + timedelta(days=3),
    )

    response = client.get(TUTTI)

    assert [(str(e["summary"]), str(e["status"])) for e in eventi(response)] == [
        ("Due mesi fa", "CONFIRMED"),
        ("Domani", "CONFIRMED"),
        ("Rinviato", "CANCELLED"),
        ("Annullato", "CANCELLED"),
        ("Fra un anno", "CONFIRMED"),
    ]
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == 'inline; filename="incontri.ics"'


def test_a_lab_has_its_own_calendar(client):
    mio, altro = LaboratorioFactory(slug="zona-1"), LaboratorioFactory()
    IncontroFactory(titolo="Mio", laboratorio=mio)
    IncontroFactory(titolo="Mia bozza", laboratorio=mio, stato=Stato.BOZZA)
    IncontroFactory(titolo="Altrui", laboratorio=altro)
    IncontroFactory(titolo="Di tutti", laboratorio=None)

    response = client.get("/incontri/laboratorio/zona-1/calendario.ics")

    assert titoli(response) == ["Mio"]
    assert response["Content-Disposition"] == 'inline; filename="zona-1.ics"'


def test_a_lab_that_is_not_public_has_no_calendar(client):
    LaboratorioFactory(slug="chiuso", attivo=False)

    assert client.get("/incontri/laboratorio/chiuso/calendario.ics").status_code == 404


def test_one_meeting_across_the_change_of_clocks(client):
    incontro = IncontroFactory(
        titolo="Notte",
        inizio=datetime(2026, 3, 28, 23, 0, tzinfo=ROMA),
        fine=datetime(2026, 3, 29, 4, 0, tzinfo=ROMA),
        link_online="https://stanza.example.org/abc",
    )

    response = client.get(f"{incontro.get_absolute_url()}incontro.ics")

    (evento,) = eventi(response)
    assert (evento["dtstart"].dt, evento["dtend"].dt) == (incontro.inizio, incontro.fine)
    assert evento["dtstart"].params["TZID"] == "Europe/Rome"
    assert b"VTIMEZONE" in response.content
    assert b"stanza.example.org" not in response.content


def test_a_meeting_whose_day_is_not_known_is_in_no_calendar(client):
    incontro = IncontroFactory(inizio=None, fine=None, stato=Stato.SVOLTO)

    assert client.get(f"{incontro.get_absolute_url()}incontro.ics").status_code == 404
    assert titoli(client.get(TUTTI)) == []


@pytest.mark.parametrize("url", [TUTTI, ATOM])
def test_who_has_the_calendar_already_is_told_so_until_something_changes(client, url):
    incontro = IncontroFactory(titolo="Prima")
    etag = client.get(url)["ETag"]

    with time_machine.travel(ADESSO + timedelta(hours=6), tick=False):
        assert client.get(url, headers={"if-none-match": etag}).status_code == 304

        incontro.sede.nome = "Un'altra sala"
        incontro.sede.save()
        response = client.get(url, headers={"if-none-match": etag})

    assert response.status_code == 200
    assert response["ETag"] != etag


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(("url", "queries"), [(TUTTI, 2), (ATOM, 2)])
def test_calendars_ask_as_much_for_one_meeting_as_for_three(
    n, url, queries, client, django_assert_num_queries
):
    IncontroFactory.create_batch(n)

    with django_assert_num_queries(queries):
        assert client.get(url).status_code == 200


def test_the_feed_has_each_meeting_under_one_id_in_both_languages(client):
    percorso = PercorsoFactory(esempio=True)
    vecchio = IncontroFactory(titolo="Vecchio", percorso=percorso)
    with time_machine.travel(ADESSO + timedelta(hours=1), tick=False):
        nuovo = IncontroFactory(
            titolo="Verde & <strade>\x0b",
            percorso=percorso,
            stato=Stato.ANNULLATO,
            motivo="Allerta neve.",
            descrizione="Righe\ndue",
        )
        IncontroFactory(titolo="Bozza", stato=Stato.BOZZA)

    italiano = ET.fromstring(client.get(ATOM).content)
    inglese = ET.fromstring(client.get(f"/en{ATOM}").content)

    voci = italiano.findall("a:entry", NS)
    assert [voce.find("a:title", NS).text for voce in voci] == [
        "Verde & <strade> (esempio)",
        "Vecchio (esempio)",
    ]
    ids = [f"tag:testserver,2023:incontro-{incontro.pk}" for incontro in (nuovo, vecchio)]
    for feed in (italiano, inglese):
        assert [voce.find("a:id", NS).text for voce in feed.findall("a:entry", NS)] == ids
        assert feed.find("a:id", NS).text == "tag:testserver,2023:incontri"
    assert voci[0].find("a:updated", NS).text == "2026-03-10T12:00:00+00:00"
    link = voci[0].find("a:link", NS).attrib["href"]
    assert link == f"http://testserver/incontri/{nuovo.slug}/"
    riassunto = voci[0].find("a:summary", NS).text
    assert "Annullato: non si terrà.<br>Allerta neve.<br>Righe<br>due" in riassunto
