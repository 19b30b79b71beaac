import pytest

from posta import generi
from posta.generi import Composto
from posta.linea import server


@pytest.fixture(autouse=True)
def closed_breaker():
    """What one test learned about its mail server is not another's."""
    server.riuscito()
    yield
    server.riuscito()


@pytest.fixture
def genere(monkeypatch):
    """Register kinds of mail for one test: ``genere("nome", composer, riservato=True)``."""
    monkeypatch.setattr(generi, "registro", generi.registro)

    def registra(nome, componi=None, *, riservato=False, urgente=False):
        componi = componi or (lambda messaggio, adesso: Composto("Oggetto", "Testo", "<p>Testo</p>"))
        monkeypatch.setitem(
            generi.registro, nome, generi.Genere(nome, nome, componi, riservato, urgente)
        )

    registra("prova")
    return registra
