import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from posta.models import Messaggio


class MessaggioFactory(DjangoModelFactory):
    """A mail that is due now."""

    class Meta:
        model = Messaggio

    genere = "contatto"
    destinatario = factory.Sequence("persona{}@example.org".format)
    chiave = factory.Sequence("prova:{}".format)
    dovuto_at = factory.LazyFunction(timezone.now)
