"""A need or a proposal in one line, wherever another page names it: every text ready, so that a
template only writes it down."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .models import Bisogno, Proposta

Stato = Proposta.Stato

# The tone of each state's label (componenti/etichetta.html); the words say it too.
TONI = {
    Stato.PUBBLICATA: "primary",
    Stato.IN_VALUTAZIONE: "warning",
    Stato.ACCOLTA: "success",
    Stato.ACCOLTA_CON_MODIFICHE: "success",
    Stato.NON_ACCOLTA: "danger",
}
# Long texts that a line does not show.
NON_SERVE = ("che_cosa", "perche", "per_chi", "indice", "indice_titolo")


@dataclass(frozen=True, slots=True)
class Riga:
    url: str
    titolo: str
    # Its state in words and the tone of its label; empty for a need.
    stato: str
    tono: str
    fatti: str
    esempio: bool


def per_righe(proposte):
    """Proposals with what :func:`righe` reads."""
    return proposte.select_related("laboratorio", "incontro").defer(*NON_SERVE)


def righe(proposte: Iterable[Proposta]) -> list[Riga]:
    """One line for each: title, state, who proposes and where."""
    citta = _("Tutta la città")
    return [
        Riga(
            url=proposta.get_absolute_url(),
            titolo=proposta.titolo,
            stato=capfirst(proposta.get_stato_display()),
            tono=TONI.get(proposta.stato, "secondary"),
            fatti=f"{proposta.firma} · "
            f"{proposta.laboratorio.nome if proposta.laboratorio else citta}",
            esempio=proposta.esempio,
        )
        for proposta in proposte
    ]


def righe_bisogni(bisogni: Iterable[Bisogno]) -> list[Riga]:
    """One line for each need: title, and the priority that its workshop gave it."""
    return [
        Riga(
            url=bisogno.get_absolute_url(),
            titolo=bisogno.titolo,
            stato="",
            tono="",
            fatti=_("priorità %(priorita)s") % {"priorita": bisogno.get_priorita_display()}
            if bisogno.priorita
            else "",
            esempio=bisogno.esempio,
        )
        for bisogno in bisogni
    ]
