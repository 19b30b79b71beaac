"""The one door to a written procedure: a decision asked of all seats between two moments.

Its text is frozen when it opens. There is no majority, so there are no ties: the decision is
taken when enough seats have answered, at least one agrees, and nobody objects. An abstention is an
answer; an objection stops the procedure at once and sends the proposal to a sitting. Answers are
of the seats that had a voice when it opened and still hold it when they answer; whoever of a
seat's people writes, the seat answers once, and may change its mind until the end.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from eventi.promemoria import scadenza
from portale.lib.dates import a_roma
from portale.lib.rifiuti import Rifiuto, Superata
from proposte.models import Proposta
from proposte.segnali import contenuto_cambiato

from .. import numero_legale
from ..models import (
    DEFINITIVI,
    Componente,
    Decisione,
    ProceduraScritta,
    RispostaScritta,
    Seggio,
    VersioneRisposta,
)
from . import decisioni
from . import decisioni_avvisi as avvisi

Stato = ProceduraScritta.Stato
Scelta = RispostaScritta.Scelta
# Nobody is asked to decide in less.
DURATA_MINIMA = timedelta(days=1)
# How far ahead of its closing a procedure may be reminded of (the evening before, at most).
_PRIMA = timedelta(days=2)


def apri(
    proposta: Proposta,
    *,
    esito: str,
    testo: str,
    testo_concordato: str = "",
    apre_at: datetime,
    chiude_at: datetime,
    autore,
    adesso: datetime,
) -> ProceduraScritta:
    """Ask the seats, from ``apre_at`` (now, if it is past) until ``chiude_at`` excluded. ``testo``
    are the reasons, as they will be published. Raises Rifiuto when something is missing, when the
    proposal is not under evaluation or already asked about or decided, and with no seats."""
    if esito not in DEFINITIVI:
        raise Rifiuto(_("Per iscritto si accoglie, si accoglie con modifiche o non si accoglie."))
    if not testo.strip():
        raise Rifiuto(_("Scrivi il testo da decidere, con le sue ragioni."))
    valori = decisioni.testi(esito, testo, testo_concordato)
    apre_at = max(apre_at, adesso)
    if chiude_at - apre_at < DURATA_MINIMA:
        raise Rifiuto(_("Lascia almeno un giorno per rispondere."))
    with transaction.atomic():
        proposta = decisioni.blocca_proposte([proposta.pk])[proposta.pk]
        if no := perche_non_si_apre(proposta):
            raise Rifiuto(no)
        seggi = numero_legale.con_voce(proposta.percorso, a_roma(apre_at).date()).count()
        if not seggi:
            raise Rifiuto(_("Nessun seggio ha voce: non c'è a chi chiedere."))
        percento = numero_legale.impostazioni(proposta.percorso).numero_legale_percento
        procedura = ProceduraScritta.objects.create(
            percorso=proposta.percorso,
            proposta=proposta,
            esito=esito,
            testo=valori["motivazione"],
            testo_concordato=valori["testo_concordato"],
            apre_at=apre_at,
            chiude_at=chiude_at,
            seggi_con_voce=seggi,
            quorum=numero_legale.necessari(seggi, percento),
            aperta_da=autore,
            esempio=proposta.esempio,
        )
        avvisi.procedura_aperta(procedura, adesso)
        contenuto_cambiato.send(ProceduraScritta)
    return procedura


def perche_non_si_apre(proposta: Proposta) -> str:
    """Why no written procedure can be opened on a proposal now; empty when it can."""
    if proposta.stato != Proposta.Stato.IN_VALUTAZIONE:
        return _("Si chiede per iscritto delle proposte in valutazione.")
    if Decisione.objects.in_attesa().in_vigore().filter(proposta=proposta).exists():
        return _("Su questa proposta c'è già una decisione: aspetta il verbale.")
    return decisioni.perche_non_si_decide(proposta)


def rispondi(
    procedura: ProceduraScritta,
    componente: Componente,
    scelta: str,
    motivo: str = "",
    *,
    versione: int = 0,
    adesso: datetime,
) -> RispostaScritta:
    """The seat of ``componente`` answers, or changes its answer: ``versione`` is the one that she
    saw, 0 for none. The same answer again changes nothing. Raises Superata when the other person
    of the seat has answered meanwhile; Rifiuto when it is too early or late, when the seat may
    not answer, and for an objection without reasons."""
    motivo = motivo.strip()
    if scelta not in Scelta.values:
        raise Rifiuto(_("Scegli una risposta."))
    if scelta == Scelta.OBIEZIONE and not motivo:
        raise Rifiuto(_("Scrivi il motivo dell'obiezione: il Tavolo ne discuterà in seduta."))
    with transaction.atomic():
        procedura = _bloccata(procedura)
        sua = procedura.risposte.filter(seggio=componente.seggio_id).first()
        if sua and (sua.scelta, sua.motivo) == (scelta, motivo):
            return sua
        if no := perche_non_si_risponde(procedura, componente, adesso):
            raise Rifiuto(no)
        if (sua.versione if sua else 0) != versione:
            raise Superata(
                _("Il tuo seggio ha già risposto nel frattempo: rileggi, poi cambia se serve.")
            )
        risposta = _scrivi(procedura, sua, componente, scelta, motivo, adesso)
        if scelta == Scelta.OBIEZIONE:
            _chiudi(procedura, Stato.FERMATA, adesso)
    return risposta


def perche_non_si_risponde(
    procedura: ProceduraScritta, componente: Componente, adesso: datetime
) -> str:
    """Why this person cannot answer now; empty when she can."""
    oggi = a_roma(adesso).date()
    if procedura.stato != Stato.APERTA or adesso >= procedura.chiude_at:
        return _("La procedura è chiusa: non si risponde più.")
    if adesso < procedura.apre_at:
        return _("La procedura non è ancora aperta.")
    if not componente.in_carica(oggi):
        return _("Il tuo mandato è finito.")
    seggi = avvisi.che_possono_rispondere(procedura, oggi)
    if not seggi.filter(pk=componente.seggio_id).exists():
        return _("Risponde chi aveva un seggio con voce quando la procedura si è aperta.")
    return ""


def annulla(procedura: ProceduraScritta, motivo: str, *, autore, adesso: datetime) -> None:
    """The office calls it off, with the reason, which everybody who was asked is told. Again it
    changes nothing."""
    if not motivo.strip():
        raise Rifiuto(_("Scrivi perché la procedura si annulla: lo leggono i componenti."))
    with transaction.atomic():
        procedura = _bloccata(procedura)
        if procedura.stato == Stato.ANNULLATA:
            return
        if procedura.stato != Stato.APERTA:
            raise Rifiuto(_("La procedura è già chiusa."))
        _chiudi(procedura, Stato.ANNULLATA, adesso, perche_annullata=motivo.strip())


# --- What time alone brings about -----------------------------------------------------------


def chiudi_scadute(adesso: datetime) -> int:
    """Conclude the procedures whose moment has come; says how many."""
    scadute = ProceduraScritta.objects.filter(stato=Stato.APERTA, chiude_at__lte=adesso)
    quante = 0
    for pk, proposta in list(scadute.values_list("pk", "proposta").order_by("pk")):
        with transaction.atomic():
            proposta = decisioni.blocca_proposte([proposta])[proposta]
            procedura = _bloccata(ProceduraScritta(pk=pk))
            if procedura.stato == Stato.APERTA and procedura.chiude_at <= adesso:
                _concludi(procedura, proposta, adesso)
                quante += 1
    return quante


def ricorda(adesso: datetime) -> int:
    """Queue the reminders that have fallen due, once for each procedure; says for how many."""
    vicine = ProceduraScritta.objects.filter(
        stato=Stato.APERTA,
        ricordata_at=None,
        apre_at__lte=adesso,
        chiude_at__gt=adesso,
        chiude_at__lte=adesso + _PRIMA,
    )
    quante = 0
    for pk in list(vicine.values_list("pk", flat=True)):
        with transaction.atomic():
            procedura = _bloccata(ProceduraScritta(pk=pk))
            dovuto = scadenza(procedura.chiude_at, giorni=1, ore=0)
            aspetta = procedura.stato == Stato.APERTA and procedura.ricordata_at is None
            # One that opened within the last day has just been told of.
            if not aspetta or not procedura.apre_at < dovuto <= adesso:
                continue
            procedura.ricordata_at = adesso
            procedura.save(update_fields=["ricordata_at"])
            avvisi.procedura_promemoria(procedura, adesso)
            quante += 1
    return quante


# --- Pieces ---------------------------------------------------------------------------------


def _bloccata(procedura) -> ProceduraScritta:
    return (
        ProceduraScritta.objects.select_for_update(of=["self"], no_key=True)
        .select_related("percorso", "proposta", "aperta_da")
        .get(pk=procedura.pk)
    )


def _scrivi(procedura, sua, componente, scelta, motivo, adesso):
    """The answer, and a version that stays. The procedure's lock makes it one at a time."""
    campi = {"scelta": scelta, "motivo": motivo, "componente": componente, "created_at": adesso}
    if sua is None:
        sua = RispostaScritta(procedura=procedura, seggio_id=componente.seggio_id, versione=0)
    for campo, valore in campi.items():
        setattr(sua, campo, valore)
    sua.versione += 1
    sua.save()
    VersioneRisposta.objects.create(risposta=sua, numero=sua.versione, **campi)
    return sua


def _concludi(procedura, proposta, adesso):
    risposte = list(procedura.risposte.values_list("seggio", "scelta"))
    consenso = any(scelta == Scelta.CONSENSO for _seggio, scelta in risposte)
    if len(risposte) < procedura.quorum or not consenso:
        _chiudi(procedura, Stato.SENZA_NUMERO, adesso)
        return
    decisione = decisioni.crea(
        proposta,
        {
            "esito": procedura.esito,
            "motivazione": procedura.testo,
            "testo_concordato": procedura.testo_concordato,
        },
        presenti=list(Seggio.objects.filter(pk__in=[seggio for seggio, _scelta in risposte])),
        seggi_con_voce=procedura.seggi_con_voce,
        numero_legale=procedura.quorum,
        procedura=procedura,
        registrata_da=procedura.aperta_da,
        # It was decided then, however late the clock comes by.
        presa_at=procedura.chiude_at,
    )
    decisioni.pubblica(decisione, proposta, procedura.aperta_da, adesso)
    _chiudi(procedura, Stato.CONCLUSA, adesso)


def _chiudi(procedura, stato, adesso, **campi):
    ProceduraScritta.objects.filter(pk=procedura.pk, stato=Stato.APERTA).update(
        stato=stato, chiusa_at=adesso, **campi
    )
    procedura.refresh_from_db()
    avvisi.procedura_chiusa(procedura, adesso)
    contenuto_cambiato.send(ProceduraScritta)
