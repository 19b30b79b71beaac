"""What the office still owes to proposals: one read rule for its lists and for its first page."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Subquery

from .models import EsitoPreparato, Passaggio, Proposta, Risposta, Segnalazione
from .verifiche import in_ritardo

Stato = Proposta.Stato
# Those that somebody still works on or reads: not drafts, and not what went away.
VIVE = (Stato.INVIATA, *Proposta.IN_ELENCO)


def with_decisa_at(proposte):
    """``decisa_at``: when the outcome was published."""
    passi = Passaggio.objects.filter(
        proposta=OuterRef("pk"), evento=Passaggio.Evento.STATO, a=OuterRef("stato")
    ).order_by("-pk")
    return proposte.annotate(decisa_at=Subquery(passi.values("created_at")[:1]))


def da_rispondere(proposte):
    """With an outcome, and without the municipality's answer."""
    risposte = Risposta.objects.filter(proposta=OuterRef("pk"))
    return proposte.filter(~Exists(risposte), stato__in=Proposta.ESITI)


def risposta_in_ritardo(proposte, adesso: datetime):
    """The same, decided longer ago than the office promises."""
    termine = adesso - timedelta(days=settings.RISPOSTA_GIORNI)
    return with_decisa_at(da_rispondere(proposte)).filter(decisa_at__lt=termine)


def verifica_in_ritardo(proposte, oggi: date):
    return proposte.filter(verifica__in=in_ritardo(oggi))


def con_esito_preparato(proposte):
    return proposte.filter(Exists(EsitoPreparato.objects.filter(proposta=OuterRef("pk"))))


def segnalate(proposte):
    """Reported themselves, or by a comment of theirs."""
    aperte = Segnalazione.objects.aperte().order_by()
    loro = aperte.exclude(proposta=None).values("proposta")
    # Each way by its own index: an OR would look at every report for every proposal.
    return proposte.filter(
        pk__in=loro.union(aperte.exclude(commento=None).values("commento__proposta"))
    )


def senza_laboratorio(proposte):
    """Neither of a lab nor of the whole city; the office's own drafts too."""
    return proposte.filter(
        laboratorio=None, per_la_citta=False, stato__in=(Stato.BOZZA, *VIVE)
    ).exclude(stato=Stato.BOZZA, registrato_da=None)


def senza_tema(proposte):
    return proposte.filter(indice_temi="", stato__in=VIVE)


def doppioni(proposte):
    """Those whose title says, stem by stem, what the title of another says. One pass over the
    titles: what is merely alike is shown beside each proposal (``proposte.simili``)."""
    vive = Proposta.objects.filter(stato__in=VIVE).exclude(indice_titolo="")
    ripetuti = (
        vive.order_by().values("indice_titolo").annotate(n=Count("*")).filter(n__gt=1)
    ).values("indice_titolo")
    return proposte.filter(stato__in=VIVE, indice_titolo__in=ripetuti)
