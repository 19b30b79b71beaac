"""The history of an object: who did what to it, when, and what each field was and became.

It has two sources, and neither repeats the other. What an officer does in the admin leaves a
``LogEntry``; what happens to an object that has a life of its own (published, moved, answered)
leaves a step of its own, written once by the service, whoever did it. The history page reads both
in one list.

The admin's log names no citizen: a value is written there only if its field is declared with
``si_scrive``, in the ``privacy.py`` of its app, beside the purposes for which personal data are
held. Of every other field it says that it changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django import forms
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db import models
from django.db.models import CharField, F, Value
from django.utils.text import capfirst
from django.utils.translation import gettext

from . import contesa, dates

PER_PAGINA = 50
# What is longer is said to have changed: two beginnings that read the same would tell nothing.
LUNGO = 160
# Stands in ``si_scrive`` for the name of the row itself: of an inline row it tells which one.
NOME = "__str__"

_scritti: dict[str, frozenset[str]] = {}
_coperti: set[str] = set()


def si_scrive(modello: type[models.Model], *campi: str) -> None:
    """These fields say nothing of anybody: the log may keep what they were and became."""
    _scritti[modello._meta.label] = _scritti.get(modello._meta.label, frozenset()) | {*campi}


def si_copre(modello: type[models.Model]) -> None:
    """Even that somebody has such a row is hers: the log does not say what it is."""
    _coperti.add(modello._meta.label)


def scritti(modello: type[models.Model]) -> frozenset[str]:
    return _scritti.get(modello._meta.label, frozenset())


def nome(obj: models.Model, pk: object = None) -> str:
    """What the log calls an object: by its name if that says nothing of anybody, else by its
    number. ``pk``: of one that is no more."""
    if NOME in scritti(type(obj)):
        return str(obj)[:200]
    return f"{obj._meta.verbose_name} {pk or obj.pk}"


def annota_molti(oggetti: Iterable[models.Model], autore, testo: str, atto: int) -> None:
    """The same line in the history of each of these, in one go."""
    LogEntry.objects.bulk_create(
        (
            LogEntry(
                user=autore,
                content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
                object_id=str(obj.pk),
                object_repr=nome(obj),
                action_flag=atto,
                change_message=testo,
            )
            for obj in oggetti
        ),
        batch_size=500,
    )


# --- What changed, in words -----------------------------------------------------------------


def _riga(etichetta, prima, dopo) -> str:
    if len(prima) > LUNGO or len(dopo) > LUNGO:
        return modificato(etichetta)
    return f"{capfirst(str(etichetta))}: {prima} → {dopo}"


def modificato(etichetta) -> str:
    return gettext("%(campo)s: modificato") % {"campo": capfirst(str(etichetta))}


def _campo_a_parole(campo: forms.Field, prima: list[str], dopo: list[str]) -> str:
    if isinstance(campo, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
        return _scelte_a_parole(campo, prima, dopo)
    if isinstance(contesa.widget(campo), forms.Textarea) or not hasattr(campo, "choices"):
        lungo = max(sum(map(len, valori)) for valori in (prima, dopo))
        if lungo > LUNGO:
            return modificato(campo.label)
    return _riga(campo.label, contesa.a_parole(campo, prima), contesa.a_parole(campo, dopo))


def _scelte_a_parole(campo, prima, dopo):
    """Of many choices only those that came and went."""
    parti = []
    for testo, valori in (
        (gettext("aggiunto %(quali)s"), [v for v in dopo if v not in prima]),
        (gettext("tolto %(quali)s"), [v for v in prima if v not in dopo]),
    ):
        if valori:
            quali = ", ".join(f"«{contesa.a_parole(campo, [valore])}»" for valore in valori)
            parti.append(testo % {"quali": quali})
    detto = f"{capfirst(str(campo.label))}: {'; '.join(parti)}"
    # Of many at once (all the permissions of a group) the first are enough to know where to look.
    return detto if len(detto) <= 5 * LUNGO else f"{detto[: 5 * LUNGO]}…"


def _campi(form: forms.ModelForm) -> list[str]:
    da_scrivere = scritti(form._meta.model)
    righe = []
    for nome in form.changed_data:
        campo = form.fields[nome]
        if contesa.widget(campo).is_hidden or nome == "DELETE":
            continue
        if nome not in da_scrivere:
            righe.append(modificato(campo.label))
            continue
        prima = contesa.come_si_manda(campo, form.get_initial_for_field(campo, nome))
        dopo = contesa.come_si_manda(campo, form.cleaned_data[nome])
        if prima != dopo:
            righe.append(_campo_a_parole(campo, prima, dopo))
    return righe


def _nome_riga(obj) -> str:
    """Which row of an inline table, as far as the log may say."""
    if obj._meta.label in _coperti:
        return gettext("dati riservati")
    nome = str(obj._meta.verbose_name)
    return f"{nome} «{str(obj)[:LUNGO]}»" if NOME in scritti(type(obj)) else nome


def di_modulo(form: forms.ModelForm, formsets: Iterable) -> list[str]:
    """What a form that was saved has changed, and its inline rows: a line for each thing."""
    righe = _campi(form)
    for formset in formsets:
        moduli = {id(una.instance): una for una in formset.initial_forms}
        aggiunta, tolta = gettext("Riga aggiunta: %(riga)s"), gettext("Riga tolta: %(riga)s")
        righe += [aggiunta % {"riga": _nome_riga(obj)} for obj in formset.new_objects]
        for obj, _nomi in formset.changed_objects:
            if type(obj)._meta.label in _coperti:
                righe.append(modificato(_nome_riga(obj)))
                continue
            nome = capfirst(_nome_riga(obj))
            righe += [f"{nome}, {riga}" for riga in _campi(moduli[id(obj)])]
        righe += [tolta % {"riga": _nome_riga(obj)} for obj in formset.deleted_objects]
    return righe


def fotografa(obj: models.Model, tranne: Iterable[str] = ()) -> dict[str, object]:
    """The values of a row that the log may keep, for what a door is about to do to it."""
    nomi = scritti(type(obj)) - {*tranne}
    return {f.name: f.value_from_object(obj) for f in obj._meta.concrete_fields if f.name in nomi}


def di_riga(modello: type[models.Model], prima: dict, dopo: dict) -> list[str]:
    """What changed between two photographs of a row: a line for each field."""
    righe = []
    for nome, era in prima.items():
        if dopo.get(nome, era) == era:
            continue
        campo = modello._meta.get_field(nome).formfield()
        if campo is not None:
            valori = [contesa.come_si_manda(campo, valore) for valore in (era, dopo[nome])]
            righe.append(_campo_a_parole(campo, *valori))
    return righe


# --- Steps ----------------------------------------------------------------------------------

# Of a step these are told apart, or are no words.
_A_PARTE = {"da", "a", "evento", "verbo", "autore", "attore", "created_at"}


def passi_di(modello: type[models.Model], nomi: Sequence[str]) -> dict[str, object]:
    """Of these names of relations those that this model has: its steps, name → relation."""
    trovate = {relazione.get_accessor_name(): relazione for relazione in _relazioni(modello)}
    return {nome: trovate[nome] for nome in nomi if nome in trovate}


def _relazioni(modello):
    return [una for una in modello._meta.related_objects if una.one_to_many]


def tenuti_dai_passi(modello: type[models.Model], nomi: Sequence[str]) -> set[str]:
    """The fields of which the steps keep what they were and became."""
    tenuti = {"stato"}
    for relazione in passi_di(modello, nomi).values():
        for campo in relazione.related_model._meta.concrete_fields:
            tenuti.add(campo.name.removesuffix("_a"))
    return tenuti


def racconta(passo: models.Model, relazione) -> list[str]:
    """A step in words: what happened, then what was said with it."""
    if hasattr(passo, "racconto"):
        return list(passo.racconto)
    righe = [capfirst(_che_cosa(passo, relazione))]
    legate = {relazione.field.name, passo._meta.pk.name}
    for campo in passo._meta.concrete_fields:
        nome = campo.name
        if nome in _A_PARTE or nome in legate or nome.endswith("_da"):
            continue
        detto = _valore(passo, campo)
        if nome.endswith("_a") and hasattr(passo, f"{nome[:-2]}_da"):
            prima = _valore(passo, passo._meta.get_field(f"{nome[:-2]}_da"))
            if prima == detto:
                continue
            etichetta = str(campo.verbose_name).partition(",")[0]
            righe.append(f"{capfirst(etichetta)}: {prima or '–'} → {detto or '–'}")
        elif detto:
            righe.append(f"{capfirst(str(campo.verbose_name))}: {detto}")
    # Where the state stays, what was said is what happened.
    resta = getattr(passo, "evento", "stato") == "stato" and passo.da == passo.a
    return righe[1:] if resta and len(righe) > 1 else righe


def _che_cosa(passo, relazione):
    evento = getattr(passo, "evento", "stato")
    if evento != "stato":
        return str(passo.get_evento_display())
    prima, dopo = (capfirst(_stato(passo, nome, relazione.model)) for nome in ("da", "a"))
    return dopo if prima in ("", dopo) else f"{prima} → {dopo}"


def _stato(passo, nome, padre):
    """The state in words, by the choices of the step or of what it is a step of."""
    valore = getattr(passo, nome)
    if hasattr(passo, f"get_{nome}_display"):
        return str(getattr(passo, f"get_{nome}_display")())
    try:
        scelte = dict(padre._meta.get_field("stato").choices or ())
    except FieldDoesNotExist:
        scelte = {}
    return str(scelte.get(valore, valore))


def _valore(passo, campo) -> str:
    if campo.choices:
        return str(getattr(passo, f"get_{campo.name}_display")() or "")
    valore = getattr(passo, campo.name)
    if not valore:
        return ""
    if valore is True:
        return gettext("sì")
    if isinstance(valore, datetime):
        return dates.giorno_e_ora(valore)
    if isinstance(valore, date):
        return dates.giorno_mese_anno(valore)
    return str(valore)


# --- The two in one list --------------------------------------------------------------------


@dataclass
class Voce:
    """What one person did at one moment."""

    quando: datetime
    chi: str
    righe: list[str] = field(default_factory=list)

    @property
    def alle(self) -> str:
        return dates.giorno_e_ora(self.quando)


class Storia:
    """All that happened to an object, latest first: a sequence for the paginator, that reads the
    page asked for and nothing else, in as many queries whatever it holds."""

    def __init__(self, obj: models.Model, passi: Sequence[str]):
        self.voci = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
            object_id=str(obj.pk),
        )
        self.relazioni = passi_di(type(obj), passi)
        self.passi = {
            nome: relazione.related_model._base_manager.filter(**{relazione.field.name: obj.pk})
            for nome, relazione in self.relazioni.items()
        }
        momenti = self._momenti(self.voci, "action_time", "")
        altri = [self._momenti(righe, "created_at", nome) for nome, righe in self.passi.items()]
        self.tutto = momenti.union(*altri, all=True).order_by(
            "-storia_quando", "-storia_fonte", "-storia_pk"
        )

    @staticmethod
    def _momenti(righe, quando, fonte):
        """When each of these rows happened, and where it is: names that no model has."""
        return (
            righe.order_by()
            .annotate(
                storia_pk=F("pk"),
                storia_quando=F(quando),
                storia_fonte=Value(fonte, CharField()),
            )
            .values_list("storia_pk", "storia_quando", "storia_fonte")
        )

    def count(self) -> int:
        return self.tutto.count()

    def __len__(self):
        return self.count()

    def __getitem__(self, quali):
        momenti = list(self.tutto[quali])
        lette = {}
        for fonte, righe in {"": self.voci, **self.passi}.items():
            pks = [pk for pk, _quando, sua in momenti if sua == fonte]
            lette |= {(fonte, riga.pk): riga for riga in _insieme(righe.filter(pk__in=pks))}
        return [
            self._voce(lette[fonte, pk], fonte)
            for pk, _quando, fonte in momenti
            if (fonte, pk) in lette
        ]

    def _voce(self, riga, fonte):
        if not fonte:
            return Voce(riga.action_time, str(riga.user), log_a_parole(riga))
        return Voce(riga.created_at, _autore(riga), racconta(riga, self.relazioni[fonte]))


def _insieme(righe):
    """With what the words name, read at once."""
    legate = [campo.name for campo in righe.model._meta.concrete_fields if campo.many_to_one]
    return righe.select_related(*legate)


def _autore(passo) -> str:
    if getattr(passo, "autore", None) is not None:
        return str(passo.autore)
    if hasattr(passo, "get_attore_display"):
        return capfirst(str(passo.get_attore_display()))
    return gettext("Dal sito o dal portale stesso")


def log_a_parole(voce: LogEntry) -> list[str]:
    """A line of the admin's log: each thing apart."""
    detto = voce.get_change_message()
    if detto:
        return detto.split("\n")
    return [
        {ADDITION: gettext("Aggiunto."), DELETION: gettext("Eliminato.")}.get(
            voce.action_flag, gettext("Modificato.")
        )
    ]


def pagina(obj: models.Model, passi: Sequence[str], numero):
    """One page of the history; its ``voci`` are gathered: what one person did in one minute."""
    pagina = Paginator(Storia(obj, passi), PER_PAGINA).get_page(numero)
    voci = []
    for (chi, _alle), insieme in groupby(pagina.object_list, lambda voce: (voce.chi, voce.alle)):
        insieme = list(insieme)
        righe = [riga for voce in insieme for riga in voce.righe]
        voci.append(Voce(insieme[0].quando, chi, righe))
    pagina.voci = voci
    return pagina
