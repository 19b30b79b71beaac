"""The page of a note-taker: one field, Enter, next; with a network, without, without scripts."""

import json
import uuid

from django.http import JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portale.lib.limiti import consenti
from portale.lib.pagine_private import pagina_da_link
from portale.lib.senza_rete import Guscio
from proposte import raccolta as servizi
from proposte.forms_raccolta import NotaForm
from proposte.models import Nota, Verbalizzante
from proposte.raccolta import Chiusa, Esito

# What one request may carry: the script sends twenty notes at a time, of at most four bytes for
# each character and as much again for quoting.
NOTE_PER_INVIO = 50
BYTE_PER_INVIO = 256 * 1024
# For each note-taker, not for each address: six tables in one hall share theirs. A table that
# types as fast as it can sends one note in a few seconds; nothing that is refused is lost.
LIMITE = "120/m"

GUSCIO = Guscio("raccolta")

pagina_di_verbalizzante = pagina_da_link(
    lambda: Verbalizzante.objects.select_related("incontro__percorso", "incontro__laboratorio"),
    "raccolta/raccolta_link.html",
)


# --- The page -------------------------------------------------------------------------------


@pagina_di_verbalizzante("GET", "HEAD", "POST")
def raccolta(request, verbalizzante):
    adesso = timezone.now()
    try:
        if perche := servizi.RUOLO.perche_chiuso(verbalizzante, adesso):
            raise Chiusa(perche)
        if request.method == "POST":
            return _ricevi(request, verbalizzante, adesso)
        if "modifica" in request.GET:
            return _correzione(request, verbalizzante)
        return _pagina(request, verbalizzante)
    except Chiusa as chiusa:
        return _chiusa(request, verbalizzante, str(chiusa))


def _pagina(request, verbalizzante, *, form=None, status=200):
    """The page of who has no scripts, and what those of the others begin from."""
    # What the browser keeps for later holds nobody's notes: they are in its own queue.
    note = [] if GUSCIO.chiesto(request) else list(servizi.note_di(verbalizzante))
    contesto = {
        **_cornice(verbalizzante),
        "form": form or NotaForm(),
        "chiave": (form and form["chiave"].value()) or uuid.uuid4(),
        "tavolo": form["tavolo"].value() if form else _tavolo(request, verbalizzante),
        "note": [nota for nota in reversed(note) if nota.eliminata_at is None],
        "eliminata": _una(note, request.GET.get("eliminata")),
        "generi": Nota.Genere.choices,
        "dati": _dati(verbalizzante),
    }
    return GUSCIO.firma(render(request, "raccolta/raccolta.html", contesto, status=status))


def _cornice(verbalizzante):
    return {
        "verbalizzante": verbalizzante,
        "incontro": verbalizzante.incontro,
        "url": reverse("raccolta:raccolta", args=[verbalizzante.token]),
        "tavolo_massimo": servizi.TAVOLO_MASSIMO,
    }


def _tavolo(request, verbalizzante):
    scelto = request.GET.get("tavolo", "")
    if scelto.isascii() and scelto.isdigit() and 1 <= int(scelto[:3]) <= servizi.TAVOLO_MASSIMO:
        return int(scelto[:3])
    return verbalizzante.tavolo or 1


def _una(note, chiave):
    """The deleted note that the address names, if it is hers and still deleted."""
    return next((n for n in note if n.eliminata_at and str(n.chiave) == chiave), None)


def _chiusa(request, verbalizzante, perche):
    """Why the link does not work, and what this browser had not sent yet."""
    contesto = {
        **_cornice(verbalizzante),
        "perche": perche,
        "scritto": request.POST.get("testo", "")[: servizi.TESTO_MASSIMO],
        "dati": _dati(verbalizzante),
    }
    return render(request, "raccolta/raccolta_chiusa.html", contesto, status=403)


# --- Without scripts ------------------------------------------------------------------------


def _ricevi(request, verbalizzante, adesso):
    """One note from a form: new, corrected, deleted or brought back."""
    azione = request.POST.get("azione", "aggiungi")
    if azione in ("elimina", "ripristina"):
        return _elimina(request, verbalizzante, azione == "elimina", adesso)
    nuova = azione != "modifica"
    form = NotaForm(request.POST)
    mostra = _pagina if nuova else _correzione
    if not form.is_valid():
        return mostra(request, verbalizzante, form=form, status=200)
    if not consenti(request, "raccolta", chiave=verbalizzante.codice, limite=LIMITE):
        # Her words come back with the page, and the button is still there.
        form.add_error(None, _("Hai scritto molto in poco tempo: aspetta un minuto e riprova."))
        return mostra(request, verbalizzante, form=form, status=429)
    foglietto = form.foglietto()
    [risultato] = servizi.registra(verbalizzante, [foglietto], adesso)
    if risultato.esito == Esito.SUPERATA and nuova:
        # A page gone back to, and written on again: another note.
        altra = form.foglietto(chiave=uuid.uuid4())
        [risultato] = servizi.registra(verbalizzante, [altra], adesso)
    if risultato.esito != Esito.SALVATA:
        form.add_error(None, risultato.errore or _cambiata(risultato.nota))
        return mostra(request, verbalizzante, form=form, status=409)
    return _torna(verbalizzante, tavolo=foglietto.tavolo)


def _correzione(request, verbalizzante, *, form=None, status=200):
    """One note in the field, to be put right."""
    chiave = form.data.get("chiave") if form else request.GET["modifica"]
    nota = get_object_or_404(_sue(verbalizzante), chiave=_uuid(chiave))
    scritto = form or NotaForm(
        initial={"testo": nota.testo, "tavolo": nota.tavolo, "genere": nota.genere}
    )
    contesto = {
        **_cornice(verbalizzante),
        "form": scritto,
        "nota": nota,
        "prossima": nota.versione + 1,
        "generi": Nota.Genere.choices,
    }
    return render(request, "raccolta/raccolta_correzione.html", contesto, status=status)


def _elimina(request, verbalizzante, eliminata, adesso):
    nota = get_object_or_404(verbalizzante.note, chiave=_uuid(request.POST.get("chiave")))
    dati = {"versione": request.POST.get("versione"), "eliminata": eliminata}
    attuale = {"chiave": str(nota.chiave), "testo": nota.testo, "tavolo": nota.tavolo}
    form = NotaForm({**attuale, "genere": nota.genere, **dati})
    if form.is_valid():
        servizi.registra(verbalizzante, [form.foglietto()], adesso)
    # Where somebody changed it meanwhile the list shows how: she may say it again.
    return _torna(
        verbalizzante, tavolo=nota.tavolo, **({"eliminata": nota.chiave} if eliminata else {})
    )


def _sue(verbalizzante):
    return verbalizzante.note.presenti()


def _torna(verbalizzante, **dove):
    url = reverse("raccolta:raccolta", args=[verbalizzante.token])
    return redirect(f"{url}?{urlencode(dove)}")


def _cambiata(nota):
    return _(
        "Intanto questa nota è cambiata, forse su un altro telefono: adesso dice «%(testo)s». "
        "Se vuoi il tuo testo, premi di nuovo Salva."
    ) % {"testo": nota.testo}


def _uuid(valore):
    """The key, or one that no note has."""
    try:
        return uuid.UUID(valore or "")
    except ValueError:
        return uuid.uuid4()


# --- For the script -------------------------------------------------------------------------


@pagina_di_verbalizzante("GET", "HEAD", "POST")
def note(request, verbalizzante):
    """GET: everything she has typed, so that another phone can go on from there. POST: a batch
    of notes; one answer for each, in their order, and none lost for another's mistake."""
    if request.method != "POST":
        if perche := servizi.RUOLO.perche_chiuso(verbalizzante, timezone.now()):
            return _no(403, perche)
        return JsonResponse({"note": [_voce(n) for n in servizi.note_di(verbalizzante)]})
    # No form of another site can send this type without asking us first (CORS), and we say no.
    if request.content_type != "application/json":
        return _no(415, _("Le note arrivano in JSON."))
    if _byte(request) > BYTE_PER_INVIO:
        return _no(413, _("Troppo in una volta: manda meno note alla volta."))
    if not consenti(request, "raccolta", chiave=verbalizzante.codice, limite=LIMITE):
        response = _no(429, _("Molte note in poco tempo: riprova tra un minuto."))
        response["Retry-After"] = str(request.riprova_tra)
        return response
    try:
        righe = json.loads(request.body.decode())["note"]
        if not isinstance(righe, list) or len(righe) > NOTE_PER_INVIO:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, UnreadablePostError):
        return _no(400, _("Non si capisce: manda un elenco di al massimo 50 note."))
    forms = [NotaForm(riga if isinstance(riga, dict) else {}) for riga in righe]
    buone = [form.foglietto() for form in forms if form.is_valid()]
    try:
        risultati = iter(servizi.registra(verbalizzante, buone, timezone.now()))
    except Chiusa as chiusa:
        return _no(403, str(chiusa))
    return JsonResponse(
        {"note": [_esito(form, next(risultati) if form.is_valid() else None) for form in forms]}
    )


def _byte(request):
    try:
        return int(request.headers.get("content-length") or 0)
    except ValueError:
        return 0


def _no(status, motivo):
    return JsonResponse({"motivo": motivo}, status=status)


def _esito(form, risultato):
    chiave = form.data.get("chiave")
    if risultato is None:
        errori = [errore for lista in form.errors.values() for errore in lista]
        return {
            "chiave": chiave if isinstance(chiave, str) else None,
            "esito": Esito.RIFIUTATA,
            "errore": " ".join(errori),
        }
    esito = {"chiave": chiave, "esito": risultato.esito}
    if risultato.esito == Esito.RIFIUTATA:
        return esito | {"errore": risultato.errore}
    return esito | {"nota": _voce(risultato.nota)}


def _voce(nota):
    digitata_at = nota.digitata_at or nota.created_at
    return {
        "chiave": str(nota.chiave),
        "versione": nota.versione,
        "tavolo": nota.tavolo,
        "ordine": nota.ordine,
        "genere": nota.genere,
        "testo": nota.testo,
        "eliminata": nota.eliminata_at is not None,
        "digitata": digitata_at.isoformat(),
    }


def _dati(verbalizzante):
    """What the script needs to know, words included."""
    servizio = reverse("raccolta:servizio")
    return {
        "token": verbalizzante.token,
        "note": reverse("raccolta:note", args=[verbalizzante.token]),
        "servizio": servizio,
        "ambito": servizio.removesuffix("servizio.js"),
        "tavolo": verbalizzante.tavolo or 1,
        "tavoloMassimo": servizi.TAVOLO_MASSIMO,
        "testoMassimo": servizi.TESTO_MASSIMO,
        "generi": {valore: str(nome) for valore, nome in Nota.Genere.choices if valore},
        "testi": _testi(),
    }


def _testi():
    """The script's words; of a pair the first is for one note."""
    return {
        "salvato": [_("Tutto salvato: {n} nota."), _("Tutto salvato: {n} note.")],
        "vuoto": _("Tutto salvato."),
        "daInviare": [_("{n} nota da inviare."), _("{n} note da inviare.")],
        "daCorreggere": [_("{n} nota da correggere."), _("{n} note da correggere.")],
        "quante": [_("{n} nota"), _("{n} note")],
        "senzaRete": _("Senza rete: continua a scrivere."),
        "guasto": _("Il portale non risponde: continua a scrivere, riprovo da solo."),
        "inAttesa": _("da inviare"),
        "tavolo": _("Tavolo {n}"),
        "manca": _("Scrivi che cosa c'è sul foglietto."),
        "lunga": _("Sono {n} caratteri: al massimo {massimo}. Dividila in due."),
        "tavoloSbagliato": _("Il numero del tavolo va da 1 a {massimo}."),
        "nonScrive": _(
            "Questo telefono non riesce a conservare la nota: il testo è ancora nel campo. "
            "Libera un po' di memoria e riprova."
        ),
        "cambiataAltrove": _(
            "Intanto questa nota è cambiata in un'altra scheda: adesso dice «{testo}». "
            "Se vuoi il tuo testo, premi di nuovo Salva."
        ),
        "doppia": _("scritta diversamente su due telefoni: tieni quella giusta"),
    }


# --- Without a network ----------------------------------------------------------------------


@require_safe
def servizio(request):
    """The worker that opens the page without a network."""
    return GUSCIO.servizio()
