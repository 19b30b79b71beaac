"""The register of a sitting, on the phone of who leads it: one tap for each seat."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portale.lib.rifiuti import Rifiuto
from tavolo.models import Componente, Seduta, Seggio
from tavolo.numero_legale import di_seduta
from tavolo.services import presenze as registro
from tavolo.services import sedute
from tavolo.services.documenti import annota_accesso
from tavolo.services.presenze import Segno

from .accesso import area
from .sedute import cornice, una_seduta, vai


class SegnoForm(forms.Form):
    """One tap. The service looks whether seat and person belong to the sitting's day."""

    seggio = forms.ModelChoiceField(Seggio.objects.none())
    segno = forms.ChoiceField(choices=Segno.choices)
    componente = forms.ModelChoiceField(Componente.objects.none(), required=False)

    def __init__(self, *args, percorso, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seggio"].queryset = Seggio.objects.filter(percorso=percorso)
        self.fields["componente"].queryset = Componente.objects.filter(seggio__percorso=percorso)


def _da_condurre(request, slug):
    """The sitting, for who leads; for everybody else of the Tavolo this page does not exist."""
    seduta, accesso = una_seduta(request, slug)
    if not accesso.can_condurre:
        raise Http404
    return seduta, accesso


@area
@require_http_methods(["GET", "HEAD", "POST"])
def presenze(request, adesso, slug):
    """Who is here. Each tap is a POST of its own and comes back to its seat, with the quorum
    counted again at the top."""
    seduta, accesso = _da_condurre(request, slug)
    if request.method == "POST":
        return _segna(request, seduta, adesso)
    righe = registro.registro(seduta)
    return render(
        request,
        "tavolo/area/presenze.html",
        {
            **cornice(request, seduta, accesso),
            "righe": righe,
            "numero_legale": di_seduta(seduta, seduta.giorno) if seduta.giorno else None,
            "perche_no": sedute.perche_non_si_apre(seduta, adesso),
            "segni": [segno for segno in Segno if segno != Segno.NIENTE],
            "aperta": seduta.stato == Seduta.Stato.APERTA,
            "chiusa": seduta.stato == Seduta.Stato.CHIUSA,
            "da_segnare": sum(rigo.presenza is None for rigo in righe),
        },
    )


def _segna(request, seduta, adesso):
    form = SegnoForm(request.POST, percorso=seduta.incontro.percorso)
    if not form.is_valid():
        messages.error(request, _("Non è stato segnato niente: riprova."))
        return vai("area:presenze", seduta)
    seggio = form.cleaned_data["seggio"]
    try:
        registro.segna_presenza(
            seduta,
            seggio,
            form.cleaned_data["segno"],
            componente=form.cleaned_data["componente"],
            autore=request.user,
            adesso=adesso,
        )
    except Rifiuto as rifiuto:
        messages.error(request, f"{seggio}: {rifiuto}")
        return vai("area:presenze", seduta)
    url = reverse("area:presenze", args=[seduta.incontro.slug])
    return HttpResponseRedirect(f"{url}#seggio-{seggio.pk}", status=303)


@area
@require_POST
def seduta_apri(request, adesso, slug):
    seduta, _accesso = _da_condurre(request, slug)
    try:
        aperta = sedute.apri(seduta, autore=request.user, adesso=adesso)
        messages.success(
            request,
            _("Seduta aperta: numero legale %(servono)d seggi su %(totale)d.")
            % {"servono": aperta.numero_legale, "totale": aperta.seggi_con_voce},
        )
    except Rifiuto as rifiuto:
        messages.error(request, str(rifiuto))
    return vai("area:presenze", seduta)


@area
@require_POST
def seduta_chiudi(request, adesso, slug):
    seduta, _accesso = _da_condurre(request, slug)
    try:
        sedute.chiudi(seduta, autore=request.user, adesso=adesso)
        messages.success(request, _("Seduta chiusa. Il passo dopo è il verbale."))
    except Rifiuto as rifiuto:
        messages.error(request, str(rifiuto))
        return vai("area:presenze", seduta)
    return vai("area:seduta_detail", seduta)


@area
@require_safe
def presenze_foglio(request, adesso, slug):
    """The register as a sheet to print and sign, with a line in the register of accesses."""
    seduta, accesso = _da_condurre(request, slug)
    righe = registro.registro(seduta)
    if request.method == "GET":
        aperto = _("Foglio delle presenze della seduta n. %(n)d") % {"n": seduta.numero}
        annota_accesso(aperto, accesso, request.user, adesso=adesso)
    contesto = {**cornice(request, seduta, accesso), "righe": righe}
    return render(request, "tavolo/area/presenze_foglio.html", contesto)
