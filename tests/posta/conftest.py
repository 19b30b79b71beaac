import contextlib
import socket

import pytest

from posta import generi
from posta.consegna import fermata
from posta.generi import Composto
from posta.linea import server

from .smtp import ServerDiProva


@pytest.fixture(autouse=True)
def fresh_process():
    """What one test learned about its mail server, or was told to stop, is not another's."""
    server.riuscito()
    fermata.clear()
    yield
    server.riuscito()
    fermata.clear()


def semplice(messaggio, adesso):
    return Composto("Oggetto", "Testo", "<p>Testo</p>")


@pytest.fixture
def genere():
    """Register kinds of mail for one test: ``genere("nome", composer, riservato=True)``. The
    kind "prova" is there already."""
    prima = dict(generi.registro)

    def registra(nome, componi=semplice, **opzioni):
        generi.registro.pop(nome, None)
        generi.genere(nome, **opzioni)(componi)

    registra("prova")
    yield registra
    generi.registro.clear()
    generi.registro.update(prima)


@pytest.fixture
def smtp(settings):
    """A real mail server on this machine, and the portal sending through it."""
    with ServerDiProva() as prova:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = prova.indirizzo
        settings.EMAIL_TIMEOUT = 2
        yield prova


@pytest.fixture
def dead_port():
    """A port of this machine where nobody listens."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as preso:
        return preso.getsockname()[1]
