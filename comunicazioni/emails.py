"""The mails that the office writes: to a recipient, and to the officer herself as a try.

What she reads before sending is composed by the same function, for a person who does not exist.
"""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.consensi import intestazioni_lascia
from accounts.consensi import url_lascia as url_lascia_notizie
from accounts.models import Consenso, Partecipante, User
from eventi.emails import componi_per_iscritta
from eventi.models import Iscrizione
from eventi.promemoria import fine_del_silenzio, nel_silenzio
from portale.lib.emails import assoluto, componi, lasciabile
from posta.generi import Composto, NonDovuto, Rinviato, genere
from proposte.emails import url_lascia
from tavolo.models import Componente

from .models import Comunicazione, Destinatario
from .pubblico import ancora_dovuta

Pubblico = Comunicazione.Pubblico


@genere("comunicazione", etichetta="Comunicazione dell'ufficio", di_massa=True)
def comunicazione(messaggio, adesso):
    destinatario = (
        Destinatario.objects.select_related(
            "comunicazione__laboratorio",
            "comunicazione__percorso",
            "iscrizione__incontro__sede",
            "iscrizione__incontro__percorso",
            "partecipante",
            "componente",
            "consenso",
        )
        .filter(pk=messaggio.parametri["destinatario"], email=messaggio.destinatario)
        .first()
    )
    if destinatario is None or destinatario.comunicazione.stato not in Comunicazione.PARTITE:
        raise NonDovuto
    if not ancora_dovuta(destinatario, adesso):
        raise NonDovuto
    if not destinatario.comunicazione.urgente and nel_silenzio(adesso):
        raise Rinviato(fine_del_silenzio(adesso))
    return componi_per(destinatario.comunicazione, destinatario.fonte, adesso)


@genere("comunicazione_prova", etichetta="Comunicazione dell'ufficio: prova", urgente=True)
def comunicazione_prova(messaggio, adesso):
    comunicazione = (
        Comunicazione.objects.for_pagina().filter(pk=messaggio.parametri["comunicazione"]).first()
    )
    persona = User.objects.filter(
        pk=messaggio.parametri["persona"], email=messaggio.destinatario
    ).first()
    if comunicazione is None or persona is None:
        raise NonDovuto
    composto = componi_per(comunicazione, chi_di_prova(comunicazione, persona), adesso)
    # No List-Unsubscribe: there is nothing that she could leave.
    return Composto(
        f"[{_('PROVA')}] {composto.oggetto}", composto.testo, composto.html, rispondi_a=""
    )


def chi_di_prova(comunicazione: Comunicazione, persona: User):
    """Somebody of the public who does not exist: her personal links open nothing."""
    if comunicazione.pubblico == Pubblico.ISCRITTI:
        return Iscrizione(
            incontro=comunicazione.incontro,
            nome=persona.nome,
            email=persona.email,
            stato=Iscrizione.Stato.CONFERMATA,
            posti=1,
        )
    if comunicazione.pubblico == Pubblico.LABORATORIO:
        return Partecipante(nome=persona.nome, email=persona.email)
    if comunicazione.pubblico == Pubblico.NOTIZIE:
        return Consenso(scopo=Consenso.Scopo.NEWSLETTER, email=persona.email)
    return Componente(nome=persona.nome, email=persona.email)


def componi_per(comunicazione: Comunicazione, chi, adesso: datetime) -> Composto:
    """The mail to somebody of its public, in the active language."""
    oggetto, testo = comunicazione.parole
    contesto = {"oggetto": oggetto, "testo": testo}
    if comunicazione.pubblico == Pubblico.ISCRITTI:
        contesto["finito"] = chi.incontro.finito(adesso)
        return componi_per_iscritta("comunicazione_iscritti", chi, **contesto)
    if comunicazione.pubblico == Pubblico.LABORATORIO:
        laboratorio = comunicazione.laboratorio
        lascia = url_lascia(chi, laboratorio=laboratorio.pk)
        contesto |= {
            "laboratorio": laboratorio,
            "url": assoluto(laboratorio.get_absolute_url()),
            "url_lascia": lascia,
        }
        return Composto(
            *componi("comunicazione_laboratorio", contesto), intestazioni=lasciabile(lascia)
        )
    if comunicazione.pubblico == Pubblico.NOTIZIE:
        contesto |= {"url": assoluto(reverse("home")), "url_lascia": url_lascia_notizie(chi)}
        return Composto(
            *componi("comunicazione_notizie", contesto), intestazioni=intestazioni_lascia(chi)
        )
    contesto |= {"percorso": comunicazione.percorso}
    return Composto(*componi("comunicazione_tavolo", contesto))
