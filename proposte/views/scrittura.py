"""Writing a proposal: the draft that saves itself, sending it, and what its author may do later.

What is not hers is 404, whoever she is: the office works in the admin.
"""

import secrets
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Prefetch, Value, When
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import partecipanti
from laboratori.models import Laboratorio
from percorso.models import Percorso
from portale.lib import dates
from portale.lib.limiti import consenti, limite_superato
from portale.lib.ricerca import radici
from proposte import bozze, services
from proposte.forms import (
    BozzaForm,
    IndirizzoForm,
    InviaForm,
    ModificaForm,
    RiesameForm,
    RitiraForm,
)
from proposte.models import Bisogno, Passaggio, Proposta
from proposte.punto import mappa_del_punto
from proposte.services import Rifiuto, Superata
from proposte.simili import simili

Stato = Proposta.Stato
PER_PAGINA = 20
BISOGNI_MOSTRATI = 12
LETTURA_O_INVIO = ["GET", "HEAD", "POST"]


def _vai(url):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(url, status=303)


def _privata(view):
    """Nobody else keeps these pages, and no search engine lists them."""

    @never_cache
    @wraps(view)
    def privata(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        return response

    return privata


# --- Beginning ------------------------------------------------------------------------------


@_privata
@require_http_methods(LETTURA_O_INVIO)
def proposta_nuova(request):
    """What happens with a proposal, and the button that begins one."""
    adesso = timezone.now()
    percorso = _percorso(adesso)
    perche = _perche_chiuso(percorso, adesso)
    dati = request.POST if request.method == "POST" else request.GET
    bisogno = Bisogno.objects.pubblici().filter(slug=_slug(dati, "bisogno")).first()
    laboratorio = Laboratorio.objects.pubblici().filter(slug=_slug(dati, "laboratorio")).first()
    if laboratorio is None and bisogno is not None:
        laboratorio = bisogno.laboratorio
    if request.method == "POST" and not perche:
        if not consenti(request, "bozza_nuova", limite="60/h"):
            return limite_superato(request)
        bozza = _comincia(request, percorso, laboratorio, bisogno)
        return _vai(reverse("proposte:bozza_modifica", args=[bozza.slug]))
    io = partecipanti.attuale(request)
    return render(
        request,
        "proposte/proposta_nuova.html",
        {
            "percorso": percorso,
            "perche_chiuso": perche,
            "succede": che_cosa_succede(percorso, adesso),
            "bisogno": bisogno,
            "laboratorio": laboratorio,
            "chiave": secrets.token_urlsafe(12),
            "mie": _mie(request, io).count(),
        },
        status=409 if request.method == "POST" else 200,
    )


def _comincia(request, percorso, laboratorio, bisogno):
    """A new draft; the same button pressed twice gives the same one."""
    io = partecipanti.attuale(request)
    chiave = request.POST.get("chiave", "")[:40] or secrets.token_urlsafe(12)
    slug = salted_hmac("proposte.bozza", chiave, algorithm="sha256").hexdigest()[:24]
    bozza, nuova = Proposta.objects.get_or_create(
        slug=slug,
        defaults={
            "percorso": percorso,
            "laboratorio": laboratorio,
            "proponente": io,
            "nome_mostrato": io.nome if io else "",
        },
    )
    if nuova:
        if bisogno is not None:
            bozza.bisogni.add(bisogno)
    elif bozza.proponente != io:
        # Somebody else's key: never hers to open.
        raise Http404
    bozze.ricorda(request, bozza, sua=io is None)
    return bozza


def _slug(dati, nome):
    """A slug from outside; what no slug looks like asks the database nothing strange."""
    valore = dati.get(nome, "")
    return valore if len(valore) <= 100 and valore.replace("-", "").isalnum() else ""


def _percorso(adesso):
    """The process in which proposals are collected now; else the one of the home page."""
    oggi = dates.a_roma(adesso).date()
    percorsi = list(Percorso.objects.in_evidenza().with_fasi()[:20])
    aperti = [percorso for percorso in percorsi if percorso.apre("proposte", oggi)]
    return next(iter(aperti or percorsi), None)


def _perche_chiuso(percorso, adesso):
    if percorso is None:
        return _("Nessun percorso di partecipazione è in corso.")
    return services.perche_chiuso(percorso, "proposte", adesso)


def che_cosa_succede(percorso, adesso):
    """Who reads a proposal, by when, and what comes after: the facts of the page's sentences."""
    if percorso is None:
        return None
    oggi = dates.a_roma(adesso).date()
    fasi = [fase for fase in percorso.fasi_in_corso(oggi) if fase.apre_proposte]
    fini = [fase.fine for fase in fasi if fase.fine]
    prossima = percorso.prossima_fase(oggi)
    ore = settings.MODERAZIONE_ORE
    entro = (
        ngettext("%(n)d giorno", "%(n)d giorni", ore // 24) % {"n": ore // 24}
        if ore % 24 == 0
        else ngettext("%(n)d ora", "%(n)d ore", ore) % {"n": ore}
    )
    return {
        "percorso": percorso.titolo,
        "prima": percorso.modera_prima(oggi),
        "entro": entro,
        "fino_al": dates.giorno_mese_anno(max(fini)) if fasi and len(fini) == len(fasi) else "",
        "sostegni": percorso.apre("sostegni", oggi),
        "commenti": percorso.apre("commenti", oggi),
        "prossima": prossima.titolo if prossima else "",
        "dal": dates.giorno_mese_anno(prossima.inizio) if prossima else "",
        "ente": percorso.ente_decisore,
    }


# --- The draft ------------------------------------------------------------------------------


def _su_una_bozza(view):
    """The view of one draft that is hers, by its secret address. One that was sent meanwhile
    leads to her own list, one that an address has taken over says so."""

    @_privata
    @wraps(view)
    def su_una_bozza(request, slug):
        aperte = bozze.aperte(request).select_related("percorso", "laboratorio", "proponente")
        bozza = aperte.prefetch_related("percorso__fasi").filter(slug=slug).first()
        if bozza is None:
            return _non_piu(request, bozze.era(request, slug))
        io = partecipanti.attuale(request)
        if request.method == "GET":
            bozze.ricorda(request, bozza)
        try:
            if request.method == "POST" and io is not None and bozza.proponente_id is None:
                services.affida(bozza, io)
            return view(request, bozza)
        except Proposta.DoesNotExist as error:
            # Thrown away on another device a moment ago.
            raise Http404 from error
        except Rifiuto:
            # Sent, or confirmed by another address, a moment ago.
            return _non_piu(request, bozza)

    return su_una_bozza


def _non_piu(request, proposta):
    if proposta is None:
        raise Http404
    io = partecipanti.attuale(request)
    if proposta.stato != Stato.BOZZA and io is not None and proposta.proponente_id == io.pk:
        return _vai(reverse("proposte:proposta_inviata") + f"?{urlencode({'p': proposta.pk})}")
    # What was just typed is not lost: it is shown to be copied.
    scritto = [
        (campo.label, request.POST.get(nome, ""))
        for nome, campo in BozzaForm.base_fields.items()
        if nome in Proposta.TESTI and request.POST.get(nome)
    ]
    return render(request, "proposte/bozza_altrove.html", {"scritto": scritto}, status=404)


@require_http_methods(LETTURA_O_INVIO)
@_su_una_bozza
def bozza_modifica(request, bozza):
    """The draft's own page. Without JavaScript its buttons save; with it, it saves itself."""
    adesso = timezone.now()
    if request.method != "POST":
        return _pagina_bozza(request, bozza, BozzaForm(proposta=bozza), adesso)
    form = BozzaForm(_senza_punto(request.POST), proposta=bozza)
    form.is_valid()
    try:
        _salva(bozza, form, adesso)
    except Superata:
        form.riparti_da(bozza.versione)
        return _pagina_bozza(request, bozza, form, adesso, altrove=_altrove(form), status=409)
    if form.errors:
        form.riparti_da(bozza.versione)
        messages.warning(request, _("Il resto è salvato: correggi i punti qui sotto."))
        return _pagina_bozza(request, bozza, form, adesso)
    qui = reverse("proposte:bozza_modifica", args=[bozza.slug])
    if "rileggi" in request.POST:
        return _vai(reverse("proposte:bozza_invia", args=[bozza.slug]))
    if "allegati" in request.POST:
        return _vai(reverse("proposte:allegato_carica", args=[bozza.slug]))
    if _cerca(request):
        return _vai(f"{qui}?{urlencode({'q': request.POST.get('q', '')[:100]})}#bisogni")
    messages.success(request, _("Salvata alle %(ora)s.") % {"ora": dates.ora(adesso)})
    return _vai(qui)


@require_POST
@_su_una_bozza
def bozza_salva(request, bozza):
    """The same for the page's script: JSON with the new version, the time, and what is wrong in
    which field. 409 when another device has saved since."""
    adesso = timezone.now()
    form = BozzaForm(request.POST, proposta=bozza)
    form.is_valid()
    try:
        _salva(bozza, form, adesso)
    except Superata as superata:
        return JsonResponse({"superata": str(superata)}, status=409)
    return JsonResponse(
        {
            "versione": bozza.versione,
            "testo": _("Salvato alle %(ora)s") % {"ora": dates.ora(adesso)},
            "errori": {campo: [str(e) for e in errori] for campo, errori in form.errors.items()},
        }
    )


def _salva(bozza, form, adesso):
    """What can be saved of the form. Raises Superata when another device has saved since; the
    same form sent again, because its answer was lost, is no conflict."""
    if form.gia_salvato():
        return
    try:
        services.salva_bozza(
            bozza,
            {**form.valori(), "updated_at": adesso},
            versione=form.partita_da(),
            **form.insiemi(),
        )
    except Superata:
        # It was read before somebody else's saving: is this what they saved?
        if not form.gia_salvato():
            raise


def _cerca(request):
    """She pressed the search's button, or Enter after writing what to look for."""
    return "cerca" in request.POST or ("invio" in request.POST and bool(request.POST.get("q")))


def _senza_punto(dati):
    """ "Togli il punto", for who has no script."""
    if "togli_punto" not in dati:
        return dati
    dati = dati.copy()
    dati["latitudine"] = dati["longitudine"] = ""
    return dati


def _altrove(form):
    """The texts that were saved elsewhere and differ from the form's: (field's label, text)."""
    return [
        (form.fields[campo].label, getattr(form.proposta, campo))
        for campo in Proposta.TESTI
        if form.cleaned_data.get(campo) != getattr(form.proposta, campo)
    ]


def _pagina_bozza(request, bozza, form, adesso, *, altrove=None, status=200):
    io = partecipanti.attuale(request)
    return render(
        request,
        "proposte/bozza_modifica.html",
        {
            "bozza": bozza,
            "form": form,
            "altrove": altrove,
            "perche_chiuso": services.perche_chiuso(bozza.percorso, "proposte", adesso),
            "succede": che_cosa_succede(bozza.percorso, adesso),
            "conosciuta": io,
            "salvata": dates.ora(bozza.updated_at) if bozza.versione > 1 else "",
            "allegati": list(bozza.allegati.all()),
            **_attrezzi(request, bozza, form),
        },
        status=status,
    )


def _attrezzi(request, proposta, form):
    """What the writing pages need beside the fields: needs to choose from, the map, and the
    proposals that are like this one."""
    if form.is_bound:
        scelti = form.cleaned_data.get("bisogni", [])
        punto = [form.cleaned_data.get(nome) for nome in ("latitudine", "longitudine")]
    else:
        scelti = list(proposta.bisogni.all())
        punto = [proposta.latitudine, proposta.longitudine]
    scelti = list(
        Bisogno.objects.pubblici()
        .filter(pk__in=[bisogno.pk for bisogno in scelti])
        .select_related("laboratorio")
    )
    q = request.GET.get("q", "")[:100]
    return {
        "mappa": mappa_del_punto(Laboratorio.objects.pubblici(), *punto),
        "punto_presente": None not in punto,
        "bisogni_scelti": scelti,
        "bisogni_trovati": [
            bisogno
            for bisogno in _cerca_bisogni(q, proposta.percorso_id, proposta.laboratorio_id)
            if bisogno not in scelti
        ],
        "q": q,
    }


def _cerca_bisogni(q, percorso, laboratorio):
    """Published needs with these words; without words the newest of the lab."""
    bisogni = Bisogno.objects.pubblici().select_related("laboratorio")
    if parole := radici(q):
        for parola in parole[:6]:
            bisogni = bisogni.filter(indice__contains=parola)
    else:
        bisogni = bisogni.filter(percorso=percorso)
        if laboratorio:
            bisogni = bisogni.filter(laboratorio=laboratorio)
    return bisogni.order_by("-pubblicato_at", "-pk")[:BISOGNI_MOSTRATI]


@require_safe
def bisogni_trova(request):
    """The needs that the script of the writing page offers: the same for everybody."""
    percorso = request.GET.get("percorso", "")
    laboratorio = request.GET.get("laboratorio", "")
    trovati = _cerca_bisogni(
        request.GET.get("q", "")[:100],
        int(percorso) if percorso.isdecimal() and len(percorso) < 10 else None,
        int(laboratorio) if laboratorio.isdecimal() and len(laboratorio) < 10 else None,
    )
    return render(request, "proposte/_scrittura_bisogni_trovati.html", {"trovati": trovati})


@require_safe
def proposta_simili(request):
    """The published proposals that a title resembles, as a piece of the writing page."""
    tranne = request.GET.get("tranne", "")
    return render(
        request,
        "proposte/_scrittura_simili_trovate.html",
        _simili(
            request.GET.get("titolo", ""),
            tranne=int(tranne) if tranne.isdecimal() and len(tranne) < 18 else None,
        ),
    )


def _simili(titolo, *, tranne=None):
    return {"simili": [simile.proposta for simile in simili(titolo, tranne=tranne)]}


# --- Another device -------------------------------------------------------------------------


@require_http_methods(LETTURA_O_INVIO)
@_su_una_bozza
def bozza_riprendi(request, bozza):
    """Mail a link to the draft: whoever opens it has shown that the address is hers, and the
    draft is hers on that device too."""
    adesso = timezone.now()
    io = partecipanti.attuale(request)
    iniziali = {"email": io.email} if io else {}
    form = IndirizzoForm(
        request.POST if request.method == "POST" else None,
        initial=iniziali,
        adesso=adesso,
        submit=_("Mandami il link"),
        aiuto=_("Ti mandiamo lì il link della bozza. L'indirizzo non si vede."),
    )
    if io:
        # Another address would give her draft away.
        form.fields["email"].disabled = True
    if request.method == "POST" and form.is_valid():
        email = io.email if io else form.cleaned_data["email"]
        return _chiedi(request, "bozza", email, {"proposta": bozza.pk}, form, adesso)
    contesto = {"bozza": bozza, "form": form, "conosciuta": io}
    return render(request, "proposte/bozza_riprendi.html", contesto)


def _chiedi(request, azione, email, parametri, form, adesso):
    """Mail the link that does it, within limits."""
    if not (
        consenti(request, f"proposte_{azione}", limite="20/h")
        and consenti(request, f"proposte_{azione}_indirizzo", chiave=email, limite="5/h")
    ):
        return limite_superato(request)
    partecipanti.chiedi_conferma(
        azione,
        email=email,
        parametri=parametri,
        lingua=get_language(),
        modulo=form.cleaned_data["ricevuto"],
        adesso=adesso,
    )
    return _vai(reverse("partecipo:conferma_inviata"))


# --- Sending --------------------------------------------------------------------------------


@require_http_methods(LETTURA_O_INVIO)
@_su_una_bozza
def bozza_invia(request, bozza):
    """Read it again as everybody will, see what is missing and what is like it, and send."""
    adesso = timezone.now()
    io = partecipanti.attuale(request)
    form, rifiuto = None, ""
    inviata = request.method == "POST"
    cambiata = inviata and request.POST.get("versione", "") != str(bozza.versione)
    if io is None:
        form = InviaForm(
            request.POST if inviata and not cambiata else None,
            initial={"versione": bozza.versione, "email": request.POST.get("email", "")},
            adesso=adesso,
        )
    if inviata:
        rifiuto = "" if cambiata else _perche_non_si_invia(bozza, adesso)
        if not cambiata and not rifiuto:
            if io is not None:
                try:
                    bozza = services.invia(bozza, adesso=adesso)
                except Rifiuto as no:
                    rifiuto = str(no)
                else:
                    query = urlencode({"p": bozza.pk})
                    return _vai(f"{reverse('proposte:proposta_inviata')}?{query}")
            elif form.is_valid():
                email = form.cleaned_data["email"]
                return _chiedi(request, "proposta", email, {"proposta": bozza.pk}, form, adesso)
    qui = reverse("proposte:bozza_modifica", args=[bozza.slug])
    return render(
        request,
        "proposte/bozza_invia.html",
        {
            "bozza": bozza,
            "form": form,
            "conosciuta": io,
            "cambiata": cambiata,
            "rifiuto": rifiuto,
            "mancanze": [(f"{qui}#id_{campo}", t) for campo, t in services.mancanze(bozza)],
            "perche_chiuso": services.perche_chiuso(bozza.percorso, "proposte", adesso),
            "succede": che_cosa_succede(bozza.percorso, adesso),
            "allegati": list(bozza.allegati.all()),
            "bisogni": list(bozza.bisogni.pubblici().select_related("laboratorio")),
            "temi": list(bozza.temi.all()),
            **_simili(bozza.titolo, tranne=bozza.pk),
        },
        status=409 if cambiata or rifiuto else 200,
    )


def _perche_non_si_invia(bozza, adesso):
    if manca := services.mancanze(bozza):
        return manca[0][1]
    return services.perche_chiuso(bozza.percorso, "proposte", adesso)


@_privata
@require_safe
def proposta_inviata(request):
    """It arrived: who reads it now, and what comes next. Without hers to show, the same words."""
    adesso = timezone.now()
    io = partecipanti.attuale(request)
    numero = request.GET.get("p", "")
    proposta = None
    if io is not None and numero.isdecimal() and len(numero) < 18:
        sue = Proposta.objects.for_partecipante(io).exclude(stato=Stato.BOZZA)
        sue = sue.select_related("percorso").prefetch_related("percorso__fasi")
        proposta = sue.filter(pk=numero).first()
    percorso = proposta.percorso if proposta else _percorso(adesso)
    return render(
        request,
        "proposte/proposta_inviata.html",
        {"proposta": proposta, "succede": che_cosa_succede(percorso, adesso)},
    )


@require_http_methods(LETTURA_O_INVIO)
@_su_una_bozza
def bozza_elimina(request, bozza):
    """Ask, then throw the draft away."""
    if request.method != "POST":
        return render(request, "proposte/bozza_elimina.html", {"bozza": bozza})
    if services.elimina_bozza(bozza):
        messages.success(request, _("La bozza è eliminata."))
    return _vai(reverse("proposte:proposta_mie"))


# --- Hers -----------------------------------------------------------------------------------


def _mie(request, io):
    """Hers, and the drafts that only this visit knows of."""
    if io is None:
        return bozze.aperte(request)
    return Proposta.objects.for_partecipante(io) | bozze.aperte(request)


@_privata
@require_http_methods(LETTURA_O_INVIO)
def proposta_mie(request):
    """Drafts first, then what was sent, with what comes next. Who is not known is asked for her
    address: the link of the mail leads back here."""
    adesso = timezone.now()
    io = partecipanti.attuale(request)
    form = None
    if io is None:
        form = IndirizzoForm(
            request.POST if request.method == "POST" else None,
            adesso=adesso,
            submit=_("Mandami il link"),
            aiuto=_("Quello con cui hai scritto le tue proposte. Ti mandiamo lì un link."),
        )
        if request.method == "POST" and form.is_valid():
            return _chiedi(request, "mie", form.cleaned_data["email"], {}, form, adesso)
    moderazioni = Passaggio.objects.filter(a=Stato.NASCOSTA).order_by("-created_at", "-pk")
    mie = (
        _mie(request, io)
        .select_related("laboratorio", "integrata_in", "incontro")
        .prefetch_related(Prefetch("passaggi", moderazioni, to_attr="moderazioni"))
        .annotate(
            prima=Case(
                When(stato=Stato.BOZZA, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        )
        .order_by("prima", "-updated_at", "-pk")
    )
    pagina = Paginator(mie, PER_PAGINA).get_page(request.GET.get("page"))
    return render(
        request,
        "proposte/proposta_mie.html",
        {
            "form": form,
            "conosciuta": io,
            "page_obj": pagina,
            "mie": [_Mia(proposta) for proposta in pagina.object_list],
        },
    )


# Of a hidden proposal: that it was hidden, and that after another look it stays so.
DICONO_PERCHE = (Passaggio.Evento.STATO, Passaggio.Evento.CONFERMA)


class _Mia:
    """One of hers: what it is now, what comes next, what she can do."""

    def __init__(self, proposta):
        self.proposta = proposta
        self.bozza = proposta.stato == Stato.BOZZA
        self.modificabile = proposta.stato in MODIFICABILI
        self.ritirabile = proposta.stato in RITIRABILI
        self.nascosta = proposta.stato == Stato.NASCOSTA
        self.quando = dates.giorno_e_ora(proposta.updated_at)
        self.moderazione = next(
            (p for p in proposta.moderazioni if p.evento in DICONO_PERCHE), None
        )
        self.riesame = next(
            (
                dates.giorno_mese_anno(dates.a_roma(p.created_at).date())
                for p in proposta.moderazioni
                if p.evento == Passaggio.Evento.RIESAME
                and self.moderazione
                and p.pk > self.moderazione.pk
            ),
            "",
        )

    @property
    def tono(self):
        return {
            Stato.BOZZA: "secondary",
            Stato.INVIATA: "warning",
            Stato.NASCOSTA: "danger",
            Stato.ACCOLTA: "success",
            Stato.ACCOLTA_CON_MODIFICHE: "success",
        }.get(self.proposta.stato, "primary")

    @property
    def prossimo(self):
        if self.bozza:
            manca = services.mancanze(self.proposta)
            return manca[0][1] if manca else _("È pronta: rileggila e inviala.")
        return {
            Stato.INVIATA: _("La legge chi modera, poi la pubblica. Ti scriviamo."),
            Stato.PUBBLICATA: _("Tutti la leggono. Poi passa in valutazione."),
            Stato.IN_VALUTAZIONE: _("La valutano il Tavolo e gli uffici. Poi arriva la risposta."),
            Stato.RITIRATA: _("L'hai ritirata: nessuno la vede più."),
            Stato.NASCOSTA: _("Nessuno la vede. Qui sotto c'è il motivo."),
        }.get(self.proposta.stato, "")


# --- After sending --------------------------------------------------------------------------

MODIFICABILI = (Stato.INVIATA, Stato.PUBBLICATA)
RITIRABILI = (Stato.INVIATA, Stato.PUBBLICATA, Stato.IN_VALUTAZIONE)


def _su_una_mia(stati, perche_no):
    """The view of one proposal of hers that was sent. In a state where it is too late (or too
    soon) she is led back to her list, which says what she can do now."""

    def decora(view):
        @_privata
        @require_http_methods(LETTURA_O_INVIO)
        @wraps(view)
        def su_una_mia(request, slug):
            io = partecipanti.attuale(request)
            if io is None:
                raise Http404
            proposta = get_object_or_404(
                Proposta.objects.for_partecipante(io)
                .exclude(stato=Stato.BOZZA)
                .select_related("percorso", "laboratorio", "proponente")
                .prefetch_related("percorso__fasi"),
                slug=slug,
            )
            if proposta.stato not in stati:
                messages.warning(request, perche_no(proposta))
                return _vai(reverse("proposte:proposta_mie"))
            return view(request, proposta)

        return su_una_mia

    return decora


def _troppo_tardi(proposta):
    if proposta.stato == Stato.RITIRATA:
        return _("L'hai già ritirata.")
    if proposta.stato == Stato.NASCOSTA:
        return _("È nascosta: puoi chiedere un riesame.")
    return _("«%(titolo)s» è già stata valutata, o lo è adesso: non si può più cambiare.") % {
        "titolo": proposta.titolo
    }


@_su_una_mia(MODIFICABILI, _troppo_tardi)
def proposta_modifica(request, proposta):
    """Change what was sent, until the evaluation begins. Once it is public, what it said before
    stays as a version."""
    adesso = timezone.now()
    form = ModificaForm(
        _senza_punto(request.POST) if request.method == "POST" else None, proposta=proposta
    )
    altrove, rifiuto = None, ""
    if request.method == "POST":
        giusto = form.is_valid()
        if giusto and not _cerca(request) and "togli_punto" not in request.POST:
            try:
                if not form.gia_salvato():
                    proposta = services.modifica(
                        proposta,
                        form.valori(),
                        versione=form.partita_da(),
                        nota=form.cleaned_data["nota"],
                        **form.insiemi(),
                        adesso=adesso,
                    )
            except Superata:
                proposta.refresh_from_db()
                altrove = _altrove(form)
                form.riparti_da(proposta.versione)
            except Rifiuto as no:
                rifiuto = str(no)
            else:
                messages.success(request, _("La modifica è salvata."))
                return _vai(
                    proposta.get_absolute_url()
                    if proposta.pubblica
                    else reverse("proposte:proposta_mie")
                )
    attrezzi = _attrezzi(request, proposta, form)
    if _cerca(request):
        # Nothing of a public text is saved half-way: the search only shows the page again.
        q = request.POST.get("q", "")[:100]
        scelti = attrezzi["bisogni_scelti"]
        trovati = _cerca_bisogni(q, proposta.percorso_id, proposta.laboratorio_id)
        attrezzi |= {"q": q, "bisogni_trovati": [b for b in trovati if b not in scelti]}
    return render(
        request,
        "proposte/proposta_modifica.html",
        {
            "proposta": proposta,
            "form": form,
            "altrove": altrove,
            "rifiuto": rifiuto,
            "allegati": list(proposta.allegati.filter(avanzamento=None)),
            **attrezzi,
        },
        status=409 if altrove is not None or rifiuto else 200,
    )


@_su_una_mia((*RITIRABILI, Stato.RITIRATA), _troppo_tardi)
def proposta_ritira(request, proposta):
    """Ask, then take it back."""
    form = RitiraForm(request.POST if request.method == "POST" else None)
    gia = proposta.stato == Stato.RITIRATA
    if request.method == "POST" and form.is_valid():
        try:
            if not gia:
                services.ritira(
                    proposta, motivo=form.cleaned_data["motivo"], adesso=timezone.now()
                )
        except Rifiuto as no:
            messages.warning(request, str(no))
        else:
            messages.success(request, _("La proposta è ritirata."))
        return _vai(reverse("proposte:proposta_mie"))
    if gia:
        messages.warning(request, _troppo_tardi(proposta))
        return _vai(reverse("proposte:proposta_mie"))
    return render(request, "proposte/proposta_ritira.html", {"proposta": proposta, "form": form})


def _non_nascosta(proposta):
    return _("Questa proposta non è nascosta: non serve un riesame.")


@_su_una_mia((Stato.NASCOSTA,), _non_nascosta)
def proposta_riesame(request, proposta):
    """The moderators hid it: its author says why everybody should read it."""
    form = RiesameForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.chiedi_riesame(proposta, form.cleaned_data["testo"], adesso=timezone.now())
        except Rifiuto as no:
            messages.warning(request, str(no))
        else:
            messages.success(
                request, _("La richiesta di riesame è partita: ti rispondiamo per e-mail.")
            )
        return _vai(reverse("proposte:proposta_mie"))
    nascosta = (
        proposta.passaggi.filter(evento__in=DICONO_PERCHE, a=Stato.NASCOSTA)
        .order_by("-created_at", "-pk")
        .first()
    )
    return render(
        request,
        "proposte/proposta_riesame.html",
        {"proposta": proposta, "form": form, "moderazione": nascosta},
    )
