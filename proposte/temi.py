"""The themes of a proposal beside its words, in ``indice_temi``: kept whoever changes them."""

from collections.abc import Iterable

from django.db.models.signals import m2m_changed, pre_delete
from django.dispatch import receiver

from .models import Proposta, Tema

Legame = Proposta.temi.through


def indice_temi(temi: Iterable[int]) -> str:
    """What is stored of these themes (their numbers)."""
    return " ".join(map(str, sorted(temi)))


def annota(proposte: Iterable[int]) -> list[int]:
    """Write beside these proposals (their numbers) the themes that they have; returns those that
    were not right. Two queries, and one for each of these. Of one that is changed at the same
    instant stays what its own door wrote."""
    righe = Proposta.objects.filter(pk__in=list(proposte)).order_by("pk")
    scritti = dict(righe.values_list("pk", "indice_temi"))
    # Afterwards: what a door writes meanwhile is no longer what was read.
    temi = {pk: [] for pk in scritti}
    legami = Legame.objects.filter(proposta__in=temi)
    for proposta, tema in legami.values_list("proposta", "tema"):
        temi[proposta].append(tema)
    giusti = {pk: indice_temi(suoi) for pk, suoi in temi.items()}
    return [
        pk
        for pk, scritto in scritti.items()
        if scritto != giusti[pk]
        and Proposta.objects.filter(pk=pk, indice_temi=scritto).update(indice_temi=giusti[pk])
    ]


@receiver(m2m_changed, sender=Legame, dispatch_uid="indice-temi")
def _cambiati(instance, action, reverse, pk_set, **_altro):
    if not reverse:
        if action in ("post_add", "post_remove", "post_clear"):
            suoi = Legame.objects.filter(proposta=instance.pk).values_list("tema", flat=True)
            instance.indice_temi = indice_temi(suoi)
            Proposta.objects.filter(pk=instance.pk).update(indice_temi=instance.indice_temi)
    elif action in ("post_add", "post_remove"):
        annota(pk_set)
    elif action == "pre_clear":
        instance.senza_piu = list(instance.proposte.values_list("pk", flat=True))
    elif action == "post_clear":
        annota(instance.senza_piu)


@receiver(pre_delete, sender=Tema, dispatch_uid="indice-temi-cancellato")
def _cancellato(instance, **_altro):
    # Deleting takes the links away without a word.
    instance.proposte.clear()
