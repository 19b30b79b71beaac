import io
import re
import shutil
from datetime import UTC, datetime

import pikepdf
import pytest

from portale.lib import pdf
from portale.lib.pdf import ImpaginazioneFallita, impagina, stampabile

CREATO = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)


def documento(*pezzi, titolo="Verbale di prova", **dati):
    return impagina("documento", {"pezzi": list(pezzi), **dati}, titolo=titolo, creato=CREATO)


def aperto(contenuto):
    return pikepdf.open(io.BytesIO(contenuto))


def struttura(nodo):
    """The tags of a document, in the order in which it is read aloud."""
    if isinstance(nodo, pikepdf.Array):
        for figlio in nodo:
            yield from struttura(figlio)
    elif isinstance(nodo, pikepdf.Dictionary) and "/S" in nodo:
        yield str(nodo.S)
        if "/K" in nodo:
            yield from struttura(nodo.K)


def letto(contenuto):
    """The text of the pages, through the map from drawings to characters of each font."""
    parti = []
    with aperto(contenuto) as documento:
        for pagina in documento.pages:
            mappe = {
                nome: _mappa(font.ToUnicode.read_bytes().decode())
                for nome, font in pagina.Resources.Font.items()
            }
            mappa = {}
            for operandi, operatore in pikepdf.parse_content_stream(pagina):
                if str(operatore) == "Tf":
                    mappa = mappe[str(operandi[0])]
                elif str(operatore) in ("Tj", "TJ"):
                    pezzi = operandi[0] if str(operatore) == "TJ" else operandi
                    codici = b"".join(bytes(p) for p in pezzi if isinstance(p, pikepdf.String))
                    parti += [
                        mappa.get(codici[n : n + 2].hex().upper(), "")
                        for n in range(0, len(codici), 2)
                    ]
    return "".join(parti).replace("\u200b", "")


def _mappa(testo):
    return {
        codice.upper(): bytes.fromhex(valore).decode("utf-16-be")
        for codice, valore in re.findall(r"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>", testo)
    }


def test_a_document_says_to_machines_what_it_is():
    with aperto(documento({"testo": "Ciao."}, titolo="Verbale n. 4")) as fatto:
        radice = fatto.Root
        dichiarato = radice.Metadata.read_bytes().decode()

        assert (bool(radice.MarkInfo.Marked), str(radice.Lang)) == (True, "it-IT")
        assert (str(fatto.docinfo["/Title"]), str(fatto.docinfo["/CreationDate"])) == (
            "Verbale n. 4",
            "D:20261124183000Z",
        )
        assert radice.ViewerPreferences.DisplayDocTitle == True  # noqa: E712 - a PDF's own
        assert re.findall(
            r"<(pdfuaid:part|pdfaid:part|pdfaid:conformance)>(\w+)<", dichiarato
        ) == [
            ("pdfaid:part", "2"),
            ("pdfaid:conformance", "A"),
            ("pdfuaid:part", "1"),
        ]


def test_headings_lists_and_header_cells_are_told_as_such():
    fatto = documento(
        {"capo": "Presenti"},
        {"colonne": ["Organizzazione", "Presenza"], "righe": [["Circolo", "presente"]]},
        {"capo": "Decisione", "livello": 2},
        {"elenco": ["uno", "due"]},
        {"fatti": [["Luogo", "Sala"]]},
    )

    with aperto(fatto) as aperta:
        etichette = list(struttura(aperta.Root.StructTreeRoot.K))
    assert [e for e in etichette if e in ("/Title", "/H1", "/H2", "/TH", "/TD", "/LI")] == [
        *("/Title", "/H1", "/TH", "/TH", "/TD", "/TD", "/H2", "/LI", "/LI", "/LI"),
    ]


def test_the_same_input_makes_the_same_bytes():
    uno, due = (documento({"testo": "Perché no? " * 200}) for _volta in range(2))

    assert uno == due
    assert documento({"testo": "Perché no! " * 200}) != uno


def test_each_page_says_whose_it_is_and_how_many_there_are(settings):
    settings.ENTE = {**settings.ENTE, "nome": "Comune di Prova", "portale": "Portale di prova"}

    testo = letto(documento({"testo": "parola " * 1500}, piede="Verbale n. 4"))

    assert re.findall(r"pagina \d di \d", testo) == [f"pagina {n} di 3" for n in (1, 2, 3)]
    assert (testo.count("Comune di Prova"), testo.count("Verbale n. 4")) == (3, 3)


@pytest.mark.parametrize(
    "ostile",
    [
        '#read("/etc/passwd")',
        "$x^2$ *forte* _piano_ `codice` = Capo",
        '#import "@preview/x:1.0.0" #sys.inputs',
        "@riferimento <etichetta> // commento /* e */ \\ #panic() ] } )",
        '", "titolo": "altro',
        "<script>alert(1)</script> &amp; {{ 7 }} {% x %}",
    ],
)
def test_markup_in_a_text_is_text(ostile):
    fatto = documento({"testo": ostile}, {"colonne": [ostile], "righe": [[ostile]]}, piede=ostile)

    assert letto(fatto).replace(" ", "").count(ostile.replace(" ", "")) == 4


def test_what_no_font_can_draw_leaves_a_mark_and_what_is_not_seen_goes():
    assert stampabile("ci\0ao\r\nfesta 🎉👩‍👩‍👧 中文\ud800\ue000 fine\x1b\u202egirato\ufeff") == (
        "ciao\nfesta � � finegirato"
    )
    assert stampabile("perche\u0301 e" + "\u0301\u0302" * 40) == "perché é\u0302\u0301"
    assert stampabile("שלום مرحبا Ελλάδα Україна ☑ € ’") == "שלום مرحبا Ελλάδα Україна ☑ € ’"


def test_every_sign_that_is_promised_has_a_drawing():
    """One without would stop any document that holds it."""
    promessi = [c for c in map(chr, range(0x20, 0x10000)) if not pdf._NON_DISEGNATI.match(c)]

    # Each accent on a letter of each alphabet.
    segni = [*promessi, *(f"{b}{c}" for b in "aαжÀ(א" for c in map(chr, range(0x300, 0x370)))]
    fatto = documento({"testo": " ".join(segni)})

    assert (len(promessi), fatto[:5]) == (2693, b"%PDF-")


@pytest.mark.parametrize("senza_fine", ["a", "🎉", ".", "-", "é", "e\u0301\u0302", "م", "\u0301"])
def test_a_text_without_a_space_stays_on_its_page(senza_fine):
    fatto = documento({"testo": senza_fine * 100_000}, {"elenco": [senza_fine * 3000]})

    with aperto(fatto) as aperta:
        assert len(aperta.pages) < 60


def test_a_word_longer_than_a_line_loses_nothing():
    parola = "".join(str(n) for n in range(500))

    assert parola in letto(documento({"testo": parola}))


def test_a_document_that_is_too_long_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(pdf, "_componi", None)

    with pytest.raises(ImpaginazioneFallita, match="Il documento è troppo lungo"):
        documento({"testo": "parola " * 100_000}, {"testo": "parola " * 100_000})


# --- The program ----------------------------------------------------------------------------


@pytest.fixture
def modelli(tmp_path, monkeypatch):
    """A folder of templates where a test writes its own."""
    cartella = tmp_path / "modelli"
    shutil.copytree(pdf.MODELLI, cartella)
    monkeypatch.setattr(pdf, "MODELLI", cartella)
    return cartella


@pytest.mark.parametrize(
    "modello",
    [
        '#set document(title: "x")\n#read("/etc/passwd")',
        '#set document(title: "x")\n#read("../fuori.txt")',
        '#set document(title: "x")\n#import "@preview/cetz:0.4.0": *',
        '#set document(title: "x")\n#let f(n) = f(n)\n#f(1)',
        '#set document(title: "x")\n#image(bytes("<svg/>"), format: "svg")',
    ],
    ids=["absolute", "above", "package", "recursion", "no-alt-text"],
)
def test_a_template_reaches_nothing_outside_its_folder(modelli, modello, caplog):
    (modelli.parent / "fuori.txt").write_text("segreto")
    (modelli / "prova.typ").write_text(modello)

    with pytest.raises(ImpaginazioneFallita, match="Il PDF non si riesce a preparare"):
        impagina("prova", {}, titolo="x", creato=CREATO)
    assert "The document prova can not be made: 1 " in caplog.text


@pytest.mark.parametrize(
    ("modello", "come"),
    [
        ("#for a in range(99999) { for b in range(99999) { let c = a } }", "it took too long"),
        ('#let t = "x" * 1000\n#for n in range(30) { t = t + t }\n#t', "memory allocation"),
    ],
    ids=["time", "memory"],
)
def test_a_document_without_an_end_ends_its_process_alone(
    modelli, modello, come, caplog, monkeypatch
):
    monkeypatch.setattr(pdf._PROGRAMMA, "durata", 1 if come == "it took too long" else 40)
    (modelli / "prova.typ").write_text(f'#set document(title: "x")\n{modello}')

    with pytest.raises(ImpaginazioneFallita):
        impagina("prova", {}, titolo="x", creato=CREATO)
    assert come in caplog.text
    # The turn was given back.
    assert documento({"testo": "Ciao."}).startswith(b"%PDF-")


def test_no_template_reads_a_text_as_a_program():
    for modello in pdf.MODELLI.glob("*.typ"):
        codice = re.sub(r"^\s*//.*$", "", modello.read_text(), flags=re.MULTILINE)
        assert re.findall(r"\b(?:eval|read|plugin|include)\(|@\w+/", codice) == []
