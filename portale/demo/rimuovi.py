from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Partecipante, User
from comunicazioni.models import Comunicazione
from eventi import services
from eventi.models import AllegatoResoconto, Incontro, Sede
from laboratori.models import Attore, Disponibilita, Referente
from percorso.models import Percorso
from posta.models import Messaggio
from proposte.models import Allegato, Bisogno, Proposta
from tavolo.models import (
    AccessoDocumento,
    Componente,
    Decisione,
    DocumentoTavolo,
    Esame,
    Garante,
    Impegno,
    Organizzazione,
    ParereComitato,
    PassaggioSeggio,
    ProceduraScritta,
    Rettifica,
    RichiestaAdesione,
    Seduta,
    Seggio,
    Verbale,
)

from .messaggi import iscrizioni_altrove, iscrizioni_della_demo, messaggi_della_demo


def rimuovi_demo(*, adesso: datetime) -> Counter:
    """Take away every trace of the demo and nothing else; says how many rows of each model.

    With it go the registrations that anybody made to its meetings, and those of its accounts to
    other meetings (given up first, so that their seats go to who waits). A real meeting that was
    put in a venue of the demo is left without a venue. All of it or nothing.
    """
    tolte = Counter()
    with transaction.atomic():
        for iscrizione in iscrizioni_altrove():
            services.annulla_iscrizione(
                iscrizione, autore=None, motivo="La demo è finita.", adesso=adesso
            )
        file = [
            allegato.file
            for allegato in AllegatoResoconto.objects.filter(
                resoconto__incontro__percorso__esempio=True
            )
        ]
        for allegato in Allegato.objects.filter(proposta__percorso__esempio=True):
            file += [nome for nome in (allegato.file, allegato.anteprima) if nome]
        sedi = Sede.objects.filter(esempio=True)
        Incontro.objects.filter(sede__in=sedi, percorso__esempio=False).update(sede=None)
        # Mails first, as long as what they are about can still be named; then from the leaves.
        scritte = Comunicazione.objects.filter(
            Q(incontro__percorso__esempio=True) | Q(percorso__esempio=True)
        )
        mail = Messaggio.objects.filter(destinatario_di_comunicazione__comunicazione__in=scritte)
        for righe in (
            mail,
            scritte,
            messaggi_della_demo(),
            iscrizioni_altrove(),
            iscrizioni_della_demo(),
        ):
            tolte.update(righe.delete()[1])
        tolte.update(_togli_tavolo(file))
        # A proposal that others went into, or came out of, after those.
        proposte = Proposta.objects.filter(percorso__esempio=True)
        while foglie := proposte.filter(integrate=None, parti=None):
            tolte.update(foglie.delete()[1])
        for righe in (
            Bisogno.objects.filter(percorso__esempio=True),
            Incontro.objects.filter(percorso__esempio=True),
            Percorso.objects.filter(esempio=True),
            Disponibilita.objects.filter(esempio=True),
            Referente.objects.filter(esempio=True),
            sedi,
            Partecipante.objects.filter(esempio=True),
            User.objects.filter(esempio=True),
        ):
            tolte.update(righe.delete()[1])
        transaction.on_commit(lambda: [allegato.delete(save=False) for allegato in file])
    return +tolte


def _togli_tavolo(file: list) -> Counter:
    """The Tavolo's rows, each before those that it names; their files are added to ``file``."""
    del_percorso = {"percorso__esempio": True}
    verbali = Verbale.objects.filter(seduta__incontro__percorso__esempio=True)
    for verbale in verbali.exclude(pdf=""):
        file += [nome for nome in (verbale.pdf, verbale.pdf_interno) if nome]
    tolte = Counter()
    decisioni = Decisione.objects.filter(**del_percorso)
    while foglie := decisioni.filter(annullata_da=None):
        tolte.update(foglie.delete()[1])
    for righe in (
        AccessoDocumento.objects.filter(**del_percorso),
        DocumentoTavolo.objects.filter(**del_percorso),
        Esame.objects.filter(**del_percorso),
        Rettifica.objects.filter(verbale__in=verbali),
        Impegno.objects.filter(verbale__in=verbali),
        verbali,
        ProceduraScritta.objects.filter(**del_percorso),
        Seduta.objects.filter(incontro__percorso__esempio=True),
        ParereComitato.objects.filter(**del_percorso),
        Garante.objects.filter(**del_percorso),
        RichiestaAdesione.objects.filter(**del_percorso),
        PassaggioSeggio.objects.filter(seggio__percorso__esempio=True),
        Componente.objects.filter(seggio__percorso__esempio=True),
        Seggio.objects.filter(**del_percorso),
        # One that sits in a real percorso too stays there.
        Organizzazione.objects.filter(esempio=True, seggi=None),
        Attore.objects.filter(esempio=True),
    ):
        tolte.update(righe.delete()[1])
    return tolte
