"""Who of the office may do what with people's contributions.

The admin asks here and nowhere else; what somebody may not see does not exist for her (404).
"""

from django.db.models import Q, QuerySet

from eventi.models import Incontro

from .models import Bisogno, Proposta

Stato = Proposta.Stato


def can_moderare(user) -> bool:
    """Publish and hide what people write."""
    return user.has_perm("proposte.modera_proposta")


def can_gestire(user) -> bool:
    """Carry a proposal through its life: evaluation, outcomes, answers, merging."""
    return user.has_perm("proposte.change_proposta")


def can_registrare(user) -> bool:
    """Type in what arrived on paper or was said at a meeting."""
    return user.has_perm("proposte.add_proposta")


def can_leggere_verifica(user) -> bool:
    """Read the technical checks: the offices, the Tavolo."""
    return user.has_perm("proposte.valuta_proposta")


def can_scrivere_verifica(user) -> bool:
    return can_leggere_verifica(user) and user.has_perm("proposte.change_verificatecnica")


def can_ordinare(user) -> bool:
    """Put the notes of a meeting in order, and publish what comes of them."""
    return user.has_perm("proposte.ordina_nota")


def can_vedere_persone(user) -> bool:
    """Read the e-mail address of who takes part; a moderator reads only the shown name."""
    return user.has_perm("accounts.view_partecipante")


def proposte_visibili(user) -> QuerySet:
    """The proposals that exist for this person of the office.

    What a citizen has not sent yet is hers alone. Who neither moderates nor runs the process
    (a facilitator) reads what everybody reads, and what was born at the meetings that she leads.
    """
    proposte = Proposta.objects.exclude(stato=Stato.BOZZA, registrato_da=None)
    if can_moderare(user) or can_gestire(user) or can_leggere_verifica(user):
        return proposte
    if not user.has_perm("proposte.view_proposta"):
        return proposte.none()
    return proposte.filter(Q(stato__in=Proposta.PUBBLICI) | Q(incontro__in=_suoi(user)))


def bisogni_visibili(user) -> QuerySet:
    """The needs that exist for this person of the office: a facilitator reads what everybody
    reads, and what came out of the meetings that she leads."""
    bisogni = Bisogno.objects.all()
    if can_moderare(user) or can_gestire(user):
        return bisogni
    if not user.has_perm("proposte.view_bisogno"):
        return bisogni.none()
    return bisogni.filter(Q(stato=Bisogno.Stato.PUBBLICATO) | Q(incontro__in=_suoi(user)))


def _suoi(user) -> QuerySet:
    return Incontro.objects.visibili_a(user).values("pk")
