"""What people look for in the lists of proposals and of needs."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from django import forms
from django.core.cache import cache
from django.db.models import Count, F, QuerySet
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi.filtri import CITTA
from eventi.filtri import zone as zone_da_scegliere
from percorso.models import Percorso
from portale.lib.memoria import ricorda

from . import ricerca
from .models import Bisogno, Canale, Proposta, Tema
from .scorrimento import Ordine, Pagina, a_caso, scorri, sfoglia

T = TypeVar("T")

# How many orders by chance there are: each is a page that can be kept for everybody.
SEMI = 1000
PAROLE_MASSIME = 100  # characters of a search
BISOGNI_MASSIMI = 50  # to choose from
# Counting more proposals than these takes a while: the counts are then shared by all processes,
# and so many seconds old at most.
MOLTE, DURATA_CONTEGGI = 5_000, 30


class CampoScelta(forms.ChoiceField):
    """A choice that may be left out."""

    def __init__(self, *, errore, choices=(), **kwargs):
        super().__init__(
            required=False,
            choices=[("", ""), *choices],
            error_messages={"invalid_choice": errore},
            **kwargs,
        )


class Filtro(forms.Form):
    """What the lists of needs and of proposals have in common. Wrong values are told, and the
    others still apply."""

    q = forms.CharField(
        label=_("Parole"),
        required=False,
        max_length=PAROLE_MASSIME,
        error_messages={
            "max_length": _("Scrivi al massimo %(limit_value)d caratteri."),
            "null_characters_not_allowed": _("Scrivi solo parole."),
        },
    )
    zona = CampoScelta(
        label=_("Laboratorio"), errore=_("Questo laboratorio non c'è: scegline uno dall'elenco.")
    )
    tema = CampoScelta(label=_("Tema"), errore=_("Questo tema non c'è: scegline uno dall'elenco."))

    def __init__(self, data):
        super().__init__(data)
        self.zone = {str(zona.numero): zona for zona in zone_da_scegliere()}
        self.temi = {tema.slug: tema for tema in temi()}
        self.fields["zona"].choices = [
            ("", ""),
            *((numero, zona.etichetta) for numero, zona in self.zone.items()),
            (CITTA, gettext("Tutta la città")),
        ]
        self.fields["tema"].choices = [("", ""), *((t.slug, t.nome) for t in self.temi.values())]

    def clean_q(self):
        testo = self.cleaned_data["q"]
        if testo and not ricerca.cercate(testo):
            raise forms.ValidationError(
                gettext("Scrivi almeno una parola che dica di che cosa si tratta."), code="vuota"
            )
        return testo

    @property
    def scelte(self):
        """The values that are right, whatever the others are."""
        self.is_valid()
        return self.cleaned_data

    @property
    def radici(self):
        """The stems of the words that are looked for."""
        return ricerca.cercate(self.scelte.get("q", ""))

    @property
    def scritto(self):
        """What the search field shows again."""
        return self.data.get("q", "")[:PAROLE_MASSIME].replace("\0", "")

    def _laboratorio(self):
        zona = self.scelte["zona"]
        return None if zona == CITTA else self.zone[zona].pk

    @property
    def numero_tema(self) -> int | None:
        """The number of the theme asked for."""
        tema = self.scelte.get("tema")
        return self.temi[tema].pk if tema else None

    def indirizzo(self, **cambi) -> dict:
        """The arguments of the link that keeps these filters, but for some: without the empty
        ones and the wrong ones."""
        argomenti = {
            campo: str(valore.slug if isinstance(valore, Bisogno) else valore)
            for campo, valore in self.scelte.items()
            if valore not in ("", None)
        }
        argomenti |= cambi
        return {campo: valore for campo, valore in argomenti.items() if valore is not None}

    def conta(self, gruppi: "Gruppi"):
        """How many there are, and for each value how many there would be beside the other
        filters: ``(total, {field: Counter})``."""
        scelte = self.scelte
        tema = self.numero_tema
        cercati = [scelte.get(campo) or None for campo in self.FACCE]
        zone = {zona.pk: numero for numero, zona in self.zone.items()} | {None: CITTA}
        slug = {tema.pk: tema.slug for tema in self.temi.values()}
        conteggi = {campo: Counter() for campo in (*self.FACCE, "tema")}
        totale = 0
        for laboratorio, *altri, suo, quanti in gruppi.per_tema if tema else gruppi.tutti:
            if suo != tema:
                continue
            valori = [zone.get(laboratorio), *altri]
            diversi = [i for i, c in enumerate(cercati) if c is not None and c != str(valori[i])]
            if not diversi:
                totale += quanti
                for campo, valore in zip(self.FACCE, valori, strict=True):
                    conteggi[campo][str(valore)] += quanti
            elif len(diversi) == 1:
                conteggi[self.FACCE[diversi[0]]][str(valori[diversi[0]])] += quanti
        for laboratorio, *altri, suo, quanti in gruppi.per_tema:
            valori = [zone.get(laboratorio), *altri]
            if all(c is None or c == str(v) for c, v in zip(cercati, valori, strict=True)):
                conteggi["tema"][slug.get(suo)] += quanti
        return totale, conteggi

    def attivi(self):
        """The filters in use: (field name, words)."""
        scelte = self.scelte
        voci = []
        if q := scelte.get("q"):
            voci.append(("q", f"«{q}»"))
        voci += [
            (campo, capfirst(str(dict(self.fields[campo].choices)[scelte[campo]])))
            for campo in ("zona", "tema", "stato", "canale", "priorita")
            if scelte.get(campo)
        ]
        if bisogno := scelte.get("bisogno"):
            voci.append(("bisogno", bisogno.titolo))
        return voci


# --- Proposals ------------------------------------------------------------------------------


class FiltroProposte(Filtro):
    """The filters and orders of the list of proposals."""

    # What is counted for each value, beside the themes, in the order of the groups.
    FACCE = ("zona", "stato", "canale")
    ORDINI = (
        ("recenti", _("Le più recenti")),
        ("sostenute", _("Le più sostenute")),
        ("commentate", _("Le più commentate")),
        ("casuale", _("In ordine casuale")),
    )

    stato = CampoScelta(
        label=_("Stato"),
        errore=_("Questo stato non c'è: scegline uno dall'elenco."),
        choices=[(stato, stato.label) for stato in Proposta.IN_ELENCO],
    )
    canale = CampoScelta(
        label=_("Com'è arrivata"),
        errore=_("Questo canale non c'è: scegline uno dall'elenco."),
        choices=Canale.choices,
    )
    bisogno = forms.CharField(label=_("Bisogno"), required=False, max_length=100)
    ordine = CampoScelta(
        label=_("Ordina"),
        errore=_("Questo ordine non c'è: scegline uno dall'elenco."),
        choices=ORDINI,
    )
    seme = forms.IntegerField(required=False, min_value=0, max_value=SEMI - 1)

    def __init__(self, data, *, oggi):
        super().__init__(data)
        self.oggi = oggi

    @cached_property
    def nascosti(self):
        return nascosti(self.oggi)

    def clean_bisogno(self):
        slug = self.cleaned_data["bisogno"]
        if not slug:
            return None
        if bisogno := Bisogno.objects.pubblici().filter(slug=slug).first():
            return bisogno
        raise forms.ValidationError(
            gettext("Questo bisogno non c'è: scegline uno dall'elenco."), code="invalid_choice"
        )

    def clean_ordine(self):
        ordine = self.cleaned_data["ordine"]
        # The order itself would tell what the stage keeps to the office.
        if ordine == "sostenute" and self.nascosti:
            raise forms.ValidationError(
                gettext("In questa fase i sostegni non si vedono: scegli un altro ordine."),
                code="nascosti",
            )
        return ordine

    def ordini(self):
        """The orders to choose from."""
        return [
            (valore, testo)
            for valore, testo in self.ORDINI
            if valore != "sostenute" or not self.nascosti
        ]

    @property
    def da_sorteggiare(self):
        """Whether the order is by chance, and nobody has drawn it yet."""
        return self.scelte.get("ordine") == "casuale" and self.scelte.get("seme") is None

    def in_ordine(self) -> Ordine:
        scelto = self.scelte.get("ordine")
        if scelto == "casuale":
            return a_caso(self.scelte.get("seme") or 0)
        if scelto == "sostenute":
            return Ordine("n_sostegni")
        return Ordine("n_commenti" if scelto == "commentate" else "pubblicata_at")

    def indirizzo(self, **cambi) -> dict:
        argomenti = super().indirizzo(**cambi)
        if argomenti.get("ordine") != "casuale":
            argomenti.pop("seme", None)
        return argomenti

    def dove(self) -> dict:
        """The filters on the proposal's own columns."""
        scelte = self.scelte
        dove = {campo: scelte[campo] for campo in ("stato", "canale") if scelte.get(campo)}
        if scelte.get("zona"):
            dove["laboratorio"] = self._laboratorio()
        return dove

    def nell_indice(self) -> dict:
        """The filters that the index of words knows too (``ricerca.cerca``)."""
        tema = self.numero_tema
        return self.dove() | ({"tema": tema} if tema else {})

    def del_bisogno(self, proposte: QuerySet) -> QuerySet:
        """Those that answer the need asked for."""
        bisogno = self.scelte.get("bisogno")
        return proposte.filter(bisogni=bisogno.pk) if bisogno else proposte

    def filtra(self, proposte: QuerySet) -> QuerySet:
        """The proposals asked for, search included."""
        proposte = self.del_bisogno(proposte.filter(**self.dove()))
        if tema := self.numero_tema:
            proposte = proposte.filter(temi=tema)
        if radici := self.radici:
            proposte = ricerca.con_parole(proposte, radici)
        return proposte


@dataclass(frozen=True)
class Elenco:
    """What the list shows: a page of it, how many there are in all, how many each choice would
    give (None where nobody knows), and whether there are more than these."""

    pagina: Pagina
    totale: int
    conteggi: dict | None
    troppe: bool = False


def elenca(filtro: FiltroProposte, argomenti) -> Elenco:
    """The page of the list that is asked for."""
    if filtro.radici:
        return _cercate(filtro, argomenti)
    proposte = Proposta.objects.in_elenco()
    if filtro.scelte.get("bisogno"):
        gruppi = _gruppi_di_proposte(filtro.del_bisogno(proposte))
    else:
        gruppi = ricorda_conti(
            "gruppi-di-proposte",
            lambda: _gruppi_di_proposte(Proposta.objects.in_elenco()),
            quante=lambda gruppi: sum(riga[-1] for riga in gruppi.tutti),
        )
    totale, conteggi = filtro.conta(gruppi)
    pagina = scorri(filtro.filtra(proposte), filtro.in_ordine(), argomenti, totale)
    return Elenco(pagina, totale, conteggi)


def trova(filtro: FiltroProposte) -> tuple[list[ricerca.Trovata], bool]:
    """The proposals of the list that have the words looked for and pass the filters, the best
    first, and whether these are all (:func:`proposte.ricerca.cerca`)."""
    return _trova(filtro, filtro.nell_indice())


def _trova(filtro, dove, **come):
    proposte = filtro.del_bisogno(Proposta.objects.in_elenco())
    # A need has few.
    poche = filtro.scelte.get("bisogno") is not None
    return ricerca.cerca(proposte, filtro.radici, poche=poche, **come, **dove)


def _cercate(filtro, argomenti):
    """Found by their words: all of them are here, or the best."""
    trovate, tutte = trova(filtro)
    # How many each choice would give can be told only where all are here that would be found
    # without the other filters.
    libere, note = trovate, tutte
    if tutte and filtro.nell_indice():
        libere, note = _trova(filtro, {}, solo_tutte=True)
    tipi = ((*t[1:4], t.temi, 1) for t in libere)
    conteggi = filtro.conta(_per_tema(tipi))[1] if note else None
    trovate = _in_ordine(filtro, trovate)
    pagina = sfoglia([trovata.pk for trovata in trovate], argomenti, len(trovate))
    return Elenco(pagina, len(trovate), conteggi, troppe=not tutte)


def _in_ordine(filtro, trovate):
    """The best first, unless an order is asked for."""
    if not filtro.scelte.get("ordine"):
        return trovate
    ordine = filtro.in_ordine()
    if ordine.da is not None:
        return sorted(trovate, key=lambda t: (t.sorte < ordine.da, t.sorte, t.pk))
    return sorted(trovate, key=lambda t: (getattr(t, ordine.campo), t.pk), reverse=True)


# --- Needs ----------------------------------------------------------------------------------


class FiltroBisogni(Filtro):
    """The filters and orders of the list of needs."""

    FACCE = ("zona", "priorita")
    ORDINI = (
        ("priorita", _("Prima i più urgenti")),
        ("recenti", _("Prima i più recenti")),
    )

    priorita = CampoScelta(
        label=_("Priorità"),
        errore=_("Questa priorità non c'è: scegline una dall'elenco."),
        choices=[(str(valore), testo) for valore, testo in Bisogno.Priorita.choices],
    )
    ordine = CampoScelta(
        label=_("Ordina"),
        errore=_("Questo ordine non c'è: scegline uno dall'elenco."),
        choices=ORDINI,
    )

    def filtra(self, bisogni: QuerySet) -> QuerySet:
        scelte = self.scelte
        if scelte.get("zona"):
            bisogni = bisogni.filter(laboratorio=self._laboratorio())
        if tema := self.numero_tema:
            bisogni = bisogni.filter(temi=tema)
        if scelte.get("priorita"):
            bisogni = bisogni.filter(priorita=scelte["priorita"])
        return bisogni


def elenca_bisogni(filtro: FiltroBisogni, argomenti) -> Elenco:
    """The page of the list of needs that is asked for. They are few beside the proposals."""
    bisogni = filtro.filtra(Bisogno.objects.pubblici())
    recenti = filtro.scelte.get("ordine") == "recenti"
    if radici := filtro.radici:
        chiavi, tutti = ricerca.cerca_bisogni(bisogni, radici, recenti=recenti)
        pagina = sfoglia(chiavi, argomenti, len(chiavi))
        return Elenco(pagina, len(chiavi), None, troppe=not tutti)
    gruppi = ricorda("gruppi-di-bisogni", _gruppi_di_bisogni)
    totale, conteggi = filtro.conta(gruppi)
    bisogni = bisogni.order_by("-pubblicato_at", "-pk") if recenti else per_priorita(bisogni)
    return Elenco(
        sfoglia(bisogni.values_list("pk", flat=True), argomenti, totale), totale, conteggi
    )


def per_priorita(bisogni: QuerySet) -> QuerySet:
    """First those that the workshops put first."""
    return bisogni.order_by(
        F("priorita").asc(nulls_last=True),
        F("punti").desc(nulls_last=True),
        "-pubblicato_at",
        "-pk",
    )


def quante_rispondono(bisogni: Iterable[int]) -> dict[int, int]:
    """How many proposals of the list answer each of these needs."""
    return dict(
        Proposta.bisogni.through.objects.filter(
            bisogno__in=list(bisogni), proposta__stato__in=Proposta.IN_ELENCO
        )
        .order_by()
        .values_list("bisogno")
        .annotate(quante=Count("pk"))
    )


# --- How many of each kind ------------------------------------------------------------------


class Gruppi(NamedTuple):
    """How many there are of each kind: as many rows as kinds, however many they are.

    ``tutti``: (lab, …, None, how many), with what ``FACCE`` names after the lab; ``per_tema`` the
    same for each theme in place of None: what has two themes counts in both.
    """

    tutti: list[tuple]
    per_tema: list[tuple]


def _gruppi_di_bisogni() -> Gruppi:
    """One query for the needs and one for their themes."""
    bisogni = Bisogno.objects.pubblici().order_by()
    tutti = bisogni.values_list("laboratorio", "priorita").annotate(quanti=Count("pk"))
    per_tema = bisogni.filter(temi__isnull=False).values_list("laboratorio", "priorita", "temi")
    return Gruppi(
        [(*riga[:-1], None, riga[-1]) for riga in tutti],
        list(per_tema.annotate(quanti=Count("pk"))),
    )


def _gruppi_di_proposte(righe: QuerySet) -> Gruppi:
    """One query, which reads an index alone (proposta_gruppi)."""
    colonne = ("stato", "laboratorio", "canale", "indice_temi")
    gruppi = righe.order_by().values_list(*colonne).annotate(quanti=Count("*"))
    return _per_tema((zona, stato, *altri) for stato, zona, *altri in gruppi)


def _per_tema(righe: Iterable[tuple]) -> Gruppi:
    """Of (lab, state, channel, numbers of the themes, how many)."""
    tutti, per_tema = Counter(), Counter()
    for *tipo, temi, quanti in righe:
        tutti[*tipo, None] += quanti
        for tema in temi.split():
            per_tema[*tipo, int(tema)] += quanti
    return Gruppi(
        [(*tipo, quanti) for tipo, quanti in tutti.items()],
        [(*tipo, quanti) for tipo, quanti in per_tema.items()],
    )


def ricorda_conti(nome: str, calcola: Callable[[], T], *, quante: Callable[[T], int]) -> T:
    """What ``calcola()`` counts, remembered. Of more than MOLTE rows (``quante(result)``) all
    processes share one count, some seconds old at most; of fewer it is always that of now."""

    def trova():
        conti = cache.get(nome)
        if conti is None:
            conti = calcola()
            if quante(conti) > MOLTE:
                cache.set(nome, conti, DURATA_CONTEGGI)
        return conti

    return ricorda(nome, trova)


class VoceTema(NamedTuple):
    pk: int
    slug: str
    nome: str
    attivo: bool


def temi() -> list[VoceTema]:
    """Every theme, in the office's order."""
    return ricorda(
        "temi", lambda: [VoceTema(*riga) for riga in Tema.objects.values_list(*VoceTema._fields)]
    )


def nascosti(oggi) -> frozenset[int]:
    """The processes of which a stage of today keeps the number of supports to the office."""

    def calcola():
        attivi = Percorso.objects.attivi().with_fasi()
        return frozenset(p.pk for p in attivi if p.sostegni_nascosti(oggi))

    return ricorda(f"sostegni-nascosti-{oggi}", calcola)


def nuovo_seme() -> int:
    return secrets.randbelow(SEMI)


def prossimo_seme(seme: int) -> int:
    """Another order by chance: a link that everybody may keep says which."""
    return (seme * 421 + 54773) % SEMI


def bisogni_da_scegliere(filtro: FiltroProposte) -> list[tuple[str, str]]:
    """(slug, title) of the needs to choose from, those of the lab that is chosen: first the ones
    that the workshops put first."""
    zona = filtro.scelte.get("zona")

    def calcola():
        bisogni = Bisogno.objects.pubblici()
        if zona:
            bisogni = bisogni.filter(laboratorio=filtro.dove()["laboratorio"])
        return list(per_priorita(bisogni).values_list("slug", "titolo")[:BISOGNI_MASSIMI])

    scelti = ricorda(f"bisogni-da-scegliere-{zona or ''}", calcola)
    bisogno = filtro.scelte.get("bisogno")
    if bisogno and bisogno.slug not in {slug for slug, _titolo in scelti}:
        scelti = [(bisogno.slug, bisogno.titolo), *scelti]
    return scelti
