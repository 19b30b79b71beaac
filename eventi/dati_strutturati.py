"""A meeting as schema.org describes events, for search engines and calendars that read pages."""

import json

from django.conf import settings
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from portale.lib import dates
from portale.lib.emails import assoluto

from .models import Incontro

SCHEMA = "https://schema.org/"
_MODALITA = {
    Incontro.Modalita.PRESENZA: "OfflineEventAttendanceMode",
    Incontro.Modalita.ONLINE: "OnlineEventAttendanceMode",
    Incontro.Modalita.MISTA: "MixedEventAttendanceMode",
}
# Inside <script> nothing is escaped but what could end it or open a comment.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def evento(incontro: Incontro) -> dict:
    """A schema.org Event; empty for a meeting whose day nobody knows, which could not be one.

    One that was put off keeps the day it was planned for, as schema.org asks.
    """
    inizio = incontro.inizio or incontro.inizio_precedente
    if inizio is None:
        return {}
    pagina = assoluto(incontro.get_absolute_url())
    dati = {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": pagina,
        "url": pagina,
        "name": titolo(incontro),
        "description": incontro.descrizione,
        "startDate": _momento(incontro, inizio),
        "eventStatus": SCHEMA + _stato(incontro),
        "eventAttendanceMode": SCHEMA + _MODALITA[incontro.modalita],
        "inLanguage": "it",
        "location": _luoghi(incontro, pagina),
        "organizer": {
            "@type": "GovernmentOrganization",
            "name": settings.ENTE["nome"],
            "url": settings.ENTE["sito"],
        },
    }
    if incontro.inizio and incontro.fine and incontro.ora_nota:
        dati["endDate"] = _momento(incontro, incontro.fine)
    if incontro.spostato:
        dati["previousStartDate"] = _momento(incontro, incontro.inizio_precedente)
    if incontro.con_iscrizione:
        # Registering on the portal costs nothing; of other meetings nothing is known.
        dati["isAccessibleForFree"] = True
        if incontro.posti is not None:
            dati["maximumAttendeeCapacity"] = incontro.posti
            dati["remainingAttendeeCapacity"] = incontro.posti_liberi
    return {chiave: valore for chiave, valore in dati.items() if valore not in ("", [])}


def titolo(incontro: Incontro) -> str:
    """The title as it may stand alone, away from the page's labels."""
    if incontro.percorso.esempio:
        return _("%(titolo)s (esempio)") % {"titolo": incontro.titolo}
    return incontro.titolo


def come_json(dati: dict) -> str:
    """The content of a ``<script type="application/ld+json">``; empty for nothing."""
    if not dati:
        return ""
    testo = json.dumps(dati, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(testo.translate(_ESCAPES))  # noqa: S308 - escaped on the line itself


def _momento(incontro, momento):
    locale = dates.a_roma(momento)
    return locale.isoformat(timespec="minutes") if incontro.ora_nota else f"{locale:%Y-%m-%d}"


def _stato(incontro):
    if incontro.stato == Incontro.Stato.ANNULLATO:
        return "EventCancelled"
    if incontro.stato == Incontro.Stato.RINVIATO:
        return "EventPostponed"
    return "EventRescheduled" if incontro.spostato else "EventScheduled"


def _luoghi(incontro, pagina):
    luoghi = []
    if incontro.modalita != Incontro.Modalita.ONLINE and incontro.sede:
        luoghi.append(_sede(incontro.sede))
    if incontro.modalita != Incontro.Modalita.PRESENZA:
        # The link itself is for registered people: the page tells how to have it.
        luoghi.append({"@type": "VirtualLocation", "url": pagina})
    return luoghi


def _sede(sede):
    luogo = {"@type": "Place", "name": sede.nome}
    indirizzo = {"streetAddress": sede.indirizzo, "addressLocality": sede.citta}
    indirizzo = {chiave: valore for chiave, valore in indirizzo.items() if valore}
    if indirizzo:
        luogo["address"] = {"@type": "PostalAddress", **indirizzo, "addressCountry": "IT"}
    if sede.latitudine is not None and sede.longitudine is not None:
        luogo["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": sede.latitudine,
            "longitude": sede.longitudine,
        }
    fatti = (
        ("wheelchair accessible entrance", sede.senza_gradini),
        ("accessible toilet", sede.bagno_accessibile),
        ("hearing loop", sede.anello_induzione),
    )
    noti = [
        {"@type": "LocationFeatureSpecification", "name": nome, "value": valore}
        for nome, valore in fatti
        if valore is not None
    ]
    if noti:
        luogo["amenityFeature"] = noti
    return luogo
