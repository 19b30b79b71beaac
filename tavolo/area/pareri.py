"""The opinions of the Comitato, as it writes them. Drafts are the Comitato's alone."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portale.lib.dates import a_roma, giorno_mese_anno
from portale.lib.rifiuti import Rifiuto, Superata

from ..models import ParereComitato
from ..services import comitato as services
from .accesso import area, percorsi_da_scegliere, scegli_percorso
from .decisioni import vai
from .forms_decisioni import ParereForm


def _del_comitato(request):
    """The percorso and what she is there; 404 for who is not on its Comitato."""
    percorso, accesso = scegli_percorso(request)
    if not accesso.garante:
        raise Http404
    return percorso, accesso


def _parere(request, pk, **dove):
    """An opinion of a Comitato of hers."""
    garanzie = [percorso for percorso, accesso in request.accessi.items() if accesso.garante]
    pareri = ParereComitato.objects.filter(percorso__in=garanzie, **dove)
    return get_object_or_404(pareri.select_related("percorso", "proposta"), pk=pk)


@area
@require_safe
def parere_list(request, adesso):
    percorso, accesso = _del_comitato(request)
    pareri = ParereComitato.objects.filter(percorso=percorso)
    return render(
        request,
        "tavolo/area/parere_list.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "pareri",
            "bozze": list(pareri.filter(pubblicato_at=None)),
            "pubblicati": [
                (parere, giorno_mese_anno(a_roma(parere.pubblicato_at).date()))
                for parere in pareri.filter(pubblicato_at__isnull=False).order_by("-pubblicato_at")
            ],
        },
    )


@area
@require_http_methods(["GET", "HEAD", "POST"])
def parere_crea(request, adesso):
    """A draft of an opinion. ``?proposta=`` chooses what it is about beforehand."""
    percorso, accesso = _del_comitato(request)
    form = ParereForm(
        request.POST or None, percorso=percorso, proposta=request.GET.get("proposta", "")
    )
    if request.method == "POST" and form.is_valid():
        try:
            parere = services.scrivi(
                percorso, chiave=form.cleaned_data["chiave"], autore=request.user, **_testi(form)
            )
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("Bozza salvata: la legge solo il Comitato."))
            return vai(reverse("area:parere_modifica", args=[parere.pk]))
    return _pagina(request, percorso, accesso, form)


@area
@require_http_methods(["GET", "HEAD", "POST"])
def parere_modifica(request, adesso, pk):
    parere = _parere(request, pk, pubblicato_at=None)
    form = ParereForm(request.POST or None, percorso=parere.percorso, parere=parere)
    if request.method == "POST" and form.is_valid():
        try:
            services.salva(
                parere,
                versione=form.cleaned_data["versione"],
                autore=request.user,
                **_testi(form),
            )
        except Superata as no:
            parere.refresh_from_db()
            form.riparti_da(parere.versione)
            form.add_error(None, str(no))
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("Bozza salvata: la legge solo il Comitato."))
            return vai(reverse("area:parere_modifica", args=[parere.pk]))
    return _pagina(request, parere.percorso, request.accessi[parere.percorso_id], form, parere)


@area
@require_POST
def parere_pubblica(request, adesso, pk):
    """Everybody may read it, as it was on the page of who publishes."""
    parere = _parere(request, pk)
    versione = request.POST.get("versione", "")
    try:
        services.pubblica(
            parere,
            versione=int(versione) if versione.isascii() and versione.isdecimal() else 0,
            autore=request.user,
            adesso=adesso,
        )
    except Rifiuto as no:
        messages.error(request, str(no))
        return vai(reverse("area:parere_modifica", args=[parere.pk]))
    messages.success(request, _("Parere pubblicato: ora lo leggono tutti."))
    return vai(f"{reverse('area:parere_list')}?percorso={parere.percorso.slug}")


def _testi(form):
    return {campo: form.cleaned_data[campo] for campo in ("titolo", "testo", "proposta")}


def _pagina(request, percorso, accesso, form, parere=None):
    return render(
        request,
        "tavolo/area/parere_form.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "sezione": "pareri",
            "form": form,
            "parere": parere,
        },
        status=400 if form.errors else 200,
    )
