"""The one door to sheets that are imported: load, look at, write, throw away.

What takes long is done in the background by :func:`lavora`, and seen by who waits. A process
that dies leaves nothing half-written: the next one takes the sheet over and begins again.

To write, all that takes its time comes first: each row is looked at anew, outside any transaction.
Then one short transaction makes sure that nothing has changed since, and writes all of it at once;
on SQLite nobody else writes meanwhile.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.admin.models import ADDITION, CHANGE
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from portale.lib import storia
from portale.lib.fogli import Illeggibile
from portale.lib.tabelle import Tabella

from .generi import Genere, registro
from .models import Importazione, RigaImportata
from .risorse import Esito, Rifiuto, RigaRifiutata, Risorsa, Superate

logger = logging.getLogger(__name__)

Stato = Importazione.Stato
PESO_MASSIMO = 16 * 1024 * 1024
RIGHE_MASSIME = 10_000
# A sheet that was not written, or the rows left out of one, with the names in them.
CONSERVATA = timedelta(days=7)
# Who reads a sheet is seen after each block of rows; silent for this long, it is taken for dead.
SILENZIO = timedelta(minutes=2)
# Who writes one has no file to open first. Of two that do it at once one comes too late.
SILENZIO_SCRITTURA = timedelta(seconds=30)
BLOCCO = 200
# How often the rows are looked at when others change the same things meanwhile.
TENTATIVI = 3


class _Persa(Exception):
    """Somebody else took the sheet over."""


def tabella(genere: Genere, user) -> Tabella:
    """How the sheets of a kind are read, for what this person may give."""
    colonne = genere.risorsa.da_leggere(user)
    nomi = "», «".join(c.nome for c in colonne if c.obbligatoria)
    return Tabella(
        colonne,
        massimo=RIGHE_MASSIME,
        senza_nomi=lambda: (
            _(
                "Non trovo i nomi delle colonne. Nella prima riga devono esserci almeno "
                "«%(nomi)s»: parti dal file modello."
            )
            % {"nomi": nomi}
        ),
    )


def carica(file, *, genere: Genere, opzioni: dict, autore, adesso: datetime) -> Importazione:
    """Take a sheet in, to be read. Raises Rifiuto when it is too heavy."""
    if file.size > PESO_MASSIMO:
        raise Rifiuto(_("Il file pesa più di 16 MB: dividilo in più parti."))
    contenuto = file.read()
    ultimo = (file.name or "").replace("\\", "/").rpartition("/")[2]
    return Importazione.objects.create(
        genere=genere.nome,
        opzioni=opzioni,
        nome_file="".join(c for c in ultimo if c.isprintable())[-200:] or "?",
        impronta=sha256(contenuto).hexdigest(),
        contenuto=contenuto,
        autore=autore,
        created_at=adesso,
    )


def chiedi(
    importazione: Importazione,
    *,
    solo_buone: bool = False,
    con_doppie: bool = False,
    autore,
    adesso: datetime,
) -> Importazione:
    """Have the rows written; asked for again it changes nothing. With wrong rows in the sheet
    only ``solo_buone`` leaves those out; what is perhaps there already stays out unless
    ``con_doppie``. Raises Rifiuto when there is nothing to write, or when somebody has to say
    what to do about the wrong ones."""
    importazione.refresh_from_db(fields=["stato", "nuove", "cambiate", "errate", "doppie"])
    if importazione.stato in (Stato.DA_SCRIVERE, Stato.SCRITTA):
        return importazione
    importazione.con_doppie = con_doppie
    if importazione.stato != Stato.PRONTA or not importazione.da_importare:
        raise Rifiuto(_("Nessuna riga da importare: correggi il file e caricalo di nuovo."))
    if importazione.errate and not solo_buone:
        raise Rifiuto(_("Ci sono righe da correggere: importa solo quelle pronte, o correggile."))
    # Of two clicks, and of two officers, one finds it to be done.
    Importazione.objects.filter(pk=importazione.pk, stato=Stato.PRONTA).update(
        stato=Stato.DA_SCRIVERE,
        solo_buone=solo_buone,
        con_doppie=con_doppie,
        scritta_da=autore,
        problema="",
        fatte=0,
    )
    importazione.refresh_from_db()
    return importazione


def lavora(adesso: datetime) -> int:
    """Read and write what waits, the oldest first; says how many sheets. Several may do it at
    once: each sheet is worked at by one."""
    fatti = 0
    in_coda = Importazione.objects.filter(stato__in=(Stato.DA_LEGGERE, Stato.DA_SCRIVERE))
    # What was queued: a sheet that cannot be finished waits for the next turn.
    for pk, stato in list(in_coda.order_by("created_at", "pk").values_list("pk", "stato")):
        # What people read in a sheet does not depend on who started the process.
        with translation.override("it"):
            fatti += _leggi(pk, adesso) if stato == Stato.DA_LEGGERE else _scrivi(pk, adesso)
    return fatti


def pulisci(adesso: datetime) -> int:
    """Throw away the sheets that were never written, and the rows that were left out of one."""
    vecchie = Importazione.objects.filter(created_at__lt=adesso - CONSERVATA)
    RigaImportata.objects.filter(importazione__in=vecchie.filter(stato=Stato.SCRITTA)).delete()
    _quante, per_modello = vecchie.exclude(stato__in=(Stato.SCRITTA, Stato.DA_SCRIVERE)).delete()
    return per_modello.get(Importazione._meta.label, 0)


# --- Reading --------------------------------------------------------------------------------


def _prendi(pk, stato, silenzio, adesso) -> str:
    """Take a sheet that nobody is working at; empty when somebody is."""
    libera = Q(presa_at=None) | Q(presa_at__lt=adesso - silenzio)
    mio = get_random_string(24)
    presa = Importazione.objects.filter(libera, pk=pk, stato=stato)
    return mio if presa.update(presa_da=mio, presa_at=adesso) else ""


def _leggi(pk, adesso):
    mio = _prendi(pk, Stato.DA_LEGGERE, SILENZIO, adesso)
    if not mio:
        return 0
    importazione = Importazione.objects.select_related("autore").get(pk=pk)
    try:
        # Whoever had it before may have left some.
        importazione.righe.all().delete()
        _esamina_tutte(importazione, mio, adesso)
    except _Persa:
        return 0
    except Illeggibile as no:
        _cambia(pk, mio, stato=Stato.ILLEGGIBILE, problema=str(no), contenuto=None)
    except Exception:
        logger.exception("The sheet %s could not be read", pk)
        problema = _("Il portale non è riuscito a leggerlo, e il guasto è nostro: avvisaci.")
        importazione.righe.all().delete()
        _cambia(pk, mio, stato=Stato.ILLEGGIBILE, problema=problema, contenuto=None)
    return 1


def _esamina_tutte(importazione, mio, adesso):
    genere = registro[importazione.genere]
    letta = tabella(genere, importazione.autore).leggi(bytes(importazione.contenuto))
    lettore = tabella(genere, importazione.autore)
    _cambia(
        importazione.pk,
        mio,
        colonne=letta.campi,
        ignorate=[[nome[:80], lettore.forse(nome)] for nome in letta.ignorate],
        totale=len(letta.righe),
        fatte=0,
        presa_at=timezone.now(),
    )
    risorsa = _risorsa(importazione, letta.campi, importazione.autore, adesso)
    presenti = risorsa.presenti(r.celle.get(risorsa.chiave, "") for r in letta.righe)
    conti, avvertite = dict.fromkeys(Esito.values, 0), 0
    for da in range(0, len(letta.righe), BLOCCO):
        righe = []
        for riga in letta.righe[da : da + BLOCCO]:
            esame = risorsa.esamina(riga.numero, riga.celle, presenti, dal_1904=riga.dal_1904)
            _guarda_il_foglio(riga, esame, risorsa)
            conti[esame.esito] += 1
            avvertite += bool(esame.avvisi) and esame.esito != Esito.ERRATA
            righe.append(
                RigaImportata(
                    importazione=importazione,
                    numero=riga.numero,
                    celle=riga.celle,
                    dal_1904=riga.dal_1904,
                    **vars(esame),
                )
            )
        with transaction.atomic():
            _cambia(importazione.pk, mio, fatte=da + len(righe), presa_at=timezone.now())
            RigaImportata.objects.bulk_create(righe)
    _cambia(
        importazione.pk,
        mio,
        stato=Stato.PRONTA,
        contenuto=None,
        nuove=conti[Esito.NUOVA],
        cambiate=conti[Esito.CAMBIATA],
        invariate=conti[Esito.INVARIATA],
        errate=conti[Esito.ERRATA],
        doppie=conti[Esito.DOPPIA],
        avvertite=avvertite,
        da_avvisare=len(risorsa.da_avvisare),
    )


def _guarda_il_foglio(riga, esame, risorsa):
    """What the sheet itself says of a row: formulas, joined and hidden cells."""
    for campo in riga.formule:
        nome = risorsa.fields[campo].nome
        if risorsa.formule_sono_testo:
            testo = _("È una formula, e la leggo come testo: se vuoi il risultato, incollalo.")
            esame.avvisi.append([nome, testo])
        else:
            esame.esito = Esito.ERRATA
            testo = _("È una formula: incolla al suo posto il risultato.")
            esame.errori.append([nome, testo])
    if riga.unite:
        esame.esito = Esito.ERRATA
        testo = _("Le celle %(celle)s sono unite: separale e scrivi un valore in ciascuna.")
        esame.errori.append(["", testo % {"celle": ", ".join(riga.unite)}])
    if riga.nascosta:
        testo = _("Nel foglio questa riga è nascosta, forse da un filtro: la vuoi davvero?")
        esame.avvisi.append(["", testo])


def _risorsa(importazione, campi, autore, adesso) -> Risorsa:
    return registro[importazione.genere].risorsa(
        campi=campi, opzioni=importazione.opzioni, autore=autore, adesso=adesso
    )


def _cambia(pk, mio, **valori):
    """Write down where the work is. Raises _Persa when it is no longer ours."""
    if "stato" in valori:
        valori |= {"presa_da": "", "presa_at": None}
    if not Importazione.objects.filter(pk=pk, presa_da=mio).update(**valori):
        raise _Persa


# --- Writing --------------------------------------------------------------------------------


class _Cambiata(Exception):
    """A row that was good is good no longer."""


def _scrivi(pk, adesso):
    mio = _prendi(pk, Stato.DA_SCRIVERE, SILENZIO_SCRITTURA, adesso)
    if not mio:
        return 0
    importazione = Importazione.objects.defer("contenuto").select_related("scritta_da").get(pk=pk)
    try:
        try:
            _finche_nessuno_si_mette_in_mezzo(importazione, mio, adesso)
            return 1
        except _Persa:
            raise
        except (_Cambiata, RigaRifiutata) as no:
            perche = _riga(no.numero, no) if isinstance(no, RigaRifiutata) else no
            problema = _(
                "Non è stato importato niente: intanto nel portale qualcosa è cambiato. "
                "%(perche)s Correggi il file e caricalo di nuovo."
            ) % {"perche": perche}
        except Exception:
            logger.exception("The sheet %s could not be written", pk)
            problema = _("Non è stato importato niente: il guasto è nostro, avvisaci.")
        _cambia(pk, mio, stato=Stato.PRONTA, problema=problema, scritta_da=None)
    except _Persa:
        return 0
    return 1


def _finche_nessuno_si_mette_in_mezzo(importazione, mio, adesso):
    for ancora in reversed(range(TENTATIVI)):
        risorsa, quante = _prepara(importazione, mio, adesso)
        try:
            _scrivi_tutte(importazione, mio, risorsa, quante, adesso)
            return
        except (Superate, IntegrityError):
            # What got in between now shows, and the row that it makes wrong says so.
            if not ancora:
                raise


def _prepara(importazione, mio, adesso) -> tuple[Risorsa, int]:
    """Look at the good rows again, as the portal is now, and have all of them ready; says how
    many they were."""
    autore = importazione.scritta_da
    if autore is None or not registro[importazione.genere].puo_importare(autore):
        raise _Cambiata(_("Chi lo ha chiesto non ha più il permesso di importare."))
    risorsa = _risorsa(importazione, importazione.colonne, autore, adesso)
    righe = list(_buone(importazione).values_list("numero", "celle", "dal_1904"))
    presenti = risorsa.presenti(celle.get(risorsa.chiave, "") for _n, celle, _1904 in righe)
    for fatte, (numero, celle, dal_1904) in enumerate(righe):
        if fatte % BLOCCO == 0:
            _cambia(importazione.pk, mio, fatte=fatte, presa_at=timezone.now())
        esame = risorsa.esamina(numero, celle, presenti, dal_1904=dal_1904, prova=False)
        doppia = esame.esito == Esito.DOPPIA and not importazione.con_doppie
        if doppia or esame.esito == Esito.ERRATA:
            detto = " ".join(testo for _colonna, testo in esame.errori or esame.avvisi)
            raise _Cambiata(_riga(numero, detto))
    _cambia(importazione.pk, mio, fatte=len(righe), presa_at=timezone.now())
    return risorsa, len(righe)


def _buone(importazione):
    quali = [Esito.NUOVA, Esito.CAMBIATA]
    if importazione.con_doppie:
        quali.append(Esito.DOPPIA)
    return importazione.righe.filter(esito__in=quali).order_by("numero")


def _riga(numero, detto):
    return _("Riga %(n)d: %(detto)s") % {"n": numero, "detto": detto}


def _scrivi_tutte(importazione, mio, risorsa, quante, adesso):
    """All of it in one transaction: who comes meanwhile waits, and finds it done."""
    with transaction.atomic():
        _cambia(
            importazione.pk,
            mio,
            stato=Stato.SCRITTA,
            scritta_at=adesso,
            nuove=len(risorsa.nuove()),
            cambiate=len(risorsa.pronte) - len(risorsa.nuove()),
        )
        # Somebody may have had her row forgotten since: then it is not written.
        if _buone(importazione).delete()[0] != quante:
            raise Superate
        importazione.righe.filter(esito__in=(Esito.INVARIATA, Esito.DOPPIA)).delete()
        risorsa.scrivi()
        _annota(importazione, risorsa)


def _annota(importazione, risorsa):
    """In the history of each thing, and of the sheet, who brought it."""
    autore = importazione.scritta_da
    da = _("Importazione del file «%(nome)s».") % {"nome": importazione.nome_file}
    nuovi = [pronta.oggetto for pronta in risorsa.pronte if pronta.nuova]
    cambiati = [pronta.oggetto for pronta in risorsa.pronte if not pronta.nuova]
    storia.annota_molti(nuovi, autore, da, ADDITION)
    storia.annota_molti([importazione, *cambiati], autore, da, CHANGE)


# --- What the office is given ---------------------------------------------------------------


def avanzamento(importazione: Importazione) -> tuple[int, int, str]:
    """How many rows are done, of how many, and what is being done with them, in words. Of none
    while that cannot be told: a file that is being opened, all the rows written at once."""
    if importazione.stato == Stato.DA_LEGGERE:
        frase = _("Leggo il file e guardo ogni riga.")
        return importazione.fatte, importazione.totale, frase
    quante = importazione.da_importare
    if importazione.fatte < quante:
        return importazione.fatte, quante, _("Preparo le righe, e le guardo ancora una volta.")
    return 0, 0, _("Scrivo le righe, tutte insieme.")


def da_correggere(importazione: Importazione) -> Iterator[list]:
    """The wrong rows as they were read, the names of the columns first, with what to do in a
    column of its own: corrected there, the same file can be loaded."""
    colonne = [
        c
        for c in registro[importazione.genere].risorsa.colonne()
        if c.campo in importazione.colonne
    ]
    yield [*(colonna.nome for colonna in colonne), _("errore"), _("riga del file")]
    righe = importazione.righe.filter(esito=Esito.ERRATA).order_by("numero")
    for riga in righe.iterator(chunk_size=BLOCCO):
        detto = " · ".join(f"{nome}: {testo}" if nome else testo for nome, testo in riga.errori)
        yield [*(riga.celle.get(c.campo, "") for c in colonne), detto, riga.numero]


def gia_importata(importazione: Importazione) -> Importazione | None:
    """The same file, byte for byte, that was written before; None if there is none."""
    return (
        Importazione.objects.filter(
            impronta=importazione.impronta, genere=importazione.genere, stato=Stato.SCRITTA
        )
        .exclude(pk=importazione.pk)
        .first()
    )
