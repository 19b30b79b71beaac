"""What the register of purposes says, beside the forms and in the file that a person downloads."""

from datetime import date, datetime

from django import template
from django.conf import settings
from django.utils.translation import gettext as _

from accounts.finalita import finalita
from portale.lib.dates import giorno_e_ora, giorno_mese_anno

register = template.Library()


@register.filter
def voce(riga, campo):
    """What a row says of a field."""
    return riga[campo]


@register.filter
def a_parole(valore):
    """A stored value as a person reads it."""
    if valore is None or valore == "":
        return "–"
    if isinstance(valore, bool):
        return _("sì") if valore else _("no")
    if isinstance(valore, datetime):
        return giorno_e_ora(valore)
    if isinstance(valore, date):
        return giorno_mese_anno(valore)
    if isinstance(valore, list):
        return ", ".join(a_parole(voce) for voce in valore)
    if isinstance(valore, dict):
        return "; ".join(f"{chiave}: {a_parole(voce)}" for chiave, voce in valore.items())
    return str(valore)


@register.filter
def nel_file(allegato, nomi):
    """Where an attachment is in the ZIP; empty when it could not be read."""
    return nomi.get(id(allegato), "")


@register.inclusion_tag("componenti/informativa_breve.html")
def informativa(*codici):
    """The short privacy notice beside a form, for these purposes of the register."""
    return {"finalita": [finalita(codice) for codice in codici], "ente": settings.ENTE}
