"""The minutes of a sitting, for its members: read, corrected by who was there; written, answered
and approved by who leads."""

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portale.lib import dates
from portale.lib.rifiuti import Rifiuto, Superata

from .. import contenuto_verbale
from ..models import Decisione, Impegno, Seduta, Verbale
from ..services import impegni as promesse
from ..services import verbali as services
from ..services.documenti import annota_accesso, annota_lettura
from ..verbali_file import nome_file, risposta_pdf
from .accesso import area
from .forms_verbali import (
    ApprovaForm,
    CorniceForm,
    CorrezioneForm,
    ImpegnoForm,
    RettificaForm,
    RispostaForm,
    VoceForm,
)
from .sedute import cornice, una_seduta

Stato = Verbale.Stato


def _un_verbale(request, slug):
    """The minutes of a sitting of hers and what she is there; 404 where they were not begun."""
    seduta, accesso = una_seduta(request, slug)
    verbale = get_object_or_404(Verbale.objects.for_elenco(), seduta=seduta)
    return verbale, accesso


def _da_condurre(request, slug):
    """The same, for who leads; for the others these pages do not exist."""
    verbale, accesso = _un_verbale(request, slug)
    if not accesso.can_condurre:
        raise Http404
    return verbale, accesso


def _indirizzo(nome, verbale, *args):
    return reverse(f"area:{nome}", args=[verbale.seduta.incontro.slug, *args])


def _vai(nome, verbale, *args, parte=""):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(_indirizzo(nome, verbale, *args) + parte, status=303)


# --- Reading --------------------------------------------------------------------------------


def _legge(verbale, accesso) -> bool:
    """While they are being written only who writes, and who watches over it, reads them."""
    return verbale.stato != Stato.BOZZA or accesso.can_condurre or accesso.garante


@area
@require_safe
def verbale_detail(request, adesso, slug):
    """The minutes as far as they are, and what she may do with them."""
    seduta, accesso = una_seduta(request, slug)
    verbale = Verbale.objects.for_elenco().filter(seduta=seduta).first()
    contesto = {**cornice(request, seduta, accesso), "verbale": verbale}
    if verbale is None:
        contesto["si_inizia"] = accesso.can_condurre and seduta.stato in (
            Seduta.Stato.APERTA,
            Seduta.Stato.CHIUSA,
        )
    elif _legge(verbale, accesso):
        if request.method == "GET":
            annota_lettura(verbale, accesso, request.user, adesso=adesso)
        contesto |= _letto(verbale, accesso, adesso)
    return render(request, "tavolo/area/verbale_detail.html", contesto)


def _letto(verbale, accesso, adesso) -> dict:
    contenuto = verbale.contenuto_interno or contenuto_verbale.leggi(verbale)
    oggi = dates.a_roma(adesso).date()
    ultimo = verbale.ultimo_giorno
    return {
        "v": contenuto,
        "entro": dates.giorno_esteso(ultimo) if ultimo else "",
        "finito": ultimo is not None and adesso >= verbale.correzioni_fino_a,
        "correzioni": list(verbale.correzioni.for_elenco()),
        "si_corregge": accesso.can_esprimersi
        and not services.perche_non_si_corregge(verbale, accesso.seggio, adesso),
        "perche_non_si_approva": services.perche_non_si_approva(verbale, adesso),
        "impegni": [
            (
                impegno,
                dates.giorno_mese_anno(impegno.entro) if impegno.entro else "",
                impegno.in_ritardo(oggi),
                _segna(impegno, accesso),
            )
            for impegno in verbale.impegni.for_elenco()
        ],
        "rettifiche": list(verbale.rettifiche.select_related("seduta__incontro")),
        "passaggi": list(verbale.passaggi.all()),
    }


def _segna(impegno, accesso) -> bool:
    """Who says that a promise was kept: who leads, and the people of the seat that made it."""
    return accesso.can_condurre or (
        accesso.componente is not None and accesso.seggio.pk == impegno.seggio_id
    )


@area
@require_safe
def verbale_pdf(request, adesso, slug):
    """The members' copy, once approved, with a line in the register of accesses."""
    verbale, accesso = _un_verbale(request, slug)
    if not verbale.approvato:
        raise Http404
    try:
        contenuto = services.file_approvato(verbale, interno=True)
    except services.Alterato:
        raise Http404 from None
    if request.method == "GET":
        annota_accesso(verbale, accesso, request.user, adesso=adesso)
    return risposta_pdf(contenuto, nome_file(verbale, interno=True))


# --- Writing --------------------------------------------------------------------------------


@area
@require_POST
def verbale_inizia(request, adesso, slug):
    seduta, accesso = una_seduta(request, slug)
    if not accesso.can_condurre:
        raise Http404
    try:
        verbale = services.inizia(seduta, request.user, adesso=adesso)
    except Rifiuto as no:
        messages.error(request, str(no))
        return HttpResponseRedirect(reverse("area:verbale_detail", args=[slug]), status=303)
    return _vai("verbale_scrivi", verbale)


@area
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_scrivi(request, adesso, slug):
    """All that there is to write: what comes before and after, and the items one by one."""
    verbale, accesso = _da_condurre(request, slug)
    if verbale.approvato:
        return _vai("verbale_detail", verbale)
    if request.method != "POST":
        if services.manca_una_voce(verbale):
            services.inizia(verbale.seduta, request.user, adesso=adesso)
        return _pagina_scrivi(request, verbale, accesso, CorniceForm(verbale=verbale))
    form = CorniceForm(request.POST, verbale=verbale)
    if not form.is_valid():
        return _non_salvato(request, form, lambda: _pagina_scrivi(request, verbale, accesso, form))
    try:
        salvato = services.salva_cornice(
            verbale, **form.cleaned_data, autore=request.user, adesso=adesso
        )
    except Superata as no:
        altro = Verbale.objects.for_elenco().get(pk=verbale.pk)
        return _superata(
            request, form, no, altro, lambda: _pagina_scrivi(request, altro, accesso, form)
        )
    except Rifiuto as no:
        messages.error(request, str(no))
        return _vai("verbale_detail", verbale)
    return _salvato(request, salvato, lambda: _vai("verbale_scrivi", verbale))


def _pagina_scrivi(request, verbale, accesso, form):
    voci = contenuto_verbale.voci(verbale)
    return render(
        request,
        "tavolo/area/verbale_scrivi.html",
        {
            **cornice(request, verbale.seduta, accesso),
            "verbale": verbale,
            "form": form,
            "voci": list(enumerate(voci, start=1)),
            "scritte": sum(bool(voce.testo) for voce in voci),
        },
    )


@area
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_voce(request, adesso, slug, pk):
    """One item: what was said, and what somebody promised."""
    verbale, accesso = _da_condurre(request, slug)
    voce = get_object_or_404(verbale.voci.select_related("punto__relatore__organizzazione"), pk=pk)
    if verbale.approvato:
        return _vai("verbale_detail", verbale)
    if request.method != "POST":
        return _pagina_voce(request, verbale, accesso, voce, VoceForm(voce=voce))
    form = VoceForm(request.POST, voce=voce)
    if not form.is_valid():
        return _non_salvato(
            request, form, lambda: _pagina_voce(request, verbale, accesso, voce, form)
        )
    try:
        salvata = services.salva_voce(
            voce, **form.cleaned_data, autore=request.user, adesso=adesso
        )
    except Superata as no:
        voce.refresh_from_db(fields=["testo", "versione"])
        return _superata(
            request, form, no, voce, lambda: _pagina_voce(request, verbale, accesso, voce, form)
        )
    except Rifiuto as no:
        messages.error(request, str(no))
        return _vai("verbale_detail", verbale)
    return _salvato(request, salvata, lambda: _dopo_la_voce(request, verbale, voce))


def _dopo_la_voce(request, verbale, voce):
    """Where she asked to go: the next item, or all of them."""
    if "avanti" in request.POST:
        pks = [riga.pk for riga in contenuto_verbale.voci(verbale)]
        dopo = pks[pks.index(voce.pk) + 1 :]
        if dopo:
            return _vai("verbale_voce", verbale, dopo[0])
    return _vai("verbale_scrivi", verbale)


def _pagina_voce(request, verbale, accesso, voce, form, *, impegno_form=None):
    voci = contenuto_verbale.voci(verbale)
    posto = [riga.pk for riga in voci].index(voce.pk)
    nomi = contenuto_verbale.nomi_riservati(verbale.seduta.incontro.percorso)
    return render(
        request,
        "tavolo/area/verbale_voce.html",
        {
            **cornice(request, verbale.seduta, accesso),
            "verbale": verbale,
            "voce": voce,
            "form": form,
            "impegno_form": impegno_form or ImpegnoForm(seduta=verbale.seduta),
            "numero": posto + 1,
            "quanti": len(voci),
            "precedente": voci[posto - 1] if posto else None,
            "successiva": voci[posto + 1] if posto + 1 < len(voci) else None,
            "decisioni": Decisione.objects.filter(
                seduta=verbale.seduta, punto=voce.punto
            ).select_related("proposta"),
            "impegni": voce.punto.impegni.filter(verbale=verbale).for_elenco(),
            "nominati": contenuto_verbale.nominati(voce.testo, nomi),
        },
    )


def _json(request) -> bool:
    """The draft that saves itself asks for a word, not for a page."""
    return request.headers.get("accept", "") == "application/json"


def _salvato(request, riga, altrove):
    if _json(request):
        return JsonResponse({"versione": riga.versione, "testo": _("Salvato.")})
    messages.success(request, _("Salvato."))
    return altrove()


def _non_salvato(request, form, pagina):
    if _json(request):
        primo = next(iter(form.errors.values()))[0]
        return JsonResponse({"testo": primo}, status=422)
    return pagina()


def _superata(request, form, no, riga, pagina):
    """Hers comes back, with the other's beside it: what is sent next starts from that one."""
    if _json(request):
        return JsonResponse({"testo": str(no)}, status=409)
    form.add_error(
        None, _("%(perche)s Qui sotto c'è anche il suo: unisci i due.") % {"perche": no}
    )
    form.riparti_da(riga.versione)
    form.salvato = riga
    return pagina()


@area
@require_POST
def verbale_impegno(request, adesso, slug, pk):
    """One more promise, on an item."""
    verbale, accesso = _da_condurre(request, slug)
    voce = get_object_or_404(verbale.voci.select_related("punto"), pk=pk)
    form = ImpegnoForm(request.POST, seduta=verbale.seduta)
    if not form.is_valid():
        return _pagina_voce(
            request, verbale, accesso, voce, VoceForm(voce=voce), impegno_form=form
        )
    try:
        promesse.aggiungi_impegno(verbale, punto=voce.punto, **form.cleaned_data)
    except Rifiuto as no:
        messages.error(request, str(no))
        return _vai("verbale_detail", verbale)
    messages.success(request, _("Impegno aggiunto."))
    return _vai("verbale_voce", verbale, voce.pk, parte="#impegni")


@area
@require_POST
def verbale_impegno_togli(request, adesso, slug, pk):
    verbale, _accesso = _da_condurre(request, slug)
    impegno = get_object_or_404(verbale.impegni, pk=pk)
    voce = verbale.voci.filter(punto=impegno.punto_id).first()
    try:
        promesse.togli_impegno(impegno)
    except Rifiuto as no:
        messages.error(request, str(no))
        return _vai("verbale_detail", verbale)
    messages.success(request, _("Impegno tolto."))
    if voce is None:
        return _vai("verbale_scrivi", verbale)
    return _vai("verbale_voce", verbale, voce.pk, parte="#impegni")


@area
@require_POST
def verbale_impegno_fatto(request, adesso, slug, pk):
    """Whether a promise was kept (``fatto``), said by who made it or by who leads."""
    verbale, accesso = _un_verbale(request, slug)
    impegno = get_object_or_404(Impegno.objects.for_elenco(), pk=pk, verbale=verbale)
    if not _legge(verbale, accesso) or not _segna(impegno, accesso):
        raise Http404
    fatto = request.POST.get("fatto") == "si"
    promesse.segna_fatto(impegno, fatto, autore=request.user, adesso=adesso)
    messages.success(request, _("Segnato: fatto.") if fatto else _("Segnato: da fare."))
    return _vai("verbale_detail", verbale, parte="#impegni")


# --- Corrections ----------------------------------------------------------------------------


@area
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_correzioni(request, adesso, slug):
    """Ask who was there to read it: what will happen, then it does."""
    verbale, accesso = _da_condurre(request, slug)
    if verbale.stato != Stato.BOZZA:
        return _vai("verbale_detail", verbale)
    rifiuto = ""
    if request.method == "POST":
        try:
            services.apri_correzioni(verbale, request.user, adesso=adesso)
        except Rifiuto as no:
            rifiuto = str(no)
        else:
            messages.success(request, _("Chi era presente riceve una mail con il link."))
            return _vai("verbale_detail", verbale)
    vuote = [voce.punto for voce in contenuto_verbale.voci(verbale) if not voce.testo]
    contesto = {
        **cornice(request, verbale.seduta, accesso),
        "verbale": verbale,
        "vuote": vuote,
        "rifiuto": rifiuto,
    }
    return render(request, "tavolo/area/verbale_correzioni.html", contesto)


@area
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_correggi(request, adesso, slug):
    """Her seat asks for a correction."""
    verbale, accesso = _un_verbale(request, slug)
    if not accesso.can_esprimersi:
        raise Http404
    if perche := services.perche_non_si_corregge(verbale, accesso.seggio, adesso):
        messages.error(request, perche)
        return _vai("verbale_detail", verbale)
    dati = request.POST if request.method == "POST" else None
    form = CorrezioneForm(dati, seduta=verbale.seduta, initial={"punto": request.GET.get("punto")})
    if dati is not None and form.is_valid():
        try:
            services.chiedi_correzione(
                verbale,
                accesso.seggio,
                accesso.componente,
                punto=form.cleaned_data["punto"],
                testo=form.cleaned_data["testo"],
                chiave=str(form.cleaned_data["chiave"]),
                adesso=adesso,
            )
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("Correzione chiesta: riceverete una risposta."))
            return _vai("verbale_detail", verbale, parte="#correzioni")
    contesto = {
        **cornice(request, verbale.seduta, accesso),
        "verbale": verbale,
        "form": form,
        "entro": dates.giorno_esteso(verbale.ultimo_giorno),
    }
    return render(request, "tavolo/area/verbale_correggi.html", contesto)


@area
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_rispondi(request, adesso, slug, pk):
    """The answer to a correction."""
    verbale, accesso = _da_condurre(request, slug)
    correzione = get_object_or_404(verbale.correzioni.for_elenco(), pk=pk)
    dati = request.POST if request.method == "POST" else None
    form = RispostaForm(dati)
    if dati is None and (correzione.esito or verbale.approvato):
        return _vai("verbale_detail", verbale, parte="#correzioni")
    if dati is not None and form.is_valid():
        try:
            services.rispondi_correzione(
                correzione, **form.cleaned_data, autore=request.user, adesso=adesso
            )
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("Risposta data: chi ha chiesto riceve una mail."))
            return _vai("verbale_detail", verbale, parte="#correzioni")
    voce = correzione.punto and verbale.voci.filter(punto=correzione.punto).first()
    contesto = {
        **cornice(request, verbale.seduta, accesso),
        "verbale": verbale,
        "correzione": correzione,
        "voce": voce,
        "form": form,
    }
    return render(request, "tavolo/area/verbale_rispondi.html", contesto)


# --- Approval -------------------------------------------------------------------------------


@area
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_approva(request, adesso, slug):
    """A later sitting has approved them."""
    verbale, accesso = _da_condurre(request, slug)
    if verbale.approvato:
        return _vai("verbale_detail", verbale)
    dati = request.POST if request.method == "POST" else None
    form = ApprovaForm(dati, sedute=services.sedute_che_approvano(verbale))
    if dati is not None and form.is_valid():
        try:
            services.approva_in_seduta(
                verbale, form.cleaned_data["seduta"], request.user, adesso=adesso
            )
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("Il verbale è approvato e pubblicato."))
            return _vai("verbale_detail", verbale)
    contesto = {
        **cornice(request, verbale.seduta, accesso),
        "verbale": verbale,
        "form": form,
        "perche_no": services.perche_non_si_approva(verbale, adesso),
        "aspettano": Decisione.objects.in_attesa().filter(seduta=verbale.seduta).count(),
    }
    return render(request, "tavolo/area/verbale_approva.html", contesto)


@area
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_rettifica(request, adesso, slug):
    """A correction of approved minutes."""
    verbale, accesso = _da_condurre(request, slug)
    if not verbale.approvato:
        return _vai("verbale_detail", verbale)
    dati = request.POST if request.method == "POST" else None
    form = RettificaForm(dati, sedute=services.sedute_che_approvano(verbale))
    if dati is not None and form.is_valid():
        try:
            services.rettifica(
                verbale,
                form.cleaned_data["testo"],
                form.cleaned_data["seduta"],
                request.user,
                adesso=adesso,
            )
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("Rettifica pubblicata accanto al verbale."))
            return _vai("verbale_detail", verbale, parte="#rettifiche")
    contesto = {
        **cornice(request, verbale.seduta, accesso),
        "verbale": verbale,
        "form": form,
    }
    return render(request, "tavolo/area/verbale_rettifica.html", contesto)
