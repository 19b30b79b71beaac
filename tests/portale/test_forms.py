"""The markup of every form: labels that are seen, errors that can be found."""

import re

import pytest
from django import forms
from django.template import Context, Template

from portale.lib.forms import PortaleFormHelper


class EsempioForm(forms.Form):
    nome = forms.CharField(label="Nome", widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", help_text="Ti scriviamo qui")
    telefono = forms.CharField(
        label="Telefono",
        required=False,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    zona = forms.ChoiceField(label="Zona", choices=[("1", "Uno"), ("2", "Due")])
    canale = forms.ChoiceField(
        label="Canale", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect
    )
    servizi = forms.MultipleChoiceField(
        label="Servizi",
        choices=[("lis", "LIS"), ("bimbi", "Bimbi")],
        widget=forms.CheckboxSelectMultiple,
        help_text="Scegline quanti vuoi",
    )
    informativa = forms.BooleanField(label="Ho letto", help_text="È breve")
    posti = forms.IntegerField(label="Posti", min_value=1, max_value=5)
    giorno = forms.DateField(label="Giorno", widget=forms.DateInput({"type": "date"}))
    parola = forms.CharField(label="Parola", widget=forms.PasswordInput)
    sito = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PortaleFormHelper(self, submit="Invia la richiesta")


def disegna(form):
    return Template("{% load crispy_forms_tags %}{% crispy form %}").render(
        Context({"form": form, "csrf_token": "token"})
    )


@pytest.fixture
def vuoto():
    return disegna(EsempioForm())


@pytest.fixture
def sbagliato():
    return disegna(EsempioForm({"email": "no", "posti": "9", "zona": "7"}))


def controllo(html, nome):
    """The one tag of the control with that name."""
    [tag] = re.findall(rf'<(?:input|select|textarea)[^>]*name="{nome}"[^>]*>', html)
    return tag


def attributo(tag, nome):
    trovato = re.search(rf'\s{nome}="([^"]*)"', tag)
    return trovato and trovato[1]


def test_every_control_has_a_label_that_names_it_and_none_names_nothing(vuoto):
    controlli = re.findall(r'<(?:input|select|textarea)[^>]*id="([^"]+)"', vuoto)
    etichette = re.findall(r'<label[^>]*for="([^"]+)"', vuoto)

    assert set(etichette) == set(controlli) - {"id_sito"}


@pytest.mark.parametrize(
    ("nome", "classe"),
    [
        ("nome", "form-control"),
        ("email", "form-control"),
        ("telefono", "form-control"),
        ("note", "form-control"),
        ("posti", "form-control"),
        ("giorno", "form-control"),
        ("parola", "form-control"),
        ("zona", "form-select"),
    ],
)
def test_each_kind_of_control_gets_the_design_systems_class(vuoto, nome, classe):
    assert classe in attributo(controllo(vuoto, nome), "class").split()


def test_what_a_field_says_of_itself_reaches_the_markup(vuoto):
    assert attributo(controllo(vuoto, "nome"), "autocomplete") == "name"
    assert attributo(controllo(vuoto, "telefono"), "type") == "tel"
    assert attributo(controllo(vuoto, "giorno"), "type") == "date"
    assert attributo(controllo(vuoto, "posti"), "max") == "5"


def test_only_what_may_be_left_out_is_marked(vuoto):
    # Most fields are needed: saying so at each would be noise.
    segnati = re.findall(
        r'>([^<>]+) <span class="campo-facoltativo">\(facoltativo\)</span>', vuoto
    )
    assert segnati == ["Telefono", "Note"]


def test_help_is_tied_to_its_control_or_to_its_group(vuoto):
    assert attributo(controllo(vuoto, "email"), "aria-describedby") == "id_email_helptext"
    assert attributo(controllo(vuoto, "informativa"), "aria-describedby") == (
        "id_informativa_helptext"
    )
    assert (
        '<fieldset id="div_id_servizi" class="campo" aria-describedby="id_servizi_helptext">'
        in (vuoto)
    )
    for ident in ("id_email_helptext", "id_informativa_helptext", "id_servizi_helptext"):
        assert vuoto.count(f'id="{ident}"') == 1


def test_an_error_is_tied_to_its_control_and_marks_it_invalid(sbagliato):
    tag = controllo(sbagliato, "email")

    assert attributo(tag, "aria-invalid") == "true"
    assert attributo(tag, "aria-describedby").split() == ["id_email_helptext", "id_email_error"]
    assert "is-invalid" in attributo(tag, "class").split()
    assert sbagliato.count('id="id_email_error"') == 1


def test_what_was_typed_is_still_there_after_an_error(sbagliato):
    assert attributo(controllo(sbagliato, "email"), "value") == "no"
    assert attributo(controllo(sbagliato, "posti"), "value") == "9"


def test_the_summary_comes_first_and_links_to_each_field_in_error(sbagliato, vuoto):
    collegati = re.findall(r'<a href="#([^"]+)">', sbagliato)
    presenti = set(re.findall(r'id="([^"]+)"', sbagliato))

    assert collegati == [
        "id_nome",
        "id_email",
        "id_zona",
        "id_canale_0",
        "id_servizi_0",
        "id_informativa",
        "id_posti",
        "id_giorno",
        "id_parola",
    ]
    assert set(collegati) - presenti == set()
    assert sbagliato.index("data-riassunto-errori") < sbagliato.index('id="id_nome"')
    assert "data-riassunto-errori" not in vuoto


def test_the_summary_says_what_belongs_to_no_field():
    form = EsempioForm({})
    form.add_error(None, "I posti sono <finiti>.")
    form.add_error("sito", "Riprova tra poco.")
    html = disegna(form)

    assert "<li>I posti sono &lt;finiti&gt;.</li>" in html
    assert "<li>Riprova tra poco.</li>" in html


def test_choices_stand_in_a_named_group(vuoto):
    assert re.findall(r"<legend[^>]*>([^<]+)</legend>", vuoto) == ["Canale", "Servizi"]
    assert re.findall(r'type="radio" name="canale" value="([^"]+)"', vuoto) == ["a", "b"]
    assert re.findall(r'type="checkbox" name="servizi" value="([^"]+)"', vuoto) == ["lis", "bimbi"]


def test_a_form_is_posted_with_its_protection_and_one_verb_on_the_button(vuoto):
    assert 'name="csrfmiddlewaretoken"' in vuoto
    assert re.findall(r"<button[^>]*>([^<]+)</button>", vuoto) == ["Invia la richiesta"]
    assert " novalidate" in vuoto


def test_a_form_may_leave_its_button_to_the_template():
    form = EsempioForm()
    form.helper = PortaleFormHelper(form, submit=None)

    assert "<button" not in disegna(form)


def test_no_part_of_a_form_needs_inline_style_or_script(sbagliato):
    assert re.findall(r"\s(?:style|on[a-z]+)=|<script|<style", sbagliato) == []
