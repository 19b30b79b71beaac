"""What people look for among the decisions."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi.filtri import CITTA
from laboratori.models import Laboratorio
from percorso.models import Percorso

from .models import Decisione, Esito


def _scelta(etichetta, errore, scelte=()):
    return forms.ChoiceField(
        label=etichetta,
        required=False,
        choices=[("", ""), *scelte],
        error_messages={"invalid_choice": errore},
    )


class FiltroDecisioni(forms.Form):
    """By process, lab and outcome. Wrong values are told, and the others still apply. Two
    queries, for what there is to choose from."""

    percorso = _scelta(_("Percorso"), _("Questo percorso non c'è: scegline uno dall'elenco."))
    zona = _scelta(_("Laboratorio"), _("Questo laboratorio non c'è: scegline uno dall'elenco."))
    esito = _scelta(
        _("Esito"),
        _("Questo esito non c'è: scegline uno dall'elenco."),
        [(esito.value, esito.label) for esito in Esito],
    )

    def __init__(self, data):
        super().__init__(data)
        con_decisioni = Decisione.objects.pubblicate().values("percorso")
        percorsi = Percorso.objects.filter(pk__in=con_decisioni).dal_piu_attuale()
        self.percorsi = {percorso.slug: percorso for percorso in percorsi}
        self.zone = {str(zona.numero): zona for zona in Laboratorio.objects.order_by("numero")}
        self.fields["percorso"].choices = [("", ""), *((s, str(p)) for s, p in self._percorsi())]
        self.fields["zona"].choices = [
            ("", ""),
            *((numero, zona.nome) for numero, zona in self.zone.items()),
            (CITTA, gettext("Tutta la città")),
        ]
        self.is_valid()

    def _percorsi(self):
        return self.percorsi.items()

    @property
    def scelte(self) -> dict:
        return {campo: valore for campo, valore in self.cleaned_data.items() if valore}

    def filtra(self, decisioni):
        scelte = self.scelte
        if percorso := scelte.get("percorso"):
            decisioni = decisioni.filter(percorso=self.percorsi[percorso])
        if zona := scelte.get("zona"):
            laboratorio = None if zona == CITTA else self.zone[zona]
            decisioni = decisioni.filter(proposta__laboratorio=laboratorio)
        if esito := scelte.get("esito"):
            decisioni = decisioni.filter(esito=esito)
        return decisioni

    def opzioni(self) -> dict:
        """For each select: (value, words, None, chosen)."""
        return {
            campo: [
                (valore, capfirst(str(testo)), None, valore == self.scelte.get(campo))
                for valore, testo in self.fields[campo].choices
                if valore
            ]
            for campo in self.fields
        }
