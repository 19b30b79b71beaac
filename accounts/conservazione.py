"""How long data are kept, and what takes them away every night.

An app says in its ``conservazione.py`` which of its rows have been kept long enough::

    @conserva("disponibilita", finalita="disponibilita", che_cosa=_("offerte di aiuto chiuse"))
    def disponibilita(limite, adesso):
        return Disponibilita.objects.filter(chiusa_at__lt=limite)

``limite`` is the moment before which they are too old; the period is ``CONSERVAZIONE`` of the
settings. Rows go in small transactions, each of which also writes the register
(:class:`accounts.models.Pulizia`): a crash, or a second process at the same work, leaves the two
telling the same, and the next turn goes on from there. See docs/adr/0022-conservazione.md.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as ora

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from portale.lib.dates import a_roma, ora_di_muro
from posta.models import Battito

from .models import Pulizia, User

logger = logging.getLogger(__name__)

LOTTO = 500
BATTITO = "conservazione"
# On Rome's clock: nobody registers at this hour.
INIZIO = ora(3, 30)
# After this long without a whole round something is wrong.
SILENZIO = timedelta(days=2)

Conteggi = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Regola:
    """What of one purpose is taken away, and when. ``parti`` are the rows that go with the main
    ones, counted apart: name → how to find them from those."""

    codice: str
    finalita: str
    che_cosa: str
    # Key of CONSERVAZIONE; None for what has its own end written in it.
    periodo: str | None
    scaduti: Callable[[datetime, datetime], QuerySet]
    togli: Callable[[QuerySet, datetime], None]
    # Takes the locks of a batch's parents, before its rows are read again.
    blocca: Callable[[QuerySet, datetime], None] | None = None
    parti: Mapping[str, Callable[[QuerySet], QuerySet]] = field(default_factory=dict)
    # Looks at what the others' rows leave behind, so it is asked before they go: what a trial
    # counts is then what the next run takes.
    per_prima: bool = False

    def limite(self, adesso: datetime) -> datetime:
        return adesso - timedelta(days=settings.CONSERVAZIONE[self.periodo] if self.periodo else 0)

    def conta(self, righe: QuerySet) -> Conteggi:
        return {
            self.codice: righe.count(),
            **{nome: trova(righe).count() for nome, trova in self.parti.items()},
        }

    def prova(self, adesso: datetime) -> Conteggi:
        """How many would go now; changes nothing."""
        return self.conta(self.scaduti(self.limite(adesso), adesso).order_by())

    def lotto(self, adesso: datetime) -> Conteggi | None:
        """Take a batch away, with its line in the register; None when there is nothing left."""
        limite = self.limite(adesso)
        scaduti = self.scaduti(limite, adesso).order_by()
        # Most nights there is nothing: do not take SQLite's only write lock to find out.
        if not scaduti.exists():
            return None
        with transaction.atomic():
            pks = list(scaduti.order_by("pk").values_list("pk", flat=True)[:LOTTO])
            if self.blocca:
                self.blocca(scaduti.filter(pk__in=pks), adesso)
            # Read again under the lock: another process may have been here, or a person may have
            # come back to what was about to go.
            pks = list(
                scaduti.filter(pk__in=pks)
                .order_by("pk")
                .select_for_update(of=("self",))
                .values_list("pk", flat=True)
            )
            righe = scaduti.model._base_manager.filter(pk__in=pks)
            conteggi = self.conta(righe)
            self.togli(righe, adesso)
            _scrivi(self, limite, conteggi, adesso)
        return conteggi


registro: dict[str, Regola] = {}


# What goes within this time is among what the office is shown as about to go.
PRESTO = timedelta(days=30)


def tra_poco(codice: str, adesso: datetime) -> QuerySet:
    """What a rule takes away within a month, if nothing happens to it meanwhile."""
    allora = adesso + PRESTO
    return registro[codice].scaduti(registro[codice].limite(allora), allora).order_by()


def cancella(righe: QuerySet, adesso: datetime) -> None:
    """Delete, with what hangs on it."""
    righe.delete()


def conserva(
    codice: str,
    *,
    finalita: str,
    che_cosa: str,
    periodo: str | None = "",
    togli: Callable[[QuerySet, datetime], None] = cancella,
    **altro,
):
    """Register the function below as a rule. ``periodo`` is the key of ``CONSERVAZIONE``, the
    rule's own code if not given; two rules of one code are a mistake."""

    def registra(scaduti):
        if codice in registro and registro[codice].scaduti.__module__ != scaduti.__module__:
            raise ValueError(f"Two rules are called {codice!r}")
        registro[codice] = Regola(
            codice=codice,
            finalita=finalita,
            che_cosa=che_cosa,
            periodo=codice if periodo == "" else periodo,
            scaduti=scaduti,
            togli=togli,
            **altro,
        )
        return scaduti

    return registra


def regole(finalita: str | None = None) -> list[Regola]:
    """In the order in which they are applied. Raises KeyError for a purpose that has none."""
    scelte = [una for una in registro.values() if finalita in (None, una.finalita)]
    if not scelte:
        raise KeyError(finalita)
    return sorted(scelte, key=lambda una: not una.per_prima)


def _scrivi(regola: Regola, limite: datetime, conteggi: Conteggi, adesso: datetime) -> None:
    giorno = a_roma(adesso).date()
    Pulizia.objects.bulk_create(
        [
            Pulizia(
                finalita=regola.finalita,
                regola=regola.codice,
                giorno=giorno,
                limite=limite,
                cominciata_at=adesso,
                aggiornata_at=adesso,
            )
        ],
        ignore_conflicts=True,
    )
    voce = Pulizia.objects.select_for_update().get(regola=regola.codice, giorno=giorno)
    voce.conteggi = _somma(voce.conteggi, conteggi)
    voce.limite, voce.aggiornata_at = limite, adesso
    voce.save(update_fields=["conteggi", "limite", "aggiornata_at"])


def _somma(uni: Conteggi, altri: Conteggi) -> Conteggi:
    return {nome: uni.get(nome, 0) + altri.get(nome, 0) for nome in [*uni, *altri]}


# --- A round --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Esito:
    """What a rule did, or would do."""

    regola: Regola
    limite: datetime
    conteggi: Conteggi
    # False when there was no time for all of it, or it failed.
    finita: bool = True


def prova(adesso: datetime, *, finalita: str | None = None) -> list[Esito]:
    """What a round would take away now. Changes nothing."""
    return [
        Esito(regola, regola.limite(adesso), regola.prova(adesso)) for regola in regole(finalita)
    ]


def pulisci(
    adesso: datetime, *, finalita: str | None = None, secondi: float | None = None
) -> list[Esito]:
    """Take away what has been kept long enough; with ``secondi``, as much as fits into them.

    A rule that fails is written in the log and leaves the others to go on. A round of every
    purpose that ends is remembered: ``ultima``.
    """
    fine = None if secondi is None else time.monotonic() + secondi
    esiti = [_applica(regola, adesso, fine) for regola in regole(finalita)]
    if finalita is None and all(esito.finita for esito in esiti):
        Battito.objects.update_or_create(nome=BATTITO, defaults={"visto_at": adesso})
    return esiti


def _applica(regola: Regola, adesso: datetime, fine: float | None) -> Esito:
    conteggi: Conteggi = {regola.codice: 0, **dict.fromkeys(regola.parti, 0)}
    finita = True
    try:
        while True:
            if fine is not None and time.monotonic() >= fine:
                finita = False
                break
            tolti = regola.lotto(adesso)
            if tolti is None:
                break
            conteggi = _somma(conteggi, tolti)
    except Exception:
        # One table that can not be emptied must not keep the names in all the others.
        logger.exception("The purge of %s failed", regola.codice)
        finita = False
    return Esito(regola, regola.limite(adesso), conteggi, finita)


def ultima() -> datetime | None:
    """When the last whole round ended; None if there has been none."""
    return Battito.objects.filter(nome=BATTITO).values_list("visto_at", flat=True).first()


def dovuta(adesso: datetime) -> bool:
    """Whether the round of the night is still to be done: none has ended since the last half past
    three in Rome. A portal that was off at that hour does it as soon as it is on again."""
    locale = a_roma(adesso)
    giorno = locale.date() - timedelta(days=0 if locale.time() >= INIZIO else 1)
    fatta = ultima()
    return fatta is None or fatta < ora_di_muro(giorno, INIZIO)


def ferma(adesso: datetime) -> bool:
    """Whether the nightly round has not been done for too long. A portal that is younger than
    that has had no night yet."""
    fatta = ultima()
    if fatta is None:
        return User.objects.filter(date_joined__lt=adesso - SILENZIO).exists()
    return adesso - fatta > SILENZIO
