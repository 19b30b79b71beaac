from django.db.models import Q, QuerySet

from accounts.models import Partecipante, User
from eventi.models import Accoglienza, Iscrizione
from laboratori.models import Disponibilita
from posta.models import Messaggio
from proposte.models import (
    Avanzamento,
    Commento,
    Passaggio,
    PassaggioBisogno,
    Risposta,
    Verbalizzante,
)
from tavolo.models import Componente, DomandaProponente, RichiestaAdesione


def iscrizioni_della_demo() -> QuerySet[Iscrizione]:
    """The registrations to the demo's meetings, whoever made them."""
    return Iscrizione.objects.filter(incontro__percorso__esempio=True)


def iscrizioni_altrove() -> QuerySet[Iscrizione]:
    """The registrations of the demo's accounts to meetings that are no example."""
    di_esempio = User.objects.filter(esempio=True)
    return Iscrizione.objects.exclude(incontro__percorso__esempio=True).filter(
        Q(persona__in=di_esempio) | Q(email__in=di_esempio.values("email"))
    )


def messaggi_della_demo() -> QuerySet[Messaggio]:
    """Every mail about the demo's registrations, offers of help and proposals (also to the
    office), or to one of its people."""
    iscrizioni = iscrizioni_della_demo() | iscrizioni_altrove()
    disponibilita = Disponibilita.objects.filter(esempio=True)
    accoglienze = Accoglienza.objects.filter(incontro__percorso__esempio=True)
    return Messaggio.objects.filter(
        Q(parametri__iscrizione__in=list(iscrizioni.values_list("pk", flat=True)))
        | Q(parametri__accoglienza__in=list(accoglienze.values_list("pk", flat=True)))
        | Q(parametri__disponibilita__in=list(disponibilita.values_list("pk", flat=True)))
        | _di_bisogni_e_proposte()
        | _del_tavolo()
        | Q(destinatario__in=User.objects.filter(esempio=True).values("email"))
        | Q(destinatario__in=Partecipante.objects.filter(esempio=True).values("email"))
    )


def _di_bisogni_e_proposte() -> Q:
    """What the mails about needs and proposals name by number, each kind its own rows."""
    in_demo = Q()
    for prefisso, chiave, righe in (
        ("proposta", "passaggio", Passaggio.objects.filter(proposta__percorso__esempio=True)),
        ("bisogno", "passaggio", PassaggioBisogno.objects.filter(bisogno__percorso__esempio=True)),
        ("", "commento", Commento.objects.filter(proposta__percorso__esempio=True)),
        ("", "risposta", Risposta.objects.filter(proposta__percorso__esempio=True)),
        ("", "avanzamento", Avanzamento.objects.filter(proposta__percorso__esempio=True)),
        (
            "",
            "verbalizzante",
            Verbalizzante.objects.filter(incontro__percorso__esempio=True),
        ),
    ):
        numeri = list(righe.values_list("pk", flat=True))
        in_demo |= Q(genere__startswith=prefisso, **{f"parametri__{chiave}__in": numeri})
    return in_demo


def _del_tavolo() -> Q:
    """What is mailed to the example's members, and about its requests and questions."""
    richieste = RichiestaAdesione.objects.filter(percorso__esempio=True)
    domande = DomandaProponente.objects.filter(esame__percorso__esempio=True)
    componenti = Componente.objects.filter(seggio__percorso__esempio=True)
    return (
        Q(destinatario__in=componenti.values("email"))
        | Q(
            genere__startswith="adesione",
            parametri__richiesta__in=list(richieste.values_list("pk", flat=True)),
        )
        | Q(
            genere__startswith="domanda",
            parametri__domanda__in=list(domande.values_list("pk", flat=True)),
        )
    )
