"""What stops the start of a portal whose gateways are half configured."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.checks import Warning as Avviso
from django.utils import timezone

from .porte import oidc_completa, saml_completa

_OIDC = ("server_url", "client_id", "client_secret")
_SAML = ("metadata", "entity_id", "sso_url", "certificato", "sp_chiave", "sp_certificato")
_FILE = ("metadata", "certificato", "sp_chiave", "sp_certificato")
_CONFRONTI = ("exact", "minimum", "better", "maximum")


def _nomi(gruppo, chiavi):
    return ", ".join(f"SPID_{gruppo}_{chiave.upper()}" for chiave in chiavi)


@register(Tags.security)
def gateways_are_whole(app_configs, **kwargs):
    """Either nothing of a gateway is set, or all that it needs: half of it opens no door, and
    nobody would know why."""
    oidc, saml = settings.SPID_OIDC, settings.SPID_SAML
    errori = []
    if any(oidc[c] for c in _OIDC) and not oidc_completa():
        mancano = _nomi("OIDC", [c for c in _OIDC if not oidc[c]])
        errori.append(Error(f"The OpenID Connect gateway lacks {mancano}.", id="accounts.E001"))
    if any(saml[c] for c in _SAML):
        if not saml_completa():
            errori.append(
                Error(
                    f"The SAML gateway lacks some of {_nomi('SAML', _SAML)}.",
                    hint="It needs its metadata (or its other three facts), and our key and "
                    "certificate.",
                    id="accounts.E002",
                )
            )
        errori += _file(saml)
    if settings.SPID_CONFRONTO not in _CONFRONTI:
        errori.append(
            Error(f"SPID_CONFRONTO must be one of {', '.join(_CONFRONTI)}.", id="accounts.E004")
        )
    if settings.PRODUZIONE and (oidc_completa() or saml_completa()):
        errori += _in_produzione(oidc, saml)
    return errori


def _file(saml):
    return [
        Error(
            f"{_nomi('SAML', [chiave])} is neither PEM nor a file that can be read.",
            id="accounts.E003",
        )
        for chiave in _FILE
        if saml[chiave] and "-----BEGIN" not in saml[chiave] and not _si_legge(saml[chiave])
    ]


def _si_legge(percorso):
    try:
        return bool(Path(percorso).read_bytes())
    except OSError:
        return False


def _in_produzione(oidc, saml):
    in_chiaro = [
        nome
        for nome, indirizzo in (
            ("SPID_OIDC_SERVER_URL", oidc["server_url"]),
            ("SPID_SAML_SSO_URL", saml["sso_url"]),
        )
        if indirizzo and not indirizzo.startswith("https://")
    ]
    avvisi = [
        Error(f"{nome} must begin with https:// in production.", id="accounts.E005")
        for nome in in_chiaro
    ]
    if not settings.CHIAVE_IDENTITA:
        avvisi.append(
            Avviso(
                "CHIAVE_IDENTITA is not set: when SECRET_KEY changes, identities are lost.",
                hint="Set it to 50 random characters before the first person enters.",
                id="accounts.W001",
            )
        )
    elif len(settings.CHIAVE_IDENTITA) < 32:
        avvisi.append(
            Error(
                "CHIAVE_IDENTITA is shorter than 32 characters: fiscal codes could be guessed.",
                id="accounts.E006",
            )
        )
    return avvisi


@register(Tags.security)
def certificates_are_valid(app_configs, **kwargs):
    """A certificate that has expired is found out here, and not by whoever can not enter."""
    if not saml_completa():
        return []
    # Loaded where a SAML gateway is set up, and nowhere else.
    from cryptography import x509

    avvisi = []
    for chiave in ("certificato", "sp_certificato"):
        valore = settings.SPID_SAML[chiave]
        if not valore or ("-----BEGIN" not in valore and not _si_legge(valore)):
            continue
        pem = valore.encode() if "-----BEGIN" in valore else Path(valore).read_bytes()
        nome = _nomi("SAML", [chiave])
        try:
            scade = x509.load_pem_x509_certificate(pem).not_valid_after_utc
        except ValueError:
            avvisi.append(Error(f"{nome} is not a certificate.", id="accounts.E007"))
            continue
        if scade < timezone.now() + timedelta(days=30):
            avvisi.append(Avviso(f"{nome} expires on {scade:%d/%m/%Y}.", id="accounts.W002"))
    return avvisi
