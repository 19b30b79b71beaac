"""What a person tells of herself: on signing up, and later in her profile."""

from crispy_forms.layout import HTML, Layout
from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portale.lib.antispam import CampoEmail, FormProtetto, campi_antispam
from portale.lib.forms import PortaleFormHelper

from . import consensi
from .models import Partecipante, User


def _nome_pulito(form):
    return " ".join(form.cleaned_data["nome"].split())


class SignupExtraForm(forms.Form):
    """What the portal asks besides address and password."""

    field_order = ("nome", "email", "password1", "da_14", "informativa")

    nome = forms.CharField(
        label=_("Nome e cognome"),
        max_length=User._meta.get_field("nome").max_length,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Scrivi il tuo nome e cognome.")},
    )
    # Below this age a child's own consent does not do (D.Lgs. 196/2003, art. 2-quinquies).
    da_14 = forms.BooleanField(
        label=_("Ho almeno 14 anni"),
        help_text=_("Se ne hai meno, agli incontri ti iscrive un genitore, anche senza account."),
        error_messages={"required": _("Per avere un account servono almeno 14 anni.")},
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
        user.da_14_at = timezone.now()
        user.save(update_fields=["nome", "lingua", "da_14_at"])


class AvvisiForm(forms.ModelForm):
    """The switches of the mails that nobody needs in order to take part. The news are a consent,
    which is kept with its words and its moment; they need an address that is seen to be hers."""

    notizie = forms.BooleanField(label=consensi.TESTI[consensi.Scopo.NEWSLETTER], required=False)

    class Meta:
        model = User
        fields = ["avvisi_promemoria", "avvisi_seguiti", "avvisi_riepilogo"]
        labels = {
            "avvisi_promemoria": _("Promemoria degli incontri"),
            "avvisi_seguiti": _("Novità di quello che segui"),
            "avvisi_riepilogo": _("Riepilogo del lunedì"),
        }
        help_texts = {
            "avvisi_promemoria": _(
                "Prima degli incontri a cui sei iscritta o iscritto. Se un incontro cambia o è "
                "annullato ti scriviamo comunque."
            ),
            "avvisi_seguiti": _(
                "Appena una proposta che segui ha una decisione, una risposta o un passo avanti, "
                "e quando un laboratorio ha qualcosa da dirti. Delle proposte tue ti scriviamo "
                "comunque."
            ),
            "avvisi_riepilogo": _(
                "Una volta alla settimana, le novità dei laboratori e dei temi che segui."
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["notizie"].initial = consensi.newsletter_di(self.instance.email).exists()
        self.helper = PortaleFormHelper(self, submit=_("Salva gli avvisi"))
        self.helper.form_action = "profilo_avvisi"

    def save(self, commit=True):
        persona = super().save(commit)
        adesso = timezone.now()
        if not self.cleaned_data["notizie"]:
            consensi.ritira(consensi.newsletter_di(persona.email), adesso)
        elif persona.email in persona.indirizzi_verificati():
            consensi.dai(
                consensi.Scopo.NEWSLETTER,
                persona.email,
                lingua=persona.lingua,
                dove="profilo",
                confermato=True,
                adesso=adesso,
            )
        return persona


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


class DatiForm(FormProtetto):
    """Whose data: the address to which the link goes."""

    email = CampoEmail(help_text=_("Ti mandiamo lì il link, che apri solo tu."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Mandami il link"))
        self.helper.layout = Layout(
            "email",
            HTML('{% load dati %}{% informativa "diritti" %}'),
            campi_antispam(),
        )


class CancellaForm(forms.Form):
    """The second step of an erasure."""

    capito = forms.BooleanField(
        label=_("Ho capito: i miei dati non si possono recuperare"),
        error_messages={"required": _("Per cancellare conferma di avere capito.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit=_("Cancella i miei dati"))
