import pytest
from django.urls import reverse

from accounts.forms import ProfiloForm
from accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NUOVA = {
    "email": "anna@example.org",
    "password1": "una-password-lunga",
    "nome": " Anna   Bianchi ",
    "da_14": "on",
    "informativa": "on",
}


@pytest.mark.parametrize(("prefisso", "lingua"), [("", "it"), ("/en", "en")])
def test_signing_up_keeps_the_name_and_the_language_of_the_page(client, prefisso, lingua):
    risposta = client.post(prefisso + reverse("account_signup"), NUOVA)

    assert risposta.status_code == 302
    persona = User.objects.get()
    assert (persona.email, persona.nome, persona.lingua) == (
        "anna@example.org",
        "Anna Bianchi",
        lingua,
    )


@pytest.mark.parametrize(
    ("manca", "messaggio"),
    [
        ("nome", "Scrivi il tuo nome e cognome."),
        ("informativa", "Per creare l'account conferma di avere letto l'informativa."),
    ],
)
def test_signing_up_says_what_is_missing(client, manca, messaggio):
    risposta = client.post(reverse("account_signup"), {**NUOVA, manca: ""})

    assert risposta.context["form"].errors == {manca: [messaggio]}
    assert not User.objects.exists()


def test_the_profile_form_takes_name_and_language_alone():
    assert list(ProfiloForm(instance=UserFactory()).fields) == ["nome", "lingua"]


def test_verified_addresses_are_those_that_she_has_shown_to_be_hers():
    persona = UserFactory(email="anna@example.org")
    persona.emailaddress_set.create(email="altra@example.org", verified=False)
    UserFactory(email="eva@example.org")

    assert persona.indirizzi_verificati() == ["anna@example.org"]
