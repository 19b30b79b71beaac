""" "Che fine ha fatto?": what became of a need or a proposal, step by step, and what comes next.

A chain is made of what the rows already say (meeting, notes, Passaggio, answers, milestones);
nothing is written for it. An app above adds its own steps without this one knowing it::

    from proposte import catena

    @catena.fonte(Proposta)
    def sedute(proposta, adesso):
        "Only what everybody may read; as many queries for one row as for many."
        return [
            Passo(_("Discussa in una seduta"), quando=seduta.inizio, chi=_("il Tavolo")),
            Passo(_("Decisione"), quando=seduta.inizio, atteso=True, tappa="esito"),
        ]

An expected step takes the place of ours that has the same ``tappa``: "valutazione", "verifica",
"esito", "risposta" or "realizzazione".

Steps name roles, organisations and what people chose to be called; never an officer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.conf import settings
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portale.lib import dates

from .models import Bisogno, Canale, Nota, Passaggio, Proposta
from .partecipazione import si_chiude

Stato = Proposta.Stato
Evento = Passaggio.Evento

# A need may be answered by hundreds of proposals: the page names the first, the list has all.
PROPOSTE_PER_BISOGNO = 50
_ULTIMA = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Passo:
    """One step: what, when (a day where the hour does not matter, None where nobody knows), who
    in words, why. ``link`` are (address, words)."""

    titolo: str
    quando: datetime | date | None = None
    chi: str = ""
    perche: str = ""
    # Words of ours under the title, where ``perche`` is somebody's reason.
    nota: str = ""
    link: tuple[tuple[str, str], ...] = ()
    # Not happened yet; then ``tappa`` says which step it is, and ``entro`` that its day is a
    # deadline.
    atteso: bool = False
    tappa: str = ""
    entro: bool = False
    in_ritardo: bool = False
    # What to say of its time where a date would say less ("dopo il …", "nel 2027").
    quando_a_parole: str = ""
    # Its place among the steps of one day: the meeting (0), what was written there (1), the rest.
    # The clocks of a meeting are not those of the portal.
    rango: int = 2

    @property
    def giorno(self) -> date | None:
        if isinstance(self.quando, datetime):
            return dates.a_roma(self.quando).date()
        return self.quando

    @property
    def iso(self) -> str:
        return self.giorno.isoformat() if self.giorno else ""

    @property
    def data(self) -> str:
        """Its time in words; never empty."""
        if self.quando_a_parole:
            return self.quando_a_parole
        if self.giorno is None:
            return _("data da comunicare")
        giorno = dates.giorno_mese_anno(self.giorno)
        if not self.entro:
            return giorno
        if self.in_ritardo:
            return _("era attesa entro il %(giorno)s") % {"giorno": giorno}
        return _("entro il %(giorno)s") % {"giorno": giorno}


@dataclass(frozen=True)
class Catena:
    """What happened, oldest first, and what is due, soonest first. ``fine`` says why nothing is
    due any more; it is empty while something is."""

    passati: tuple[Passo, ...]
    attesi: tuple[Passo, ...]
    fine: str = ""

    @property
    def prossimo(self) -> Passo | None:
        return self.attesi[0] if self.attesi else None


# --- Steps of the apps above ----------------------------------------------------------------

_fonti: dict[type, dict[str, Callable[..., Iterable[Passo]]]] = {Proposta: {}, Bisogno: {}}


def fonte(modello: type):
    """Register a function ``(row, adesso) -> Iterable[Passo]`` that adds steps to the chain of
    every ``modello`` (Proposta or Bisogno). Registering the same function again, as when a module
    is loaded twice, changes nothing."""

    def registra(funzione):
        _fonti[modello][f"{funzione.__module__}.{funzione.__qualname__}"] = funzione
        return funzione

    return registra


def dimentica(modello: type, funzione) -> None:
    """Take a registered function away again."""
    _fonti[modello].pop(f"{funzione.__module__}.{funzione.__qualname__}", None)


def _di_altri(riga, adesso) -> list[Passo]:
    return [passo for funzione in _fonti[type(riga)].values() for passo in funzione(riga, adesso)]


# --- A proposal -----------------------------------------------------------------------------


def proposte_per_catena(righe):
    """Proposals with all that :func:`di_proposta` reads: its number of queries does not grow."""
    return righe.select_related(
        "percorso",
        "laboratorio",
        "proponente",
        "incontro__percorso",
        "incontro__resoconto",
        "verifica",
        "integrata_in",
        "divisa_da",
    ).prefetch_related(
        "percorso__fasi",
        # Joined, so that the number of queries is the same where there is nothing to follow.
        Prefetch("passaggi", Passaggio.objects.select_related("altra")),
        Prefetch(
            "bisogni", Bisogno.objects.select_related("incontro__percorso", "incontro__resoconto")
        ),
        "risposte",
        "avanzamenti",
    )


def di_proposta(proposta: Proposta, adesso: datetime, *, tutto: bool = False) -> Catena:
    """The chain of a proposal fetched with ``proposte_per_catena``.

    ``tutto`` is for its proponent and the moderators: what was said between them (why it was
    hidden, the request to look again) is not for everybody, not even once it is visible again.
    """
    bisogni = [
        bisogno for bisogno in proposta.bisogni.all() if bisogno.stato == Bisogno.Stato.PUBBLICATO
    ]
    passati = [
        *_dagli_incontri(
            [proposta.incontro, *(bisogno.incontro for bisogno in bisogni)],
            Nota.objects.filter(Q(proposta=proposta) | Q(bisogno__in=bisogni)),
        ),
        *(_dal_bisogno(bisogno) for bisogno in bisogni),
        *_dai_passaggi(proposta, tutto),
        *_dagli_uffici(proposta),
    ]
    altri = _di_altri(proposta, adesso)
    passati += [passo for passo in altri if not passo.atteso]
    attesi, fine = _attesi(proposta, altri, adesso)
    return Catena(_in_ordine(passati), attesi, fine)


def prossimi(proposta: Proposta, adesso: datetime) -> tuple[tuple[Passo, ...], str]:
    """Only what is due, and why nothing is, as in :class:`Catena`. It reads ``percorso__fasi``,
    ``risposte``, ``avanzamenti`` and ``verifica``, and ``passaggi`` of a hidden one."""
    return _attesi(proposta, _di_altri(proposta, adesso), adesso)


def _in_ordine(passi) -> tuple[Passo, ...]:
    """By day, ``rango`` and hour, and as they were given where these are equal. What has no date
    stays first: a meeting whose day is not known came before what was said there."""

    def posto(passo):
        # A day without its hour comes after what has an hour of that day: first the decision,
        # then the milestone.
        ora = passo.quando if isinstance(passo.quando, datetime) else _ULTIMA
        return passo.giorno or date.min, passo.rango, ora

    return tuple(sorted(passi, key=posto))


def visibile(incontro) -> bool:
    return incontro.stato != incontro.Stato.BOZZA and incontro.percorso.stato != "bozza"


def _dagli_incontri(incontri, note) -> list[Passo]:
    """The meetings where a need or a proposal was born, and the ``note`` that became it.

    How many notes and at which tables, not what they say: nobody has read them with a
    moderator's eyes.
    """
    passi = []
    for incontro in {incontro.pk: incontro for incontro in incontri if incontro}.values():
        if not visibile(incontro):
            continue
        link = [(incontro.get_absolute_url(), _("Vai all’incontro"))]
        resoconto = getattr(incontro, "resoconto", None)
        if resoconto and resoconto.pubblicato_at:
            indirizzo = reverse("eventi:resoconto_detail", args=[incontro.slug])
            link.append((indirizzo, _("Leggi il resoconto")))
        passi.append(
            Passo(
                _("Incontro: %(titolo)s") % {"titolo": incontro.titolo},
                quando=incontro.inizio,
                chi=_("chi c’era"),
                link=tuple(link),
                rango=0,
            )
        )
    per_incontro: dict[int, list] = {}
    for incontro, tavolo, digitata, ricevuta in (
        note.presenti()
        .filter(scartata=False)
        .order_by("created_at", "pk")
        .values_list("incontro", "tavolo", "digitata_at", "created_at")
    ):
        per_incontro.setdefault(incontro, []).append((tavolo, digitata or ricevuta))
    for voci in per_incontro.values():
        tavoli = {tavolo for tavolo, _quando in voci}
        testo = ngettext("%(n)d biglietto scritto", "%(n)d biglietti scritti", len(voci))
        passi.append(
            Passo(
                testo % {"n": len(voci)},
                quando=min(quando for _tavolo, quando in voci),
                chi=_tavoli(tavoli),
                rango=1,
            )
        )
    return passi


def _tavoli(numeri) -> str:
    elenco = ", ".join(str(numero) for numero in sorted(numeri))
    return ngettext("tavolo %(elenco)s", "tavoli %(elenco)s", len(numeri)) % {"elenco": elenco}


def _dal_bisogno(bisogno) -> Passo:
    url = bisogno.get_absolute_url()
    return Passo(
        _("Bisogno a cui risponde: %(titolo)s") % {"titolo": bisogno.titolo},
        quando=bisogno.pubblicato_at,
        chi=firma_del_bisogno(bisogno),
        link=(
            (url, _("Leggi il bisogno")),
            (f"{url}percorso/", _("Che fine ha fatto il bisogno?")),
        ),
    )


def firma_del_bisogno(bisogno: Bisogno) -> str:
    """Who said it, as everybody reads it: the workshop (``incontro__percorso``), a person by the
    name that she chose."""
    if bisogno.incontro_id and visibile(bisogno.incontro):
        return bisogno.incontro.titolo
    return bisogno.nome_mostrato or _("una persona")


def _dai_passaggi(proposta, tutto) -> list[Passo]:
    passi = [
        passo
        for passaggio in proposta.passaggi.all()
        if (passo := _dal_passaggio(proposta, passaggio, tutto))
    ]
    # Proposals that came from elsewhere have their dates and no Passaggio of them.
    stati = [p for p in proposta.passaggi.all() if p.evento == Evento.STATO]
    if proposta.inviata_at and not any(p.a == Stato.INVIATA for p in stati):
        passi.append(_inviata(proposta, proposta.inviata_at))
    if proposta.pubblicata_at and not any(
        p.a == Stato.PUBBLICATA and p.created_at <= proposta.pubblicata_at for p in stati
    ):
        passi.append(Passo(_("Proposta pubblicata"), quando=proposta.pubblicata_at))
    return passi


def _inviata(proposta, quando) -> Passo:
    note = {
        Canale.INCONTRO: _("È nata in un incontro."),
        Canale.CARTACEO: _("È arrivata su carta e l’ufficio l’ha trascritta."),
    }
    nota = note.get(proposta.canale, "")
    link = ()
    if proposta.divisa_da_id:
        nota = _("È nata da una parte di un’altra proposta.")
        link = link_a(proposta.divisa_da)
    return Passo(_("Proposta inviata"), quando=quando, chi=proposta.firma, nota=nota, link=link)


def _dal_passaggio(proposta, passaggio, tutto) -> Passo | None:
    """A Passaggio in words; None for what is not for this reader: of the time before everybody
    could read it, everybody learns only when it was sent."""
    uscita = proposta.pubblicata_at
    inedita = uscita is None or passaggio.created_at < uscita
    inviata = passaggio.evento == Evento.STATO and passaggio.a == Stato.INVIATA
    if inedita and not tutto and not inviata:
        return None
    ufficio = settings.ENTE["ufficio"]
    di_chi = ufficio if passaggio.autore_id else proposta.firma
    quando, testo = passaggio.created_at, passaggio.testo
    link = link_a(passaggio.altra) if passaggio.altra_id else ()
    chi_modera = _("chi modera")
    moderazione = testo if tutto else ""
    motivo = capfirst(passaggio.get_motivo_display()) if tutto and passaggio.motivo else ""

    if passaggio.evento == Evento.MODIFICA:
        versioni = reverse("proposte:proposta_versioni", args=[proposta.slug])
        return Passo(
            _("Testo modificato"),
            quando,
            chi=di_chi,
            perche=testo,
            link=() if inedita else ((versioni, _("Che cosa è cambiato")),),
        )
    if passaggio.evento == Evento.INTEGRAZIONE:
        titolo = _("Un’altra proposta è entrata in questa")
        return Passo(titolo, quando, chi=ufficio, perche=testo, link=link)
    if passaggio.evento == Evento.SEPARAZIONE:
        titolo = _("Un’altra proposta è tornata a sé")
        return Passo(titolo, quando, chi=ufficio, perche=testo, link=link)
    if passaggio.evento == Evento.DIVISIONE:
        titolo = _("Una parte è diventata una proposta")
        return Passo(titolo, quando, chi=ufficio, perche=testo, link=link)
    if passaggio.evento == Evento.RIESAME:
        return Passo(_("Chiesto un riesame"), quando, chi=proposta.firma, perche=moderazione)
    if passaggio.evento == Evento.CONFERMA:
        titolo = _("Riesaminata: resta nascosta")
        return Passo(titolo, quando, chi=chi_modera, perche=moderazione, nota=motivo)
    if passaggio.evento != Evento.STATO:
        # Of a kind that this page does not know: its own words.
        return Passo(capfirst(passaggio.get_evento_display()), quando)

    if inviata:
        return _inviata(proposta, quando)
    if passaggio.a == Stato.RITIRATA:
        return Passo(_("Ritirata"), quando, chi=di_chi, perche=moderazione)
    if passaggio.a == Stato.NASCOSTA:
        titolo = _("Non pubblicata") if inedita else _("Nascosta")
        return Passo(titolo, quando, chi=chi_modera, perche=moderazione, nota=motivo)
    if passaggio.da == Stato.NASCOSTA and quando != uscita:
        return Passo(_("Di nuovo visibile"), quando, chi=chi_modera, perche=moderazione)
    if passaggio.da in (Stato.INVIATA, Stato.NASCOSTA):
        if passaggio.autore_id:
            return Passo(_("Proposta pubblicata"), quando, chi=chi_modera, perche=moderazione)
        nota = _("In questa fase chi modera legge le proposte dopo che sono pubblicate.")
        return Passo(_("Proposta pubblicata"), quando, nota=nota)
    if passaggio.a == Stato.INTEGRATA:
        titolo = _("Integrata in un’altra proposta")
        return Passo(titolo, quando, chi=ufficio, perche=testo, link=link)
    if passaggio.da == Stato.INTEGRATA:
        titolo = _("Di nuovo da sola")
        return Passo(titolo, quando, chi=ufficio, perche=testo, link=link)
    if passaggio.a == Stato.PUBBLICATA:
        titolo = _("Torna fra le proposte da valutare")
        return Passo(titolo, quando, chi=ufficio, perche=testo)
    if passaggio.a == Stato.IN_VALUTAZIONE:
        riaperta = passaggio.da in Proposta.ESITI
        titolo = _("La decisione si riapre") if riaperta else _("Comincia la valutazione")
        return Passo(titolo, quando, chi=ufficio, perche=testo)
    titolo = _("Esito: %(esito)s") % {"esito": passaggio.get_a_display()}
    return Passo(titolo, quando, chi=ufficio, perche=testo)


def link_a(altra: Proposta | None) -> tuple[tuple[str, str], ...]:
    """The link to another proposal, by its title; none to one that not everybody may read."""
    if altra is None or not altra.pubblica:
        return ()
    return ((altra.get_absolute_url(), altra.titolo),)


def _dagli_uffici(proposta) -> list[Passo]:
    """The technical check (that it was made: what it says is for the Tavolo), the municipality's
    answers, the milestones."""
    passi = []
    verifica = getattr(proposta, "verifica", None)
    if verifica and verifica.conclusa_at:
        passi.append(
            Passo(
                _("Verifica tecnica conclusa"),
                quando=verifica.conclusa_at,
                chi=_("gli uffici comunali"),
            )
        )
    risposte = sorted(proposta.risposte.all(), key=lambda risposta: risposta.numero)
    for risposta in risposte:
        titolo = (
            _("Risposta corretta: %(esito)s")
            if risposta.numero > 1
            else _("Risposta del Comune: %(esito)s")
        )
        passi.append(
            Passo(
                titolo % {"esito": risposta.get_esito_display()},
                quando=risposta.pubblicata_at,
                chi=risposta.ufficio or settings.ENTE["nome"],
                perche=risposta.correzione,
                link=((f"{proposta.get_absolute_url()}#risposta", _("Leggi la risposta")),),
            )
        )
    for avanzamento in proposta.avanzamenti.all():
        if avanzamento.percentuale >= 100:
            titolo = _("Realizzata: %(che_cosa)s") % {"che_cosa": avanzamento.titolo}
        else:
            titolo = _("%(che_cosa)s (avanzamento: %(n)d%%)") % {
                "che_cosa": avanzamento.titolo,
                "n": avanzamento.percentuale,
            }
        passi.append(
            Passo(
                titolo,
                quando=avanzamento.giorno,
                chi=settings.ENTE["nome"],
                perche=avanzamento.testo,
            )
        )
    return passi


def percentuale(proposta: Proposta) -> int | None:
    """How far what was accepted has gone (``avanzamenti``); None before the first milestone."""
    ultimi = sorted(proposta.avanzamenti.all(), key=lambda tappa: (tappa.giorno, tappa.pk))
    return ultimi[-1].percentuale if ultimi else None


# --- What is due ----------------------------------------------------------------------------


def _attesi(proposta, altri, adesso) -> tuple[tuple[Passo, ...], str]:
    nostri, fine = _attesi_nostri(proposta, adesso)
    dati = [passo for passo in altri if passo.atteso]
    tappe = {passo.tappa for passo in dati if passo.tappa}
    attesi = [passo for passo in nostri if passo.tappa not in tappe] + dati
    attesi = [replace(passo, atteso=True) for passo in attesi]
    # Known days first; the others in the order in which they follow each other.
    attesi.sort(key=lambda passo: (passo.giorno is None, passo.giorno or date.max))
    return tuple(attesi), "" if attesi else fine


def _attesi_nostri(proposta, adesso) -> tuple[list[Passo], str]:
    stato, percorso, oggi = proposta.stato, proposta.percorso, dates.a_roma(adesso).date()
    ufficio, ignoto = settings.ENTE["ufficio"], _("da comunicare")
    if stato == Stato.BOZZA:
        return [_entro_la_fase(_("Finiscila e inviala"), percorso, "proposte", adesso)], ""
    if stato == Stato.INVIATA:
        return [
            Passo(
                _("Chi modera la legge e la pubblica"),
                chi=_("chi modera"),
                quando_a_parole=ignoto,
                tappa="moderazione",
            )
        ], ""
    if stato == Stato.NASCOSTA:
        return [_dopo_nascosta(proposta)], ""
    if stato == Stato.INTEGRATA:
        return [
            Passo(
                _("La sua storia continua con l’altra proposta"),
                quando_a_parole=_("le date sono nella sua pagina"),
                link=link_a(proposta.integrata_in),
            )
        ], ""
    if stato == Stato.RITIRATA:
        return [], _("È stata ritirata: non c’è altro da aspettare.")

    passi = []
    if stato == Stato.PUBBLICATA:
        passi += _raccolta(percorso, adesso)
        passi.append(_valutazione(percorso, ufficio, adesso))
    if stato in Proposta.SOSTENIBILI:
        passi += _verifica(proposta, oggi)
        passi.append(
            Passo(
                _("Esito, con la sua motivazione"),
                chi=ufficio,
                quando_a_parole=ignoto,
                tappa="esito",
            )
        )
        return passi, ""

    risposte = list(proposta.risposte.all())
    if not risposte:
        passi.append(
            Passo(
                _("Risposta del Comune"),
                chi=settings.ENTE["nome"],
                quando_a_parole=ignoto,
                tappa="risposta",
            )
        )
    if stato == Stato.NON_ACCOLTA:
        return passi, _("Non è stata accolta: il suo percorso finisce qui.")
    if percentuale(proposta) == 100:
        return passi, _("È stata realizzata: il suo percorso è finito.")
    ultima = max(risposte, key=lambda risposta: risposta.numero, default=None)
    passi.append(
        Passo(
            _("Realizzazione"),
            chi=(ultima.ufficio if ultima else "") or settings.ENTE["nome"],
            quando_a_parole=(ultima.tempi if ultima else "") or ignoto,
            tappa="realizzazione",
        )
    )
    return passi, ""


def _raccolta(percorso, adesso) -> list[Passo]:
    """While people may still say what they think of it."""
    oggi = dates.a_roma(adesso).date()
    aperte = [cosa for cosa in ("sostegni", "commenti") if percorso.apre(cosa, oggi)]
    if not aperte:
        return []
    giorni = [si_chiude(percorso, cosa, adesso) for cosa in aperte]
    fine = None if None in giorni else max(giorni)
    giorno = dates.giorno_mese_anno(fine) if fine else ""
    return [
        Passo(
            _("Chi vuole la sostiene e la commenta"),
            quando=fine,
            chi=_("chiunque"),
            quando_a_parole=_("fino al %(giorno)s") % {"giorno": giorno}
            if fine
            else _("finché la fase è aperta"),
            tappa="raccolta",
        )
    ]


def _valutazione(percorso, ufficio, adesso) -> Passo:
    dopo = _("da comunicare")
    fine = si_chiude(percorso, "sostegni", adesso) or si_chiude(percorso, "proposte", adesso)
    if fine:
        dopo = _("dopo il %(giorno)s") % {"giorno": dates.giorno_mese_anno(fine)}
    return Passo(_("Valutazione"), chi=ufficio, quando_a_parole=dopo, tappa="valutazione")


def _verifica(proposta, oggi) -> list[Passo]:
    verifica = getattr(proposta, "verifica", None)
    if verifica is None or verifica.conclusa_at:
        return []
    scadenza = verifica.scadenza
    return [
        Passo(
            _("Verifica tecnica: si può fare, e a quale costo?"),
            quando=scadenza,
            chi=_("gli uffici comunali"),
            quando_a_parole="" if scadenza else _("da comunicare"),
            entro=True,
            in_ritardo=scadenza is not None and scadenza < oggi,
            tappa="verifica",
        )
    ]


def _dopo_nascosta(proposta) -> Passo:
    """She may ask for another look; having asked, somebody looks."""
    contano = {Evento.STATO, Evento.RIESAME, Evento.CONFERMA}
    eventi = [p.evento for p in proposta.passaggi.all() if p.evento in contano]
    if eventi and eventi[-1] == Evento.RIESAME:
        return Passo(
            _("Chi modera la rilegge"),
            chi=_("chi modera"),
            quando_a_parole=_("da comunicare"),
            tappa="riesame",
        )
    riesame = reverse("proposte:proposta_riesame", args=[proposta.slug])
    return Passo(
        _("Puoi chiedere un riesame"),
        chi=proposta.firma,
        quando_a_parole=_("quando vuoi"),
        link=((riesame, _("Chiedi un riesame")),),
        tappa="riesame",
    )


def _entro_la_fase(titolo, percorso, cosa, adesso) -> Passo:
    fine = si_chiude(percorso, cosa, adesso)
    return Passo(titolo, quando=fine, entro=True, quando_a_parole="" if fine else _("quando vuoi"))


# --- A need ---------------------------------------------------------------------------------


def bisogni_per_catena(righe):
    """Needs with what :func:`di_bisogno` reads, their proposals apart."""
    return righe.select_related(
        "percorso", "laboratorio", "incontro__percorso", "incontro__resoconto"
    ).prefetch_related("percorso__fasi", "passaggi")


def proposte_del_bisogno(bisogno: Bisogno) -> list[Proposta]:
    """The proposals that answer it and everybody may read, the first ones first, one more than
    its page names."""
    return list(
        bisogno.proposte.pubbliche()
        .select_related("laboratorio", "incontro", "integrata_in")
        .prefetch_related("avanzamenti")
        .order_by("pubblicata_at", "pk")[: PROPOSTE_PER_BISOGNO + 1]
    )


def di_bisogno(
    bisogno: Bisogno, proposte: list[Proposta], adesso: datetime, *, tutto: bool = False
) -> Catena:
    """The chain of a need fetched with ``bisogni_per_catena`` and of the ``proposte`` that answer
    it (``proposte_del_bisogno``)."""
    passati = _dagli_incontri([bisogno.incontro], bisogno.note.all())
    arrivi = {passaggio.a for passaggio in bisogno.passaggi.all()}
    for passaggio in bisogno.passaggi.all():
        passati += _dal_passaggio_del_bisogno(bisogno, passaggio, tutto)
    if bisogno.pubblicato_at and Bisogno.Stato.PUBBLICATO not in arrivi:
        passati.append(_bisogno_pubblicato(bisogno, bisogno.pubblicato_at))
    for proposta in proposte[:PROPOSTE_PER_BISOGNO]:
        passati += _risposte_al_bisogno(proposta)
    altri = _di_altri(bisogno, adesso)
    passati += [passo for passo in altri if not passo.atteso]
    attesi = [passo for passo in altri if passo.atteso]
    fine = ""
    if not attesi:
        attesi, fine = _attesi_del_bisogno(bisogno, proposte, adesso)
    return Catena(_in_ordine(passati), tuple(replace(p, atteso=True) for p in attesi), fine)


def _bisogno_pubblicato(bisogno, quando) -> Passo:
    nota = ""
    if bisogno.priorita:
        nota = _("Priorità data dall’incontro: %(priorita)s.") % {
            "priorita": bisogno.get_priorita_display()
        }
    if bisogno.punti is not None:
        punti = ngettext("%(n)d bollino", "%(n)d bollini", bisogno.punti) % {"n": bisogno.punti}
        nota = f"{nota} {capfirst(punti)}.".strip()
    return Passo(_("Bisogno pubblicato"), quando=quando, chi=firma_del_bisogno(bisogno), nota=nota)


def _dal_passaggio_del_bisogno(bisogno, passaggio, tutto) -> list[Passo]:
    da, a, quando = passaggio.da, passaggio.a, passaggio.created_at
    moderazione = passaggio.testo if tutto else ""
    if a == Bisogno.Stato.INVIATO and da in ("", Bisogno.Stato.BOZZA):
        return [Passo(_("Bisogno inviato"), quando, chi=firma_del_bisogno(bisogno))]
    if a == Bisogno.Stato.PUBBLICATO and da == Bisogno.Stato.NASCOSTO:
        return [Passo(_("Di nuovo visibile"), quando, chi=_("chi modera"), perche=moderazione)]
    if a == Bisogno.Stato.PUBBLICATO and da != Bisogno.Stato.PUBBLICATO:
        return [_bisogno_pubblicato(bisogno, quando)]
    if a == Bisogno.Stato.NASCOSTO:
        return [Passo(_("Nascosto"), quando, chi=_("chi modera"), perche=moderazione)]
    return []


def _risposte_al_bisogno(proposta) -> list[Passo]:
    """A proposal that answers a need: that it was published, and that it was made true."""
    url = proposta.get_absolute_url()
    passi = [
        Passo(
            _("Una proposta risponde: %(titolo)s") % {"titolo": proposta.titolo},
            quando=proposta.pubblicata_at,
            chi=proposta.firma,
            nota=_("Ora è: %(stato)s.") % {"stato": proposta.get_stato_display()},
            link=(
                (url, _("Leggi la proposta")),
                (f"{url}percorso/", _("Che fine ha fatto la proposta?")),
            ),
        )
    ]
    fatta = [tappa for tappa in proposta.avanzamenti.all() if tappa.percentuale >= 100]
    if fatta:
        passi.append(
            Passo(
                _("Realizzata: %(che_cosa)s") % {"che_cosa": proposta.titolo},
                quando=fatta[-1].giorno,
                chi=settings.ENTE["nome"],
                link=((url, _("Leggi la proposta")),),
            )
        )
    return passi


def _attesi_del_bisogno(bisogno, proposte, adesso) -> tuple[list[Passo], str]:
    if bisogno.stato == Bisogno.Stato.BOZZA:
        return [], ""
    if bisogno.stato in (Bisogno.Stato.INVIATO, Bisogno.Stato.NASCOSTO):
        titolo = _("Chi modera lo legge")
        return [Passo(titolo, chi=_("chi modera"), quando_a_parole=_("da comunicare"))], ""
    vive = [p for p in proposte if p.stato in Proposta.IN_ELENCO]
    if any(percentuale(p) == 100 for p in vive):
        return [], _("Una proposta che risponde a questo bisogno è stata realizzata.")
    if vive:
        titolo = _("Le proposte seguono la loro strada: apri la storia di ognuna")
        return [Passo(titolo, quando_a_parole=_("date nelle loro pagine"))], ""
    if bisogno.percorso.apre("proposte", dates.a_roma(adesso).date()):
        passo = _entro_la_fase(
            _("Si aspetta una proposta che risponda"), bisogno.percorso, "proposte", adesso
        )
        return [replace(passo, chi=_("chiunque"))], ""
    if not bisogno.percorso.attivo:
        return [], _("Il percorso è concluso e nessuna proposta pubblicata qui risponde.")
    titolo = _("Si aspetta una proposta che risponda")
    return [Passo(titolo, quando_a_parole=_("da comunicare"))], ""
