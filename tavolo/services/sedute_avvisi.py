"""Who is told what about a sitting: one function for each mail that is queued, one row for each
recipient, by a key that makes it one. What the mail says is composed when it leaves, in
``tavolo.emails.sedute``."""

from datetime import datetime

from django.db import transaction

from eventi.promemoria import scadenza
from portale.lib.dates import a_roma

from ..models import Componente, PromemoriaSeduta, Seduta
from . import avvisi

# (days, hours) before the start, on Rome's clock and outside the quiet hours.
REGOLE = ((2, 0), (0, 4))
# What a change of the meeting is called in the mails to who was called.
ANNUNCI = {
    "spostato": "seduta_spostata",
    "rinviato": "seduta_rinviata",
    "annullato": "seduta_annullata",
    "collegamento": "seduta_collegamento",
}


def chiamati(seduta: Seduta, adesso: datetime):
    """Titolari and supplenti of every seat, observers and secretariat too: in office today, and
    on the sitting's day if that is known. Who was invited and has not joined has a mail address
    all the same."""
    percorso = seduta.incontro.percorso_id
    righe = Componente.objects.filter(seggio__percorso=percorso).in_carica(a_roma(adesso).date())
    if seduta.giorno is not None:
        righe = righe.in_carica(seduta.giorno)
    return righe.for_seggio().order_by("seggio__organizzazione__nome", "-ruolo", "pk")


def convocata(seduta: Seduta, testo: str, adesso: datetime) -> int:
    """``testo``: why less notice is given than agreed; empty when enough is."""
    parametri = {"convocazione": seduta.convocazione, "testo": testo}
    return _a_tutti("seduta_convocata", seduta, str(seduta.convocazione), adesso, parametri)


def riconvocata(seduta: Seduta, cambiato: list[str], testo: str, adesso: datetime) -> int:
    """``cambiato``: what is different in the agenda, in words; ``testo``: what the office adds."""
    parametri = {"convocazione": seduta.convocazione, "cambiato": cambiato, "testo": testo}
    return _a_tutti("seduta_riconvocata", seduta, str(seduta.convocazione), adesso, parametri)


def cambiata(seduta: Seduta, annuncio: str, motivo: str, adesso: datetime) -> int:
    """Its meeting changed. ``sequenza`` makes it once for each change."""
    sequenza = seduta.incontro.sequenza
    parametri = {"sequenza": sequenza, "motivo": motivo}
    return _a_tutti(ANNUNCI[annuncio], seduta, f"i{sequenza}", adesso, parametri)


def cercasi_sostituta(seduta: Seduta, assente: Componente, adesso: datetime) -> int:
    """Ask the others of her seat, who have not excused themselves, whether they can go."""
    gia = seduta.giustificazioni.valide().values("componente")
    altri = chiamati(seduta, adesso).filter(seggio=assente.seggio_id).exclude(pk__in=gia)
    inizio = seduta.incontro.inizio.isoformat()
    return _accoda(
        "seduta_sostituzione",
        seduta,
        altri.exclude(pk=assente.pk),
        f"{inizio}:{assente.pk}",
        adesso,
        {"inizio": inizio, "assente": assente.pk},
    )


def accoda_promemoria(adesso: datetime) -> int:
    """Queue the reminders that have fallen due, to who has not excused herself; says how many.
    Whoever was called after a rule fell due has just read everything. Part of the clock."""
    quanti = 0
    sedute = Seduta.objects.in_programma().future(adesso).select_related("incontro")
    for seduta in sedute:
        for giorni, ore in REGOLE:
            if _da_ricordare(seduta, giorni, ore, adesso):
                quanti += _ricorda(seduta.pk, giorni, ore, adesso)
    return quanti


def _da_ricordare(seduta, giorni, ore, adesso) -> bool:
    inizio = seduta.incontro.inizio
    if inizio is None or inizio <= adesso:
        return False
    dovuto_at = scadenza(inizio, giorni=giorni, ore=ore)
    if not seduta.convocata_at < dovuto_at <= adesso:
        return False
    gia = seduta.promemoria.filter(inizio=inizio, giorni=giorni, ore=ore)
    return not gia.exists()


def _ricorda(pk, giorni, ore, adesso) -> int:
    """Look again under the lock: another worker may be at it, or the sitting be moving."""
    with transaction.atomic():
        seduta = (
            Seduta.objects.select_for_update(of=("self",), no_key=True)
            .in_programma()
            .select_related("incontro")
            .filter(pk=pk)
            .first()
        )
        if seduta is None or not _da_ricordare(seduta, giorni, ore, adesso):
            return 0
        inizio = seduta.incontro.inizio
        PromemoriaSeduta.objects.create(
            seduta=seduta, inizio=inizio, giorni=giorni, ore=ore, accodato_at=adesso
        )
        assenti = seduta.giustificazioni.valide().values("componente")
        return _accoda(
            "seduta_promemoria",
            seduta,
            chiamati(seduta, adesso).exclude(pk__in=assenti),
            f"{giorni}g{ore}h:{inizio.isoformat()}",
            adesso,
            {"inizio": inizio.isoformat()},
        )


def _a_tutti(genere, seduta, versione, adesso, parametri) -> int:
    return _accoda(genere, seduta, chiamati(seduta, adesso), versione, adesso, parametri)


def _accoda(genere: str, seduta: Seduta, chi, versione: str, adesso: datetime, parametri) -> int:
    return avvisi.accoda(
        genere,
        f"{seduta.pk}:{versione}",
        [(componente.pk, componente.email) for componente in chi],
        {"seduta": seduta.pk, **parametri},
        dovuto_at=adesso,
        adesso=adesso,
    )
