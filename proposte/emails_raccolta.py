"""The mail that brings a note-taker her link."""

from django.urls import reverse
from django.utils.translation import gettext as _

from eventi.models import Incontro
from portale.lib import dates
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, Scaduto, genere

from .models import Verbalizzante
from .raccolta import RUOLO


@genere("verbalizzante", etichetta="Verbalizzante: il link per gli appunti", urgente=True)
def verbalizzante(messaggio, adesso):
    mia = (
        Verbalizzante.objects.filter(
            pk=messaggio.parametri["verbalizzante"], attivo=True, email=messaggio.destinatario
        )
        .select_related("incontro__sede")
        .first()
    )
    # Taken back, or sent to an address that was put right since.
    if mia is None:
        raise NonDovuto
    incontro = mia.incontro
    periodo = RUOLO.finestra(incontro)
    if periodo is None or incontro.stato == Incontro.Stato.ANNULLATO:
        raise NonDovuto
    if periodo[1] <= adesso:
        raise Scaduto
    fatti = [
        (_("Incontro"), incontro.titolo),
        (_("Quando"), incontro.quando),
        (_("Dove"), incontro.dove),
    ]
    if mia.tavolo:
        fatti.append((_("Tavolo"), str(mia.tavolo)))
    contesto = {
        "verbalizzante": mia,
        "fatti": fatti,
        "url": assoluto(reverse("raccolta:raccolta", args=[mia.token])),
        "dal": dates.giorno_mese_anno(dates.a_roma(periodo[0]).date()),
        "al": dates.giorno_mese_anno(dates.a_roma(periodo[1]).date()),
    }
    return Composto(*componi("verbalizzante", contesto))
