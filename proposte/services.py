"""The one door to a proposal's life: writing, moderation, outcomes, merging and splitting.

Citizens' pages, the admin, imports and the Tavolo all come through here. Each verb is a
compare-and-swap on ``stato`` or works under the lock of the row: of two clicks or two officers at
one instant one makes the step, the other is told (:class:`Rifiuto`). Each step leaves a Passaggio
and queues its mails in the same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import CharField, F, Max
from django.db.models.functions import Cast, Concat, Length, Substr
from django.utils.text import slugify
from django.utils.translation import gettext as _

from portale.lib.dates import a_roma, giorno_mese_anno
from portale.lib.rifiuti import Rifiuto, Superata

from . import avvisi
from .conteggi import da_ricontare
from .models import (
    EsitoPreparato,
    Passaggio,
    Proposta,
    Risposta,
    Segnalazione,
    Seguito,
    Sostegno,
    VersioneProposta,
)
from .models.bisogni import slug_provvisorio
from .ricerca import indici
from .segnalazioni import chiudi_aperte
from .segnali import contenuto_cambiato

Stato = Proposta.Stato
Evento = Passaggio.Evento


# --- What the stages allow ------------------------------------------------------------------


def perche_chiuso(percorso, cosa: str, adesso: datetime) -> str:
    """Why citizens cannot do ``cosa`` now ("proposte", "sostegni" or "commenti"), and from when
    they can; empty when they can. Reads ``with_fasi`` without asking again."""
    oggi = a_roma(adesso).date()
    if percorso.apre(cosa, oggi):
        return ""
    testo = {
        "proposte": _("In questa fase del percorso non si raccolgono proposte."),
        "sostegni": _("In questa fase del percorso non si sostengono le proposte."),
        "commenti": _("In questa fase del percorso non si commentano le proposte."),
    }[cosa]
    if not percorso.attivo:
        return _("Il percorso è concluso: le proposte restano qui da leggere.")
    if quando := percorso.prossima_apertura(cosa, oggi):
        return f"{testo} {_('Si riapre il %(giorno)s.') % {'giorno': giorno_mese_anno(quando)}}"
    return testo


# --- Writing --------------------------------------------------------------------------------


def salva_bozza(
    proposta: Proposta, valori: Mapping, *, versione: int, temi=None, bisogni=None
) -> int:
    """Save what has been written of a draft so far; returns its new version.

    ``valori`` are fields by name; ``versione`` is the one that the writer started from. Raises
    Superata when another device has saved since, Rifiuto when it is no draft any more.
    """
    with transaction.atomic():
        fatto = Proposta.objects.filter(
            pk=proposta.pk, stato=Stato.BOZZA, versione=versione
        ).update(**valori, versione=versione + 1)
        if not fatto:
            proposta.refresh_from_db()
            if proposta.stato != Stato.BOZZA:
                raise Rifiuto(_("Questa proposta è già stata inviata."))
            raise Superata(
                _("Hai scritto questa bozza anche altrove, dopo: apri di nuovo la pagina.")
            )
        if temi is not None:
            proposta.temi.set(temi)
        if bisogni is not None:
            proposta.bisogni.set(bisogni)
    proposta.refresh_from_db()
    return proposta.versione


def affida(proposta: Proposta, partecipante) -> Proposta:
    """A draft that was nobody's yet is hers from now on; raises Rifiuto when it is another's."""
    Proposta.objects.filter(pk=proposta.pk, proponente=None, stato=Stato.BOZZA).update(
        proponente=partecipante
    )
    proposta.refresh_from_db()
    if proposta.proponente_id != partecipante.pk:
        raise Rifiuto(_("Questa bozza è di un'altra persona."))
    return proposta


def elimina_bozza(proposta: Proposta) -> bool:
    """Throw a draft away with its files; False when it was sent, or thrown away, meanwhile."""
    with transaction.atomic():
        proposta = _bloccate(proposta).get(proposta.pk)
        if proposta is None or proposta.stato != Stato.BOZZA:
            return False
        proposta.delete()
    return True


def invia(proposta: Proposta, *, autore=None, adesso: datetime) -> Proposta:
    """The draft is ready: it goes to the moderators, or straight to everybody where the stage
    says so. Sending it again changes nothing. Raises Rifiuto when something is missing, when the
    stage is closed (the office, as ``autore``, may all the same), or when it is nobody's."""
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato != Stato.BOZZA:
            return proposta
        if manca := manca_per_inviare(proposta):
            raise Rifiuto(manca)
        if autore is None and (perche := perche_chiuso(proposta.percorso, "proposte", adesso)):
            raise Rifiuto(perche)
        _passa(
            proposta,
            Stato.INVIATA,
            adesso,
            autore=autore,
            inviata_at=adesso,
            slug=_slug(proposta),
            **indici(proposta),
        )
        if not proposta.percorso.modera_prima(a_roma(adesso).date()):
            _pubblica(proposta, None, "", adesso)
        else:
            avvisi.ricevuta(proposta, adesso)
    return proposta


def invia_molte(
    proposte: Sequence[Proposta], *, autore, pubblica: bool = False, adesso: datetime
) -> None:
    """What ``invia`` does, and ``pubblica`` after it where asked for, for many proposals that the
    office typed in and nobody has saved yet, in a number of queries that grows with their
    hundreds. ``inviata_at`` may say when each arrived on paper. All of them or none, with Rifiuto.

    To find the stems of their words takes as long as all the rest: who holds a transaction open
    has them ready (``indicizza``).
    """
    oggi = a_roma(adesso).date()
    for proposta in proposte:
        if manca := manca_per_inviare(proposta):
            raise Rifiuto(f"«{proposta}»: {manca}")
    percorsi = {proposta.percorso_id: proposta.percorso for proposta in proposte}
    subito = {pk: pubblica or not percorso.modera_prima(oggi) for pk, percorso in percorsi.items()}
    for proposta in proposte:
        pubblica_questa = subito[proposta.percorso_id]
        proposta.stato = Stato.PUBBLICATA if pubblica_questa else Stato.INVIATA
        proposta.inviata_at = proposta.inviata_at or adesso
        proposta.pubblicata_at = adesso if pubblica_questa else None
        # The number is known only once it is there: until then, what nobody can have.
        proposta.slug = f"{_base_slug(proposta)}-{slug_provvisorio()}"
        if not proposta.indice:
            indicizza(proposta)
    con_numero = Concat(
        Substr("slug", 1, Length("slug") - len(slug_provvisorio())),
        Cast("pk", CharField(max_length=20)),
    )
    with transaction.atomic():
        Proposta.objects.bulk_create(proposte, batch_size=500)
        for inizio in range(0, len(proposte), 500):
            parte = [proposta.pk for proposta in proposte[inizio : inizio + 500]]
            Proposta.objects.filter(pk__in=parte).update(slug=con_numero)
        passi, ultimi = [], []
        for proposta in proposte:
            proposta.slug = _slug(proposta)
            passi.append(_passo(proposta, Stato.BOZZA, Stato.INVIATA, autore, adesso))
            if proposta.stato == Stato.PUBBLICATA:
                # As it is for one: the stage itself publishes under nobody's name.
                chi = autore if pubblica else None
                passi.append(_passo(proposta, Stato.INVIATA, Stato.PUBBLICATA, chi, adesso))
            ultimi.append((proposta, passi[-1]))
        Passaggio.objects.bulk_create(passi, batch_size=500)
        avvisi.arrivate(ultimi, adesso)
        if any(subito.values()):
            contenuto_cambiato.send(Proposta)


def indicizza(proposta: Proposta) -> None:
    """Give an unsaved proposal what searches look into."""
    for campo, valore in indici(proposta).items():
        setattr(proposta, campo, valore)


def _passo(proposta, da, a, autore, adesso):
    return Passaggio(proposta=proposta, da=da, a=a, autore=autore, created_at=adesso)


def _slug(proposta):
    return f"{_base_slug(proposta)}-{proposta.pk}"


def _base_slug(proposta):
    return slugify(proposta.titolo)[:80] or "proposta"


def mancanze(proposta: Proposta) -> list[tuple[str, str]]:
    """What a draft still lacks: the field where it is written, and what to do. Of its author
    nothing is said here."""
    manca = []
    if not proposta.titolo.strip():
        manca.append(("titolo", _("Manca il titolo.")))
    if not proposta.che_cosa.strip():
        manca.append(("che_cosa", _("Scrivi che cosa proponi.")))
    if proposta.laboratorio_id is None and not proposta.per_la_citta:
        manca.append(("laboratorio", _("Scegli un laboratorio, oppure tutta la città.")))
    if (
        proposta.genere_proponente == Proposta.Proponente.ORGANIZZAZIONE
        and not proposta.organizzazione.strip()
    ):
        manca.append(("organizzazione", _("Scrivi il nome dell'organizzazione.")))
    return manca


def manca_per_inviare(proposta: Proposta) -> str:
    """What a draft still lacks, in words; empty when it can be sent."""
    if manca := mancanze(proposta):
        return manca[0][1]
    if proposta.proponente_id is None and proposta.registrato_da_id is None:
        return _("Conferma il tuo indirizzo e-mail.")
    return ""


def modifica(
    proposta: Proposta,
    valori: Mapping,
    *,
    versione: int,
    nota: str = "",
    autore=None,
    temi=None,
    bisogni=None,
    adesso: datetime,
) -> Proposta:
    """Change what was sent. Once published, the texts as they were stay as a version.

    Raises Superata when somebody saved since ``versione``, and Rifiuto when it is too late for
    the proponent: she edits until the evaluation begins, the office (``autore``) also after.
    """
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.versione != versione:
            raise Superata(
                _("Qualcuno ha modificato la proposta dopo di te: apri di nuovo la pagina.")
            )
        modificabili = {Stato.INVIATA, Stato.PUBBLICATA}
        if autore is not None:
            modificabili |= {Stato.IN_VALUTAZIONE, *Proposta.ESITI, Stato.NASCOSTA}
        if proposta.stato not in modificabili:
            raise Rifiuto(_("Questa proposta non si può più modificare."))
        cambiati = [campo for campo in valori if getattr(proposta, campo) != valori[campo]]
        testi = [campo for campo in cambiati if campo in Proposta.TESTI]
        if testi and proposta.pubblica:
            _conserva_versione(proposta, adesso)
        for campo in cambiati:
            setattr(proposta, campo, valori[campo])
        if manca := manca_per_inviare(proposta):
            raise Rifiuto(manca)
        altri_bisogni = _diversi(proposta.bisogni, bisogni)
        if cambiati or altri_bisogni or _diversi(proposta.temi, temi):
            Proposta.objects.filter(pk=proposta.pk).update(
                **{campo: valori[campo] for campo in cambiati},
                versione=F("versione") + 1,
                updated_at=adesso,
                **indici(proposta),
            )
        if temi is not None:
            proposta.temi.set(temi)
        if bisogni is not None:
            proposta.bisogni.set(bisogni)
        proposta.refresh_from_db()
        if testi and proposta.pubblica:
            _conserva_versione(proposta, adesso, nota=nota, autore=autore)
        if testi or altri_bisogni:
            _annota(proposta, Evento.MODIFICA, adesso, autore=autore, testo=nota)
        if proposta.pubblica:
            contenuto_cambiato.send(Proposta)
    return proposta


def ritira(proposta: Proposta, *, motivo: str = "", autore=None, adesso: datetime) -> Proposta:
    """Its proponent (or the office for her) takes it back. Doing it again changes nothing."""
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato != Stato.RITIRATA:
            _passa(proposta, Stato.RITIRATA, adesso, autore=autore, testo=motivo)
            avvisi.ritirata(proposta, adesso)
    return proposta


def chiedi_riesame(proposta: Proposta, testo: str, *, adesso: datetime) -> None:
    """The proponent of a hidden proposal says why it should be shown; the moderators are told.
    The same words again change nothing. Raises Rifiuto when it is not hidden."""
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato != Stato.NASCOSTA:
            raise Rifiuto(_("Questa proposta non è nascosta."))
        if not testo.strip():
            raise Rifiuto(_("Scrivi perché secondo te si può pubblicare."))
        if proposta.passaggi.filter(evento=Evento.RIESAME, testo=testo.strip()).exists():
            return
        passo = _annota(proposta, Evento.RIESAME, adesso, testo=testo.strip())
        avvisi.riesame(proposta, passo, adesso)


# --- Moderation -----------------------------------------------------------------------------


def pubblica(proposta: Proposta, autore, *, testo: str = "", adesso: datetime) -> Proposta:
    """Everybody may read it. From ``nascosta`` it goes back to where it was before."""
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato == Stato.NASCOSTA:
            prima = _stato_prima_di(proposta, Stato.NASCOSTA)
            if prima == Stato.INVIATA:
                _pubblica(proposta, autore, testo, adesso)
            else:
                _passa(
                    proposta,
                    prima,
                    adesso,
                    autore=autore,
                    testo=testo or _("Riammessa dopo un riesame."),
                    torna=True,
                )
                avvisi.pubblicata(proposta, adesso)
        elif proposta.stato == Stato.INVIATA:
            _pubblica(proposta, autore, testo, adesso)
        else:
            raise Rifiuto(_perche_no(proposta, Stato.PUBBLICATA))
    return proposta


def conferma_nascosta(
    proposta: Proposta, autore, motivo: str, testo: str, *, adesso: datetime
) -> Proposta:
    """A moderator looked again, as the proponent had asked, and it stays out of sight: she is
    told why. Raises Rifiuto when nobody asked, or somebody has answered already."""
    if not motivo or not testo.strip():
        raise Rifiuto(_("Scegli il motivo e spiegalo: lo legge chi ha scritto la proposta."))
    with transaction.atomic():
        proposta = _bloccata(proposta)
        passi = proposta.passaggi.filter(
            evento__in=[Evento.STATO, Evento.RIESAME, Evento.CONFERMA]
        ).order_by("-pk")
        ultimo = passi.first()
        if proposta.stato != Stato.NASCOSTA or ultimo is None or ultimo.evento != Evento.RIESAME:
            raise Rifiuto(_("Nessuno aspetta un riesame di questa proposta."))
        passo = _annota(
            proposta,
            Evento.CONFERMA,
            adesso,
            autore=autore,
            motivo=motivo,
            testo=testo.strip(),
        )
        avvisi.confermata_nascosta(proposta, passo, adesso)
    return proposta


def nascondi(proposta: Proposta, autore, motivo: str, testo: str, *, adesso: datetime) -> Proposta:
    """A moderator takes it out of sight, with a reason of the list and its words: both are
    mailed to the proponent, who may ask to have it seen again. Raises Rifiuto without them."""
    if not motivo or not testo.strip():
        raise Rifiuto(_("Scegli il motivo e spiegalo: lo legge chi ha scritto la proposta."))
    with transaction.atomic():
        proposta = _bloccata(proposta)
        _passa(proposta, Stato.NASCOSTA, adesso, autore=autore, motivo=motivo, testo=testo.strip())
        avvisi.nascosta(proposta, adesso)
        chiudi_aperte(Segnalazione.Esito.ACCOLTA, autore, proposta=proposta, adesso=adesso)
    return proposta


# --- Outcomes -------------------------------------------------------------------------------


def metti_in_valutazione(
    proposta: Proposta, autore, *, testo: str = "", adesso: datetime
) -> Proposta:
    """It goes to the Tavolo and the offices. From an outcome, it goes back there: then the
    reason is mandatory."""
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato in Proposta.ESITI and not testo.strip():
            raise Rifiuto(_("Scrivi perché la decisione si riapre."))
        _passa(proposta, Stato.IN_VALUTAZIONE, adesso, autore=autore, testo=testo.strip())
        avvisi.cambiata(proposta, adesso)
    return proposta


def rimanda(proposta: Proposta, autore, testo: str, *, adesso: datetime) -> Proposta:
    """Back among the published ones: it is put off, or to be completed first. With a reason."""
    if not testo.strip():
        raise Rifiuto(_("Scrivi perché la proposta torna indietro."))
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato != Stato.IN_VALUTAZIONE:
            raise Rifiuto(_perche_no(proposta, Stato.PUBBLICATA))
        _passa(proposta, Stato.PUBBLICATA, adesso, autore=autore, testo=testo.strip())
        avvisi.cambiata(proposta, adesso)
    return proposta


def decidi(
    proposta: Proposta, esito: str, motivazione: str, autore, *, adesso: datetime
) -> Proposta:
    """Publish an outcome (``Proposta.ESITI``). Raises Rifiuto for a no, or a yes with changes,
    without a reason, and when it is not under evaluation."""
    with transaction.atomic():
        proposta = _bloccata(proposta)
        _pretendi_esito(esito, motivazione)
        _passa(proposta, esito, adesso, autore=autore, testo=motivazione.strip())
        EsitoPreparato.objects.filter(proposta=proposta).delete()
        avvisi.cambiata(proposta, adesso)
    return proposta


def accogli(proposta: Proposta, autore, motivazione: str = "", *, adesso: datetime) -> Proposta:
    return decidi(proposta, Stato.ACCOLTA, motivazione, autore, adesso=adesso)


def accogli_con_modifiche(
    proposta: Proposta, autore, motivazione: str, *, adesso: datetime
) -> Proposta:
    return decidi(proposta, Stato.ACCOLTA_CON_MODIFICHE, motivazione, autore, adesso=adesso)


def non_accogliere(proposta: Proposta, autore, motivazione: str, *, adesso: datetime) -> Proposta:
    return decidi(proposta, Stato.NON_ACCOLTA, motivazione, autore, adesso=adesso)


def prepara_esito(
    proposta: Proposta, esito: str, motivazione: str, autore, *, adesso: datetime
) -> EsitoPreparato:
    """Write an outcome down without telling anybody yet; writing again replaces it."""
    _pretendi_esito(esito, motivazione)
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato != Stato.IN_VALUTAZIONE:
            raise Rifiuto(_("Si prepara l'esito delle proposte in valutazione."))
        preparato, _nuovo = EsitoPreparato.objects.update_or_create(
            proposta=proposta,
            defaults={"esito": esito, "motivazione": motivazione.strip(), "autore": autore},
        )
    return preparato


def pubblica_esiti(preparati: Iterable[EsitoPreparato], autore, *, adesso: datetime) -> int:
    """Publish prepared outcomes together: all of them or none. Returns how many."""
    with transaction.atomic():
        # In the order of the rows, so that two officers never wait for each other in a circle.
        righe = sorted(preparati, key=lambda preparato: preparato.proposta_id)
        for preparato in righe:
            decidi(
                preparato.proposta,
                preparato.esito,
                preparato.motivazione,
                autore,
                adesso=adesso,
            )
    return len(righe)


def rispondi(
    proposta: Proposta,
    *,
    esito: str,
    testo: str,
    ufficio: str = "",
    costo_euro=None,
    tempi: str = "",
    correzione: str = "",
    versione: int = 0,
    autore,
    adesso: datetime,
) -> Risposta:
    """The municipality answers, or corrects its answer: then it says what it corrects. Proponent,
    supporters who follow and followers are told at once. The state does not change: that is the
    decision's doing.

    ``versione`` is the answer that the writer saw (0: none). Raises Superata when a colleague
    published another one meanwhile, Rifiuto without a reason where one is due.
    """
    _pretendi_esito(esito, testo)
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato not in (Stato.PUBBLICATA, Stato.IN_VALUTAZIONE, *Proposta.ESITI):
            raise Rifiuto(_("Si risponde alle proposte pubblicate."))
        ultima = proposta.risposte.aggregate(n=Max("numero"))["n"] or 0
        if ultima != versione:
            raise Superata(_("Un'altra risposta è stata pubblicata nel frattempo: rileggila."))
        if ultima and not correzione.strip():
            raise Rifiuto(_("Scrivi che cosa si corregge rispetto alla risposta di prima."))
        risposta = Risposta.objects.create(
            proposta=proposta,
            numero=ultima + 1,
            esito=esito,
            testo=testo.strip(),
            ufficio=ufficio,
            costo_euro=costo_euro,
            tempi=tempi,
            correzione=correzione.strip(),
            autore=autore,
            pubblicata_at=adesso,
        )
        avvisi.risposta(proposta, risposta, adesso)
        contenuto_cambiato.send(Proposta)
    return risposta


# --- Merging and splitting ------------------------------------------------------------------


def integra(proposta: Proposta, in_: Proposta, autore, testo: str, *, adesso: datetime) -> None:
    """Merge ``proposta`` into ``in_``: it stays readable and says where it went; who supported or
    followed it supports or follows the other one, counted once. Its needs are answered by the
    other too. Raises Rifiuto when one of them cannot, or without a reason."""
    if not testo.strip():
        raise Rifiuto(_("Scrivi perché le due proposte diventano una."))
    if proposta.pk == in_.pk:
        raise Rifiuto(_("Una proposta non si integra in sé stessa."))
    with transaction.atomic():
        righe = _bloccate(proposta, in_)
        proposta, in_ = righe[proposta.pk], righe[in_.pk]
        if in_.stato not in Proposta.SOSTENIBILI:
            raise Rifiuto(_("Si integra solo in una proposta pubblicata o in valutazione."))
        _passa(
            proposta,
            Stato.INTEGRATA,
            adesso,
            autore=autore,
            testo=testo.strip(),
            altra=in_,
            integrata_in=in_,
        )
        _annota(
            in_, Evento.INTEGRAZIONE, adesso, autore=autore, testo=testo.strip(), altra=proposta
        )
        in_.bisogni.add(*proposta.bisogni.all())
        in_.temi.add(*proposta.temi.all())
        _porta(proposta, in_)
        # What had been merged into it before goes along.
        for sua in Proposta.objects.filter(integrata_in=proposta).order_by("pk"):
            Proposta.objects.filter(pk=sua.pk).update(integrata_in=in_)
            _porta(sua, in_)
        da_ricontare(in_.pk, proposta.pk)
        avvisi.integrata(proposta, adesso)


def separa(proposta: Proposta, autore, testo: str, *, adesso: datetime) -> Proposta:
    """Undo a merge: it is again what it was, and takes back the supports and followers that came
    with it, unless they are there by themselves too."""
    if not testo.strip():
        raise Rifiuto(_("Scrivi perché le due proposte tornano separate."))
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato != Stato.INTEGRATA:
            raise Rifiuto(_("Questa proposta non è integrata in un'altra."))
        in_ = _bloccata(proposta.integrata_in)
        _passa(
            proposta,
            _stato_prima_di(proposta, Stato.INTEGRATA),
            adesso,
            autore=autore,
            testo=testo.strip(),
            altra=in_,
            integrata_in=None,
            torna=True,
        )
        _annota(
            in_, Evento.SEPARAZIONE, adesso, autore=autore, testo=testo.strip(), altra=proposta
        )
        Sostegno.objects.filter(proposta=in_, portato_da=proposta).delete()
        Seguito.objects.filter(proposta=in_, portato_da=proposta).delete()
        # Who had come with this one, and supported another merged one too, still counts.
        for altra in Proposta.objects.filter(integrata_in=in_).order_by("pk"):
            _porta(altra, in_)
        da_ricontare(in_.pk, proposta.pk)
        avvisi.cambiata(proposta, adesso)
    return proposta


@dataclass(frozen=True)
class Parte:
    """What becomes a proposal of its own when one is split."""

    titolo: str
    che_cosa: str
    perche: str = ""


def dividi(
    proposta: Proposta, parti: Iterable[Parte], autore, testo: str, *, adesso: datetime
) -> list[Proposta]:
    """Make proposals of their own out of parts of one, which stays. They are published at once,
    by the same proponent, and say where they come from; its followers follow them too. Supports
    stay: nobody supported the parts alone."""
    parti = list(parti)
    if not parti or not testo.strip():
        raise Rifiuto(_("Scrivi almeno una parte, e perché la proposta si divide."))
    with transaction.atomic():
        proposta = _bloccata(proposta)
        if proposta.stato not in Proposta.SOSTENIBILI:
            raise Rifiuto(_("Si divide solo una proposta pubblicata o in valutazione."))
        gia = set(proposta.parti.values_list("titolo", flat=True))
        if doppie := [parte.titolo for parte in parti if parte.titolo in gia]:
            raise Rifiuto(
                _("C'è già una parte con il titolo «%(titolo)s».") % {"titolo": doppie[0]}
            )
        nuove = []
        for parte in parti:
            nuova = Proposta.objects.create(
                percorso=proposta.percorso,
                laboratorio=proposta.laboratorio,
                per_la_citta=proposta.per_la_citta,
                titolo=parte.titolo,
                che_cosa=parte.che_cosa,
                perche=parte.perche,
                genere_proponente=proposta.genere_proponente,
                proponente=proposta.proponente,
                nome_mostrato=proposta.nome_mostrato,
                organizzazione=proposta.organizzazione,
                incontro=proposta.incontro,
                canale=proposta.canale,
                registrato_da=autore,
                divisa_da=proposta,
                esempio=proposta.esempio,
            )
            nuova.temi.set(proposta.temi.all())
            nuova.bisogni.set(proposta.bisogni.all())
            invia(nuova, autore=autore, adesso=adesso)
            nuova.refresh_from_db()
            if nuova.stato == Stato.INVIATA:
                _pubblica(nuova, autore, testo.strip(), adesso)
            Seguito.objects.bulk_create(
                [
                    Seguito(proposta=nuova, partecipante_id=pk, created_at=adesso)
                    for pk in proposta.seguaci.values_list("partecipante", flat=True)
                ]
            )
            _annota(
                proposta, Evento.DIVISIONE, adesso, autore=autore, testo=testo.strip(), altra=nuova
            )
            nuove.append(nuova)
    return nuove


def _porta(da: Proposta, a: Proposta):
    """Supports and followers of ``da`` who are not with ``a`` yet."""
    for modello in (Sostegno, Seguito):
        gia = modello.objects.filter(proposta=a).values("partecipante")
        modello.objects.bulk_create(
            (
                modello(
                    proposta=a,
                    partecipante_id=riga.partecipante_id,
                    created_at=riga.created_at,
                    portato_da=da,
                )
                for riga in modello.objects.filter(proposta=da, portato_da=None).exclude(
                    partecipante__in=gia
                )
            ),
            batch_size=1000,
            # She may be supporting it at this instant.
            ignore_conflicts=True,
        )


# --- What every verb does -------------------------------------------------------------------


def _bloccata(proposta: Proposta) -> Proposta:
    return _bloccate(proposta)[proposta.pk]


def _bloccate(*proposte: Proposta) -> dict[int, Proposta]:
    """The rows as they are now, locked until the transaction ends, always in one order. On
    SQLite the transaction itself is the lock."""
    righe = (
        Proposta.objects.select_for_update(of=["self"], no_key=True)
        .select_related("percorso", "laboratorio", "proponente")
        .prefetch_related("percorso__fasi")
        .filter(pk__in=[proposta.pk for proposta in proposte])
        .order_by("pk")
    )
    return {riga.pk: riga for riga in righe}


def _passa(
    proposta,
    a,
    adesso,
    *,
    autore=None,
    motivo="",
    testo="",
    altra=None,
    torna=False,
    **campi,
):
    """The step itself, on a locked row. ``torna``: it undoes what hid or merged it."""
    da = proposta.stato
    disfa = torna and da in (Stato.NASCOSTA, Stato.INTEGRATA)
    if not disfa and a not in Proposta.TRANSIZIONI[da]:
        raise Rifiuto(_perche_no(proposta, a))
    # Compare and swap, although the row is locked: a verb that forgets the lock is harmless.
    if not Proposta.objects.filter(pk=proposta.pk, stato=da).update(
        stato=a, updated_at=adesso, **campi
    ):
        raise Rifiuto(_("Qualcun altro ha appena cambiato lo stato della proposta."))
    Passaggio.objects.create(
        proposta=proposta,
        da=da,
        a=a,
        autore=autore,
        motivo=motivo,
        testo=testo,
        altra=altra,
        created_at=adesso,
    )
    proposta.stato = a
    for campo, valore in campi.items():
        setattr(proposta, campo, valore)
    if da in Proposta.PUBBLICI or a in Proposta.PUBBLICI:
        contenuto_cambiato.send(Proposta)


def _pubblica(proposta, autore, testo, adesso):
    _passa(
        proposta,
        Stato.PUBBLICATA,
        adesso,
        autore=autore,
        testo=testo,
        pubblicata_at=proposta.pubblicata_at or adesso,
        torna=True,
    )
    avvisi.pubblicata(proposta, adesso)


def _annota(
    proposta, evento, adesso, *, autore=None, motivo="", testo="", altra=None
) -> Passaggio:
    """A Passaggio of what changes no state."""
    return Passaggio.objects.create(
        proposta=proposta,
        evento=evento,
        da=proposta.stato,
        a=proposta.stato,
        autore=autore,
        motivo=motivo,
        testo=testo,
        altra=altra,
        created_at=adesso,
    )


def _diversi(legati, nuovi) -> bool:
    """Whether ``nuovi`` (None: as they are) are other rows than those linked now."""
    if nuovi is None:
        return False
    return set(legati.values_list("pk", flat=True)) != {riga.pk for riga in nuovi}


def _conserva_versione(proposta, adesso, *, nota="", autore=None):
    """The texts as they are now, unless the last version says the same already."""
    ultima = proposta.versioni.order_by("-numero").first()
    testi = {campo: getattr(proposta, campo) for campo in Proposta.TESTI}
    if ultima and all(getattr(ultima, campo) == testo for campo, testo in testi.items()):
        return
    VersioneProposta.objects.create(
        proposta=proposta,
        numero=ultima.numero + 1 if ultima else 1,
        nota=nota,
        autore=autore,
        # The first one has been there since it was published.
        created_at=adesso if ultima else (proposta.pubblicata_at or adesso),
        **testi,
    )


def _stato_prima_di(proposta, stato) -> str:
    """Where it was before it became ``stato`` the last time."""
    passo = proposta.passaggi.filter(evento=Evento.STATO, a=stato).order_by("-created_at", "-pk")
    return passo[0].da


def _pretendi_esito(esito, motivazione):
    if esito not in Proposta.ESITI:
        raise Rifiuto(_("Scegli un esito."))
    if esito != Stato.ACCOLTA and not motivazione.strip():
        raise Rifiuto(_("Scrivi la motivazione: chi ha proposto ha diritto di conoscerla."))


def _perche_no(proposta, a) -> str:
    return _("La proposta è «%(stato)s»: non può diventare «%(nuovo)s».") % {
        "stato": proposta.get_stato_display(),
        "nuovo": Stato(a).label,
    }
