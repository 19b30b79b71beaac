"""What is held about those to whom the office wrote."""

from django.utils.translation import gettext_lazy as _

from accounts.finalita import Finalita, registra
from accounts.interessato import cancella, elenco, raccoglie
from portale.lib.storia import NOME, si_scrive

from .models import Comunicazione, Destinatario

registra(
    Finalita(
        codice="comunicazioni",
        ordine=62,
        nome=_("L’ufficio ti scrive"),
        dati=_(
            "Il tuo indirizzo e perché ti ha scritto: un’iscrizione, un laboratorio che segui, le "
            "notizie che hai chiesto."
        ),
        perche=_("Scriverti una volta sola e sapere a chi una comunicazione non è arrivata."),
        frase=_("Useremo il tuo indirizzo solo per scriverti di ciò a cui partecipi."),
        parole=_("%(tempo)s dopo l’invio, poi restano solo i numeri."),
    )
)


def _ricevute(interessato):
    suoi = (
        interessato.con_indirizzo()
        | interessato.con_indirizzo("iscrizione__email", persona="iscrizione__persona")
        | interessato.come_partecipante()
        | interessato.con_indirizzo("componente__email", persona="componente__persona")
    )
    return Destinatario.objects.filter(suoi)


@raccoglie("comunicazioni")
def comunicazioni(interessato):
    mie = _ricevute(interessato).order_by("pk")
    return [
        elenco(
            "comunicazioni",
            _("Che cosa ti ha scritto l’ufficio"),
            mie,
            "comunicazione__oggetto",
            "email",
            "lingua",
            "messaggio__inviato_at",
        )
    ]


@cancella("comunicazioni")
def dimentica(interessato, adesso):
    """Whatever has not left does not leave: a mail without its recipient is owed to nobody."""
    return {"comunicazioni": _ricevute(interessato).delete()[0]}


# --- What the history may keep -------------------------------------------------------------
# The fields that say nothing of anybody: of the others it says that they changed.


si_scrive(
    Comunicazione, NOME, "pubblico", "incontro", "iscritti", "laboratorio", "percorso", "oggetto",
    "oggetto_en", "non_prima_di", "urgente",
)  # fmt: skip
