"""The files of a proposal: changing one's own, and giving them to who may see them."""

from hashlib import blake2b

from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import partecipanti
from portale.lib.caricamenti import caricamento_troppo_grande
from portale.lib.limiti import consenti, limite_superato
from proposte import allegati, bozze
from proposte.forms_allegati import AllegatoForm
from proposte.models import Allegato, Proposta
from proposte.permissions import proposte_visibili
from proposte.services import Rifiuto

# Seconds for which a published file is kept by whoever passes it on: a hidden one is gone then.
DURATA = 300
# What we made of it, and not what the sender said it was.
TIPI = {
    Allegato.Genere.IMMAGINE: ("image/jpeg", "jpg"),
    Allegato.Genere.PDF: ("application/pdf", "pdf"),
}


# --- /proposte/bozza/<slug>/allegati/ -------------------------------------------------------


def _modificabili(request):
    """The proposals whose files this visitor may change: her drafts, and what she has sent and
    may still edit."""
    sue = Q(pk__in=bozze.aperte(request).values("pk"))
    if (io := partecipanti.attuale(request)) is not None:
        sue |= Q(proponente=io, stato__in=allegati.MODIFICABILI)
    return Proposta.objects.filter(sue)


def _vai(proposta):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    url = reverse("proposte:allegato_carica", args=[proposta.slug])
    return HttpResponseRedirect(url, status=303)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def allegato_carica(request, slug):
    """The files of her proposal, and one more."""
    proposta = get_object_or_404(_modificabili(request), slug=slug)
    if request.method != "POST":
        return _pagina(request, proposta, AllegatoForm())
    form = AllegatoForm(request.POST, request.FILES, troppo=caricamento_troppo_grande(request))
    if not form.is_valid():
        return _pagina(request, proposta, form)
    # A school's or a library's computers count together.
    if not consenti(request, "allegato", limite="60/h"):
        return limite_superato(request)
    try:
        allegato = allegati.allega(
            proposta,
            form.cleaned_data["file"],
            form.cleaned_data["titolo"],
            adesso=timezone.now(),
        )
    except Rifiuto as rifiuto:
        form.add_error("file", str(rifiuto))
        return _pagina(request, proposta, form)
    messages.success(request, _("Allegato: «%(titolo)s».") % {"titolo": allegato.titolo})
    return _vai(proposta)


@never_cache
@require_POST
def allegato_togli(request, slug, pk):
    """Take one away. Pressed twice, it finds nothing the second time and says the same."""
    proposta = get_object_or_404(_modificabili(request), slug=slug)
    allegato = Allegato.objects.filter(proposta=proposta, avanzamento=None, pk=pk).first()
    if allegato is not None:
        try:
            allegati.togli(allegato, adesso=timezone.now())
        except Rifiuto as rifiuto:
            messages.error(request, str(rifiuto))
            return _vai(proposta)
    messages.success(request, _("Il file non è più allegato."))
    return _vai(proposta)


def _pagina(request, proposta, form):
    propri = list(proposta.allegati.filter(avanzamento=None))
    bozza = proposta.stato == Proposta.Stato.BOZZA
    nome = "proposte:bozza_modifica" if bozza else "proposte:proposta_modifica"
    ritorno = reverse(nome, args=[proposta.slug])
    return render(
        request,
        "proposte/allegato_carica.html",
        {
            "proposta": proposta,
            "allegati": propri,
            "form": form,
            "quanti": allegati.QUANTI,
            "completo": len(propri) >= allegati.QUANTI,
            "ritorno": ritorno,
            "pubblica": proposta.pubblica,
            "briciole": [
                (_("Proposte"), reverse("proposte:proposta_list")),
                (str(proposta), ritorno),
                (_("Allegati"), ""),
            ],
        },
    )


# --- /proposte/<slug>/allegati/<pk>/ --------------------------------------------------------


@require_safe
def allegato_scarica(request, slug, pk):
    """A file, to who may read its proposal. 404 to everybody else."""
    allegato = _visibile(request, slug, pk)
    return _risposta(request, allegato, allegato.file)


@require_safe
def allegato_anteprima(request, slug, pk):
    """The small picture of an image."""
    allegato = _visibile(request, slug, pk)
    if not allegato.anteprima:
        raise Http404
    return _risposta(request, allegato, allegato.anteprima)


def _visibile(request, slug, pk):
    righe = Allegato.objects.select_related("proposta").filter(proposta__slug=slug)
    # Asking who is here would make the answer to everybody's question one person's.
    pubblico = righe.filter(proposta__in=Proposta.objects.pubbliche(), pk=pk).first()
    if pubblico is not None:
        return pubblico
    io = partecipanti.attuale(request)
    leggibili = Q(pk__in=bozze.aperte(request).values("pk")) | Q(
        pk__in=Proposta.objects.leggibili(io).values("pk")
    )
    if request.user.is_staff:
        leggibili |= Q(pk__in=proposte_visibili(request.user).values("pk"))
    return get_object_or_404(righe.filter(proposta__in=Proposta.objects.filter(leggibili)), pk=pk)


def _risposta(request, allegato, campo):
    # Its name is random and its content never changes.
    etag = f'"{blake2b(campo.name.encode(), digest_size=12).hexdigest()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            contenuto = campo.open("rb")
        except FileNotFoundError as manca:
            raise Http404 from manca
        tipo, estensione = TIPI[allegato.genere]
        response = FileResponse(
            contenuto,
            as_attachment=allegato.genere == Allegato.Genere.PDF,
            filename=f"{allegato.proposta.slug}-{allegato.pk}.{estensione}",
            content_type=tipo,
        )
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    # Opened by itself it is a page of ours: nothing may run in it.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    if allegato.proposta.pubblica:
        response["Cache-Control"] = f"public, max-age={DURATA}"
    else:
        response["Cache-Control"] = "private, no-cache"
        response["X-Robots-Tag"] = "noindex"
    return response
