"""Meetings as iCalendar (RFC 5545, and RFC 5546 for what arrives by mail).

A meeting has one UID for ever; SEQUENCE grows with each change, so that the calendars people
keep follow it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from portale.lib.dates import ROMA
from portale.lib.emails import assoluto

from .models import Incontro, Iscrizione

DURATA_PRESUNTA = timedelta(hours=2)


@dataclass(frozen=True)
class Invitato:
    """Whom a meeting is addressed to: she reads the online link, and ``righe`` of her own.
    Without an e-mail nobody is named as attending."""

    nome: str
    email: str | None
    righe: tuple[str, ...] = ()


def invitato_da(iscrizione: Iscrizione) -> Invitato:
    """A registered person, with her private page."""
    pagina = _("La tua iscrizione: %(link)s") % {"link": assoluto(iscrizione.get_absolute_url())}
    return Invitato(iscrizione.nome, iscrizione.email, (pagina,))


def ics_incontro(
    incontro: Incontro,
    *,
    metodo: str = "PUBLISH",
    invitato: Invitato | None = None,
    adesso: datetime,
) -> bytes:
    """One meeting. ``REQUEST`` and ``CANCEL`` address it to somebody."""
    calendario = _calendario(metodo)
    if evento := _evento(incontro, metodo=metodo, invitato=invitato, adesso=adesso):
        calendario.add_component(evento)
        calendario.add_missing_timezones()
    return calendario.to_ical()


def ics_elenco(incontri: Iterable[Incontro], *, nome: str, adesso: datetime) -> bytes:
    """A feed to subscribe to; cancelled meetings stay in it, marked so."""
    calendario = _calendario("PUBLISH")
    calendario.add("x-wr-calname", nome)
    calendario.add("x-wr-timezone", "Europe/Rome")
    calendario.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    calendario.add("x-published-ttl", "PT6H")
    for incontro in incontri:
        if evento := _evento(incontro, metodo="PUBLISH", invitato=None, adesso=adesso):
            calendario.add_component(evento)
    calendario.add_missing_timezones()
    return calendario.to_ical()


def _calendario(metodo: str) -> Calendar:
    calendario = Calendar()
    calendario.add("prodid", f"-//{settings.ENTE['nome']}//{settings.ENTE['portale']}//IT")
    calendario.add("version", "2.0")
    calendario.add("calscale", "GREGORIAN")
    calendario.add("method", metodo)
    return calendario


def _evento(incontro, *, metodo, invitato, adesso) -> Event | None:
    """None for a meeting whose day is not known: a calendar has no place for it."""
    inizio = incontro.inizio or incontro.inizio_precedente
    if inizio is None:
        return None
    annullato = metodo == "CANCEL" or incontro.stato in (
        Incontro.Stato.ANNULLATO,
        Incontro.Stato.RINVIATO,
    )
    evento = Event()
    evento.add("uid", f"incontro-{incontro.pk}@{urlsplit(settings.BASE_URL).hostname}")
    evento.add("dtstamp", adesso)
    evento.add("last-modified", incontro.updated_at)
    evento.add("sequence", incontro.sequenza)
    evento.add("status", "CANCELLED" if annullato else "CONFIRMED")
    if incontro.ora_nota:
        evento.add("dtstart", inizio.astimezone(ROMA))
        fine = incontro.fine if incontro.inizio else None
        evento.add("dtend", (fine or inizio + DURATA_PRESUNTA).astimezone(ROMA))
    else:
        evento.add("dtstart", inizio.astimezone(ROMA).date())
    evento.add("summary", incontro.titolo)
    if luogo := _luogo(incontro):
        evento.add("location", luogo)
    if incontro.sede and incontro.sede.latitudine is not None:
        evento.add("geo", (incontro.sede.latitudine, incontro.sede.longitudine))
    pagina = assoluto(incontro.get_absolute_url())
    righe = [incontro.descrizione.strip(), pagina]
    if annullato and incontro.motivo:
        righe.insert(0, incontro.motivo)
    if invitato is not None:
        if incontro.link_online and not annullato:
            righe.append(_("Collegamento: %(link)s") % {"link": incontro.link_online})
        righe.extend(invitato.righe)
    evento.add("description", "\n".join(riga for riga in righe if riga))
    evento.add("url", pagina)
    evento.add("transp", "OPAQUE" if not annullato else "TRANSPARENT")
    if metodo != "PUBLISH":
        _rivolgi(evento, invitato, annullato=annullato)
    return evento


def _luogo(incontro) -> str:
    if incontro.modalita == Incontro.Modalita.ONLINE:
        return _("online")
    if incontro.sede is None:
        return ""
    return ", ".join(
        parte for parte in (incontro.sede.nome, incontro.sede.indirizzo_completo) if parte
    )


def _rivolgi(evento, invitato, *, annullato):
    organizzatore = vCalAddress(f"mailto:{settings.ENTE['email']}")
    organizzatore.params["cn"] = vText(settings.ENTE["ufficio"])
    evento["organizer"] = organizzatore
    if invitato is not None and invitato.email:
        persona = vCalAddress(f"mailto:{invitato.email}")
        persona.params["cn"] = vText(invitato.nome)
        persona.params["role"] = vText("REQ-PARTICIPANT")
        persona.params["partstat"] = vText("DECLINED" if annullato else "ACCEPTED")
        persona.params["rsvp"] = vText("FALSE")
        evento.add("attendee", persona, encode=0)
