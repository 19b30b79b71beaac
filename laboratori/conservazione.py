"""What is taken away of who offered help to a lab."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.conservazione import conserva

from .models import Disponibilita, PassaggioDisponibilita

Stato = Disponibilita.Stato


@conserva(
    "disponibilita",
    finalita="disponibilita",
    che_cosa=_("offerte di aiuto chiuse o mai confermate"),
    parti={
        "passaggi": lambda righe: PassaggioDisponibilita.objects.filter(disponibilita__in=righe)
    },
)
def disponibilita(limite, adesso):
    """The open ones stay until the office answers: it sees how old they are."""
    return Disponibilita.objects.filter(
        Q(stato=Stato.CHIUSA, chiusa_at__lt=limite)
        | Q(stato=Stato.DA_VERIFICARE, created_at__lt=limite)
    )
