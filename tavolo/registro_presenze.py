"""Who came to which sitting, as a table: a row for each seat, a column for each sitting that was
closed. It names organisations alone."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from portale.lib.dates import a_roma, giorno_mese_anno

from .models import Presenza, Seduta, Seggio


@dataclass(frozen=True)
class RigaPresenze:
    """A seat: what was marked in each sitting (empty: it had no seat that day), how many of those
    sittings it came to."""

    seggio: Seggio
    celle: list[str]
    presenti: int
    sedute: int


@dataclass(frozen=True)
class TavolaPresenze:
    sedute: list[Seduta]
    righe: list[RigaPresenze]

    def celle(self) -> list[list[object]]:
        """The table as a sheet, names of columns first."""
        titoli = [
            f"{seduta.numero}: {giorno_mese_anno(a_roma(seduta.incontro.inizio).date())}"
            for seduta in self.sedute
        ]
        testa = [_("organizzazione"), _("ruolo"), *titoli, _("presenze"), _("sedute")]
        return [testa] + [
            [
                str(riga.seggio),
                riga.seggio.get_ruolo_display(),
                *riga.celle,
                riga.presenti,
                riga.sedute,
            ]
            for riga in self.righe
        ]


def tavola(percorso) -> TavolaPresenze:
    """Three queries, however many seats and sittings there are."""
    sedute = list(
        Seduta.objects.filter(incontro__percorso=percorso, stato=Seduta.Stato.CHIUSA)
        .select_related("incontro")
        .order_by("incontro__inizio", "pk")
    )
    presenze = {
        (riga.seggio_id, riga.seduta_id): riga
        for riga in Presenza.objects.filter(seduta__in=sedute)
    }
    righe = []
    for seggio in Seggio.objects.filter(percorso=percorso).for_elenco():
        sue = [presenze.get((seggio.pk, seduta.pk)) for seduta in sedute]
        righe.append(
            RigaPresenze(
                seggio,
                [riga.get_modo_display() if riga else "" for riga in sue],
                sum(riga is not None and riga.modo in Presenza.PRESENTI for riga in sue),
                sum(riga is not None for riga in sue),
            )
        )
    return TavolaPresenze(sedute, righe)
