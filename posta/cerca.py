"""What the office finds of the mails: those to somebody, by her whole address."""

from django.utils.translation import gettext_lazy as _

from portale.lib.cercato import Sezione, dettagli
from portale.lib.dates import giorno_e_ora
from portale.lib.testo import normalizza_email

from .generi import registro
from .models import Messaggio


def _a_lei(queryset, testo, user, limite):
    if "@" not in testo:
        return queryset.none()
    return queryset.filter(destinatario=normalizza_email(testo)).order_by("-pk")[:limite]


def _riga(messaggio):
    genere = registro.get(messaggio.genere)
    return (
        str(genere.etichetta if genere else messaggio.genere),
        dettagli(
            messaggio.destinatario,
            messaggio.get_stato_display(),
            giorno_e_ora(messaggio.inviato_at or messaggio.dovuto_at),
        ),
    )


SEZIONI = [Sezione(Messaggio, _("E-mail del portale"), _riga, trova=_a_lei)]
