import factory
from allauth.account.models import EmailAddress
from factory.django import DjangoModelFactory

from accounts.models import User


class UserFactory(DjangoModelFactory):
    """A person with an account and a confirmed address; password "una-password-lunga"."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        ufficio = factory.Trait(is_staff=True, is_superuser=True)

    email = factory.Sequence("persona{}@example.org".format)
    nome = factory.Sequence("Persona {}".format)
    password = factory.django.Password("una-password-lunga")

    @factory.post_generation
    def verificata(self, create, extracted, **kwargs):
        if create:
            EmailAddress.objects.create(
                user=self, email=self.email, primary=True, verified=extracted is not False
            )
