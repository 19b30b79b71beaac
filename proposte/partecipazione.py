"""Supporting and following: one row for each person, counted once whatever happens meanwhile.

Who supports writes a row of her own and never the proposal's: a thousand at one instant do not
wait for each other. A merge does wait for them, and they for it (:func:`_ferma`), so that nobody
is left behind on a proposal that has just gone into another one.
"""

from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.partecipanti import attuale
from laboratori.models import Laboratorio
from portale.lib.dates import a_roma, giorno_mese_anno

from . import services
from .conteggi import da_ricontare
from .models import Proposta, Seguito, Sostegno, Tema
from .services import Rifiuto

Stato = Proposta.Stato


def perche_non_sostieni(proposta: Proposta, adesso: datetime) -> str:
    """Why nobody can support this proposal now, or take her support back; empty when they can.
    Reads the ``percorso`` with its stages without asking again. Of one that went into another
    the other one's rule counts."""
    if proposta.stato not in Proposta.SOSTENIBILI:
        if proposta.stato == Stato.RITIRATA:
            return _("Chi l’ha scritta ha ritirato questa proposta.")
        if proposta.stato in Proposta.ESITI:
            return _("C’è già una decisione: i sostegni si sono chiusi.")
        return _("Questa proposta non si può sostenere.")
    return services.perche_chiuso(proposta.percorso, "sostegni", adesso)


# --- Supporting -----------------------------------------------------------------------------


def sostieni(
    proposta: Proposta, partecipante, *, anche_seguire: bool = False, adesso: datetime
) -> Proposta:
    """She supports it, once; again changes nothing. Returns what she supports: for a proposal
    that went into another one, the other one. Raises Rifiuto where or when nobody can.

    What a merge had brought is hers from now on: undoing the merge leaves it here.
    """
    with transaction.atomic():
        proposta = _ferma(proposta)
        if perche := perche_non_sostieni(proposta, adesso):
            raise Rifiuto(perche)
        if anche_seguire:
            _segui(partecipante, {"proposta": proposta}, adesso)
        mio = Sostegno.objects.filter(proposta=proposta, partecipante=partecipante)
        gia = mio.first()
        if gia is None:
            Sostegno.objects.bulk_create(
                [Sostegno(proposta=proposta, partecipante=partecipante, created_at=adesso)],
                # The other half of a double click may be writing the same row.
                ignore_conflicts=True,
            )
            da_ricontare(proposta.pk)
        elif gia.portato_da_id is not None:
            mio.update(portato_da=None)
    return proposta


def lascia(proposta: Proposta, partecipante, *, adesso: datetime) -> Proposta:
    """She takes her support back, from what was merged into it too: undoing the merge does not
    bring it back. Without a support nothing changes. Returns what she does not support any more;
    raises Rifiuto where the supports are closed."""
    with transaction.atomic():
        proposta = _ferma(proposta)
        if perche := perche_non_sostieni(proposta, adesso):
            raise Rifiuto(perche)
        proposte = _con_le_integrate(proposta)
        if Sostegno.objects.filter(proposta__in=proposte, partecipante=partecipante).delete()[0]:
            da_ricontare(*proposte)
    return proposta


def quanti_sostegni(proposta: Proposta) -> int:
    """Counted now, row by row: what the proposal's own page says."""
    return proposta.sostegni.count()


def sostenute_da(partecipante):
    """What she supports and everybody may read, latest first: rows of Sostegno."""
    suoi = Sostegno.objects.filter(
        partecipante=partecipante, proposta__stato__in=Proposta.PUBBLICI
    )
    return suoi.select_related("proposta").order_by("-created_at", "-pk")


# --- Following ------------------------------------------------------------------------------


def segui(
    partecipante,
    *,
    proposta: Proposta | None = None,
    laboratorio: Laboratorio | None = None,
    tema: Tema | None = None,
    adesso: datetime,
) -> Proposta | Laboratorio | Tema:
    """She wants to hear of one thing: a proposal (at once), a lab or a theme (once a week).
    Again changes nothing. Returns what she follows: for a proposal that went into another one,
    the other one. Raises Rifiuto for a proposal that nobody can read."""
    with transaction.atomic():
        if proposta is not None:
            proposta = _ferma(proposta)
            if not proposta.pubblica:
                raise Rifiuto(_("Questa proposta non si può seguire."))
            _segui(partecipante, {"proposta": proposta}, adesso)
            return proposta
        cosa = {"laboratorio": laboratorio} if laboratorio is not None else {"tema": tema}
        _segui(partecipante, cosa, adesso)
        return laboratorio or tema


def _segui(partecipante, cosa, adesso):
    Seguito.objects.bulk_create(
        [Seguito(partecipante=partecipante, created_at=adesso, **cosa)], ignore_conflicts=True
    )
    Seguito.objects.filter(partecipante=partecipante, **cosa).exclude(portato_da=None).update(
        portato_da=None
    )


def seguite_da(partecipante):
    """What she follows and can be read: rows of Seguito."""
    return Seguito.objects.filter(partecipante=partecipante).filter(
        Q(proposta=None) | Q(proposta__stato__in=Proposta.PUBBLICI)
    )


def smetti(
    partecipante,
    *,
    proposta: Proposta | None = None,
    laboratorio: Laboratorio | None = None,
    tema: Tema | None = None,
) -> None:
    """She does not want to hear of it any more, nor of what was merged into it."""
    miei = Seguito.objects.filter(partecipante=partecipante)
    with transaction.atomic():
        if proposta is not None:
            miei.filter(proposta__in=_con_le_integrate(_ferma(proposta))).delete()
        elif laboratorio is not None:
            miei.filter(laboratorio=laboratorio).delete()
        elif tema is not None:
            miei.filter(tema=tema).delete()


def smetti_il_riepilogo(partecipante) -> int:
    """No digest any more: she leaves every lab and theme. Returns how many."""
    return Seguito.objects.filter(partecipante=partecipante, proposta=None).delete()[0]


# --- What she is told -----------------------------------------------------------------------


def detto_sostieni(chiesta: Proposta, sostenuta: Proposta) -> str:
    if chiesta.pk == sostenuta.pk:
        return _("Fatto: sostieni questa proposta.")
    return _("Fatto: quella proposta è entrata in questa, e ora sostieni questa.")


def detto_lascia() -> str:
    return _("Fatto: il tuo sostegno non si conta più.")


def detto_segui(genere: str) -> str:
    if genere == "proposta":
        return _("Fatto: ti scriviamo appena c'è una novità su questa proposta.")
    return _("Fatto: il lunedì mattina, se c'è qualcosa di nuovo, ricevi il riepilogo.")


def detto_smetti() -> str:
    return _("Fatto: non lo segui più.")


# --- Under the feet of a merge --------------------------------------------------------------


def _ferma(proposta: Proposta) -> Proposta:
    """The proposal as it is now, or the one into which it went; it stays so until the
    transaction ends. Any number of people hold it together, but a verb of ``proposte.services``
    waits for them, and they for it. On SQLite the transaction itself is the lock."""
    pk = proposta.pk
    while True:
        with transaction.atomic():
            _condividi(pk)
            riga = (
                Proposta.objects.select_related("percorso", "laboratorio")
                .prefetch_related("percorso__fasi")
                .get(pk=pk)
            )
            if riga.integrata_in_id is None:
                return riga
            # Let this one go before the other is taken: who merges holds several, in order.
            transaction.set_rollback(True)
        pk = riga.integrata_in_id


def _condividi(pk: int) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Django has no word for it. A foreign key's own lock is weaker: it would let a merge
            # copy the supports while one more is being written.
            cursor.execute("SELECT 1 FROM proposte_proposta WHERE id = %s FOR SHARE", [pk])


def _con_le_integrate(proposta: Proposta) -> list[int]:
    integrate = Proposta.objects.filter(integrata_in=proposta).order_by("pk")
    return [proposta.pk, *integrate.values_list("pk", flat=True)]


# --- What the page of a proposal shows ------------------------------------------------------


def si_chiude(percorso, cosa: str, adesso: datetime) -> date | None:
    """The last day on which the stages of now let people do ``cosa``; None when that is not
    known. Reads ``with_fasi`` without asking again."""
    oggi = a_roma(adesso).date()
    aperte = [fase for fase in percorso.fasi_in_corso(oggi) if getattr(fase, f"apre_{cosa}")]
    if not aperte or any(fase.fine is None for fase in aperte):
        return None
    return max(fase.fine for fase in aperte)


def contesto(request, proposta: Proposta, adesso: datetime) -> dict:
    """What ``proposte/_sostieni.html`` takes, as ``p``; the view gives it csrf_token beside::

        {% include "proposte/_sostieni.html" with p=partecipazione csrf_token=csrf_token only %}

    For strangers it holds nothing of anybody, so that the page can be kept. Asks the database
    once, three times for somebody known."""
    io = attuale(request)
    in_ = proposta.integrata_in
    percorso = proposta.percorso
    mio = Sostegno.objects.filter(proposta=proposta, partecipante=io).first() if io else None
    perche = perche_non_sostieni(proposta, adesso)
    fino = None if perche else si_chiude(percorso, "sostegni", adesso)
    nascosti = percorso.sostegni_nascosti(a_roma(adesso).date())
    return {
        "proposta": proposta,
        "in_": in_,
        "io": io,
        "ospite": io is not None and not request.user.is_authenticated,
        "sostiene": mio is not None,
        "portato": mio is not None and mio.portato_da_id is not None,
        "segue": io is not None
        and Seguito.objects.filter(proposta=proposta, partecipante=io).exists(),
        "perche": perche,
        "fino": giorno_mese_anno(fino) if fino else "",
        "nascosti": nascosti,
        "quanti": None if nascosti else quanti_sostegni(proposta),
        "qui": request.get_full_path(),
    }
