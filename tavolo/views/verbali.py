"""The minutes, for everybody: once approved, what was frozen; and the page that checks a file."""

from hashlib import sha256

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portale.lib import dates
from portale.lib.caricamenti import caricamento_troppo_grande
from portale.lib.limiti import consenti, limite_superato

from ..forms_verbali import VerificaForm
from ..models import Seduta, Verbale
from ..services import verbali as services
from ..verbali_file import nome_file, risposta_pdf

# Seconds for which a file that never changes is kept on its way.
DURATA = 3600


@require_safe
def verbale_detail(request, slug):
    """What was frozen; while corrections are asked for, when it will be there."""
    seduta = get_object_or_404(Seduta.objects.pubbliche().for_elenco(), incontro__slug=slug)
    verbale = get_object_or_404(
        Verbale.objects.exclude(stato=Verbale.Stato.BOZZA).for_elenco(), seduta=seduta
    )
    contesto = {
        "seduta": seduta,
        "incontro": seduta.incontro,
        "verbale": verbale,
        "briciole": [
            (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
            (str(seduta), seduta.get_absolute_url()),
            (_("Verbale"), ""),
        ],
    }
    if verbale.approvato:
        contesto["v"] = verbale.contenuto
        contesto["rettifiche"] = list(verbale.rettifiche.select_related("seduta__incontro"))
    else:
        contesto["entro"] = dates.giorno_esteso(verbale.ultimo_giorno)
    return render(request, "tavolo/verbale_detail.html", contesto)


@require_safe
def verbale_pdf(request, slug):
    """The stored file, once it is found to be the one that was approved."""
    approvati = Verbale.objects.approvati().for_elenco()
    sedute = Seduta.objects.pubbliche()
    verbale = get_object_or_404(approvati, seduta__incontro__slug=slug, seduta__in=sedute)
    try:
        contenuto = services.file_approvato(verbale)
    except services.Alterato:
        raise Http404 from None
    response = risposta_pdf(contenuto, nome_file(verbale))
    patch_cache_control(response, public=True, max_age=DURATA)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verbale_verifica(request):
    """Of which minutes a file is, or a hash: everybody may ask, and nothing of it is kept."""
    if request.method != "POST":
        return _pagina_verifica(request, VerificaForm())
    form = VerificaForm(request.POST, request.FILES, troppo=caricamento_troppo_grande(request))
    if not form.is_valid():
        return _pagina_verifica(request, form)
    if not consenti(request, "verifica_verbale", limite="60/h"):
        return limite_superato(request)
    file = form.cleaned_data["file"]
    impronta = _di_file(file) if file else form.cleaned_data["impronta"]
    verbale = services.di_impronta(impronta)
    esito = {
        "cercata": impronta,
        "di_file": bool(file),
        "verbale": verbale,
        "interno": verbale is not None and verbale.sha256_interno == impronta,
        "approvato": dates.giorno_e_ora(verbale.approvato_at) if verbale else "",
    }
    return _pagina_verifica(request, VerificaForm(), esito)


def _di_file(file) -> str:
    impronta = sha256()
    for pezzo in file.chunks():
        impronta.update(pezzo)
    return impronta.hexdigest()


def _pagina_verifica(request, form, esito=None):
    contesto = {
        "form": form,
        "esito": esito,
        "briciole": [
            (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
            (_("Controlla un verbale"), ""),
        ],
    }
    return render(request, "tavolo/verbale_verifica.html", contesto)
