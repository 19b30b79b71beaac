"""When something that citizens read changes, the pages kept by every process grow old.

The apps below announce by saving; nobody there knows that pages are kept. A bulk ``update()``
announces nothing: it shows when the page expires (``portale.lib.memoria``).
"""

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from eventi.models import AllegatoResoconto, Incontro, Resoconto, Sede, Servizio
from laboratori.models import Laboratorio, Quartiere, Referente
from percorso.models import Atto, Fase, Percorso
from proposte import segnali as proposte
from proposte.models import Allegato, Avanzamento, Bisogno, Tema
from tavolo.models import (
    Decisione,
    Dissenso,
    DocumentoTavolo,
    ImpostazioniTavolo,
    Organizzazione,
    ParereComitato,
    PuntoOrdineDelGiorno,
    Rettifica,
    Seduta,
    Seggio,
    Verbale,
)

from .models import VersionePagine

PUBBLICI = (
    AllegatoResoconto,
    Allegato,
    Atto,
    Avanzamento,
    Bisogno,
    Decisione,
    Dissenso,
    DocumentoTavolo,
    Fase,
    ImpostazioniTavolo,
    Incontro,
    Laboratorio,
    Organizzazione,
    ParereComitato,
    Percorso,
    PuntoOrdineDelGiorno,
    Quartiere,
    Referente,
    Resoconto,
    Rettifica,
    Sede,
    Seduta,
    Seggio,
    Servizio,
    Tema,
    Verbale,
)


def contenuto_cambiato(sender, using=None, **kwargs):
    # After the commit and in a statement of its own. Inside the writer's transaction every
    # registration to any meeting would wait for the one before it, on this single row.
    # Robust: what was saved stays saved, at worst the old page lives until it expires.
    transaction.on_commit(VersionePagine.objects.alza, using=using, robust=True)


def collega():
    for modello in PUBBLICI:
        for segnale in (post_save, post_delete):
            segnale.connect(contenuto_cambiato, sender=modello, dispatch_uid="pagine")
    # Proposals change by compare-and-swap, and say so themselves.
    proposte.contenuto_cambiato.connect(contenuto_cambiato, dispatch_uid="pagine")
