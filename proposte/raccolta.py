"""The notes of a meeting's tables, as its note-takers type them: the one place that writes them.

A browser keeps each note with a key of its own making and a version that grows with every
correction, deletion and undo, and sends the note whole. So the same note may arrive twice, late,
in pieces of different batches or from two tabs at once: the newest version stands, once.
See docs/adr/0013-raccolta-senza-rete.md.
"""

import re
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eventi.models import Incontro
from eventi.ruoli import Chiusa, Ruolo

from .models import Nota, Verbalizzante

# Before the meeting a note-taker tries her phone; after it she mends, and what was typed without
# a network arrives.
PRIMA = timedelta(days=7)
DOPO = timedelta(days=7)
# A table writes forty notes: whoever reaches this is no note-taker.
NOTE_MASSIME = 1000
TESTO_MASSIMO = Nota._meta.get_field("testo").max_length
TAVOLO_MASSIMO = 99


class Esito(StrEnum):
    SALVATA = "salvata"  # what was sent is what is kept
    SUPERATA = "superata"  # another text of the same or a later version is kept
    RIFIUTATA = "rifiutata"


@dataclass(frozen=True)
class Foglietto:
    """A note as one browser has it. ``ordine`` None: after all of hers."""

    chiave: uuid.UUID
    testo: str
    versione: int = 1
    tavolo: int = 1
    ordine: int | None = None
    genere: str = ""
    eliminata: bool = False
    digitata_at: datetime | None = None


@dataclass(frozen=True)
class Risultato:
    esito: Esito
    nota: Nota | None = None
    errore: str = ""


# --- When the role holds --------------------------------------------------------------------


RUOLO = Ruolo(
    "verbalizzante",
    acceso="attivo",
    sale="proposte.raccolta",
    prima=PRIMA,
    dopo=DOPO,
    non_in_programma=gettext_lazy(
        "L'incontro non ha ancora una data: il link funziona da una settimana prima."
    ),
    finito=gettext_lazy("La raccolta di questo incontro si è chiusa %(quando)s."),
    non_si_manda=gettext_lazy("La raccolta di questo incontro è chiusa."),
)


# --- Notes ----------------------------------------------------------------------------------


def pulisci(testo: str) -> str:
    """The text without what no database or page can hold: control characters and halves of
    characters. A noisy keyboard is no reason to lose a note."""
    testo = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", testo)
    testo = re.sub("\r\n?|[\u2028\u2029]", "\n", testo).replace("\t", " ")
    pulito = "".join(c for c in testo if c == "\n" or unicodedata.category(c) != "Cc")
    return pulito.strip()


def note_di(verbalizzante: Verbalizzante):
    """Everything she has typed, in that order, what she deleted included."""
    return verbalizzante.note.order_by("ordine", "pk")


def registra(
    verbalizzante: Verbalizzante, foglietti: Sequence[Foglietto], adesso: datetime
) -> list[Risultato]:
    """Keep these notes of hers; one result for each, in their order. Sending them again changes
    nothing. Raises Chiusa when the role does not hold (any more)."""
    chiavi = {foglietto.chiave for foglietto in foglietti}
    with transaction.atomic():
        # One batch of hers at a time: of two that carry the same new note the second finds it.
        # It also sees a role that was taken back a moment ago.
        mia = (
            Verbalizzante.objects.select_for_update(no_key=True, of=("self",))
            .select_related("incontro")
            .get(pk=verbalizzante.pk)
        )
        if perche := RUOLO.perche_chiuso(mia, adesso):
            raise Chiusa(perche)
        note = Nota.objects.in_bulk(chiavi, field_name="chiave")
        nuove = _nuove(mia, foglietti, note, adesso)
        for foglietto in foglietti:
            nota = note.get(foglietto.chiave)
            if nota and nota.verbalizzante_id == mia.pk:
                _correggi(nota, foglietto, adesso)
        if nuove:
            # Her lock does not keep another note-taker from a key that she made up too: then
            # the other's note stands.
            Nota.objects.bulk_create(nuove.values(), ignore_conflicts=True)
            note |= Nota.objects.in_bulk(nuove, field_name="chiave")
    return [_risultato(mia, foglietto, note.get(foglietto.chiave)) for foglietto in foglietti]


def _nuove(mia, foglietti, note, adesso) -> dict[uuid.UUID, Nota]:
    """The notes that are not there yet, each in its newest version, up to what she may write."""
    nuove: dict[uuid.UUID, Nota] = {}
    posto = ordine = None
    for foglietto in foglietti:
        if foglietto.chiave in note:
            continue
        if posto is None:
            posto = NOTE_MASSIME - mia.note.count()
        if foglietto.chiave not in nuove and len(nuove) >= posto:
            continue
        if foglietto.chiave in nuove and foglietto.versione <= nuove[foglietto.chiave].versione:
            continue
        quale = foglietto.ordine
        if quale is None:
            if ordine is None:
                ordine = mia.note.aggregate(n=Max("ordine"))["n"] or 0
            quale = ordine = ordine + 1
        nuove[foglietto.chiave] = Nota(
            chiave=foglietto.chiave,
            incontro_id=mia.incontro_id,
            verbalizzante=mia,
            ordine=quale,
            digitata_at=min(foglietto.digitata_at or adesso, adesso),
            **_valori(foglietto, None, adesso),
        )
    return nuove


def _correggi(nota: Nota, foglietto: Foglietto, adesso: datetime) -> None:
    """Bring ``nota`` to what was sent if that is newer, and up to date either way: whoever puts
    the notes in order may be rewriting it, and takes no lock of hers."""
    if foglietto.versione <= nota.versione:
        return
    valori = _valori(foglietto, nota, adesso)
    piu_vecchia = Nota.objects.filter(pk=nota.pk, versione__lt=foglietto.versione)
    if piu_vecchia.update(**valori, updated_at=adesso):
        for campo, valore in valori.items():
            setattr(nota, campo, valore)
    else:
        nota.refresh_from_db()


def _valori(foglietto, nota, adesso) -> dict:
    eliminata_at = (nota and nota.eliminata_at) or adesso
    return {
        "versione": foglietto.versione,
        "tavolo": foglietto.tavolo,
        "genere": foglietto.genere,
        "testo": foglietto.testo,
        "eliminata_at": eliminata_at if foglietto.eliminata else None,
    }


def _risultato(mia, foglietto, nota) -> Risultato:
    if nota is None:
        return Risultato(
            Esito.RIFIUTATA,
            errore=_("Hai già scritto %(quante)d note: di più non ne entrano.")
            % {"quante": NOTE_MASSIME},
        )
    if nota.verbalizzante_id != mia.pk:
        return Risultato(Esito.RIFIUTATA, errore=_("Questa nota è di un'altra persona."))
    uguale = (nota.testo, nota.genere, nota.tavolo, nota.eliminata_at is not None) == (
        foglietto.testo,
        foglietto.genere,
        foglietto.tavolo,
        foglietto.eliminata,
    )
    return Risultato(Esito.SALVATA if uguale else Esito.SUPERATA, nota)


# --- The role -------------------------------------------------------------------------------


def prepara_tavoli(incontro: Incontro, quanti: int) -> list[Verbalizzante]:
    """One note-taker for each table that has none yet, called after it: her link goes on paper,
    beside the table. Gives those that were made."""
    with transaction.atomic():
        Incontro.objects.select_for_update(no_key=True, of=("self",)).get(pk=incontro.pk)
        coperti = set(incontro.verbalizzanti.values_list("tavolo", flat=True))
        return [
            Verbalizzante.objects.create(
                incontro=incontro, nome=_("Tavolo %(n)d") % {"n": tavolo}, tavolo=tavolo
            )
            for tavolo in range(1, quanti + 1)
            if tavolo not in coperti
        ]
