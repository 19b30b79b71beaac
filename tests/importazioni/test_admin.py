"""The office's pages for sheets: the file, how far it is, what is wrong, and the writing."""

import csv
import io
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from eventi.models import Incontro, Sede
from importazioni import services
from importazioni.generi import registro
from importazioni.models import Importazione
from tests.factories import (
    AttoreFactory,
    IncontroFactory,
    IscrizioneFactory,
    PercorsoFactory,
    SedeFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ARRIVO = reverse("admin:importazioni_importazione_add")
FILE = "nome;indirizzo;senza gradini\nSala Uno;via A;sì\n;via B;boh\n"


def pagina(importazione, nome="change", *args):
    return reverse(f"admin:importazioni_importazione_{nome}", args=[importazione.pk, *args])


def spedisci(client, genere="sedi", testo=FILE, **opzioni):
    file = SimpleUploadedFile("elenco.csv", testo.encode())
    return client.post(f"{ARRIVO}?genere={genere}", {"file": file, **opzioni})


def test_the_office_loads_a_sheet_waits_reads_its_errors_and_imports_the_rest(client, officer):
    risposta = spedisci(client)
    importazione = Importazione.objects.get()
    assert risposta.url == pagina(importazione)
    attesa = client.get(risposta.url).content.decode()
    assert "Leggo il file" in attesa
    assert f'data-avanzamento="{pagina(importazione, "stato")}"' in attesa
    assert client.get(pagina(importazione, "stato")).json() == {
        "in_lavoro": True,
        "fatte": 0,
        "totale": 0,
        "frase": "Leggo il file e guardo ogni riga.",
    }
    services.lavora(timezone.now())
    assert client.get(pagina(importazione, "stato")).json()["in_lavoro"] is False
    letta = client.get(risposta.url).content.decode()
    assert "Non è stato ancora scritto niente." in letta
    assert "Manca: scrivi il nome della sede." in letta
    assert "Importa solo la riga pronta" in letta
    assert client.post(risposta.url, {"solo_buone": "on"}).url == risposta.url
    client.post(risposta.url, {"solo_buone": "on"})
    assert "Preparo le righe" in client.get(risposta.url).content.decode()
    stato = client.get(pagina(importazione, "stato")).json()
    assert (stato["in_lavoro"], stato["fatte"], stato["totale"]) == (True, 0, 1)
    services.lavora(timezone.now())
    fatta = client.get(risposta.url).content.decode()
    assert "Importate. Righe nuove: 1; righe aggiornate: 0." in fatta
    assert [sede.nome for sede in Sede.objects.all()] == ["Sala Uno"]
    elenco = client.get(reverse("admin:importazioni_importazione_changelist")).content.decode()
    assert "elenco.csv" in elenco


@pytest.mark.parametrize("formato", ["csv", "xlsx"])
def test_the_wrong_rows_come_back_with_what_to_do_beside_them(client, carica, formato):
    importazione = carica("sedi", FILE)
    risposta = client.get(pagina(importazione, "da_correggere", formato))
    contenuto = b"".join(risposta.streaming_content)
    if formato == "csv":
        righe = list(csv.reader(io.StringIO(contenuto.decode("utf-8-sig")), delimiter=";"))
    else:
        foglio = load_workbook(io.BytesIO(contenuto)).active
        righe = [[str(v or "") for v in riga] for riga in foglio.iter_rows(values_only=True)]
    detto = (
        "nome: Manca: scrivi il nome della sede. · "
        "senza gradini: Scrivi «sì», «no», oppure lascia vuoto se non si sa."
    )
    assert righe == [
        ["nome", "indirizzo", "senza gradini", "errore", "riga del file"],
        ["", "via B", "boh", detto, "3"],
    ]


@pytest.mark.parametrize("genere", ["sedi", "attori", "incontri", "iscrizioni"])
def test_each_kind_has_a_model_file_with_its_columns_explained(client, officer, genere):
    PercorsoFactory(stato="attivo")
    colonne = [c.nome for c in registro[genere].risorsa.da_leggere(officer)]
    modello = reverse("admin:importazioni_importazione_modello", args=[genere, "csv"])
    testo = b"".join(client.get(modello).streaming_content).decode("utf-8-sig")
    assert testo == ";".join(colonne) + "\r\n"
    modello = reverse("admin:importazioni_importazione_modello", args=[genere, "xlsx"])
    libro = load_workbook(io.BytesIO(client.get(modello).content))
    assert libro.sheetnames == [genere, "Spiegazione"]
    assert [[c.value for c in riga] for riga in libro.worksheets[0]] == [colonne]
    assert [riga[0].value for riga in libro.worksheets[1]][1:] == colonne
    pagina = unescape(client.get(f"{ARRIVO}?genere={genere}").content.decode())
    assert all(f'<th scope="row">{nome}' in pagina for nome in colonne)


def test_a_sheet_of_another_kind_is_not_there(client, carica):
    importazione = carica("iscrizioni", "nome;incontro\nAnna;\n")
    rotte = [
        pagina(importazione),
        pagina(importazione, "stato"),
        pagina(importazione, "da_correggere", "csv"),
        pagina(importazione, "delete"),
        f"{ARRIVO}?genere=iscrizioni",
        reverse("admin:importazioni_importazione_modello", args=["iscrizioni", "csv"]),
    ]
    dati = {ruolo: [] for ruolo in RUOLI}
    for ruolo in RUOLI:
        client.logout()
        entra(client, ruolo)
        dati[ruolo] = [client.get(rotta).status_code for rotta in rotte]
    assert dati == {
        "anonima": [302] * 6,
        "cittadina": [404] * 6,
        "facilitatore": [404] * 6,
        "moderatore": [404] * 6,
        "ufficio": [200] * 6,
        "amministratrice": [200] * 6,
    }


def test_a_kind_that_does_not_exist_is_not_found(client, officer):
    assert client.get(f"{ARRIVO}?genere=niente").status_code == 404
    assert client.get(ARRIVO).status_code == 200
    modello = reverse("admin:importazioni_importazione_modello", args=["sedi", "exe"])
    assert client.get(modello).status_code == 404


def test_too_heavy_a_file_comes_back_to_the_form(client, officer, monkeypatch):
    monkeypatch.setattr(services, "PESO_MASSIMO", 10)
    assert "Il file pesa più di 16 MB" in spedisci(client).content.decode()
    assert Importazione.objects.count() == 0


def test_a_list_goes_out_as_it_is_filtered_with_real_dates_and_leading_zeros(client, officer):
    incontro = IncontroFactory(slug="verde")
    IscrizioneFactory(incontro=incontro, nome="=1+1", telefono="0523 1", posti_richiesti=2)
    IscrizioneFactory(nome="Altrove")
    foglio = reverse("admin:eventi_iscrizione_foglio", args=["xlsx"])
    risposta = client.get(f"{foglio}?incontro={incontro.pk}")
    letto = load_workbook(io.BytesIO(b"".join(risposta.streaming_content))).active
    nomi, valori = letto.iter_rows()
    riga = dict(zip((c.value for c in nomi), valori, strict=True))
    assert (riga["nome"].value, riga["nome"].data_type) == ("=1+1", "s")
    assert (riga["telefono"].value, riga["telefono"].number_format) == ("0523 1", "@")
    assert riga["iscritta il"].is_date
    assert riga["posti"].value == 2
    assert letto.freeze_panes == "A2"
    # Who took people's data is written down.
    voce = LogEntry.objects.get()
    assert (voce.user, voce.change_message) == (officer, "Esportate 1 righe (XLSX).")
    foglio = reverse("admin:eventi_iscrizione_foglio", args=["csv"])
    testo = b"".join(client.get(foglio).streaming_content).decode()
    assert testo.startswith("\ufeffnumero;incontro;nome;e-mail;")
    assert ";'=1+1;" in testo
    assert len(testo.splitlines()) == 3


@pytest.mark.parametrize(
    ("rotta", "ruoli"),
    [
        ("eventi_sede_foglio", {"facilitatore", "moderatore", "ufficio", "amministratrice"}),
        ("eventi_incontro_foglio", {"facilitatore", "moderatore", "ufficio", "amministratrice"}),
        ("eventi_iscrizione_foglio", {"ufficio", "amministratrice"}),
        ("laboratori_attore_foglio", {"ufficio", "amministratrice"}),
    ],
)
def test_who_reads_a_list_may_take_it_away(client, rotta, ruoli):
    hanno = set()
    for ruolo in RUOLI:
        client.logout()
        entra(client, ruolo)
        if client.get(reverse(f"admin:{rotta}", args=["csv"])).status_code == 200:
            hanno.add(ruolo)
    assert hanno == ruoli


@pytest.mark.parametrize("quante", [1, 3])
@pytest.mark.parametrize(
    ("factory", "genere", "domande"),
    [
        (SedeFactory, "sedi", 3),
        (IncontroFactory, "incontri", 3),
        (IscrizioneFactory, "iscrizioni", 4),
        (AttoreFactory, "attori", 3),
    ],
)
def test_exporting_asks_the_same_few_questions_however_many_rows(
    officer, factory, genere, domande, quante, django_assert_num_queries
):
    from importazioni.esportazione import righe

    factory.create_batch(quante)
    risorsa = registro[genere].risorsa
    officer.has_perm("eventi.view_necessita")
    with django_assert_num_queries(domande):
        assert len(list(righe(risorsa, risorsa._meta.model.objects.all(), officer))) == quante


def test_pages_of_a_sheet_ask_the_same_few_questions(client, carica, django_assert_num_queries):
    una = carica("sedi", "nome;indirizzo\nUno;\n")
    tre = carica("sedi", "nome;indirizzo\nUno;\nDue;\nTre;\n")
    for importazione in (una, tre):
        client.get(pagina(importazione))
        with django_assert_num_queries(8):
            client.get(pagina(importazione))


def test_the_lists_say_how_to_take_them_away_and_to_bring_them_in(client, officer):
    Incontro.objects.all().delete()
    elenco = client.get(reverse("admin:eventi_incontro_changelist") + "?quando=bozze")
    testo = elenco.content.decode()
    foglio = reverse("admin:eventi_incontro_foglio", args=["xlsx"])
    assert f'href="{foglio}?quando=bozze"' in testo
    assert f'href="{ARRIVO}?genere=incontri"' in testo


def test_a_sheet_that_was_only_looked_at_may_be_thrown_away(client, carica, scrivi):
    importazione = carica("sedi", FILE)
    client.post(pagina(importazione, "delete"), {"post": "yes"})
    assert Importazione.objects.count() == 0
    scritta = scrivi(carica("sedi", "nome;indirizzo\nUno;\n"))
    assert client.post(pagina(scritta, "delete"), {"post": "yes"}).status_code == 404
