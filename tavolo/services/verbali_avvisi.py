"""Who is told what of the minutes, and when. The mails themselves are in ``emails.verbali``.

To members in Italian, only to people whose mandate holds today; the composer asks again when the
mail leaves. A key names the person and the occasion.
"""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from eventi.promemoria import dopo_il_silenzio
from portale.lib import dates
from posta.services import accoda_molti

from ..models import Componente, Correzione, Impegno, Presenza, Verbale
from . import avvisi

# A promise is remembered so many days before its day, and once on the day after it.
ANTICIPO = 3
# For how long a machine that was off still tells of a promise that is late.
RITARDO = 7
# Rome's wall time at which reminders leave.
ORA_DEL_PROMEMORIA = time(9)


def in_carica(oggi: date) -> QuerySet:
    """Whoever has a mandate today and has joined with her account."""
    return Componente.objects.entrati().in_carica(oggi).filter(persona__is_active=True)


def che_c_erano(verbale: Verbale) -> QuerySet:
    """The seats with a voice that were at the sitting, also those that left before its end."""
    presenze = Presenza.objects.filter(seduta=verbale.seduta_id, modo__in=Presenza.PRESENTI)
    return verbale.seduta.incontro.percorso.seggi.con_voce().filter(
        pk__in=presenze.values("seggio")
    )


def correzioni_aperte(verbale: Verbale, adesso: datetime) -> int:
    """To the people of the seats that were there: read it, and until when to ask."""
    chi = _oggi(adesso).filter(seggio__in=che_c_erano(verbale))
    return _accoda("verbale_correzioni", verbale.pk, chi, {"verbale": verbale.pk}, adesso)


def correzione_risposta(correzione: Correzione, adesso: datetime) -> int:
    """To the people of the seat that asked."""
    chi = _oggi(adesso).filter(seggio=correzione.seggio_id)
    parametri = {"correzione": correzione.pk}
    return _accoda("correzione_risposta", correzione.pk, chi, parametri, adesso)


def approvato(verbale: Verbale, adesso: datetime) -> int:
    """To everybody who sits at this Tavolo today."""
    chi = _oggi(adesso).filter(seggio__percorso=verbale.seduta.incontro.percorso_id)
    return _accoda("verbale_approvato", verbale.pk, chi, {"verbale": verbale.pk}, adesso)


# --- Promises -------------------------------------------------------------------------------


def accoda_impegni(adesso: datetime) -> int:
    """Queue what falls due of the promises that were made: three days before their day, and on
    the day after it when they are late; returns how many mails. Part of the clock.

    For each (promise, its day, person) once each: a promise whose day was moved is told anew."""
    oggi = dates.a_roma(adesso).date()
    if adesso < dates.ora_di_muro(oggi, ORA_DEL_PROMEMORIA):
        return 0
    vicini = Q(entro__gte=oggi, entro__lte=oggi + timedelta(days=ANTICIPO))
    tardi = Q(entro__lt=oggi, entro__gte=oggi - timedelta(days=RITARDO))
    dovuti = list(Impegno.objects.da_fare().filter(vicini | tardi))
    if not dovuti:
        return 0
    persone = _per_seggio({impegno.seggio_id for impegno in dovuti}, oggi)
    ufficio = [(avvisi.UFFICIO, settings.ENTE["email"])]
    messaggi = []
    for impegno in dovuti:
        genere = "impegno_tardi" if impegno.entro < oggi else "impegno_promemoria"
        giorno = impegno.entro.isoformat()
        chi = ufficio if impegno.seggio_id is None else persone.get(impegno.seggio_id, [])
        parametri = {"impegno": impegno.pk, "entro": giorno}
        messaggi += avvisi.messaggi(
            genere,
            f"{impegno.pk}:{giorno}",
            chi,
            parametri,
            dovuto_at=dopo_il_silenzio(adesso),
        )
    return accoda_molti(messaggi, adesso=adesso)


def _per_seggio(seggi, oggi) -> dict[int, list[tuple[int, str]]]:
    per_seggio: dict[int, list[tuple[int, str]]] = {}
    righe = in_carica(oggi).filter(seggio__in=seggi - {None}).order_by("pk")
    for seggio, pk, email in righe.values_list("seggio", "pk", "email"):
        per_seggio.setdefault(seggio, []).append((pk, email))
    return per_seggio


# --- Rows -----------------------------------------------------------------------------------


def _oggi(adesso):
    return in_carica(dates.a_roma(adesso).date()).order_by("pk")


def _accoda(genere, occasione, chi: QuerySet, parametri, adesso) -> int:
    return avvisi.accoda(
        genere,
        occasione,
        chi.values_list("pk", "email"),
        parametri,
        dovuto_at=dopo_il_silenzio(adesso),
        adesso=adesso,
    )
