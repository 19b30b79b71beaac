"""What a row of a sheet is for a model: django-import-export's resources, with columns that have
an Italian name and an explanation, cells as people write them, and errors that say what to do.

A resource says what a row would do, keeps what is ready, and at the end hands all of it to the
model's own door at once; where the rows come from, and that all of them are written or none, is
the business of ``services``.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets
from import_export.instance_loaders import ModelInstanceLoader
from import_export.results import RowResult

from portale.lib import celle, fogli
from portale.lib.antispam import CampoEmail
from portale.lib.celle import piana
from portale.lib.rifiuti import Rifiuto
from portale.lib.testo import normalizza_email

from .models import RigaImportata

Esito = RigaImportata.Esito
_ESITI = {
    RowResult.IMPORT_TYPE_NEW: Esito.NUOVA,
    RowResult.IMPORT_TYPE_UPDATE: Esito.CAMBIATA,
    RowResult.IMPORT_TYPE_SKIP: Esito.INVARIATA,
    RowResult.IMPORT_TYPE_INVALID: Esito.ERRATA,
}


# Rows that one statement reads or writes.
LOTTO = 500


class RigaRifiutata(Rifiuto):
    """One row, by its number in the sheet, cannot be written."""

    def __init__(self, numero: int, testo: str):
        self.numero = numero
        super().__init__(testo)


class Superate(Exception):
    """The portal has changed since the rows were looked at: look at them again."""


# --- Cells ----------------------------------------------------------------------------------


class Testo(widgets.Widget):
    """Text, with line ends of one kind."""

    def clean(self, value, row=None, **kwargs):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else str(value)


class TestoONulla(Testo):
    """Text that the database keeps as NULL when there is none."""

    def clean(self, value, row=None, **kwargs):
        return super().clean(value, row, **kwargs) or None


class Indirizzo(TestoONulla):
    """An e-mail address, by the rules of our forms."""

    campo = CampoEmail(required=False, max_length=254)

    def clean(self, value, row=None, **kwargs):
        try:
            return normalizza_email(self.campo.clean(value)) or None
        except forms.ValidationError:
            raise ValueError(
                _(
                    "Controlla l'e-mail: deve essere come nome@esempio.it. Se non la conosci "
                    "lascia vuoto."
                )
            ) from None


class _Naturale(widgets.Widget):
    """A value that sheets hold as such."""

    def render(self, value, obj=None, **kwargs):
        return value


class SiNo(_Naturale):
    """Yes, no or, when ``ignoto``, nothing; else an empty cell is ``vuoto``."""

    def __init__(self, *, ignoto=True, vuoto=False):
        super().__init__()
        self.ignoto, self.vuoto = ignoto, vuoto

    def clean(self, value, row=None, **kwargs):
        letto = celle.si_no(value)
        return self.vuoto if letto is None and not self.ignoto else letto


class Numero(_Naturale):
    def clean(self, value, row=None, **kwargs):
        return celle.numero(value)


class Intero(_Naturale):
    """A whole number between two limits; an empty cell is ``vuoto``."""

    def __init__(self, *, minimo=0, massimo=1_000_000, vuoto=None):
        super().__init__()
        self.minimo, self.massimo, self.vuoto = minimo, massimo, vuoto

    def clean(self, value, row=None, **kwargs):
        letto = celle.intero(value)
        if letto is None:
            return self.vuoto
        if not self.minimo <= letto <= self.massimo:
            raise ValueError(
                _("Scrivi un numero tra %(minimo)d e %(massimo)d.")
                % {"minimo": self.minimo, "massimo": self.massimo}
            )
        return letto


class Scelta(widgets.Widget):
    """One of a few words; ``altri`` are other ways to say them, by value."""

    def __init__(self, scelte: type[models.TextChoices], *, vuoto="", altri=None):
        super().__init__()
        self.scelte, self.vuoto, self.altri = scelte, vuoto, altri or {}
        # Language → plain word → value: thousands of cells ask.
        self._parole = {}

    def clean(self, value, row=None, **kwargs):
        if not value:
            return self.vuoto
        return self._trova(value)

    def _tabella(self):
        lingua = get_language()
        if lingua not in self._parole:
            parole = {}
            for scelta in self.scelte:
                for nome in (scelta.value, str(scelta.label), *self.altri.get(scelta.value, ())):
                    parole.setdefault(piana(nome), scelta.value)
            self._parole[lingua] = parole
        return self._parole[lingua]

    def _trova(self, scritto):
        trovata = self._tabella().get(piana(scritto))
        if trovata is not None:
            return trovata
        raise ValueError(
            _("«%(scritto)s» non va bene. Scrivi una di queste parole: %(elenco)s.")
            % {
                "scritto": scritto[:60],
                "elenco": ", ".join(str(scelta.label) for scelta in self.scelte),
            }
        )

    def render(self, value, obj=None, **kwargs):
        return str(self.scelte(value).label) if value else ""


class Scelte(Scelta):
    """Several words, separated by commas."""

    def clean(self, value, row=None, **kwargs):
        parti = [parte for parte in value.replace(";", ",").split(",") if parte.strip()]
        trovate = {self._trova(parte) for parte in parti}
        return [scelta.value for scelta in self.scelte if scelta.value in trovate]

    def render(self, value, obj=None, **kwargs):
        return ", ".join(str(s.label) for s in self.scelte if s.value in (value or ()))


class Riferimento(widgets.Widget):
    """Something of the portal by what people call it: ``nomi`` is the resource's method that
    gives the table of names, ``mostra`` how a file names it."""

    def __init__(self, nomi: str, sbagliato, mostra):
        super().__init__()
        self.nomi, self.sbagliato, self.mostra = nomi, sbagliato, mostra

    def clean(self, value, row=None, *, risorsa, **kwargs):
        if not value:
            return None
        scritto = value.strip().rstrip("/").rpartition("/")[2] if "://" in value else value
        trovato = risorsa.nomi(self.nomi).get(piana(scritto))
        if trovato is None:
            raise ValueError(self.sbagliato % {"scritto": value[:60]})
        return trovato

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else self.mostra(value)


def tabella_di_nomi(coppie: Iterable[tuple[object, Sequence[str]]]) -> dict:
    """Plain name → object; what two things are called is the name of neither."""
    tabella = {}
    for oggetto, nomi in coppie:
        for nome in {piana(nome) for nome in nomi} - {""}:
            if tabella.setdefault(nome, oggetto) != oggetto:
                tabella[nome] = None
    return tabella


# --- Columns --------------------------------------------------------------------------------


class Colonna(fields.Field):
    """A column of our own files: its name, what it holds, an example, and what else people call
    it. ``sola_lettura``: it is written in files and not read back. ``permesso``: who lacks it
    neither gets nor gives what the column holds. ``valore(oggetto)``: what it shows, where that
    is not an attribute."""

    def __init__(
        self,
        nome,
        spiegazione,
        *,
        attributo=None,
        widget=None,
        esempio="",
        sinonimi=(),
        obbligatoria=False,
        sola_lettura=False,
        permesso="",
        larghezza=20,
        valore=None,
    ):
        super().__init__(
            attribute=attributo or nome, widget=widget or Testo(), readonly=sola_lettura
        )
        self.nome, self.spiegazione, self.esempio = nome, spiegazione, esempio
        self.sinonimi, self.obbligatoria = sinonimi, obbligatoria
        self.sola_lettura, self.permesso = sola_lettura, permesso
        self.larghezza, self.valore = larghezza, valore

    @property
    def campo(self):
        # Where it stands in its resource: the name that the metaclass gives it.
        return self.column_name

    def clean(self, row, **kwargs):
        scritto = row[self.column_name]
        if scritto.upper() in celle.ERRORI or (scritto and not scritto.strip("#")):
            raise ValueError(
                _("La cella mostra l'errore «%(errore)s»: scrivi il valore.") % {"errore": scritto}
            )
        if self.obbligatoria and not scritto:
            raise ValueError(_("Manca: scrivi %(che_cosa)s.") % {"che_cosa": self.spiegazione})
        return super().clean(row, **kwargs)

    def get_value(self, instance):
        return super().get_value(instance) if self.valore is None else self.valore(instance)


class Presenti(ModelInstanceLoader):
    """The rows of the database that a sheet names by its key, read once for the whole sheet."""

    def __init__(self, risorsa, chiavi: Iterable[str]):
        super().__init__(risorsa)
        self.colonna = risorsa.fields[risorsa.chiave]
        pulite = {self._pulita(chiave) for chiave in chiavi} - {None}
        attributo = self.colonna.attribute
        self.trovati = {}
        pulite = sorted(pulite)
        for da in range(0, len(pulite), LOTTO):
            trovati = self.get_queryset().filter(**{f"{attributo}__in": pulite[da : da + LOTTO]})
            self.trovati |= {getattr(trovato, attributo): trovato for trovato in trovati}

    def _pulita(self, scritta):
        try:
            return self.colonna.widget.clean(scritta) if scritta else None
        except ValueError:
            return None

    def get_instance(self, row):
        scritta = row.get(self.colonna.campo, "")
        if not scritta:
            return None
        trovato = self.trovati.get(self._pulita(scritta))
        if trovato is None:
            raise ValidationError(
                {
                    self.colonna.attribute: _(
                        "Nel portale non c'è «%(scritto)s»: copialo da un file esportato, o "
                        "lascia vuoto per aggiungere una riga nuova."
                    )
                    % {"scritto": scritta[:60]}
                }
            )
        # Two rows of one key each see what is in the database.
        return copy(trovato)


# --- Rows -----------------------------------------------------------------------------------


@dataclass
class Esame:
    """What one row does, or what is wrong in it."""

    esito: str
    errori: list = field(default_factory=list)
    avvisi: list = field(default_factory=list)
    cambi: list = field(default_factory=list)


@dataclass
class Pronta:
    """A row that is ready to be written: ``prima`` is what the object was before it, by field."""

    numero: int
    oggetto: models.Model
    nuova: bool
    prima: dict

    @property
    def cambiati(self) -> list[str]:
        """The fields of the model that the row changed."""
        return [
            nome for nome, valore in _valori(self.oggetto).items() if valore != self.prima[nome]
        ]


def _valori(oggetto) -> dict:
    return {f.name: getattr(oggetto, f.attname) for f in oggetto._meta.concrete_fields}


class Risorsa(resources.Resource):
    """The rows of one kind of sheet. ``chiave`` is the column by which a row is known again.

    A subclass says what is wrong with an instance as a whole (:meth:`controlla`) and writes those
    that are ready through their door (:meth:`scrivi`).
    """

    chiave = "codice"
    # A formula is text, to be looked at; else its row is wrong.
    formule_sono_testo = False

    class Meta:
        # What differs we say ourselves: the library would copy each instance, and all it holds.
        skip_diff = True

    def __init__(self, *, campi=(), opzioni=None, autore=None, adesso: datetime | None = None):
        super().__init__()
        self.opzioni, self.autore, self.adesso = opzioni or {}, autore, adesso
        self.avvisi = []
        # Field → value of the instance before the row.
        self.prima = {}
        # What was looked at to be written, in the order of the sheet.
        self.pronte: list[Pronta] = []
        # The addresses that will be written to.
        self.da_avvisare: set[str] = set()
        self._viste = {}
        self._nomi = {}
        self._letti = [
            colonna
            for nome, colonna in self.fields.items()
            if nome in campi and not colonna.readonly
        ]
        self._nome_di = {c.attribute: c.nome for c in self.fields.values()}
        self._non_letti = self._campi_non_letti()

    @classmethod
    def colonne(cls, user=None) -> list[Colonna]:
        """The columns that this person may see, in order; all of them without a person."""
        return [
            colonna
            for colonna in cls.fields.values()
            if user is None or not colonna.permesso or user.has_perm(colonna.permesso)
        ]

    @classmethod
    def da_leggere(cls, user=None) -> list[Colonna]:
        """Those of them that a file to import may have."""
        return [c for c in cls.colonne(user) if not c.sola_lettura or c.campo == cls.chiave]

    def nomi(self, quali: str) -> dict:
        """The table of names that the method ``nomi_…`` makes, made once."""
        if quali not in self._nomi:
            self._nomi[quali] = getattr(self, f"nomi_{quali}")()
        return self._nomi[quali]

    # --- What a subclass says ---

    def controlla(self, instance, nuova: bool) -> dict[str, str]:
        """What is wrong with it as a whole: attribute → what to do."""
        return {}

    def forse_doppia(self, colonna: str, testo: str) -> None:
        """Say of the row that is looked at that it is perhaps there already."""
        self._doppia = True
        self.avvisi.append([colonna, testo])

    def scrivi(self) -> None:
        """Write what is ready through its door, in a transaction that is somebody else's and as
        few queries as the door allows. Raises RigaRifiutata, or Superate when what the rows were
        looked at against is there no longer."""
        raise NotImplementedError

    # --- The machinery ---

    def presenti(self, chiavi: Iterable[str]) -> Presenti:
        return Presenti(self, chiavi)

    def esamina(
        self, numero: int, celle: dict, presenti: Presenti, *, dal_1904=False, prova=True
    ) -> Esame:
        """Look at a row, and keep it among those that are ready unless this is only a trial."""
        self.avvisi, self._cambi, self._doppia = [], [], False
        self.numero_di_riga = numero
        campi = {self.chiave, *(colonna.campo for colonna in self._letti)}
        risultato = self.import_row(
            {campo: celle.get(campo, "") for campo in campi},
            presenti,
            dry_run=prova,
            use_transactions=False,
            row_number=numero,
            risorsa=self,
            dal_1904=dal_1904,
        )
        if risultato.validation_error is not None:
            return Esame(Esito.ERRATA, self._errori(risultato.validation_error), self.avvisi)
        for errore in risultato.errors:
            raise errore.error
        esito = Esito.DOPPIA if self._doppia else _ESITI[risultato.import_type]
        return Esame(esito, [], self.avvisi, self._cambi)

    def _errori(self, errore):
        per_campo = errore.error_dict if hasattr(errore, "error_dict") else {"": [errore]}
        return [
            ["" if nome == NON_FIELD_ERRORS else self._nome_di.get(nome, nome), testo]
            for nome, errori in per_campo.items()
            for uno in errori
            for testo in uno.messages
        ]

    def get_queryset(self):
        return self._meta.model._default_manager.all()

    def init_instance(self, row=None):
        return self._meta.model()

    def get_import_fields(self):
        return self._letti

    def get_import_id_fields(self):
        return [self.chiave]

    def after_init_instance(self, instance, new, row, **kwargs):
        self.prima = _valori(instance)
        scritta = row.get(self.chiave)
        if scritta:
            prima = self._viste.setdefault(scritta, kwargs["row_number"])
            if prima != kwargs["row_number"]:
                raise ValidationError(
                    {
                        self.fields[self.chiave].attribute: _(
                            "È lo stesso della riga %(n)d: lasciane una sola."
                        )
                        % {"n": prima}
                    }
                )

    def import_instance(self, instance, row, **kwargs):
        self._da = [colonna.get_value(instance) for colonna in self._letti]
        super().import_instance(instance, row, **kwargs)

    def skip_row(self, instance, original, row, import_validation_errors=None):
        if import_validation_errors:
            return False
        diverse = [
            (colonna, da, a)
            for colonna, da in zip(self._letti, self._da, strict=True)
            if da != (a := colonna.get_value(instance))
        ]
        if not instance._state.adding:
            # In the words of the file.
            detti = (
                (c.nome, *(fogli.a_testo(c.widget.render(valore)) for valore in (da, a)))
                for c, da, a in diverse
            )
            self._cambi = [[nome, da, a] for nome, da, a in detti if da != a]
        return not diverse

    def _campi_non_letti(self):
        letti = {colonna.attribute for colonna in self._letti}
        campi = self._meta.model._meta.fields
        return {f.name for f in campi if f.name not in letti or f.is_relation}

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """The model's own rules for the columns of the sheet. What would ask the database again
        for each row (references, constraints) was looked up for all, or is its door's."""
        errori = dict(import_validation_errors or {})
        altri = self._non_letti | errori.keys()
        for controllo in (lambda: instance.clean_fields(exclude=altri), instance.clean):
            try:
                controllo()
            except ValidationError as no:
                errori = no.update_error_dict(errori)
        if not errori:
            errori = {
                nome: ValidationError(testo)
                for nome, testo in self.controlla(instance, instance._state.adding).items()
            }
        if errori:
            raise ValidationError(errori)

    def save_instance(self, instance, is_create, row, **kwargs):
        if not kwargs["dry_run"]:
            self.pronte.append(Pronta(kwargs["row_number"], instance, is_create, self.prima))

    def cambiati(self, instance) -> list[str]:
        """The fields of the model that the row changed."""
        return [nome for nome, valore in _valori(instance).items() if valore != self.prima[nome]]

    # --- What doors are made of ---

    def nuove(self) -> list[Pronta]:
        return [pronta for pronta in self.pronte if pronta.nuova]

    def cambiate(self) -> list[Pronta]:
        """Those that change what is there, locked: nobody changed or deleted it since they were
        looked at, or Superate."""
        cambiate = sorted(
            (pronta for pronta in self.pronte if not pronta.nuova), key=lambda p: p.oggetto.pk
        )
        bloccati = self._meta.model._default_manager.select_for_update(of=("self",), no_key=True)
        for da in range(0, len(cambiate), LOTTO):
            parte = cambiate[da : da + LOTTO]
            attuali = bloccati.order_by("pk").in_bulk([pronta.oggetto.pk for pronta in parte])
            for pronta in parte:
                attuale = attuali.get(pronta.oggetto.pk)
                if attuale is None or _valori(attuale) != pronta.prima:
                    raise Superate
        return cambiate

    def aggiorna(self, cambiate: list[Pronta], *anche: str) -> None:
        """Write what they changed, and the fields ``anche``, into rows that are locked."""
        campi = {campo for pronta in cambiate for campo in pronta.cambiati} | {*anche}
        if cambiate and campi:
            # An insert that finds them all there: to update row by row takes ten times as long.
            self._meta.model._default_manager.bulk_create(
                [pronta.oggetto for pronta in cambiate],
                batch_size=LOTTO,
                update_conflicts=True,
                unique_fields=["pk"],
                update_fields=sorted(campi),
            )
