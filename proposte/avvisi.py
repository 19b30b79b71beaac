"""Who is told what of a proposal's life. The mails themselves are composed in ``emails.py``.

Each mail's key names what happened (a Passaggio, a Risposta, an Avanzamento) and the person: who
proposed a proposal and follows it is told once, and telling again leaves one mail.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db.models import Q

from accounts.models import Partecipante
from posta.models import Messaggio
from posta.services import accoda_molti

from .models import Passaggio, Segnalazione, Seguito

Evento = Passaggio.Evento
# People told in one turn: what is kept in memory of a proposal that a whole city follows.
PARTE = 500


def ricevuta(proposta, adesso: datetime) -> None:
    """To the proponent: it arrived, who reads it and when."""
    passo = _ultimo(proposta, Evento.STATO)
    _accoda("proposta_ricevuta", _proponente(proposta), passo.pk, adesso, passaggio=passo.pk)


def pubblicata(proposta, adesso: datetime) -> None:
    """To the proponent: everybody can read it."""
    passo = _ultimo(proposta, Evento.STATO)
    _accoda("proposta_pubblicata", _proponente(proposta), passo.pk, adesso, passaggio=passo.pk)


def arrivate(coppie: Iterable[tuple], adesso: datetime) -> None:
    """What ``ricevuta`` or ``pubblicata`` tell each proponent, for many proposals at once, each
    with the step that it just made."""
    coppie = [(p, passo) for p, passo in coppie if p.proponente_id]
    persone = {}
    pks = sorted({proposta.proponente_id for proposta, _passo in coppie})
    for da in range(0, len(pks), PARTE):
        trovate = Partecipante.objects.filter(pk__in=pks[da : da + PARTE])
        persone |= {chi[0]: chi for chi in trovate.values_list("pk", "email", "lingua")}
    messaggi = [
        _messaggio(
            "proposta_pubblicata" if proposta.pubblica else "proposta_ricevuta",
            persone[proposta.proponente_id],
            passo.pk,
            adesso,
            passaggio=passo.pk,
        )
        for proposta, passo in coppie
        if proposta.proponente_id in persone
    ]
    accoda_molti(messaggi, adesso=adesso)


def nascosta(proposta, adesso: datetime) -> None:
    """To the proponent: it is out of sight, why, and how to ask for another look."""
    passo = _ultimo(proposta, Evento.STATO)
    _accoda("proposta_nascosta", _proponente(proposta), passo.pk, adesso, passaggio=passo.pk)


def confermata_nascosta(proposta, passaggio, adesso: datetime) -> None:
    """To the proponent: somebody looked again, and it stays out of sight."""
    _accoda(
        "proposta_confermata_nascosta",
        _proponente(proposta),
        passaggio.pk,
        adesso,
        passaggio=passaggio.pk,
    )


def riesame(proposta, passaggio, adesso: datetime) -> None:
    """To the office: the proponent asks to have it seen again."""
    ufficio = [(0, settings.ENTE["email"], settings.LANGUAGE_CODE)]
    _accoda("proposta_riesame", ufficio, passaggio.pk, adesso, passaggio=passaggio.pk)


def ritirata(proposta, adesso: datetime) -> None:
    """To proponent and followers: it was taken back."""
    passo = _ultimo(proposta, Evento.STATO)
    _accoda("proposta_ritirata", _tutti(proposta), passo.pk, adesso, passaggio=passo.pk)


def cambiata(proposta, adesso: datetime) -> None:
    """To proponent and followers: its new state, with the reason."""
    passo = _ultimo(proposta, Evento.STATO)
    _accoda("proposta_cambiata", _tutti(proposta), passo.pk, adesso, passaggio=passo.pk)


def integrata(proposta, adesso: datetime) -> None:
    """To its proponent and followers: it went into another one, where they are counted too. To
    the other one's proponent: another one came in."""
    passo = _ultimo(proposta, Evento.STATO)
    _accoda("proposta_integrata", _tutti(proposta), passo.pk, adesso, passaggio=passo.pk)
    arrivo = _ultimo(passo.altra, Evento.INTEGRAZIONE)
    altri = [chi for chi in _proponente(passo.altra) if chi[0] != proposta.proponente_id]
    _accoda("proposta_integrazione", altri, arrivo.pk, adesso, passaggio=arrivo.pk)


def risposta(proposta, risposta, adesso: datetime) -> None:
    """To proponent and followers: the municipality's answer, or its correction."""
    _accoda("proposta_risposta", _tutti(proposta), risposta.pk, adesso, risposta=risposta.pk)


def avanzamento(proposta, avanzamento, adesso: datetime) -> None:
    """To proponent and followers: a milestone."""
    _accoda(
        "proposta_avanzamento",
        _tutti(proposta),
        avanzamento.pk,
        adesso,
        avanzamento=avanzamento.pk,
    )


def commento_nascosto(commento, adesso: datetime) -> None:
    """To its writer: it is out of sight, why, and how to ask for another look."""
    quando = commento.nascosto_at.isoformat()
    _accoda(
        "commento_nascosto",
        _uno(commento.autore_id),
        f"{commento.pk}:{quando}",
        adesso,
        commento=commento.pk,
        nascosto_at=quando,
    )


def commento_riammesso(commento, nascosto_at: datetime | None, adesso: datetime) -> None:
    """To its writer: everybody reads it again. ``nascosto_at`` says which hiding is undone."""
    quando = nascosto_at.isoformat() if nascosto_at else ""
    _accoda(
        "commento_riammesso",
        _uno(commento.autore_id),
        f"{commento.pk}:{quando}",
        adesso,
        commento=commento.pk,
    )


def segnalazioni_chiuse(segnalazioni: list[int], adesso: datetime) -> None:
    """To those who reported, where they are known: what was decided."""
    note = Segnalazione.objects.filter(pk__in=segnalazioni, partecipante__isnull=False)
    for pk, chi in list(note.values_list("pk", "partecipante")):
        _accoda("segnalazione_chiusa", _uno(chi), pk, adesso, segnalazione=pk)


# --- To whom --------------------------------------------------------------------------------

# Number, address and language of a Partecipante.
Chi = tuple[int, str, str]


def _ultimo(proposta, evento) -> Passaggio:
    """The step that has just been made: the row is locked by whoever made it."""
    return proposta.passaggi.filter(evento=evento).order_by("-created_at", "-pk")[0]


def _uno(pk: int | None) -> list[Chi]:
    """Somebody; nobody when she is gone."""
    return list(Partecipante.objects.filter(pk=pk).values_list("pk", "email", "lingua"))


def _proponente(proposta) -> list[Chi]:
    return _uno(proposta.proponente_id)


def _tutti(proposta) -> Iterator[Chi]:
    """Proponent and followers who want to hear of it at once, each once, however many: a part of
    them in memory at a time."""
    seguaci = Partecipante.objects.graditi("avvisi_seguiti").filter(
        pk__in=Seguito.objects.filter(proposta=proposta).values("partecipante")
    )
    chi = Partecipante.objects.filter(
        Q(pk=proposta.proponente_id) | Q(pk__in=seguaci.values("pk"))
    ).order_by("pk")
    ultimo = 0
    while parte := list(chi.filter(pk__gt=ultimo).values_list("pk", "email", "lingua")[:PARTE]):
        yield from parte
        ultimo = parte[-1][0]


def _accoda(genere: str, chi: Iterable[Chi], evento, adesso: datetime, **parametri) -> None:
    chi = iter(chi)
    while parte := list(islice(chi, PARTE)):
        accoda_molti(
            [_messaggio(genere, uno, evento, adesso, **parametri) for uno in parte], adesso=adesso
        )


def _messaggio(genere: str, chi: Chi, evento, adesso: datetime, **parametri) -> Messaggio:
    pk, email, lingua = chi
    return Messaggio(
        genere=genere,
        destinatario=email,
        lingua=lingua,
        chiave=f"{genere}:{evento}:{pk}",
        parametri={**parametri, "partecipante": pk},
        dovuto_at=adesso,
    )
