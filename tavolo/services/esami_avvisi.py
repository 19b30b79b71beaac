"""Who is told what of the reviews, and when. The mails themselves are in ``emails.esami``.

To members only in Italian, only to people whose mandate holds today, in a seat with a voice; the
composer asks again when the mail leaves. A key names the person and the occasion: eleven
proposals opened together, or due on one day, are one mail.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from eventi.promemoria import dopo_il_silenzio
from portale.lib import dates
from posta.services import accoda

from ..models import Componente, Esame, ImpostazioniTavolo, Posizione, PromemoriaEsame, Seggio
from . import avvisi

# Where the office has set no days of its own.
REGOLE_PREDEFINITE = (3, 1)
# Rome's wall time at which reminders leave.
ORA_DEL_PROMEMORIA = time(9)


# --- Who ------------------------------------------------------------------------------------


def raggiungibili(percorso_id: int, oggi: date) -> QuerySet:
    """The people who may state a position today for a seat of this percorso."""
    return (
        Componente.objects.entrati()
        .in_carica(oggi)
        .filter(
            seggio__percorso=percorso_id,
            seggio__ruolo__in=Seggio.CON_VOCE,
            persona__is_active=True,
        )
        .order_by("pk")
    )


def senza_risposta(esami: Iterable[int]) -> Exists:
    """Of a Componente: her seat has not answered at least one of these reviews."""
    risposte = Posizione.objects.rese().filter(
        esame=OuterRef("pk"), seggio=OuterRef(OuterRef("seggio"))
    )
    return Exists(Esame.objects.filter(pk__in=list(esami)).exclude(Exists(risposte)))


def da_rispondere(seggio: Seggio, adesso: datetime) -> QuerySet:
    """The open reviews that this seat has not answered, soonest due first."""
    mie = Posizione.objects.rese().filter(seggio=seggio).values("esame")
    return (
        Esame.objects.aperti(adesso)
        .filter(percorso=seggio.percorso_id)
        .exclude(pk__in=mie)
        .for_elenco()
        .order_by("scade_at", "proposta__titolo", "pk")
    )


# --- At once --------------------------------------------------------------------------------


def aperti(esami: list[Esame], percorso, adesso: datetime) -> None:
    """To who sits with a voice: these are to be read, and by when."""
    pks = [esame.pk for esame in esami]
    chi = raggiungibili(percorso.pk, dates.a_roma(adesso).date())
    _accoda("esami_aperti", str(min(pks)), chi, {"esami": pks}, adesso)


def prorogato(esame: Esame, passo, adesso: datetime) -> None:
    """To who has not answered: the last day is another one."""
    chi = raggiungibili(esame.percorso_id, dates.a_roma(adesso).date())
    chi = chi.filter(senza_risposta([esame.pk]))
    parametri = {"esame": esame.pk, "passo": passo.pk}
    _accoda("esame_prorogato", f"{esame.pk}:{passo.pk}", chi, parametri, adesso)


def sollecito(esame: Esame, adesso: datetime) -> int:
    """To who has not answered, once a day: all that her seat still has to answer."""
    oggi = dates.a_roma(adesso).date()
    chi = raggiungibili(esame.percorso_id, oggi).filter(senza_risposta([esame.pk]))
    occasione = f"{esame.percorso_id}:{oggi.isoformat()}:ufficio"
    return _accoda("esami_promemoria", occasione, chi, {"entro": None}, adesso)


def domanda(domanda, adesso: datetime) -> None:
    """To who made the proposal, in her language; to the office where nobody can be written to."""
    proponente = domanda.esame.proposta.proponente
    if proponente is None:
        genere, indirizzo, lingua = "domanda_ufficio", settings.ENTE["email"], "it"
    else:
        genere, indirizzo, lingua = "domanda_proponente", proponente.email, proponente.lingua
    accoda(
        genere,
        indirizzo,
        chiave=f"{genere}:{domanda.pk}",
        lingua=lingua,
        parametri={"domanda": domanda.pk},
        dovuto_at=dopo_il_silenzio(adesso),
        adesso=adesso,
    )


def risposta(domanda, adesso: datetime) -> None:
    """To the people of the seat that asked: the answer is there."""
    chi = (
        Componente.objects.entrati()
        .in_carica(dates.a_roma(adesso).date())
        .filter(seggio=domanda.seggio_id, persona__is_active=True)
    )
    _accoda("domanda_risposta", str(domanda.pk), chi, {"domanda": domanda.pk}, adesso)


def _accoda(genere, occasione, chi: QuerySet, parametri, adesso) -> int:
    return avvisi.accoda(
        genere,
        occasione,
        chi.values_list("pk", "email"),
        parametri,
        dovuto_at=dopo_il_silenzio(adesso),
        adesso=adesso,
    )


# --- Reminders ------------------------------------------------------------------------------


def momento(giorno: date, giorni: int) -> datetime:
    """When the rule "``giorni`` days before" falls due for reviews whose last day is ``giorno``:
    at nine in the morning of Rome, whatever the clocks did in between."""
    return dates.ora_di_muro(giorno - timedelta(days=giorni), ORA_DEL_PROMEMORIA)


def accoda_promemoria(adesso: datetime) -> int:
    """Queue the reminders that have fallen due; returns how many mails. Part of the clock.

    For each (percorso, last day, rule) once: PromemoriaEsame is the right to do it. Where several
    rules of a day have fallen due unseen (the machine was off), only the last one is told. A
    review that was opened after the moment of a rule has had its own mail.
    """
    per_giorno: dict[tuple[int, date], list[Esame]] = defaultdict(list)
    for esame in Esame.objects.aperti(adesso).only("percorso", "scade_at", "aperto_at"):
        per_giorno[esame.percorso_id, esame.ultimo_giorno].append(esame)
    if not per_giorno:
        return 0
    percorsi = {percorso for percorso, _giorno in per_giorno}
    regole = dict(
        ImpostazioniTavolo.objects.filter(percorso__in=percorsi).values_list(
            "percorso", "promemoria_giorni"
        )
    )
    fatti = set(
        PromemoriaEsame.objects.filter(percorso__in=percorsi).values_list(
            "percorso", "giorno", "giorni"
        )
    )
    quanti = 0
    for (percorso, giorno), esami in sorted(per_giorno.items()):
        scaduti = [
            giorni
            for giorni in _regole(regole.get(percorso))
            if momento(giorno, giorni) <= adesso and (percorso, giorno, giorni) not in fatti
        ]
        if scaduti:
            quanti += _accoda_giorno(percorso, giorno, scaduti, esami, adesso)
    return quanti


def _regole(scritte) -> list[int]:
    """The days of the rules, whatever was typed into a free JSON field."""
    if scritte is None:
        return list(REGOLE_PREDEFINITE)
    if not isinstance(scritte, list):
        return []
    return sorted({n for n in scritte if type(n) is int and 0 <= n <= 60}, reverse=True)


def _accoda_giorno(percorso, giorno, scaduti, esami, adesso) -> int:
    with transaction.atomic():
        nuovi = [
            giorni
            for giorni in scaduti
            if PromemoriaEsame.objects.get_or_create(
                percorso_id=percorso,
                giorno=giorno,
                giorni=giorni,
                defaults={"accodato_at": adesso},
            )[1]
        ]
        if not nuovi:
            return 0
        ultima = min(nuovi)
        quando = momento(giorno, ultima)
        letti = [esame.pk for esame in esami if esame.aperto_at < quando]
        chi = raggiungibili(percorso, dates.a_roma(adesso).date()).filter(senza_risposta(letti))
        occasione = f"{percorso}:{giorno.isoformat()}:{ultima}"
        return _accoda("esami_promemoria", occasione, chi, {"entro": giorno.isoformat()}, adesso)
