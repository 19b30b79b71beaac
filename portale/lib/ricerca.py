"""Words as people look for them: one rule for Italian, the same on every database.

What is kept beside a text (``indice``) are the stems of its words, so that whoever writes
"pista ciclabile" finds "piste ciclabili". The rule is small on purpose: fold accents, drop the
ending. Singular and plural, masculine and feminine become one; verbs and diminutives do not.
After a change of it: ``manage.py reindicizza``.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# A word of any script: people here read and write more languages than one.
_PAROLE = re.compile(r"[^\W_]+")
# No letter before these is an accent that stands by itself.
_SEGNI = re.compile("[^\0-\u02ff]")
# A longer one is no word; kept short, it is still found by whoever pastes it whole.
LUNGHEZZA = 40
# Words that are in every text.
_VUOTE = """
    il lo la gli le un uno una di da in con su per tra fra del dello della dei degli delle dal
    dallo dalla dai dagli dalle al allo alla ai agli alle nel nello nella nei negli nelle sul
    sullo sulla sui sugli sulle col coi dell all dall nell sull quest quell ed ad od che chi cui
    non ne si ci vi mi ti se ma io tu lui lei noi voi loro me te questo questa questi queste
    quello quella quelli quelle mio mia suo sua nostro nostra come dove quando quanto perche anche
    piu meno molto molti molte tanto tanti tante poco pochi tutto tutta tutti tutte ogni altro
    altra altri altre solo gia ancora poi cosi qui qua sia era sono essere stato stata stati state
    ho hai ha abbiamo avete hanno avere puo possono deve devono essi cosa fare fa vorrei vorremmo
    the of and to
"""
VUOTE = frozenset(_VUOTE.split())
# laboratorio and laboratori, farmacia and farmacie: the i goes with the ending.
_FINALI = ("io", "ia", "ie", "ii")
_MINIMA = 3


def radici(testo: str) -> list[str]:
    """The stems of the words of a text, in order, without accents, endings and empty words."""
    return [r for parola in _PAROLE.findall(_piana(testo)) if (r := radice(parola[:LUNGHEZZA]))]


@lru_cache(maxsize=50_000)
def radice(parola: str) -> str:
    """The stem of one word (lower case, no accents); empty for a word that says nothing."""
    if parola in VUOTE or (len(parola) == 1 and not parola.isdigit()):
        return ""
    if len(parola) <= _MINIMA or parola[-1] not in "aeio" or not parola.isascii():
        return parola
    for finale in (2, 1):
        if (finale == 1 or parola.endswith(_FINALI)) and len(parola) - finale >= _MINIMA:
            parola = parola[:-finale]
            break
    # parchi, biblioteche, luoghi: the h only keeps the sound before an ending that is gone.
    return parola[:-1] if parola.endswith(("ch", "gh")) and len(parola) > _MINIMA else parola


def indice(*testi: str) -> str:
    """What is stored beside the texts for searches to look into: each stem once, in the order in
    which it first comes."""
    return " ".join(dict.fromkeys(radice for testo in testi for radice in radici(testo)))


def contiene(testo: str, cercate: Collection[str]) -> bool:
    """Whether a text has all these stems."""
    piano = _piana(testo)
    # A stem begins one of the words: most texts are told apart without taking them to pieces.
    return all(r in piano for r in cercate) and set(radici(testo)).issuperset(cercate)


def _piana(testo: str) -> str:
    """Lower case, without accents. "K" and its like become letters (NFKD)."""
    if testo.isascii():
        return testo.lower()
    return _SEGNI.sub(_senza_accento, unicodedata.normalize("NFKD", testo.casefold()))


def _senza_accento(segno):
    return "" if unicodedata.combining(segno[0]) else segno[0]


# --- Extracts -------------------------------------------------------------------------------


def evidenzia(testo: str, cercate: Collection[str]) -> SafeString:
    """The text, escaped, with the words whose stems are among ``cercate`` inside ``<mark>``."""
    parti, qui = [], 0
    for parola in _parole_con(testo, cercate):
        parti += [
            escape(testo[qui : parola.start()]),
            f"<mark>{escape(parola[0])}</mark>",
        ]
        qui = parola.end()
    parti.append(escape(testo[qui:]))
    return mark_safe("".join(parti))  # noqa: S308 (each part is escaped above)


def estratto(testo: str, cercate: Collection[str] = (), *, lunghezza: int = 200) -> str:
    """About ``lunghezza`` characters of a text on one line: around the first of the words that
    are looked for, or from the beginning. Words stay whole, as far as they are words."""
    prima = next(_parole_con(testo, cercate), None) if cercate else None
    inizio = max(0, prima.start() - lunghezza // 3) if prima else 0
    if inizio:
        spazio = testo.find(" ", inizio, prima.start())
        inizio = spazio + 1 if spazio >= 0 else inizio
    parte = testo[inizio : inizio + lunghezza]
    if inizio + lunghezza < len(testo):
        spazio = parte.rfind(" ", lunghezza // 2)
        parte = parte[:spazio] if spazio > 0 else parte
        parte = f"{parte.rstrip()}…"
    return " ".join(f"{'…' if inizio else ''}{parte}".split())


def _parole_con(testo, cercate):
    """The words of a text (matches of the pattern) that have one of these stems."""
    piano = _piana(testo)
    # A stem begins a word: a text that has none of them is not taken to pieces.
    if not any(r in piano for r in cercate):
        return
    for parola in _PAROLE.finditer(testo):
        # Each letter makes at least one: no more of them count.
        if _radice_di(parola[0][:LUNGHEZZA]) in cercate:
            yield parola


@lru_cache(maxsize=50_000)
def _radice_di(parola):
    """The stem of a word as it is written."""
    return radice(_piana(parola)[:LUNGHEZZA])
