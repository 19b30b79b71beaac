"""Decisions as pages show them: prepared once, organisations alone, no person by name."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from portale.lib import dates
from proposte import confronto

from .models import Decisione, Esito

TONI = {
    Esito.ACCOLTA: "success",
    Esito.ACCOLTA_CON_MODIFICHE: "success",
    Esito.NON_ACCOLTA: "danger",
    Esito.RINVIATA: "warning",
    Esito.DA_INTEGRARE: "warning",
}


def titolo_leggibile(proposta) -> str:
    """The proposal's title; of one that was taken back or hidden not even that is read."""
    return str(proposta) if proposta.pubblica else _("Una proposta che non si legge più")


@dataclass(frozen=True)
class VoceDecisione:
    """A line of the lists."""

    url: str
    titolo: str
    esito: str
    tono: str
    fatti: str
    in_attesa: bool
    sostituita: bool
    esempio: bool


def voci(decisioni, *, rotta: str = "tavolo:decisione_detail") -> list[VoceDecisione]:
    """One line for each of the decisions (``for_elenco`` with ``annullata_da``)."""
    citta = _("Tutta la città")
    return [
        VoceDecisione(
            url=reverse(rotta, args=[decisione.pk]),
            titolo=titolo_leggibile(decisione.proposta),
            esito=capfirst(decisione.get_esito_display()),
            tono=TONI[decisione.esito],
            fatti=" · ".join(
                [
                    dates.giorno_mese_anno(dates.a_roma(decisione.presa_at).date()),
                    decisione.proposta.laboratorio.nome
                    if decisione.proposta.laboratorio
                    else citta,
                    _("in seduta") if decisione.seduta_id else _("per iscritto"),
                ]
            ),
            in_attesa=decisione.pubblicata_at is None,
            sostituita=sostituta(decisione, tutto=rotta.startswith("area:")) is not None,
            esempio=decisione.esempio,
        )
        for decisione in decisioni
    ]


def con_sostituta(decisioni):
    """With what :func:`sostituta` reads."""
    return decisioni.select_related("annullata_da", "annulla")


def sostituta(decisione: Decisione, *, tutto: bool = False) -> Decisione | None:
    """The decision that took its place, once it is published; ``tutto``: also before."""
    nuova = getattr(decisione, "annullata_da", None)
    return nuova if nuova and (tutto or nuova.pubblicata_at) else None


def contesto(decisione: Decisione, *, tutto: bool = False) -> dict:
    """What the page of one decision shows; ``tutto`` is for the members' area. Three queries
    beside the decision's own."""
    proposta = decisione.proposta
    leggibile = proposta.pubblica
    nuova = sostituta(decisione, tutto=tutto)
    vecchia = decisione.annulla
    rotta = "area:decisione_detail" if tutto else "tavolo:decisione_detail"
    return {
        "decisione": decisione,
        "titolo": titolo_leggibile(proposta),
        "proposta_url": proposta.get_absolute_url() if leggibile else "",
        "storia_url": f"{proposta.get_absolute_url()}percorso/" if leggibile else "",
        "esito": capfirst(decisione.get_esito_display()),
        "tono": TONI[decisione.esito],
        "presa": dates.giorno_esteso(dates.a_roma(decisione.presa_at).date()),
        "presa_iso": dates.a_roma(decisione.presa_at).date().isoformat(),
        "pubblicata": decisione.pubblicata_at
        and dates.giorno_mese_anno(dates.a_roma(decisione.pubblicata_at).date()),
        "differenze": _differenze(decisione) if leggibile else None,
        "presenti": [
            str(seggio) for seggio in decisione.presenti.select_related("organizzazione")
        ],
        "dissensi": [
            (str(dissenso.seggio), dissenso.testo)
            for dissenso in decisione.dissensi.select_related("seggio__organizzazione")
        ],
        "sostituita_da": nuova and _link(nuova, rotta),
        "perche_sostituita": nuova.perche_annulla if nuova else "",
        "sostituisce": vecchia and _link(vecchia, rotta) if _si_legge(vecchia, tutto) else None,
    }


def _si_legge(decisione, tutto):
    return decisione is not None and (tutto or decisione.pubblicata_at is not None)


def _link(decisione, rotta):
    giorno = dates.giorno_mese_anno(dates.a_roma(decisione.presa_at).date())
    parole = _("%(esito)s, %(giorno)s") % {
        "esito": capfirst(decisione.get_esito_display()),
        "giorno": giorno,
    }
    return reverse(rotta, args=[decisione.pk]), parole


def _differenze(decisione):
    """What the agreed text changes: (in few words, as HTML)."""
    if not decisione.testo_concordato:
        return None
    return differenze(decisione.testo_originale, decisione.testo_concordato)


def differenze(prima: str, dopo: str) -> dict:
    parti = confronto.pezzi(prima, dopo)
    return {"in_breve": confronto.in_breve(parti), "html": confronto.in_html(parti)}
