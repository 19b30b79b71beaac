"""The outbox: queue a mail, call it off, try it again, and know how it goes.

The broker is never trusted with anything: the rows are the truth, and it only says "look now".
Delivery is in ``posta.consegna``.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Min
from django.utils.translation import gettext as _

from .consegna import spedisci_dovuti
from .generi import registro
from .models import Battito, Messaggio
from .sveglia import sveglia

__all__ = [
    "NonRispedibile",
    "accoda",
    "accoda_molti",
    "annulla_per_chiave",
    "batti",
    "conteggi",
    "rispedisci",
    "situazione",
    "spedisci_dovuti",
]


class NonRispedibile(Exception):
    """This mail can not be sent again; the message says why, to a person."""


# --- Queueing -------------------------------------------------------------------------------


def accoda(
    genere: str,
    destinatario: str,
    *,
    chiave: str,
    lingua: str,
    parametri: dict | None = None,
    dovuto_at: datetime | None = None,
    adesso: datetime,
) -> Messaggio:
    """Owe a mail to somebody: it leaves after commit, not before ``dovuto_at`` (now if not given).

    ``chiave`` is what makes it one: the same key again changes nothing and gives the same row,
    whatever has become of it; only a row that was called off before it left is owed anew.
    """
    messaggio = Messaggio(
        genere=genere,
        destinatario=destinatario,
        chiave=chiave,
        lingua=lingua,
        parametri=parametri or {},
        dovuto_at=dovuto_at or adesso,
    )
    accoda_molti([messaggio], adesso=adesso)
    return Messaggio.objects.get(chiave=chiave)


def accoda_molti(messaggi: Iterable[Messaggio], *, adesso: datetime) -> int:
    """The same for many rows at once; returns how many are now owed that were not before."""
    messaggi = list(messaggi)
    if not messaggi:
        return 0
    for messaggio in messaggi:
        if messaggio.genere not in registro:
            raise ValueError(f"Nobody composes the kind of mail {messaggio.genere!r}")
    per_chiave = {messaggio.chiave: messaggio for messaggio in messaggi}
    nuovi = 0
    with transaction.atomic(savepoint=False):
        chiavi = list(per_chiave)
        for inizio in range(0, len(chiavi), 500):
            nuovi += _accoda_parte([per_chiave[c] for c in chiavi[inizio : inizio + 500]], adesso)
    if nuovi and any(messaggio.dovuto_at <= adesso for messaggio in messaggi):
        transaction.on_commit(sveglia)
    return nuovi


def _accoda_parte(messaggi: list[Messaggio], adesso: datetime) -> int:
    per_chiave = {messaggio.chiave: messaggio for messaggio in messaggi}
    nuovi = len(per_chiave)
    esistenti = Messaggio.objects.filter(chiave__in=per_chiave)
    for vecchio in esistenti:
        nuovo = per_chiave.pop(vecchio.chiave)
        nuovi -= 1
        if vecchio.stato == Messaggio.Stato.ANNULLATO:
            nuovi += Messaggio.objects.filter(
                pk=vecchio.pk, stato=Messaggio.Stato.ANNULLATO, inviato_at=None
            ).update(
                stato=Messaggio.Stato.IN_CODA,
                genere=nuovo.genere,
                destinatario=nuovo.destinatario,
                lingua=nuovo.lingua,
                parametri=nuovo.parametri,
                dovuto_at=nuovo.dovuto_at,
                tentativi=0,
                ultimo_errore="",
                lease_until=None,
                lease_token="",
            )
    # Somebody else may insert the same key between our look and this: theirs stands.
    Messaggio.objects.bulk_create(per_chiave.values(), ignore_conflicts=True)
    return nuovi


def annulla_per_chiave(chiavi: Iterable[str]) -> int:
    """Call off what has not left yet, also if a worker holds it; returns how many."""
    chiavi = list(chiavi)
    return sum(
        Messaggio.objects.in_coda()
        .filter(chiave__in=chiavi[inizio : inizio + 500])
        .update(stato=Messaggio.Stato.ANNULLATO, lease_until=None, lease_token="")
        for inizio in range(0, len(chiavi), 500)
    )


def rispedisci(messaggio: Messaggio, *, adesso: datetime) -> None:
    """The office tries a failed mail again, with all its attempts. Raises NonRispedibile."""
    genere = registro.get(messaggio.genere)
    if genere is not None and not genere.rispedibile:
        raise NonRispedibile(
            _("conteneva un codice o un link personale: la persona ne chieda un altro")
        )
    riuscito = (
        Messaggio.objects.falliti()
        .filter(pk=messaggio.pk)
        .update(stato=Messaggio.Stato.IN_CODA, tentativi=0, dovuto_at=adesso)
    )
    if not riuscito:
        raise NonRispedibile(_("non è tra i messaggi falliti"))
    transaction.on_commit(sveglia)


# --- How it goes ----------------------------------------------------------------------------

# A part that has been silent for this long has stopped: the scheduler, whoever delivers.
SILENZIO = {"pianificatore": timedelta(minutes=2), "spedizione": timedelta(minutes=5)}
# A mail that has been due for this long is late.
RITARDO = timedelta(minutes=15)


def batti(nome: str, adesso: datetime) -> None:
    """Say that the part ``nome`` of the machinery is alive. Cheap to call at every turn."""
    Battito.objects.batti(nome, adesso)


def situazione(adesso: datetime) -> dict:
    """How the mail goes, for the office's first page and for the health check.

    Ages are in whole seconds, None where there is nothing to measure; ``ok`` is True when no
    mail is late and every part of the machinery has been seen.
    """
    dovuto = Messaggio.objects.in_coda().filter(dovuto_at__lte=adesso)
    piu_vecchio = dovuto.aggregate(quando=Min("dovuto_at"))["quando"]
    visti = dict(Battito.objects.values_list("nome", "visto_at"))
    battiti = {nome: _eta(visti.get(nome), adesso) for nome in SILENZIO}
    battiti_ok = {
        nome: battiti[nome] is not None and battiti[nome] <= massimo.total_seconds()
        for nome, massimo in SILENZIO.items()
    }
    eta = _eta(piu_vecchio, adesso)
    coda_ok = eta is None or eta <= RITARDO.total_seconds()
    return {
        "falliti": Messaggio.objects.falliti().count(),
        "in_ritardo": dovuto.filter(dovuto_at__lte=adesso - RITARDO).count(),
        "piu_vecchio": piu_vecchio,
        "eta_coda": eta,
        "coda_ok": coda_ok,
        "battiti": battiti,
        "battiti_ok": battiti_ok,
        "ok": coda_ok and all(battiti_ok.values()),
    }


def conteggi() -> dict:
    """Rows by state, and by kind and state."""
    per_stato = dict.fromkeys(Messaggio.Stato.values, 0)
    per_genere: dict[str, dict[str, int]] = {}
    righe = Messaggio.objects.order_by().values_list("genere", "stato").annotate(n=Count("pk"))
    for genere, stato, quanti in righe:
        per_stato[stato] += quanti
        per_genere.setdefault(genere, {})[stato] = quanti
    return {"stati": per_stato, "generi": per_genere}


def _eta(momento: datetime | None, adesso: datetime) -> int | None:
    return None if momento is None else max(0, int((adesso - momento).total_seconds()))
