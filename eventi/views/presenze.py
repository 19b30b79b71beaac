"""The list at the door: who comes, tapped or scanned; with a network, without, without scripts."""

import json
import uuid
from dataclasses import dataclass

from django.http import JsonResponse, UnreadablePostError
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from eventi import presenze as servizi
from eventi.forms_presenze import CodiceForm, EntrataForm, SegnoForm, tocco_form
from eventi.models import Accoglienza, Incontro, Iscrizione
from eventi.presenze import Chiusa
from portale.lib.limiti import consenti
from portale.lib.pagine_private import pagina_da_link
from portale.lib.senza_rete import Guscio

# What one request may carry; the script sends fifty taps at a time.
TOCCHI_PER_INVIO = 100
BYTE_PER_INVIO = 64 * 1024
# For each link, not for each address: several phones at a door share theirs.
LIMITE = "240/m"

GUSCIO = Guscio("presenze", "bi/qr.js")

pagina_di_accoglienza = pagina_da_link(
    lambda: Accoglienza.objects.select_related("incontro__percorso", "incontro__sede"),
    "presenze/presenze_link.html",
)


# --- The page -------------------------------------------------------------------------------


@pagina_di_accoglienza("GET", "HEAD", "POST")
def presenze(request, accoglienza):
    adesso = timezone.now()
    try:
        if perche := servizi.RUOLO.perche_chiuso(accoglienza, adesso):
            raise Chiusa(perche)
        if request.method == "POST":
            return AZIONI.get(request.POST.get("azione"), _pagina)(request, accoglienza)
        return _pagina(request, accoglienza)
    except Chiusa as chiusa:
        contesto = {
            "incontro": accoglienza.incontro,
            "accoglienza": accoglienza,
            "perche": str(chiusa),
            "dati": _dati(accoglienza),
        }
        return render(request, "presenze/presenze_chiusa.html", contesto, status=403)


def _pagina(request, accoglienza, *, codice=None, avviso=None, status=200):
    """The page of who has no scripts, and what those of the others begin from."""
    incontro = accoglienza.incontro
    # What the browser keeps of the page holds nobody's name: those are in its own store.
    guscio = GUSCIO.chiesto(request)
    cercato = request.GET.get("q", "")[:80]
    righe = [] if guscio else _righe(incontro, cercato)
    contesto = {
        "accoglienza": accoglienza,
        "incontro": incontro,
        "url": reverse("presenze:presenze", args=[accoglienza.token]),
        "cercato": cercato,
        "righe": righe,
        "conti": servizi.conta(incontro),
        "codice": codice or CodiceForm(),
        "entrata": EntrataForm({"genere": "", "eta": "", "volta": "", "quanti": 1}),
        "chiave": uuid.uuid4(),
        "avviso": avviso or _avviso(request, righe),
        "dati": _dati(accoglienza),
    }
    risposta = render(request, "presenze/presenze.html", contesto, status=status)
    # The camera is this page's alone, whatever else is ever put in it.
    risposta["Permissions-Policy"] = "camera=(self)"
    return GUSCIO.firma(risposta)


@dataclass(frozen=True)
class Avviso:
    """What a page says after an action: ``aspetto`` is success, warning or danger."""

    aspetto: str
    testo: str
    riga: dict | None = None


def _righe(incontro, cercato=""):
    righe = [_riga(iscrizione) for iscrizione in servizi.persone(incontro)]
    cercato = " ".join(cercato.split()).casefold()
    return [riga for riga in righe if cercato in riga["nome"].casefold()]


def _riga(iscrizione):
    confermata = iscrizione.stato == Iscrizione.Stato.CONFERMATA
    posti = iscrizione.posti if confermata else iscrizione.posti_richiesti
    return {
        "pk": iscrizione.pk,
        "nome": iscrizione.nome,
        "posti": posti,
        "confermata": confermata,
        "presenti": servizi.segnati(iscrizione),
        "scelte": range(1, posti + 1),
        "chiave": uuid.uuid4(),
    }


def _avviso(request, righe):
    """After a tap of who has no scripts: of whom it was, so that she may take it back."""
    toccata = request.GET.get("toccata", "")
    riga = next((riga for riga in righe if str(riga["pk"]) == toccata), None)
    if riga is None:
        return None
    return Avviso("success", f"{riga['nome']}: {_in_parole(riga['presenti'])}", riga)


def _in_parole(presenti):
    if presenti is None:
        return _("da segnare")
    if presenti == 0:
        return _("assente")
    return _("presente") if presenti == 1 else _("presenti in %(n)d") % {"n": presenti}


# --- Without scripts ------------------------------------------------------------------------


def _segna(request, accoglienza):
    form = SegnoForm(request.POST)
    if not form.is_valid():
        return _pagina(request, accoglienza)
    tocco = form.tocco()
    [no] = servizi.registra(accoglienza, [tocco], adesso=timezone.now())
    if no:
        return _pagina(request, accoglienza, avviso=Avviso("danger", no), status=409)
    return _torna(accoglienza, toccata=tocco.iscrizione, q=request.POST.get("q", "")[:80])


def _entra(request, accoglienza):
    form = EntrataForm(request.POST)
    if not form.is_valid():
        return _pagina(request, accoglienza)
    [no] = servizi.registra(accoglienza, [form.tocco()], adesso=timezone.now())
    if no:
        return _pagina(request, accoglienza, avviso=Avviso("danger", no), status=409)
    return _torna(accoglienza)


def _leggi(request, accoglienza):
    """A code that was read aloud, or typed from a paper."""
    form = CodiceForm(request.POST)
    if not form.is_valid():
        return _pagina(request, accoglienza, codice=form)
    if not consenti(request, "presenze-codice", chiave=accoglienza.codice, limite="60/m"):
        avviso = Avviso("danger", _("Molti codici in poco tempo: riprova tra un minuto."))
        return _pagina(request, accoglienza, avviso=avviso, status=429)
    iscrizione = servizi.cerca_codice(accoglienza.incontro, form.cleaned_data["codice"])
    if iscrizione is None:
        avviso = Avviso("danger", _testi()["sconosciuto"])
        return _pagina(request, accoglienza, avviso=avviso)
    riga = _riga(iscrizione)
    if not riga["confermata"]:
        testo = _testi()["inLista"].replace("{nome}", riga["nome"])
        return _pagina(request, accoglienza, avviso=Avviso("warning", testo, riga))
    if riga["presenti"]:
        testo = _testi()["gia"].replace("{nome}", riga["nome"])
        return _pagina(request, accoglienza, avviso=Avviso("warning", testo, riga))
    segno = servizi.Segno(uuid.uuid4(), riga["pk"], riga["posti"])
    servizi.registra(accoglienza, [segno], adesso=timezone.now())
    return _torna(accoglienza, toccata=riga["pk"])


AZIONI = {"segna": _segna, "entra": _entra, "codice": _leggi}


def _torna(accoglienza, **dove):
    url = reverse("presenze:presenze", args=[accoglienza.token])
    dove = {nome: valore for nome, valore in dove.items() if valore}
    return redirect(f"{url}?{urlencode(dove)}" if dove else url)


# --- For the script -------------------------------------------------------------------------


@pagina_di_accoglienza("GET", "HEAD", "POST")
def tocchi(request, accoglienza):
    """GET: the list as it is now. POST: a batch of taps; one answer for each, in their order, and
    then the list."""
    if request.method != "POST":
        if perche := servizi.RUOLO.perche_chiuso(accoglienza, timezone.now()):
            return _no(403, perche)
        return JsonResponse({"elenco": _elenco(accoglienza.incontro)})
    # No form of another site can send this type without asking us first (CORS), and we say no.
    if request.content_type != "application/json":
        return _no(415, _("I tocchi arrivano in JSON."))
    if int(request.headers.get("content-length") or 0) > BYTE_PER_INVIO:
        return _no(413, _("Troppo in una volta: manda meno tocchi alla volta."))
    if not consenti(request, "presenze", chiave=accoglienza.codice, limite=LIMITE):
        risposta = _no(429, _("Molti tocchi in poco tempo: riprova tra un minuto."))
        risposta["Retry-After"] = str(request.riprova_tra)
        return risposta
    try:
        corpo = json.loads(request.body.decode())
        righe, telefono = corpo["tocchi"], uuid.UUID(corpo["telefono"])
        if not isinstance(righe, list) or len(righe) > TOCCHI_PER_INVIO:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UnreadablePostError):
        return _no(400, _("Non si capisce: manda un elenco di al massimo 100 tocchi."))
    forms = [tocco_form(riga) for riga in righe]
    buoni = [form.tocco() for form in forms if form.is_valid()]
    try:
        esiti = iter(
            servizi.registra(accoglienza, buoni, telefono=telefono, adesso=timezone.now())
        )
    except Chiusa as chiusa:
        return _no(403, str(chiusa))
    errori = [next(esiti) if form.is_valid() else _errore(form) for form in forms]
    return JsonResponse({"errori": errori, "elenco": _elenco(accoglienza.incontro)})


def _errore(form):
    return " ".join(errore for lista in form.errors.values() for errore in lista)


def _no(status, motivo):
    return JsonResponse({"motivo": motivo}, status=status)


def _elenco(incontro: Incontro):
    """What a phone keeps: names and seats, and codes it can recognise but not make."""
    persone = []
    for iscrizione in servizi.persone(incontro):
        iscrizione.incontro = incontro
        riga = _riga(iscrizione)
        del riga["scelte"], riga["chiave"]
        codice = servizi.codice_ingresso(iscrizione)
        persone.append({**riga, "impronta": servizi.impronta(codice)})
    return {"persone": persone, "ingressi": servizi.ingressi(incontro)}


def _dati(accoglienza):
    """What the script needs to know, words included."""
    servizio = reverse("presenze:servizio")
    return {
        "token": accoglienza.token,
        "incontro": accoglienza.incontro_id,
        "tocchi": reverse("presenze:tocchi", args=[accoglienza.token]),
        "servizio": servizio,
        "ambito": servizio.removesuffix("servizio.js"),
        "lettore": static("bi/qr.js"),
        "testi": _testi(),
    }


def _testi():
    """The script's words; of a pair the first is for one."""
    return {
        "salvato": _("Tutto salvato."),
        "daInviare": [_("{n} tocco da inviare."), _("{n} tocchi da inviare.")],
        "senzaRete": _("Senza rete: continua a segnare."),
        "guasto": _("Il portale non risponde: continua a segnare, riprovo da solo."),
        "nonScrive": _("Questo telefono non riesce a conservare il tocco: segna su carta."),
        "posti": [_("{n} posto"), _("{n} posti")],
        "inListaBreve": _("in lista d'attesa, non ha il posto"),
        "daSegnare": _("da segnare"),
        "presente": _("presente"),
        "presentiIn": _("presenti in {n}"),
        "bottoneIn": _("Presenti in {n}"),
        "assente": _("assente"),
        "conti": _(
            "{totale} dentro: {iscritti} iscritti e {senza} senza iscrizione. Da segnare: "
            "{mancano}. Assenti: {assenti}."
        ),
        "nessuno": _("Nessun nome corrisponde a quello che hai scritto."),
        "rilevati": _("Entrati senza iscrizione: {n}."),
        "nonToglie": _("Non c'è nessuno da togliere con queste caratteristiche."),
        "cameraNo": _(
            "La fotocamera non si apre. Controlla il permesso nelle impostazioni del telefono, "
            "oppure scrivi il codice a mano."
        ),
        "inquadra": _("Inquadra il codice QR della conferma."),
        "segnata": _("{nome}: {come}."),
        "gia": _("{nome} è già fra i presenti."),
        "inLista": _(
            "{nome} è in lista d'attesa e non ha il posto. Se c'è spazio, fai entrare e conta con "
            "«Senza iscrizione»."
        ),
        "altroIncontro": _("È il codice di un altro incontro."),
        "sconosciuto": _(
            "Codice sconosciuto: non è fra gli iscritti a questo incontro. Cerca il nome, oppure "
            "conta con «Senza iscrizione»."
        ),
        "nonEUnCodice": _("Non è un codice d'ingresso del portale."),
        "scriviCodice": _("Scrivi il codice: otto fra lettere e cifre."),
    }


# --- Without a network ----------------------------------------------------------------------


@require_safe
def servizio(request):
    """The worker that opens the page without a network."""
    return GUSCIO.servizio()
