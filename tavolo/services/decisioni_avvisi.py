"""Who is told of what the Tavolo decides and of its written procedures. The mails are composed in
``emails/decisioni.py``.

A key names what happened and the person, so that telling again leaves one mail.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings

from accounts.models import Partecipante
from portale.lib.dates import a_roma
from posta.models import Messaggio
from posta.services import accoda_molti

from ..models import Componente, Decisione, ProceduraScritta
from . import avvisi

# How a procedure ends that leaves its proposal to be discussed.
LASCIANO_DA_FARE = (ProceduraScritta.Stato.FERMATA, ProceduraScritta.Stato.SENZA_NUMERO)


def resta_in_valutazione(decisione: Decisione, proposta, adesso: datetime) -> None:
    """To the proponent: it is put off, or this is missing. In her language."""
    chi = Partecipante.objects.filter(pk=proposta.proponente_id)
    accoda_molti(
        [
            Messaggio(
                genere="decisione_rinviata",
                destinatario=email,
                lingua=lingua,
                chiave=f"decisione_rinviata:{decisione.pk}:{pk}",
                parametri={"decisione": decisione.pk, "partecipante": pk},
                dovuto_at=adesso,
            )
            for pk, email, lingua in chi.values_list("pk", "email", "lingua")
        ],
        adesso=adesso,
    )


def procedura_aperta(procedura: ProceduraScritta, adesso: datetime) -> None:
    """To the people of the seats that may answer: what is asked, and until when."""
    _accoda("procedura_aperta", procedura, _con_voce(procedura, adesso), adesso)


def procedura_promemoria(procedura: ProceduraScritta, adesso: datetime) -> None:
    """To the people of the seats that have not answered, a day before it closes."""
    mancano = _con_voce(procedura, adesso).exclude(seggio__in=procedura.risposte.values("seggio"))
    _accoda("procedura_promemoria", procedura, mancano, adesso)


def procedura_chiusa(procedura: ProceduraScritta, adesso: datetime) -> None:
    """To the same people: how it ended. To the office too, when it is left with something to
    do."""
    if adesso < procedura.apre_at:
        # Nobody had been asked yet.
        return
    _accoda("procedura_chiusa", procedura, _con_voce(procedura, adesso), adesso)
    if procedura.stato in LASCIANO_DA_FARE:
        ufficio = [(avvisi.UFFICIO, settings.ENTE["email"])]
        _accoda_a("procedura_chiusa", procedura, ufficio, adesso)


def che_possono_rispondere(procedura: ProceduraScritta, oggi: date):
    """The seats that are asked: those with a voice that were held when it opened, and still
    are."""
    apre = a_roma(procedura.apre_at).date()
    seggi = procedura.percorso.seggi.con_voce()
    return seggi.in_carica(apre).in_carica(max(oggi, apre))


def _con_voce(procedura, adesso):
    """The people of those seats with a mandate today; who was never invited does not know."""
    oggi = max(a_roma(adesso).date(), a_roma(procedura.apre_at).date())
    return (
        Componente.objects.in_carica(oggi)
        .filter(seggio__in=che_possono_rispondere(procedura, oggi), invitato_at__isnull=False)
        .order_by("pk")
    )


def _accoda(genere, procedura, componenti, adesso):
    _accoda_a(genere, procedura, componenti.values_list("pk", "email"), adesso)


def _accoda_a(genere, procedura, chi: Iterable[tuple[object, str]], adesso):
    avvisi.accoda(
        genere,
        procedura.pk,
        chi,
        {"procedura": procedura.pk},
        dovuto_at=max(adesso, procedura.apre_at),
        adesso=adesso,
    )
