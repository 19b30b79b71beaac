import uuid

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Partecipante
from portale.lib.ricerca import indice
from proposte.models import (
    Avanzamento,
    Bisogno,
    Commento,
    Nota,
    Proposta,
    Risposta,
    Seguito,
    Sostegno,
    Tema,
    Verbalizzante,
    VerificaTecnica,
)

from .eventi import IncontroFactory
from .laboratori import LaboratorioFactory
from .percorso import PercorsoFactory


class PartecipanteFactory(DjangoModelFactory):
    """Somebody without an account whose address is confirmed."""

    class Meta:
        model = Partecipante

    email = factory.Sequence("partecipante{}@example.org".format)
    nome = factory.Sequence("Partecipante {}".format)


class TemaFactory(DjangoModelFactory):
    class Meta:
        model = Tema

    nome = factory.Sequence("Tema {}".format)
    slug = factory.Sequence("tema-{}".format)


class BisognoFactory(DjangoModelFactory):
    """A published need that a workshop of a neighbourhood brought out.

    It writes the state directly: tests of the door itself go through proposte.bisogni.
    """

    class Meta:
        model = Bisogno

    percorso = factory.SubFactory(PercorsoFactory)
    laboratorio = factory.SubFactory(LaboratorioFactory)
    titolo = factory.Sequence("Bisogno {}".format)
    slug = factory.Sequence("bisogno-{}".format)
    testo = "Di sera la strada è buia."
    stato = Bisogno.Stato.PUBBLICATO
    pubblicato_at = factory.LazyFunction(timezone.now)
    indice = factory.LazyAttribute(lambda self: indice(self.titolo, self.testo))


class PropostaFactory(DjangoModelFactory):
    """A published proposal of a person for a neighbourhood, online.

    It writes the state directly: tests of the doors themselves go through proposte.services.
    Traits: ``bozza``, ``inviata``, ``citta``; a merged one is made by ``integra``.
    """

    class Meta:
        model = Proposta
        skip_postgeneration_save = True

    class Params:
        bozza = factory.Trait(
            stato=Proposta.Stato.BOZZA,
            inviata_at=None,
            pubblicata_at=None,
            slug=factory.LazyFunction(lambda: uuid.uuid4().hex[:16]),
        )
        inviata = factory.Trait(stato=Proposta.Stato.INVIATA, pubblicata_at=None)
        citta = factory.Trait(laboratorio=None, per_la_citta=True)

    percorso = factory.SubFactory(PercorsoFactory)
    laboratorio = factory.SubFactory(LaboratorioFactory)
    titolo = factory.Sequence("Proposta {}".format)
    slug = factory.Sequence("proposta-{}".format)
    che_cosa = "Una panchina all'ombra, davanti alla scuola."
    perche = "Chi aspetta i bambini sta in piedi al sole."
    proponente = factory.SubFactory(PartecipanteFactory)
    nome_mostrato = factory.SelfAttribute("proponente.nome")
    stato = Proposta.Stato.PUBBLICATA
    inviata_at = factory.LazyFunction(timezone.now)
    pubblicata_at = factory.LazyFunction(timezone.now)
    indice = factory.LazyAttribute(
        lambda self: indice(self.titolo, self.che_cosa, self.perche, self.per_chi or "")
    )
    indice_titolo = factory.LazyAttribute(lambda self: indice(self.titolo))
    per_chi = ""


class SostegnoFactory(DjangoModelFactory):
    class Meta:
        model = Sostegno

    proposta = factory.SubFactory(PropostaFactory)
    partecipante = factory.SubFactory(PartecipanteFactory)
    created_at = factory.LazyFunction(timezone.now)


class SeguitoFactory(DjangoModelFactory):
    """Somebody follows a proposal."""

    class Meta:
        model = Seguito

    proposta = factory.SubFactory(PropostaFactory)
    partecipante = factory.SubFactory(PartecipanteFactory)
    created_at = factory.LazyFunction(timezone.now)


class CommentoFactory(DjangoModelFactory):
    class Meta:
        model = Commento

    proposta = factory.SubFactory(PropostaFactory)
    autore = factory.SubFactory(PartecipanteFactory)
    nome_mostrato = factory.SelfAttribute("autore.nome")
    scopo = Commento.Scopo.AGGIUNTA
    testo = "Servirebbe anche una fontanella."
    chiave = factory.Sequence("commento-{}".format)
    created_at = factory.LazyFunction(timezone.now)


class RispostaFactory(DjangoModelFactory):
    class Meta:
        model = Risposta

    proposta = factory.SubFactory(PropostaFactory, stato=Proposta.Stato.ACCOLTA)
    numero = 1
    esito = Proposta.Stato.ACCOLTA
    testo = "Si farà nel prossimo piano delle opere."
    ufficio = "Lavori pubblici"
    pubblicata_at = factory.LazyFunction(timezone.now)


class AvanzamentoFactory(DjangoModelFactory):
    class Meta:
        model = Avanzamento

    proposta = factory.SubFactory(PropostaFactory, stato=Proposta.Stato.ACCOLTA)
    giorno = factory.LazyFunction(timezone.localdate)
    titolo = "Affidati i lavori"
    percentuale = 30


class VerificaTecnicaFactory(DjangoModelFactory):
    class Meta:
        model = VerificaTecnica

    proposta = factory.SubFactory(PropostaFactory)
    competenza = "Settore Verde"


class VerbalizzanteFactory(DjangoModelFactory):
    class Meta:
        model = Verbalizzante

    incontro = factory.SubFactory(IncontroFactory)
    nome = factory.Sequence("Verbalizzante {}".format)
    tavolo = 1


class NotaFactory(DjangoModelFactory):
    """A note typed at a table, not in order yet."""

    class Meta:
        model = Nota

    incontro = factory.SubFactory(IncontroFactory)
    chiave = factory.LazyFunction(uuid.uuid4)
    testo = factory.Sequence("Nota {}".format)
    ordine = factory.Sequence(int)
