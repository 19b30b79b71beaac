"""What a visitor may ask of the Tavolo before her address is known (``accounts.partecipanti``)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.partecipanti import Esito, azione
from laboratori.models import Laboratorio
from percorso.models import Percorso
from portale.lib.rifiuti import Rifiuto

from .services import adesioni


@azione(
    "adesione",
    descrivi=lambda parametri: _("far entrare la tua organizzazione nel Tavolo di Negoziazione"),
)
def chiedi(partecipante, parametri, adesso):
    """``parametri``: what ``AdesioneForm.parametri`` kept. A lab that went away since is left
    out."""
    dati = dict(parametri)
    lingua = dati.pop("lingua")
    percorso = Percorso.objects.filter(pk=dati.pop("percorso")).first()
    laboratori = Laboratorio.objects.pubblici().filter(pk__in=dati.pop("laboratori"))
    if percorso is None:
        return _non_riuscita(_("Nel frattempo qualcosa è cambiato: scrivi di nuovo la richiesta."))
    try:
        adesioni.chiedi_adesione(
            percorso,
            # Her address is the one that was confirmed, whatever the form said.
            {**dati, "email": partecipante.email},
            laboratori=laboratori,
            lingua=lingua,
            adesso=adesso,
        )
    except Rifiuto as no:
        return _non_riuscita(str(no))
    return Esito(reverse("tavolo:adesione_inviata"), _("Fatto: abbiamo ricevuto la richiesta."))


def _non_riuscita(testo):
    return Esito(reverse("tavolo:adesione_crea"), testo, riuscito=False)
