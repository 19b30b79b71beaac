"""The pages of sittings and documents: who sees what, and no name in public."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from eventi.models import Incontro
from portale.lib.dates import a_roma
from tavolo.models import (
    AccessoDocumento,
    Componente,
    DocumentoTavolo,
    Giustificazione,
    Presenza,
    Seduta,
)
from tavolo.permissions import Accesso
from tavolo.services import assenze
from tavolo.services.documenti import annota_accesso
from tests.factories import (
    ComponenteFactory,
    DocumentoTavoloFactory,
    PresenzaFactory,
    PropostaFactory,
    PuntoFactory,
    SedutaFactory,
    SeggioFactory,
)

from .conftest import RUOLI

PDF = b"%PDF-1.7\nprova"


@pytest.fixture
def seduta(percorso):
    """Called, beginning in an hour, with an item."""
    tra_poco = timezone.now().replace(second=0, microsecond=0) + timedelta(hours=1)
    seduta = SedutaFactory(incontro__percorso=percorso, incontro__inizio=tra_poco)
    PuntoFactory(seduta=seduta, titolo="Il verde")
    return seduta


@pytest.fixture
def documento(percorso, seduta):
    return DocumentoTavoloFactory(percorso=percorso, seduta=seduta)


LEGGE = {"supplente", "titolare", "coordinamento", "segreteria", "osservatore", "comitato"} | {
    "ufficio"
}
CONDUCE = {"coordinamento", "segreteria", "ufficio"}
SIEDE = LEGGE - {"comitato", "ufficio"}

# Page or action: who may, what it answers to her. Everybody else gets 404, anonymous the login.
PAGINE = {
    "area:seduta_list": ("get", [], LEGGE | {"altro_percorso"}, 200),
    "area:documento_list": ("get", [], LEGGE | {"altro_percorso"}, 200),
    "area:seduta_detail": ("get", ["seduta"], LEGGE, 200),
    "area:seduta_ics": ("get", ["seduta"], LEGGE, 200),
    "area:documento_scarica": ("get", ["documento"], LEGGE, 200),
    "area:giustifica": ("post", ["seduta"], SIEDE, 303),
    "area:presenze": ("get", ["seduta"], CONDUCE, 200),
    "area:presenze_foglio": ("get", ["seduta"], CONDUCE, 200),
    "area:seduta_documento_carica": ("get", ["seduta"], CONDUCE, 200),
    "area:seduta_apri": ("post", ["seduta"], CONDUCE, 303),
    "area:seduta_chiudi": ("post", ["seduta"], CONDUCE, 303),
}


@pytest.mark.parametrize("ruolo", RUOLI)
def test_who_may_open_which_page_of_a_sitting(client, come, ruolo, seduta, seggio, documento):
    SeggioFactory(percorso=seduta.incontro.percorso)
    come(ruolo)
    argomenti = {"seduta": seduta.incontro.slug, "documento": documento.pk}
    ottenuti, attesi = {}, {}
    for nome, (metodo, chiavi, chi, stato) in PAGINE.items():
        url = reverse(nome, args=[argomenti[chiave] for chiave in chiavi])
        ottenuti[nome] = getattr(client, metodo)(url).status_code
        attesi[nome] = 302 if ruolo == "anonima" else stato if ruolo in chi else 404

    assert ottenuti == attesi


@pytest.mark.parametrize("ruolo", ["titolare", "osservatore", "comitato", "altro_percorso"])
def test_a_sitting_that_is_being_prepared_is_seen_by_who_leads_alone(
    client, come, percorso, seggio, ruolo
):
    bozza = SedutaFactory(
        incontro__percorso=percorso,
        incontro__titolo="Seduta segreta",
        incontro__stato="bozza",
        in_preparazione=True,
    )
    documento = DocumentoTavoloFactory(
        percorso=percorso, seduta=bozza, titolo="Carte segrete", pubblico_dal="2020-01-01"
    )
    come(ruolo)

    indirizzi = [
        reverse("area:seduta_detail", args=[bozza.incontro.slug]),
        reverse("area:documento_scarica", args=[documento.pk]),
        reverse("tavolo:seduta_detail", args=[bozza.incontro.slug]),
        reverse("tavolo:documento_scarica", args=[documento.pk]),
    ]
    assert [client.get(url).status_code for url in indirizzi] == [404, 404, 404, 404]
    for nome in ("area:seduta_list", "area:documento_list", "tavolo:seduta_list"):
        assert "segret" not in client.get(reverse(nome)).content.decode()

    come("segreteria")
    assert [client.get(url).status_code for url in indirizzi] == [200, 200, 404, 404]


def test_public_pages_name_organisations_and_never_a_person(client, percorso, seggio):
    seduta = SedutaFactory(
        incontro__percorso=percorso,
        chiusa=True,
        seggi_con_voce=2,
        numero_legale=2,
        incontro__link_online="https://riunione.example.org/riservata",
    )
    chi = ComponenteFactory(seggio=seggio)
    PuntoFactory(seduta=seduta, relatore=seggio, titolo="Il verde")
    PresenzaFactory(seduta=seduta, seggio=seggio, componente=chi)
    assente = PresenzaFactory(seduta=seduta, modo=Presenza.Modo.ASSENTE)

    pagina = client.get(reverse("tavolo:seduta_detail", args=[seduta.incontro.slug]))
    testo = pagina.content.decode()

    assert "illustra: " + str(seggio) in testo
    assert "1 organizzazione presente, 1 con voce. Numero legale: 2 seggi su 2 con voce." in testo
    assert str(assente.seggio) not in testo
    elenco = client.get(reverse("tavolo:seduta_list")).content.decode()
    ics = client.get(reverse("tavolo:seduta_ics", args=[seduta.incontro.slug])).content.decode()
    incontro = client.get(seduta.incontro.get_absolute_url()).content.decode()
    for nascosto in ("Riservata", "riservata"):
        assert [nascosto in dove for dove in (testo, elenco, ics, incontro)] == [False] * 4
    assert "csrfmiddlewaretoken" not in testo + elenco


def test_the_public_page_leads_to_proposals_that_are_public_alone(client, seduta):
    punto = seduta.punti.get()
    pubblica = PropostaFactory(percorso=seduta.incontro.percorso, stato="in_valutazione")
    nascosta = PropostaFactory(
        percorso=seduta.incontro.percorso, stato="nascosta", titolo="Proposta offensiva"
    )
    punto.proposte.set([pubblica, nascosta])

    testo = client.get(seduta.get_absolute_url()).content.decode()

    assert pubblica.get_absolute_url() in testo
    assert "offensiva" not in testo


def test_the_meetings_own_page_leads_to_a_sitting_once_it_is_called(client, seduta):
    url = seduta.get_absolute_url()
    assert f'href="{url}"' in client.get(seduta.incontro.get_absolute_url()).content.decode()

    Seduta.objects.update(stato="bozza", convocazione=0)
    assert f'href="{url}"' not in client.get(seduta.incontro.get_absolute_url()).content.decode()


@pytest.mark.parametrize("quante", [1, 3])
@pytest.mark.parametrize(
    ("nome", "ruolo", "query"),
    [
        ("tavolo:seduta_list", "anonima", 4),
        ("area:seduta_list", "titolare", 8),
        ("area:documento_list", "titolare", 7),
        ("area:seduta_detail", "titolare", 19),
        ("area:presenze", "segreteria", 12),
        ("tavolo:seduta_detail", "anonima", 6),
    ],
)
def test_pages_ask_the_database_the_same_with_one_row_and_with_three(
    client, come, percorso, seduta, seggio, quante, nome, ruolo, query, django_assert_num_queries
):
    for _ in range(quante):
        altra = SedutaFactory(incontro__percorso=percorso, chiusa=True)
        DocumentoTavoloFactory(percorso=percorso, seduta=altra)
        DocumentoTavoloFactory(percorso=percorso, seduta=seduta, punto=seduta.punti.first())
        punto = PuntoFactory(seduta=seduta, relatore=seggio)
        punto.proposte.set([PropostaFactory(percorso=percorso, stato="in_valutazione")])
        ComponenteFactory(seggio__percorso=percorso)
        PresenzaFactory(seduta=seduta)
    come(ruolo)
    argomenti = [] if nome.endswith("_list") else [seduta.incontro.slug]

    with django_assert_num_queries(query):
        assert client.get(reverse(nome, args=argomenti)).status_code == 200


# --- "I cannot come" ------------------------------------------------------------------------


def test_the_link_of_a_call_needs_no_login_and_changes_nothing_until_its_button_is_pressed(
    client, seduta, seggio
):
    chi = ComponenteFactory(seggio=seggio, invitato=True)
    url = reverse("area:assenza", args=[assenze.link(seduta, chi)])

    pagina = client.get(url)
    assert (pagina.status_code, Giustificazione.objects.count()) == (200, 0)
    assert (pagina["Cache-Control"], pagina["Referrer-Policy"]) == ("no-store", "no-referrer")

    assert [client.post(url).status_code for _ in range(2)] == [303, 303]
    assert Giustificazione.objects.get().componente == chi

    assert client.post(url, {"azione": "ritira"}).status_code == 303
    assert Giustificazione.objects.count() == 0


@pytest.mark.parametrize("guasto", ["alterato", "cessata", "altra", "bozza"])
def test_a_link_that_was_altered_or_of_who_sits_there_no_more_opens_nothing(
    client, seduta, seggio, guasto
):
    chi = ComponenteFactory(seggio=seggio)
    token = assenze.link(seduta, chi)
    if guasto == "alterato":
        token = token.replace(":", ":x", 1)
    elif guasto == "cessata":
        ieri = a_roma(timezone.now()).date() - timedelta(days=1)
        Componente.objects.update(al=ieri)
    elif guasto == "altra":
        token = assenze.link(SedutaFactory(), chi)
    else:
        Seduta.objects.update(stato="bozza")
    url = reverse("area:assenza", args=[token])

    assert [client.get(url).status_code, client.post(url).status_code] == [404, 404]
    assert Giustificazione.objects.count() == 0


def test_once_the_sitting_has_begun_the_link_says_that_it_is_late(client, seduta, seggio):
    chi = ComponenteFactory(seggio=seggio)
    Incontro.objects.update(inizio=timezone.now() - timedelta(minutes=5))
    url = reverse("area:assenza", args=[assenze.link(seduta, chi)])

    assert client.post(url).status_code == 409
    assert Giustificazione.objects.count() == 0


def test_from_the_area_she_says_so_and_takes_it_back(client, come, seduta):
    io = come("titolare")
    url = reverse("area:giustifica", args=[seduta.incontro.slug])

    client.post(url)
    assert Giustificazione.objects.get().componente == io
    pagina = client.get(reverse("area:seduta_detail", args=[seduta.incontro.slug]))
    assert "Invece ci sarò" in pagina.content.decode()

    client.post(url, {"azione": "ritira"})
    assert Giustificazione.objects.count() == 0


# --- The register ---------------------------------------------------------------------------


def test_taps_count_the_quorum_again_with_no_script(client, come, seduta, seggio):
    io = come("coordinamento")
    url = reverse("area:presenze", args=[seduta.incontro.slug])
    assert "Numero legale 2: ne mancano 2" in client.get(url).content.decode()

    for quale in (seggio, io.seggio):
        risposta = client.post(url, {"seggio": quale.pk, "segno": "sala"})
        assert risposta["Location"] == f"{url}#seggio-{quale.pk}"
    assert "Numero legale raggiunto (2)" in client.get(url).content.decode()

    client.post(reverse("area:seduta_apri", args=[seduta.incontro.slug]))
    client.post(url, {"seggio": seggio.pk, "segno": "uscita"})
    assert "Numero legale 2: ne manca 1" in client.get(url).content.decode()
    client.post(reverse("area:seduta_chiudi", args=[seduta.incontro.slug]))
    assert Seduta.objects.get(pk=seduta.pk).stato == Seduta.Stato.CHIUSA


def test_a_tap_for_a_seat_of_another_tavolo_marks_nothing(client, come, seduta):
    come("segreteria")
    altrui = SeggioFactory()
    url = reverse("area:presenze", args=[seduta.incontro.slug])

    pagina = client.post(url, {"seggio": altrui.pk, "segno": "sala"}, follow=True)

    assert "Non è stato segnato niente" in pagina.content.decode()
    assert Presenza.objects.count() == 0


# --- Documents ------------------------------------------------------------------------------


def test_each_time_a_member_opens_a_reserved_document_it_is_written_down(
    client, come, documento, seggio
):
    io = come("supplente")
    url = reverse("area:documento_scarica", args=[documento.pk])

    risposta = client.get(url)
    client.head(url)
    come("comitato")
    client.get(url)

    assert {nome: risposta[nome] for nome in ("Content-Type", "X-Content-Type-Options")} == {
        "Content-Type": "application/pdf",
        "X-Content-Type-Options": "nosniff",
    }
    assert risposta["Content-Disposition"].startswith("attachment")
    assert "no-store" in risposta["Cache-Control"]
    titolo = documento.titolo
    DocumentoTavolo.objects.update(titolo="Corretto dopo")
    primo, secondo = AccessoDocumento.objects.order_by("pk")
    assert (primo.persona, primo.seggio, primo.titolo_accesso) == (
        io.persona,
        seggio,
        "componente",
    )
    assert (secondo.seggio, secondo.titolo_accesso) == (None, "comitato")
    # As it was called when it was opened.
    assert (secondo.documento, secondo.percorso, secondo.oggetto) == (
        documento,
        documento.percorso,
        titolo,
    )


def test_what_was_opened_is_always_named(percorso):
    with pytest.raises(IntegrityError, match="accesso_ha_oggetto"), transaction.atomic():
        annota_accesso("", Accesso(percorso.pk, ufficio=True), None, adesso=timezone.now())
    assert AccessoDocumento.objects.count() == 0


@pytest.mark.parametrize(("giorni", "stato"), [(0, 200), (1, 404), (None, 404)])
def test_a_document_is_everybodys_from_its_day(client, come, documento, giorni, stato):
    oggi = a_roma(timezone.now()).date()
    documento.pubblico_dal = None if giorni is None else oggi + timedelta(days=giorni)
    documento.save()

    risposta = client.get(reverse("tavolo:documento_scarica", args=[documento.pk]))
    pagina = client.get(documento.seduta.get_absolute_url()).content.decode()

    assert (risposta.status_code, documento.titolo in pagina) == (stato, stato == 200)
    come("titolare")
    client.get(reverse("area:documento_scarica", args=[documento.pk]))
    assert AccessoDocumento.objects.count() == (0 if stato == 200 else 1)


def test_who_leads_adds_a_file_once_however_often_she_presses(client, come, seduta):
    io = come("segreteria")
    url = reverse("area:seduta_documento_carica", args=[seduta.incontro.slug])

    def manda(nome, contenuto):
        file = SimpleUploadedFile(nome, contenuto)
        return client.post(url, {"titolo": "La relazione", "file": file})

    assert [manda("a.pdf", PDF).status_code for _ in range(2)] == [303, 303]
    documento = DocumentoTavolo.objects.get()
    assert (documento.caricato_da, documento.seduta, documento.byte) == (io.persona, seduta, 14)
    with default_storage.open(documento.file.name) as file:
        assert file.read() == PDF

    falso = manda("b.pdf", b"<script>alert(1)</script>")
    assert (falso.status_code, DocumentoTavolo.objects.count()) == (200, 1)
    assert "questo file non lo è davvero" in falso.content.decode()


def test_the_sheet_to_sign_leaves_a_line_in_the_register_of_accesses(seduta, come, client):
    url = reverse("area:presenze_foglio", args=[seduta.incontro.slug])
    come("titolare")
    assert client.get(url).status_code == 404
    come("segreteria")
    client.head(url)
    assert AccessoDocumento.objects.count() == 0

    client.get(url)
    oggetto = f"Foglio delle presenze della seduta n. {seduta.numero}"
    assert AccessoDocumento.objects.get().oggetto == oggetto
