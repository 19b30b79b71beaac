"""The one door to an offer of help: da_verificare → nuova → assegnata → chiusa.

Every step is a compare-and-swap on ``stato``: of two clicks or two officers at one instant, one
makes the step and tells the people concerned, the other finds it made.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from portale.lib.rifiuti import Rifiuto
from posta.services import accoda

from .models import Disponibilita, PassaggioDisponibilita

Stato = Disponibilita.Stato


def offri(
    *,
    nome: str,
    email: str,
    aiuti: list[str],
    laboratorio=None,
    telefono: str = "",
    messaggio: str = "",
    lingua: str = "it",
    modulo: str = "",
    adesso: datetime,
) -> Disponibilita:
    """Take an offer of help and ask its author to confirm the address: until then the office
    does not see it.

    ``modulo`` names the form as it was shown. The same content sent twice from one form (a
    double click, a reload) is one offer with one mail.
    """
    contenuto = repr(
        (
            modulo or adesso.isoformat(),
            nome,
            email,
            telefono,
            laboratorio and laboratorio.pk,
            sorted(aiuti),
            messaggio,
        )
    )
    codice = salted_hmac("laboratori.offri", contenuto, algorithm="sha256").hexdigest()[:24]
    with transaction.atomic():
        disponibilita, creata = Disponibilita.objects.get_or_create(
            codice=codice,
            defaults={
                "nome": nome,
                "email": email,
                "telefono": telefono,
                "laboratorio": laboratorio,
                "aiuti": aiuti,
                "messaggio": messaggio,
                "lingua": lingua,
            },
        )
        if creata:
            _passaggio(disponibilita, "", Stato.DA_VERIFICARE, adesso)
            _accoda("disponibilita_conferma", disponibilita, email, lingua, adesso)
    return disponibilita


def conferma(disponibilita: Disponibilita, adesso: datetime) -> Disponibilita:
    """The person opened the link of her mail: the offer reaches the office, and she is told.
    Opening it again changes nothing."""
    with transaction.atomic():
        if _passa(disponibilita, [Stato.DA_VERIFICARE], Stato.NUOVA, adesso, verificata_at=adesso):
            _accoda(
                "disponibilita_ricevuta",
                disponibilita,
                disponibilita.email,
                disponibilita.lingua,
                adesso,
            )
            _accoda(
                "disponibilita_ufficio",
                disponibilita,
                settings.ENTE["email"],
                settings.LANGUAGE_CODE,
                adesso,
            )
    return disponibilita


def assegna(disponibilita: Disponibilita, a, autore, adesso: datetime) -> Disponibilita:
    """Give an offer to the colleague who will answer it. Giving it to the same one again
    changes nothing; raises Rifiuto when it is closed or not confirmed yet."""
    with transaction.atomic():
        disponibilita.refresh_from_db()
        if disponibilita.stato == Stato.ASSEGNATA and disponibilita.assegnata_a_id == a.pk:
            return disponibilita
        if not _passa(
            disponibilita,
            [Stato.NUOVA, Stato.ASSEGNATA],
            Stato.ASSEGNATA,
            adesso,
            autore=autore,
            assegnata_a=a,
        ):
            raise Rifiuto(_perche_no(disponibilita))
    return disponibilita


def chiudi(disponibilita: Disponibilita, risposta: str, autore, adesso: datetime) -> Disponibilita:
    """Answer the person and close her offer; raises Rifiuto without an answer, or when it is
    closed already or not confirmed yet."""
    if not risposta.strip():
        raise Rifiuto(_("Scrivi la risposta: la riceve la persona che si è offerta."))
    with transaction.atomic():
        if not _passa(
            disponibilita,
            [Stato.NUOVA, Stato.ASSEGNATA],
            Stato.CHIUSA,
            adesso,
            autore=autore,
            risposta=risposta.strip(),
            chiusa_at=adesso,
        ):
            raise Rifiuto(_perche_no(disponibilita))
        _accoda(
            "disponibilita_risposta",
            disponibilita,
            disponibilita.email,
            disponibilita.lingua,
            adesso,
        )
    return disponibilita


def _passa(disponibilita, da, a, adesso, *, autore=None, **campi) -> bool:
    """Move the row from one of the states ``da`` to ``a``, if it still is in one of them, and
    bring the object up to date either way."""
    prima = Disponibilita.objects.filter(pk=disponibilita.pk)
    for stato in da:
        if prima.filter(stato=stato).update(stato=a, **campi):
            _passaggio(
                disponibilita,
                stato,
                a,
                adesso,
                autore=autore,
                assegnata_a=campi.get("assegnata_a"),
            )
            fatto = True
            break
    else:
        fatto = False
    disponibilita.refresh_from_db()
    return fatto


def _passaggio(disponibilita, da, a, adesso, *, autore=None, assegnata_a=None):
    PassaggioDisponibilita.objects.create(
        disponibilita=disponibilita,
        da=da,
        a=a,
        autore=autore,
        assegnata_a=assegnata_a,
        created_at=adesso,
    )


def _perche_no(disponibilita) -> str:
    if disponibilita.stato == Stato.CHIUSA:
        return _("Questa disponibilità è già chiusa.")
    return _("La persona non ha ancora confermato il suo indirizzo.")


def _accoda(genere, disponibilita, destinatario, lingua, adesso):
    # An offer goes through each state once, so its number alone makes each of its mails one.
    accoda(
        genere,
        destinatario,
        chiave=f"{genere}:{disponibilita.pk}",
        lingua=lingua,
        parametri={"disponibilita": disponibilita.pk},
        adesso=adesso,
    )
