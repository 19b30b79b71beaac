"""Delivery: lease a batch, send it one by one, mark each.

A worker *leases* due rows in a short transaction (a token and a time limit on each), then sends
them on one connection, with no lock held, and marks each row where its token still stands. A
worker that dies leaves leases that expire and are taken over, so nothing is lost; only the mail
that it was sending at that instant may leave twice.
"""

import logging
import random
import re
import secrets
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.encoders import encode_base64
from email.message import EmailMessage as IntestazioniMime
from email.mime.base import MIMEBase
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from portale.lib.dates import ROMA

from .generi import Allegato, NonDovuto, Rinviato, Scaduto, registro
from .linea import Linea, Rifiutata, ServerGiu, server
from .models import Battito, Messaggio

logger = logging.getLogger(__name__)

LOTTO = 50
DURATA_LEASE = timedelta(minutes=5)
# How long to wait after each failed attempt at one recipient; after the last one it is failed.
ATTESE = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
TENTATIVI_MASSIMI = len(ATTESE) + 1

# Set when this process is told to stop.
fermata = threading.Event()


@dataclass
class Resoconto:
    """What a delivery did: how many rows went which way."""

    inviati: int = 0
    rimandati: int = 0
    falliti: int = 0
    scaduti: int = 0
    annullati: int = 0
    rinviati: int = 0
    server_irraggiungibile: bool = False
    # Rows that this delivery has already looked at, whatever came of them.
    visti: int = field(default=0, repr=False)


def spedisci_dovuti(
    adesso_fn: Callable[[], datetime] = timezone.now,
    *,
    limite: int | None = None,
    secondi: float = 50,
    ignora_pausa: bool = False,
) -> Resoconto:
    """Deliver what is due, for at most ``secondi`` and ``limite`` mails.

    Safe to run in any number of processes at once. A server that does not answer ends it
    early, and this process leaves the server alone for a few seconds, then longer
    (``ignora_pausa``: ask it all the same, a person is waiting).
    """
    consegna = _Consegna(adesso_fn, time.monotonic() + secondi)
    resoconto = consegna.resoconto
    with consegna.linea:
        while not consegna.e_ora_di_smettere():
            Battito.objects.batti("spedizione", adesso_fn())
            if server.aperto() and not ignora_pausa:
                resoconto.server_irraggiungibile = True
                break
            quanti = LOTTO if limite is None else min(LOTTO, limite - resoconto.visti)
            if quanti <= 0:
                break
            token, lotto = prendi(quanti, adesso_fn())
            if not lotto:
                break
            consegna.lotto(lotto, token)
    return resoconto


def prendi(quanti: int, adesso: datetime) -> tuple[str, list[Messaggio]]:
    """Lease up to ``quanti`` due rows, what people wait for at the screen first and what goes to
    very many last; returns the lease's token and the rows."""
    dovuti = Messaggio.objects.dovuti(adesso)
    # Most of the time there is nothing: do not take SQLite's only write lock to find out.
    if not dovuti.exists():
        return "", []
    urgenti = [nome for nome, genere in registro.items() if genere.urgente]
    di_massa = [nome for nome, genere in registro.items() if genere.di_massa]
    token = secrets.token_hex(16)
    with transaction.atomic():
        liberi = dovuti.select_for_update(skip_locked=True)
        pks = []
        for turno in (
            liberi.filter(genere__in=urgenti),
            liberi.exclude(genere__in=[*urgenti, *di_massa]),
            liberi.filter(genere__in=di_massa),
        ):
            if len(pks) < quanti:
                pks += turno.values_list("pk", flat=True)[: quanti - len(pks)]
        Messaggio.objects.filter(pk__in=pks).update(
            lease_until=adesso + DURATA_LEASE, lease_token=token
        )
    righe = Messaggio.objects.in_bulk(pks)
    return token, [righe[pk] for pk in pks]


class _Consegna:
    """One delivery: the rows of one lease after the other, on one line."""

    def __init__(self, adesso_fn, fine):
        self.adesso_fn = adesso_fn
        self.fine = fine
        self.linea = Linea()
        self.resoconto = Resoconto()
        # The row whose mail is on the line, and not yet marked.
        self.in_volo = None

    def e_ora_di_smettere(self) -> bool:
        return (
            self.resoconto.server_irraggiungibile
            or fermata.is_set()
            or time.monotonic() >= self.fine
        )

    def lotto(self, messaggi: list[Messaggio], token: str) -> None:
        nostri = Messaggio.objects.in_coda().filter(lease_token=token)
        # Half the lease, so that the slowest last mail still ends inside it.
        meta_lease = self.adesso_fn() + DURATA_LEASE / 2
        try:
            for messaggio in messaggi:
                adesso = self.adesso_fn()
                if adesso >= meta_lease or self.e_ora_di_smettere():
                    break
                self._uno(messaggio, nostri.filter(pk=messaggio.pk), adesso)
                self.resoconto.visti += 1
        except ServerGiu as guasto:
            # No recipient's fault: the rows go back as they were, with the reason beside.
            server.guasto()
            self.resoconto.server_irraggiungibile = True
            logger.warning("The mail server does not take mail now: %s", guasto)
            nostri.update(ultimo_errore=senza_indirizzi(str(guasto)))
        finally:
            # What was not tried is free for others at once. If we are being stopped in the
            # middle of a mail nobody knows whether it left: its lease runs out by itself.
            nostri.exclude(pk=self.in_volo).update(lease_until=None, lease_token="")

    def _uno(self, messaggio: Messaggio, mia, adesso: datetime) -> None:
        """One mail; ``mia`` is its row as long as the lease is ours."""
        if not mia.exists():
            # Called off, or taken over because this process slept past its lease.
            return
        try:
            email = _componi(messaggio, adesso)
        except NonDovuto:
            self._chiudi(messaggio, mia, Messaggio.Stato.ANNULLATO)
            self.resoconto.annullati += 1
            return
        except Scaduto:
            self._chiudi(messaggio, mia, Messaggio.Stato.SCADUTO)
            self.resoconto.scaduti += 1
            return
        except Rinviato as rinvio:
            # Never "now" again, which would be for ever.
            fino_a = max(rinvio.fino_a, adesso + ATTESE[0])
            mia.update(dovuto_at=fino_a, lease_until=None, lease_token="")
            self.resoconto.rinviati += 1
            return
        except Exception as errore:
            logger.exception("Mail %s (%s) can not be composed", messaggio.pk, messaggio.genere)
            dove = traceback.extract_tb(errore.__traceback__)[-1]
            # Not the exception's text: it may quote personal data.
            testo = f"{type(errore).__name__} ({dove.name}, {dove.filename.rsplit('/')[-1]})"
            self._tentativo_fallito(messaggio, mia, testo, adesso)
            return

        try:
            self.linea.apri()
            self.in_volo = messaggio.pk
            self.linea.spedisci(email)
        except Rifiutata as rifiuto:
            self._tentativo_fallito(
                messaggio, mia, str(rifiuto), adesso, per_sempre=rifiuto.per_sempre
            )
        except ServerGiu as guasto:
            self.in_volo = None
            if guasto.a_meta:
                self._tentativo_fallito(messaggio, mia, str(guasto), adesso)
            raise
        else:
            self._chiudi(
                messaggio,
                mia,
                Messaggio.Stato.INVIATO,
                inviato_at=adesso,
                tentativi=F("tentativi") + 1,
            )
            self.resoconto.inviati += 1
        self.in_volo = None

    def _chiudi(self, messaggio, mia, stato, **campi) -> None:
        """The last word on a row: nothing secret stays in it."""
        campi = {"ultimo_errore": "", **campi}
        genere = registro.get(messaggio.genere)
        ancora_utile = stato == Messaggio.Stato.FALLITO and genere and genere.rispedibile
        if genere and genere.riservato and not ancora_utile:
            campi["parametri"] = {}
        if genere and genere.senza_traccia:
            campi |= {"destinatario": "", "parametri": {}}
        mia.update(stato=stato, lease_until=None, lease_token="", **campi)

    def _tentativo_fallito(self, messaggio, mia, testo, adesso, *, per_sempre=False) -> None:
        tentativi = messaggio.tentativi + 1
        testo = senza_indirizzi(testo)
        if per_sempre or tentativi >= TENTATIVI_MASSIMI:
            self._chiudi(
                messaggio,
                mia,
                Messaggio.Stato.FALLITO,
                tentativi=tentativi,
                ultimo_errore=testo,
            )
            self.resoconto.falliti += 1
            logger.warning("Mail %s (%s) failed: %s", messaggio.pk, messaggio.genere, testo)
            return
        # The jitter keeps a thousand mails refused together from coming back together.
        attesa = ATTESE[tentativi - 1] * random.uniform(0.8, 1.2)  # noqa: S311
        mia.update(
            tentativi=tentativi,
            ultimo_errore=testo,
            dovuto_at=adesso + attesa,
            lease_until=None,
            lease_token="",
        )
        self.resoconto.rimandati += 1


def senza_indirizzi(testo: str) -> str:
    """An error without the addresses that servers like to quote."""
    return " ".join(re.sub(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+", "…@…", testo).split())[:500]


# --- Composing ------------------------------------------------------------------------------


def _componi(messaggio: Messaggio, adesso: datetime) -> EmailMultiAlternatives:
    lingue = [codice for codice, _nome in settings.LANGUAGES]
    lingua = messaggio.lingua if messaggio.lingua in lingue else settings.LANGUAGE_CODE
    with translation.override(lingua):
        composto = registro[messaggio.genere].componi(messaggio, adesso)
        email = EmailMultiAlternatives(
            subject=" ".join(str(composto.oggetto).split()),
            body=composto.testo,
            to=[messaggio.destinatario],
            reply_to=[composto.rispondi_a or settings.ENTE["email"]],
            attachments=[_allega(allegato) for allegato in composto.allegati],
            headers={
                **composto.intestazioni,
                "Message-ID": message_id(messaggio),
                "Date": format_datetime(adesso.astimezone(ROMA)),
                "Auto-Submitted": "auto-generated",
                "Content-Language": lingua,
            },
        )
        if composto.html:
            email.attach_alternative(composto.html, "text/html")
    return email


def _allega(allegato: Allegato) -> MIMEBase:
    """Base64 whatever it is: calendars keep their CRLF, and no server re-wraps their lines."""
    tipo = IntestazioniMime()
    tipo["Content-Type"] = allegato.mimetype
    principale, _barra, secondario = tipo.get_content_type().partition("/")
    parte = MIMEBase(principale, secondario, **dict(tipo["Content-Type"].params))
    parte.set_payload(allegato.contenuto)
    encode_base64(parte)
    if allegato.cid:
        parte.add_header("Content-ID", f"<{allegato.cid}>")
    come = "inline" if allegato.cid else "attachment"
    parte.add_header("Content-Disposition", come, filename=allegato.nome)
    return parte


def message_id(messaggio: Messaggio) -> str:
    """The same for the same row, so that a mail that left twice shows once in most programs; but
    another after it came back, so that the old report, read again, marks no new mail."""
    volta = f" {messaggio.rispedizioni}" if messaggio.rispedizioni else ""
    impronta = salted_hmac("posta.message_id", f"{messaggio.chiave}{volta}").hexdigest()[:20]
    dominio = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{messaggio.pk}.{impronta}@{dominio}>"
