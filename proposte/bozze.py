"""Drafts, and who may open them.

A draft of somebody whose address is not known yet belongs to the session that began it; from the
moment an address is confirmed it belongs to that person, on every device that knows her, and no
longer to the session: whoever else wrote in it cannot write in her name.
"""

from django.db.models import Q

from accounts import partecipanti

from .models import Proposta

# Numbers of the drafts that this visit began.
SESSIONE = "bozze"
# The secret addresses under which this visit has seen drafts, so that the way back to one that
# was sent meanwhile still leads somewhere.
INDIRIZZI = "bozze_indirizzi"
# The oldest ones give way.
TENUTE = 30


def aperte(request):
    """The drafts that whoever makes this request may read and write."""
    sue = Q(proponente=None, registrato_da=None, pk__in=request.session.get(SESSIONE, []))
    if (io := partecipanti.attuale(request)) is not None:
        sue |= Q(proponente=io)
    return Proposta.objects.filter(sue, stato=Proposta.Stato.BOZZA)


def ricorda(request, bozza: Proposta, *, sua: bool = False) -> None:
    """Remember in this visit the address of a draft; with ``sua`` that the visit began it."""
    indirizzi = request.session.get(INDIRIZZI, {})
    if indirizzi.get(bozza.slug) != bozza.pk:
        indirizzi[bozza.slug] = bozza.pk
        request.session[INDIRIZZI] = dict(list(indirizzi.items())[-TENUTE:])
    numeri = request.session.get(SESSIONE, [])
    if sua and bozza.pk not in numeri:
        request.session[SESSIONE] = [*numeri, bozza.pk][-TENUTE:]


def era(request, slug: str) -> Proposta | None:
    """What became of a draft that this visit knew under this address: sent, or confirmed by an
    address since. None for any other."""
    pk = request.session.get(INDIRIZZI, {}).get(slug)
    return Proposta.objects.filter(pk=pk).first() if pk else None
