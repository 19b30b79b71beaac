"""Which gateways are open, and what they tell in which words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from ..identita import CodiceNonValido, impronta
from ..models import IdentitaVerificata

OIDC, SAML = IdentitaVerificata.Fonte.OIDC, IdentitaVerificata.Fonte.SAML


@dataclass(frozen=True)
class Porta:
    """A gateway that is open: ``chiave`` is its name in addresses."""

    fonte: str
    chiave: str
    nome: str

    @property
    def url(self):
        return reverse("spid:entra", args=[self.chiave])

    @property
    def collega_url(self):
        return reverse("spid:collega", args=[self.chiave])


def aperte() -> list[Porta]:
    """The gateways whose settings are all there."""
    porte = []
    if oidc_completa():
        porte.append(Porta(OIDC, "oidc", settings.SPID_OIDC["nome"]))
    if saml_completa():
        porte.append(Porta(SAML, "saml", settings.SPID_SAML["nome"]))
    return porte


def oidc_completa() -> bool:
    oidc = settings.SPID_OIDC
    return bool(oidc["server_url"] and oidc["client_id"] and oidc["client_secret"])


def saml_completa() -> bool:
    saml = settings.SPID_SAML
    idp = saml["metadata"] or (saml["entity_id"] and saml["sso_url"] and saml["certificato"])
    return bool(idp and saml["sp_chiave"] and saml["sp_certificato"])


def leggi(detti: Mapping[str, object]) -> tuple[str, str, str]:
    """The keyed hash of the fiscal code, the name and the address out of what a gateway tells.

    Raises CodiceNonValido, also when it tells two codes.
    """
    codici = set(_valori(detti, "codice_fiscale"))
    if len(codici) != 1:
        raise CodiceNonValido
    nome, cognome = _primo(detti, "nome"), _primo(detti, "cognome")
    # Where there is one field for both, it is told as the name.
    if not nome.casefold().endswith(cognome.casefold()):
        nome = f"{nome} {cognome}"
    # Some gateways write names in capitals.
    nome = (nome.title() if nome.isupper() else nome).strip()
    return impronta(codici.pop()), nome[:120], _primo(detti, "email")


def _primo(detti, che_cosa):
    return next(iter(_valori(detti, che_cosa)), "")


def _valori(detti, che_cosa):
    for nome in settings.SPID_ATTRIBUTI[che_cosa]:
        valore = detti.get(nome)
        valori = [valore] if isinstance(valore, str) else valore
        if isinstance(valori, Iterable):
            trovati = [" ".join(v.split()) for v in valori if isinstance(v, str) and v.strip()]
            if trovati:
                return trovati
    return []
