"""The outbox: queue a mail, call it off, try it again, and know how it goes.

The broker is never trusted with anything: the rows are the truth, and it only says "look now".
Delivery is in ``posta.consegna``.
"""

from collections.abc import Iterable
from copy import copy
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    Min,
    PositiveSmallIntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from portale.lib.testo import normalizza_email

from .consegna import spedisci_dovuti
from .generi import NonDovuto, Rinviato, Scaduto, registro
from .models import Battito, Messaggio
from .sveglia import sveglia

__all__ = [
    "NonRispedibile",
    "accoda",
    "accoda_molti",
    "annulla_per_chiave",
    "avvisi_fermi",
    "avvisi_in_coda",
    "avvisi_in_ritardo",
    "avvisi_persi",
    "batti",
    "conteggi",
    "dimentica",
    "dimentica_conclusi",
    "in_ritardo",
    "rispedisci",
    "situazione",
    "spedisci_dovuti",
    "tornati",
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


def dimentica(messaggi: QuerySet[Messaggio]) -> tuple[int, int]:
    """Call off those of these mails that have not left yet, also if a worker holds them, and take
    out of all of them whom they are for and what they say; returns how many were called off, and
    how many are forgotten. Their keys go too: some are made with an address."""
    pks = list(messaggi.order_by("pk").values_list("pk", flat=True))
    fermati = dimenticati = 0
    for inizio in range(0, len(pks), 500):
        parte = Messaggio.objects.filter(pk__in=pks[inizio : inizio + 500])
        fermati += parte.in_coda().update(
            stato=Messaggio.Stato.ANNULLATO, lease_until=None, lease_token=""
        )
        dimenticati += parte.update(
            destinatario="",
            parametri={},
            ultimo_errore="",
            chiave=Concat(Value("dimenticato:"), Cast("pk", CharField())),
        )
    return fermati, dimenticati


def rispedisci(messaggio: Messaggio, *, email: str = "", adesso: datetime) -> None:
    """The office tries again, with all its attempts, a mail that failed or came back; at another
    address if one is given. Raises NonRispedibile."""
    genere = registro.get(messaggio.genere)
    if genere is not None and not genere.rispedibile:
        raise NonRispedibile(
            _("conteneva un codice o un link personale: la persona ne chieda un altro")
        )
    if genere is not None and genere.riservato and messaggio.stato == Messaggio.Stato.RIMBALZATO:
        raise NonRispedibile(_("era partita e non ne resta il testo: scrivila di nuovo"))
    nuova = normalizza_email(email) or messaggio.destinatario
    if nuova != messaggio.destinatario:
        _pretendi_che_valga(messaggio, nuova, adesso)
    riuscito = (
        Messaggio.objects.non_arrivati()
        .filter(pk=messaggio.pk, destinatario=messaggio.destinatario)
        # Whoever it was for has had herself forgotten.
        .exclude(destinatario="")
        .update(
            rispedizioni=Case(
                When(stato=Messaggio.Stato.RIMBALZATO, then=F("rispedizioni") + 1),
                default=F("rispedizioni"),
                output_field=PositiveSmallIntegerField(),
            ),
            stato=Messaggio.Stato.IN_CODA,
            destinatario=nuova,
            tentativi=0,
            dovuto_at=adesso,
        )
    )
    if not riuscito:
        raise NonRispedibile(_("non è tra i messaggi non arrivati"))
    transaction.on_commit(sveglia)


def _pretendi_che_valga(messaggio: Messaggio, email: str, adesso: datetime) -> None:
    """The kind of mail may go to another address, and to this one it is still owed. Composers
    that write to somebody in a list look whether the address is hers."""
    genere = registro.get(messaggio.genere)
    if genere is None or not genere.correggibile:
        raise NonRispedibile(_("va solo all'indirizzo che la persona ha dato: lo cambia lei"))
    prova = copy(messaggio)
    prova.destinatario = email
    try:
        genere.componi(prova, adesso)
    except Rinviato:
        pass
    except (NonDovuto, Scaduto) as no:
        raise NonRispedibile(
            _("a questo indirizzo non è dovuta: correggilo prima nella scheda della persona")
        ) from no


def dimentica_conclusi(messaggi: QuerySet[Messaggio]) -> None:
    """The same of old rows that nobody asked to forget. Their keys stay, so that none of them
    ever leaves again; a failed one can not be tried again, and is ``scaduto``."""
    conclusi = messaggi.exclude(stato=Messaggio.Stato.IN_CODA)
    conclusi.filter(stato=Messaggio.Stato.FALLITO).update(stato=Messaggio.Stato.SCADUTO)
    conclusi.update(destinatario="", parametri={}, ultimo_errore="")


# --- How it goes ----------------------------------------------------------------------------

# A part that has been silent for this long has stopped: the scheduler, whoever delivers.
SILENZIO = {"pianificatore": timedelta(minutes=2), "spedizione": timedelta(minutes=5)}
# A mail that has been due for this long is late.
RITARDO = timedelta(minutes=15)
# That a meeting has moved is worth nothing if it arrives too late.
RITARDO_AVVISI = timedelta(minutes=10)
# For how long a mail that was lost is shown.
SI_RICORDA = timedelta(days=30)


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
        "rimbalzati": tornati(Messaggio.objects.all(), adesso).count(),
        "in_ritardo": in_ritardo(Messaggio.objects.all(), adesso).count(),
        "piu_vecchio": piu_vecchio,
        "eta_coda": eta,
        "coda_ok": coda_ok,
        "battiti": battiti,
        "battiti_ok": battiti_ok,
        "ok": coda_ok and all(battiti_ok.values()),
    }


def tornati(messaggi: QuerySet, adesso: datetime) -> QuerySet:
    """Those that came back in the last month."""
    return messaggi.filter(stato=Messaggio.Stato.RIMBALZATO, created_at__gte=adesso - SI_RICORDA)


def in_ritardo(messaggi: QuerySet, adesso: datetime) -> QuerySet:
    """Those that should have left and are still here."""
    return messaggi.in_coda().filter(dovuto_at__lte=adesso - RITARDO)


def avvisi_in_ritardo(messaggi: QuerySet, adesso: datetime) -> QuerySet:
    """Of a change in what people organised themselves by: those that should have left."""
    return messaggi.filter(_avvisi_in_ritardo(adesso), genere__in=_di_cambio())


def avvisi_persi(messaggi: QuerySet, adesso: datetime) -> QuerySet:
    """Of the same, those that did not leave or came back in the last month."""
    return messaggi.filter(_avvisi_persi(adesso), genere__in=_di_cambio())


def avvisi_in_coda() -> QuerySet:
    """Of the same, those that have not left, whether they are late or not."""
    return Messaggio.objects.in_coda().filter(genere__in=_di_cambio()).order_by()


def _di_cambio():
    return [genere.nome for genere in registro.values() if genere.di_cambio]


def _avvisi_in_ritardo(adesso):
    return Q(stato=Messaggio.Stato.IN_CODA, dovuto_at__lte=adesso - RITARDO_AVVISI)


def _avvisi_persi(adesso):
    return Q(
        stato__in=[Messaggio.Stato.FALLITO, Messaggio.Stato.RIMBALZATO],
        created_at__gte=adesso - SI_RICORDA,
    )


def avvisi_fermi(adesso: datetime) -> tuple[int, int]:
    """How many of these there are, of the first and of the second."""
    tardi, persi = _avvisi_in_ritardo(adesso), _avvisi_persi(adesso)
    conto = Messaggio.objects.filter(tardi | persi, genere__in=_di_cambio()).aggregate(
        in_ritardo=Count("pk", filter=tardi), persi=Count("pk", filter=persi)
    )
    return conto["in_ritardo"], conto["persi"]


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
