"""How the people of the Tavolo are written to: one row for each person and occasion.

Who is told what, and when, is said beside each subject (``sedute_avvisi``, ``esami_avvisi``,
``decisioni_avvisi``, ``verbali_avvisi``); what a mail says is composed when it leaves.
"""

from collections.abc import Iterable
from datetime import datetime

from posta.models import Messaggio
from posta.services import accoda_molti

# The working language of the Tavolo, whatever each person reads the portal in.
LINGUA = "it"
# Where nobody of the Tavolo has to do it: its address, under a name that no person has.
UFFICIO = "ufficio"


def messaggi(
    genere: str,
    occasione: object,
    chi: Iterable[tuple[object, str]],
    parametri: dict,
    *,
    dovuto_at: datetime,
) -> list[Messaggio]:
    """One for each ``(Componente's key, address)``. Its own key is made of the kind, of what
    happened (``occasione``) and of the person, so that telling again leaves one mail."""
    return [
        Messaggio(
            genere=genere,
            destinatario=email,
            lingua=LINGUA,
            chiave=f"{genere}:{occasione}:{pk}",
            parametri={**parametri, "componente": pk},
            dovuto_at=dovuto_at,
        )
        for pk, email in chi
    ]


def accoda(
    genere: str,
    occasione: object,
    chi: Iterable[tuple[object, str]],
    parametri: dict,
    *,
    dovuto_at: datetime,
    adesso: datetime,
) -> int:
    """Queue them; returns how many are now owed that were not before."""
    righe = messaggi(genere, occasione, chi, parametri, dovuto_at=dovuto_at)
    return accoda_molti(righe, adesso=adesso)
