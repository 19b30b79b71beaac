"""A program of its own: makes what a stranger sent harmless, or says why it cannot.

``python -I bonifica.py RECEIVED FOLDER`` reads the file RECEIVED, writes ``file`` (and, of an
image, ``anteprima``) into FOLDER, and prints one line of JSON: what it made of it, or the code of
the refusal. It knows neither Django nor the portal: a bomb, an endless loop or a crash inside a
decoder ends this process, which has little memory and few seconds, and nothing else.
See docs/adr/0012-allegati.md.
"""

import json
import os
import resource
import sys
import zlib
from pathlib import Path

MEGA = 1024 * 1024

# What this process may use: address space, seconds of processor, bytes of one written file.
MEMORIA = 768 * MEGA
SECONDI = 20
SCRITTURA = 40 * MEGA

PIXEL_MASSIMI = 40_000_000
# Each scan of a progressive JPEG goes over the whole image again; cameras and programs make ten.
PASSATE_MASSIME = 100
LATO_MASSIMO = 2400
LATO_ANTEPRIMA = 640

PAGINE_MASSIME = 200
OGGETTI_MASSIMI = 50_000
# Decompressed: one stream (a page scanned at 600 dpi is some 100 MB), and all of them.
FLUSSO_MASSIMO = 150 * MEGA
FLUSSI_MASSIMI = 1024 * MEGA
PIXEL_NEL_PDF = 200_000_000


class Rifiutato(Exception):
    """The file is not taken; ``codice`` says why (``portale.lib.file_sicuri``)."""

    def __init__(self, codice, **dati):
        super().__init__(codice)
        self.codice, self.dati = codice, dati


def bonifica(ricevuto: Path, cartella: Path) -> dict:
    """Recognise the file by what it begins with, whatever its name, and make it anew."""
    with ricevuto.open("rb") as file:
        inizio = file.read(1024)
    if inizio.startswith(b"\xff\xd8\xff"):
        return _immagine(ricevuto, cartella, "JPEG")
    if inizio.startswith(b"\x89PNG\r\n\x1a\n"):
        return _immagine(ricevuto, cartella, "PNG")
    if inizio.startswith(b"RIFF") and inizio[8:12] == b"WEBP":
        return _immagine(ricevuto, cartella, "WEBP")
    testo = inizio.removeprefix(b"\xef\xbb\xbf").lstrip()
    if testo.startswith(b"%PDF-"):
        return _pdf(ricevuto, cartella)
    raise Rifiutato(_che_cosa_e(inizio, testo))


def _che_cosa_e(inizio, testo):
    """The code for what is not taken, as far as its beginning tells."""
    if not inizio:
        return "vuoto"
    if inizio.startswith((b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        return "archivio"
    if inizio[4:8] == b"ftyp" and inizio[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return "heic"
    if inizio.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if testo.startswith(b"<") or inizio.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<")):
        return "svg"
    return "sconosciuto"


# --- Images ---------------------------------------------------------------------------------


def _immagine(ricevuto, cartella, formato):
    """Decoded, made smaller and drawn on a new white canvas: of what came there are only the
    colours left, upright, without EXIF, place, profile, comment or anything after the end."""
    from PIL import Image, ImageOps

    # We look at the size ourselves, before a single pixel is decoded.
    Image.MAX_IMAGE_PIXELS = None
    if formato == "WEBP":
        # Its decoder makes room for the whole canvas as soon as it opens.
        _controlla_pixel(*_misure_webp(ricevuto))
    elif formato == "JPEG" and ricevuto.read_bytes().count(b"\xff\xda") > PASSATE_MASSIME:
        raise Rifiutato("complesso")
    with Image.open(ricevuto, formats=[formato]) as immagine:
        _controlla_pixel(*immagine.size)
        # A JPEG can be decoded at a half, a quarter or an eighth of its size.
        immagine.draft("RGB", (LATO_MASSIMO, LATO_MASSIMO))
        if immagine.mode in ("P", "PA", "1"):
            immagine = immagine.convert("RGBA")
        immagine.thumbnail((LATO_MASSIMO, LATO_MASSIMO), reducing_gap=2.0)
        tela = _su_bianco(ImageOps.exif_transpose(immagine))
    # Drawings and screenshots keep their thin coloured lines.
    tela.save(
        cartella / "file",
        "JPEG",
        quality=85,
        optimize=True,
        progressive=True,
        subsampling="4:4:4" if formato == "PNG" else "4:2:0",
    )
    larghezza, altezza = tela.size
    tela.thumbnail((LATO_ANTEPRIMA, LATO_ANTEPRIMA))
    tela.save(cartella / "anteprima", "JPEG", quality=80, optimize=True, progressive=True)
    return {"genere": "immagine", "larghezza": larghezza, "altezza": altezza}


def _controlla_pixel(larghezza, altezza):
    if larghezza * altezza > PIXEL_MASSIMI:
        raise Rifiutato("pixel", larghezza=larghezza, altezza=altezza)


def _misure_webp(ricevuto):
    """Width and height in the header of a WebP (RFC 9649); the decoder finds out the rest."""
    with ricevuto.open("rb") as file:
        testa = file.read(30)
    if len(testa) < 30:
        raise Rifiutato("rovinato")
    if testa[12:16] == b"VP8X":
        return (
            int.from_bytes(testa[24:27], "little") + 1,
            int.from_bytes(testa[27:30], "little") + 1,
        )
    if testa[12:16] == b"VP8L":
        bit = int.from_bytes(testa[21:25], "little")
        return (bit & 0x3FFF) + 1, ((bit >> 14) & 0x3FFF) + 1
    return (
        int.from_bytes(testa[26:28], "little") & 0x3FFF,
        int.from_bytes(testa[28:30], "little") & 0x3FFF,
    )


def _su_bianco(immagine):
    """A new RGB image with the same colours, on white where it was transparent."""
    from PIL import Image

    profilo = immagine.info.get("icc_profile")
    if immagine.mode in ("I;16", "I;16B", "I"):
        immagine = immagine.convert("I").point(lambda valore: valore / 256).convert("L")
    elif immagine.mode in ("LA", "La", "RGBa"):
        immagine = immagine.convert("RGBA")
    trasparenza = immagine.getchannel("A") if immagine.mode == "RGBA" else None
    if trasparenza is not None:
        immagine = immagine.convert("RGB")
    if profilo:
        immagine = _in_srgb(immagine, profilo)
    tela = Image.new("RGB", immagine.size, "white")
    tela.paste(immagine.convert("RGB"), mask=trasparenza)
    return tela


def _in_srgb(immagine, profilo):
    """The colours that the profile meant: a telephone's are duller without it."""
    from io import BytesIO

    from PIL import ImageCms

    if len(profilo) > MEGA or immagine.mode not in ("RGB", "CMYK", "L"):
        return immagine
    try:
        return ImageCms.profileToProfile(
            immagine,
            ImageCms.ImageCmsProfile(BytesIO(profilo)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return immagine


# --- PDF ------------------------------------------------------------------------------------

# What a document keeps of its catalogue. Everything that acts by itself or carries other files
# is not here: OpenAction, AA, Names (JavaScript, EmbeddedFiles), AcroForm (XFA), Collection, …
RADICE = {
    "/Type", "/Pages", "/Version", "/Lang", "/PageLabels", "/PageLayout", "/Dests", "/Outlines",
    "/MarkInfo", "/StructTreeRoot", "/ViewerPreferences", "/OCProperties", "/OutputIntents",
}  # fmt: skip
# Wherever they are.
VIETATE = (
    "/AA", "/OpenAction", "/JS", "/JavaScript", "/EF", "/AF", "/XFA", "/PA", "/Metadata",
    "/PieceInfo", "/LastModified", "/RichMediaContent", "/RichMediaSettings", "/Rendition",
    "/Movie", "/Sound", "/Ref",
)  # fmt: skip
INDIRIZZI = ("http://", "https://", "mailto:")


def _pdf(ricevuto, cartella):
    """Written anew: the pages as they look, forms and notes drawn on them, and links. No program,
    no action but a link, no file inside, no data about who made it."""
    import pikepdf

    try:
        pdf = pikepdf.open(ricevuto, suppress_warnings=True)
    except pikepdf.PasswordError:
        raise Rifiutato("cifrato") from None
    with pdf:
        if pdf.is_encrypted:
            raise Rifiutato("cifrato")
        if len(pdf.objects) > OGGETTI_MASSIMI:
            raise Rifiutato("complesso")
        pagine = len(pdf.pages)
        if not pagine:
            raise Rifiutato("rovinato")
        if pagine > PAGINE_MASSIME:
            raise Rifiutato("pagine", pagine=pagine)
        _misura_flussi(pdf)
        # What was written into a form stays readable; the form itself goes.
        modulo = pdf.Root.get("/AcroForm")
        if isinstance(modulo, pikepdf.Dictionary) and modulo.get("/NeedAppearances", False):
            pdf.generate_appearance_streams()
        pdf.flatten_annotations("screen")
        nomi = pdf.Root.get("/Names")
        for chiave in list(pdf.Root.keys()):
            if chiave not in RADICE:
                del pdf.Root[chiave]
        if isinstance(nomi, pikepdf.Dictionary) and "/Dests" in nomi:
            # The places that its own links lead to.
            pdf.Root["/Names"] = pikepdf.Dictionary(Dests=nomi["/Dests"])
        for pagina in pdf.pages:
            _solo_collegamenti(pagina.obj)
        for oggetto in pdf.objects:
            _pulisci(oggetto)
        for chiave in ("/Info", "/AuthCode"):
            if chiave in pdf.trailer:
                del pdf.trailer[chiave]
        pdf.save(
            cartella / "file",
            fix_metadata_version=False,
            # What is compressed stays as it is: nothing of it is opened.
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            recompress_flate=False,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
    return {"genere": "pdf", "pagine": pagine}


def _misura_flussi(pdf):
    """Refuse a document that would fill the memory of whoever opens it. Streams are expanded a
    piece at a time and thrown away."""
    import pikepdf

    totale = 0
    for oggetto in pdf.objects:
        if not isinstance(oggetto, pikepdf.Stream):
            continue
        larghezza, altezza = oggetto.get("/Width", 0), oggetto.get("/Height", 0)
        numeri = isinstance(larghezza, int) and isinstance(altezza, int)
        if numeri and larghezza * altezza > PIXEL_NEL_PDF:
            raise Rifiutato("espande")
        filtri = _filtri(oggetto)
        if sum(filtro in ("/FlateDecode", "/Fl", "/LZWDecode", "/LZW") for filtro in filtri) > 1:
            # Compressed twice: a thousand times a thousand.
            raise Rifiutato("espande")
        if filtri and filtri[0] in ("/FlateDecode", "/Fl"):
            totale += _espanso(oggetto.get_raw_stream_buffer())
        elif any(filtro in ("/LZWDecode", "/LZW", "/FlateDecode", "/Fl") for filtro in filtri):
            # Rare: qpdf expands it whole, within the memory of this process.
            totale += len(oggetto.read_bytes(pikepdf.StreamDecodeLevel.generalized))
        if totale > FLUSSI_MASSIMI:
            raise Rifiutato("espande")


def _filtri(flusso):
    import pikepdf

    filtri = flusso.get("/Filter", [])
    if isinstance(filtri, pikepdf.Name):
        return [str(filtri)]
    return [str(filtro) for filtro in filtri] if isinstance(filtri, pikepdf.Array) else []


def _espanso(compresso):
    """How many bytes a Flate stream becomes; one that is broken counts as far as it goes."""
    motore, totale, resto = zlib.decompressobj(), 0, bytes(compresso)
    try:
        while resto and not motore.eof:
            totale += len(motore.decompress(resto, MEGA))
            resto = motore.unconsumed_tail
            if totale > FLUSSO_MASSIMO:
                raise Rifiutato("espande")
    except zlib.error:
        pass
    return totale


def _solo_collegamenti(pagina):
    """Of a page's annotations only links that lead somewhere in sight are kept."""
    import pikepdf

    annotazioni = pagina.get("/Annots")
    if annotazioni is None:
        return
    tenute = []
    if isinstance(annotazioni, pikepdf.Array):
        tenute = [
            annotazione
            for annotazione in annotazioni
            if isinstance(annotazione, pikepdf.Dictionary)
            and annotazione.get("/Subtype") == "/Link"
            and ("/Dest" in annotazione or _azione_ammessa(annotazione.get("/A")))
        ]
    if tenute:
        pagina["/Annots"] = pikepdf.Array(tenute)
    else:
        del pagina["/Annots"]


def _azione_ammessa(azione):
    import pikepdf

    if not isinstance(azione, pikepdf.Dictionary):
        return False
    if azione.get("/S") == "/GoTo":
        return True
    indirizzo = str(azione.get("/URI", ""))
    return azione.get("/S") == "/URI" and indirizzo.lower().startswith(INDIRIZZI)


def _pulisci(oggetto, profondita=0):
    """Take what acts out of a dictionary, and out of what is written inside it."""
    import pikepdf

    if profondita > 200:
        raise Rifiutato("complesso")
    if isinstance(oggetto, pikepdf.Stream | pikepdf.Dictionary):
        # A stream whose content is in another file.
        esterne = (
            ("/F", "/FFilter", "/FDecodeParms") if isinstance(oggetto, pikepdf.Stream) else ()
        )
        for chiave in (*VIETATE, *esterne):
            if chiave in oggetto:
                del oggetto[chiave]
        if "/A" in oggetto and isinstance(oggetto["/A"], pikepdf.Dictionary):
            if "/S" in oggetto["/A"] and not _azione_ammessa(oggetto["/A"]):
                del oggetto["/A"]
            elif "/Next" in oggetto["/A"]:
                del oggetto["/A"]["/Next"]
        figli = [oggetto[chiave] for chiave in oggetto.keys()]  # noqa: SIM118
    elif isinstance(oggetto, pikepdf.Array):
        figli = list(oggetto)
    else:
        return
    for figlio in figli:
        # The others are visited by themselves: they are objects of the file.
        if isinstance(figlio, pikepdf.Object) and not figlio.is_indirect:
            _pulisci(figlio, profondita + 1)


# --- The program ----------------------------------------------------------------------------


def _limita():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORIA, MEMORIA))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDI, SECONDI + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SCRITTURA, SCRITTURA))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)


def main(ricevuto, cartella):
    _limita()
    try:
        esito = bonifica(Path(ricevuto), Path(cartella))
    except Rifiutato as no:
        esito = {"no": no.codice, **no.dati}
    except MemoryError:
        esito = {"no": "complesso"}
    except Exception:  # noqa: BLE001 - whatever a decoder stumbles upon, the file is no good
        esito = {"no": "rovinato"}
    print(json.dumps(esito))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
