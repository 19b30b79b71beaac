import json
import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from portale.lib import senza_rete
from proposte.models import Nota
from proposte.views import raccolta as views
from tests.factories import NotaFactory, VerbalizzanteFactory
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia():
    return VerbalizzanteFactory(
        incontro__inizio=timezone.now(), incontro__titolo="Il verde", nome="Anna", tavolo=3
    )


def pagina(verbalizzante):
    return f"/raccolta/{verbalizzante.token}/"


def api(verbalizzante):
    return f"/raccolta/{verbalizzante.token}/note/"


def nota(n=1, **campi):
    return {
        "chiave": str(uuid.UUID(int=n)),
        "versione": 1,
        "ordine": n,
        "tavolo": 3,
        "genere": "",
        "testo": f"nota {n}",
        "eliminata": False,
        "digitata": "2026-03-03T18:00:00.000Z",
    } | campi


def manda(client, verbalizzante, *note, **opzioni):
    corpo = json.dumps({"note": note})
    return client.post(api(verbalizzante), corpo, content_type="application/json", **opzioni)


def esiti(response):
    return [(voce["esito"], voce.get("errore", "")) for voce in response.json()["note"]]


def scritte(**filtri):
    return list(Nota.objects.filter(**filtri).order_by("ordine").values_list("testo", flat=True))


# --- Who may --------------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", RUOLI)
def test_the_link_alone_opens_the_page_whoever_is_signed_in(client, mia, ruolo):
    entra(client, ruolo)
    for url in (pagina(mia), api(mia)):
        response = client.get(url)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert not response.cookies
    assert esiti(manda(client, mia, nota())) == [("salvata", "")]


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.parametrize("rovina", [lambda t: t[:-1], lambda t: t.split(".")[0], lambda t: "a.b"])
def test_an_altered_link_opens_nothing_for_anybody(client, mia, ruolo, rovina):
    NotaFactory(incontro=mia.incontro, verbalizzante=mia, testo="segreta")
    entra(client, ruolo)
    token = rovina(mia.token)
    risposte = [
        client.get(f"/raccolta/{token}/"),
        client.get(f"/raccolta/{token}/note/"),
        client.post(f"/raccolta/{token}/", {"testo": "x"}),
        client.post(f"/raccolta/{token}/note/", "{}", content_type="application/json"),
    ]
    assert [risposta.status_code for risposta in risposte] == [404] * 4
    for risposta in risposte:
        assert "segreta" not in risposta.content.decode()
        assert "Il verde" not in risposta.content.decode()
    assert scritte() == ["segreta"]


@pytest.mark.parametrize(
    ("campi", "incontro", "perche"),
    [
        ({"attivo": False}, {}, "L&#x27;ufficio ha ritirato questo link."),
        ({}, {"stato": "annullato"}, "L&#x27;incontro è annullato."),
        ({}, {"inizio": timezone.now() + timedelta(days=30), "fine": None}, "È presto"),
        ({}, {"inizio": timezone.now() - timedelta(days=30), "fine": None}, "si è chiusa"),
    ],
)
def test_a_link_that_does_not_hold_now_says_why_and_keeps_nothing(
    client, mia, campi, incontro, perche
):
    NotaFactory(incontro=mia.incontro, verbalizzante=mia, testo="scritta prima")
    type(mia).objects.update(**campi)
    if incontro:
        type(mia.incontro).objects.update(**incontro)

    aperta = client.get(pagina(mia))
    spedita = client.post(pagina(mia), {"testo": "appena scritta", "tavolo": "3"})
    letta, mandata = client.get(api(mia)), manda(client, mia, nota())

    risposte = (aperta, spedita, letta, mandata)
    assert [risposta.status_code for risposta in risposte] == [403] * 4
    for risposta in (aperta, spedita):
        assert perche in risposta.content.decode()
        assert "scritta prima" not in risposta.content.decode()
    # What she had just sent comes back, to be copied.
    assert "appena scritta" in spedita.content.decode()
    assert set(letta.json()) == {"motivo"} == set(mandata.json())
    assert scritte() == ["scritta prima"]


def test_each_sees_her_own_notes_alone(client, mia):
    altra = VerbalizzanteFactory(incontro=mia.incontro, tavolo=3)
    for sua, testo in ((mia, "di Anna"), (altra, "di Bruna")):
        NotaFactory(incontro=mia.incontro, verbalizzante=sua, testo=testo)
    NotaFactory(incontro=mia.incontro, testo="di nessuno")
    assert [voce["testo"] for voce in client.get(api(mia)).json()["note"]] == ["di Anna"]
    html = client.get(pagina(mia)).content.decode()
    assert ("di Anna" in html, "di Bruna" in html, "di nessuno" in html) == (True, False, False)


def test_other_methods_are_refused(client, mia):
    for url in (pagina(mia), api(mia)):
        assert client.put(url).status_code == 405
        assert client.delete(url).status_code == 405
    assert client.post("/raccolta/servizio.js").status_code == 405
    assert client.head(pagina(mia)).status_code == 200


@pytest.mark.parametrize("quante", [1, 3])
def test_the_page_costs_the_same_whatever_its_length(
    client, mia, quante, django_assert_num_queries
):
    for _ in range(quante):
        NotaFactory(incontro=mia.incontro, verbalizzante=mia)
    for url in (pagina(mia), api(mia)):
        # The version of kept pages, who she is, her notes.
        with django_assert_num_queries(3):
            assert client.get(url).status_code == 200


# --- For the script -------------------------------------------------------------------------


def test_a_batch_is_kept_and_read_back_as_it_was_sent(client, mia):
    note = [nota(1), nota(2, genere="idea", tavolo=4), nota(3, versione=2, eliminata=True)]
    response = manda(client, mia, *note)
    assert esiti(response) == [("salvata", "")] * 3
    lette = client.get(api(mia)).json()["note"]
    assert lette == [voce["nota"] for voce in response.json()["note"]]
    for letta, mandata in zip(lette, note, strict=True):
        assert letta | {"digitata": ""} == mandata | {"digitata": ""}
        assert letta["digitata"] == "2026-03-03T18:00:00+00:00"


def test_a_note_that_cannot_be_kept_loses_none_of_the_others(client, mia):
    cattive = {
        "La nota è vuota: scrivi che cosa c'è sul foglietto.": {"testo": " \x00\n"},
        "La nota è troppo lunga (601 caratteri): al massimo 600. Dividila in due.": {
            "testo": "a" * 601
        },
        "Il numero del tavolo va da 1 a 99.": {"tavolo": 0},
        "La nota non ha una chiave valida.": {"chiave": "x"},
    }
    note = [nota(n, **campi) for n, campi in enumerate(cattive.values(), 10)]
    mescolate = [nota(1), *note, nota(2)]

    response = manda(client, mia, *mescolate)

    assert response.status_code == 200
    assert esiti(response) == [
        ("salvata", ""),
        *(("rifiutata", errore) for errore in cattive),
        ("salvata", ""),
    ]
    assert [v["chiave"] for v in response.json()["note"]] == [n["chiave"] for n in mescolate]
    assert scritte() == ["nota 1", "nota 2"]


@pytest.mark.parametrize(
    "voce",
    [
        None,
        "x",
        7,
        [],
        {},
        {"testo": "senza chiave"},
        nota(testo=None),
        nota(testo=["a"]),
        nota(testo={"a": 1}),
        nota(chiave=None),
        nota(chiave=5),
        nota(chiave=[1]),
        nota(versione=0),
        nota(versione=-1),
        nota(versione="x"),
        nota(versione=10**30),
        nota(versione=1.5),
        nota(versione=None),
        nota(ordine=-1),
        nota(ordine=10**12),
        nota(tavolo=100),
        nota(tavolo="tre"),
        nota(tavolo=None),
        nota(genere="altro"),
        nota(genere=["idea"]),
    ],
)
def test_whatever_is_no_note_is_refused_in_words(client, mia, voce):
    response = manda(client, mia, voce, nota(2))
    assert response.status_code == 200
    (esito, errore), buona = esiti(response)
    assert (esito, buona) == ("rifiutata", ("salvata", ""))
    assert errore
    assert scritte() == ["nota 2"]


@pytest.mark.parametrize(
    "digitata",
    [None, "", "ieri", 7, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", [], "1" * 999],
)
def test_a_clock_that_says_nonsense_loses_no_note(client, mia, digitata):
    assert esiti(manda(client, mia, nota(digitata=digitata))) == [("salvata", "")]
    assert timezone.now() - Nota.objects.get().digitata_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    "testo",
    [
        "<script>alert(1)</script>",
        "👩🏽‍🌾 orti 🌱",
        "نريد حديقة ‮ 123",
        "a" * 600,
        "'; DROP TABLE proposte_nota; --",
        "{{ 7*7 }} {% now %}",
        "</script><b>",
    ],
)
def test_any_text_is_kept_as_it_is_and_shown_harmless(client, mia, testo):
    assert esiti(manda(client, mia, nota(testo=testo))) == [("salvata", "")]
    assert scritte() == [testo]
    html = client.get(pagina(mia)).content.decode()
    assert "<script>alert" not in html
    assert "<b>" not in html


def test_what_no_database_can_hold_is_cleaned_away(client, mia):
    response = manda(client, mia, nota(testo="nul\x00la e mezza \ud83d emoji"))
    assert esiti(response) == [("salvata", "")]
    assert scritte() == ["nulla e mezza � emoji"]


@pytest.mark.parametrize(
    "corpo",
    [
        b" ",
        b"{",
        b"[]",
        b"null",
        b'{"note": 3}',
        b'{"note": null}',
        b'{"altro": []}',
        b'{"note": [{"testo": "\xff\xfe"}]}',
        b'{"note": ' + b"[" * 100_000,
        b'{"note": [' + b"9" * 5000 + b"]}",
        json.dumps({"note": [nota(n) for n in range(51)]}).encode(),
    ],
)
def test_what_is_no_batch_is_refused_whole(client, mia, corpo):
    response = client.post(api(mia), corpo, content_type="application/json")
    assert response.status_code == 400
    assert list(response.json()) == ["motivo"]
    assert scritte() == []


def test_a_megabyte_is_refused_before_it_is_read(client, mia):
    response = manda(client, mia, nota(testo="a" * 1_000_000))
    assert (response.status_code, scritte()) == (413, [])


def test_twenty_of_the_longest_notes_fit_into_one_batch(client, mia):
    lunghe = [nota(n, testo="🌱" * 600) for n in range(20)]
    assert esiti(manda(client, mia, *lunghe)) == [("salvata", "")] * 20


@pytest.mark.parametrize(
    "tipo", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_form_of_another_site_could_send_is_refused(client, mia, tipo):
    response = client.post(api(mia), json.dumps({"note": [nota()]}), content_type=tipo)
    assert (response.status_code, scritte()) == (415, [])


def test_too_many_requests_are_put_off_and_nothing_is_kept_of_them(client, mia, monkeypatch):
    monkeypatch.setattr(views, "LIMITE", "2/m")
    altra = VerbalizzanteFactory(incontro=mia.incontro)
    for n in (1, 2):
        manda(client, mia, nota(n))
    response = manda(client, mia, nota(3))
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert scritte() == ["nota 1", "nota 2"]
    # In the same hall, from the same address.
    assert manda(client, altra, nota(4)).status_code == 200
    # The form gives the words back.
    modulo = client.post(pagina(mia), {**nota(5), "testo": "non perdermi"})
    assert modulo.status_code == 429
    assert "non perdermi" in modulo.content.decode()


# --- Without scripts ------------------------------------------------------------------------


def modulo(client, verbalizzante, **campi):
    html = client.get(pagina(verbalizzante)).content.decode()
    chiave = re.search(r'name="chiave" value="([^"]+)"', html)[1]
    dati = {"azione": "aggiungi", "chiave": chiave, "versione": "1", "tavolo": "3", "genere": ""}
    return dati | campi


def test_the_form_adds_one_note_and_comes_back_with_its_table(client, mia):
    dati = modulo(client, mia, testo="panchine", tavolo="5", genere="bisogno")
    response = client.post(pagina(mia), dati)
    assert response.status_code == 302
    assert response["Location"] == f"{pagina(mia)}?tavolo=5"
    n = Nota.objects.get()
    assert (n.testo, n.tavolo, n.genere, n.ordine, n.incontro) == (
        "panchine",
        5,
        "bisogno",
        1,
        mia.incontro,
    )
    assert 'name="tavolo" id="id_tavolo" min="1" max="99" value="5"' in client.get(
        response["Location"]
    ).content.decode().replace("\n", " ")


def test_the_form_sent_twice_is_one_note_and_gone_back_to_another(client, mia):
    dati = modulo(client, mia, testo="una")
    for _ in range(2):
        assert client.post(pagina(mia), dati).status_code == 302
    assert scritte() == ["una"]
    client.post(pagina(mia), dati | {"testo": "due"})
    assert scritte() == ["una", "due"]


@pytest.mark.parametrize(
    ("campi", "errore"),
    [
        ({"testo": ""}, "La nota è vuota: scrivi che cosa"),
        ({"testo": "a" * 601}, "La nota è troppo lunga (601 caratteri): al massimo 600."),
        ({"tavolo": "0"}, "Il numero del tavolo va da 1 a 99."),
        ({"tavolo": ""}, "Il numero del tavolo va da 1 a 99."),
    ],
)
def test_the_form_comes_back_with_what_is_wrong_and_all_that_was_typed(client, mia, campi, errore):
    dati = modulo(client, mia, testo="panchine") | campi
    response = client.post(pagina(mia), dati)
    html = response.content.decode()
    assert response.status_code == 200
    assert errore in html
    assert dati["chiave"] in html
    assert f">\n{dati['testo']}</textarea>" in html
    assert scritte() == []


def test_the_form_corrects_deletes_and_brings_back(client, mia):
    manda(client, mia, nota(1), nota(2))
    chiave = str(uuid.UUID(int=1))
    correzione = client.get(f"{pagina(mia)}?modifica={chiave}").content.decode()
    assert ">\nnota 1</textarea>" in correzione
    assert 'name="versione" value="2"' in correzione

    comune = {"chiave": chiave, "tavolo": "4", "genere": "idea", "testo": "corretta"}
    for _ in range(2):
        response = client.post(pagina(mia), comune | {"azione": "modifica", "versione": "2"})
        assert response["Location"] == f"{pagina(mia)}?tavolo=4"
    n = Nota.objects.get(chiave=chiave)
    assert (n.testo, n.tavolo, n.genere, n.versione) == ("corretta", 4, "idea", 2)

    for _ in range(2):
        response = client.post(
            pagina(mia), {"azione": "elimina", "chiave": chiave, "versione": "3"}
        )
    assert response["Location"] == f"{pagina(mia)}?tavolo=4&eliminata={chiave}"
    assert [n.testo for n in Nota.objects.presenti()] == ["nota 2"]
    tornata = client.get(response["Location"]).content.decode()
    assert "<bdi>corretta</bdi>" in tornata
    assert 'name="versione" value="4"' in tornata

    client.post(pagina(mia), {"azione": "ripristina", "chiave": chiave, "versione": "4"})
    assert sorted(n.testo for n in Nota.objects.presenti()) == ["corretta", "nota 2"]


def test_a_note_changed_elsewhere_meanwhile_is_shown_and_not_written_over(client, mia):
    manda(client, mia, nota(versione=2, testo="dal telefono"))
    dati = nota(versione=2, testo="dal modulo") | {"azione": "modifica"}
    response = client.post(pagina(mia), dati)
    html = response.content.decode()
    assert response.status_code == 409
    assert "adesso dice «dal telefono»" in html
    assert ">\ndal modulo</textarea>" in html
    assert scritte() == ["dal telefono"]
    # The button is pressed again, knowing.
    assert 'name="versione" value="3"' in html
    client.post(pagina(mia), dati | {"versione": "3"})
    assert scritte() == ["dal modulo"]


@pytest.mark.parametrize("chiave", ["", "x", str(uuid.UUID(int=77))])
def test_a_note_that_is_not_hers_is_not_found(client, mia, chiave):
    altra = VerbalizzanteFactory(incontro=mia.incontro)
    NotaFactory(
        incontro=mia.incontro, verbalizzante=altra, chiave=uuid.UUID(int=77), testo="segreta"
    )
    risposte = [client.get(f"{pagina(mia)}?modifica={chiave}")]
    risposte += [
        client.post(pagina(mia), {"azione": azione, "chiave": chiave, "versione": "2"})
        for azione in ("elimina", "ripristina")
    ]
    assert [risposta.status_code for risposta in risposte] == [404] * 3
    assert b"segreta" not in b"".join(risposta.content for risposta in risposte)
    assert "segreta" not in client.get(f"{pagina(mia)}?eliminata={chiave}").content.decode()


@pytest.mark.parametrize(
    ("scritto", "letto"),
    [("5", 5), ("99", 99), ("100", 3), ("0", 3), ("-1", 3), ("²", 3), ("", 3)],
)
def test_the_table_of_the_address_is_believed_if_there_can_be_such_a_table(
    client, mia, scritto, letto
):
    response = client.get(pagina(mia), {"tavolo": scritto})
    assert response.context["tavolo"] == letto


# --- Without a network ----------------------------------------------------------------------


def test_what_the_browser_keeps_of_the_page_holds_nobodys_notes(client, mia):
    NotaFactory(incontro=mia.incontro, verbalizzante=mia, testo="segreta")
    intera = client.get(pagina(mia))
    guscio = client.get(pagina(mia), headers={"X-Guscio": "si"})
    assert "segreta" in intera.content.decode()
    assert "segreta" not in guscio.content.decode()
    assert guscio["X-Guscio-Versione"] == views.GUSCIO.da_conservare()[0]


@pytest.mark.parametrize("lingua", ["it", "en"])
def test_the_worker_is_served_where_its_scope_is(client, mia, lingua):
    with translation.override(lingua):
        url, sua = reverse("raccolta:servizio"), reverse("raccolta:raccolta", args=[mia.token])
    response = client.get(url)
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "no-cache"
    assert sua.startswith(url.removesuffix("servizio.js"))
    dati = json.loads(re.search(r"self\.GUSCIO = (.*);\n", response.content.decode())[1])
    assert dati == {
        "nome": "raccolta",
        "versione": views.GUSCIO.da_conservare()[0],
        "file": [f"/static/{nome}" for nome in views.GUSCIO.file],
    }
    pagina_sua = client.get(sua).context["dati"]
    assert (pagina_sua["servizio"], pagina_sua["ambito"]) == (url, url.removesuffix("servizio.js"))


def test_the_worker_keeps_every_file_that_the_page_asks_for(client, mia):
    html = client.get(pagina(mia)).content.decode()
    senza = re.sub(r"<noscript>.*?</noscript>", "", html)
    chiesti = set(re.findall(r'/static/([^"#]+)', senza))
    # Icons that the browser asks for on its own account, never through the worker.
    assert chiesti - set(views.GUSCIO.file) == {"img/favicon.ico", "img/icona-180.png"}


def test_a_changed_file_makes_a_new_worker(tmp_path, monkeypatch):
    prima = views.GUSCIO.calcola()[0]
    assert views.GUSCIO.calcola()[0] == prima
    nuovo = tmp_path / "x.js"
    nuovo.write_text("new")
    vero = senza_rete.finders.find
    for cambiato in ("js/raccolta.js", "js/senza-rete-servizio.js", "bi/portale.css"):
        monkeypatch.setattr(
            senza_rete.finders,
            "find",
            lambda nome, c=cambiato: str(nuovo) if nome == c else vero(nome),
        )
        assert views.GUSCIO.calcola()[0] != prima
