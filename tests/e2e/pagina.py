"""One page of the portal, with an address in the demo."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils import translation


@dataclass(frozen=True)
class Pagina:
    nome: str
    rotta: str
    # Its arguments, asked once the demo is there.
    argomenti: Callable[[], list] = list
    conto: str = ""
    stato: int = 200
    query: str = ""

    def __str__(self):
        return self.nome

    def url(self, lingua="it") -> str:
        # A request made in this thread leaves its language behind.
        with translation.override(lingua):
            return reverse(self.rotta, args=self.argomenti()) + self.query
