"""The published proposals and needs as open data: what the lists show, one row each; the themes
and needs of a proposal are a table of links beside them, so that no cell holds a list.

No names of persons: who proposes is an organisation, a meeting, or nobody by name. Codes and
column names do not change with the language. Rows are read a thousand at a time by their number,
so that a file of a hundred thousand takes no more memory than one of a thousand, and holds no
transaction however slowly it is fetched.
"""

import json
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import NamedTuple

from django.db.models import Count, Max, QuerySet, Sum, Value
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from eventi.filtri import zone
from portale.lib import dates
from portale.lib.emails import assoluto
from portale.lib.fogli import righe_csv

from .filtri import nascosti, quante_rispondono
from .models import Bisogno, Proposta

BLOCCO = 1000


class Colonna(NamedTuple):
    nome: str
    # What it holds, for the page that explains the files.
    spiegazione: Promise


class Tavola(NamedTuple):
    """A file: its name, its columns, and a function that gives its rows as tuples of plain
    values (text, numbers, booleans, None)."""

    nome: str
    colonne: tuple[Colonna, ...]
    righe: Callable[..., Iterator[tuple]]


PROPOSTE = (
    Colonna("id", _("numero della proposta, che non cambia mai")),
    Colonna("titolo", _("titolo")),
    Colonna("indirizzo", _("pagina della proposta")),
    Colonna("percorso", _("percorso partecipativo, come nell'indirizzo della sua pagina")),
    Colonna("zona", _("numero della zona del laboratorio; vuoto per tutta la città")),
    Colonna("laboratorio", _("nome del laboratorio; vuoto per tutta la città")),
    Colonna(
        "stato",
        _("pubblicata, in_valutazione, accolta, accolta_con_modifiche o non_accolta"),
    ),
    Colonna("canale", _("com'è arrivata: online, incontro o cartaceo")),
    Colonna("chi_propone", _("persona, organizzazione o incontro")),
    Colonna("proponente", _("nome dell'organizzazione o dell'incontro; vuoto per le persone")),
    Colonna("che_cosa", _("che cosa si propone")),
    Colonna("perche", _("perché")),
    Colonna("per_chi", _("per chi")),
    Colonna("luogo", _("via, piazza o luogo, a parole")),
    Colonna("latitudine", _("gradi decimali, WGS84; vuoto se non c'è un punto")),
    Colonna("longitudine", _("gradi decimali, WGS84; vuoto se non c'è un punto")),
    Colonna("sostegni", _("quante persone la sostengono; vuoto finché una fase lo nasconde")),
    Colonna("commenti", _("quanti commenti ha")),
    Colonna("pubblicata_il", _("data e ora della pubblicazione, ISO 8601")),
    Colonna("aggiornata_il", _("data e ora dell'ultima modifica del testo o dello stato")),
    Colonna("esempio", _("vero se è una proposta dimostrativa, che non esiste")),
)
LEGAMI = (
    Colonna("proposta", _("numero della proposta (la sua colonna id)")),
    Colonna("genere", _("tema, oppure bisogno a cui la proposta risponde")),
    Colonna("codice", _("il nome che il tema o il bisogno ha negli indirizzi")),
    Colonna("nome", _("nome del tema o titolo del bisogno")),
)
BISOGNI = (
    Colonna("codice", _("il nome che il bisogno ha negli indirizzi")),
    Colonna("titolo", _("che cosa serve")),
    Colonna("indirizzo", _("pagina del bisogno")),
    Colonna("percorso", _("percorso partecipativo, come nell'indirizzo della sua pagina")),
    Colonna("zona", _("numero della zona del laboratorio; vuoto per tutta la città")),
    Colonna("laboratorio", _("nome del laboratorio; vuoto per tutta la città")),
    Colonna("testo", _("che cosa serve e perché, per esteso")),
    Colonna("priorita", _("data dall'incontro: 1 alta, 2 media, 3 bassa")),
    Colonna("punti", _("bollini contati nell'incontro")),
    Colonna("canale", _("com'è arrivato: online, incontro o cartaceo")),
    Colonna("incontro", _("titolo dell'incontro in cui è emerso")),
    Colonna("proposte", _("quante proposte pubblicate rispondono")),
    Colonna("pubblicato_il", _("data e ora della pubblicazione, ISO 8601")),
    Colonna("esempio", _("vero se è un bisogno dimostrativo, che non esiste")),
)


# --- Rows -----------------------------------------------------------------------------------


def _righe_proposte(proposte: QuerySet, oggi) -> Iterator[tuple]:
    senza_numeri = nascosti(oggi)
    radice = _radice("proposte:proposta_list")
    proposte = proposte.select_related("laboratorio", "percorso", "incontro")
    for blocco in _blocchi(proposte.defer("indice", "indice_titolo")):
        for p in blocco:
            yield (
                p.pk,
                p.titolo,
                f"{radice}{p.slug}/",
                p.percorso.slug,
                p.laboratorio and p.laboratorio.numero,
                p.laboratorio and p.laboratorio.nome,
                p.stato,
                p.canale,
                p.genere_proponente,
                _proponente(p),
                p.che_cosa,
                p.perche,
                p.per_chi,
                p.luogo,
                p.latitudine,
                p.longitudine,
                None if p.percorso_id in senza_numeri else p.n_sostegni,
                p.n_commenti,
                _momento(p.pubblicata_at),
                _momento(p.updated_at),
                p.esempio,
            )


def _proponente(proposta):
    """An organisation or a meeting by name; never the person behind it."""
    if proposta.genere_proponente == Proposta.Proponente.ORGANIZZAZIONE:
        return proposta.organizzazione or None
    if proposta.genere_proponente == Proposta.Proponente.INCONTRO and proposta.incontro:
        return proposta.incontro.titolo
    return None


def _righe_legami(proposte: QuerySet, oggi) -> Iterator[tuple]:
    """By proposal, its themes before its needs, each by its code."""
    for blocco in _blocchi(proposte.only("pk")):
        chiavi = [proposta.pk for proposta in blocco]
        temi = (
            Proposta.temi.through.objects.filter(proposta__in=chiavi)
            .annotate(genere=Value("tema"))
            .values_list("proposta", "genere", "tema__slug", "tema__nome")
        )
        bisogni = (
            Proposta.bisogni.through.objects.filter(
                proposta__in=chiavi, bisogno__in=Bisogno.objects.pubblici()
            )
            .annotate(genere=Value("bisogno"))
            .values_list("proposta", "genere", "bisogno__slug", "bisogno__titolo")
        )
        yield from sorted(
            [*temi, *bisogni], key=lambda riga: (riga[0], riga[1] != "tema", riga[2])
        )


def _righe_bisogni(bisogni: QuerySet, oggi) -> Iterator[tuple]:
    radice = _radice("bisogni:bisogno_list")
    bisogni = bisogni.select_related("laboratorio", "percorso", "incontro").defer("indice")
    for blocco in _blocchi(bisogni):
        rispondono = quante_rispondono(bisogno.pk for bisogno in blocco)
        for b in blocco:
            yield (
                b.slug,
                b.titolo,
                f"{radice}{b.slug}/",
                b.percorso.slug,
                b.laboratorio and b.laboratorio.numero,
                b.laboratorio and b.laboratorio.nome,
                b.testo,
                b.priorita,
                b.punti,
                b.canale,
                b.incontro and b.incontro.titolo,
                rispondono.get(b.pk, 0),
                _momento(b.pubblicato_at),
                b.esempio,
            )


TAVOLE = {
    "proposte": Tavola("proposte", PROPOSTE, _righe_proposte),
    "legami": Tavola("proposte-legami", LEGAMI, _righe_legami),
    "bisogni": Tavola("bisogni", BISOGNI, _righe_bisogni),
}


def _blocchi(righe: QuerySet) -> Iterator[list]:
    ultimo = 0
    while blocco := list(righe.filter(pk__gt=ultimo).order_by("pk")[:BLOCCO]):
        yield blocco
        ultimo = blocco[-1].pk


def _radice(nome):
    with translation.override("it"):
        return assoluto(reverse(nome))


def _momento(momento):
    return dates.a_roma(momento).isoformat("T", "seconds")


# --- Files ----------------------------------------------------------------------------------


def come_csv(tavola: Tavola, righe: QuerySet, oggi) -> Iterator[str]:
    """The lines of the file, the names of the columns first."""

    def tutte():
        yield [colonna.nome for colonna in tavola.colonne]
        for riga in tavola.righe(righe, oggi):
            yield [_cella(valore) for valore in riga]

    return righe_csv(tutte())


def _cella(valore):
    return {True: "vero", False: "falso"}[valore] if isinstance(valore, bool) else valore


def come_json(tavola: Tavola, righe: QuerySet, oggi) -> Iterator[str]:
    """A list of flat objects, one for each line."""
    nomi = [colonna.nome for colonna in tavola.colonne]
    prima = True
    yield "["
    for riga in tavola.righe(righe, oggi):
        oggetto = json.dumps(dict(zip(nomi, riga, strict=True)), ensure_ascii=False)
        yield f"{'' if prima else ','}\n{oggetto}"
        prima = False
    yield "\n]\n"


def impronta(proposte: QuerySet, oggi) -> str:
    """An ETag of the file of proposals: it changes with whatever its rows hold. One query."""
    stato = proposte.order_by().aggregate(
        quante=Count("pk"),
        quali=Sum("pk"),
        ultima=Max("updated_at"),
        sostegni=Sum("n_sostegni"),
        commenti=Sum("n_commenti"),
    )
    testo = repr((sorted(stato.items()), sorted(nascosti(oggi)), zone()))
    return f'"{blake2b(testo.encode(), digest_size=12).hexdigest()}"'
