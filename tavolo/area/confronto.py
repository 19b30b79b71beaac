"""The reviews side by side, and as files. Nothing here puts them in order by what was said."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from laboratori.models import Laboratorio
from portale.lib import dates
from portale.lib.pdf import ImpaginazioneFallita
from portale.lib.testo import euro
from proposte.models import Proposta

from .. import dossier as dossier_tavolo
from .. import risultati, tabella_posizioni
from ..models import Esame, Posizione
from ..services.documenti import annota_accesso
from .accesso import area, percorsi_da_scegliere, scegli_percorso

PER_PAGINA = 20
# A dossier is read at a table: past these it is split by lab.
NEL_DOSSIER = 60


class ConfrontoForm(forms.Form):
    """Which reviews. An unknown value selects all."""

    laboratorio = forms.ModelChoiceField(
        Laboratorio.objects.order_by("numero"),
        label=gettext_lazy("Laboratorio"),
        required=False,
        empty_label=gettext_lazy("Tutti"),
    )
    stato = forms.ChoiceField(
        label=gettext_lazy("Quali"),
        choices=[
            ("", gettext_lazy("Tutti")),
            ("aperti", gettext_lazy("In esame")),
            ("conclusi", gettext_lazy("Conclusi")),
        ],
        required=False,
    )

    def scegli(self, esami, adesso):
        self.is_valid()
        dati = self.cleaned_data
        if laboratorio := dati.get("laboratorio"):
            esami = esami.filter(proposta__laboratorio=laboratorio)
        if dati.get("stato") == "aperti":
            return esami.aperti(adesso)
        return esami.conclusi(adesso) if dati.get("stato") == "conclusi" else esami


def _scelti(request, percorso, adesso):
    """The chosen reviews of proposals that everybody may read, by lab and title; the form."""
    form = ConfrontoForm(request.GET)
    esami = (
        Esame.objects.filter(percorso=percorso, proposta__stato__in=Proposta.PUBBLICI)
        .for_elenco()
        .select_related("proposta__verifica")
        .order_by("proposta__laboratorio__numero", "proposta__titolo", "aperto_at", "pk")
    )
    return form.scegli(esami, adesso), form


def _visibili(esami, accesso, adesso) -> set[int]:
    """Of which of them she may read what the seats said."""
    rese = set()
    if accesso.can_esprimersi:
        mie = Posizione.objects.rese().filter(seggio=accesso.seggio, esame__in=esami)
        rese = set(mie.values_list("esame", flat=True))
    return {
        esame.pk
        for esame in esami
        if risultati.visibili(accesso, esame, resa=esame.pk in rese, adesso=adesso)
    }


@area
@require_safe
def confronto(request, adesso):
    """The proposals of a lab, or all: what the seats say, objections, technical check, cost."""
    percorso, accesso = scegli_percorso(request)
    esami, form = _scelti(request, percorso, adesso)
    pagina = Paginator(esami, PER_PAGINA).get_page(request.GET.get("page"))
    righe = list(pagina.object_list)
    tutti = risultati.di_esami(righe, adesso)
    vede = _visibili(righe, accesso, adesso)
    return render(
        request,
        "tavolo/area/confronto.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "home",
            "form": form,
            "page_obj": pagina,
            "righe": [
                {
                    "esame": esame,
                    "proposta": esame.proposta,
                    "aperto": esame.aperto(adesso),
                    "entro": dates.giorno_mese_anno(esame.ultimo_giorno),
                    "r": tutti[esame.pk],
                    "vede": esame.pk in vede,
                    **_verifica(esame.proposta),
                }
                for esame in righe
            ],
            "filtri": request.GET.urlencode(),
        },
    )


def _verifica(proposta) -> dict:
    verifica = getattr(proposta, "verifica", None)
    if verifica is None:
        return {"verifica": "", "costo": ""}
    voci = [
        (_("ammissibile"), verifica.get_ammissibile_display()),
        (_("fattibile"), verifica.get_fattibile_display()),
    ]
    testo = "; ".join(f"{nome}: {valore}" for nome, valore in voci if valore)
    return {"verifica": capfirst(testo), "costo": euro(verifica.costo_euro)}


@area
@require_safe
def posizioni(request, adesso, formato):
    """The positions that she may read, as CSV or XLSX: organisations, never people. With a line
    in the register of accesses."""
    percorso, accesso = scegli_percorso(request)
    esami, _form = _scelti(request, percorso, adesso)
    esami = list(esami)
    vede = _visibili(esami, accesso, adesso)
    righe = tabella_posizioni.righe([e for e in esami if e.pk in vede], adesso)
    risposta = tabella_posizioni.risposta(righe, formato)
    if request.method == "GET":
        aperto = tabella_posizioni.nome(formato)
        annota_accesso(aperto, accesso, request.user, adesso=adesso)
    return risposta


@area
@require_safe
def dossier(request, adesso):
    """All that the sitting needs about the chosen proposals, in one PDF; what she may not read
    yet is not in it. With a line in the register of accesses."""
    percorso, accesso = scegli_percorso(request)
    esami, _form = _scelti(request, percorso, adesso)
    esami = list(esami[:NEL_DOSSIER])
    if not esami:
        raise Http404
    vede = _visibili(esami, accesso, adesso)
    try:
        risposta = dossier_tavolo.risposta(percorso, esami, adesso, vede=vede)
    except ImpaginazioneFallita as no:
        messages.error(request, str(no))
        return redirect(f"{reverse('area:confronto')}?{request.GET.urlencode()}")
    if request.method == "GET":
        annota_accesso(dossier_tavolo.NOME, accesso, request.user, adesso=adesso)
    return risposta
