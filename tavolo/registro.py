"""The register of what was done at the Tavolo, newest first: sittings, minutes, reviews,
decisions, written procedures, seats, requests to join, the proposals' steps, reserved documents
that were opened, opinions of the Comitato.

Nothing is written for it: it reads the rows that each verb left, in one query whatever the kinds.
It names who did what: it is for the Comitato and the office.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django import forms
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from eventi.filtri import CampoGiorno
from portale.lib import dates
from proposte.models import Passaggio, Proposta

from .models import (
    AccessoDocumento,
    Decisione,
    Esito,
    ParereComitato,
    PassaggioEsame,
    PassaggioSeduta,
    PassaggioSeggio,
    PassaggioVerbale,
    ProceduraScritta,
    RichiestaAdesione,
    Seduta,
    Verbale,
)

COLONNE = (_("quando"), _("genere"), _("che cosa"), _("su che cosa"), _("chi"), _("spiegazione"))
# Of what is about the proposals: from the evaluation on.
_IN_ESAME = (Proposta.Stato.IN_VALUTAZIONE, *Proposta.ESITI)


class Genere(NamedTuple):
    """A kind of act: its name, the words for its codes, and the view that its rows link to, by
    their slug or their number."""

    nome: str
    parole: dict
    rotta: str = ""
    per_slug: bool = False


GENERI = {
    "seduta": Genere(_("sedute"), dict(Seduta.Stato.choices), "area:seduta_detail", True),
    "verbale": Genere(_("verbali"), dict(Verbale.Stato.choices), "area:verbale_detail", True),
    "esame": Genere(_("esami"), dict(PassaggioEsame.Evento.choices), "area:esame_detail"),
    "decisione": Genere(_("decisioni"), dict(Esito.choices), "area:decisione_detail"),
    "procedura": Genere(
        _("procedure scritte"), dict(ProceduraScritta.Stato.choices), "area:procedura_detail"
    ),
    "seggio": Genere(_("seggi"), dict(PassaggioSeggio.Evento.choices)),
    "adesione": Genere(_("richieste di adesione"), dict(RichiestaAdesione.Stato.choices)),
    "proposta": Genere(_("proposte"), dict(Proposta.Stato.choices)),
    "documento": Genere(_("documenti aperti"), {"": _("aperto")}),
    "parere": Genere(_("pareri del Comitato"), {"": _("pubblicato")}, "tavolo:parere_detail"),
}


class Atto(NamedTuple):
    """A row of the register, as the query gives it."""

    genere: str
    quando: datetime
    chiave: int
    slug: str
    soggetto: str
    codice: str
    chi: str | None
    testo: str

    @property
    def nome(self) -> str:
        return capfirst(str(GENERI[self.genere].nome))

    @property
    def che_cosa(self) -> str:
        return str(GENERI[self.genere].parole.get(self.codice, self.codice))

    @property
    def quando_a_parole(self) -> str:
        return dates.giorno_e_ora(self.quando)

    @property
    def url(self) -> str:
        genere = GENERI[self.genere]
        if not genere.rotta:
            return ""
        return reverse(genere.rotta, args=[self.slug if genere.per_slug else self.chiave])


class FiltroRegistro(forms.Form):
    """By kind and days. Wrong values are told, and the others still apply."""

    genere = forms.ChoiceField(
        label=_("Che cosa"),
        required=False,
        choices=[("", ""), *((codice, genere.nome) for codice, genere in GENERI.items())],
        error_messages={"invalid_choice": _("Questo genere non c'è: scegline uno dall'elenco.")},
    )
    dal = CampoGiorno(label=_("Dal giorno"))
    al = CampoGiorno(label=_("Al giorno"))

    def __init__(self, data):
        super().__init__(data)
        self.is_valid()

    @property
    def scelte(self) -> dict:
        return {campo: valore for campo, valore in self.cleaned_data.items() if valore}

    def opzioni(self):
        return [
            (codice, capfirst(str(genere.nome)), None, codice == self.scelte.get("genere"))
            for codice, genere in GENERI.items()
        ]


def atti(
    percorso, *, genere: str = "", dal: date | None = None, al: date | None = None
) -> QuerySet:
    """The acts of a percorso, the last ones first, as tuples of :class:`Atto`: a QuerySet to
    count and to slice. Days are Rome's, both included."""
    prima, *altre = [
        _colonne(fonte, dal, al) for fonte in _fonti(percorso) if genere in ("", fonte.genere)
    ]
    righe = prima.union(*altre, all=True) if altre else prima
    return righe.order_by("-atto_quando", "-atto_chiave", "atto_genere")


def in_foglio(righe: QuerySet) -> Iterator[list]:
    """Acts as the rows of a sheet, the names of the columns first."""
    yield [str(colonna) for colonna in COLONNE]
    for riga in righe:
        atto = Atto(*riga)
        quando = dates.a_roma(atto.quando).isoformat(" ", "seconds")
        yield [quando, atto.nome, atto.che_cosa, atto.soggetto, atto.chi or "", atto.testo]


# --- Where they come from -------------------------------------------------------------------


class Fonte(NamedTuple):
    """Rows that are acts. ``quando``, ``soggetto`` and ``slug`` name columns; ``codice``,
    ``autore`` and ``testo`` too, or are words (Value)."""

    genere: str
    righe: QuerySet
    soggetto: str
    quando: str = "created_at"
    codice: str | Value = "a"
    autore: str = "autore"
    testo: str | Value = "testo"
    # The number of what its link leads to.
    chiave: str = "pk"
    slug: str = ""


def _parole(testo=""):
    return Value(testo, output_field=TextField())


def _colonne(fonte: Fonte, dal, al) -> QuerySet:
    """The columns of ``Atto``, under names that no model's own column has."""
    limiti = Q(**{f"{fonte.quando}__isnull": False})
    if dal:
        limiti &= Q(**{f"{fonte.quando}__gte": dates.ora_di_muro(dal, time())})
    if al:
        fine = dates.ora_di_muro(al + timedelta(days=1), time())
        limiti &= Q(**{f"{fonte.quando}__lt": fine})
    chi = _parole()
    if fonte.autore:
        # By name, or by her address where she has given none.
        nome, email = f"{fonte.autore}__nome", f"{fonte.autore}__email"
        chi = Coalesce(NullIf(nome, _parole()), email, output_field=TextField())
    colonne = {
        "genere": _parole(fonte.genere),
        "quando": F(fonte.quando),
        "chiave": F(fonte.chiave),
        "slug": F(fonte.slug) if fonte.slug else _parole(),
        "soggetto": F(fonte.soggetto),
        "codice": F(fonte.codice) if isinstance(fonte.codice, str) else fonte.codice,
        "chi": chi,
        "testo": F(fonte.testo) if isinstance(fonte.testo, str) else fonte.testo,
    }
    nomi = {f"atto_{nome}": valore for nome, valore in colonne.items()}
    return fonte.righe.filter(limiti).order_by().annotate(**nomi).values_list(*nomi)


def _fonti(percorso) -> list[Fonte]:
    procedure = ProceduraScritta.objects.filter(percorso=percorso)
    seggi = PassaggioSeggio.objects.filter(seggio__percorso=percorso)
    # The mails of an invitation are no acts of the Tavolo.
    posta = (PassaggioSeggio.Evento.INVITO, PassaggioSeggio.Evento.INDIRIZZO)
    proposte = Passaggio.objects.filter(
        Q(a__in=_IN_ESAME) | Q(da__in=_IN_ESAME),
        proposta__percorso=percorso,
        evento=Passaggio.Evento.STATO,
    )
    return [
        Fonte(
            "seduta",
            PassaggioSeduta.objects.filter(seduta__incontro__percorso=percorso),
            "seduta__incontro__titolo",
            slug="seduta__incontro__slug",
        ),
        Fonte(
            "verbale",
            PassaggioVerbale.objects.filter(verbale__seduta__incontro__percorso=percorso),
            "verbale__seduta__incontro__titolo",
            slug="verbale__seduta__incontro__slug",
        ),
        Fonte(
            "esame",
            PassaggioEsame.objects.filter(esame__percorso=percorso),
            "esame__proposta__titolo",
            codice="evento",
            chiave="esame",
        ),
        Fonte(
            "decisione",
            Decisione.objects.filter(percorso=percorso),
            "proposta__titolo",
            quando="presa_at",
            codice="esito",
            autore="registrata_da",
            testo="motivazione",
        ),
        Fonte(
            "procedura",
            procedure,
            "proposta__titolo",
            quando="apre_at",
            codice=_parole(ProceduraScritta.Stato.APERTA.value),
            autore="aperta_da",
            testo=_parole(),
        ),
        Fonte(
            "procedura",
            procedure,
            "proposta__titolo",
            quando="chiusa_at",
            codice="stato",
            autore="",
            testo="perche_annullata",
        ),
        Fonte(
            "seggio",
            seggi.exclude(evento__in=posta),
            "seggio__organizzazione__nome",
            codice="evento",
        ),
        Fonte(
            "adesione",
            RichiestaAdesione.objects.filter(percorso=percorso),
            "nome",
            quando="risposta_at",
            codice="stato",
            autore="risposto_da",
            testo="risposta",
        ),
        Fonte("proposta", proposte, "proposta__titolo"),
        Fonte(
            "documento",
            AccessoDocumento.objects.filter(percorso=percorso),
            "oggetto",
            codice=_parole(),
            autore="persona",
            testo="titolo_accesso",
        ),
        Fonte(
            "parere",
            ParereComitato.objects.filter(percorso=percorso),
            "titolo",
            quando="pubblicato_at",
            codice=_parole(),
            # Signed by the Comitato, also here.
            autore="",
            testo=_parole(),
        ),
    ]
