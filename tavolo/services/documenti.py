"""The one door for the Tavolo's files: each is looked into before it is kept, has a name that
nobody guesses, and is given only through a view that asks who is asking. And the one door for
the lines that say who opened what not everybody may read."""

import secrets
from datetime import date, datetime, timedelta
from hashlib import file_digest

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _

from portale.lib.rifiuti import Rifiuto
from proposte.segnali import contenuto_cambiato

from ..formati import riconosci
from ..models import AccessoDocumento, DocumentoTavolo, PuntoOrdineDelGiorno, Seduta, Verbale
from ..permissions import Accesso


def carica(
    percorso,
    file: File,
    titolo: str,
    *,
    seduta: Seduta | None = None,
    punto: PuntoOrdineDelGiorno | None = None,
    pubblico_dal: date | None = None,
    esempio: bool = False,
    autore,
) -> DocumentoTavolo:
    """Keep a file, for a sitting or for the Tavolo as a whole. The same file sent twice is one:
    the second time its row comes back. Raises Rifiuto when it is not what it says, or belongs to
    an item of another agenda."""
    titolo = " ".join(titolo.split())
    if not titolo:
        raise Rifiuto(_("Scrivi un titolo."))
    if seduta is not None and seduta.incontro.percorso_id != percorso.pk:
        raise Rifiuto(_("La seduta è di un altro percorso."))
    if punto is not None and (seduta is None or punto.seduta_id != seduta.pk):
        raise Rifiuto(_("Il punto è di un'altra seduta."))
    estensione = riconosci(file)
    impronta = file_digest(file, "sha256").hexdigest()
    file.seek(0)
    documento = DocumentoTavolo(
        percorso=percorso,
        seduta=seduta,
        punto=punto,
        titolo=titolo,
        pubblico_dal=pubblico_dal,
        byte=file.size,
        impronta=impronta,
        caricato_da=autore,
        esempio=esempio,
    )
    with transaction.atomic():
        # Two clicks come one after the other: the second finds the first one's row.
        type(percorso).objects.select_for_update(no_key=True).get(pk=percorso.pk)
        gia = DocumentoTavolo.objects.filter(percorso=percorso, seduta=seduta, impronta=impronta)
        if (trovato := gia.first()) is not None:
            return trovato
        documento.file.save(f"{secrets.token_hex(16)}.{estensione}", file, save=False)
        try:
            with transaction.atomic():
                documento.save()
        except BaseException:
            documento.file.storage.delete(documento.file.name)
            raise
        contenuto_cambiato.send(DocumentoTavolo)
    return documento


def annota_accesso(
    aperto: DocumentoTavolo | Verbale | str, accesso: Accesso, persona, *, adesso: datetime
) -> None:
    """Write that she opens it, before she gets it: who, for which seat, as what. ``aperto`` is a
    document, minutes (their members' copy), or the name of a file that is made when it is asked
    for; of whichever, the percorso is that of ``accesso``."""
    AccessoDocumento.objects.create(
        percorso_id=accesso.percorso_id,
        documento=aperto if isinstance(aperto, DocumentoTavolo) else None,
        verbale=aperto if isinstance(aperto, Verbale) else None,
        oggetto=_come_si_chiama(aperto),
        persona=persona,
        seggio=accesso.seggio,
        titolo_accesso=accesso.in_quanto,
        created_at=adesso,
    )


# Whoever goes back and forth between pages reads the same thing once.
RILETTURA = timedelta(hours=1)


def annota_lettura(aperto: Verbale, accesso: Accesso, persona, *, adesso: datetime) -> None:
    """The same for what is read on the screen: one line for each hour of reading, not one for
    each page that she turns. Two at once may leave two, which harms nobody."""
    gia = AccessoDocumento.objects.filter(
        verbale=aperto,
        oggetto=_sullo_schermo(aperto),
        persona=persona,
        created_at__gt=adesso - RILETTURA,
    )
    if not gia.exists():
        AccessoDocumento.objects.create(
            percorso_id=accesso.percorso_id,
            verbale=aperto,
            oggetto=_sullo_schermo(aperto),
            persona=persona,
            seggio=accesso.seggio,
            titolo_accesso=accesso.in_quanto,
            created_at=adesso,
        )


def _sullo_schermo(verbale) -> str:
    return _("Verbale della seduta n. %(n)d, letto sullo schermo") % {"n": verbale.seduta.numero}


def _come_si_chiama(aperto) -> str:
    if isinstance(aperto, Verbale):
        numero = {"n": aperto.seduta.numero}
        return _("Verbale della seduta n. %(n)d, copia per i componenti") % numero
    return str(aperto)


@receiver(post_delete, sender=DocumentoTavolo, dispatch_uid="tavolo.cancella_file")
def _cancella_file(instance, **kwargs):
    """A row takes its file along, once that is sure."""
    if nome := instance.file.name:
        transaction.on_commit(lambda: default_storage.delete(nome), robust=True)
