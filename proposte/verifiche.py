"""The offices' technical checks: whose it is, whether it is allowed and possible, at what cost."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from .models import Proposta, VerificaTecnica
from .services import Rifiuto, Superata

Stato = Proposta.Stato
# A draft is nobody's business yet; what was taken back, or went into another one, is over.
VERIFICABILI = (
    Stato.INVIATA,
    Stato.PUBBLICATA,
    Stato.IN_VALUTAZIONE,
    *Proposta.ESITI,
)
CAMPI = (
    "competenza",
    "ammissibile",
    "fattibile",
    "costo_euro",
    "note",
    "assegnata_a",
    "scadenza",
)


def in_ritardo(oggi: date):
    """The checks that are past their day and not done, of proposals that still wait for them."""
    return VerificaTecnica.objects.filter(
        scadenza__lt=oggi,
        conclusa_at=None,
        proposta__stato__in=(Stato.INVIATA, *Proposta.SOSTENIBILI),
    )


def impronta(verifica: VerificaTecnica | None) -> str:
    """What tells one saving from the next: a form carries it, so that nobody overwrites what a
    colleague saved meanwhile."""
    return verifica.updated_at.isoformat() if verifica else ""


def salva(
    proposta: Proposta,
    valori: Mapping,
    *,
    conclusa: bool,
    letta: str,
    adesso: datetime,
) -> tuple[VerificaTecnica, list[str]]:
    """Write the check, ``valori`` by field; returns it with the names of what changed.

    ``letta`` is the ``impronta`` that the writer saw. Raises Superata when a colleague saved
    since, Rifiuto when the proposal is past being checked.
    """
    with transaction.atomic():
        bloccata = Proposta.objects.select_for_update(of=["self"], no_key=True).get(pk=proposta.pk)
        if bloccata.stato not in VERIFICABILI:
            raise Rifiuto(
                _("Questa proposta non si verifica: è «%(stato)s».")
                % {"stato": bloccata.get_stato_display()}
            )
        verifica = VerificaTecnica.objects.filter(proposta=bloccata).first()
        if impronta(verifica) != letta:
            raise Superata(
                _("Una collega o un collega ha salvato questa verifica dopo di te: rileggila.")
            )
        verifica = verifica or VerificaTecnica(proposta=bloccata)
        cambiati = [
            campo
            for campo in CAMPI
            if campo in valori and getattr(verifica, campo) != valori[campo]
        ]
        for campo in cambiati:
            setattr(verifica, campo, valori[campo])
        if conclusa != (verifica.conclusa_at is not None):
            verifica.conclusa_at = adesso if conclusa else None
            cambiati.append("conclusa_at")
        if cambiati or verifica.pk is None:
            verifica.save()
    return verifica, cambiati
