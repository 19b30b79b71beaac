"""What is printed for a meeting: what stands on it, how it is read aloud, who made it."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import Consenso
from eventi import fogli_incontro
from tests.factories import IncontroFactory, IscrizioneFactory
from tests.portale.test_pdf import aperto, letto, struttura
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def incontro():
    incontro = IncontroFactory(
        titolo="Il verde alla Besurica", slug="verde", sede__nome="Sala Uno"
    )
    IscrizioneFactory(
        incontro=incontro,
        nome="Anna Maria Rossi",
        posti_richiesti=2,
        telefono="333 1234567",
        email="anna@example.org",
    )
    IscrizioneFactory(incontro=incontro, nome="Lina In Lista", in_attesa=True)
    return incontro


def test_the_sheet_has_the_confirmed_a_notice_and_large_rows_in_a_table(incontro):
    foglio = fogli_incontro.foglio_presenze(incontro, adesso=ADESSO)
    testo = letto(foglio)
    for atteso in ("Anna Maria Rossi", "Il verde alla Besurica", "Sala Uno", "privacy"):
        assert atteso in testo
    for riservato in ("Lina", "1234567", "anna@example.org", "Foto"):
        assert riservato not in testo
    with aperto(foglio) as documento:
        tag = list(struttura(documento.Root.StructTreeRoot.K))
        assert str(documento.Root.Lang) == "it-IT"
        assert str(documento.docinfo["/Title"]) == "Il verde alla Besurica"
    assert (tag.count("/Table"), tag.count("/TH") >= 4) == (1, True)
    assert foglio == fogli_incontro.foglio_presenze(incontro, adesso=ADESSO)


def test_who_agreed_to_photographs_is_marked_on_the_sheet(incontro):
    campi = {"testo": "Sì", "dato_at": ADESSO, "valido_at": ADESSO}
    foto_si = Consenso.objects.create(scopo="foto", email="anna@example.org", **campi)
    incontro.iscrizioni.filter(email="anna@example.org").update(foto=foto_si)
    notizie = Consenso.objects.create(scopo="newsletter", email="b@example.org", **campi)
    altra = IscrizioneFactory(incontro=incontro, email="b@example.org", newsletter=notizie)
    foto = fogli_incontro.con_foto(incontro)
    assert foto == {incontro.iscrizioni.get(email="anna@example.org").pk} - {altra.pk}
    testo = letto(fogli_incontro.foglio_presenze(incontro, foto=foto, adesso=ADESSO))
    assert ("Foto" in testo, "sì" in testo) == (True, True)


@pytest.mark.parametrize(("intero", "atteso"), [(False, False), (True, True)])
def test_badges_say_the_first_name_unless_the_office_wants_all(incontro, intero, atteso):
    testo = letto(fogli_incontro.etichette(incontro, nome_intero=intero, adesso=ADESSO))
    assert ("Anna" in testo, "Rossi" in testo, "Lina" in testo) == (True, atteso, False)


@pytest.mark.parametrize(("formato", "lato"), [("a4", 842), ("a3", 1191)])
def test_the_poster_is_one_page_with_what_when_where_and_a_code(incontro, formato, lato):
    incontro.sede.senza_gradini = True
    incontro.sede.mezzi_pubblici = "autobus 3, fermata davanti alla sala " * 4
    foglio = fogli_incontro.locandina(incontro, formato=formato, adesso=ADESSO)
    testo = letto(foglio)
    for atteso in (
        "Il verde",
        incontro.quando,
        "Sala Uno",
        "Ingresso senza gradini",
        "/incontri/",
    ):
        assert atteso in testo
    assert "Anna" not in testo
    with aperto(foglio) as documento:
        assert len(documento.pages) == 1
        assert round(float(documento.pages[0].MediaBox[3])) == lato
        assert "/Figure" in list(struttura(documento.Root.StructTreeRoot.K))


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_the_office_prints_names_and_it_stays_written(client, incontro, ruolo):
    persona = entra(client, ruolo)
    url = reverse("admin:eventi_incontro_presenze", args=[incontro.pk])
    response = client.post(url, {"foglio": "presenze"})
    if ruolo in ("ufficio", "amministratrice"):
        assert response["Content-Type"] == "application/pdf"
        assert "Anna Maria Rossi" in letto(b"".join(response.streaming_content))
        voce = LogEntry.objects.get(user=persona)
        assert voce.change_message == "Preparato il foglio: Foglio delle presenze, da firmare."
    else:
        assert response.status_code in (302, 404)
        assert LogEntry.objects.count() == 0
