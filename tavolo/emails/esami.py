"""The mails about reviews: what is to be read, by when, and what was asked and answered.

Whether each is still due is asked when it leaves: a mandate that ended, a seat that has answered
or a review that is over are told nothing.
"""

from datetime import date

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import partecipanti
from portale.lib import dates
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, genere

from ..models import Componente, DomandaProponente, Esame, PassaggioEsame
from ..services.esami_avvisi import da_rispondere
from .persone import destinataria

IN_VALUTAZIONE = "in_valutazione"


# --- To who sits at the Tavolo --------------------------------------------------------------


@genere("esami_aperti", etichetta="Tavolo: proposte da leggere")
def esami_aperti(messaggio, adesso):
    componente = _con_voce(messaggio, adesso)
    esami = da_rispondere(componente.seggio, adesso).filter(pk__in=messaggio.parametri["esami"])
    return _elenco("esami_aperti", componente, esami, adesso)


@genere("esami_promemoria", etichetta="Tavolo: promemoria delle proposte da leggere")
def esami_promemoria(messaggio, adesso):
    componente = _con_voce(messaggio, adesso)
    esami = da_rispondere(componente.seggio, adesso)
    if entro := messaggio.parametri["entro"]:
        giorno = date.fromisoformat(entro)
        # The day was moved: the rules count from the new one.
        esami = [esame for esame in esami if esame.ultimo_giorno == giorno]
    return _elenco("esami_promemoria", componente, esami, adesso)


@genere("esame_prorogato", etichetta="Tavolo: cambia il giorno entro cui rispondere")
def esame_prorogato(messaggio, adesso):
    componente = _con_voce(messaggio, adesso)
    pk = messaggio.parametri["esame"]
    dopo = PassaggioEsame.objects.filter(
        esame=pk,
        evento=PassaggioEsame.Evento.PROROGATO,
        pk__gt=messaggio.parametri["passo"],
    )
    if dopo.exists():
        raise NonDovuto
    esami = da_rispondere(componente.seggio, adesso).filter(pk=pk)
    return _elenco("esame_prorogato", componente, esami, adesso)


@genere("domanda_risposta", etichetta="Tavolo: chi propone ha risposto")
def domanda_risposta(messaggio, adesso):
    componente = destinataria(messaggio, adesso)
    domanda = _domanda(messaggio)
    if not domanda.risposta or domanda.seggio_id != componente.seggio_id:
        raise NonDovuto
    esame = domanda.esame
    fatti = [
        (_("Proposta"), esame.proposta.titolo),
        (_("La vostra domanda"), domanda.testo),
        (_("Risposta"), domanda.risposta),
    ]
    return _composto(
        "domanda_risposta",
        esempio=esame.esempio,
        nome=componente.nome,
        organizzazione=str(componente.seggio),
        fatti=fatti,
        ufficio=domanda.risposto_da_id is not None,
        url=assoluto(reverse("area:esame_detail", args=[esame.pk])),
    )


def _con_voce(messaggio, adesso) -> Componente:
    """Whom a mail is for; NonDovuto also once her seat has no voice."""
    componente = destinataria(messaggio, adesso)
    if not componente.seggio.ha_voce:
        raise NonDovuto
    return componente


def _elenco(modello, componente, esami: QuerySet | list[Esame], adesso) -> Composto:
    esami = list(esami)
    if not esami:
        raise NonDovuto
    primo = esami[0].ultimo_giorno
    quante = len(esami)
    return _composto(
        modello,
        esempio=any(esame.esempio for esame in esami),
        nome=componente.nome,
        organizzazione=str(componente.seggio),
        voci=[
            (
                esame.proposta.titolo,
                assoluto(reverse("area:esame_detail", args=[esame.pk])),
                dates.giorno_esteso(esame.ultimo_giorno),
            )
            for esame in esami
        ],
        quante=ngettext("%(n)d proposta da leggere", "%(n)d proposte da leggere", quante)
        % {"n": quante},
        entro=dates.giorno_esteso(primo),
        stesso_giorno=all(esame.ultimo_giorno == primo for esame in esami),
        nota=esami[0].nota,
        url=assoluto(f"{reverse('area:home')}?percorso={componente.seggio.percorso.slug}"),
    )


# --- To who made the proposal ---------------------------------------------------------------


@genere("domanda_proponente", etichetta="Tavolo: una domanda a chi propone")
def domanda_proponente(messaggio, adesso):
    domanda = _senza_risposta(messaggio)
    proposta = domanda.esame.proposta
    io = proposta.proponente
    if io is None or io.email != messaggio.destinatario:
        raise NonDovuto
    return _composto(
        "domanda_proponente",
        esempio=domanda.esame.esempio,
        nome=io.nome,
        proposta=proposta,
        organizzazione=str(domanda.seggio),
        testo=domanda.testo,
        url=assoluto(partecipanti.link(io, reverse("tavolo:domanda_rispondi", args=[domanda.pk]))),
    )


@genere("domanda_ufficio", etichetta="Tavolo: una domanda a cui risponde l'ufficio")
def domanda_ufficio(messaggio, adesso):
    domanda = _senza_risposta(messaggio)
    fatti = [
        (_("Proposta"), domanda.esame.proposta.titolo),
        (_("Chi chiede"), str(domanda.seggio)),
        (_("Domanda"), domanda.testo),
    ]
    return _composto(
        "domanda_ufficio",
        esempio=domanda.esame.esempio,
        fatti=fatti,
        url=assoluto(reverse("admin:tavolo_domandaproponente_rispondi", args=[domanda.pk])),
    )


def _domanda(messaggio) -> DomandaProponente:
    domanda = (
        DomandaProponente.objects.select_related(
            "esame__proposta__proponente", "seggio__organizzazione"
        )
        .filter(pk=messaggio.parametri["domanda"])
        .first()
    )
    if domanda is None:
        raise NonDovuto
    return domanda


def _senza_risposta(messaggio) -> DomandaProponente:
    domanda = _domanda(messaggio)
    if domanda.risposta or domanda.esame.proposta.stato != IN_VALUTAZIONE:
        raise NonDovuto
    return domanda


def _composto(modello, /, **contesto) -> Composto:
    return Composto(*componi(modello, contesto), rispondi_a=settings.ENTE["email"])
