"""The mails about minutes: read and correct them, what became of a correction, they are approved,
and what was promised in them.

Whether each is still due is asked when it leaves: a mandate that ended, a window that closed, a
promise that was kept or moved are told nothing.
"""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portale.lib import dates
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, genere

from ..models import Correzione, Impegno, Verbale
from ..services import verbali_avvisi as avvisi
from ..services.avvisi import UFFICIO
from .persone import destinataria, non_di_notte

Stato = Verbale.Stato


@genere("verbale_correzioni", etichetta="Tavolo: verbale da rileggere")
def verbale_correzioni(messaggio, adesso):
    componente = destinataria(messaggio, adesso)
    verbale = _verbale(messaggio.parametri["verbale"])
    if verbale.stato != Stato.IN_CORREZIONE or adesso >= verbale.correzioni_fino_a:
        raise NonDovuto
    if not avvisi.che_c_erano(verbale).filter(pk=componente.seggio_id).exists():
        raise NonDovuto
    return _composto(
        "verbale_correzioni",
        componente,
        verbale,
        entro=dates.giorno_esteso(verbale.ultimo_giorno),
    )


@genere("correzione_risposta", etichetta="Tavolo: risposta a una correzione del verbale")
def correzione_risposta(messaggio, adesso):
    componente = destinataria(messaggio, adesso)
    correzione = (
        Correzione.objects.for_elenco().filter(pk=messaggio.parametri["correzione"]).first()
    )
    if correzione is None or not correzione.esito or correzione.seggio_id != componente.seggio_id:
        raise NonDovuto
    fatti = [(_("Avevate chiesto"), correzione.testo)]
    if correzione.punto:
        fatti.insert(0, (_("Punto"), correzione.punto.titolo))
    fatti.append((_("Esito"), correzione.get_esito_display()))
    if correzione.risposta:
        fatti.append((_("Risposta"), correzione.risposta))
    return _composto(
        "correzione_risposta",
        componente,
        _verbale(correzione.verbale_id),
        fatti=fatti,
        accolta=correzione.esito == Correzione.Esito.ACCOLTA,
    )


@genere("verbale_approvato", etichetta="Tavolo: verbale approvato")
def verbale_approvato(messaggio, adesso):
    componente = destinataria(messaggio, adesso)
    verbale = _verbale(messaggio.parametri["verbale"])
    if not verbale.approvato:
        raise NonDovuto
    return _composto(
        "verbale_approvato",
        componente,
        verbale,
        approvazione=verbale.contenuto["approvazione"]["frase"],
        pubblico=assoluto(verbale.get_absolute_url()),
    )


@genere("impegno_promemoria", etichetta="Tavolo: promemoria di un impegno")
def impegno_promemoria(messaggio, adesso):
    return _impegno("impegno_promemoria", messaggio, adesso, tardi=False)


@genere("impegno_tardi", etichetta="Tavolo: un impegno è in ritardo")
def impegno_tardi(messaggio, adesso):
    return _impegno("impegno_tardi", messaggio, adesso, tardi=True)


def _impegno(nome, messaggio, adesso, *, tardi):
    impegno = (
        Impegno.objects.da_fare().for_elenco().filter(pk=messaggio.parametri["impegno"]).first()
    )
    oggi = dates.a_roma(adesso).date()
    if impegno is None or impegno.entro is None:
        raise NonDovuto
    # Its day was moved (there is another mail for the new one), or it is late meanwhile.
    if impegno.entro.isoformat() != messaggio.parametri["entro"]:
        raise NonDovuto
    if impegno.in_ritardo(oggi) != tardi:
        raise NonDovuto
    if messaggio.parametri["componente"] == UFFICIO:
        if impegno.seggio_id is not None:
            raise NonDovuto
        non_di_notte(adesso)
        componente = None
    else:
        componente = destinataria(messaggio, adesso)
        if impegno.seggio_id != componente.seggio_id:
            raise NonDovuto
    return _composto(
        nome,
        componente,
        impegno.verbale,
        testo=impegno.testo,
        entro=dates.giorno_esteso(impegno.entro),
        oggi=impegno.entro == oggi,
    )


def _verbale(pk) -> Verbale:
    verbale = Verbale.objects.for_elenco().filter(pk=pk).first()
    if verbale is None:
        raise NonDovuto
    return verbale


def _composto(nome, componente, verbale, **contesto) -> Composto:
    seduta = verbale.seduta
    slug = seduta.incontro.slug
    tutto = {
        # None: the mail is for the office.
        "nome": componente and componente.nome,
        "organizzazione": str(componente.seggio) if componente else "",
        "numero": seduta.numero,
        "giorno": dates.giorno_mese_anno(seduta.giorno) if seduta.giorno else "",
        "esempio": verbale.esempio,
        "url": assoluto(reverse("area:verbale_detail", args=[slug])),
        **contesto,
    }
    return Composto(*componi(nome, tutto), rispondi_a=settings.ENTE["email"])
