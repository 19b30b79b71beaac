"""What waits for a seat, piece by piece, for the members' home. Each piece is one query or two,
however much there is of it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from portale.lib import dates

from .. import risultati
from ..models import (
    DomandaProponente,
    Esame,
    Giustificazione,
    Impegno,
    Posizione,
    Presenza,
    ProceduraScritta,
    RispostaScritta,
    Seduta,
    Verbale,
)
from ..permissions import Accesso


@dataclass(frozen=True)
class Voce:
    """A review in the list: how far the seats are, and what her own has done of it."""

    esame: Esame
    rese: int
    seggi: int
    bozza: bool
    resa: bool

    @property
    def entro(self) -> str:
        return dates.giorno_esteso(self.esame.ultimo_giorno)


def esami_aperti(percorso, accesso: Accesso, adesso: datetime) -> list[Voce]:
    """The open reviews, soonest due first."""
    esami = list(
        Esame.objects.aperti(adesso)
        .filter(percorso=percorso)
        .for_elenco()
        .order_by("scade_at", "proposta__titolo", "pk")
    )
    tutti = risultati.di_esami(esami, adesso)
    mie = {}
    if accesso.can_esprimersi:
        mie = {
            posizione.esame_id: posizione
            for posizione in Posizione.objects.filter(esame__in=esami, seggio=accesso.seggio)
        }
    return [_voce(esame, tutti[esame.pk], mie.get(esame.pk)) for esame in esami]


def _voce(esame, tutti, mia) -> Voce:
    return Voce(
        esame,
        tutti.rese,
        tutti.seggi,
        bozza=bool(mia and (mia.bozza_grado or mia.bozza_motivazione)),
        resa=bool(mia and mia.resa_at),
    )


def prossima_seduta(percorso, adesso: datetime) -> Seduta | None:
    """The next one that was called and is not over."""
    return (
        Seduta.objects.pubbliche()
        .filter(
            incontro__percorso=percorso,
            incontro__stato="pubblicato",
            stato__in=[Seduta.Stato.CONVOCATA, Seduta.Stato.APERTA],
            incontro__fine__gt=adesso,
        )
        .for_elenco()
        .order_by("incontro__inizio", "pk")
        .first()
    )


def procedure_scritte(accesso: Accesso, adesso: datetime) -> list[ProceduraScritta]:
    """Open, and not answered by her seat."""
    risposte = RispostaScritta.objects.filter(seggio=accesso.seggio).values("procedura")
    return list(
        ProceduraScritta.objects.filter(
            percorso=accesso.percorso_id,
            stato=ProceduraScritta.Stato.APERTA,
            apre_at__lte=adesso,
            chiude_at__gt=adesso,
        )
        .exclude(pk__in=risposte)
        .select_related("proposta")
        .order_by("chiude_at", "pk")
    )


def verbali_da_correggere(accesso: Accesso, adesso: datetime) -> list[Verbale]:
    """Open to the corrections of who was there, her seat among them."""
    presenze = Presenza.objects.filter(seggio=accesso.seggio, modo__in=Presenza.PRESENTI)
    return list(
        Verbale.objects.filter(
            seduta__incontro__percorso=accesso.percorso_id,
            stato=Verbale.Stato.IN_CORREZIONE,
            correzioni_fino_a__gt=adesso,
            seduta__in=presenze.values("seduta"),
        )
        .select_related("seduta__incontro")
        .order_by("correzioni_fino_a", "pk")
    )


def impegni(accesso: Accesso) -> list[Impegno]:
    """What her seat said it would do, and has not done."""
    return list(
        Impegno.objects.filter(seggio=accesso.seggio, fatto_at=None).select_related(
            "verbale__seduta__incontro"
        )
    )


def domande_risposte(accesso: Accesso) -> list[DomandaProponente]:
    """The questions of her seat that were answered, while the proposal is not decided."""
    return list(
        DomandaProponente.objects.filter(
            seggio=accesso.seggio, esame__proposta__stato="in_valutazione"
        )
        .exclude(risposta="")
        .select_related("esame__proposta")
        .order_by("-risposta_at", "pk")
    )


def lavoro(percorso, accesso: Accesso, adesso: datetime) -> dict:
    """All that the home shows of the work of ``accesso`` at ``percorso``."""
    oggi = dates.a_roma(adesso).date()
    voci = esami_aperti(percorso, accesso, adesso)
    seduta = prossima_seduta(percorso, adesso)
    contesto = {
        "da_leggere": [voce for voce in voci if not voce.resa],
        "espresse": [voce for voce in voci if voce.resa],
        "quante": len(voci),
        "seduta": seduta,
        "seduta_quando": dates.giorno_e_ora(seduta.incontro.inizio) if seduta else "",
    }
    if accesso.seggio is None:
        return contesto
    return contesto | {
        "assente": _assente(seduta, accesso),
        "avvisabile": seduta is not None
        and seduta.stato == Seduta.Stato.CONVOCATA
        and seduta.incontro.inizio > adesso,
        "procedure": [
            (procedura, dates.giorno_e_ora(procedura.chiude_at))
            for procedura in (procedure_scritte(accesso, adesso) if accesso.can_esprimersi else [])
        ],
        "verbali": [
            (verbale, dates.giorno_esteso(verbale.ultimo_giorno))
            for verbale in verbali_da_correggere(accesso, adesso)
        ],
        "impegni": [_impegno(impegno, oggi) for impegno in impegni(accesso)],
        "domande": domande_risposte(accesso),
    }


def _assente(seduta, accesso) -> bool:
    """Whether she has said that she cannot come, on the day that it is now."""
    if seduta is None:
        return False
    mie = Giustificazione.objects.valide().filter(seduta=seduta, componente=accesso.componente)
    return mie.exists()


def _impegno(impegno, oggi: date) -> dict:
    entro = dates.giorno_mese_anno(impegno.entro) if impegno.entro else ""
    slug = impegno.verbale.seduta.incontro.slug
    return {
        "testo": impegno.testo,
        "entro": entro,
        "in_ritardo": impegno.in_ritardo(oggi),
        "url": reverse("area:seduta_detail", args=[slug]),
    }
