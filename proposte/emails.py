"""The mails to who proposes, follows, comments and reports, one composer each; the digest's is
beside its contents (``riepiloghi``).

A composer runs when its mail is about to leave: it says what is true then, and answers NonDovuto
when the reason for writing is gone, or when a later mail says it better.
"""

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import partecipanti
from accounts.models import Partecipante
from portale.lib import dates
from portale.lib.emails import assoluto, componi, lasciabile
from portale.lib.testo import euro
from posta.generi import Composto, NonDovuto, Rinviato, Scaduto, genere

from . import emails_bisogni, emails_raccolta, emails_ufficio, riepiloghi
from .commenti import indirizzo
from .models import Avanzamento, Commento, Passaggio, Proposta, Risposta, Segnalazione, Seguito

# Their composers register themselves.
__all__ = ["emails_bisogni", "emails_raccolta", "emails_ufficio"]

Stato = Proposta.Stato
Evento = Passaggio.Evento
PROPONENTE, SEGUE = "proponente", "segue"


# --- To the proponent -----------------------------------------------------------------------


@genere("proposta_ricevuta", etichetta="Proposta: l'abbiamo ricevuta")
def proposta_ricevuta(messaggio, adesso):
    proposta = _passaggio(messaggio, Stato.INVIATA).proposta
    giorni = -(-settings.MODERAZIONE_ORE // 24)
    return _al_proponente(
        "proposta_ricevuta",
        messaggio,
        proposta,
        entro=ngettext("%(n)d giorno", "%(n)d giorni", giorni) % {"n": giorni},
    )


@genere("proposta_pubblicata", etichetta="Proposta: è pubblicata")
def proposta_pubblicata(messaggio, adesso):
    passo = _passaggio(messaggio, *Proposta.PUBBLICI)
    return _al_proponente(
        "proposta_pubblicata",
        messaggio,
        passo.proposta,
        riammessa=passo.da == Stato.NASCOSTA,
        testo=passo.testo,
    )


@genere("proposta_nascosta", etichetta="Proposta: è nascosta, e perché")
def proposta_nascosta(messaggio, adesso):
    passo = _passaggio(messaggio, Stato.NASCOSTA)
    proposta = passo.proposta
    return _al_proponente(
        "proposta_nascosta",
        messaggio,
        proposta,
        pagina=reverse("proposte:proposta_riesame", args=[proposta.slug]),
        fatti=[
            (_("Motivo"), passo.get_motivo_display()),
            (_("Spiegazione"), passo.testo),
        ],
    )


@genere("proposta_integrazione", etichetta="Proposta: un'altra vi è entrata")
def proposta_integrazione(messaggio, adesso):
    passo = _passo(messaggio, Evento.INTEGRAZIONE)
    altra = passo.altra
    # Undone meanwhile.
    if altra is None or altra.integrata_in_id != passo.proposta_id:
        raise NonDovuto
    return _al_proponente(
        "proposta_integrazione", messaggio, passo.proposta, altra=altra, testo=passo.testo
    )


# --- To the office --------------------------------------------------------------------------


@genere("proposta_riesame", etichetta="Proposta: si chiede un riesame")
def proposta_riesame(messaggio, adesso):
    passo = _passo(messaggio, Evento.RIESAME)
    proposta = passo.proposta
    if proposta.stato != Stato.NASCOSTA:
        raise NonDovuto
    nascosta = proposta.passaggi.filter(a=Stato.NASCOSTA, evento=Evento.STATO).last()
    fatti = [
        (_("Proposta"), proposta.titolo),
        (_("Chi propone"), proposta.firma),
        (_("Nascosta perché"), nascosta.get_motivo_display() if nascosta else ""),
        (_("Che cosa scrive"), passo.testo),
    ]
    contesto = {
        "proposta": proposta,
        "fatti": [(nome, valore) for nome, valore in fatti if valore],
        "url": assoluto(reverse("admin:proposte_proposta_change", args=[proposta.pk])),
    }
    risposta = proposta.proponente.email if proposta.proponente else ""
    return Composto(*componi("proposta_riesame", contesto), rispondi_a=risposta)


# --- To proponent and followers -------------------------------------------------------------


@genere("proposta_ritirata", etichetta="Proposta: è ritirata")
def proposta_ritirata(messaggio, adesso):
    passo = _passaggio(messaggio, Stato.RITIRATA)
    return _a_chi_segue(
        "proposta_ritirata",
        messaggio,
        passo.proposta,
        testo=passo.testo,
        ufficio=passo.autore_id is not None,
        pagina=reverse("proposte:proposta_list"),
    )


@genere("proposta_cambiata", etichetta="Proposta: cambia stato")
def proposta_cambiata(messaggio, adesso):
    passo = _passaggio(messaggio, *Proposta.IN_ELENCO)
    return _a_chi_segue(
        "proposta_cambiata",
        messaggio,
        passo.proposta,
        stato=passo.get_a_display(),
        a=passo.a,
        decisa=passo.a in Proposta.ESITI,
        riaperta=passo.da in Proposta.ESITI,
        separata=passo.da == Stato.INTEGRATA,
        testo=passo.testo,
    )


@genere("proposta_integrata", etichetta="Proposta: è entrata in un'altra")
def proposta_integrata(messaggio, adesso):
    passo = _passaggio(messaggio, Stato.INTEGRATA)
    in_ = passo.proposta.integrata_in
    return _a_chi_segue(
        "proposta_integrata",
        messaggio,
        passo.proposta,
        in_=in_,
        testo=passo.testo,
        pagina=in_.get_absolute_url(),
    )


@genere("proposta_risposta", etichetta="Proposta: la risposta del Comune")
def proposta_risposta(messaggio, adesso):
    risposta = (
        Risposta.objects.select_related("proposta__proponente")
        .filter(pk=messaggio.parametri["risposta"])
        .first()
    )
    if risposta is None or not risposta.proposta.pubblica:
        raise NonDovuto
    if risposta.proposta.risposte.filter(numero__gt=risposta.numero).exists():
        # Corrected before this left: the correction says it.
        raise NonDovuto
    fatti = [
        (_("Esito"), risposta.get_esito_display()),
        (_("Che cosa si corregge"), risposta.correzione),
        (_("Ufficio"), risposta.ufficio),
        (_("Costo stimato"), euro(risposta.costo_euro)),
        (_("Tempi"), risposta.tempi),
    ]
    return _a_chi_segue(
        "proposta_risposta",
        messaggio,
        risposta.proposta,
        corretta=bool(risposta.correzione),
        testo=risposta.testo,
        fatti=[(nome, valore) for nome, valore in fatti if valore],
    )


@genere("proposta_avanzamento", etichetta="Proposta: a che punto è")
def proposta_avanzamento(messaggio, adesso):
    avanzamento = (
        Avanzamento.objects.select_related("proposta__proponente")
        .filter(pk=messaggio.parametri["avanzamento"])
        .first()
    )
    if avanzamento is None or not avanzamento.proposta.pubblica:
        raise NonDovuto
    realizzata = avanzamento.percentuale == 100
    fatti = [
        (_("Quando"), dates.giorno_esteso(avanzamento.giorno)),
        (_("Che cosa è successo"), avanzamento.titolo),
        (_("A che punto è"), _("realizzata") if realizzata else f"{avanzamento.percentuale} %"),
    ]
    return _a_chi_segue(
        "proposta_avanzamento",
        messaggio,
        avanzamento.proposta,
        realizzata=realizzata,
        testo=avanzamento.testo,
        fatti=fatti,
    )


# --- To who comments and reports ------------------------------------------------------------


@genere("commento_nascosto", etichetta="Commento: è nascosto, e perché")
def commento_nascosto(messaggio, adesso):
    commento, io = _commento(messaggio)
    if commento.nascosto_at is None:
        raise NonDovuto
    if commento.nascosto_at.isoformat() != messaggio.parametri["nascosto_at"]:
        # Shown and hidden again: that mail says why now.
        raise NonDovuto
    fatti = [
        (_("Proposta"), commento.proposta.titolo),
        (_("Il tuo commento"), commento.testo),
        (_("Motivo"), commento.get_motivo_display()),
        (_("Spiegazione"), commento.motivazione),
    ]
    return _di_commento("commento_nascosto", commento, io, fatti=fatti)


@genere("commento_riammesso", etichetta="Commento: si legge di nuovo")
def commento_riammesso(messaggio, adesso):
    commento, io = _commento(messaggio)
    if commento.nascosto_at is not None:
        raise NonDovuto
    fatti = [
        (_("Proposta"), commento.proposta.titolo),
        (_("Il tuo commento"), commento.testo),
    ]
    return _di_commento("commento_riammesso", commento, io, fatti=fatti)


def _commento(messaggio) -> tuple[Commento, Partecipante]:
    commento = (
        Commento.objects.select_related("proposta", "autore")
        .filter(pk=messaggio.parametri["commento"])
        .first()
    )
    io = commento and commento.autore
    if io is None or io.email != messaggio.destinatario:
        raise NonDovuto
    return commento, io


def _di_commento(nome, commento, io, **contesto):
    contesto = {
        "commento": commento,
        "nome": io.nome,
        "esempio": commento.proposta.esempio,
        "url": assoluto(partecipanti.link(io, indirizzo(commento))),
        **contesto,
    }
    return Composto(*componi(nome, contesto))


@genere("segnalazione_chiusa", etichetta="Segnalazione: che cosa si è deciso")
def segnalazione_chiusa(messaggio, adesso):
    segnalazione = (
        Segnalazione.objects.select_related("proposta", "commento__proposta", "partecipante")
        .filter(pk=messaggio.parametri["segnalazione"], chiusa_at__isnull=False)
        .first()
    )
    io = segnalazione and segnalazione.partecipante
    if io is None or io.email != messaggio.destinatario:
        raise NonDovuto
    commento = segnalazione.commento
    proposta = segnalazione.proposta or commento.proposta
    accolta = segnalazione.esito == Segnalazione.Esito.ACCOLTA
    fatti = [
        (_("Proposta"), proposta.titolo),
        (_("Commento"), commento.testo if commento else ""),
        (_("Il tuo motivo"), segnalazione.get_motivo_display()),
        (_("Che cosa avevi scritto"), segnalazione.testo),
    ]
    contesto = {
        "nome": io.nome,
        "accolta": accolta,
        "di_un_commento": commento is not None,
        "esempio": proposta.esempio,
        "fatti": [(nome, valore) for nome, valore in fatti if valore],
    }
    return Composto(*componi("segnalazione_chiusa", contesto))


# --- The digest -----------------------------------------------------------------------------


@genere("riepilogo", etichetta="Riepilogo della settimana", di_massa=True)
def riepilogo(messaggio, adesso):
    settimana = riepiloghi.Settimana.da_testo(messaggio.parametri["lunedi"])
    if adesso >= settimana.successiva.spedizione:
        # The next one is about to tell what came after; nobody reads old news twice.
        raise Scaduto
    if fino_a := riepiloghi.fine_del_silenzio_se(adesso):
        raise Rinviato(fino_a)
    io = _partecipante(messaggio, "avvisi_riepilogo")
    novita = riepiloghi.novita(io, settimana)
    if not novita:
        raise NonDovuto
    lascia = url_lascia(io)
    contesto = {
        "nome": io.nome,
        "gruppi": novita,
        "dal_al": settimana.a_parole,
        "url": assoluto(partecipanti.link(io, reverse("seguiti:seguito_list"))),
        "url_lascia": lascia,
    }
    return Composto(*componi("riepilogo", contesto), intestazioni=lasciabile(lascia))


# --- What they share ------------------------------------------------------------------------


def _passo(messaggio, evento) -> Passaggio:
    """The step that a mail tells of; NonDovuto when it is gone."""
    passo = (
        Passaggio.objects.select_related(
            "proposta__proponente", "proposta__integrata_in", "proposta__incontro", "altra"
        )
        .filter(pk=messaggio.parametri["passaggio"], evento=evento)
        .first()
    )
    if passo is None:
        raise NonDovuto
    return passo


def _passaggio(messaggio, *stati) -> Passaggio:
    """A change of state, unless a later one has been made: that one has a mail of its own."""
    passo = _passo(messaggio, Evento.STATO)
    proposta = passo.proposta
    if proposta.stato not in stati or proposta.stato != passo.a:
        raise NonDovuto
    dopo = proposta.passaggi.filter(evento=Evento.STATO, pk__gt=passo.pk)
    if dopo.exists():
        raise NonDovuto
    return passo


def _partecipante(messaggio, avviso: str = "") -> Partecipante:
    """Whom a mail is for; NonDovuto once she is gone, has another address, or wants no mail of
    this kind (``avviso``, a switch of her profile)."""
    chi = Partecipante.objects.graditi(avviso) if avviso else Partecipante.objects
    io = chi.filter(pk=messaggio.parametri["partecipante"], email=messaggio.destinatario).first()
    if io is None:
        raise NonDovuto
    return io


def _al_proponente(nome, messaggio, proposta, *, pagina="", **contesto) -> Composto:
    io = _partecipante(messaggio)
    if proposta.proponente_id != io.pk:
        raise NonDovuto
    return _composto(nome, proposta, io, PROPONENTE, pagina, contesto)


def _a_chi_segue(nome, messaggio, proposta, *, pagina="", **contesto) -> Composto:
    """To its proponent, or to somebody who still follows it."""
    io = _partecipante(messaggio)
    if proposta.proponente_id == io.pk:
        return _composto(nome, proposta, io, PROPONENTE, pagina, contesto)
    if not Seguito.objects.filter(proposta=proposta, partecipante=io).exists():
        raise NonDovuto
    _partecipante(messaggio, "avvisi_seguiti")
    # What was merged is left where it went.
    quale = proposta.integrata_in or proposta
    lascia = url_lascia(io, proposta=quale.pk) if quale.pubblica else ""
    contesto = {**contesto, "url_lascia": lascia}
    intestazioni = lasciabile(lascia) if lascia else {}
    return _composto(nome, proposta, io, SEGUE, pagina, contesto, intestazioni)


def _composto(nome, proposta, io, ruolo, pagina, contesto, intestazioni=None) -> Composto:
    pagina = pagina or proposta.get_absolute_url()
    contesto = {
        "proposta": proposta,
        "nome": io.nome,
        "mia": ruolo == PROPONENTE,
        "esempio": proposta.esempio,
        "url": assoluto(partecipanti.link(io, pagina)),
        **contesto,
    }
    # A reply reaches the office: whoever disagrees needs no form to say so.
    return Composto(
        *componi(nome, contesto),
        intestazioni=intestazioni or {},
        rispondi_a=settings.ENTE["email"],
    )


def url_lascia(io: Partecipante, **cosa) -> str:
    """Where she stops being written to with one click: about one ``proposta`` or ``laboratorio``
    (its number), or by the weekly digest."""
    percorso = reverse("seguiti:seguito_lascia", args=[io.token])
    return assoluto(f"{percorso}?{urlencode(cosa)}" if cosa else percorso)
