from datetime import date

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from laboratori.models import Attore, Disponibilita, Laboratorio, Quartiere
from laboratori.models.attori import nome_normale


class LaboratorioFactory(DjangoModelFactory):
    class Meta:
        model = Laboratorio

    numero = factory.Sequence(lambda n: n + 1)
    nome = factory.LazyAttribute("Laboratorio della zona {0.numero}".format)
    slug = factory.LazyAttribute("zona-{0.numero}".format)


class QuartiereFactory(DjangoModelFactory):
    class Meta:
        model = Quartiere

    laboratorio = factory.SubFactory(LaboratorioFactory)
    nome = factory.Sequence("Quartiere {}".format)


class DisponibilitaFactory(DjangoModelFactory):
    class Meta:
        model = Disponibilita

    laboratorio = factory.SubFactory(LaboratorioFactory)
    nome = "Anna Bianchi"
    email = factory.Sequence("aiuto{}@example.org".format)
    aiuti = ["tempo"]


class AttoreFactory(DjangoModelFactory):
    """An actor that nobody has reached yet; whom to call there is the office's secret."""

    class Meta:
        model = Attore

    class Params:
        tolto = factory.Trait(
            archiviato_at=factory.LazyFunction(timezone.now), archiviato_motivo="Ha chiuso."
        )

    laboratorio = factory.SubFactory(LaboratorioFactory)
    nome = factory.Sequence("Circolo {}".format)
    chiave = factory.LazyAttribute(lambda self: nome_normale(self.nome))
    genere = Attore.Genere.ASSOCIAZIONE
    contatto = "Rosa Segreta"
    email = "rosa.segreta@example.org"
    telefono = "0523 999999"
    note = "Nota segreta"
    origine = "Associazione Aurora"
    stato_dal = date(2026, 1, 10)
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)
