from datetime import date, timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from eventi.models import Incontro
from tavolo.models import (
    Componente,
    Decisione,
    DocumentoTavolo,
    Esame,
    Esito,
    Garante,
    Grado,
    Organizzazione,
    Posizione,
    Presenza,
    ProceduraScritta,
    PuntoOrdineDelGiorno,
    RichiestaAdesione,
    Seduta,
    Seggio,
    Verbale,
)

from .accounts import UserFactory
from .eventi import IncontroFactory
from .percorso import PercorsoFactory
from .proposte import PropostaFactory

# Long before any test's today.
DAL = date(2020, 1, 1)


class OrganizzazioneFactory(DjangoModelFactory):
    class Meta:
        model = Organizzazione

    nome = factory.Sequence("Associazione {}".format)
    slug = factory.Sequence("associazione-{}".format)
    genere = Organizzazione.Genere.ASSOCIAZIONE


class SeggioFactory(DjangoModelFactory):
    """An open seat with a voice."""

    class Meta:
        model = Seggio

    percorso = factory.SubFactory(PercorsoFactory)
    organizzazione = factory.SubFactory(OrganizzazioneFactory)
    dal = DAL


class ComponenteFactory(DjangoModelFactory):
    """The titolare of a seat, who has joined with her account."""

    class Meta:
        model = Componente

    class Params:
        invitato = factory.Trait(persona=None, entrato_at=None)
        supplente = factory.Trait(ruolo=Componente.Ruolo.SUPPLENTE)

    seggio = factory.SubFactory(SeggioFactory)
    persona = factory.SubFactory(UserFactory)
    nome = factory.Sequence("Delegata Riservata{}".format)
    email = factory.LazyAttributeSequence(
        lambda self, n: self.persona.email if self.persona else f"delegata{n}@example.org"
    )
    dal = DAL
    invitato_at = factory.LazyFunction(timezone.now)
    entrato_at = factory.LazyFunction(timezone.now)


class GaranteFactory(DjangoModelFactory):
    class Meta:
        model = Garante

    percorso = factory.SubFactory(PercorsoFactory)
    persona = factory.SubFactory(UserFactory)
    dal = DAL


class RichiestaAdesioneFactory(DjangoModelFactory):
    class Meta:
        model = RichiestaAdesione

    percorso = factory.SubFactory(PercorsoFactory)
    nome = factory.Sequence("Gruppo {}".format)
    genere = Organizzazione.Genere.ALTRO
    attivita = "Teniamo aperto l'orto del quartiere."
    contatto = "Carla Riservata"
    email = factory.Sequence("gruppo{}@example.org".format)
    created_at = factory.LazyFunction(timezone.now)


class SedutaFactory(DjangoModelFactory):
    """A sitting that is called, in ten days, of the whole city."""

    class Meta:
        model = Seduta

    class Params:
        in_preparazione = factory.Trait(
            stato=Seduta.Stato.BOZZA, convocata_at=None, convocazione=0
        )
        chiusa = factory.Trait(
            stato=Seduta.Stato.CHIUSA,
            aperta_at=factory.SelfAttribute("incontro.inizio"),
            chiusa_at=factory.SelfAttribute("incontro.fine"),
            incontro__passato=True,
            incontro__stato=Incontro.Stato.SVOLTO,
        )

    incontro = factory.SubFactory(
        IncontroFactory, laboratorio=None, genere=Incontro.Genere.SEDUTA, con_iscrizione=False
    )
    # Said here too: a trait that is off would leave the meeting a draft.
    incontro__stato = Incontro.Stato.PUBBLICATO
    numero = factory.Sequence(lambda n: n + 1)
    stato = Seduta.Stato.CONVOCATA
    convocazione = 1
    convocata_at = factory.LazyFunction(timezone.now)


class PuntoFactory(DjangoModelFactory):
    class Meta:
        model = PuntoOrdineDelGiorno

    seduta = factory.SubFactory(SedutaFactory)
    ordine = factory.Sequence(lambda n: n + 1)
    titolo = factory.Sequence("Punto {}".format)


class PresenzaFactory(DjangoModelFactory):
    """A seat that is in the room."""

    class Meta:
        model = Presenza

    seduta = factory.SubFactory(SedutaFactory)
    seggio = factory.SubFactory(
        SeggioFactory, percorso=factory.SelfAttribute("..seduta.incontro.percorso")
    )
    modo = Presenza.Modo.SALA


class DocumentoTavoloFactory(DjangoModelFactory):
    """A document for members alone."""

    class Meta:
        model = DocumentoTavolo

    percorso = factory.SubFactory(PercorsoFactory)
    titolo = factory.Sequence("Documento riservato {}".format)
    file = factory.django.FileField(filename="documento.pdf", data=b"%PDF-1.4 prova")


class VerbaleFactory(DjangoModelFactory):
    """Minutes being written."""

    class Meta:
        model = Verbale

    seduta = factory.SubFactory(SedutaFactory, chiusa=True)


class EsameFactory(DjangoModelFactory):
    """A review that is open for ten days, of a proposal under evaluation."""

    class Meta:
        model = Esame

    class Params:
        scaduto = factory.Trait(
            scade_at=factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
        )

    percorso = factory.SubFactory(PercorsoFactory)
    proposta = factory.SubFactory(
        PropostaFactory, percorso=factory.SelfAttribute("..percorso"), stato="in_valutazione"
    )
    aperto_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=2))
    scade_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=10))


class PosizioneFactory(DjangoModelFactory):
    """What a seat has stated."""

    class Meta:
        model = Posizione

    esame = factory.SubFactory(EsameFactory)
    seggio = factory.SubFactory(SeggioFactory, percorso=factory.SelfAttribute("..esame.percorso"))
    grado = Grado.FAVOREVOLE
    resa_at = factory.LazyFunction(timezone.now)


class ProceduraScrittaFactory(DjangoModelFactory):
    """A written procedure that is open for a week."""

    class Meta:
        model = ProceduraScritta

    percorso = factory.SubFactory(PercorsoFactory)
    proposta = factory.SubFactory(
        PropostaFactory, percorso=factory.SelfAttribute("..percorso"), stato="in_valutazione"
    )
    esito = Esito.ACCOLTA
    testo = "Il Tavolo accoglie la proposta."
    apre_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
    chiude_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=6))
    seggi_con_voce = 3
    quorum = 2


class DecisioneFactory(DjangoModelFactory):
    """A published decision of a past sitting. The proposal's own state is the caller's."""

    class Meta:
        model = Decisione
        skip_postgeneration_save = True

    seduta = factory.SubFactory(SedutaFactory, chiusa=True)
    percorso = factory.SelfAttribute("seduta.incontro.percorso")
    proposta = factory.SubFactory(
        PropostaFactory, percorso=factory.SelfAttribute("..percorso"), stato="in_valutazione"
    )
    esito = Esito.ACCOLTA
    seggi_con_voce = 3
    numero_legale = 2
    n_presenti = 2
    presa_at = factory.SelfAttribute("seduta.incontro.inizio")
    pubblicata_at = factory.SelfAttribute("presa_at")
