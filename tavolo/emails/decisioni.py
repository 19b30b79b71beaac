"""The mails about what the Tavolo decides: to who proposed, and, for written procedures, to the
people of the seats and to the office."""

from django.conf import settings
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import partecipanti
from accounts.models import Partecipante
from portale.lib import dates
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, Scaduto, genere
from proposte.models import Proposta

from ..models import Componente, Decisione, Esito, ProceduraScritta
from ..services.avvisi import UFFICIO
from ..services.decisioni_avvisi import LASCIANO_DA_FARE, che_possono_rispondere

Stato = ProceduraScritta.Stato


@genere("decisione_rinviata", etichetta="Tavolo: proposta rinviata o da integrare")
def decisione_rinviata(messaggio, adesso):
    decisione = (
        Decisione.objects.pubblicate()
        .in_vigore()
        .filter(pk=messaggio.parametri["decisione"])
        .select_related("proposta")
        .first()
    )
    io = Partecipante.objects.filter(
        pk=messaggio.parametri["partecipante"], email=messaggio.destinatario
    ).first()
    # Decided again, taken back, or hers no more: what came after has mails of its own.
    if decisione is None or io is None or decisione.proposta.proponente_id != io.pk:
        raise NonDovuto
    if decisione.proposta.stato != Proposta.Stato.IN_VALUTAZIONE:
        raise NonDovuto
    contesto = {
        "proposta": decisione.proposta,
        "nome": io.nome,
        "mia": True,
        "esempio": decisione.esempio,
        "da_integrare": decisione.esito == Esito.DA_INTEGRARE,
        "testo": decisione.motivazione,
        "url": assoluto(partecipanti.link(io, decisione.proposta.get_absolute_url())),
    }
    return Composto(*componi("decisione_rinviata", contesto), rispondi_a=settings.ENTE["email"])


@genere("procedura_aperta", etichetta="Tavolo: procedura scritta, si risponde")
def procedura_aperta(messaggio, adesso):
    procedura, componente = _da_rispondere(messaggio, adesso)
    return _a_chi_risponde("procedura_aperta", procedura, componente)


@genere("procedura_promemoria", etichetta="Tavolo: procedura scritta, ultimo giorno")
def procedura_promemoria(messaggio, adesso):
    procedura, componente = _da_rispondere(messaggio, adesso)
    return _a_chi_risponde("procedura_promemoria", procedura, componente)


@genere("procedura_chiusa", etichetta="Tavolo: procedura scritta, com'è finita")
def procedura_chiusa(messaggio, adesso):
    procedura = _procedura(messaggio)
    if procedura.stato == Stato.APERTA:
        raise NonDovuto
    if all_ufficio := messaggio.parametri["componente"] == UFFICIO:
        if procedura.stato not in LASCIANO_DA_FARE:
            raise NonDovuto
        url = reverse("admin:tavolo_procedurascritta_change", args=[procedura.pk])
    else:
        _componente(messaggio, procedura, adesso)
        url = reverse("area:procedura_detail", args=[procedura.pk])
    obiezioni = procedura.risposte.filter(scelta="obiezione")
    contesto = {
        "procedura": procedura,
        "proposta": procedura.proposta,
        "ufficio": all_ufficio,
        "fatti": _fatti(procedura),
        "obiezioni": [
            (str(risposta.seggio), risposta.motivo)
            for risposta in obiezioni.select_related("seggio__organizzazione")
        ],
        "n_risposte": procedura.risposte.count(),
        "url": assoluto(url),
    }
    return Composto(*componi("procedura_chiusa", contesto), rispondi_a=settings.ENTE["email"])


# --- Pieces ---------------------------------------------------------------------------------


def _procedura(messaggio) -> ProceduraScritta:
    righe = ProceduraScritta.objects.select_related("proposta", "percorso")
    procedura = righe.filter(pk=messaggio.parametri["procedura"]).first()
    if procedura is None:
        raise NonDovuto
    return procedura


def _componente(messaggio, procedura, adesso) -> Componente:
    """Whom it is for, if her mandate holds at this moment and her seat may answer."""
    oggi = dates.a_roma(adesso).date()
    componente = (
        Componente.objects.in_carica(oggi)
        .for_seggio()
        .filter(
            pk=messaggio.parametri["componente"],
            email=messaggio.destinatario,
            seggio__in=che_possono_rispondere(procedura, oggi),
        )
        .first()
    )
    if componente is None:
        raise NonDovuto
    return componente


def _da_rispondere(messaggio, adesso):
    """The procedure and who may still answer it; NonDovuto when her seat has."""
    procedura = _procedura(messaggio)
    componente = _componente(messaggio, procedura, adesso)
    if procedura.stato != Stato.APERTA:
        raise NonDovuto
    if adesso >= procedura.chiude_at:
        raise Scaduto
    if procedura.risposte.filter(seggio=componente.seggio_id).exists():
        raise NonDovuto
    return procedura, componente


def _a_chi_risponde(nome, procedura, componente) -> Composto:
    # Who has not accepted the invitation to her seat enters by it first.
    entrata = componente.persona_id is not None
    url = (
        reverse("area:procedura_detail", args=[procedura.pk])
        if entrata
        else reverse("tavolo:invito", args=[componente.token])
    )
    contesto = {
        "procedura": procedura,
        "proposta": procedura.proposta,
        "componente": componente,
        "entrata": entrata,
        "fatti": _fatti(procedura),
        "url": assoluto(url),
    }
    return Composto(*componi(nome, contesto), rispondi_a=settings.ENTE["email"])


def _fatti(procedura):
    return [
        (_("Proposta"), procedura.proposta.titolo),
        (_("Esito proposto"), capfirst(procedura.get_esito_display())),
        (_("Si risponde fino a"), dates.giorno_e_ora(procedura.chiude_at)),
        (
            _("Risposte necessarie"),
            _("%(quorum)d seggi su %(seggi)d")
            % {"quorum": procedura.quorum, "seggi": procedura.seggi_con_voce},
        ),
    ]
