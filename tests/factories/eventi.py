from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from eventi.models import (
    Accoglienza,
    Incontro,
    Iscrizione,
    Promemoria,
    Resoconto,
    Sede,
    Servizio,
)

from .laboratori import LaboratorioFactory
from .percorso import PercorsoFactory


def _tra(**quanto):
    """A whole minute so far from now, as meetings are called for."""
    return timezone.now().replace(second=0, microsecond=0) + timedelta(**quanto)


class SedeFactory(DjangoModelFactory):
    class Meta:
        model = Sede

    nome = factory.Sequence("Sala civica {}".format)
    indirizzo = "via delle Prove 1"


class IncontroFactory(DjangoModelFactory):
    """A published workshop in ten days, in a neighbourhood, with no limit of seats."""

    class Meta:
        model = Incontro

    class Params:
        cittadino = factory.Trait(laboratorio=None, genere=Incontro.Genere.WORKSHOP_FINALE)
        passato = factory.Trait(inizio=factory.LazyFunction(lambda: _tra(days=-10)))

    percorso = factory.SubFactory(PercorsoFactory)
    laboratorio = factory.SubFactory(LaboratorioFactory)
    titolo = factory.Sequence("Incontro {}".format)
    slug = factory.Sequence("incontro-{}".format)
    sede = factory.SubFactory(SedeFactory)
    inizio = factory.LazyFunction(lambda: _tra(days=10))
    fine = factory.LazyAttribute(lambda self: self.inizio and self.inizio + timedelta(hours=2))
    stato = Incontro.Stato.PUBBLICATO


class ServizioFactory(DjangoModelFactory):
    class Meta:
        model = Servizio

    incontro = factory.SubFactory(IncontroFactory)
    genere = Servizio.Genere.BAMBINI


class PromemoriaFactory(DjangoModelFactory):
    class Meta:
        model = Promemoria

    incontro = factory.SubFactory(IncontroFactory)
    giorni = 1


class IscrizioneFactory(DjangoModelFactory):
    """A confirmed registration of a guest, counted in the meeting's seats.

    It writes the state directly: tests of the doors themselves go through eventi.services.
    """

    class Meta:
        model = Iscrizione

    class Params:
        in_attesa = factory.Trait(
            stato=Iscrizione.Stato.LISTA_ATTESA,
            posti=0,
            confermata_at=None,
            in_lista_dal=factory.LazyFunction(timezone.now),
        )

    incontro = factory.SubFactory(IncontroFactory)
    nome = factory.Sequence("Iscritta {}".format)
    email = factory.Sequence("iscritta{}@example.org".format)
    stato = Iscrizione.Stato.CONFERMATA
    posti = factory.SelfAttribute("posti_richiesti")
    posti_richiesti = 1
    verificata_at = factory.LazyFunction(timezone.now)
    confermata_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        iscrizione = super()._create(model_class, *args, **kwargs)
        iscrizione.incontro.posti_occupati += iscrizione.posti
        iscrizione.incontro.save(update_fields=["posti_occupati"])
        return iscrizione


class AccoglienzaFactory(DjangoModelFactory):
    """Who stands at the door of a meeting that begins now."""

    class Meta:
        model = Accoglienza

    incontro = factory.SubFactory(IncontroFactory, inizio=factory.LazyFunction(_tra))
    nome = factory.Sequence("Accoglie {}".format)


class ResocontoFactory(DjangoModelFactory):
    """A published report of a past meeting."""

    class Meta:
        model = Resoconto

    incontro = factory.SubFactory(IncontroFactory, passato=True, stato=Incontro.Stato.SVOLTO)
    testo = "Tre tavoli hanno discusso di verde e di strade."
    pubblicato_at = factory.LazyFunction(timezone.now)
