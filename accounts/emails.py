"""The mails about a person's own account: codes, links, warnings."""

from datetime import datetime

from django.urls import reverse

from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, Scaduto, genere

from .models import Conferma
from .partecipanti import ATTESA, registro

ACCOUNT = "account"


@genere(ACCOUNT, etichetta="Accesso al profilo", riservato=True, urgente=True)
def account(messaggio, adesso):
    """Written when it was queued (see AccountAdapter.send_mail); here it can only be too late."""
    parametri = messaggio.parametri
    if "scade_at" in parametri and datetime.fromisoformat(parametri["scade_at"]) <= adesso:
        raise Scaduto
    return Composto(parametri["oggetto"], parametri["testo"], parametri["html"])


@genere("conferma_azione", etichetta="Conferma di un indirizzo", urgente=True)
def conferma_azione(messaggio, adesso):
    richiesta = Conferma.objects.filter(pk=messaggio.parametri["conferma"], fatta_at=None).first()
    if richiesta is None:
        raise NonDovuto
    if richiesta.scade_at <= adesso:
        raise Scaduto
    azione = registro[richiesta.azione]
    contesto = {
        "nome": richiesta.nome,
        "che_cosa": azione.descrivi(richiesta.parametri),
        "url": assoluto(reverse("partecipo:conferma", args=[richiesta.token])),
        "giorni": ATTESA.days,
    }
    return Composto(*componi("conferma_azione", contesto))
