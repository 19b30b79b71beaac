"""What a person tells of herself: on signing up, and later in her profile."""

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portale.lib.forms import PortaleFormHelper

from .models import Partecipante, User


def _nome_pulito(form):
    return " ".join(form.cleaned_data["nome"].split())


class SignupExtraForm(forms.Form):
    """What the portal asks besides address and password."""

    field_order = ("nome", "email", "password1", "informativa")

    nome = forms.CharField(
        label=_("Nome e cognome"),
        max_length=User._meta.get_field("nome").max_length,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Scrivi il tuo nome e cognome.")},
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per creare l'account conferma di avere letto l'informativa.")
        },
    )

    clean_nome = _nome_pulito

    def signup(self, request, user):
        """Called by allauth once it has made the account. We will write to her in the language
        of the page where she signed up."""
        user.nome = self.cleaned_data["nome"]
        user.lingua = (get_language() or User.Lingua.ITALIANO)[:2]
        user.save(update_fields=["nome", "lingua"])


class ProfiloForm(forms.ModelForm):
    """Name and language; address and password have pages of their own."""

    class Meta:
        model = User
        fields = ["nome", "lingua"]
        widgets = {"nome": forms.TextInput({"autocomplete": "name"})}
        labels = {"lingua": _("In che lingua ti scriviamo?")}
        error_messages = {"lingua": {"invalid_choice": _("Scegli una delle lingue dell'elenco.")}}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["nome"].required = True
        self.fields["nome"].error_messages["required"] = _("Scrivi il tuo nome e cognome.")
        self.helper = PortaleFormHelper(self, submit=_("Salva"))

    clean_nome = _nome_pulito

    def save(self, commit=True):
        persona = super().save(commit)
        # What she hears of as somebody who takes part comes in the same language.
        Partecipante.objects.filter(persona=persona).update(lingua=persona.lingua)
        return persona
