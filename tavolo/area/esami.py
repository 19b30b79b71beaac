"""A proposal under review, as who sits at the Tavolo reads it and says what she thinks.

Whoever may read the members' area of a percorso reads its reviews; what the others said only when
``risultati.visibili`` says so. Only a seat with a voice states a position, while it is open.
"""

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portale.lib import dates
from portale.lib.rifiuti import Rifiuto, Superata
from portale.lib.testo import euro
from proposte.filtri import nascosti
from proposte.models import Bisogno, Proposta

from .. import risultati
from ..models import Esame, Posizione
from ..services import esami as services
from ..services.esami_avvisi import da_rispondere
from .accesso import area
from .forms_esami import CommentoForm, DomandaForm, PosizioneForm

Stato = Proposta.Stato


def _vai(url):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(url, status=303)


def _indirizzo(esame, parte=""):
    return reverse("area:esame_detail", args=[esame.pk]) + parte


def _esame(request, pk):
    """A review of a percorso of hers and what she is there; 404 for whoever is nothing there."""
    esame = get_object_or_404(
        Esame.objects.filter(percorso__in=request.accessi)
        .for_elenco()
        .select_related("proposta__verifica", "proposta__incontro"),
        pk=pk,
    )
    return esame, request.accessi[esame.percorso_id]


def _mia(esame, accesso) -> Posizione | None:
    """What her seat says, drafts included."""
    if not accesso.can_esprimersi:
        return None
    return (
        Posizione.objects.filter(esame=esame, seggio=accesso.seggio)
        .select_related("resa_da")
        .first()
    )


@area
@require_safe
def esame_detail(request, adesso, pk):
    """The proposal, all of it, what is asked, and what was said."""
    esame, accesso = _esame(request, pk)
    return _pagina(request, esame, accesso, adesso)


def _pagina(request, esame, accesso, adesso, *, status=200, **moduli):
    """``moduli``: the forms that came back with something to correct."""
    proposta = esame.proposta
    mia = _mia(esame, accesso)
    aperto = esame.aperto(adesso)
    in_corso = proposta.stato == Stato.IN_VALUTAZIONE
    tutti = risultati.di_esame(esame, adesso)
    resa = mia is not None and mia.resa_at is not None
    vede = risultati.visibili(accesso, esame, resa=resa, adesso=adesso)
    contesto = {
        "percorso": esame.percorso,
        "accesso": accesso,
        "sezione": "home",
        "esame": esame,
        "proposta": proposta,
        "aperto": aperto,
        "in_corso": in_corso,
        "ultimo_giorno": dates.giorno_esteso(esame.ultimo_giorno),
        "criteri": _criteri(esame),
        "rese": tutti.rese,
        "seggi": tutti.seggi,
        "mia": mia,
        "resa": resa,
        "resa_quando": dates.giorno_e_ora(mia.resa_at) if resa else "",
        "vede": vede,
        "domande": list(esame.domande.select_related("seggio__organizzazione")),
        "prossima": _prossima(esame, accesso, adesso),
        **_proposta(proposta, adesso),
    }
    if vede:
        contesto["risultati"] = tutti
        contesto["commenti"] = list(
            esame.commenti.select_related("seggio__organizzazione", "componente")
        )
    if accesso.can_esprimersi and (aperto or "posizione" in moduli):
        contesto["form"] = moduli.get("posizione") or PosizioneForm(posizione=mia)
    if accesso.can_commentare and in_corso:
        contesto["domanda_form"] = moduli.get("domanda") or DomandaForm()
        if vede:
            contesto["commento_form"] = moduli.get("commento") or CommentoForm()
    return render(request, "tavolo/area/esame_detail.html", contesto, status=status)


def _criteri(esame) -> list[str]:
    return [str(domanda) for domanda in esame.criteri] if isinstance(esame.criteri, list) else []


def _prossima(esame, accesso, adesso):
    """The next one that her seat has to read."""
    if not accesso.can_esprimersi:
        return None
    return da_rispondere(accesso.seggio, adesso).exclude(pk=esame.pk).first()


def _proposta(proposta, adesso) -> dict:
    """What the page shows of the proposal. Nothing of one that is hidden or was taken back."""
    if not proposta.pubblica:
        return {"leggibile": False, "titolo": _("Una proposta che non si legge più")}
    oggi = dates.a_roma(adesso).date()
    testi = [
        (_("Che cosa si propone"), proposta.che_cosa),
        (_("Perché"), proposta.perche),
        (_("Per chi"), proposta.per_chi),
        (_("Dove"), proposta.luogo),
    ]
    return {
        "leggibile": True,
        "titolo": str(proposta),
        "testi": [(nome, testo) for nome, testo in testi if testo.strip()],
        "bisogni": list(proposta.bisogni.filter(stato=Bisogno.Stato.PUBBLICATO)),
        "allegati": list(proposta.allegati.filter(avanzamento=None)),
        "sostegni": None if proposta.percorso_id in nascosti(oggi) else proposta.n_sostegni,
        "verifica": _verifica(proposta),
    }


def _verifica(proposta) -> list[tuple[str, str]]:
    """The offices' technical check, (what, answer); empty when nothing is written."""
    verifica = getattr(proposta, "verifica", None)
    if verifica is None:
        return []
    righe = [
        (_("Di chi è la competenza"), verifica.competenza),
        (_("Ammissibile"), capfirst(verifica.get_ammissibile_display())),
        (_("Fattibile"), capfirst(verifica.get_fattibile_display())),
        (_("Costo stimato"), euro(verifica.costo_euro)),
        (_("Note"), verifica.note),
        (
            _("Conclusa il"),
            dates.giorno_mese_anno(dates.a_roma(verifica.conclusa_at).date())
            if verifica.conclusa_at
            else "",
        ),
    ]
    return [(nome, valore) for nome, valore in righe if valore]


# --- What she does --------------------------------------------------------------------------


@area
@require_POST
def esame_posizione(request, adesso, pk):
    """State the seat's position, or (the other button) keep it as a draft."""
    esame, accesso = _esame(request, pk)
    _pretendi(accesso.can_esprimersi)
    bozza = "bozza" in request.POST
    form = PosizioneForm(request.POST, completa=not bozza)
    if not form.is_valid():
        return _pagina(request, esame, accesso, adesso, posizione=form)
    verbo = services.salva_bozza if bozza else services.esprimi
    try:
        verbo(esame, accesso.seggio, accesso.componente, **form.cleaned_data, adesso=adesso)
    except Rifiuto as no:
        form.add_error(None, str(no))
        if isinstance(no, Superata):
            form.riparti_da(_mia(esame, accesso).versione)
        return _pagina(request, esame, accesso, adesso, posizione=form, status=409)
    if bozza:
        messages.success(request, _("Bozza salvata. La vede solo il tuo seggio."))
        return _vai(_indirizzo(esame, "#posizione"))
    prossima = _prossima(esame, accesso, adesso)
    messages.success(
        request,
        _("Fatto. Puoi cambiarla fino alla mezzanotte di %(giorno)s.")
        % {"giorno": dates.giorno_esteso(esame.ultimo_giorno)}
        + ("" if prossima else " " + _("Non hai altre proposte da leggere.")),
    )
    return _vai(_indirizzo(esame, "#posizione"))


@area
@require_POST
def esame_bozza(request, adesso, pk):
    """The draft, for the page's script: JSON with the new version and when it was saved; 409
    with the reason when the seat saved elsewhere, or the review is over."""
    esame, accesso = _esame(request, pk)
    _pretendi(accesso.can_esprimersi)
    form = PosizioneForm(request.POST)
    if not form.is_valid():
        errori = [str(errore) for lista in form.errors.values() for errore in lista]
        return JsonResponse({"testo": " ".join(errori)}, status=422)
    try:
        posizione = services.salva_bozza(
            esame, accesso.seggio, accesso.componente, **form.cleaned_data, adesso=adesso
        )
    except Rifiuto as no:
        return JsonResponse({"testo": str(no)}, status=409)
    return JsonResponse(
        {
            "versione": posizione.versione,
            "testo": _("Bozza salvata alle %(ora)s") % {"ora": dates.ora(adesso)},
        }
    )


@area
@require_POST
def esame_commenta(request, adesso, pk):
    esame, accesso = _esame(request, pk)
    _pretendi(accesso.can_commentare)
    form = CommentoForm(request.POST)
    return _scrivi(
        request,
        esame,
        accesso,
        adesso,
        form,
        "commento",
        services.commenta,
        _("Commento scritto."),
    )


@area
@require_POST
def esame_chiedi(request, adesso, pk):
    esame, accesso = _esame(request, pk)
    _pretendi(accesso.can_commentare)
    form = DomandaForm(request.POST)
    fatto = _("Domanda inviata. Quando c'è la risposta ti scriviamo.")
    return _scrivi(request, esame, accesso, adesso, form, "domanda", services.chiedi, fatto)


def _scrivi(request, esame, accesso, adesso, form, modulo, verbo, fatto):
    status = 200
    if form.is_valid():
        try:
            verbo(
                esame,
                accesso.seggio,
                accesso.componente,
                testo=form.cleaned_data["testo"],
                chiave=str(form.cleaned_data["chiave"]),
                adesso=adesso,
            )
        except Rifiuto as no:
            form.add_error(None, str(no))
            status = 409
        else:
            messages.success(request, fatto)
            return _vai(_indirizzo(esame, f"#{modulo}"))
    return _pagina(request, esame, accesso, adesso, status=status, **{modulo: form})


def _pretendi(puo):
    if not puo:
        raise Http404
