"""Mails that came back: reading the reports (RFC 3464) that other servers send to our sender.

A report names the mail by our own Message-ID, whose fingerprint nobody else can make: a forged
report marks nothing. Only a definitive failure counts; "delayed" is not one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from .consegna import message_id, senza_indirizzi
from .models import Messaggio

_NOSTRO = re.compile(r"<(\d{1,18})\.[0-9a-f]{20}@[^>\s]+>")


@dataclass
class Letti:
    """What a reading did: reports of ours marked now, marked before, and all the rest."""

    segnati: int = 0
    gia_segnati: int = 0
    altro: int = 0


def leggi(posta_ricevuta: Iterable[bytes]) -> Letti:
    """Mark the mails that these reports say were not delivered. Reading twice changes nothing."""
    letti = Letti()
    for grezzo in posta_ricevuta:
        trovato = rimbalzato(grezzo)
        if trovato is None:
            letti.altro += 1
            continue
        messaggio, perche = trovato
        segnati = Messaggio.objects.filter(pk=messaggio.pk, stato=Messaggio.Stato.INVIATO).update(
            stato=Messaggio.Stato.RIMBALZATO, ultimo_errore=perche
        )
        letti.segnati += segnati
        letti.gia_segnati += not segnati
    return letti


def rimbalzato(grezzo: bytes) -> tuple[Messaggio, str] | None:
    """The mail of ours that a received one says was not delivered, and why; None when it says
    nothing of the kind."""
    ricevuto = message_from_bytes(grezzo, policy=policy.default)
    if ricevuto.get_content_type() != "multipart/report":
        return None
    perche, nostro = None, None
    for parte in ricevuto.walk():
        tipo = parte.get_content_type()
        if tipo == "message/delivery-status":
            perche = perche or _fallimento(parte)
        elif tipo in ("message/rfc822", "text/rfc822-headers", "message/global-headers"):
            nostro = nostro or _nostro(parte)
    if perche is None or nostro is None:
        return None
    return nostro, perche


def _fallimento(parte: EmailMessage) -> str | None:
    """Why a recipient was given up, from the blocks of a report; None when none was."""
    contenuto = parte.get_payload()
    for blocco in contenuto if isinstance(contenuto, list) else []:
        if str(blocco.get("Action", "")).strip().lower() == "failed":
            parti = (blocco.get("Status", ""), blocco.get("Diagnostic-Code", ""))
            return senza_indirizzi(" ".join(map(str, parti))) or "5.0.0"
    return None


def _nostro(parte: EmailMessage) -> Messaggio | None:
    """The row whose Message-ID stands in the returned mail, or in its headers alone."""
    if parte.get_content_type() == "message/rfc822":
        testo = str(parte.get_payload(0).get("Message-ID", ""))
    else:
        testo = str(parte.get_content())
    for trovato in _NOSTRO.finditer(testo):
        messaggio = Messaggio.objects.filter(pk=int(trovato[1])).first()
        if messaggio is not None and _stessa_impronta(message_id(messaggio), trovato[0]):
            return messaggio
    return None


def _stessa_impronta(nostra: str, trovata: str) -> bool:
    """The domain may have changed since; what nobody can invent is before it."""
    return nostra.partition("@")[0] == trovata.partition("@")[0]
