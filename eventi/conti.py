"""Counts that the office reads beside a meeting, computed with the meetings themselves."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from .models import Iscrizione, Necessita, NumeriIncontro, RichiestaServizio


def _per_incontro(righe: QuerySet, campo: str, conto, scritto: str = "") -> Coalesce:
    """``conto`` over the rows that belong to the outer meeting; where there are none, what was
    written down of it (``scritto``, a field of NumeriIncontro) before they were deleted, or 0.

    A subquery for each count: joining several at once would multiply them by each other.
    """
    conteggio = (
        righe.filter(**{campo: OuterRef("pk")}).order_by().values(campo).annotate(conto=conto)
    )
    fonti = [Subquery(conteggio.values("conto"), output_field=IntegerField())]
    if scritto:
        scritti = NumeriIncontro.objects.filter(incontro=OuterRef("pk"))
        fonti.append(Subquery(scritti.values(scritto), output_field=IntegerField()))
    return Coalesce(*fonti, 0)


def with_attesa(incontri: QuerySet) -> QuerySet:
    """``posti_in_attesa``: the seats asked for by who is in line."""
    return incontri.annotate(
        posti_in_attesa=_per_incontro(
            Iscrizione.objects.in_attesa(), "incontro", Sum("posti_richiesti"), "posti_in_attesa"
        )
    )


def with_bisogni_di_accesso(incontri: QuerySet) -> QuerySet:
    """``n_necessita`` and ``n_servizi``: how many live registrations declare an access need,
    and how many services they ask for."""
    vive = Iscrizione.VIVE
    return incontri.annotate(
        n_necessita=_per_incontro(
            Necessita.objects.filter(iscrizione__stato__in=vive),
            "iscrizione__incontro",
            Count("pk"),
            "con_necessita",
        ),
        n_servizi=_per_incontro(
            RichiestaServizio.objects.filter(iscrizione__stato__in=vive),
            "iscrizione__incontro",
            Count("pk"),
        ),
    )


def posti_a_parole(incontro) -> str:
    """ "12/30 (+3 in attesa)" of a meeting that comes from :func:`with_attesa`."""
    if incontro.posti is None:
        return gettext("%(occupati)d (senza limite)") % {"occupati": incontro.posti_occupati}
    posti = f"{incontro.posti_occupati}/{incontro.capienza}"
    if not incontro.posti_in_attesa:
        return posti
    return gettext("%(posti)s (+%(attesa)d in attesa)") % {
        "posti": posti,
        "attesa": incontro.posti_in_attesa,
    }
