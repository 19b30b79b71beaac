"""Documents as PDF: archived, read aloud and printed alike.

Each is a template of ours (``templates/pdf/<name>.typ``) and the texts of people, who never come
near its source. The work is done by a program of its own (``impaginatore.py``), with little
memory and few seconds. See docs/adr/0016-pdf.md.
"""

import json
import logging
import re
import unicodedata
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from .programmi import Occupato, Programma, TroppoLento

logger = logging.getLogger(__name__)

MODELLI = settings.BASE_DIR / "templates" / "pdf"
# Characters of all the texts together: some 300 pages.
TESTO_MASSIMO = 1_000_000

_PROGRAMMA = Programma(
    Path(__file__).with_name("impaginatore.py"),
    # So that its memory does not depend on how many processors there are.
    ambiente={"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2", "RUST_BACKTRACE": "0"},
)

# What the fonts that the typesetter brings can draw and people write: Latin, Greek, Cyrillic,
# Hebrew and Arabic letters, punctuation, currencies, arrows, mathematics, boxes and ticks. What
# is not here would stop the document (PDF/UA allows no sign without a drawing).
_DISEGNATI = (
    "\n -~\xa0-\xac\xae-\u0377\u0384-\u038a\u038e-\u03a1\u03a3-\u0482\u048a-\u04ff\u05d0-\u05ea"
    "\u0621-\u063a\u0641-\u064a\u0660-\u0669\u1e00-\u1eff\u2010-\u2027\u2030-\u2040\u2044-\u2052"
    "\u2054-\u205e\u2070\u2071\u2074-\u208e\u20a0-\u20c0\u2100-\u211e\u2122\u2126-\u2151"
    "\u2153-\u2184\u2190-\u23ff\u2500-\u2606\u2611-\u2613\u2639-\u263c\u2660-\u2667"
    "\u2669-\u266f\u2713\u2714\u2717\ufb00-\ufb04\ufffd"
)
_NON_DISEGNATI = re.compile(f"[^{_DISEGNATI}]+")
# Vowel points of Arabic: who reads it does without, and on other letters they have no drawing.
_PUNTI_VOCALICI = re.compile("[\u064b-\u0652]")
# Accents piled up on one letter: the first two stay.
_ACCENTI = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")
# A longer word may be broken anywhere, so that it does not run off the page.
_PAROLA = 30
_PAROLE_LUNGHE = re.compile(rf"\S{{{_PAROLA + 1},}}")
_PUNTI_DI_ROTTURA = re.compile("(.{10}[\u0300-\u036f]*)(?=.)")


class ImpaginazioneFallita(Exception):
    """The document could not be made; the message says what to do about it."""


def impagina(modello: str, dati: dict, *, titolo: str, creato: datetime) -> bytes:
    """The PDF of ``templates/pdf/<modello>.typ``: PDF/A-2a and PDF/UA-1, in Italian, with its
    ``titolo``, dated ``creato``. The same arguments make the same bytes.

    ``dati`` are what JSON can say. A text is shown as it was written, markup included, but for the
    signs that :func:`stampabile` cannot keep; ``bytes`` are UTF-8 that we made ourselves (an
    address to lead to, a drawing) and pass untouched. The names of the municipality and of the
    portal are added, where ``dati`` does not say them (``ente``, ``portale``).

    Takes some tenths of a second: never call it while a lock is held by you. Raises
    ImpaginazioneFallita.
    """
    tutti = {
        "ente": settings.ENTE["nome"],
        "portale": settings.ENTE["portale"],
        **dati,
        "titolo": titolo,
    }
    richiesta = json.dumps(
        {"modello": modello, "dati": _pronti(tutti), "creato": int(creato.timestamp())}
    ).encode()
    return _componi(richiesta, modello)


def stampabile(testo: str) -> str:
    """The text as a document can show it: what no font of ours can draw (emoji, Chinese…) becomes
    one "�", what is not seen (control characters, marks that turn the direction of a text) goes,
    and words without an end get places where a line may break."""
    testo = unicodedata.normalize("NFC", testo).replace("\r\n", "\n").replace("\t", " ")
    testo = "".join(
        carattere
        for carattere in testo
        if carattere == "\n" or unicodedata.category(carattere) not in ("Cc", "Cf", "Cs")
    )
    testo = _NON_DISEGNATI.sub("�", _ACCENTI.sub(r"\1", _PUNTI_VOCALICI.sub("", testo)))
    return _PAROLE_LUNGHE.sub(lambda parola: _PUNTI_DI_ROTTURA.sub("\\1\u200b", parola[0]), testo)


def _pronti(dati):
    """The same, with every text made printable."""
    quanti = 0

    def pronto(valore):
        nonlocal quanti
        if isinstance(valore, str | Promise):
            quanti += len(str(valore))
            if quanti > TESTO_MASSIMO:
                raise ImpaginazioneFallita(
                    _("Il documento è troppo lungo: accorcia i testi o dividilo in più parti.")
                )
            return stampabile(str(valore))
        if isinstance(valore, bytes):
            return valore.decode()
        if isinstance(valore, dict):
            return {str(chiave): pronto(voce) for chiave, voce in valore.items()}
        if isinstance(valore, list | tuple):
            return [pronto(voce) for voce in valore]
        return valore

    return pronto(dati)


def _componi(richiesta, modello):
    try:
        fine = _PROGRAMMA.esegui(str(MODELLI), richiesta=richiesta)
    except Occupato:
        raise ImpaginazioneFallita(
            _("In questo momento si preparano molti documenti: riprova fra un minuto.")
        ) from None
    except TroppoLento:
        motivo = "it took too long"
    else:
        if fine.returncode == 0 and fine.stdout.startswith(b"%PDF-"):
            return fine.stdout
        motivo = f"{fine.returncode} {fine.stderr[:500].decode(errors='replace')}"
    logger.error("The document %s can not be made: %s", modello, motivo)
    raise ImpaginazioneFallita(
        _(
            "Il PDF non si riesce a preparare. Controlla che nei testi non ci siano segni "
            "insoliti e riprova; se succede ancora, avvisa chi gestisce il portale."
        )
    )
