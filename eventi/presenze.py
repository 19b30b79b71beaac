"""Who came to a meeting: the one place that writes it.

At the door people tap on telephones, often without a network. A browser keeps each tap with a
key of its own making and how long ago it was made, and sends it until it is told that it arrived.
So the same tap may come twice, late, or after another phone's: each is a row that never changes,
and the latest by when it was made is what the registration says.
See docs/adr/0025-presenze-alla-porta.md.
"""

import io
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Case, Count, IntegerField, Q, Sum, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from segno import make_qr

from .models import Accoglienza, Incontro, Ingresso, Iscrizione, SegnoPresenza
from .numeri import QUANTI_PRESENTI, scritti
from .posti import incontro_bloccato
from .ruoli import Chiusa, Ruolo

Stato = Iscrizione.Stato

# When the role at the door holds: to try the telephone on the day, and to let arrive what was
# tapped without a network. Shorter than the note-takers': this page shows names.
PRIMA = timedelta(hours=12)
DOPO = timedelta(days=3)
# Whoever booked for five may bring a grandmother.
PRESENTI_MASSIMI = 10
# People at once, in one tap of the counter.
INGRESSO_MASSIMO = 50
# A tap that took longer to arrive is no telephone's of ours.
ETA_MASSIMA = timedelta(days=4)
# Without what is mistaken for something else: 0 and O, 1, I and L, U and V.
_ALFABETO = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERE = 8


@dataclass(frozen=True)
class Segno:
    """A tap on a name: ``presenti`` people came, 0 for nobody, None to take it back."""

    chiave: uuid.UUID
    iscrizione: int
    presenti: int | None
    fatto_da: timedelta = timedelta(0)


@dataclass(frozen=True)
class Entrata:
    """A tap of the counter: so many people, of these categories (empty: not recorded)."""

    chiave: uuid.UUID
    quanti: int = 1
    genere: str = ""
    eta: str = ""
    volta: str = ""
    fatto_da: timedelta = timedelta(0)


# --- When the role holds --------------------------------------------------------------------


RUOLO = Ruolo(
    "accoglienza",
    acceso="attiva",
    sale="eventi.presenze",
    prima=PRIMA,
    dopo=DOPO,
    stati=(Incontro.Stato.PUBBLICATO, Incontro.Stato.SVOLTO),
    non_in_programma=gettext_lazy("L'incontro non è in programma."),
    finito=gettext_lazy("Le presenze di questo incontro si sono chiuse %(quando)s."),
    non_si_manda=gettext_lazy("Le presenze di questo incontro sono chiuse."),
)


def aperte(incontro: Incontro, adesso: datetime) -> bool:
    """Whether attendance of this meeting is being taken now."""
    return not RUOLO.perche_chiuso(Accoglienza(incontro=incontro), adesso)


# --- Tapping --------------------------------------------------------------------------------


def registra(
    accoglienza: Accoglienza,
    tocchi: Sequence[Segno | Entrata],
    *,
    telefono: uuid.UUID | None = None,
    adesso: datetime,
) -> list[str]:
    """Keep these taps of hers, in their order; for each an empty string, or why it does not hold.
    Sending them again changes nothing. Raises Chiusa when the role does not hold (any more)."""
    with incontro_bloccato(accoglienza.incontro_id, adesso) as incontro:
        # Under the lock: it may have been taken back a moment ago.
        mia = incontro.accoglienze.get(pk=accoglienza.pk)
        mia.incontro = incontro
        if perche := RUOLO.perche_chiuso(mia, adesso):
            raise Chiusa(perche)
        gia = _arrivati(tocchi)
        segni = [tocco for tocco in tocchi if isinstance(tocco, Segno)]
        registro = _Registro(
            incontro, [s.iscrizione for s in segni if s.chiave not in gia], adesso
        )
        conteggio = None
        esiti = []
        for tocco in tocchi:
            if tocco.chiave in gia:
                suo = gia[tocco.chiave] == incontro.pk
                esiti.append("" if suo else _("Questo tocco è di un altro incontro."))
                continue
            gia[tocco.chiave] = incontro.pk
            if isinstance(tocco, Segno):
                esiti.append(registro.segna(tocco, accoglienza=mia, telefono=telefono))
                continue
            conteggio = conteggio or _Contatore(incontro)
            esiti.append(conteggio.conta(tocco, mia, adesso))
        registro.scrivi()
    return esiti


def _arrivati(tocchi) -> dict[uuid.UUID, int]:
    """Of the taps that are already here, the meeting of each."""
    chiavi = [tocco.chiave for tocco in tocchi]
    segni = SegnoPresenza.objects.filter(chiave__in=chiavi).order_by()
    ingressi = Ingresso.objects.filter(chiave__in=chiavi).order_by()
    return {
        **dict(segni.values_list("chiave", "iscrizione__incontro")),
        **dict(ingressi.values_list("chiave", "incontro")),
    }


def segna_presenza(
    iscrizioni_pks: Iterable[int], presente: bool | None, *, autore=None, adesso: datetime
) -> int:
    """The office says who came and who did not (None: nobody recorded it), for all the seats of
    each; says how many were marked.

    Only confirmed people of meetings that have begun: the others are left as they are.
    """
    iniziati = Incontro.objects.filter(
        stato__in=(Incontro.Stato.PUBBLICATO, Incontro.Stato.SVOLTO), inizio__lte=adesso
    )
    pks = list(iscrizioni_pks)
    incontri = iniziati.filter(iscrizioni__in=pks).order_by("pk").values_list("pk", flat=True)
    quante = 0
    for pk in list(incontri.distinct()):
        with incontro_bloccato(pk, adesso) as incontro:
            registro = _Registro(incontro, pks, adesso)
            for iscrizione in registro.persone.values():
                presenti = None if presente is None else iscrizione.posti if presente else 0
                segno = Segno(uuid.uuid4(), iscrizione.pk, presenti)
                quante += registro.segna(segno, autore=autore) == ""
            registro.scrivi()
    return quante


class _Registro:
    """The confirmed people of a locked meeting, and the taps on their names of one call."""

    def __init__(self, incontro, pks, adesso):
        self.adesso = adesso
        confermate = incontro.iscrizioni.confermate().filter(pk__in=set(pks))
        self.persone = {iscrizione.pk: iscrizione for iscrizione in confermate}
        self.nuovi = []
        # The latest tap on each name, and the latest of each telephone.
        self.ultimi, self.di_telefono = {}, {}
        vecchi = SegnoPresenza.objects.filter(iscrizione__in=self.persone)
        for segno in vecchi.order_by("toccato_at", "pk"):
            self._ricorda(segno)

    def _ricorda(self, segno):
        prima = self.ultimi.get(segno.iscrizione_id)
        if prima is None or segno.toccato_at >= prima.toccato_at:
            self.ultimi[segno.iscrizione_id] = segno
        if segno.telefono:
            self.di_telefono[segno.iscrizione_id, segno.telefono] = segno

    def segna(self, tocco, *, accoglienza=None, autore=None, telefono=None) -> str:
        iscrizione = self.persone.get(tocco.iscrizione)
        if iscrizione is None:
            return _("Non è fra le iscrizioni confermate di questo incontro.")
        toccato_at = self.adesso - tocco.fatto_da
        suo_prima = self.di_telefono.get((iscrizione.pk, telefono))
        if suo_prima and toccato_at <= suo_prima.toccato_at:
            # A slow network made the one before look younger than it was.
            toccato_at = suo_prima.toccato_at + timedelta(microseconds=1)
        segno = SegnoPresenza(
            chiave=tocco.chiave,
            iscrizione=iscrizione,
            da=segnati(iscrizione),
            a=tocco.presenti,
            accoglienza=accoglienza,
            autore=autore or (accoglienza and accoglienza.persona),
            telefono=telefono,
            toccato_at=toccato_at,
            created_at=self.adesso,
        )
        self.nuovi.append(segno)
        self._ricorda(segno)
        vale = self.ultimi[iscrizione.pk].a
        iscrizione.presente = None if vale is None else vale > 0
        iscrizione.presenti = vale or None
        return ""

    def scrivi(self):
        SegnoPresenza.objects.bulk_create(self.nuovi)
        toccate = {segno.iscrizione_id: segno.iscrizione for segno in self.nuovi}
        Iscrizione.objects.bulk_update(toccate.values(), ["presente", "presenti"])


class _Contatore:
    """The counter of a locked meeting."""

    def __init__(self, incontro):
        self.incontro = incontro
        self.dentro = {
            (riga["genere"], riga["eta"], riga["volta"]): riga["n"] for riga in ingressi(incontro)
        }

    def conta(self, tocco, accoglienza, adesso) -> str:
        chi = (tocco.genere, tocco.eta, tocco.volta)
        if self.dentro.get(chi, 0) + tocco.quanti < 0:
            return _("Non c'è nessuno da togliere con queste caratteristiche.")
        Ingresso.objects.create(
            chiave=tocco.chiave,
            incontro=self.incontro,
            quanti=tocco.quanti,
            genere=tocco.genere,
            eta=tocco.eta,
            volta=tocco.volta,
            accoglienza=accoglienza,
            toccato_at=adesso - tocco.fatto_da,
            created_at=adesso,
        )
        self.dentro[chi] = self.dentro.get(chi, 0) + tocco.quanti
        return ""


# --- Reading --------------------------------------------------------------------------------


def segnati(iscrizione: Iscrizione) -> int | None:
    """How many came of a registration: None if nobody recorded it, 0 if she did not come."""
    if iscrizione.presente is None:
        return None
    if not iscrizione.presente:
        return 0
    return iscrizione.presenti or iscrizione.posti


def persone(incontro: Incontro) -> list[Iscrizione]:
    """Whom the door expects, by name: confirmed first, then those who wait for a seat."""
    attese = incontro.iscrizioni.filter(
        Q(stato=Stato.CONFERMATA)
        | Q(stato__in=(Stato.LISTA_ATTESA, Stato.POSTO_OFFERTO), verificata_at__isnull=False)
    )
    prima = Case(When(stato=Stato.CONFERMATA, then=0), default=1, output_field=IntegerField())
    return list(
        attese.only(
            "incontro",
            "nome",
            "codice",
            "stato",
            "posti",
            "posti_richiesti",
            "presente",
            "presenti",
        ).order_by(prima, "nome", "pk")
    )


CATEGORIE = {"genere": Ingresso.Genere, "eta": Ingresso.Eta, "volta": Ingresso.Volta}


def ingressi(incontro: Incontro) -> list[dict]:
    """Who came in without registering, by all that was recorded of them."""
    righe = incontro.ingressi.order_by().values("genere", "eta", "volta")
    return list(righe.annotate(n=Sum("quanti")).order_by("genere", "eta", "volta"))


@dataclass(frozen=True)
class Conti:
    """Who was at a meeting, in numbers. ``rilevato``: somebody took attendance at all."""

    iscritti: int
    senza_iscrizione: int
    assenti: int
    da_segnare: int
    categorie: dict[str, dict[str, int]]
    rilevato: bool

    @property
    def totale(self) -> int:
        return self.iscritti + self.senza_iscrizione


def conta(incontro: Incontro) -> Conti:
    """The numbers of a meeting now: people (not registrations) present, absent, not marked; and
    those who came in without registering, by category."""
    righe = incontro.iscrizioni.confermate().aggregate(
        tutte=Count("pk"),
        venuti=Sum(QUANTI_PRESENTI),
        assenti=Sum("posti", filter=Q(presente=False)),
        da_segnare=Sum("posti", filter=Q(presente=None)),
    )
    venuti, assenti, da_segnare = (
        righe[nome] or 0 for nome in ("venuti", "assenti", "da_segnare")
    )
    # Nobody is kept for ever: then what was counted before stands.
    if not righe["tutte"] and (prima := scritti(incontro)) is not None:
        venuti, assenti, da_segnare = prima.presenti, prima.assenti, prima.non_segnati
    entrati = ingressi(incontro)
    categorie = {
        nome: {
            valore: sum(riga["n"] for riga in entrati if riga[nome] == valore)
            for valore in scelte.values
        }
        for nome, scelte in CATEGORIE.items()
    }
    return Conti(
        iscritti=venuti,
        senza_iscrizione=sum(riga["n"] for riga in entrati),
        assenti=assenti,
        da_segnare=da_segnare,
        categorie=categorie,
        rilevato=bool(venuti or assenti or entrati),
    )


# --- The code at the door -------------------------------------------------------------------


def codice_ingresso(iscrizione: Iscrizione) -> str:
    """What her QR code says, and what she may read aloud: eight signs, "7K3M-Q9XW". It says that
    she is on the list and nothing else, and opens no page."""
    numero = int.from_bytes(sha256(f"eventi.ingresso:{iscrizione.codice}".encode()).digest()[:8])
    lettere = ""
    for _posto in range(_LETTERE):
        numero, resto = divmod(numero, len(_ALFABETO))
        lettere += _ALFABETO[resto]
    return f"{lettere[:4]}-{lettere[4:]}"


def contenuto_qr(iscrizione: Iscrizione) -> str:
    """The text of her QR code: it names the meeting too, so that a telephone without a network
    can tell a code of another evening."""
    codice = codice_ingresso(iscrizione).replace("-", "")
    return f"PRESENZA {iscrizione.incontro_id} {codice}"


def qr(iscrizione: Iscrizione) -> bytes:
    """Her code as a picture (PNG), black on white, large enough for a telephone's camera."""
    disegno = io.BytesIO()
    make_qr(contenuto_qr(iscrizione), error="m").save(
        disegno, kind="png", scale=8, border=4, dark="#000", light="#fff"
    )
    return disegno.getvalue()


def mostra_codice(iscrizione: Iscrizione, adesso: datetime) -> bool:
    """Whether there is a door at which the code will be asked for."""
    incontro = iscrizione.incontro
    return (
        iscrizione.stato == Stato.CONFERMATA
        and incontro.stato == Incontro.Stato.PUBBLICATO
        and incontro.modalita != Incontro.Modalita.ONLINE
        and not incontro.finito(adesso)
    )


def impronta(codice: str) -> str:
    """How a telephone knows a code without holding it: the list on it is no ticket."""
    pulito = "".join(c for c in codice.upper() if c.isalnum())
    return sha256(f"presenza:{pulito}".encode()).hexdigest()[:32]


def cerca_codice(incontro: Incontro, letto: str) -> Iscrizione | None:
    """The registration (confirmed or waiting) that a code read or typed names."""
    letto = (
        letto.upper().split()[-1:] if letto.strip().upper().startswith("PRESENZA ") else [letto]
    )
    cercata = impronta(letto[0])
    return next(
        (chi for chi in persone(incontro) if impronta(codice_ingresso(chi)) == cercata), None
    )


# --- The role -------------------------------------------------------------------------------


def di_ufficio(incontro: Incontro, persona) -> tuple[Accoglienza, bool]:
    """The officer's own role at this meeting, and whether it was made now: the first time she
    opens the list."""
    return Accoglienza.objects.get_or_create(
        incontro=incontro,
        persona=persona,
        defaults={"nome": str(persona)[:120]},
    )
