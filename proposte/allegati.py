"""The one door for files: what a stranger sends is made anew before anybody else opens it.

The work is done by ``portale.lib.file_sicuri``; here is what surrounds it: how many, how large,
whose, and that no file is left without its row.
See docs/adr/0012-allegati.md.
"""

import secrets
import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portale.lib.file_sicuri import (
    MEGA,
    PESO_MASSIMO,
    FileRifiutato,
    bonifica,
    copia,
    troppo_grande,
    vuoto,
)

from .models import Allegato, Avanzamento, Passaggio, Proposta
from .segnali import contenuto_cambiato
from .services import Rifiuto

Stato = Proposta.Stato

# Of a proposal, and of each of its milestones.
QUANTI = 5
# What is kept of one proposal, its milestones included.
PESO_TOTALE = 60 * MEGA
# While its proponent may still edit it (``services.modifica``).
MODIFICABILI = (Stato.BOZZA, Stato.INVIATA, Stato.PUBBLICATA)
CARTELLA = "proposte"


# --- Adding ---------------------------------------------------------------------------------


def allega(proposta: Proposta, file: File, titolo: str, *, adesso: datetime) -> Allegato:
    """The proponent adds a file to her draft, or to what she may still edit; once it is public
    the change is written in its history. Raises Rifiuto with the reason; what it does not say,
    it says of :func:`aggiungi`."""
    return _aggiungi(proposta, file, titolo, stati=MODIFICABILI, adesso=adesso)


def aggiungi(
    proposta: Proposta, file: File, titolo: str, *, avanzamento: Avanzamento | None = None
) -> Allegato:
    """A file of a proposal, or of one of its milestones, made harmless and kept.

    The same file sent twice is one: the second time its row comes back. Raises Rifiuto, fit to be
    shown, when it is too large, too many, no PDF or image, or does anything but be looked at. It
    takes up to some seconds: never call it while a lock is held by you.
    """
    return _aggiungi(proposta, file, titolo, avanzamento=avanzamento)


def _aggiungi(proposta, file, titolo, *, avanzamento=None, stati=None, adesso=None):
    titolo = " ".join(titolo.split())
    if not titolo:
        raise Rifiuto(_("Scrivi un titolo: per un'immagine, che cosa si vede."))
    if len(titolo) > (massimo := Allegato._meta.get_field("titolo").max_length):
        raise Rifiuto(_("Il titolo è troppo lungo: al massimo %(n)d caratteri.") % {"n": massimo})
    if not file.size:
        raise Rifiuto(vuoto())
    if file.size > PESO_MASSIMO:
        raise Rifiuto(troppo_grande())
    with tempfile.TemporaryDirectory(prefix="allegato-") as cartella:
        cartella = Path(cartella)
        impronta = copia(file, cartella / "ricevuto")
        if (gia := _gia(proposta, impronta, avanzamento)) is not None:
            return gia
        # Before the work, and again under the lock.
        _c_e_posto(proposta, avanzamento, 0)
        try:
            esito = bonifica(cartella)
        except FileRifiutato as no:
            raise Rifiuto(str(no)) from no
        with _senza_orfani() as scritti, transaction.atomic():
            attuale = Proposta.objects.select_for_update(of=["self"], no_key=True).get(
                pk=proposta.pk
            )
            if stati is not None and attuale.stato not in stati:
                raise Rifiuto(_("Gli allegati di questa proposta non si cambiano più."))
            if (gia := _gia(proposta, impronta, avanzamento)) is not None:
                return gia
            peso = (cartella / "file").stat().st_size
            _c_e_posto(proposta, avanzamento, peso)
            allegato = Allegato(
                proposta=attuale,
                avanzamento=avanzamento,
                genere=esito["genere"],
                titolo=titolo,
                byte=peso,
                larghezza=esito.get("larghezza"),
                altezza=esito.get("altezza"),
                impronta=impronta,
            )
            estensione = "jpg" if esito["genere"] == Allegato.Genere.IMMAGINE else "pdf"
            for campo, nome in (
                (allegato.file, cartella / "file"),
                (allegato.anteprima, cartella / "anteprima"),
            ):
                if nome.exists():
                    with nome.open("rb") as contenuto:
                        # A name that says nothing and that nobody can guess.
                        campo.save(
                            f"{secrets.token_hex(16)}.{estensione}", File(contenuto), save=False
                        )
                    scritti.append(campo)
            allegato.save()
            _annota(attuale, adesso, _("Aggiunto l'allegato «%(titolo)s».") % {"titolo": titolo})
    return allegato


def togli(allegato: Allegato, *, adesso: datetime) -> None:
    """The proponent takes a file of hers away. Doing it again changes nothing. Raises Rifiuto
    when her proposal is not hers to edit any more."""
    with transaction.atomic():
        proposta = Proposta.objects.select_for_update(of=["self"], no_key=True).get(
            pk=allegato.proposta_id
        )
        if proposta.stato not in MODIFICABILI:
            raise Rifiuto(_("Gli allegati di questa proposta non si cambiano più."))
        quante, _righe = Allegato.objects.filter(pk=allegato.pk, avanzamento=None).delete()
        if quante:
            _annota(
                proposta, adesso, _("Tolto l'allegato «%(titolo)s».") % {"titolo": allegato.titolo}
            )


def _annota(proposta, adesso, testo):
    """Written in the history of what everybody can read already."""
    if adesso is None or not proposta.pubblica:
        return
    Passaggio.objects.create(
        proposta=proposta,
        evento=Passaggio.Evento.MODIFICA,
        da=proposta.stato,
        a=proposta.stato,
        testo=testo,
        created_at=adesso,
    )
    contenuto_cambiato.send(Proposta)


def _gia(proposta, impronta, avanzamento):
    """The row of a file that came already; Rifiuto when it hangs elsewhere in the proposal."""
    gia = Allegato.objects.filter(proposta=proposta, impronta=impronta).first()
    if gia is not None and gia.avanzamento_id != (avanzamento.pk if avanzamento else None):
        raise Rifiuto(
            _("Questo file c'è già fra gli allegati della proposta: «%(titolo)s».")
            % {"titolo": gia.titolo}
        )
    return gia


def _c_e_posto(proposta, avanzamento, peso):
    tutti = Allegato.objects.filter(proposta=proposta)
    if tutti.filter(avanzamento=avanzamento).count() >= QUANTI:
        raise Rifiuto(
            ngettext(
                "C'è già %(n)d file: per aggiungerne un altro toglilo.",
                "Ci sono già %(n)d file: per aggiungerne un altro togline uno.",
                QUANTI,
            )
            % {"n": QUANTI}
        )
    if (tutti.aggregate(n=Sum("byte"))["n"] or 0) + peso > PESO_TOTALE:
        raise Rifiuto(
            _("Gli allegati di questa proposta pesano insieme più di %(peso)s: togline qualcuno.")
            % {"peso": filesizeformat(PESO_TOTALE)}
        )


# --- Files and rows ---------------------------------------------------------------------------


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


@receiver(post_delete, sender=Allegato, dispatch_uid="allegati.cancella_file")
def _cancella_file(instance, **kwargs):
    """A row takes its files along, also when it goes with its proposal: a cascade calls nothing
    else. Only after the commit: until then somebody may ask for them, and it may be undone."""
    nomi = [campo.name for campo in (instance.file, instance.anteprima) if campo]
    transaction.on_commit(lambda: [default_storage.delete(nome) for nome in nomi], robust=True)


def pulisci_orfani(adesso: datetime) -> int:
    """Delete the files that no row names: a transaction of somebody else's was undone, or the
    machine stopped between file and row. Looks at this month and the one before, and leaves alone
    what is younger than a day: its row may be about to be written. Returns how many."""
    ieri = adesso - timedelta(days=1)
    tolti = 0
    for mese in {f"{giorno:%Y/%m}" for giorno in (adesso, adesso - timedelta(days=28))}:
        cartella = f"{CARTELLA}/{mese}"
        try:
            _cartelle, nomi = default_storage.listdir(cartella)
        except FileNotFoundError:
            continue
        presenti = {f"{cartella}/{nome}" for nome in nomi}
        for riga in Allegato.objects.filter(
            Q(file__startswith=f"{cartella}/") | Q(anteprima__startswith=f"{cartella}/")
        ).values_list("file", "anteprima"):
            presenti.difference_update(riga)
        for nome in presenti:
            if default_storage.get_modified_time(nome) < ieri:
                default_storage.delete(nome)
                tolti += 1
    return tolti
