"""What the office still owes to the Tavolo: one read rule for its lists and for its first page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q

from portale.lib.dates import a_roma
from proposte.models import Proposta

from .models import (
    Componente,
    Correzione,
    Decisione,
    ProceduraScritta,
    PuntoOrdineDelGiorno,
    RichiestaAdesione,
    Seduta,
    Verbale,
)
from .services.sedute_programma import con_termine

# Sittings whose agenda is still to be gone through.
_DA_TENERE = (Seduta.Stato.BOZZA, Seduta.Stato.CONVOCATA, Seduta.Stato.APERTA)
# Within how many days an organisation that asks to join hears from the office.
ADESIONE_GIORNI = 15


@dataclass(frozen=True)
class Conto:
    """How many, since when the oldest, and whether that is too long."""

    quanti: int
    dal: datetime | None = None
    in_ritardo: bool = False


def adesioni(adesso: datetime) -> Conto:
    """Requests to join without an answer."""
    nuove = RichiestaAdesione.objects.filter(stato=RichiestaAdesione.Stato.NUOVA)
    trovate = nuove.aggregate(n=Count("pk"), dal=Min("created_at"))
    tardi = trovate["dal"] is not None and trovate["dal"] < _termine(adesso)
    return Conto(trovate["n"], trovate["dal"], tardi)


def adesione_in_ritardo(richiesta: RichiestaAdesione, adesso: datetime) -> bool:
    return richiesta.stato == RichiestaAdesione.Stato.NUOVA and richiesta.created_at < _termine(
        adesso
    )


def da_invitare(adesso: datetime) -> Conto:
    """Whoever fills a seat, today or soon, and was not invited to join with her account."""
    return Conto(Componente.objects.da_invitare(a_roma(adesso).date()).count())


def _termine(adesso):
    return adesso - timedelta(days=ADESIONE_GIORNI)


# --- Decisions ------------------------------------------------------------------------------

# After how many days a decision has waited too long for the minutes of its sitting.
VERBALE_ATTESO_GIORNI = 30


def procedure_fermate() -> Conto:
    """Stopped by an objection: the proposal is to be put on the agenda of a sitting."""
    return _procedure(ProceduraScritta.Stato.FERMATA)


def procedure_senza_numero() -> Conto:
    """Closed without enough answers, and nothing done since."""
    return _procedure(ProceduraScritta.Stato.SENZA_NUMERO)


def procedure_in_sospeso():
    """The written procedures that ended without a decision, and whose proposal still waits: no
    decision and no other procedure came after, and it is on no agenda of a sitting to come."""
    dopo = {"proposta": OuterRef("proposta")}
    decise = Decisione.objects.filter(**dopo, presa_at__gte=OuterRef("chiusa_at"))
    riaperte = ProceduraScritta.objects.filter(**dopo, pk__gt=OuterRef("pk"))
    in_seduta = PuntoOrdineDelGiorno.proposte.through.objects.filter(
        **dopo, puntoordinedelgiorno__seduta__stato__in=_DA_TENERE
    )
    return ProceduraScritta.objects.filter(
        ~Exists(decise),
        ~Exists(riaperte),
        ~Exists(in_seduta),
        proposta__stato=Proposta.Stato.IN_VALUTAZIONE,
        stato__in=[ProceduraScritta.Stato.FERMATA, ProceduraScritta.Stato.SENZA_NUMERO],
    )


def _procedure(stato):
    trovate = (
        procedure_in_sospeso().filter(stato=stato).aggregate(n=Count("pk"), dal=Min("chiusa_at"))
    )
    return Conto(trovate["n"], trovate["dal"])


def decisioni_in_attesa(adesso: datetime) -> Conto:
    """Decisions that have waited more than a month for the minutes of their sitting."""
    trovate = decisioni_in_ritardo(adesso).aggregate(n=Count("pk"), dal=Min("presa_at"))
    return Conto(trovate["n"], trovate["dal"], in_ritardo=trovate["n"] > 0)


def decisioni_in_ritardo(adesso: datetime):
    tardi = adesso - timedelta(days=VERBALE_ATTESO_GIORNI)
    return Decisione.objects.in_attesa().filter(presa_at__lt=tardi)


# --- Sittings -------------------------------------------------------------------------------

# How long before the last day of a call the office is told to send it.
CONVOCAZIONE_GIORNI = 3


def sedute_da_convocare(adesso: datetime) -> Conto:
    """Sittings whose call is to leave within a few days and will not leave by itself; late once
    the notice that the Tavolo gave itself is not respected any more."""
    limite = adesso + timedelta(days=CONVOCAZIONE_GIORNI)
    trovate = [
        seduta
        for seduta in con_termine(Seduta.objects.da_convocare(adesso))
        # One that was to leave by itself and could not is the office's again.
        if seduta.termine <= (adesso if seduta.programmata_at else limite)
    ]
    termini = [seduta.termine for seduta in trovate]
    return Conto(len(trovate), min(termini, default=None), min(termini, default=limite) <= adesso)


# --- Minutes --------------------------------------------------------------------------------

# Within how many days of a sitting its minutes are given to be read.
VERBALE_GIORNI = 15


def verbali_da_scrivere(adesso: datetime) -> Conto:
    """Sittings that are over and whose minutes were not given to be read."""
    trovate = sedute_senza_verbale().aggregate(n=Count("pk"), dal=Min("chiusa_at"))
    limite = adesso - timedelta(days=VERBALE_GIORNI)
    tardi = trovate["dal"] is not None and trovate["dal"] < limite
    return Conto(trovate["n"], trovate["dal"], tardi)


def sedute_senza_verbale():
    """Closed, with no minutes or only a draft of them."""
    return Seduta.objects.filter(stato=Seduta.Stato.CHIUSA).filter(
        Q(verbale=None) | Q(verbale__stato=Verbale.Stato.BOZZA)
    )


def correzioni_senza_risposta(adesso: datetime) -> Conto:
    """Minutes with corrections that nobody has answered; late once these hold the approval."""
    sospese = Correzione.objects.senza_risposta().filter(
        verbale__stato=Verbale.Stato.IN_CORREZIONE
    )
    trovate = sospese.aggregate(n=Count("verbale", distinct=True), dal=Min("created_at"))
    tardi = sospese.filter(verbale__correzioni_fino_a__lte=adesso).exists()
    return Conto(trovate["n"], trovate["dal"], tardi)


def verbali_da_approvare(adesso: datetime) -> Conto:
    """Whose time for corrections is over, each of them answered: the next sitting approves
    them."""
    pronti = Verbale.objects.da_chiudere(adesso).exclude(correzioni__esito="")
    trovati = pronti.aggregate(n=Count("pk"), dal=Min("correzioni_fino_a"))
    return Conto(trovati["n"], trovati["dal"])
