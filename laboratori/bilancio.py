"""Who is missing on the map of actors: for each public and zone, how many are known and how many
of them were reached. An actor that works for everybody is counted for everybody alone: it says
nothing of who is left out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import Attore, Laboratorio

Pubblico = Attore.Pubblico

PER = {
    Pubblico.GIOVANI: gettext_lazy("per i giovani"),
    Pubblico.ANZIANI: gettext_lazy("per le persone anziane"),
    Pubblico.FAMIGLIE: gettext_lazy("per le famiglie con bambini"),
    Pubblico.STRANIERI: gettext_lazy("per le persone di origine straniera"),
    Pubblico.DISABILITA: gettext_lazy("per le persone con disabilità"),
    Pubblico.DONNE: gettext_lazy("per le donne"),
    Pubblico.DIFFICOLTA: gettext_lazy("per le persone in difficoltà economica"),
    Pubblico.IMPRESE: gettext_lazy("per le imprese e il commercio"),
}


class Conto(NamedTuple):
    """How many actors of a zone (its number)."""

    zona: int
    noti: int
    raggiunti: int


@dataclass(frozen=True)
class RigaBilancio:
    """One public: its count in each zone, in the order of ``Bilancio.zone``, and in all."""

    pubblico: Pubblico
    conti: tuple[Conto, ...]

    @property
    def noti(self) -> int:
        return sum(conto.noti for conto in self.conti)

    @property
    def raggiunti(self) -> int:
        return sum(conto.raggiunti for conto in self.conti)

    @property
    def zone_vuote(self) -> int:
        return sum(not conto.noti for conto in self.conti)


@dataclass(frozen=True)
class Bilancio:
    zone: tuple[Laboratorio, ...]
    # Who is missed most comes first; who is for everybody, last.
    righe: tuple[RigaBilancio, ...]

    @property
    def massimo(self) -> int:
        """The most that a public has, never 0: what a bar of full length stands for."""
        return max([1, *(riga.noti for riga in self.righe)])

    def mancanze(self) -> list[str]:
        """The gaps in words: first who has nobody, then whom nobody has reached yet."""
        nessuno, non_raggiunti = [], []
        for riga in self.righe:
            if riga.pubblico not in PER:
                continue
            per = str(PER[riga.pubblico])
            vuote = [conto.zona for conto in riga.conti if not conto.noti]
            if vuote:
                nessuno.append(_nessuno(per, vuote, len(self.zone)))
            da_raggiungere = [c.zona for c in riga.conti if c.noti and not c.raggiunti]
            if da_raggiungere:
                non_raggiunti.append(
                    _("Attori %(per)s noti ma non ancora raggiunti %(dove)s.")
                    % {"per": per, "dove": _dove(da_raggiungere)}
                )
        return nessuno + non_raggiunti


def bilancio(laboratori: Iterable[Laboratorio]) -> Bilancio:
    """The balance of these zones; one query, besides theirs."""
    zone = tuple(laboratori)
    noti, raggiunti = Counter(), Counter()
    righe = Attore.objects.sulla_mappa().filter(laboratorio__in=[zona.pk for zona in zone])
    for zona, stato, pubblici in righe.values_list("laboratorio", "stato", "pubblici"):
        for pubblico in set(pubblici):
            noti[zona, pubblico] += 1
            raggiunti[zona, pubblico] += stato == Attore.Stato.RAGGIUNTO
    trovate = [
        RigaBilancio(
            pubblico,
            tuple(Conto(z.numero, noti[z.pk, pubblico], raggiunti[z.pk, pubblico]) for z in zone),
        )
        for pubblico in Pubblico
    ]
    trovate.sort(key=lambda riga: (riga.pubblico == Pubblico.TUTTI, -riga.zone_vuote, riga.noti))
    return Bilancio(zone, tuple(trovate))


def _nessuno(per: str, vuote: Sequence[int], zone: int) -> str:
    if len(vuote) == zone > 1:
        return _("Nessun attore %(per)s in nessuna zona.") % {"per": per}
    return _("Nessun attore %(per)s %(dove)s.") % {"per": per, "dove": _dove(vuote)}


def _dove(numeri: Sequence[int]) -> str:
    """ "in zona 3", "nelle zone 1, 3 e 5"."""
    if len(numeri) == 1:
        return _("in zona %(numero)d") % {"numero": numeri[0]}
    *primi, ultimo = (str(numero) for numero in numeri)
    return _("nelle zone %(prime)s e %(ultima)s") % {"prime": ", ".join(primi), "ultima": ultimo}
