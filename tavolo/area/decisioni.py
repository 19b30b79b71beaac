"""What the Tavolo decided, for its members, and the page on which a decision is written down
while the sitting is open."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portale.lib.dates import a_roma, giorno_e_ora, giorno_esteso
from portale.lib.rifiuti import Rifiuto
from proposte.models import Proposta

from .. import numero_legale, risultati
from ..models import Decisione, Esame, ProceduraScritta, PuntoOrdineDelGiorno, Seduta
from ..schede_decisioni import con_sostituta, contesto, voci
from ..services import decisioni as services
from .accesso import area, percorsi_da_scegliere, scegli_percorso
from .forms_decisioni import DecisioneForm

PER_PAGINA = 20


def vai(url):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(url, status=303)


@area
@require_safe
def decisione_list(request, adesso):
    """What is to be decided now, and all that was decided, also what waits for the minutes."""
    percorso, accesso = scegli_percorso(request)
    decisioni = con_sostituta(Decisione.objects.filter(percorso=percorso).for_elenco())
    pagina = Paginator(decisioni, PER_PAGINA).get_page(request.GET.get("page"))
    return render(
        request,
        "tavolo/area/decisione_list.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "decisioni",
            "decisioni": voci(pagina, rotta="area:decisione_detail"),
            "pagina_di": pagina,
            "procedure": _procedure(percorso, accesso),
            "da_decidere": _da_decidere(percorso) if accesso.can_condurre else [],
        },
    )


def _procedure(percorso, accesso):
    """The open written procedures: (row, until when, whether her seat has answered)."""
    aperte = list(
        ProceduraScritta.objects.filter(percorso=percorso, stato=ProceduraScritta.Stato.APERTA)
        .select_related("proposta")
        .order_by("chiude_at", "pk")
    )
    mie = set()
    if accesso.can_esprimersi:
        mie = set(
            accesso.seggio.risposte_scritte.filter(procedura__in=aperte).values_list(
                "procedura", flat=True
            )
        )
    return [(p, giorno_e_ora(p.chiude_at), p.pk in mie) for p in aperte]


def _da_decidere(percorso):
    """Of the sittings that are open now: (address, proposal, item)."""
    coppie = (
        PuntoOrdineDelGiorno.proposte.through.objects.filter(
            puntoordinedelgiorno__seduta__stato=Seduta.Stato.APERTA,
            puntoordinedelgiorno__seduta__incontro__percorso=percorso,
        )
        .select_related("proposta", "puntoordinedelgiorno")
        .order_by("puntoordinedelgiorno__ordine", "pk")
    )
    return [
        (indirizzo_crea(riga.puntoordinedelgiorno, riga.proposta), riga.proposta)
        for riga in coppie
    ]


def indirizzo_crea(punto, proposta) -> str:
    """Where the sitting decides on a proposal of an item of its agenda."""
    return f"{reverse('area:decisione_crea')}?punto={punto.pk}&proposta={proposta.pk}"


@area
@require_safe
def decisione_detail(request, adesso, pk):
    """One decision, also before everybody may read it."""
    decisioni = con_sostituta(Decisione.objects.filter(percorso__in=request.accessi).for_elenco())
    decisione = get_object_or_404(
        decisioni.select_related("seduta__incontro__percorso", "proposta_da__organizzazione"),
        pk=pk,
    )
    return render(
        request,
        "tavolo/area/decisione_detail.html",
        {
            "percorso": decisione.percorso,
            "accesso": request.accessi[decisione.percorso_id],
            "sezione": "decisioni",
            **contesto(decisione, tutto=True),
        },
    )


# --- Deciding -------------------------------------------------------------------------------


def _cercati(request):
    """The item and the proposal that ``?punto=…&proposta=…`` name, for who leads that Tavolo;
    404 for everybody else, and for what is not on the agenda."""
    conduce = [pk for pk, accesso in request.accessi.items() if accesso.can_condurre]
    punti = PuntoOrdineDelGiorno.objects.filter(seduta__incontro__percorso__in=conduce)
    punto = get_object_or_404(
        punti.select_related("seduta__incontro__percorso"), pk=_numero(request, "punto")
    )
    proposta = get_object_or_404(
        punto.proposte.select_related("laboratorio", "incontro"), pk=_numero(request, "proposta")
    )
    return punto, proposta


def _numero(request, nome):
    scritto = request.GET.get(nome, "")
    if not scritto.isascii() or not scritto.isdecimal() or len(scritto) > 15:
        raise Http404
    return int(scritto)


@area
@require_http_methods(["GET", "HEAD", "POST"])
def decisione_crea(request, adesso):
    """The sitting decides: the outcome, why, who does not agree; beside it the quorum of this
    moment."""
    punto, proposta = _cercati(request)
    seduta = punto.seduta
    presenti = list(numero_legale.presenti(seduta))
    ultima = services.da_annullare(proposta, seduta)
    dati = request.POST if request.method == "POST" else None
    superata = dati is not None and dati.get("annulla", "") != (str(ultima.pk) if ultima else "")
    form = DecisioneForm(
        dati, proposta=proposta, presenti=presenti, annulla=None if superata else ultima
    )
    if superata:
        # Who sends a form sends the decision that she had seen: there is another one.
        form.add_error(None, _("Su questa proposta si è appena deciso: apri di nuovo la pagina."))
    elif dati is not None and form.is_valid():
        try:
            decisione = services.decidi_in_seduta(
                seduta,
                punto,
                proposta,
                annulla=ultima,
                autore=request.user,
                adesso=adesso,
                **form.decisione(),
            )
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _fatto(decisione))
            return vai(reverse("area:decisione_detail", args=[decisione.pk]))
    return render(
        request,
        "tavolo/area/decisione_crea.html",
        {
            "percorso": seduta.incontro.percorso,
            "accesso": request.accessi[seduta.incontro.percorso_id],
            "sezione": "sedute",
            "form": form,
            "punto": punto,
            "seduta": seduta,
            "proposta": proposta,
            "numeri": numero_legale.di_seduta(seduta, a_roma(adesso).date()),
            "presenti": presenti,
            "ultima": ultima,
            "ultima_quando": ultima and giorno_esteso(a_roma(ultima.presa_at).date()),
            **_esame(proposta, request.accessi[seduta.incontro.percorso_id], adesso),
            "chiusa": _chiusa(seduta, proposta),
        },
        status=400 if form.errors else 200,
    )


def _esame(proposta, accesso, adesso) -> dict:
    """The last review of the proposal, and what the seats said in it where she may read it."""
    esami = Esame.objects.filter(proposta=proposta).select_related("proposta")
    esame = esami.order_by("-aperto_at", "-pk").first()
    if esame is None:
        return {"esame": None}
    seggio = accesso.seggio
    resa = seggio is not None and esame.posizioni.rese().filter(seggio=seggio).exists()
    vede = risultati.visibili(accesso, esame, resa=resa, adesso=adesso)
    return {"esame": esame, "risultati": risultati.di_esame(esame, adesso) if vede else None}


def _chiusa(seduta, proposta) -> str:
    """Why nothing can be decided here now; empty when it can."""
    if seduta.stato != Seduta.Stato.APERTA:
        return _("Si decide mentre la seduta è in corso.")
    if proposta.stato in Proposta.ESITI and services.da_annullare(proposta, seduta) is None:
        return _("L'esito di questa proposta l'ha pubblicato l'ufficio: va riaperto.")
    return services.perche_non_si_decide(proposta)


def _fatto(decisione):
    if decisione.pubblicata_at is None:
        return _("Decisione registrata: si pubblica con il verbale.")
    if decisione.non_applicata:
        return _("Decisione pubblicata, ma la proposta non l'ha seguita.")
    return _("Decisione registrata e pubblicata.")
