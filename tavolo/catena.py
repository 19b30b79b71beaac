"""What the Tavolo adds to "che fine ha fatto?": who reads a proposal and until when, the sittings
that discuss it, what was decided, the opinions of the Comitato.

An outcome that moved the proposal is told with its reasons by the proposal's own step; here is how
the Tavolo came to it. What the seats say in a review, who objected, and an outcome that waits for
the minutes are not told. Three queries, whatever there is to tell.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import CharField, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portale.lib import dates
from portale.lib.conteggi import quanti
from proposte import catena
from proposte.catena import Passo
from proposte.models import Proposta

from .models import (
    Decisione,
    Dissenso,
    Esame,
    ParereComitato,
    ProceduraScritta,
    PuntoOrdineDelGiorno,
    Seduta,
)

# Nothing of the Tavolo can be about what has not been sent yet.
_PRIMA = (Proposta.Stato.BOZZA, Proposta.Stato.INVIATA)
_ISTANTE = timedelta(microseconds=1)


@catena.fonte(Proposta)
def del_tavolo(proposta: Proposta, adesso: datetime) -> list[Passo]:
    """Only what everybody may read."""
    if proposta.stato in _PRIMA:
        return []
    decisioni = list(decisioni_di(proposta))
    in_valutazione = proposta.stato == Proposta.Stato.IN_VALUTAZIONE
    return [
        *_sedute(proposta, decisioni, in_valutazione, adesso),
        *(_decisione(decisione) for decisione in decisioni if decisione.pubblicata_at),
        *_fatti(proposta, in_valutazione, adesso),
    ]


def decisioni_di(proposta: Proposta):
    """The decisions on a proposal in their order, with ``n_dissensi``; also those to publish."""
    return (
        Decisione.objects.filter(proposta=proposta)
        .select_related("seduta__incontro__percorso")
        .annotate(n_dissensi=quanti(Dissenso, "decisione"))
        .order_by("presa_at", "pk")
    )


# --- Decisions ------------------------------------------------------------------------------


def _decisione(decisione) -> Passo:
    link = [(decisione.get_absolute_url(), _("Leggi la decisione"))]
    if decisione.seduta_id:
        link.append((decisione.seduta.get_absolute_url(), _("Vai alla seduta")))
    # The proposal's own step says why, where the proposal followed.
    racconta = not decisione.definitiva or decisione.non_applicata
    return Passo(
        _("Decisione del Tavolo: %(esito)s") % {"esito": decisione.get_esito_display()},
        quando=decisione.presa_at,
        chi=_("Tavolo di Negoziazione"),
        nota=" ".join(filter(None, [come_decisa(decisione), decisione.non_applicata])),
        perche=decisione.motivazione if racconta else "",
        link=tuple(link),
    )


def come_decisa(decisione) -> str:
    """ "Erano presenti 7 seggi su 9 (numero legale 5). 1 dissenso." """
    if decisione.seduta_id:
        testo = _("Seggi presenti: %(qui)d su %(tutti)d (numero legale %(servono)d).")
    else:
        testo = _(
            "Per iscritto, senza obiezioni: hanno risposto %(qui)d seggi su %(tutti)d (ne "
            "servivano %(servono)d)."
        )
    testo %= {
        "qui": decisione.n_presenti,
        "tutti": decisione.seggi_con_voce,
        "servono": decisione.numero_legale,
    }
    if decisione.n_dissensi:
        dissensi = ngettext("%(n)d dissenso.", "%(n)d dissensi.", decisione.n_dissensi)
        testo = f"{testo} {dissensi % {'n': decisione.n_dissensi}}"
    return testo


# --- Sittings -------------------------------------------------------------------------------


def _sedute(proposta, decisioni, in_valutazione, adesso) -> list[Passo]:
    """Where it was discussed and nothing was decided, and where it will be."""
    con_esito = {d.seduta_id for d in decisioni if d.pubblicata_at}
    in_attesa = {d.seduta_id for d in decisioni if d.pubblicata_at is None}
    punti = (
        PuntoOrdineDelGiorno.objects.filter(
            proposte=proposta, seduta__in=Seduta.objects.pubbliche()
        )
        .select_related("seduta__incontro__percorso")
        .order_by("seduta__incontro__inizio", "pk")
    )
    passi = []
    for seduta in {punto.seduta_id: punto.seduta for punto in punti}.values():
        if seduta.pk in in_attesa:
            passi.append(_aspetta_il_verbale(seduta))
        elif seduta.pk not in con_esito and catena.visibile(seduta.incontro):
            passi += _seduta(seduta, in_valutazione, adesso)
    return passi


def _seduta(seduta, in_valutazione, adesso) -> list[Passo]:
    incontro = seduta.incontro
    link = ((seduta.get_absolute_url(), _("Vai alla seduta")),)
    chi = _("Tavolo di Negoziazione")
    if seduta.stato == Seduta.Stato.CHIUSA:
        titolo = _("Discussa dal Tavolo")
        return [Passo(titolo, quando=incontro.inizio, chi=chi, link=link, rango=0)]
    if incontro.stato != incontro.Stato.PUBBLICATO or not in_valutazione:
        return []
    if seduta.stato == Seduta.Stato.CONVOCATA and incontro.inizio <= adesso:
        # It should have been opened: nobody knows yet how it went.
        return []
    titolo = _("Se ne discute in una seduta del Tavolo")
    return [Passo(titolo, quando=incontro.inizio, chi=chi, link=link, atteso=True, tappa="esito")]


def _aspetta_il_verbale(seduta) -> Passo:
    return Passo(
        _("Il Tavolo ha deciso: l’esito si pubblica con il verbale della seduta"),
        chi=_("Tavolo di Negoziazione"),
        quando_a_parole=_("quando il verbale è approvato"),
        link=((seduta.get_absolute_url(), _("Vai alla seduta")),),
        atteso=True,
        tappa="esito",
    )


# --- Reviews, written procedures, opinions --------------------------------------------------


class Fatto(NamedTuple):
    genere: str
    pk: int
    da: datetime
    a: datetime
    stato: str
    titolo: str


def _fatti(proposta, in_valutazione, adesso) -> list[Passo]:
    passi = []
    for riga in _righe(proposta, adesso):
        fatto = Fatto(*riga)
        if fatto.genere == "parere":
            passi.append(_parere(fatto))
        elif fatto.genere == "procedura":
            passi += _procedura(fatto, in_valutazione, adesso)
        else:
            passi.append(_esame(fatto))
    return passi


def _righe(proposta, adesso):
    """The three of them in one query, each as the columns of ``Fatto``."""

    def testo(valore):
        return Value(valore, output_field=CharField())

    esami = Esame.objects.aperti(adesso).filter(proposta=proposta).order_by()
    procedure = ProceduraScritta.objects.filter(proposta=proposta).order_by()
    pareri = ParereComitato.objects.filter(proposta=proposta, pubblicato_at__isnull=False)
    return (
        esami.values_list(testo("esame"), "pk", "aperto_at", "scade_at", testo(""), testo(""))
        .union(
            procedure.values_list(
                testo("procedura"),
                "pk",
                "apre_at",
                Coalesce("chiusa_at", "chiude_at"),
                "stato",
                testo(""),
            ),
            pareri.order_by().values_list(
                testo("parere"), "pk", "pubblicato_at", "pubblicato_at", testo(""), "titolo"
            ),
            all=True,
        )
        .order_by("aperto_at", "pk")
    )


def _esame(fatto) -> Passo:
    # The moment is the midnight after the last day.
    giorno = dates.a_roma(fatto.a - _ISTANTE).date()
    return Passo(
        _("Il Tavolo la legge e ogni organizzazione dice che cosa ne pensa"),
        quando=giorno,
        chi=_("le organizzazioni del Tavolo"),
        atteso=True,
        entro=True,
    )


def _procedura(fatto, in_valutazione, adesso) -> list[Passo]:
    stato = ProceduraScritta.Stato(fatto.stato)
    chi = _("Tavolo di Negoziazione")
    if stato == ProceduraScritta.Stato.APERTA and in_valutazione:
        titolo = _("Il Tavolo decide per iscritto")
        return [Passo(titolo, quando=fatto.a, chi=chi, atteso=True, entro=True, tappa="esito")]
    if stato == ProceduraScritta.Stato.FERMATA:
        nota = _("Un’organizzazione ha fatto un’obiezione: se ne discute in una seduta.")
        return [Passo(_("Procedura scritta fermata"), quando=fatto.a, chi=chi, nota=nota)]
    if stato == ProceduraScritta.Stato.SENZA_NUMERO:
        nota = _("Non hanno risposto abbastanza organizzazioni.")
        return [Passo(_("Procedura scritta senza decisione"), quando=fatto.a, chi=chi, nota=nota)]
    return []


def _parere(fatto) -> Passo:
    return Passo(
        _("Parere: %(titolo)s") % {"titolo": fatto.titolo},
        quando=fatto.da,
        chi=_("Comitato di garanzia locale"),
        link=((reverse("tavolo:parere_detail", args=[fatto.pk]), _("Leggi il parere")),),
    )
