"""The one door to registrations and to the life of a meeting.

Views, the admin, tasks and commands all come through here. Every verb locks the meeting, looks
again, acts, and queues its mails in the same transaction; calling it twice does it once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Consenso
from portale.lib.dates import a_roma
from portale.lib.rifiuti import Rifiuto
from portale.lib.testo import normalizza_email

from . import avvisi, consensi, segnali
from .models import (
    Incontro,
    Iscrizione,
    Necessita,
    PassaggioIncontro,
    PassaggioIscrizione,
    Resoconto,
    RichiestaServizio,
    Sede,
    Servizio,
)
from .models.iscrizioni import POSTI_MASSIMI
from .posti import (
    ATTESA_VERIFICA,
    ATTESA_VERIFICA_IN_LISTA,
    Attore,
    ce_posto,
    fai_posto,
    fai_scadere,
    incontro_bloccato,
    lascia_i_posti,
    muovi,
    offri_posti_liberi,
    passa,
    rileggi,
)
from .promemoria import programma_promemoria

Stato = Iscrizione.Stato
# Rows that one statement reads or writes.
LOTTO = 500


# --- Registering ----------------------------------------------------------------------------


def perche_chiuse(incontro: Incontro, adesso: datetime) -> str:
    """Why a citizen cannot register now, as the meeting and the stages of its process say;
    empty when she can (there may be no seat left: she would wait in line)."""
    if perche := incontro.perche_chiuse(adesso):
        return perche
    if not incontro.percorso.apre("iscrizioni", a_roma(adesso).date()):
        return _("In questa fase del percorso le iscrizioni non sono aperte.")
    return ""


def richiedi_iscrizione(
    incontro: Incontro,
    *,
    nome: str,
    email: str,
    posti_richiesti: int = 1,
    lingua: str = "it",
    telefono: str = "",
    necessita: str = "",
    servizi: Iterable[Servizio] = (),
    minore: bool = False,
    nome_minore: str = "",
    newsletter: bool = False,
    foto: bool = False,
    adesso: datetime,
) -> Iscrizione:
    """A guest asks to come. Her seats are held for 30 minutes, until the link mailed to her
    confirms the address; with no seats left she enters the waiting list, in line as of now.

    An address that is already registered only gets a mail that says so: the caller sees no
    difference. Raises Rifiuto when registering is closed.

    ``minore``: a parent registers a child under 14 and leaves her own name and address. What she
    ticked for ``newsletter`` and ``foto`` holds from the confirmation.
    """
    email = normalizza_email(email)
    percorso = incontro.percorso
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        # Its stages are not under the lock: those that the caller has read will do.
        incontro.percorso = percorso
        _pretendi_aperte(incontro, adesso)
        iscrizione, nuova = _cerca(incontro, email, adesso)
        if iscrizione.viva and iscrizione.verificata_at:
            avvisi.gia_iscritta(iscrizione, adesso)
            return iscrizione
        iscrizione.nome, iscrizione.telefono, iscrizione.lingua = nome, telefono, lingua
        consensi.dichiara(iscrizione, minore, nome_minore)
        gia_tenuti = iscrizione.posti if iscrizione.stato == Stato.DA_VERIFICARE else 0
        if gia_tenuti == posti_richiesti:
            iscrizione.save()
        else:
            _metti_da_verificare(incontro, iscrizione, posti_richiesti, adesso)
        _scrivi_richieste(iscrizione, nuova, necessita, servizi, adesso)
        consensi.scrivi(iscrizione, newsletter=newsletter, foto=foto, adesso=adesso)
        avvisi.verifica(iscrizione, adesso)
        return iscrizione


def iscrivi_persona(
    incontro: Incontro,
    persona,
    *,
    nome: str = "",
    posti_richiesti: int = 1,
    necessita: str = "",
    servizi: Iterable[Servizio] = (),
    minore: bool = False,
    nome_minore: str = "",
    newsletter: bool = False,
    foto: bool = False,
    adesso: datetime,
) -> Iscrizione:
    """An account holder, whose address is confirmed, comes: at once confirmed or in line.

    Already registered, she gets the registration that she has. Raises Rifiuto when closed.
    """
    email = normalizza_email(persona.email)
    percorso = incontro.percorso
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        incontro.percorso = percorso
        iscrizione, nuova = _cerca(incontro, email, adesso)
        if iscrizione.viva and iscrizione.verificata_at:
            return iscrizione
        _pretendi_aperte(incontro, adesso)
        iscrizione.persona, iscrizione.lingua = persona, persona.lingua
        iscrizione.nome = nome or persona.nome or iscrizione.nome or email
        consensi.dichiara(iscrizione, minore, nome_minore)
        _ammetti(incontro, iscrizione, posti_richiesti, adesso)
        _scrivi_richieste(iscrizione, nuova, necessita, servizi, adesso)
        consensi.scrivi(iscrizione, newsletter=newsletter, foto=foto, adesso=adesso)
        return iscrizione


def conferma_indirizzo(iscrizione: Iscrizione, *, adesso: datetime) -> Iscrizione:
    """The link in the mail was followed: the address is hers.

    A link followed too late takes a seat again if there is one, or the waiting list. Following
    it again changes nothing. Raises Rifiuto when it is too late for the meeting itself.
    """
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if iscrizione.verificata_at or iscrizione.stato in (Stato.RINUNCIATA, Stato.ANNULLATA):
            return iscrizione
        if iscrizione.stato == Stato.DA_VERIFICARE and iscrizione.scade_at > adesso:
            _conferma(incontro, iscrizione, iscrizione.posti, adesso)
        elif iscrizione.stato == Stato.LISTA_ATTESA and iscrizione.scade_at > adesso:
            # In line since she asked, not since she confirmed: a slow mail costs no place.
            _metti_in_lista(incontro, iscrizione, adesso, dal=iscrizione.in_lista_dal)
        else:
            _pretendi_aperte(incontro, adesso)
            iscrizione, _nuova = _cerca(incontro, iscrizione.email, adesso)
            _ammetti(incontro, iscrizione, iscrizione.posti_richiesti, adesso)
        consensi.conferma(iscrizione, adesso)
        return iscrizione


def accetta_posto(iscrizione: Iscrizione, *, autore=None, adesso: datetime) -> Iscrizione:
    """She takes the seats that were offered. Raises Rifiuto when the offer is over.

    With ``autore`` she said so to the office, on the telephone: the trace says who.
    """
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if iscrizione.stato == Stato.CONFERMATA:
            return iscrizione
        if iscrizione.stato != Stato.POSTO_OFFERTO or iscrizione.scade_at <= adesso:
            raise Rifiuto(_("L'offerta non è più valida: il posto è passato a chi segue."))
        iscrizione.posti_richiesti = iscrizione.posti
        _conferma(incontro, iscrizione, iscrizione.posti, adesso, **_chi(autore))
        return iscrizione


def aspetta_tutti(iscrizione: Iscrizione, *, adesso: datetime) -> Iscrizione:
    """She was offered fewer seats than asked and prefers to keep her place in line until all
    are there; those offered go to the next. Raises Rifiuto when there is no such offer."""
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if iscrizione.stato == Stato.LISTA_ATTESA and iscrizione.solo_al_completo:
            return iscrizione
        if iscrizione.stato != Stato.POSTO_OFFERTO or iscrizione.scade_at <= adesso:
            raise Rifiuto(_("L'offerta non è più valida: il posto è passato a chi segue."))
        if iscrizione.posti == iscrizione.posti_richiesti:
            raise Rifiuto(_("Ti sono stati offerti tutti i posti che hai chiesto."))
        iscrizione.solo_al_completo = True
        passa(incontro, iscrizione, Stato.LISTA_ATTESA, adesso=adesso, attore=Attore.PERSONA)
        return iscrizione


def rinuncia(iscrizione: Iscrizione, *, autore=None, adesso: datetime) -> Iscrizione:
    """She does not come, or leaves the line; her seats go to the next at once. With ``autore``
    she said so to the office.

    Raises Rifiuto once the meeting has begun."""
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if not iscrizione.viva:
            return iscrizione
        if incontro.inizio and incontro.inizio <= adesso:
            raise Rifiuto(_("L'incontro è già iniziato: non serve più rinunciare."))
        passaggio = passa(incontro, iscrizione, Stato.RINUNCIATA, adesso=adesso, **_chi(autore))
        if iscrizione.verificata_at:
            avvisi.rinuncia(iscrizione, passaggio.pk, adesso)
        return iscrizione


def cambia_posti(
    iscrizione: Iscrizione, posti_richiesti: int, *, autore=None, adesso: datetime
) -> Iscrizione:
    """She comes with more or fewer people. More is possible while seats are free and nobody
    waits; a refusal (Rifiuto) leaves her what she has.

    With ``autore`` it is the office that does it for her: the trace says who.
    """
    chi = _chi(autore)
    if not 1 <= posti_richiesti <= POSTI_MASSIMI:
        raise Rifiuto(_("I posti vanno da 1 a %(massimo)d.") % {"massimo": POSTI_MASSIMI})
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if iscrizione.posti_richiesti == posti_richiesti:
            return iscrizione
        if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.inizio <= adesso:
            raise Rifiuto(_("Ormai i posti non si possono più cambiare."))
        if iscrizione.stato == Stato.LISTA_ATTESA:
            iscrizione.posti_richiesti = posti_richiesti
            iscrizione.solo_al_completo = False
            passa(
                incontro,
                iscrizione,
                Stato.LISTA_ATTESA,
                adesso=adesso,
                scade_at=iscrizione.scade_at,
                **chi,
            )
        elif iscrizione.stato == Stato.CONFERMATA:
            in_piu = posti_richiesti - iscrizione.posti
            if in_piu > 0 and not fai_posto(incontro, in_piu, adesso):
                raise Rifiuto(
                    _("Non ci sono abbastanza posti liberi: l'iscrizione resta come prima.")
                    if autore
                    else _("Non ci sono abbastanza posti liberi: il tuo resta come prima.")
                    if iscrizione.posti == 1
                    else _("Non ci sono abbastanza posti liberi: i tuoi restano come prima.")
                )
            iscrizione.posti_richiesti = posti_richiesti
            # confermata_at stays: she was confirmed then, and her reminders go by it.
            confermata_at = iscrizione.confermata_at
            passaggio = passa(
                incontro,
                iscrizione,
                Stato.CONFERMATA,
                adesso=adesso,
                posti=posti_richiesti,
                **chi,
            )
            iscrizione.confermata_at = confermata_at
            iscrizione.save(update_fields=["confermata_at"])
            avvisi.confermata(iscrizione, passaggio.pk, adesso)
        elif iscrizione.stato == Stato.POSTO_OFFERTO:
            raise Rifiuto(
                _("Le sono stati offerti dei posti: si potranno cambiare dopo la sua risposta.")
                if autore
                else _("Prima accetta i posti che ti sono offerti, poi potrai cambiarli.")
            )
        else:
            raise Rifiuto(_("Questa iscrizione non è attiva: i posti non si possono cambiare."))
        return iscrizione


def cambia_richieste(
    iscrizione: Iscrizione,
    *,
    necessita: str,
    servizi: Iterable[Servizio],
    adesso: datetime,
) -> Iscrizione:
    """What she needs, and the services she asks for, from now on. What can no longer be asked
    for is only kept or dropped. Raises Rifiuto when the registration or the meeting is over."""
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if not iscrizione.viva:
            raise Rifiuto(_("Questa iscrizione non è attiva: le richieste non si cambiano più."))
        if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.inizio <= adesso:
            raise Rifiuto(_("Ormai le richieste non si possono più cambiare."))
        gia = set(iscrizione.richieste.values_list("servizio", flat=True))
        _scrivi_richieste(iscrizione, False, necessita, servizi, adesso, gia=gia)
        return iscrizione


def ferma_promemoria(iscrizione: Iscrizione) -> None:
    """She wants no reminders of this meeting. Notices of a change still reach her."""
    Iscrizione.objects.filter(pk=iscrizione.pk).update(promemoria_graditi=False)


# --- Registering by the office --------------------------------------------------------------


def iscrivi_dall_ufficio(
    incontro: Incontro,
    *,
    nome: str,
    canale: str,
    autore,
    email: str | None = None,
    telefono: str = "",
    posti_richiesti: int = 1,
    lingua: str = "it",
    necessita: str = "",
    servizi: Iterable[Servizio] = (),
    minore: bool = False,
    nome_minore: str = "",
    foto: bool = False,
    oltre_il_limite: bool = False,
    motivo: str = "",
    avvisa: bool = True,
    importata: bool = False,
    adesso: datetime,
) -> Iscrizione:
    """The office registers somebody by phone or at the desk, with or without an address.
    ``avvisa``: she is told by mail at once; reminders come in any case.

    Confirmed while seats are free and nobody waits, in line otherwise; beyond the seats only
    with ``oltre_il_limite`` and a reason, which is recorded. Raises Rifiuto when the address is
    already registered, the meeting is over or not on, or the reason is missing.
    """
    modulo = Modulo(
        nome=nome,
        canale=canale,
        email=normalizza_email(email) if email else None,
        telefono=telefono,
        posti_richiesti=posti_richiesti,
        lingua=lingua,
        necessita=necessita,
        importata=importata,
    )
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        _pretendi_in_corso(incontro, adesso)
        return _registra(
            incontro,
            modulo,
            servizi=servizi,
            minore=minore,
            nome_minore=nome_minore,
            foto=foto,
            adesso=adesso,
            attore=Attore.UFFICIO,
            autore=autore,
            oltre_il_limite=oltre_il_limite,
            motivo=motivo,
            avvisa=avvisa,
        )


@dataclass(frozen=True)
class Modulo:
    """What one paper form says."""

    nome: str
    canale: str
    email: str | None = None
    telefono: str = ""
    posti_richiesti: int = 1
    lingua: str = "it"
    necessita: str = ""
    importata: bool = False


class ModuloRifiutato(Rifiuto):
    """One of many, by its place among them."""

    def __init__(self, posizione: int, testo: str):
        self.posizione = posizione
        super().__init__(testo)


def iscrivi_molte_dall_ufficio(
    incontro: Incontro,
    moduli: Sequence[Modulo],
    *,
    autore,
    avvisa: bool = True,
    in_lista: bool = True,
    adesso: datetime,
) -> None:
    """What :func:`iscrivi_dall_ufficio` does, for many in their order, under one lock and in a
    number of queries that grows with their hundreds. All of them or none: raises ModuloRifiutato
    for the first that cannot be registered, and without ``in_lista`` also when no seat is left
    for her."""
    moduli = [
        replace(modulo, email=normalizza_email(modulo.email) if modulo.email else None)
        for modulo in moduli
    ]
    indirizzi = [modulo.email for modulo in moduli if modulo.email]
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        nuove = _Nuove(incontro, autore, avvisa, adesso)
        gia = set()
        for da in range(0, len(indirizzi), LOTTO):
            note = incontro.iscrizioni.filter(email__in=indirizzi[da : da + LOTTO])
            gia |= set(note.values_list("email", flat=True))
        for posizione, modulo in enumerate(moduli):
            # The order of the forms is that of the line.
            momento = adesso + timedelta(microseconds=posizione)
            try:
                _pretendi_in_corso(incontro, adesso)
                if modulo.email in gia:
                    iscritta = nuove.riprendi(modulo, momento)
                else:
                    iscritta = nuove.iscrivi(modulo, momento)
                if not in_lista and iscritta.stato == Stato.LISTA_ATTESA:
                    raise Rifiuto(_("Non ci sono più posti liberi."))
            except Rifiuto as no:
                raise ModuloRifiutato(posizione, str(no)) from None
            if modulo.email:
                gia.add(modulo.email)
        nuove.salva()


# A registration can be taken back while nobody has counted on it.
SI_DISFA_ENTRO = timedelta(minutes=15)


def si_disfa(iscrizione: Iscrizione, autore, adesso: datetime) -> bool:
    """Whether ``autore`` registered her a few minutes ago and nothing has happened since."""
    ultimo = iscrizione.passaggi.last()
    return (
        iscrizione.stato in (Stato.CONFERMATA, Stato.LISTA_ATTESA)
        and ultimo is not None
        and ultimo.attore == Attore.UFFICIO
        and ultimo.autore_id == autore.pk == iscrizione.registrata_da_id
        and ultimo.created_at > adesso - SI_DISFA_ENTRO
    )


def disfa_dall_ufficio(iscrizione: Iscrizione, *, autore, adesso: datetime) -> Iscrizione:
    """The officer takes back what she has just registered by mistake; a mail that has not left
    does not leave, and who has read one is told. Raises Rifiuto when it is too late."""
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if not iscrizione.viva:
            return iscrizione
        if not si_disfa(iscrizione, autore, adesso):
            raise Rifiuto(
                _("Ormai non si disfa più: apri l'iscrizione e annullala, con il motivo.")
            )
        ritirata = avvisi.ritira(iscrizione, iscrizione.passaggi.last().pk)
        motivo = _("Registrata per errore.")
        passaggio = passa(
            incontro,
            iscrizione,
            Stato.ANNULLATA,
            adesso=adesso,
            attore=Attore.UFFICIO,
            autore=autore,
            motivo=motivo,
        )
        if iscrizione.email and not ritirata:
            avvisi.annullata(iscrizione, passaggio.pk, motivo, adesso)
        return iscrizione


def conferma_dall_ufficio(
    iscrizione: Iscrizione, *, autore, motivo: str, adesso: datetime
) -> Iscrizione:
    """The office confirms somebody out of turn or beyond the seats, and says why.

    Raises Rifiuto without a reason, or when the meeting is over or not on."""
    _pretendi_motivo(motivo)
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if iscrizione.stato == Stato.CONFERMATA:
            return iscrizione
        if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.finito(adesso):
            raise Rifiuto(_("L'incontro non è in programma."))
        _conferma(
            incontro,
            iscrizione,
            iscrizione.posti_richiesti,
            adesso,
            attore=Attore.UFFICIO,
            autore=autore,
            motivo=motivo,
            oltre_il_limite=True,
        )
        avvisi.confermata_al_telefono(iscrizione, adesso)
        return iscrizione


def annulla_iscrizione(
    iscrizione: Iscrizione, *, autore, motivo: str, adesso: datetime
) -> Iscrizione:
    """The office cancels a registration and the person is told why. Raises Rifiuto without a
    reason."""
    _pretendi_motivo(motivo)
    with incontro_bloccato(iscrizione.incontro_id, adesso) as incontro:
        iscrizione = rileggi(incontro, iscrizione.pk)
        if not iscrizione.viva:
            return iscrizione
        passaggio = passa(
            incontro,
            iscrizione,
            Stato.ANNULLATA,
            adesso=adesso,
            attore=Attore.UFFICIO,
            autore=autore,
            motivo=motivo,
        )
        if iscrizione.verificata_at:
            avvisi.annullata(iscrizione, passaggio.pk, motivo, adesso)
        return iscrizione


# --- Time passing ---------------------------------------------------------------------------


def libera_scaduti(adesso: datetime) -> int:
    """Release the holds and offers whose time is over and offer the seats on; says how many.

    Each meeting is its own short transaction; whoever else does the same finds nothing left.
    """
    incontri = (
        Iscrizione.objects.scadute(adesso)
        .filter(incontro__stato=Incontro.Stato.PUBBLICATO)
        .order_by("incontro_id")
        .values_list("incontro_id", flat=True)
        .distinct()
    )
    quante = 0
    for pk in list(incontri):
        with incontro_bloccato(pk, adesso) as incontro:
            quante += fai_scadere(incontro, adesso)
    return quante


# --- The life of a meeting ------------------------------------------------------------------


def pubblica(incontro: Incontro, *, autore, adesso: datetime) -> Incontro:
    """Draft → published. Raises Rifiuto when the date or the venue is missing."""
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        if incontro.stato == Incontro.Stato.PUBBLICATO:
            return incontro
        if incontro.stato != Incontro.Stato.BOZZA:
            raise _non_ammesso(incontro)
        if incontro.inizio is None:
            raise Rifiuto(_("Manca la data di inizio."))
        if incontro.con_iscrizione and incontro.fine is None:
            raise Rifiuto(_("Manca l'ora di fine: chi si iscrive deve poterla leggere."))
        _passa_incontro(incontro, Incontro.Stato.PUBBLICATO, autore=autore, adesso=adesso)
        programma_promemoria(incontro)
        return incontro


def sposta(
    incontro: Incontro,
    *,
    inizio: datetime,
    fine: datetime | None,
    sede: Sede | None,
    motivo: str,
    autore,
    adesso: datetime,
) -> Incontro:
    """Move a published or put-off meeting to a known date or venue; every registered person is
    told once, and reminders follow the new start. Deadlines move with it.

    Raises Rifiuto without a reason or when the new date is past or reversed.
    """
    _pretendi_motivo(motivo)
    if inizio <= adesso:
        raise Rifiuto(_("La nuova data è già passata."))
    if fine is not None and fine <= inizio:
        raise Rifiuto(_("La fine viene prima dell'inizio."))
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        if incontro.stato not in (Incontro.Stato.PUBBLICATO, Incontro.Stato.RINVIATO):
            raise _non_ammesso(incontro)
        nuovi = (inizio, fine, sede.pk if sede else None)
        if (incontro.inizio, incontro.fine, incontro.sede_id) == nuovi:
            return incontro
        if incontro.finito(adesso):
            raise Rifiuto(_("L'incontro si è già svolto."))
        vecchio = incontro.inizio or incontro.inizio_precedente
        if vecchio != inizio:
            incontro.inizio_precedente = vecchio
            if vecchio is not None:
                _sposta_scadenze(incontro, inizio - vecchio)
        incontro.ora_nota = True
        incontro.fine = fine
        incontro.sede = sede
        _passa_incontro(
            incontro,
            Incontro.Stato.PUBBLICATO,
            autore=autore,
            adesso=adesso,
            motivo=motivo,
            inizio=inizio,
            annuncio="spostato",
        )
        # One that was put off is on again: its line moves.
        incontro.rivedi_coda = True
        # An offer never outlives the start.
        incontro.iscrizioni.filter(scade_at__gt=inizio).update(scade_at=inizio)
        programma_promemoria(incontro)
        return incontro


def rinvia(incontro: Incontro, *, motivo: str, autore, adesso: datetime) -> Incontro:
    """Put a published meeting off to a date that is not known yet. Registrations are kept;
    open offers go back to their place in line. Raises Rifiuto without a reason."""
    _pretendi_motivo(motivo)
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        if incontro.stato == Incontro.Stato.RINVIATO:
            return incontro
        if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.finito(adesso):
            raise _non_ammesso(incontro)
        for iscrizione in incontro.iscrizioni.filter(stato=Stato.POSTO_OFFERTO):
            passa(incontro, iscrizione, Stato.LISTA_ATTESA, adesso=adesso, attore=Attore.SISTEMA)
        incontro.inizio_precedente = incontro.inizio
        incontro.fine = None
        _passa_incontro(
            incontro,
            Incontro.Stato.RINVIATO,
            autore=autore,
            adesso=adesso,
            motivo=motivo,
            inizio=None,
            annuncio="rinviato",
        )
        return incontro


def annulla(incontro: Incontro, *, motivo: str, autore, adesso: datetime) -> Incontro:
    """Cancel a published or put-off meeting; every registered person is told once, with the
    reason. Raises Rifiuto without a reason or when it is over."""
    _pretendi_motivo(motivo)
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        if incontro.stato == Incontro.Stato.ANNULLATO:
            return incontro
        ammessi = (Incontro.Stato.PUBBLICATO, Incontro.Stato.RINVIATO)
        if incontro.stato not in ammessi or incontro.finito(adesso):
            raise _non_ammesso(incontro)
        _passa_incontro(
            incontro,
            Incontro.Stato.ANNULLATO,
            autore=autore,
            adesso=adesso,
            motivo=motivo,
            annuncio="annullato",
        )
        return incontro


def segna_svolto(incontro: Incontro, *, autore, adesso: datetime) -> Incontro:
    """A published meeting that is over took place. Raises Rifiuto before its end."""
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        if incontro.stato == Incontro.Stato.SVOLTO:
            return incontro
        if incontro.stato != Incontro.Stato.PUBBLICATO:
            raise _non_ammesso(incontro)
        if not incontro.finito(adesso):
            raise Rifiuto(_("L'incontro non è ancora finito."))
        _passa_incontro(incontro, Incontro.Stato.SVOLTO, autore=autore, adesso=adesso)
        return incontro


def cambia_posti_incontro(
    incontro: Incontro,
    *,
    posti: int | None,
    posti_riservati: int = 0,
    autore,
    adesso: datetime,
) -> Incontro:
    """Change the seats; new ones are offered to the waiting list at once. Raises Rifiuto when
    fewer than those already taken."""
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        if posti is not None:
            if posti_riservati > posti:
                raise Rifiuto(_("I posti riservati sono più dei posti."))
            if incontro.posti_occupati - incontro.posti_oltre > posti - posti_riservati:
                raise Rifiuto(
                    _("Ci sono già %(occupati)d posti occupati: non si può scendere sotto.")
                    % {"occupati": incontro.posti_occupati}
                )
            incontro.posti_oltre = max(incontro.posti_occupati - (posti - posti_riservati), 0)
        else:
            posti_riservati = incontro.posti_oltre = 0
        prima = (incontro.posti, incontro.posti_riservati)
        if prima != (posti, posti_riservati):
            incontro.posti, incontro.posti_riservati = posti, posti_riservati
            incontro.rivedi_coda = True
            incontro.save(update_fields=["posti", "posti_riservati", "posti_oltre", "updated_at"])
            _traccia(
                incontro,
                incontro.stato,
                autore=autore,
                adesso=adesso,
                motivo=f"posti: {prima[0]} ({prima[1]}) → {posti} ({posti_riservati})",
                inizio_da=incontro.inizio,
            )
        return incontro


def cambia_collegamento(
    incontro: Incontro,
    *,
    modalita: str,
    link_online: str,
    motivo: str = "",
    autore,
    adesso: datetime,
) -> Incontro:
    """Change how a published meeting is attended, or its online link; every registered person
    is told once and her calendar follows.

    Raises Rifiuto when the meeting is over or not on, or when people would be called to a venue
    that is not there, or given a link to a meeting that is only in presence.
    """
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        if incontro.stato != Incontro.Stato.PUBBLICATO:
            raise _non_ammesso(incontro)
        prima, link_prima = incontro.get_modalita_display(), incontro.link_online
        if (incontro.modalita, link_prima) == (modalita, link_online):
            return incontro
        if incontro.finito(adesso):
            raise Rifiuto(_("L'incontro si è già svolto."))
        if modalita != Incontro.Modalita.ONLINE and incontro.sede_id is None:
            raise Rifiuto(
                _("Un incontro in presenza ha bisogno di una sede: prima indicala con «Sposta».")
            )
        if modalita == Incontro.Modalita.PRESENZA and link_online:
            raise Rifiuto(
                _(
                    "Un incontro solo in presenza non ha un collegamento: toglilo, o scegli «in "
                    "presenza e online»."
                )
            )
        incontro.modalita, incontro.link_online = modalita, link_online
        incontro.sequenza += 1
        incontro.save(update_fields=["modalita", "link_online", "sequenza", "updated_at"])
        cambiati = []
        if prima != incontro.get_modalita_display():
            cambiati.append(f"{_('modalità')}: {prima} → {incontro.get_modalita_display()}")
        if link_prima != link_online:
            # Not the link itself: only those who are registered may read it.
            cambiati.append(_("collegamento online"))
        _traccia(
            incontro,
            incontro.stato,
            autore=autore,
            adesso=adesso,
            motivo=" · ".join(filter(None, [*cambiati, motivo])),
            inizio_da=incontro.inizio,
        )
        # The reason goes with the mail: ``incontro.motivo`` says why the meeting was moved.
        avvisi.incontro_cambiato("collegamento", incontro, adesso, motivo=motivo)
        _annuncia("collegamento", incontro, motivo, adesso)
        return incontro


def pubblica_resoconto(resoconto: Resoconto, *, autore, adesso: datetime) -> Resoconto:
    """Publish what happened; the meeting is thereby ``svolto``. Raises Rifiuto when the meeting
    is not over or the report says nothing."""
    with incontro_bloccato(resoconto.incontro_id, adesso) as incontro:
        resoconto = Resoconto.objects.get(pk=resoconto.pk)
        if resoconto.pubblicato_at:
            return resoconto
        if not resoconto.testo.strip():
            raise Rifiuto(_("Il resoconto è vuoto."))
        if not incontro.finito(adesso):
            raise Rifiuto(_("L'incontro non è ancora finito."))
        if incontro.stato == Incontro.Stato.PUBBLICATO:
            _passa_incontro(incontro, Incontro.Stato.SVOLTO, autore=autore, adesso=adesso)
        elif incontro.stato != Incontro.Stato.SVOLTO:
            raise _non_ammesso(incontro)
        resoconto.pubblicato_at = adesso
        resoconto.save(update_fields=["pubblicato_at", "updated_at"])
        return resoconto


# --- Pieces ---------------------------------------------------------------------------------


def _chi(autore) -> dict:
    """Whose step it is: the person's own, or the office's for her."""
    return {"attore": Attore.UFFICIO if autore else Attore.PERSONA, "autore": autore}


def _pretendi_aperte(incontro: Incontro, adesso: datetime) -> None:
    if perche := perche_chiuse(incontro, adesso):
        raise Rifiuto(perche)


def _pretendi_in_corso(incontro: Incontro, adesso: datetime) -> None:
    if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.finito(adesso):
        raise Rifiuto(_("Ci si può iscrivere solo a un incontro pubblicato e non ancora finito."))


def _pretendi_motivo(motivo: str) -> None:
    if not motivo.strip():
        raise Rifiuto(_("Scrivi il motivo: chi è iscritto lo leggerà."))


def _non_ammesso(incontro: Incontro) -> Rifiuto:
    return Rifiuto(
        _("L'incontro è %(stato)s: questo passaggio non è possibile.")
        % {"stato": incontro.get_stato_display()}
    )


def _metti_da_verificare(incontro, iscrizione, posti_richiesti, adesso):
    """Hold the seats for 30 minutes, or note her place in line for a day."""
    lascia_i_posti(incontro, iscrizione)
    scadenza_tenuta = iscrizione.scade_at if iscrizione.stato == Stato.DA_VERIFICARE else None
    iscrizione.posti_richiesti = posti_richiesti
    iscrizione.verificata_at = None
    iscrizione.solo_al_completo = False
    iscrizione.canale = Iscrizione.Canale.ONLINE
    if fai_posto(incontro, posti_richiesti, adesso):
        passa(
            incontro,
            iscrizione,
            Stato.DA_VERIFICARE,
            adesso=adesso,
            attore=Attore.PERSONA,
            posti=posti_richiesti,
            # Asking again does not hold a seat for longer.
            scade_at=scadenza_tenuta or adesso + ATTESA_VERIFICA,
        )
    elif iscrizione.stato != Stato.LISTA_ATTESA or iscrizione._state.adding:
        iscrizione.in_lista_dal = adesso
        passa(
            incontro,
            iscrizione,
            Stato.LISTA_ATTESA,
            adesso=adesso,
            attore=Attore.PERSONA,
            scade_at=adesso + ATTESA_VERIFICA_IN_LISTA,
        )
    else:
        iscrizione.save()


def _registra(
    incontro,
    modulo,
    *,
    servizi=(),
    minore=False,
    nome_minore="",
    foto=False,
    adesso,
    autore,
    **come,
) -> Iscrizione:
    """One of those that the office registers, under the meeting's lock."""
    iscrizione, nuova = _cerca(incontro, modulo.email, adesso)
    if iscrizione.viva and iscrizione.verificata_at:
        raise Rifiuto(
            _("Questo indirizzo è già iscritto (%(stato)s).")
            % {"stato": iscrizione.get_stato_display()}
        )
    _scrivi_modulo(iscrizione, modulo, autore)
    consensi.dichiara(iscrizione, minore, nome_minore)
    _ammetti(incontro, iscrizione, modulo.posti_richiesti, adesso, autore=autore, **come)
    _scrivi_richieste(iscrizione, nuova, modulo.necessita, servizi, adesso)
    # No news from here: she must be seen to own the address, and the office does not see it.
    consensi.scrivi(
        iscrizione, newsletter=False, foto=foto, canale=Consenso.Canale.UFFICIO, adesso=adesso
    )
    return iscrizione


def _scrivi_modulo(iscrizione, modulo, autore):
    iscrizione.nome, iscrizione.telefono = modulo.nome, modulo.telefono
    iscrizione.lingua, iscrizione.canale = modulo.lingua, modulo.canale
    iscrizione.importata = modulo.importata
    iscrizione.registrata_da = autore


class _Nuove:
    """People whom the office registers one after the other, and who are saved together: all of
    it under the lock of their meeting."""

    def __init__(self, incontro, autore, avvisa, adesso):
        self.incontro, self.autore = incontro, autore
        self.avvisa, self.adesso = avvisa, adesso
        self.passaggi, self.necessita = [], []
        # Whether somebody waits in line, and whether what has run out was looked for.
        self.coda = incontro.iscrizioni.in_attesa().exists()
        self.scadute = False

    def iscrivi(self, modulo, momento) -> Iscrizione:
        """Somebody who was never here: confirmed or in line, as ``_ammetti`` would have it."""
        incontro, posti = self.incontro, modulo.posti_richiesti
        iscrizione = Iscrizione(
            incontro=incontro,
            email=modulo.email,
            posti_richiesti=posti,
            verificata_at=self.adesso,
        )
        _scrivi_modulo(iscrizione, modulo, self.autore)
        consensi.dichiara(iscrizione, False, "")
        if not self.scadute and incontro.posti is not None and incontro.posti_liberi < posti:
            fai_scadere(incontro, self.adesso)
            self.scadute = True
        entra = ce_posto(incontro, posti, coda=self.coda)
        if not entra:
            iscrizione.in_lista_dal = momento
            self.coda = True
        passaggio = muovi(
            incontro,
            iscrizione,
            Stato.CONFERMATA if entra else Stato.LISTA_ATTESA,
            adesso=self.adesso,
            attore=Attore.UFFICIO,
            autore=self.autore,
            posti=posti if entra else 0,
        )
        self.passaggi.append(passaggio)
        if modulo.necessita.strip():
            self.necessita.append(Necessita(iscrizione=iscrizione, testo=modulo.necessita.strip()))
        return iscrizione

    def riprendi(self, modulo, momento) -> Iscrizione:
        """Somebody who was here before: what she left is looked at by itself, and what she gives
        back goes to who waits."""
        self.salva()
        iscrizione = _registra(
            self.incontro,
            modulo,
            adesso=momento,
            attore=Attore.UFFICIO,
            autore=self.autore,
            avvisa=self.avvisa,
        )
        if self.incontro.rivedi_coda:
            offri_posti_liberi(self.incontro, self.adesso)
            self.incontro.rivedi_coda = False
        self.coda = self.incontro.iscrizioni.in_attesa().exists()
        return iscrizione

    def salva(self) -> None:
        Iscrizione.objects.bulk_create(
            [passaggio.iscrizione for passaggio in self.passaggi], batch_size=LOTTO
        )
        PassaggioIscrizione.objects.bulk_create(self.passaggi, batch_size=LOTTO)
        Necessita.objects.bulk_create(self.necessita, batch_size=LOTTO)
        if self.avvisa:
            avvisi.iscritte(self.passaggi, self.adesso)
        self.passaggi, self.necessita = [], []


def _ammetti(
    incontro,
    iscrizione,
    posti_richiesti,
    adesso,
    *,
    attore=Attore.PERSONA,
    autore=None,
    oltre_il_limite=False,
    motivo="",
    avvisa=True,
):
    """Confirm somebody whose address is known, or put her in line."""
    lascia_i_posti(incontro, iscrizione)
    iscrizione.posti_richiesti = posti_richiesti
    iscrizione.solo_al_completo = False
    chi = {"attore": attore, "autore": autore, "motivo": motivo, "avvisa": avvisa}
    if fai_posto(incontro, posti_richiesti, adesso):
        _conferma(incontro, iscrizione, posti_richiesti, adesso, **chi)
    elif oltre_il_limite:
        _pretendi_motivo(motivo)
        _conferma(incontro, iscrizione, posti_richiesti, adesso, oltre_il_limite=True, **chi)
    else:
        _metti_in_lista(incontro, iscrizione, adesso, dal=adesso, **chi)


def _conferma(
    incontro,
    iscrizione,
    posti,
    adesso,
    *,
    attore=Attore.PERSONA,
    autore=None,
    motivo="",
    oltre_il_limite=False,
    avvisa=True,
):
    iscrizione.verificata_at = iscrizione.verificata_at or adesso
    passaggio = passa(
        incontro,
        iscrizione,
        Stato.CONFERMATA,
        adesso=adesso,
        attore=attore,
        autore=autore,
        motivo=motivo,
        posti=posti,
    )
    if oltre_il_limite and incontro.posti is not None:
        incontro.posti_oltre = max(incontro.posti_occupati - incontro.capienza, 0)
    if avvisa:
        avvisi.confermata(iscrizione, passaggio.pk, adesso)


def _metti_in_lista(
    incontro,
    iscrizione,
    adesso,
    *,
    dal,
    attore=Attore.PERSONA,
    autore=None,
    motivo="",
    avvisa=True,
):
    """Put her in line as of ``dal``. If it is her turn already she is confirmed at once: she is
    here now, an offer would only make her click again."""
    iscrizione.verificata_at = iscrizione.verificata_at or adesso
    iscrizione.in_lista_dal = dal
    if fai_posto(incontro, iscrizione.posti_richiesti, adesso):
        _conferma(
            incontro,
            iscrizione,
            iscrizione.posti_richiesti,
            adesso,
            attore=attore,
            autore=autore,
            motivo=motivo,
            avvisa=avvisa,
        )
        return
    passa(
        incontro,
        iscrizione,
        Stato.LISTA_ATTESA,
        adesso=adesso,
        attore=attore,
        autore=autore,
        motivo=motivo,
    )
    if avvisa:
        avvisi.lista_attesa(iscrizione, adesso)


def _cerca(incontro, email, adesso) -> tuple[Iscrizione, bool]:
    """The registration of an address, and whether it is a new one. If its time has run out
    unnoticed it is released first."""
    iscrizione = incontro.iscrizioni.filter(email=email).first() if email else None
    if iscrizione is None:
        return Iscrizione(incontro=incontro, email=email), True
    if iscrizione.viva and iscrizione.scade_at and iscrizione.scade_at <= adesso:
        fai_scadere(incontro, adesso)
        iscrizione.refresh_from_db()
    iscrizione.incontro = incontro
    return iscrizione, False


def _scrivi_richieste(iscrizione, nuova, necessita, servizi, adesso, *, gia=()) -> None:
    """Store what she needs and asks for, apart from the registration. Services asked for before
    (``gia``) stay hers also when it is too late to ask."""
    if necessita.strip():
        Necessita.objects.update_or_create(
            iscrizione=iscrizione, defaults={"testo": necessita.strip()}
        )
    elif not nuova:
        Necessita.objects.filter(iscrizione=iscrizione).delete()
    richiesti = {
        servizio.pk
        for servizio in servizi
        if servizio.incontro_id == iscrizione.incontro_id
        and (servizio.pk in gia or servizio.richiedibile(adesso))
    }
    if not nuova:
        iscrizione.richieste.exclude(servizio_id__in=richiesti).delete()
    RichiestaServizio.objects.bulk_create(
        (RichiestaServizio(iscrizione=iscrizione, servizio_id=pk) for pk in sorted(richiesti)),
        ignore_conflicts=True,
    )


def _passa_incontro(
    incontro, stato, *, autore, adesso, motivo="", inizio=..., annuncio=None
) -> None:
    """Change a meeting's state (and start), leave the trace, and tell the registered people."""
    da, inizio_da = incontro.stato, incontro.inizio
    if inizio is not ...:
        incontro.inizio = inizio
    incontro.stato = stato
    if annuncio:
        incontro.motivo = motivo
        incontro.sequenza += 1
    incontro.save()
    _traccia(incontro, da, autore=autore, adesso=adesso, motivo=motivo, inizio_da=inizio_da)
    if annuncio:
        avvisi.incontro_cambiato(annuncio, incontro, adesso)
        _annuncia(annuncio, incontro, motivo, adesso)


def _annuncia(annuncio, incontro, motivo, adesso) -> None:
    """Let the apps above tell their own people, in this same transaction."""
    segnali.incontro_cambiato.send(
        Incontro, incontro=incontro, annuncio=annuncio, motivo=motivo, adesso=adesso
    )


def _traccia(incontro, da, *, autore, adesso, motivo="", inizio_da=None):
    PassaggioIncontro.objects.create(
        incontro=incontro,
        da=da,
        a=incontro.stato,
        autore=autore,
        motivo=motivo,
        inizio_da=inizio_da,
        inizio_a=incontro.inizio,
        created_at=adesso,
    )


def _sposta_scadenze(incontro, differenza):
    """The office's deadlines keep their distance from the start."""
    if incontro.iscrizioni_fino:
        incontro.iscrizioni_fino += differenza
    incontro.servizi.filter(richiedibile_fino__isnull=False).update(
        richiedibile_fino=F("richiedibile_fino") + differenza
    )
