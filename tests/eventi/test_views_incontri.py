import json
import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse

from eventi.filtri import FiltroIncontri
from eventi.models import AllegatoResoconto, Incontro, Servizio
from portale.lib.dates import ROMA
from tests.factories import (
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
    PercorsoFactory,
    QuartiereFactory,
    ResocontoFactory,
    SedeFactory,
    ServizioFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Stato = Incontro.Stato
# A Tuesday.
ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)
ELENCO = "/incontri/"


@pytest.fixture(autouse=True)
def _orologio():
    with time_machine.travel(ADESSO, tick=False):
        yield


def a_roma(*parti):
    return datetime(*parti, tzinfo=ROMA)


def pagina(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def titoli(html):
    """The titles of the cards, in their order."""
    return re.findall(r'class="incontro-titolo"[^>]*><a href="[^"]*">([^<]*)</a>', html)


def parole_di(html):
    """What is read, without tags and needless spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def json_ld(html):
    trovato = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)
    return json.loads(trovato[1]) if trovato else None


# --- The list -------------------------------------------------------------------------------


def test_the_list_shows_what_is_to_come_soonest_first_and_no_draft(client):
    IncontroFactory(titolo="Dopo", inizio=ADESSO + timedelta(days=9))
    IncontroFactory(titolo="Prima", inizio=ADESSO + timedelta(days=2))
    IncontroFactory(titolo="In corso", inizio=ADESSO - timedelta(hours=1))
    IncontroFactory(titolo="Senza data", inizio=None, stato=Stato.RINVIATO)
    IncontroFactory(titolo="Annullato", inizio=ADESSO + timedelta(days=3), stato=Stato.ANNULLATO)
    IncontroFactory(titolo="Finito", inizio=ADESSO - timedelta(days=1))
    IncontroFactory(titolo="Bozza", stato=Stato.BOZZA)
    IncontroFactory(titolo="Di un percorso in bozza", percorso__stato="bozza")

    html = pagina(client, ELENCO)

    assert titoli(html) == ["In corso", "Prima", "Annullato", "Dopo", "Senza data"]
    assert "5 incontri in calendario" in parole_di(html)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(
    ("url", "queries"),
    [
        (ELENCO, 7),
        (f"{ELENCO}?accessibile=on&quando=mese", 7),
        (f"{ELENCO}mese/2026/3/", 6),
        (f"{ELENCO}passati/", 5),
    ],
)
def test_lists_ask_as_much_for_one_meeting_as_for_three(
    n, url, queries, client, django_assert_num_queries
):
    for i in range(n):
        percorso = FaseFactory().percorso
        sede = SedeFactory(senza_gradini=True)
        incontro = IncontroFactory(
            titolo=f"Prossimo {i}",
            percorso=percorso,
            sede=sede,
            posti=10,
            inizio=a_roma(2026, 3, 20),
        )
        ServizioFactory(incontro=incontro)
        IscrizioneFactory(incontro=incontro)
        QuartiereFactory(laboratorio=incontro.laboratorio)
        ResocontoFactory(incontro__titolo=f"Passato {i}", incontro__inizio=a_roma(2026, 3, 1, 18))

    with django_assert_num_queries(queries) as asked:
        html = pagina(client, url)

    assert html.count("Prossimo") + html.count("Passato") >= n
    assert len({query["sql"] for query in asked.captured_queries}) == queries


def test_the_list_has_twenty_meetings_a_page(client):
    percorso, laboratorio = PercorsoFactory(), LaboratorioFactory()
    for giorno in range(1, 24):
        IncontroFactory(
            titolo=f"N{giorno}",
            percorso=percorso,
            laboratorio=laboratorio,
            inizio=ADESSO + timedelta(days=giorno),
        )

    prima, seconda = pagina(client, ELENCO), pagina(client, f"{ELENCO}?page=2")

    assert titoli(prima) == [f"N{giorno}" for giorno in range(1, 21)]
    assert titoli(seconda) == ["N21", "N22", "N23"]
    assert titoli(pagina(client, f"{ELENCO}?page=boh")) == titoli(prima)
    assert titoli(pagina(client, f"{ELENCO}?page=99")) == titoli(seconda)


def test_an_empty_list_says_where_to_go(client):
    html = pagina(client, ELENCO)

    assert "Nessun incontro in calendario" in html
    assert 'href="/incontri/passati/"' in html


@pytest.mark.parametrize(
    ("campi", "iscritti", "parole"),
    [
        ({"posti": 20}, 3, "17 posti liberi su 20"),
        ({"posti": 20, "posti_riservati": 5}, 14, "1 posto libero su 15"),
        ({"posti": 2}, 2, "Completo: c'è la lista d'attesa"),
        ({"posti": None}, 2, "Senza limite di posti"),
        ({"con_iscrizione": False}, 0, "Per questo incontro non serve iscriversi."),
        (
            {"posti": 9, "iscrizioni_dal": a_roma(2026, 3, 12, 9)},
            0,
            "Le iscrizioni aprono giovedì 12 marzo 2026, 09:00.",
        ),
        ({"posti": 9, "iscrizioni_fino": a_roma(2026, 3, 9)}, 0, "Le iscrizioni sono chiuse."),
        ({"stato": Stato.ANNULLATO, "posti": 9}, 1, None),
    ],
)
def test_a_card_says_in_words_how_many_seats_are_left(client, campi, iscritti, parole):
    incontro = IncontroFactory(**campi)
    IscrizioneFactory.create_batch(iscritti, incontro=incontro)

    trovate = re.findall(r'class="incontro-posti">([^<]*)<', pagina(client, ELENCO))

    assert [p.replace("&#x27;", "'") for p in trovate] == ([parole] if parole else [])


def test_seats_that_somebody_waits_for_are_not_offered_to_newcomers(client):
    incontro = IncontroFactory(posti=10)
    IscrizioneFactory(incontro=incontro, in_attesa=True, posti_richiesti=5)

    assert "Completo" in pagina(client, ELENCO)
    assert "Entra in lista d’attesa" in pagina(client, incontro.get_absolute_url())


def test_registering_follows_the_phases_of_the_process(client):
    fase = FaseFactory(inizio=date(2026, 4, 1), fine=date(2026, 5, 1))
    incontro = IncontroFactory(percorso=fase.percorso, inizio=a_roma(2026, 4, 20, 18))

    html = pagina(client, incontro.get_absolute_url())
    assert "In questa fase del percorso le iscrizioni non sono aperte." in html
    assert 'iscrizione/">' not in html

    with time_machine.travel(a_roma(2026, 4, 1, 0, 30), tick=False):
        assert f'{incontro.get_absolute_url()}iscrizione/">' in pagina(
            client, incontro.get_absolute_url()
        )


def test_what_is_of_the_demo_or_changed_is_labelled(client):
    IncontroFactory(
        percorso__esempio=True,
        inizio=a_roma(2026, 3, 20, 18),
        inizio_precedente=a_roma(2026, 3, 18, 18),
        modalita=Incontro.Modalita.MISTA,
        sede=SedeFactory(senza_gradini=True),
    ).servizi.create(genere=Servizio.Genere.LIS)

    html = pagina(client, ELENCO)

    assert re.findall(r'class="badge etichetta [^"]*">([^<]*)<', html) == [
        "esempio",
        "spostato",
        "anche online",
        "senza gradini",
        "interprete LIS",
    ]
    assert "Spostato: prima era mercoledì 18 marzo 2026, 18:00." in html


# --- Filters --------------------------------------------------------------------------------


@pytest.fixture
def citta():
    """Six meetings of different kinds; the labs are of zones 1 and 2."""
    uno = LaboratorioFactory(numero=1, nome="Lab uno")
    due = LaboratorioFactory(numero=2, nome="Lab due")
    QuartiereFactory(laboratorio=uno, nome="Farnesiana")
    percorso = PercorsoFactory()
    comuni = {"percorso": percorso}
    piana, scale = SedeFactory(senza_gradini=True), SedeFactory(senza_gradini=False)
    ignota = SedeFactory(senza_gradini=None)
    voci = [
        ("Oggi", uno, piana, "workshop", a_roma(2026, 3, 10, 18)),
        ("Domenica", uno, scale, "workshop", a_roma(2026, 3, 15, 23, 30)),
        ("Lunedi", due, piana, "assemblea", a_roma(2026, 3, 16, 0, 30)),
        ("Ultimo di marzo", due, ignota, "workshop", a_roma(2026, 3, 31, 23, 59)),
        ("Primo di aprile", uno, None, "altro", a_roma(2026, 4, 1, 0, 30)),
        ("Citta", None, piana, "workshop_finale", a_roma(2026, 4, 30, 18)),
    ]
    for titolo, laboratorio, sede, genere, inizio in voci:
        incontro = IncontroFactory(
            titolo=titolo,
            laboratorio=laboratorio,
            sede=sede,
            genere=genere,
            inizio=inizio,
            **comuni,
        )
        if titolo in ("Oggi", "Citta"):
            ServizioFactory(incontro=incontro)
            ServizioFactory(incontro=incontro, genere=Servizio.Genere.LIS)


@pytest.mark.parametrize(
    ("query", "attesi"),
    [
        ("zona=1", ["Oggi", "Domenica", "Primo di aprile"]),
        ("zona=citta", ["Citta"]),
        ("genere=assemblea", ["Lunedi"]),
        ("quando=settimana", ["Oggi", "Domenica"]),
        ("quando=prossima-settimana", ["Lunedi"]),
        ("quando=mese", ["Oggi", "Domenica", "Lunedi", "Ultimo di marzo"]),
        ("quando=prossimo-mese", ["Primo di aprile", "Citta"]),
        ("dal=2026-03-16&al=2026-04-01", ["Lunedi", "Ultimo di marzo", "Primo di aprile"]),
        ("dal=1/4/2026", ["Primo di aprile", "Citta"]),
        ("al=15-03-2026", ["Oggi", "Domenica"]),
        ("accessibile=on", ["Oggi", "Lunedi", "Citta"]),
        ("servizi=on", ["Oggi", "Citta"]),
        ("zona=1&servizi=on&accessibile=on", ["Oggi"]),
        ("zona=2&servizi=on", []),
    ],
)
@pytest.mark.usefixtures("citta")
def test_filters_give_exactly_the_meetings_asked_for(client, query, attesi):
    html = pagina(client, f"{ELENCO}?{query}")

    assert titoli(html) == attesi
    parola = "incontro" if len(attesi) == 1 else "incontri"
    assert f"{len(attesi)} {parola} con questi filtri:" in parole_di(html)


@pytest.mark.usefixtures("citta")
def test_each_choice_says_how_many_meetings_it_would_give_beside_the_others(client):
    response = client.get(f"{ELENCO}?zona=1&accessibile=on")

    opzioni = response.context["opzioni"]
    assert opzioni["zona"] == [
        ("1", "Zona 1: Farnesiana", 1, True),
        ("2", "Zona 2: Lab due", 1, False),
        ("citta", "Tutta la città", 1, False),
    ]
    assert [(valore, quanti) for valore, _testo, quanti, _scelto in opzioni["genere"]] == [
        ("assemblea", 0),
        ("workshop", 1),
        ("workshop_finale", 0),
        ("seduta", 0),
        ("altro", 0),
    ]
    assert (opzioni["accessibile"], opzioni["servizi"]) == (1, 1)


@pytest.mark.usefixtures("citta")
def test_each_filter_can_be_taken_away(client):
    response = client.get(f"{ELENCO}?zona=1&dal=2026-03-11&al=2026-03-20&page=1")

    assert response.context["attivi"] == [
        ("Lab uno", f"{ELENCO}?dal=2026-03-11&al=2026-03-20"),
        ("Dal 11 marzo 2026 al 20 marzo 2026", f"{ELENCO}?zona=1"),
    ]


@pytest.mark.parametrize(
    ("query", "errori", "attesi"),
    [
        (
            "zona=99&genere=workshop&quando=settimana",
            {"zona": ["Questo laboratorio non c'è: scegline uno dall'elenco."]},
            ["Oggi", "Domenica"],
        ),
        (
            "genere=%27;--&servizi=on",
            {"genere": ["Questo tipo non c'è: scegline uno dall'elenco."]},
            ["Oggi", "Citta"],
        ),
        (
            "quando=ieri&zona=2",
            {"quando": ["Questo periodo non c'è: scegline uno dall'elenco."]},
            ["Lunedi", "Ultimo di marzo"],
        ),
        (
            "dal=31/02/2026&zona=2",
            {"dal": ["Scrivi la data così: 31/12/2026."]},
            ["Lunedi", "Ultimo di marzo"],
        ),
        (
            "al=9999-12-31&zona=2",
            {"al": ["Scrivi una data tra il 2000 e il 2100."]},
            ["Lunedi", "Ultimo di marzo"],
        ),
        (
            "dal=2026-04-01&al=2026-03-01",
            {"al": ["Il secondo giorno viene prima del primo."]},
            ["Primo di aprile", "Citta"],
        ),
        (
            "quando=mese&dal=2026-04-02",
            {"quando": ["Scegli un periodo oppure due giorni, non tutti e due."]},
            ["Citta"],
        ),
    ],
)
@pytest.mark.usefixtures("citta")
def test_a_wrong_filter_is_told_and_the_others_apply(client, query, errori, attesi):
    response = client.get(f"{ELENCO}?{query}")

    assert response.status_code == 200
    assert response.context["filtro"].errors == errori
    html = response.content.decode()
    assert titoli(html) == attesi
    assert 'aria-invalid="true"' in html


def test_what_was_typed_comes_back_escaped(client):
    html = pagina(client, f'{ELENCO}?dal="><b>x')

    assert 'value="&quot;&gt;&lt;b&gt;x"' in html


@pytest.mark.parametrize(
    ("oggi", "quando", "periodo"),
    [
        (date(2026, 3, 15), "settimana", (date(2026, 3, 15), date(2026, 3, 15))),
        (date(2026, 3, 15), "prossima-settimana", (date(2026, 3, 16), date(2026, 3, 22))),
        (date(2026, 12, 31), "mese", (date(2026, 12, 31), date(2026, 12, 31))),
        (date(2026, 12, 31), "prossimo-mese", (date(2027, 1, 1), date(2027, 1, 31))),
        (date(2028, 1, 31), "prossimo-mese", (date(2028, 2, 1), date(2028, 2, 29))),
    ],
)
def test_periods_end_with_the_week_and_the_month(oggi, quando, periodo):
    assert FiltroIncontri({"quando": quando}, zone=[], oggi=oggi).periodo() == periodo


# --- The month ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mese", "attesi"),
    [
        ("2026/3", ["28 sabato", "29 domenica"]),
        ("2026/4", ["1 aprile, 00:30"]),
    ],
)
def test_a_month_is_of_romes_calendar(client, mese, attesi):
    """A meeting at 00:30 of the first is on the first, though in UTC it is still March; on the
    29th of March clocks go forward."""
    IncontroFactory(titolo="28 sabato", inizio=a_roma(2026, 3, 28, 23, 30))
    IncontroFactory(titolo="29 domenica", inizio=a_roma(2026, 3, 29, 23, 45))
    IncontroFactory(titolo="1 aprile, 00:30", inizio=a_roma(2026, 4, 1, 0, 30))
    IncontroFactory(titolo="Bozza", inizio=a_roma(2026, 3, 5), stato=Stato.BOZZA)
    IncontroFactory(titolo="Rinviato", inizio=None, stato=Stato.RINVIATO)

    response = client.get(f"{ELENCO}mese/{mese}/")

    giorni = {
        giorno["numero"]: [scheda.titolo for scheda in giorno["schede"]]
        for settimana in response.context["settimane"]
        for giorno in settimana
        if giorno["schede"]
    }
    assert giorni == {int(titolo.split()[0]): [titolo] for titolo in attesi}


def test_the_month_is_a_table_with_its_days_and_a_list(client):
    IncontroFactory(titolo="Una sera", inizio=a_roma(2026, 3, 20, 18, 30))

    html = pagina(client, f"{ELENCO}mese/2026/3/")

    assert re.findall(r'<th scope="col">(.*?)</th>', html)[::6] == ["lunedì", "domenica"]
    assert html.count("18:30 Una sera") == 2
    assert ">venerdì 20 marzo 2026</h2>" in html


def test_months_lead_to_each_other_only_while_there_are_meetings(client):
    IncontroFactory(inizio=a_roma(2026, 4, 20, 18))

    def frecce(mese):
        contesto = client.get(f"{ELENCO}mese/{mese}/").context
        return contesto["precedente"], contesto["prossimo"]

    assert frecce("2026/3") == (None, ("aprile 2026", f"{ELENCO}mese/2026/4/"))
    assert frecce("2026/4") == (("marzo 2026", f"{ELENCO}mese/2026/3/"), None)


@pytest.mark.parametrize("mese", ["2026/13", "2026/0", "1999/12", "2101/1", "99999/1"])
def test_a_month_that_no_calendar_has_is_not_found(client, mese):
    assert client.get(f"{ELENCO}mese/{mese}/").status_code == 404


# --- The past -------------------------------------------------------------------------------


def test_the_archive_shows_what_is_over_latest_first_with_published_reports(client):
    IncontroFactory(titolo="Futuro")
    IncontroFactory(titolo="Rinviato", inizio=None, stato=Stato.RINVIATO)
    IncontroFactory(titolo="Bozza", inizio=ADESSO - timedelta(days=3), stato=Stato.BOZZA)
    IncontroFactory(titolo="Annullato", inizio=ADESSO - timedelta(days=4), stato=Stato.ANNULLATO)
    storico = IncontroFactory(
        titolo="Giugno 2023",
        inizio=None,
        fine=None,
        data_a_parole="giugno 2023",
        stato=Stato.SVOLTO,
    )
    con = ResocontoFactory(
        incontro__titolo="Raccontato", incontro__inizio=ADESSO - timedelta(days=5)
    )
    ResocontoFactory(
        incontro__titolo="Da raccontare",
        incontro__inizio=ADESSO - timedelta(days=2),
        pubblicato_at=None,
    )

    html = pagina(client, f"{ELENCO}passati/")

    assert titoli(html) == ["Da raccontare", "Annullato", "Raccontato", storico.titolo]
    assert re.findall(r'href="([^"]*resoconto/)"', html) == [
        f"{con.incontro.get_absolute_url()}resoconto/"
    ]
    assert "giugno 2023" in html


# --- One meeting ----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3])
def test_the_detail_asks_the_same_whatever_it_shows(n, client, django_assert_num_queries):
    incontro = IncontroFactory(posti=20)
    ServizioFactory.create_batch(n, incontro=incontro)
    FaseFactory.create_batch(n, percorso=incontro.percorso)
    IscrizioneFactory.create_batch(n, incontro=incontro)

    with django_assert_num_queries(4) as asked:
        pagina(client, incontro.get_absolute_url())

    assert len({query["sql"] for query in asked.captured_queries}) == 4


@pytest.mark.parametrize("campi", [{"stato": Stato.BOZZA}, {"percorso__stato": "bozza"}])
@pytest.mark.parametrize("pezzo", ["", "resoconto/", "incontro.ics"])
def test_a_draft_is_nowhere(client, campi, pezzo):
    incontro = IncontroFactory(inizio=ADESSO - timedelta(days=3), **campi)
    ResocontoFactory(incontro=incontro)

    assert client.get(f"{incontro.get_absolute_url()}{pezzo}").status_code == 404


def test_the_detail_says_what_one_needs_to_come_and_admits_what_is_not_known(client):
    sede = SedeFactory(
        nome="Spazio 2",
        indirizzo="via delle Prove 1",
        senza_gradini=True,
        bagno_accessibile=False,
        mezzi_pubblici="Autobus 4",
        note="Si entra dal cortile.",
    )
    incontro = IncontroFactory(
        sede=sede, inizio=a_roma(2026, 3, 20, 18, 30), descrizione="Il verde.\n\nLe <strade>."
    )
    ServizioFactory(incontro=incontro, richiedibile_fino=a_roma(2026, 3, 18, 12))

    html = pagina(client, incontro.get_absolute_url())

    fatti = dict(
        re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html[html.index('id="accesso"') :], re.DOTALL)
    )
    assert fatti == {
        "Ingresso senza gradini": "sì",
        "Bagno accessibile": "no",
        "Anello a induzione per apparecchi acustici": "da comunicare",
        "Mezzi pubblici": "Autobus 4",
        "Parcheggio": "da comunicare",
    }
    assert "<p>Il verde.</p><p>Le &lt;strade&gt;.</p>" in html
    letto = parole_di(html)
    assert "venerdì 20 marzo 2026, 18:30–20:30" in letto
    assert "Si entra dal cortile." in letto
    assert "Si può chiedere iscrivendosi, fino a mercoledì 18 marzo 2026, 12:00." in letto
    assert (
        "https://www.openstreetmap.org/search?query=via%20delle%20Prove%201%2C%20Piacenza" in html
    )


@pytest.mark.parametrize(
    ("campi", "parole"),
    [
        ({"stato": Stato.ANNULLATO, "motivo": "Allerta neve."}, "Annullato: non si terrà."),
        (
            {
                "stato": Stato.RINVIATO,
                "inizio": None,
                "inizio_precedente": a_roma(2026, 3, 14, 18),
                "motivo": "Sala occupata.",
            },
            "Rinviato: era previsto sabato 14 marzo 2026, 18:00.",
        ),
        (
            {"inizio_precedente": a_roma(2026, 3, 14, 18), "motivo": "Sala occupata."},
            "Spostato: prima era sabato 14 marzo 2026, 18:00.",
        ),
    ],
)
def test_what_happened_to_a_meeting_is_said_with_its_reason(client, campi, parole):
    incontro = IncontroFactory(**campi)

    letto = parole_di(pagina(client, incontro.get_absolute_url()))

    assert parole in letto
    assert f"Perché: {campi['motivo']}" in letto


def test_the_online_link_is_for_registered_people_only(client):
    incontro = IncontroFactory(
        modalita=Incontro.Modalita.ONLINE, sede=None, link_online="https://stanza.example.org/abc"
    )

    html = pagina(client, incontro.get_absolute_url())

    assert "stanza.example.org" not in html
    assert "Il collegamento arriva per e-mail a chi si iscrive." in html


@pytest.mark.parametrize(
    ("campi", "bottone"),
    [
        ({"posti": 10}, "Iscriviti"),
        ({"posti": 0}, "Entra in lista d’attesa"),
        ({"iscrizioni_fino": a_roma(2026, 3, 9)}, None),
        ({"con_iscrizione": False}, None),
        ({"stato": Stato.ANNULLATO}, None),
    ],
)
def test_the_button_says_what_it_does_and_is_there_only_when_it_can(client, campi, bottone):
    incontro = IncontroFactory(**campi)

    html = pagina(client, incontro.get_absolute_url())

    trovati = re.findall(rf'href="{incontro.get_absolute_url()}iscrizione/">([^<]*)<', html)
    assert trovati == ([bottone] if bottone else [])


@pytest.mark.parametrize(
    ("fine", "parole"),
    [
        (a_roma(2026, 3, 1, 20), "Il resoconto arriverà qui entro il 16 marzo 2026."),
        (a_roma(2023, 5, 3, 20), "Il resoconto è da comunicare."),
    ],
)
def test_a_meeting_that_is_over_says_when_its_report_comes(client, fine, parole):
    incontro = IncontroFactory(inizio=fine - timedelta(hours=2), fine=fine, stato=Stato.SVOLTO)

    assert parole in pagina(client, incontro.get_absolute_url())


def test_a_report_that_is_not_published_shows_nowhere(client):
    resoconto = ResocontoFactory(pubblicato_at=None, testo="Segreto")
    url = resoconto.incontro.get_absolute_url()

    html = pagina(client, url)

    assert "Leggi il resoconto" not in html
    assert client.get(f"{url}resoconto/").status_code == 404


# --- The report -----------------------------------------------------------------------------


def test_the_report_tells_what_is_known(client, django_assert_num_queries):
    resoconto = ResocontoFactory(
        testo="Primo.\n\nSecondo.",
        metodo="Tre tavoli.",
        partecipanti=None,
        partecipanti_note="oltre trenta",
        organizzazioni="Circolo\nComitato\n",
        bisogni="Ombra",
        idee="Alberi\nPanchine",
    )

    with django_assert_num_queries(5):
        html = pagina(client, f"{resoconto.incontro.get_absolute_url()}resoconto/")

    assert re.findall(r"<li>([^<]*)</li>", html) == [
        "Ombra",
        "Alberi",
        "Panchine",
        "Circolo",
        "Comitato",
    ]
    assert "<dt>Partecipanti</dt><dd>oltre trenta</dd>" in html
    assert "<p>Primo.</p><p>Secondo.</p>" in html


def allegato(resoconto, nome="verbale.pdf", contenuto=b"%PDF-1.4"):
    return AllegatoResoconto.objects.create(
        resoconto=resoconto, titolo="Foto", file=ContentFile(contenuto, name=nome)
    )


@pytest.mark.parametrize(
    ("nome", "genere", "come"),
    [
        ("a.pdf", "application/pdf", "inline"),
        ("a.PNG", "image/png", "inline"),
        ("a.csv", "text/csv", "attachment"),
        ("a.odt", "application/vnd.oasis.opendocument.text", "attachment"),
        ("a.html", "text/html", "attachment"),
        ("a", "application/octet-stream", "attachment"),
    ],
)
def test_a_file_is_served_as_what_it_is_and_opened_only_if_harmless(client, nome, genere, come):
    resoconto = ResocontoFactory()
    file = allegato(resoconto, nome, b"<script>1</script>")

    response = client.get(f"{resoconto.incontro.get_absolute_url()}resoconto/{file.pk}/")

    assert b"".join(response.streaming_content) == b"<script>1</script>"
    assert response["Content-Type"] == genere
    assert response["Content-Disposition"].split(";")[0] == come
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_files_of_a_report_that_is_not_published_cannot_be_read(client):
    bozza, altro = ResocontoFactory(pubblicato_at=None), ResocontoFactory()
    segreto, mancante = allegato(bozza), allegato(altro)
    mancante.file.storage.delete(mancante.file.name)

    for resoconto, file in ((bozza, segreto), (altro, segreto), (altro, mancante)):
        url = reverse("eventi:allegato_scarica", args=[resoconto.incontro.slug, file.pk])
        assert client.get(url).status_code == 404


# --- For machines ---------------------------------------------------------------------------


def test_search_engines_read_the_meeting_as_an_event(client, settings):
    incontro = IncontroFactory(
        titolo="Verde </script> & strade",
        slug="verde",
        descrizione="Si parla di verde.",
        inizio=a_roma(2026, 3, 28, 23, 0),
        fine=a_roma(2026, 3, 29, 4, 0),
        posti=30,
        sede=SedeFactory(
            nome="Spazio 2",
            indirizzo="via XXIV Maggio 51",
            senza_gradini=True,
            latitudine=45.05,
            longitudine=9.69,
        ),
        modalita=Incontro.Modalita.MISTA,
        link_online="https://stanza.example.org/abc",
    )
    IscrizioneFactory(incontro=incontro)

    pagina_url = "http://testserver/incontri/verde/"
    assert json_ld(pagina(client, incontro.get_absolute_url())) == {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": pagina_url,
        "url": pagina_url,
        "name": "Verde </script> & strade",
        "description": "Si parla di verde.",
        # Clocks go forward in the night between.
        "startDate": "2026-03-28T23:00+01:00",
        "endDate": "2026-03-29T04:00+02:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/MixedEventAttendanceMode",
        "inLanguage": "it",
        "location": [
            {
                "@type": "Place",
                "name": "Spazio 2",
                "address": {
                    "@type": "PostalAddress",
                    "streetAddress": "via XXIV Maggio 51",
                    "addressLocality": "Piacenza",
                    "addressCountry": "IT",
                },
                "geo": {"@type": "GeoCoordinates", "latitude": 45.05, "longitude": 9.69},
                "amenityFeature": [
                    {
                        "@type": "LocationFeatureSpecification",
                        "name": "wheelchair accessible entrance",
                        "value": True,
                    }
                ],
            },
            {"@type": "VirtualLocation", "url": pagina_url},
        ],
        "organizer": {
            "@type": "GovernmentOrganization",
            "name": settings.ENTE["nome"],
            "url": settings.ENTE["sito"],
        },
        "isAccessibleForFree": True,
        "maximumAttendeeCapacity": 30,
        "remainingAttendeeCapacity": 29,
    }


@pytest.mark.parametrize(
    ("campi", "atteso"),
    [
        ({}, ("EventScheduled", "2026-03-20T18:00+01:00", None)),
        ({"stato": Stato.ANNULLATO}, ("EventCancelled", "2026-03-20T18:00+01:00", None)),
        (
            {
                "stato": Stato.RINVIATO,
                "inizio": None,
                "inizio_precedente": a_roma(2026, 3, 14, 18),
            },
            ("EventPostponed", "2026-03-14T18:00+01:00", None),
        ),
        (
            {"inizio_precedente": a_roma(2026, 3, 14, 18)},
            ("EventRescheduled", "2026-03-20T18:00+01:00", "2026-03-14T18:00+01:00"),
        ),
        ({"ora_nota": False}, ("EventScheduled", "2026-03-20", None)),
    ],
)
def test_search_engines_read_what_became_of_it(client, campi, atteso):
    incontro = IncontroFactory(**{"inizio": a_roma(2026, 3, 20, 18), **campi})

    dati = json_ld(pagina(client, incontro.get_absolute_url()))

    assert (
        dati["eventStatus"].removeprefix("https://schema.org/"),
        dati["startDate"],
        dati.get("previousStartDate"),
    ) == atteso


def test_a_meeting_without_a_day_is_no_event_for_search_engines(client):
    incontro = IncontroFactory(
        inizio=None, fine=None, data_a_parole="giugno 2023", stato=Stato.SVOLTO
    )

    assert json_ld(pagina(client, incontro.get_absolute_url())) is None


def test_a_shared_link_shows_title_day_and_place(client):
    incontro = IncontroFactory(
        titolo="Il verde",
        percorso__esempio=True,
        inizio=a_roma(2026, 3, 20, 18),
        sede=SedeFactory(nome="Spazio 2", indirizzo=""),
        laboratorio=None,
    )

    html = pagina(client, incontro.get_absolute_url())

    og = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', html))
    assert (og["title"], og["description"]) == (
        "Il verde (esempio)",
        "venerdì 20 marzo 2026, 18:00–20:00 · Spazio 2",
    )


@pytest.mark.parametrize("nome", ["incontro_list", "incontro_archivio"])
def test_reading_pages_refuse_to_be_written_to(client, nome):
    assert client.post(reverse(f"eventi:{nome}")).status_code == 405


def test_who_has_signed_in_reads_that_she_is_coming_and_nobody_elses_registration(client):
    persona = UserFactory()
    mio, altro = IncontroFactory(), IncontroFactory()
    mia = IscrizioneFactory(incontro=mio, persona=persona, email=persona.email)
    IscrizioneFactory(incontro=altro)
    client.force_login(persona)

    suo = client.get(mio.get_absolute_url())
    di_altri = client.get(altro.get_absolute_url())

    assert (suo.context["mia"], di_altri.context["mia"]) == (mia, None)
    assert "Ci sei: la tua iscrizione è confermata." in suo.content.decode()
    assert "btn-iscriviti" not in suo.content.decode()
    assert "btn-iscriviti" in di_altri.content.decode()


def test_the_card_of_a_full_meeting_offers_the_waiting_list(client):
    pieno = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=pieno)
    IncontroFactory(posti=2, inizio=pieno.inizio + timedelta(days=1))

    home = client.get(reverse("home"))

    assert [scheda.iscriviti_verbo for scheda in home.context["incontri"]] == [
        "Entra in lista d’attesa",
        "Iscriviti",
    ]
