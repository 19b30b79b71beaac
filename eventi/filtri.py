"""What people look for in the list of meetings."""

from calendar import monthrange
from collections import Counter
from datetime import date, timedelta
from typing import NamedTuple

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Count
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from laboratori.models import Laboratorio
from portale.lib import dates
from portale.lib.memoria import ricorda

from .models import Incontro

CITTA = "citta"
_ANNI = _("Scrivi una data tra il 2000 e il 2100.")


class CampoGiorno(forms.DateField):
    """A day, as date pickers and people write it."""

    def __init__(self, **kwargs):
        super().__init__(
            required=False,
            input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"],
            validators=[
                MinValueValidator(date(2000, 1, 1), _ANNI),
                MaxValueValidator(date(2100, 12, 31), _ANNI),
            ],
            error_messages={"invalid": _("Scrivi la data così: 31/12/2026.")},
            **kwargs,
        )


class FiltroIncontri(forms.Form):
    """The filters of the list. Wrong values are told, and the others still apply."""

    QUANDO = (
        ("settimana", _("Questa settimana")),
        ("prossima-settimana", _("La prossima settimana")),
        ("mese", _("Questo mese")),
        ("prossimo-mese", _("Il prossimo mese")),
    )

    zona = forms.ChoiceField(
        label=_("Laboratorio"),
        required=False,
        error_messages={
            "invalid_choice": _("Questo laboratorio non c'è: scegline uno dall'elenco.")
        },
    )
    genere = forms.ChoiceField(
        label=_("Tipo di incontro"),
        required=False,
        choices=[("", ""), *Incontro.Genere.choices],
        error_messages={"invalid_choice": _("Questo tipo non c'è: scegline uno dall'elenco.")},
    )
    quando = forms.ChoiceField(
        label=_("Quando"),
        required=False,
        choices=[("", ""), *QUANDO],
        error_messages={"invalid_choice": _("Questo periodo non c'è: scegline uno dall'elenco.")},
    )
    dal = CampoGiorno(label=_("Dal giorno"))
    al = CampoGiorno(label=_("Al giorno"))
    accessibile = forms.BooleanField(label=_("Ingresso senza gradini"), required=False)
    servizi = forms.BooleanField(label=_("Con servizi"), required=False)

    def __init__(self, data, *, zone, oggi):
        super().__init__(data)
        self.zone = {str(zona.numero): zona for zona in zone}
        self.oggi = oggi
        self.fields["zona"].choices = [
            ("", ""),
            *((numero, zona.nome) for numero, zona in self.zone.items()),
            (CITTA, gettext("Tutta la città")),
        ]

    def clean(self):
        dati = super().clean()
        dal, al = dati.get("dal"), dati.get("al")
        if dal and al and al < dal:
            self.add_error("al", gettext("Il secondo giorno viene prima del primo."))
        if dati.get("quando") and (dal or al):
            self.add_error(
                "quando", gettext("Scegli un periodo oppure due giorni, non tutti e due.")
            )
        return dati

    @property
    def scelte(self):
        """The values that are right, whatever the others are."""
        self.is_valid()
        return self.cleaned_data

    def periodo(self):
        """First and last day asked for; None where there is no bound."""
        quando, oggi = self.scelte.get("quando"), self.oggi
        if quando == "settimana":
            return oggi, oggi + timedelta(days=6 - oggi.weekday())
        if quando == "prossima-settimana":
            lunedi = oggi + timedelta(days=7 - oggi.weekday())
            return lunedi, lunedi + timedelta(days=6)
        if quando == "mese":
            return oggi, ultimo_del_mese(oggi)
        if quando == "prossimo-mese":
            primo = ultimo_del_mese(oggi) + timedelta(days=1)
            return primo, ultimo_del_mese(primo)
        return self.scelte.get("dal"), self.scelte.get("al")

    def filtra(self, incontri):
        """The meetings asked for."""
        scelte = self.scelte
        if zona := scelte.get("zona"):
            incontri = incontri.filter(laboratorio=None if zona == CITTA else self.zone[zona].pk)
        if genere := scelte.get("genere"):
            incontri = incontri.filter(genere=genere)
        if scelte.get("accessibile"):
            incontri = incontri.accessibili()
        if scelte.get("servizi"):
            incontri = incontri.con_servizi()
        return incontri.nel_periodo(*self.periodo())

    def conta(self, incontri):
        """How many of the meetings to come ``filtra`` gives, and for each value how many there
        would be with that value beside the other filters: ``(total, {field: Counter})``."""
        scelte = self.scelte
        cercate = {
            "zona": scelte.get("zona") or None,
            "genere": scelte.get("genere") or None,
            "accessibile": True if scelte.get("accessibile") else None,
            "servizi": True if scelte.get("servizi") else None,
        }
        periodo = self.periodo()
        if periodo == (None, None):
            gruppi = ricorda("gruppi-di-incontri", lambda: _gruppi(incontri))
        else:
            gruppi = _gruppi(incontri.nel_periodo(*periodo))
        totale, conteggi = 0, {campo: Counter() for campo in cercate}
        numeri = {zona.pk: numero for numero, zona in self.zone.items()} | {None: CITTA}
        for laboratorio, genere, senza_gradini, offre_servizi, quanti in gruppi:
            valori = {
                "zona": numeri.get(laboratorio),
                "genere": genere,
                "accessibile": senza_gradini is True,
                "servizi": offre_servizi,
            }
            diversi = [
                campo
                for campo, cercato in cercate.items()
                if cercato is not None and cercato != valori[campo]
            ]
            if not diversi:
                totale += quanti
                for campo, valore in valori.items():
                    conteggi[campo][valore] += quanti
            elif len(diversi) == 1:
                conteggi[diversi[0]][valori[diversi[0]]] += quanti
        return totale, conteggi

    def attivi(self):
        """The filters in use: (field names, words)."""
        scelte = self.scelte
        voci = []
        if zona := scelte.get("zona"):
            voci.append((("zona",), dict(self.fields["zona"].choices)[zona]))
        if genere := scelte.get("genere"):
            voci.append((("genere",), capfirst(Incontro.Genere(genere).label)))
        if quando := scelte.get("quando"):
            voci.append((("quando",), str(dict(self.QUANDO)[quando])))
        elif scelte.get("dal") or scelte.get("al"):
            voci.append((("dal", "al"), self._giorni_a_parole()))
        voci += [
            ((campo,), str(self.fields[campo].label))
            for campo in ("accessibile", "servizi")
            if scelte.get(campo)
        ]
        return voci

    def _giorni_a_parole(self):
        dal, al = self.scelte.get("dal"), self.scelte.get("al")
        giorni = {
            "dal": dal and dates.giorno_mese_anno(dal),
            "al": al and dates.giorno_mese_anno(al),
        }
        if dal and al:
            return gettext("Dal %(dal)s al %(al)s") % giorni
        if dal:
            return gettext("Dal %(dal)s") % giorni
        return gettext("Fino al %(al)s") % giorni


def ultimo_del_mese(giorno):
    return giorno.replace(day=monthrange(giorno.year, giorno.month)[1])


def _gruppi(incontri):
    """How many there are of each kind: as many rows as kinds, however many the meetings."""
    return list(
        incontri.with_offre_servizi()
        .order_by()
        .values_list("laboratorio", "genere", "sede__senza_gradini", "offre_servizi")
        .annotate(quanti=Count("pk"))
    )


class Zona(NamedTuple):
    """A lab as the filter shows it."""

    pk: int
    numero: int
    nome: str
    quartieri: list[str]

    @property
    def etichetta(self):
        """ "Zona 4: Farnesiana, Baia del Re": who lives there knows the names, not the number."""
        zona = gettext("Zona %(numero)d") % {"numero": self.numero}
        return f"{zona}: {', '.join(self.quartieri) or self.nome}"


def zone():
    """The labs to choose from, with their neighbourhoods."""
    return ricorda("zone", _zone)


def _zone():
    righe = (
        Laboratorio.objects.pubblici()
        .order_by("numero", "quartieri__ordine", "quartieri__nome")
        .values_list("pk", "numero", "nome", "quartieri__nome")
    )
    trovate = {}
    for pk, numero, nome, quartiere in righe:
        zona = trovate.setdefault(pk, Zona(pk, numero, nome, []))
        if quartiere:
            zona.quartieri.append(quartiere)
    return list(trovate.values())
