"""Taking part without an account: an address is confirmed once, by a link, and then known.

An app declares what a visitor may ask for::

    @azione("sostegno", descrivi=lambda parametri: _("sostenere la proposta «…»"))
    def sostieni(partecipante, parametri, adesso):
        ...
        return Esito(url, _("Fatto: sostieni questa proposta."))

and, when somebody it does not know asks for it, calls :func:`chiedi_conferma`: the mail's link
brings her back, confirmed, with the thing done. After that this browser knows her, and the next
one needs no mail (:func:`attuale`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from portale.lib.testo import normalizza_email
from posta.services import accoda

from .deposito_sessioni import PARTECIPANTE
from .models import Conferma, Partecipante

# How long the link of a mail waits to be opened, and how long one that leads back to what is
# already hers does.
ATTESA = timedelta(days=3)
VALIDITA_LINK = timedelta(days=180)
# The key by which a browser's session says which participant it is.
SESSIONE = PARTECIPANTE
# Addresses that one query looks for.
PARTE = 500


@dataclass(frozen=True)
class Esito:
    """Where she is led when it is done, and what she is told there."""

    url: str
    testo: str
    riuscito: bool = True


@dataclass(frozen=True)
class Azione:
    nome: str
    esegui: Callable[[Partecipante, dict, datetime], Esito]
    descrivi: Callable[[dict], str]


registro: dict[str, Azione] = {}


def azione(nome: str, *, descrivi: Callable[[dict], str]):
    """Register what is done on confirmation. ``descrivi(parametri)`` completes, in the active
    language, the sentence "hai chiesto di …"; it must not repeat what a stranger typed."""

    def registra(esegui):
        if nome in registro and registro[nome].esegui.__module__ != esegui.__module__:
            raise ValueError(f"Two actions are called {nome!r}")
        registro[nome] = Azione(nome, esegui, descrivi)
        return esegui

    return registra


# --- Who is here ----------------------------------------------------------------------------


def attuale(request) -> Partecipante | None:
    """Who takes part in this visit: she who has signed in, or whose address this browser has
    confirmed; None for anybody else. Asks the database once for each request."""
    if not hasattr(request, "_partecipante"):
        request._partecipante = _trova(request)
    return request._partecipante


def _trova(request):
    if request.user.is_authenticated:
        return della_persona(request.user)
    pk = request.session.get(SESSIONE)
    return Partecipante.objects.filter(pk=pk).first() if pk else None


def della_persona(user) -> Partecipante | None:
    """The participant that an account holder is; None until she confirms her address, and for an
    address under which another account takes part."""
    email = normalizza_email(user.email)
    mio = Partecipante.objects.filter(persona=user).first()
    if (mio and mio.email == email) or email not in user.indirizzi_verificati():
        return mio
    try:
        with transaction.atomic():
            if mio is None:
                mio = per_indirizzo(email, nome=user.nome, lingua=user.lingua)
                # Of two requests at one instant both find the same row and write the same.
                Partecipante.objects.filter(pk=mio.pk, persona=None).update(persona=user)
            else:
                # She changed her address: our mails follow her.
                Partecipante.objects.filter(pk=mio.pk).update(email=email)
    except IntegrityError:
        # Somebody takes part under the new address: our mails go on to the old one.
        pass
    mio.refresh_from_db()
    return mio if mio.persona_id == user.pk else None


def per_indirizzo(email: str, *, nome: str = "", lingua: str = "it") -> Partecipante:
    """The participant with this address, made now if there is none. The address must have been
    confirmed, or written down by the office from a signed sheet."""
    email = normalizza_email(email)
    try:
        with transaction.atomic():
            partecipante, creata = Partecipante.objects.get_or_create(
                email=email, defaults={"nome": nome, "lingua": lingua}
            )
    except IntegrityError:
        partecipante, creata = Partecipante.objects.get(email=email), False
    if not creata and nome and not partecipante.nome:
        partecipante.nome = nome
        partecipante.save(update_fields=["nome"])
    return partecipante


def per_indirizzi(nomi: Mapping[str, str]) -> dict[str, Partecipante]:
    """What :func:`per_indirizzo` does, for many addresses (address → name), in a number of
    queries that grows with their hundreds; gives the participants by address."""
    trovati = {}
    indirizzi = sorted(nomi)
    for da in range(0, len(indirizzi), PARTE):
        parte = indirizzi[da : da + PARTE]
        gia = set(Partecipante.objects.filter(email__in=parte).values_list("email", flat=True))
        # Somebody else may make one of them between our look and this: theirs stands.
        Partecipante.objects.bulk_create(
            (Partecipante(email=e, nome=nomi[e]) for e in parte if e not in gia),
            ignore_conflicts=True,
        )
        presenti = list(Partecipante.objects.filter(email__in=parte))
        senza_nome = [p for p in presenti if not p.nome and nomi[p.email]]
        for partecipante in senza_nome:
            partecipante.nome = nomi[partecipante.email]
        Partecipante.objects.bulk_update(senza_nome, ["nome"], batch_size=PARTE)
        trovati |= {partecipante.email: partecipante for partecipante in presenti}
    return trovati


def riconosci(request, partecipante: Partecipante) -> None:
    """From now on this browser is hers. A new session key, so that one planted before is worth
    nothing; what the visit had in its session (a draft) stays."""
    request.session.cycle_key()
    request.session[SESSIONE] = partecipante.pk
    request._partecipante = partecipante


def dimentica(request) -> None:
    """This browser is nobody's again."""
    request.session.flush()
    request._partecipante = None


# --- Asking first ---------------------------------------------------------------------------


def chiedi_conferma(
    nome_azione: str,
    *,
    email: str,
    parametri: dict,
    nome: str = "",
    lingua: str = "it",
    modulo: str = "",
    adesso: datetime,
) -> Conferma:
    """Keep what a visitor asks for and mail her the link that does it.

    ``modulo`` names the form as it was shown: the same content sent twice from one form (a
    double click, a reload) is one request with one mail.
    """
    if nome_azione not in registro:
        raise ValueError(f"Nobody does {nome_azione!r}")
    email = normalizza_email(email)
    contenuto = repr((modulo or adesso.isoformat(), nome_azione, email, nome, parametri))
    codice = salted_hmac("accounts.conferma", contenuto, algorithm="sha256").hexdigest()[:43]
    with transaction.atomic():
        conferma, creata = Conferma.objects.get_or_create(
            codice=codice,
            defaults={
                "azione": nome_azione,
                "email": email,
                "nome": nome,
                "lingua": lingua,
                "parametri": parametri,
                "created_at": adesso,
                "scade_at": adesso + ATTESA,
            },
        )
        if creata:
            accoda(
                "conferma_azione",
                email,
                chiave=f"conferma_azione:{conferma.pk}",
                lingua=lingua,
                parametri={"conferma": conferma.pk},
                adesso=adesso,
            )
    return conferma


class Scaduta(Exception):
    """The link was opened too late."""


def conferma(richiesta: Conferma, adesso: datetime) -> tuple[Partecipante, Esito | None]:
    """The link was opened: the address is hers, and what she asked for is done, once.

    Opened again it only recognises her, with no Esito. Raises Scaduta when it is too late and
    nothing was done.
    """
    with transaction.atomic():
        mia = Conferma.objects.filter(pk=richiesta.pk, fatta_at=None, scade_at__gt=adesso)
        if not mia.update(fatta_at=adesso):
            richiesta.refresh_from_db()
            if richiesta.fatta_at is None or richiesta.fatta_at + VALIDITA_LINK < adesso:
                raise Scaduta
            return per_indirizzo(richiesta.email), None
        partecipante = per_indirizzo(richiesta.email, nome=richiesta.nome, lingua=richiesta.lingua)
        esito = registro[richiesta.azione].esegui(partecipante, richiesta.parametri, adesso)
        Conferma.objects.filter(pk=richiesta.pk).update(esito_url=esito.url)
    return partecipante, esito


# --- Links that lead back -------------------------------------------------------------------


def _firma():
    return TimestampSigner(salt="accounts.partecipante.link", sep=".")


def link(partecipante: Partecipante, url: str) -> str:
    """The path to put into a mail to her: it opens ``url`` with her recognised, for 180 days."""
    token = _firma().sign(partecipante.codice)
    return f"{reverse('partecipo:entra', args=[token])}?{urlencode({'vai': url})}"


def dal_link(token: str) -> Partecipante | None:
    """Who a mail's link is of; None when it is altered or too old."""
    try:
        codice = _firma().unsign(token, max_age=VALIDITA_LINK)
    except BadSignature:
        return None
    return Partecipante.objects.filter(codice=codice).first()


def destinazione(vai: str, altrimenti: str = "") -> str:
    """A path of ours; ``altrimenti``, or the home page, for anything else."""
    sicura = url_has_allowed_host_and_scheme(vai, allowed_hosts=None)
    return vai if sicura and vai.startswith("/") else altrimenti or reverse("home")
