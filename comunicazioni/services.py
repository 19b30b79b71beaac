"""The doors to a Comunicazione, and the work that writes its recipients down.

Nobody gets it twice, whatever stops whatever process wherever: a recipient is a row that the
database keeps unique for each address, her mail a row of the outbox with a key that names her,
and both are written in one transaction with the place at which the work has arrived.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

from django.db import IntegrityError, transaction
from django.db.models import CharField, Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from eventi.promemoria import fine_del_silenzio, nel_silenzio
from portale.lib.rifiuti import Rifiuto
from portale.lib.testo import normalizza_email
from posta import services as posta
from posta.models import Messaggio

from . import pubblico
from .models import Comunicazione, Destinatario

Stato = Comunicazione.Stato
# Recipients written down in one transaction.
PARTE = 500


# --- Doors ----------------------------------------------------------------------------------


def impronta(comunicazione: Comunicazione) -> str:
    """What the officer read and confirmed, in a few letters: to whom, what, when."""
    c = comunicazione
    scritto = (
        c.pubblico,
        c.incontro_id,
        c.iscritti,
        c.laboratorio_id,
        c.percorso_id,
        c.oggetto,
        c.testo,
        c.oggetto_en,
        c.testo_en,
        c.non_prima_di and c.non_prima_di.timestamp(),
        c.urgente,
    )
    return blake2b("\0".join(map(str, scritto)).encode(), digest_size=12).hexdigest()


def avvia(
    comunicazione: Comunicazione, *, confermata: str, autore, adesso: datetime
) -> Comunicazione:
    """From a draft to what is leaving, once: a second click changes nothing. ``confermata`` is
    the ``impronta`` of what was read. Raises Rifiuto when it has been changed since, or when
    there is nobody to write to."""
    with transaction.atomic():
        comunicazione = _ferma_riga(comunicazione)
        if comunicazione.stato in Comunicazione.PARTITE:
            return comunicazione
        _pretendi(comunicazione, Stato.BOZZA)
        if impronta(comunicazione) != confermata:
            raise Rifiuto(_("Nel frattempo qualcuno l'ha cambiata: rileggila prima di inviare."))
        conto = pubblico.conta(comunicazione, adesso)
        if not conto.indirizzi:
            raise Rifiuto(_("Non c'è nessuno a cui scrivere: controlla a chi è diretta."))
        comunicazione.previsti = conto.indirizzi
        comunicazione.save(update_fields=["previsti"])
        _passa(comunicazione, Stato.IN_PREPARAZIONE, autore=autore, adesso=adesso)
    return comunicazione


def ferma(comunicazione: Comunicazione, *, motivo: str, autore, adesso: datetime) -> int:
    """What has not left does not leave any more; says how many mails. It can not go on later:
    a mail that is leaving at this instant counts as stopped, and would leave twice. Raises
    Rifiuto when there is nothing to stop."""
    with transaction.atomic():
        comunicazione = _ferma_riga(comunicazione)
        _pretendi(comunicazione, *Comunicazione.IN_CORSO)
        chiavi = comunicazione.destinatari.in_coda().values_list("messaggio__chiave", flat=True)
        comunicazione.fermati = posta.annulla_per_chiave(list(chiavi))
        comunicazione.save(update_fields=["fermati"])
        _passa(comunicazione, Stato.FERMATA, autore=autore, motivo=motivo, adesso=adesso)
    return comunicazione.fermati


def annulla(comunicazione: Comunicazione, *, autore, adesso: datetime) -> None:
    """It will not be sent. Raises Rifiuto once somebody has been written down: then it is
    stopped, and says whom it reached."""
    with transaction.atomic():
        comunicazione = _ferma_riga(comunicazione)
        _pretendi(comunicazione, Stato.BOZZA, Stato.IN_PREPARAZIONE)
        if comunicazione.preparati:
            raise Rifiuto(_("È già in partenza: si può solo fermare."))
        _passa(comunicazione, Stato.ANNULLATA, autore=autore, adesso=adesso)


def prova(comunicazione: Comunicazione, *, autore, adesso: datetime) -> None:
    """The same mail to who writes it, marked as a try; two clicks in one minute are one."""
    for lingua in ("it", "en") if comunicazione.in_inglese else ("it",):
        posta.accoda(
            "comunicazione_prova",
            autore.email,
            chiave=f"comunicazione_prova:{comunicazione.pk}:{lingua}:{autore.pk}:"
            f"{impronta(comunicazione)}:{adesso:%Y%m%d%H%M}",
            lingua=lingua,
            parametri={"comunicazione": comunicazione.pk, "persona": autore.pk},
            adesso=adesso,
        )


def rispedisci(destinatario: Destinatario, *, email: str = "", adesso: datetime) -> None:
    """Try again for somebody whose mail was refused or came back, at another address if one is
    given. Raises Rifiuto when it was not, or when the address can not be hers."""
    with transaction.atomic():
        destinatario = (
            Destinatario.objects.select_for_update(of=["self"], no_key=True)
            .select_related("comunicazione", "messaggio")
            .get(pk=destinatario.pk)
        )
        messaggio = destinatario.messaggio
        if messaggio is None or messaggio.stato not in Destinatario.NON_ARRIVATI:
            raise Rifiuto(_("Non è tra le mail non arrivate: forse è già stata rispedita."))
        if destinatario.comunicazione.stato not in Comunicazione.PARTITE:
            raise Rifiuto(_("Questa comunicazione è stata fermata."))
        email = normalizza_email(email)
        if not email or email == destinatario.email:
            try:
                posta.rispedisci(messaggio, adesso=adesso)
            except posta.NonRispedibile as no:
                raise Rifiuto(str(no)) from no
            return
        if not destinatario.correggibile:
            raise Rifiuto(_("Questo indirizzo lo ha confermato la persona: lo cambia lei."))
        destinatario.email = email
        destinatario.correzioni += 1
        try:
            with transaction.atomic():
                destinatario.save(update_fields=["email", "correzioni"])
        except IntegrityError:
            raise Rifiuto(_("A questo indirizzo la comunicazione è già andata.")) from None
        destinatario.messaggio = posta.accoda(
            "comunicazione",
            email,
            chiave=f"{_chiave(destinatario)}:{destinatario.correzioni}",
            lingua=_lingua(destinatario),
            parametri={"destinatario": destinatario.pk},
            adesso=adesso,
        )
        destinatario.save(update_fields=["messaggio"])


# --- The work -------------------------------------------------------------------------------


def prepara(adesso_fn: Callable[[], datetime] = timezone.now, *, secondi: float = 20) -> int:
    """Write down the recipients of what is leaving and queue their mails, for at most about so
    many seconds; says how many were written down. Safe in any number of processes, killed at
    any line: the next one goes on from where the last whole part ended."""
    fine = time.monotonic() + secondi
    quanti = 0
    for pk in list(Comunicazione.objects.da_preparare(adesso_fn()).values_list("pk", flat=True)):
        while time.monotonic() < fine:
            nuovi = _prepara_parte(pk, adesso_fn())
            if nuovi is None:
                break
            quanti += nuovi
    return quanti


def concludi(adesso: datetime) -> int:
    """What has no mail left in the queue is sent; says how many became so."""
    concluse = 0
    for comunicazione in Comunicazione.objects.in_invio():
        with transaction.atomic():
            comunicazione = _ferma_riga(comunicazione)
            if (
                comunicazione.stato == Stato.IN_INVIO
                and not comunicazione.destinatari.in_coda().exists()
            ):
                _passa(comunicazione, Stato.INVIATA, adesso=adesso)
                concluse += 1
    return concluse


def _prepara_parte(pk: int, adesso: datetime) -> int | None:
    """One part, all of it or nothing; None at the end, or when another process is at it."""
    with transaction.atomic():
        comunicazione = (
            Comunicazione.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=pk, stato=Stato.IN_PREPARAZIONE)
            .first()
        )
        if comunicazione is None:
            return None
        cursore, nuovi = pubblico.parte(comunicazione, quanti=PARTE, adesso=adesso)
        if not nuovi:
            _passa(comunicazione, Stato.IN_INVIO, adesso=adesso)
            return None
        # Two roles of one person are one address: the first row stands.
        Destinatario.objects.bulk_create(nuovi, ignore_conflicts=True)
        scritti = list(
            comunicazione.destinatari.filter(
                messaggio=None, email__in={nuovo.email for nuovo in nuovi}
            )
        )
        _accoda(comunicazione, scritti, adesso)
        Comunicazione.objects.filter(pk=pk).update(
            cursore=cursore, preparati=F("preparati") + len(scritti)
        )
    return len(scritti)


def _accoda(comunicazione, destinatari, adesso) -> None:
    dovuto_at = adesso
    if not comunicazione.urgente and nel_silenzio(adesso):
        dovuto_at = fine_del_silenzio(adesso)
    for destinatario in destinatari:
        destinatario.comunicazione = comunicazione
    posta.accoda_molti(
        [
            Messaggio(
                genere="comunicazione",
                destinatario=destinatario.email,
                lingua=_lingua(destinatario),
                chiave=_chiave(destinatario),
                parametri={"destinatario": destinatario.pk},
                dovuto_at=dovuto_at,
            )
            for destinatario in destinatari
        ],
        adesso=adesso,
    )
    chiave = Concat(Value(f"comunicazione:{comunicazione.pk}:"), Cast(OuterRef("pk"), CharField()))
    suo = Messaggio.objects.filter(chiave=chiave).values("pk")[:1]
    Destinatario.objects.filter(pk__in=[d.pk for d in destinatari]).update(messaggio=Subquery(suo))


def _chiave(destinatario: Destinatario) -> str:
    return f"comunicazione:{destinatario.comunicazione_id}:{destinatario.pk}"


def _lingua(destinatario: Destinatario) -> str:
    """Hers, if it was written in it: an Italian text does not go out in an English frame."""
    return destinatario.lingua if destinatario.comunicazione.in_inglese else "it"


def _ferma_riga(comunicazione: Comunicazione) -> Comunicazione:
    """The row as it is now, held until the transaction ends."""
    return Comunicazione.objects.select_for_update(no_key=True).get(pk=comunicazione.pk)


def _pretendi(comunicazione: Comunicazione, *stati: str) -> None:
    if comunicazione.stato not in stati:
        raise Rifiuto(
            _("Non si può più: adesso è «%(stato)s».")
            % {"stato": comunicazione.get_stato_display()}
        )


def _passa(comunicazione: Comunicazione, a: str, *, autore=None, motivo="", adesso) -> None:
    da = comunicazione.stato
    comunicazione.stato = a
    comunicazione.save(update_fields=["stato", "updated_at"])
    comunicazione.passaggi.create(da=da, a=a, autore=autore, motivo=motivo, created_at=adesso)


# --- How it goes ----------------------------------------------------------------------------


def numeri(comunicazione: Comunicazione) -> dict[str, int]:
    """How many recipients are where, counted now in one query; those who are no longer kept as
    they were counted then."""
    per_stato = Counter(
        dict(
            comunicazione.destinatari.order_by()
            .values_list("messaggio__stato")
            .annotate(quanti=Count("pk"))
        )
    )
    per_stato.update(comunicazione.conti)
    in_tutto = sum(per_stato.values())
    annullati = per_stato.get(Messaggio.Stato.ANNULLATO, 0)
    return {
        "previsti": max(comunicazione.previsti, comunicazione.preparati),
        "preparati": comunicazione.preparati,
        "in_coda": per_stato.get(Messaggio.Stato.IN_CODA, 0),
        "inviati": per_stato.get(Messaggio.Stato.INVIATO, 0),
        "falliti": per_stato.get(Messaggio.Stato.FALLITO, 0),
        "rimbalzati": per_stato.get(Messaggio.Stato.RIMBALZATO, 0),
        "non_dovuti": max(annullati - comunicazione.fermati, 0),
        "fermati": min(annullati, comunicazione.fermati),
        # Who had her data erased.
        "dimenticati": max(comunicazione.preparati - in_tutto, 0),
    }
