"""The one door to minutes: they are written, corrected by who was there, approved and frozen.

Everything about one minutes happens under the lock of its row. Locks are always taken in this
order: sitting, minutes, proposals, decisions. See docs/adr/0018-verbali.md.
"""

import io
import logging
import secrets
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import partial
from hashlib import sha256

import segno
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from portale.lib import dates
from portale.lib.emails import assoluto
from portale.lib.pdf import ImpaginazioneFallita, impagina
from portale.lib.rifiuti import Rifiuto, Superata
from portale.lib.testo import oscura
from proposte.segnali import contenuto_cambiato

from .. import contenuto_verbale, numero_legale
from ..models import (
    Componente,
    Correzione,
    ImpostazioniTavolo,
    PassaggioVerbale,
    Presenza,
    PuntoOrdineDelGiorno,
    Rettifica,
    Seduta,
    Seggio,
    Verbale,
    VoceVerbale,
)
from . import decisioni
from . import verbali_avvisi as avvisi

logger = logging.getLogger(__name__)

Stato = Verbale.Stato
CARTELLA = "tavolo/verbali"
# Files younger than this may be about to get their row.
_GIOVANE = timedelta(days=1)


# --- Writing --------------------------------------------------------------------------------


def inizia(seduta: Seduta, autore, *, adesso: datetime) -> Verbale:
    """The minutes of a sitting, with one text to write for each item of its agenda; those that
    were begun already, with the items added since. Raises Rifiuto before the sitting opens."""
    with transaction.atomic():
        seduta = _blocca_seduta(seduta)
        if seduta.stato not in (Seduta.Stato.APERTA, Seduta.Stato.CHIUSA):
            raise Rifiuto(_("Il verbale si scrive da quando la seduta comincia."))
        verbale, nuovo = Verbale.objects.get_or_create(
            seduta=seduta, defaults={"esempio": seduta.esempio}
        )
        if nuovo:
            _annota(verbale, "", autore, adesso)
        if not verbale.approvato:
            _allinea(verbale)
    return verbale


def manca_una_voce(verbale: Verbale) -> bool:
    """Whether the agenda has an item of which nothing can be written yet: ``inizia`` again."""
    return _senza_voce(verbale).exists()


def _senza_voce(verbale):
    scritti = verbale.voci.values("punto")
    return PuntoOrdineDelGiorno.objects.filter(seduta=verbale.seduta_id).exclude(pk__in=scritti)


def _allinea(verbale):
    """One text for each item of the agenda, also for those that came later."""
    VoceVerbale.objects.bulk_create(
        [VoceVerbale(verbale=verbale, punto=punto) for punto in _senza_voce(verbale)],
        ignore_conflicts=True,
    )


def salva_voce(
    voce: VoceVerbale, testo: str, *, versione: int, autore, adesso: datetime
) -> VoceVerbale:
    """Keep what was said on one item. ``versione`` is the one that the writer started from:
    Superata when somebody saved another text since. The same text again changes nothing. While
    corrections may be asked for, what it said before is kept too."""
    testo = _a_capo(testo)
    with transaction.atomic():
        verbale = blocca(Verbale(pk=voce.verbale_id))
        pretendi_aperto(verbale)
        voce = VoceVerbale.objects.select_related("punto").get(pk=voce.pk)
        if voce.testo == testo:
            return voce
        _pretendi_versione(voce, versione)
        _annota_cambio(verbale, str(voce.punto), voce.testo, autore, adesso)
        voce.testo = testo
        voce.versione += 1
        voce.save(update_fields=["testo", "versione"])
    return voce


def salva_cornice(
    verbale: Verbale, *, premessa: str, chiusura: str, versione: int, autore, adesso: datetime
) -> Verbale:
    """The same for what comes before and after the items."""
    premessa, chiusura = _a_capo(premessa), _a_capo(chiusura)
    with transaction.atomic():
        verbale = blocca(verbale)
        pretendi_aperto(verbale)
        if (verbale.premessa, verbale.chiusura) == (premessa, chiusura):
            return verbale
        _pretendi_versione(verbale, versione)
        if verbale.premessa != premessa:
            _annota_cambio(verbale, _("Premessa"), verbale.premessa, autore, adesso)
        if verbale.chiusura != chiusura:
            _annota_cambio(verbale, _("Chiusura"), verbale.chiusura, autore, adesso)
        verbale.premessa, verbale.chiusura = premessa, chiusura
        verbale.versione += 1
        verbale.save(update_fields=["premessa", "chiusura", "versione", "updated_at"])
    return verbale


def _pretendi_versione(riga, versione):
    if riga.versione != versione:
        raise Superata(_("Nel frattempo qualcun altro ha salvato questo testo."))


def _annota_cambio(verbale, che_cosa, prima, autore, adesso):
    """Members who were asked to read a text know what it said."""
    if verbale.stato != Stato.IN_CORREZIONE:
        return
    if prima:
        dati = {"che_cosa": che_cosa, "prima": prima}
        testo = _("Cambiato il testo di «%(che_cosa)s». Prima diceva: %(prima)s") % dati
    else:
        testo = _("Scritto il testo di «%(che_cosa)s».") % {"che_cosa": che_cosa}
    _annota(verbale, verbale.stato, autore, adesso, testo)


# --- Corrections ----------------------------------------------------------------------------


def apri_correzioni(verbale: Verbale, autore, *, adesso: datetime) -> Verbale:
    """Ask the seats that were there to read it, until the midnight (Rome) that ends the last of
    the days that the percorso gives; their people get one mail. A second click changes nothing.
    Raises Rifiuto while the sitting is not over, and where nothing was written."""
    with transaction.atomic():
        verbale = blocca(verbale)
        pretendi_aperto(verbale)
        if verbale.stato == Stato.IN_CORREZIONE:
            return verbale
        if verbale.seduta.stato != Seduta.Stato.CHIUSA:
            raise Rifiuto(_("La seduta non è ancora chiusa."))
        _allinea(verbale)
        if not (verbale.premessa or verbale.voci.exclude(testo="").exists()):
            raise Rifiuto(_("Il verbale è vuoto: scrivi che cosa si è detto."))
        giorni = numero_legale.impostazioni(verbale.seduta.incontro.percorso).correzioni_giorni
        ultimo = dates.a_roma(adesso).date() + timedelta(days=giorni)
        verbale.correzioni_fino_a = dates.ora_di_muro(ultimo + timedelta(days=1), time())
        _passa(verbale, Stato.IN_CORREZIONE, autore, adesso)
        verbale.save(update_fields=["stato", "correzioni_fino_a", "updated_at"])
        avvisi.correzioni_aperte(verbale, adesso)
    return verbale


def chiedi_correzione(
    verbale: Verbale,
    seggio: Seggio,
    componente: Componente,
    *,
    punto: PuntoOrdineDelGiorno | None,
    testo: str,
    chiave: str,
    adesso: datetime,
) -> Correzione:
    """A seat asks to correct what the minutes say (of one item, or of the rest). ``chiave`` comes
    with the form, so that a double click asks once. Raises Rifiuto for a seat that was not there
    or has no voice, and outside the window."""
    testo = _a_capo(testo)
    if not testo:
        raise Rifiuto(_("Scrivi che cosa correggere."))
    with transaction.atomic():
        verbale = blocca(verbale)
        gia = Correzione.objects.filter(chiave=chiave).first()
        if gia is not None:
            if (gia.verbale_id, gia.seggio_id) != (verbale.pk, seggio.pk):
                raise Rifiuto(_("Apri di nuovo la pagina e riprova."))
            return gia
        if perche := perche_non_si_corregge(verbale, seggio, adesso):
            raise Rifiuto(perche)
        if punto is not None and punto.seduta_id != verbale.seduta_id:
            raise Rifiuto(_("Questo punto è di un'altra seduta."))
        return Correzione.objects.create(
            verbale=verbale,
            punto=punto,
            seggio=seggio,
            componente=componente,
            testo=testo,
            chiave=chiave,
            created_at=adesso,
        )


def perche_non_si_corregge(verbale: Verbale, seggio: Seggio, adesso: datetime) -> str:
    """Why this seat asks for no correction now; empty when it may."""
    if verbale.stato == Stato.BOZZA:
        return _("Il verbale è ancora in scrittura.")
    if verbale.approvato:
        return _("Il verbale è approvato: si corregge solo con una rettifica, in una seduta.")
    if adesso >= verbale.correzioni_fino_a:
        return _("Il tempo per chiedere correzioni è finito.")
    if not avvisi.che_c_erano(verbale).filter(pk=seggio.pk).exists():
        return _("Può chiedere correzioni chi era alla seduta.")
    return ""


def rispondi_correzione(
    correzione: Correzione, *, esito: str, risposta: str, autore, adesso: datetime
) -> Correzione:
    """Say whether it was taken, with the reason when it was not; the people of the seat are told.
    The same answer again changes nothing. Raises Superata when somebody has answered otherwise,
    Rifiuto without a reason."""
    risposta = _a_capo(risposta)
    if esito not in Correzione.Esito.values:
        raise Rifiuto(_("Scegli se la correzione è accolta."))
    if esito == Correzione.Esito.NON_ACCOLTA and not risposta:
        raise Rifiuto(_("Scrivi perché la correzione non è accolta."))
    with transaction.atomic():
        verbale = blocca(Verbale(pk=correzione.verbale_id))
        correzione = Correzione.objects.get(pk=correzione.pk)
        if correzione.esito:
            if (correzione.esito, correzione.risposta) == (esito, risposta):
                return correzione
            raise Superata(_("A questa correzione è già stata data una risposta."))
        pretendi_aperto(verbale)
        correzione.esito, correzione.risposta = esito, risposta
        correzione.risposta_at, correzione.risposto_da = adesso, autore
        correzione.save(update_fields=["esito", "risposta", "risposta_at", "risposto_da"])
        avvisi.correzione_risposta(correzione, adesso)
    return correzione


# --- Approval -------------------------------------------------------------------------------


def approva_in_seduta(verbale: Verbale, seduta: Seduta, autore, *, adesso: datetime) -> Verbale:
    """A later sitting, with its quorum, approves them: they are frozen and published, with the
    decisions that waited for them, and the members are told. Approving them again in the same
    sitting changes nothing. Raises Rifiuto when they cannot be approved yet, and Superata when
    they changed while the files were made. Takes some tenths of a second."""
    return _approva(verbale, Verbale.Modo.SEDUTA, seduta, autore, adesso)


def approva_per_silenzio(adesso: datetime) -> int:
    """Approve those whose window is over and whose corrections are all answered, where the
    percorso has it so; returns how many. Part of the clock."""
    approvati = 0
    silenzio = ImpostazioniTavolo.objects.filter(
        approvazione=ImpostazioniTavolo.Approvazione.SILENZIO
    )
    scaduti = (
        Verbale.objects.da_chiudere(adesso)
        .filter(seduta__incontro__percorso__in=silenzio.values("percorso"))
        .exclude(correzioni__esito="")
        .order_by("pk")
    )
    for verbale in list(scaduti):
        try:
            _approva(verbale, Verbale.Modo.SILENZIO, None, None, adesso)
        except (Rifiuto, OSError) as no:
            # One that cannot be set, or stored, must not hold the others: it is tried again.
            logger.warning("Minutes %s can not be approved by silence: %s", verbale.pk, no)
        else:
            approvati += 1
    return approvati


def perche_non_si_approva(verbale: Verbale, adesso: datetime) -> str:
    """Why nobody can approve them now, whatever the way; empty when somebody may."""
    if verbale.approvato:
        return _("Il verbale è già approvato.")
    if verbale.stato == Stato.BOZZA:
        return _("Prima va aperto il tempo per le correzioni.")
    if adesso < verbale.correzioni_fino_a:
        return _("Si possono chiedere correzioni fino alla mezzanotte di %(giorno)s.") % {
            "giorno": dates.giorno_esteso(verbale.ultimo_giorno)
        }
    if verbale.correzioni.senza_risposta().exists():
        return _("Ci sono correzioni senza risposta.")
    return ""


def sedute_che_approvano(verbale: Verbale):
    """The sittings that came after it and have begun, the latest first: where minutes are
    approved, or corrected once they are."""
    return (
        Seduta.objects.for_elenco()
        .filter(
            incontro__percorso=verbale.seduta.incontro.percorso_id,
            stato__in=[Seduta.Stato.APERTA, Seduta.Stato.CHIUSA],
            incontro__inizio__gt=verbale.seduta.incontro.inizio,
        )
        .order_by("-incontro__inizio", "-pk")
    )


def _approva(verbale, modo, seduta, autore, adesso):
    """The files are made before anything is locked; under the lock all is read again, and what
    changed in between is not approved unread."""
    verbale = Verbale.objects.for_elenco().get(pk=verbale.pk)
    if verbale.approvato and (verbale.approvato_modo, verbale.approvato_in) == (modo, seduta):
        return verbale
    _pretendi_approvabile(verbale, modo, seduta, adesso)
    copie = _copie(verbale, modo, seduta, adesso)
    file = [_impagina(contenuto, interno, adesso) for contenuto, interno in copie]
    with _senza_orfani() as scritti, transaction.atomic():
        _blocca_seduta(verbale.seduta)
        verbale = blocca(verbale)
        if verbale.approvato and (verbale.approvato_modo, verbale.approvato_in) == (modo, seduta):
            # The first of two clicks.
            return verbale
        _pretendi_approvabile(verbale, modo, seduta, adesso)
        if _copie(verbale, modo, seduta, adesso) != copie:
            raise Superata(_("Nel frattempo il verbale è cambiato: rileggilo e riprova."))
        (verbale.contenuto, _no), (verbale.contenuto_interno, _si) = copie
        for campo, contenuto in zip((verbale.pdf, verbale.pdf_interno), file, strict=True):
            campo.save(f"{secrets.token_hex(16)}.pdf", ContentFile(contenuto), save=False)
            scritti.append(campo)
        verbale.sha256, verbale.sha256_interno = (impronta(contenuto) for contenuto in file)
        verbale.approvato_at, verbale.approvato_modo = adesso, modo
        verbale.approvato_in = seduta
        _passa(verbale, Stato.APPROVATO, autore, adesso)
        verbale.save()
        decisioni.pubblica_con_verbale(verbale.seduta, autore, adesso)
        avvisi.approvato(verbale, adesso)
        contenuto_cambiato.send(Verbale)
    return verbale


def _pretendi_approvabile(verbale, modo, seduta, adesso):
    if perche := perche_non_si_approva(verbale, adesso):
        raise Rifiuto(perche)
    if modo == Verbale.Modo.SEDUTA:
        _pretendi_seduta(verbale, seduta)


def _pretendi_seduta(verbale, seduta):
    """A later sitting of the same percorso, that has its quorum."""
    if not sedute_che_approvano(verbale).filter(pk=seduta.pk).exists():
        raise Rifiuto(_("Scegli una seduta che è venuta dopo, e che è cominciata."))
    seduta = Seduta.objects.for_elenco().get(pk=seduta.pk)
    numeri = numero_legale.di_seduta(seduta, seduta.giorno)
    presenti = numeri.presenti
    if seduta.stato == Seduta.Stato.CHIUSA:
        # When it was over everybody had left.
        venuti = Presenza.objects.filter(seduta=seduta, modo__in=Presenza.PRESENTI)
        presenti = venuti.filter(seggio__ruolo__in=Seggio.CON_VOCE).count()
    if presenti < numeri.necessari:
        raise Rifiuto(
            _("La seduta non ha il numero legale: seggi presenti %(presenti)d, ne servono %(n)d.")
            % {"presenti": presenti, "n": numeri.necessari}
        )


def _copie(verbale, modo, seduta, adesso) -> list[tuple[dict, bool]]:
    """What is frozen: for everybody, and for the members."""
    contenuto = contenuto_verbale.leggi(verbale)
    contenuto["approvazione"] = contenuto_verbale.approvazione(verbale, modo, seduta, adesso)
    nomi = contenuto_verbale.nomi_riservati(verbale.seduta.incontro.percorso)
    return [(contenuto_verbale.per_tutti(contenuto, nomi), False), (contenuto, True)]


def _impagina(contenuto, interno, adesso) -> bytes:
    with override("it"):
        verifica = reverse("tavolo:verbale_verifica")
    indirizzo = assoluto(verifica)
    qr = io.BytesIO()
    segno.make(indirizzo, micro=False).save(qr, kind="svg", border=0)
    titolo = contenuto_verbale.titolo(contenuto)
    dati = {
        **contenuto,
        "interno": interno,
        "sopratitolo": contenuto["percorso"],
        "sottotitolo": "Tavolo di Negoziazione",
        "piede": titolo,
        "verifica": indirizzo,
        "verifica_url": indirizzo.encode(),
        "verifica_qr": qr.getvalue(),
    }
    try:
        return impagina("verbale", dati, titolo=titolo, creato=adesso)
    except ImpaginazioneFallita as no:
        raise Rifiuto(str(no)) from no


# --- After ----------------------------------------------------------------------------------


def rettifica(
    verbale: Verbale, testo: str, seduta: Seduta, autore, *, adesso: datetime
) -> Rettifica:
    """A correction of approved minutes, decided by a later sitting: an act of its own, shown
    beside them, with no member's name. The same text of the same sitting again is the same act.
    Raises Rifiuto for minutes that are not approved."""
    testo = _a_capo(testo)
    if not testo:
        raise Rifiuto(_("Scrivi che cosa si rettifica."))
    with transaction.atomic():
        verbale = blocca(verbale)
        if not verbale.approvato:
            raise Rifiuto(_("Il verbale non è approvato: si può ancora correggere."))
        _pretendi_seduta(verbale, seduta)
        nomi = contenuto_verbale.nomi_riservati(verbale.seduta.incontro.percorso)
        testo = contenuto_verbale.oscura(testo, nomi)
        gia = verbale.rettifiche.filter(seduta=seduta, testo=testo).first()
        if gia is not None:
            return gia
        ultima = verbale.rettifiche.aggregate(n=Max("numero"))["n"] or 0
        nuova = Rettifica.objects.create(
            verbale=verbale,
            numero=ultima + 1,
            testo=testo,
            seduta=seduta,
            autore=autore,
            pubblicata_at=adesso,
        )
        contenuto_cambiato.send(Rettifica)
    return nuova


def riedita_senza(percorsi, cercata, adesso: datetime) -> int:
    """The members' copies of approved minutes of these percorsi that name somebody who erased her
    data are made again without her; returns how many. The copy for everybody, which never named
    her, stays as it was approved, with its hash; a step says that the other one changed.

    Call it in a transaction: new files stay if it fails, and are swept (``pulisci_orfani``).
    """
    approvati = Verbale.objects.approvati().filter(seduta__incontro__percorso__in=percorsi)
    rieditati = 0
    for verbale in approvati.order_by("pk"):
        contenuto = oscura(verbale.contenuto_interno, cercata)
        if contenuto == verbale.contenuto_interno:
            continue
        file = _impagina(contenuto, True, adesso)
        vecchio = verbale.pdf_interno.name
        campo = verbale.pdf_interno
        campo.save(f"{secrets.token_hex(16)}.pdf", ContentFile(file), save=False)
        Verbale.objects.filter(pk=verbale.pk).update(
            contenuto_interno=contenuto, pdf_interno=campo.name, sha256_interno=impronta(file)
        )
        testo = _("Copia per i componenti rifatta senza il nome di chi ha cancellato i suoi dati.")
        _annota(verbale, verbale.stato, None, adesso, testo)
        transaction.on_commit(partial(campo.storage.delete, vecchio), robust=True)
        rieditati += 1
    return rieditati


def impronta(contenuto: bytes) -> str:
    """The SHA-256 of a file, as it is shown."""
    return sha256(contenuto).hexdigest()


class Alterato(Exception):
    """The stored file is not the one that was approved."""


def file_approvato(verbale: Verbale, *, interno: bool = False) -> bytes:
    """The stored bytes, once they are found to be those whose hash was published; Alterato when
    they are not, or are gone."""
    campo = verbale.pdf_interno if interno else verbale.pdf
    try:
        # From the storage: a row just saved still holds what it was given.
        with campo.storage.open(campo.name) as file:
            contenuto = file.read()
    except (OSError, ValueError) as guasto:
        raise Alterato(verbale.pk) from guasto
    if impronta(contenuto) != (verbale.sha256_interno if interno else verbale.sha256):
        logger.error("The file of the minutes %s is not the one that was approved", verbale.pk)
        raise Alterato(verbale.pk)
    return contenuto


def di_impronta(quale: str) -> Verbale | None:
    """The approved minutes, of which one of the two files has this SHA-256."""
    trovati = Verbale.objects.approvati().for_elenco()
    return trovati.filter(Q(sha256=quale) | Q(sha256_interno=quale)).first()


def pulisci_orfani(adesso: datetime) -> int:
    """Delete the files that no minutes name (the machine stopped between file and row) and that
    are older than a day; returns how many. Part of the clock."""
    try:
        _cartelle, nomi = default_storage.listdir(CARTELLA)
    except FileNotFoundError:
        return 0
    presenti = {f"{CARTELLA}/{nome}" for nome in nomi}
    for riga in Verbale.objects.approvati().values_list("pdf", "pdf_interno"):
        presenti.difference_update(riga)
    vecchi = [
        nome for nome in presenti if default_storage.get_modified_time(nome) < adesso - _GIOVANE
    ]
    for nome in vecchi:
        default_storage.delete(nome)
    return len(vecchi)


# --- Rows -----------------------------------------------------------------------------------


def blocca(verbale: Verbale) -> Verbale:
    """The minutes as they are now, locked until the end of the transaction."""
    return (
        Verbale.objects.select_for_update(of=["self"], no_key=True).for_elenco().get(pk=verbale.pk)
    )


def pretendi_aperto(verbale: Verbale) -> None:
    if verbale.approvato:
        raise Rifiuto(_("Il verbale è approvato: non cambia più. Serve una rettifica."))


def _blocca_seduta(seduta):
    return (
        Seduta.objects.select_for_update(of=["self"], no_key=True)
        .select_related("incontro__percorso")
        .get(pk=seduta.pk)
    )


def _passa(verbale, stato, autore, adesso):
    da, verbale.stato = verbale.stato, stato
    _annota(verbale, da, autore, adesso)


def _annota(verbale, da, autore, adesso, testo=""):
    PassaggioVerbale.objects.create(
        verbale=verbale, da=da, a=verbale.stato, autore=autore, testo=testo, created_at=adesso
    )


def _a_capo(testo: str) -> str:
    """A browser sends its line ends its own way."""
    return testo.replace("\r\n", "\n").replace("\r", "\n").strip()


@contextmanager
def _senza_orfani():
    """A list of files just written: all are deleted if what follows does not succeed."""
    scritti = []
    try:
        yield scritti
    except BaseException:
        for campo in scritti:
            campo.storage.delete(campo.name)
        raise
