import re
from datetime import date, datetime, timedelta
from html import unescape
from xml.etree import ElementTree

import pytest
import time_machine

from portale.lib.dates import ROMA
from proposte.models import Bisogno, Proposta
from proposte.ricerca import cerca
from proposte.views import elenco
from tests.factories import FaseFactory, IncontroFactory, LaboratorioFactory, PercorsoFactory
from tests.factories.proposte import BisognoFactory, PropostaFactory, TemaFactory

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 3, 10, 12, 0, tzinfo=ROMA)
ELENCO, MAPPA, BISOGNI = "/proposte/", "/proposte/mappa/", "/bisogni/"


@pytest.fixture(autouse=True)
def _orologio():
    with time_machine.travel(ADESSO, tick=False):
        yield


def pagina(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def titoli(html):
    """The titles of the cards, in their order."""
    trovati = re.findall(r'class="proposta-voce-titolo"[^>]*><a href="[^"]*">(.*?)</a>', html)
    return [unescape(re.sub(r"<[^>]+>", "", titolo)) for titolo in trovati]


def parole_di(html):
    """What is read, without tags and needless spaces."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def molte(n, **campi):
    """So many proposals of one process and one lab, the first one the newest."""
    comuni = {"percorso": PercorsoFactory(), "laboratorio": LaboratorioFactory()}
    return [
        PropostaFactory(
            titolo=f"N{i}", pubblicata_at=ADESSO - timedelta(hours=i), **comuni, **campi
        )
        for i in range(1, n + 1)
    ]


# --- The list -------------------------------------------------------------------------------


def test_the_list_shows_what_stands_by_itself_newest_first(client):
    uno, _due = molte(2)
    uno.laboratorio.nome = "Lab della Farnesiana"
    uno.laboratorio.save()
    for stato in ("bozza", "inviata", "ritirata", "nascosta"):
        PropostaFactory(titolo=f"Segreta {stato}", stato=stato, nome_mostrato="Nessuna")
    PropostaFactory(titolo="Entrata altrove", stato="integrata", integrata_in=uno)

    html = pagina(client, ELENCO)

    assert titoli(html) == ["N1", "N2"]
    assert "2 proposte" in parole_di(html)
    for altrove in ("Segreta", "Nessuna", "Entrata altrove"):
        assert altrove not in html
    assert 'href="/proposte/nuova/"' in html


def test_a_card_says_all_that_helps_to_choose(client):
    proposta = PropostaFactory(
        titolo="Panchine all'ombra",
        laboratorio=LaboratorioFactory(nome="Lab uno"),
        stato=Proposta.Stato.IN_VALUTAZIONE,
        nome_mostrato="Anna",
        n_sostegni=1,
        n_commenti=12,
        esempio=True,
        che_cosa="Una panchina " + "lunga " * 100,
        pubblicata_at=datetime(2026, 3, 1, 0, 30, tzinfo=ROMA),
    )
    proposta.temi.add(TemaFactory(nome="Verde"), TemaFactory(nome="Anziani"))

    voce = re.search(r'<li class="proposta-voce">.*?</li>', pagina(client, ELENCO), re.DOTALL)[0]

    assert parole_di(voce) == (
        "In valutazione esempio Panchine all'ombra Anna · Lab uno · Pubblicata il 1º marzo 2026 "
        f"Una panchina {'lunga ' * 30}lunga… "
        "1 sostegno · 12 commenti · Temi: Anziani, Verde"
    )
    assert f'href="{proposta.get_absolute_url()}"' in voce
    assert 'datetime="2026-03-01"' in voce


@pytest.mark.parametrize(
    ("campi", "firma"),
    [
        ({"genere_proponente": "organizzazione", "organizzazione": "Auser"}, "Auser"),
        ({"genere_proponente": "incontro"}, "chi ha partecipato a «Workshop di zona»"),
        ({"nome_mostrato": ""}, "una persona"),
    ],
)
def test_a_card_is_signed_as_its_author_wants(client, campi, firma):
    PropostaFactory(
        **{"nome_mostrato": "Anna Bianchi", **campi},
        citta=True,
        incontro=IncontroFactory(titolo="Workshop di zona"),
    )

    assert f"{firma} · Tutta la città · Pubblicata" in parole_di(pagina(client, ELENCO))


def test_supports_are_not_shown_while_a_stage_hides_them(client):
    fase = FaseFactory(inizio=date(2026, 3, 1), fine=date(2026, 3, 10), nasconde_sostegni=True)
    PropostaFactory(percorso=fase.percorso, n_sostegni=41)
    PropostaFactory(n_sostegni=17)

    html = pagina(client, ELENCO)
    assert "41 sostegni" not in html
    assert "17 sostegni" in html
    assert 'value="sostenute"' not in html
    assert "i sostegni non si vedono" in pagina(client, f"{ELENCO}?ordine=sostenute")

    with time_machine.travel(ADESSO + timedelta(days=1), tick=False):
        html = pagina(client, ELENCO)
        assert "41 sostegni" in html
        assert 'value="sostenute"' in html


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(
    ("url", "queries"),
    [
        (ELENCO, 10),
        (f"{ELENCO}?zona=1&tema=verde&stato=pubblicata&canale=online&ordine=sostenute", 10),
        (f"{ELENCO}?bisogno=ombra", 11),
        (f"{ELENCO}?q=parchi", 10),
        (f"{ELENCO}?q=parchi&zona=1&tema=verde", 11),
        (f"{ELENCO}?q=parchi&bisogno=ombra", 11),
        (f"{ELENCO}?ordine=casuale&seme=3", 11),
        (MAPPA, 12),
        (f"{MAPPA}?zona=1", 12),
        (f"{MAPPA}?q=parchi", 13),
        (BISOGNI, 9),
        (f"{BISOGNI}?q=ombra&zona=1", 8),
        (f"{ELENCO}atom.xml", 5),
        (f"{ELENCO}atom.xml?q=parchi", 6),
    ],
)
@pytest.mark.usefixtures("cache_in_memoria")
def test_lists_ask_as_much_for_one_as_for_three(
    n, url, queries, client, django_assert_num_queries
):
    tema = TemaFactory(slug="verde")
    for i in range(n):
        fase = FaseFactory()
        bisogno = BisognoFactory(
            slug="ombra" if i == 0 else f"ombra-{i}",
            titolo="Ombra",
            laboratorio=LaboratorioFactory(numero=i + 1, latitudine=45.0 + i, longitudine=9.6),
            incontro=IncontroFactory(),
        )
        bisogno.temi.add(tema)
        proposta = PropostaFactory(
            titolo=f"Parco {i}",
            laboratorio=bisogno.laboratorio,
            percorso=fase.percorso,
            incontro=IncontroFactory(),
            latitudine=45.0 + i / 100,
            longitudine=9.6,
        )
        proposta.temi.add(tema)
        proposta.bisogni.add(bisogno)

    with django_assert_num_queries(queries) as asked:
        html = pagina(client, url)

    assert html.count("Parco") + html.count("Ombra") >= 1
    assert len({query["sql"] for query in asked.captured_queries}) == queries


def test_the_list_has_twenty_proposals_a_page(client):
    molte(45)

    prima = client.get(ELENCO)
    seconda = client.get(prima.context["pagine"]["successiva"])
    ultima = client.get(prima.context["pagine"]["ultima"])

    numeri = [f"N{n}" for n in range(1, 46)]
    assert titoli(prima.content.decode()) == numeri[:20]
    assert titoli(seconda.content.decode()) == numeri[20:40]
    assert titoli(ultima.content.decode()) == numeri[40:]
    assert "Pagina 2 di 3" in parole_di(seconda.content.decode())
    assert re.findall(r'rel="(prev|next)"', prima.content.decode()) == ["next"]
    assert re.findall(r'rel="(prev|next)"', seconda.content.decode()) == ["prev", "next"]
    assert re.findall(r'rel="(prev|next)"', ultima.content.decode()) == ["prev"]
    assert seconda.context["pagine"]["prima"] == ELENCO
    assert titoli(pagina(client, f"{ELENCO}?dopo=boh&page=99")) == numeri[:20]


def test_pages_keep_the_filters(client):
    molte(45, canale="cartaceo")
    PropostaFactory(titolo="Altra")

    prima = client.get(f"{ELENCO}?canale=cartaceo&zona=99&x=y")
    seguente = prima.context["pagine"]["successiva"]

    assert seguente.startswith(f"{ELENCO}?canale=cartaceo&dopo=")
    assert "Altra" not in pagina(client, seguente)


def test_an_order_by_chance_has_an_address(client):
    molte(3)

    response = client.get(f"{ELENCO}?ordine=casuale&zona={LaboratorioFactory().numero}")

    assert response.status_code == 302
    assert re.fullmatch(rf"{ELENCO}\?zona=\d+&ordine=casuale&seme=\d{{1,3}}", response["Location"])
    assert not response.cookies
    ordinata = f"{ELENCO}?ordine=casuale&seme=12"
    html = pagina(client, ordinata)
    assert titoli(html) == titoli(pagina(client, ordinata))
    assert f'href="{ELENCO}?ordine=casuale&amp;seme=825"' in html
    assert '<input type="hidden" name="seme" value="12">' in html


def test_nobody_gets_a_cookie_or_a_token(client):
    molte(1)
    for url in (ELENCO, f"{ELENCO}?q=n1", MAPPA, BISOGNI, "/proposte/colonne/"):
        response = client.get(url)
        assert not response.cookies
        assert b"csrfmiddlewaretoken" not in response.content


@pytest.mark.parametrize(
    ("url", "titolo", "dove"),
    [
        (ELENCO, "Non c’è ancora nessuna proposta", "/bisogni/"),
        (f"{ELENCO}?stato=accolta", "Nessuna proposta con questi filtri", ELENCO),
        (f"{ELENCO}?q=astronave", "Nessuna proposta con queste parole", ELENCO),
        (MAPPA, "Nessuna proposta su questa mappa", ELENCO),
        (BISOGNI, "Non c’è ancora nessun bisogno", "/incontri/"),
        (f"{BISOGNI}?q=astronave", "Nessun bisogno con questi filtri", BISOGNI),
    ],
)
def test_an_empty_list_says_why_and_where_to_go(client, url, titolo, dove):
    html = pagina(client, url)

    vuoto = re.search(r'<div class="vuoto">.*?</div>', html)[0]
    assert titolo in vuoto
    assert f'href="{dove}"' in vuoto


def test_each_choice_says_how_many_and_can_be_taken_away(client):
    TemaFactory(nome="Verde", slug="verde")
    TemaFactory(nome="Di una volta", slug="vecchio", attivo=False)
    PropostaFactory(laboratorio=LaboratorioFactory(numero=1, nome="Lab uno"))
    PropostaFactory(laboratorio=LaboratorioFactory(numero=2, nome="Lab due"), canale="cartaceo")

    response = client.get(f"{ELENCO}?zona=1&canale=online")

    opzioni = response.context["opzioni"]
    assert opzioni["zona"] == [
        ("1", "Zona 1: Lab uno", 1, True),
        ("2", "Zona 2: Lab due", 0, False),
        ("citta", "Tutta la città", 0, False),
    ]
    assert opzioni["canale"] == [
        ("online", "Online", 1, True),
        ("incontro", "In un incontro", 0, False),
        ("cartaceo", "Su carta", 0, False),
    ]
    assert opzioni["tema"] == [("verde", "Verde", 0, False)]
    assert response.context["attivi"] == [
        ("Zona 1: Lab uno", f"{ELENCO}?canale=online"),
        ("Online", f"{ELENCO}?zona=1"),
    ]


def test_a_wrong_filter_is_told(client):
    html = pagina(client, f"{ELENCO}?stato=%3Cb%3E&zona=0")

    assert html.count('aria-invalid="true"') == 2
    assert "Questo stato non c&#x27;è" in html
    assert "<b>" not in html


# --- Search ---------------------------------------------------------------------------------


def test_what_was_looked_for_is_marked_in_title_and_extract(client):
    PropostaFactory(
        titolo="La <pista> ciclabile",
        che_cosa="Prima. " * 60 + "Le piste & i parchi. " + "Dopo. " * 60,
    )
    PropostaFactory(titolo="Altro", che_cosa="Niente.", perche="Non c'è una pista ciclabile.")

    html = pagina(client, f"{ELENCO}?q=piste+ciclabili")

    assert "La &lt;<mark>pista</mark>&gt; <mark>ciclabile</mark>" in html
    assert "Le <mark>piste</mark> &amp; i parchi." in html
    assert "Non c&#x27;è una <mark>pista</mark> <mark>ciclabile</mark>." in html
    assert titoli(html) == ["La <pista> ciclabile", "Altro"]


@pytest.mark.parametrize(
    "q",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "parco\x00",
        "\u202e parco \u202c",
        "👩‍👩‍👧 parco 🌳",
        "%F0%28%8C%28",
        "= {{ 7|add:7 }} {% csrf_token %}",
        "'; DROP TABLE proposte_proposta; --",
        "a" * 1_000_000,
        " ".join(["parco"] * 19),
    ],
)
@pytest.mark.parametrize("url", [ELENCO, MAPPA, BISOGNI])
def test_whatever_is_looked_for_is_shown_safely(client, url, q):
    PropostaFactory(titolo="Un parco")
    BisognoFactory(titolo="Un parco")

    response = client.get(url, {"q": q})

    html = response.content.decode()
    assert response.status_code == 200
    assert len(html) < 60_000
    for pericolo in ("<script>alert", "<img src=x", "\x00", "csrfmiddlewaretoken", "= 14"):
        assert pericolo not in html


def test_bytes_that_are_no_text_are_no_error(client):
    assert client.get(f"{ELENCO}?q=%ff%fe%ed%a0%80&zona=%ff").status_code == 200


def test_dangerous_texts_are_shown_as_they_are(client):
    cattivo = "<script>alert('x')</script>"
    tema = TemaFactory(nome="<b>Verde</b>")
    proposta = PropostaFactory(
        titolo=cattivo,
        che_cosa=cattivo,
        nome_mostrato=cattivo,
        latitudine=45.0,
        longitudine=9.7,
        laboratorio__nome="<i>Lab</i>",
    )
    proposta.temi.add(tema)
    incontro = IncontroFactory(titolo=cattivo)
    bisogno = BisognoFactory(titolo=cattivo, testo=cattivo, incontro=incontro)
    proposta.bisogni.add(bisogno)

    for url in (ELENCO, f"{ELENCO}?q=alert", MAPPA, BISOGNI, f"{BISOGNI}?q=alert"):
        html = pagina(client, url)
        for pericolo in ("<script>alert", "<b>Verde", "<i>Lab"):
            assert pericolo not in html
        assert "script&gt;" in html


def test_too_many_results_say_so(client, monkeypatch):
    molte(3)
    monkeypatch.setitem(cerca.__kwdefaults__, "limite", 2)

    html = pagina(client, f"{ELENCO}?q=panchina")

    assert titoli(html) == ["N2", "N3"]
    assert "Più di 2 proposte" in parole_di(html)
    assert "Tutta la città (" not in html


def test_results_are_paged(client):
    molte(25)

    prima = client.get(f"{ELENCO}?q=panchina")
    seconda = client.get(prima.context["pagine"]["successiva"])

    assert prima.context["pagine"]["successiva"] == f"{ELENCO}?q=panchina&page=2"
    assert titoli(seconda.content.decode()) == [f"N{n}" for n in range(21, 26)]


# --- Map ------------------------------------------------------------------------------------


def segni(client, url=MAPPA):
    return [
        (segno["segno"].quante, segno["scheda"].titolo if segno["scheda"] else "", segno["url"])
        for segno in client.get(url).context["segni"]
    ]


def test_the_map_groups_what_is_near_and_opens_it(client):
    for titolo, lat, lon in (
        ("Nord", 45.10, 9.60),
        ("Vicina uno", 45.0000, 9.7000),
        ("Vicina due", 45.0010, 9.7010),
        ("Senza luogo", None, None),
    ):
        PropostaFactory(titolo=titolo, latitudine=lat, longitudine=lon)
    PropostaFactory(titolo="Segreta", latitudine=45.05, longitudine=9.65, stato="nascosta")

    trovati = segni(client)

    assert [(quante, titolo) for quante, titolo, _url in trovati] == [(1, "Nord"), (2, "")]
    vicino = trovati[1][2]
    assert vicino.startswith(f"{MAPPA}?riquadro=9.")
    assert sorted(titolo for _n, titolo, _url in segni(client, vicino)) == [
        "Vicina due",
        "Vicina uno",
    ]
    html = pagina(client, MAPPA)
    assert "Segreta" not in html
    assert "3 proposte su questa mappa" in parole_di(html)
    # The same as a list.
    for titolo in ("Nord", "Vicina uno", "Vicina due"):
        assert html.count(f">{titolo}</a>") == 1


def test_the_map_of_a_search_shows_what_its_list_does(client, monkeypatch):
    monkeypatch.setitem(cerca.__kwdefaults__, "limite", 2)
    for n, titolo in enumerate(["Parco vecchio", "Parco", "Parco nuovo", "Altro"]):
        PropostaFactory(
            titolo=titolo, latitudine=45.0 + n / 10, longitudine=9.7, pubblicata_at=ADESSO
        )
    PropostaFactory(titolo="Parco segreto", latitudine=45.5, longitudine=9.7, stato="nascosta")

    html = pagina(client, f"{MAPPA}?q=parchi")
    assert {titolo for _n, titolo, _url in segni(client, f"{MAPPA}?q=parchi")} == {
        "Parco",
        "Parco nuovo",
    }
    assert "Più di 2 proposte: ecco le più vicine a quello che cerchi." in parole_di(html)
    assert "2 proposte su questa mappa" in parole_di(html)

    html = pagina(client, f"{MAPPA}?q=vecchi+parchi")
    assert "Più di" not in parole_di(html)
    assert "1 proposta su questa mappa" in parole_di(html)


def test_proposals_in_one_place_lead_to_the_list(client):
    for n in range(2):
        PropostaFactory(titolo=f"Qui {n}", latitudine=45.0, longitudine=9.7)

    ((quante, _titolo, url),) = segni(client)

    assert (quante, url) == (2, "#proposte")
    assert 'id="proposte"' in pagina(client, MAPPA)


def test_many_are_listed_by_group(client):
    percorso, laboratorio = PercorsoFactory(), LaboratorioFactory(nome="Lab uno")
    for n in range(51):
        PropostaFactory(
            titolo=f"N{n}",
            percorso=percorso,
            laboratorio=laboratorio,
            latitudine=45.0 + n / 100_000,
            longitudine=9.7,
        )
    PropostaFactory(titolo="Lontana", latitudine=45.2, longitudine=9.7, citta=True)

    html = pagina(client, MAPPA)

    righe = [parole_di(riga) for riga in re.findall(r"<tr><td>.*?</tr>", html)]
    assert righe == ["Lontana Tutta la città", "51 proposte vicine , Lab uno Lab uno"]


def test_the_map_has_the_filters_of_the_list(client):
    PropostaFactory(titolo="Carta", canale="cartaceo", latitudine=45.0, longitudine=9.7)
    PropostaFactory(titolo="Rete", latitudine=45.1, longitudine=9.7)

    assert [titolo for _n, titolo, _u in segni(client, f"{MAPPA}?canale=cartaceo")] == ["Carta"]
    html = pagina(client, f"{MAPPA}?canale=cartaceo")
    assert f'href="{ELENCO}?canale=cartaceo"' in html
    assert f'action="{MAPPA}"' in html


def test_points_that_are_nowhere_near_the_city_do_not_shrink_it(client):
    LaboratorioFactory(numero=1, latitudine=45.05, longitudine=9.65)
    LaboratorioFactory(numero=2, latitudine=45.03, longitudine=9.71)
    PropostaFactory(titolo="Qui", latitudine=45.04, longitudine=9.68)
    PropostaFactory(titolo="In mare", latitudine=0.0, longitudine=0.0)

    assert [titolo for _n, titolo, _u in segni(client)] == ["Qui"]
    disegno = client.get(MAPPA).context["disegno"]
    assert [zona.numero for zona in disegno.zone] == [1, 2, *[z.numero for z in disegno.zone[2:]]]


@pytest.mark.parametrize(
    "riquadro",
    [
        "",
        "x",
        "1,2,3",
        "nan,nan,nan,nan",
        "9.8,45,9.6,46",
        "-999,0,999,1",
        "1e999,0,1,1",
        "," * 99,
    ],
)
def test_a_part_of_nowhere_is_the_whole_map(client, riquadro):
    PropostaFactory(titolo="Qui", latitudine=45.0, longitudine=9.7)

    assert [titolo for _n, titolo, _u in segni(client, f"{MAPPA}?riquadro={riquadro}")] == ["Qui"]


def test_an_empty_part_of_the_map_says_where_to_go(client):
    PropostaFactory(titolo="Qui", latitudine=45.0, longitudine=9.7)

    html = pagina(client, f"{MAPPA}?riquadro=1,1,2,2")

    assert "Nessuna proposta su questa mappa" in html


# --- Needs ----------------------------------------------------------------------------------


def test_needs_say_how_many_proposals_answer(client):
    molti = BisognoFactory(
        titolo="Ombra", priorita=1, punti=12, laboratorio=LaboratorioFactory(nome="Lab uno")
    )
    BisognoFactory(titolo="Silenzio", laboratorio=None, esempio=True)
    BisognoFactory(titolo="Nascosto", stato=Bisogno.Stato.NASCOSTO)
    for stato in ("pubblicata", "accolta", "bozza", "nascosta"):
        PropostaFactory(stato=stato).bisogni.add(molti)

    html = pagina(client, BISOGNI)

    voci = re.findall(r'<li class="proposta-voce">.*?</li>', html, re.DOTALL)
    assert [parole_di(voce) for voce in voci] == [
        "priorità alta Ombra Lab uno · 12 bollini Di sera la strada è buia. "
        "2 proposte rispondono : Ombra",
        "esempio Silenzio Tutta la città Di sera la strada è buia. Nessuna proposta, per ora",
    ]
    assert f'href="{ELENCO}?bisogno={molti.slug}"' in html
    assert len(titoli(pagina(client, f"{ELENCO}?bisogno={molti.slug}"))) == 2


def test_needs_are_paged_by_number(client):
    laboratorio, percorso = LaboratorioFactory(), PercorsoFactory()
    for n in range(1, 24):
        BisognoFactory(titolo=f"N{n}", punti=100 - n, laboratorio=laboratorio, percorso=percorso)

    assert titoli(pagina(client, f"{BISOGNI}?page=2")) == ["N21", "N22", "N23"]
    assert titoli(pagina(client, f"{BISOGNI}?page=99")) == ["N21", "N22", "N23"]


# --- Feed -----------------------------------------------------------------------------------

ATOM = "{http://www.w3.org/2005/Atom}"


def test_the_feed_has_the_last_ones_under_ids_that_stay(client):
    proposta = PropostaFactory(
        titolo="Panchine & <ombra>",
        che_cosa="Testo con un controllo \x0b e <tag>.",
        nome_mostrato="Anna Bianchi",
        esempio=True,
        pubblicata_at=ADESSO,
    )
    proposta.temi.add(TemaFactory(nome="Verde"))
    PropostaFactory(titolo="Prima", pubblicata_at=ADESSO - timedelta(days=1))
    PropostaFactory(titolo="Segreta", stato="nascosta")

    response = client.get("/proposte/atom.xml")
    radice = ElementTree.fromstring(response.content)

    voci = radice.findall(f"{ATOM}entry")
    assert [voce.find(f"{ATOM}title").text for voce in voci] == [
        "[esempio] Panchine & <ombra>",
        "Prima",
    ]
    assert voci[0].find(f"{ATOM}id").text == f"tag:testserver,2023:proposta-{proposta.pk}"
    assert "Anna Bianchi" not in response.content.decode()
    assert [c.get("term") for c in voci[0].findall(f"{ATOM}category")] == [
        "Pubblicata",
        proposta.laboratorio.nome,
        "Verde",
    ]
    assert client.get("/proposte/atom.xml", HTTP_IF_NONE_MATCH=response["ETag"]).status_code == 304


def test_the_feed_of_a_lab(client):
    PropostaFactory(titolo="Uno", laboratorio=LaboratorioFactory(numero=1))
    PropostaFactory(titolo="Due", laboratorio=LaboratorioFactory(numero=2))

    html = pagina(client, "/proposte/atom.xml?zona=2")

    assert "<title>Due</title>" in html
    assert "<title>Uno</title>" not in html
    assert "/proposte/atom.xml?zona=2" in html


def test_the_feed_of_a_search_has_the_last_of_the_best(client, monkeypatch):
    monkeypatch.setattr(elenco, "VOCI_ATOM", 2)
    for giorni, titolo in enumerate(["Parco nuovo", "Altro", "Il parco", "Parco vecchio"]):
        PropostaFactory(titolo=titolo, pubblicata_at=ADESSO - timedelta(days=giorni))
    PropostaFactory(titolo="Parco segreto", pubblicata_at=ADESSO, stato="nascosta")

    radice = ElementTree.fromstring(client.get("/proposte/atom.xml?q=parchi").content)

    assert [voce.find(f"{ATOM}title").text for voce in radice.findall(f"{ATOM}entry")] == [
        "Parco nuovo",
        "Il parco",
    ]


@pytest.mark.parametrize("url", [ELENCO, MAPPA, BISOGNI, "/proposte/colonne/"])
def test_the_pages_are_there_in_english_too(client, url):
    PropostaFactory(titolo="Panchine", latitudine=45.0, longitudine=9.7)

    assert '<html lang="en">' in pagina(client, f"/en{url}")
