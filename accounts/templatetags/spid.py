"""The ways in through a gateway, for the pages of allauth and for a person's own page. Where no
gateway is open they show nothing and ask the database nothing."""

from django import template

from portale.lib.dates import a_roma, giorno_mese_anno

from ..models import IdentitaVerificata
from ..spid.porte import aperte

register = template.Library()


@register.inclusion_tag("accounts/_spid_pulsanti.html")
def entra_con_spid(vai=""):
    """The buttons that lead to the gateways; ``vai`` is where she was going."""
    return {"porte": aperte(), "vai": vai}


@register.inclusion_tag("accounts/_spid_profilo.html", takes_context=True)
def identita_verificata(context, persona):
    """Whether she has joined an identity to her account, and how to do or undo it."""
    porte = aperte()
    sua = IdentitaVerificata.objects.filter(persona=persona).first() if porte else None
    return {
        "porte": porte,
        "identita": sua,
        "dal": sua and giorno_mese_anno(a_roma(sua.verificata_at).date()),
        "csrf_token": context.get("csrf_token"),
    }
