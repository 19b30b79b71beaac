"""A meeting as lists show it: every text ready, so that a template only writes it down.

A list page shows twenty of them; looking up urls, dates and choices inside the template's loop
would cost more than the page's queries.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from portale.lib import dates
from portale.lib.memoria import ricorda_molti

from .models import Incontro, Servizio
from .models.incontri import IncontroQuerySet
from .services import perche_chiuse


@dataclass(frozen=True, slots=True)
class Scheda:
    url: str
    titolo: str
    # The calendar leaf: empty while the day is not known.
    giorno: str
    mese: str
    anno: str
    quando: str
    iso: str
    orario: str
    dove: str
    laboratorio: str
    posti: str
    distintivi: list[tuple[str, str]]
    # The same, written: a loop inside a loop is what a template does slowest.
    etichette: SafeString
    avviso: str
    resoconto_url: str = ""
    # Where to register now, and what one does there; empty while nobody can.
    iscriviti_url: str = ""
    iscriviti_verbo: str = ""

    def __getitem__(self, nome):
        """A template looks for an item first and for an attribute only after the exception:
        answering spares a list page some four hundred of them."""
        return getattr(self, nome)


def schede(incontri: Iterable[Incontro], adesso: datetime) -> list[Scheda]:
    """The cards of meetings fetched with ``for_schede()`` or, if past, ``for_schede_passate()``.

    One more query, for the stages that open registering.
    """
    incontri = list(incontri)
    _leggi_fasi(incontro for incontro in incontri if not incontro.finito(adesso))
    base = reverse("eventi:incontro_list")
    citta = gettext("Tutta la città")
    return [_scheda(incontro, adesso, base, citta) for incontro in incontri]


def schede_note(incontri: IncontroQuerySet, adesso: datetime) -> list[Scheda]:
    """The cards of a list of the public, in its order: one query says which, and only those that
    this process does not remember are made."""

    def calcola(chiavi):
        trovati = list(Incontro.objects.filter(pk__in=chiavi).for_schede().with_resoconto_at())
        return {
            incontro.pk: scheda
            for incontro, scheda in zip(trovati, schede(trovati, adesso), strict=True)
        }

    chiavi = incontri.values_list("pk", flat=True)
    return ricorda_molti(f"scheda-{get_language()}", chiavi, calcola)


def _leggi_fasi(incontri):
    """One process for all its meetings, so that its stages are read and kept once."""
    percorsi = {}
    for incontro in incontri:
        incontro.percorso = percorsi.setdefault(incontro.percorso_id, incontro.percorso)
    prefetch_related_objects(list(percorsi.values()), "fasi")


def _scheda(incontro, adesso, base, citta):
    url = f"{base}{incontro.slug}/"
    perche, voci = perche_chiuse(incontro, adesso), distintivi(incontro, adesso)
    giorno = mese = anno = iso = orario = ""
    if incontro.inizio:
        locale = dates.a_roma(incontro.inizio)
        giorno, mese, anno = str(locale.day), dates.mese_breve(locale), str(locale.year)
        iso = locale.isoformat("T", "minutes") if incontro.ora_nota else f"{locale:%Y-%m-%d}"
        orario = f"{locale:%H:%M}" if incontro.ora_nota else ""
    return Scheda(
        url=url,
        titolo=incontro.titolo,
        giorno=giorno,
        mese=mese,
        anno=anno,
        quando=incontro.quando,
        iso=iso,
        orario=orario,
        dove=incontro.dove,
        laboratorio=incontro.laboratorio.nome if incontro.laboratorio else citta,
        posti="" if incontro.finito(adesso) else posti_a_parole(incontro, perche),
        distintivi=voci,
        etichette=mark_safe(" ".join(_etichetta(*voce) for voce in voci)),  # noqa: S308
        avviso=avviso(incontro),
        resoconto_url=f"{url}resoconto/" if getattr(incontro, "resoconto_at", None) else "",
        iscriviti_url="" if perche else f"{url}iscrizione/",
        iscriviti_verbo="" if perche else verbo(incontro),
    )


def posti_a_parole(incontro: Incontro, perche: str) -> str:
    """ "12 posti liberi", or ``perche`` nobody can register now; empty where it no longer matters.

    Seats promised to the waiting list count as taken: a newcomer does not get them.
    """
    if incontro.stato != Incontro.Stato.PUBBLICATO:
        return ""
    if perche:
        return perche
    if incontro.posti is None:
        return gettext("Senza limite di posti")
    if in_lista_d_attesa(incontro):
        return gettext("Completo: c'è la lista d'attesa")
    return ngettext(
        "%(n)d posto libero su %(totale)d",
        "%(n)d posti liberi su %(totale)d",
        incontro.posti_liberi,
    ) % {"n": incontro.posti_liberi, "totale": incontro.capienza}


def verbo(incontro: Incontro) -> str:
    """What the button to register says."""
    if in_lista_d_attesa(incontro):
        return gettext("Entra in lista d’attesa")
    return gettext("Iscriviti")


def in_lista_d_attesa(incontro: Incontro) -> bool:
    """Whether who registers now gets in line (``with_in_lista()``)."""
    return incontro.posti is not None and (incontro.completo or incontro.in_lista)


def distintivi(incontro: Incontro, adesso: datetime) -> list[tuple[str, str]]:
    """The small labels of a meeting (``with_servizi_offerti()``): (words, tone of the label)."""
    voci = []
    if incontro.percorso.esempio:
        voci.append((gettext("esempio"), "esempio"))
    if incontro.stato == Incontro.Stato.ANNULLATO:
        voci.append((gettext("annullato"), "danger"))
    elif incontro.stato == Incontro.Stato.RINVIATO:
        voci.append((gettext("rinviato"), "warning"))
    elif incontro.spostato:
        voci.append((gettext("spostato"), "warning"))
    if incontro.modalita == Incontro.Modalita.ONLINE:
        voci.append((gettext("online"), "primary"))
    elif incontro.modalita == Incontro.Modalita.MISTA:
        voci.append((gettext("anche online"), "primary"))
    if incontro.stato == Incontro.Stato.ANNULLATO or incontro.finito(adesso):
        return voci
    if incontro.sede and incontro.sede.senza_gradini:
        voci.append((gettext("senza gradini"), "success"))
    for servizio in incontro.servizi_offerti:
        voci.append((str(Servizio.Genere(servizio.genere).label), "secondary"))
    return voci


@lru_cache(maxsize=256)
def _etichetta(testo, tono):
    return format_html('<span class="badge etichetta etichetta-{}">{}</span>', tono, testo)


def avviso(incontro: Incontro) -> str:
    """What changed, in one sentence, for who remembers the meeting as it was."""
    if incontro.stato == Incontro.Stato.ANNULLATO:
        return gettext("Annullato: non si terrà.")
    prima = incontro.inizio_precedente
    if prima is None:
        return (
            gettext("Rinviato a data da comunicare.")
            if incontro.stato == Incontro.Stato.RINVIATO
            else ""
        )
    if incontro.stato == Incontro.Stato.RINVIATO:
        return gettext("Rinviato: era previsto %(quando)s. La nuova data è da comunicare.") % {
            "quando": dates.giorno_e_ora(prima)
        }
    if incontro.spostato:
        return gettext("Spostato: prima era %(quando)s.") % {"quando": dates.giorno_e_ora(prima)}
    return ""
