from collections import Counter
from datetime import datetime

from django.db import transaction

from accounts.models import Partecipante, User
from eventi import services
from eventi.models import AllegatoResoconto, Incontro, Sede
from laboratori.models import Disponibilita, Referente
from percorso.models import Percorso
from proposte.models import Allegato, Bisogno, Proposta

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
        for righe in (messaggi_della_demo(), iscrizioni_altrove(), iscrizioni_della_demo()):
            tolte.update(righe.delete()[1])
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
