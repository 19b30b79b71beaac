"""Who may do what at the Tavolo, on a given day.

A mandate is a matter of dates: one that ended yesterday opens nothing today. So is the Comitato's,
and whoever works for the office is not on it, whatever a row says. Each view asks
:func:`accesso_or_404` (or fetches its object through :func:`percorsi_leggibili`) and then the
``can_…`` of the :class:`Accesso` that it got; what somebody may not see does not exist (404).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import Http404

from portale.lib.dates import a_roma

from .models import Componente, Garante, Seggio


@dataclass(frozen=True)
class Accesso:
    """What one person is for the Tavolo of one percorso, now. At most one of a member, one of the
    Comitato, one of the office; a member who also works for the office is a member here, and
    keeps the office's rights."""

    percorso_id: int
    componente: Componente | None = None
    garante: bool = False
    ufficio: bool = False

    @property
    def seggio(self) -> Seggio | None:
        return self.componente.seggio if self.componente else None

    @property
    def in_quanto(self) -> str:
        """ "componente", "comitato" or "ufficio": for the register of accesses."""
        if self.componente:
            return "componente"
        return "comitato" if self.garante else "ufficio"

    @property
    def can_esprimersi(self) -> bool:
        """State a position, answer in writing, dissent, ask for corrections: for a seat with a
        voice, by its titolare or its supplente."""
        return self.componente is not None and self.seggio.ha_voce

    @property
    def can_commentare(self) -> bool:
        """Write to the other members, draw the map of actors: any seat but an observer's."""
        return self.componente is not None and self.seggio.ruolo != Seggio.Ruolo.OSSERVATORE

    @property
    def can_condurre(self) -> bool:
        """Open and close a sitting, mark who is there, write the minutes, record decisions."""
        return self.ufficio or (self.componente is not None and self.seggio.conduce)

    @property
    def can_leggere_posizioni(self) -> bool:
        """Read what the seats say before having said one's own: who has none to say, and is not
        to be swayed."""
        return self.ufficio or self.garante


def can_gestire(user) -> bool:
    """Run the Tavolo from the admin: the office."""
    return user.is_active and user.is_staff and user.has_perm("tavolo.change_seduta")


def accessi(user, adesso: datetime) -> dict[int, Accesso]:
    """By percorso, what this person is there today; empty for strangers. Two queries for a
    member, one more for the office, which is everywhere that a Tavolo is."""
    if not user.is_authenticated or not user.is_active:
        return {}
    oggi = a_roma(adesso).date()
    trovati: dict[int, Accesso] = {}
    ufficio = can_gestire(user)
    if ufficio:
        for pk in Seggio.objects.order_by().values_list("percorso", flat=True).distinct():
            trovati[pk] = Accesso(pk, ufficio=True)
    if not user.is_staff:
        in_carica = Q(dal__lte=oggi) & (Q(al=None) | Q(al__gte=oggi))
        garanzie = Garante.objects.filter(in_carica, persona=user)
        for pk in garanzie.values_list("percorso", flat=True):
            trovati[pk] = Accesso(pk, garante=True)
    mandati = Componente.objects.for_persona(user).in_carica(oggi).for_seggio()
    for componente in mandati.order_by("pk"):
        pk = componente.seggio.percorso_id
        trovati[pk] = Accesso(pk, componente=componente, ufficio=ufficio)
    return trovati


def percorsi_leggibili(user, adesso: datetime) -> set[int]:
    """The percorsi whose members' area this person may read today."""
    return set(accessi(user, adesso))


def accesso_or_404(user, percorso_id: int, adesso: datetime) -> Accesso:
    """What she is in this percorso; a stranger, and a mandate that is over, get 404."""
    trovato = accessi(user, adesso).get(percorso_id)
    if trovato is None:
        raise Http404
    return trovato
