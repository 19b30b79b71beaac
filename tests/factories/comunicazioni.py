import factory
from factory.django import DjangoModelFactory

from comunicazioni.models import Comunicazione

from .eventi import IncontroFactory
from .laboratori import LaboratorioFactory


class ComunicazioneFactory(DjangoModelFactory):
    """A draft to everybody who is registered to a meeting. Traits: ``laboratorio_seguito``, to
    who follows a lab; ``notizie``, to who asked for the news."""

    class Meta:
        model = Comunicazione

    class Params:
        laboratorio_seguito = factory.Trait(
            pubblico=Comunicazione.Pubblico.LABORATORIO,
            incontro=None,
            laboratorio=factory.SubFactory(LaboratorioFactory),
        )

        notizie = factory.Trait(pubblico=Comunicazione.Pubblico.NOTIZIE, incontro=None)

    pubblico = Comunicazione.Pubblico.ISCRITTI
    incontro = factory.SubFactory(IncontroFactory)
    oggetto = "Portate un cuscino"
    testo = "Le sedie sono di legno.\n\nCi vediamo alle sei."
