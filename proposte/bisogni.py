"""The one door to a need's life: writing, moderation, correction.

Citizens' pages, the admin and the ordering of a meeting's notes all come through here. Each verb
works under the lock of the row and is a compare-and-swap on ``stato``: of two officers at one
instant one makes the step, the other is told (:class:`Rifiuto`). Each step leaves a
PassaggioBisogno and queues its mails in the same transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import partecipanti
from accounts.models import Partecipante
from percorso.models import Percorso
from portale.lib.dates import a_roma
from posta.services import accoda

from .models import Bisogno, Canale, PassaggioBisogno
from .ricerca import indici
from .segnali import contenuto_cambiato
from .services import Rifiuto, Superata, perche_chiuso

__all__ = [
    "Rifiuto",
    "Superata",
    "invia",
    "modifica",
    "nasce",
    "nascondi",
    "percorso_aperto",
    "proponi",
    "pubblica",
    "registra",
]

Stato = Bisogno.Stato
# Where each state leads. What was hidden may be shown again.
TRANSIZIONI = {
    Stato.BOZZA: {Stato.INVIATO, Stato.PUBBLICATO},
    Stato.INVIATO: {Stato.PUBBLICATO, Stato.NASCOSTO},
    Stato.PUBBLICATO: {Stato.NASCOSTO},
    Stato.NASCOSTO: {Stato.PUBBLICATO},
}
# The same words typed by the same hand within this time are one sending, not two needs.
DOPPIO = timedelta(minutes=10)


# --- Writing --------------------------------------------------------------------------------


def percorso_aperto(adesso: datetime) -> Percorso | None:
    """The active process that collects needs today; where none does, the one that the home page
    shows, which says why (``perche_chiuso``). None when there is none at all."""
    percorsi = list(Percorso.objects.in_evidenza().with_fasi()[:5])
    aperti = [percorso for percorso in percorsi if not perche_chiuso(percorso, "proposte", adesso)]
    return next(iter(aperti or percorsi), None)


def proponi(
    partecipante: Partecipante, valori: Mapping, *, temi: Iterable = (), adesso: datetime
) -> Bisogno:
    """A citizen whose address is known writes a need (``valori`` by field) and sends it.

    The same words again (a double click, the link of the mail beside a second try) are the need
    that is there already. Raises Rifiuto when the stage is closed.
    """
    with transaction.atomic():
        # Of two clicks at one instant the second waits here and finds what the first wrote.
        Partecipante.objects.select_for_update(no_key=True).get(pk=partecipante.pk)
        gia = Bisogno.objects.filter(
            proponente=partecipante,
            percorso=valori["percorso"],
            laboratorio=valori["laboratorio"],
            titolo=valori["titolo"],
            testo=valori["testo"],
        ).order_by("pk")
        if (bisogno := gia.first()) is not None:
            return bisogno
        bisogno = Bisogno.objects.create(
            **valori,
            canale=Canale.ONLINE,
            proponente=partecipante,
            esempio=valori["percorso"].esempio,
        )
        bisogno.temi.set(temi)
        return invia(bisogno, adesso=adesso)


def invia(bisogno: Bisogno, *, autore=None, adesso: datetime) -> Bisogno:
    """The draft is ready: it goes to the moderators, or straight to everybody where the stage
    says so. Sending it again changes nothing. Raises Rifiuto without a title, and when the stage
    is closed (the office, as ``autore``, may all the same)."""
    with transaction.atomic():
        bisogno = _bloccato(bisogno)
        if bisogno.stato != Stato.BOZZA:
            return bisogno
        _pretendi_titolo(bisogno.titolo)
        if autore is None and (perche := perche_chiuso(bisogno.percorso, "proposte", adesso)):
            raise Rifiuto(perche)
        passo = _passa(bisogno, Stato.INVIATO, adesso, autore=autore, **indici(bisogno))
        if not bisogno.percorso.modera_prima(a_roma(adesso).date()):
            _pubblica(bisogno, None, "", adesso)
        else:
            _avvisa("bisogno_ricevuto", bisogno, passo, adesso)
    return bisogno


def registra(
    valori: Mapping,
    *,
    temi: Iterable = (),
    email: str = "",
    pubblica: bool = False,
    autore,
    adesso: datetime,
) -> tuple[Bisogno, bool]:
    """Type in a need that came on paper or was said at a meeting (``valori`` by field); returns
    it, and whether it is new.

    What a workshop said is a draft until it is published with the report; paper goes to the
    moderators. With an ``email`` from the signed sheet it belongs to that person, who is told;
    without, only the office's hand is recorded. ``pubblica``: the officer has read it and
    everybody may at once. Raises Rifiuto when something is missing.
    """
    _pretendi_titolo(valori["titolo"])
    canale = valori.get("canale", Canale.CARTACEO)
    if canale == Canale.INCONTRO and valori.get("incontro") is None:
        raise Rifiuto(_("Scegli l'incontro in cui è emerso."))
    with transaction.atomic():
        # Of two clicks at one instant the second waits here and finds what the first wrote.
        get_user_model().objects.select_for_update(no_key=True).get(pk=autore.pk)
        gia = Bisogno.objects.filter(
            registrato_da=autore,
            percorso=valori["percorso"],
            laboratorio=valori.get("laboratorio"),
            incontro=valori.get("incontro"),
            tavolo=valori.get("tavolo"),
            titolo=valori["titolo"],
            testo=valori.get("testo", ""),
            created_at__gt=adesso - DOPPIO,
        ).first()
        if gia is not None:
            return gia, False
        proponente = None
        if email:
            proponente = partecipanti.per_indirizzo(email, nome=valori.get("nome_mostrato", ""))
        bisogno = Bisogno.objects.create(
            **{**valori, "canale": canale},
            proponente=proponente,
            registrato_da=autore,
            esempio=valori["percorso"].esempio,
        )
        bisogno.temi.set(temi)
        if canale == Canale.INCONTRO:
            nasce(bisogno, autore, adesso)
        else:
            bisogno = invia(bisogno, autore=autore, adesso=adesso)
        if pubblica and bisogno.stato != Stato.PUBBLICATO:
            bisogno = _bloccato(bisogno)
            _pubblica(bisogno, autore, "", adesso)
    return bisogno, True


def nasce(bisogno: Bisogno, autore, adesso: datetime) -> None:
    """Record who made a draft; the caller has just created it, in the same transaction."""
    _annota(bisogno, "", Stato.BOZZA, adesso, autore=autore)
    Bisogno.objects.filter(pk=bisogno.pk).update(**indici(bisogno))


def modifica(
    bisogno: Bisogno,
    valori: Mapping,
    *,
    visto: datetime | None = None,
    temi: Iterable | None = None,
    autore,
    adesso: datetime,
) -> Bisogno:
    """Change its fields and themes; what everybody reads keeps a note of who changed what.

    ``visto`` is the ``updated_at`` that the writer saw. Raises Superata when somebody rewrote it
    since, unless it says already what she asks (the second half of a double click).
    """
    with transaction.atomic():
        bisogno = _bloccato(bisogno)
        cambiati = [campo for campo in valori if getattr(bisogno, campo) != valori[campo]]
        altri_temi = temi is not None and (
            {tema.pk for tema in temi} != set(bisogno.temi.values_list("pk", flat=True))
        )
        if not cambiati and not altri_temi:
            return bisogno
        if visto is not None and bisogno.updated_at != visto:
            raise Superata(
                _("Qualcun altro ha modificato questo bisogno dopo di te: rileggilo e riprova.")
            )
        for campo in cambiati:
            setattr(bisogno, campo, valori[campo])
        _pretendi_titolo(bisogno.titolo)
        Bisogno.objects.filter(pk=bisogno.pk).update(
            **{campo: valori[campo] for campo in cambiati}, updated_at=adesso, **indici(bisogno)
        )
        if altri_temi:
            bisogno.temi.set(temi)
        if bisogno.stato != Stato.BOZZA:
            nomi = [str(Bisogno._meta.get_field(campo).verbose_name) for campo in cambiati]
            nomi += [_("temi")] if altri_temi else []
            _annota(
                bisogno,
                bisogno.stato,
                bisogno.stato,
                adesso,
                autore=autore,
                testo=_("Cambiati: %(che_cosa)s.") % {"che_cosa": ", ".join(nomi)},
            )
        if bisogno.stato == Stato.PUBBLICATO:
            contenuto_cambiato.send(Bisogno)
        bisogno.refresh_from_db()
    return bisogno


# --- Moderation -----------------------------------------------------------------------------


def pubblica(bisogno: Bisogno, autore, *, testo: str = "", adesso: datetime) -> Bisogno:
    """Everybody may read it, a hidden one again. Raises Rifiuto when they do already."""
    with transaction.atomic():
        bisogno = _bloccato(bisogno)
        _pubblica(bisogno, autore, testo.strip(), adesso)
    return bisogno


def nascondi(bisogno: Bisogno, autore, motivo: str, testo: str, *, adesso: datetime) -> Bisogno:
    """A moderator takes it out of sight, with a reason of the list and its words: both are
    mailed to who wrote it, who may answer. Raises Rifiuto without them, and when it is hidden or
    a draft."""
    if not motivo or not testo.strip():
        raise Rifiuto(_("Scegli il motivo e spiegalo: lo legge chi ha scritto il bisogno."))
    with transaction.atomic():
        bisogno = _bloccato(bisogno)
        passo = _passa(
            bisogno, Stato.NASCOSTO, adesso, autore=autore, motivo=motivo, testo=testo.strip()
        )
        _avvisa("bisogno_nascosto", bisogno, passo, adesso)
    return bisogno


# --- What every verb does -------------------------------------------------------------------


def _bloccato(bisogno: Bisogno) -> Bisogno:
    """The row as it is now, locked until the transaction ends. On SQLite the transaction itself
    is the lock. Raises Rifiuto when it is gone: a draft can be deleted."""
    riga = (
        Bisogno.objects.select_for_update(of=["self"], no_key=True)
        .select_related("percorso", "proponente", "laboratorio", "incontro")
        .prefetch_related("percorso__fasi")
        .filter(pk=bisogno.pk)
        .first()
    )
    if riga is None:
        raise Rifiuto(_("Qualcun altro ha appena eliminato questo bisogno."))
    return riga


def _passa(bisogno, a, adesso, *, autore=None, motivo="", testo="", **campi) -> PassaggioBisogno:
    """The step itself, on a locked row."""
    da = bisogno.stato
    if a not in TRANSIZIONI[da]:
        raise Rifiuto(
            _("Il bisogno è «%(stato)s»: non può diventare «%(nuovo)s».")
            % {"stato": bisogno.get_stato_display(), "nuovo": Stato(a).label}
        )
    # Compare and swap, although the row is locked: a verb that forgets the lock is harmless.
    if not Bisogno.objects.filter(pk=bisogno.pk, stato=da).update(
        stato=a, updated_at=adesso, **campi
    ):
        raise Rifiuto(_("Qualcun altro ha appena cambiato lo stato del bisogno."))
    bisogno.stato, bisogno.updated_at = a, adesso
    for campo, valore in campi.items():
        setattr(bisogno, campo, valore)
    if Stato.PUBBLICATO in (da, a):
        contenuto_cambiato.send(Bisogno)
    return _annota(bisogno, da, a, adesso, autore=autore, motivo=motivo, testo=testo)


def _pubblica(bisogno, autore, testo, adesso):
    _pretendi_titolo(bisogno.titolo)
    campi = indici(bisogno)
    if bisogno.pubblicato_at is None:
        campi["pubblicato_at"] = adesso
        # From now on it is an address that people keep: a new title does not change it.
        campi["slug"] = f"{slugify(bisogno.titolo)[:80] or 'bisogno'}-{bisogno.pk}"
    passo = _passa(bisogno, Stato.PUBBLICATO, adesso, autore=autore, testo=testo, **campi)
    _avvisa("bisogno_pubblicato", bisogno, passo, adesso)


def _annota(bisogno, da, a, adesso, *, autore=None, motivo="", testo="") -> PassaggioBisogno:
    """A PassaggioBisogno; ``da`` and ``a`` are equal for what changes no state."""
    return PassaggioBisogno.objects.create(
        bisogno=bisogno,
        da=da,
        a=a,
        autore=autore,
        motivo=motivo,
        testo=testo,
        created_at=adesso,
    )


def _avvisa(genere, bisogno, passo, adesso):
    """Tell who wrote it, if anybody is known; each step has its own mail, once."""
    if bisogno.proponente is None:
        return
    accoda(
        genere,
        bisogno.proponente.email,
        chiave=f"{genere}:{passo.pk}",
        lingua=bisogno.proponente.lingua,
        parametri={"passaggio": passo.pk},
        adesso=adesso,
    )


def _pretendi_titolo(titolo: str) -> None:
    if not titolo.strip():
        raise Rifiuto(_("Scrivi il bisogno in poche parole: è il suo titolo."))
