"""The quorum: by seats, never by people."""

from dataclasses import dataclass

from .models import ImpostazioniTavolo, Presenza, Seduta, Seggio


def impostazioni(percorso) -> ImpostazioniTavolo:
    """The percorso's own settings, or the defaults where the office has set none."""
    trovate = ImpostazioniTavolo.objects.filter(percorso=percorso).first()
    return trovate or ImpostazioniTavolo(percorso=percorso, promemoria_giorni=[3, 1])


def necessari(con_voce: int, percento: int) -> int:
    """How many seats make the quorum: the least number that is more than ``percento`` % of those
    with a voice; with 50 and 8 seats five, with 9 five too; with no seat at all, one."""
    return con_voce * percento // 100 + 1


@dataclass(frozen=True)
class NumeroLegale:
    """Seats with a voice, those here now, and how many are needed."""

    con_voce: int
    presenti: int
    necessari: int

    @property
    def raggiunto(self) -> bool:
        return self.presenti >= self.necessari

    @property
    def mancano(self) -> int:
        return max(0, self.necessari - self.presenti)


def con_voce(percorso, giorno):
    """The seats with a voice on that day."""
    return Seggio.objects.filter(percorso=percorso).con_voce().in_carica(giorno)


def presenti(seduta: Seduta):
    """The seats with a voice that are here now, in the room or from afar."""
    return (
        Seggio.objects.con_voce()
        .filter(
            presenze__seduta=seduta,
            presenze__modo__in=Presenza.PRESENTI,
            presenze__uscita_at=None,
        )
        .for_elenco()
    )


def di_seduta(seduta: Seduta, giorno) -> NumeroLegale:
    """The quorum of a sitting now: against the seats of ``giorno`` before it is opened, against
    those that were counted then afterwards."""
    if seduta.numero_legale is not None:
        totale, servono = seduta.seggi_con_voce, seduta.numero_legale
    else:
        percorso = seduta.incontro.percorso
        totale = con_voce(percorso, giorno).count()
        servono = necessari(totale, impostazioni(percorso).numero_legale_percento)
    return NumeroLegale(totale, presenti(seduta).count(), servono)
