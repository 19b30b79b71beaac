"""Where sessions are kept (``SESSION_ENGINE``): the framework's store in the database, that also
writes down of whom each one speaks.

A session says who it is of only when it is opened: without this, to forget one person would mean
to open those of all.
"""

import re
from collections.abc import Iterator
from hashlib import sha256

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

# The key by which a visit is that of who takes part without an account.
PARTECIPANTE = "partecipante"
_INDIRIZZO = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


def di_persona(pk: object) -> str:
    return f"persona:{pk}"


def di_partecipante(pk: object) -> str:
    return f"partecipante:{pk}"


def di_indirizzo(email: str) -> str:
    """Its fingerprint: the table is no list of addresses."""
    return sha256(email.strip().casefold().encode()).hexdigest()


def a_chi(dati: dict) -> set[str]:
    """Of whom these data of a session speak: who is signed in, and every address that stands in
    them (a login that waits for its code, an identity that waits for the rest)."""
    trovati = {di_indirizzo(testo) for testo in _testi(dati) if _INDIRIZZO.fullmatch(testo)}
    if persona := dati.get(SESSION_KEY):
        trovati.add(di_persona(persona))
    if partecipante := dati.get(PARTECIPANTE):
        trovati.add(di_partecipante(partecipante))
    return trovati


def _testi(valore) -> Iterator[str]:
    if isinstance(valore, str):
        yield valore.strip()
    elif isinstance(valore, dict):
        for dentro in valore.values():
            yield from _testi(dentro)
    elif isinstance(valore, list | tuple):
        for dentro in valore:
            yield from _testi(dentro)


class SessionStore(DatabaseStore):
    def __init__(self, session_key=None):
        super().__init__(session_key)
        # What is written of the row that was read; a new row has nothing.
        self._riferiti = set()

    @classmethod
    def get_model_class(cls):
        from accounts.models import Sessione

        return Sessione

    def load(self):
        dati = super().load()
        self._riferiti = a_chi(dati)
        return dati

    def create(self):
        self._riferiti = set()
        super().create()

    def create_model_instance(self, data):
        sessione = super().create_model_instance(data)
        adesso = a_chi(data)
        if adesso != self._riferiti:
            sessione.da_riferire = self._riferiti = adesso
        return sessione
