"""The one door to who sits at the Tavolo: seats open and end; people are named, invited, join and
leave; the Comitato di garanzia is composed.

Each verb works under a lock on the seat's row, where it looks again. Whatever depends on what else
a person is (a second seat, a place on the Comitato) holds the lock of her account too, always
taken before the seat's. Each leaves a PassaggioSeggio. Nothing is deleted: who leaves has a last
day, and what she said stays.
"""

from datetime import date, datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from percorso.models import Percorso
from portale.lib.codici import nuovo_codice
from portale.lib.dates import a_roma, giorno_mese_anno
from portale.lib.rifiuti import Rifiuto, Superata
from portale.lib.testo import normalizza_email
from posta.services import accoda
from proposte.segnali import contenuto_cambiato

from ..models import Componente, Garante, Organizzazione, PassaggioSeggio, Seggio

Evento = PassaggioSeggio.Evento
# How long the link of an invitation waits to be opened.
INVITO_VALIDO = timedelta(days=60)


# --- Seats ----------------------------------------------------------------------------------


def apri_seggio(
    *,
    percorso: Percorso,
    organizzazione: Organizzazione,
    ruolo: str = Seggio.Ruolo.COMPONENTE,
    dal: date,
    autore,
    adesso: datetime,
) -> Seggio:
    """Give an organisation its seat from a day on; raises Rifiuto where it has one then."""
    with transaction.atomic():
        Organizzazione.objects.select_for_update(no_key=True).get(pk=organizzazione.pk)
        suoi = Seggio.objects.filter(percorso=percorso, organizzazione=organizzazione)
        if suoi.filter(_dura_fino(dal)).exists():
            raise Rifiuto(_("Questa organizzazione ha già un seggio in quel periodo."))
        seggio = Seggio.objects.create(
            percorso=percorso, organizzazione=organizzazione, ruolo=ruolo, dal=dal
        )
        testo = f"{seggio.get_ruolo_display()}, {_dal(dal)}"
        _passaggio(seggio, Evento.APERTO, adesso, autore=autore, testo=testo)
        contenuto_cambiato.send(Seggio)
    return seggio


def cambia_ruolo(seggio: Seggio, ruolo: str, *, autore, adesso: datetime) -> Seggio:
    """From now on the seat counts as its new role says; sittings that were opened keep the
    quorum that they had. The same role again changes nothing."""
    with transaction.atomic():
        mio = _blocca(seggio)
        if mio.ruolo != ruolo:
            prima = mio.get_ruolo_display()
            mio.ruolo = ruolo
            mio.save(update_fields=["ruolo"])
            testo = f"{prima} → {mio.get_ruolo_display()}"
            _passaggio(mio, Evento.RUOLO, adesso, autore=autore, testo=testo)
            contenuto_cambiato.send(Seggio)
    return mio


def concludi_seggio(
    seggio: Seggio, al: date, *, motivo: str = "", autore, adesso: datetime
) -> Seggio:
    """The seat's last day, and that of the mandates that would outlast it. The same day again
    changes nothing; raises Rifiuto for a day before its first."""
    with transaction.atomic():
        mio = _blocca(seggio)
        if al < mio.dal:
            raise Rifiuto(_prima_dell_inizio(mio.dal))
        if mio.al == al:
            return mio
        if mio.al is not None and al > mio.al:
            # Its people's last days are past and another seat may have been opened since.
            raise Rifiuto(
                _("Il seggio finisce il %(giorno)s: se l'organizzazione resta, aprine un altro.")
                % {"giorno": giorno_mese_anno(mio.al)}
            )
        mio.al = al
        mio.save(update_fields=["al"])
        for componente in mio.componenti.filter(_dura_fino(al + timedelta(days=1))):
            # Who was to begin later never does: her one day lies outside the seat's.
            componente.al = max(al, componente.dal)
            componente.save(update_fields=["al"])
            _passaggio(mio, Evento.FINE, adesso, componente, autore=autore, testo=_al(al))
        testo = _con_motivo(_al(al), motivo)
        _passaggio(mio, Evento.CONCLUSO, adesso, autore=autore, testo=testo)
        contenuto_cambiato.send(Seggio)
    return mio


# --- Mandates -------------------------------------------------------------------------------


def nomina(
    seggio: Seggio,
    *,
    ruolo: str,
    nome: str,
    email: str,
    dal: date,
    autore,
    adesso: datetime,
) -> Componente:
    """Put a person on a seat from a day on, not invited yet. Raises Rifiuto where the seat ends
    before, has a titolare then, or has a person with this address."""
    with transaction.atomic():
        mio = _blocca(seggio)
        componente = _nomina(mio, ruolo=ruolo, nome=nome, email=email, dal=dal)
        testo = f"{componente.get_ruolo_display()}, {_dal(dal)}"
        _passaggio(mio, Evento.NOMINA, adesso, componente, autore=autore, testo=testo)
    return componente


def _nomina(seggio, *, ruolo, nome, email, dal):
    if dal < seggio.dal or (seggio.al is not None and dal > seggio.al):
        raise Rifiuto(_("In quel giorno l'organizzazione non ha il seggio."))
    email = normalizza_email(email)
    altri = seggio.componenti.filter(_dura_fino(dal))
    if ruolo == Componente.Ruolo.TITOLARE:
        titolare = altri.filter(ruolo=Componente.Ruolo.TITOLARE).first()
        if titolare:
            raise Rifiuto(
                _("Il seggio ha già un titolare, %(nome)s: usa «Sostituisci» nella sua scheda.")
                % {"nome": titolare.nome}
            )
    if altri.filter(email=email).exists():
        raise Rifiuto(_("Una persona con questo indirizzo è già componente di questo seggio."))
    return Componente.objects.create(seggio=seggio, ruolo=ruolo, nome=nome, email=email, dal=dal)


def termina(
    componente: Componente, al: date, *, motivo: str = "", autore, adesso: datetime
) -> Componente:
    """Her last day. The same day again changes nothing; another day corrects it. Raises Rifiuto
    for a day before her first, and for a longer mandate that would meet another one."""
    with transaction.atomic():
        if componente.persona_id:
            _blocca_persona(componente.persona_id)
        mio = _blocca_componente(componente)
        if mio.al == al:
            return mio
        if al < mio.dal:
            raise Rifiuto(_prima_dell_inizio(mio.dal))
        if mio.al is not None and al > mio.al:
            _controlla_prolungamento(mio, al)
        mio.al = al
        mio.save(update_fields=["al"])
        testo = _con_motivo(_al(al), motivo)
        _passaggio(mio.seggio, Evento.FINE, adesso, mio, autore=autore, testo=testo)
    return mio


def _controlla_prolungamento(mio, al):
    if mio.ruolo == Componente.Ruolo.TITOLARE:
        dopo = mio.seggio.componenti.filter(ruolo=mio.ruolo, dal__gt=mio.al, dal__lte=al)
        if dopo.exists():
            raise Rifiuto(_("In quel periodo il seggio ha già un altro titolare."))
    altro = mio.persona_id and _altro_mandato(mio, mio.persona_id, al)
    if altro:
        raise Rifiuto(_ha_gia_un_seggio(altro))


def sostituisci(
    componente: Componente,
    *,
    nome: str,
    email: str,
    dal: date,
    motivo: str = "",
    autore,
    adesso: datetime,
) -> Componente:
    """Another person takes her place, in the same role, from a day on; the day before is her
    last. Returns the new one, not invited yet. Raises Rifiuto where ``termina`` or ``nomina``
    would."""
    ultimo = dal - timedelta(days=1)
    with transaction.atomic():
        mio = _blocca_componente(componente)
        if ultimo < mio.dal:
            raise Rifiuto(
                _("%(nome)s è in carica dal %(giorno)s: la sostituzione comincia dal giorno dopo.")
                % {"nome": mio.nome, "giorno": giorno_mese_anno(mio.dal)}
            )
        if mio.al is None or mio.al > ultimo:
            mio.al = ultimo
            mio.save(update_fields=["al"])
            testo = _con_motivo(_al(ultimo), motivo)
            _passaggio(mio.seggio, Evento.FINE, adesso, mio, autore=autore, testo=testo)
        nuovo = _nomina(mio.seggio, ruolo=mio.ruolo, nome=nome, email=email, dal=dal)
        testo = _("al posto di %(nome)s, %(dal)s") % {"nome": mio.nome, "dal": _dal(dal)}
        _passaggio(mio.seggio, Evento.NOMINA, adesso, nuovo, autore=autore, testo=testo)
    return nuovo


def cambia_email(componente: Componente, email: str, *, autore, adesso: datetime) -> Componente:
    """Where her mails go. Until she has joined, the link that was sent to the old address opens
    nothing any more, and she is to be invited again."""
    email = normalizza_email(email)
    with transaction.atomic():
        mio = _blocca_componente(componente)
        if mio.email == email:
            return mio
        altri = mio.seggio.componenti.filter(al=None, email=email).exclude(pk=mio.pk)
        if mio.al is None and altri.exists():
            raise Rifiuto(_("Una persona con questo indirizzo è già componente di questo seggio."))
        mio.email = email
        if mio.entrato_at is None:
            mio.codice, mio.invitato_at = nuovo_codice(), None
        mio.save(update_fields=["email", "codice", "invitato_at"])
        _passaggio(mio.seggio, Evento.INDIRIZZO, adesso, mio, autore=autore)
    return mio


# --- Invitations ----------------------------------------------------------------------------


def invita(componente: Componente, *, autore, adesso: datetime) -> Componente:
    """Mail her the link that opens her place, for the first time. Raises Rifiuto when she was
    invited already, has joined, or her mandate is over."""
    with transaction.atomic():
        mio = _blocca_componente(componente)
        if mio.invitato_at is not None and mio.entrato_at is None:
            raise Rifiuto(
                _("L'invito è già partito il %(giorno)s.") % {"giorno": _giorno(mio.invitato_at)}
            )
        return _invita(mio, autore, adesso)


def reinvita(
    componente: Componente, *, visto: datetime | None, autore, adesso: datetime
) -> Componente:
    """A new link, by a new mail; the old one opens nothing any more. ``visto`` is the invitation
    that the officer saw: of two clicks the second raises Superata."""
    with transaction.atomic():
        mio = _blocca_componente(componente)
        if mio.invitato_at != visto:
            raise Superata(_("Nel frattempo è partito un altro invito."))
        mio.codice = nuovo_codice()
        return _invita(mio, autore, adesso)


def _invita(mio, autore, adesso):
    if mio.entrato_at is not None:
        raise Rifiuto(_("È già entrata nel Tavolo con il suo account: l'invito non serve più."))
    oggi = a_roma(adesso).date()
    if _finito(mio, oggi):
        raise Rifiuto(_("Il mandato è finito: non si può invitare."))
    mio.invitato_at = adesso
    mio.save(update_fields=["codice", "invitato_at"])
    _passaggio(mio.seggio, Evento.INVITO, adesso, mio, autore=autore, testo=mio.email)
    # Each invitation has its code, which opens nothing unless it is signed.
    accoda(
        "invito_tavolo",
        mio.email,
        chiave=f"invito_tavolo:{mio.pk}:{mio.codice}",
        lingua="it",
        parametri={"componente": mio.pk, "codice": mio.codice},
        adesso=adesso,
    )
    return mio


def perche_chiuso(componente: Componente, adesso: datetime) -> str:
    """Why the link of this invitation opens nothing; empty while it does."""
    if componente.entrato_at is not None:
        return _("Questo invito è già stato usato.")
    if _finito(componente, a_roma(adesso).date()):
        return _("Il mandato a cui ti invitava è finito.")
    if componente.invitato_at is None or componente.invitato_at + INVITO_VALIDO < adesso:
        return _("Questo invito è scaduto.")
    return ""


def entra(componente: Componente, persona, *, adesso: datetime) -> Componente:
    """She who opened the link takes her place with her account; her address need not be the one
    that was invited, the link is the proof. It works once; the same person again changes nothing.

    Raises Rifiuto when the invitation is closed, when she holds another mandate in this percorso
    in the same days, and when she is on its Comitato.
    """
    with transaction.atomic():
        _blocca_persona(persona.pk)
        mio = _blocca_componente(componente)
        if mio.persona_id == persona.pk and mio.entrato_at is not None:
            return mio
        perche = perche_chiuso(mio, adesso)
        if perche:
            raise Rifiuto(perche)
        altro = _altro_mandato(mio, persona.pk, mio.al)
        if altro:
            raise Rifiuto(_ha_gia_un_seggio(altro))
        garanzie = Garante.objects.filter(percorso=mio.seggio.percorso_id, persona=persona)
        if garanzie.filter(_dura_fino(mio.dal)).exists():
            raise Rifiuto(
                _(
                    "Fai parte del Comitato di garanzia, che vigila sul Tavolo: non puoi anche "
                    "sedervi. Scrivi all'ufficio."
                )
            )
        mio.persona, mio.entrato_at = persona, adesso
        mio.save(update_fields=["persona", "entrato_at"])
        _passaggio(mio.seggio, Evento.ENTRATA, adesso, mio, autore=persona)
    return mio


# --- Comitato di garanzia -------------------------------------------------------------------


def nomina_garante(percorso: Percorso, persona, *, dal: date) -> Garante:
    """Put a person on the Comitato. Raises Rifiuto for whoever works for the office, holds a seat
    that has not ended by then, or is on it already."""
    with transaction.atomic():
        persona = _blocca_persona(persona.pk)
        if persona.is_staff:
            raise Rifiuto(
                _("Chi lavora per l'ufficio non può farne parte, perché vigila sull'ufficio.")
            )
        mandati = Componente.objects.filter(persona=persona, seggio__percorso=percorso)
        mandato = (
            mandati.filter(_dura_fino(dal), _dura_fino(dal, "seggio__"))
            .select_related("seggio__organizzazione")
            .first()
        )
        if mandato:
            raise Rifiuto(
                _(
                    "Occupa il seggio di %(organizzazione)s: non può farne parte, perché vigila "
                    "anche sul Tavolo."
                )
                % {"organizzazione": mandato.seggio.organizzazione}
            )
        if Garante.objects.filter(_dura_fino(dal), percorso=percorso, persona=persona).exists():
            raise Rifiuto(_("Fa già parte del Comitato di garanzia di questo percorso."))
        return Garante.objects.create(percorso=percorso, persona=persona, dal=dal)


def termina_garante(garante: Garante, al: date) -> Garante:
    """Her last day on the Comitato; raises Rifiuto for one before her first, or later than the
    one that was set."""
    with transaction.atomic():
        mio = Garante.objects.select_for_update(no_key=True).get(pk=garante.pk)
        if al < mio.dal:
            raise Rifiuto(_prima_dell_inizio(mio.dal))
        if mio.al is not None and al > mio.al:
            raise Rifiuto(_("È già finito prima: indicala di nuovo, se torna."))
        mio.al = al
        mio.save(update_fields=["al"])
    return mio


# --- Rows and words -------------------------------------------------------------------------


def _blocca(seggio) -> Seggio:
    seggi = Seggio.objects.select_for_update(of=("self",), no_key=True)
    return seggi.select_related("organizzazione", "percorso").get(pk=seggio.pk)


def _blocca_componente(componente) -> Componente:
    """Her row as it is now, with her seat locked: whoever changes a mandate waits here."""
    seggio = _blocca(Seggio(pk=componente.seggio_id))
    mio = Componente.objects.get(pk=componente.pk)
    mio.seggio = seggio
    return mio


def _blocca_persona(pk):
    return get_user_model().objects.select_for_update(no_key=True).get(pk=pk)


def _dura_fino(giorno: date, prefisso: str = "") -> Q:
    """Not ended before this day; it may begin after it."""
    return Q(**{f"{prefisso}al": None}) | Q(**{f"{prefisso}al__gte": giorno})


def _finito(componente, oggi) -> bool:
    ultimi = (componente.al, componente.seggio.al)
    return any(ultimo is not None and ultimo < oggi for ultimo in ultimi)


def _altro_mandato(mio, persona_pk, al) -> Componente | None:
    """Another mandate of this person in the same percorso that shares a day with ``mio``, were
    this to last until ``al``."""
    altri = (
        Componente.objects.filter(persona=persona_pk, seggio__percorso=mio.seggio.percorso_id)
        .filter(_dura_fino(mio.dal), _dura_fino(mio.dal, "seggio__"))
        .exclude(pk=mio.pk)
        .select_related("seggio__organizzazione")
    )
    ultimi = [giorno for giorno in (al, mio.seggio.al) if giorno is not None]
    if ultimi:
        altri = altri.filter(dal__lte=min(ultimi))
    return altri.first()


def _passaggio(seggio, evento, adesso, componente=None, *, autore=None, testo=""):
    PassaggioSeggio.objects.create(
        seggio=seggio,
        componente=componente,
        evento=evento,
        autore=autore,
        testo=testo,
        created_at=adesso,
    )


def _ha_gia_un_seggio(altro) -> str:
    return _(
        "Questo account occupa già il seggio di %(organizzazione)s in questo percorso, e una "
        "persona ne occupa uno solo."
    ) % {"organizzazione": altro.seggio.organizzazione}


def _prima_dell_inizio(dal) -> str:
    return _("La fine viene prima dell'inizio, che è il %(giorno)s.") % {
        "giorno": giorno_mese_anno(dal)
    }


def _dal(giorno) -> str:
    return _("dal %(giorno)s") % {"giorno": giorno_mese_anno(giorno)}


def _al(giorno) -> str:
    return _("ultimo giorno: %(giorno)s") % {"giorno": giorno_mese_anno(giorno)}


def _giorno(momento) -> str:
    return giorno_mese_anno(a_roma(momento).date())


def _con_motivo(testo, motivo) -> str:
    return f"{testo}. {motivo.strip()}" if motivo.strip() else testo
