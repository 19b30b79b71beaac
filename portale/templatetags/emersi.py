"""``{% emersi incontro %}``: the needs and the ideas that were born at a meeting, each with its
way to what became of it.

The meetings know nothing of proposals, nor does their report's page: it leaves the room, and what
fills it stands here, above both.
"""

from django import template

from proposte.models import Bisogno, Proposta
from proposte.righe import per_righe, righe, righe_bisogni

register = template.Library()


@register.inclusion_tag("portale/_emersi.html")
def emersi(incontro):
    """Two queries; nothing at all where nothing was published."""
    bisogni = Bisogno.objects.pubblici().filter(incontro=incontro)
    proposte = per_righe(Proposta.objects.pubbliche()).filter(incontro=incontro)
    return {
        "bisogni": righe_bisogni(bisogni.order_by("priorita", "-punti", "pk")),
        "proposte": righe(proposte.order_by("pubblicata_at", "pk")),
    }
