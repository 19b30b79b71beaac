from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from percorso.models import Fase, Percorso


class PercorsoFactory(DjangoModelFactory):
    """An active process of this year."""

    class Meta:
        model = Percorso

    titolo = factory.Sequence("Percorso {}".format)
    slug = factory.Sequence("percorso-{}".format)
    sintesi = "Sette laboratori per ascoltare i quartieri."
    stato = Percorso.Stato.ATTIVO
    inizio = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=60))


class FaseFactory(DjangoModelFactory):
    """A stage that is on today and opens registering."""

    class Meta:
        model = Fase

    percorso = factory.SubFactory(PercorsoFactory)
    ordine = factory.Sequence(int)
    titolo = factory.Sequence("Fase {}".format)
    inizio = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=30))
    fine = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=120))
    apre_iscrizioni = True
