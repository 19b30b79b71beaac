"""Closing a meeting: the report begins from the door, no photograph says where it was taken."""

import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from eventi import chiusura, presenze
from eventi.models import Incontro, Resoconto
from eventi.services import Rifiuto
from tests.factories import (
    AccoglienzaFactory,
    IncontroFactory,
    IscrizioneFactory,
    ResocontoFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def incontro(adesso):
    """Over; at the door two of three came with a booking, and two women without."""
    incontro = IncontroFactory(passato=True)
    porta = AccoglienzaFactory(incontro=incontro)
    venuta = IscrizioneFactory(incontro=incontro, posti_richiesti=3)
    IscrizioneFactory(incontro=incontro)
    segno = presenze.Segno(uuid.uuid4(), venuta.pk, 2)
    entrata = presenze.Entrata(uuid.uuid4(), 2, genere="donna")
    presenze.registra(porta, [segno, entrata], adesso=incontro.inizio)
    return incontro


def valori(**cambi):
    vuoti = dict.fromkeys(("metodo", "partecipanti_note", "organizzazioni", "bisogni", "idee"), "")
    return {**vuoti, "testo": "Si è parlato di verde.", "partecipanti": 4} | cambi


def foto(colore="red", nome="IMG_1234.jpg"):
    """A photograph that says where it was taken."""
    immagine = Image.new("RGB", (64, 48), colore)
    exif = Image.Exif()
    exif[0x010F] = "Telefono di Anna"
    uscita = io.BytesIO()
    immagine.save(uscita, "JPEG", exif=exif)
    assert b"Telefono di Anna" in uscita.getvalue()
    return SimpleUploadedFile(nome, uscita.getvalue(), "image/jpeg")


def chiudi(client, incontro, **campi):
    url = reverse("admin:eventi_incontro_chiudi", args=[incontro.pk])
    return client.post(url, valori() | {"titoli": ""} | campi)


def test_the_report_begins_from_what_was_counted(client, incontro):
    entra(client, "ufficio")
    url = reverse("admin:eventi_incontro_chiudi", args=[incontro.pk])
    pagina = client.get(url)
    assert pagina.context["form"]["partecipanti"].value() == 4
    assert "Contate alla porta: 4 persone, 2 iscritte e 2 senza" in pagina.content.decode()


def test_one_page_keeps_the_numbers_the_photograph_and_publishes(client, incontro):
    entra(client, "ufficio")

    chiudi(client, incontro, _salva="1", file=[foto()], titoli="La sala piena")
    resoconto = Resoconto.objects.get()
    incontro.refresh_from_db()
    assert (incontro.stato, resoconto.pubblicato_at) == (Incontro.Stato.SVOLTO, None)
    assert resoconto.presenze["senza_iscrizione"] == 2
    assert resoconto.presenze["genere"] == {"donna": 2, "uomo": 0, "altro": 0, "": 0}
    allegato = resoconto.allegati.get()
    assert (allegato.titolo, allegato.genere) == ("La sala piena", "immagine")
    with allegato.file.open("rb") as file:
        contenuto = file.read()
    assert b"Telefono di Anna" not in contenuto
    assert "IMG_1234" not in allegato.file.name

    response = chiudi(client, incontro, _pubblica="1", file=[foto()], titoli="Due volte è una")
    assert response.status_code == 302
    assert Resoconto.objects.get().pubblicato_at is not None
    assert resoconto.allegati.count() == 1
    pubblica = client.get(reverse("eventi:resoconto_detail", args=[incontro.slug]))
    testo = pubblica.content.decode()
    assert "La sala piena" in testo
    assert '<th scope="row">donne</th><td>2</td>' in testo
    allegato.file.delete()


def test_another_number_than_the_counted_one_wants_a_word(incontro, adesso):
    with pytest.raises(Rifiuto, match="contate 4 persone"):
        chiusura.salva(incontro, valori(partecipanti=9), autore=None, adesso=adesso)
    assert Resoconto.objects.count() == 0
    resoconto = chiusura.salva(
        incontro,
        valori(partecipanti=9, partecipanti_note="cinque sono entrate dal retro"),
        autore=None,
        adesso=adesso,
    )
    assert resoconto.partecipanti == 9


def test_without_attendance_a_number_needs_no_word(adesso):
    incontro = IncontroFactory(passato=True)
    resoconto = chiusura.salva(incontro, valori(partecipanti=30), autore=None, adesso=adesso)
    assert (resoconto.partecipanti, resoconto.presenze) == (30, {})
    assert chiusura.per_categoria(resoconto) == []


def test_a_meeting_that_is_not_over_is_not_closed(client):
    incontro = IncontroFactory()
    entra(client, "ufficio")
    assert "si chiude quando è finito" in chiudi(client, incontro).content.decode()
    with pytest.raises(Rifiuto):
        chiusura.salva(incontro, valori(), autore=None, adesso=timezone.now())
    assert Resoconto.objects.count() == 0


@pytest.mark.parametrize(
    ("file", "titoli", "parole"),
    [
        ([foto()], "", "una riga per ogni file"),
        ([SimpleUploadedFile("a.pdf", b"<script>")], "Un file", "pagine web non si possono"),
        ([SimpleUploadedFile("a.jpg", b"")], "Un file", "vuoto"),
    ],
)
def test_a_file_that_is_not_taken_says_why_and_loses_no_text(
    client, incontro, file, titoli, parole
):
    entra(client, "ufficio")
    for uno in file:
        uno.seek(0)
    testo = chiudi(client, incontro, _salva="1", file=file, titoli=titoli).content.decode()
    assert parole in testo
    assert "Si è parlato di verde." in testo


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_the_office_closes_a_meeting(client, incontro, ruolo):
    entra(client, ruolo)
    response = chiudi(client, incontro, _salva="1")
    riesce = ruolo in ("ufficio", "amministratrice")
    assert response.status_code in ((302,) if riesce else (302, 404))
    assert Resoconto.objects.exists() is riesce


def test_a_report_of_before_has_no_categories_and_still_shows(client):
    resoconto = ResocontoFactory()
    pagina = client.get(reverse("eventi:resoconto_detail", args=[resoconto.incontro.slug]))
    assert pagina.status_code == 200
    assert "Chi c’era, in numeri" not in pagina.content.decode()
