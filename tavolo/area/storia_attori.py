"""The changes of an actor in words, as members read them: of whom to call there is nothing."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from laboratori.models import Attore, ModificaAttore
from portale.lib import dates

# A point is two numbers, which say nothing to a reader.
_PUNTO = ("latitudine", "longitudine")
# Told by the step itself.
_TACIUTI = ("stato_dal",)


class Cambio(NamedTuple):
    campo: str
    da: str
    a: str


class Passo(NamedTuple):
    """One change: what, when, by whom and for whom, why, and each field from and to."""

    verbo: str
    quando: str
    autore: str
    origine: str
    motivo: str
    cambi: list[Cambio]


def storia(attore: Attore) -> list[Passo]:
    """The last first; two queries at most. A change of nothing but the office's fields is left
    out."""
    passi = []
    for modifica in attore.modifiche.select_related("autore").order_by("-numero"):
        cambi = _cambi(modifica)
        if modifica.verbo == ModificaAttore.Verbo.CORRETTO and not cambi:
            continue
        passi.append(
            Passo(
                modifica.get_verbo_display(),
                dates.giorno_e_ora(modifica.created_at),
                modifica.autore.nome if modifica.autore else "",
                modifica.origine,
                modifica.motivo,
                cambi,
            )
        )
    return passi


def confronto(attore: Attore, campi: dict) -> list[Cambio]:
    """What the actor says now (``da``) where ``campi`` says something else (``a``)."""
    diversi = []
    for campo, valore in campi.items():
        adesso = getattr(attore, campo)
        if adesso != valore and campo not in Attore.RISERVATI:
            cambio = Cambio(nome_campo(campo), a_parole(campo, adesso), a_parole(campo, valore))
            if cambio not in diversi:
                diversi.append(cambio)
    return diversi


def _cambi(modifica):
    trovati = []
    for cambio in modifica.leggibili:
        campo = cambio["campo"]
        if campo in _TACIUTI:
            continue
        parole = Cambio(
            nome_campo(campo), a_parole(campo, cambio["da"]), a_parole(campo, cambio["a"])
        )
        if parole not in trovati:
            trovati.append(parole)
    return trovati


def nome_campo(campo: str) -> str:
    if campo in _PUNTO:
        return _("punto sulla mappa")
    return str(Attore._meta.get_field(campo).verbose_name)


def a_parole(campo: str, valore) -> str:
    """A value as a person reads it; empty for none."""
    if campo in _PUNTO:
        return "" if valore is None else _("c'è")
    if campo == "laboratorio":
        return str(getattr(valore, "numero", valore))
    if campo == "pubblici":
        return ", ".join(str(p.label) for p in Attore.Pubblico if p.value in valore)
    if campo in ("genere", "stato"):
        scelte = dict(Attore._meta.get_field(campo).flatchoices)
        return str(scelte.get(valore, valore))
    return str(valore or "")
