"""The one door to what the Tavolo decides.

A decision is written once, with who was there and how many were needed; only a later one undoes
it. It moves its proposal when it is published, at once or with the minutes of its sitting. Locks
are always taken in this order: sitting, proposals by number, decision.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portale.lib.dates import a_roma
from portale.lib.rifiuti import Rifiuto
from proposte import services as proposte
from proposte.models import Proposta
from proposte.segnali import contenuto_cambiato

from .. import numero_legale
from ..models import (
    DEFINITIVI,
    Decisione,
    Dissenso,
    Esame,
    Esito,
    ProceduraScritta,
    Seduta,
    Seggio,
)
from . import decisioni_avvisi as avvisi
from . import esami

Stato = Proposta.Stato
# Under evaluation, or with an outcome that may be undone.
_DAVANTI_AL_TAVOLO = (Stato.IN_VALUTAZIONE, *Proposta.ESITI)


def decidi_in_seduta(
    seduta: Seduta,
    punto,
    proposta: Proposta,
    *,
    esito: str,
    motivazione: str = "",
    testo_concordato: str = "",
    proposta_da: Seggio | None = None,
    dissensi: Mapping[Seggio, str] | None = None,
    con_il_verbale: bool = False,
    annulla: Decisione | None = None,
    perche_annulla: str = "",
    autore,
    adesso: datetime,
) -> Decisione:
    """The sitting decides on a proposal of its agenda. The seats with a voice that are there at
    this instant, and the quorum, are frozen into the decision; ``dissensi`` are the words of
    those of them that do not agree.

    ``annulla`` is the decision in force that this one takes the place of, with the reason. Raises
    Rifiuto when the sitting is not open or without its quorum, when somebody has just decided,
    and when what an outcome needs is missing.
    """
    valori = testi(esito, motivazione, testo_concordato)
    with transaction.atomic():
        seduta = _blocca_seduta(seduta)
        proposta = blocca_proposte([proposta.pk])[proposta.pk]
        _pretendi_all_ordine_del_giorno(seduta, punto, proposta)
        perche = _pretendi_decidibile(seduta, proposta, annulla, perche_annulla)
        numeri = _pretendi_numero_legale(seduta, adesso)
        qui = list(numero_legale.presenti(seduta))
        decisione = crea(
            proposta,
            valori,
            presenti=qui,
            dissensi=_dissensi(dissensi or {}, qui),
            seggi_con_voce=numeri.con_voce,
            numero_legale=numeri.necessari,
            seduta=seduta,
            punto=punto,
            proposta_da=_proponente(proposta_da, seduta),
            annulla=annulla,
            perche_annulla=perche,
            con_il_verbale=con_il_verbale,
            registrata_da=autore,
            presa_at=adesso,
        )
        _chiudi_esame(decisione, autore, adesso)
        if not con_il_verbale:
            pubblica(decisione, proposta, autore, adesso)
        else:
            # That there is one is told: the proposal waits for the minutes.
            contenuto_cambiato.send(Decisione)
    return decisione


def pubblica_con_verbale(seduta: Seduta, autore, adesso: datetime) -> int:
    """The minutes of the sitting are approved (``autore``: by whom, None by silence): publish the
    decisions that waited for them; says how many. Again, it publishes nothing."""
    with transaction.atomic():
        in_attesa = Decisione.objects.in_attesa().filter(seduta=seduta)
        chiavi = list(in_attesa.values_list("proposta", flat=True))
        righe = blocca_proposte(chiavi)
        # Looked at again under the lock, as they were taken: what was undone comes first.
        decisioni = in_attesa.filter(proposta__in=righe).select_for_update(of=["self"])
        decisioni = list(decisioni.select_related("registrata_da").order_by("presa_at", "pk"))
        for decisione in decisioni:
            pubblica(decisione, righe[decisione.proposta_id], autore, adesso)
    return len(decisioni)


# --- What a sitting and a written procedure share -------------------------------------------


def blocca_proposte(chiavi) -> dict[int, Proposta]:
    """Proposals as they are now, locked in the order of their numbers."""
    righe = Proposta.objects.select_for_update(of=["self"], no_key=True).filter(pk__in=chiavi)
    return {riga.pk: riga for riga in righe.order_by("pk")}


def crea(proposta: Proposta, valori: dict, *, presenti, dissensi=(), **campi) -> Decisione:
    """Write a decision down on a locked proposal, with who was there."""
    originale = proposta.che_cosa if valori["testo_concordato"] else ""
    if originale and _uguali(originale, valori["testo_concordato"]):
        raise Rifiuto(_("Il testo concordato è uguale a quello della proposta: cambialo."))
    decisione = Decisione.objects.create(
        percorso_id=proposta.percorso_id,
        proposta=proposta,
        testo_originale=originale,
        n_presenti=len(presenti),
        esempio=proposta.esempio,
        **valori,
        **campi,
    )
    decisione.presenti.set(presenti)
    Dissenso.objects.bulk_create(
        Dissenso(decisione=decisione, seggio=seggio, testo=testo) for seggio, testo in dissensi
    )
    return decisione


def pubblica(decisione: Decisione, proposta: Proposta, autore, adesso: datetime) -> None:
    """Everybody may read it, and its proposal (locked by the caller) follows; where it cannot,
    the decision says why."""
    chi = autore or decisione.registrata_da
    if Decisione.objects.filter(annulla=decisione).exists():
        perche_no = _("Prima di essere pubblicata è stata sostituita da un'altra decisione.")
    else:
        perche_no = _applica(decisione, proposta, chi, adesso)
        if not decisione.definitiva and not perche_no:
            avvisi.resta_in_valutazione(decisione, proposta, adesso)
    Decisione.objects.filter(pk=decisione.pk, pubblicata_at=None).update(
        pubblicata_at=adesso, non_applicata=perche_no[:300]
    )
    decisione.refresh_from_db(fields=["pubblicata_at", "non_applicata"])
    contenuto_cambiato.send(Decisione)


def _applica(decisione, proposta, autore, adesso) -> str:
    """Move the proposal through its own door; why it could not, in words."""
    si_riapre = decisione.annulla_id and proposta.stato in Proposta.ESITI
    if proposta.stato != Stato.IN_VALUTAZIONE and not si_riapre:
        return _("Intanto la proposta era diventata «%(stato)s».") % {
            "stato": proposta.get_stato_display()
        }
    try:
        with transaction.atomic():
            if si_riapre:
                proposte.metti_in_valutazione(
                    proposta, autore, testo=decisione.perche_annulla, adesso=adesso
                )
            if decisione.testo_concordato:
                proposte.modifica(
                    proposta,
                    {"che_cosa": decisione.testo_concordato},
                    versione=proposta.versione,
                    nota=_("testo concordato dal Tavolo"),
                    autore=autore,
                    adesso=adesso,
                )
            if decisione.definitiva:
                proposte.decidi(
                    proposta, decisione.esito, decisione.motivazione, autore, adesso=adesso
                )
    except proposte.Rifiuto as no:
        return str(no)
    return ""


def testi(esito: str, motivazione: str, testo_concordato: str) -> dict:
    """What a decision says, complete; raises Rifiuto for what is missing."""
    if esito not in Esito.values:
        raise Rifiuto(_("Scegli un esito."))
    motivazione = _a_capo(motivazione)
    if esito != Esito.ACCOLTA and not motivazione:
        raise Rifiuto(_("Scrivi la motivazione: chi ha proposto ha diritto di conoscerla."))
    concordato = ""
    if esito == Esito.ACCOLTA_CON_MODIFICHE:
        concordato = _a_capo(testo_concordato)
        if not concordato:
            raise Rifiuto(_("Scrivi il testo concordato: è quello che la proposta dirà."))
    return {"esito": esito, "motivazione": motivazione, "testo_concordato": concordato}


def _a_capo(testo: str) -> str:
    """A browser sends its line ends its own way."""
    return testo.replace("\r\n", "\n").replace("\r", "\n").strip()


def _uguali(uno: str, altro: str) -> bool:
    return _a_capo(uno) == _a_capo(altro)


# --- What must hold in a sitting ------------------------------------------------------------


def _blocca_seduta(seduta: Seduta) -> Seduta:
    return (
        Seduta.objects.select_for_update(of=["self"], no_key=True)
        .select_related("incontro__percorso")
        .get(pk=seduta.pk)
    )


def _pretendi_all_ordine_del_giorno(seduta, punto, proposta):
    if seduta.stato != Seduta.Stato.APERTA:
        raise Rifiuto(_("Si decide mentre la seduta è in corso."))
    if punto.seduta_id != seduta.pk or not punto.proposte.filter(pk=proposta.pk).exists():
        raise Rifiuto(_("Questa proposta non è all'ordine del giorno della seduta."))
    if proposta.percorso_id != seduta.incontro.percorso_id:
        raise Rifiuto(_("Questa proposta è di un altro percorso."))


def vigente(proposta: Proposta) -> Decisione | None:
    """The last decision on a proposal that holds: what a new one would undo. One that only put it
    off, in an earlier sitting, is in nobody's way."""
    decisioni = Decisione.objects.in_vigore().filter(proposta=proposta)
    return decisioni.order_by("-presa_at", "-pk").first()


def da_annullare(proposta: Proposta, seduta: Seduta) -> Decisione | None:
    """The decision that this sitting would have to undo to decide on the proposal; None when it
    just decides."""
    ultima = vigente(proposta)
    if ultima is None:
        return None
    if ultima.seduta_id == seduta.pk:
        return ultima
    aspetta = ultima.pubblicata_at is None
    applicata = proposta.stato in Proposta.ESITI
    return ultima if ultima.definitiva and (aspetta or applicata) else None


def perche_non_si_decide(proposta: Proposta) -> str:
    """Why nobody at the Tavolo decides on a proposal now, whatever was decided before."""
    if proposta.stato not in _DAVANTI_AL_TAVOLO:
        return _("La proposta è «%(stato)s»: si decide su quelle in valutazione.") % {
            "stato": proposta.get_stato_display()
        }
    if proposta.procedure_scritte.filter(stato=ProceduraScritta.Stato.APERTA).exists():
        return _("Su questa proposta è aperta una procedura scritta: prima va annullata.")
    return ""


def _pretendi_decidibile(seduta, proposta, annulla, perche) -> str:
    """The reason of undoing, empty where nothing is undone."""
    if no := perche_non_si_decide(proposta):
        raise Rifiuto(no)
    ultima = da_annullare(proposta, seduta)
    if (annulla.pk if annulla else None) != (ultima.pk if ultima else None):
        if ultima is None:
            raise Rifiuto(_("Non c'è una decisione da sostituire: apri di nuovo la pagina."))
        raise Rifiuto(
            _("Su questa proposta c'è già una decisione: «%(esito)s». Apri di nuovo la pagina.")
            % {"esito": ultima.get_esito_display()}
        )
    if ultima is None:
        if proposta.stato in Proposta.ESITI:
            raise Rifiuto(_("L'esito di questa proposta l'ha pubblicato l'ufficio: va riaperto."))
        return ""
    if not perche.strip():
        raise Rifiuto(_("Scrivi perché si torna a decidere."))
    return _a_capo(perche)


def _pretendi_numero_legale(seduta, adesso):
    numeri = numero_legale.di_seduta(seduta, a_roma(adesso).date())
    if not numeri.raggiunto:
        raise Rifiuto(
            _("Manca il numero legale: i seggi presenti sono %(presenti)d, ne servono %(n)d.")
            % {"presenti": numeri.presenti, "n": numeri.necessari}
        )
    return numeri


def _dissensi(dissensi, presenti) -> list[tuple[Seggio, str]]:
    qui = {seggio.pk for seggio in presenti}
    scritti = [(seggio, testo.strip()) for seggio, testo in dissensi.items() if testo.strip()]
    for seggio, _testo in scritti:
        if seggio.pk not in qui:
            raise Rifiuto(
                _("%(organizzazione)s non è presente: il suo dissenso non si può scrivere.")
                % {"organizzazione": seggio}
            )
    return scritti


def _proponente(seggio, seduta):
    if seggio is not None and seggio.percorso_id != seduta.incontro.percorso_id:
        raise Rifiuto(_("Questo seggio è di un altro percorso."))
    return seggio


def _chiudi_esame(decisione, autore, adesso):
    """What the seats say after an outcome would move nothing: their review is over, also while
    the outcome waits for the minutes."""
    if decisione.esito not in DEFINITIVI:
        return
    for esame in Esame.objects.filter(proposta=decisione.proposta_id, chiuso_at=None):
        esami.chiudi(esame, autore, testo=_("Il Tavolo ha deciso."), adesso=adesso)
