"""What the links of mails do for somebody who writes a proposal without an account."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.partecipanti import Esito, azione
from proposte import services
from proposte.models import Proposta

Stato = Proposta.Stato


@azione("proposta", descrivi=lambda parametri: _("inviare una proposta"))
def invia(partecipante, parametri, adesso):
    """The draft is hers from now on, and on its way."""
    proposta = Proposta.objects.filter(pk=parametri["proposta"]).first()
    if proposta is None:
        return _non_ce_piu()
    try:
        if proposta.stato == Stato.BOZZA:
            services.affida(proposta, partecipante)
        elif proposta.proponente_id != partecipante.pk:
            return _non_ce_piu()
    except services.Rifiuto as no:
        return Esito(reverse("proposte:proposta_mie"), str(no), riuscito=False)
    try:
        proposta = services.invia(proposta, adesso=adesso)
    except services.Rifiuto as no:
        # Hers all the same: she mends it, or waits for the stage that takes it.
        testo = _("La proposta non è ancora inviata. %(perche)s") % {"perche": no}
        url = reverse("proposte:bozza_modifica", args=[proposta.slug])
        return Esito(url, testo, riuscito=False)
    url = f"{reverse('proposte:proposta_inviata')}?{urlencode({'p': proposta.pk})}"
    return Esito(url, _("Fatto: la tua proposta è inviata."))


@azione("bozza", descrivi=lambda parametri: _("continuare a scrivere una proposta"))
def riprendi(partecipante, parametri, adesso):
    """The draft opens here too, and is hers."""
    proposta = Proposta.objects.filter(pk=parametri["proposta"]).first()
    if proposta is None:
        return _non_ce_piu()
    if proposta.stato != Stato.BOZZA:
        if proposta.proponente_id != partecipante.pk:
            return _non_ce_piu()
        return Esito(reverse("proposte:proposta_mie"), _("Questa proposta è già stata inviata."))
    try:
        services.affida(proposta, partecipante)
    except services.Rifiuto as no:
        return Esito(reverse("proposte:proposta_mie"), str(no), riuscito=False)
    return Esito(
        reverse("proposte:bozza_modifica", args=[proposta.slug]),
        _("Ecco la tua bozza. Da adesso la ritrovi in «Le mie proposte»."),
    )


@azione("mie", descrivi=lambda parametri: _("ritrovare le tue proposte"))
def mie(partecipante, parametri, adesso):
    return Esito(reverse("proposte:proposta_mie"), _("Ecco le tue proposte."))


def _non_ce_piu():
    return Esito(
        reverse("proposte:proposta_mie"),
        _("Quella bozza non c'è più: è stata eliminata."),
        riuscito=False,
    )
