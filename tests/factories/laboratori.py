import factory
from factory.django import DjangoModelFactory

from laboratori.models import Disponibilita, Laboratorio, Quartiere


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
