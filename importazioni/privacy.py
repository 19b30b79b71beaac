"""What is held about whom a sheet of the office names, until it is imported."""

from django.utils.translation import gettext_lazy as _

from accounts.finalita import Finalita, registra
from accounts.interessato import cancella, elenco, raccoglie
from portale.lib.storia import NOME, si_scrive
from portale.lib.testo import oscura

from .models import Importazione, RigaImportata

registra(
    Finalita(
        codice="fogli",
        ordine=28,
        nome=_("L’ufficio carica un elenco in cui ci sei"),
        dati=_(
            "La tua riga: di solito nome, e-mail o telefono, e a che cosa ti iscrivi o che cosa "
            "hai proposto su carta."
        ),
        perche=_("Controllare l’elenco riga per riga prima di registrarlo."),
        frase=_("Useremo i tuoi dati solo per registrare l’elenco in cui sei."),
        parole=_("%(tempo)s al massimo: la riga sparisce quando l’elenco è registrato."),
    )
)


def _righe(interessato):
    cercata = interessato.cercata()
    if cercata is None:
        return RigaImportata.objects.none()
    righe = RigaImportata.objects.order_by("pk").values_list("pk", "celle", "cambi")
    sue = [pk for pk, *letto in righe.iterator(chunk_size=2000) if oscura(letto, cercata) != letto]
    return RigaImportata.objects.filter(pk__in=sue).order_by("pk")


@raccoglie("fogli")
def fogli(interessato):
    return [
        elenco(
            "righe",
            _("Le righe in cui sei"),
            _righe(interessato),
            "importazione__nome_file",
            "celle",
            "esito",
        )
    ]


@cancella("fogli")
def dimentica_fogli(interessato, adesso):
    """Her row is not imported: nobody must come back with a list that was read before."""
    return {"righe": _righe(interessato).delete()[0]}


# --- What the history may keep -------------------------------------------------------------

# What the office called its own file.
si_scrive(Importazione, NOME)
