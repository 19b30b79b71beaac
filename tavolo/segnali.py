"""What the Tavolo does when something below it changes."""

from django.dispatch import receiver

from eventi.models import Incontro
from eventi.segnali import incontro_cambiato

from .services import sedute


@receiver(incontro_cambiato, sender=Incontro, dispatch_uid="tavolo.seduta")
def avvisa_chi_siede(incontro, annuncio, motivo, adesso, **kwargs):
    """Who was called to a sitting hears of its meeting's changes, in their transaction."""
    sedute.incontro_cambiato(incontro, annuncio, motivo, adesso)
