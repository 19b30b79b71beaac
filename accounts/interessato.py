"""Who a person is for the data held about her, and what each purpose does with them.

Each app says in its ``privacy.py``, for the purposes that it registers, what it holds and how it
lets go::

    @raccoglie("iscrizioni")
    def iscrizioni(interessato):
        return [elenco("iscrizioni", _("Iscrizioni"), righe, "nome", "email", "created_at")]

    @cancella("iscrizioni")
    def dimentica_iscrizioni(interessato, adesso):
        return {"iscrizioni": quante}

``accounts.diritti`` calls them all: apps in the reverse order of their dependencies, and within
one app in the order in which they are written.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet

from portale.lib.testo import cerca_nomi, normalizza_email, oscura

from .models import Partecipante, User

# What stands where somebody's name stood, in rows that must have one.
ANONIMA = "persona che ha cancellato i suoi dati"


@dataclass(frozen=True)
class Interessato:
    """A person as the data know her: by her addresses (normalised), her account and the rows by
    which she takes part.

    Somebody whom the office wrote down without an address is known by ``senza_indirizzo``: name
    and telephone exactly as they are stored. ``nomi`` and ``telefoni`` are those that turn up on
    the way: an erasure takes them out of the texts too.
    """

    indirizzi: frozenset[str] = frozenset()
    persona: User | None = None
    partecipanti: tuple[Partecipante, ...] = ()
    senza_indirizzo: tuple[str, str] | None = None
    nomi: set[str] = field(default_factory=set, compare=False)
    telefoni: set[str] = field(default_factory=set, compare=False)

    @property
    def indirizzo(self) -> str:
        """Where she is written to; empty when she has no address."""
        if self.persona is not None:
            return self.persona.email
        if self.partecipanti:
            return self.partecipanti[0].email
        return min(self.indirizzi, default="")

    def con_indirizzo(self, campo: str = "email", *, persona: str = "") -> Q:
        """The rows whose ``campo`` is one of her addresses, or whose ``persona`` she is."""
        regola = Q(**{f"{campo}__in": self.indirizzi})
        if persona and self.persona is not None:
            regola |= Q(**{persona: self.persona})
        return regola

    def come_partecipante(self, campo: str = "partecipante") -> Q:
        """The rows whose ``campo`` is a participant that she is."""
        return Q(**{f"{campo}__in": [partecipante.pk for partecipante in self.partecipanti]})

    def cercata(self):
        """What finds her in a text: her addresses, her telephones, her full names."""
        return cerca_nomi(self.nomi, {*self.indirizzi, *self.telefoni})


def della_persona(user: User) -> Interessato:
    """An account holder: what is under the addresses that she has shown to be hers."""
    indirizzi = frozenset(user.indirizzi_verificati())
    return _interessato(indirizzi, user)


def dell_indirizzo(email: str) -> Interessato:
    """Whoever owns this address: it was confirmed by a link, or the office identified her."""
    email = normalizza_email(email)
    user = (
        User.objects.filter(email=email).first()
        or User.objects.filter(emailaddress__email__iexact=email, emailaddress__verified=True)
        .order_by("pk")
        .first()
    )
    return _interessato(frozenset({email, *(user.indirizzi_verificati() if user else ())}), user)


def senza_indirizzo(nome: str, telefono: str) -> Interessato:
    """Whom the office wrote down by name and telephone alone, as they are stored."""
    interessato = Interessato(senza_indirizzo=(nome, telefono))
    _impara(interessato, [nome], [telefono])
    return interessato


def _interessato(indirizzi, user):
    regola = Q(email__in=indirizzi) & (Q(persona=None) | Q(persona=user))
    if user is not None:
        regola |= Q(persona=user)
    partecipanti = tuple(Partecipante.objects.filter(regola).order_by("pk"))
    interessato = Interessato(indirizzi, user, partecipanti)
    _impara(interessato, [riga.nome for riga in partecipanti], [])
    if user is not None:
        _impara(interessato, [user.nome], [])
    return interessato


def _impara(interessato, nomi, telefoni):
    interessato.nomi.update(nome for nome in nomi if nome and nome != ANONIMA)
    interessato.telefoni.update(telefono for telefono in telefoni if len(telefono) >= 6)


def impara(
    interessato: Interessato, righe: QuerySet, nome: str = "nome", telefono: str = ""
) -> None:
    """Learn the names (and telephones) that she gave in these rows."""
    for riga in righe.values(*filter(None, (nome, telefono))):
        _impara(interessato, [riga[nome]], [riga[telefono]] if telefono else [])


def persona_cancellata() -> User:
    """The account that stands for whoever erased hers, where a row must name one: nobody enters
    with it."""
    nessuno = User.objects.filter(email="cancellata@portale.invalid").first()
    if nessuno is None:
        nessuno = User(email="cancellata@portale.invalid", nome=ANONIMA, is_active=False)
        nessuno.set_unusable_password()
        nessuno.save()
    return nessuno


# --- What is held ---------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """A file of hers: opened only when it is copied."""

    nome: str
    file: object


@dataclass(frozen=True)
class Sezione:
    """One kind of rows held about her. ``campi`` says in words what each key of ``righe`` is."""

    codice: str
    titolo: str
    campi: dict[str, str]
    righe: list[dict]
    allegati: list[File] = field(default_factory=list)


def elenco(
    codice: str, titolo: str, righe: QuerySet, *campi: str, allegati: Iterable[File] = ()
) -> Sezione:
    """The rows of a QuerySet with these fields, named as the model names them. A field of a row
    that they point to is written ``incontro__titolo``."""
    legate = set(filter(None, (_legata(righe.model, campo) for campo in campi)))
    if legate:
        righe = righe.select_related(*sorted(legate))
    return Sezione(
        codice,
        str(titolo),
        {campo: _nome(righe.model, campo) for campo in campi},
        [{campo: _valore(riga, campo) for campo in campi} for riga in righe],
        list(allegati),
    )


def _legata(modello, campo):
    """What a field needs read along with the row."""
    *strada, ultimo = campo.split("__")
    for passo in strada:
        modello = modello._meta.get_field(passo).related_model
    try:
        relazione = modello._meta.get_field(ultimo).is_relation
    except FieldDoesNotExist:
        relazione = False
    return campo if relazione else "__".join(strada)


def _nome(modello, campo):
    """ "titolo dell'incontro" would be clumsy: of another row's field the row's own name."""
    prima, _doppio, _resto = campo.partition("__")
    try:
        nome = str(modello._meta.get_field(prima).verbose_name)
    except FieldDoesNotExist:
        nome = prima
    return nome[:1].upper() + nome[1:]


def _valore(riga, campo):
    *strada, ultimo = campo.split("__")
    for passo in strada:
        riga = getattr(riga, passo)
        if riga is None:
            return None
    a_parole = getattr(riga, f"get_{ultimo}_display", None)
    valore = a_parole() if a_parole else getattr(riga, ultimo)
    if isinstance(valore, Model):
        return str(valore)
    if valore is None or isinstance(valore, str | bool | int | float | list | dict | datetime):
        return valore
    return str(valore)


# --- Letting go -----------------------------------------------------------------------------


def oscura_righe(righe: QuerySet, campi: Sequence[str], interessato: Interessato) -> int:
    """Take her names, addresses and telephones out of these fields (texts or JSON); returns in
    how many rows they were. Whatever guards the rows from changes does not hold here."""
    cercata = interessato.cercata()
    if cercata is None:
        return 0
    quante = 0
    tutte = righe.model._base_manager
    for riga in list(righe.order_by("pk").values("pk", *campi)):
        nuovi = {campo: oscura(riga[campo], cercata) for campo in campi}
        diversi = {campo: nuovo for campo, nuovo in nuovi.items() if nuovo != riga[campo]}
        if diversi:
            tutte.filter(pk=riga["pk"]).update(**diversi)
            quante += 1
    return quante


def oscura_registro(interessato: Interessato) -> int:
    """Take her out of what the admin's log says of others' doings; returns of how many lines."""
    cercata = interessato.cercata()
    if cercata is None:
        return 0
    regola = Q()
    for testo in {*interessato.indirizzi, *interessato.nomi, *interessato.telefoni}:
        if testo in interessato.nomi and len(testo.split()) < 2:
            continue
        # The log is kept as JSON, where "è" is six other letters.
        for scritto in {testo, json.dumps(testo)[1:-1]}:
            regola |= Q(object_repr__icontains=scritto) | Q(change_message__icontains=scritto)
    quante = 0
    for riga in LogEntry.objects.filter(regola).order_by("pk") if regola else ():
        riga.object_repr = oscura(riga.object_repr, cercata)[:200]
        try:
            riga.change_message = json.dumps(oscura(json.loads(riga.change_message), cercata))
        except ValueError:
            riga.change_message = oscura(riga.change_message, cercata)
        riga.save(update_fields=["object_repr", "change_message"])
        quante += 1
    return quante


# --- Who answers for what -------------------------------------------------------------------

Raccoglie = Callable[[Interessato], Iterable[Sezione]]
Cancella = Callable[[Interessato, datetime], dict[str, int]]
Impedisce = Callable[[Interessato, datetime], str]

raccoglitori: dict[str, Raccoglie] = {}
cancellatori: dict[str, Cancella] = {}
impedimenti: dict[str, Impedisce] = {}
cercatori: dict[str, Callable[[str], Iterable["Recapito"]]] = {}
conoscitori: dict[str, Callable[[Interessato], None]] = {}


def raccoglie(codice: str):
    """Register who knows what is held for a purpose: at most one for each."""
    return _registra(raccoglitori, codice)


def cancella(codice: str):
    """Register who deletes or unsigns what is held for a purpose: it runs inside one transaction
    with all others, and gives how many rows of each kind it touched."""
    return _registra(cancellatori, codice)


@dataclass(frozen=True, order=True)
class Recapito:
    """How somebody can be found again: her address, or the telephone of who has none."""

    nome: str
    email: str = ""
    telefono: str = ""


# How many rows of each kind a search by name shows.
TROVATI = 30


def recapiti(righe: QuerySet, nome: str, testo: str, telefono: str = "") -> list[Recapito]:
    """Those of these rows whose name holds this text."""
    trovate = righe.filter(**{f"{nome}__icontains": testo}).order_by("-pk")[:TROVATI]
    campi = [nome, "email", *([telefono] if telefono else [])]
    return [
        # The telephone of who has an address is not needed to find her.
        Recapito(letto[0], letto[1] or "", "" if letto[1] else "".join(letto[2:]))
        for letto in trovate.values_list(*campi)
        if letto[0] != ANONIMA
    ]


def cerca(codice: str):
    """Register who finds people by a part of their name, for the office."""
    return _registra(cercatori, codice)


def conosce(codice: str):
    """Register who knows by which names and telephones she is in the rows of an app: asked
    before anything is erased, so that every text is searched for all of them."""
    return _registra(conoscitori, codice)


def impedisce(codice: str):
    """Register why somebody can not erase herself yet: a sentence for her, or nothing."""
    return _registra(impedimenti, codice)


def _registra(registro, codice):
    def registra(funzione):
        if codice in registro and registro[codice].__module__ != funzione.__module__:
            raise ValueError(f"Two functions answer for {codice!r}")
        registro[codice] = funzione
        return funzione

    return registra
