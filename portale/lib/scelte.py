"""Choosing a row of a table that grows for years.

A select with all of them would be a page of megabytes, and nobody reads a thousand lines. These
fields offer the newest; any other row is as good if the page names it already (``?incontro=12``,
what was chosen before), and is then among the choices.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext

# The newest that are offered.
QUANTE = 300


class _Ultime(ModelChoiceIterator):
    def __iter__(self):
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        ultime = self.queryset.order_by("-pk").values("pk")[:QUANTE]
        scelte = [self.choice(riga) for riga in self.queryset.filter(pk__in=ultime)]
        if len(scelte) < QUANTE:
            yield from scelte
        else:
            yield (gettext("Scelte più recenti: %(n)d") % {"n": QUANTE}, scelte)


class _AncheQuella:
    """Offers also what is chosen already, however old."""

    def optgroups(self, name, value, attrs=None):
        gruppi = super().optgroups(name, value, attrs)
        if not isinstance(self.choices, _Ultime):
            return gruppi
        ci_sono = {str(opzione["value"]) for _nome, opzioni, _n in gruppi for opzione in opzioni}
        for scelto in value:
            if scelto in ("", *ci_sono):
                continue
            campo = self.choices.field
            try:
                riga = forms.ModelChoiceField.to_python(campo, scelto)
            except ValidationError:
                continue
            testo = campo.label_from_instance(riga)
            opzione = self.create_option(name, scelto, testo, True, len(gruppi), attrs=attrs)
            gruppi.append((None, [opzione], len(gruppi)))
        return gruppi


class SceltaUna(_AncheQuella, forms.Select):
    pass


class SceltaMolte(_AncheQuella, forms.SelectMultiple):
    pass


class UltimeField(forms.ModelChoiceField):
    """One of the newest rows, or the one that the page names."""

    iterator = _Ultime
    widget = SceltaUna


class UltimeMolteField(forms.ModelMultipleChoiceField):
    """Some of the newest rows, and those that the page names."""

    iterator = _Ultime
    widget = SceltaMolte
