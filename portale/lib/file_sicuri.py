"""What a stranger sends is made anew before anybody else opens it.

The work is done by a program of its own (``bonifica.py``), with little memory and few seconds:
images without what a camera writes beside them, PDFs without what acts in them. See
docs/adr/0012-allegati.md.
"""

import json
from hashlib import sha256
from pathlib import Path

from django.core.files import File
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from .programmi import Occupato, Programma, TroppoLento

MEGA = 1024 * 1024
PESO_MASSIMO = 10 * MEGA
ACCETTATI = "image/jpeg,image/png,image/webp,application/pdf"

_PROGRAMMA = Programma(Path(__file__).with_name("bonifica.py"))


class FileRifiutato(Exception):
    """This file is not taken; the message says why, to a person."""


def copia(file: File, destinazione: Path) -> str:
    """Write what was received to disk; returns its fingerprint."""
    impronta = sha256()
    file.seek(0)
    with destinazione.open("wb") as copia:
        for pezzo in iter(lambda: file.read(MEGA), b""):
            impronta.update(pezzo)
            copia.write(pezzo)
    return impronta.hexdigest()


def bonifica(cartella: Path) -> dict:
    """Make the file ``ricevuto`` of this folder anew, as ``file`` (and ``anteprima`` of an image)
    beside it; says its ``genere``, and of an image the size. It takes up to some seconds: never
    call it while a lock is held by you. Raises FileRifiutato when it would not, or ended badly."""
    try:
        esito = json.loads(_PROGRAMMA.esegui("ricevuto", ".", cartella=cartella).stdout)
    except Occupato:
        raise FileRifiutato(
            _("In questo momento arrivano molti file: riprova fra un minuto.")
        ) from None
    except (TroppoLento, ValueError):
        # It was stopped half-way: too much memory, too long, or a decoder that crashed.
        esito = {"no": "complesso"}
    if motivo := esito.get("no"):
        raise FileRifiutato(_MOTIVI[motivo]() % esito)
    return esito


def troppo_grande() -> str:
    return _(
        "Il file pesa più di %(peso)s. Se è una foto, mandala più piccola; se è un PDF, "
        "salvalo con le immagini ridotte."
    ) % {"peso": filesizeformat(PESO_MASSIMO)}


# Why the program refused, in words that say what to do.
_MOTIVI = {
    "vuoto": lambda: _("Il file è vuoto: sceglilo di nuovo."),
    "archivio": lambda: _(
        "È un archivio o un documento di Word, Excel o simili: salvalo come PDF e allega quello."
    ),
    "heic": lambda: _(
        "È una foto in formato HEIC, che molti non possono aprire: salvala o esportala come JPEG."
    ),
    "gif": lambda: _("Le GIF non si possono allegare: salva l'immagine come PNG o JPEG."),
    "svg": lambda: _(
        "I disegni SVG e le pagine web non si possono allegare, perché possono contenere "
        "programmi: salva come PDF o come PNG."
    ),
    "sconosciuto": lambda: _(
        "Si possono allegare solo PDF e immagini JPEG, PNG o WebP, e questo file non lo è, "
        "qualunque sia il suo nome."
    ),
    "rovinato": lambda: _("Il file è rovinato o incompleto: aprilo, salvalo di nuovo e riprova."),
    "pixel": lambda: _(
        "L'immagine è troppo grande: %(larghezza)d × %(altezza)d punti, al massimo 40 milioni in "
        "tutto. Salvala più piccola e riprova."
    ),
    "cifrato": lambda: _("Il PDF è protetto da una password: salvalo senza e riprova."),
    "pagine": lambda: _("Il PDF ha %(pagine)d pagine: al massimo 200. Allegane una parte."),
    "espande": lambda: _(
        "Il PDF contiene dati che, aperti, diventano enormi: stampalo di nuovo come PDF e riprova."
    ),
    "complesso": lambda: _(
        "Il file è troppo complesso per essere controllato: salvalo in modo più semplice, per "
        "esempio stampandolo come PDF, e riprova."
    ),
}


def vuoto() -> str:
    return _MOTIVI["vuoto"]()
