from django.db.models import Q, QuerySet

from accounts.models import User
from eventi.models import Iscrizione
from laboratori.models import Disponibilita
from posta.models import Messaggio


def iscrizioni_della_demo() -> QuerySet[Iscrizione]:
    """The registrations to the demo's meetings, whoever made them."""
    return Iscrizione.objects.filter(incontro__percorso__esempio=True)


def iscrizioni_altrove() -> QuerySet[Iscrizione]:
    """The registrations of the demo's accounts to meetings that are no example."""
    di_esempio = User.objects.filter(esempio=True)
    return Iscrizione.objects.exclude(incontro__percorso__esempio=True).filter(
        Q(persona__in=di_esempio) | Q(email__in=di_esempio.values("email"))
    )


def messaggi_della_demo() -> QuerySet[Messaggio]:
    """Every mail about the demo's registrations and offers of help (also to the office), or to
    one of its accounts."""
    iscrizioni = iscrizioni_della_demo() | iscrizioni_altrove()
    disponibilita = Disponibilita.objects.filter(esempio=True)
    return Messaggio.objects.filter(
        Q(parametri__iscrizione__in=list(iscrizioni.values_list("pk", flat=True)))
        | Q(parametri__disponibilita__in=list(disponibilita.values_list("pk", flat=True)))
        | Q(destinatario__in=User.objects.filter(esempio=True).values("email"))
    )
