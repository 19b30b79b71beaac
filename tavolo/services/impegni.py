"""What somebody said at a sitting she would do: part of its minutes, but for being done."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portale.lib.rifiuti import Rifiuto

from ..models import Impegno, PuntoOrdineDelGiorno, Seggio, Verbale
from .verbali import blocca, pretendi_aperto


def aggiungi_impegno(
    verbale: Verbale,
    *,
    testo: str,
    seggio: Seggio | None,
    entro: date | None,
    punto: PuntoOrdineDelGiorno | None,
) -> Impegno:
    """Write a promise down: of ``seggio``, or of the office where it is None. The same one again
    (a double click) is the same row. Raises Rifiuto once the minutes are approved."""
    testo = " ".join(testo.split())
    if not testo:
        raise Rifiuto(_("Scrivi che cosa si è promesso di fare."))
    with transaction.atomic():
        verbale = blocca(verbale)
        pretendi_aperto(verbale)
        if punto is not None and punto.seduta_id != verbale.seduta_id:
            raise Rifiuto(_("Questo punto è di un'altra seduta."))
        if seggio is not None and seggio.percorso_id != verbale.seduta.incontro.percorso_id:
            raise Rifiuto(_("Questo seggio è di un altro percorso."))
        gia = Impegno.objects.filter(
            verbale=verbale, testo=testo, seggio=seggio, entro=entro, punto=punto
        )
        return gia.first() or Impegno.objects.create(
            verbale=verbale, testo=testo, seggio=seggio, entro=entro, punto=punto
        )


def togli_impegno(impegno: Impegno) -> None:
    """Take a promise out of minutes that are not approved yet; again, it changes nothing."""
    with transaction.atomic():
        verbale = blocca(Verbale(pk=impegno.verbale_id))
        pretendi_aperto(verbale)
        Impegno.objects.filter(pk=impegno.pk, verbale=verbale).delete()


def segna_fatto(impegno: Impegno, fatto: bool, *, autore, adesso: datetime) -> Impegno:
    """Whether it was done, at any time, also once the minutes are frozen: they say what was
    promised. The same again changes nothing, not even when."""
    righe = Impegno.objects.filter(pk=impegno.pk)
    if fatto:
        righe.filter(fatto_at=None).update(fatto_at=adesso, fatto_da=autore)
    else:
        righe.filter(fatto_at__isnull=False).update(fatto_at=None, fatto_da=None)
    impegno.refresh_from_db(fields=["fatto_at", "fatto_da"])
    return impegno
