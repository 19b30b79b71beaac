"""An organisation asks to join the Tavolo ("porta aperta")."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import partecipanti
from portale.lib.limiti import consenti, limite_superato
from portale.lib.rifiuti import Rifiuto

from ..forms_soggetti import AdesioneForm
from ..services import adesioni


@require_http_methods(["GET", "HEAD", "POST"])
def adesione_crea(request):
    adesso = timezone.now()
    percorso = adesioni.percorso_aperto()
    if percorso is None:
        return _pagina(request, "tavolo/adesione_chiusa.html")
    chi = partecipanti.attuale(request)
    if request.method != "POST":
        form = AdesioneForm(initial=_iniziali(chi), adesso=adesso)
        return _modulo(request, form, percorso)
    form = AdesioneForm(request.POST, adesso=adesso)
    if not form.is_valid():
        return _modulo(request, form, percorso)
    email = form.cleaned_data["email"]
    if not (
        consenti(request, "adesione", limite="10/h")
        and consenti(request, "adesione_indirizzo", chiave=email, limite="5/h")
    ):
        return limite_superato(request)
    if chi is None or chi.email != email:
        _chiedi_conferma(form, percorso, adesso)
        return _poi("partecipo:conferma_inviata")
    try:
        adesioni.chiedi_adesione(
            percorso,
            form.dati(),
            laboratori=form.cleaned_data["laboratori"],
            lingua=get_language(),
            adesso=adesso,
        )
    except Rifiuto as no:
        form.add_error(None, str(no))
        return _modulo(request, form, percorso)
    messages.success(request, _("Fatto: abbiamo ricevuto la richiesta."))
    return _poi("tavolo:adesione_inviata")


def _poi(nome):
    return HttpResponseRedirect(reverse(nome), status=303)


def _chiedi_conferma(form, percorso, adesso):
    dati = form.dati()
    partecipanti.chiedi_conferma(
        "adesione",
        email=dati["email"],
        nome=dati["contatto"],
        lingua=get_language(),
        parametri={
            **dati,
            "percorso": percorso.pk,
            "laboratori": [lab.pk for lab in form.cleaned_data["laboratori"]],
            "lingua": get_language(),
        },
        modulo=form.cleaned_data["ricevuto"],
        adesso=adesso,
    )


def _iniziali(chi):
    return {"contatto": chi.nome, "email": chi.email} if chi else {}


def _modulo(request, form, percorso):
    return _pagina(request, "tavolo/adesione_crea.html", form=form, percorso=percorso)


def _pagina(request, modello, **contesto):
    contesto["briciole"] = [
        (_("Tavolo di Negoziazione"), reverse("tavolo:tavolo")),
        (_("Chiedi di entrare"), ""),
    ]
    return render(request, modello, contesto)


@require_safe
def adesione_inviata(request):
    """The same page for everybody."""
    return _pagina(request, "tavolo/adesione_inviata.html")
