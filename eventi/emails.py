"""Every mail about meetings, one composer each.

A composer runs when its mail is about to leave: it says what is true then, and answers NonDovuto
when the reason for writing is gone.
"""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portale.lib import dates
from portale.lib.emails import assoluto, componi, lasciabile
from posta.generi import Allegato, Composto, NonDovuto, Rinviato, Scaduto, genere

from . import presenze
from .calendario import ics_incontro, invitato_da
from .models import Accoglienza, Incontro, Iscrizione
from .promemoria import fine_del_silenzio, nel_silenzio

Stato = Iscrizione.Stato
# The picture of her code, as the HTML of the same mail names it.
CODICE_CID = "codice-ingresso"


@genere("verifica", etichetta="Conferma dell'indirizzo", urgente=True)
def verifica(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    attende = (Stato.DA_VERIFICARE, Stato.LISTA_ATTESA, Stato.SCADUTA)
    if iscrizione.verificata_at or iscrizione.stato not in attende:
        raise NonDovuto
    _pretendi_in_programma(iscrizione.incontro, adesso)
    return _componi(
        "verifica",
        iscrizione,
        url_conferma=_url(iscrizione, "iscrizione_conferma"),
        in_lista=iscrizione.stato == Stato.LISTA_ATTESA,
    )


@genere("gia_iscritta", etichetta="Indirizzo già iscritto")
def gia_iscritta(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    if not iscrizione.viva:
        raise NonDovuto
    _pretendi_in_programma(iscrizione.incontro, adesso)
    return _componi("gia_iscritta", iscrizione)


@genere("confermata", etichetta="Iscrizione confermata")
def confermata(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    if iscrizione.stato != Stato.CONFERMATA:
        raise NonDovuto
    _pretendi_in_programma(iscrizione.incontro, adesso)
    return _componi("confermata", iscrizione, invito=("REQUEST", adesso), con_codice=True)


@genere("lista_attesa", etichetta="Lista d'attesa")
def lista_attesa(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    if iscrizione.stato != Stato.LISTA_ATTESA:
        raise NonDovuto
    _pretendi_in_programma(iscrizione.incontro, adesso)
    return _componi("lista_attesa", iscrizione, posizione=iscrizione.posizione_in_lista())


@genere("posto_offerto", etichetta="Posto offerto")
def posto_offerto(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    if iscrizione.stato != Stato.POSTO_OFFERTO or iscrizione.scade_at <= adesso:
        raise NonDovuto
    if iscrizione.scade_at.isoformat() != messaggio.parametri["scade_at"]:
        # Offered, refused and offered again before this left: the later mail says it.
        raise NonDovuto
    return _componi(
        "posto_offerto",
        iscrizione,
        url_accetta=_url(iscrizione, "iscrizione_accetta"),
        entro=dates.giorno_e_ora(iscrizione.scade_at),
        meno_posti=iscrizione.posti < iscrizione.posti_richiesti,
    )


@genere("posto_scaduto", etichetta="Offerta scaduta")
def posto_scaduto(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    if iscrizione.stato != Stato.SCADUTA:
        raise NonDovuto
    _pretendi_in_programma(iscrizione.incontro, adesso)
    return _componi(
        "posto_scaduto",
        iscrizione,
        url_iscrizione_nuova=assoluto(
            reverse("eventi:iscrizione_crea", args=[iscrizione.incontro.slug])
        ),
    )


@genere("rinuncia", etichetta="Rinuncia")
def rinuncia(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    if iscrizione.stato != Stato.RINUNCIATA:
        raise NonDovuto
    return _componi(
        "rinuncia",
        iscrizione,
        invito=("CANCEL", adesso),
        url_iscrizione_nuova=assoluto(
            reverse("eventi:iscrizione_crea", args=[iscrizione.incontro.slug])
        ),
    )


@genere("iscrizione_annullata", etichetta="Iscrizione annullata dall'ufficio")
def iscrizione_annullata(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    if iscrizione.stato != Stato.ANNULLATA:
        raise NonDovuto
    return _componi(
        "iscrizione_annullata",
        iscrizione,
        invito=("CANCEL", adesso),
        motivo=messaggio.parametri["motivo"],
    )


@genere("promemoria", etichetta="Promemoria")
def promemoria(messaggio, adesso):
    iscrizione = _iscrizione(messaggio)
    incontro = iscrizione.incontro
    inizio = incontro.inizio
    if iscrizione.stato != Stato.CONFERMATA:
        raise NonDovuto
    if not Iscrizione.objects.con_promemoria().filter(pk=iscrizione.pk).exists():
        raise NonDovuto
    if incontro.stato != Incontro.Stato.PUBBLICATO:
        raise NonDovuto
    if inizio.isoformat() != messaggio.parametri["inizio"]:
        # Moved since: the new start has reminders of its own.
        raise NonDovuto
    if inizio <= adesso:
        raise Scaduto
    if nel_silenzio(adesso) and fine_del_silenzio(adesso) < inizio:
        raise Rinviato(fine_del_silenzio(adesso))
    giorni = (dates.a_roma(inizio).date() - dates.a_roma(adesso).date()).days
    ferma = _url(iscrizione, "iscrizione_promemoria")
    return _componi(
        "promemoria",
        iscrizione,
        invito=("REQUEST", adesso),
        con_codice=True,
        giorni=giorni,
        tra_quanto={0: _("oggi"), 1: _("domani")}.get(
            giorni, _("tra %(giorni)d giorni") % {"giorni": giorni}
        ),
        url_ferma=ferma,
        intestazioni=lasciabile(ferma),
    )


@genere("spostato", etichetta="Incontro spostato", di_cambio=True)
def spostato(messaggio, adesso):
    iscrizione = _iscrizione_avvisata(messaggio, Incontro.Stato.PUBBLICATO)
    precedente = iscrizione.incontro.inizio_precedente
    return _componi(
        "spostato",
        iscrizione,
        invito=("REQUEST", adesso) if iscrizione.stato == Stato.CONFERMATA else None,
        prima=dates.giorno_e_ora(precedente) if precedente else "",
    )


@genere("collegamento", etichetta="Collegamento cambiato", di_cambio=True)
def collegamento(messaggio, adesso):
    iscrizione = _iscrizione_avvisata(messaggio, Incontro.Stato.PUBBLICATO)
    incontro = iscrizione.incontro
    return _componi(
        "collegamento",
        iscrizione,
        invito=("REQUEST", adesso) if iscrizione.stato == Stato.CONFERMATA else None,
        motivo=messaggio.parametri["motivo"],
        # The notice of a move that had not left yet gives way to this one: it says it too.
        prima=dates.giorno_e_ora(incontro.inizio_precedente) if incontro.spostato else "",
    )


@genere("rinviato", etichetta="Incontro rinviato", di_cambio=True)
def rinviato(messaggio, adesso):
    iscrizione = _iscrizione_avvisata(messaggio, Incontro.Stato.RINVIATO)
    return _componi(
        "rinviato",
        iscrizione,
        invito=("CANCEL", adesso),
        prima=dates.giorno_e_ora(iscrizione.incontro.inizio_precedente),
    )


@genere("annullato", etichetta="Incontro annullato", di_cambio=True)
def annullato(messaggio, adesso):
    iscrizione = _iscrizione_avvisata(messaggio, Incontro.Stato.ANNULLATO)
    return _componi("annullato", iscrizione, invito=("CANCEL", adesso))


def componi_per_iscritta(nome: str, iscrizione: Iscrizione, **contesto) -> Composto:
    """A mail of templates/emails/<nome>/ (see _incontro.html) about a registration, for who
    writes to registered people from elsewhere; it need not be saved."""
    return _componi(nome, iscrizione, **contesto)


@genere("resoconto_tardi", etichetta="Ufficio: resoconto in ritardo")
def resoconto_tardi(messaggio, adesso):
    giorni = settings.RESOCONTO_GIORNI
    incontro = (
        Incontro.objects.resoconto_in_ritardo(adesso, giorni)
        .filter(pk=messaggio.parametri["incontro"])
        .select_related("sede", "resoconto")
        .first()
    )
    # Published meanwhile, or moved: then another deadline counts.
    if incontro is None or str(incontro.resoconto_entro) != messaggio.parametri["entro"]:
        raise NonDovuto
    tardi = (dates.a_roma(adesso).date() - incontro.resoconto_entro).days
    contesto = {
        "incontro": incontro,
        "tardi": tardi,
        "iniziato": hasattr(incontro, "resoconto"),
        "fatti": [
            (_("Incontro"), incontro.titolo),
            (_("Quando"), incontro.quando),
            (_("Resoconto entro il"), dates.giorno_mese_anno(incontro.resoconto_entro)),
        ],
        "url": assoluto(reverse("admin:eventi_incontro_chiudi", args=[incontro.pk])),
    }
    return Composto(*componi("resoconto_tardi", contesto))


@genere("accoglienza", etichetta="Accoglienza: il link per le presenze", urgente=True)
def accoglienza(messaggio, adesso):
    mia = (
        Accoglienza.objects.filter(
            pk=messaggio.parametri["accoglienza"], attiva=True, email=messaggio.destinatario
        )
        .select_related("incontro__sede")
        .first()
    )
    # Taken back, or sent to an address that was put right since.
    if mia is None:
        raise NonDovuto
    incontro = mia.incontro
    periodo = presenze.RUOLO.finestra(incontro)
    if periodo is None or incontro.stato == Incontro.Stato.ANNULLATO:
        raise NonDovuto
    if periodo[1] <= adesso:
        raise Scaduto
    contesto = {
        "accoglienza": mia,
        "fatti": [
            (_("Incontro"), incontro.titolo),
            (_("Quando"), incontro.quando),
            (_("Dove"), incontro.dove),
        ],
        "url": assoluto(reverse("presenze:presenze", args=[mia.token])),
        "dal": dates.giorno_e_ora(periodo[0]),
        "al": dates.giorno_e_ora(periodo[1]),
    }
    return Composto(*componi("accoglienza", contesto))


def _iscrizione(messaggio) -> Iscrizione:
    """The registration a mail is about; NonDovuto once the purge has taken it, or when it now
    belongs to another address."""
    iscrizione = (
        Iscrizione.objects.select_related(
            "incontro__sede", "incontro__laboratorio", "incontro__percorso"
        )
        .filter(pk=messaggio.parametri["iscrizione"], email=messaggio.destinatario)
        .first()
    )
    if iscrizione is None:
        raise NonDovuto
    return iscrizione


def _iscrizione_avvisata(messaggio, stato_incontro) -> Iscrizione:
    """The registration of a notice of change, unless a later change has been announced."""
    iscrizione = _iscrizione(messaggio)
    incontro = iscrizione.incontro
    if not iscrizione.viva or incontro.sequenza != messaggio.parametri["sequenza"]:
        raise NonDovuto
    if incontro.stato != stato_incontro:
        raise NonDovuto
    return iscrizione


def _pretendi_in_programma(incontro: Incontro, adesso: datetime) -> None:
    if incontro.stato != Incontro.Stato.PUBBLICATO:
        raise NonDovuto
    if incontro.finito(adesso):
        raise Scaduto


def _url(iscrizione: Iscrizione, nome: str) -> str:
    return assoluto(reverse(f"iscrizioni:{nome}", args=[iscrizione.token]))


def _fatti(incontro: Incontro, iscrizione: Iscrizione) -> list[tuple[str, str]]:
    """What one needs to come, as (name, value) rows; what is not known is said to be so."""
    fatti = [(_("Quando"), incontro.quando)]
    if incontro.stato == Incontro.Stato.RINVIATO:
        return fatti
    if incontro.modalita == Incontro.Modalita.ONLINE:
        fatti.append((_("Dove"), _("online")))
    else:
        sede = incontro.sede
        dove = ", ".join(p for p in (sede.nome, sede.indirizzo_completo) if p) if sede else ""
        fatti.append((_("Dove"), dove or _("da comunicare")))
        if sede:
            arrivo = (sede.mezzi_pubblici, sede.parcheggio, sede.note)
            if come := " · ".join(voce for voce in arrivo if voce):
                fatti.append((_("Come arrivare"), come))
            if sede.senza_gradini is not None:
                fatti.append(
                    (_("Ingresso senza gradini"), _("sì") if sede.senza_gradini else _("no"))
                )
    da_casa = incontro.link_online or incontro.modalita != Incontro.Modalita.PRESENZA
    if da_casa and iscrizione.stato == Stato.CONFERMATA:
        fatti.append((_("Collegamento online"), incontro.link_online or _("da comunicare")))
    posti = iscrizione.posti or iscrizione.posti_richiesti
    if posti > 1:
        fatti.append((_("Posti"), str(posti)))
    return fatti


def _componi(
    nome: str,
    iscrizione: Iscrizione,
    *,
    invito: tuple[str, datetime] | None = None,
    intestazioni: dict[str, str] | None = None,
    con_codice: bool = False,
    **contesto,
) -> Composto:
    """``con_codice``: with what she shows at the door, where there is one."""
    incontro = iscrizione.incontro
    if con_codice := con_codice and incontro.modalita != Incontro.Modalita.ONLINE:
        contesto |= {"codice": presenze.codice_ingresso(iscrizione), "codice_cid": CODICE_CID}
    oggetto, testo, html = componi(
        nome,
        {
            "incontro": incontro,
            "iscrizione": iscrizione,
            "esempio": incontro.percorso.esempio,
            "fatti": _fatti(incontro, iscrizione),
            "url_incontro": assoluto(incontro.get_absolute_url()),
            "url_iscrizione": assoluto(iscrizione.get_absolute_url()),
            "url_rinuncia": _url(iscrizione, "iscrizione_rinuncia"),
            **contesto,
        },
    )
    allegati = ()
    if invito is not None:
        metodo, adesso = invito
        ics = ics_incontro(
            incontro, metodo=metodo, invitato=invitato_da(iscrizione), adesso=adesso
        )
        mimetype = f"text/calendar; method={metodo}; charset=utf-8"
        allegati = (Allegato("incontro.ics", ics, mimetype),)
    if con_codice:
        qr = presenze.qr(iscrizione)
        allegati += (Allegato("codice-ingresso.png", qr, "image/png", cid=CODICE_CID),)
    return Composto(oggetto, testo, html, allegati=allegati, intestazioni=intestazioni or {})
