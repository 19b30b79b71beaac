"""A proposal or a need as the lists show it: every text ready, so that a template only writes it
down (as in ``eventi.schede``)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models.functions import Left
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, ngettext

from portale.lib import dates
from portale.lib.memoria import ricorda_molti
from portale.lib.ricerca import estratto, evidenzia

from .filtri import quante_rispondono
from .models import Bisogno, Proposta
from .righe import NON_SERVE, TONI

# Characters of a text that a card shows, and that are read in order to choose them.
ESTRATTO, LETTI = 200, 400


@dataclass(frozen=True, slots=True)
class Scheda:
    pk: int
    url: str
    titolo: str
    # Labels: (words, tone), and the same written.
    distintivi: list[tuple[str, str]]
    etichette: SafeString
    # Who and where; when; what it is about; how many are with it.
    fatti: str
    quando: str
    iso: str
    temi: str
    conteggi: str
    estratto: str

    def __getitem__(self, nome):
        """A template looks for an item first (see ``eventi.schede``)."""
        return getattr(self, nome)


def schede(chiavi: Sequence[int], nascosti: Collection[int]) -> list[Scheda]:
    """The cards of these proposals, in their order; without the number of supports for the
    processes that hide them (``filtri.nascosti``). Only those that this process does not
    remember are made."""

    def calcola(mancanti):
        proposte = (
            Proposta.objects.filter(pk__in=mancanti)
            .select_related("laboratorio", "incontro", "percorso")
            .prefetch_related("temi")
            .defer(*NON_SERVE)
            .annotate(inizio=Left("che_cosa", LETTI))
        )
        base, citta = reverse("proposte:proposta_list"), gettext("Tutta la città")
        return {
            proposta.pk: _scheda(
                proposta, base, citta, sostegni=proposta.percorso_id not in nascosti
            )
            for proposta in proposte
        }

    return ricorda_molti(f"scheda-proposta-{get_language()}", chiavi, calcola)


def _scheda(proposta, base, citta, *, sostegni):
    voci = [(capfirst(proposta.get_stato_display()), TONI.get(proposta.stato, "secondary"))]
    if proposta.esempio:
        voci.append((gettext("esempio"), "esempio"))
    giorno = dates.a_roma(proposta.pubblicata_at).date()
    return Scheda(
        pk=proposta.pk,
        url=f"{base}{proposta.slug}/",
        titolo=proposta.titolo,
        distintivi=voci,
        etichette=_etichette(voci),
        fatti=f"{proposta.firma} · {proposta.laboratorio.nome if proposta.laboratorio else citta}",
        quando=dates.giorno_mese_anno(giorno),
        iso=giorno.isoformat(),
        temi=", ".join(tema.nome for tema in proposta.temi.all()),
        conteggi=_conteggi(proposta, sostegni),
        estratto=estratto(proposta.inizio, lunghezza=ESTRATTO),
    )


def _conteggi(proposta, sostegni):
    """ "12 sostegni · 3 commenti"; without the first where they are not to be seen."""
    parti = []
    if sostegni:
        parti.append(
            ngettext("%(n)d sostegno", "%(n)d sostegni", proposta.n_sostegni)
            % {"n": proposta.n_sostegni}
        )
    parti.append(
        ngettext("%(n)d commento", "%(n)d commenti", proposta.n_commenti)
        % {"n": proposta.n_commenti}
    )
    return " · ".join(parti)


def _etichette(voci) -> SafeString:
    return format_html_join(
        " ",
        '<span class="badge etichetta etichetta-{}">{}</span>',
        ((tono, testo) for testo, tono in voci),
    )


# --- Needs ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SchedaBisogno:
    pk: int
    url: str
    titolo: str
    distintivi: list[tuple[str, str]]
    etichette: SafeString
    fatti: str
    temi: str
    estratto: str
    # "3 proposte rispondono", and where they are; both empty when there is none.
    risposte: str
    risposte_url: str

    def __getitem__(self, nome):
        return getattr(self, nome)


def schede_bisogni(chiavi: Sequence[int]) -> list[SchedaBisogno]:
    """The cards of these needs, in their order."""

    def calcola(mancanti):
        rispondono = quante_rispondono(mancanti)
        bisogni = (
            Bisogno.objects.filter(pk__in=mancanti)
            .select_related("laboratorio", "incontro")
            .prefetch_related("temi")
            .defer("testo", "indice")
            .annotate(inizio=Left("testo", LETTI))
        )
        base, proposte = reverse("bisogni:bisogno_list"), reverse("proposte:proposta_list")
        return {
            bisogno.pk: _scheda_bisogno(bisogno, base, proposte, rispondono.get(bisogno.pk, 0))
            for bisogno in bisogni
        }

    return ricorda_molti(f"scheda-bisogno-{get_language()}", chiavi, calcola)


def _scheda_bisogno(bisogno, base, proposte, quante):
    voci = []
    if bisogno.priorita:
        priorita = gettext("priorità %(priorita)s") % {"priorita": bisogno.get_priorita_display()}
        toni = {Bisogno.Priorita.ALTA: "danger", Bisogno.Priorita.MEDIA: "warning"}
        voci.append((priorita, toni.get(bisogno.priorita, "secondary")))
    if bisogno.esempio:
        voci.append((gettext("esempio"), "esempio"))
    fatti = [bisogno.laboratorio.nome if bisogno.laboratorio else gettext("Tutta la città")]
    if bisogno.incontro:
        fatti.append(gettext("dall'incontro «%(titolo)s»") % {"titolo": bisogno.incontro.titolo})
    if bisogno.punti is not None:
        fatti.append(
            ngettext("%(n)d bollino", "%(n)d bollini", bisogno.punti) % {"n": bisogno.punti}
        )
    return SchedaBisogno(
        pk=bisogno.pk,
        url=f"{base}{bisogno.slug}/",
        titolo=bisogno.titolo,
        distintivi=voci,
        etichette=_etichette(voci),
        fatti=" · ".join(fatti),
        temi=", ".join(tema.nome for tema in bisogno.temi.all()),
        estratto=estratto(bisogno.inizio, lunghezza=ESTRATTO),
        risposte=(
            ngettext("%(n)d proposta risponde", "%(n)d proposte rispondono", quante)
            % {"n": quante}
            if quante
            else ""
        ),
        risposte_url=f"{proposte}?bisogno={bisogno.slug}" if quante else "",
    )


# --- What was looked for --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trovata:
    """A card, with the words that were looked for marked in its title and extract."""

    scheda: Scheda | SchedaBisogno
    titolo: SafeString
    estratto: SafeString

    def __getitem__(self, nome):
        if nome in ("titolo", "estratto"):
            return getattr(self, nome)
        return getattr(self.scheda, nome)


def evidenziate(modello, schede: list[Scheda] | list[SchedaBisogno], radici) -> list[Trovata]:
    """The same cards with what was looked for: an extract around the first of the words, of
    whichever text has it. One query, for the texts of a page."""
    campi = ("che_cosa", "perche", "per_chi", "luogo") if modello is Proposta else ("testo",)
    righe = modello.objects.filter(pk__in=[scheda.pk for scheda in schede])
    testi = {pk: suoi for pk, *suoi in righe.values_list("pk", *campi)}
    cercate = set(radici)
    return [
        Trovata(
            scheda,
            evidenzia(scheda.titolo, cercate),
            _estratto(testi.get(scheda.pk, ()), cercate) or evidenzia(scheda.estratto, cercate),
        )
        for scheda in schede
    ]


def _estratto(testi, cercate):
    """Of the first text that has one of the words; empty when none does."""
    for testo in testi:
        parte = evidenzia(estratto(testo, cercate, lunghezza=ESTRATTO), cercate)
        if "<mark>" in parte:
            return parte
    return ""
