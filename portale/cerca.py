"""The office's search of everything: what each app says that can be found, as far as the person
may see it in the admin, in a fixed number of queries.

Nothing is found here that her lists would not show, and the lists show all of what is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import admin
from django.urls import reverse
from django.utils.http import urlencode

from accounts import cerca as accounts
from accounts.models import Partecipante
from comunicazioni import cerca as comunicazioni
from eventi import cerca as eventi
from importazioni import cerca as importazioni
from laboratori import cerca as laboratori
from percorso import cerca as percorso
from portale.lib import cercato
from portale.lib.cercato import Sezione
from portale.lib.testo import normalizza_email
from posta import cerca as posta
from proposte import cerca as proposte
from tavolo import cerca as tavolo

# How many of each are shown.
QUANTE = 5
# As an officer looks for them: who called, what for, then the rest.
SEZIONI: Sequence[Sezione] = (
    *eventi.SEZIONI,
    *proposte.SEZIONI,
    *laboratori.SEZIONI,
    *tavolo.SEZIONI,
    *accounts.SEZIONI,
    *comunicazioni.SEZIONI,
    *posta.SEZIONI,
    *importazioni.SEZIONI,
    *percorso.SEZIONI,
)


@dataclass(frozen=True)
class Trovata:
    """A row found: what it is called, what tells it from others, its page."""

    testo: str
    dettaglio: str
    url: str
    esempio: bool


@dataclass(frozen=True)
class Gruppo:
    """A section with what was found in it; ``altre`` is the list of all, when there are more."""

    titolo: str
    nome: str
    trovate: list[Trovata]
    altre: str = ""


def cerca(request, testo: str) -> list[Gruppo]:
    """What this person finds for a text that says enough (:func:`cercato.abbastanza`); sections
    without anything are left out."""
    gruppi, indirizzi = {}, set()
    # What names somebody, whose address is found on the way; a word of a name does not.
    personale = bool(cercato.telefono(testo)) or eventi.e_un_codice(testo)
    for sezione in sorted(SEZIONI, key=lambda sezione: sezione.modello is Partecipante):
        model_admin = admin.site.get_model_admin(sezione.modello)
        if not model_admin.has_view_or_change_permission(request):
            continue
        if sezione.modello is Partecipante:
            righe = _partecipanti(model_admin, request, testo, indirizzi)
        else:
            righe = sezione.trovate(model_admin, request, testo, QUANTE + 1)
        if personale and sezione.indirizzi is not None:
            indirizzi.update(normalizza_email(sezione.indirizzi(riga) or "") for riga in righe)
        if righe:
            gruppi[sezione.modello] = _gruppo(sezione, righe, testo)
    return [gruppi[uno.modello] for uno in SEZIONI if uno.modello in gruppi]


def _partecipanti(model_admin, request, testo, indirizzi):
    """She whose address was typed, or those whom a telephone or a code has led to: their names
    are not leafed through."""
    noti = {normalizza_email(testo) if "@" in testo else "", *indirizzi} - {""}
    righe = model_admin.get_queryset(request).filter(email__in=noti or [""])
    return list(righe.order_by("-pk")[: QUANTE + 1])


def _gruppo(sezione, righe, testo):
    opts = sezione.modello._meta
    porta = f"admin:{opts.app_label}_{opts.model_name}"
    trovate = []
    for riga in righe[:QUANTE]:
        nome, dettaglio = sezione.riga(riga)
        url = reverse(f"{porta}_change", args=[riga.pk])
        trovate.append(Trovata(nome, dettaglio, url, getattr(riga, "esempio", False)))
    altre = ""
    if len(righe) > QUANTE:
        altre = f"{reverse(f'{porta}_changelist')}?{urlencode({'q': testo, **sezione.elenco})}"
    return Gruppo(str(sezione.titolo), f"{opts.app_label}-{opts.model_name}", trovate, altre)
