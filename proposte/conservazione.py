"""What is taken away of who writes here: drafts that nobody sent, who took notes, who
reported what. What was published stays. (Lists that nobody imported: ``proposte.tasks``.)"""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.conservazione import conserva
from eventi.conservazione import passati

from .models import Allegato, Proposta, Segnalazione, Verbalizzante


@conserva(
    "bozze",
    finalita="proposte",
    che_cosa=_("bozze di proposte abbandonate, con gli allegati"),
    periodo="proposte",
    parti={"allegati": lambda righe: Allegato.objects.filter(proposta__in=righe)},
)
def bozze(limite, adesso):
    """Of citizens; the office's own stay in its list until it sends or deletes them."""
    return Proposta.objects.filter(
        stato=Proposta.Stato.BOZZA, registrato_da=None, updated_at__lt=limite
    )


@conserva(
    "verbalizzanti", finalita="verbalizzanti", che_cosa=_("chi ha preso appunti, con il suo link")
)
def verbalizzanti(limite, adesso):
    """The notes stay, and are nobody's."""
    return Verbalizzante.objects.filter(incontro__in=passati(limite))


def _senza_autore(righe: QuerySet, adesso) -> None:
    righe.update(partecipante=None, testo="")


@conserva(
    "segnalazioni",
    finalita="segnalazioni",
    che_cosa=_("autore e testo delle segnalazioni chiuse"),
    togli=_senza_autore,
)
def segnalazioni(limite, adesso):
    """The reason, the outcome and its date stay: what is counted."""
    return Segnalazione.objects.filter(
        Q(partecipante__isnull=False) | ~Q(testo=""), chiusa_at__lt=limite
    )
