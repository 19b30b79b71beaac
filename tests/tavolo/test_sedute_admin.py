"""The office's screens of sittings and documents."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from posta.models import Messaggio
from tavolo.models import AccessoDocumento, DocumentoTavolo, PuntoOrdineDelGiorno, Seduta
from tavolo.permissions import Accesso
from tavolo.services.documenti import annota_accesso
from tests.factories import (
    ComponenteFactory,
    DocumentoTavoloFactory,
    EsameFactory,
    PresenzaFactory,
    PuntoFactory,
    SedutaFactory,
    SeggioFactory,
    VerbaleFactory,
)
from tests.ruoli import RUOLI, entra


@pytest.fixture
def bozza(percorso):
    seduta = SedutaFactory(
        in_preparazione=True, incontro__percorso=percorso, incontro__stato="bozza"
    )
    PuntoFactory(seduta=seduta, titolo="Il verde")
    return seduta


# The tables of a sitting's page that nobody writes by hand.
VUOTI = ("documenti", "passaggi")


def admin(nome, *args):
    return reverse(f"admin:tavolo_{nome}", args=args)


@pytest.mark.parametrize("ruolo", RUOLI)
def test_who_opens_which_screen(client, bozza, ruolo):
    documento = DocumentoTavoloFactory(percorso=bozza.incontro.percorso)
    entra(client, ruolo)
    puo = ruolo in ("ufficio", "amministratrice")
    porte = [
        admin(f"seduta_{nome}", bozza.pk)
        for nome in (
            "pronti",
            "convoca",
            "programma",
            "non_programmare",
            "riconvoca",
            "apri",
            "chiudi",
            "correggi",
            "elimina",
        )
    ]
    pagine = [
        admin("seduta_changelist"),
        admin("seduta_change", bozza.pk),
        admin("documentotavolo_changelist"),
        admin("documentotavolo_change", documento.pk),
        admin("accessodocumento_changelist"),
    ]
    atteso = 200 if puo else 302 if ruolo == "anonima" else 404

    assert {client.get(url).status_code for url in porte + pagine} == {atteso}


def test_a_sitting_is_made_with_its_meeting_in_one_screen(client, percorso):
    io = entra(client, "ufficio")
    inizio = timezone.localtime() + timedelta(days=20)
    dati = {
        "percorso": percorso.pk,
        "titolo": "Prima seduta",
        "inizio": f"{inizio:%Y-%m-%dT18:00}",
        "fine": f"{inizio:%Y-%m-%dT20:00}",
        "modalita": "presenza",
    }
    assert client.get(admin("seduta_add")).status_code == 200

    client.post(admin("seduta_add"), dati | {"link_online": "https://riunione.example.org"})
    assert Seduta.objects.count() == 0
    risposta = client.post(admin("seduta_add"), dati)

    seduta = Seduta.objects.get()
    assert risposta["Location"] == admin("seduta_change", seduta.pk)
    assert (seduta.incontro.genere, seduta.passaggi.get().autore) == ("seduta", io)


def test_the_call_is_left_to_leave_by_itself_and_taken_back(client, bozza):
    io = entra(client, "ufficio")
    scheda = admin("seduta_change", bozza.pk)
    assert "convocala entro" in client.get(scheda).content.decode()
    assert "La convocazione parte da sola" in (
        client.get(admin("seduta_programma", bozza.pk)).content.decode()
    )

    for _ in range(2):
        client.post(admin("seduta_programma", bozza.pk))
    bozza.refresh_from_db()
    assert (bozza.programmata_da, bozza.stato) == (io, "bozza")
    assert "La convocazione parte da sola" in client.get(scheda).content.decode()

    client.post(admin("seduta_non_programmare", bozza.pk))
    bozza.refresh_from_db()
    assert bozza.programmata_at is None
    assert Messaggio.objects.count() == 0


def test_the_agenda_is_composed_of_what_is_ready(client, bozza, percorso):
    entra(client, "ufficio")
    pronta = EsameFactory(percorso=percorso, scaduto=True).proposta
    in_esame = EsameFactory(percorso=percorso).proposta
    altrove = EsameFactory(scaduto=True).proposta
    verbale = VerbaleFactory(
        seduta__incontro__percorso=percorso,
        stato="in_correzione",
        correzioni_fino_a=timezone.now(),
    )
    url = admin("seduta_pronti", bozza.pk)
    pagina = client.get(url).content.decode()
    assert [p.titolo in pagina for p in (pronta, in_esame, altrove)] == [True, False, False]

    for _ in range(2):
        client.post(url, {"proposte": [pronta.pk], "verbali": [verbale.pk]})
    client.post(url, {"proposte": [in_esame.pk, altrove.pk]})

    assert [(p.genere, p.titolo) for p in bozza.punti.all()] == [
        ("discussione", "Il verde"),
        ("verbale", str(verbale)),
        ("decisione", pronta.titolo),
    ]


def test_the_call_is_read_before_it_leaves_with_whom_it_reaches(client, bozza, percorso):
    entra(client, "ufficio")
    chi = ComponenteFactory(seggio__percorso=percorso)
    muto = SeggioFactory(percorso=percorso)
    url = admin("seduta_convoca", bozza.pk)

    pagina = client.get(url).content.decode()

    assert "Parte 1 mail." in pagina
    assert f"{chi.nome} &lt;{chi.email}&gt;" in pagina
    assert f"<dt>{muto}</dt>" in pagina
    assert "nessuno da avvisare" in pagina
    assert "1. Il verde" in pagina
    assert Messaggio.objects.count() == 0
    client.post(url)
    assert Messaggio.objects.get().destinatario == chi.email
    assert "convocata" in client.get(admin("seduta_change", bozza.pk)).content.decode()


def test_an_agenda_changed_after_the_call_is_shown_until_it_is_called_again(
    client, bozza, percorso
):
    entra(client, "ufficio")
    client.post(admin("seduta_convoca", bozza.pk))
    PuntoFactory(seduta=bozza, titolo="Gli orti")

    pagina = client.get(admin("seduta_change", bozza.pk)).content.decode()
    assert "Aggiunto: «Gli orti»" in pagina
    client.post(admin("seduta_riconvoca", bozza.pk))
    pagina = client.get(admin("seduta_change", bozza.pk)).content.decode()
    assert "Aggiunto: «Gli orti»</li>" not in pagina.partition("punti-group")[0]


def test_items_of_a_closed_sitting_are_only_read(client, percorso):
    entra(client, "ufficio")
    seduta = SedutaFactory(incontro__percorso=percorso, chiusa=True)
    punto = PuntoFactory(seduta=seduta, titolo="Il verde")
    url = admin("seduta_change", seduta.pk)
    dati = {
        "numero": seduta.numero,
        **{f"{nome}-{quante}_FORMS": 0 for nome in VUOTI for quante in ("TOTAL", "INITIAL")},
        "punti-TOTAL_FORMS": 1,
        "punti-INITIAL_FORMS": 1,
        "punti-0-id": punto.pk,
        "punti-0-seduta": seduta.pk,
        "punti-0-ordine": 1,
        "punti-0-genere": "decisione",
        "punti-0-titolo": "Altro",
    }

    assert client.post(url, dati).status_code == 302
    assert PuntoOrdineDelGiorno.objects.get().titolo == "Il verde"
    Seduta.objects.update(stato="convocata")
    assert client.post(url, dati).status_code == 302
    assert PuntoOrdineDelGiorno.objects.get().titolo == "Altro"


@pytest.mark.parametrize("quante", [1, 3])
@pytest.mark.parametrize(
    ("nome", "query"),
    [("seduta", 7), ("documentotavolo", 8), ("accessodocumento", 11), ("registro", 9)],
)
def test_lists_ask_the_database_the_same_with_one_row_and_with_three(
    client, percorso, nome, query, quante, django_assert_num_queries
):
    persona = entra(client, "ufficio")
    for _ in range(quante):
        seduta = SedutaFactory(incontro__percorso=percorso, chiusa=True)
        PresenzaFactory(seduta=seduta)
        documento = DocumentoTavoloFactory(percorso=percorso, seduta=seduta)
        for aperto in (documento, VerbaleFactory(seduta=seduta), "Dossier degli esami"):
            annota_accesso(
                aperto, Accesso(percorso.pk, ufficio=True), persona, adesso=timezone.now()
            )
    url = admin("seduta_registro") if nome == "registro" else admin(f"{nome}_changelist")

    with django_assert_num_queries(query):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    ("filtro", "quali"),
    [
        ("", ["Dossier degli esami", "Le carte", "Verbale della seduta n. 7"]),
        ("che_cosa=documenti", ["Le carte"]),
        ("che_cosa=verbali", ["Verbale della seduta n. 7"]),
        ("che_cosa=esami", ["Dossier degli esami"]),
        ("q=seduta+n.+7", ["Verbale della seduta n. 7"]),
    ],
)
def test_the_office_looks_for_who_opened_what(client, percorso, filtro, quali):
    persona = entra(client, "ufficio")
    documento = DocumentoTavoloFactory(percorso=percorso, titolo="Le carte")
    verbale = VerbaleFactory(seduta__incontro__percorso=percorso, seduta__numero=7)
    for aperto in (documento, verbale, "Dossier degli esami"):
        annota_accesso(aperto, Accesso(percorso.pk, ufficio=True), persona, adesso=timezone.now())

    pagina = client.get(f"{admin('accessodocumento_changelist')}?{filtro}")

    righe = pagina.context["cl"].result_list
    nomi = sorted(riga.oggetto.partition(",")[0] for riga in righe)
    assert nomi == quali
    for riga in righe:
        url = admin("accessodocumento_change", riga.pk)
        assert riga.oggetto in client.get(url).content.decode()


def test_the_register_names_organisations_across_sittings(client, percorso):
    entra(client, "ufficio")
    chi = ComponenteFactory(seggio__percorso=percorso)
    prima = SedutaFactory(incontro__percorso=percorso, chiusa=True, numero=1)
    seconda = SedutaFactory(incontro__percorso=percorso, chiusa=True, numero=2)
    PresenzaFactory(seduta=prima, seggio=chi.seggio, componente=chi)
    PresenzaFactory(seduta=seconda, seggio=chi.seggio, modo="assente")
    url = admin("seduta_registro")

    csv = b"".join(client.get(f"{url}?formato=csv")).decode()

    assert csv.splitlines()[1] == f"{chi.seggio};componente;in sala;assente;1;2"
    assert client.get(f"{url}?formato=xlsx").content.startswith(b"PK")
    assert "1 su 2" in client.get(url).content.decode()
    assert "Riservata" not in csv


def test_a_document_is_looked_into_and_stays_once_somebody_opened_it(client, percorso):
    persona = entra(client, "ufficio")
    url = admin("documentotavolo_add")

    def manda(contenuto):
        file = SimpleUploadedFile("carte.pdf", contenuto)
        return client.post(url, {"percorso": percorso.pk, "titolo": "Le carte", "file": file})

    assert manda(b"MZ programma").status_code == 200
    assert DocumentoTavolo.objects.count() == 0
    manda(b"%PDF-1.7 carte")
    documento = DocumentoTavolo.objects.get()
    elimina = admin("documentotavolo_delete", documento.pk)
    assert client.get(elimina).status_code == 200

    annota_accesso(documento, Accesso(percorso.pk, ufficio=True), persona, adesso=timezone.now())
    assert client.post(elimina, {"post": "yes"}).status_code == 404
    assert AccessoDocumento.objects.get().documento == documento
