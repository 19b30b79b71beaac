"""Files of strangers: what is refused, what is left of what is taken, and who gets to see it."""

import io
import os
import threading
import zipfile
import zlib
from datetime import timedelta

import pikepdf
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

from portale.lib import file_sicuri
from proposte import allegati
from proposte.models import Allegato, Passaggio, Proposta
from proposte.services import Rifiuto
from proposte.tasks import pulisci
from tests.factories import (
    AvanzamentoFactory,
    PartecipanteFactory,
    PropostaFactory,
    UserFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
)


@pytest.fixture(autouse=True)
def _deposito_vuoto(settings):
    """Files outlive the rows of a test: each begins with none."""
    settings.STORAGES = {**settings.STORAGES}


# --- Files ----------------------------------------------------------------------------------


def immagine(formato="PNG", misure=(60, 40), colore="red", modo="RGB", **opzioni):
    contenuto = io.BytesIO()
    Image.new(modo, misure, colore).save(contenuto, formato, **opzioni)
    return contenuto.getvalue()


def con_exif(orientamento=6):
    """A photograph that says where it was taken, and that it is to be turned."""
    exif = Image.Exif()
    exif[0x010E] = "Casa di Anna, via Roma 1"
    exif[0x0112] = orientamento
    exif.get_ifd(0x8825)[2] = (45.0, 3.0, 9.0)
    return immagine("JPEG", exif=exif, comment=b"un commento segreto")


def pdf(*, pagine=1, radice=None, pagina=None, flussi=(), salva=None):
    """A PDF; ``radice`` and ``pagina`` get it and may add to its catalogue and first page."""
    documento = pikepdf.new()
    for _numero in range(pagine):
        documento.add_blank_page()
    if radice:
        documento.Root.update(radice(documento))
    if pagina:
        documento.pages[0].obj.update(pagina(documento))
    if flussi:
        documento.pages[0].obj["/Flussi"] = Array(
            [
                documento.make_indirect(Stream(documento, dati, Filter=filtro))
                for dati, filtro in flussi
            ]
        )
    contenuto = io.BytesIO()
    come = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}
    documento.save(contenuto, **(come if salva is None else salva))
    return contenuto.getvalue()


def zeri(mega):
    """So many megabytes of nothing, compressed."""
    motore = zlib.compressobj(9)
    return b"".join(motore.compress(bytes(1 << 20)) for _ in range(mega)) + motore.flush()


def archivio():
    contenuto = io.BytesIO()
    with zipfile.ZipFile(contenuto, "w", zipfile.ZIP_DEFLATED) as zip_:
        zip_.writestr("grande.txt", bytes(20_000_000))
    return contenuto.getvalue()


def manda(dati, *, proposta=None, nome="file", titolo="La piazza", **altro):
    return allegati.aggiungi(
        proposta or PropostaFactory(bozza=True), ContentFile(dati, nome), titolo, **altro
    )


def rifiuto(dati, **altro):
    """The reason why a file is refused. Nothing of it stays."""
    with pytest.raises(Rifiuto) as no:
        manda(dati, **altro)
    assert nel_deposito() == set()
    return str(no.value)


def nel_deposito(cartella=""):
    try:
        cartelle, nomi = default_storage.listdir(cartella)
    except FileNotFoundError:
        return set()
    trovati = {f"{cartella}/{nome}".lstrip("/") for nome in nomi}
    return trovati.union(*(nel_deposito(f"{cartella}/{c}".lstrip("/")) for c in cartelle))


# --- Images ---------------------------------------------------------------------------------


@pytest.mark.parametrize("formato", ["JPEG", "PNG", "WEBP"])
def test_an_image_is_made_anew_with_a_small_one_beside_it(formato):
    allegato = manda(immagine(formato, (3000, 1500)))

    assert (allegato.genere, allegato.larghezza, allegato.altezza) == ("immagine", 2400, 1200)
    grande, piccola = Image.open(allegato.file), Image.open(allegato.anteprima)
    assert (grande.format, grande.size, piccola.format, piccola.size) == (
        "JPEG", (2400, 1200), "JPEG", (640, 320),
    )  # fmt: skip
    assert allegato.byte == allegato.file.size
    assert nel_deposito() == {allegato.file.name, allegato.anteprima.name}


def test_a_small_image_is_not_made_larger():
    allegato = manda(immagine(misure=(60, 40)))

    assert Image.open(allegato.file).size == Image.open(allegato.anteprima).size == (60, 40)


def test_a_photograph_stands_upright_and_tells_nothing_of_who_took_it():
    inviata = con_exif()
    assert b"via Roma" in inviata
    assert b"segreto" in inviata

    allegato = manda(inviata)

    for file in (allegato.file, allegato.anteprima):
        resa = Image.open(file)
        assert resa.size == (40, 60)
        assert dict(resa.getexif()) == {}
        assert [chiave for chiave in resa.info if not chiave.startswith(("jfif", "progr"))] == []
        file.seek(0)
        contenuto = file.read()
        assert b"via Roma" not in contenuto
        assert b"segreto" not in contenuto


@pytest.mark.parametrize("modo", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_read_by_everybody(modo):
    allegato = manda(immagine("PNG", modo=modo, colore=None))

    resa = Image.open(allegato.file)
    assert (resa.format, resa.mode) == ("JPEG", "RGB")


def test_what_was_transparent_is_white():
    allegato = manda(immagine("PNG", modo="RGBA", colore=(0, 0, 0, 0)))

    assert Image.open(allegato.file).getpixel((5, 5)) == (255, 255, 255)


def test_a_photograph_for_print_keeps_its_colours():
    allegato = manda(immagine("JPEG", modo="CMYK", colore=(0, 255, 255, 0)))

    rosso, verde, blu = Image.open(allegato.file).getpixel((5, 5))
    assert rosso > 200
    assert max(verde, blu) < 60


def test_of_a_moving_image_the_first_picture_is_kept():
    fermi = [Image.new("RGB", (60, 40), colore) for colore in ("red", "blue")]
    contenuto = io.BytesIO()
    fermi[0].save(contenuto, "WEBP", save_all=True, append_images=fermi[1:], lossless=True)

    resa = Image.open(manda(contenuto.getvalue()).file)

    assert getattr(resa, "n_frames", 1) == 1
    assert resa.getpixel((5, 5))[0] > 200


def test_a_200_megapixel_image_is_refused_before_it_is_decoded():
    piccolo_file = immagine("PNG", (20_000, 10_000), modo="1", colore=0)
    assert len(piccolo_file) < 50_000

    assert rifiuto(piccolo_file) == (
        "L'immagine è troppo grande: 20000 × 10000 punti, al massimo 40 milioni in tutto. "
        "Salvala più piccola e riprova."
    )


def test_a_webp_that_declares_a_huge_canvas_is_refused_by_its_header():
    """Its decoder would make room for 16,383 × 16,383 points as soon as it opens."""
    onesta = immagine("WEBP", modo="RGBA", colore=(0, 0, 0, 0), exif=Image.Exif().tobytes())
    assert onesta[12:16] == b"VP8X"
    lato = (16_382).to_bytes(3, "little")

    motivo = rifiuto(onesta[:24] + lato + lato + onesta[30:])

    assert "16383 × 16383 punti" in motivo


def test_an_image_of_just_below_the_limit_is_taken():
    allegato = manda(immagine("PNG", (8000, 4990), modo="RGBA", colore=(1, 2, 3, 255)))

    assert (allegato.larghezza, allegato.altezza) == (2400, 1497)


def test_a_jpeg_of_a_thousand_scans_is_refused():
    """Each of 60 bytes makes the decoder go over the whole image once more."""
    onesta = immagine("JPEG", (4000, 4000), progressive=True)
    passata = onesta[onesta.rfind(b"\xff\xda") : -2]

    assert "troppo complesso" in rifiuto(onesta[:-2] + passata * 1000 + b"\xff\xd9")


def test_what_hangs_after_an_image_does_not_come_along():
    """A JPEG that is a ZIP too, a PNG that is a script too."""
    for onesta, coda in (
        (immagine("JPEG"), archivio()),
        (immagine("PNG"), b"<script>alert('codice')</script>"),
    ):
        allegato = manda(onesta + coda)

        contenuto = allegato.file.read()
        assert contenuto.startswith(b"\xff\xd8\xff")
        assert contenuto.endswith(b"\xff\xd9")
        assert b"PK\x03\x04" not in contenuto
        assert b"codice" not in contenuto
        assert not zipfile.is_zipfile(io.BytesIO(contenuto))


@pytest.mark.parametrize("formato", ["JPEG", "PNG", "WEBP"])
def test_an_image_cut_in_half_is_refused(formato):
    intera = io.BytesIO()
    Image.frombytes("RGB", (200, 200), os.urandom(120_000)).save(intera, formato)
    intera = intera.getvalue()

    assert rifiuto(intera[: len(intera) // 2]).startswith("Il file è rovinato o incompleto")


# --- What is neither ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dati", "nome", "parola"),
    [
        (b"", "foto.jpg", "vuoto"),
        (SVG, "disegno.svg", "SVG"),
        (b"\xef\xbb\xbf \n" + SVG, "disegno.png", "SVG"),
        (SVG.decode().encode("utf-16"), "disegno.png", "SVG"),
        (b"<!doctype html><script>alert(1)</script>", "pagina.pdf", "pagine web"),
        (immagine("GIF"), "foto.gif", "GIF"),
        (immagine("GIF"), "foto.jpg", "GIF"),
        (archivio(), "foto.pdf", "archivio"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), "IMG_1.HEIC", "HEIC"),
        (immagine("TIFF"), "foto.jpg", "qualunque sia il suo nome"),
        (immagine("BMP"), "foto.png", "qualunque sia il suo nome"),
        (b"#!/bin/sh\nrm -rf /\n", "foto.jpg", "qualunque sia il suo nome"),
        (b"\xff\xd8\xff", "foto.jpg", "rovinato"),
        (b"\xff\xd8\xff" + b"<script>alert(1)</script>" * 50, "foto.jpg", "rovinato"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "foto.png", "rovinato"),
        (b"RIFF\x10\0\0\0WEBP", "foto.webp", "rovinato"),
        (b"%PDF-1.7 <html><script>alert(1)</script>", "a.pdf", "rovinato"),
        (b"%!PS-Adobe-3.0\nshowpage", "a.pdf", "qualunque sia il suo nome"),
    ],
    # A name for each that is the same in every process: an archive holds the time it was made.
    ids=lambda valore: "" if isinstance(valore, bytes) else str(valore),
)
def test_what_is_no_image_and_no_pdf_is_refused_whatever_its_name(dati, nome, parola):
    assert parola in rifiuto(dati, nome=nome)


@pytest.mark.parametrize(
    "nome",
    [
        "foto.pdf",
        "foto.exe",
        "../../../etc/passwd",
        "a\0b.jpg",
        "foto\u202egpj.exe",
        "x" * 5000 + ".jpg",
        "con spazi e 'virgolette\".jpg",
        "",
    ],
)
def test_a_name_decides_nothing_and_is_not_kept(client, nome):
    """Neither what the file is, nor where it lies, nor what it is called when it is saved."""
    proposta, _io = propria(client)
    risposta = client.post(
        indirizzo(proposta),
        {"titolo": "La piazza", "file": SimpleUploadedFile(nome or "x", immagine(), "text/html")},
    )

    assert risposta.status_code == 303
    allegato = proposta.allegati.get()
    assert allegato.genere == "immagine"
    cartella, _barra, ultimo = allegato.file.name.rpartition("/")
    assert cartella == f"proposte/{timezone.now():%Y/%m}"
    assert (len(ultimo), ultimo[-4:]) == (36, ".jpg")
    scaricato = client.get(reverse("proposte:allegato_scarica", args=[proposta.slug, allegato.pk]))
    assert scaricato["Content-Type"] == "image/jpeg"
    assert scaricato["Content-Disposition"] == (
        f'inline; filename="{proposta.slug}-{allegato.pk}.jpg"'
    )


# --- PDF ------------------------------------------------------------------------------------


def js(documento):
    azione = Dictionary(S=Name.JavaScript, JS=String("app.alert('codice')"))
    return documento.make_indirect(azione)


def con_tutto():
    """A PDF that does all that a PDF should not, and has one honest link."""

    def radice(d):
        file = d.make_stream(b"MZ malevolo", Type=Name.EmbeddedFile)
        allegato = d.make_indirect(
            Dictionary(Type=Name.Filespec, F=String("malevolo.exe"), EF=Dictionary(F=file))
        )
        nomi = Dictionary(
            JavaScript=Dictionary(Names=Array([String("a"), js(d)])),
            EmbeddedFiles=Dictionary(Names=Array([String("malevolo.exe"), allegato])),
        )
        return {
            "/OpenAction": js(d),
            "/AA": Dictionary(WC=js(d)),
            "/Names": nomi,
            "/AF": Array([allegato]),
            "/AcroForm": Dictionary(
                Fields=Array(), XFA=d.make_stream(b"<xdp>malevolo</xdp>"), DA=String("/Helv 0 Tf")
            ),
            "/Metadata": d.make_stream(b"<x:xmpmeta>Anna Rossi</x:xmpmeta>"),
            "/Outlines": d.make_indirect(
                Dictionary(
                    First=d.make_indirect(
                        Dictionary(
                            Title=String("Capitolo"),
                            A=Dictionary(S=Name.Launch, F=String("malevolo.exe")),
                        )
                    )
                )
            ),
        }

    def nota(d, sottotipo, **altro):
        rettangolo = Array([0, 0, 9, 9])
        return d.make_indirect(
            Dictionary(Type=Name.Annot, Subtype=sottotipo, Rect=rettangolo, **altro)
        )

    def pagina(d):
        buono = Dictionary(
            S=Name.URI, URI=String("https://example.org/progetto"), Next=Array([js(d)])
        )
        return {
            "/AA": Dictionary(O=js(d)),
            "/Metadata": d.make_stream(b"<x:xmpmeta>Anna Rossi</x:xmpmeta>"),
            "/PieceInfo": Dictionary(Programma=Dictionary(Private=String("Anna Rossi"))),
            "/Annots": Array(
                [
                    nota(d, Name.Link, A=buono),
                    nota(d, Name.Link, A=Dictionary(S=Name.URI, URI=String("javascript:codice"))),
                    nota(d, Name.Link, A=Dictionary(S=Name.Launch, F=String("malevolo.exe"))),
                    nota(d, Name.Link, A=Dictionary(S=Name.GoToR, F=String("//malevolo/b.pdf"))),
                    nota(d, Name.Link, Dest=Array([Name.Fit]), AA=Dictionary(E=js(d))),
                    nota(d, Name.FileAttachment, FS=Dictionary(F=String("malevolo.exe"))),
                    nota(d, Name.RichMedia, RichMediaContent=Dictionary(A=String("malevolo"))),
                    nota(d, Name.Screen, A=Dictionary(S=Name.Rendition, JS=String("codice"))),
                    nota(d, Name.Movie, A=Dictionary(S=Name.SubmitForm, F=String("malevolo"))),
                ]
            ),
            "/Tracce": Array([Dictionary(Dentro=Dictionary(AA=Dictionary(X=js(d))))]),
        }

    return pdf(radice=radice, pagina=pagina, salva={"qdf": True})


def test_a_pdf_keeps_its_pages_and_links_and_nothing_that_acts():
    inviato = con_tutto()
    for segno in (b"codice", b"malevolo", b"Anna Rossi"):
        assert segno in inviato

    allegato = manda(inviato, nome="progetto.pdf")

    assert (allegato.genere, allegato.anteprima.name, allegato.larghezza) == ("pdf", "", None)
    with pikepdf.open(allegato.file) as reso:
        tutto = b"\n".join(
            oggetto.unparse() + (oggetto.read_bytes() if isinstance(oggetto, Stream) else b"")
            for oggetto in reso.objects
        )
        assert set(reso.Root.keys()) == {"/Type", "/Pages", "/Outlines"}
        assert "/Info" not in reso.trailer
        assert len(reso.pages) == 1
        note = [nota.get("/A") for nota in reso.pages[0].Annots]
        assert [nota and dict(nota.items()) for nota in note] == [
            {"/S": Name.URI, "/URI": String("https://example.org/progetto")},
            None,
        ]
    for segno in (b"codice", b"malevolo", b"Anna Rossi", b"JavaScript", b"/AA", b"Launch"):
        assert segno not in tutto
    # Nor in what no object holds any more.
    for segno in (b"codice", b"malevolo", b"Anna Rossi"):
        assert segno not in allegato.file.open("rb").read()


def test_what_was_written_into_a_form_stays_on_the_page():
    def pagina(d):
        aspetto = d.make_stream(
            b"BT (scritto da me) Tj ET",
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 90, 20]),
        )
        campo = d.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=String("nome"),
                V=String("scritto da me"),
                Rect=Array([10, 10, 100, 30]),
                AP=Dictionary(N=aspetto),
                F=4,
            )
        )
        d.Root["/AcroForm"] = Dictionary(Fields=Array([campo]))
        return {"/Annots": Array([campo])}

    with pikepdf.open(manda(pdf(pagina=pagina)).file) as reso:
        assert "/AcroForm" not in reso.Root
        assert "/Annots" not in reso.pages[0]
        disegnati = reso.pages[0].Resources.XObject
        assert [disegno.read_bytes() for disegno in disegnati.values()] == [
            b"BT (scritto da me) Tj ET"
        ]


def test_a_pdf_that_is_a_web_page_too_is_only_a_pdf_afterwards():
    contenuto = manda(pdf() + b"<html><script>alert('codice')</script></html>").file.read()

    assert contenuto.startswith(b"%PDF-")
    assert contenuto.rstrip().endswith(b"%%EOF")
    assert b"codice" not in contenuto


def test_streams_are_not_opened_to_be_written():
    """What is compressed stays byte for byte as it was: an image of a scanner is not redone."""
    compresso = zlib.compress(b"BT ET" * 100, 1)

    with pikepdf.open(manda(pdf(flussi=[(compresso, Name.FlateDecode)])).file) as reso:
        assert [f.read_raw_bytes() for f in reso.pages[0].Flussi] == [compresso]


@pytest.mark.parametrize(
    ("flussi", "parola"),
    [
        ([(zeri(200), Name.FlateDecode)], "diventano enormi"),
        ([(zeri(140), Name.FlateDecode)] * 8, "diventano enormi"),
        (
            [(zlib.compress(zeri(20)), Array([Name.FlateDecode, Name.FlateDecode]))],
            "diventano enormi",
        ),
        (
            [(zeri(1).hex().encode(), Array([Name.ASCIIHexDecode, Name.FlateDecode]))],
            None,
        ),
    ],
)
def test_a_pdf_that_would_fill_the_memory_of_who_opens_it_is_refused(flussi, parola):
    dati = pdf(flussi=flussi)
    if parola:
        assert parola in rifiuto(dati)
    else:
        assert manda(dati).genere == "pdf"


def test_a_pdf_whose_own_table_is_a_bomb_is_stopped_by_its_memory():
    """The list of the objects itself is compressed: it must be opened to know what there is."""
    compresso = zeri(1500)
    testa = b"%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    tabella = len(testa)
    dati = (
        testa
        + b"2 0 obj\n<</Type/XRef/Size 3/W[1 4 2]/Root 1 0 R/Filter/FlateDecode/Length %d>>\n"
        % len(compresso)
        + b"stream\n"
        + compresso
        + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % tabella
    )
    assert len(dati) < 2_000_000

    assert rifiuto(dati).startswith("Il file è")


@pytest.mark.parametrize(
    ("dati", "parola"),
    [
        (lambda: pdf(salva={"encryption": pikepdf.Encryption(owner="a", user="b")}), "password"),
        (lambda: pdf(salva={"encryption": pikepdf.Encryption(owner="a", user="")}), "password"),
        (lambda: pdf(pagine=201), "201 pagine"),
        (lambda: pdf(pagine=0), "rovinato"),
        (
            lambda: pdf(
                radice=lambda d: {
                    "/Dests": Array([d.make_indirect(Array([n])) for n in range(50_001)])
                }
            ),
            "troppo complesso",
        ),
        (lambda: b"%PDF-1.7\n%%EOF", "rovinato"),
        (lambda: con_tutto()[:200], "rovinato"),
        (
            lambda: pdf(
                pagina=lambda d: {
                    "/I": Stream(d, b"", Width=60_000, Height=60_000, Subtype=Name.Image)
                }
            ),
            "diventano enormi",
        ),
    ],
)
def test_a_pdf_that_cannot_be_looked_through_is_refused(dati, parola):
    assert parola in rifiuto(dati())


def test_a_pdf_nested_without_end_does_no_harm():
    assert rifiuto(b"%PDF-1.7\n1 0 obj\n" + b"[" * 2_000_000).startswith("Il file è")


# --- The program ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "corpo",
    [
        "bytearray(2_000_000_000)",  # more memory than it may have
        "import os; os.kill(os.getpid(), 11)",  # a decoder that crashes
        "open('file', 'wb').write(bytes(60_000_000))",  # a file larger than it may write
    ],
)
def test_a_program_that_ends_badly_refuses_the_file(monkeypatch, tmp_path, corpo):
    """Nothing happens to the portal, and nothing half made is kept."""
    originale = file_sicuri._PROGRAMMA.percorso.read_text()
    guasto = tmp_path / "guasto.py"
    prima, dopo = originale.split("    with ricevuto.open", 1)
    guasto.write_text(f"{prima}    {corpo}\n    with ricevuto.open{dopo}")
    monkeypatch.setattr(file_sicuri._PROGRAMMA, "percorso", guasto)

    assert rifiuto(immagine()).startswith("Il file è")


def test_a_program_that_does_not_end_is_stopped(monkeypatch, tmp_path):
    lento = tmp_path / "lento.py"
    lento.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(file_sicuri._PROGRAMMA, "percorso", lento)
    monkeypatch.setattr(file_sicuri._PROGRAMMA, "durata", 0.5)

    assert "troppo complesso" in rifiuto(immagine())


def test_the_program_sees_no_secret_of_the_portal(monkeypatch, tmp_path):
    spia = tmp_path / "spia.py"
    spia.write_text(
        "import os, sys, json; print(json.dumps({'genere': 'pdf', 'visti': "
        "sorted(os.environ) + [nome for nome in sys.modules if 'django' in nome]}))"
    )
    monkeypatch.setenv("SECRET_KEY", "una chiave")
    monkeypatch.setattr(file_sicuri._PROGRAMMA, "percorso", spia)
    (tmp_path / "ricevuto").write_bytes(b"x")

    assert file_sicuri.bonifica(tmp_path)["visti"] == ["LC_CTYPE"]


def test_who_finds_too_many_files_being_worked_on_is_told_to_try_again(monkeypatch):
    monkeypatch.setattr(file_sicuri._PROGRAMMA, "turni", threading.BoundedSemaphore(1))
    monkeypatch.setattr(file_sicuri._PROGRAMMA, "attesa", 0.05)
    file_sicuri._PROGRAMMA.turni.acquire()

    assert rifiuto(immagine()) == ("In questo momento arrivano molti file: riprova fra un minuto.")


# --- How many and how much ------------------------------------------------------------------


def test_the_same_file_sent_twice_is_one():
    proposta = PropostaFactory(bozza=True)

    prima = manda(immagine(), proposta=proposta)
    seconda = manda(immagine(), proposta=proposta, titolo="Un altro titolo")

    assert seconda == prima
    assert Allegato.objects.get().titolo == "La piazza"
    assert len(nel_deposito()) == 2
    assert manda(immagine()).proposta != proposta


def test_a_sixth_file_is_refused():
    proposta = PropostaFactory(bozza=True)
    for colore in ("red", "green", "blue", "white", "black"):
        manda(immagine(colore=colore), proposta=proposta)

    with pytest.raises(Rifiuto, match="Ci sono già 5 file"):
        manda(immagine(colore="pink"), proposta=proposta)
    assert proposta.allegati.count() == 5
    assert len(nel_deposito()) == 10


def test_the_files_of_a_milestone_are_counted_apart():
    passo = AvanzamentoFactory()
    for colore in ("red", "green", "blue", "white", "black"):
        manda(immagine(colore=colore), proposta=passo.proposta)

    suo = manda(immagine(colore="pink"), proposta=passo.proposta, avanzamento=passo)

    assert (suo.avanzamento, passo.allegati.get()) == (passo, suo)
    with pytest.raises(Rifiuto, match="c'è già fra gli allegati della proposta: «La piazza»"):
        manda(immagine(colore="red"), proposta=passo.proposta, avanzamento=passo)


def test_all_together_they_may_not_be_too_heavy(monkeypatch):
    proposta = PropostaFactory(bozza=True)
    primo = manda(immagine(), proposta=proposta)
    monkeypatch.setattr(allegati, "PESO_TOTALE", primo.byte + 10)

    with pytest.raises(Rifiuto, match="pesano insieme più di"):
        manda(immagine(colore="blue"), proposta=proposta)
    assert len(nel_deposito()) == 2


@pytest.mark.parametrize("titolo", ["", "   ", "x" * 161])
def test_without_a_fit_title_nothing_is_taken(titolo):
    assert "titolo" in rifiuto(immagine(), titolo=titolo)


def test_a_file_that_is_too_heavy_is_not_even_looked_at(monkeypatch):
    monkeypatch.setattr(allegati, "bonifica", None)

    assert rifiuto(bytes(10 * 1024 * 1024 + 1)).startswith("Il file pesa più di 10,0\xa0MB.")


# --- No file without its row, no row without its file ---------------------------------------


def test_a_failure_half_way_leaves_no_file(monkeypatch):
    def fallisce(self, *args, **kwargs):
        assert len(nel_deposito()) == 2
        raise IntegrityError("all'ultimo momento")

    monkeypatch.setattr(Allegato, "save", fallisce)

    with pytest.raises(IntegrityError), transaction.atomic():
        manda(immagine())
    assert nel_deposito() == set()


@pytest.mark.django_db(transaction=True)
def test_files_go_with_their_rows_and_not_before():
    proposta = PropostaFactory(bozza=True)
    manda(immagine(), proposta=proposta)
    manda(pdf(), proposta=proposta)
    assert len(nel_deposito()) == 3

    def ci_ripensa():
        with transaction.atomic():
            Proposta.objects.get(pk=proposta.pk).delete()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ci_ripensa()
    assert len(nel_deposito()) == 3

    with transaction.atomic():
        proposta.delete()
        assert len(nel_deposito()) == 3
    assert nel_deposito() == set()


def test_what_no_row_names_is_swept_away_after_a_day(time_machine, settings):
    """The transaction around the upload was somebody else's, and was undone."""
    time_machine.move_to("2026-03-10T09:00:00Z", tick=False)
    tenuto = manda(immagine())
    default_storage.save("proposte/2026/03/orfano.jpg", ContentFile(b"x"))
    default_storage.save("resoconti/2026/verbale.pdf", ContentFile(b"x"))
    pulisci()
    assert len(nel_deposito()) == 4

    time_machine.move_to("2026-04-03T09:00:00Z", tick=False)
    default_storage.save("proposte/2026/04/appena-arrivato.jpg", ContentFile(b"x"))
    pulisci()

    assert nel_deposito() == {
        tenuto.file.name,
        tenuto.anteprima.name,
        "resoconti/2026/verbale.pdf",
        "proposte/2026/04/appena-arrivato.jpg",
    }


def test_a_large_upload_that_lies_on_the_disk_is_read_from_there():
    file = TemporaryUploadedFile("foto.png", "image/png", 0, None)
    file.write(immagine())
    file.size = file.tell()

    assert allegati.aggiungi(PropostaFactory(bozza=True), file, "La piazza").byte > 0


# --- The page -------------------------------------------------------------------------------


def propria(client, **campi):
    """A proposal of whoever this client is from now on: somebody with a confirmed address."""
    persona = UserFactory()
    io = PartecipanteFactory(email=persona.email, persona=persona)
    client.force_login(persona)
    return PropostaFactory(proponente=io, **campi or {"bozza": True}), io


def indirizzo(proposta):
    return reverse("proposte:allegato_carica", args=[proposta.slug])


def file_png(colore="red"):
    return SimpleUploadedFile("foto.png", immagine(colore=colore), "image/png")


def spedisci(client, proposta, **campi):
    return client.post(
        indirizzo(proposta), {"titolo": "La piazza vuota", "file": file_png(), **campi}
    )


def test_she_adds_a_file_to_her_draft_with_a_plain_form(client):
    proposta, _io = propria(client)
    pagina = client.get(indirizzo(proposta)).content.decode()
    assert 'enctype="multipart/form-data"' in pagina
    assert "I tuoi file" not in pagina

    risposta = spedisci(client, proposta)

    assert (risposta.status_code, risposta["Location"]) == (303, indirizzo(proposta))
    allegato = proposta.allegati.get()
    assert allegato.titolo == "La piazza vuota"
    pagina = client.get(indirizzo(proposta)).content.decode()
    assert "Allegato: «La piazza vuota»." in pagina
    assert f'src="/proposte/{proposta.slug}/allegati/{allegato.pk}/anteprima/"' in pagina
    assert 'alt="La piazza vuota"' in pagina


def test_a_double_click_adds_one_file(client):
    proposta, _io = propria(client)

    risposte = [spedisci(client, proposta), spedisci(client, proposta)]

    assert [(r.status_code, r["Location"]) for r in risposte] == [(303, indirizzo(proposta))] * 2
    assert proposta.allegati.count() == 1


def test_a_draft_of_this_visit_takes_files_before_any_address_is_known(client):
    bozza = PropostaFactory(bozza=True, proponente=None, nome_mostrato="")
    sessione = client.session
    sessione["bozze"] = [bozza.pk]
    sessione.save()

    assert spedisci(client, bozza).status_code == 303
    allegato = bozza.allegati.get()
    url = reverse("proposte:allegato_anteprima", args=[bozza.slug, allegato.pk])
    assert client.get(url).status_code == 200
    assert Client().get(url).status_code == 404


@pytest.mark.parametrize(
    ("campi", "detto"),
    [
        ({"titolo": ""}, "Titolo: Scrivi un titolo"),
        ({"titolo": "\0"}, "Titolo: "),
        ({"titolo": "x" * 161}, "Titolo: È troppo lungo"),
        ({"file": ""}, "File: Scegli un file."),
        ({"file": SimpleUploadedFile("x.svg", SVG)}, "File: I disegni SVG"),
        ({"file": SimpleUploadedFile("x.jpg", b"")}, "File: Il file è vuoto"),
    ],
)
def test_a_refusal_says_why_beside_the_field_and_keeps_the_title(client, campi, detto):
    proposta, _io = propria(client)

    risposta = spedisci(client, proposta, **campi)

    assert risposta.status_code == 200
    pagina = risposta.content.decode()
    assert detto in pagina
    assert "<title>Errore:" in pagina
    assert ("La piazza vuota" in pagina) is ("titolo" not in campi)
    assert proposta.allegati.count() == 0


def test_a_request_larger_than_everything_says_so_and_is_not_written_down(client, settings):
    settings.CARICAMENTI_MASSIMI = 1000
    proposta, _io = propria(client)

    risposta = spedisci(
        client, proposta, file=SimpleUploadedFile("foto.jpg", os.urandom(5000), "image/jpeg")
    )

    assert "File: Il file pesa più di 10,0\xa0MB." in risposta.content.decode()
    assert risposta.wsgi_request.FILES == {}


def test_a_title_is_shown_as_it_is_and_never_run(client):
    proposta, _io = propria(client)

    spedisci(client, proposta, titolo='"><script>alert(1)</script> \u202eora')

    assert proposta.allegati.get().titolo == '"><script>alert(1)</script> ora'
    pagina = client.get(indirizzo(proposta)).content.decode()
    assert "<script>alert" not in pagina
    assert 'alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; ora"' in pagina


def test_she_takes_a_file_away(client):
    proposta, _io = propria(client)
    spedisci(client, proposta)
    url = reverse("proposte:allegato_togli", args=[proposta.slug, proposta.allegati.get().pk])
    assert client.get(url).status_code == 405

    risposte = [client.post(url), client.post(url)]

    assert [(r.status_code, r["Location"]) for r in risposte] == [(303, indirizzo(proposta))] * 2
    assert proposta.allegati.count() == 0


def test_what_changes_in_public_is_written_in_the_history(client):
    proposta, _io = propria(client, titolo="Panchine")
    spedisci(client, proposta)
    client.post(
        reverse("proposte:allegato_togli", args=[proposta.slug, proposta.allegati.get().pk])
    )

    assert list(Passaggio.objects.values_list("proposta", "evento", "da", "a", "testo")) == [
        (proposta.pk, "modifica", "pubblicata", "pubblicata", testo)
        for testo in (
            "Aggiunto l'allegato «La piazza vuota».",
            "Tolto l'allegato «La piazza vuota».",
        )
    ]


@pytest.mark.parametrize("stato", Stato.values)
def test_files_change_as_long_as_the_proposal_may(client, stato):
    altra = PropostaFactory()
    campi = {"integrata_in": altra} if stato == Stato.INTEGRATA else {}
    proposta, _io = propria(client, stato=stato, **campi)
    permesso = stato in ("bozza", "inviata", "pubblicata")

    assert client.get(indirizzo(proposta)).status_code == (200 if permesso else 404)
    assert spedisci(client, proposta).status_code == (303 if permesso else 404)
    assert proposta.allegati.count() == permesso


def test_evaluation_that_begins_during_the_upload_wins():
    proposta = PropostaFactory()
    Proposta.objects.filter(pk=proposta.pk).update(stato=Stato.IN_VALUTAZIONE)

    with pytest.raises(Rifiuto, match="non si cambiano più"):
        allegati.allega(proposta, ContentFile(immagine(), "x"), "La piazza", adesso=timezone.now())
    assert nel_deposito() == set()


@pytest.mark.parametrize("ruolo", RUOLI)
def test_nobody_changes_the_files_of_somebody_elses_proposal(client, ruolo):
    bozza, pubblica = PropostaFactory(bozza=True), PropostaFactory()
    miei = [manda(immagine(), proposta=p) for p in (bozza, pubblica)]
    entra(client, ruolo)

    for allegato in miei:
        proposta = allegato.proposta
        togli = reverse("proposte:allegato_togli", args=[proposta.slug, allegato.pk])
        assert client.get(indirizzo(proposta)).status_code == 404
        assert spedisci(client, proposta, file=file_png("blue")).status_code == 404
        assert client.post(togli).status_code == 404
    assert list(Allegato.objects.order_by("pk")) == miei


def test_a_file_of_another_proposal_is_not_taken_away_through_ones_own(client):
    mia, _io = propria(client)
    altrui = manda(immagine())

    client.post(reverse("proposte:allegato_togli", args=[mia.slug, altrui.pk]))

    assert Allegato.objects.get() == altrui


# --- Serving --------------------------------------------------------------------------------


def url_di(allegato, nome="allegato_scarica"):
    return reverse(f"proposte:{nome}", args=[allegato.proposta.slug, allegato.pk])


PUBBLICI = set(Proposta.PUBBLICI)
UFFICIO = {"moderatore", "ufficio", "amministratrice"}


@pytest.mark.parametrize("stato", Stato.values)
@pytest.mark.parametrize("ruolo", [*RUOLI, "proponente"])
def test_who_may_read_a_proposal_may_see_its_files(client, ruolo, stato):
    altra = PropostaFactory()
    campi = {"integrata_in": altra} if stato == Stato.INTEGRATA else {}
    if ruolo == "proponente":
        proposta, _io = propria(client, stato=stato, **campi)
    else:
        entra(client, ruolo)
        proposta = PropostaFactory(stato=stato, **campi)
    allegato = manda(immagine(), proposta=proposta)

    visibile = (
        stato in PUBBLICI or ruolo == "proponente" or (ruolo in UFFICIO and stato != Stato.BOZZA)
    )
    atteso = 200 if visibile else 404
    for nome in ("allegato_scarica", "allegato_anteprima"):
        risposta = client.get(url_di(allegato, nome))
        assert risposta.status_code == atteso
        pubblica = "public, max-age=300" if stato in PUBBLICI else "private, no-cache"
        assert risposta["Cache-Control"] == pubblica
        if visibile:
            assert b"".join(risposta.streaming_content).startswith(b"\xff\xd8")


def test_an_image_is_shown_and_a_pdf_is_saved_and_nothing_in_them_runs(client):
    proposta = PropostaFactory()
    attesi = {
        manda(immagine(), proposta=proposta): ("image/jpeg", "inline", "jpg"),
        manda(pdf(), proposta=proposta): ("application/pdf", "attachment", "pdf"),
    }
    for allegato, (tipo, modo, estensione) in attesi.items():
        risposta = client.get(url_di(allegato))

        nome = f"{proposta.slug}-{allegato.pk}.{estensione}"
        assert {
            chiave: risposta[chiave]
            for chiave in (
                "Content-Type",
                "Content-Disposition",
                "X-Content-Type-Options",
                "Content-Security-Policy",
                "Content-Length",
            )
        } == {
            "Content-Type": tipo,
            "Content-Disposition": f'{modo}; filename="{nome}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Content-Length": str(allegato.byte),
        }
        assert b"".join(risposta.streaming_content) == allegato.file.open("rb").read()


def test_a_public_file_is_the_same_for_everybody_and_asks_nobody_who_she_is(
    client, django_assert_num_queries
):
    allegato = manda(immagine(), proposta=PropostaFactory())
    client.force_login(UserFactory())

    with django_assert_num_queries(1):
        risposta = client.get(url_di(allegato))

    assert not risposta.has_header("Vary") or "Cookie" not in risposta["Vary"]
    assert dict(risposta.cookies) == {}


def test_who_has_a_file_already_is_not_sent_it_again_unless_it_is_hidden_now(client):
    proposta = PropostaFactory()
    allegato = manda(immagine(), proposta=proposta)
    etag = client.get(url_di(allegato))["ETag"]
    assert etag != client.get(url_di(allegato, "allegato_anteprima"))["ETag"]

    def chiedi():
        return client.get(url_di(allegato), headers={"If-None-Match": etag})

    assert (chiedi().status_code, chiedi()["Cache-Control"]) == (304, "public, max-age=300")
    Proposta.objects.filter(pk=proposta.pk).update(stato=Stato.NASCOSTA)
    assert chiedi().status_code == 404


def test_a_file_is_found_only_under_its_own_proposal(client):
    allegato, altra = manda(immagine(), proposta=PropostaFactory()), PropostaFactory()

    url = reverse("proposte:allegato_scarica", args=[altra.slug, allegato.pk])

    assert client.get(url).status_code == 404


def test_a_file_that_is_gone_from_the_disk_and_a_pdf_without_picture_are_404(client):
    proposta = PropostaFactory()
    immagine_, documento = manda(immagine(), proposta=proposta), manda(pdf(), proposta=proposta)
    default_storage.delete(immagine_.file.name)

    assert client.get(url_di(immagine_)).status_code == 404
    assert client.get(url_di(documento, "allegato_anteprima")).status_code == 404


@pytest.mark.parametrize("quante", [1, 3])
def test_the_list_of_files_asks_nothing_of_the_database(quante, django_assert_num_queries):
    from django.template.loader import render_to_string

    proposta = PropostaFactory()
    for colore in ("red", "green", "blue")[:quante]:
        manda(immagine(colore=colore), proposta=proposta)
    righe = list(proposta.allegati.all())

    with django_assert_num_queries(0):
        html = render_to_string(
            "proposte/_allegati.html", {"proposta": proposta, "allegati": righe}
        )
    assert html.count("<img ") == quante
    assert "Aggiungi" not in html


def test_without_files_there_is_nothing_to_show_and_to_its_author_the_way_to_add_some():
    from django.template.loader import render_to_string

    proposta = PropostaFactory()
    nome = "proposte/_allegati.html"

    assert render_to_string(nome, {"proposta": proposta, "allegati": []}).strip() == ""
    sua = render_to_string(nome, {"proposta": proposta, "allegati": [], "modificabile": True})
    assert f'href="{indirizzo(proposta)}"' in sua


def test_an_hour_of_uploads_has_an_end(client):
    proposta, _io = propria(client)
    stati = [spedisci(client, proposta).status_code for _ in range(61)]

    assert stati == [303] * 60 + [429]


def test_a_day_old_file_without_row_is_the_limit_of_the_sweep(time_machine):
    time_machine.move_to("2026-03-10T09:00:00Z", tick=False)
    default_storage.save("proposte/2026/03/orfano.jpg", ContentFile(b"x"))

    assert allegati.pulisci_orfani(timezone.now() + timedelta(hours=23)) == 0
    assert allegati.pulisci_orfani(timezone.now() + timedelta(hours=25)) == 1
