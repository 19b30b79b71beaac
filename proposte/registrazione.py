"""Proposals that reach the office on paper, or were said at a meeting, and are typed in."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction

from accounts import partecipanti

from . import services
from .models import Proposta

# The same words typed by the same hand within this time are one sending, not two proposals.
DOPPIO = timedelta(minutes=10)


def registra(
    valori: Mapping,
    *,
    temi: Iterable = (),
    bisogni: Iterable = (),
    email: str = "",
    pubblica: bool = False,
    autore,
    adesso: datetime,
) -> tuple[Proposta, bool]:
    """Type a proposal in (``valori`` by field) and send it; returns it, and whether it is new.

    With an ``email`` from the signed sheet it belongs to that person, who is told and may follow
    it; without, only the office's hand is recorded. ``pubblica``: the officer has read it and
    everybody may at once. Raises Rifiuto when something is missing.
    """
    with transaction.atomic():
        # Of two clicks at one instant the second waits here and finds what the first wrote.
        get_user_model().objects.select_for_update(no_key=True).get(pk=autore.pk)
        gia = Proposta.objects.filter(
            registrato_da=autore,
            percorso=valori["percorso"],
            titolo=valori["titolo"],
            che_cosa=valori["che_cosa"],
            nome_mostrato=valori.get("nome_mostrato", ""),
            created_at__gt=adesso - DOPPIO,
        ).first()
        if gia is not None:
            return gia, False
        proponente = None
        if email:
            proponente = partecipanti.per_indirizzo(email, nome=valori.get("nome_mostrato", ""))
        proposta = Proposta.objects.create(
            **valori,
            proponente=proponente,
            registrato_da=autore,
            esempio=valori["percorso"].esempio,
        )
        proposta.temi.set(temi)
        proposta.bisogni.set(bisogni)
        proposta = services.invia(proposta, autore=autore, adesso=adesso)
        if pubblica and proposta.stato == Proposta.Stato.INVIATA:
            proposta = services.pubblica(proposta, autore, adesso=adesso)
    return proposta, True
