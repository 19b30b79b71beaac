"""The mails of the contact form."""

from portale.lib.antispam import contiene_indirizzi
from portale.lib.emails import componi
from posta.generi import Composto, genere

# What people write is kept only until it has left: it then lives in the office's mailbox.


@genere("contatto", etichetta="Messaggio dai contatti", riservato=True, rispedibile=True)
def contatto(messaggio, adesso):
    """To the office, which answers by replying."""
    return Composto(
        *componi("contatto", messaggio.parametri), rispondi_a=messaggio.parametri["email"]
    )


@genere("contatto_ricevuto", etichetta="Contatti: copia a chi ha scritto", riservato=True)
def contatto_ricevuto(messaggio, adesso):
    """A copy, without the text when it carries addresses: nobody has confirmed that the
    recipient is who wrote, and we must not deliver a stranger's links in our name."""
    scritto = messaggio.parametri["oggetto"] + messaggio.parametri["messaggio"]
    contesto = {**messaggio.parametri, "citabile": not contiene_indirizzi(scritto)}
    return Composto(*componi("contatto_ricevuto", contesto))
