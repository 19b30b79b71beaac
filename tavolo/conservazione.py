"""What is taken away of the people of the Tavolo. Its acts stay, with the names of the seats."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.conservazione import conserva
from eventi.conservazione import passati
from portale.lib.codici import nuovo_codice
from portale.lib.dates import a_roma

from .models import (
    AccessoDocumento,
    Componente,
    Giustificazione,
    Posizione,
    RichiestaAdesione,
)

Stato = RichiestaAdesione.Stato


@conserva(
    "adesioni_respinte",
    finalita="adesioni",
    che_cosa=_("richieste di adesione respinte"),
    periodo="adesioni",
)
def adesioni_respinte(limite, adesso):
    return RichiestaAdesione.objects.filter(stato=Stato.RESPINTA, risposta_at__lt=limite)


def _senza_contatto(righe: QuerySet, adesso) -> None:
    righe.update(contatto="", email="", telefono="")


@conserva(
    "adesioni_accolte",
    finalita="adesioni",
    che_cosa=_("contatti delle richieste accolte, a percorso concluso"),
    periodo="adesioni",
    togli=_senza_contatto,
)
def adesioni_accolte(limite, adesso):
    """While the process lasts the office may have to call who asked."""
    return RichiestaAdesione.objects.filter(
        ~Q(email=""), stato=Stato.ACCOLTA, risposta_at__lt=limite, percorso__stato="concluso"
    )


def _senza_invito(righe: QuerySet, adesso) -> None:
    for componente in righe:
        componente.codice, componente.invitato_at = nuovo_codice(), None
        componente.save(update_fields=["codice", "invitato_at"])


@conserva(
    "inviti",
    finalita="tavolo",
    che_cosa=_("link di invito di mandati finiti"),
    togli=_senza_invito,
)
def inviti(limite, adesso):
    """The link of the invitation opens nothing any more, not even to say whose it was."""
    giorno = a_roma(limite).date()
    return Componente.objects.filter(
        Q(al__lt=giorno) | Q(seggio__al__lt=giorno), invitato_at__isnull=False
    )


@conserva("giustificazioni", finalita="tavolo", che_cosa=_("assenze annunciate"))
def giustificazioni(limite, adesso):
    return Giustificazione.objects.filter(seduta__incontro__in=passati(limite))


@conserva("accessi", finalita="tavolo", che_cosa=_("chi ha aperto quali documenti riservati"))
def accessi(limite, adesso):
    return AccessoDocumento.objects.filter(created_at__lt=limite)


def _senza_bozza(righe: QuerySet, adesso) -> None:
    righe.update(bozza_grado="", bozza_motivazione="")


@conserva(
    "bozze_posizioni",
    finalita="tavolo",
    che_cosa=_("bozze di posizioni di esami chiusi"),
    togli=_senza_bozza,
)
def bozze_posizioni(limite, adesso):
    """What was stated is an act; what was only drafted is nobody else's business."""
    return Posizione.objects.filter(
        ~Q(bozza_grado="") | ~Q(bozza_motivazione=""), esame__chiuso_at__lt=limite
    )
