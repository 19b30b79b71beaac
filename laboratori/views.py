"""Offering help to a lab, and confirming it from the mail."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portale.lib.limiti import consenti, limite_superato

from .forms import DisponibilitaForm
from .models import Disponibilita, Laboratorio
from .services import conferma, offri


@require_http_methods(["GET", "HEAD", "POST"])
def disponibilita_crea(request):
    adesso = timezone.now()
    if request.method != "POST":
        form = DisponibilitaForm(initial=_iniziali(request), adesso=adesso)
        return _pagina(request, form)
    form = DisponibilitaForm(request.POST, adesso=adesso)
    if not form.is_valid():
        return _pagina(request, form)
    scritto = form.cleaned_data
    if not (
        consenti(request, "disponibilita", limite="10/h")
        and consenti(request, "disponibilita_indirizzo", chiave=scritto["email"], limite="5/h")
    ):
        return limite_superato(request)
    offri(
        nome=scritto["nome"],
        email=scritto["email"],
        telefono=scritto["telefono"],
        laboratorio=scritto["laboratorio"],
        aiuti=scritto["aiuti"],
        messaggio=scritto["messaggio"],
        lingua=get_language(),
        modulo=scritto["ricevuto"],
        adesso=adesso,
    )
    return redirect("laboratori:disponibilita_inviata")


def _iniziali(request):
    """The lab that the link names, if there is one; who she is, if she has signed in."""
    # A NUL, which PostgreSQL does not take, is in no address of ours.
    slug = request.GET.get("laboratorio", "").replace("\0", "")
    iniziali = {"laboratorio": Laboratorio.objects.pubblici().filter(slug=slug).first()}
    if request.user.is_authenticated:
        iniziali |= {"nome": request.user.nome, "email": request.user.email}
    return iniziali


def _pagina(request, form):
    return render(request, "laboratori/disponibilita_crea.html", {"form": form})


@require_safe
def disponibilita_inviata(request):
    return render(request, "laboratori/disponibilita_inviata.html")


@never_cache
@require_safe
def disponibilita_conferma(request, token):
    """The link of the mail. Opening it confirms, once; asking for its headers alone, as some
    programs do with every link they meet, changes nothing (docs/adr/0007)."""
    disponibilita = get_object_or_404(
        Disponibilita.objects.from_token(token).select_related("laboratorio")
    )
    if request.method == "HEAD":
        return HttpResponse()
    conferma(disponibilita, timezone.now())
    response = render(
        request, "laboratori/disponibilita_conferma.html", {"disponibilita": disponibilita}
    )
    # The address is a key: no other site learns it, no search engine keeps it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
