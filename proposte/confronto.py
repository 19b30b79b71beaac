"""What changed between two texts, in words, readable by eye and by ear.

The texts are people's: everything that leaves here as HTML was escaped here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from diff_match_patch import diff_match_patch
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

UGUALE, TOLTO, AGGIUNTO = "uguale", "tolto", "aggiunto"
_GENERI = {0: UGUALE, -1: TOLTO, 1: AGGIUNTO}

# A word with whatever belongs to it (accents, the joints of an emoji); each mark of punctuation,
# each line end and each run of blanks by itself, so that a comma never drags a word along.
_PARTI = re.compile(r"\r?\n|[^\S\n]+|[.,;:!?()\[\]«»“”\"…]|[^\s.,;:!?()\[\]«»“”\"…]+")
# Seconds. Two texts written to be hard to compare still get an answer, less fine.
TEMPO_MASSIMO = 0.25
# Where the code points begin that stand for words: far from the surrogates.
_BASE = 0x10000


@dataclass(frozen=True)
class Pezzo:
    """A stretch of text that is in both, only in the first (``tolto``) or only in the second
    (``aggiunto``)."""

    genere: str
    testo: str


def pezzi(prima: str, dopo: str) -> list[Pezzo]:
    """The way from one text to the other, word by word, grouped as a person would read it.
    Joined, what is not ``aggiunto`` gives ``prima`` and what is not ``tolto`` gives ``dopo``."""
    parole: dict[str, str] = {}

    def codifica(testo):
        # diff-match-patch compares characters: give each word one of its own.
        return "".join(
            parole.setdefault(parte, chr(_BASE + len(parole))) for parte in _PARTI.findall(testo)
        )

    prima, dopo = codifica(_righe(prima)), codifica(_righe(dopo))
    testi = {segno: parte for parte, segno in parole.items()}
    motore = diff_match_patch()
    motore.Diff_Timeout = TEMPO_MASSIMO
    differenze = motore.diff_main(prima, dopo, False)
    motore.diff_cleanupSemantic(differenze)
    return [
        Pezzo(_GENERI[genere], "".join(testi[segno] for segno in segni))
        for genere, segni in differenze
    ]


def _righe(testo: str) -> str:
    """A browser sends its line ends its own way: that is no change."""
    return testo.replace("\r\n", "\n").replace("\r", "\n")


def in_html(parti: Iterable[Pezzo]) -> SafeString:
    """``<ins>`` and ``<del>``, with words before and after them for who does not see the page.
    Line ends stay as they are (``white-space: pre-wrap``); one that came or went shows as a
    sign."""
    modelli = {
        TOLTO: format_html(
            '<del><span class="visually-hidden">[{}] </span>{{}}'
            '<span class="visually-hidden"> [{}]</span></del>',
            _("tolto:"),
            _("fine di ciò che è tolto"),
        ),
        AGGIUNTO: format_html(
            '<ins><span class="visually-hidden">[{}] </span>{{}}'
            '<span class="visually-hidden"> [{}]</span></ins>',
            _("aggiunto:"),
            _("fine di ciò che è aggiunto"),
        ),
    }
    a_capo = format_html(
        '<span aria-hidden="true">¶</span><span class="visually-hidden">{}</span>', _("a capo")
    )
    scritti = []
    for parte in parti:
        testo = escape(parte.testo)
        if parte.genere != UGUALE:
            testo = testo.replace("\n", f"{a_capo}\n")
            testo = modelli[parte.genere].replace("{}", testo)
        scritti.append(testo)
    return mark_safe("".join(scritti))  # noqa: S308 (each part is escaped above)


def in_breve(parti: Iterable[Pezzo]) -> str:
    """ "3 parole aggiunte, 1 parola tolta"; empty where the texts are the same."""
    aggiunte = tolte = 0
    cambiato = False
    for parte in parti:
        quante = len(re.findall(r"\w+", parte.testo))
        cambiato = cambiato or parte.genere != UGUALE
        aggiunte += quante if parte.genere == AGGIUNTO else 0
        tolte += quante if parte.genere == TOLTO else 0
    voci = []
    if aggiunte:
        voci.append(
            ngettext("%(n)d parola aggiunta", "%(n)d parole aggiunte", aggiunte) % {"n": aggiunte}
        )
    if tolte:
        voci.append(ngettext("%(n)d parola tolta", "%(n)d parole tolte", tolte) % {"n": tolte})
    if not voci and cambiato:
        return _("cambiano solo spazi o punteggiatura")
    return ", ".join(voci)
