"""The one door to a sitting: its agenda, its call, and its life until it is closed.

Every verb holds the lock of the Seduta row. Those that also change its meeting, or must not tell
of a date that is being changed, take the meeting's lock after it, never before. Who is there is
in ``services.presenze``, who cannot come in ``services.assenze``.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from eventi import services as eventi
from eventi.models import Incontro, Sede
from portale.lib.dates import a_roma
from portale.lib.rifiuti import Rifiuto
from proposte.models import Proposta
from proposte.segnali import contenuto_cambiato

from ..models import (
    DocumentoTavolo,
    PassaggioSeduta,
    Presenza,
    PuntoOrdineDelGiorno,
    Seduta,
    Seggio,
)
from ..numero_legale import con_voce, impostazioni, necessari
from . import sedute_avvisi as avvisi
from .assenze import seggi_giustificati

Stato = Seduta.Stato
Genere = PuntoOrdineDelGiorno.Genere

# Who leads may mark who arrives, and open the sitting, from this long before its hour.
ANTICIPO = timedelta(hours=2)
# What is written later than this after the end happened at the sitting, not now.
STESSA_SERA = timedelta(hours=12)


@contextmanager
def seduta_bloccata(pk: int, *, con_incontro: bool = False) -> Iterator[Seduta]:
    """Hold a sitting's lock, and its meeting's too if asked. An exception undoes everything."""
    with transaction.atomic():
        sedute = Seduta.objects.select_for_update(of=("self",), no_key=True)
        seduta = sedute.select_related("incontro__percorso", "incontro__sede").get(pk=pk)
        if con_incontro:
            bloccati = Incontro.objects.select_for_update(of=("self",), no_key=True)
            seduta.incontro = bloccati.select_related("percorso", "sede").get(
                pk=seduta.incontro_id
            )
        yield seduta


# --- Preparing it ---------------------------------------------------------------------------


def prossimo_numero(percorso) -> int:
    """The number of the next sitting of this percorso."""
    ultimo = Seduta.objects.filter(incontro__percorso=percorso).aggregate(n=Max("numero"))["n"]
    return (ultimo or 0) + 1


def prepara(
    percorso,
    *,
    titolo: str,
    inizio: datetime,
    fine: datetime | None = None,
    modalita: str = Incontro.Modalita.PRESENZA,
    sede: Sede | None = None,
    link_online: str = "",
    descrizione: str = "",
    numero: int | None = None,
    esempio: bool = False,
    autore,
    adesso: datetime,
) -> Seduta:
    """A sitting and its meeting, both drafts, with nothing on the agenda. Raises Rifiuto when the
    date is past or reversed."""
    if inizio <= adesso:
        raise Rifiuto(_("La data è già passata."))
    if fine is not None and fine <= inizio:
        raise Rifiuto(_("La fine viene prima dell'inizio."))
    with transaction.atomic():
        incontro = Incontro.objects.create(
            percorso=percorso,
            genere=Incontro.Genere.SEDUTA,
            con_iscrizione=False,
            titolo=titolo,
            slug=_slug_libero(titolo, inizio),
            inizio=inizio,
            fine=fine,
            modalita=modalita,
            sede=sede,
            link_online=link_online,
            descrizione=descrizione,
        )
        seduta = Seduta.objects.create(
            incontro=incontro, numero=numero or prossimo_numero(percorso), esempio=esempio
        )
        _annota(seduta, "", autore, adesso)
    return seduta


def _slug_libero(titolo: str, inizio: datetime) -> str:
    base = f"{slugify(titolo)[:80]}-{a_roma(inizio):%Y-%m-%d}".strip("-")
    slug, n = base, 1
    while Incontro.objects.filter(slug=slug).exists():
        n += 1
        slug = f"{base}-{n}"
    return slug


@dataclass(frozen=True)
class Voce:
    """An item to put on an agenda."""

    titolo: str
    genere: str = Genere.DISCUSSIONE
    testo: str = ""
    minuti: int | None = None
    relatore: Seggio | None = None
    proposte: tuple[Proposta, ...] = ()
    sezioni: str = ""


def aggiungi_punti(seduta: Seduta, voci: Iterable[Voce]) -> list[PuntoOrdineDelGiorno]:
    """Put items at the end of the agenda, in their order. One that is there already (the same
    title, or a proposal that is on the agenda) is left out: pressing twice adds them once. Raises
    Rifiuto when the sitting is closed."""
    with seduta_bloccata(seduta.pk) as seduta:
        if seduta.stato == Stato.CHIUSA:
            raise Rifiuto(_("La seduta è chiusa: l'ordine del giorno non si cambia più."))
        titoli = set(seduta.punti.values_list("titolo", flat=True))
        gia = set(seduta.punti.values_list("proposte", flat=True))
        ultimo = seduta.punti.aggregate(n=Max("ordine"))["n"] or 0
        aggiunti = []
        for voce in voci:
            if voce.titolo in titoli or gia.intersection(p.pk for p in voce.proposte):
                continue
            ultimo += 1
            punto = seduta.punti.create(
                ordine=ultimo,
                titolo=voce.titolo,
                genere=voce.genere,
                testo=voce.testo,
                minuti=voce.minuti,
                relatore=voce.relatore,
                sezioni=voce.sezioni,
            )
            punto.proposte.set(voce.proposte)
            aggiunti.append(punto)
            titoli.add(voce.titolo)
            gia.update(p.pk for p in voce.proposte)
        if aggiunti:
            agenda_cambiata(seduta)
        return aggiunti


def agenda_cambiata(seduta: Seduta) -> None:
    """Called by whoever changes items: what everybody reads of a called sitting is another."""
    if seduta.stato != Stato.BOZZA:
        contenuto_cambiato.send(Seduta)


# --- Calling it -----------------------------------------------------------------------------


def fotografia(seduta: Seduta) -> list[dict]:
    """The agenda as plain data, to tell later what has changed since."""
    punti = seduta.punti.prefetch_related("proposte")
    return [
        {
            "punto": punto.pk,
            "titolo": punto.titolo,
            "minuti": punto.minuti,
            "proposte": sorted(proposta.pk for proposta in punto.proposte.all()),
        }
        for punto in punti
    ]


def differenze(seduta: Seduta) -> list[str]:
    """What is different in the agenda since the last call, in words; empty when nothing is."""
    prima = {voce["punto"]: voce for voce in seduta.ordine_convocato}
    dopo = {voce["punto"]: voce for voce in fotografia(seduta)}
    righe = [
        _("Aggiunto: «%(titolo)s»") % {"titolo": voce["titolo"]}
        for pk, voce in dopo.items()
        if pk not in prima
    ]
    righe += [
        _("Tolto: «%(titolo)s»") % {"titolo": voce["titolo"]}
        for pk, voce in prima.items()
        if pk not in dopo
    ]
    comuni = [pk for pk in dopo if pk in prima]
    for pk in comuni:
        if dopo[pk] != prima[pk]:
            righe.append(_("Cambiato: «%(titolo)s»") % {"titolo": dopo[pk]["titolo"]})
    if comuni != [pk for pk in prima if pk in dopo]:
        righe.append(_("Cambiato l'ordine dei punti"))
    return righe


def preavviso_mancante(seduta: Seduta, adesso: datetime) -> int:
    """How many days of the notice that the Tavolo gave itself are missing; 0 when none is."""
    if seduta.giorno is None:
        return 0
    restano = (seduta.giorno - a_roma(adesso).date()).days
    return max(0, impostazioni(seduta.incontro.percorso).preavviso_giorni - restano)


def convoca(seduta: Seduta, *, motivo: str = "", autore, adesso: datetime) -> Seduta:
    """Publish its meeting and call every titolare and supplente of every seat, once. Calling again
    changes nothing.

    Raises Rifiuto without a date to come or without an agenda, for a meeting that is off, and
    when less notice is left than agreed and ``motivo`` does not say why.
    """
    motivo = motivo.strip()
    with seduta_bloccata(seduta.pk, con_incontro=True) as seduta:
        if seduta.stato == Stato.CONVOCATA:
            return seduta
        if seduta.stato != Stato.BOZZA:
            raise Rifiuto(_("La seduta è già cominciata."))
        incontro = seduta.incontro
        if incontro.stato not in (Incontro.Stato.BOZZA, Incontro.Stato.PUBBLICATO):
            raise Rifiuto(
                _("L'incontro è %(stato)s: prima va rimesso in calendario.")
                % {"stato": incontro.get_stato_display()}
            )
        if incontro.inizio is None or incontro.inizio <= adesso:
            raise Rifiuto(_("Serve una data che non sia passata."))
        if not seduta.punti.exists():
            raise Rifiuto(_("L'ordine del giorno è vuoto: aggiungi almeno un punto."))
        if (mancano := preavviso_mancante(seduta, adesso)) and not motivo:
            raise Rifiuto(
                _("Mancano %(giorni)d giorni al preavviso stabilito: scrivi perché è urgente.")
                % {"giorni": mancano}
            )
        if incontro.stato == Incontro.Stato.BOZZA:
            try:
                seduta.incontro = eventi.pubblica(incontro, autore=autore, adesso=adesso)
            except eventi.Rifiuto as rifiuto:
                raise Rifiuto(str(rifiuto)) from rifiuto
        _chiama(seduta, motivo, autore, adesso)
        avvisi.convocata(seduta, motivo, adesso)
        return seduta


def riconvoca(seduta: Seduta, *, motivo: str = "", autore, adesso: datetime) -> Seduta:
    """Tell everybody once more, with what changed in the agenda since the last call and what the
    office adds to it. Raises Rifiuto when nothing changed and nothing is added, or when the
    sitting has begun or is off."""
    motivo = motivo.strip()
    with seduta_bloccata(seduta.pk, con_incontro=True) as seduta:
        _pretendi_in_programma(seduta, adesso)
        if not seduta.punti.exists():
            raise Rifiuto(_("L'ordine del giorno è vuoto: aggiungi almeno un punto."))
        cambiato = differenze(seduta)
        if not cambiato and not motivo:
            raise Rifiuto(_("Dall'ultima convocazione l'ordine del giorno non è cambiato."))
        _chiama(seduta, "\n".join([*cambiato, *([motivo] if motivo else [])]), autore, adesso)
        avvisi.riconvocata(seduta, cambiato, motivo, adesso)
        return seduta


def _chiama(seduta, testo, autore, adesso) -> None:
    da = seduta.stato
    seduta.stato = Stato.CONVOCATA
    seduta.convocazione += 1
    seduta.convocata_at = adesso
    seduta.ordine_convocato = fotografia(seduta)
    _salva(seduta, "stato", "convocazione", "convocata_at", "ordine_convocato")
    _annota(seduta, da, autore, adesso, testo)
    contenuto_cambiato.send(Seduta)


def _pretendi_in_programma(seduta, adesso) -> None:
    if seduta.stato != Stato.CONVOCATA:
        raise Rifiuto(
            _("La seduta è %(stato)s: questo passaggio non è possibile.")
            % {"stato": seduta.get_stato_display()}
        )
    if seduta.incontro.stato != Incontro.Stato.PUBBLICATO:
        raise Rifiuto(
            _("L'incontro è %(stato)s.") % {"stato": seduta.incontro.get_stato_display()}
        )
    if seduta.incontro.inizio <= adesso:
        raise Rifiuto(_("L'ora della seduta è già passata."))


def incontro_cambiato(incontro, annuncio: str, motivo: str, adesso: datetime) -> None:
    """Its meeting was moved, put off, cancelled, or is attended in another way: who was called is
    told once. Runs inside the transaction that did it, under the meeting's lock."""
    seduta = Seduta.objects.filter(incontro=incontro).exclude(convocazione=0).first()
    if seduta is None or seduta.stato == Stato.CHIUSA:
        return
    seduta.incontro = incontro
    avvisi.cambiata(seduta, annuncio, motivo, adesso)


# --- Holding it -----------------------------------------------------------------------------


def perche_non_si_apre(seduta: Seduta, adesso: datetime) -> str:
    """Why who leads cannot open it, or mark who arrives, now; empty when she can."""
    incontro = seduta.incontro
    if seduta.stato == Stato.BOZZA:
        return _("La seduta non è ancora convocata.")
    if seduta.stato == Stato.CHIUSA:
        return _("La seduta è chiusa.")
    if incontro.stato not in (Incontro.Stato.PUBBLICATO, Incontro.Stato.SVOLTO):
        return _("L'incontro è %(stato)s.") % {"stato": incontro.get_stato_display()}
    if adesso < incontro.inizio - ANTICIPO:
        return _("Si può da due ore prima dell'inizio.")
    return ""


def momento_della_seduta(seduta: Seduta, adesso: datetime, *, fine: bool = False) -> datetime:
    """When something that is written now happened: now, or at the sitting's start (or end) when
    it is written from the paper of a sitting that is long over."""
    incontro = seduta.incontro
    finita = incontro.fine or incontro.inizio
    if adesso <= finita + STESSA_SERA:
        return adesso
    return finita if fine else incontro.inizio


def apri(seduta: Seduta, *, autore, adesso: datetime) -> Seduta:
    """Open it: how many seats have a voice, and how many make the quorum, is fixed as of the
    sitting's day. It may be opened before the quorum is reached, so that the minutes can say that
    it never was. Opening an open one changes nothing."""
    with seduta_bloccata(seduta.pk) as seduta:
        if seduta.stato == Stato.APERTA:
            return seduta
        if perche := perche_non_si_apre(seduta, adesso):
            raise Rifiuto(perche)
        percorso = seduta.incontro.percorso
        totale = con_voce(percorso, seduta.giorno).count()
        seduta.stato = Stato.APERTA
        seduta.aperta_at = momento_della_seduta(seduta, adesso)
        seduta.seggi_con_voce = totale
        seduta.numero_legale = necessari(totale, impostazioni(percorso).numero_legale_percento)
        _salva(seduta, "stato", "aperta_at", "seggi_con_voce", "numero_legale")
        _annota(seduta, Stato.CONVOCATA, autore, adesso)
        contenuto_cambiato.send(Seduta)
        return seduta


def chiudi(seduta: Seduta, *, autore, adesso: datetime) -> Seduta:
    """Close it: the seats of its day that nobody marked were absent, excused when all their people
    had said so. Its meeting has taken place once its end has passed. Closing a closed one changes
    nothing. Raises Rifiuto when it is not open."""
    with seduta_bloccata(seduta.pk, con_incontro=True) as seduta:
        if seduta.stato == Stato.CHIUSA:
            return seduta
        if seduta.stato != Stato.APERTA:
            raise Rifiuto(_("La seduta non è aperta."))
        _segna_gli_assenti(seduta, autore)
        seduta.stato = Stato.CHIUSA
        seduta.chiusa_at = momento_della_seduta(seduta, adesso, fine=True)
        _salva(seduta, "stato", "chiusa_at")
        _annota(seduta, Stato.APERTA, autore, adesso)
        if _da_segnare_svolto(seduta.incontro, adesso):
            eventi.segna_svolto(seduta.incontro, autore=autore, adesso=adesso)
        contenuto_cambiato.send(Seduta)
        return seduta


def _segna_gli_assenti(seduta, autore) -> None:
    segnati = seduta.presenze.values("seggio")
    seggi = Seggio.objects.filter(percorso=seduta.incontro.percorso).in_carica(seduta.giorno)
    giustificati = seggi_giustificati(seduta)
    Presenza.objects.bulk_create(
        Presenza(
            seduta=seduta,
            seggio=seggio,
            modo=(
                Presenza.Modo.GIUSTIFICATA if seggio.pk in giustificati else Presenza.Modo.ASSENTE
            ),
            segnata_da=autore,
        )
        for seggio in seggi.exclude(pk__in=segnati)
    )


def _da_segnare_svolto(incontro, adesso) -> bool:
    return incontro.stato == Incontro.Stato.PUBBLICATO and incontro.finito(adesso)


def segna_svolte(adesso: datetime) -> int:
    """The meetings of sittings that were closed before their hour, once that has passed; says how
    many. Part of the clock."""
    chiuse = Seduta.objects.filter(
        stato=Stato.CHIUSA, incontro__in=Incontro.objects.da_chiudere(adesso)
    ).select_related("incontro")
    quante = 0
    for seduta in chiuse:
        eventi.segna_svolto(seduta.incontro, autore=None, adesso=adesso)
        quante += 1
    return quante


# --- Pieces ---------------------------------------------------------------------------------


def elimina_bozza(seduta: Seduta) -> None:
    """Take away a sitting that nobody was called to, with its meeting. Raises Rifiuto otherwise,
    and while documents hang on it."""
    with seduta_bloccata(seduta.pk, con_incontro=True) as seduta:
        incontro = seduta.incontro
        if seduta.stato != Stato.BOZZA or incontro.stato != Incontro.Stato.BOZZA:
            raise Rifiuto(_("Una seduta convocata non si elimina: annulla il suo incontro."))
        if DocumentoTavolo.objects.filter(seduta=seduta).exists():
            raise Rifiuto(_("La seduta ha dei documenti: prima togli quelli."))
        seduta.delete()
        incontro.delete()


def _salva(seduta, *campi) -> None:
    seduta.save(update_fields=[*campi, "updated_at"])


def _annota(seduta, da, autore, adesso, testo="") -> PassaggioSeduta:
    return seduta.passaggi.create(
        da=da, a=seduta.stato, autore=autore, testo=testo, created_at=adesso
    )
