"""What a person writes to register, and to change how many come."""

from crispy_forms.layout import HTML, Div, Fieldset, Layout
from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.consensi import TESTI, Scopo
from portale.lib.antispam import FormProtetto
from portale.lib.forms import PortaleFormHelper
from portale.lib.testo import normalizza_email

from .models import Iscrizione, Necessita
from .models.iscrizioni import POSTI_MASSIMI


def _persone(quante: int) -> str:
    if quante == 1:
        return gettext("1 persona (solo io)")
    return ngettext("%(n)d persona", "%(n)d persone", quante) % {"n": quante}


_persone_lazy = lazy(_persone, str)

ORDINE = (
    "nome",
    "email",
    "telefono",
    "minore",
    "nome_minore",
    "posti_richiesti",
    "servizi",
    "necessita",
    "foto",
    "newsletter",
    "informativa",
)


class CampoPosti(forms.TypedChoiceField):
    """How many people come, herself included."""

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Quante persone siete?"))
        super().__init__(
            coerce=int,
            choices=[(n, _persone_lazy(n)) for n in range(1, POSTI_MASSIMI + 1)],
            initial=1,
            error_messages={
                "required": _("Scegli quante persone siete."),
                "invalid_choice": _("Con una sola iscrizione si viene in 5 al massimo."),
            },
            **kwargs,
        )


class CampoServizi(forms.MultipleChoiceField):
    """Some of the given services; the cleaned value is a list of ``Servizio``."""

    def __init__(self, servizi, **kwargs):
        self.servizi = {str(servizio.pk): servizio for servizio in servizi}
        super().__init__(
            choices=[(pk, _etichetta(servizio)) for pk, servizio in self.servizi.items()],
            widget=forms.CheckboxSelectMultiple,
            required=False,
            error_messages={
                "invalid_choice": _(
                    "Un servizio che avevi scelto non si può più chiedere e lo abbiamo tolto. "
                    "Controlla e invia di nuovo."
                )
            },
            **kwargs,
        )

    def clean(self, value):
        return [self.servizi[pk] for pk in super().clean(value)]


FACOLTATIVI = '{% include "eventi/_iscrizione_facoltativi.html" only %}'
INFORMATIVA = '{% include "eventi/_iscrizione_informativa.html" with ente=ente only %}'


def _etichetta(servizio):
    genere = servizio.get_genere_display()
    genere = genere[:1].upper() + genere[1:]
    return f"{genere}: {servizio.descrizione}" if servizio.descrizione else genere


class IscrizioneForm(forms.Form):
    """What an account holder may add to her one click. ``servizi`` are those still requestable;
    without ``chiedi_nome`` the portal already knows her name."""

    nome = forms.CharField(
        label=_("Nome e cognome"),
        max_length=Iscrizione._meta.get_field("nome").max_length,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Scrivi il tuo nome e cognome.")},
    )
    posti_richiesti = CampoPosti(
        help_text=_("Contando anche te. Puoi cambiare idea più tardi."),
    )
    necessita = forms.CharField(
        label=_("Ti serve qualcosa per partecipare?"),
        required=False,
        max_length=Necessita._meta.get_field("testo").max_length,
        widget=forms.Textarea({"rows": 3}),
        help_text=_(
            "Per esempio: uso la sedia a rotelle, sento poco, vengo con un cane guida. Lo legge "
            "solo chi, nell'ufficio e in sala, prepara la tua accoglienza. Puoi non rispondere."
        ),
    )

    # Not ticked, she states that she is 14 or older: the words say so.
    minore = forms.BooleanField(
        label=_("Iscrivo una persona con meno di 14 anni"),
        required=False,
        help_text=_(
            "Chi ha meno di 14 anni lo iscrive un genitore, o chi ne fa le veci, con il proprio "
            "nome e i propri recapiti. Se non metti la spunta dichiari che chi si iscrive ha "
            "almeno 14 anni."
        ),
    )
    nome_minore = forms.CharField(
        label=_("Come si chiama?"),
        required=False,
        max_length=Iscrizione._meta.get_field("nome_minore").max_length,
        help_text=_("Solo se iscrivi chi ha meno di 14 anni. Basta il nome; puoi non scriverlo."),
    )
    foto = forms.BooleanField(label=TESTI[Scopo.FOTO], required=False)
    newsletter = forms.BooleanField(label=TESTI[Scopo.NEWSLETTER], required=False)

    def __init__(self, *args, servizi=(), chiedi_nome=True, **kwargs):
        super().__init__(*args, **kwargs)
        if servizi:
            self.fields["servizi"] = CampoServizi(servizi, label=_("Servizi che puoi chiedere"))
        if not chiedi_nome:
            del self.fields["nome"]
        # The error summary follows the order in which the fields are read.
        self.order_fields(ORDINE)
        self.helper = PortaleFormHelper(self, submit=_("Iscriviti"))
        self.helper.layout = Layout(*self.parti())

    def per_la_lista(self):
        """She would wait in line, and the button says so."""
        self.helper.inputs[0].value = _("Mettiti in lista d'attesa")

    def parti(self):
        """What the form is made of, in the order in which it is read."""
        campi = [nome for nome in ORDINE if nome in self.fields]
        return [*campi, HTML(INFORMATIVA)]

    def clean_nome_minore(self):
        return " ".join(self.cleaned_data["nome_minore"].split())

    def clean_nome(self):
        """A name, on one line. Our mails greet her with it, so whoever registers somebody else's
        address could otherwise send that person a link in our name."""
        nome = " ".join(self.cleaned_data["nome"].split())
        if any(segno in nome.lower() for segno in ("://", "www.", "@")):
            raise forms.ValidationError(
                _("Scrivi solo il nome e il cognome, senza indirizzi."), code="indirizzo"
            )
        return nome


class IscrizioneOspiteForm(FormProtetto, IscrizioneForm):
    """A registration without an account: the address is confirmed by mail."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput({"autocomplete": "email", "inputmode": "email"}),
        help_text=_("Ti scriviamo qui per confermare e se qualcosa cambia."),
        error_messages={
            "required": _("Scrivi la tua e-mail: ti mandiamo lì il link per confermare."),
            "invalid": _("Controlla l'e-mail: manca qualcosa. Deve essere come nome@esempio.it."),
        },
    )
    telefono = forms.CharField(
        label=_("Telefono"),
        required=False,
        max_length=Iscrizione._meta.get_field("telefono").max_length,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        help_text=_("Solo per avvisarti di un cambiamento all'ultimo momento."),
    )
    informativa = forms.BooleanField(
        label=_("Ho letto l'informativa"),
        error_messages={
            "required": _("Per iscriverti conferma di avere letto l'informativa qui sopra.")
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # The template writes the <form> itself, with what differs from one visit to the next
        # (the CSRF token and the time), so that the rest can be kept.
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    @property
    def impronta(self):
        """What the words of an empty form depend on, beside the page's language."""
        servizi = self.fields["servizi"].choices if "servizi" in self.fields else []
        return [str(self.helper.inputs[0].value), *servizi]

    def parti(self):
        return [
            Fieldset(_("Chi sei"), "nome", "email", "telefono", "minore", "nome_minore"),
            Fieldset(
                _("Come ti accogliamo"),
                *(n for n in ("posti_richiesti", "servizi", "necessita") if n in self.fields),
            ),
            Fieldset(
                _("I tuoi dati"),
                HTML(INFORMATIVA),
                HTML(FACOLTATIVI),
                "foto",
                "newsletter",
                "informativa",
            ),
            Div("sito_web", css_class="visually-hidden", aria_hidden="true"),
        ]

    def clean_email(self):
        return normalizza_email(self.cleaned_data["email"])


class ModificaForm(forms.Form):
    """What she may change of her registration: how many come, services, needs. ``servizi`` are
    those that can still be asked for, and those that she has asked for already."""

    posti_richiesti = CampoPosti(label=_("In quante persone venite?"))
    necessita = forms.CharField(
        label=_("Ti serve qualcosa per partecipare?"),
        required=False,
        max_length=Necessita._meta.get_field("testo").max_length,
        widget=forms.Textarea({"rows": 3}),
        help_text=_(
            "Lo legge solo chi, nell'ufficio e in sala, prepara la tua accoglienza. Puoi non "
            "rispondere."
        ),
    )

    def __init__(self, *args, servizi=(), **kwargs):
        super().__init__(*args, **kwargs)
        if servizi:
            self.fields["servizi"] = CampoServizi(servizi, label=_("Servizi che puoi chiedere"))
        self.order_fields(ORDINE)
        self.helper = PortaleFormHelper(self, submit=_("Salva le modifiche"))
        # No token in it: see eventi.views.iscrizioni.pagina_privata.
        self.helper.disable_csrf = True


class ConsensoForm(forms.Form):
    """One of her yeses, on her own page."""

    scopo = forms.ChoiceField(choices=Scopo.choices)
    si = forms.BooleanField(required=False)
