"""Closing a meeting: its report, begun from what was counted at the door, and its files."""

import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from portale.lib.file_sicuri import (
    PESO_MASSIMO,
    FileRifiutato,
    bonifica,
    copia,
    troppo_grande,
    vuoto,
)

from . import presenze
from .models import AllegatoResoconto, Incontro, Resoconto
from .posti import incontro_bloccato
from .services import Rifiuto, segna_svolto

# Photographs and documents of one report.
ALLEGATI_MASSIMI = 30
CAMPI = (
    "testo",
    "metodo",
    "partecipanti",
    "partecipanti_note",
    "organizzazioni",
    "bisogni",
    "idee",
)


def contate(incontro: Incontro) -> dict:
    """What a report begins from: ``partecipanti`` and the counts ``per categoria``; nothing where
    nobody took attendance."""
    conti = presenze.conta(incontro)
    if not conti.rilevato:
        return {"partecipanti": None, "presenze": {}}
    return {
        "partecipanti": conti.totale,
        "presenze": {
            "iscritti": conti.iscritti,
            "senza_iscrizione": conti.senza_iscrizione,
            **(conti.categorie if conti.senza_iscrizione else {}),
        },
    }


def salva(incontro: Incontro, valori: dict, *, autore, adesso: datetime) -> Resoconto:
    """Keep the report of a meeting that is over, which is thereby ``svolto``: its draft, or what
    is public already. Raises Rifiuto before the end, and when a number differs from what was
    counted and no word says why."""
    segna_svolto(incontro, autore=autore, adesso=adesso)
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        inizio = contate(incontro)
        contati, scritti = inizio["partecipanti"], valori["partecipanti"]
        diversi = contati is not None and scritti != contati
        if diversi and not valori["partecipanti_note"].strip():
            raise Rifiuto(
                _(
                    "Alla porta sono state contate %(contati)d persone. Se il numero giusto è un "
                    "altro, scrivi perché in «partecipanti, a parole»."
                )
                % {"contati": contati}
            )
        resoconto = Resoconto.objects.filter(incontro=incontro).first()
        resoconto = resoconto or Resoconto(incontro=incontro)
        for campo in CAMPI:
            setattr(resoconto, campo, valori[campo])
        # Whose registrations have been deleted cannot be counted any more: the counts stay.
        resoconto.presenze = inizio["presenze"] or resoconto.presenze
        resoconto.save()
        return resoconto


@dataclass(frozen=True)
class Rifatto:
    """A file made anew: what it is, the fingerprint of what was received, and its content."""

    genere: str
    impronta: str
    file: File


def rifai(file: File) -> Rifatto:
    """A photograph or a PDF made anew: without where and with what it was taken, under a name that
    says nothing. Takes up to some seconds. Raises Rifiuto, fit to be shown."""
    if not file.size:
        raise Rifiuto(vuoto())
    if file.size > PESO_MASSIMO:
        raise Rifiuto(troppo_grande())
    with tempfile.TemporaryDirectory(prefix="resoconto-") as cartella:
        cartella = Path(cartella)
        impronta = copia(file, cartella / "ricevuto")
        try:
            esito = bonifica(cartella)
        except FileRifiutato as no:
            raise Rifiuto(str(no)) from no
        Genere = AllegatoResoconto.Genere  # noqa: N806
        immagine = esito["genere"] == "immagine"
        nome = f"{secrets.token_hex(16)}.{'jpg' if immagine else 'pdf'}"
        contenuto = ContentFile((cartella / "file").read_bytes(), name=nome)
    return Rifatto(Genere.IMMAGINE if immagine else Genere.DOCUMENTO, impronta, contenuto)


def allega(resoconto: Resoconto, file: File, titolo: str) -> AllegatoResoconto:
    """Keep a photograph or a PDF of a report (see :func:`rifai`); the same file sent twice is
    one. Raises Rifiuto. Never call it while a lock is held by you."""
    titolo = " ".join(titolo.split())[:160]
    if not titolo:
        raise Rifiuto(_("Scrivi che cosa è il file: di una foto, che cosa si vede."))
    rifatto = rifai(file)
    with transaction.atomic():
        # One file at a time: of two sendings of the same the second finds it.
        Resoconto.objects.select_for_update(no_key=True, of=("self",)).get(pk=resoconto.pk)
        if gia := resoconto.allegati.filter(impronta=rifatto.impronta).first():
            return gia
        if resoconto.allegati.count() >= ALLEGATI_MASSIMI:
            raise Rifiuto(_("Ci sono già %(n)d file: togline uno.") % {"n": ALLEGATI_MASSIMI})
        allegato = AllegatoResoconto(
            resoconto=resoconto, genere=rifatto.genere, titolo=titolo, impronta=rifatto.impronta
        )
        allegato.file.save(rifatto.file.name, rifatto.file, save=False)
        try:
            allegato.save()
        except BaseException:
            allegato.file.storage.delete(allegato.file.name)
            raise
    return allegato


# --- In words -------------------------------------------------------------------------------


def per_categoria(resoconto: Resoconto) -> list[tuple[str, list[tuple[str, int]]]]:
    """The counts of a report, for its page: (category, [(words, how many), …])."""
    conti = resoconto.presenze
    if not conti:
        return []
    gruppi = [
        (
            _("Come sono arrivate"),
            [
                (_("iscritte"), conti.get("iscritti", 0)),
                (_("senza iscrizione"), conti.get("senza_iscrizione", 0)),
            ],
        )
    ]
    nomi = {
        "genere": _("Chi è entrato senza iscrizione: genere"),
        "eta": _("Chi è entrato senza iscrizione: età"),
        "volta": _("Chi è entrato senza iscrizione: altre volte"),
    }
    for categoria, scelte in presenze.CATEGORIE.items():
        quanti = conti.get(categoria, {})
        righe = [
            (str(nome), quanti[valore]) for valore, nome in scelte.choices if quanti.get(valore)
        ]
        # All "not recorded" says nothing.
        if any(quanti.get(valore) for valore in scelte.values if valore):
            gruppi.append((nomi[categoria], righe))
    return gruppi
