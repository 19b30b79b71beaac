"""A citizen tells of a need: with an account, with a browser that is known, or by a mail."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import partecipanti
from laboratori.models import Laboratorio
from portale.lib.dates import a_roma
from portale.lib.limiti import consenti, limite_superato
from proposte import bisogni
from proposte.conferme.bisogni import esito
from proposte.forms import CITTA
from proposte.forms_bisogni import BisognoForm
from proposte.models import Tema
from proposte.services import perche_chiuso


@require_http_methods(["GET", "HEAD", "POST"])
def bisogno_nuovo(request):
    adesso = timezone.now()
    percorso = bisogni.percorso_aperto(adesso)
    chiuso = "" if percorso is None else perche_chiuso(percorso, "proposte", adesso)
    if percorso is None or chiuso:
        # Whoever was writing when it closed does not lose her words.
        scritto = [request.POST.get(campo, "") for campo in ("titolo", "testo")]
        return render(
            request,
            "bisogni/bisogno_nuovo_chiuso.html",
            {"percorso": percorso, "chiuso": chiuso, "scritto": "\n\n".join(scritto).strip()},
        )
    chi = partecipanti.attuale(request)
    if request.method != "POST":
        form = BisognoForm(initial=_iniziali(request, chi), partecipante=chi, adesso=adesso)
        return _pagina(request, form, percorso, chi, adesso)
    form = BisognoForm(request.POST, partecipante=chi, adesso=adesso)
    if not form.is_valid():
        return _pagina(request, form, percorso, chi, adesso)
    if not consenti(request, "bisogno", limite="20/h"):
        return limite_superato(request)
    valori, temi = form.valori(), form.cleaned_data["temi"]
    if chi is None:
        return _con_conferma(request, form, percorso, valori, temi, adesso)
    try:
        fatto = esito(
            bisogni.proponi(chi, {"percorso": percorso, **valori}, temi=temi, adesso=adesso)
        )
    except bisogni.Rifiuto as no:
        form.add_error(None, str(no))
        return _pagina(request, form, percorso, chi, adesso)
    messages.success(request, fatto.testo)
    return redirect(fatto.url)


def _con_conferma(request, form, percorso, valori, temi, adesso):
    email = form.cleaned_data["email"]
    if not consenti(request, "bisogno_indirizzo", chiave=email, limite="5/h"):
        return limite_superato(request)
    laboratorio = valori["laboratorio"]
    partecipanti.chiedi_conferma(
        "bisogno",
        email=email,
        nome=valori["nome_mostrato"],
        lingua=get_language(),
        parametri={
            **valori,
            "percorso": percorso.pk,
            "laboratorio": laboratorio and laboratorio.pk,
            "temi": [tema.pk for tema in temi],
        },
        modulo=form.cleaned_data["ricevuto"],
        adesso=adesso,
    )
    return redirect("partecipo:conferma_inviata")


def _iniziali(request, chi):
    """The lab or theme that the link names, if there is one; how she signs, if she is known."""
    dove, tema = (_slug(request, nome) for nome in ("laboratorio", "tema"))
    laboratorio = Laboratorio.objects.pubblici().filter(slug=dove).first()
    return {
        "laboratorio": CITTA if dove == CITTA else laboratorio and str(laboratorio.pk),
        "temi": list(Tema.objects.attivi().filter(slug=tema)),
        "nome_mostrato": chi.nome if chi else "",
    }


def _slug(request, nome):
    """The word of an address; empty for what no database can look for."""
    valore = request.GET.get(nome, "")
    return valore if valore.isprintable() else ""


def _pagina(request, form, percorso, chi, adesso):
    return render(
        request,
        "bisogni/bisogno_nuovo.html",
        {
            "briciole": [
                (_("Bisogni"), reverse("bisogni:bisogno_list")),
                (_("Segnala un bisogno"), ""),
            ],
            "form": form,
            "percorso": percorso,
            "chi": chi,
            "modera_prima": percorso.modera_prima(a_roma(adesso).date()),
            "giorni": -(-settings.MODERAZIONE_ORE // 24),
        },
    )


@require_safe
def bisogno_inviato(request):
    """The same page for everybody."""
    return render(request, "bisogni/bisogno_inviato.html")
