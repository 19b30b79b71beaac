"""The mails about a person's own account: codes, links, warnings."""

from datetime import datetime

from django.urls import reverse

from portale.lib.dates import giorno_e_ora
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, Scaduto, genere

from .models import Conferma, User
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


@genere("dati_cancellati", etichetta="Dati cancellati", senza_traccia=True, urgente=True)
def dati_cancellati(messaggio, adesso):
    """The last one that she gets: afterwards nothing here knows her address."""
    return Composto(*componi("dati_cancellati", {}))


@genere("identita_collegata", etichetta="SPID o CIE collegati al profilo", urgente=True)
def identita_collegata(messaggio, adesso):
    return _sul_profilo(messaggio)


@genere("identita_scollegata", etichetta="SPID o CIE scollegati dal profilo", urgente=True)
def identita_scollegata(messaggio, adesso):
    return _sul_profilo(messaggio)


def _sul_profilo(messaggio):
    """To whom a profile belongs still, of what changed in it and when."""
    persona = User.objects.filter(pk=messaggio.parametri["persona"], is_active=True).first()
    if persona is None:
        raise NonDovuto
    contesto = {
        "nome": persona.nome,
        "quando": giorno_e_ora(messaggio.created_at),
        "url": assoluto(reverse("profilo")),
    }
    return Composto(*componi(messaggio.genere, contesto))


@genere("fattori_tolti", etichetta="Secondo passaggio tolto dall'ufficio", urgente=True)
def fattori_tolti(messaggio, adesso):
    persona = User.objects.filter(pk=messaggio.parametri["persona"], is_active=True).first()
    if persona is None:
        raise NonDovuto
    contesto = {"nome": persona.nome, "url": assoluto(reverse("account_login"))}
    return Composto(*componi("fattori_tolti", contesto))
