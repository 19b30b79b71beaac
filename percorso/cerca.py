"""What the office finds of the percorsi."""

from django.utils.translation import gettext_lazy as _

from portale.lib.cercato import Cercato, Sezione, dettagli

from .models import Percorso

# A handful of rows: each is looked at.
PERCORSO = Cercato(Percorso, "titolo", radici=True)

SEZIONI = [Sezione(Percorso, _("Percorsi"), lambda p: (p.titolo, dettagli(p.get_stato_display())))]
