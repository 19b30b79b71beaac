"""The line to the mail server: one connection for many mails, and whose fault a failure is."""

import logging
import re
import smtplib

from django.core.mail import EmailMultiAlternatives, get_connection

from portale.lib.interruttore import Interruttore

logger = logging.getLogger(__name__)

# A server that drops us twice in a row, on fresh connections, is down for everybody.
GUASTI_DI_FILA = 2

# This process's memory of a server that did not answer.
server = Interruttore(2, massimo=20)


class ServerGiu(Exception):
    """The mail server serves nobody now; the text says what it answered.

    ``a_meta``: it fell in the middle of a mail, which may have left, or may be what fells it.
    """

    def __init__(self, testo: str, *, a_meta: bool = False):
        super().__init__(testo)
        self.a_meta = a_meta


class Rifiutata(Exception):
    """This mail was not taken; others may be. ``per_sempre``: nor will it ever be."""

    def __init__(self, testo: str, *, per_sempre: bool = False):
        super().__init__(testo)
        self.per_sempre = per_sempre


class Caduta(Exception):
    """The connection is gone, in the middle of a mail."""

    def __init__(self, testo: str, *, in_silenzio: bool):
        super().__init__(testo)
        self.in_silenzio = in_silenzio


class Linea:
    """One connection for many mails, opened when the first one is ready.

    It sorts what can go wrong: the mail's own trouble (``Rifiutata``) or everybody's
    (``ServerGiu``).
    """

    def __init__(self):
        self._connessione = None
        self._usata = False
        self._guasti = 0

    def __enter__(self):
        return self

    def __exit__(self, tipo, *exc):
        if tipo is None or issubclass(tipo, Exception):
            self._chiudi()
        # Told to stop: no time for goodbyes to a server that may be silent.

    def spedisci(self, email: EmailMultiAlternatives) -> None:
        """Hand one mail to the server."""
        riprova = self._usata
        try:
            self._consegna(email)
        except Caduta as caduta:
            # Servers close a connection after so many mails or so much time: that is no fault
            # of the mail that found it closed. A silence is different: the mail may have left.
            if riprova and not caduta.in_silenzio:
                try:
                    self._consegna(email)
                except Caduta as seconda:
                    self._conta_guasto(seconda)
            else:
                self._conta_guasto(caduta)

    def _conta_guasto(self, caduta: Caduta):
        self._guasti += 1
        if self._guasti >= GUASTI_DI_FILA:
            raise ServerGiu(str(caduta), a_meta=True) from caduta
        raise Rifiutata(str(caduta)) from caduta

    def _consegna(self, email: EmailMultiAlternatives) -> None:
        self.apri()
        try:
            inviati = self._connessione.send_messages([email])
        except smtplib.SMTPRecipientsRefused as errore:
            codice, testo = next(iter(errore.recipients.values()))
            self._rifiuto(codice, testo)
        except smtplib.SMTPSenderRefused as errore:
            if errore.smtp_code == 552:
                # "Message too big", said before reading it.
                self._rifiuto(errore.smtp_code, errore.smtp_error)
            if errore.smtp_code == 421:
                self._caduta(errore)
            self._chiudi()
            # Our own address is refused: so it would be for every mail.
            raise ServerGiu(_descrivi(errore.smtp_code, errore.smtp_error)) from errore
        except smtplib.SMTPDataError as errore:
            self._rifiuto(errore.smtp_code, errore.smtp_error)
        except (smtplib.SMTPException, OSError) as errore:
            self._caduta(errore)
        except Exception as errore:
            logger.exception("The mail backend failed on one mail")
            # Not its text: Django quotes the header that it refuses.
            raise Rifiutata(type(errore).__name__) from errore
        else:
            self._ha_risposto()
            if inviati == 0:
                raise Rifiutata("the mail backend sent nothing")

    def apri(self) -> None:
        """Connect, unless connected already."""
        if self._connessione is not None:
            return
        connessione = get_connection()
        try:
            connessione.open()
        except (smtplib.SMTPException, OSError) as errore:
            raise ServerGiu(f"{type(errore).__name__}: {errore}") from errore
        self._connessione = connessione
        self._usata = False

    def _ha_risposto(self) -> None:
        self._usata = True
        self._guasti = 0
        server.riuscito()

    def _chiudi(self) -> None:
        connessione, self._connessione = self._connessione, None
        self._usata = False
        if connessione is not None:
            try:
                connessione.close()
            except (smtplib.SMTPException, OSError):
                logger.debug("The mail server did not say goodbye", exc_info=True)

    def _caduta(self, errore: Exception):
        self._chiudi()
        in_silenzio = isinstance(errore, TimeoutError) or isinstance(
            errore.__context__, TimeoutError
        )
        raise Caduta(f"{type(errore).__name__}: {errore}", in_silenzio=in_silenzio) from errore

    def _rifiuto(self, codice: int, testo: bytes | str):
        descrizione = _descrivi(codice, testo)
        if codice == 421:
            self._chiudi()
            raise Caduta(descrizione, in_silenzio=False)
        self._ha_risposto()
        raise Rifiutata(descrizione, per_sempre=_per_sempre(codice, descrizione))


def _descrivi(codice: int, testo: bytes | str) -> str:
    if isinstance(testo, bytes):
        testo = testo.decode("utf-8", "replace")
    return f"{codice} {testo}"


def _per_sempre(codice: int, testo: str) -> bool:
    """Whether a refusal is about this recipient and final: "550 no such user".

    A full mailbox (552, 5.2.2) empties, and a policy (5.7.x: relay, black list) is about us, not
    about her: those are tried again like a temporary refusal.
    """
    if not 500 <= codice < 600 or codice == 552:
        return False
    return not re.search(r"\b5\.(7\.\d+|2\.2)\b", testo)
