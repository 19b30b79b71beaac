"""The purposes for which personal data are held: one register that everything reads.

Each app declares its own in its ``privacy.py``::

    registra(Finalita("iscrizioni", nome=_("Ti iscrivi a un incontro"), …))

The privacy page, the notices beside the forms, what a person downloads, what an erasure empties
and the nightly purge all ask here, so that none of them can say something else.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

COMPITO = _(
    "Un compito di interesse pubblico, la partecipazione dei cittadini (articolo 6, paragrafo 1, "
    "lettera e del GDPR)."
)
CONSENSO = _(
    "Il tuo consenso, che puoi ritirare quando vuoi (articolo 6, paragrafo 1, lettera a del GDPR)."
)
SALUTE = _(
    "Il tuo consenso: può dire qualcosa della tua salute e lo scrivi solo se vuoi (articolo 9, "
    "paragrafo 2, lettera a del GDPR)."
)
OBBLIGO = _(
    "Un obbligo di legge: rispondere a chi esercita i suoi diritti e poter mostrare di averlo "
    "fatto (articolo 6, paragrafo 1, lettera c del GDPR)."
)


@dataclass(frozen=True, kw_only=True)
class Finalita:
    """One purpose. All texts are lazy, in Italian, to be read by citizens, and whole sentences
    (but ``nome`` and ``dati``), so that each language can say them in its own way."""

    codice: str
    # "Ti iscrivi a un incontro": when the data are given.
    nome: str
    # Which data.
    dati: str
    perche: str
    # "Useremo i tuoi dati solo per …": what stands beside the form.
    frase: str
    # How long, in words; %(tempo)s is the period of ``giorni``.
    parole: str
    base: str = COMPITO
    # The routes of the forms beside which it is told.
    dove: tuple[str, ...] = ()
    # The place on the page.
    ordine: int = 100
    # Whether the portal, as it is set up here, holds such data at all.
    accesa: Callable[[], bool] = lambda: True

    @property
    def giorni(self) -> int | None:
        """For how many days; None where no number of days ends it."""
        return settings.CONSERVAZIONE.get(self.codice)

    @property
    def durata(self) -> str:
        """How long, in words, in the active language."""
        giorni = self.giorni
        return str(self.parole) % {"tempo": tempo(giorni) if giorni is not None else ""}


registro: dict[str, Finalita] = {}


def registra(nuova: Finalita) -> Finalita:
    """Add a purpose; two of one code are a mistake."""
    if registro.setdefault(nuova.codice, nuova) is not nuova:
        raise ValueError(f"Two purposes are called {nuova.codice!r}")
    return nuova


def finalita(codice: str) -> Finalita:
    """Raises KeyError for a code that nobody registered."""
    return registro[codice]


def tutte() -> list[Finalita]:
    """In the order of the page, those of what is switched off included."""
    return sorted(registro.values(), key=lambda una: (una.ordine, una.codice))


def mostrate() -> list[Finalita]:
    """What the portal does as it is set up here."""
    return [una for una in tutte() if una.accesa()]


def tempo(giorni: int) -> str:
    """A period as people say it: "12 mesi" for 365 days."""
    if giorni % 365 == 0:
        anni = giorni // 365
        if anni == 1:
            return ngettext("%(n)s mese", "%(n)s mesi", 12) % {"n": 12}
        return ngettext("%(n)s anno", "%(n)s anni", anni) % {"n": anni}
    if giorni % 30 == 0 and giorni > 30:
        return ngettext("%(n)s mese", "%(n)s mesi", giorni // 30) % {"n": giorni // 30}
    return ngettext("%(n)s giorno", "%(n)s giorni", giorni) % {"n": giorni}
