import json

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Sum
from django.db.models.functions import Lower, Trim

from eventi.models import Incontro, Iscrizione
from eventi.numeri import scritti


class Command(BaseCommand):
    help = (
        "Prints the registrations of a meeting as JSON: seats, how many registrations are in "
        "each state, and what must be zero or equal for the count to be right."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("slug", help="the meeting's address, as in /incontri/<slug>/")

    def handle(self, *, slug, **options):
        incontro = Incontro.objects.filter(slug=slug).first()
        if incontro is None:
            raise CommandError(f"There is no meeting «{slug}».")
        self.stdout.write(json.dumps(situazione(incontro), indent=2))


def situazione(incontro: Incontro) -> dict:
    """Seats and registrations of a meeting; no personal data.

    ``posti_tenuti`` is counted anew from the registrations and must equal ``posti_occupati``
    (``cancellate``: when they were deleted, and these are the numbers written down before);
    ``doppie`` (addresses with more than one live registration) must be 0. ``coda`` are the
    numbers of those in line, first to last.
    """
    iscrizioni = incontro.iscrizioni.order_by()
    prima = scritti(incontro)
    if prima is None:
        per_stato = dict(iscrizioni.values_list("stato").annotate(quante=Count("pk")))
        tenuti = iscrizioni.aggregate(posti=Sum("posti"))["posti"] or 0
    else:
        per_stato, tenuti = prima.per_stato, incontro.posti_occupati
    doppie = (
        iscrizioni.vive()
        .filter(email__isnull=False)
        .annotate(indirizzo=Lower(Trim("email")))
        .values("indirizzo")
        .annotate(quante=Count("pk"))
        .filter(quante__gt=1)
    )
    return {
        "slug": incontro.slug,
        "stato": incontro.stato,
        "posti": incontro.posti,
        "posti_riservati": incontro.posti_riservati,
        "posti_oltre": incontro.posti_oltre,
        "posti_occupati": incontro.posti_occupati,
        "posti_tenuti": tenuti,
        **({"cancellate": prima.iscrizioni_at.isoformat()} if prima else {}),
        **{stato: per_stato.get(stato, 0) for stato in Iscrizione.Stato.values},
        "doppie": doppie.count(),
        "coda": list(iscrizioni.in_attesa().values_list("pk", flat=True)),
    }
