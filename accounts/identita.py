"""One person, one account: what is kept of a digital identity (SPID, CIE), and what it opens.

A gateway tells the fiscal code of whoever comes back from it. Of that code only a keyed hash is
ever kept, and it is all that the rest of the portal sees (docs/adr/0020). The protocols are in
``accounts.spid``.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from portale.lib.testo import normalizza_email
from posta.services import accoda

from .accesso import ha_un_fattore
from .models import IdentitaVerificata, RispostaUsata, User

# The levels that ask for more than a password, or for a card.
LIVELLI_FORTI = frozenset({"https://www.spid.gov.it/SpidL2", "https://www.spid.gov.it/SpidL3"})
# Our clock and a gateway's may differ by this much.
_SCARTO = timedelta(minutes=10)


class CodiceNonValido(ValueError):
    """What came is not the fiscal code of a person. Never says what came."""


class NonCollegabile(Exception):
    """The identity and the account can not be joined."""


class AltraIdentita(NonCollegabile):
    """The account belongs to somebody who has shown another identity."""


class AltroAccount(NonCollegabile):
    """The identity belongs to another account."""


class EntraPrima(NonCollegabile):
    """The account can do more than a mailbox proves: she enters it her way, then joins it from
    her own page."""


class SenzaAltroAccesso(Exception):
    """Without the identity she could not enter any more."""


@dataclass(frozen=True)
class Ritorno:
    """Who has come back from a gateway, checked. ``livello`` is the authentication context that
    the gateway declares; ``email``, if any, is what it tells, in general not verified."""

    impronta: str
    fonte: str
    livello: str
    nome: str
    email: str


# --- The fiscal code ------------------------------------------------------------------------

# Decree of the Minister of Finance of 23 December 1976; where two people would have the same
# code, digits become letters (omocodia), and the code with letters is another person's.
_CIFRA = "[0-9LMNPQRSTUV]"
_FORMA = re.compile(
    f"[A-Z]{{6}}{_CIFRA}{{2}}[ABCDEHLMPRST]{_CIFRA}{{2}}[A-Z]{_CIFRA}{{3}}[A-Z]", re.ASCII
)
_ALFABETO = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PARI = [*range(10), *range(26)]
_CIFRE_DISPARI = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21]
_LETTERE_DISPARI = [2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
_DISPARI = [*_CIFRE_DISPARI, *_CIFRE_DISPARI, *_LETTERE_DISPARI]


def impronta(codice: str) -> str:
    """The keyed hash that stands for a fiscal code, however it is written ("TINIT-…", lower
    case). Raises CodiceNonValido, also for a wrong check letter."""
    pulito = re.sub(r"\s", "", codice).upper().removeprefix("TINIT-")
    if not _FORMA.fullmatch(pulito) or pulito[-1] != _controllo(pulito[:-1]):
        raise CodiceNonValido
    return _hmac("accounts.identita.codice", pulito)


def _controllo(quindici: str) -> str:
    posti = [_ALFABETO.index(carattere) for carattere in quindici]
    somma = sum(_DISPARI[p] for p in posti[::2]) + sum(_PARI[p] for p in posti[1::2])
    return _ALFABETO[10 + somma % 26]


def _hmac(sale: str, valore: str) -> str:
    segreto = settings.CHIAVE_IDENTITA or settings.SECRET_KEY
    return salted_hmac(sale, valore, secret=segreto, algorithm="sha256").hexdigest()


# --- Answers, once --------------------------------------------------------------------------


def usa_risposta(nome: str, scade_at: datetime, adesso: datetime) -> bool:
    """True the first time that the answer called ``nome`` comes, False ever after, whichever
    process asks. Remembered until it has expired by itself."""
    RispostaUsata.objects.filter(scade_at__lt=adesso).delete()
    try:
        with transaction.atomic():
            RispostaUsata.objects.create(
                impronta=_hmac("accounts.identita.risposta", nome), scade_at=scade_at + _SCARTO
            )
    except IntegrityError:
        return False
    return True


# --- Whose it is ----------------------------------------------------------------------------


def persona_di(impronta: str) -> User | None:
    """Whose account an identity opens."""
    return User.objects.filter(identita__impronta=impronta).first()


def collega(persona: User, ritorno: Ritorno, adesso: datetime, *, avvisa: bool = True) -> None:
    """Join the identity to an account whose holder is in it now, and tell her. The same again
    changes nothing.

    Raises AltraIdentita or AltroAccount.
    """
    try:
        with transaction.atomic():
            sua = IdentitaVerificata.objects.create(
                persona=persona,
                impronta=ritorno.impronta,
                fonte=ritorno.fonte,
                verificata_at=adesso,
            )
            if avvisa:
                _avvisa("identita_collegata", persona, sua.pk, adesso)
    except IntegrityError:
        sua = IdentitaVerificata.objects.filter(persona=persona).first()
        if sua is None:
            raise AltroAccount from None
        if sua.impronta != ritorno.impronta:
            raise AltraIdentita from None


def _avvisa(genere: str, persona: User, pk: int, adesso: datetime) -> None:
    """A way into her account was added or taken away: whoever did it, she reads of it. ``pk``, of
    the identity's row, makes it one mail."""
    accoda(
        genere,
        persona.email,
        chiave=f"{genere}:{pk}",
        lingua=persona.lingua,
        parametri={"persona": persona.pk},
        adesso=adesso,
    )


def scollega(persona: User, adesso: datetime) -> None:
    """Forget the identity of an account, and tell its holder. Raises SenzaAltroAccesso when
    nothing else opens it."""
    # A confirmed address is a way in: a code comes by mail.
    if not persona.has_usable_password() and not persona.indirizzi_verificati():
        raise SenzaAltroAccesso
    with transaction.atomic():
        sua = IdentitaVerificata.objects.select_for_update().filter(persona=persona).first()
        # Of two clicks at one instant one takes it away and tells.
        if sua is not None and IdentitaVerificata.objects.filter(pk=sua.pk).delete()[0]:
            _avvisa("identita_scollegata", persona, sua.pk, adesso)


def accogli(ritorno: Ritorno, email: str, *, nome: str, lingua: str, adesso: datetime) -> User:
    """The account of who came back with an identity that nobody has yet: the one that has this
    address, or a new one. The address must have been shown to be hers.

    All or nothing, and twice is once. Raises EntraPrima, AltraIdentita, AltroAccount.
    """
    email = normalizza_email(email)
    try:
        return _accogli(ritorno, email, nome, lingua, adesso)
    except (IntegrityError, AltroAccount):
        # Somebody made an account with this address, or with this identity, just now.
        return _accogli(ritorno, email, nome, lingua, adesso)


def _accogli(ritorno, email, nome, lingua, adesso):
    with transaction.atomic():
        if persona := persona_di(ritorno.impronta):
            return persona
        persona = con_indirizzo(email)
        nuova = persona is None
        if nuova:
            persona = User.objects.create_user(email, nome=nome, lingua=lingua)
        elif persona.is_staff or persona.is_superuser or ha_un_fattore(persona):
            raise EntraPrima
        _conferma_indirizzo(persona, email)
        # Who has just made her account this way knows that she has.
        collega(persona, ritorno, adesso, avvisa=not nuova)
        return persona


def con_indirizzo(email: str) -> User | None:
    """The account with an address: who has confirmed it, or else who has only written it."""
    confermato = EmailAddress.objects.filter(email__iexact=email, verified=True).first()
    return confermato.user if confermato else User.objects.filter(email=email).first()


def _conferma_indirizzo(persona, email):
    indirizzo, creato = EmailAddress.objects.get_or_create(
        user=persona, email=email, defaults={"verified": True, "primary": True}
    )
    if not creato and not indirizzo.verified:
        # Whoever made this account had not shown that the address was hers, and perhaps it was
        # not: the password that she chose opens nothing any more.
        persona.set_unusable_password()
        persona.save(update_fields=["password"])
        indirizzo.verified = True
        indirizzo.save(update_fields=["verified"])
