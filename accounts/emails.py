"""The mails about a person's own account: codes, links, warnings."""

from datetime import datetime

from posta.generi import Composto, Scaduto, genere

ACCOUNT = "account"


@genere(ACCOUNT, etichetta="Accesso al profilo", riservato=True, urgente=True)
def account(messaggio, adesso):
    """Written when it was queued (see AccountAdapter.send_mail); here it can only be too late."""
    parametri = messaggio.parametri
    if "scade_at" in parametri and datetime.fromisoformat(parametri["scade_at"]) <= adesso:
        raise Scaduto
    return Composto(parametri["oggetto"], parametri["testo"], parametri["html"])
