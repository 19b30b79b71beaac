"""What is taken away of those to whom the office wrote: the numbers stay."""

from collections import Counter

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from accounts.conservazione import conserva

from .models import Comunicazione, Destinatario

Stato = Comunicazione.Stato


def _togli(destinatari, adesso):
    """The rows go, how many were where stays with the Comunicazione."""
    per_comunicazione: dict[int, Counter] = {}
    for pk, stato, quanti in (
        destinatari.order_by()
        .values_list("comunicazione", "messaggio__stato")
        .annotate(quanti=Count("pk"))
    ):
        per_comunicazione.setdefault(pk, Counter())[stato or ""] += quanti
    bloccate = Comunicazione.objects.select_for_update(no_key=True).order_by("pk")
    for comunicazione in bloccate.filter(pk__in=per_comunicazione):
        conti = Counter(comunicazione.conti) + per_comunicazione[comunicazione.pk]
        Comunicazione.objects.filter(pk=comunicazione.pk).update(conti=dict(conti))
    destinatari.delete()


@conserva(
    "comunicazioni",
    finalita="comunicazioni",
    che_cosa=_("destinatari delle comunicazioni dell’ufficio"),
    togli=_togli,
)
def comunicazioni(limite, adesso):
    """Of what is over: nothing is written to a Comunicazione after its last step."""
    return Destinatario.objects.filter(
        comunicazione__stato__in=(Stato.INVIATA, Stato.FERMATA),
        comunicazione__updated_at__lt=limite,
    )
