"""What the office finds of meetings and of who comes to them."""

import re

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portale.lib.cercato import Attraverso, Cercato, Sezione, dettagli

from .models import Accoglienza, Incontro, Iscrizione, Resoconto, Sede
from .presenze import codice_ingresso, impronta

# Among so many confirmed registrations, the last ones, a code of the door is looked for: it is
# worked out from each, and doors are of these days.
CODICI = 20_000

_LINK = re.compile(r"(?:.*/iscrizioni/)?([\w-]{16,24})(?:\.[\w-]+)?(?:/.*)?", re.ASCII)
_INGRESSO = re.compile(r"(?:PRESENZA \d+ )?([A-Z0-9]{4})-?([A-Z0-9]{4})", re.ASCII)


def _letto(testo):
    """What was read of the code at the door; None for anything else."""
    letto = _INGRESSO.fullmatch(testo.upper())
    # Without a dash or a digit it is a word of eight letters.
    return letto if letto and re.search("[-0-9]", testo) else None


def e_un_codice(testo: str) -> bool:
    """Whether it may be what names one registration: its code, a link to it, the code at the
    door."""
    return bool(_LINK.fullmatch(testo) or _letto(testo))


def _con_il_codice(testo):
    if link := _LINK.fullmatch(testo):
        return Q(codice=link[1])
    letto = _letto(testo)
    if letto is None:
        return None
    cercata = impronta(letto[1] + letto[2])
    ultime = Iscrizione.objects.confermate().order_by("-pk").only("pk", "codice")[:CODICI]
    return Q(pk__in=[riga.pk for riga in ultime if impronta(codice_ingresso(riga)) == cercata])


ISCRIZIONE = Cercato(Iscrizione, "nome", "email", numeri=["telefono"], esatto=_con_il_codice)
SEDE = Cercato(Sede, "nome", "indirizzo", radici=True)
INCONTRO = Cercato(
    Incontro, "titolo", "descrizione", radici=True, attraverso=[Attraverso("sede", SEDE)]
)
# By the title of a meeting: what hangs on it has none of its own.
TITOLO = Cercato(Incontro, "titolo", "descrizione", radici=True)
RESOCONTO = Cercato(
    Resoconto, "testo", "bisogni", "idee", radici=True, attraverso=[Attraverso("incontro", TITOLO)]
)
ACCOGLIENZA = Cercato(Accoglienza, "nome", "email", attraverso=[Attraverso("incontro", TITOLO)])


SEZIONI = [
    Sezione(
        Iscrizione,
        _("Iscrizioni"),
        lambda i: (
            i.nome,
            dettagli(i.incontro, i.incontro.quando, i.get_stato_display(), i.email, i.telefono),
        ),
        con=["incontro"],
        indirizzi=lambda i: i.email,
    ),
    Sezione(
        Incontro,
        _("Incontri"),
        lambda i: (i.titolo, dettagli(i.quando, i.laboratorio, i.get_stato_display())),
        con=["laboratorio"],
    ),
    Sezione(Sede, _("Sedi"), lambda s: (s.nome, dettagli(s.indirizzo, s.citta))),
    Sezione(
        Resoconto,
        _("Resoconti"),
        lambda r: (
            str(r),
            dettagli(r.incontro.quando, _("pubblicato") if r.pubblicato_at else _("bozza")),
        ),
        con=["incontro"],
    ),
    Sezione(
        Accoglienza,
        _("Persone all'accoglienza"),
        lambda a: (a.nome, dettagli(a.incontro, a.incontro.quando, a.email)),
        con=["incontro"],
        indirizzi=lambda a: a.email,
    ),
]
