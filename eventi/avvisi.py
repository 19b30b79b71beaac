"""What people are told of their registrations: one function for each mail that is queued.

Each names the row by a key, so that telling twice the same thing leaves one mail. What the mail
says is composed when it leaves, in ``eventi.emails``.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import BigIntegerField, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from posta import services as posta
from posta.models import Messaggio

from . import telefonate
from .models import Incontro, Iscrizione, PassaggioIscrizione, Telefonata

# Of what she is told while she is on the telephone, or asked for herself, nobody calls her.
DA_TELEFONARE = {"posto_offerto", "posto_scaduto", "iscrizione_annullata"}


def _accoda(genere: str, iscrizione: Iscrizione, chiave: str, adesso: datetime, **parametri):
    if iscrizione.email:
        messaggio = _messaggio(genere, iscrizione, chiave, adesso, **parametri)
        posta.accoda_molti([messaggio], adesso=adesso)
    elif genere in DA_TELEFONARE:
        telefonate.accoda(genere, iscrizione, f"{genere}:{iscrizione.pk}:{chiave}", adesso)


def _messaggio(genere: str, iscrizione: Iscrizione, chiave: str, adesso: datetime, **parametri):
    return Messaggio(
        genere=genere,
        destinatario=iscrizione.email,
        lingua=iscrizione.lingua,
        chiave=f"{genere}:{iscrizione.pk}:{chiave}",
        parametri={"iscrizione": iscrizione.pk, **parametri},
        dovuto_at=adesso,
    )


def _minuto(adesso: datetime) -> str:
    """Two clicks within one minute ask for one mail."""
    return f"{adesso:%Y%m%d%H%M}"


def verifica(iscrizione: Iscrizione, adesso: datetime) -> None:
    _accoda("verifica", iscrizione, _minuto(adesso), adesso)


def gia_iscritta(iscrizione: Iscrizione, adesso: datetime) -> None:
    _accoda("gia_iscritta", iscrizione, f"{adesso:%Y%m%d%H}", adesso)


def confermata(iscrizione: Iscrizione, passaggio_pk: int, adesso: datetime) -> None:
    _accoda("confermata", iscrizione, str(passaggio_pk), adesso)


def confermata_al_telefono(iscrizione: Iscrizione, adesso: datetime) -> None:
    """The office confirmed somebody who waited: without an e-mail, she has to be called."""
    if not iscrizione.email:
        chiave = f"confermata:{iscrizione.pk}:{adesso.isoformat()}"
        telefonate.accoda("confermata", iscrizione, chiave, adesso)


def lista_attesa(iscrizione: Iscrizione, adesso: datetime) -> None:
    _accoda("lista_attesa", iscrizione, iscrizione.in_lista_dal.isoformat(), adesso)


def iscritte(passaggi: Iterable[PassaggioIscrizione], adesso: datetime) -> None:
    """What ``confermata`` or ``lista_attesa`` tell each of many that were just registered."""
    messaggi = []
    for passaggio in passaggi:
        iscrizione = passaggio.iscrizione
        if not iscrizione.email:
            continue
        if passaggio.a == Iscrizione.Stato.CONFERMATA:
            genere, chiave = "confermata", str(passaggio.pk)
        else:
            genere, chiave = "lista_attesa", iscrizione.in_lista_dal.isoformat()
        messaggi.append(_messaggio(genere, iscrizione, chiave, adesso))
    posta.accoda_molti(messaggi, adesso=adesso)


def ritira(iscrizione: Iscrizione, passaggio_pk: int) -> bool:
    """Call off what she was to be told of this step; False when it has left already."""
    chiavi = [f"confermata:{iscrizione.pk}:{passaggio_pk}"]
    if iscrizione.in_lista_dal:
        chiavi.append(f"lista_attesa:{iscrizione.pk}:{iscrizione.in_lista_dal.isoformat()}")
    return posta.annulla_per_chiave(chiavi) > 0


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
    is attended in another way; says how many. Who has no address goes among those to call.
    ``sequenza`` makes it once for each change."""
    telefonate.incontro_cambiato(genere, incontro, adesso)
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


def da_avvisare(adesso: datetime) -> QuerySet:
    """Keys of the meetings that changed and of which somebody has not been told yet: her mail is
    still in the queue, or nobody has called her."""
    iscrizioni = (
        posta.avvisi_in_coda()
        .annotate(iscrizione=Cast(KT("parametri__iscrizione"), BigIntegerField()))
        .values("iscrizione")
    )
    per_posta = Iscrizione.objects.filter(pk__in=iscrizioni).order_by()
    per_telefono = Telefonata.objects.da_fare(adesso).filter(genere__in=Telefonata.CAMBI)
    return (
        per_posta.values("incontro")
        .union(per_telefono.order_by().values("iscrizione__incontro"))
        .order_by()
    )
