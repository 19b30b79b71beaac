"""The map of the local actors, drawn together by who sits at the Tavolo.

Labs are the city's, whatever the percorso: who has a mandate anywhere reads the map. Seats write
it, observers and the Comitato do not; the office does, here and from the admin. Whom to call at
an actor's is the office's business, and is never read by these pages.
"""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Min, Q
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laboratori import attori as servizi
from laboratori.bilancio import bilancio
from laboratori.esportazione import tavola
from laboratori.forms_attori import FiltroAttori
from laboratori.models import Attore, Laboratorio
from laboratori.services import Rifiuto
from portale.lib import dates
from portale.lib.fogli import righe_csv, xlsx
from proposte.punti import Riquadro, disegna
from proposte.punto import mappa_del_punto

from ..forms_attori import AttoreAreaForm, TogliForm
from .accesso import area, percorsi_da_scegliere, scegli_percorso
from .storia_attori import confronto, storia

PER_PAGINA = 50
# Degrees: some five hundred metres. A zone's drawing shows at least so much.
VICINANZE = 0.006
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GET_E_POST = ("GET", "HEAD", "POST")


# --- Reading --------------------------------------------------------------------------------


@area
@require_safe
def attori(request, adesso):
    """The zones, each with how many actors are known there and how many were reached."""
    qui = Q(attori__archiviato_at=None)
    zone = (
        Laboratorio.objects.pubblici()
        .with_quartieri()
        .annotate(
            noti=Count("attori", filter=qui),
            raggiunti=Count("attori", filter=qui & Q(attori__stato=Attore.Stato.RAGGIUNTO)),
        )
    )
    return _pagina(request, "zone", {"zone": zone})


@area
@require_safe
def mancano(request, adesso):
    """Who is missing, first in words and then in numbers."""
    conti = bilancio(Laboratorio.objects.pubblici())
    return _pagina(request, "mancano", {"bilancio": conti, "mancanze": conti.mancanze()})


@area
@require_safe
def zona(request, adesso, numero):
    """The actors of a zone, as a list and as a drawing."""
    laboratorio = _laboratorio(numero)
    filtro = FiltroAttori(request.GET)
    trovati = filtro.filtra(laboratorio.attori.all()).senza_recapiti()
    page_obj = Paginator(trovati.for_elenco(), PER_PAGINA).get_page(request.GET.get("page"))
    contesto = {
        "laboratorio": laboratorio,
        "filtro": filtro,
        "page_obj": page_obj,
        "filtri": urlencode(filtro.argomenti()),
        "mancanze": bilancio([laboratorio]).mancanze(),
        "segnato": _segnato(request, laboratorio),
    }
    return _pagina(request, "zona", contesto | _mappa(request, laboratorio, trovati, filtro))


@area
@require_safe
def scheda(request, adesso, pk):
    """One actor, and what was changed of it by whom."""
    attore = _attore(pk)
    dal = dates.giorno_mese_anno(attore.stato_dal)
    return _pagina(request, "scheda", {"attore": attore, "dal": dal, "storia": storia(attore)})


@area
@require_safe
def esporta(request, adesso, formato):
    """The whole map as a file, without anybody to call."""
    scegli_percorso(request)
    righe = tavola(Attore.objects.sulla_mappa(), riservate=False)
    if formato == "xlsx":
        risposta = HttpResponse(xlsx({_("Attori"): list(righe)}), content_type=XLSX)
    else:
        risposta = StreamingHttpResponse(righe_csv(righe), content_type="text/csv; charset=utf-8")
    risposta["Content-Disposition"] = f'attachment; filename="mappa-degli-attori.{formato}"'
    return risposta


# --- Writing --------------------------------------------------------------------------------


@area
@require_http_methods(GET_E_POST)
def crea(request, adesso, numero):
    """Add an actor to a zone."""
    chi, laboratorio = _chi(request), _laboratorio(numero)
    form = AttoreAreaForm(
        _inviato(request), initial={"laboratorio": laboratorio.pk, "stato": "da_raggiungere"}
    )
    presente = None
    if request.method == "POST" and "togli_punto" not in request.POST and form.is_valid():
        try:
            attore = servizi.aggiungi(form.campi, chi, adesso)
        except servizi.GiaPresente as no:
            form.add_error("nome", str(no))
            presente = no.attore
        else:
            messages.success(request, _("«%s» è sulla mappa.") % attore.nome)
            return _altrove(request, "attori_detail", attore.pk)
    contesto = {"laboratorio": laboratorio, "form": form, "presente": presente}
    return _pagina(request, "form", contesto | _punto(form))


@area
@require_http_methods(GET_E_POST)
def correggi(request, adesso, pk):
    """Correct an actor. Who was overtaken sees what it has become, beside her own text."""
    chi, attore = _chi(request), _attore(pk)
    if attore.archiviato_at:
        raise Http404
    form = AttoreAreaForm(_inviato(request), instance=_attore(pk))
    contesto = {"attore": attore, "laboratorio": attore.laboratorio, "form": form}
    if request.method == "POST" and "togli_punto" not in request.POST and form.is_valid():
        try:
            servizi.correggi(attore, form.campi, form.versione_vista, chi, adesso)
        except servizi.GiaPresente as no:
            form.add_error("nome", str(no))
            contesto["presente"] = no.attore
        except servizi.Superata as no:
            form.add_error(None, str(no))
            # Saving once more is a choice: she has both texts before her.
            attuale = _attore(pk)
            form.data = form.data.copy()
            form.data["vista"] = attuale.versione
            contesto["diversi"] = confronto(attuale, form.campi)
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("La scheda è corretta."))
            return _altrove(request, "attori_detail", pk)
    return _pagina(request, "form", contesto | _punto(form))


@area
@require_POST
def segna(request, adesso, pk):
    """One click: reached, or back to what it was before."""
    chi, attore = _chi(request), _attore(pk)
    da, a = request.POST.get("da", ""), request.POST.get("a", "")
    if a not in Attore.Stato.values:
        raise Http404
    try:
        attore = servizi.segna(attore, da, a, chi, adesso)
    except Rifiuto as no:
        messages.error(request, str(no))
    else:
        messages.success(
            request,
            _("«%(nome)s»: %(stato)s.")
            % {"nome": attore.nome, "stato": attore.get_stato_display()},
        )
    if "scheda" in request.POST:
        return _altrove(request, "attori_detail", pk)
    filtri = FiltroAttori(QueryDict(request.POST.get("filtri", "")[:500])).argomenti()
    return _altrove(request, "attori_zona", attore.laboratorio.numero, **filtri, segnato=attore.pk)


@area
@require_http_methods(GET_E_POST)
def togli(request, adesso, pk):
    """Take an actor off the map, with a reason."""
    chi, attore = _chi(request), _attore(pk)
    form = TogliForm(_inviato(request))
    if request.method == "POST" and form.is_valid():
        servizi.archivia(attore, form.cleaned_data["motivo"], chi, adesso)
        messages.success(request, _("«%s» non è più sulla mappa.") % attore.nome)
        return _altrove(request, "attori_detail", pk)
    return _pagina(request, "togli", {"attore": attore, "form": form})


@area
@require_POST
def rimetti(request, adesso, pk):
    """Put an actor back on the map."""
    chi, attore = _chi(request), _attore(pk)
    servizi.ripristina(attore, chi, adesso)
    messages.success(request, _("«%s» è di nuovo sulla mappa.") % attore.nome)
    return _altrove(request, "attori_detail", pk)


# --- Pieces ---------------------------------------------------------------------------------


def can_scrivere(accesso) -> bool:
    """Draw on the map: any seat but an observer's, and the office."""
    return accesso.can_commentare or accesso.ufficio


def _pagina(request, nome, contesto):
    percorso, accesso = scegli_percorso(request)
    return render(
        request,
        f"tavolo/area/attori_{nome}.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "attori",
            "puo_scrivere": can_scrivere(accesso),
            **contesto,
        },
    )


def _chi(request):
    """On whose behalf she writes; 404 for who may not."""
    _percorso, accesso = scegli_percorso(request)
    if not can_scrivere(accesso):
        raise Http404
    per_conto = str(accesso.seggio) if accesso.can_commentare else settings.ENTE["ufficio"]
    return servizi.Chi(request.user, per_conto)


def _laboratorio(numero):
    return get_object_or_404(Laboratorio.objects.pubblici(), numero=numero)


def _attore(pk):
    return get_object_or_404(
        Attore.objects.filter(laboratorio__in=Laboratorio.objects.pubblici())
        .senza_recapiti()
        .select_related("laboratorio"),
        pk=pk,
    )


def _inviato(request):
    """What a form was sent with; without the point, when that is what the button asked for."""
    if request.method != "POST":
        return None
    dati = request.POST.copy()
    if "togli_punto" in dati:
        dati["latitudine"] = dati["longitudine"] = ""
    return dati


def _punto(form):
    """The drawing to set the point on."""
    punto = [form["latitudine"].value(), form["longitudine"].value()]
    try:
        lat, lon = (float(v) if v not in (None, "") else None for v in punto)
    except ValueError:
        lat = lon = None
    return {
        "mappa": mappa_del_punto(Laboratorio.objects.pubblici(), lat, lon),
        "punto_presente": lat is not None and lon is not None,
    }


def _segnato(request, laboratorio):
    """The actor that was just marked, whose step can be taken back at once."""
    pk = request.GET.get("segnato", "")
    if not (pk.isdecimal() and len(pk) < 18):
        return None
    return laboratorio.attori.sulla_mappa().senza_recapiti().filter(pk=pk).first()


def _mappa(request, laboratorio, trovati, filtro):
    """The drawing of what the list shows (all its pages), with the address of each mark."""
    riquadro = Riquadro.da_testo(request.GET.get("riquadro", ""))
    disegno = disegna(trovati, riquadro or _riquadro(trovati, laboratorio))
    soli = {segno.pk for segno in disegno.segni if segno.pk}
    nomi = dict(trovati.filter(pk__in=soli).values_list("pk", "nome")) if soli else {}
    percorso = request.GET.get("percorso")
    fisse = filtro.argomenti() | ({"percorso": percorso} if percorso else {})
    return {
        "disegno": disegno,
        "vicino": riquadro is not None,
        "segni": [
            {
                "segno": segno,
                "nome": nomi.get(segno.pk, ""),
                "url": _url(request, "attori_detail", segno.pk)
                if segno.pk
                else f"?{urlencode(fisse | {'riquadro': segno.riquadro})}#mappa"
                if segno.riquadro
                else "#elenco",
            }
            for segno in disegno.segni
        ],
    }


def _riquadro(trovati, laboratorio):
    """What holds the actors that have a place, and the lab's own point; None without any."""
    estremi = trovati.order_by().aggregate(
        Min("longitudine"), Min("latitudine"), Max("longitudine"), Max("latitudine")
    )
    ovest, sud, est, nord = estremi.values()
    if ovest is None:
        return None
    if None not in (laboratorio.longitudine, laboratorio.latitudine):
        ovest, est = min(ovest, laboratorio.longitudine), max(est, laboratorio.longitudine)
        sud, nord = min(sud, laboratorio.latitudine), max(nord, laboratorio.latitudine)
    return Riquadro(ovest, sud, est, nord).almeno(VICINANZE)


def _url(request, nome, *args, **argomenti):
    """A page of the area about the same percorso."""
    if percorso := request.GET.get("percorso"):
        argomenti = {"percorso": percorso, **argomenti}
    coda = f"?{urlencode(argomenti)}" if argomenti else ""
    return f"{reverse(f'area:{nome}', args=args)}{coda}"


def _altrove(request, nome, *args, **argomenti):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(_url(request, nome, *args, **argomenti), status=303)
