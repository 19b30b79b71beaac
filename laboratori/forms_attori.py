"""What is written and looked for on the map of actors."""

from django import forms
from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models import Attore, Laboratorio
from .models.attori import nome_normale


def _pubblici():
    return [(valore, capfirst(nome)) for valore, nome in Attore.Pubblico.choices]


class AttoreForm(forms.ModelForm):
    """An actor's texts, and the version that they were read at. It saves nothing:
    ``laboratori.attori`` does, with ``campi``."""

    pubblici = forms.MultipleChoiceField(
        label=_("Per chi"),
        choices=_pubblici,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Le persone a cui si rivolge di più. Serve a vedere chi manca sulla mappa."),
        error_messages={"invalid_choice": _("Scegli fra le voci dell'elenco.")},
    )
    sito = forms.URLField(
        label=_("Sito o pagina"),
        required=False,
        assume_scheme="https",
        max_length=Attore._meta.get_field("sito").max_length,
        widget=forms.TextInput({"type": "url", "inputmode": "url", "autocomplete": "off"}),
    )
    vista = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = Attore
        fields = (*Attore.CAMPI, "stato")
        help_texts = {
            "attivita": _("Che cosa fa, quando, con chi. Senza nomi di persone."),
            "luogo": _("Una via, una piazza, un luogo che si riconosce. Mai una casa privata."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["vista"].initial = self.instance.versione if self.instance.pk else 0
        self.fields["laboratorio"].queryset = Laboratorio.objects.pubblici()

    def clean_nome(self):
        nome = " ".join(self.cleaned_data["nome"].split())
        if not nome_normale(nome):
            raise forms.ValidationError(gettext("Scrivi un nome, con delle lettere."))
        return nome

    def clean_attivita(self):
        """A browser ends lines in its own way: that alone changes nothing."""
        return self.cleaned_data["attivita"].replace("\r\n", "\n")

    def clean_pubblici(self):
        """In the order of the list, whatever the browser sent."""
        scelti = set(self.cleaned_data["pubblici"])
        return [p.value for p in Attore.Pubblico if p.value in scelti]

    def clean(self):
        dati = super().clean()
        if (dati.get("latitudine") is None) != (dati.get("longitudine") is None):
            self.add_error("longitudine", gettext("Servono tutte e due le coordinate, o nessuna."))
        return dati

    @property
    def campi(self) -> dict:
        """The columns, as ``laboratori.attori`` takes them."""
        return {nome: valore for nome, valore in self.cleaned_data.items() if nome != "vista"}

    @property
    def versione_vista(self) -> int:
        return self.cleaned_data.get("vista") or 0


class FiltroAttori(forms.Form):
    """What is looked for among the actors of a zone. Wrong values are told, and the others still
    apply."""

    q = forms.CharField(
        label=_("Parole"),
        required=False,
        max_length=100,
        error_messages={
            "max_length": _("Scrivi al massimo %(limit_value)d caratteri."),
            "null_characters_not_allowed": _("Scrivi solo parole."),
        },
    )
    stato = forms.ChoiceField(
        label=_("A che punto siamo"),
        required=False,
        choices=[("", _("Tutti")), *((v, capfirst(n)) for v, n in Attore.Stato.choices)],
        error_messages={"invalid_choice": _("Questa voce non c'è: scegline una dall'elenco.")},
    )
    per = forms.ChoiceField(
        label=_("Per chi"),
        required=False,
        choices=lambda: [("", gettext("Tutti")), *_pubblici_da_cercare()],
        error_messages={"invalid_choice": _("Questa voce non c'è: scegline una dall'elenco.")},
    )
    tolti = forms.BooleanField(label=_("Quelli tolti dalla mappa"), required=False)

    def __init__(self, data):
        super().__init__(data)
        self.is_valid()

    @property
    def attivo(self) -> bool:
        """Whether anything is looked for, rightly or not."""
        return bool(self.errors) or bool(self.argomenti())

    def filtra(self, attori: QuerySet) -> QuerySet:
        scelte = self.cleaned_data
        attori = attori.tolti() if scelte.get("tolti") else attori.sulla_mappa()
        if stato := scelte.get("stato"):
            attori = attori.filter(stato=stato)
        if pubblico := scelte.get("per"):
            attori = attori.per(pubblico)
        for parola in scelte.get("q", "").split()[:6]:
            attori = attori.filter(
                Q(nome__icontains=parola)
                | Q(attivita__icontains=parola)
                | Q(luogo__icontains=parola)
            )
        return attori

    def argomenti(self) -> dict[str, str]:
        """The arguments of a link that keeps the right ones of these filters."""
        scelte = self.cleaned_data
        argomenti = {nome: scelte[nome] for nome in ("q", "stato", "per") if scelte.get(nome)}
        return argomenti | ({"tolti": "on"} if scelte.get("tolti") else {})


def _pubblici_da_cercare():
    return [
        (valore, gettext("Chiunque") if valore == Attore.Pubblico.TUTTI else nome)
        for valore, nome in _pubblici()
    ]
