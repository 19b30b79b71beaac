"""What people are told of their registrations: one function for each mail that is queued.

Each names the row by a key, so that telling twice the same thing leaves one mail. What the mail
says is composed when it leaves, in ``eventi.emails``.
"""

from datetime import datetime

from posta import services as posta
from posta.models import Messaggio

from .models import Incontro, Iscrizione


def _accoda(genere: str, iscrizione: Iscrizione, chiave: str, adesso: datetime, **parametri):
    if iscrizione.email:
        messaggio = Messaggio(
            genere=genere,
            destinatario=iscrizione.email,
            lingua=iscrizione.lingua,
            chiave=f"{genere}:{iscrizione.pk}:{chiave}",
            parametri={"iscrizione": iscrizione.pk, **parametri},
            dovuto_at=adesso,
        )
        posta.accoda_molti([messaggio], adesso=adesso)


def _minuto(adesso: datetime) -> str:
    """Two clicks within one minute ask for one mail."""
    return f"{adesso:%Y%m%d%H%M}"


def verifica(iscrizione: Iscrizione, adesso: datetime) -> None:
    _accoda("verifica", iscrizione, _minuto(adesso), adesso)


def gia_iscritta(iscrizione: Iscrizione, adesso: datetime) -> None:
    _accoda("gia_iscritta", iscrizione, f"{adesso:%Y%m%d%H}", adesso)


def confermata(iscrizione: Iscrizione, passaggio_pk: int, adesso: datetime) -> None:
    _accoda("confermata", iscrizione, str(passaggio_pk), adesso)


def lista_attesa(iscrizione: Iscrizione, adesso: datetime) -> None:
    _accoda("lista_attesa", iscrizione, iscrizione.in_lista_dal.isoformat(), adesso)


def posto_offerto(iscrizione: Iscrizione, adesso: datetime) -> None:
    scade = iscrizione.scade_at.isoformat()
    _accoda("posto_offerto", iscrizione, scade, adesso, scade_at=scade)


def posto_scaduto(iscrizione: Iscrizione, adesso: datetime) -> None:
    _accoda("posto_scaduto", iscrizione, adesso.isoformat(), adesso)


def rinuncia(iscrizione: Iscrizione, passaggio_pk: int, adesso: datetime) -> None:
    _accoda("rinuncia", iscrizione, str(passaggio_pk), adesso)


def annullata(iscrizione: Iscrizione, passaggio_pk: int, motivo: str, adesso: datetime) -> None:
    _accoda("iscrizione_annullata", iscrizione, str(passaggio_pk), adesso, motivo=motivo)


def incontro_cambiato(genere: str, incontro: Incontro, adesso: datetime, **parametri) -> int:
    """Tell every live, confirmed address of a meeting that it moved, is put off or cancelled, or
    is attended in another way; says how many. ``sequenza`` makes it once for each change."""
    vive = incontro.iscrizioni.vive().filter(email__isnull=False, verificata_at__isnull=False)
    return posta.accoda_molti(
        (
            Messaggio(
                genere=genere,
                destinatario=email,
                lingua=lingua,
                chiave=f"{genere}:{pk}:{incontro.sequenza}",
                parametri={"iscrizione": pk, "sequenza": incontro.sequenza, **parametri},
                dovuto_at=adesso,
            )
            for pk, email, lingua in vive.values_list("pk", "email", "lingua")
        ),
        adesso=adesso,
    )
