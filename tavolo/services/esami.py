"""The one door to a review: its opening, its end, and what each seat says of the proposal.

Everything about one review happens under the lock of its row: titolare and supplente who write
at one instant come one after the other, and the later one is told (:class:`Superata`).
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from portale.lib import dates
from portale.lib.rifiuti import Rifiuto, Superata
from proposte import services as proposte
from proposte.models import Proposta
from proposte.segnali import contenuto_cambiato

from ..models import (
    SENZA_MOTIVO,
    CommentoEsame,
    Componente,
    DomandaProponente,
    Esame,
    Grado,
    PassaggioEsame,
    Posizione,
    Seggio,
    VersionePosizione,
)
from . import esami_avvisi as avvisi

Stato = Proposta.Stato
Evento = PassaggioEsame.Evento
# A review is opened of these, and goes on only of the second.
ESAMINABILI = (Stato.PUBBLICATA, Stato.IN_VALUTAZIONE)


# --- The office -----------------------------------------------------------------------------


def apri(
    quali: Iterable[Proposta],
    *,
    percorso,
    giorno: date,
    nota: str = "",
    autore,
    adesso: datetime,
) -> list[Esame]:
    """Ask the seats about these proposals, until the midnight (Rome) that ends ``giorno``. Those
    that are only published go under evaluation, by their own door. Whoever sits with a voice gets
    one mail for all of them. All or none: Rifiuto says which one stopped the others, and why."""
    scade_at = _mezzanotte_dopo(giorno, adesso)
    with transaction.atomic():
        righe = list(
            Proposta.objects.select_for_update(of=["self"], no_key=True)
            .filter(pk__in=[proposta.pk for proposta in quali])
            .order_by("pk")
        )
        if not righe:
            raise Rifiuto(_("Scegli almeno una proposta."))
        aperti = {
            esame.proposta_id: esame
            for esame in Esame.objects.filter(chiuso_at=None, proposta__in=righe).select_related(
                "proposta"
            )
        }
        no = [
            f"«{riga}»: {perche}"
            for riga in righe
            if (perche := _perche_no(riga, percorso, aperti.get(riga.pk), adesso))
        ]
        if no:
            raise Rifiuto(" ".join(no))
        for vecchio in aperti.values():
            _finisci(vecchio, autore, _("Ne comincia un altro."), adesso)
        criteri = list(percorso.criteri_tavolo.values_list("domanda", flat=True))
        esami = []
        for riga in righe:
            if riga.stato == Stato.PUBBLICATA:
                riga = proposte.metti_in_valutazione(riga, autore, adesso=adesso)
            esame = Esame.objects.create(
                proposta=riga,
                percorso=percorso,
                scade_at=scade_at,
                criteri=criteri,
                nota=nota.strip(),
                aperto_da=autore,
                aperto_at=adesso,
                esempio=riga.esempio,
            )
            _annota(esame, Evento.APERTO, autore, adesso)
            esami.append(esame)
        avvisi.aperti(esami, percorso, adesso)
        contenuto_cambiato.send(Proposta)
    return esami


def _perche_no(proposta, percorso, esame, adesso) -> str:
    if proposta.percorso_id != percorso.pk:
        return _("è di un altro percorso.")
    if proposta.stato not in ESAMINABILI:
        return _("è «%(stato)s».") % {"stato": proposta.get_stato_display()}
    if esame is not None and esame.aperto(adesso):
        return _("è già in esame.")
    return ""


def _mezzanotte_dopo(giorno: date, adesso: datetime) -> datetime:
    if giorno < dates.a_roma(adesso).date():
        raise Rifiuto(_("Il giorno scelto è già passato."))
    return dates.ora_di_muro(giorno + timedelta(days=1), time())


def proroga(esame: Esame, giorno: date, autore, *, testo: str = "", adesso: datetime) -> Esame:
    """Answer until the end of another day, later or sooner; who has not answered is told. Also
    for one whose time is over, while it was not closed. The same day again changes nothing."""
    scade_at = _mezzanotte_dopo(giorno, adesso)
    with transaction.atomic():
        esame = _bloccato(esame)
        if esame.chiuso_at is not None or esame.proposta.stato != Stato.IN_VALUTAZIONE:
            raise Rifiuto(_perche_concluso(esame))
        if esame.scade_at != scade_at:
            Esame.objects.filter(pk=esame.pk).update(scade_at=scade_at)
            esame.scade_at = scade_at
            passo = _annota(esame, Evento.PROROGATO, autore, adesso, testo)
            avvisi.prorogato(esame, passo, adesso)
            contenuto_cambiato.send(Proposta)
    return esame


def chiudi(esame: Esame, autore, *, testo: str, adesso: datetime) -> Esame:
    """End it now, with a reason: nobody answers any more. Closing it again changes nothing."""
    if not testo.strip():
        raise Rifiuto(_("Scrivi perché l'esame si chiude."))
    with transaction.atomic():
        esame = _bloccato(esame)
        if esame.chiuso_at is None:
            _finisci(esame, autore, testo, adesso)
            contenuto_cambiato.send(Proposta)
    return esame


def sollecita(esame: Esame, autore, *, adesso: datetime) -> int:
    """Write now to the seats that have not answered, at most once a day to each person whatever
    the review it was asked for; returns how many mails are owed that were not before."""
    with transaction.atomic():
        esame = _bloccato(esame)
        if not esame.aperto(adesso):
            raise Rifiuto(_perche_concluso(esame))
        quanti = avvisi.sollecito(esame, adesso)
        if quanti:
            _annota(esame, Evento.SOLLECITO, autore, adesso)
    return quanti


def chiudi_orfani(adesso: datetime) -> None:
    """Write down the end of the reviews whose proposal was decided, withdrawn, merged or sent
    back: should it be evaluated again, that is another review. A hidden one may be shown again
    as it was."""
    orfani = (
        Esame.objects.filter(chiuso_at=None)
        .exclude(proposta__stato__in=[Stato.IN_VALUTAZIONE, Stato.NASCOSTA])
        .values_list("pk", flat=True)
    )
    for pk in list(orfani):
        with transaction.atomic():
            esame = _bloccato(Esame(pk=pk))
            restano = (Stato.IN_VALUTAZIONE, Stato.NASCOSTA)
            if esame.chiuso_at is None and esame.proposta.stato not in restano:
                stato = {"stato": esame.proposta.get_stato_display()}
                _finisci(esame, None, _("La proposta è «%(stato)s».") % stato, adesso)
                contenuto_cambiato.send(Proposta)


# --- What a seat says -----------------------------------------------------------------------


def salva_bozza(
    esame: Esame,
    seggio: Seggio,
    componente: Componente,
    *,
    grado: str,
    motivazione: str,
    versione: int,
    adesso: datetime,
) -> Posizione:
    """Keep what the seat is writing; only its people see it. ``versione`` is the one that the
    writer started from (0 for none). Raises Superata when the seat saved something else since,
    Rifiuto when the review is over."""
    with transaction.atomic():
        posizione = _posizione(esame, seggio, componente, adesso)
        bozza = (grado, motivazione.strip())
        if posizione.resa_at and bozza == (posizione.grado, posizione.motivazione):
            # What was stated is no draft.
            bozza = ("", "")
        if bozza == (posizione.bozza_grado, posizione.bozza_motivazione):
            return posizione
        _pretendi_versione(posizione, versione)
        posizione.bozza_grado, posizione.bozza_motivazione = bozza
        posizione.versione += 1
        posizione.save()
    return posizione


def esprimi(
    esame: Esame,
    seggio: Seggio,
    componente: Componente,
    *,
    grado: str,
    motivazione: str,
    versione: int,
    adesso: datetime,
) -> Posizione:
    """State, or change, what the seat says; each time is kept as a VersionePosizione. Saying the
    same again changes nothing. Raises Superata when the seat saved something else since
    ``versione``, Rifiuto without a reason where one is due, or when the review is over."""
    motivazione = motivazione.strip()
    if grado not in Grado.values:
        raise Rifiuto(_("Scegli una posizione."))
    if grado not in SENZA_MOTIVO and not motivazione:
        raise Rifiuto(_("Scrivi il motivo: gli altri seggi ne hanno bisogno per capire."))
    with transaction.atomic():
        posizione = _posizione(esame, seggio, componente, adesso)
        if posizione.resa_at and (posizione.grado, posizione.motivazione) == (grado, motivazione):
            # The second half of a double click; or she went back to what it was.
            if posizione.bozza_grado or posizione.bozza_motivazione:
                _pretendi_versione(posizione, versione)
                posizione.bozza_grado = posizione.bozza_motivazione = ""
                posizione.versione += 1
                posizione.save()
            return posizione
        _pretendi_versione(posizione, versione)
        posizione.grado, posizione.motivazione = grado, motivazione
        posizione.bozza_grado = posizione.bozza_motivazione = ""
        posizione.resa_at, posizione.resa_da = adesso, componente
        posizione.versione += 1
        posizione.save()
        VersionePosizione.objects.create(
            posizione=posizione,
            numero=posizione.versioni.count() + 1,
            grado=grado,
            motivazione=motivazione,
            componente=componente,
            created_at=adesso,
        )
    return posizione


def _posizione(esame, seggio, componente, adesso) -> Posizione:
    """The seat's row, new if it has none, with the review locked. Raises Rifiuto for who may not
    write it now."""
    esame = _bloccato(esame)
    if not esame.aperto(adesso):
        raise Rifiuto(_perche_concluso(esame))
    _pretendi_mandato(esame, seggio, componente, adesso)
    if not seggio.ha_voce:
        raise Rifiuto(_("Questo seggio non esprime posizioni."))
    trovata = Posizione.objects.filter(esame=esame, seggio=seggio).first()
    return trovata or Posizione(esame=esame, seggio=seggio)


def _pretendi_mandato(esame, seggio, componente, adesso):
    suo = componente.seggio_id == seggio.pk and seggio.percorso_id == esame.percorso_id
    if not suo or not componente.in_carica(dates.a_roma(adesso).date()):
        raise Rifiuto(_("Il tuo mandato in questo seggio non è in corso."))


def _pretendi_versione(posizione, versione):
    if posizione.versione != versione:
        raise Superata(
            _(
                "Qualcuno del tuo seggio ha scritto dopo di te. Il tuo testo è ancora qui: "
                "confrontalo con quello salvato, poi invia di nuovo."
            )
        )


# --- What members write to each other, and ask ----------------------------------------------


def commenta(
    esame: Esame,
    seggio: Seggio,
    componente: Componente,
    *,
    testo: str,
    chiave: str,
    adesso: datetime,
) -> CommentoEsame:
    """Write to the other members about the proposal, until it is decided. ``chiave`` names the
    form: sent twice it writes once."""
    with transaction.atomic():
        esame = _discutibile(esame, seggio, componente, adesso)
        if seggio.ha_voce and esame.aperto(adesso) and not _ha_risposto(esame, seggio):
            raise Rifiuto(_("Prima di commentare, esprimi la posizione del tuo seggio."))
        commento, _nuovo = CommentoEsame.objects.get_or_create(
            chiave=chiave,
            defaults={
                "esame": esame,
                "seggio": seggio,
                "componente": componente,
                "testo": testo.strip(),
                "created_at": adesso,
            },
        )
    return commento


def chiedi(
    esame: Esame,
    seggio: Seggio,
    componente: Componente,
    *,
    testo: str,
    chiave: str,
    adesso: datetime,
) -> DomandaProponente:
    """Ask whoever made the proposal, in the name of the organisation: she gets a mail, or the
    office does where she cannot be written to. ``chiave`` as in ``commenta``."""
    with transaction.atomic():
        esame = _discutibile(esame, seggio, componente, adesso)
        domanda, nuova = DomandaProponente.objects.get_or_create(
            chiave=chiave,
            defaults={
                "esame": esame,
                "seggio": seggio,
                "componente": componente,
                "testo": testo.strip(),
                "created_at": adesso,
            },
        )
        if nuova:
            avvisi.domanda(domanda, adesso)
    return domanda


def _discutibile(esame, seggio, componente, adesso) -> Esame:
    esame = _bloccato(esame)
    if esame.proposta.stato != Stato.IN_VALUTAZIONE:
        raise Rifiuto(_perche_concluso(esame))
    _pretendi_mandato(esame, seggio, componente, adesso)
    if seggio.ruolo == Seggio.Ruolo.OSSERVATORE:
        raise Rifiuto(_("Chi osserva legge, e non scrive."))
    return esame


def _ha_risposto(esame, seggio) -> bool:
    return Posizione.objects.rese().filter(esame=esame, seggio=seggio).exists()


def rispondi(
    domanda: DomandaProponente, testo: str, *, autore=None, adesso: datetime
) -> DomandaProponente:
    """The answer of who made the proposal, or of the office (``autore``) in her place: the seat
    that asked is told. The same answer again changes nothing; another one is refused."""
    if not testo.strip():
        raise Rifiuto(_("Scrivi la risposta."))
    with transaction.atomic():
        scritta = DomandaProponente.objects.filter(pk=domanda.pk, risposta="").update(
            risposta=testo.strip(), risposta_at=adesso, risposto_da=autore
        )
        domanda.refresh_from_db()
        if scritta:
            avvisi.risposta(domanda, adesso)
        elif domanda.risposta != testo.strip():
            raise Rifiuto(_("Questa domanda ha già avuto una risposta."))
    return domanda


# --- What the verbs share -------------------------------------------------------------------


def _bloccato(esame: Esame) -> Esame:
    """The row as it is now, with its proposal, locked until the transaction ends. On SQLite the
    transaction itself is the lock."""
    righe = Esame.objects.select_for_update(of=["self"], no_key=True)
    return righe.select_related("proposta", "percorso").get(pk=esame.pk)


def _finisci(esame, autore, testo, adesso):
    Esame.objects.filter(pk=esame.pk, chiuso_at=None).update(chiuso_at=adesso)
    esame.chiuso_at = adesso
    _annota(esame, Evento.CHIUSO, autore, adesso, testo)


def _annota(esame, evento, autore, adesso, testo="") -> PassaggioEsame:
    return PassaggioEsame.objects.create(
        esame=esame,
        evento=evento,
        scade_at=esame.scade_at,
        autore=autore,
        testo=testo.strip(),
        created_at=adesso,
    )


def _perche_concluso(esame) -> str:
    if esame.proposta.stato != Stato.IN_VALUTAZIONE:
        return _("La proposta non è più in valutazione: è «%(stato)s».") % {
            "stato": esame.proposta.get_stato_display()
        }
    return _("L'esame è concluso: le posizioni non si cambiano più.")
