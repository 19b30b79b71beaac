# ruff: noqa: N802 (the names of the hooks are aiosmtpd's)
"""A mail server for tests: it remembers what it took, and can be told to misbehave."""

import asyncio
import email
import email.policy
import socket
from collections import Counter

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class ServerDiProva:
    """``rcpt`` and ``data`` map an address to the answer that its mails get; ``cade_su`` is the
    addresses at whose DATA the line is cut, ``muto_su`` those that get no answer in time."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as libero:
            self.indirizzo = libero.getsockname()
        self.arrivati = []
        self.connessioni = 0
        self.rcpt = {}
        self.data = {}
        self.cade_su = set()
        self.muto_su = set()
        self.mittente = None
        # After so many mails the server says 421 and hangs up, as many do.
        self.massimo_per_connessione = None
        self.ritardo = 0

    def __enter__(self):
        self._controller = Controller(self, hostname=self.indirizzo[0], port=self.indirizzo[1])
        self._controller.factory = self._nuova
        self._controller.start()
        # The controller tries its own door once.
        self.connessioni = 0
        return self

    def __exit__(self, *exc):
        self._controller.stop(no_assert=True)

    def _nuova(self):
        self.connessioni += 1
        return SMTP(self, enable_SMTPUTF8=True)

    @property
    def destinatari(self):
        return [a for a, _messaggio in self.arrivati]

    @property
    def messaggi(self):
        return [messaggio for _a, messaggio in self.arrivati]

    def ripetuti(self):
        return sum(n - 1 for n in Counter(m["Message-ID"] for m in self.messaggi).values())

    async def handle_MAIL(self, server, session, envelope, address, options):
        prese = getattr(session, "prese", 0)
        if self.massimo_per_connessione is not None and prese >= self.massimo_per_connessione:
            server.transport.close()
            return "421 4.7.0 too many mails on one line"
        if self.mittente:
            return self.mittente
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if risposta := self.rcpt.get(address):
            return risposta
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        a = envelope.rcpt_tos[0]
        if a in self.cade_su:
            server.transport.abort()
            return "250 OK"
        if a in self.muto_su:
            await asyncio.sleep(30)
        if self.ritardo:
            await asyncio.sleep(self.ritardo)
        if risposta := self.data.get(a):
            return risposta
        session.prese = getattr(session, "prese", 0) + 1
        messaggio = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.arrivati.append((a, messaggio))
        return "250 OK"
