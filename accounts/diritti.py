"""What a person may do with the data held about her: see them, take them away, erase them."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import IO

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.core.signing import BadSignature, TimestampSigner
from django.db import OperationalError, transaction
from django.template.loader import render_to_string
from django.utils.text import get_valid_filename
from django.utils.translation import get_language

from portale.lib.testo import normalizza_email
from posta.services import accoda

from .finalita import Finalita, mostrate
from .interessato import (
    Interessato,
    Recapito,
    Sezione,
    cancellatori,
    cercatori,
    conoscitori,
    dell_indirizzo,
    della_persona,
    impedimenti,
    raccoglitori,
    senza_indirizzo,
)
from .models import Cancellazione, Partecipante, Scarico, User

_TENTATIVI = 3


@dataclass(frozen=True)
class Raccolta:
    """What is held for one purpose."""

    finalita: Finalita
    sezioni: list[Sezione]

    @property
    def quante(self) -> int:
        return sum(len(sezione.righe) for sezione in self.sezioni)


def raccogli(interessato: Interessato) -> list[Raccolta]:
    """All that is held about her, purpose by purpose, those for which nothing is held included."""
    return [
        Raccolta(
            una,
            [sezione for sezione in raccoglitori[una.codice](interessato) if sezione.righe],
        )
        for una in mostrate()
        if una.codice in raccoglitori
    ]


# --- The page of who has no account ---------------------------------------------------------

# How long it stays open, from the moment in which the mail's link was opened.
APERTA = timedelta(hours=1)


def _firma():
    return TimestampSigner(salt="accounts.dati", sep=".")


def token_dati(partecipante: Partecipante) -> str:
    """The key of her page: for who has just shown that the address is hers."""
    return _firma().sign(partecipante.codice)


def dal_token(token: str) -> Partecipante | None:
    """Whose page it is; None when the key is altered, too old, or she erased herself."""
    try:
        codice = _firma().unsign(token, max_age=APERTA)
    except BadSignature:
        return None
    return Partecipante.objects.filter(codice=codice).first()


def ha_un_account(interessato: Interessato) -> bool:
    """Whether she can sign in, and see to her data there: who has a second factor must not lose
    her account to whoever reads her mail."""
    persona = interessato.persona
    return persona is not None and persona.is_active and bool(persona.indirizzi_verificati())


# --- Taking them away -----------------------------------------------------------------------


def scarica(
    interessato: Interessato, *, canale: str, autore: User | None = None, adesso: datetime
) -> IO[bytes]:
    """A ZIP with all that is held about her, as data, as a page and with her files; it leaves a
    row that says who took it away. On the disk, whatever its size: closing it deletes it."""
    Scarico.objects.create(
        canale=canale,
        persona=interessato.persona,
        partecipante=interessato.partecipanti[0] if interessato.partecipanti else None,
        autore=autore,
        created_at=adesso,
    )
    raccolte = raccogli(interessato)
    # Closed by the response that sends it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zip_:
            nomi = dict(_copia_allegati(raccolte, zip_))
            dati = _dati(raccolte, nomi, adesso)
            zip_.writestr(
                "dati.json",
                json.dumps(dati, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2),
            )
            contesto = {
                "raccolte": raccolte,
                "nomi": nomi,
                "ente": settings.ENTE,
                "adesso": adesso,
                "lingua": get_language() or settings.LANGUAGE_CODE,
            }
            zip_.writestr("dati.html", render_to_string("accounts/dati_pagina.html", contesto))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _copia_allegati(raccolte, zip_) -> Iterator[tuple[int, str]]:
    """Each file, with the name that it has in the ZIP by the identity of what stands for it."""
    numero = 0
    for raccolta in raccolte:
        for sezione in raccolta.sezioni:
            for allegato in sezione.allegati:
                numero += 1
                estensione = PurePath(allegato.file.name).suffix
                pulito = get_valid_filename(allegato.nome[:80] or "file")
                nome = f"allegati/{numero}-{pulito.removesuffix(estensione)}{estensione}"
                try:
                    da = allegato.file.storage.open(allegato.file.name)
                except FileNotFoundError:
                    # The row is there and its file is not: the rest must not wait for that.
                    continue
                with da, zip_.open(nome, "w") as a:
                    while pezzo := da.read(256 * 1024):
                        a.write(pezzo)
                yield id(allegato), nome


def _dati(raccolte, nomi, adesso):
    """What dati.json says. ``campi`` gives each key of ``righe`` in words."""
    return {
        "portale": settings.ENTE["portale"],
        "titolare": settings.ENTE["nome"],
        "preparato_il": adesso,
        "finalita": [
            {
                "codice": raccolta.finalita.codice,
                "quando": str(raccolta.finalita.nome),
                "quali_dati": str(raccolta.finalita.dati),
                "a_che_cosa_serve": str(raccolta.finalita.perche),
                "base_giuridica": str(raccolta.finalita.base),
                "per_quanto_tempo": raccolta.finalita.durata,
                "sezioni": [
                    {
                        "codice": sezione.codice,
                        "titolo": sezione.titolo,
                        "campi": sezione.campi,
                        "righe": sezione.righe,
                        "allegati": [
                            nomi[id(allegato)]
                            for allegato in sezione.allegati
                            if id(allegato) in nomi
                        ],
                    }
                    for sezione in raccolta.sezioni
                ],
            }
            for raccolta in raccolte
        ],
    }


# --- For who asks the office ----------------------------------------------------------------


def cerca_persone(testo: str) -> list[Recapito]:
    """Who has this whole address, or a name that holds these words; each once."""
    testo = " ".join(testo.split())
    if "@" in testo:
        return [Recapito("", normalizza_email(testo))]
    if len(testo) < 3:
        return []
    per_chi = {}
    for cercatore in cercatori.values():
        for recapito in cercatore(testo):
            if not recapito.email and not recapito.telefono:
                continue
            per_chi.setdefault(recapito.email or (recapito.nome, recapito.telefono), recapito)
    return sorted(per_chi.values())


def del_recapito(recapito: Recapito) -> Interessato:
    if recapito.email:
        return dell_indirizzo(recapito.email)
    return senza_indirizzo(recapito.nome, recapito.telefono)


# --- Erasing them ---------------------------------------------------------------------------


class Impedita(Exception):
    """She can not be erased yet; the message says why and what to do first."""


def perche_no(interessato: Interessato, adesso: datetime) -> str:
    """Why she can not be erased yet; empty when she can."""
    for impedisce in impedimenti.values():
        if perche := impedisce(interessato, adesso):
            return perche
    return ""


def cancella_tutto(
    interessato: Interessato,
    *,
    canale: str,
    autore: User | None = None,
    motivo: str = "",
    adesso: datetime,
) -> Cancellazione | None:
    """Erase what is held about her, or unsign what stays, all of it or nothing.

    Returns the row of the register, None when nothing was held (the second of two clicks).
    Raises Impedita.
    """
    for tentativo in range(_TENTATIVI):
        try:
            with transaction.atomic():
                return _cancella(interessato, canale, autore, motivo, adesso)
        except OperationalError:
            # She was writing at this instant in the other order, and the database chose us to
            # begin again. Inside somebody's transaction that is not ours to do.
            if tentativo + 1 == _TENTATIVI or transaction.get_connection().in_atomic_block:
                raise
    raise AssertionError("unreachable")


def _cancella(interessato, canale, autore, motivo, adesso):
    interessato = _bloccata(interessato)
    if interessato is None:
        return None
    if perche := perche_no(interessato, adesso):
        raise Impedita(perche)
    indirizzo, lingua = interessato.indirizzo, _lingua(interessato)
    for impara in conoscitori.values():
        impara(interessato)
    conteggi = {}
    for codice, funzione in cancellatori.items():
        fatti = {cosa: quante for cosa, quante in funzione(interessato, adesso).items() if quante}
        if fatti:
            conteggi[codice] = fatti
    if not conteggi:
        return None
    cancellazione = Cancellazione.objects.create(
        canale=canale, motivo=motivo, autore=autore, conteggi=conteggi, created_at=adesso
    )
    if indirizzo:
        accoda(
            "dati_cancellati",
            indirizzo,
            chiave=f"dati_cancellati:{cancellazione.pk}",
            lingua=lingua,
            adesso=adesso,
        )
    return cancellazione


def _bloccata(interessato) -> Interessato | None:
    """The same person as she is now, held until the end; None when her account is gone."""
    if interessato.persona is not None:
        user = User.objects.select_for_update(no_key=True).filter(pk=interessato.persona.pk)
        persona = user.first()
        if persona is None:
            return None
        nuovo = della_persona(persona)
        # An address that a link or the office vouched for, and her account did not.
        if interessato.indirizzi - nuovo.indirizzi:
            nuovo = dell_indirizzo(min(interessato.indirizzi - nuovo.indirizzi))
    elif interessato.indirizzi:
        nuovo = dell_indirizzo(min(interessato.indirizzi))
    else:
        return interessato
    pks = [partecipante.pk for partecipante in nuovo.partecipanti]
    righe = Partecipante.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    presenti = {riga.pk for riga in righe}
    if presenti != set(pks):
        # Somebody erased her between our look and our lock.
        return _bloccata(nuovo)
    return nuovo


def _lingua(interessato):
    if interessato.persona is not None:
        return interessato.persona.lingua
    if interessato.partecipanti:
        return interessato.partecipanti[0].lingua
    return settings.LANGUAGE_CODE
